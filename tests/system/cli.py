"""The command lines: exit codes, help, both languages, JSON and CSV that can be read, errors that say where."""
import csv, datetime, glob, io, json, re

from harness import (PROGRAMS, ROOT, UUID, Hub, check, day, figures, main, make_uscc, os, parse_json, require, review, subprocess,
                     wait_until, warning)

CHINESE = {"LANG": "zh_CN.UTF-8", "LC_ALL": "", "LANGUAGE": ""}
SUBCOMMANDS = {
    "hub": ("init", "run", "entity", "peer", "query", "show", "stats", "schema", "prune", "history", "accept",
            "return", "acknowledge", "share", "audit-log", "erase", "rereview", "file", "due", "terms", "deliveries", "statement", "signals"),
    "agent": ("join", "submit", "sync", "run", "status", "list", "receipt", "inbox", "discard", "statement", "compile"),
    "province": ("init", "join", "run", "status", "table", "warnings"),
}


def has_chinese(text):
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def bare(name, *arguments, env=None):
    return subprocess.run([*PROGRAMS[name], *arguments], capture_output=True, text=True, timeout=20,
                          env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "AGN_HOME": "/nonexistent/agn", **(env or {})})


def check_help():
    for name, commands in SUBCOMMANDS.items():
        helps = [bare(name, "--help")] + [bare(name, command, "--help") for command in commands]
        check(all(done.returncode == 0 and done.stdout for done in helps), f"agn-{name}: --help on every level exits 0",
              [done.args for done in helps if done.returncode or not done.stdout])
        missing = [command for command in commands if command not in helps[0].stdout]
        check(not missing, f"agn-{name} --help lists every command", missing)
        chinese = bare(name, "--help", env=CHINESE).stdout
        check(has_chinese(chinese) and not has_chinese(helps[0].stdout), f"agn-{name} --help is in English or Chinese by "
              "LANG", (chinese[:200], helps[0].stdout[:200]))
        usage = [bare(name), bare(name, "dance"), bare(name, commands[-1], "--no-such-option"), bare(name, "run", "stray")]
        check([done.returncode for done in usage] == [2] * 4, f"agn-{name}: usage errors exit 2",
              [(done.args, done.returncode) for done in usage])
        check(all(done.stderr for done in usage), "and say so on stderr")
        lost = bare(name, "run")
        check(lost.returncode == 1 and lost.stderr, f"agn-{name} run without a home exits 1 and says why", lost)
    for name in SUBCOMMANDS:
        said = bare(name, "--version")
        check(said.returncode == 0 and re.fullmatch(rf"agn-{name} \d+\.\d+\.\d+\n", said.stdout), f"agn-{name} --version", said)
        check(bare(name, "-h").stdout == bare(name, "--help").stdout, f"agn-{name} -h is --help")
        for env, words in (({}, "exit codes: 0 done"), (CHINESE, "退出码：0 完成")):
            check(words in bare(name, "--help", env=env).stdout.lower(), f"agn-{name} --help names the exit codes")
        with open("/dev/full", "w") as full:
            codes = [subprocess.run([*PROGRAMS[name], word], stdout=full, timeout=20).returncode for word in ("--help", "--version")]
        check(codes == [1, 1], f"agn-{name}: a full disk behind stdout exits 1", codes)


OPTION = re.compile(r"^#   (.*)\n#   (?:a number )?(.*?)(; SIGHUP reloads it)?\n#(\w+) = (.*)$", re.M)


def options_taken():
    """By verb of agn-hub, the options that its function knows: read from the sources, for nothing else tells them all."""
    sources = "".join(open(path).read() for path in sorted(glob.glob(f"{ROOT}/hub/*.c")))
    functions = dict(re.findall(r"^(?:static )?int (\w+)\([^;{]*\)\n\{\n(.*?)^\}", sources, re.M | re.S))
    table = open(f"{ROOT}/hub/verbs.c").read()

    def options(function):
        body = functions[function]
        known = re.search(r"struct argument arguments\[\w*\] = \{(.*?)\};", body, re.S)
        names = set(re.findall(r'\{"([a-z-]+)", (?:true|false), NULL\}', known.group(1))) if known else set()
        inner = re.search(r"return (\w+)\(home, argc, argv", body)
        return names | ({"jsonl", "xlsx"} if "csv" in names else set()) if names or not inner else options(inner.group(1))

    return {verb: options(function) for verb, function in re.findall(r'^    \{"([a-z -]+)", (\w+),', table, re.M)}


