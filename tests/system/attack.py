"""Everything of attackers.py at once at a hub that serves 50 honest peers (tests/bench/bench-load): every honest record is
stored, once; nothing false is; the hub's memory stays under the bound of docs/operations.md.

The honest peers' latency before and during is printed, and never judged: SECONDS=60 RATE=500 tests/system/attack.py with
AGN_BIN set is the full run. ROUNDS=5 takes quiet and attack in turn so often and prints the medians, so that what else the
machine does in that time falls on both. ONLY=name,... picks attacks. ELSEWHERE=1 aims them at a second hub on the same
machine: what attackers on the same processors cost who has nothing to do with it, the attacked hub's peers pay too.
"""
import json, os, statistics, subprocess, sys, threading, time

import attackers
import client
from harness import BUILD, Hub, PATIENCE, check, die_with_test, item_of, main, msgpack, require, review, skip

SECONDS, RATE, HONEST = float(os.environ.get("SECONDS", "8")), os.environ.get("RATE", "100"), 50
ROUNDS = int(os.environ.get("ROUNDS", "1"))
ELSEWHERE = os.environ.get("ELSEWHERE", "") == "1"
ONLY = set(filter(None, os.environ.get("ONLY", "").split(",")))
LOAD = f"{BUILD}/tests/bench/bench-load"
# docs/operations.md, "Memory".
BASE_MIB, QUEUE_MIB, SEND_MIB, CONNECTION_KIB, KEY_MIB = 512, 128, 256, 96, 8


def memory_mib(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith(field))


def load(*arguments, text=None):
    done = subprocess.run([LOAD, *map(str, arguments)], capture_output=True, input=text, timeout=(SECONDS + 120) * PATIENCE)
    require(done.returncode == 0, f"bench-load {arguments[0]}", done.stderr.decode()[-2000:] + done.stdout.decode()[-500:])
    return done.stdout


def processor_time():
    """All of it, and what the host of this machine kept for others (steal of proc(5)), in ticks."""
    with open("/proc/stat") as file:
        ticks = [int(tick) for tick in file.readline().split()[1:9]]
    return sum(ticks), ticks[7]


def honest_load(keys):
    """What bench-load tells, and of the time in which it was taken what the host kept: such a figure says little."""
    total, stolen = processor_time()
    told = json.loads(load("paced", "--keys", keys, "--peers", HONEST, "--items", 1, "--rate", RATE, "--seconds", SECONDS,
                           "--timeout", (SECONDS + 60) * PATIENCE, "--json"))
    total, stolen = (now - then for now, then in zip(processor_time(), (total, stolen)))
    return {**told, "stolen_percent": 100 * stolen / max(total, 1)}


def enrol_honest(site, hub):
    entities = f"{site.folder}/entities"
    with open(entities, "wb") as file:
        file.write(load("entities", "--peers", HONEST))
    links = hub.cli("entity", "import", entities).stdout
    load("enrol", "--links", "-", "--keys", f"{site.folder}/keys", text=links.encode())
    return f"{site.folder}/keys", [json.loads(line)["uscc"] for line in open(entities)]


def stolen_batch(peer):
    """The SUBMIT of an honest institution, as somebody who sees its disk could have it."""
    sent = []
    peer.hello()
    peer.send = lambda *message: sent.append(msgpack.packb(message))
    peer.submit([item_of(peer, review(activity_title="别家机构的活动"))])
    return sent[0].hex()


def stand_back():
    """Attackers have machines of their own: here they take what the hub and the honest leave."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    die_with_test()


class Attack:
    """One process, from an address of its own and with keys that nobody has barred yet."""

    def __init__(self, site, hub, number, act, stolen, turn):
        self.name, self.act, self.site = act.__name__, act, site
        count = 0 if act not in attackers.WITH_KEY else 8 if act is attackers.never_finished else 1
        names = [f"{self.name}-{turn}-{index}" for index in range(count)]
        self.peers = [site.peer(hub, name) for name in names]
        self.ids = [client.uuid7() for _ in range(20)]
        target = {"port": hub.port, "enrol_port": hub.enrol_port, "address": f"127.{2 * turn + 2}.{number}.1",
                  "hub_key": stolen[1].hex(), "stolen": stolen[0], "ids": [one.hex() for one in self.ids],
                  "peers": [f"{site.folder}/{name}" for name in names]}
        self.path = f"{site.folder}/{self.name}-{turn}.json"
        with open(self.path, "w") as file:
            json.dump(target, file)

    def start(self):
        self.log = open(f"{self.path}.log", "w+")
        self.process = subprocess.Popen([sys.executable, "-B", attackers.__file__, self.name, self.path],
                                        stdout=self.log, stderr=self.log, preexec_fn=stand_back)
        self.site.started.append(self.process)

    def stop(self):
        """How often it struck."""
        alive = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        self.log.seek(0)
        lines = self.log.read().splitlines()
        require(alive, f"the attack {self.name} went on to the end", lines[-5:])
        strikes = [json.loads(line)["strikes"] for line in lines if line.startswith('{"strikes"')]
        return strikes[-1] if strikes else 0


class Watch(threading.Thread):
    """The hub's memory and connections, at their highest."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.memory, self.descriptors, self.is_over = pid, 0, 0, False
        self.start()

    def run(self):
        while not self.is_over:
            self.memory = max(self.memory, memory_mib(self.pid))
            self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{self.pid}/fd")))
            time.sleep(0.05)

    def end(self):
        self.is_over = True
        self.join()


