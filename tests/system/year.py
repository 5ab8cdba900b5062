"""A scripted year: 40 institutions, a hub and a province under a clock that the script moves, thousands of records with
lateness, mistakes, outages and escalations. At the end every figure, clock, delivery and inbox equals an independent
recount (year_recount.py) of what the script filed.

    SEED=N       the same year again (the seed is printed)
    SHORT=1      fewer institutions and a quarter only
"""
import os, random, time
from collections import Counter

import client
import year_acts as acts
from harness import ROOT, Agent, Hub, Province, check, in_time, main, make_uscc, require, skip, wait_until
from year_dates import DAY_MS, HOUR_MS, MINUTE_MS, WorkingDays, at, date_at, iso, local
from year_parties import City, Desk, Peer, RealAgent, SimulatedClock
from year_recount import Party, Recount
from year_records import DISTRICTS, KINDS

CALENDAR = f"{ROOT}/deploy/calendar-2026.txt"
FAMILIES = ("review", "warning", "rereview", "record", "clock", "completeness", "notice")


class World:
    """Programs, parties, clock, and the recount beside them."""

    def __init__(self, site, seed, institutions, end):
        self.site, self.rng, self.end = site, random.Random(seed), end
        self.shared = set()  # warnings that the city has shared: each has one copy
        self.clock = SimulatedClock(site, at(2025, 12, 22, 8))
        self.hub = self.program(Hub(site))
        self.hub.init().configure(publish_ms=20, desk_ms=15, leap_wait_s=0, log_level="debug", min_free_mb=0)
        with open(CALENDAR) as source, open(f"{self.hub.home}/calendar.txt", "w") as copy:
            copy.write(source.read())
        self.hub.start()
        self.desk = Desk(self.hub, self.clock)
        city = Party("city-330100", "city", "-", district="330100")
        self.recount = Recount(city, WorkingDays(CALENDAR))
        self.city = City(city, self.hub, self)
        self.province = self.program(Province(site)).init(self.hub.add_province("省厅 甲"))
        self.province.start()
        self.add_authority()
        self.institutions = [self.add_institution(number) for number in range(institutions)]

    def program(self, program):
        program.env = self.clock.env()
        self.site.programs.append(program)
        return program

    def add_authority(self):
        """A second peer of the province that this script speaks for."""
        peer = client.Peer(f"{self.site.folder}/authority")
        peer.join(self.hub.add_province("省厅 乙"))
        peer.close()
        self.site.peers.append(peer)
        party = self.recount.add(Party(peer.get("party"), "province", "-"))
        party.state = "active"
        self.authority = Peer(party, peer, self)

    def add_institution(self, number):
        """Two institutions in forty use the real agent; every eighth is registered now and joins much later."""
        sectors = self.rng.sample(("foundation", "healthcare", "finance", "consumer", "manufacturing"), self.rng.randint(1, 3))
        district = self.rng.choice(DISTRICTS)
        party = Party(make_uscc(20_000_000 + number, district), "entity", KINDS[number % len(KINDS)], sectors, district)
        self.recount.add(party)
        link = self.hub.add_entity(party.name, kind=party.kind, sector=",".join(sectors), valid_hours=8000)
        if number % 20 == 3:
            agent = self.program(Agent(self.site, f"agent{number}")).join(link)
            self.recount.stand(party, "active", self.clock.now)
            return acts.AgentActs(RealAgent(party, agent, self), self)
        institution = Peer(party, client.Peer(f"{self.site.folder}/peer{number}"), self)
        institution.peer.db.execute("PRAGMA synchronous = OFF")
        self.site.peers.append(institution.peer)
        institution.link = link
        institution.joins_at = at(2026, 2, 10) + number * DAY_MS if number % 8 == 5 else self.clock.now
        self.join(institution)
        return acts.InstitutionActs(institution, self)

    def join(self, institution):
        if institution.party.joined_at is None and self.clock.now >= institution.joins_at:
            institution.peer.join(institution.link)
            institution.peer.close()
            self.recount.stand(institution.party, "active", self.clock.now)

    # ---- steps ----

    def move(self, moment):
        """Moves the clock, and waits until the deadlines were looked at."""
        self.clock.set(moment)
        self.looked()

    def looked(self):
        self.desk.wait()
        self.recount.clocks.look(self.clock.now)
        self.city.learn_cases()

    def restart(self):
        self.hub.kill()
        self.hub.start()

    def file_all(self, killing):
        """Every institution that is online sends what waits; the hub may be killed in the midst of it."""
        online = [one.peer for one in self.institutions if one.peer.queue and one.peer.is_online()]
        peers = [one for one in online if isinstance(one, Peer)]
        if killing:
            for one in peers:
                one.begin()
            time.sleep(self.rng.random() * 0.02)
            self.restart()
            for one in peers:
                one.peer.close()
                one.begin()
                one.finish()
        else:
            for one in peers:
                one.deliver()
        for one in online:
            if not isinstance(one, Peer):
                one.deliver()

    def read_inboxes(self):
        """Some read on, and acknowledge what they have."""
        for one in self.institutions:
            if isinstance(one.peer, Peer) and one.peer.party.joined_at and one.peer.is_online() and self.rng.random() < 0.1:
                one.peer.read_on()

    def disturb(self):
        """Somebody's line is cut for weeks, somebody is suspended for a while."""
        one = self.rng.choice(self.institutions).peer
        if self.rng.random() < 0.25:
            one.offline_until = self.clock.now + self.rng.randint(5, 40) * DAY_MS
        if self.rng.random() < 0.06 and isinstance(one, Peer) and one.party.joined_at is not None:
            state, verb = (("active", "resume") if one.party.state == "suspended" else ("suspended", "suspend"))
            self.hub.cli("entity", verb, one.party.name, "--reason", "核查")
            self.recount.stand(one.party, state, self.clock.now, "核查")
            one.peer.close()

    def step(self, moment, number):
        self.move(moment)
        for one in self.institutions:
            if isinstance(one.peer, Peer):
                self.join(one.peer)
            if one.peer.party.joined_at is not None:
                one.step(self.rng.choice((0, 0, 1, 1, 2, 3)))
        self.disturb()
        self.file_all(killing=number % 17 == 8)
        self.read_inboxes()
        self.looked()
        self.move(moment + self.rng.choice((20 * MINUTE_MS, 90 * MINUTE_MS, 5 * HOUR_MS)))
        acts.CityActs(self.city, self).step()
        if number % 3 == 0:
            self.looked()
            self.move(self.clock.now + self.rng.choice((10 * MINUTE_MS, 3 * HOUR_MS)))
            acts.ProvinceActs(self.authority, self).step()
            self.authority.deliver()
        self.looked()

    def run(self):
        number, moment = 0, self.clock.now + HOUR_MS
        while moment < self.end:
            self.step(moment, number)
            number += 1
            moment = max(self.clock.now, moment) + self.rng.randint(9 * HOUR_MS, 160 * HOUR_MS)
        for one in self.institutions:
            one.peer.offline_until = 0
            if one.peer.party.state == "suspended":
                self.hub.cli("entity", "resume", one.peer.party.name)
                self.recount.stand(one.peer.party, "active", self.clock.now)
        self.move(max(self.end, self.clock.now + HOUR_MS))
        self.file_all(killing=False)
        self.read_inboxes()
        self.looked()
        self.move(self.clock.now + DAY_MS)
        return number


