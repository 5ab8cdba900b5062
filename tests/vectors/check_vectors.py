"""Reproduces proto/vectors/ with a codec of its own, written from PROTOCOL.md: good vectors decode and encode to the same
bytes, malformed ones are refused; signatures fit or not, by the client's own suites."""
import datetime, json, pathlib, re, sys, uuid

import msgpack
from cryptography.exceptions import InvalidSignature

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "proto" / "vectors"
sys.path.insert(0, str(ROOT / "tests" / "system"))
import client

# PROTOCOL.md §2: elements after the type; in a map each key with its form, an optional one with a question mark.
U, S, B, E, L = "uint", "str", "bin", "epoch", "array of str"
ABOUT = {"software": "64", "capabilities?": L, "sent?": U, "epoch?": E}
TERMS = {"hub": S, "city": "city", "epoch": E, "party": S, "role": S, "window": U, "max_batch": U, "max_item": U, "max_message": U, "ping_ms": U, "time": U,
         "received": U, "given_out?": U, "successor_key?": "hash", "successor_signing_key?": B, "successor_since?": U, "successor_proof?": B, "capabilities": L}
REQUEST = {"code?": S, "algorithm": S, "signing_key": B, "proof": B, "former_key?": "hash", "former_proof?": B, "software?": S, "party?": "64"}
GRANT = {"party": S, "name": S, "role": S, "hub": S, "city": "city", "algorithm": S, "hub_key": B, "epoch": E, "entity_type?": S, "sectors?": L, "given_out?": U, "leaked_key?": B, "leaked_at?": U, "leaks?": B}
SHAPES = {
    1: [U, ABOUT], 2: ["session", TERMS], 3: [], 4: [S, "400", {"batch?": U, "after_ms?": U}], 5: [U, U], 6: [U, U], 7: [U], 8: [U, "batch", "items", S, B],
    9: [U, U, B, "head", S, B, U, U, "path", "path"], 10: [U, "stream", "epoch or nil", U, "credit"], 11: [U, "stream", E, U, "events"], 12: [U, "stream", U],
    13: [U, "stream", E, U, "stream"], 14: [U, REQUEST], 15: [GRANT],
    16: [U, "hash", "blob size", "100"], 17: [U, "hash", "blob offset", "blob credit"], 18: [U, "hash", "blob offset", "chunk"], 19: [U, "hash", "32", "uint, if there"],
    20: [U, U, U, U], 21: [U, U, "head", S, B, "path", "path"]}


class Malformed(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Malformed(why)


def pairs(items):
    keys = [key for key, _ in items]
    need(all(isinstance(key, str) for key in keys), "a key is no text")
    need(len(set(keys)) == len(keys), "a key twice")
    return dict(items)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def check_scalars(value):
    need(not isinstance(value, (float, msgpack.ExtType, msgpack.Timestamp)), "float or ext")
    if isinstance(value, str):
        need("\0" not in value, "NUL")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check_scalars(inner)


def unpack(data):
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=False, object_pairs_hook=pairs, max_array_len=len(data), max_map_len=len(data),
                                max_str_len=len(data), max_bin_len=len(data))
    except Malformed:
        raise
    except Exception as error:
        raise Malformed(str(error))
    check_scalars(value)
    return value


def is_uint(value, low=0, high=2 ** 64 - 1):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_text(value, size=2 ** 20):
    return isinstance(value, str) and len(value.encode()) <= size


def is_list(value, holds):
    return isinstance(value, list) and all(map(holds, value))


def is_bytes(value):
    return isinstance(value, bytes)


RULES = {
    U: is_uint, "uint, if there": is_uint, "session": lambda value: is_uint(value, 1), "batch": lambda value: is_uint(value, 1), "credit": lambda value: is_uint(value, 1, 10000),
    S: is_text, "64": lambda value: is_text(value, 64), "400": lambda value: is_text(value, 400), "stream": lambda value: is_text(value, 16),
    "city": lambda value: is_text(value) and re.fullmatch("[0-9]{6}", value), L: lambda value: is_list(value, is_text), B: is_bytes,
    E: lambda value: is_bytes(value) and len(value) == 16, "epoch or nil": lambda value: value is None or is_bytes(value) and len(value) == 16,
    "hash": lambda value: is_bytes(value) and len(value) == 32, "blob size": lambda value: is_uint(value, 1, 1 << 26),
    "blob offset": lambda value: is_uint(value, 0, 1 << 26), "blob credit": lambda value: is_uint(value, 1, 512),
    "chunk": lambda value: is_bytes(value) and 1 <= len(value) <= 1 << 17, "32": lambda value: is_text(value, 32), "100": lambda value: is_text(value, 100),
    "head": lambda value: is_bytes(value) and len(value) == 96, "path": lambda value: is_bytes(value) and len(value) <= 124 * 32,
    "items": lambda value: is_list(value, is_bytes),
    "events": lambda value: is_list(value, lambda one: isinstance(one, list) and len(one) >= 2 and is_uint(one[0]) and is_bytes(one[1]))}


