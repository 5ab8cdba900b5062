"""Records whose first receipt was lost: the hub says that it has stored them before, and the agent asks by itself for what the
new receipt does not prove, their place in the ledger. It keeps only an answer that holds, through kill -9, and the evidence
of such a record is proved by the ledger like that of any other, by program and by Python."""
import json, os, random, sqlite3, time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence import Verifier, changed, hub_key, signed_by
from fake_hub import FakeHub
from harness import Proxy, check, main, require, review, wait_until, warning


def outcome(agent, name):
    receipt = json.loads(agent.cli("receipt", name, "--json").stdout)["receipt"]
    return receipt["outcome"], receipt["in_ledger"]


def evidence(agent, name):
    return json.loads(agent.cli("evidence", name).stdout)


def lose_receipts(hub, proxy, agent, records):
    """The hub stores them; kill -9 of the agent before it hears of it."""
    agent.start(event="link-ready")
    proxy.mode = "deaf"
    names = agent.submit(*records)
    wait_until(lambda: set(names) <= set(hub.ids()), what="the records arrive")
    agent.kill()
    proxy.mode = "pass"
    proxy.cut()
    return names


def kill_often(agent, rng):
    """Between the receipts and the last proof, as far as chance has it."""
    for _ in range(8):
        agent.start()
        time.sleep(rng.uniform(0, 0.15))
        agent.kill()


def test_kills(site, rng):
    hub = site.hub()
    proxy = Proxy(site, hub.port)
    agent = site.agent(hub, link=proxy.through(hub.add_entity(site.uscc()), hub.port))
    other = site.agent(hub, "other", kind="enterprise")
    other.submit(*(review() for _ in range(9)))
    other.sync()
    names = lose_receipts(hub, proxy, agent, [rng.choice((review, warning))() for _ in range(40)])
    fresh = agent.submit(review())  # goes in one batch with what goes again
    kill_often(agent, rng)
    agent.sync()
    seen = [outcome(agent, name) for name in names]
    check(all(kind == "duplicate" for kind, _ in seen), "40 records whose receipts were lost: the hub had them", seen)
    check(all(in_ledger for _, in_ledger in seen), "kill -9 eight times on the way: each is proved by the ledger after one sync",
          seen)
    kind, is_proved = outcome(agent, fresh[0])  # a kill may have lost this receipt, too
    check(is_proved and ("inclusion" in evidence(agent, fresh[0])) == (kind == "duplicate"),
          "what the receipt itself proves is not asked for", kind)
    require("proof-unfit" not in agent.log(whole=True), "every answer held")
    verifier = Verifier(site, agent, hub_key(agent))
    for name in rng.sample(names, 5):
        ours, python = verifier.run(evidence(agent, name))
        told = json.loads(ours.stdout)
        require(ours.returncode == 0 and told["in_ledger"] and told["record"]["id"] == name, "the file proves it", ours)
        require(f"number {told['number']} of the ledger of {told['ledger']}" in python.stdout, "for Python too", python)
        require("and its place in the ledger" in agent.cli("verify", name).stdout, "verify ID says so")
    check(True, "the evidence of a duplicate is proved by the ledger, by program and by Python")
    for _ in range(40):
        ours, _ = verifier.run(changed(evidence(agent, names[0]), rng)[0])
        require(ours.returncode == 1, "a changed file does not hold", ours.stdout)
    without = evidence(agent, names[0])
    without.pop("inclusion")
    ours, python = verifier.run(without)
    check(not json.loads(ours.stdout)["in_ledger"] and "not proved" in python.stdout,
          "40 changed files do not hold; without what was asked for, the place is the hub's word")
    return hub, agent, names


def forget_proofs(agent, names):
    """As an agent that was killed before it asked."""
    with sqlite3.connect(f"{agent.home}/spool.db") as db:
        for name in names:
            item = bytes.fromhex(name.replace("-", ""))
            db.execute("update item set is_placed = 0 where id = ?", (item,))
            db.execute("delete from inclusion where seq = (select seq from item where id = ?)", (item,))


