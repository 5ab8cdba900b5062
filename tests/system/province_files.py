"""The province answers: two hubs, three institutions. A notice to both cities is answered; a case that the province
decides reaches the institution's inbox; a level-1 warning is acknowledged, also where the reporter's name is withheld;
plans stand side by side. The province is killed on the way and reads both snapshots anew: nothing is lost or doubled,
and every figure equals a recount from what the hubs hold."""
import json, os, sqlite3, time
from collections import Counter

import msgpack

from harness import Agent, Hub, Province, SUBMITTER, check, day, figures, main, make_uscc, moment, require, review, wait_until, warning

CITIES = {"330100": "杭州市", "330200": "宁波市"}
EXPERTS = [{"name": f"专家{i}", "profession": "technical", "organisation": "某大学"} for i in range(5)]


class City(Hub):
    def __init__(self, site, code):
        super().__init__(site, f"hub-{code}", name=CITIES[code])
        self.code = code
        site.programs.append(self)
        self.init().configure(publish_ms=50, desk_ms=50).start()

    def init(self):
        self.cli("init", "--name", self.title, "--city", self.code, "--endpoint", f"tcp://{self.host}:{self.port}",
                 "--enrol", f"tcp://{self.host}:{self.enrol_port}", "--host", self.host)
        return self

    def file(self, record):
        path = f"{self.site.folder}/city-{os.urandom(4).hex()}.json"
        with open(path, "w") as out:
            json.dump({"submitter": SUBMITTER, **record}, out)
        return self.cli("file", path)


def institution(site, city, name, kind="hospital"):
    agent = Agent(site, name)
    site.programs.append(agent)
    agent.uscc = make_uscc(next(site.usccs), city.code[:4] + "06")
    return agent.join(city.add_entity(agent.uscc, name=f"机构 {name}", kind=kind))


def filed(province, command, *words, record=None, ok=True, **options):
    """Files RECORD with the command; the id it printed, or the refusal."""
    paths = []
    if record is not None:
        paths.append(f"{province.site.folder}/filing-{os.urandom(4).hex()}.json")
        with open(paths[0], "w") as out:
            json.dump(record, out)
    extra = [text for key, value in options.items() for text in (f"--{key}", value)]
    done = province.cli(command, *words, *paths, *extra, ok=ok)
    return done.stdout.strip() if ok else done


def notice(**changes):
    return {"submitter": SUBMITTER, "title": "关于开展自查的通知", "body": "请于期限前完成自查并答复。",
            "category": "requirement", "audience": {}, "must_answer": True,
            "due_at": moment(-7 * 86_400_000), **changes}


def plan(city, done):
    return {"kind": "city_plan", "title": f"{CITIES[city.code]}行动方案", "year": 2026, "lead_department": "市科技局",
            "liaison": {"name": "郑怀瑾", "phone": "0571-8525-0031"}, "sectors": ["foundation"],
            "entity_types": ["hospital"], "work_basis": "已有基础。",
            "goals": [{"key": "joined", "goal": "接入", "indicator": "接入单位数", "measure": "manual", "target": 40,
                       "unit": "家", "due_on": "2099-12-31"}],
            "duties": {"entity": "落实", "city": "组织", "province": "统筹"},
            "work_items": [{"no": "1", "title": "建枢纽", "responsible": "市科技局", "starts_on": "2026-01-10",
                            "ends_on": "2099-06-30", "state": "done" if done else "ongoing"},
                           {"no": "2", "title": "演练", "responsible": "各区", "starts_on": "2026-01-01",
                            "ends_on": "2026-01-20", "state": "planned"}],
            "expected_results": ["形成机制"],
            "units": [{"uscc": "914403001922038216", "name": "蓝屿医院", "entity_type": "hospital"}]}


def rows_where(province, command, *options, **wanted):
    return [row for row in province.cli_json(command, *options)
            if all(row[key] == value for key, value in wanted.items())]


def wait_rows(province, command, count, *options, **wanted):
    return wait_until(lambda: len(rows := rows_where(province, command, *options, **wanted)) == count and rows,
                      what=f"{count} rows of {command} {options} {wanted}: "
                           f"{rows_where(province, command, *options)}")


def inbox_records(agent, kind):
    """What of this kind the city has sent to the institution, as the agent shows it."""
    agent.sync()
    rows = sqlite3.connect(f"{agent.home}/spool.db").execute("select event from inbox order by row").fetchall()
    events = [msgpack.unpackb(event) for event, in rows]
    found = [(event, msgpack.unpackb(event["record"])) for event in events if event["type"] == "record"]
    return [(event, record) for event, record in found if record["kind"] == kind]