def check_hub_help():
    """The help of a verb names every option that it takes and no other; so does what is said of a wrong command line."""
    taken = options_taken()
    require(len(taken) > 40 and taken["accept"] == {"note", "by"} and "valid-hours" in taken["peer invite"], "verbs are found", taken)
    whole = bare("hub", "--help").stdout
    for verb, options in taken.items():
        done = bare("hub", *verb.split(), "--help")
        usage = [line for line in done.stdout.splitlines() if line.startswith(f"  agn-hub {verb}")]
        told = set(re.findall(r"--([a-z-]+)", " ".join(usage))) | {name for name in ("jsonl", "csv", "xlsx") if f"|--{name}" in " ".join(usage)}
        check(told == options and all(line in whole for line in usage), f"the help of {verb} names its options", told ^ options)
        check("agn-hub" in done.stdout and len(done.stdout.splitlines()) < 12, f"and {verb} alone", done.stdout)
    entity = bare("hub", "entity", "--help").stdout
    check(all(word in entity for word in ("--uscc", "--sector", "import FILE", "key revoke USCC")) and "peer" not in entity.split("\n\n")[1],
          "help of a group lists its verbs", entity)
    for words, said in ((("peer", "revoke"), "agn-hub peer revoke NAME"), (("entity",), "agn-hub entity add"), (("entity", "dance"), "agn-hub entity add"),
                        (("accept",), "agn-hub accept ID"), (("dance",), "unknown verb dance"), (("key",), "agn-hub key rotate --leaked")):
        done = bare("hub", *words)
        check(done.returncode == 2 and said in done.stderr and not done.stdout, f"{' '.join(words)}: how it is written", done.stderr)
    check("entity" not in bare("hub", "peer", "revoke").stderr, "of the verb that was meant")


def check_documented():
    """The tables of options in docs/operations.md are what the programs say, in every word; the same in Chinese."""
    with open(f"{ROOT}/docs/operations.md") as file:
        guide = file.read().split("<!-- options -->")[1].split("<!-- end options -->")[0]
    for name in SUBCOMMANDS:
        told = OPTION.findall(bare(name, "config").stdout)
        table = guide.split(f"### {name}.zpl")[1].split("\n### ")[0]
        rows = re.findall(r"^\| `.*", table, re.M)
        lines = [" | ".join((f"| `{key}`", "" if value == '""' else f"`{value}`", bounds, "yes" if reload else "", f"{meaning} |"))
                 for meaning, bounds, reload, key, value in told]
        check(lines == rows, f"every option of agn-{name} is in its guide", sorted(set(lines) ^ set(rows)))
        chinese = bare(name, "config", env=CHINESE).stdout
        comments = re.findall(r"^#   (.*)$", chinese, re.M)
        check(len(comments) >= 2 * len(told) and all(map(has_chinese, comments)), "and in Chinese to who reads Chinese",
              [line for line in comments if not has_chinese(line)])


def check_config(site):
    hub = Hub(site, "config")
    hub.init()
    path = f"{hub.home}/hub.zpl"
    good = open(path).read()
    for line, words in (("pign_ms = 1000", ("pign_ms", "ping_ms")), ("ping_ms = soon", ("ping_ms", "600000")),
                        ("ping_ms = 5", ("ping_ms", "200")), ("share_mode = foo", ("foo", "propose"))):
        with open(path, "w") as file:
            file.write("\n".join(text for text in good.splitlines() if not text.startswith("ping_ms")) + f"\n{line}\n")
        number = len(open(path).read().splitlines())
        for env in ({}, CHINESE):
            done = hub.cli("run", ok=False, env=env, timeout=10)
            said = done.stderr
            check(done.returncode != 0 and path.split("/")[-1] in said and str(number) in said
                  and all(word in said for word in words), f"`{line}` stops the start with file, line and expectation",
                  (done.returncode, said))
            check(has_chinese(said) == bool(env) and bool(re.search("expected|did you| number| or ", said)) != bool(env),
                  "in the reader's language, all of it", said)
    again = hub.cli("init", "--name", "x", "--city", "330100", ok=False)
    check(again.returncode == 1, "init does not overwrite a home", again)


