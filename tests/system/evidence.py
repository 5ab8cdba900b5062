"""Evidence of one record, carried to another machine: agn-agent verify and docs/verify_evidence.py agree on every file, sound,
with any part of it changed or of another shape, and neither needs the hub."""
import json, os, random, re, subprocess, sys

import client
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from harness import PROGRAMS, ROOT, check, item_of, main, msgpack, require, review, warning

SCRIPT = f"{ROOT}/docs/verify_evidence.py"


def hub_key(agent):
    with open(f"{agent.home}/hub.zpl") as file:
        return next(line.split('"')[1] for line in file if "hub_signing_key" in line)


class Verifier:
    """A machine that never heard of the hub."""

    def __init__(self, site, agent, key):
        self.agent, self.key, self.path = agent, key, f"{site.folder}/evidence.json"
        self.empty = f"{site.folder}/nowhere"

    def verify(self, *options):
        return subprocess.run([*PROGRAMS["agent"], "verify", self.path, "--home", self.empty, *options], capture_output=True,
                              text=True, env=self.agent.environment())

    def run(self, evidence, key=None):
        """EVIDENCE: a file's content, or its text. KEY: one, or some with commas between."""
        with open(self.path, "w") as file:
            file.write(evidence if isinstance(evidence, str) else json.dumps(evidence))
        key = key or self.key
        ours = self.verify("--hub-key", key, "--json")
        python = subprocess.run([sys.executable, "-BE", SCRIPT, self.path, *key.split(",")], capture_output=True, text=True)
        require((ours.returncode == 0) == (python.returncode == 0), "both say the same", (ours, python))
        refusal = re.fullmatch(r"NOT VERIFIED: \S+ .+\n", python.stderr)
        require(python.returncode == 0 or refusal, "and the script says what is wrong in a line", python)
        return ours, python


def changed(evidence, rng):
    """The same with one hex digit of one member changed, or one number."""
    copy = json.loads(json.dumps(evidence))
    part, key = rng.choice([(copy, "record"), *((copy["receipt"], name) for name in ("body", "head", "signature", "path",
                            "proof", "index", "count")), *((copy["batch"], name) for name in copy["batch"]),
                            *((copy[part], name) for part in ("inclusion",) if part in copy
                              for name in ("head", "signature", "path"))])
    if isinstance(part[key], int):
        part[key] += rng.choice((1, 7))
    elif part[key]:
        place = rng.randrange(len(part[key]))
        part[key] = part[key][:place] + rng.choice([digit for digit in "0123456789abcdef" if digit != part[key][place]]) \
            + part[key][place + 1:]
    else:
        part[key] = "00" * 32
    return copy, key


