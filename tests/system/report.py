"""The statistical report: every figure in the workbook and on the page equals a recount of the records that were filed, and
what `agn-hub stats` says; the page is well formed, fetches nothing and escapes what people wrote."""
import collections, datetime, html.parser, mmap, os, random, re, shutil, subprocess, xml.etree.ElementTree

import openpyxl

from harness import Agent, check, day, main, require, review, skip, wait_until, warning

DAY = 86_400_000
SECTORS = ("foundation", "manufacturing", "healthcare", "finance", "consumer")
DOMAINS = {"discrimination_toxicity": "1.2", "privacy_security": "2.1", "misinformation": "3.1", "system_safety": "7.3"}
EVIL = "<script>alert('1')</script> & \"引号\" =1+1"

NAME = '</style><script>"}*{'  # of the city: it stands in the style sheet too, at the head of every printed sheet


class Clock:
    """The offset of all programs' clocks."""

    def __init__(self, site):
        self.path = f"{site.folder}/clock"
        with open(self.path, "wb") as file:
            file.write(bytes(8))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)

    def apply(self, program):
        program.env = {"LD_PRELOAD": os.environ["CLOCKJUMP"], "CLOCKJUMP_FILE": self.path,
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}
        return program

    def set(self, days):
        self.map[:] = (days * DAY).to_bytes(8, "little", signed=True)


class Page(html.parser.HTMLParser):
    """The tables by id: {id: {row's code ("" of a total or a list: its number): [cells]}}, and all tags."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.rows, self.row, self.cell = {}, [], None, None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "table":
            self.rows = self.tables[attributes["id"]] = []
        elif tag == "tr" and self.rows is not None:
            self.row = []
            self.rows.append((attributes.get("data-code"), self.row))
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.row.append(self.cell)
            self.cell = None

    def row_of(self, table, code):
        return next(row for own, row in self.tables[table] if own == code)


def shown(value, unit=""):
    """As the page writes a figure."""
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value * 100:.1f}%" if unit == "%" else f"{value:.1f}"


def agents_of(site, hub, clock):
    agents = []
    for name, kind in (("医院", "hospital"), ("企业", "enterprise"), ("大学", "university")):
        agent = clock.apply(Agent(site, name))
        site.programs.append(agent)
        agent.uscc, agent.kind = site.uscc(), kind
        agents.append(agent.join(hub.add_entity(agent.uscc, name=f"{name}<b>&=1", kind=kind)))
    return agents


def some_review(chance, decided):
    procedure, decision = chance.choice((("general", "approved"), ("general", "approved_with_changes"),
                                         ("simplified", "approved"), ("general", "rejected"), ("general", None)))
    changes = {"sector": chance.choice(SECTORS), "procedure": procedure, "decision": decision,
               "applied_on": day(decided + 30), "accepted_on": day(decided + chance.randint(5, 25)),
               "met_on": day(decided + 2), "decided_on": day(decided), "next_follow_up_on": day(decided - 150)}
    if procedure == "simplified":
        changes |= {"reviewers": 2, "risk_grade": "minimal", "members_present": None, "votes_for": None}
    if decision == "approved_with_changes":
        changes |= {"conditions": "补充知情同意书"}
    if decision == "rejected":
        changes |= {"rejection_reason": "数据来源不明", "next_follow_up_on": None}
    if decision is None:
        changes |= {"decided_on": None, "met_on": None, "next_follow_up_on": None, "members_present": None,
                    "votes_for": None}
    return review(**changes)


def some_warning(chance, ago):
    domain = chance.choice(tuple(DOMAINS))
    return warning(level=chance.randint(1, 4), sector=chance.choice(SECTORS), risk_domain=domain,
                   risk_subdomain=DOMAINS[domain], status=chance.choice(("actual",) * 5 + ("exercise", "test")),
                   headline=f"异常 {EVIL}", discovered_at=f"{day(ago)}T03:00:00Z",
                   reporter_confidential=chance.choice((True, None)))


def fill(site, hub, clock, agents):
    """Records filed in two stretches; [(agent, record, id)]."""
    chance, filed = random.Random(20260703), []
    for offset, oldest, newest in ((-150, 500, 160), (0, 149, 10)):
        clock.set(offset)
        for agent in agents[:2] if offset else agents:
            records = [some_review(chance, chance.randint(newest, oldest)) for _ in range(20)]
            records += [some_warning(chance, chance.randint(newest, oldest)) for _ in range(15)]
            records += [{**some_review(chance, newest), "rehearsal": True}]
            ids = agent.submit(*records)
            require(len(ids) == len(records), "every record is accepted", (len(ids), len(records)))
            agent.sync()
            wrong = [row for row in agent.records() if row["state"] != "received"]
            require(not wrong, "every record is received", wrong[:2])
            filed += [(agent, *pair) for pair in zip(records, ids)]
    return filed


def work(hub, filed):
    """The operator's acts; {id: state} of warnings."""
    states = {id: "raised" for _, record, id in filed if record["kind"] == "risk_warning"}
    for number, id in enumerate(states):
        if number % 3:
            hub.cli("acknowledge", id)
            states[id] = "acknowledged"
        if number % 3 == 2:
            hub.cli("resolve", id)
            states[id] = "resolved"
    return states


