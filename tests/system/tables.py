"""Tables in and out: every listing as CSV, JSON lines and XLSX, read back with readers that are not ours."""
import csv, io, json, os, shutil, subprocess

import openpyxl

from harness import ROOT, SUBMITTER, UUID, check, main, require, review, wait_until, warning

NASTY = "=HYPERLINK(\"http://x\",\"点击\")"
WIDE = "＝1+1"


def rows_of(path):
    """The rows of every sheet, the heads first; each cell with what the file says it is."""
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]


# Every listing of each program; a name in capitals stands for what the test has filed. None of those in FILLED is empty.
LISTINGS = {
    "agent": ("list", "inbox", "statement", "attachment list"),
    "hub": ("query", "query --refused", "entity list", "entity show AGENT", "peer list", "due --all", "terms",
            "stats --family review", "stats --family warning --by level", "history WARNING", "deliveries NOTICE",
            "attachment list", "statement AGENT", "share --pending", "signals --rules RULES", "signals --raised"),
    "province": ("status", "table", "table --family review", "table --family warning --by level", "warnings",
                 "warnings --id WARNING", "records", "records --id WARNING", "cases", "plans", "plans --by item",
                 "plans --by goal", "plans --by unit", "overdue", "notices", "changes --since 2020-01-01",
                 "signals --rules RULES", "outbox", "heads"),
}
EMPTY = {"query --refused", "signals --raised", "signals --rules RULES", "cases", "overdue"}  # nothing of the kind was filed