# ---- comparing ----

def difference(seen, expected):
    """What stands in one only; short enough to print."""
    seen, expected = (value if isinstance(value, (dict, Counter)) else Counter(value) for value in (seen, expected))
    keys = sorted((key for key in {*seen, *expected} if seen.get(key) != expected.get(key)), key=str)
    return [(key, "seen", seen.get(key), "recounted", expected.get(key)) for key in keys[:8]]


def same(seen, expected, what):
    check(seen == expected, what, difference(seen, expected))


def cells_of(rows, dims):
    return {(row["day"], *(row[name] for name in dims)): (row["count"], row["sum"]) for row in rows if row["count"]}


DIMS = {"review": ("sector", "entity_type", "procedure", "decision", "rereview_list_item", "review_stage"),
        "warning": ("sector", "entity_type", "risk_domain", "level", "status", "state"),
        "rereview": ("sector", "entity_type", "rereview_list_item", "opinion"),
        "record": ("kind", "entity_type", "state"), "clock": ("term", "entity_type", "state"),
        "completeness": ("entity_type", "district", "state"), "notice": ("category", "entity_type", "state")}


def compare_figures(world):
    expected = world.recount.cells(world.clock.now)
    for family in FAMILIES:
        seen = cells_of(world.hub.stats(family), DIMS[family])
        same(seen, expected[family], f"{len(seen)} cells of {family} equal the recount")
    for family in FAMILIES:
        wait_until(lambda: cells_of(world.province.cli_json("table", "--family", family), DIMS[family]) == expected[family],
                   10, 0.1, f"the province's table of {family} equals the recount")
        check(True, f"the province's table of {family} equals the recount")
    done = world.hub.cli("audit", ok=False)
    check(done.returncode == 0, "the hub's own audit finds nothing in any family", done)


def compare_records(world):
    taken = Counter(one.record["id"] for one in world.recount.taken)
    same(Counter(world.hub.ids()), taken, f"the hub holds exactly the {len(taken)} records that the recount took")
    refused = Counter(filing.record["id"] for one in [*(acts.peer for acts in world.institutions), world.authority]
                      for filing in one.filed if isinstance(one, Peer) and filing.outcome)
    listed = {row["id"] for row in world.hub.query("--refused")}  # a row a fault
    same(Counter(listed), refused, f"and has refused exactly {len(refused)}")
    for one in world.institutions:
        if isinstance(one.peer, Peer):
            told = world.hub.cli_json("statement", one.peer.party.name)
            stored = [filing for filing in one.peer.filed if filing.outcome is None]
            require(told["held"] == len(stored), "the statement of account", (told, len(stored)))
    check(True, "every statement of account equals what was filed")