def second_hub(site, **settings):
    hub = Hub(site, "elsewhere")
    site.programs.append(hub)
    return hub.init().configure(**settings).start()


def compare(aim, keys, turns):
    """Quiet and attack in turn: what each took, how often each attack struck, and what was seen of the hub meanwhile."""
    quiet, during, watches, strikes = [], [], [], []
    for attacks in turns:
        quiet.append(honest_load(keys))
        watches.append(Watch(aim.process.pid))
        for attack in attacks:
            attack.start()
        time.sleep(1.5)
        during.append(honest_load(keys))
        watches[-1].end()
        strikes.append({attack.name: attack.stop() for attack in attacks})
        print_ratio("honest", quiet[-1:], during[-1:])
    return quiet, during, strikes, watches


def print_ratio(what, quiet, during):
    before, under = ({name: statistics.median(one[name] for one in told)
                      for name in ("p50_ms", "p99_ms", "stolen_percent")} for told in (quiet, during))
    print(f"{what}: p50 {before['p50_ms']} -> {under['p50_ms']} ms, p99 {before['p99_ms']} -> {under['p99_ms']} ms, "
          f"stolen {before['stolen_percent']:.1f} -> {under['stolen_percent']:.1f} %: "
          f"{under['p99_ms'] / before['p99_ms']:.1f} x", flush=True)


def check_honest(hub, uscc, told):
    """Each of the 50 has all that it sent, in the order of its numbers, and nothing twice."""
    stored = 0
    for party in uscc:
        rows = hub.query("--entity", party)
        require(len({row["id"] for row in rows}) == len(rows), "each record once", party)
        shown = hub.cli_json("entity", "show", party)[0]
        require(shown["missing"] == 0 and shown["refused"] == 0, "no number is missing", shown)
        stored += len(rows)
    check(stored == told, "every honest record is stored, once", (stored, told))


def check_false(aim, attacks, victim):
    for attack in attacks:
        for peer in attack.peers:
            ids = {row["id"] for row in aim.query("--entity", peer.uscc)}
            own = {str(client.uuid.UUID(bytes=one)) for one in attack.ids} if attack.act is attackers.replay else set()
            require(ids <= own, f"of {attack.name} nothing false is stored", ids - own)
    check(not aim.query("--entity", victim.uscc), "nothing is stored in the name of the institution whose batch was stolen")
    titles = {row.get("title", "") for row in aim.query()}
    check("别家机构的活动" not in titles, "and nothing of that batch in anybody's name")


def test(site):
    if not os.access(LOAD, os.X_OK):
        skip("bench-load is not built")
    settings = {"max_peers": 1500, "queue_mib": QUEUE_MIB, "send_mib": SEND_MIB}
    hub = site.hub(**settings)
    aim = second_hub(site, **settings) if ELSEWHERE else hub
    keys, uscc = enrol_honest(site, hub)
    victim = site.peer(aim, "victim")
    stolen = (stolen_batch(victim), victim.get("hub_curve"))
    victim.close()
    known = attackers.WITHOUT_KEY + attackers.WITH_KEY
    chosen = [act for act in known if not ONLY or act.__name__ in ONLY]
    turns = [[Attack(site, aim, number, act, stolen, turn) for number, act in enumerate(chosen)] for turn in range(ROUNDS)]
    attacks = [attack for turn in turns for attack in turn]

    resting = memory_mib(aim.process.pid)
    quiet, during, strikes, watches = compare(aim, keys, turns)
    if ROUNDS > 1:
        print_ratio(f"median of {ROUNDS}", quiet, during)
    print("strikes:", json.dumps(strikes))
    memory, descriptors = max(watch.memory for watch in watches), max(watch.descriptors for watch in watches)
    keyed = sum(len(attack.peers) for attack in attacks)
    bound = BASE_MIB + QUEUE_MIB + SEND_MIB + descriptors * CONNECTION_KIB // 1024 + keyed * KEY_MIB
    print(f"hub's memory {resting} -> at most {memory} MiB, bound {bound} MiB; descriptors at most {descriptors}")
    check(all(all(turn.values()) for turn in strikes), "every attack has struck", strikes)
    check(aim.running(), "the hub runs")
    check(memory < bound, "its memory stayed under the stated bound", (memory, bound))
    check_honest(hub, uscc, sum(one["stored"] for one in quiet + during))
    check_false(aim, attacks, victim)
    witness = site.peer(aim, "late")
    witness.hello()
    witness.submit([item_of(witness, review())])
    check(witness.receipt()[0][0][0] == 0, "afterwards somebody new is enrolled and served")
    check(len(aim.log(whole=True)) < 200_000 * ROUNDS, "and the log was not flooded", len(aim.log(whole=True)))


if __name__ == "__main__":
    main(test)
