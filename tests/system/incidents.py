"""The real AI incidents, filed as warnings by the institutions that deployed the systems, through killed agents, a killed
hub and a killed province: the province's table must equal a recount from the source file. INCIDENTS=FILE names the file;
the test skips where it is absent."""
import json, os, pathlib, random, subprocess, sys, time

from harness import Agent, check, main, skip, wait_until

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE.parent / "data" / "incidents.py"
SOURCE = os.environ.get("INCIDENTS") or str(HERE.parents[2] / "shared" / "data" / "ai-incidents.jsonl")
KILLS = int(os.environ.get("KILLS", "12"))


def cells(rows):
    return {(row["risk_domain"], int(row["level"])): int(row["count"]) for row in rows if int(row["count"])}


def kill_and_start(program, seconds):
    program.kill()
    time.sleep(seconds)
    program.start()


def test(site):
    if not os.path.exists(SOURCE):
        skip(f"no file of incidents at {SOURCE}")
    folder = pathlib.Path(site.folder) / "incidents"
    subprocess.run([sys.executable, SCRIPT, "--out", folder, SOURCE], check=True, stdout=subprocess.DEVNULL)
    entities = json.loads((folder / "entities.json").read_text())
    hub = site.hub()
    province = site.province(hub).start()
    agents = []
    for entity in entities:
        agent = Agent(site, entity["uscc"])
        site.programs.append(agent)
        agent.join(hub.add_entity(entity["uscc"], name=entity["name"], kind=entity["type"], sector=",".join(entity["sectors"])))
        agents.append(agent)
    printed = 0
    for agent, entity in zip(agents, entities):
        printed += len(agent.cli("submit", folder / f"{entity['uscc']}.jsonl").stdout.split())
        agent.start()
        if agents.index(agent) % max(1, len(agents) // KILLS) == 0:
            kill_and_start(random.choice((hub, agent, province)), random.uniform(0, 0.3))
    kill_and_start(hub, 0.2)
    check(printed == sum(1 for _ in open(SOURCE)), f"{printed} incidents were accepted by {len(agents)} agents")
    wait_until(lambda: len(hub.query()) == printed, timeout=120, what="every accepted incident at the hub")
    ids = hub.ids()
    check(len(set(ids)) == printed, f"{len(ids)} records at the hub, each once")
    expected = cells(json.loads(subprocess.run([sys.executable, SCRIPT, "--recount", SOURCE], capture_output=True, check=True).stdout))
    arguments = ("table", "--family", "warning", "--by", "risk_domain,level", "--json")
    wait_until(lambda: cells(json.loads(province.cli(*arguments).stdout)) == expected, timeout=30, what="the recount in the province's table")
    print(f"{'risk domain':32}{'level':>6}{'recount':>9}{'province':>9}")
    found = cells(json.loads(province.cli(*arguments).stdout))
    for key in sorted(expected):
        print(f"{key[0]:32}{key[1]:>6}{expected[key]:>9}{found.get(key, 0):>9}")
    check(found == expected, f"{sum(found.values())} incidents in {len(found)} cells: the province's table equals the recount")


main(test)
