"""Makes proto/vectors/messages.json from PROTOCOL.md alone: good messages packed by msgpack's Python package, bad ones made
by hand. Run it again after a change of the protocol; old vectors must decode for ever, so only add."""
import json, pathlib, sys

import msgpack

OUT = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "messages.json"
EPOCH, KEY, SIG, ID, HASH = bytes(range(16)), bytes(range(32)), bytes(range(64)), bytes(range(16, 32)), bytes(range(100, 132))
ABOUT = {"software": "agn-agent 0.1.0", "capabilities": ["submit", "follow", "blob", "proof"], "sent": 7, "epoch": EPOCH}
TERMS = {"hub": "杭州市枢纽", "city": "330100", "epoch": EPOCH, "party": "914403001922038216", "role": "entity", "window": 256,
         "max_batch": 64, "max_item": 262144, "max_message": 1048576, "ping_ms": 30000, "time": 1795392000000, "received": 41,
         "capabilities": ["submit", "follow", "blob", "proof"]}
REQUEST = {"code": "0123456789ABCDEFGHJK", "algorithm": "ed25519", "signing_key": KEY, "proof": SIG, "software": "agn-agent 0.1.0"}
GRANT = {"party": "914403001922038216", "name": "甲医院", "role": "entity", "hub": "杭州市枢纽", "city": "330100", "algorithm": "ed25519",
         "hub_key": KEY, "epoch": EPOCH, "entity_type": "hospital", "sectors": ["healthcare", "science"]}
SUCCESSION = {"algorithm": "ed25519", "signing_key": KEY, "proof": SIG, "former_key": KEY[::-1], "former_proof": SIG[::-1]}
ITEM = msgpack.packb({"id": ID, "kind": "review_report"})
CELL = msgpack.packb({"type": "cell", "family": "review", "day": "2026-11-20", "dims": ["healthcare", "hospital"], "count": 3, "sum": -2, "revision": 9})
BODY = msgpack.packb({"party": "914403001922038216", "hub": "杭州市枢纽", "epoch": EPOCH, "at": 1795392000000, "results": [
    [0, ID, HASH, 42, 1795392000000], [1, ID, HASH, 42, 1795392000000],
    [2, None, HASH, [["missing", "sector", "sector is required"]], 1795392000000], [3, ID, HASH, "disk_full", 2000]]})

# The public key of GB/T 32918.5, A.2.
POINT = bytes.fromhex("0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020")
NATIONAL = {"algorithm": "sm2-sm3", "signing_key": POINT}
HEAD = EPOCH + (42).to_bytes(8, "big") + HASH + (1795392000000).to_bytes(8, "big") + KEY

