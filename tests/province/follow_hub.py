"""agn-province against hubs that do what a real one seldom does: GAP, another life, an older copy, owing, late frames.

Each hub here is a thread with a ROUTER that speaks just enough AGN/1 (proto/PROTOCOL.md) and obeys the test.
"""
import datetime, fcntl, json, os, resource, shutil, signal, sqlite3, subprocess, sys, tempfile, threading, time

import msgpack, zmq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from zmq.utils import z85

HELLO, WELCOME, FOLLOW, EVENTS, CURSOR, GAP, ENROL, ENROLLED = 1, 2, 10, 11, 12, 13, 14, 15
WHO, PING, PONG, BYE, PROVE, PROOF = 3, 5, 6, 7, 20, 21
REVIEW = ["healthcare", "hospital", "general", "approved", "none", "initial"]
CODE = "0123456789ABCDEFGHJK"


def cell(cursor, count, sector="healthcare", day="2026-11-20"):
    dims = [sector, *REVIEW[1:]]
    return cursor, msgpack.packb({"type": "cell", "family": "review", "day": day, "dims": dims, "count": count,
                                  "sum": 0, "revision": cursor})


def identifier(last):
    return bytes(6) + b"\x70\0\x80" + bytes(6) + bytes([last])


def risen(cursor, number=1, last=9, level=1, about=None):
    """A warning that was raised, or an update of the one ABOUT."""
    record = {"id": identifier(last), "kind": "risk_warning", "action": "update" if about else "raise", "level": level,
              **({"refers_to": identifier(about)} if about else {})}
    return cursor, msgpack.packb({"type": "record", "number": number, "received_at": 1_790_000_000_000, "role": "entity",
                                  "state": "raised", "record": msgpack.packb(record)})


class Hub(threading.Thread):
    """`log` is the stream; `hook(hub, route, cursor, epoch)` may answer a FOLLOW in place of the hub."""

    def __init__(self, name, city):
        super().__init__(daemon=True)
        self.name_, self.city, self.epoch, self.log, self.hook = name, city, b"e" * 16, [], None
        self.follows, self.acks, self.asked, self.session, self.mute, self.evades = [], [], [], 0, False, False
        public, secret = zmq.curve_keypair()
        self.key, self.proves = Ed25519PrivateKey.generate(), False
        self.signing = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.context = zmq.Context()
        self.sockets = []
        for _ in range(2):
            socket = self.context.socket(zmq.ROUTER)
            socket.curve_server, socket.curve_secretkey, socket.linger = True, secret, 0
            self.sockets.append((socket, socket.bind_to_random_port("tcp://127.0.0.1")))
        self.control_address = f"inproc://control-{id(self)}"
        self.control = self.context.socket(zmq.PAIR)
        self.control.bind(self.control_address)
        self.link = f"agn://127.0.0.1:{self.sockets[0][1]}/{z85.decode(public).hex()}/{CODE}?enrol={self.sockets[1][1]}"
        self.start()

    def run(self):
        (main, _), (enrol, _) = self.sockets
        control = self.context.socket(zmq.PAIR)
        control.connect(self.control_address)
        poller = zmq.Poller()
        for socket in (main, enrol, control):
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                if socket is control:
                    message = control.recv_pyobj()
                    if message is None:
                        return [each.close(0) for each in (main, enrol, control)]
                    self.send(*message)
                    continue
                route, frame = socket.recv_multipart()
                message = msgpack.unpackb(frame)
                self.answer(socket, route, message) if not self.mute else None

    def send(self, route, *message):
        self.sockets[0][0].send_multipart([route, msgpack.packb(list(message))])

    def answer(self, socket, route, message):
        kind = message[0]
        if kind == ENROL:
            grant = {"party": "province-1", "name": "省", "role": "province", "hub": self.name_, "city": self.city,
                     "algorithm": "ed25519", "hub_key": self.signing, "epoch": self.epoch}
            socket.send_multipart([route, msgpack.packb([ENROLLED, grant])])
        elif kind == HELLO:
            self.session += 1
            self.sent = message[2].get("sent")
            self.route = route
            self.send(route, WELCOME, self.session,
                      {"hub": self.name_, "city": self.city, "epoch": self.epoch, "party": "province-1",
                       "role": "province", "window": 256, "max_batch": 64, "max_item": 262144, "max_message": 1048576,
                       "ping_ms": 1000, "time": int(time.time() * 1000), "received": 0, "capabilities": ["follow"] + ["proof"] * self.proves})
        elif kind == PING:
            self.send(route, PONG, *message[1:])
        elif kind == PROVE and self.evades:
            threading.Timer(1.5, self.control.send_pyobj, [(route, BYE, self.session)]).start()
        elif kind == PROVE and self.proves:
            self.asked.append(time.monotonic())
            head = self.epoch + (1).to_bytes(8, "big") + bytes(32) + int(time.time() * 1000).to_bytes(8, "big") + bytes(32)
            self.send(route, PROOF, self.session, message[2], head, "ed25519", self.key.sign(b"AGN/1 head\0" + head), b"", b"")
        elif kind == CURSOR:
            self.acks.append(message[3])
        elif kind == FOLLOW:
            _, session, _, epoch, cursor, _ = message
            self.follows.append((epoch, cursor))
            if not (self.hook and self.hook(self, route, cursor, epoch)):
                self.feed(route, cursor)

    def head(self):
        return max((cursor for cursor, _ in self.log), default=0)

    def feed(self, route, cursor):
        events = [list(event) for event in self.log if event[0] > cursor]
        self.send(route, EVENTS, self.session, "uplink", self.epoch, self.head(), events)

    def push(self, *events):
        """From the test's thread: new events to the follower."""
        self.log += events
        self.control.send_pyobj((self.route, EVENTS, self.session, "uplink", self.epoch, self.head(),
                                 [list(event) for event in events]))

    def close(self):
        if self.is_alive():
            self.control.send_pyobj(None)
            self.join(5)