def uuid_text(data):
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def answer(agent, event, record):
    agent.submit({"kind": "notice_read", "addressee": event["owner"], "refers_to": uuid_text(record["id"]),
                  "read_at": moment(1000)})
    agent.submit({"kind": "notice_answer", "submitter": SUBMITTER, "addressee": event["owner"],
                  "refers_to": uuid_text(record["id"]), "note": "已完成自查。"})
    agent.sync()


def check_notice(site, province, agents):
    identity = filed(province, "notice", record=notice())
    wait_rows(province, "outbox", 2, id=identity, state="received")
    check(True, "a notice to both cities has a receipt from each")
    for agent in agents[:2]:
        event, record = wait_until(lambda: inbox_records(agent, "notice"), what="the notice in the inbox")[0]
        require(uuid_text(record["id"]) == identity, "one id in both cities", record)
        answer(agent, event, record)
    expected = {"330100": (2, 1, 1, 1, 0), "330200": (1, 1, 1, 1, 0)}

    def figures():
        return {row["city"]: tuple(row[key] for key in ("sent", "delivered", "opened", "answered", "late"))
                for row in rows_where(province, "notices", id=identity)}
    wait_until(lambda: figures() == expected, what=f"figures of the notice: {figures()}")
    check(True, "the province sees by city to how many it went, who has it, opened it and answered")
    answers = wait_rows(province, "records", 2, "--kind", "notice_answer")
    check({row["entity"] for row in answers} == {agent.uscc for agent in agents[:2]}, "the answers came up", answers)

    one = filed(province, "notice", record=notice(title="只发杭州的通知"), city="330100")
    wait_rows(province, "outbox", 1, id=one, state="received", city="330100")
    check(not rows_where(province, "outbox", id=one, city="330200"), "a notice to one city goes to that one alone")
    seqs = Counter((row["hub"], row["seq"]) for row in province.cli_json("outbox"))
    check(set(seqs) == {(1, 1), (1, 2), (2, 1)}, "each hub has its own sequence without gaps", seqs)
    return identity


def check_case(province, agent, city):
    report = agent.submit(review(procedure="expert_rereview", rereview_list_item="human_machine",
                                 members_present=None, votes_for=None, next_follow_up_on=day(-60)))[0]
    agent.sync()
    case = agent.submit({"kind": "rereview_request", "submitter": SUBMITTER, "report_id": report, "received_on": day(40),
                         "rereview_list_item": "human_machine", "materials": "意见书一份。", "is_emergency": False})[0]
    agent.sync()
    row = wait_rows(province, "cases", 1, id=case)[0]
    check((row["state"], row["clock"], row["city"]) == ("requested", "overdue", city.code), "a case came up, late", row)
    late = wait_rows(province, "overdue", 1, root=case)[0]
    check((late["term"], late["state"]) == ("expert_rereview", "requested"), "its lateness was escalated", late)

    bad = filed(province, "decide", case, record={"opinion": "maybe", "experts": EXPERTS[:1], "submitter": SUBMITTER},
                ok=False)
    check(bad.returncode == 1 and all(key in bad.stderr for key in ("opinion", "experts", "grounds", "decided_on")),
          "a bad decision is refused at once, with every field", bad.stderr)
    decision = filed(province, "decide", case, record={"submitter": SUBMITTER, "experts": EXPERTS, "opinion": "agree",
                                                       "grounds": "风险受益比可接受。", "decided_on": day()})
    wait_rows(province, "outbox", 1, id=decision, state="received")
    seen = wait_until(lambda: inbox_records(agent, "rereview_decision"), what="the decision in the institution's inbox")
    check(seen[0][1]["opinion"] == "agree" and "name" not in str(seen[0][1].get("experts", "")),
          "the decision reached the institution's inbox, without the experts' names", seen)
    row = wait_rows(province, "cases", 1, id=case, state="decided")[0]
    check((row["opinion"], row["decided_by"]) == ("agree", "province"), "the case is shown as decided", row)
    again = filed(province, "decide", case, record={"submitter": SUBMITTER, "experts": EXPERTS, "opinion": "agree",
                                                    "grounds": "再次。", "decided_on": day()}, ok=False)
    check(again.returncode == 1 and again.stdout == "", "a decided case is not decided again", again.stderr)
    return case


