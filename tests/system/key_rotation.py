"""Keys change under load: an institution's and the province's with an overlap, through kill -9 between any two steps; a
machine that is lost, and a key that is revoked. Nothing is lost, nothing is counted twice, and followers have no gap."""
import contextlib, os, random, shutil, sqlite3, time

import client
from crash import Follower, Load, check_agreement, check_arrivals, kill_midway
from harness import Agent, check, figures, main, parse_json, require, review, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "2"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)


def keys(hub, what, party):
    """The states of a party's keys, the newest first."""
    return [row["state"] for row in hub.cli_json(what, "keys", party)]


def curve_key(program):
    with open(f"{program.home}/identity.zpl") as file:
        return next(line.split("=")[1].strip().strip('"') for line in file if line.startswith("curve_public"))


def rotate_through_kills(program, hub, chance):
    """`key rotate` that is killed at a random instant, as is the hub now and then; then once to its end."""
    kill_midway(program, hub, chance, "key", "rotate")
    before = curve_key(program)
    program.cli("key", "rotate")
    require(curve_key(program) != before, "the keys are other ones")


def check_rotation(hub, province, agents, chance):
    for turn in range(ROUNDS):
        for agent in agents:
            rotate_through_kills(agent, hub, chance)
            if chance.random() < 0.5:
                agent.kill()
                agent.start()
        rotate_through_kills(province, hub, chance)
    for agent in agents:
        states = keys(hub, "entity", agent.uscc)
        check(states[0] == "current" and states[1:] and set(states[1:]) == {"retiring"},
              "the hub has the institution's new key, and the former ones for a while", states)
        require("keys-changed" in agent.log(whole=True), "a running agent takes the new keys up", agent.log()[-500:])
    check(keys(hub, "peer", "省厅 province")[0] == "current", "and the province's")
    check(curve_key(agents[0]) == hub.cli_json("entity", "keys", agents[0].uscc)[0]["key"], "which is that of its home")


def check_cut_short(hub, agent):
    """The hub has the new key, and the peer ended before it knew; then the former one retires."""
    hub.configure(key_overlap_hours=0).stop()
    hub.start()
    agent.stop()
    shutil.copy(f"{agent.home}/identity.zpl", f"{agent.home}/former")
    agent.cli("key", "rotate")
    shutil.move(f"{agent.home}/identity.zpl", f"{agent.home}/identity-next.zpl")
    shutil.move(f"{agent.home}/former", f"{agent.home}/identity.zpl")
    require(keys(hub, "entity", agent.uscc)[:2] == ["current", "retired"], "without an overlap the former key is out at once")
    agent.start()
    agent.wait_log("keys-changed", 30)
    check(not os.path.exists(f"{agent.home}/identity-next.zpl"), "a change that was cut short is finished by the session")
    hub.configure(key_overlap_hours=168).stop()
    hub.start()


def check_recovery(site, hub, agent):
    """The machine burns with records that the hub was told of and never got."""
    old = agent.records()
    hub.stop()
    agent.stop()
    lost = agent.submit(*[review() for _ in range(3)])
    hub.start()
    top = max(row["seq"] for row in agent.records())
    # HELLO tells how many there are; the connection is cut before they are sent
    told = client.Peer(f"{site.folder}/told")
    with open(f"{agent.home}/identity.zpl") as file:
        values = {line.split("=")[0].strip(): line.split("=")[1].strip().strip('"') for line in file if "=" in line}
    with open(f"{agent.home}/hub.zpl") as file:
        member = {line.split("=")[0].strip(): line.split("=")[1].strip().strip('"') for line in file if "=" in line}
    told.set(curve_public=bytes.fromhex(values["curve_public"]), curve_secret=bytes.fromhex(values["curve_secret"]),
             hub_curve=bytes.fromhex(member["hub_key"]), endpoint=member["endpoint"])
    told.connect(member["endpoint"])
    told.send(client.HELLO, 1, {"software": "agent that burns", "sent": top})
    told.receive(client.WELCOME)
    wait_until(lambda: hub.cli_json("entity", "show", agent.uscc)[0]["missing"] >= 3, 10, what="the hub lists what is missing")

    plain = hub.cli("entity", "invite", agent.uscc).stdout.strip().splitlines()[-1]
    fresh = Agent(site, "recovered")
    site.programs.append(fresh)
    refused = fresh.cli("join", plain, ok=False)
    check(refused.returncode == 1 and "has a key already" in refused.stderr, "a plain link is no way in for a second machine",
          refused.stderr)
    check(hub.cli("entity", "invite", agent.uscc, "--replace", ok=False).returncode == 1, "a link that replaces needs a reason")
    link = hub.cli("entity", "invite", agent.uscc, "--replace", "--reason", "机房火灾").stdout.strip().splitlines()[-1]
    fresh.join(link)
    fresh.uscc = agent.uscc
    answer = None
    try:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            told.ping()
            time.sleep(0.05)
    except (client.Refused, client.Lost) as refusal:
        answer = refusal.args[0]
    check(answer == "revoked", "the lost key's session ends at that moment", answer)
    told.close()
    ids = fresh.submit(review())
    check(fresh.records()[0]["seq"] == top + 1, "the new agent counts on above what the hub was told of", fresh.records())
    fresh.sync()
    states = keys(hub, "entity", agent.uscc)
    check(states[0] == "current" and "revoked" in states, "the new key is in the place of the old ones", states)
    check(set(ids) <= set(hub.ids()), "what the new machine files arrives")
    row = hub.cli_json("entity", "show", agent.uscc)[0]
    check(row["missing"] == 3, "what was lost with the old one shows as a gap", row)
    check(not set(lost) & set(hub.ids()), "and was never there")
    sample = next(row["id"] for row in old if row["state"] != "accepted")
    check(hub.cli_json("show", sample)["signature_verified"], "what the old key signed stays proved")
    agent.start()
    wait_until(lambda: "refuses this key" in agent.log(), 15, what="the old machine is refused")
    agent.stop()
    return fresh


