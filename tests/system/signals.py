"""Clusters of warnings: what `agn-hub signals` finds equals a recount that looks at everything again each day: over random
warnings with cancelled, updated and exercised ones among them, and over the real AI incidents (INCIDENTS=FILE), where
they are there."""
import datetime, json, os, pathlib, random, sys, time

from harness import ROOT, Site, check, main, require, warning
from recount_signals import KEYS, Recount, normal, read_rules, row_of

sys.path.insert(0, f"{ROOT}/tests/data")
sys.dont_write_bytecode = True
import incidents

SOURCE = os.environ.get("INCIDENTS") or str(pathlib.Path(ROOT).parent / "shared" / "data" / "ai-incidents.jsonl")
RULES = f"{ROOT}/deploy/signals.zpl"
MODELS = ["Qwen-2", "ＱＷＥＮ－２", " qwen-2 ", "文心一言", "文心一言 ", "Straße AI", "STRASSE  ai", "unknown", None, None, "豆包"]
VENDORS = ["阿里云", "百度", "Open AI", "open　ai", "未知", None]
# Small windows, so that 400 days of random warnings meet every edge; each option is used.
RANDOM_RULES = """signals
    ignore = "Unknown, 未知"
    by-model
        group = "model_name"
        window = 20
        base = 3
        count = 3
        institutions = 2
        ratio = 1.5
        cool_down = 15
        growth = 50
    vendor-what
        group = "model_vendor, risk_domain"
        window = 45
        count = 3
        ror = 0.8
        cool_down = 30
        growth = 0
    harm
        group = "harm_kind"
        window = 10
        base = 2
        count = 2
        ratio = 3
        level = 2
        cool_down = 5
    harm-of-sector
        group = "sector, harm_kind"
        window = 60
        count = 4
        institutions = 3
        ror = 1.2
    finest
        group = "model_name, model_vendor, risk_subdomain"
        window = 120
        count = 2
        cool_down = 0
"""


def date(ordinal):
    return datetime.date.fromordinal(ordinal).isoformat()


def comparable(signal):
    values = dict(zip(signal["rule_row"]["group"], signal["values"]))
    figures = {key: signal.get(key) for key in ("expected", "ratio", "ror", "low", "high")}
    return {"rule": signal["rule"], **{key: values.get(key) for key in KEYS}, "count": signal["count"],
            "institutions": signal["institutions"], "found": date(signal["found"]), "evidence": signal["evidence"],
            "table": signal.get("table"), **figures,
            **({"raised": signal["raised"], "peak": signal["peak"], "last_found": date(signal["last_found"])} if "raised" in signal else {})}


def folded(row):
    """A row of the program with its names as they are compared, so that the spelling that is shown does not matter."""
    return {**row, **{key: normal(row[key]) for key in ("model_name", "model_vendor") if row[key]}}


def same(found, expected):
    close = lambda a, b: a == b or isinstance(a, float) and isinstance(b, (int, float)) and abs(a - b) <= 1e-9 * max(1, abs(b))
    return all(close(found.get(key), value) for key, value in expected.items())


def compare(found, expected, what):
    key = lambda row: (row["rule"], *(row[name] or "" for name in KEYS))
    found, expected = sorted(map(folded, found), key=key), sorted(map(comparable, expected), key=key)
    require([key(row) for row in found] == [key(row) for row in expected], f"the same clusters: {what}",
            ([key(row) for row in found], [key(row) for row in expected]))
    for program, recount in zip(found, expected):
        require(same(program, recount), f"the same figures: {what}", (program, recount))
    return len(found)


def file_all(site, hub, filed):
    """FILED: {entity index: [warnings]}; the ids as {entity index: [ids]} and each entity's identifier."""
    agents, ids = {}, {}
    for index, records in filed.items():
        agent = agents[index] = site.agent(hub, home=f"agent-{index}")
        path = f"{site.folder}/filed-{index}.jsonl"
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        ids[index] = [line.split()[0] for line in agent.cli("submit", path).stdout.splitlines() if line.strip()]
        require(len(ids[index]) == len(records), "an id for each record", (len(ids[index]), len(records)))
        agent.sync()
    return agents, ids


def random_warning(dice, last):
    moment = datetime.datetime.combine(last - datetime.timedelta(days=int(400 * dice.random() ** 1.5)), datetime.time(0),
                                       datetime.timezone.utc) - datetime.timedelta(hours=8) + datetime.timedelta(minutes=dice.randrange(1440))
    domain, subdomain = dice.choice([("privacy_security", "2.1"), ("misinformation", "3.1"), ("misinformation", None), ("system_safety", "7.3")])
    return warning(headline=dice.choice(["对话系统输出有害内容", "【聚集信号】照样作为依据"]) if dice.random() < 0.1 else "对话系统输出有害内容",
                   model_name=dice.choice(MODELS), model_vendor=dice.choice(VENDORS), risk_domain=domain, risk_subdomain=subdomain,
                   sector=dice.choice(["finance", "healthcare", "consumer"]),
                   harm_kind=dice.sample(["none", "property", "rights", "physical"], dice.randint(1, 3)),
                   status=dice.choice(["actual"] * 6 + ["exercise", "test"]), discovered_at=moment.isoformat(),
                   level=dice.randint(1, 4))


