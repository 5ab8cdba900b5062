#!/usr/bin/env python3
"""verify_evidence.py FILE KEY...: checks a file that `agn-agent evidence` wrote, as docs/evidence.md says.

KEY is the hub's public signing key in hex digits; where it has changed, those that it had may follow. Needs
python3-msgpack and python3-cryptography, and for the suite sm2-sm3 docs/sm2.py beside it. Exit code 0: it holds.
"""
import hashlib, json, re, sys

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


Flaw = type("Flaw", (Exception,), {})
HASHES = 0, 124 * 32
MEMBERS = {"record": (1, 1 << 18), "hub_key": (1, 33),  # how many bytes; None: a number
           "receipt.body": (1, 1 << 20), "receipt.head": (96, 96), "receipt.signature": (64, 64), "receipt.index": None,
           "receipt.count": None, "receipt.path": HASHES, "receipt.proof": HASHES,
           "batch.hub_curve_key": (32, 32), "batch.party_key": (1, 33), "batch.signature": (64, 64),
           "inclusion.hub_key": (1, 33), "inclusion.head": (96, 96), "inclusion.signature": (64, 64), "inclusion.path": HASHES}


def need(holds, why):
    if not holds:
        raise Flaw(why)


def from_hex(text, name, low, high):
    need(type(text) is str and re.fullmatch("(?:[0-9a-f]{2}){%d,%d}" % (low, high), text),
         f"{name}: expected {low} to {high} bytes in hex digits of lower case")
    return bytes.fromhex(text)


def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a member stands twice")
    return dict(pairs)


def number(text):
    value = float(text) if re.search("[.eE]", text) else int(text)
    need(abs(value) < float("inf") if type(value) is float else -1 << 63 <= value < 1 << 63, "a number beyond all")
    return value


def read(path):
    """The members of the file, by their names in docs/evidence.md."""
    with open(path, "rb") as file:
        content = file.read((4 << 20) + 1)
    need(len(content) <= 4 << 20, "the file is larger than 4 MiB")
    text = content.decode()
    evidence = json.loads(text, object_pairs_hook=once, parse_int=number, parse_float=number, parse_constant=number)
    need(not re.search(r"(?<!\\)(?:\\\\)*\\u0000", text), "a character that no text may hold")
    json.dumps(evidence, ensure_ascii=False).encode()  # nor may it hold half of one
    need(type(evidence) is dict and evidence.get("format") == "agn-evidence-1", "another format")
    told = {"algorithm": evidence.get("algorithm")}
    for name, size in MEMBERS.items():
        part, _, key = name.rpartition(".")
        if part == "inclusion" and part not in evidence:
            break  # the last ones, all or none
        holder = evidence.get(part) if part else evidence
        value = holder.get(key) if type(holder) is dict else None
        need(size or type(value) is int and 0 <= value < 1 << 63, f"{name}: expected a number")
        told[name] = from_hex(value, name, *size) if size else value
    return told


def choose(algorithm):
    """The suite: its public key and its hash."""
    need(algorithm in ("ed25519", "sm2-sm3"), "another suite")
    if algorithm == "sm2-sm3":
        import sm2
        return sm2.PublicKey, sm2.digest
    return Ed25519PublicKey, lambda content: hashlib.sha256(content).digest()


def leaf(content):
    return digest(b"\0" + content)


def parent(left, right):
    return digest(b"\1" + left + right)


def split(size):
    return 1 << (size - 1).bit_length() - 1


def hashes(blob):
    need(len(blob) % 32 == 0, "a path is made of hashes of 32 bytes")
    return [blob[i:i + 32] for i in range(0, len(blob), 32)]


def climb(node, index, size, path):
    """RFC 6962 section 2.1.1: the root above leaf INDEX of SIZE."""
    need(0 <= index < size and (size > 1 or not path) and (size == 1 or path), "the path does not fit the tree")
    if size == 1:
        return node
    half = split(size)
    return (parent(climb(node, index, half, path[:-1]), path[-1]) if index < half else
            parent(path[-1], climb(node, index - half, size - half, path[:-1])))