def test_other_key(site, hub, agent, names):
    """The hub signs with another key by the time that it is asked."""
    forget_proofs(agent, names[:3])
    old = hub_key(agent)
    hub.stop()
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    hub.start()
    agent.join(hub.cli("entity", "invite", evidence_party(agent)).stdout.strip().splitlines()[-1])
    agent.sync()
    new, verifier = hub_key(agent), Verifier(site, agent, old)
    check(old != new and outcome(agent, names[0]) == ("duplicate", True), "asked under the hub's next key: proved")
    ours, python = verifier.run(evidence(agent, names[0]), f"{old},{new}")
    check(json.loads(ours.stdout)["in_ledger"] and "of the ledger of" in python.stdout, "its file holds for who has both keys")
    ours, python = verifier.run(evidence(agent, names[0]))
    check(ours.returncode == 0 and not json.loads(ours.stdout)["in_ledger"] and "not proved" in python.stdout,
          "for who has the former alone, the place is not proved")
    told = verifier.verify("--hub-key", old).stdout
    require(new in told and "--hub-key KEY,KEY" in told, "and says which key would", told)
    require("VERIFIED" in agent.cli("verify", names[0]).stdout, "verify ID")
    refused = agent.cli("verify", names[0], "--hub-key", f"{old},zz", ok=False)
    check(refused.returncode == 1 and "--hub-key" in refused.stderr, "a key that is none is named", refused)
    test_leaks(agent, names[0], old, new)


def note_leak(agent, key, at):
    with sqlite3.connect(f"{agent.home}/spool.db") as db:
        db.execute("insert or replace into leaked_key values (?, ?)", (bytes.fromhex(key), at))


def test_leaks(agent, name, old, new):
    """What the home knows of leaks counts whatever keys are given; a place that was shown before a leak stays shown."""
    path, later = f"{agent.home}/evidence.json", int(time.time() * 1000) + 3_600_000
    agent.cli("evidence", name, "-o", path)
    asked = [("verify", name), *(("verify", what, "--hub-key", f"{old},{new}") for what in (name, path))]

    def told():
        return [(seen["verified"], seen["in_ledger"]) for seen in (json.loads(agent.cli(*question, "--json", ok=False).stdout)
                                                                   for question in asked)]
    note_leak(agent, new, later)
    check(told() == [(True, True)] * 3, "a key that leaks later: the place that it showed is proved", told())
    note_leak(agent, new, 1)
    check(told() == [(True, False)] * 3, "one that had leaked: the receipt holds, the place is not proved", told())
    note_leak(agent, old, 1)
    check(told() == [(False, False)] * 3, "a receipt by a key that had leaked is none, with --hub-key as well", told())
    with open(path) as file:
        renamed = {**json.load(file), "hub_key": "11" * 32}
    with open(path, "w") as file:
        json.dump(renamed, file)
    check(agent.cli("verify", path, "--hub-key", old, ok=False).returncode == 1, "whatever key the file names", renamed["hub_key"])
    os.remove(path)


def evidence_party(agent):
    with open(f"{agent.home}/hub.zpl") as file:
        return next(line.split('"')[1] for line in file if line.startswith("party ="))


LIES = ["another record", "another ledger", "another store", "another key", "another number"]


def test_lies(site):
    """Answers that are false or unfitting are ignored and logged; the record is asked for again."""
    hub = FakeHub(site)
    agent = site.agent(hub, "deceived", link=hub.link())
    agent.submit(*(review() for _ in range(3)))
    hub.loses = True
    agent.sync(timeout=2, ok=False)
    hub.loses = False
    hub.lies = [lie for lie in LIES for _ in range(3)]
    names = [row["id"] for row in agent.records()]
    for lie in LIES:
        agent.start(event="link-ready")
        agent.wait_log({"another key": "proof-unsigned"}.get(lie, "proof-unfit"))
        agent.stop()
        require(not any(outcome(agent, name)[1] for name in names), f"{lie}: nothing is proved", agent.log())
    check(hub.asked == [1, 2, 3] * len(LIES), "false proofs of five kinds: ignored, logged, asked for again", hub.asked)
    hub.lies, hub.asked = ["busy", "silence"], []
    agent.sync()
    check(not any(outcome(agent, name)[1] for name in names[:2]), "a hub that is busy or silent: sync ends all the same")
    agent.sync()
    require(all(outcome(agent, name) == ("duplicate", True) for name in names), "then right ones", agent.log())
    asked = len(hub.asked)
    agent.submit(review())
    agent.sync()
    check(len(hub.asked) == asked, "what is proved is asked for no more", hub.asked)