def check_revocation(hub, agent):
    wait_until(lambda: parse_json(agent.cli("status", "--json").stdout)["link"]["connected"], 20, what="the agent is connected")
    name = hub.cli_json("entity", "keys", agent.uscc)[0]["key"]
    check(hub.cli("entity", "key", "revoke", agent.uscc, name[:4], "--reason", "x", ok=False).returncode == 1,
          "four digits are not enough to name a key")
    hub.cli("entity", "key", "revoke", agent.uscc, name[:12], "--reason", "遗失")
    agent.wait_log("code=revoked", 10)
    rows = hub.cli_json("entity", "keys", agent.uscc)
    check(rows[0]["state"] == "revoked" and rows[0]["reason"] == "遗失" and rows[0]["revoked_at"], "the key is revoked, and why",
          rows[0])
    agent.stop()


def check_leak(hub, province, agent):
    """The hub's own keys are in wrong hands: new ones, and everybody joins again with the keys and records that he has."""
    old, before = hub.cli("key", "show").stdout, hub.ids()
    check(hub.cli("key", "rotate", "--leaked", "--reason", "x", ok=False).returncode == 1, "not under a running hub")
    hub.stop()
    shutil.copy(f"{hub.home}/identity.zpl", f"{hub.home}/leaked")
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    check(hub.cli("key", "show").stdout != old, "the hub has other keys")
    shutil.move(f"{hub.home}/identity.zpl", f"{hub.home}/identity-next.zpl")
    shutil.move(f"{hub.home}/leaked", f"{hub.home}/identity.zpl")
    done = hub.cli("run", ok=False)
    check(done.returncode == 1 and "key rotate" in done.stderr, "a change that was cut short is to be finished first", done.stderr)
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    hub.start()
    waiting = agent.submit(review())
    agent.start()
    agent.wait_log("secure handshake failed", 20)
    agent.stop()
    agent.join(hub.cli("entity", "invite", agent.uscc).stdout.strip().splitlines()[-1])
    agent.start()
    wait_until(lambda: set(waiting) <= set(hub.ids()), 20, what="what waited arrives by the new link")
    province.stop()
    province.cli("join", hub.cli("peer", "invite", "省厅 province").stdout.strip().splitlines()[-1], "--replace", "1")
    province.start()
    truth = figures(hub.stats("review"))
    wait_until(lambda: province.figures("review") == truth, 30, what="the province follows under the new key")
    check(set(before) <= set(hub.ids()) and province.figures("review") == truth, "nothing was lost, and nothing counts twice")
    check(hub.cli_json("show", before[-1])["signature_verified"], "what was filed with the leaked key is still proved")
    check(agent.cli("receipt", agent.records()[0]["id"]).returncode == 0, "and its receipt verifies")
    with contextlib.closing(sqlite3.connect(f"{agent.home}/spool.db")) as spool, spool:
        spool.execute("insert into leaked_key select hub_key, 1 from receipt order by row desc limit 1")
    shown = agent.cli("receipt", waiting[0], ok=False)
    check(shown.returncode == 1 and "reported leaked" in shown.stdout and "key leaked" in shown.stdout,
          "a receipt that a leaked key signed afterwards proves nothing", shown.stdout)
    shown = agent.cli("receipt", agent.records()[0]["id"])
    check("key leaked" in shown.stdout and "VERIFIED" in shown.stdout, "one of before does, and shows when it leaked", shown.stdout)
    acts = [row["act"] for row in hub.cli_json("audit-log")]
    check({"key_leaked", "key_revoke", "key_replace"} <= set(acts), "each of these acts is on record", acts[-12:])


def test(site):
    print(f"SEED={SEED} ROUNDS={ROUNDS}")
    chance = random.Random(SEED)
    hub = site.hub()
    province = site.province(hub).start()
    agents = [site.agent(hub, f"agent-{number}").start() for number in range(2)]
    follower = Follower(site.peer(hub, "follower", link=hub.add_province("follower")))
    loads = [Load(agent, SEED + number) for number, agent in enumerate(agents)]
    wait_until(lambda: follower.step() or len(hub.ids()) > 10, 30, 0.1, "records arrive")
    check_rotation(hub, province, agents, chance)
    stored = check_arrivals(hub, follower, loads)
    check_agreement(site, hub, province, follower)
    check(hub.cli_json("show", stored[-1])["signature_verified"], "the oldest record is still proved by the key that signed it")
    check_cut_short(hub, agents[1])
    fresh = check_recovery(site, hub, agents[0])
    check_revocation(hub, agents[1])
    check_leak(hub, province, fresh)


if __name__ == "__main__":
    main(test)
