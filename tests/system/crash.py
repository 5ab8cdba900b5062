"""kill -9 of agents, hub and province at random instants under load. At the end nothing is lost, nothing is twice, and
every figure is right. ROUNDS=30 (or more) for the long version, SEED=n for the same instants again."""
import os, random, subprocess, threading, time

import client
from harness import PATIENCE, UUID, check, figures, main, require, review, wait_until, warning

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 10 ** 9)


class Load:
    """A thread that submits to one agent by its command, one in five killed, and remembers every id that was printed."""

    def __init__(self, agent, seed):
        self.agent, self.random, self.printed, self.stopping = agent, random.Random(seed), [], threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.stopping.is_set():
                records = [self.random.choice((review, warning))() for _ in range(self.random.randint(1, 8))]
                life = self.random.uniform(0.001, 0.02) if self.random.random() < 0.2 else None
                self.printed += self.submit_and_kill(records, life) if life else self.agent.submit(*records)
        except Exception as error:  # shown by the main thread
            self.failure = error

    def submit_and_kill(self, records, seconds):
        paths = [self.agent.file(record) for record in records]
        process = subprocess.Popen(self.agent.command("submit", *paths), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=self.agent.environment())
        time.sleep(seconds)
        process.kill()
        return UUID.findall(process.communicate()[0].decode())

    def stop(self):
        self.stopping.set()
        self.thread.join()
        require(self.failure is None, "submit works whatever else dies", self.failure)


class Follower:
    """A follower of the uplink that says hello again after every loss, and checks each cursor."""

    def __init__(self, peer):
        self.peer, self.cells, self.cursors, self.warnings = peer, {}, [], []
        self.live, self.asked = False, 0.0

    def step(self):
        """Takes what has come; never waits longer than a moment."""
        try:
            if not self.live:
                self.peer.connect(self.peer.get("endpoint"))
                self.peer.send(client.HELLO, 1, {"software": "follower"})
                self.peer.session = self.peer.receive(client.WELCOME, timeout=2 * PATIENCE)[1]
                self.peer.follow("uplink")
                self.live = True
            if time.monotonic() > self.asked + 1:
                self.asked = time.monotonic()
                self.peer.send(client.PING, self.peer.session, 1)  # a hub that was restarted answers WHO
            for cursor, event in self.peer.events("uplink", timeout=0.05):
                self.apply(cursor, event)
                self.peer.ack("uplink", cursor)
        except client.Lost as lost:  # a hub that has other keys by now answers nothing at all
            silent = time.monotonic() > self.peer.heard + 3 * PATIENCE
            self.live = self.live and str(lost).startswith("no answer") and not silent
        except client.Refused as refused:
            require(refused.args[0] in ("stopping", "busy"), "the follower is not refused", refused)
            self.live = False

    def apply(self, cursor, event):
        self.cursors.append(cursor)
        if event["type"] == "cell":
            self.cells[event["family"], event["day"], tuple(event["dims"])] = event
        elif event["type"] == "record":
            self.warnings.append(event["number"])

    def replica(self, family):
        return figures([event for key, event in self.cells.items() if key[0] == family])


def snapshot(site, hub):
    """The uplink read from 0 by somebody new, as far as its head."""
    peer = site.peer(hub, "snapshot", link=hub.add_province("snapshot"))
    peer.hello()
    reader = Follower(peer)
    peer.follow("uplink", credit=10000)
    last, head = 0, None
    while head is None or last < head:
        message = peer.receive(client.EVENTS)
        head = message[4]
        for cursor, event in message[5]:
            reader.apply(cursor, client.msgpack.unpackb(event))
            last = cursor
        peer.send(client.CURSOR, peer.session, "uplink", last)
    return reader


def kill_midway(program, hub, chance, *words):
    """A command of the program that is killed three times at a random instant, as is the hub now and then."""
    for _ in range(3):
        process = program.start_command(*words)
        time.sleep(chance.uniform(0.005, 0.12))
        process.kill()
        process.wait()
        if chance.random() < 0.4:
            hub.kill()
            hub.start()


def check_arrivals(hub, follower, loads):
    """Ends the loads: each record that was accepted is at the hub once. Returns the ids that it has."""
    for load in loads:
        load.stop()
    printed = [name for load in loads for name in load.printed]
    require(printed and len(printed) == len(set(printed)), "ids are unique", len(printed))
    wait_until(lambda: follower.step() or set(printed) <= set(hub.ids()), 60, 0.2, "every accepted record reaches the hub")
    stored = hub.ids()
    check(len(stored) == len(set(stored)), "no record is stored twice", len(stored))
    check(set(printed) <= set(stored), f"all {len(printed)} ids that submit printed are at the hub exactly once")
    return stored


def check_agreement(site, hub, province, follower):
    """The figures are those of the records, and all who follow have had everything, once and in order."""
    truths = {family: figures(hub.stats(family)) for family in ("review", "warning")}
    for family, truth in truths.items():
        wait_until(lambda: province.figures(family) == truth, 40, 0.2, f"the province's {family} table")
        wait_until(lambda: follower.step() or follower.replica(family) == truth, 20, 0, f"the follower's {family}")
    fresh = snapshot(site, hub)
    for family, truth in truths.items():
        check(fresh.replica(family) == truth, f"a snapshot from 0, the province and a follower agree on {family}")
    rows = hub.query()
    for family, kind in (("review", "review_report"), ("warning", "risk_warning")):
        records = sum(row["kind"] == kind for row in rows)
        cells = sum(count for count, _ in figures(hub.stats(family)).values())
        check(records == cells, f"the {family} figures add up to the records", (records, cells))
    check(all(one < two for one, two in zip(follower.cursors, follower.cursors[1:])), "the follower's cursors rose strictly",
          follower.cursors[-5:])
    check(sorted(follower.warnings) == sorted(fresh.warnings), "and no warning was skipped or sent twice",
          (len(follower.warnings), len(fresh.warnings)))


def rounds(hub, province, agents, follower):
    chance = random.Random(SEED)
    end = time.monotonic()
    for _ in range(ROUNDS):
        end += chance.uniform(1.5, 3.5)
        while time.monotonic() < end:
            follower.step()
        victims = chance.sample([hub, province, *agents], chance.randint(1, 3))
        for victim in victims:
            victim.kill()
        pause = time.monotonic() + chance.uniform(0, 0.7)
        while time.monotonic() < pause:
            follower.step()
        for victim in victims:
            victim.start()


def test(site):
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    hub = site.hub()
    province = site.province(hub)
    province.start()
    agents = [site.agent(hub, f"agent{number}") for number in range(2)]
    for agent in agents:
        agent.start()
    follower = Follower(site.peer(hub, "follower", link=hub.add_province("follower")))
    loads = [Load(agent, SEED + number) for number, agent in enumerate(agents)]
    rounds(hub, province, agents, follower)
    stored = check_arrivals(hub, follower, loads)
    accepted = {row["id"] for agent in agents for row in agent.records()}
    check(set(stored) <= accepted, "and nothing is at the hub that no agent accepted")
    numbers = sorted(row["number"] for row in hub.query() + hub.query("--kind", "administrative_act"))
    check(numbers == list(range(1, len(numbers) + 1)), "the log's numbers have no hole", numbers[-1])
    for agent in agents:
        agent.stop()
        agent.sync()
    check_agreement(site, hub, province, follower)
    check(province.stop() == 0 and hub.stop() == 0, "both stop with 0 in the end")


if __name__ == "__main__":
    main(test)