def names_institution(province, identity, uscc):
    """Whether what came up of a warning's thread names the institution, by the bytes that the province holds."""
    thread = rows_where(province, "records", id=identity)[0]["thread"]
    store = sqlite3.connect(f"file:{province.home}/replica.db?mode=ro", uri=True)
    ids = {row["id"] for row in rows_where(province, "records", thread=thread)}
    return any(uscc.encode() in bytes(data) for data, in store.execute("select record from record")
               if uuid_text(msgpack.unpackb(data)["id"]) in ids)


def check_warnings(province, named, hidden, city_of):
    ids = {}
    for agent, fields in ((named, {}), (hidden, {"reporter_confidential": True})):
        identity = agent.submit(warning(level=1, share_scope="province", **fields))[0]
        agent.sync()
        row = wait_rows(province, "warnings", 1, id=identity)[0]
        require((row["entity"] is None) == bool(fields), "the name comes up unless it is withheld", row)
        filing = filed(province, "acknowledge", identity, person="王主任", advised="请暂停相关功能。")
        wait_rows(province, "outbox", 1, id=filing, state="received")
        wait_rows(province, "warnings", 1, id=identity, state="acknowledged")
        told = wait_until(lambda: inbox_records(agent, "risk_warning"), what="the acknowledgement in the inbox")
        check(told[-1][1]["action"] == "acknowledge" and told[-1][0]["role"] == "province",
              f"the province acknowledged a warning of a {'withheld' if fields else 'named'} reporter", told[-1])
        city_of[agent].cli("handle", identity, "--taken", "已要求下线整改。", "--by", "李主任")
        city_of[agent].file({**warning(level=1, share_scope="province"), "action": "resolve", "refers_to": identity,
                             "addressee": agent.uscc})
        wait_rows(province, "records", 1, thread=rows_where(province, "records", id=identity)[0]["thread"], action="resolve")
        check(names_institution(province, identity, agent.uscc) == (not fields),
              f"what the city says of it names the reporter {'nowhere' if fields else 'too'}")
        ids[identity] = filing
    return ids


def check_plans(province, cities):
    for city, done in zip(cities, (True, False)):
        city.file(plan(city, done))
        identity = city.query("--kind", "city_plan")[0]["id"]
        city.file({"kind": "plan_progress", "refers_to": identity, "as_of": day(),
                   "items": [{"no": "2", "state": "done" if done else "ongoing", "percent": 100 if done else 30}],
                   "goals": [{"key": "joined", "value": 41 if done else 7}]})
    wait_until(lambda: [row["progress_records"] for row in province.cli_json("plans")] == [1, 1], what="two plans")
    seen = [[row[key] for key in ("city", "items", "items_done", "items_late", "goals", "goals_reached", "units")]
            for row in province.cli_json("plans")]
    check(seen == [["330100", 2, 2, 0, 1, 1, 1], ["330200", 2, 0, 1, 1, 0, 1]], "the plans stand side by side", seen)
    items = {(row["city"], row["no"]): (row["state"], row["percent"], row["late"])
             for row in province.cli_json("plans", "--by", "item")}
    check(items == {("330100", "1"): ("done", None, "no"), ("330100", "2"): ("done", 100, "no"),
                    ("330200", "1"): ("ongoing", None, "no"), ("330200", "2"): ("ongoing", 30, "yes")},
          "each work item stands as it was last reported", items)
    goals = [(row["city"], row["target"], row["actual"], row["reached"])
             for row in province.cli_json("plans", "--by", "goal")]
    check(goals == [("330100", 40, 41, "yes"), ("330200", 40, 7, "no")], "indicators: target and actual", goals)


def check_kill(province, cities):
    """Filed while nobody runs, and while a hub is away; killed as soon as the first receipts may be under way."""
    free = notice(must_answer=False)
    del free["due_at"]
    wanted = [filed(province, "notice", record={**free, "title": f"通知{i}"}) for i in range(40)]
    for _ in range(4):
        province.start()
        time.sleep(0.05)
        province.kill()
    province.start()
    wait_until(lambda: all(row["state"] == "received" for row in province.cli_json("outbox")), what="all is received")
    for city in cities:
        held = [row["id"] for row in city.query("--kind", "notice")]
        check(len(held) == len(set(held)) and set(wanted) <= set(held), "each hub holds each notice once", len(held))


