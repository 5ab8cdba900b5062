"""The parties of the scripted year: programs and peers under one clock that stands still until the script moves it. Each
party says what it files to the hub and to the recount, and what comes back must be what the recount expects."""
import json, mmap, os, uuid

import msgpack

import client
from harness import UUID, Failed, require, wait_until, wire
from year_dates import iso
from year_records import make_id

BATCH = 64
STORED, DUPLICATE, REJECTED = 0, 1, 2


class SimulatedClock:
    """The wall clock of all programs; their timers run as always."""

    def __init__(self, site, moment):
        self.path = f"{site.folder}/clock"
        with open(self.path, "wb") as file:
            file.write(bytes(16))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)
        self.set(moment)

    def set(self, moment):
        self.now = moment
        self.map[8:] = moment.to_bytes(8, "little")

    def env(self):
        return {"LD_PRELOAD": os.environ["CLOCKJUMP"], "CLOCKJUMP_FILE": self.path,
                "ASAN_OPTIONS": "verify_asan_link_order=0"}


class Desk:
    """Waits until the hub has looked at every deadline as of now."""

    def __init__(self, hub, clock):
        self.hub, self.clock, self.place = hub, clock, 0

    def wait(self):
        self.place, rest = os.path.getsize(self.hub.log_path), b""
        wanted = b"desk-done now=%d\n" % self.clock.now
        with open(self.hub.log_path, "rb") as log:
            log.seek(self.place)

            def is_done():
                nonlocal rest
                rest = rest[-100:] + log.read()
                return wanted in rest
            wait_until(is_done, 30, 0.005, f"the desk looks at its deadlines as of {iso(self.clock.now)}")


def pack(record):
    return msgpack.packb({**wire(record), "id": uuid.UUID(record["id"]).bytes})


class Filing:
    """One record on its way: SPOILED is the fault that its bytes must meet, None for a sound one."""

    def __init__(self, record, item, spoiled=None):
        self.record, self.item, self.spoiled, self.outcome = record, item, spoiled, None


class Peer:
    """An institution, or the province, by the protocol. What is accepted while it is offline waits in `queue`."""

    def __init__(self, party, peer, world):
        self.party, self.peer, self.world = party, peer, world
        self.queue, self.filed, self.seq, self.offline_until = [], [], 0, 0

    def accept(self, record, spoiled=None):
        self.seq += 1
        record = {"id": make_id(self.world.rng, self.world.clock.now), "schema": 1, "seq": self.seq,
                  "created_at": iso(self.world.clock.now), **record}
        if "replaces" in record:
            record.setdefault("reason", "更正")
        self.queue.append(Filing(record, pack(record), spoiled))
        return record["id"]

    def repeat(self, filing, conflicting=False):
        """Sends again what was sent: the same bytes, or others under the same id."""
        record = {**filing.record, "reason": "另一版本"} if conflicting else filing.record
        item = pack(record) if conflicting else filing.item
        again = Filing(record, item, "conflict" if conflicting else None)
        again.outcome = filing
        self.queue.append(again)

    def is_online(self):
        return self.party.state == "active" and self.world.clock.now >= self.offline_until

    def begin(self):
        """Sends the first of what waits, without waiting for the receipt."""
        if self.peer.socket is None:
            self.peer.hello()
        self.peer.submit([filing.item for filing in self.queue[:BATCH]])

    def finish(self):
        sent, self.queue = self.queue[:BATCH], self.queue[BATCH:]
        try:
            results, _ = self.peer.receipt()
        except client.Lost:  # the hub was killed, or has forgotten the session
            self.peer.hello()
            self.peer.submit([filing.item for filing in sent])
            results, _ = self.peer.receipt()
        for filing, result in zip(sent, results):
            self.judge(filing, result)

    def judge(self, filing, result):
        """Lets the recount take the record, and compares what it says with the hub's receipt."""
        first = filing.outcome if isinstance(filing.outcome, Filing) else None
        if first is not None and filing.spoiled is None:
            expected = first.outcome
        elif filing.spoiled:
            expected = filing.spoiled
        else:
            expected = self.world.recount.take(self.party, filing.record, self.world.clock.now)
        filing.outcome = expected
        told = [fault[0] for fault in result[3]] if result[0] == REJECTED else None
        fits = expected in told if told else expected is None and result[0] in (STORED, DUPLICATE)
        require(fits, f"the receipt is what the recount expects: {expected}", (result, filing.record))
        if first is None:
            self.filed.append(filing)
            at = result[4]
            require(at == self.world.clock.now, "the receipt bears the simulated time", result)

    def deliver(self):
        if self.queue and self.is_online():
            self.begin()
            self.finish()

    def read_on(self):
        """What came into the inbox since the last time, acknowledged up to its end."""
        self.peer.hello()
        self.peer.follow("inbox", 1000)
        while True:
            message = self.peer.receive(client.EVENTS)
            cursor = message[5][-1][0] if message[5] else self.peer.get("inbox cursor", 0)
            self.peer.set(**{"inbox epoch": message[3]})
            self.peer.ack("inbox", cursor)
            if cursor >= message[4] or not message[5]:
                break
        require(self.peer.ping(), "the hub has the acknowledgement")
        self.world.recount.received(self.party, self.world.clock.now)

    def inbox(self, stream="inbox"):
        """Every event of a stream from its beginning, in a session of its own: the hub may have been killed, or have
        given up a peer that was silent, since the last one."""
        self.peer.hello()
        events, seen = [], 0
        self.peer.set(**{f"{stream} cursor": 0})
        self.peer.follow(stream, 1000)
        while True:
            message = self.peer.receive(client.EVENTS)
            for cursor, event in message[5]:
                require(cursor > seen, "cursors rise", (cursor, seen))
                seen = cursor
                events.append(msgpack.unpackb(event))
            self.peer.send(client.CURSOR, self.peer.session, stream, max(seen, 0))
            if seen >= message[4] or not message[5]:
                return events


