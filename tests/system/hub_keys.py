"""The hub's own keys where something is amiss: files that are lost, of another time or of another hub, a clock that was
wrong, a command that came late. What is left is not spoilt, a link always names the key in use, and the audit accuses
nobody."""
import os, pwd, re, shutil, signal, time

from clock import Clock
from harness import UNDER, Hub, check, main, require, review, skip, wait_until

HOUR = 3_600_000


def hub_keys(hub):
    return hub.cli("key", "show").stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def check_init(hub):
    """A home whose hub.zpl is lost is no new one; an `init` that was cut short is finished."""
    path = f"{hub.home}/hub.zpl"
    before, keys = read(path), read(f"{hub.home}/identity.zpl")
    os.remove(path)
    words = ("init", "--name", hub.title, "--city", "330100")
    for left, missing in (("identity.zpl", None), ("store.db", "identity.zpl")):
        if missing:
            os.rename(f"{hub.home}/{missing}", f"{hub.home}/kept")
        refused = hub.cli(*words, ok=False)
        require(refused.returncode == 1 and f"{left} of a hub" in refused.stderr, "init refuses", (refused, left))
    os.rename(f"{hub.home}/kept", f"{hub.home}/identity.zpl")
    check(read(f"{hub.home}/identity.zpl") == keys and not os.path.exists(path),
          "init in a home that has keys or a store destroys nothing, and says what is there")
    write(path, before)
    hub.configure(city=330200)
    refused = hub.cli("run", ok=False)
    check(refused.returncode == 1 and "330200" in refused.stderr and "330100" in refused.stderr,
          "a hub whose city is another than its store's does not start, and says both", refused)
    write(path, before)
    other = Hub(hub.site, "cut-short")
    refused = other.cli("init", "--name", "x", "--city", "hz", ok=False)
    require(refused.returncode == 1 and os.listdir(other.home) == [], "what is no city makes no hub", refused)
    other.init()
    made = hub_keys(other)
    os.rename(f"{other.home}/hub.zpl", f"{other.home}/hub-init.zpl")
    other.init()
    check(hub_keys(other) == made and not os.path.exists(f"{other.home}/hub-init.zpl"),
          "an init that was cut short is done again, with the keys that it had made")


def check_links(site, hub, clock):
    """Keys that were taken up while the clock was ahead, before it was put right: links name the pair in use."""
    clock.set(2 * HOUR)
    hub.cli("key", "rotate", "--leaked", "--reason", "演练")
    clock.set(0)
    hub.start()
    site.agent(hub, "joined").sync()
    check(True, "who changed leaked keys by a clock that was ahead lets peers in all the same")
    hub.stop()
    clock.set(3 * HOUR)
    hub.cli("key", "rotate", "--after", "10s")
    clock.set(3 * HOUR + 11_000)
    before = hub_keys(hub)
    due = hub.cli("key", "rotate", ok=False)
    check(due.returncode == 1 and "do it again" in due.stderr and hub_keys(hub) != before,
          "announced keys whose time has come are taken up first by who would change them", due)
    hub.start()
    clock.set(0)
    site.agent(hub, "joined-too").sync()
    check(True, "and where announced ones were taken up by it")
    hub.stop()


def check_late(hub):
    """A hub that hangs for a while hears of the change too late to tell anybody."""
    before = hub_keys(hub)
    hub.process.send_signal(signal.SIGSTOP)
    asking = hub.start_command("key", "rotate", "--after", "10s")
    time.sleep(4)
    hub.process.send_signal(signal.SIGCONT)
    check(asking.wait(20) == 1 and not hub.cli_json("audit-log", "--act", "key_rotate"), "it announces nothing then")
    require(hub_keys(hub) == before, "and goes on as it was")