def text_of(value):
    """As CSV says it; what a spreadsheet would run has an apostrophe before it."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "＝", "\t", "\n") else text


def check_listing(site, program, command, names):
    """One listing in all its forms: the same rows and cells in each, by readers that are not ours."""
    words = [names.get(word, word) for word in command.split()]
    path = f"{site.folder}/listing.xlsx"
    reader = csv.reader(io.StringIO(program.cli(*words, "--csv").stdout))
    heads, *table = reader
    lines = [json.loads(line) for line in program.cli(*words, "--jsonl").stdout.splitlines()]
    said = program.cli(*words, "--xlsx", path).stdout
    sheet = rows_of(path)
    os.unlink(path)
    name = f"{program.name} {command}"
    if program.name != "hub":
        told = program.cli(words[0], "--help").stdout
        require(all(f"--{form}" in told for form in ("json", "jsonl", "csv", "xlsx FILE")), f"{name}: --help names the forms", told)
    require(bool(lines) != (command in EMPTY), f"{name}: rows where there are any", lines)
    require(all(list(line) == heads for line in lines), f"{name}: the same columns", (heads, lines[:1]))
    wrong = [(line, row) for line, row in zip(lines, table) if [text_of(value) for value in line.values()] != row]
    require(not wrong, f"{name}: the same cells", wrong[:2])
    require(said == "" and len(sheet[0]) == len(heads) and all(sheet[0]), f"{name}: a head over every column", sheet[0])
    wrong = [(line, row) for line, row in zip(lines, sheet[1:]) for value, cell in zip(line.values(), row)
             if (value is None or value == "") != (cell is None) or (isinstance(value, int) and isinstance(cell, int) and value != cell)]
    require(not wrong, f"{name}: a workbook's cells are full where the listing's are, and its numbers the same", wrong[:2])
    check(len(sheet) == len(lines) + 1 == len(table) + 1, f"{name}: {len(table)} rows in every form",
          (len(sheet), len(lines), len(table)))
    return table, sheet


def fill(site, hub, agent, province):
    """Something for every listing to show; what the names stand for."""
    opinion, rules = f"{site.folder}/opinion.pdf", f"{site.folder}/rules.zpl"
    with open(opinion, "wb") as file:
        file.write(b"%PDF-1.7\n%%EOF\n")
    shutil.copy(f"{ROOT}/deploy/signals.zpl", rules)
    agent.submit(review(activity_title=NASTY), review(activity_title=WIDE), warning())
    grave, shared = agent.submit(warning(level=1, share_scope="province"), warning(level=2, share_scope="affected_sectors"))
    agent.submit(review(attachments=[{"file": opinion, "role": "opinion"}]))
    agent.sync()
    notice = {"submitter": SUBMITTER, "title": "自查通知", "body": "请自查。", "category": "requirement", "audience": {},
              "must_answer": False}
    plan = {"kind": "city_plan", "title": "行动方案", "year": 2026, "lead_department": "市科技局",
            "liaison": {"name": "郑怀瑾", "phone": "0571-8525-0031"}, "sectors": ["foundation"], "entity_types": ["hospital"],
            "work_basis": "已有基础。", "goals": [{"key": "joined", "goal": "接入", "indicator": "接入单位数", "measure": "manual",
                                               "target": 40, "unit": "家", "due_on": "2099-12-31"}],
            "duties": {"entity": "落实", "city": "组织", "province": "统筹"},
            "work_items": [{"no": "1", "title": "建枢纽", "responsible": "市科技局", "starts_on": "2026-01-10",
                            "ends_on": "2099-06-30", "state": "ongoing"}],
            "expected_results": ["形成机制"],
            "units": [{"uscc": agent.uscc, "name": "蓝屿医院", "entity_type": "hospital"}]}
    filed, = UUID.findall(hub.cli("file", agent.file({"kind": "notice", **notice})).stdout)
    hub.cli("file", agent.file({"submitter": SUBMITTER, **plan}))
    province.cli("notice", agent.file(notice))
    agent.sync()
    for listing in ("warnings", "plans", "notices", "table"):
        wait_until(lambda: province.cli_json(listing), what=f"{listing} at the province")
    wait_until(lambda: hub.cli_json("deliveries", filed), what="the notice's deliveries")
    wait_until(lambda: hub.cli_json("share", "--pending"), what="the warning to be shared")
    return {"AGENT": agent.uscc, "WARNING": grave, "NOTICE": filed, "RULES": rules}


def check_exports(site, hub, agent, province):
    names = fill(site, hub, agent, province)
    shown = {(program.name, command): check_listing(site, program, command, names)
             for program in (agent, hub, province) for command in LISTINGS[program.name]}
    table, sheet = shown["agent", "list"]
    cells = [cell for row in table for cell in row]
    check({"'" + NASTY, "'" + WIDE} < set(cells), "a cell that would be run as a formula is defused in CSV", cells)
    cells = [cell for row in sheet for cell in row]
    check(NASTY in cells and WIDE in cells, "and is plain text in XLSX", sheet)
    check(sorted(row[0] for row in sheet[1:]) == [1, 2, 3, 4, 5, 6], "numbers are numbers", sheet)
    path = f"{site.folder}/all.xlsx"
    hub.cli("stats", "--xlsx", path)
    check(len(openpyxl.load_workbook(path).sheetnames) > 1, "two listings are two sheets")
    chinese = f"{site.folder}/中文.xlsx"
    hub.cli("query", "--xlsx", chinese, env={"LANG": "zh_CN.UTF-8"})
    check("审查情况报送" in str(rows_of(chinese)) or "种类" in str(rows_of(chinese)[0]), "in Chinese", rows_of(chinese)[0])
    with open(path, "wb") as file:
        file.write(b"before")
    for program, bad in ((hub, "/nonexistent/x.xlsx"), (agent, "/nonexistent/x.xlsx")):
        done = program.cli("query" if program is hub else "list", "--xlsx", bad, ok=False)
        check(done.returncode == 1 and bad in done.stderr, "a workbook that cannot be written exits 1", done.stderr)
    check(hub.cli("query", "--xlsx", ok=False).returncode == 2, "--xlsx needs a file")
    check(hub.cli("init", "--xlsx", path, ok=False).returncode == 2 and open(path, "rb").read() == b"before",
          "what lists nothing takes no --xlsx")
    with open("/dev/full", "w") as full:
        for words in (("query",), ("query", "--full", "--jsonl"), ("stats", "--family", "review", "--csv"), ("schema", "review_report"), ("due", "--json")):
            done = subprocess.run(hub.command(*words), stdout=full, stderr=subprocess.PIPE, env=hub.environment())
            check(done.returncode == 1 and b"standard output" in done.stderr, f"what cannot be printed exits 1: {' '.join(words)}",
                  (done.returncode, done.stderr))
    leftover = [name for name in os.listdir(site.folder) if ".xlsx." in name]
    check(not leftover, "nothing is left beside a workbook", leftover)


def test(site):
    hub = site.hub()
    agent = site.agent(hub, "tables")
    province = site.province(hub).start()
    check_exports(site, hub, agent, province)


main(test)