def about(thing):
    return getattr(thing, "root", thing)


def compare_clocks(world):
    seen = Counter((row["entity"], row["about"], row["term"], row["state"], row["started_at"], row["due_at"],
                    row["ended_at"]) for row in world.hub.cli_json("due", "--all"))
    expected = Counter((holder.name, about(thing), term, clock.state(world.clock.now), local(clock.started),
                        local(clock.due), local(clock.ended) if clock.ended else None)
                       for holder, thing, term, clock in world.recount.clocks.each())
    outcomes = Counter(key[3] for key in expected)
    same(seen, expected, f"{len(expected)} clocks began, were due and ended as recounted: {dict(outcomes)}")
    for term in {key[2] for key in expected}:
        print(f"    {term}: {dict(Counter(key[3] for key in expected if key[2] == term))}")


def seen_event(event):
    if event["type"] == "record":
        record = client.msgpack.unpackb(event["record"])
        return ("record", iso(event["received_at"]), record["kind"], client.uuid.UUID(bytes=record["id"]).__str__(),
                event["role"], event["state"])
    if event["type"] == "clock":
        root = str(client.uuid.UUID(bytes=event["root"])) if "root" in event else event["period"]
        return "clock", iso(event["at"]), event["term"], event["stage"], iso(event["due_at"]), root
    return "entity_state", iso(event["at"]), event["state"], event["reason"]


def expected_event(event):
    if event[0] == "record":
        taken = event[1]
        return ("record", iso(taken.at), taken.record["kind"], taken.record["id"], taken.filer.role, event[2])
    if event[0] == "clock":
        return "clock", iso(event[1]), *event[2:4], iso(event[4]), about(event[5])
    return "entity_state", iso(event[1]), *event[2:]


def compare_inboxes(world):
    total = Counter()
    for one in world.institutions:
        expected = Counter(map(expected_event, one.peer.party.inbox))
        if isinstance(one.peer, Peer):
            seen = Counter(map(seen_event, one.peer.inbox()))
        else:  # what the agent shows a person: what it is, and the state or stage
            one.peer.agent.sync()
            seen = Counter((row["type"], row["state"]) for row in one.peer.agent.cli_json("inbox"))
            expected = shown_by_agent(expected)
        require(seen == expected, f"the inbox of {one.peer.party.name} equals the recount", difference(seen, expected))
        total.update(key[0] for key in expected.elements())
    check(True, f"every inbox equals the recount: {sum(total.values())} events")
    seen = Counter(seen_event(event) for event in world.authority.inbox("uplink") if event["type"] != "cell")
    expected = Counter(map(expected_event, world.recount.uplink))
    same(seen, expected, f"{len(expected)} records and escalations went up, and no others")


def shown_by_agent(expected):
    shown = Counter()
    for key, count in expected.items():
        name = {"record": key[2], "clock": key[2], "entity_state": "entity_state"}[key[0]]
        shown[name, key[5] if key[0] == "record" else key[3] if key[0] == "clock" else key[2]] += count
    return shown


def compare_deliveries(world):
    states = Counter()
    for thread, told in world.recount.deliveries.items():
        due = world.recount.threads and thread.content.record.get("due_at")
        seen = {row["entity"]: (row["state"], row["sent_at"], row["delivered_at"] is not None, row["opened_at"],
                                row["answered_at"]) for row in world.hub.cli_json("deliveries", thread.root)}
        expected = {}
        for party, one in told.items():
            state = "late" if world.recount.is_late(thread, party, world.clock.now) else one.state()
            states[state] += 1
            expected[party.name] = (state, local(one.at), bool(one.delivered_at), local(one.opened_at) if one.opened_at
                                    else None, local(one.answered_at) if one.answered_at else None)
        require(seen == expected, f"deliveries of {thread.root} (due {due})", difference(seen, expected))
    check(True, f"{len(world.recount.deliveries)} notices and shared warnings got as far as recounted: {dict(states)}")


def test(site):
    if not os.path.exists(os.environ.get("CLOCKJUMP", "")):
        skip("CLOCKJUMP does not name clockjump.so")
    is_short = bool(os.environ.get("SHORT"))
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(3), "big"))
    print(f"seed {seed}: SEED={seed} {'SHORT=1 ' if is_short else ''}runs this year again", flush=True)
    began = time.monotonic()
    world = World(site, seed, 12 if is_short else 40, at(2026, 4, 20) if is_short else at(2026, 12, 31))
    steps = world.run()
    print(f"{steps} steps to {date_at(world.clock.now)}, {len(world.recount.taken)} records, "
          f"{time.monotonic() - began:.1f} s", flush=True)
    compare_records(world)
    compare_clocks(world)
    compare_figures(world)
    compare_deliveries(world)
    compare_inboxes(world)
    check(in_time(began, 120), "in less than two minutes")


if __name__ == "__main__":
    main(test)
