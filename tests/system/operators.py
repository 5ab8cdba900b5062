#!/usr/bin/env python3
"""Operators by the user that the kernel says they are: each role against each verb, run as different users of this
machine; the acts in the ledger with who, why and when; a silent and a hostile program at the control socket."""
import os, pwd, shutil, subprocess, sys, time

from harness import PROGRAMS, Hub, check, day, in_time, main, require, review, skip, wait_until, warning

USERS = {"operator": "daemon", "reviewer": "bin", "auditor": "sys", "administrator": "mail", None: "nobody"}
NAMES = {"operator": "郑怀瑾", "reviewer": "李晨", "auditor": "吴敏", "administrator": "周启明"}
GROUP = 4711  # of the users who work in the home; it needs no name
REFUSED, DONE = 1, 0


def become(user):
    entry = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={GROUP}", "--clear-groups"]


def can_become():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return "needs root and setpriv, to run as other users"
    try:
        for user in USERS.values():
            done = subprocess.run([*become(user), *PROGRAMS["hub"], "--help"], capture_output=True)
            if done.returncode != 0:
                return f"the user {user} cannot run {PROGRAMS['hub'][-1]}"
    except KeyError as error:
        return f"this machine lacks a user: {error}"
    return None


def write_operators(hub, **changes):
    with open(f"{hub.home}/operators.zpl", "w") as file:
        for role, name in NAMES.items():
            file.write(f'{USERS[role]}\n    name = "{changes.get(role, name)}"\n    role = {role}\n')


def open_home(site, hub):
    """What docs/operations.md says of a home that several users work in."""
    os.chmod(site.folder, 0o755)
    os.chown(hub.home, -1, GROUP)
    os.chmod(hub.home, 0o2750)
    for name in os.listdir(hub.home):
        if name.startswith("store.db") or name in ("hub.zpl", "operators.zpl"):
            os.chown(f"{hub.home}/{name}", -1, GROUP)
            os.chmod(f"{hub.home}/{name}", 0o640)


def as_user(hub, role, *arguments, env=None):
    hub.prefix = become(USERS[role])
    try:
        return hub.cli(*arguments, ok=False, env=env)
    finally:
        hub.prefix = []


def notice(hub):
    path = f"{hub.site.folder}/notice.json"
    with open(path, "w") as file:
        file.write('{"kind": "notice", "submitter": {"name": "冒名者", "role": "局长"}, "title": "自查通知", "body": "请自查。", '
                   '"category": "requirement", "must_answer": false}')
    os.chmod(path, 0o644)
    return path


def act_file(hub):
    path = f"{hub.site.folder}/act.json"
    with open(path, "w") as file:
        file.write('{"kind": "administrative_act", "act": "resume", "subject": "x", "operator": "冒名者"}')
    os.chmod(path, 0o644)
    return path