def join(leaves, first, size, path):
    """PROTOCOL.md section 10: the root of a tree of SIZE in which the leaves stand from FIRST on."""
    if first >= size or first + len(leaves) <= 0:
        need(path, "the proof is too short")
        return path.pop(0)
    if size == 1:
        return leaves[-first]
    half = split(size)
    left = join(leaves, first, half, path)
    return parent(left, join(leaves, first - half, size - half, path))


def check(key, signature, content, whose):
    try:
        PublicKey.from_public_bytes(key).verify(signature, content)
    except (InvalidSignature, ValueError):
        raise Flaw(f"the {whose} signature does not fit")


def place(evidence, record, told, number, keys):
    """PROTOCOL.md section 10, PROOF: the ledger's size where the place is shown under a key that is trusted."""
    key = evidence.get("inclusion.hub_key")
    if key not in keys:
        return None
    head, path = evidence["inclusion.head"], hashes(evidence["inclusion.path"])
    need(head[:16] == told["epoch"], "the record's place is shown in another store")
    check(key, evidence["inclusion.signature"], b"AGN/1 head\0" + head, "ledger's")
    size = int.from_bytes(head[16:24], "big")
    need(climb(leaf(record), number - 1, size, path) == head[24:56], "the record does not stand in the ledger")
    return size


def verify(evidence, keys):
    global PublicKey, digest
    PublicKey, digest = choose(evidence["algorithm"])
    record, named, body, head = (evidence[name] for name in ("record", "hub_key", "receipt.body", "receipt.head"))
    check(named if named in keys else keys[0], evidence["receipt.signature"], b"AGN/1 head\0" + head, "hub's")
    path = hashes(evidence["receipt.path"])
    need(climb(leaf(body), evidence["receipt.index"], evidence["receipt.count"], path) == head[64:], "the receipt is none of its commit")
    told = msgpack.unpackb(body)
    need(told["epoch"] == head[:16], "receipt and ledger are of different stores")
    mine = [result for result in told["results"] if result[2] == leaf(record)]
    need(mine and mine[0][0] in (0, 1), "the receipt does not say that this record was taken")
    stored = [result for result in told["results"] if result[0] == 0]
    proof, size = hashes(evidence["receipt.proof"]), int.from_bytes(head[16:24], "big")
    if stored:
        first = stored[0][3]
        need([result[3] for result in stored] == list(range(first, first + len(stored))) and first > 0
             and first - 1 + len(stored) <= size < 1 << 62, "the numbers do not follow one another in the ledger")
        need(join([result[2] for result in stored], first - 1, size, proof) == head[24:56], "the ledger has another root")
    need(not proof, "the proof is too long")
    listed = b"".join(result[2] for result in told["results"])
    party_key, signature, hub_curve_key = (evidence[f"batch.{name}"] for name in ("party_key", "signature", "hub_curve_key"))
    check(party_key, signature, b"AGN/1 submit\0" + hub_curve_key + (len(listed) // 32).to_bytes(4, "big") + listed, "institution's")
    need("signature" not in told or (told["party_key"], told["signature"], told["hub_curve_key"]) == (party_key, signature, hub_curve_key),
         "the hub has checked another signature")
    shown = place(evidence, record, told, mine[0][3], keys)
    return told["party"], told["hub"], mine[0][3], shown or (size if mine[0][0] == 0 else None), "signature" in told


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: verify_evidence.py FILE KEY...")
    try:
        keys = [from_hex(text, "KEY", 32, 33) for text in sys.argv[2:]]
        party, hub, number, size, is_by_party = verify(read(sys.argv[1]), keys)
    except Flaw as flaw:
        sys.exit(f"NOT VERIFIED: {flaw}")
    except Exception as error:
        sys.exit(f"NOT VERIFIED: the file, or the receipt in it, cannot be read ({error!r})")
    where = f"of the ledger of {size}" if size is not None else "as the hub says; its place is not proved"
    whose = "" if is_by_party else "; whose key signed it the receipt does not say"
    print(f"verified: {party} filed this record with {hub}; it is number {number} {where}{whose}")


main()
