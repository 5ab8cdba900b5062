"""Tables in: a record written as CSV in every encoding and as XLSX arrives as the same record; faults name the cell."""
import csv, datetime, json

import openpyxl

from harness import check, main, review, warning


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
    check_spoilt(site, agent, row)
    check_mark(site, agent)


def check_spoilt(site, agent, row):
    """What a spreadsheet made of a value, or a zone of a time, is a fault of its cell, and no end of the agent."""
    path = f"{site.folder}/spoilt.xlsx"
    book = openpyxl.Workbook()
    spoilt = {**row, "round": datetime.date(2026, 3, 5), "applied_on": 46086, "activity_title": "=1+1"}
    for values in (spoilt, spoilt.values()):
        book.active.append(list(values))
    book.save(path)
    done = agent.cli("submit", "--kind", "review_report", path, ok=False)
    places = [f"{openpyxl.utils.get_column_letter(list(spoilt).index(name) + 1)}2 {name}"
              for name in ("round", "applied_on", "activity_title")]
    check(done.returncode == 1 and all(place in done.stderr for place in places),
          "a number that became a date, a day that is not shown as one and a formula without its result are faults", done.stderr)
    path = f"{site.folder}/late.csv"
    cells = flat({key: value for key, value in warning(expires_at="9999-12-31T23:59:59-05:00").items() if key != "kind"})
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([cells, cells.values()])
    done = agent.cli("submit", "--kind", "risk_warning", path, ok=False)
    check(done.returncode == 1 and "expires_at" in done.stderr, "so is a time that its zone leads out of the year 9999",
          (done.returncode, done.stderr))
    check(len(agent.records()) == 13, "and nothing of these was stored")


def check_mark(site, agent):
    path = f"{site.folder}/marked.json"
    with open(path, "w", encoding="utf-8-sig") as file:
        json.dump(warning(), file, ensure_ascii=False)
    agent.cli("submit", path)
    check(len(agent.records()) == 14, "JSON with a byte order mark is read")


main(test)