def check_roles(site, hub, agent):
    """Each verb by each role: who may not goes first, so that who may still finds something to do. Of a pair of records
    the second is the reviewer's."""
    entity, other = site.uscc(), site.uscc()
    base = ("--name", "某某医院", "--type", "hospital", "--sector", "healthcare", "--district", entity[2:8])
    listed = {"rereview_list_item": "human_machine", "procedure": "expert_rereview", "next_follow_up_on": day(-100)}
    reports = agent.submit(review(), review(), review(**listed), review(**listed))
    warned, = agent.submit(warning(level=3, share_scope="all_entities"))
    agent.sync()
    as_user(hub, "administrator", "entity", "add", "--uscc", other, *base)
    operator, reviewer, administrator = {"operator"}, {"reviewer"}, {"administrator"}
    matrix = [
        (administrator, ("entity", "add", "--uscc", entity, *base)),
        (administrator, ("entity", "invite", entity)),
        (administrator, ("entity", "suspend", agent.uscc, "--reason", "核查")),
        (administrator, ("entity", "resume", agent.uscc)),
        (administrator, ("entity", "revoke", other, "--reason", "误登记")),
        (administrator, ("peer", "add", "--name", "浙江省厅")),
        (administrator, ("prune", "uplink", "--upto", "0", "--reason", "归档", "--yes")),
        (operator | reviewer, ("accept", reports[:2])),
        (operator | reviewer, ("return", reports[:2], "summary=目的不清")),
        (operator, ("acknowledge", warned)),
        (operator, ("update", warned, "--level", "4")),
        (operator, ("handle", warned, "--taken", "已停用。")),
        (operator, ("share", warned)),
        (operator, ("resolve", warned, "--taken", "已修正。")),
        (operator | reviewer, ("rereview", "open", reports[2:])),
        (operator, ("file", notice(hub))),
        (set(), ("file", act_file(hub))),
    ]
    seen = []
    for allowed, arguments in matrix:
        for role in sorted(USERS, key=lambda one: (one in allowed, str(one))):
            words = [word if isinstance(word, str) else word[role == "reviewer"] for word in arguments]
            done = as_user(hub, role, *words)
            if done.returncode != (DONE if role in allowed else REFUSED):
                seen.append((role, arguments, done.returncode, done.stdout[-200:], done.stderr[-300:]))
    check(not seen, f"{len(matrix)} verbs by {len(USERS)} users: each does what its role may, and nothing else", seen)
    stranger = as_user(hub, None, "entity", "invite", agent.uscc)
    check("nobody" in stranger.stderr and "operators.zpl" in stranger.stderr, "a stranger is told what to do",
          stranger.stderr)
    chinese = as_user(hub, None, "entity", "invite", agent.uscc, env={"LC_ALL": "zh_CN.UTF-8"})
    check("nobody" in chinese.stderr and "操作人员" in chinese.stderr, "in his language", chinese.stderr)
    root = hub.cli("entity", "invite", agent.uscc, ok=False)
    check(root.returncode == 1 and "root" in root.stderr, "who owns the home is a stranger too where others are named",
          root.stderr)
    reading = [as_user(hub, role, *verb).returncode for role in USERS if role
               for verb in (("query",), ("show", warned), ("audit-log",), ("stats",), ("entity", "list"))]
    check(set(reading) == {0}, "every operator reads everything", reading)
    shut = as_user(hub, "auditor", "attachment", "list")
    check(shut.returncode == 1 and "registry.db" in shut.stderr and not shut.stdout, "but for the attachments, which "
          "are the owner's: not to see them is said, and is not none", shut)
    log = as_user(hub, "operator", "entity", "list", env={"USER": "mail", "LOGNAME": "mail", "HOME": "/"})
    require(log.returncode == 0, "list")
    forged = as_user(hub, "operator", "entity", "resume", agent.uscc, env={"USER": "mail", "LOGNAME": "mail"})
    check(forged.returncode == REFUSED and "郑怀瑾" in forged.stderr, "no word of the command makes another of him", forged.stderr)
    check("operator-refused" in hub.log(), "refusals are in the hub's log")
    return entity, other


SAY = """
import socket, struct, sys
frames = b"".join(struct.pack(">I", len(one)) + one for one in (word.encode() for word in sys.argv[2:]))
with socket.socket(socket.AF_UNIX) as hub:
    hub.connect(sys.argv[1])
    hub.sendall(struct.pack(">I", len(frames)) + frames)
    print(hub.recv(4096))
"""


def check_city(hub, agent):
    """The city's own row in the registry is the hub's: no verb gives its name or its place to anybody."""
    before = hub.cli("key", "show").stdout
    for verb in (("entity", "invite", "--replace"), ("entity", "revoke"), ("peer", "invite", "--replace"), ("peer", "revoke")):
        done = as_user(hub, "administrator", *verb[:2], "city-330100", *verb[2:], "--reason", "演练")
        require(done.returncode == REFUSED and "city-330100" in done.stderr, f"{verb} is refused", done.stderr)
    pair = [os.urandom(32).hex() for _ in range(2)]
    done = subprocess.run([*become(USERS["administrator"]), sys.executable, "-c", SAY, f"{hub.home}/control.sock",
                           "en", "key-leaked", "演练", *pair], capture_output=True, text=True)
    link = as_user(hub, "administrator", "entity", "invite", agent.uscc).stdout
    check("error" in done.stdout and "stop the hub" in done.stdout and pair[0] not in link,
          "who names keys of his own as the city's, at the socket itself, is not the city", (done, link))
    hub.stop()
    hub.start()
    check(hub.cli("key", "show").stdout == before, "no verb touches the city itself, and the hub begins again as it was")


def check_acts(hub, agent, entity, other):
    rows = hub.cli_json("audit-log")
    found = {(row["act"], row["subject"]): row for row in rows}
    admin = ("周启明", "mail", "administrator")
    for act, subject in (("entity_add", entity), ("invite", entity), ("suspend", agent.uscc), ("resume", agent.uscc),
                         ("revoke", other), ("prune", "uplink")):
        row = found.get((act, subject))
        require(row and (row["operator"], row["unix_user"], row["role"]) == admin, f"{act} is recorded", row)
    check(found["revoke", other]["reason"] == "误登记", "acts are in the ledger: who, as what, why", found["revoke", other])
    filed = {row["act"]: row for row in rows}
    check(filed["acknowledge"]["operator"] == "郑怀瑾" and filed["notice"]["operator"] == "郑怀瑾",
          "a record names who the kernel says it was, not what the file says", filed["notice"])
    by = hub.cli_json("audit-log", "--operator", "李晨")
    check(by and {row["act"] for row in by} == {"acceptance", "return_for_correction", "rereview_request"},
          "the log by operator", by)
    check(len(hub.cli_json("audit-log", "--act", "revoke")) == 1 and not hub.cli_json("audit-log", "--to", day(3)),
          "the log by act and by day")
    lines = hub.cli("audit-log", "--csv").stdout.splitlines()
    check(len(lines) == len(rows) + 1, "and as CSV", len(lines))
    shown = hub.cli_json("show", found["revoke", other]["id"])
    check(shown["signature_verified"] and shown["record"]["kind"] == "administrative_act", "an act is signed like any record")
    check(not [row for row in hub.query() if row["kind"] == "administrative_act"], "and stands in no listing of filings")
    before = len(rows)
    hub.cli("entity", "suspend", agent.uscc, ok=False)
    check(as_user(hub, "administrator", "entity", "suspend", agent.uscc).returncode == REFUSED
          and len(hub.cli_json("audit-log")) == before, "without a reason nothing is done, and nothing is recorded")