GOOD = [
    ("hello", [1, 1, ABOUT]), ("hello, least", [1, 1, {"software": "x"}]), ("welcome", [2, 5, TERMS]),
    ("welcome, large session", [2, 2 ** 40, TERMS]), ("who", [3]), ("refuse", [4, "malformed", "bytes after the message", {}]),
    ("refuse a batch", [4, "busy", "try again later", {"batch": 3, "after_ms": 500}]), ("ping", [5, 5, 123456]), ("pong", [6, 5, 2 ** 63 - 1]),
    ("bye", [7, 5]), ("submit one", [8, 5, 1, [ITEM], "ed25519", SIG]), ("submit 64", [8, 5, 2, [ITEM] * 64, "ed25519", SIG]),
    ("submit an empty item", [8, 5, 3, [b""], "ed25519", SIG]), ("receipt", [9, 5, 1, BODY, HEAD, "ed25519", SIG, 3, 5, HASH * 3, HASH * 20]),
    ("receipt, alone in its commit, nothing stored", [9, 5, 1, BODY, HEAD, "ed25519", SIG, 0, 1, b"", b""]),
    ("follow from the beginning", [10, 5, "inbox", None, 0, 100]), ("follow from a cursor", [10, 5, "uplink", EPOCH, 2 ** 33, 10000]),
    ("events", [11, 5, "uplink", EPOCH, 9, [[9, CELL]]]), ("events, none", [11, 5, "inbox", EPOCH, 0, []]),
    ("events, two", [11, 5, "uplink", EPOCH, 12, [[9, CELL], [12, CELL]]]), ("cursor", [12, 5, "uplink", 9]),
    ("gap epoch", [13, 5, "uplink", EPOCH, 0, "epoch"]), ("gap pruned", [13, 5, "uplink", EPOCH, 77, "pruned"]), ("enrol", [14, 1, REQUEST]),
    ("enrolled", [15, GRANT]), ("enrolled province", [15, {key: value for key, value in GRANT.items() if key not in ("entity_type", "sectors")}]),
    ("welcome to one that has given out more", [2, 5, {**{key: value for key, value in TERMS.items() if key != "capabilities"}, "given_out": 44, "capabilities": TERMS["capabilities"]}]),
    ("welcome that announces the hub's next keys", [2, 5, {**{key: value for key, value in TERMS.items() if key != "capabilities"}, "successor_key": KEY,
        "successor_signing_key": KEY[::-1], "successor_since": 1795996800000, "successor_proof": SIG, "capabilities": TERMS["capabilities"]}]),
    ("enrol a successor", [14, 1, SUCCESSION]), ("enrolled in the place of a lost machine", [15, {**GRANT, "given_out": 44}]),
    ("enrolled anew after a leak", [15, {**GRANT, "leaked_key": KEY[::-1], "leaked_at": 1795392000000}]),
    ("enrolled anew after two leaks", [15, {**GRANT, "leaked_key": KEY[::-1], "leaked_at": 1795392000000, "leaks":
        (1795392000000).to_bytes(8, "big") + KEY[::-1] + (1795391000000).to_bytes(8, "big") + KEY}]),
    ("blob offer", [16, 5, HASH, 2 ** 20, "application/pdf"]), ("blob offer, largest", [16, 5, HASH, 67108864, "image/png"]),
    ("blob want from the beginning", [17, 5, HASH, 0, 8]), ("blob want from an offset", [17, 5, HASH, 67108864, 512]),
    ("blob chunk", [18, 5, HASH, 131072, b"%PDF-1.7"]),
    ("blob done", [19, 5, HASH, "kept"]), ("blob done, refused", [19, 5, HASH, "quota_exceeded"]),
    ("blob done, put off", [19, 5, HASH, "busy", 1500]),
    ("prove the newest tree", [20, 5, 0, 0, 0]), ("prove all", [20, 5, 42, 2 ** 40, 41]),
    ("proof, nothing but the head", [21, 5, 0, HEAD, "ed25519", SIG, b"", b""]),
    ("proof", [21, 5, 42, HEAD, "ed25519", SIG, HASH * 40, HASH * 41]),
    ("enrol, national", [14, 1, {**REQUEST, **NATIONAL}]), ("enrolled, national", [15, {**GRANT, "algorithm": "sm2-sm3", "hub_key": POINT}]),
    ("submit, national", [8, 5, 1, [ITEM], "sm2-sm3", SIG]), ("receipt, national", [9, 5, 1, BODY, HEAD, "sm2-sm3", SIG, 3, 5, HASH * 3, HASH * 20]),
    ("enrol as one party alone", [14, 1, {**REQUEST, "party": "914403001922038216"}]),
    ("refused for the suite", [4, "wrong_suite", "this hub uses sm2-sm3", {}]),
]