def check_hub(site, hub):
    bad = make_uscc(12345678)
    bad = bad[:-1] + ("1" if bad[-1] != "1" else "2")
    base = ("--name", "某院", "--type", "hospital", "--sector", "healthcare", "--district", "330106")
    for arguments in (("--uscc", bad, *base), ("--uscc", site.uscc(), *base[:2], "--type", "circus", *base[4:]),
                      ("--uscc", site.uscc(), *base[:6], "--district", "99")):
        done = hub.cli("entity", "add", *arguments, ok=False)
        check(done.returncode in (1, 2) and done.stderr and "agn://" not in done.stdout, "entity add refuses what is wrong",
              (arguments, done.returncode, done.stderr))
    uscc = site.uscc()
    hub.add_entity(uscc)
    done = hub.cli("entity", "add", "--uscc", uscc, *base, ok=False)
    check(done.returncode == 1, "an entity that is there already: exit 1", done)
    check(uscc in hub.cli("entity", "list").stdout and uscc in hub.cli("entity", "show", uscc).stdout, "list and show")
    check(hub.cli("entity", "show", site.uscc(), ok=False).returncode == 1, "show of an unknown entity: exit 1")
    check(hub.cli("show", "01890000-0000-7000-8000-000000000000", ok=False).returncode == 1, "show of an unknown id: 1")
    check(hub.cli("query", "--kind", "love_letter", ok=False).returncode in (1, 2), "query of an unknown kind is refused")
    twins = [site.uscc(), site.uscc()]
    for twin in twins:
        hub.add_entity(twin, "双生研究院")
    for name in ("双生研究院", "双生研究院", "双生平台", "双生平台"):
        hub.cli("peer", "add", "--name", name)
    for words in (("entity", "invite", "双生研究院", "--replace", "--reason", "x"), ("entity", "keys", "双生研究院"),
                  ("entity", "key", "revoke", "双生研究院", "00000000", "--reason", "x")):
        done = hub.cli(*words, ok=False)
        check(done.returncode == 1 and all(twin in done.stderr for twin in twins) and "province-" not in done.stderr,
              f"{' '.join(words[:2])}: of several with one name none is taken, and their codes are listed", done.stderr)
    done = hub.cli("peer", "revoke", "双生平台", "--reason", "x", ok=False)
    check(done.returncode == 1 and done.stderr.count("province-") == 2, "nor by peer revoke", done.stderr)
    one = next(word for word in done.stderr.split() if word.startswith("province-"))
    hub.cli("peer", "revoke", one, "--reason", "x")
    hub.cli("peer", "invite", "双生平台")
    plan = {"kind": "notice", "submitter": {"name": "王", "role": "处长"}, "title": "自查通知", "body": "请自查。",
            "category": "requirement", "audience": {}, "must_answer": False}
    held = len(hub.query())
    for records, words in (([plan] * 111, "1 to 110"), ([plan, 5], "record 2"), ([plan, plan | {"title": "x"}], "title"), ([], "1 to 110")):
        path = f"{site.folder}/several.json"
        with open(path, "w") as file:
            json.dump(records, file)
        done = hub.cli("file", path, ok=False)
        check(done.returncode == 1 and words in done.stderr and not UUID.search(done.stderr) and len(hub.query()) == held,
              "records that cannot be filed together: why, and none is", done.stderr)
    empty = f"{site.folder}/empty.jsonl"
    open(empty, "w").close()
    for path in (empty, site.folder):
        done = hub.cli("entity", "import", path, ok=False)
        check(done.returncode == 1 and path in done.stderr, "entity import of nothing fails", (done.returncode, done.stderr))
    for words in (("query", "--refused", "--kind", "notice"), ("query", "--refused", "--sector", "finance"),
                  ("query", "--refused", "--level", "2"), ("stats", "--by", "setcor")):
        done = hub.cli(*words, ok=False)
        check(done.returncode == 2 and words[1] in done.stderr and not done.stdout, f"{' '.join(words)} is refused", done.stderr)
    check_refusals(site, hub)
    record = "01890000-0000-7000-8000-000000000000"
    for words in (("file", b"\xff\xfe.json"), ("accept", record, "--note", b"\xd6\xd0"), ("query", "--reason", b"\xd6\xd0\xce\xc4"),
                  ("entity", "suspend", uscc, b"--reason=\xd6\xd0")):
        done = subprocess.run([*hub.command(), *words], capture_output=True, env=hub.environment())
        check(done.returncode == 2 and b"UTF-8" in done.stderr, f"an argument that is not UTF-8 is refused by {words[0]}", done)
    schema = hub.cli("schema", "review_report").stdout
    check(json.loads(schema)["type"] == "object", "schema prints a JSON Schema", schema[:200])
    check("risk_warning" in hub.cli("schema").stdout, "schema without a kind lists the kinds")