def settled(hub):
    """The stats of all families, once the desk has nothing left to do."""
    seen = {}

    def still():
        now = {family: hub.stats(family) for family in ("review", "warning", "record", "clock", "completeness", "notice")}
        same = now == seen
        seen.clear()
        seen.update(now)
        return same
    wait_until(still, 30, 1.5, "figures that do not move")
    return seen


def span_of(period):
    """First and last date."""
    year = int(period[:4])
    first, months = {7: {"Q": lambda n: (3 * n - 2, 3), "H": lambda n: (6 * n - 5, 6)}.get(period[5:6], lambda n: (n, 1))(
        int(period[-1] if not period[5:6].isdigit() else period[5:])), 4: (1, 12)}[len(period)]
    end = datetime.date(year + (first + months > 12), (first + months - 1) % 12 + 1, 1) - datetime.timedelta(1)
    return f"{year}-{first:02d}-01", end.isoformat()


def quarter_before(period):
    year, quarter = int(period[:4]), int(period[-1])
    return f"{year - (quarter == 1)}-Q{(quarter - 2) % 4 + 1}"


def dated(record):
    return record.get("decided_on") or record.get("applied_on") or record["discovered_at"][:10]


def days_of(record):
    return (datetime.date.fromisoformat(record["decided_on"]) - datetime.date.fromisoformat(record["accepted_on"])).days


def in_span(filed, kind, period):
    first, last = span_of(period)
    return [(agent, record, id) for agent, record, id in filed
            if record["kind"] == kind and not record.get("rehearsal") and first <= dated(record) <= last]


def review_row(some, before):
    decided = [record for record in some if record.get("decision")]
    approved = sum(record["decision"].startswith("approved") for record in decided)
    days = sum(map(days_of, decided))
    return [shown(len(some)), shown(len(decided)), shown(approved),
            shown(approved / len(decided) if decided else None, "%"), shown(days / len(decided) if decided else None),
            shown(len(before))]


def check_reviews(page, filed, period):
    now = in_span(filed, "review_report", period)
    before = in_span(filed, "review_report", quarter_before(period))
    require(len(now) > 5, "reviews in the period", len(now))
    keys = {"review_sector": lambda agent, record: record["sector"], "review_entity_type": lambda agent, record: agent.kind,
            "review_stage": lambda agent, record: record["review_stage"]}
    for table, key in keys.items():
        for code, row in page.tables[table][1:]:
            own = [[r for a, r, _ in some if code == "" or key(a, r) == code] for some in (now, before)]
            require(row[1:] == review_row(*own), f"{table} {code}: as recounted", (row, review_row(*own)))
    for code, row in page.tables["review_procedure"][1:]:
        own = collections.Counter(r.get("decision", "-") for _, r, _ in now if code in ("", r["procedure"]))
        wanted = [own[c] for c in ("approved", "approved_with_changes", "resubmit", "rejected", "suspended", "terminated", "-")]
        require(row[1:] == [shown(n) for n in wanted + [sum(wanted)]], f"procedure {code}", (row, wanted))
    check(True, f"{period}: reviews by procedure, decision, sector, kind, stage; days; the period before")


def check_warnings(page, filed, states, period):
    now = in_span(filed, "risk_warning", period)
    actual = [(a, r, i) for a, r, i in now if r["status"] == "actual"]
    require(actual, "warnings in the period")
    for code, row in page.tables["warning_level"][1:]:
        own = collections.Counter(states[i] for _, r, i in actual if code in ("", str(r["level"])))
        wanted = [sum(own.values()), own["raised"], own["acknowledged"], own["resolved"], own["cancelled"]]
        require(row[1:6] == [shown(n) for n in wanted], f"level {code}", (row, wanted))
    for table, key in (("warning_sector", "sector"), ("warning_exercises", "status")):
        for code, row in page.tables[table][1:]:
            own = collections.Counter(r["level"] for _, r, _ in (actual if key == "sector" else now) if code in ("", r[key]))
            require(row[1:] == [shown(own[n]) for n in (1, 2, 3, 4)] + [shown(sum(own.values()))], f"{table} {code}", (row, own))
    grave = sorted(i for _, r, i in actual if r["level"] < 3)
    listed = [row for _, row in page.tables["grave_warnings"][1:]]
    check(sorted(row[6] for row in listed) == grave, f"{period}: the grave warnings, one by one", (listed, grave))
    owners = {i: (a, r) for a, r, i in actual}
    for row in listed:
        agent, record = owners[row[6]]
        require(("不列名" in row[2]) == bool(record.get("reporter_confidential")), "a name is kept back on request", row)
        require(row[3] == record["headline"], "the headline comes through escaping", row)
    check(True, f"{period}: warnings by level, state, sector; exercises apart")