def truth(cities):
    """What went up, recounted from the hubs' stores: (city, id, kind) of each record in the uplink."""
    seen = Counter()
    for city in cities:
        kinds = {row["id"]: row["kind"] for row in city.query()}
        store = sqlite3.connect(f"file:{city.home}/store.db?mode=ro", uri=True)
        for data, in store.execute("select substr(b.bytes, u.offset + 1, u.size) from uplink u join batch b"
                                   " on b.id = u.batch where u.number is not null"):
            identity = uuid_text(msgpack.unpackb(data)["id"])
            seen[city.code, identity, kinds[identity]] += 1
    return seen


def replica(province):
    return Counter((row["city"], row["id"], row["kind"]) for row in province.cli_json("records"))


def views(province):
    commands = (("records",), ("cases",), ("warnings",), ("plans",), ("plans", "--by", "item"), ("overdue",),
                ("notices",), ("outbox",))
    return {command: province.cli_json(*command) for command in commands}


def settled(province):
    """As it is when no delivery that an institution has acknowledged is on its way any more, from the desk up to here."""
    seen = [None]

    def is_same():
        seen.append(views(province))
        return seen[-1] == seen[-2]
    wait_until(is_same, 20, 1, "the province's views stand still")
    return seen[-1]


def stable(shown):
    """Cursors and the first sight of each record stay over a resync, so all of it must."""
    return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def has_all(province, cities):
    """The province has every change of a figure too: a delivery is one without a record."""
    replica = sqlite3.connect(f"file:{province.home}/replica.db?mode=ro", uri=True)
    cursors = dict(replica.execute("select city, cursor from hub"))
    heads = {city.code: sqlite3.connect(f"file:{city.home}/store.db?mode=ro", uri=True).execute(
        "select max(change) from (select change from cell union all select change from uplink)").fetchone()[0]
        for city in cities}
    return cursors == heads


def check_resync(province, cities):
    wait_until(lambda: replica(province) == truth(cities) and has_all(province, cities),
               what="the replica holds what went up")
    check(True, f"every record that went up is kept once: {sum(replica(province).values())}")
    before, held = settled(province), truth(cities)
    require(province.stop() == 0, "the province stops")
    # The one hub has pruned all but its last event and says GAP; the other's snapshot is read in full.
    store = sqlite3.connect(f"{province.home}/replica.db")
    head = store.execute("select cursor from hub where hub = 1").fetchone()[0]
    cities[0].cli("prune", "uplink", "--upto", head - 1, "--reason", "已归档", "--yes")
    store.execute("update hub set cursor = 1 where hub = 1")
    store.execute("update hub set generation = shown + 1, cursor = 0, head = 0, last_gap_why = 'pruned' where hub = 2")
    store.commit()
    store.close()
    province.start()
    wait_until(lambda: province.log().count("hub-resynced") == 2, what="both snapshots are read")
    after = views(province)
    for command, rows in before.items():
        check(stable(rows) == stable(after[command]), f"{' '.join(command)} is as before the resync: {len(rows)} rows",
              (rows[:2], after[command][:2]))
    check(replica(province) == held, "and the recount still agrees, with what the hub has pruned")
    check("hub-gap" in province.log(), "the hub said GAP")


def check_refusals(province, case, raised, sent):
    for command, record, words in (
            ("file", {"kind": "review_report"}, "review_report"), ("file", {"kind": "city_plan"}, "docs/records.md"),
            ("notice", {"kind": "risk_warning"}, "kind"), ("warn", {"action": "resolve", "refers_to": raised}, "resolve"),
            ("notice", notice(audience={"sectors": ["space"]}), "audience.sectors[0]")):
        done = filed(province, command, record=record, ok=False)
        check(done.returncode == 1 and words in done.stderr and not done.stdout, f"{command} {words} is refused at once",
              done.stderr)
    done = filed(province, "notice", record=notice(), ok=False, city="440300")
    check(done.returncode == 2 and "440300" in done.stderr, "a city that is not joined is named", done.stderr)
    for command, record, words in (
            ("warn", {**warning(), "action": "update", "refers_to": case}, "rereview_request"),
            ("warn", {**warning(), "action": "update", "refers_to": raised}, "update"),
            ("file", {"kind": "withdrawal", "replaces": case, "reason": "x", "submitter": SUBMITTER}, "withdrawal"),
            ("notice", notice(attachments=[{"sha256": "00" * 32}]), "attachments"),
            ("notice", notice(supersedes=raised[:-1] + ("0" if raised[-1] != "0" else "1")), "no city")):
        done = filed(province, command, record=record, ok=False)
        check(done.returncode == 1 and words in done.stderr and not done.stdout, f"{command}: {words} is refused at once",
              done.stderr)
    taken = {"kind": "withdrawal", "replaces": sent, "reason": "误发", "submitter": SUBMITTER}
    first = filed(province, "file", record=taken)
    wait_rows(province, "outbox", 2, id=first, state="received")
    again = filed(province, "file", record=taken)
    row = wait_rows(province, "outbox", 2, id=again, state="rejected")[0]
    check("illegal_transition" in row["why"] and "replaces" in row["why"], "a hub's rejection is shown with field", row)