class RealAgent:
    """An institution with agn-agent: the record goes through its command, its spool and its link."""

    def __init__(self, party, agent, world):
        self.party, self.agent, self.world, self.queue, self.offline_until, self.filed = party, agent, world, [], 0, []
        self.waiting = False

    def accept(self, record, spoiled=None):
        require(spoiled is None, "an agent lets nothing pass that is not sound")
        self.queue.append({"created_at": iso(self.world.clock.now), **record})
        (name,) = self.agent.submit(record)
        self.queue[-1]["id"] = name
        return name

    def is_online(self):
        return self.party.state == "active" and self.world.clock.now >= self.offline_until

    def deliver(self):
        if not self.queue or not self.is_online():
            return
        self.agent.sync()
        self.world.recount.received(self.party, self.world.clock.now)
        # The agent sends warnings before reports.
        for record in sorted(self.queue, key=lambda record: record["kind"] != "risk_warning"):
            fault = self.world.recount.take(self.party, record, self.world.clock.now)
            require(fault is None, "what the script files by an agent is in order", (fault, record))
        self.queue = []


class City:
    """The operator, by the hub's commands."""

    def __init__(self, party, hub, world):
        self.party, self.hub, self.world, self.waiting = party, hub, world, []

    def file(self, record):
        """Files one record; those that touch no common thread go together."""
        record = {"created_at": iso(self.world.clock.now), **record}
        named = [record[key] for key in client.IDS if key in record]
        if any(set(named) & {other[key] for key in client.IDS if key in other} for other in self.waiting):
            self.flush()
        fault, _, _ = self.world.recount.judge(self.party, {"id": "", **record})
        if fault:
            self.flush()
            self.refused(record)
        else:
            self.waiting.append(record)

    def write(self, records):
        path = f"{self.world.site.folder}/city.json"
        with open(path, "w") as file:
            json.dump([{key: value for key, value in record.items() if key != "created_at"} for record in records], file)
        return path

    def refused(self, record):
        done = self.hub.cli("file", self.write([record]), ok=False)
        require(done.returncode == 1 and done.stderr, "what the city may not file is refused with its reason", (done, record))

    def flush(self):
        if self.waiting:
            records, self.waiting = self.waiting, []
            self.took(records, UUID.findall(self.hub.cli("file", self.write(records)).stdout))

    def verb(self, record, *arguments):
        """The same by the verb of the command line, which makes the record itself."""
        self.flush()
        record = {"created_at": iso(self.world.clock.now), **record}
        if self.world.recount.judge(self.party, {"id": "", **record})[0]:
            return self.refused(record)
        self.took([record], UUID.findall(self.hub.cli(*arguments).stdout))

    def took(self, records, names):
        require(len(names) == len(records), "one id a record", (names, records))
        for name, record in zip(names, records):
            fault = self.world.recount.take(self.party, {**record, "id": name}, self.world.clock.now)
            if fault:
                raise Failed(f"the hub took what the recount refuses with {fault}: {record}")

    def learn_cases(self):
        """The ids of the cases that the hub opened by itself: each about a report that the recount expected it to."""
        cases = self.world.recount.clocks.cases
        if not cases:
            return
        known = {taken.record["id"] for taken in self.world.recount.taken}
        for row in self.hub.query("--kind", "rereview_request", "--entity", self.party.name):
            if row["id"] in known:
                continue
            shown = self.hub.cli_json("show", row["id"])
            record = shown.get("record", shown)
            found = [taken for taken in cases if taken.record["report_id"] == record["report_id"]]
            require(len(found) == 1, "the hub opens a case where nobody asked in time, and nowhere else", record)
            for key in ("addressee", "rereview_list_item", "received_on", "is_emergency"):
                require(record[key] == found[0].record[key], f"the case's {key}", record)
            self.world.recount.rename(found[0], row["id"])
            cases.remove(found[0])
        require(not cases, "every case that the recount expects is open", [taken.record for taken in cases])
