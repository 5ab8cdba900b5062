"""Keys change while the institutions go on filing: an institution's and the province's with an overlap, through kill -9
between any two steps; a machine burns and another one takes its place; a key is revoked; the hub's own leak. In the end
what each institution filed is at the hub once and in its order, figures and followers have it all, and there is nothing of
what burned, nor of what was filed with the revoked key after its end."""
import contextlib, os, random, shutil, sqlite3, time

import client
from crash import Follower, Load, check_agreement, check_arrivals, kill_midway
from harness import Agent, check, fresh_file, main, require, review, wait_until

PILE = 600  # records, more than a hub takes in while an operator's command begins
ROUNDS = int(os.environ.get("ROUNDS", "2"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)


def keys(hub, what, party):
    """The states of a party's keys, the newest first."""
    return [row["state"] for row in hub.cli_json(what, "keys", party)]


def settings(program, name):
    """What stands in a file of its home."""
    with open(f"{program.home}/{name}") as file:
        return {line.split("=")[0].strip(): line.split("=")[1].strip().strip('"') for line in file if "=" in line}


def curve_key(program):
    return settings(program, "identity.zpl")["curve_public"]


def new_link(hub, what, party, *options):
    return hub.cli(what, "invite", party, *options).stdout.strip().splitlines()[-1]


def in_order(rows, key):
    """The ids of each kind in their order; there is none between the kinds, since warnings do not wait for reports."""
    ids = {"review_report": [], "risk_warning": []}
    for row in sorted(rows, key=lambda row: row[key]):
        ids[row["kind"]].append(row["id"])
    return ids


def filed(agent):
    """What it has accepted."""
    return in_order(agent.records(), "seq")


def confirmed(agent):
    """What it has a receipt for."""
    return {row["id"] for row in agent.records() if row["state"] != "accepted"}


def arrived(hub, party):
    """What the hub has of a party, as it stands in the log."""
    return in_order([row for row in hub.query() if row["entity"] == party], "number")


def names(ids):
    return {name for some in ids.values() for name in some}


def begins_with(ids, first):
    return all(ids[kind][:len(first[kind])] == first[kind] for kind in ids)


@contextlib.contextmanager
def filing(hub, loads, what):
    """What is done inside is done while these go on filing."""
    before, printed = len(hub.ids()), [len(load.printed) for load in loads]
    yield
    require(not any(load.failure for load in loads), "submit works all the time", [load.failure for load in loads])
    more, came = [len(load.printed) - count for load, count in zip(loads, printed)], len(hub.ids()) - before
    check(min(more) > 0 and came > 0, f"{what}, while the others filed {sum(more)} records and {came} came to the hub", more)


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
        rows = hub.cli_json("entity", "keys", agent.uscc)
        require([row["named_by"] for row in rows] == [row["key"] for row in rows[1:]] + [None],
                "each says which one had named it", rows)
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


def open_session(site, agent, sent):
    """Somebody with this agent's keys tells the hub how many records there are, and sends none."""
    peer, own, hub = client.Peer(f"{site.folder}/told"), settings(agent, "identity.zpl"), settings(agent, "hub.zpl")
    peer.set(curve_public=bytes.fromhex(own["curve_public"]), curve_secret=bytes.fromhex(own["curve_secret"]),
             hub_curve=bytes.fromhex(hub["hub_key"]), endpoint=hub["endpoint"])
    peer.connect(hub["endpoint"])
    peer.send(client.HELLO, 1, {"software": "agent that burns", "sent": sent})
    peer.session = peer.receive(client.WELCOME)[1]
    return peer


def burn(site, hub, agent, load):
    """The machine burns amidst its work: of its last records the hub was told, and never got them. The session that told it."""
    agent.kill()
    agent.submit(*[review() for _ in range(3)])
    load.stop()
    told = open_session(site, agent, max(row["seq"] for row in agent.records()))
    wait_until(lambda: hub.cli_json("entity", "show", agent.uscc)[0]["missing"] >= 3, 10, what="the hub lists what is missing")
    return told


def replace(site, hub, agent, told):
    """Another machine in the place of the agent's, by a link for just that."""
    fresh = Agent(site, "recovered")
    site.programs.append(fresh)
    refused = fresh.cli("join", new_link(hub, "entity", agent.uscc), ok=False)
    check(refused.returncode == 1 and "has a key already" in refused.stderr, "a plain link is no way in for a second machine",
          refused.stderr)
    check(hub.cli("entity", "invite", agent.uscc, "--replace", ok=False).returncode == 1, "a link that replaces needs a reason")
    fresh.join(new_link(hub, "entity", agent.uscc, "--replace", "--reason", "机房火灾"))
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
    return fresh


def check_recovery(site, hub, agent, load):
    """Returns the new machine and its load, and what came of the old one."""
    told = burn(site, hub, agent, load)
    top = max(row["seq"] for row in agent.records())
    fresh = replace(site, hub, agent, told)
    kept = arrived(hub, agent.uscc)
    lost = names(filed(agent)) - names(kept)
    ids = fresh.submit(review())
    check(fresh.records()[0]["seq"] == top + 1, "the new agent counts on above what the hub was told of", fresh.records())
    fresh.sync()
    states = keys(hub, "entity", agent.uscc)
    check(states[0] == "current" and "revoked" in states, "the new key is in the place of the old ones", states)
    check(set(ids) <= set(hub.ids()), "what the new machine files arrives")
    row = hub.cli_json("entity", "show", agent.uscc)[0]
    check(len(lost) >= 3 and row["missing"] == len(lost), "what was lost with the old one shows as a gap", (len(lost), row))
    fresh.start()
    more = Load(fresh, SEED + 9)
    check(hub.cli_json("show", kept["review_report"][0])["signature_verified"], "what the old key signed stays proved")
    agent.start()
    wait_until(lambda: "refuses this key" in agent.log(), 15, what="the old machine is refused")
    agent.stop()
    return fresh, more, kept


def check_revocation(hub, agent, load):
    """Amidst the sending of what has piled up. It goes on accepting, which the hub never sees. Returns the act's number."""
    agent.stop()
    agent.submit(*[review() for _ in range(PILE)])
    name = hub.cli_json("entity", "keys", agent.uscc)[0]["key"]
    check(hub.cli("entity", "key", "revoke", agent.uscc, name[:4], "--reason", "x", ok=False).returncode == 1,
          "four digits are not enough to name a key")
    agent.start(event="link-ready")
    hub.cli("entity", "key", "revoke", agent.uscc, name[:12], "--reason", "遗失")
    agent.wait_log("code=revoked", 10)
    rows = hub.cli_json("entity", "keys", agent.uscc)
    check(rows[0]["state"] == "revoked" and rows[0]["reason"] == "遗失" and rows[0]["revoked_at"], "the key is revoked, and why",
          rows[0])
    count = len(load.printed)
    wait_until(lambda: len(load.printed) > count, 20, what="it goes on filing all the same")
    load.stop()
    agent.stop()
    agent.start()
    agent.wait_log("refuses this key", 15)
    agent.stop()
    return next(row["number"] for row in hub.cli_json("audit-log", "--act", "key_revoke"))


@contextlib.contextmanager
def as_stranger(hub):
    """What is done inside is done by nobody whom the hub knows."""
    with open(f"{hub.home}/operators.zpl", "w") as file:
        file.write('daemon\n    name = "周启明"\n    role = administrator\n')
    yield
    os.remove(f"{hub.home}/operators.zpl")


def leak(hub):
    """The hub's keys are in wrong hands, and it gets others, in spite of a crash."""
    old = hub.cli("key", "show").stdout
    check(hub.cli("key", "rotate", "--leaked", "--reason", "x", ok=False).returncode == 1, "not under a running hub")
    hub.stop()
    shutil.copy(f"{hub.home}/identity.zpl", f"{hub.home}/leaked")
    with as_stranger(hub):
        refused = hub.cli("key", "rotate", ok=False)
    shutil.copy(f"{hub.home}/identity-next.zpl", f"{hub.home}/identity-fresh.zpl")
    beside = [settings(hub, "identity-next.zpl")["curve_public"], curve_key(hub)]
    require(refused.returncode == 1 and beside[0] != beside[1], "a change that was refused has left its keys", refused.stderr)
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    check(hub.cli("key", "show").stdout != old and curve_key(hub) not in beside,
          "the hub has other keys, none of those that lay beside the leaked ones")
    require(not os.path.exists(f"{hub.home}/identity-next.zpl"), "which are gone")
    shutil.move(f"{hub.home}/identity.zpl", f"{hub.home}/identity-fresh.zpl")
    shutil.move(f"{hub.home}/leaked", f"{hub.home}/identity.zpl")
    done = hub.cli("run", ok=False)
    check(done.returncode == 1 and "key rotate" in done.stderr, "a change that was cut short is to be finished first", done.stderr)
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    hub.start()


def check_leak(hub, province, agents, follower):
    """Everybody joins again with the keys and records that he has. Returns what an institution filed in between."""
    before = hub.ids()
    leak(hub)
    waiting = [agent.submit(review())[0] for agent in agents]
    for agent in agents:
        agent.wait_log("secure handshake failed", 20)
        agent.stop()
        agent.join(new_link(hub, "entity", agent.uscc))
        agent.start()
    wait_until(lambda: set(waiting) <= set(hub.ids()), 20, what="what waited arrives by the new link")
    province.stop()
    province.cli("join", new_link(hub, "peer", "省厅 province"), "--replace", "1")
    province.start()
    follower.peer.join(new_link(hub, "peer", "follower"))
    follower.live = False
    check(set(before) <= set(hub.ids()), "a hub whose keys leaked still has what it had")
    check(hub.cli_json("show", before[-1])["signature_verified"], "what was filed with the leaked key is still proved")
    return waiting


def check_leaked_receipts(agent, waiting):
    """Its receipts before and after the leak; then the key that it has now leaks as well, long ago."""
    wait_until(lambda: all(row["state"] != "accepted" for row in agent.records()), 20, what="all its receipts")
    first = filed(agent)["review_report"][0]
    check(agent.cli("receipt", first).returncode == 0, "a receipt of before the leak verifies")
    files = {name: f"{agent.site.folder}/{name}.json" for name in (first, waiting)}
    for name, file in files.items():
        agent.cli("evidence", name, "-o", file)
    shown = agent.cli("verify", files[first]).stdout
    check("VERIFIED" in shown and "key leaked" in shown, "as does its file, under no key but those that the home knows", shown)
    check("key leaked" not in agent.cli("verify", files[waiting]).stdout, "and one of after it")
    with contextlib.closing(sqlite3.connect(f"{agent.home}/spool.db")) as spool, spool:
        spool.execute("insert into leaked_key select hub_key, 2 from receipt order by row desc limit 1")
    shown = agent.cli("receipt", waiting, ok=False)
    check(shown.returncode == 1 and "reported leaked" in shown.stdout and "key leaked" in shown.stdout,
          "a receipt that a leaked key signed afterwards proves nothing", shown.stdout)
    shown = agent.cli("verify", files[waiting], ok=False)
    check(shown.returncode == 1 and "reported leaked" in shown.stdout, "nor does its file", shown.stdout)
    shown = agent.cli("receipt", first)
    check("key leaked" in shown.stdout and "VERIFIED" in shown.stdout, "one of before does, and shows when it leaked", shown.stdout)


def check_recovered(hub, burnt, load, kept, fresh):
    """All of its records: those that the hub had when the machine burned, and the new one's."""
    check(set(load.printed) <= names(filed(burnt)) and confirmed(burnt) <= names(kept) and begins_with(filed(burnt), kept),
          "of the machine that burned the hub has the first ones in order, among them all that it had a receipt for")
    later = filed(fresh)
    check(arrived(hub, fresh.uscc) == {kind: kept[kind] + later[kind] for kind in kept},
          "then all of the new machine's, once and in order, and nothing of what had burned")


def check_revoked(hub, agent, load, act):
    """What became of the records of the party whose key was revoked by the act of that number."""
    came, mine, rows = arrived(hub, agent.uscc), filed(agent), agent.records()
    check(set(load.printed) <= names(mine), "a revoked institution's agent forgets nothing")
    check(confirmed(agent) and confirmed(agent) <= names(came) and begins_with(mine, came),
          "all that it had a receipt for is there, in order")
    last = max(row["number"] for row in hub.query() if row["entity"] == agent.uscc)
    check(last < act and len(names(came)) < len(rows), "and nothing behind the act that revoked its key", (last, act, len(rows)))


def come_back(hub, agent, *options):
    """By new keys in the home that it has: those that are there are told apart, and the link is not used up by them."""
    link, before = new_link(hub, "entity", agent.uscc, *options), curve_key(agent)
    for language, word in (("C.UTF-8", "--new-keys LINK"), ("zh_CN.UTF-8", "--new-keys 链接")):
        told = agent.cli("join", link, ok=False, env={"LANG": language})
        require(told.returncode == 1 and "new_keys" not in told.stderr and word in told.stderr, "it says what to do", told.stderr)
    agent.cli("join", "--new-keys", link)
    require(curve_key(agent) != before and not os.path.exists(fresh_file(agent, link)), "the home has other keys")
    agent.sync()


def check_comes_back(hub, agent):
    """The institution whose key was revoked, with all that piled up meanwhile."""
    come_back(hub, agent)
    check(arrived(hub, agent.uscc) == filed(agent), "a revoked institution comes back by new keys in its own home, and "
          "what it had accepted arrives, once and in order", len(agent.records()))


def check_theft(site, hub, agent):
    """Whoever has copied the home names a key of his own; the institution does not come in by what he has, too."""
    thief = Agent(site, "thief")
    shutil.copytree(agent.home, thief.home, ignore=shutil.ignore_patterns("wake"))
    thief.cli("key", "rotate")
    come_back(hub, agent, "--replace", "--reason", "机器被侵入")
    states = keys(hub, "entity", agent.uscc)
    check(states[0] == "current" and set(states[1:]) <= {"revoked", "retired"}, "a link that replaces ends the thief's key, too",
          states)
    agent.submit(review())
    agent.sync()
    check(thief.sync(timeout=3, ok=False).returncode == 1, "the institution files, and the thief does not")


def test(site):
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    chance = random.Random(SEED)
    hub = site.hub()
    province = site.province(hub).start()
    steady, burning, careless = agents = [site.agent(hub, name).start() for name in ("steady", "burning", "careless")]
    follower = Follower(site.peer(hub, "follower", link=hub.add_province("follower")))
    loads = [Load(agent, SEED + number) for number, agent in enumerate(agents)]
    wait_until(lambda: follower.step() or len(hub.ids()) > 10, 30, 0.1, "records arrive")
    with filing(hub, loads, "keys changed"):
        check_rotation(hub, province, agents, chance)
        check_cut_short(hub, careless)
    with filing(hub, [loads[0], loads[2]], "a machine burned and was replaced"):
        fresh, more, kept = check_recovery(site, hub, burning, loads[1])
    with filing(hub, [loads[0], more], "a key was revoked"):
        act = check_revocation(hub, careless, loads[2])
    with filing(hub, [loads[0], more], "the hub's keys leaked"):
        waiting = check_leak(hub, province, [steady, fresh], follower)
    stored = check_arrivals(hub, follower, [loads[0], more])
    check(arrived(hub, steady.uscc) == filed(steady), "one institution's are there once and in order")
    check_recovered(hub, burning, loads[1], kept, fresh)
    check_revoked(hub, careless, loads[2], act)
    check_agreement(site, hub, province, follower)
    check(hub.cli_json("show", stored[-1])["signature_verified"], "the oldest record is still proved by the key that signed it")
    check_leaked_receipts(fresh, waiting[1])
    acts = [row["act"] for row in hub.cli_json("audit-log")]
    check({"key_leaked", "key_revoke", "key_replace"} <= set(acts), "each of these acts is on record", acts[-12:])
    check_comes_back(hub, careless)
    check_theft(site, hub, careless)
    check(hub.cli("audit").returncode == 0, "the audit finds nothing")


if __name__ == "__main__":
    main(test)