def check_element(form, value):
    if isinstance(form, dict):
        need(isinstance(value, dict), "a map")
        for key, inner in form.items():
            need(key.endswith("?") or key in value, f"{key} is required")
            if key.rstrip("?") in value:
                check_element(inner, value[key.rstrip("?")])
    else:
        need(RULES[form](value), form)


def check_message(data):
    value = unpack(data)
    need(isinstance(value, list) and value and is_uint(value[0]) and value[0] in SHAPES, "an array with a known type")
    shape = SHAPES[value[0]]
    need(len(value) > len([form for form in shape if form != "uint, if there"]), "elements")
    for form, element in zip(shape, value[1:]):
        check_element(form, element)
    need(depth(value) <= 8, "depth")
    return value


# PROTOCOL.md §6
I, DIMS, ROOT, T = "int", "dims", "root", "time"
EVENTS = {"cell": {"family": S, "day": S, "dims": DIMS, "count": I, "sum": I, "revision": U, "size?": U},
          "record": {"number": U, "received_at": T, "role": S, "state": S, "record": B, "entity_type?": S, "entity?": S, "entity_name?": S, "owner?": S},
          "clock": {"at": T, "due_at": T, "term": S, "stage": S, "root?": ROOT, "period?": S, "entity?": S, "entity_name?": S},
          "entity_state": {"at": T, "state": S, "reason": S},
          "hub_health": {"at": T, "disk": S, "free_mib": U, "connections?": S, "connections_free?": U}}
RULES |= {I: lambda value: isinstance(value, int) and not isinstance(value, bool), DIMS: lambda value: is_list(value, is_text) and len(value) <= 6,
          ROOT: lambda value: is_bytes(value) and len(value) == 16, T: lambda value: is_uint(value, 0, 253402300799999)}


def check_event(data):
    value = unpack(data)
    need(isinstance(value, dict) and value.get("type") in EVENTS, "a map with a known type")
    check_element(EVENTS[value["type"]], value)
    return value


def from_readable(value):
    if isinstance(value, str) and value.startswith("hex:"):
        return bytes.fromhex(value[4:])
    if isinstance(value, list):
        return [from_readable(one) for one in value]
    return {key: from_readable(one) for key, one in value.items()} if isinstance(value, dict) else value


IDS = {"id", "in_reply_to", "replaces", "refers_to", "report_id", "request_id", "source_id", "supersedes"}
TIMES, HASHES = {"created_at", "occurred_at", "discovered_at", "expires_at", "due_at", "read_at"}, {"sha256", "charter_sha256"}


def record_value(key, value):
    if isinstance(value, dict):
        return {name: record_value(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [record_value(key, inner) for inner in value]
    if isinstance(value, str) and key in IDS:
        return uuid.UUID(value).bytes
    if isinstance(value, str) and key in HASHES:
        return bytes.fromhex(value)
    if isinstance(value, str) and key in TIMES:
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)
    return value


def check_one_event(vector, data):
    try:
        value = check_event(data)
    except Malformed:
        return not vector["ok"]
    return vector["ok"] and value == from_readable(vector["value"]) and msgpack.packb(value) == data


def check_signature(vector):
    _, public, digest = client.suite(vector["algorithm"])
    text = bytes.fromhex(vector["text"])
    try:
        public.from_public_bytes(bytes.fromhex(vector["public"])).verify(bytes.fromhex(vector["signature"]), text)
    except InvalidSignature:
        return not vector["ok"]
    return vector["ok"] and digest(b"\0" + text).hex() == vector["leaf"]


def check_one(vector, known):
    if vector["what"] == "signature":
        return check_signature(vector)
    data = bytes.fromhex(vector["hex"])
    is_message = vector["what"] == "message"
    if vector["what"] == "event":
        return check_one_event(vector, data)
    if vector["ok"] and vector["value"] is None:
        return isinstance(unpack(data), dict)  # not in the form that this codec would write
    if vector["ok"]:
        value = from_readable(vector["value"]) if is_message else record_value("", vector["value"])
        decoded = check_message(data) if is_message else unpack(data)
        return decoded == value and (msgpack.packb(value, use_bin_type=True) == data) == vector.get("shortest", True)
    if not is_message and vector["error"] not in ("malformed", "duplicate_key"):
        return True  # a rule of the schema, which is not this codec's to judge
    try:
        value = check_message(data) if is_message else unpack(data)
        need(is_message or isinstance(value, dict) and depth(value) <= 8, "a map, not too deep")
        need(is_message or len(value.keys() - known) <= 64, "at most 64 unknown keys")
    except Malformed:
        return True
    return False


def main():
    failed = 0
    for path in sorted(FOLDER.glob("*.json")):
        vectors = json.loads(path.read_text(encoding="utf-8"))
        known = {key for vector in vectors if vector["ok"] and isinstance(vector.get("value"), dict) for key in vector["value"]}
        bad = [vector["name"] for vector in vectors if not check_one(vector, known)]
        print(f"{path.name}: {len(vectors) - len(bad)} of {len(vectors)} reproduced", *bad, sep="\n    ")
        failed += len(bad)
    return 1 if failed else 0


sys.exit(main())
