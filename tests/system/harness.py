"""What the system tests share: real programs in a temporary folder, records to send, and a proxy that misbehaves.

A test is a script: it makes a Site, starts programs on free ports, and says check(...) for each thing it has seen. The
first thing that does not hold ends it with exit code 1, and the end of every program's log is printed.
"""
import contextlib, ctypes, datetime, hashlib, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time
import traceback, uuid

import msgpack
import zmq
from zmq import Event

import client, client_attachments

SKIP = 77
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("AGN_BIN", f"{ROOT}/build/release")
# The beginning of each command line: what the programs run under, if anything.
UNDER = os.environ.get("AGN_UNDER", "").split()
PROGRAMS = {name: [*UNDER, f"{BUILD}/{name}/agn-{name}"] for name in ("hub", "agent", "province")}
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
JOIN_LINK = re.compile(r"^agn://\S+", re.M)
# A sanitised program is slower; every patience below is multiplied by this.
PATIENCE = float(os.environ.get("AGN_PATIENCE", "1"))
# Of the hubs and provinces, where the test asks for none: ed25519 or sm2-sm3.
SUITE = os.environ.get("AGN_SUITE", "ed25519")
CHINA = datetime.timezone(datetime.timedelta(hours=8))


class Failed(AssertionError):
    pass


def check(holds, what, seen=""):
    """Prints what was checked; ends the test where it does not hold."""
    if not holds:
        raise Failed(f"{what}; seen: {seen!r}")
    print(f"ok: {what}", flush=True)
    return holds


def require(holds, what, seen=""):
    """As check, for what is only on the way to it."""
    if not holds:
        raise Failed(f"{what}; seen: {seen!r}")
    return holds


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def in_time(started, seconds):
    """Whether no more have passed since, beside what a checker of memory or threads takes."""
    return time.monotonic() - started < seconds * PATIENCE


def wait_until(condition, timeout=20, step=0.05, what="what was waited for"):
    """The first true value of condition(); fails after the timeout."""
    started = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        if not in_time(started, timeout):
            raise Failed(f"not within {timeout} s: {what}")
        time.sleep(step)


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


# ---- records ----

USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def make_uscc(number, district="330106"):
    """A valid unified social credit code; the organisation code inside (GB 11714) is valid too."""
    organisation = f"{number:08d}"
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2))) % 11
    body = f"91{district}{organisation}" + {10: "X", 11: "0"}.get(rest, str(rest))
    value = sum(USCC_DIGITS.index(digit) * pow(3, place, 31) for place, digit in enumerate(body))
    return body + USCC_DIGITS[(31 - value % 31) % 31]


def day(ago=0):
    """The date in the site's zone, some days ago."""
    return (datetime.datetime.now(CHINA) - datetime.timedelta(days=ago)).strftime("%Y-%m-%d")


def moment(ago_ms=0):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(milliseconds=ago_ms)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


SUBMITTER = {"name": "张伟", "role": "伦理办公室主任", "phone": "0571-88880000"}
PRINCIPLES = ("wellbeing", "fairness", "controllability", "transparency", "accountability", "privacy")
_numbers = iter(range(1, 10 ** 9))


def review(**changes):
    """A valid review report in its JSON form; a change to None removes the field."""
    record = {
        "kind": "review_report", "submitter": dict(SUBMITTER),
        "activity_title": "智能分诊模型临床验证", "activity_no": f"伦审-{next(_numbers):06d}-{os.urandom(3).hex()}", "round": 1,
        "sector": "healthcare", "lifecycle_phase": "testing",
        "summary": "验证分诊模型在三家医院急诊科的准确性与公平性，为后续推广提供依据。",
        "applicant": {"name": "李娜", "title": "主任医师"}, "personal_data": True, "minors_involved": False,
        "procedure": "general", "review_stage": "initial", "applied_on": day(40), "accepted_on": day(35),
        "met_on": day(20), "decided_on": day(15), "members_present": 7, "votes_for": 6, "rereview_list_item": "none",
        "principles": {name: {"assessment": "met"} for name in PRINCIPLES}, "risk_grade": "low", "decision": "approved",
        "next_follow_up_on": day(-150),
    }
    return changed(record, changes)


def warning(**changes):
    """A valid risk warning in its JSON form."""
    record = {
        "kind": "risk_warning", "submitter": dict(SUBMITTER), "action": "raise", "status": "actual",
        "headline": "对话系统输出有害内容", "description": "客服对话系统在长对话后输出歧视性内容，已影响部分用户。",
        "level": 3, "urgency": "expected", "severity": "moderate", "certainty": "observed", "sector": "consumer",
        "risk_domain": "discrimination_toxicity", "risk_subdomain": "1.2", "harm_kind": ["psychological"],
        "discovered_at": moment(3_600_000), "share_scope": "city_only",
    }
    return changed(record, changes)


