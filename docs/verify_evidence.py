#!/usr/bin/env python3
"""verify_evidence.py FILE KEY...: checks a file that `agn-agent evidence` wrote, as docs/evidence.md says.

KEY is the hub's public signing key in hex digits; where it has changed, those that it had may follow. Needs
python3-msgpack and python3-cryptography, and for the suite sm2-sm3 docs/sm2.py beside it. Exit code 0: it holds.
"""
import hashlib, json, sys

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


Flaw = type("Flaw", (Exception,), {})


def need(holds, why):
    if not holds:
        raise Flaw(why)


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
    need(len(blob) % 32 == 0 and len(blob) <= 124 * 32, "a path is made of hashes of 32 bytes")
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
    shown = evidence.get("inclusion")
    if shown is None or bytes.fromhex(shown["hub_key"]) not in keys:
        return None
    head, path = bytes.fromhex(shown["head"]), hashes(bytes.fromhex(shown["path"]))
    need(len(head) == 96 and head[:16] == told["epoch"], "the record's place is shown in another store")
    check(bytes.fromhex(shown["hub_key"]), bytes.fromhex(shown["signature"]), b"AGN/1 head\0" + head, "ledger's")
    size = int.from_bytes(head[16:24], "big")
    need(climb(leaf(record), number - 1, size, path) == head[24:56], "the record does not stand in the ledger")
    return size


def verify(evidence, keys):
    global PublicKey, digest
    need(evidence["format"] == "agn-evidence-1", "another format")
    PublicKey, digest = choose(evidence["algorithm"])
    receipt, batch = evidence["receipt"], evidence["batch"]
    record, body, head = (bytes.fromhex(text) for text in (evidence["record"], receipt["body"], receipt["head"]))
    need(len(head) == 96, "a head has 96 bytes")
    named = bytes.fromhex(evidence["hub_key"])
    check(named if named in keys else keys[0], bytes.fromhex(receipt["signature"]), b"AGN/1 head\0" + head, "hub's")
    path = hashes(bytes.fromhex(receipt["path"]))
    need(climb(leaf(body), receipt["index"], receipt["count"], path) == head[64:], "the receipt is none of its commit")
    told = msgpack.unpackb(body)
    need(told["epoch"] == head[:16], "receipt and ledger are of different stores")
    mine = [result for result in told["results"] if result[2] == leaf(record)]
    need(mine and mine[0][0] in (0, 1), "the receipt does not say that this record was taken")
    stored = [result for result in told["results"] if result[0] == 0]
    proof, size = hashes(bytes.fromhex(receipt["proof"])), int.from_bytes(head[16:24], "big")
    if stored:
        first = stored[0][3]
        need([result[3] for result in stored] == list(range(first, first + len(stored))) and first > 0
             and first - 1 + len(stored) <= size < 1 << 62, "the numbers do not follow one another in the ledger")
        need(join([result[2] for result in stored], first - 1, size, proof) == head[24:56], "the ledger has another root")
    need(not proof, "the proof is too long")
    listed = b"".join(result[2] for result in told["results"])
    party_key, signature, hub_curve_key = (bytes.fromhex(batch[name]) for name in ("party_key", "signature", "hub_curve_key"))
    check(party_key, signature, b"AGN/1 submit\0" + hub_curve_key + (len(listed) // 32).to_bytes(4, "big") + listed, "institution's")
    need("signature" not in told or (told["party_key"], told["signature"], told["hub_curve_key"]) == (party_key, signature, hub_curve_key),
         "the hub has checked another signature")
    shown = place(evidence, record, told, mine[0][3], keys)
    return told["party"], told["hub"], mine[0][3], shown or (size if mine[0][0] == 0 else None), "signature" in told


def main():
    try:
        with open(sys.argv[1]) as file:
            party, hub, number, size, is_by_party = verify(json.load(file), [bytes.fromhex(key) for key in sys.argv[2:]])
    except (Flaw, KeyError, TypeError, ValueError, IndexError, RecursionError, OSError) as error:
        sys.exit(f"NOT VERIFIED: {error}")
    where = f"of the ledger of {size}" if size is not None else "as the hub says; its place is not proved"
    whose = "" if is_by_party else "; whose key signed it the receipt does not say"
    print(f"verified: {party} filed this record with {hub}; it is number {number} {where}{whose}")


main()