def check_stats(page, stats, period, withheld):
    """The cells of the same cursor, summed here."""
    first, last = span_of(period)

    def count(family, **where):
        return sum(row["count"] for row in stats[family] if first <= row["day"] <= last
                   and all(row[name] == value for name, value in where.items()))
    for code, row in page.tables["clock_term"][1:]:
        where = {"term": code} if code else {}
        wanted = [count("clock", state=state, **where) for state in ("met", "open", "overdue")] + [count("clock", **where)]
        require(row[1:5] == [shown(n) for n in wanted], f"term {code}", (row, wanted))
    for table, dim in (("completeness_district", "district"), ("completeness_entity_type", "entity_type")):
        for code, row in page.tables[table][1:]:
            where = {dim: code} if code else {}
            n = {state: count("completeness", state=state, **where) for state in ("expected", "received", "on_time", "zero")}
            wanted = [n["expected"], n["on_time"], n["received"] - n["on_time"], n["expected"] - n["received"], n["zero"]]
            require(row[1:6] == [shown(v) for v in wanted], f"{table} {code}", (row, wanted))
            require(row[6] == shown(n["received"] / n["expected"] if n["expected"] else None, "%"), "completeness", row)
    for code, row in page.tables["notice_category"][1:]:
        where = {"category": code} if code else {}
        states = [count("notice", state=s, **where) for s in ("sent", "delivered", "opened", "answered", "late")]
        wanted = [sum(states[:4]), *states]
        require(row[1:7] == [shown(n) for n in wanted], f"notices {code}", (row, wanted))
    late = page.tables.get("late_reports", [None])[1:]
    wanted = count("completeness", state="expected") - count("completeness", state="on_time")
    check(len(late) == wanted, f"{period}: who is late or missing is who is not on time", (late, wanted))
    overdue = page.tables.get("overdue_terms", [None])[1:]
    wanted = count("clock", state="overdue") - count("clock", state="overdue", term="periodic_report")
    named = [row for _, row in overdue if "不列名" not in row[0]]
    check(len(overdue) == min(wanted, 300) and not [row for row in named if "<b>&=1" not in row[0]],
          f"{period}: every other overdue term is listed, under the name as it was given", (overdue[:2], wanted))
    check(not [row for row in named if row[3] in withheld] and all(row[1] == "—" for _, row in overdue if row not in named),
          f"{period}: but for who asked in a warning to be withheld", (named[:2], overdue[:2]))
    check(True, f"{period}: terms, completeness and notices are the cells of agn-hub stats")


def check_page(path):
    text = open(path, encoding="utf-8").read()
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    check(not tags & {"script", "link", "img", "iframe", "object", "form"}, "nothing that runs or fetches", tags)
    addresses = [a for _, attributes in page.tags for a in attributes if a in ("src", "href", "srcset") or a.startswith("on")]
    check(not addresses and "url(" not in text and "@import" not in text, "no address at all, no handler", addresses)
    styles = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    check("counter(pages)" in styles and "杭州市\\00003c" in styles and styles.count("{") == styles.count("}"),
          "numbered sheets, each with a head that cannot end the rules", styles[-600:])
    require("default-src &#39;none&#39;" in text or "default-src 'none'" in text, "a policy that forbids fetching")
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--html", "--noout", path], capture_output=True, text=True, errors="replace")
        wrong = [line for line in done.stderr.splitlines() if "error" in line and not re.search(
            r"Tag (main|header|section|figure|svg|rect|text|title|line) invalid", line)]
        check(not wrong, "xmllint finds the page well formed", wrong[:5])
    drawings = re.findall(r"<svg.*?</svg>", text, re.S)
    for drawing in drawings:
        xml.etree.ElementTree.fromstring(drawing)
    check(len(drawings) >= 4, "drawings, each sound XML", len(drawings))
    return page


def check_workbook(path, page):
    """Each table of the page stands in the workbook, heading by heading and figure by figure."""
    book = openpyxl.load_workbook(path)
    rows = [[cell for cell in row] for sheet in book for row in sheet.iter_rows(values_only=True)]

    def written(value, other):
        if isinstance(value, (int, float)):
            return other in (f"{value:,.0f}", f"{value:.1f}", f"{value * 100:.1f}%", f"{value:+.1f}", f"{value:+.1f} pp",
                             f"{value * 100:+.1f}%", "0.0", "0.0 pp", "0.0%")
        return (value or "") == other
    for name, table in page.tables.items():
        heads = [at for at, row in enumerate(rows) if [c or "" for c in row[:len(table[0][1])]] == table[0][1]]
        require(any(all(len(rows[at + n]) >= len(line) and all(map(written, rows[at + n], line))
                        for n, (_, line) in enumerate(table)) for at in heads), f"{name} is in the workbook", heads)
    formulas = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    check(not formulas, "no text has become a formula", formulas)
    check("主要数据" in book.sheetnames, "the workbook says what the page says, with Chinese names", book.sheetnames)