def flipped(name):
    return lambda told: {**told, name: bytes([told[name][0] ^ 1]) + told[name][1:]}


def by_another_key(told):
    """What fits, but is not what the agent has signed: the party that the hub names as the one who filed is another."""
    key = Ed25519PrivateKey.generate()
    return {**told, **{name: bytes.fromhex(text) for name, text in
                       signed_by(key, told["hub_curve_key"], b"".join(result[2] for result in told["results"])).items()}}


def unnamed(told):
    return {name: told[name] for name in ("party", "hub", "epoch", "at", "results")}


RECEIPT_LIES = {"another party": lambda told: {**told, "party": "91330106MA27XYLC4L"}, "another signature": flipped("signature"),
                "no key": flipped("party_key"), "another key": by_another_key, "another hub": flipped("hub_curve_key"),
                "results left out": lambda told: {**told, "results": told["results"][:1]},
                "results the other way round": lambda told: {**told, "results": told["results"][::-1]}}


def test_receipt_lies(site):
    """A receipt that `verify` would refuse for ever after is none: it is ignored and logged, and the records stay waiting."""
    hub = FakeHub(site)
    agent = site.agent(hub, "misnamed", link=hub.link())
    names = agent.submit(review(), review())
    for lie, change in RECEIPT_LIES.items():
        hub.receipt_lie = change
        agent.start(event="link-ready")
        agent.wait_log("receipt-unproved")
        agent.stop()
        require([row["state"] for row in agent.records()] == ["accepted"] * 2, f"{lie}: nothing is received", agent.log())
    check(not hub.broken, f"receipts that lie in {len(RECEIPT_LIES)} ways of whose batch it was: ignored and logged", hub.broken)
    hub.receipt_lie = unnamed
    told = agent.sync().stderr
    require(told.count("receipt-unnamed") == 1, "a hub that names no key, as older ones: told", told)
    check("does not name" in agent.cli("verify", names[0]).stdout, "its receipt is taken, and said to prove less")
    hub.receipt_lie = None
    named = agent.submit(review())
    agent.sync()
    told = agent.cli("verify", *named).stdout
    check("VERIFIED" in told and "does not name" not in told, "a true one", told)


def file_and_cut(hub, agent):
    """The session ends with a receipt, and before the hub has shown its ledger."""
    hub.shows_ledger = False
    agent.submit(review())
    done = agent.sync(timeout=2, ok=False)
    hub.shows_ledger = True
    require(agent.records()[-1]["state"] == "received" and "hub-behind" not in done.stderr, "a receipt alone", done)


def test_unshown_ledger(site):
    """An older copy of the hub, which lacks a record though not the highest number, gives receipts before it is asked."""
    hub = FakeHub(site)
    agent = site.agent(hub, "cut_short", link=hub.link())
    agent.submit(*(review() for _ in range(3)))
    agent.sync()
    file_and_cut(hub, agent)
    lost, _ = hub.records.popitem()
    file_and_cut(hub, agent)
    require(lost not in hub.records, "the copy lacks it")
    told = agent.sync().stderr
    check(lost in hub.records and told.count("hub-behind") == 1,
          "two sessions that are cut short: what the copy of the hub lacks is sent again", told)
    check("hub-behind" not in agent.sync().stderr and not hub.broken, "once", hub.broken)


def test_other_ledger(site):
    """A hub that shows the ledger of another store, each time: it is asked again after a while, not at once."""
    hub = FakeHub(site)
    agent = site.agent(hub, "shown_another", link=hub.link())
    agent.submit(review())
    agent.sync()
    hub.shows_other_store, hub.shown = True, 0
    agent.start(event="link-ready")
    agent.wait_log("proof-unfit")
    time.sleep(1)
    agent.submit(review())
    wait_until(lambda: agent.records()[-1]["state"] == "received", what="records go on")
    check(hub.shown == 1 and agent.log().count("proof-unfit") == 1, "the ledger of another store: logged, asked for once",
          hub.shown)
    agent.stop()


def test(site):
    rng = random.Random(7)
    test_other_key(site, *test_kills(site, rng))
    test_lies(site)
    test_receipt_lies(site)
    test_unshown_ledger(site)
    test_other_ledger(site)


if __name__ == "__main__":
    main(test)