def check_refusals(site, hub):
    """What is refused is named, with the reason, in the reader's language; no command is the poorer cousin of another."""
    families = ("review", "warning", "rereview", "record", "clock", "completeness", "notice")
    broken = f"{site.folder}/broken.json"
    with open(broken, "w") as file:
        file.write('{"kind": ')
    missing = f"{site.folder}/nothing.json"
    words_of_id = ("no record id", "agn-hub query"), ("不是记录编号", "agn-hub query")
    for code, words, english, chinese in (
            (2, ("stats", "--family", "x"), ("--family", *families), ("--family", "之一", *families)),
            (2, ("stats", "--json"), families, families),
            (2, ("audit-log", "--act", "revok"), ("--act", "revok", "docs/records.md"), ("没有代码", "docs/records.md")),
            (1, ("file", missing), (f"{missing} cannot be read: No such file",), (f"无法读取 {missing}",)),
            (1, ("file", site.folder), (f"{site.folder} cannot be read: ",), (f"无法读取 {site.folder}",)),
            (1, ("file", broken), (f"{broken}:1:",), (f"{broken}:1:",)),
            (1, ("prune", "uplink", "--upto", "0"), ("followers",), ("上级（省级）",)),
            *((2, words, *words_of_id) for words in (("show", "X"), ("history", "X"), ("deliveries", "X"), ("accept", "X"),
                                                     ("share", "X"), ("return", "X", "summary=x"), ("rereview", "open", "X"),
                                                     ("erase", "X", "--reason", "x", "--yes"))),
            (1, ("cap", "X"), *words_of_id)):
        for said, env in ((english, {}), (chinese, CHINESE)):
            done = hub.cli(*words, ok=False, env=env)
            check(done.returncode == code and all(word in done.stderr for word in said) and not done.stdout,
                  f"{' '.join(words)} is refused with the reason", (done.returncode, done.stderr))
    for code in ("entity_add", "acknowledge", "notice"):
        hub.cli("audit-log", "--act", code)


