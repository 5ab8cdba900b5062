"""Tables in and out: every listing as CSV, JSON lines and XLSX, read back with readers that are not ours."""
import csv, io, json

import openpyxl

from harness import check, main, os, review, wait_until, warning


def rows_of(path):
    """The rows of every sheet, the heads first; each cell with what the file says it is."""
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]


def check_listing(site, program, *command):
    """One listing in all its forms: the same rows in each."""
    name = f"{program.name} {command[0]}"
    path = f"{site.folder}/listing.xlsx"
    want = program.cli_json(*command)
    table = list(csv.DictReader(io.StringIO(program.cli(*command, "--csv").stdout)))
    lines = [json.loads(line) for line in program.cli(*command, "--jsonl").stdout.splitlines()]
    said = program.cli(*command, "--xlsx", path).stdout
    if isinstance(want, list) and [list(row) for row in want] == [list(row) for row in lines]: # JSON may say more
        check(lines == want, f"{name}: a JSON line a row", (lines, want))
    sheet = rows_of(path)
    check(said == "" and len(sheet) == len(lines) + 1 == len(table) + 1, f"{name}: {len(table)} rows in every form",
          (said, len(sheet), len(lines), len(table)))
    check(len(sheet[0]) == len(table[0]) and all(sheet[0]) if table else True, f"{name}: a head over every column", sheet[0])
    os.unlink(path)
    return table, sheet


def check_exports(site, hub, agent, province):
    nasty = "=HYPERLINK(\"http://x\",\"点击\")"
    wide = "＝1+1"
    agent.submit(review(activity_title=nasty), review(activity_title=wide), warning(), warning(level=1))
    agent.sync()
    first, sheet = check_listing(site, agent, "list")
    check({row["title"] for row in first} > {"'" + nasty, "'" + wide}, "a cell that would be run as a formula is defused in CSV", first)
    cells = [cell for row in sheet for cell in row]
    check(nasty in cells and wide in cells, "and is plain text in XLSX", sheet)
    check([row[0] for row in sheet[1:]] == [4, 3, 2, 1] or [row[0] for row in sheet[1:]] == [1, 2, 3, 4],
          "numbers are numbers", sheet)
    for command in (("inbox",), ("statement",)):
        check_listing(site, agent, *command)
    for command in (("query",), ("entity", "list"), ("peer", "list"), ("due", "--all"), ("terms",), ("query", "--refused"),
                    ("stats", "--family", "review"), ("stats", "--family", "warning", "--by", "level"),
                    ("history", hub.ids()[0])):
        check_listing(site, hub, *command)
    path = f"{site.folder}/all.xlsx"
    hub.cli("stats", "--xlsx", path)
    check(len(openpyxl.load_workbook(path).sheetnames) > 1, "two listings are two sheets")
    wait_until(lambda: province.cli_json("warnings"), what="the grave warning at the province")
    for command in (("status",), ("table", "--family", "warning"), ("warnings",)):
        check_listing(site, province, *command)
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
    leftover = [name for name in os.listdir(site.folder) if ".xlsx." in name]
    check(not leftover, "nothing is left beside a workbook", leftover)


def test(site):
    hub = site.hub()
    agent = site.agent(hub, "tables")
    province = site.province(hub).start()
    check_exports(site, hub, agent, province)


main(test)