def check_lost(site, hub, clock):
    """The announced pair is not there when its time has come; another takes its place; then identity.zpl is of before."""
    hub.start()
    agent = site.agent(hub, "follower").start(event="link-ready")
    hub.cli("key", "rotate", "--after", "10s")
    os.remove(f"{hub.home}/identity-next.zpl")
    clock.set(HOUR)
    hub.wait_log("own-keys-unread")
    site.agent(hub, "newcomer").sync()
    hub.stop()
    hub.start()
    check("own-keys-unread" in hub.log(), "announced keys that are lost are named, and the present ones go on")
    found = hub.cli("audit", ok=False)
    check(found.returncode == 0, "what they sign is good", found.stdout)
    hub.cli("key", "rotate", "--after", "10s")
    named = re.search(rb"curve_public *= *(\w+)", read(f"{hub.home}/identity-next.zpl")).group(1)
    wait_until(lambda: named in read(f"{agent.home}/hub.zpl"), what="the agent hears of others")
    older, before = read(f"{hub.home}/identity.zpl"), hub_keys(hub)
    clock.set(HOUR + 11_000)
    wait_until(lambda: hub_keys(hub) != before, what="which take their place")
    agent.wait_log("hub-keys-changed")
    check(hub.cli("audit").returncode == 0, "others can be announced in the place of lost ones, and are followed")
    hub.stop()
    newer = read(f"{hub.home}/identity.zpl")
    write(f"{hub.home}/identity.zpl", older)
    refused = hub.cli("run", ok=False)
    check(refused.returncode == 1 and "identity.zpl is older" in refused.stderr,
          "an older identity.zpl is told from leaked keys", refused.stderr)
    write(f"{hub.home}/identity.zpl", newer)
    agent.stop()


def check_unknown(site, hub):
    """identity.zpl is one that the store never knew, and no other is left."""
    shutil.copy(Hub(site, "other").init().home + "/identity.zpl", hub.home)
    refused = hub.cli("run", ok=False)
    require(refused.returncode == 1 and "one backup" in refused.stderr, "the hub does not start with them", refused.stderr)
    hub.cli("key", "rotate", "--leaked", "--reason", "备份不全")
    found = hub.cli("audit", ok=False)
    check(found.returncode == 0, "keys that the registry never knew give way, and sign nothing", found.stdout)
    hub.start()
    site.agent(hub, "after").sync()
    check(True, "and links are good again")
    hub.stop()


SERVICE = "daemon"  # a user of this machine, whom programs run as


def give(program):
    """The home with all that is in it is the service's; the program is root's until it is told otherwise."""
    user = pwd.getpwnam(SERVICE)
    for folder, _, names in os.walk(program.home):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            os.chown(path, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def strangers(program):
    """The files that the service's user does not own."""
    owner = pwd.getpwnam(SERVICE).pw_uid
    return [name for name in os.listdir(program.home) if os.stat(f"{program.home}/{name}").st_uid != owner]


def check_root(site):
    """Root types at a service's home what its user should have typed."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return
    os.chmod(site.folder, 0o755)
    hub = Hub(site, "served-hub").init().start()
    agent = site.agent(hub, "served")
    prefix = give(agent)
    agent.cli("key", "rotate")
    left = strangers(agent)
    agent.prefix = prefix
    sent = agent.submit(review())
    agent.sync()
    check(not left and set(sent) <= set(hub.ids()), "keys that root has changed are the service's, and are used", left)
    hub.stop()
    prefix = give(hub)
    refused = hub.cli("key", "rotate", "--leaked", "--reason", "演练", ok=False)
    left = strangers(hub)
    hub.prefix = prefix
    done = hub.cli("key", "rotate", "--leaked", "--reason", "演练", ok=False)
    check(refused.returncode == 1 and f"runuser -u {SERVICE}" in refused.stderr and not left and done.returncode == 0,
          "where root may not, doing as he is told works", (refused, left, done))
    os.chown(f"{hub.home}/keys.lock", 0, 0)
    shut = hub.cli("key", "rotate", ok=False)
    check("keys.lock" in shut.stderr and "ermission" in shut.stderr, "what cannot be opened is told with the reason", shut)


def test(site):
    if UNDER:
        skip("a hub that changes its keys executes itself anew; under valgrind that is valgrind, which refuses")
    hub = site.hub()
    hub.add_entity(site.uscc())
    check_late(hub)
    hub.stop()
    check_init(hub)
    check_unknown(site, hub)
    if os.path.exists(os.environ.get("CLOCKJUMP", "")):
        clock = Clock(hub)
        check_lost(site, hub, clock)
        check_links(site, hub, clock)
    check_root(site)


if __name__ == "__main__":
    main(test)