def changed(record, changes):
    record.update(changes)
    return {key: value for key, value in record.items() if value is not None}


def wire(record):
    """The same record as the msgpack map that goes into an item, still without id, schema, seq and created_at."""
    return json.loads(json.dumps(record), object_hook=client.to_wire)


def item_of(peer, record, **own):
    """An item's bytes, outside the peer's table, so that a test may break it."""
    peer.own_seq = getattr(peer, "own_seq", 0) + 1
    fields = {"id": client.uuid7(), "schema": 1, "seq": peer.own_seq, "created_at": int(time.time() * 1000)}
    fields.update(own)
    return msgpack.packb({**{key: value for key, value in fields.items() if value is not None}, **wire(record)})


def id_of(item):
    return str(uuid.UUID(bytes=msgpack.unpackb(item)["id"]))


# ---- programs ----

LIBC = ctypes.CDLL(None)


def die_with_test():
    """In the child: SIGKILL when the test ends, however it ends (PR_SET_PDEATHSIG)."""
    LIBC.prctl(1, signal.SIGKILL)


class Program:
    """One program with its home: commands run to their end, and at most one `run` in the background."""

    def __init__(self, site, name, home):
        self.site, self.name, self.home = site, name, f"{site.folder}/{home}"
        self.log_path, self.process, self.env, self.prefix = f"{self.home}.log", None, {}, []
        self.marks = 0

    def command(self, *arguments):
        return [*self.prefix, *PROGRAMS[self.name], *arguments[:1], "--home", self.home, *arguments[1:]]

    def environment(self):
        return {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "AGN_HOME": "", **self.env}

    def cli(self, *arguments, timeout=60, ok=True, env=None):
        """Runs one command; its CompletedProcess. Where ok, it must exit 0."""
        done = subprocess.run(self.command(*map(str, arguments)), capture_output=True, timeout=timeout * PATIENCE,
                              env={**self.environment(), **(env or {})}, stdin=subprocess.DEVNULL)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        if ok and done.returncode != 0:
            raise Failed(f"agn-{self.name} {arguments} exited {done.returncode}: {done.stdout[-500:]} {done.stderr[-1500:]}")
        return done

    def start_command(self, *arguments):
        """A command that is not waited for."""
        process = subprocess.Popen(self.command(*map(str, arguments)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL, env=self.environment())
        self.site.started.append(process)
        return process

    def cli_json(self, *arguments):
        return parse_json(self.cli(*arguments, "--json").stdout)

    def start(self, *arguments, event=None, timeout=20):
        """`run` in the background, its log appended to a file; waits for the log event."""
        require(not self.running(), f"agn-{self.name} is not running yet")
        self.marks = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command("run", *arguments), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.environment(), preexec_fn=die_with_test)
        self.site.started.append(self.process)
        if event:
            self.wait_log(event, timeout)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self, whole=False):
        """What was logged since the last start."""
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, "rb") as file:
            file.seek(0 if whole else self.marks)
            return file.read().decode(errors="replace")

    def wait_log(self, text, timeout=20):
        def seen():
            if text in self.log():
                return True
            require(self.running(), f"agn-{self.name} runs until it logs {text}", self.log()[-1500:])
            return False
        wait_until(seen, timeout, 0.02, f"{text} in the log of agn-{self.name}: {self.log()[-600:]}")

    def stop(self, number=signal.SIGTERM, timeout=15):
        """Sends the signal and returns the exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"agn-{self.name} still runs {timeout} s after signal {number}") from None

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def crashed(self):
        """True where it ended by something that nobody here did."""
        return self.process is not None and self.process.poll() not in (None, 0, -signal.SIGKILL, -signal.SIGTERM)


class Hub(Program):
    def __init__(self, site, home="hub", host="127.0.0.1", name="杭州市"):
        super().__init__(site, "hub", home)
        self.port, self.enrol_port, self.host, self.title = free_port(), free_port(), host, name

    def init(self):
        self.cli("init", "--name", self.title, "--city", "330100", "--endpoint", f"tcp://{self.host}:{self.port}",
                 "--enrol", f"tcp://{self.host}:{self.enrol_port}", "--host", self.host, "--suite", self.site.suite)
        return self

    def configure(self, **settings):
        """Sets keys of hub.zpl; read at the next start, or on SIGHUP where they may be reloaded."""
        path = f"{self.home}/hub.zpl"
        with open(path) as file:
            lines = [line for line in file if line.split("=")[0].strip() not in settings]
        with open(path, "w") as file:
            file.writelines(lines + [f"{key} = {value}\n" for key, value in settings.items()])
        return self

    def start(self, *arguments, event="hub-ready", timeout=20):
        return super().start(*arguments, event=event, timeout=timeout)

    def add_entity(self, uscc, name=None, kind="hospital", sector="healthcare,consumer", **options):
        """The join link of a new entity."""
        extra = [text for key, value in options.items() for text in (f"--{key.replace('_', '-')}", value)]
        text = self.cli("entity", "add", "--uscc", uscc, "--name", name or f"机构 {uscc[8:16]}", "--type", kind,
                        "--sector", sector, "--district", uscc[2:8], *extra).stdout
        return require(JOIN_LINK.search(text), "entity add prints a join link", text).group(0)

    def add_province(self, name="浙江省科学技术厅"):
        text = self.cli("peer", "add", "--name", name).stdout
        return require(JOIN_LINK.search(text), "peer add prints a join link", text).group(0)

    def query(self, *arguments):
        """Every record that the hub stored, as the objects that `query --json` prints."""
        return self.cli_json("query", "--limit", "1000000", *arguments)

    def ids(self, *arguments):
        return [row["id"] for row in self.query(*arguments)]

    def stats(self, family):
        return self.cli_json("stats", "--family", family)

    def state(self):
        """What must not change when something is refused: the number of records, and all the figures."""
        return len(self.query()), figures(self.stats("review")), figures(self.stats("warning"))


class Agent(Program):
    def __init__(self, site, home="agent"):
        super().__init__(site, "agent", home)

    def join(self, link):
        self.cli("join", link)
        return self

    def start(self, *arguments, event="agent-started", timeout=20):
        return super().start(*arguments, event=event, timeout=timeout)

    def file(self, record):
        """Writes the record to a new file and returns its path."""
        path = f"{self.site.folder}/record-{os.urandom(6).hex()}.json"
        with open(path, "w") as file:
            json.dump(record, file, ensure_ascii=False)
        return path

    def submit(self, *records, ok=True, options=()):
        """Submits by the command; the ids that it printed."""
        paths = [self.file(record) for record in records]
        done = self.cli("submit", *options, *paths, ok=ok)
        for path in paths:
            os.unlink(path)
        return UUID.findall(done.stdout)

    def sync(self, timeout=30, ok=True):
        return self.cli("sync", "--timeout", timeout, ok=ok)

    def records(self, *arguments):
        return self.cli_json("list", *arguments)


def fresh_file(agent, link):
    """Where `join --new-keys` keeps the pair that it makes for a link."""
    code = link.split("/")[-1].split("?")[0]
    return f"{agent.home}/identity-fresh-{hashlib.sha256(code.encode()).hexdigest()[:16]}.zpl"


class Province(Program):
    def __init__(self, site, home="province"):
        super().__init__(site, "province", home)

    def init(self, link):
        self.cli("init", "--name", "浙江省科学技术厅", "--suite", self.site.suite)
        self.cli("join", link)
        return self

    def start(self, *arguments, event="province-ready", timeout=20):
        return super().start(*arguments, event=event, timeout=timeout)

    def figures(self, family):
        return figures(self.cli_json("table", "--family", family))


def parse_json(text):
    """The rows of a --json output: a list, an object, or an object a line."""
    with contextlib.suppress(json.JSONDecodeError):
        value = json.loads(text)
        lists = [inner for inner in value.values() if isinstance(inner, list)] if isinstance(value, dict) else []
        return lists[0] if len(lists) == 1 and len(value) <= 3 else value
    return [json.loads(line) for line in text.splitlines() if line.strip()]


DIMS = {
    "review": ("sector", "entity_type", "procedure", "decision", "rereview_list_item", "review_stage"),
    "warning": ("sector", "entity_type", "risk_domain", "level", "status", "state"),
}


def figures(rows):
    """Cells as {(day, dims...): (count, sum)}, without those that have become empty."""
    cells = {}
    for row in rows:
        key = tuple(str(row[name]) for names in DIMS.values() for name in names if name in row)
        key = (row.get("day"), *dict.fromkeys(key)) if "dims" not in row else (row["day"], *row["dims"])
        if row["count"]:
            cells[key] = (row["count"], row.get("sum", 0))
    return cells


# ---- the site ----

class Site:
    """A temporary folder and everything that was started in it; `with Site() as site:` cleans up."""
    suite = SUITE  # of its hubs

    def __init__(self):
        self.started, self.programs, self.peers, self.closers = [], [], [], []
        self.usccs = iter(range(int.from_bytes(os.urandom(3), "big") + 10_000_000, 10 ** 8))
        for *_, path in PROGRAMS.values():
            if not os.access(path, os.X_OK):
                print(f"no program {path}; set AGN_BIN to the build folder")
                sys.exit(1)
        self.folder = tempfile.mkdtemp(prefix="agn-test-")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        for closer in self.peers + self.closers:
            with contextlib.suppress(Exception):
                closer.close()
        if kind is not None and not issubclass(kind, SystemExit):
            for program in self.programs:
                lines = program.log(whole=True).splitlines()[-25:]
                print(f"---- agn-{program.name} {program.home}", *lines, sep="\n    ")
        crashed = [program for program in self.programs if program.crashed()]
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None:
            check(not crashed, "no program ended by itself", [program.log(whole=True)[-800:] for program in crashed])

    def uscc(self):
        return make_uscc(next(self.usccs))

    def hub(self, start=True, host="127.0.0.1", **settings):
        """A hub that has been set up, and runs. It publishes at once, so that tests need not wait."""
        hub = Hub(self, host=host)
        self.programs.append(hub)
        hub.init().configure(publish_ms=50, **settings)
        return hub.start() if start else hub

    def agent(self, hub, home="agent", link=None, **options):
        """An agent of a new entity, joined."""
        agent = Agent(self, home)
        self.programs.append(agent)
        agent.uscc = self.uscc()
        return agent.join(link or hub.add_entity(agent.uscc, **options))

    def province(self, hub, home="province"):
        province = Province(self, home)
        self.programs.append(province)
        return province.init(hub.add_province(f"省厅 {home}"))

    def peer(self, hub, name="peer", link=None, **options):
        """A peer of a new entity that speaks the protocol from this script (client.py), joined, without a session."""
        peer = client_attachments.Peer(f"{self.folder}/{name}")
        peer.uscc = self.uscc()
        peer.join(link or hub.add_entity(peer.uscc, **options))
        self.peers.append(peer)
        return peer


class Proxy:
    """A TCP proxy on a free port. `mode` may change at any time: pass, swallow (takes everything, passes nothing),
    deaf (passes what the peer says, swallows what the hub answers), hold (passes nothing on until it changes)."""

    def __init__(self, site, port, delay=0.0):
        self.target, self.delay, self.mode, self.passed, self.pairs = port, delay, "pass", [0, 0], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.on_passed = None
        site.closers.append(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def through(self, link, port):
        """The same join link with this proxy's port as the session port."""
        return link.replace(f":{port}/", f":{self.port}/")

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self.target), 2)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)  # a peer may be silent for long
                self.pairs.append((near, far))
                threading.Thread(target=self.pump, args=(near, far, 0), daemon=True).start()
                threading.Thread(target=self.pump, args=(far, near, 1), daemon=True).start()

    def pump(self, source, sink, side):
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(65536)
                if not data:
                    break
                while self.mode == "hold":
                    time.sleep(0.01)
                if self.delay:
                    time.sleep(self.delay)
                if self.mode == "swallow" or (self.mode == "deaf" and side == 1):
                    continue
                sink.sendall(data)
                self.passed[side] += len(data)
                if self.on_passed:
                    self.on_passed(side, len(data))
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Ends every connection at once."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                    end.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