def test_random(site):
    seed = int(os.environ.get("SEED", time.time_ns() % 10 ** 6))
    dice = random.Random(seed)
    hub = site.hub()
    last = datetime.date.today() - datetime.timedelta(days=2)
    filed = {index: [random_warning(dice, last) for _ in range(dice.randint(30, 120))] for index in range(5)}
    agents, ids = file_all(site, hub, filed)
    rows = []
    for index, records in filed.items():
        steps = []
        for record, identity in zip(records, ids[index]):
            kept = dict(record)
            if dice.random() < 0.15:
                kept = {**record, "model_vendor": "改名后的公司", "risk_domain": "system_safety", "risk_subdomain": "7.3"}
                steps.append({**kept, "action": "update", "refers_to": identity})
            if dice.random() < 0.1:
                steps.append({**kept, "action": "cancel", "refers_to": identity, "headline": "撤销：误报"})
                continue
            if kept["status"] == "actual":
                rows.append(row_of(kept, identity, agents[index].uscc))
        agents[index].submit(*steps)
        agents[index].sync()
    total = sum(map(len, filed.values()))
    path = f"{site.folder}/random.zpl"
    pathlib.Path(path).write_text(RANDOM_RULES, encoding="utf-8")
    rules, ignored = read_rules(path)
    recount = Recount(rows, rules, ignored)
    found = compare(hub.cli_json("signals", "--rules", path, "--replay"), recount.replay().values(), f"replay, seed {seed}")
    check(found > 10, f"{found} clusters in a replay of {total} random warnings, {len(rows)} of them counted, equal the recount (seed {seed})")
    lines = hub.cli("signals", "--rules", path, "--replay", "--jsonl").stdout.splitlines()
    check([json.loads(line) for line in lines] == hub.cli_json("signals", "--rules", path, "--replay"),
          "JSON lines say the same, ratios and evidence too")
    found = sum(compare(hub.cli_json("signals", "--rules", path, "--to", date(last.toordinal() - ago)),
                        Recount([row for row in rows if row["day"] <= last.toordinal() - ago], rules, ignored).find(last.toordinal() - ago),
                        f"{ago} days ago, seed {seed}") for ago in range(0, 60, 7))
    first = last.toordinal() - 150
    found += compare(hub.cli_json("signals", "--rules", path, "--from", date(first), "--to", date(last.toordinal())),
                     Recount([row for row in rows if row["day"] >= first], rules, ignored, first).find(last.toordinal()), "from a day on")
    check(found > 10, f"{found} signals on single days equal the recount")
    done = hub.cli("signals", "--rules", path, "--replay", "--csv").stdout
    check(done.startswith("rule,model_name,model_vendor,sector,risk_domain"), "CSV has the stable heads")
    check(hub.cli("signals", ok=False).returncode == 1 and "signals.zpl" in hub.cli("signals", ok=False).stderr,
          "without rules it says where they belong")
    pathlib.Path(path).write_text(RANDOM_RULES.replace("ratio = 3", "ratoi = 3"), encoding="utf-8")
    line = RANDOM_RULES[:RANDOM_RULES.index("ratio = 3")].count("\n") + 1
    done = hub.cli("signals", "--rules", path, ok=False)
    check(done.returncode == 1 and f"random.zpl:{line}:" in done.stderr and "ratio" in done.stderr, "a wrong key is named with its line", done.stderr)


def test_incidents(site):
    if not os.path.exists(SOURCE):
        print(f"skipped: no file of incidents at {SOURCE}")
        return
    filed = {}
    for incident in incidents.read(SOURCE):
        filed.setdefault(incidents.entity_of(incident), []).append(incidents.warning(incident))
    hub = site.hub()
    agents, ids = file_all(site, hub, filed)
    rows = [row_of(record, identity, agents[index].uscc) for index in filed for record, identity in zip(filed[index], ids[index])]
    rules, ignored = read_rules(RULES)
    expected = Recount(rows, rules, ignored).replay().values()
    found = hub.cli_json("signals", "--rules", RULES, "--replay")
    count = compare(found, expected, "the incidents")
    check(count > 5, f"{count} clusters in {len(rows)} real incidents equal the recount")
    print(hub.cli("signals", "--rules", RULES, "--replay").stdout)


def test(site):
    test_random(site)
    with Site() as other:
        test_incidents(other)


main(test)
