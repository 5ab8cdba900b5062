"""Tables in: a record written as CSV in every encoding and as XLSX arrives as the same record; faults name the cell."""
import csv, datetime

import openpyxl

from harness import check, main, review


def flat(value, path=""):
    """The record as columns: risks.2.description."""
    pairs = value.items() if isinstance(value, dict) else ((str(i + 1), inner) for i, inner in enumerate(value))
    columns = {}
    for key, inner in pairs:
        name = f"{path}.{key}" if path else key
        columns.update(flat(inner, name) if isinstance(inner, (dict, list)) else {name: inner})
    return columns


def test(site):
    hub = site.hub()
    agent = site.agent(hub, "importer")
    want = review(risks=[{"risk_subdomain": "5.1", "description": "描述一"}, {"risk_subdomain": "7.3", "description": "描述二"}])
    cells = flat({key: value for key, value in want.items() if key != "kind"})
    path = f"{site.folder}/records.csv"
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        for separator in ",;\t":
            row = {**cells, "activity_no": f"{encoding}-{ord(separator)}"}
            with open(path, "w", encoding=encoding, newline="") as file:
                csv.writer(file, delimiter=separator).writerows([row, row.values()])
            agent.cli("submit", "--kind", "review_report", path)
    path = f"{site.folder}/records.xlsx"
    book = openpyxl.Workbook()
    row = {**cells, "activity_no": "xlsx", "applied_on": datetime.date.fromisoformat(cells["applied_on"])}
    for values in (row, row.values()):
        book.active.append(list(values))
    book.save(path)
    agent.cli("submit", path)
    agent.sync()
    check(len(hub.ids()) == 13, "every file arrived", hub.ids())
    for name in hub.ids():
        shown = hub.cli_json("show", name)
        record = shown.get("record", shown)
        same = {key: record.get(key) for key in want if key != "activity_no"}
        check(same == {key: value for key, value in want.items() if key != "activity_no"}, "the same record", record)
    book.active.append(list({**row, "activity_no": 123456789012345678, "procedure": "一般程式"}.values()))
    book.save(path)
    done = agent.cli("submit", path, ok=False)
    check(done.returncode == 1 and "E3 activity_no" in done.stderr and "N3 procedure" in done.stderr,
          "each fault names its cell", done.stderr)
    check(len(agent.records()) == 13, "and nothing of the file was stored")


main(test)