def check_manners(site, hub, period):
    path = f"{site.folder}/out.html"
    for options in (("--period", "2026-Q5"), ("--period", "2026-H3"), ("--period", "x"), (), ("--period", period, "--lang", "de"),
                    ("--period", period, "--html", ""), ("--period", period, "--html", "a", "--xlsx", "a")):
        check(hub.cli("report", *options, ok=False).returncode == 2, f"{options} is a usage error")
    check(hub.cli("report", "--help").returncode == 0 and "YYYY-Hn" in hub.cli("report", "--help").stdout, "--help")
    hub.cli("report", "--period", period, "--html", path)
    check(hub.cli("report", "--period", period, "--html", path).returncode == 0, "what it wrote itself, it replaces")
    with open(path, "a") as file:
        file.write("批注")
    before = open(path).read()
    done = hub.cli("report", "--period", period, "--html", path, "--xlsx", f"{site.folder}/beside.xlsx", ok=False)
    check(done.returncode == 1 and "--force" in done.stderr and open(path).read() == before
          and not os.path.exists(f"{site.folder}/beside.xlsx"), "what a person has changed stays, and nothing is written", done)
    check(hub.cli("report", "--period", period, "--html", path, "--force").returncode == 0
          and open(path).read() != before, "--force replaces it")
    done = hub.cli("report", "--period", period, "--html", "/nonexistent/x.html", ok=False)
    check(done.returncode == 1 and "/nonexistent/x.html" in done.stderr, "a folder that is not there exits 1", done.stderr)
    check(hub.cli("report", "--period", period, "--html", site.folder, "--force", ok=False).returncode == 1,
          "a folder is never replaced")
    left = [name for name in os.listdir(site.folder) if re.search(r"\.(html|xlsx)\.", name)]
    check(not left, "no temporary file stays", left)
    hub.cli("report", "--period", "2001-02", "--html", path, "--xlsx", f"{site.folder}/empty.xlsx")
    check("没有统计数据" in open(path).read() and len(openpyxl.load_workbook(f"{site.folder}/empty.xlsx").sheetnames) > 8,
          "an empty period says so, and its files are sound")
    hub.cli("report", "--period", "2000", "--html", path)
    hub.cli("report", "--period", "2099", "--lang", "en", "--html", path)
    check("provisional" in open(path).read(), "the first and the last year there are")


def test(site):
    if not os.path.exists(os.environ.get("CLOCKJUMP", "")):
        skip("CLOCKJUMP does not name clockjump.so")
    clock = Clock(site)
    clock.set(-150)
    hub = clock.apply(site.hub(start=False).configure(leap_wait_s=0, name=f"'杭州市{NAME}'")).start()
    agents = agents_of(site, hub, clock)
    filed = fill(site, hub, clock, agents)
    states = work(hub, filed)
    notice = {"kind": "notice", "submitter": {"name": "郑怀瑾", "role": "主任科员"}, "title": "自查通知", "body": "请自查。", "category": "requirement", "audience": {},
              "must_answer": False}
    hub.cli("file", agents[0].file(notice))
    stats = settled(hub)
    when = datetime.date.fromisoformat(day(100))
    quarter = f"{when.year}-Q{(when.month + 2) // 3}"
    periods = (quarter, f"{when.year}-{when.month:02d}", f"{when.year}-H{(when.month + 5) // 6}", f"{when.year}")
    kept = os.environ.get("REPORT_KEEP")
    for lang in ("zh", "en") if kept else ():
        hub.cli("report", "--period", quarter, "--lang", lang, "--html", f"{kept}/{lang}.html", "--xlsx", f"{kept}/{lang}.xlsx",
                "--force")
    for period in periods:
        html_path, xlsx_path = (f"{site.folder}/report-{period}.{ending}" for ending in ("html", "xlsx"))
        hub.cli("report", "--period", period, "--html", html_path, "--xlsx", xlsx_path)
        page = check_page(html_path)
        check_stats(page, stats, period, {id for _, record, id in filed if record.get("reporter_confidential")})
        check(f"截至第 {max(row['number'] for row in hub.query())} 号记录" in open(html_path).read(), "the cursor is named")
        if period == quarter:
            check_reviews(page, filed, period)
        check_warnings(page, filed, states, period)
        check_workbook(xlsx_path, page)
    check_manners(site, hub, quarter)


main(test)