# What AGN's own encoder would not write, but must read: what a later version may add, and longer forms of the same values.
OTHERS = [
    ("more elements than we know", [5, 5, 9, "later", {"z": [None]}]), ("a map with more keys", [4, "busy", "", {"after_ms": 5, "z": {"batch": 1}}]),
    ("eight levels deep", [4, "busy", "", {"z": [[[[[[]]]]]]}]), ("an event with more elements", [11, 5, "inbox", EPOCH, 9, [[9, CELL, "later"]]]),
    ("more capabilities", [1, 1, {"software": "x", "capabilities": ["submit", "follow", "blob", "proof"]}]),
    ("fewer capabilities", [1, 1, {"software": "x", "capabilities": ["submit", "follow"]}]),
    ("a receipt with more elements", [9, 5, 1, BODY, HEAD, "ed25519", SIG, 0, 1, b"", b"", "later"]),
    ("a blob offer with more elements", [16, 5, HASH, 7, "application/pdf", {"name": "a.pdf"}]),
]
LONGER = [
    ("integers in their longest form", [5, 5, 9], bytes.fromhex("93 cf0000000000000005 d30000000000000005 d200000009")),
    ("heads in their longest form", [4, "busy", "", {}], bytes.fromhex("dd00000004 04 db00000004") + b"busy" + bytes.fromhex("d900 de0000")),
]


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def nest(levels):
    return [nest(levels - 1)] if levels > 1 else []


def without(mapping, key):
    return {name: value for name, value in mapping.items() if name != key}


