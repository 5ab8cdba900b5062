#!/usr/bin/env python3
"""Makes proto/vectors/events.json from PROTOCOL.md §6 alone: events of both streams, good and bad, with their bytes.

  name   what the vector is about
  value  the event; bytes as "hex:..."; null where it is no map
  hex    its bytes
  ok     whether it decodes; `unknown` events are passed over
"""
import json, pathlib

import msgpack

OUT = pathlib.Path(__file__).resolve().parents[2] / "proto" / "vectors" / "events.json"
RECORD, ROOT = msgpack.packb({"kind": "notice"}), bytes(range(16))
CELL = {"type": "cell", "family": "review", "day": "2026-11-20", "dims": ["healthcare", "hospital", "general", "-", "none", "initial"],
        "count": 3, "sum": -2, "revision": 9, "size": 41}
UP = {"type": "record", "number": 7, "received_at": 1795392000000, "role": "entity", "entity_type": "hospital", "entity": "914403001922038216",
      "entity_name": "蓝屿医院", "state": "requested", "record": RECORD}
IN = {"type": "record", "number": 7, "received_at": 1795392000000, "role": "city", "owner": "914403001922038216", "state": "returned", "record": RECORD}
REMINDER = {"type": "clock", "at": 1795392000000, "due_at": 1795478399999, "term": "decision_general", "stage": "before", "root": ROOT}
OVERDUE = {"type": "clock", "at": 1795478400000, "due_at": 1795478399999, "term": "acknowledge_1", "stage": "overdue", "entity": "914403001922038216",
           "entity_name": "蓝屿医院", "root": ROOT}
STATE = {"type": "entity_state", "at": 1795392000000, "state": "suspended", "reason": "资料过期"}
HEALTH = {"type": "hub_health", "at": 1795392000000, "disk": "low", "free_mib": 127}


def without(event, *keys):
    return {key: value for key, value in event.items() if key not in keys}


GOOD = [
    ("a cell", CELL), ("a cell of a hub that has not noted the ledger", without(CELL, "size")), ("a cell of three dims", {**CELL, "family": "record", "dims": ["zero_report", "hospital", "filed"]}),
    ("a cell of a re-review", {**CELL, "family": "rereview", "dims": ["healthcare", "hospital", "high_autonomy", "disagree"], "sum": 8}),
    ("a record that goes up", UP), ("a reporter who is hidden", without(UP, "entity", "entity_name")), ("a record into an inbox", IN),
    ("a reminder", REMINDER), ("a reminder of a period", {**without(REMINDER, "root"), "period": "2026-Q3"}), ("an overdue duty", OVERDUE),
    ("a change of standing", STATE), ("a disk that runs short", HEALTH), ("connections that run short", {**HEALTH, "connections": "low", "connections_free": 19})]
LATER = [("a key of a later version", {**IN, "later": [1]}), ("the type last", {**without(STATE, "type"), "type": "entity_state"})]
UNKNOWN = [("a type of a later version", {"type": "weather", "at": 1})]
BAD = [(f"a {event['type']} without {key}", without(event, key)) for event in (CELL, UP, REMINDER, STATE, HEALTH)
       for key in event if key not in ("type", "entity_type", "entity", "entity_name", "owner", "root", "period", "size")]
BAD += [("no type", without(CELL, "type")), ("seven dims", {**CELL, "dims": ["a"] * 7}), ("a record as text", {**UP, "record": "x"}),
        ("a root of 15 bytes", {**REMINDER, "root": bytes(15)}), ("a time before 1970", {**REMINDER, "at": -1}), ("a time after 9999", {**REMINDER, "due_at": 253402300800000}), ("a count as text", {**CELL, "count": "3"})]


def readable(value):
    if isinstance(value, bytes):
        return "hex:" + value.hex()
    return {key: readable(one) for key, one in value.items()} if isinstance(value, dict) else value


def vector(name, event, ok, **more):
    return {"name": name, "what": "event", "value": readable(event), "hex": msgpack.packb(event).hex(), "ok": ok, **more}


def main():
    vectors = [vector(name, event, True, whole=True) for name, event in GOOD]
    vectors += [vector(name, event, True, whole=False) for name, event in LATER]
    vectors += [vector(name, event, False, unknown=True) for name, event in UNKNOWN]
    vectors += [vector(name, event, False) for name, event in BAD]
    OUT.write_text("[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors) + "\n]\n", encoding="utf-8")


main()
