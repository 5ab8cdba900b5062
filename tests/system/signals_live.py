"""Signals that run by themselves: warnings of several institutions raise one composite warning a cluster, once, through
kill -9 of the hub at any moment; it names its evidence and goes up; drills never count; rules are read again on SIGHUP,
and a bad file changes nothing."""
import os, random, signal, time

from harness import UUID, check, main, moment, require, wait_until, warning

RULES = """signals
    ignore = "unknown"
    model-domain
        label = "同一模型·同类风险"
        group = "model_name, risk_domain"
        window = 30
        count = 4
        institutions = 3
        level = 2
        cool_down = 30
        growth = 0
"""
MODELS = [f"模型-{number}" for number in range(6)]
WARN = dict(risk_domain="privacy_security", risk_subdomain="2.1")


def composites(hub):
    """{model: the composite warnings that the city filed about it}"""
    found = {}
    for row in hub.query("--kind", "risk_warning"):
        shown = hub.cli_json("show", row["id"])
        record = shown.get("record", shown)
        if record["headline"].startswith("【聚集信号】"):
            found.setdefault(record["model_name"], []).append(record)
    return found


def submit_all(agents, hub, kills):
    """Four warnings a model of three institutions, the hub killed meanwhile; {model: ids}"""
    ids = {model: [] for model in MODELS}
    work = [(model, agents[number % 3]) for model in MODELS for number in range(4)]
    random.shuffle(work)
    for at, (model, agent) in enumerate(work):
        ids[model] += agent.submit(warning(model_name=model, discovered_at=moment(3_600_000 + at), **WARN))
        if at % (len(work) // kills or 1) == 0:
            hub.kill()
            hub.start()
            time.sleep(random.uniform(0, 0.8))
    return ids


def test(site):
    random.seed(int(os.environ.get("SEED", time.time_ns() % 10 ** 6)))
    hub = site.hub(start=False)
    with open(f"{hub.home}/signals.zpl", "w", encoding="utf-8") as file:
        file.write(RULES)
    hub.start()
    province = site.province(hub).start()
    agents = [site.agent(hub, f"agent-{number}") for number in range(3)]
    for agent in agents:
        agent.start()
    for number in range(5):  # these would make a cluster, were they counted
        for agent in agents:
            agent.submit(warning(model_name="演练模型", status="exercise", **WARN), warning(model_name="演练模型", rehearsal=True, **WARN),
                         warning(model_name="unknown", **WARN))
    ids = submit_all(agents, hub, kills=12)
    wait_until(lambda: len(hub.query("--kind", "risk_warning")) >= 45 + sum(map(len, ids.values())) + len(MODELS), timeout=40,
               what="every warning, and a composite one a cluster")
    for _ in range(4):  # the commit and what follows it are cut at other places still
        hub.kill()
        hub.start()
        time.sleep(random.uniform(0, 1.5))
    time.sleep(3)
    found = composites(hub)
    check(sorted(found) == MODELS, "a composite warning for each cluster, none for drills, rehearsals and unknown models", sorted(found))
    check(all(len(records) == 1 for records in found.values()), "each exactly once, through 16 kills",
          {model: len(records) for model, records in found.items()})
    for model, (record,) in found.items():
        named = set(UUID.findall(record["description"]))
        require(named == set(ids[model]), f"the evidence of {model} is named", (named, ids[model]))
        require(record["level"] == 2 and record["status"] == "actual" and record["share_scope"] == "province", "as its rule says")
    check(True, "each names the ids of its four warnings")
    raised = {row["id"]: row for row in hub.cli_json("signals", "--raised")}
    check({record["id"] for (record,) in found.values()} == set(raised) and
          all(set(row["evidence"]) in map(set, ids.values()) for row in raised.values()), "signals --raised lists them with their evidence")
    wait_until(lambda: set(raised) <= {row.get("id") or row["record"]["id"] for row in province.cli_json("warnings")},
               what="the province has every composite warning")
    check(True, "the province has every composite warning")

    with open(f"{hub.home}/signals.zpl", "w", encoding="utf-8") as file:
        file.write(RULES.replace("count = 4", "cuont = 4"))
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reload-refused")
    check("signals.zpl:7:" in hub.log() and "count" in hub.log(), "a bad file is refused with its line", hub.log()[-400:])
    for agent in (*agents, agents[0]):
        agent.submit(warning(model_name="旧规则", **WARN))
    wait_until(lambda: "旧规则" in composites(hub), what="the rules that were go on")
    check(True, "the rules that were go on")
    with open(f"{hub.home}/signals.zpl", "w", encoding="utf-8") as file:
        file.write(RULES.replace("count = 4", "count = 2").replace("institutions = 3", "institutions = 1"))
    agents[0].submit(warning(model_name="新规则", **WARN), warning(model_name="新规则", **WARN))
    hub.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "新规则" in composites(hub), what="new rules are taken on SIGHUP")
    check({model: len(records) for model, records in composites(hub).items()} == dict.fromkeys([*MODELS, "旧规则", "新规则"], 1),
          "new rules are taken on SIGHUP and repeat nothing")
    hub.stop()
    with open(f"{hub.home}/signals.zpl", "w", encoding="utf-8") as file:
        file.write(RULES.replace("level = 2", "level = 9"))
    done = hub.cli("run", ok=False)
    check(done.returncode == 1 and "signals.zpl:9:" in done.stderr, "a hub does not start on a bad file, and says why", done.stderr)


main(test)
