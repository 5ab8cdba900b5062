"""The national algorithms, SM2 with SM3: the main job by the real programs, each signature checked by Python's own SM2;
what the province and the city file; and where two suites meet, a refusal that says so."""
import json, random, sqlite3

import client, evidence, main_job, sm2
from cryptography.exceptions import InvalidSignature
from harness import Agent, Hub, SUBMITTER, check, item_of, main, refusal, require, review, wait_until, warning

STANDARD = {  # GB/T 32918.5, A.2
    "secret": 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8,
    "public": "0309F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
    "signature": "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
                 "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"}


def fits(public, signature, data):
    try:
        sm2.PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def check_standard():
    own = sm2.PrivateKey(STANDARD["secret"]).public_key()
    check(own.public_bytes().hex().upper() == STANDARD["public"], "Python's SM2: the standard's key")
    check(fits(own.public_bytes(), bytes.fromhex(STANDARD["signature"]), b"message digest")
          and not fits(own.public_bytes(), bytes.fromhex(STANDARD["signature"]), b"message digesu"),
          "Python's SM2: the standard's signature, and not for another text")


def rows(path, sql):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def check_evidence(hub, agent, province):
    """What lies on the three disks, by Python's SM2 and SM3 alone."""
    hub_key = bytes.fromhex(next(line.split('"')[1] for line in open(f"{agent.home}/hub.zpl") if "hub_signing_key" in line))
    curve_key = bytes.fromhex(next(line.split('"')[1] for line in open(f"{agent.home}/hub.zpl")
                                   if line.startswith("hub_key")))
    batches = rows(f"{hub.home}/store.db", "select hashes, signing_key, signature, bytes from batch")
    good = [len(key) == 33 and fits(key, signature, b"AGN/1 submit\0" + curve_key
                                    + (len(hashes) // 32).to_bytes(4, "big") + hashes)
            for hashes, key, signature, _ in batches]
    check(all(good) and len({key for _, key, *_ in batches}) >= 4,
          "every batch at the hub has an SM2 signature of its party: institutions, city, province", good)
    items = rows(f"{agent.home}/spool.db", "select hash, body from item")
    check(items and all(sm2.digest(b"\0" + item) == name for name, item in items), "an item's hash is SM3's")
    for program, name in (agent, "spool"), (province, "outbox"):
        kept = rows(f"{program.home}/{name}.db",
                    "select body, algorithm, head, signature, hub_key, place, count, path from receipt")
        check(kept and all(algorithm == "sm2-sm3" and key == hub_key and fits(key, signature, b"AGN/1 head\0" + head)
                           and client.climb(sm2.digest, sm2.digest(b"\0" + body), place, count, path) == head[64:]
                           for body, algorithm, head, signature, key, place, count, path in kept),
              f"the receipts in the {name} are the hub's", kept)


def check_bundles(site, hub, agent, names):
    """Evidence files, by the program and by Python, sound and changed."""
    key = next(line.split()[-1] for line in hub.cli("key", "show").stdout.splitlines() if "signing key" in line)
    check(len(key) == 66, "agn-hub key show tells the key", key)
    verifier, rng = evidence.Verifier(site, agent, key), random.Random(7)
    files = [json.loads(agent.cli("evidence", name).stdout) for name in names]
    check(all(verifier.run(file)[0].returncode == 0 and file["algorithm"] == "sm2-sm3" for file in files),
          "evidence of the national suite: verified by the program and by Python, on a machine without a home")
    for _ in range(12):
        broken, part = evidence.changed(rng.choice(files), rng)
        require(verifier.run(broken)[0].returncode == 1, f"{part} changed: it does not hold")
    check(verifier.run({**files[0], "algorithm": "ed25519"})[0].returncode == 1, "changed, or said to be of the other suite: none")


def check_peer(site, hub):
    """A client from the protocol alone."""
    peer = site.peer(hub, "python")
    check(len(peer.get("hub_signing")) == 33, "ENROLLED brings a key of 33 bytes")
    peer.hello()
    items = [item_of(peer, review()), item_of(peer, warning(level=1))]
    peer.submit(items)
    results, _ = peer.receipt()
    check([result[0] for result in results] == [0, 0], "a batch that Python signed is stored, its receipt verified", results)

    def tampered(algorithm="sm2-sm3", change=lambda signature: signature):
        send = peer.send
        peer.send = lambda kind, *rest: send(kind, *rest[:-2], algorithm, change(rest[-1]))
        peer.submit(items)
        peer.send = send
        return refusal(lambda: peer.receive(client.RECEIPT))
    check(tampered("ed25519") == "bad_signature", "SUBMIT that names another algorithm than the key's")
    check(tampered(change=lambda text: text[32:] + text[:32]) == "bad_signature", "s ‖ r")
    check(tampered(change=lambda text: bytes(64)) == "bad_signature", "zeros")
    peer.submit(items)
    results, _ = peer.receipt()
    check([result[0] for result in results] == [1, 1], "the session goes on; the same again is a duplicate", results)
    peer.follow("inbox")
    check(wait_until(lambda: peer.events("inbox"), what="an event of the inbox"), "the inbox is followed")


def check_meeting(site, national):
    """Hub and peer of different suites."""
    site.suite = "ed25519"
    other = Hub(site, "other").init().start()
    site.programs.append(other)
    link, foreign = other.add_entity(site.uscc()), national.add_entity(site.uscc())
    check("suite" not in link and foreign.endswith("&suite=sm2-sm3"), "a link names the suite that is not the first one")
    agent = Agent(site, "undecided")
    agent.join(link)
    done = agent.cli("join", foreign, ok=False)
    check(done.returncode == 1 and "sm2-sm3" in done.stderr and "ed25519" in done.stderr and "--home" in done.stderr,
          "an agent with keys of the other suite is told so, and what to do", done.stderr)
    for cut, name in ((foreign.replace("&suite=sm2-sm3", ""), "cut"), (link + "&suite=sm2-sm3", "grown")):
        done = Agent(site, name).cli("join", cut, ok=False)
        check(done.returncode == 1 and "another signature suite" in done.stderr,
              f"a link that was {name}: the hub refuses the key and names its suite", done.stderr)
        check(refusal(lambda: client.Peer(f"{site.folder}/peer-{name}").join(cut)) == "wrong_suite", "with its own code")
    check(Agent(site, "whole").cli("join", foreign).returncode == 0, "which did not use the code up")
    province = site.province(other, "elsewhere")
    done = province.cli("join", national.add_province("又一省厅"), ok=False)
    check(done.returncode == 1 and "sm2-sm3" in done.stderr, "a province of the other suite likewise", done.stderr)

    done = national.cli("init", "--name", "x", "--city", "330100", "--suite", "rsa", ok=False)
    check(done.returncode != 0, "there is no third suite", done.stderr)
    national.stop()
    national.configure(suite="ed25519")
    for command in ("run",), ("entity", "suspend", site.programs[2].uscc):
        done = national.cli(*command, ok=False)
        check(done.returncode == 1 and "cannot be changed" in done.stderr and "agn-hub init --suite ed25519" in done.stderr,
              f"agn-hub {command[0]} on a home whose suite was changed", done.stderr)
    national.configure(suite="rsa")
    done = national.cli("run", ok=False)
    check(done.returncode == 1 and "expected ed25519 or sm2-sm3" in done.stderr, "or is none", done.stderr)
    national.configure(suite="sm2-sm3").start()


def test(site):
    check_standard()
    site.suite = "sm2-sm3"
    main_job.test(site)
    hub, province, agent = site.programs[:3]
    shown = hub.cli_json("show", hub.ids()[0])
    check(shown["signature_verified"] is True, "agn-hub show verifies the signature", shown)
    ids = agent.submit(review())
    agent.sync()
    receipt = agent.cli_json("receipt", ids[0])
    check("VERIFIED" in agent.cli("receipt", ids[0]).stdout, "agn-agent receipt verifies the hub's", receipt)
    path = f"{site.folder}/notice.json"
    with open(path, "w") as file:
        json.dump({"kind": "notice", "submitter": SUBMITTER, "title": "关于开展自查的通知", "category": "requirement",
                   "body": "请于期限前完成自查并答复。", "audience": {}, "must_answer": False}, file)
    hub.cli("file", path)
    province.cli("notice", path)
    wait_until(lambda: all(row["state"] == "received" for row in province.cli_json("outbox")) and
               province.cli_json("outbox"), what="the province's notice has its receipt")
    check_peer(site, hub)
    check_evidence(hub, agent, province)
    check_bundles(site, hub, agent, ids)
    check_meeting(site, hub)


if __name__ == "__main__":
    main(test)