def check_changes(hub):
    """Who sends SIGHUP is known from the kernel too; and a file that was edited at rest is noticed at the start."""
    hub.configure(desk_ms=500)
    write_operators(hub, reviewer="李晨晨")
    hub.process.send_signal(1)
    wait_until(lambda: hub.cli_json("audit-log", "--act", "configuration")[0]["detail"] == "+ desk_ms = 500",
               what="the change of the configuration in the log")
    row = hub.cli_json("audit-log", "--act", "operators")[0]
    check("- bin = 李晨 (reviewer)" in row["detail"] and "+ bin = 李晨晨 (reviewer)" in row["detail"] and
          row["unix_user"] == "root", "a changed operator is recorded, and who had the file read", row)
    for name, text in (("terms.conf", "term decision_general = 45 days\n"), ("calendar.txt", "2027-10-04 holiday 国庆节\n")):
        with open(f"{hub.home}/{name}", "w") as file:
            file.write(text)
    hub.process.send_signal(1)
    wait_until(lambda: hub.cli_json("audit-log", "--act", "configuration")[0]["detail"] ==
               "+ term decision_general = 45 days; + calendar 2027-10-04 holiday",
               what="the change of the terms and the calendar in the log")
    with open(f"{hub.home}/calendar.txt", "w") as file:
        file.write("2027-10-04 feast\n")
    hub.process.send_signal(1)
    hub.wait_log("calendar.txt:1: ")
    with open(f"{hub.home}/calendar.txt", "w") as file:
        file.write("2027-10-04 holiday\n")
    hub.stop()
    write_operators(hub)
    hub.start()
    row = hub.cli_json("audit-log", "--act", "operators")[0]
    check("+ bin = 李晨 (reviewer)" in row["detail"], "an edit at rest is recorded at the start", row)


SILENT = """
import socket, sys, time
held = [socket.socket(socket.AF_UNIX) for _ in range(40)]
for one in held:
    one.connect(sys.argv[1])
    one.send(bytes(2))
    time.sleep(0.01)
print("said", flush=True)
time.sleep(60)
"""


def check_socket(hub, agent):
    quiet = subprocess.Popen([*become(USERS["auditor"]), sys.executable, "-c", SILENT, f"{hub.home}/control.sock"],
                             stdout=subprocess.PIPE)
    hub.site.started.append(quiet)
    require(quiet.stdout.readline() == b"said\n", "forty connections that say half a length")
    started = time.monotonic()
    done = as_user(hub, "administrator", "entity", "invite", agent.uscc)
    check(done.returncode == 0 and in_time(started, 3), "silent connections hold nobody up", done.stderr)
    agent.submit(review())
    agent.sync()
    check(hub.running(), "nor the receipts")
    quiet.kill()


def check_at_rest(site):
    hub = Hub(site, "rest").init()
    hub.add_entity(site.uscc())
    check("root" == hub.cli_json("audit-log", "--act", "entity_add")[0]["unix_user"],
          "a hub without operators.zpl, at rest: its owner acts, and it is recorded")
    open_home(site, hub)
    done = as_user(hub, "administrator", "peer", "add", "--name", "省厅")
    check(done.returncode == REFUSED and done.stderr.strip(), "another user is refused at rest", done.stderr)


def test(site):
    reason = can_become()
    if reason:
        skip(reason)
    hub = site.hub()
    check("operators-none" in hub.log(), "a hub without operators.zpl says at the start that its owner acts alone")
    agent = site.agent(hub)
    agent.start()
    hub.stop()
    write_operators(hub)
    open_home(site, hub)
    hub.start()
    open_home(site, hub)
    entity, other = check_roles(site, hub, agent)
    check_acts(hub, agent, entity, other)
    check_city(hub, agent)
    open_home(site, hub)
    check_socket(hub, agent)
    check_changes(hub)
    check_at_rest(site)


main(test)
