"""The programs as services: without root and within what their units allow they do the main job; systemd hears when they
are ready and when they stop; its watchdog hears of them only while every loop turns: each of the hub's actors is frozen
once, and none of the others covers for it."""
import contextlib, ctypes, importlib.util, os, shutil, socket, sys, threading, time

from harness import ROOT, SUBMITTER, UNDER, Agent, Hub, Province, check, main, require, review, skip, wait_until, warning

NOBODY = 65534
SEIZE, INTERRUPT, DETACH, WAIT_ALL = 0x4206, 0x4207, 17, 0x40000000
WATCHDOG_MS = 1000
ACTORS = 6  # front, writer, feeder, blobs, checker, clerk


class Manager:
    """The socket that systemd would listen on for one program."""

    def __init__(self, site, program):
        self.path = f"{site.folder}/{program.name}.notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.heard = []
        site.closers.append(self.socket)
        threading.Thread(target=self.listen, daemon=True).start()
        program.env |= {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(WATCHDOG_MS * 1000)}

    def listen(self):
        """Always, as systemd does: a program waits where nobody takes what it says."""
        with contextlib.suppress(OSError):
            while True:
                self.heard += self.socket.recv(4096).decode().split()

    def hears(self, word):
        return wait_until(lambda: word in self.heard, 10, what=f"{word} among {self.heard}")

    def is_silent(self, seconds):
        before = len(self.heard)
        time.sleep(seconds)
        return len(self.heard) == before


class Frozen:
    """One thread stands still, the others go on."""
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, thread):
        self.thread = thread

    def call(self, request):
        if self.libc.ptrace(request, self.thread, None, None) != 0:
            skip(f"ptrace: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        self.call(SEIZE)
        self.call(INTERRUPT)
        os.waitpid(self.thread, WAIT_ALL)

    def __exit__(self, *_):
        self.call(DETACH)


def confine(site, kind, *arguments):
    """The program with its unit around it."""
    program = kind(site, *arguments)
    program.prefix = [sys.executable, "-B", f"{ROOT}/tests/system/confined.py", f"agn-{program.name}.service", str(NOBODY)]
    # Who is not to be traced cannot look for what he leaked.
    program.env |= {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    site.programs.append(program)
    return program


def niceness(pid):
    """Of each thread: field 19 of proc(5)'s stat."""
    folder = f"/proc/{pid}/task"
    return {int(open(f"{folder}/{name}/stat").read().rsplit(")", 1)[1].split()[16]) for name in os.listdir(folder)}


def check_confined(site, hub, agent, province):
    hub.init().configure(publish_ms=50).start()
    agent.uscc = site.uscc()
    agent.join(hub.add_entity(agent.uscc)).start()
    province.init(hub.add_province()).start()
    for program in (hub, agent, province):
        status = dict(line.split(":", 1) for line in open(f"/proc/{program.process.pid}/status") if ":" in line)
        check(status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
              and int(status["CapEff"], 16) == 0 and "0" not in status["Uid"].split(),
              f"agn-{program.name} runs without root, without capabilities, under its filter", status)
    path = f"{site.folder}/opinion.pdf"
    with open(path, "wb") as file:
        file.write(b"%PDF-1.7\n" + os.urandom(300_000) + b"\n%%EOF\n")
    os.chmod(path, 0o644)
    sent = agent.submit(review(), warning(level=1, share_scope="province"))
    sent += agent.submit(review(attachments=[{"file": path, "role": "opinion"}]))
    wait_until(lambda: set(sent) <= set(hub.ids()), what="what was accepted at the hub")
    wait_until(lambda: [row for row in province.cli_json("warnings") if row["id"] == sent[1]], what="it at the province")
    hub.cli("acknowledge", sent[1])
    hub.cli("report", "--period", "2026", "--html", f"{site.folder}/home/r.html", "--xlsx", f"{site.folder}/home/r.xlsx")
    check(True, "records, an attachment, an operator's act, figures and a report go their way")
    wait_until(lambda: len(niceness(hub.process.pid)) > 1, what="the thread that folds the log in to be nicer than the others")
    check(True, "the thread that folds the log in gives way to commits")
    told = {"headline", "description", "activity_title", "summary"}
    words = [SUBMITTER["name"], SUBMITTER["phone"]] + [text for record in (review(), warning())
                                                      for key, text in record.items() if key in told]
    for program in (hub, agent, province):
        spilt = [word for word in words if word in program.log()]
        check(program.log() and not spilt, f"the log of agn-{program.name} holds nothing of what is in a record", spilt)


def check_watchdog(hub, manager):
    folder = f"/proc/{hub.process.pid}/task"
    threads = [int(name) for name in os.listdir(folder) if int(name) != hub.process.pid
               and open(f"{folder}/{name}/comm").read().startswith("agn-hub")]
    silencing = 0
    for thread in threads:
        with Frozen(thread):
            time.sleep(WATCHDOG_MS / 1000)  # what was on its way
            silencing += manager.is_silent(2 * WATCHDOG_MS / 1000)
        manager.heard = []
        manager.hears("WATCHDOG=1")
    check(silencing == ACTORS, "every actor that hangs silences the hub, and it speaks again after that",
          (silencing, len(threads)))


def test(site):
    if not shutil.which("systemd-analyze") or not importlib.util.find_spec("seccomp"):
        skip("systemd-analyze and python3-seccomp say what a unit allows")
    if os.geteuid() == 0:
        os.chmod(site.folder, 0o711)
        os.mkdir(f"{site.folder}/home", 0o700)
        os.chown(f"{site.folder}/home", NOBODY, NOBODY)
    else:
        os.mkdir(f"{site.folder}/home", 0o700)
    programs = [confine(site, kind, f"home/{name}")
                for kind, name in ((Hub, "hub"), (Agent, "agent"), (Province, "province"))]
    managers = [Manager(site, program) for program in programs]
    require(not any(manager.heard for manager in managers), "nothing is said before the start")
    check_confined(site, *programs)
    for program, manager in zip(programs, managers):
        manager.hears("WATCHDOG=1")
        check(manager.heard[0] == "READY=1" and manager.heard.count("READY=1") == 1,
              f"agn-{program.name} says that it is ready, then that it lives", manager.heard)
    if not UNDER:  # memcheck lets one thread run at a time: one that is frozen may stop all
        check_watchdog(programs[0], managers[0])
    for program, manager in reversed(list(zip(programs, managers))):
        require(program.stop() == 0, f"agn-{program.name} stops")
        check(manager.hears("STOPPING=1"), f"agn-{program.name} says that it stops")


main(test)