class Province:
    def __init__(self, home):
        self.program = [*os.environ["AGN_UNDER"].split(), os.path.join(os.environ["AGN_BIN"], "province", "agn-province")]
        self.home, self.process, self.log_path = home, None, home + ".log"
        self.cli("init", "--name", "省")

    def cli(self, *words):
        done = subprocess.run([*self.program, "--home", self.home, *words], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, (words, done)
        return done.stdout

    def status(self, *words, language="C.UTF-8"):
        return subprocess.run([*self.program, "--home", self.home, "status", *words], capture_output=True, text=True,
                              timeout=30, env={**os.environ, "LANG": language, "LC_ALL": language})

    def start(self):
        # SIGXFSZ stays ignored as python has it, so that a file's size limit is an error and not the end.
        self.process = subprocess.Popen([*self.program, "--home", self.home, "run"], stderr=open(self.log_path, "ab"),
                                        restore_signals=False)
        until(lambda: "province-ready" in self.log(), "province-ready")

    def log(self):
        return open(self.log_path, errors="replace").read() if os.path.exists(self.log_path) else ""

    def stop(self):
        before = time.monotonic()
        self.process.terminate()
        code = self.process.wait(10)
        check(code == 0 and time.monotonic() - before < 2, "SIGTERM ends it with 0 within 2 s")

    def counts(self):
        return {(row["city"], row["sector"]): row["count"]
                for row in json.loads(self.cli("table", "--family", "review", "--by", "city,sector", "--json"))}

    def hub(self, number):
        return json.loads(self.cli("status", "--json"))["hubs"][number - 1]


def until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def check(condition, what):
    assert condition, what
    print("ok", what, flush=True)


def changed_records(province):
    return sum(row["count"] for row in json.loads(province.cli("changes", "--json")) if row["subject"] == "record")


def require_no_record(province):
    assert changed_records(province) == 0


def test_join_while_running(province, one, two):
    province.start()
    one.log += [cell(5, 2), cell(6, 3, "finance")]
    two.log += [cell(9, 40)]
    province.cli("join", one.link)
    until(lambda: province.counts() == {("330100", "healthcare"): 2, ("330100", "finance"): 3}, "the first hub")
    province.cli("join", two.link)
    until(lambda: len(province.counts()) == 3, "the second hub")
    until(lambda: one.acks == [6] and two.acks == [9], "acknowledged once applied")
    check(one.follows == [(None, 0)], "the first FOLLOW has no epoch and cursor 0")
    one.push(cell(7, 4))
    until(lambda: province.counts()[("330100", "healthcare")] == 4, "live")
    check(province.hub(2)["name"] == "宁波??枢纽", "a hub's name does not command the terminal")
    check(province.hub(1)["caught_up"] and province.hub(1)["link"] == "connected", "status says so")
    province.cli("join", one.link)
    time.sleep(0.6)
    check(len(json.loads(province.cli("status", "--json"))["hubs"]) == 2, "joining a known hub again adds none")


def test_absence(province, one):
    province.process.kill()
    province.process.wait()
    one.log.append(cell(8, 6))
    province.start()
    until(lambda: province.counts()[("330100", "healthcare")] == 6, "caught up")
    check(one.follows[-1] == (b"e" * 16, 7), "after kill -9 it follows from its cursor, with the epoch")


def test_another_life(province, one, two):
    """GAP epoch, the snapshot in two parts with a kill between: old figures until the head, then what is gone is gone."""
    old = province.counts()
    one.epoch, one.log = b"f" * 16, [risen(1), cell(2, 1), cell(3, 77, "culture")]
    halves = []

    def hook(hub, route, cursor, epoch):
        if epoch != hub.epoch:
            hub.send(route, GAP, hub.session, "uplink", hub.epoch, 0, "epoch")
            return True
        if cursor == 0:
            halves.append(route)
            hub.send(route, EVENTS, hub.session, "uplink", hub.epoch, 3, [list(hub.log[0])])
        return cursor == 0 or len(halves) == 1

    one.hook = hook
    province.process.kill()
    province.process.wait()
    province.start()
    until(lambda: one.acks[-1] == 1, "half of the snapshot")
    check(province.counts() == old and province.hub(1)["resyncing"], "the old figures stay while the snapshot is read")
    require_no_record(province)
    province.process.kill()
    province.process.wait()
    one.hook = None
    province.start()
    until(lambda: province.counts().get(("330100", "culture")) == 77, "the whole snapshot")
    check(one.follows[-1] == (b"f" * 16, 1), "a resync goes on where it stood")
    check(province.counts() == {("330100", "healthcare"): 1, ("330100", "culture"): 77, ("330200", "healthcare"): 40},
          "what the snapshot did not hold is removed; the other hub's figures stay")
    check("hub-gap" in province.log() and "hub-resynced" in province.log(), "and it is reported")
    check(changed_records(province) == 1, "what came in it is new when it is shown, although somebody has looked meanwhile")
    require_no_record(province)


def test_older_copy(province, one):
    """The same epoch, but the hub's head lies before what was applied."""
    one.push(cell(50, 5))
    until(lambda: province.counts()[("330100", "healthcare")] == 5, "live")
    one.log = [cell(1, 1), cell(2, 70, "culture")]
    province.process.kill()
    province.process.wait()
    province.start()
    until(lambda: province.counts().get(("330100", "culture")) == 70, "resync from the older copy")
    check("hub-rewound" in province.log(), "a hub set back to an older copy is noticed and followed from its beginning")


def test_pruned_to_the_end(province, one):
    """What was pruned lies after the last cell: an empty EVENTS brings the cursor to the head."""
    def hook(hub, route, cursor, epoch):
        if 0 < cursor < 60:
            hub.send(route, GAP, hub.session, "uplink", hub.epoch, 60, "pruned")
            return True
        hub.send(route, EVENTS, hub.session, "uplink", hub.epoch, 60, [list(event) for event in hub.log if event[0] > cursor])
        hub.send(route, EVENTS, hub.session, "uplink", hub.epoch, 60, [])
        return True

    gaps = province.hub(1)["gaps"]
    one.hook = hook
    for _ in range(2):
        province.process.kill()
        province.process.wait()
        province.start()
        until(lambda: province.hub(1)["cursor"] == 60 and province.hub(1)["caught_up"], "the head")
    check(province.hub(1)["gaps"] == gaps + 1, "one GAP, one resync, and not another after the next start")
    one.hook = None


def test_full_disk(province, one):
    """No room: nothing is acknowledged, nothing is skipped although more was under way, and it recovers by itself."""
    size = os.path.getsize(f"{province.home}/replica.db")
    province.cli("status")
    resource.prlimit(province.process.pid, resource.RLIMIT_FSIZE, (max(size // 2, 4096), resource.RLIM_INFINITY))
    acks = len(one.acks)
    days = [str(datetime.date(2010, 1, 1) + datetime.timedelta(days=number)) for number in range(2000)]
    one.push(*(cell(100 + i, 1, "science", day) for i, day in enumerate(days)))
    one.push(cell(3000, 123, "tourism"))
    until(lambda: "replica-unwritten" in province.log(), "the report")
    check(len(one.acks) == acks and province.process.poll() is None, "a full disk: reported, nothing acknowledged, alive")
    resource.prlimit(province.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: one.acks[-1] == 3000, "recovery", 30)
    check(one.follows[-1][1] < 100, "it asked again from the cursor that was applied")
    counts = province.counts()
    check(counts[("330100", "tourism")] == 123 and counts[("330100", "science")] == 2000 and counts[("330100", "culture")]
          == 70, "with room again it catches up by itself, nothing skipped")


def test_owing(province, one):
    """Connected, but the events that it owes do not come."""
    with open(f"{province.home}/province.zpl", "a") as file:
        file.write("stall_ms = 1000\n")
    province.process.send_signal(signal.SIGHUP)
    until(lambda: "settings-reloaded" in province.log(), "SIGHUP")
    one.hook = lambda *_: True
    province.process.kill()
    province.process.wait()
    province.start()
    follows = len(one.follows)
    until(lambda: "hub-stalled" in province.log() and len(one.follows) > follows + 1, "a new connection")
    one.hook = None
    one.log.append(cell(4000, 9, "agriculture"))
    until(lambda: province.counts().get(("330100", "agriculture")) == 9, "it flows again")
    check(True, "a hub that owes events and sends none is connected anew")


def test_busy_outbox(province, one):
    """The hub's word at the start of a session cannot be noted: it is asked for again, and nothing is sent until then."""
    with open(f"{province.home}/province.zpl", "a") as file:
        file.write("retry_ms = 300\n")
    province.process.send_signal(signal.SIGHUP)
    until(lambda: province.log().count("settings-reloaded") > 1, "SIGHUP")
    outbox = sqlite3.connect(f"{province.home}/outbox.db", isolation_level=None)
    outbox.execute("begin immediate")
    session = one.session
    one.control.send_pyobj((one.route, WHO))
    until(lambda: "welcome-not-noted" in province.log(), "the report")
    until(lambda: one.session > session + 1, "another session")
    outbox.execute("rollback")
    outbox.close()
    one.push(cell(5000, 4, "tourism"))
    until(lambda: one.acks[-1] == 5000, "it goes on")
    check(True, "an outbox that cannot be written at the start of a session: it begins anew until it can")


def test_what_was_filed(province, one):
    """HELLO says what was given out by then, and not what it was when `run` began."""
    path = f"{province.home}/notice.json"
    with open(path, "w") as file:
        json.dump({"submitter": {"name": "沈", "role": "处长"}, "title": "通知", "body": "请报告。", "category": "requirement",
                   "audience": {}, "must_answer": False}, file)
    province.cli("notice", path)
    os.unlink(path)
    time.sleep(0.5)
    session = one.session
    one.control.send_pyobj((one.route, WHO))
    until(lambda: one.session > session and one.sent == 1, "HELLO with the number of the filing")
    check(True, "a new session of a program that runs tells what was filed meanwhile")


def test_half_a_thread(province, one):
    """What a thread is about never came up: there is nothing to acknowledge, and that is said."""
    record = {"id": identifier(1), "kind": "risk_warning", "action": "handle", "refers_to": identifier(2)}
    one.push((one.head() + 1, msgpack.packb({"type": "record", "number": 1, "received_at": 1_790_000_000_000,
                                             "role": "entity", "state": "handling", "record": msgpack.packb(record)})))
    until(lambda: one.acks[-1] == one.head(), "the record")
    for language, words in (("C.UTF-8", "has not come up"), ("zh_CN.UTF-8", "尚未上报")):
        done = subprocess.run([*province.program, "--home", province.home, "acknowledge", "00000000-0000-7000-8000-000000000001"],
                              capture_output=True, text=True, env={**os.environ, "LANG": language, "LC_ALL": language})
        check(done.returncode == 1 and words in done.stderr, f"nothing to acknowledge, said in {language}")


def test_put_back(province, one):
    """The replica is put back from an older copy of it, and one of another count: what comes then is new all the same."""
    numbers = iter(range(40, 60))

    def rise(count):
        for number in (next(numbers) for _ in range(count)):
            one.push(risen(one.head() + 1, number, number))
            until(lambda: one.acks[-1] == one.head(), "the warning")
    rise(3)
    province.stop()
    shutil.copytree(province.home, f"{province.home}.copy", ignore=shutil.ignore_patterns("wake"))
    province.start()
    rise(3)
    changed_records(province)
    require_no_record(province)
    province.stop()
    for name in os.listdir(province.home):
        if name.startswith("replica.db"):
            os.unlink(f"{province.home}/{name}")
    for name in os.listdir(f"{province.home}.copy"):
        if name.startswith("replica.db"):
            shutil.copy2(f"{province.home}.copy/{name}", province.home)
    province.start()
    until(lambda: one.acks[-1] == one.head(), "what had been read already")
    rise(1)
    check(changed_records(province) == 4, "a replica that was put back: what came since it was copied is new")
    require_no_record(province)
    rise(1)
    ahead = int(time.time() + 10 * 365 * 86400) * 1000
    with open(f"{province.home}/changes.seen", "w") as file:
        file.write(f"{ahead} {ahead}\n")
    check(changed_records(province) >= 1, "a mark of a clock that was ahead, above all that has arrived: everything is shown once more")
    require_no_record(province)


def test_gap_after_gap(province, one, two):
    """A hub that answers every FOLLOW with GAP."""
    one.hook = lambda hub, route, cursor, epoch: hub.send(route, GAP, hub.session, "uplink", hub.epoch, 60, "pruned") or True
    follows, session = len(one.follows), one.session
    one.control.send_pyobj((one.route, WHO))
    until(lambda: one.session > session, "another session")
    two.push(cell(two.head() + 1, 41))
    time.sleep(3)
    check(two.acks[-1] == two.head() and 2 <= len(one.follows) - follows < 12,
          f"a hub that answers every FOLLOW with GAP is asked once a second: {len(one.follows) - follows}")
    one.hook = None
    until(lambda: province.hub(1)["caught_up"] and not province.hub(1)["resyncing"], "it is followed again")


def test_malformed(province, one):
    one.control.send_pyobj((one.route, EVENTS, one.session, "uplink", one.epoch, 1 << 63, []))
    session = one.session
    until(lambda: "events-malformed" in province.log(), "the report")
    until(lambda: one.session > session, "another session")
    check(True, "a message of events that is none is not taken for a full disk, and the hub is asked again")


def test_silence(province, two):
    """A hub that has shown its ledger shows nothing of it any more."""
    with open(f"{province.home}/province.zpl", "a") as file:
        file.write("witness_ms = 200\n")
    check(province.hub(2)["ledger_silent_since"] is None, "a hub of an older release, which never showed one")
    for two.proves in (True, False, True):
        session = two.session
        two.control.send_pyobj((two.route, WHO))
        until(lambda: two.session > session, "another session")
        if two.proves:
            until(lambda: province.status("--json").returncode == 0
                  and json.loads(province.status("--json").stdout)["hubs"][1]["ledger_silent_since"] is None, "it shows it")
            until(lambda: province.cli("heads", "--json").count('"head"'), "a head")
        else:
            until(lambda: province.status().returncode == 1, "exit code 1")
            for language, words in (("C.UTF-8", "has shown nothing of its ledger"), ("zh_CN.UTF-8", "未再出示台账")):
                check(words in province.status(language=language).stdout, f"a hub that does not show its ledger is named in {language}")
    check(True, "and no more when it does")
    two.evades, session = True, two.session
    two.control.send_pyobj((two.route, WHO))
    until(lambda: province.status().returncode == 1, "exit code 1", 20)
    check(two.session >= session + 4, "so is one that ends each session before it has answered")
    two.evades = False
    until(lambda: province.status().returncode == 0, "it shows it again")
    with sqlite3.connect(f"{province.home}/witness.db", timeout=10) as db:
        for at in range(30):
            db.execute("insert into told(hub, epoch, head, signature, hub_key, told_by, told_at) select 2, epoch, substr(head, 1, 56) ||"
                       " zeroblob(6) || ? || substr(head, 65), signature, hub_key, 'file', 1 from head where hub = 2 limit 1",
                       (at.to_bytes(2, "big"),))
        asked = len(two.asked)
        db.commit()
        until(lambda: not db.execute("select count(*) from told where heads is null").fetchone()[0], "all are compared")
    times = two.asked[asked:]
    check(len(times) >= 60 and 60 * (len(times) - 1) / (times[-1] - times[0]) < 1200,
          "heads that somebody else was shown are asked for no faster than a hub takes it")


def test_manners(province):
    """What could not be printed is no success, and nobody else reads the home."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([*province.program, "--home", province.home, "table"], stdout=full, stderr=subprocess.PIPE)
    check(done.returncode == 1 and b"standard output" in done.stderr, "a listing on a full disk is no success")
    modes = {name: os.stat(f"{province.home}/{name}").st_mode & 0o077 for name in os.listdir(province.home)}
    check(not any(modes.values()), f"what it makes is its owner's alone: {modes}")


def memory_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


def test_flood(province, one):
    """Its loop is held up, by whoever reads its log; a hub sends on and on meanwhile."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    session = one.session
    process = subprocess.Popen([*province.program, "--home", province.home, "run"], stderr=writer)
    until(lambda: one.session > session, "a session")
    time.sleep(0.5)
    events = [[one.head() + number, b"x"] for number in range(1, 200)]  # each is logged
    one.control.send_pyobj((one.route, EVENTS, one.session, "uplink", one.epoch, one.head() + 200, events))
    before = memory_mib(process.pid)
    for _ in range(200):
        one.control.send_pyobj((one.route, EVENTS, one.session, "uplink", one.epoch, 1, [[1, bytes(1_000_000)]]))
    time.sleep(4)
    grown = memory_mib(process.pid) - before
    check(process.poll() is None and grown < 100, f"a hub that floods it gets {grown} MiB of its memory, and no more")
    process.kill()
    process.wait()
    os.close(reader)
    os.close(writer)


def test_rotation_in_part(province):
    """No hub answers; but one may have the next keys all the same, and then turn the former away: `run` has to look."""
    wake = os.open(f"{province.home}/wake", os.O_RDONLY | os.O_NONBLOCK)
    done = subprocess.run([*province.program, "--home", province.home, "key", "rotate"], capture_output=True, timeout=60)
    check(done.returncode == 1 and b"w" in os.read(wake, 99), "a rotation that not all hubs have heard of is told to `run`")
    os.close(wake)


def test_set_up_anew(folder):
    """A hub set up anew under another key is first taken for a second one, and then put in its place as `join` says."""
    province, former, hub, other = Province(f"{folder}/anew"), Hub("杭州枢纽", "330100"), Hub("杭州枢纽", "330100"), Hub("温州枢纽", "330300")
    former.log = [cell(5, 2), cell(6, 3, "finance"), risen(7, 5, 1, 3), risen(8, 6, 2, 1, about=1)]
    hub.log = [cell(1, 2), risen(2, 1, 1, 3), risen(3, 2, 3, 4, about=1)]
    other.log, hub.epoch = [cell(4, 9)], b"h" * 16
    try:
        province.cli("join", former.link)
        province.start()
        until(lambda: len(province.counts()) == 2, "the former")
        done = subprocess.run([*province.program, "--home", province.home, "join", hub.link], capture_output=True, text=True, timeout=30)
        check("remove hubs/2.zpl" in done.stderr and "--replace 1" in done.stderr, "a hub of the same name and city is pointed out")
        until(lambda: province.counts()[("330100", "healthcare")] == 4, "counted twice")
        os.unlink(f"{province.home}/hubs/2.zpl")
        check(province.counts()[("330100", "healthcare")] == 2, "a hub whose file is removed is not counted")
        province.cli("join", hub.link, "--replace", "1")
        until(lambda: province.counts() == {("330100", "healthcare"): 2}, "the new one's figures, once")
        check([row["hub"] for row in json.loads(province.cli("status", "--json"))["hubs"]] == [1],
              "done as `join` has said, the hub is there once, in the former's place")
        check([(row["level"], row["held"]) for row in json.loads(province.cli("warnings", "--json"))] == [(4, True)],
              "a warning is as the hub says now, and not as a record says that it has lost")
        province.cli("join", other.link)
        check(sorted(os.listdir(f"{province.home}/hubs")) == ["1.zpl", "3.zpl"], "a number that was given is not given again")
        province.stop()
    finally:
        if province.process and province.process.poll() is None:
            province.process.kill()
        for each in (former, hub, other):
            each.close()


def main():
    with tempfile.TemporaryDirectory(prefix="agn-province-") as folder:
        one, two = Hub("杭州枢纽", "330100"), Hub("宁波\u009b枢纽", "330200")
        province = Province(f"{folder}/home")
        try:
            test_set_up_anew(folder)
            test_join_while_running(province, one, two)
            test_absence(province, one)
            test_another_life(province, one, two)
            test_older_copy(province, one)
            test_pruned_to_the_end(province, one)
            test_full_disk(province, one)
            test_owing(province, one)
            test_busy_outbox(province, one)
            test_what_was_filed(province, one)
            test_half_a_thread(province, one)
            test_put_back(province, one)
            test_gap_after_gap(province, one, two)
            test_malformed(province, one)
            test_silence(province, two)
            province.stop()
            check(not json.loads(province.cli("status", "--json"))["running"], "status knows that nothing runs")
            test_manners(province)
            if not os.environ["AGN_UNDER"]:
                test_flood(province, one)
            one.close()
            two.close()
            test_rotation_in_part(province)
        except BaseException:
            sys.stderr.write(province.log()[-6000:])
            raise
        finally:
            if province.process and province.process.poll() is None:
                province.process.kill()
            one.close()
            two.close()


if __name__ == "__main__":
    main()