def check_numbers(site, hub):
    """A number is digits within bounds, a flag has no value: what is neither is a wrong command line, and nothing is done."""
    agent = site.agent(hub, "numbers-agent")
    warned, = agent.submit(warning(level=1, share_scope="city_only"))
    agent.sync()
    listed, acts = len(hub.query()), len(hub.cli_json("audit-log"))
    prune = ("prune", "uplink", "--reason", "归档", "--yes")
    base = ("--name", "某院", "--type", "hospital", "--sector", "healthcare", "--district", "330106")
    for words, option in (
            *(((*prune, "--upto", text), f"--upto {text}") for text in ("x", "-1", "", "1 ", "99999999999999999999")),
            (("prune", "uplink", "--upto", "x", "--dry-run"), "--upto x"),
            (("prune", "uplink", "--upto", "1", "--reason", "归档", "--yes=no"), "--yes takes no value"),
            (("prune", "uplink", "--upto", "1", "--dry-run=no"), "--dry-run takes no value"),
            *((("entity", "invite", agent.uscc, "--valid-hours", text), "--valid-hours") for text in ("3d", "abc", "0", "8761")),
            (("entity", "add", "--uscc", site.uscc(), *base, "--valid-hours", "3d"), "--valid-hours"),
            (("peer", "add", "--name", "某厅", "--valid-hours", "-1"), "--valid-hours"),
            *((("key", "rotate", "--after", text), "--after") for text in ("x", "9s", "8761", "1d")),
            (("key", "rotate", "--leaked=no", "--reason", "演练"), "--leaked takes no value"),
            (("due", "--days", "x"), "--days"), (("due", "--days", "36501"), "--days"),
            (("statement", agent.uscc, "--from", "x"), "--from"), (("statement", agent.uscc, "--to", "0"), "--to"),
            (("update", warned, "--level", "5"), "--level"), (("update", warned, "--level", "2x"), "--level"),
            (("query", "--limit", "5x"), "--limit"), (("query", "--limit", "0"), "--limit"), (("query", "--level", "1,2"), "--level")):
        done = hub.cli(*words, ok=False)
        check(done.returncode == 2 and option in done.stderr and not done.stdout, f"{' '.join(words)} is a wrong command line",
              (done.returncode, done.stdout, done.stderr))
    check((len(hub.query()), len(hub.cli_json("audit-log"))) == (listed, acts), "and nothing was done or recorded")
    check("1" in hub.cli("prune", "uplink", "--upto", "1000000000", "--dry-run", ok=False).stderr, "the bound is named")
    done = hub.cli("prune", "uplink", "--upto", "1", "--dry-run", env=CHINESE)
    check(has_chinese(done.stdout), "a sound cursor is taken", done.stdout)
    for name, words in (("agent", ("statement", "--from", "x")), ("province", ("warnings", "--limit", "x")),
                        ("province", ("alarm", "clear", "x", "--reason", "y"))):
        done = bare(name, *words)
        check(done.returncode == 2 and "expected a number" in done.stderr and "x" in done.stderr, f"agn-{name} too", done.stderr)
    check("NUMBER:" in done.stderr and "--alarm" not in done.stderr, "which names what there is", done.stderr)


def check_reader(site, hub):
    """The reader's language is not that of the hub, which another has started."""
    speaking = Hub(site, "speaking")
    site.programs.append(speaking)
    speaking.init()
    speaking.env = CHINESE
    speaking.start()
    speaking.env = {}
    for server in (hub, speaking):
        for words in (("entity", "suspend", "12330100000000000X", "--reason", "核查"), ("erase", "x", "--reason", "误报", "--yes"),
                      ("prune", "uplink", "--upto", "0", "--yes"), ("prune", "uplink", "--upto", "0", "--yes", "--reason", "归档")):
            english, chinese = server.cli(*words, ok=False), server.cli(*words, ok=False, env=CHINESE)
            said = english.stdout + english.stderr, chinese.stdout + chinese.stderr
            check(said[0] and not has_chinese(said[0]) and has_chinese(said[1]), f"{' '.join(words[:2])} is answered in the reader's language",
                  said)
    speaking.stop()


def check_calendar(hub):
    """Holidays that nobody has entered count as worked: the operator hears of it before they come."""
    path = f"{hub.home}/calendar.txt"
    years = {(datetime.date.today() + datetime.timedelta(days=ahead)).year for ahead in (0, 30)}
    for command in ("due", "terms"):
        check(f"calendar.txt names no day of {min(years)}" in hub.cli(command).stderr, f"{command} tells of a year without holidays")
        with open(path, "w") as file:
            file.writelines(f"{year}-01-01 holiday\n" for year in years)
        check("calendar" not in hub.cli(command).stderr, f"{command} says nothing once it has some")
        os.remove(path)
    hub.wait_log("calendar-year", 20)


def check_zone(site):
    """The day is that of the site's own zone: one that is never the day of +08:00 at this hour."""
    now = datetime.datetime.now(datetime.timezone.utc)
    offset = 840 if 11 <= now.hour < 16 else -720
    hub = Hub(site, "zone")
    site.programs.append(hub)
    hub.init().configure(utc_offset_minutes=offset)
    hub.start()
    agent = site.agent(hub, "zone-agent")
    report, = agent.submit(review(rereview_list_item="high_autonomy", procedure="expert_rereview", members_present=None,
                                  votes_for=None, next_follow_up_on=day(-60)))
    agent.sync()
    request, = UUID.findall(hub.cli("rereview", "open", report).stdout)
    shown = hub.cli_json("show", request)["record"]["received_on"]
    local = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=offset)).date()
    check(shown in (str(local), str((now + datetime.timedelta(minutes=offset)).date())), "a re-review is received on the site's day",
          (shown, local))
    hub.stop()