def refusal(act):
    """The REFUSE code that act() meets; "lost" where nobody answered, None where it was served."""
    try:
        act()
    except client.Refused as refused:
        return refused.args[0]
    except client.Lost:
        return "lost"
    return None


def monitored(endpoint, configure):
    """Connects a DEALER; returns (socket, events since, seconds each): how the handshake ended within two seconds."""
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger = 0
    configure(sock)
    watch = sock.get_monitor_socket()
    started, seen = time.monotonic(), []
    sock.connect(endpoint)
    while time.monotonic() < started + 2 and watch.poll(int((started + 2 - time.monotonic()) * 1000)):
        frames = watch.recv_multipart()
        event = Event(int.from_bytes(frames[0][:2], "little"))
        seen.append((event, int.from_bytes(frames[0][2:6], "little"), time.monotonic() - started))
        if event in (Event.HANDSHAKE_SUCCEEDED, Event.HANDSHAKE_FAILED_AUTH, Event.HANDSHAKE_FAILED_PROTOCOL,
                     Event.HANDSHAKE_FAILED_NO_DETAIL, Event.DISCONNECTED):
            break
    sock.disable_monitor()
    watch.close()
    return sock, seen[-1] if seen else (None, 0, 2.0)


def main(test):
    """Runs the test with a site; the script's exit code is the result."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    try:
        with Site() as site:
            test(site)
    except Failed as failure:
        print(f"FAILED: {failure}")
        print("   at:", *[f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(failure.__traceback__)][:-1])
        sys.exit(1)
    print(f"{os.path.basename(sys.argv[0])}: passed in {time.monotonic() - started:.1f} s", flush=True)
