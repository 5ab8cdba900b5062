"""Templates and exports: a template that openpyxl filled in arrives as the record that JSON says, for several kinds and in
both languages; LibreOffice opens it and saves it again; what is exported in any form comes in again, equal field for field."""
import csv, datetime, io, json, shutil, subprocess

import openpyxl

from harness import CHINA, ROOT, check, main, os, require, review, warning

ASSIGNED = ("id", "schema", "seq", "created_at")
KINDS = ("review_report", "risk_warning", "committee_registration", "entity_registration", "zero_report", "annual_report",
         "rereview_request")


def samples(kind):
    with open(f"{ROOT}/tests/data/kinds/{kind}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def flat(value, path=""):
    """The record as columns: risks.2.description."""
    pairs = value.items() if isinstance(value, dict) else ((str(i + 1), inner) for i, inner in enumerate(value))
    columns = {}
    for key, inner in pairs:
        name = f"{path}.{key}" if path else key
        columns.update(flat(inner, name) if isinstance(inner, (dict, list)) else {name: inner})
    return columns


def row_of(schema, path):
    """What the JSON Schema says of a column."""
    for key in path.split("."):
        schema = schema["items"] if schema["type"] == "array" else schema["properties"][key]
    return schema


def typed(schema, value, language):
    """What a person types or chooses for a value."""
    if "x-labels" in schema:
        return schema["x-labels"][str(value)][language]
    if isinstance(value, bool):
        return {"zh": "是否", "en": ("yes", "no")}[language][not value]
    if schema.get("format") == "date":
        return datetime.date.fromisoformat(value)
    if schema.get("format") == "date-time":
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(CHINA).replace(tzinfo=None)
    return value


def given(line):
    record = json.loads(line)
    return {key: value for key, value in record.items() if key not in ASSIGNED}


def last_export(agent):
    return given(agent.cli("export", "--jsonl").stdout.splitlines()[-1])


def fill(schema, path, record, language):
    """Types RECORD into the first free row of the template; every choice is one of the drop-down's."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value.removeprefix(f"{record['kind']}."): cell.column for cell in sheet[2]}
    cells = flat({key: value for key, value in record.items() if key != "kind"})
    joined = {key for key in columns if f"{key}.1" in cells}
    for key in joined:
        cells[key] = ";".join(cells.pop(name) for name in [name for name in cells if name.startswith(key + ".")])
    choices = {}
    for rule in sheet.data_validations.dataValidation:
        column = rule.sqref.ranges[0].min_col
        if rule.type == "list":
            source = rule.formula1.strip('"')
            choices[column] = [cell[0].value for cell in book[source.split("!")[0].strip("'")][source.split("!")[1].replace("$", "")]] \
                if "!" in source else source.split(",")
    for key, value in cells.items():
        require(key in columns, f"the template of {record['kind']} has a column for {key}", sorted(columns))
        word = value if key in joined else typed(row_of(schema, key), value, language)
        require(columns[key] not in choices or word in choices[columns[key]], f"{key}: {word} can be chosen",
                choices.get(columns[key]))
        require(columns[key] in choices or "x-labels" not in row_of(schema, key), f"{key} has a drop-down")
        sheet.cell(3, columns[key], word)
    book.save(path)


def check_template(site, hub, agent, kind, language):
    schema = json.loads(hub.cli("schema", kind).stdout)
    record = {key: value for key, value in samples(kind)[0].items() if key not in ASSIGNED and key != "attachments"}
    if "uscc" in record:
        record["uscc"] = agent.cli_json("status")["party"]
    agent.submit(record)
    want = last_export(agent)
    path = f"{site.folder}/{kind}-{language}.xlsx"
    agent.cli("template", kind, "--xlsx", path, "--elements", 8, env={"LANG": {"zh": "zh_CN.UTF-8", "en": "C.UTF-8"}[language]})
    fill(schema, path, record, language)
    agent.cli("submit", path)
    check(last_export(agent) == want, f"a template of {kind} ({language}) that was filled in is the record", last_export(agent))
    return path, want


def check_libreoffice(site, agent, path, want):
    office = shutil.which("soffice")
    if not office:
        print("LibreOffice is not installed: openpyxl alone opened the templates")
        return
    folder = f"{site.folder}/office"
    subprocess.run([office, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
                    "--outdir", folder, path], check=True, capture_output=True, timeout=120)
    saved = f"{folder}/{os.path.basename(path)}"
    rules = openpyxl.load_workbook(saved).worksheets[0].data_validations.dataValidation
    check(sum(rule.type == "list" for rule in rules) > 5, "LibreOffice opens the template, drop-downs and all")
    agent.cli("submit", saved)
    check(last_export(agent) == want, "and what it saves is still the record", last_export(agent))


def check_csv_template(site, agent):
    path = f"{site.folder}/template.csv"
    want = review()
    text = agent.cli("template", "review_report", "--csv", env={"LANG": "zh_CN.UTF-8"}).stdout
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    cells = flat({key: value for key, value in want.items() if key != "kind"})
    line = io.StringIO()
    csv.writer(line).writerow([cells.get(name.removeprefix("review_report."), "") for name in rows[1]])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + line.getvalue())
    agent.cli("submit", path)
    check(rows[0][4] == "活动名称" and last_export(agent) == want, "a CSV template too", last_export(agent))


def check_attachment(site, agent):
    path = f"{site.folder}/attached.xlsx"
    with open(f"{site.folder}/opinion.pdf", "wb") as file:
        file.write(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    agent.cli("template", "risk_warning", "--xlsx", path)
    book = openpyxl.load_workbook(path)
    columns = [cell.value.removeprefix("risk_warning.") for cell in book.worksheets[0][2]]
    cells = {**flat(warning()), "attachments.1.file": "opinion.pdf", "attachments.1.role": "opinion"}
    for key, value in cells.items():
        if key in columns:
            book.worksheets[0].cell(3, columns.index(key) + 1, value)
    book.save(path)
    agent.cli("submit", path)
    attachments = last_export(agent)["attachments"]
    check(attachments[0]["name"] == "opinion.pdf" and attachments[0]["media_type"] == "application/pdf",
          "a file that is named in a table is attached", attachments)


def check_export(site, hub, agent):
    """Every form of the whole, into an agent that has nothing yet."""
    lines = agent.cli("export", "--jsonl").stdout.splitlines()
    own = ("attachments", "uscc") # another institution can file neither our registration nor files that it does not have
    want = sorted((given(line) for line in lines if not any(json.loads(line).get(key) for key in own)), key=str)
    check(len(lines) == len(agent.records()), "everything is exported", len(lines))
    check(agent.cli_json("export") == [json.loads(line) for line in lines], "as one array too")
    done = agent.cli("export", "--csv", ok=False)
    check(done.returncode == 1 and "--kind" in done.stderr and not done.stdout, "one CSV holds one kind", done.stderr)
    path = f"{site.folder}/export.xlsx"
    agent.cli("export", "--xlsx", path, env={"LANG": "zh_CN.UTF-8"})
    check("审查情况报送" in openpyxl.load_workbook(path).sheetnames, "a sheet a kind")
    files = {"jsonl": "\n".join(lines).encode()}
    for kind in {json.loads(line)["kind"] for line in lines}:
        files[f"{kind}.csv"] = agent.cli("export", "--kind", kind, "--csv").stdout.encode()
    with open(path, "rb") as file:
        files["xlsx"] = file.read()
    for name, group in (("json lines", ["jsonl"]), ("CSV", [key for key in files if key.endswith(".csv")]), ("XLSX", ["xlsx"])):
        other = site.agent(hub, f"other-{name[:3]}")
        for key in group:
            target = f"{site.folder}/back-{key}" if "." in key else f"{site.folder}/back.{key}"
            with open(target, "wb") as file:
                file.write(files[key])
            other.cli("submit", "--keep-going", target, ok=False)
        again = sorted((given(line) for line in other.cli("export", "--jsonl").stdout.splitlines()), key=str)
        check(again == want, f"what went out as {name} comes in elsewhere, equal field for field", (again, want))


def check_city(site, hub, agent):
    """The operator's export: all fields but the confidential ones, and no reporter who asked to be withheld."""
    hidden = site.agent(hub, "hidden")
    root, = hidden.submit(warning(reporter_confidential=True))
    hidden.submit(warning(action="update", refers_to=root))
    hidden.sync()
    agent.sync(ok=False) # some refer to what nobody filed
    party, secret = agent.cli_json("status")["party"], hidden.cli_json("status")["party"]
    own = {json.loads(line)["id"]: json.loads(line) for line in agent.cli("export", "--state", "received", "--jsonl").stdout.splitlines()}
    text = hub.cli("query", "--full", "--jsonl").stdout
    records = {record["id"]: record for record in map(json.loads, text.splitlines())}
    check(len(records) == len(hub.ids()) and set(own) < set(records), "the city exports every record that it holds", len(records))
    check(secret not in text and "entity" not in records[root], "a withheld reporter is not named in any record of the thread", text)
    personal = ("submitter", "applicant", "reporter_confidential")
    check(not any(key in record for record in records.values() for key in personal), "nor is anybody's person")
    check(all(records[key][name] == value for key, record in own.items() if record["kind"] in ("review_report", "risk_warning")
              for name, value in record.items() if name not in personal) and all(records[key]["entity"] == party for key in own),
          "all the rest is there, and whose it is", records)
    for form, name in (("--csv", "city.csv"), ("--xlsx", "city.xlsx")):
        path, filled = f"{site.folder}/{name}", f"{site.folder}/filled-{name}"
        rows = hub.cli("query", "--full", "--kind", "risk_warning", "--entity", party, form, *([path] if form == "--xlsx" else [])).stdout
        if form == "--csv":
            table = list(csv.reader(io.StringIO(rows)))
        else:
            table = [[cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows()][1:]
        for row in table[1:]: # a person stands behind what is filed again
            row[table[0].index("submitter.name")], row[table[0].index("submitter.role")] = "张伟", "伦理办公室主任"
        with open(filled + ".csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)
        before = len(agent.records())
        agent.cli("submit", filled + ".csv")
        again = [given(line) for line in agent.cli("export", "--jsonl").stdout.splitlines()[before:]]
        want = [{**given(json.dumps(record)), "submitter": {"name": "张伟", "role": "伦理办公室主任"}} for record in records.values()
                if record["kind"] == "risk_warning" and record.get("entity") == party]
        check(again == want and again, f"what the city exports by {form} validates when it is filed again, equal field for field", (again, want))


def test(site):
    hub = site.hub()
    agent = site.agent(hub, "clerk")
    for number, kind in enumerate(KINDS):
        made = check_template(site, hub, agent, kind, ("zh", "en")[number % 2])
        if kind == "review_report":
            first = made
    check_libreoffice(site, agent, *first)
    check_csv_template(site, agent)
    check_attachment(site, agent)
    agent.submit(warning(system_name="=1+1", model_name="'=1+1", measures_taken="第一行\n第二行，\"引号\";分号"))
    check_export(site, hub, agent)
    check_city(site, hub, agent)
    done = agent.cli("template", "acceptance", "--xlsx", f"{site.folder}/no.xlsx", ok=False)
    check(done.returncode == 2 and not os.path.exists(f"{site.folder}/no.xlsx"), "what no institution files has no template")


main(test)