def check_figures(province, cities):
    for family in ("review", "warning"):
        for city in cities:
            def shown():
                return figures(province.cli_json("table", "--family", family, "--city", city.code))
            wait_until(lambda: shown() == figures(city.stats(family)), what=f"{family}: {shown()}")
            check(shown(), f"the {family} figures of {city.title} equal the hub's") if family == "warning" else None
    check("event-unreadable" not in province.log(whole=True), "no event was passed over",
          [line for line in province.log(whole=True).splitlines() if "unreadable" in line])


def check_changes(province):
    rows = province.cli_json("changes")
    totals = Counter()
    for row in rows:
        if row["subject"] == "record":
            totals[row["code"]] += row["count"]
    check(totals == Counter(row["kind"] for row in province.cli_json("records")), "changes count what came up", rows)
    check(not [row for row in province.cli_json("changes") if row["subject"] == "record"], "and nothing a second time")
    again = province.cli_json("changes", "--since", day(1))
    check(sum(row["count"] for row in again if row["subject"] == "record") == sum(totals.values()),
          "since a date they are shown again")


def check_signals(province, agents):
    for agent in agents:
        agent.submit(*[warning(level=2, share_scope="province", model_name="甲模型", model_vendor="甲公司",
                               discovered_at=moment(3_600_000 + i)) for i in range(2)])
        agent.sync()
    wait_until(lambda: len([row for row in province.cli_json("warnings") if row["level"] == 2]) == 6, what="six warnings")
    rules = f"{province.site.folder}/rules.zpl"
    with open(rules, "w") as out:
        out.write('signals\n    cross\n        group = "model_name"\n        window = 7\n        count = 5\n'
                  "        institutions = 3\n        level = 3\n")
    done = province.cli("signals", "--rules", rules, "--json", ok=False)
    require(done.returncode == 0, "signals runs", done.stderr)
    rows = json.loads(done.stdout)
    check([(row["count"], row["institutions"], row["cities"]) for row in rows] == [(6, 3, 2)],
          "a cluster across two cities is found", rows)
    own = filed(province, "warn", record=warning(level=1, model_name="甲模型", model_vendor="甲公司"))
    wait_rows(province, "warnings", 2, id=own)
    identity = filed(province, "signals", "--rules", rules, "--file")
    wait_rows(province, "outbox", 2, id=identity, state="received", kind="risk_warning")
    wait_rows(province, "warnings", 2, id=identity)
    check(filed(province, "signals", "--rules", rules, "--file") == "", "a new cluster is filed once, with every city")
    rows = json.loads(province.cli("signals", "--rules", rules, "--json").stdout)
    check([row["count"] for row in rows] == [6], "what the province itself warned of is no evidence", rows)


def test(site):
    cities = [City(site, code) for code in CITIES]
    agents = [institution(site, cities[0], "first"), institution(site, cities[1], "second"),
              institution(site, cities[0], "third", "enterprise")]
    province = Province(site, "province")
    site.programs.append(province)
    province.init(cities[0].add_province("省厅"))
    province.cli("join", cities[1].add_province("省厅"))
    province.start()
    sent = check_notice(site, province, agents)
    case = check_case(province, agents[0], cities[0])
    raised = next(iter(check_warnings(province, agents[1], agents[2], {agents[1]: cities[1], agents[2]: cities[0]})))
    check_plans(province, cities)
    province.kill()
    check_kill(province, cities)
    check_refusals(province, case, raised, sent)
    check_signals(province, agents)
    check_resync(province, cities)
    check_figures(province, cities)
    check_changes(province)


if __name__ == "__main__":
    main(test)