def reshaped(evidence):
    """What is to be no file of evidence, though a lenient reader finds a sound one in it."""
    receipt, text = evidence["receipt"], json.dumps(evidence)

    def with_receipt(**changes):
        return {**evidence, "receipt": {**receipt, **changes}}

    head = receipt["head"]
    yield "an inclusion that is null", {**evidence, "inclusion": None}
    yield "an inclusion of nothing", {**evidence, "inclusion": {}}
    yield "an inclusion of nonsense by a key that nobody trusts", {
        **evidence, "inclusion": {"hub_key": "11" * 32, "head": "00", "signature": "00", "path": ""}}
    yield "floats", with_receipt(index=float(receipt["index"]), count=float(receipt["count"]))
    yield "other floats", with_receipt(index=0.0, count=2.0)
    yield "truths", with_receipt(index=receipt["index"] != 0, count=True)
    yield "a number in quotes", with_receipt(count=str(receipt["count"]))
    yield "a number below zero", with_receipt(index=-1)
    yield "a number beyond all", with_receipt(count=1 << 63)
    yield "spaces between the digits", with_receipt(head=" ".join(head[i:i + 2] for i in range(0, len(head), 2)))
    yield "a space behind them", {**evidence, "record": evidence["record"] + "\n"}
    yield "a member that is no number", {**evidence, "more": float("nan")}
    yield "one that is beyond all", {**evidence, "more": float("-inf")}
    yield "a float beyond all", text[:-1] + ', "more": 1e999}'
    yield "an integer beyond all", {**evidence, "more": 1 << 63}
    yield "a zero in a text", {**evidence, "more": "\0"}
    yield "half a character", {**evidence, "more": "\ud800"}
    yield "one in a name", {**evidence, "\ud800": 1}
    yield "capital digits", with_receipt(head=head.upper())
    yield "half a byte", with_receipt(body=receipt["body"] + "0")
    yield "a member twice", text.replace('"receipt":', '"hub_key": "00", "receipt":')
    yield "a member of a part twice", text.replace('"head":', '"count": 1, "head":')
    yield "more than 4 MiB", text + " " * (4 << 20)
    yield "a list", [evidence]
    yield "half of the text", text[:len(text) // 2]
    yield "bytes behind it", text + "}"
    yield "another format", {**evidence, "format": "agn-evidence-2"}
    yield "another suite", {**evidence, "algorithm": "rsa"}
    for part in ("receipt", "batch"):
        yield f"{part}: a list", {**evidence, part: [evidence[part]]}
        for name in evidence[part]:
            yield f"no {part}.{name}", {**evidence, part: {key: value for key, value in evidence[part].items() if key != name}}
    for name in evidence:
        yield f"no {name}", {key: value for key, value in evidence.items() if key != name}


def check_shapes(verifier, evidence):
    require(verifier.run(evidence)[0].returncode == 0, "it holds")
    shapes = list(reshaped(evidence))
    for shape, content in shapes:
        ours, _ = verifier.run(content)
        require(ours.returncode == 1, f"{shape}: no file of evidence", ours)
    check(True, f"{len(shapes)} files of another shape: none is taken, by either")
    bare = subprocess.run([sys.executable, "-BE", SCRIPT], capture_output=True, text=True)
    check(bare.returncode == 1 and bare.stderr.startswith("usage: "), "without arguments the script says how it is used", bare)


def signed_by(key, hub_curve, hashes):
    """The part `batch` of a file."""
    signed = b"AGN/1 submit\0" + hub_curve + (len(hashes) // 32).to_bytes(4, "big") + hashes
    return {"hub_curve_key": hub_curve.hex(), "signature": key.sign(signed).hex(),
            "party_key": key.public_key().public_bytes(client.Encoding.Raw, client.PublicFormat.Raw).hex()}


def by_a_stranger(evidence):
    """The batch of somebody else's record signed by one's own key."""
    body = msgpack.unpackb(bytes.fromhex(evidence["receipt"]["body"]))
    return {**evidence, "batch": signed_by(Ed25519PrivateKey.generate(), body["hub_curve_key"],
                                           b"".join(result[2] for result in body["results"]))}


def made_by_hand(peer, item):
    """The file that an institution may make of any receipt that it got, whatever that says."""
    peer.hello()
    batch = peer.submit([item])
    hashes = b"".join(peer.sent[batch])
    (result,), receipt = peer.receipt()
    _, _, _, body, head, algorithm, signature, index, count, path, proof = msgpack.unpackb(receipt)[:11]
    return result, {"format": "agn-evidence-1", "algorithm": algorithm, "record": item.hex(), "hub_key": peer.get("hub_signing").hex(),
                    "receipt": {"body": body.hex(), "head": head.hex(), "signature": signature.hex(), "index": index, "count": count,
                                "path": path.hex(), "proof": proof.hex()},
                    "batch": signed_by(peer.signing(), peer.get("hub_curve"), hashes)}


def check_outcomes(site, hub, verifier):
    """Only what was taken is proved to have been taken."""
    peer = site.peer(hub, "maker")
    missing = {"sha256": "ab" * 32, "name": "意见.pdf", "media_type": "application/pdf", "size": 9, "role": "opinion"}
    for record, outcome in ((review(), 0), (review(decision="approved", votes_for=99), 2), (review(attachments=[missing]), 3)):
        result, evidence = made_by_hand(peer, item_of(peer, record))
        require(result[0] == outcome, f"an outcome {outcome}", result)
        ours, _ = verifier.run(evidence, key=peer.get("hub_signing").hex())
        check((ours.returncode == 0) == (outcome == 0), f"a receipt that says {outcome}", ours)


def test(site):
    rng = random.Random(5)
    hub = site.hub()
    agent, other = site.agent(hub, "hospital"), site.agent(hub, "company", kind="enterprise")
    for _ in range(4):
        other.submit(*[review() for _ in range(7)])
        other.sync()
    names = [name for _ in range(3) for name in agent.submit(*[rng.choice((review, warning))() for _ in range(9)])]
    waiting = agent.cli("verify", names[0], ok=False)
    check(waiting.returncode == 1 and "receipt" in waiting.stderr, "before there is a receipt: said so", waiting)
    agent.sync()
    check_outcomes(site, hub, Verifier(site, agent, hub_key(agent)))
    hub.stop()
    told = agent.cli("verify", names[4])
    check("VERIFIED" in told.stdout and names[4] in told.stdout, "agn-agent verify ID, with the hub away", told)
    os.rename(f"{agent.home}/identity.zpl", f"{agent.home}/away.zpl")
    told = agent.cli("verify", names[5])
    check("VERIFIED" in told.stdout and agent.cli("evidence", names[5]).stdout, "nor does either need a secret key", told)
    os.rename(f"{agent.home}/away.zpl", f"{agent.home}/identity.zpl")
    verifier = Verifier(site, agent, hub_key(agent))
    for name in rng.sample(names, 6):
        evidence = json.loads(agent.cli("evidence", name).stdout)
        ours, python = verifier.run(evidence)
        seen = json.loads(ours.stdout)
        require(ours.returncode == 0 and seen["verified"] and seen["record"]["id"] == name, "a record's file holds", ours)
        require(f"number {seen['number']} of the ledger of {seen['ledger']}" in python.stdout, "and Python says so", python)
    check(True, "6 files: verified on a machine without a home, by program and by Python")
    files = [json.loads(agent.cli("evidence", name).stdout) for name in rng.sample(names, 6)]
    for _ in range(60):
        evidence, key = changed(rng.choice(files), rng)
        ours, _ = verifier.run(evidence)
        require(ours.returncode == 1 and (ours.stderr or "flaw" in ours.stdout), f"{key} changed: it does not hold", ours)
    check(True, "60 changed files: none holds, for either")
    check_shapes(verifier, files[0])
    ours, python = verifier.run(by_a_stranger(files[0]))
    check(ours.returncode == 1 and "institution" in json.loads(ours.stdout)["flaw"] and "another signature" in python.stderr,
          "nor a batch that somebody else has signed", (ours, python))
    ours, _ = verifier.run(files[0], key="11" * 32)
    check(ours.returncode == 1, "nor under another key", ours)
    ours = agent.cli("verify", verifier.path, ok=True)
    check("VERIFIED" in ours.stdout, "an agent of the same city needs no key", ours)
    stranger = verifier.verify()
    check(stranger.returncode == 1 and "--hub-key" in stranger.stderr, "without a key nobody is believed", stranger)
    with open(verifier.path, "w") as file:
        file.write("[" * 100_000)
    broken = agent.cli("verify", verifier.path, ok=False)
    check(broken.returncode == 1 and "evidence" in broken.stderr, "a file of anything else: a clear error", broken)
    with open(verifier.path, "w") as file:
        file.write('{"a" "\x9b[2J"}')
    broken = agent.cli("verify", verifier.path, ok=False)
    check(broken.returncode == 1 and "\x9b" not in broken.stderr, "what it says of the file does nothing to a terminal", broken)
    with open(verifier.path, "w") as file:
        json.dump({**files[0], "record": 5}, file)
    broken = agent.cli("verify", verifier.path, ok=False)
    check(broken.returncode == 1 and "record" in broken.stderr, "the member at fault is named", broken)


if __name__ == "__main__":
    main(test)