def check_agent(site, hub):
    agent = site.agent(hub)
    path = agent.file(review())
    done = agent.cli("submit", path)
    (name,) = UUID.findall(done.stdout)
    check(agent.cli("submit", f"{site.folder}/nothing.json", ok=False).returncode == 1, "submit of no file: exit 1")
    with open(path, "w") as file:
        file.write("{ not json")
    done = agent.cli("submit", path, ok=False)
    check(done.returncode == 1 and not UUID.findall(done.stdout), "submit of no JSON: exit 1", done)
    with open(path, "w") as file:
        json.dump(review(sector="space", round=0), file)
    english, chinese = agent.cli("submit", path, ok=False), agent.cli("submit", path, ok=False, env=CHINESE)
    check(all("sector" in done.stderr + done.stdout and "round" in done.stderr + done.stdout
              for done in (english, chinese)), "every fault is named at once", english.stderr)
    check(has_chinese(chinese.stderr + chinese.stdout), "in Chinese too", chinese.stderr)
    agent.submit(warning(level=2))
    agent.sync()
    for command in (("list",), ("status",)):
        english, chinese = agent.cli(*command).stdout, agent.cli(*command, env=CHINESE).stdout
        check(english != chinese and has_chinese(chinese), f"agn-agent {command[0]} speaks both languages",
              (english[:100], chinese[:100]))
    check(len(list(csv.reader(io.StringIO(agent.cli("list", "--csv").stdout)))) == 3, "list --csv: a head and two rows")
    check(agent.cli("receipt", "01890000-0000-7000-8000-000000000000", ok=False).returncode == 1, "no receipt: exit 1")
    check(name in agent.cli("receipt", name).stdout, "receipt names the record")
    check(agent.cli("discard", name, ok=False).returncode != 0, "discard without --yes does nothing")
    check(agent.cli("join", "agn://nonsense", ok=False).returncode in (1, 2), "join with a broken link is refused")
    return name


def check_tables(hub, province, name):
    for program, command in ((hub, ("query",)), (hub, ("stats", "--family", "review")), (hub, ("show", name)),
                             (province, ("table", "--family", "warning")), (province, ("status",)), (province, ("warnings",))):
        english, chinese = program.cli(*command).stdout, program.cli(*command, env=CHINESE).stdout
        check(english != chinese and has_chinese(chinese), f"agn-{program.name} {command[0]} speaks both languages",
              (english[:150], chinese[:150]))
    rows = list(csv.DictReader(io.StringIO(hub.cli("query", "--csv").stdout)))
    check(len(rows) == 2 and any(name in row.values() for row in rows), "query --csv can be read", rows)
    check(len(parse_json(hub.cli("query", "--level", "2", "--json").stdout)) == 1, "query by level")
    check(len(hub.query("--kind", "review_report")) == 1 and len(hub.query("--sector", "finance")) == 0, "query by kind, sector")
    check(len(hub.query("--from", "2000-01-01", "--to", "2001-01-01")) == 0, "query by day")
    by = parse_json(hub.cli("stats", "--family", "review", "--by", "sector,decision", "--json").stdout)
    check(len(by) == 1 and by[0]["sector"] == "healthcare" and by[0]["count"] == 1, "stats --by groups", by)


def test(site):
    check_help()
    check_hub_help()
    check_config(site)
    check_documented()
    check_zone(site)
    hub = site.hub()
    check_hub(site, hub)
    check_calendar(hub)
    province = site.province(hub)
    name = check_agent(site, hub)
    province.start()
    wait_until(lambda: province.figures("warning") == figures(hub.stats("warning")), what="the province follows")
    check_tables(hub, province, name)
    check_numbers(site, hub)
    check_reader(site, hub)


if __name__ == "__main__":
    main(test)