HELLO = pack([1, 1, ABOUT])
BAD = [
    ("empty", b""), ("not an array", pack({"type": 3})), ("no type", pack([])), ("type is text", pack(["HELLO"])), ("negative type", pack([-1])),
    ("a type of a later version", pack([99])), ("truncated", HELLO[:-1]), ("bytes after the message", pack([3]) + b"\x00"),
    ("array announces 4 billion", bytes.fromhex("ddffffffff01")), ("map announces 4 billion", bytes.fromhex("930101dfffffffff")),
    ("str announces 4 billion", bytes.fromhex("930101 81 dbffffffff".replace(" ", ""))), ("bin announces 4 billion", bytes.fromhex("96080501 91 c6ffffffff".replace(" ", ""))),
    ("too few elements", pack([5, 5])), ("float session", pack([7, 5.0])), ("ext", pack([7, msgpack.ExtType(1, b"x")])),
    ("text where bin is wanted", pack([8, 5, 1, ["abc"], "ed25519", SIG])), ("bin where text is wanted", pack([4, b"busy", "x", {}])),
    ("a required key is absent", pack([1, 1, {"sent": 7}])), ("welcome without epoch", pack([2, 5, without(TERMS, "epoch")])),
    ("session 0", pack([2, 0, TERMS])), ("batch 0", pack([8, 5, 0, [ITEM], "ed25519", SIG])), ("epoch of 15 bytes", pack([13, 5, "uplink", EPOCH[:15], 0, "epoch"])),
    ("credit 0", pack([10, 5, "inbox", None, 0, 0])), ("credit 10001", pack([10, 5, "inbox", None, 0, 10001])),
    ("a key twice", b"\x93\x01\x01\x82" + pack("software") + pack("a") + pack("software") + pack("b")),
    ("a key that is no text", b"\x93\x01\x01\x82" + pack("software") + pack("a") + pack(7) + pack(7)),
    ("invalid UTF-8", b"\x93\x01\x01\x81" + pack("software") + b"\xa2\xc3\x28"), ("overlong UTF-8", b"\x93\x01\x01\x81" + pack("software") + b"\xa2\xc0\x80"),
    ("NUL in a text", b"\x93\x01\x01\x81" + pack("software") + b"\xa1\x00"), ("an extra element that nests 10 deep", b"\x92\x03" + b"\x91" * 10 + b"\x00"),
    ("nine levels deep", pack([4, "busy", "", {"z": nest(7)}])), ("an ignored key twice", pack([4, "busy", ""]).replace(b"\x93", b"\x94", 1) + b"\x81\xa1z\x82\xa1a\x01\xa1a\x02"),
    ("invalid UTF-8 in an ignored text", pack([3]).replace(b"\x91", b"\x92", 1) + b"\xa1\xff"), ("a number as key in an ignored map", pack([3, {7: 7}])),
    ("a float in an ignored element", pack([3, [1.5]])), ("a successor of 31 bytes", pack([2, 5, {**TERMS, "successor_key": KEY[:31]}])), ("a city of five digits", pack([2, 5, {**TERMS, "city": "33010"}])),
    ("a city with a letter", pack([2, 5, {**TERMS, "city": "33o100"}])), ("a signature as text", pack([8, 5, 1, [ITEM], "ed25519", "00"])),
    ("sent as text", pack([1, 1, {"software": "x", "sent": "7"}])), ("capabilities of numbers", pack([1, 1, {"software": "x", "capabilities": [1]}])),
    ("software of 65 bytes", pack([1, 1, {"software": "x" * 65}])), ("a reason of 401 bytes", pack([4, "busy", "x" * 401, {}])),
    ("detail is nil", pack([4, "busy", "", None])), ("hub key as text", pack([15, {**GRANT, "hub_key": "00"}])), ("sectors is text", pack([15, {**GRANT, "sectors": "a"}])),
    ("nil for a session", pack([7, None])), ("a negative session", pack([7, -1])), ("a session of true", pack([7, True])),
    ("a former key of 31 bytes", pack([14, 1, {**SUCCESSION, "former_key": KEY[:31]}])), ("a former proof as text", pack([14, 1, {**SUCCESSION, "former_proof": "00"}])),
    ("a party of 65 bytes", pack([14, 1, {**REQUEST, "party": "9" * 65}])),
    ("leaks as text", pack([15, {**GRANT, "leaks": "00" * 40}])),
    ("cursor is text", pack([12, 5, "uplink", "9"])), ("stream too long", pack([12, 5, "a" * 17, 9])),
    ("blob offer of nothing", pack([16, 5, HASH, 0, "application/pdf"])), ("blob offer over 64 MiB", pack([16, 5, HASH, 67108865, "application/pdf"])),
    ("a hash of 31 bytes", pack([16, 5, HASH[:31], 9, "application/pdf"])), ("a hash as text", pack([16, 5, "ab" * 16, 9, "application/pdf"])),
    ("a media type of 101 bytes", pack([16, 5, HASH, 9, "a" * 101])), ("blob want without credit", pack([17, 5, HASH, 0, 0])),
    ("blob want with too much credit", pack([17, 5, HASH, 0, 513])), ("blob want beyond 64 MiB", pack([17, 5, HASH, 67108865, 1])),
    ("blob chunk of nothing", pack([18, 5, HASH, 0, b""])),
    ("blob chunk as text", pack([18, 5, HASH, 0, "%PDF"])), ("blob chunk beyond 64 MiB", pack([18, 5, HASH, 67108865, b"a"])),
    ("blob done without a code", pack([19, 5, HASH])), ("blob done with a code of 33 bytes", pack([19, 5, HASH, "a" * 33])),
    ("blob done with a time that is none", pack([19, 5, HASH, "busy", "soon"])), ("event without a cursor", pack([11, 5, "uplink", EPOCH, 9, [[CELL]]])),
]


def readable(value):
    if isinstance(value, bytes):
        return "hex:" + value.hex()
    if isinstance(value, (list, tuple)):
        return [readable(one) for one in value]
    if isinstance(value, dict):
        return {key: readable(one) for key, one in value.items()}
    return value


def main():
    # whole: as AGN's own encoder writes it; shortest: as msgpack's shortest forms are
    vectors = [{"name": name, "what": "message", "value": readable(value), "hex": pack(value).hex(), "ok": True, "whole": name != "hello, least"}
               for name, value in GOOD]
    vectors += [{"name": name, "what": "message", "value": readable(value), "hex": pack(value).hex(), "ok": True, "whole": False} for name, value in OTHERS]
    vectors += [{"name": name, "what": "message", "value": readable(value), "hex": data.hex(), "ok": True, "whole": False, "shortest": False}
                for name, value, data in LONGER]
    vectors += [{"name": name, "what": "message", "value": None, "hex": data.hex(), "ok": False, "error": "unsupported" if name.startswith("a type of") else "malformed"}
                for name, data in BAD]
    OUT.write_text("[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors) + "\n]\n", encoding="utf-8")
    print(f"{len(vectors)} vectors")


sys.exit(main())
