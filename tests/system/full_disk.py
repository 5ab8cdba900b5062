"""A full disk at the hub, an agent, the province: nothing accepted is lost, everybody says what is wrong, and work goes
on by itself when there is room. Needs the right to mount a small tmpfs, in a mount namespace of its own."""
import hashlib, os, signal, subprocess, sys, time

import client
from harness import SKIP, Hub, Province, check, figures, item_of, main, require, review, wait_until, warning


def own_namespace():
    """Runs this script again where its mounts are its own and end with it."""
    if os.environ.get("AGN_OWN_MOUNTS"):
        return
    command = ["unshare", "--mount", "--propagation", "private"]
    trial = subprocess.run([*command, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], capture_output=True)
    if trial.returncode != 0:
        print("skipped: mounting is not permitted here")
        sys.exit(SKIP)
    os.environ["AGN_OWN_MOUNTS"] = "1"
    os.execvp("unshare", [*command, sys.executable, "-B", *sys.argv])


def small_disk(site, home, megabytes):
    folder = f"{site.folder}/{home}"
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", folder], check=True)
    site.closers.append(Mount(folder))
    return folder


class Mount:
    def __init__(self, folder):
        self.folder = folder

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


class Ballast:
    """Takes all the room that is left, and gives it back."""

    def __init__(self, folder):
        self.path = f"{folder}/ballast"

    def fill(self, leave=0):
        with open(self.path, "ab", buffering=0) as file:
            for size in (65536, 512):
                try:
                    while not leave or free_bytes(os.path.dirname(self.path)) > leave:
                        file.write(bytes(size))
                except OSError:
                    pass

    def free(self):
        os.unlink(self.path)


def tell_given_out(peer, number):
    """A session of a peer that has given out so many numbers."""
    peer.connect(peer.get("endpoint"))
    peer.send(client.HELLO, 1, {"software": "full_disk.py 1", "sent": number})
    peer.session, peer.terms = peer.receive(client.WELCOME)[1:3]


def greedy_in(peer):
    if not peer.socket or not peer.session:
        peer.hello()
    return peer


def check_hub(site):
    folder = small_disk(site, "hub", 24)
    hub = Hub(site)
    site.programs.append(hub)
    hub.init().configure(publish_ms=50, min_free_mb=2).start()
    peer = site.peer(hub, "peer")
    agent = site.agent(hub, "roomy")
    agent.start()
    province = site.province(hub, "watchful").start()
    disk = lambda: province.cli_json("status")["hubs"][0].get("disk", {}).get("state")
    peer.hello()
    first = item_of(peer, review())
    peer.submit([first])
    require(peer.receipt()[0][0][0] == 0, "stored while there is room")
    ballast = Ballast(folder)
    ballast.fill(leave=3 << 20)
    wait_until(lambda: disk() == "low", 20, 0.2, "the province is told that the disk runs short")
    peer.submit([item_of(peer, review())])
    check(peer.receipt()[0][0][0] == 0, "below twice the reserve the province is told, and records are still stored")
    check("runs short" in province.cli("status").stdout, "its status says so in words")
    greedy = site.peer(hub, "greedy")
    ballast.fill(leave=3 << 19)
    wait_until(lambda: retried(greedy_in(greedy), item_of(greedy, review())), 10, 0.2, "retry below the reserve")
    hub.cli("entity", "suspend", greedy.uscc, "--reason", "耗尽磁盘")
    check(hub.cli_json("audit-log", "--act", "suspend"), "the operator can stop who fills it: the reserve is for that")
    ballast.fill()
    second = item_of(peer, review())
    told = wait_until(lambda: retried(peer, second), 10, 0.2, "retry on a full disk")
    check(told[3] in ("disk_full", "store_failed") and told[4] > 0, "full disk at the hub: retry, with a time", told)
    check(told[3] == "disk_full", "and named as disk_full", told)
    check(peer.ping() and hub.running(), "the hub serves what needs no room")
    wait_until(lambda: disk() == "full", 20, 0.2, "the province is told that the disk is full")
    tell_given_out(peer, 1000)
    tell_given_out(peer, 0)
    check(peer.terms.get("given_out") == 1000, "who has lost its count is told it, though it could not be stored", peer.terms)
    waiting = agent.submit(review(), warning(level=1))
    time.sleep(1)
    check(not set(waiting) & set(hub.ids()), "nothing is said to be stored")
    ballast.free()
    wait_until(lambda: stored(peer, second), 30, 0.3, "stored once there is room")
    check(True, "with room again the same bytes are stored")
    tell_given_out(peer, 1000)
    wait_until(lambda: hub.cli_json("entity", "show", peer.uscc)[0]["missing"] > 900, 10, 0.2, "what is missing is told")
    check(True, "how much a peer has given out, which it said on the full disk, is noted when it says so again")
    wait_until(lambda: disk() == "ok", 20, 0.2, "the province is told that there is room again")
    check("its disk" not in province.cli("status").stdout, "and then its status says nothing of the disk")
    province.stop()
    wait_until(lambda: set(waiting) <= set(hub.ids()), 40, 0.3, "the agent's records follow by themselves")
    check(len(hub.ids()) == len(set(hub.ids())) == 5, "and what waited at the agent follows by itself, once", hub.ids())
    agent.stop()
    check_attachments(hub, peer, ballast)
    check_no_reserve(hub, peer, ballast)
    return hub


def check_attachments(hub, peer, ballast):
    """With the reserve an upload is refused before a byte; without it the disk fills up under it."""
    content = b"%PDF-1.7\n" + os.urandom(3 << 20)
    ballast.fill()
    told = peer.upload(content, "application/pdf")
    check(told == "disk_full", "an attachment on a full disk: disk_full", told)
    hub.configure(min_free_mb=0)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    ballast.free()
    with open(ballast.path, "wb") as file:
        file.write(bytes(max(0, free_bytes(hub.home) - (2 << 20))))
    told = peer.upload(content, "application/pdf")
    check(told == "disk_full", "the disk fills up under an upload: disk_full", told)
    check(peer.ping() and hub.running(), "and the hub serves on")
    ballast.free()
    check(peer.upload(content, "application/pdf") == "kept", "with room again it is kept")
    check(peer.fetch(hashlib.sha256(content).digest()) == content, "and is whole")
    for name in os.listdir(f"{hub.home}/attachments"):
        if len(name) == 64:
            os.unlink(f"{hub.home}/attachments/{name}")  # the rest of the test wants the room


def free_bytes(folder):
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def check_no_reserve(hub, peer, ballast):
    """Without a reserve the disk fills up inside a transaction."""
    hub.configure(min_free_mb=0)
    hub.process.send_signal(signal.SIGHUP)
    hub.wait_log("reloaded")
    ballast.fill()
    items, outcomes, before = [], [], len(hub.ids())
    while 3 not in outcomes and len(items) < 2000:
        batch = [item_of(peer, review(summary="概" * 3900)) for _ in range(20)]
        peer.submit(batch)
        outcomes += [result[0] for result in peer.receipt()[0]]
        items += batch
    check(3 in outcomes and set(outcomes) <= {0, 3}, "no room inside a transaction: retry, and nothing worse", set(outcomes))
    check(hub.running() and peer.ping(), "the hub serves on")
    check(len(hub.ids()) == before + outcomes.count(0), "what it called stored is stored, the rest is not")
    ballast.free()
    wait_until(lambda: stored(peer, items[-1]), 30, 0.3, "stored once there is room")
    for first in range(0, len(items), 20):
        peer.submit(items[first:first + 20])
        require({result[0] for result in peer.receipt()[0]} <= {0, 1}, "stored or duplicate")
    check(len(hub.ids()) == before + len(items), "sent again with room, each is stored once", len(hub.ids()))


def retried(peer, item):
    peer.submit([item])
    (result,), _ = peer.receipt()
    return result if result[0] == 3 else None


def stored(peer, item):
    peer.submit([item])
    (result,), _ = peer.receipt()
    return result[0] in (0, 1)


def check_agent(site, hub):
    folder = small_disk(site, "tight", 8)
    agent = site.agent(hub, "tight")
    kept = agent.submit(review())
    ballast = Ballast(folder)
    ballast.fill()
    accepted, refused = [], None
    for _ in range(60):
        path = agent.file(review(summary="概" * 3900))
        done = agent.cli("submit", path, ok=False)
        if done.returncode != 0:
            refused = done
            break
        accepted += [line for line in done.stdout.split() if line.count("-") == 4]
    check(refused and refused.returncode == 1 and refused.stderr.strip(), "full disk at the agent: submit says so, exit 1",
          refused)
    check("Traceback" not in refused.stderr and not [word for word in refused.stdout.split() if word.count("-") == 4],
          "and prints no id", refused.stdout)
    check(agent.cli("status", ok=False).returncode == 0, "status still answers")
    ballast.free()
    more = agent.submit(review())
    agent.sync()
    seen = hub.ids("--entity", agent.uscc)
    check(sorted(seen) == sorted(kept + accepted + more), "with room again: all that was accepted arrives, nothing else",
          (len(seen), len(kept + accepted + more)))


def check_agent_sends(site, hub):
    """What was accepted while there was room goes out from a full disk, in each session; only its receipt has to wait."""
    folder = small_disk(site, "urgent", 8)
    agent = site.agent(hub, "urgent")
    agent.submit(review())
    agent.sync()
    urgent = agent.submit(warning(level=1))
    ballast = Ballast(folder)
    ballast.fill()
    agent.start()
    wait_until(lambda: set(urgent) <= set(hub.ids()), 20, 0.2, "a warning from before the disk was full goes out")
    agent.wait_log("receipt-not-noted")
    require([row["state"] for row in agent.records()][-1] == "accepted", "its receipt is not noted", agent.log())
    ballast.free()
    wait_until(lambda: agent.records()[-1]["state"] == "received", 30, 0.3, "the receipt is asked for again")
    agent.stop()
    check("hub-behind" not in agent.log() and hub.ids("--entity", agent.uscc).count(urgent[0]) == 1,
          "full disk at the agent: what it had accepted goes out all the same, and has its receipt once there is room",
          agent.log())


def check_province(site, hub):
    folder = small_disk(site, "province", 8)
    province = Province(site)
    site.programs.append(province)
    province.init(hub.add_province()).start()
    wait_until(lambda: province.figures("review") == figures(hub.stats("review")), what="the province follows")
    ballast = Ballast(folder)
    ballast.fill()
    agent = site.agent(hub, "busy")
    agent.submit(*(review(activity_title="满" * 180) for _ in range(60)), *(warning(level=1, description="满" * 7000)
                                                                          for _ in range(60)))
    agent.sync()
    time.sleep(1.5)
    check(hub.running() and hub.cli("query", "--limit", "1", "--json"), "full disk at the province: the hub is not held up")
    ballast.free()
    time.sleep(0.5)
    check("full" in province.log(), "full disk at the province: its log says so", province.log()[-400:])
    check(province.running(), "and it has not given up")
    for family in ("review", "warning"):
        wait_until(lambda: province.figures(family) == figures(hub.stats(family)), 90, 0.3, f"{family} catches up")
    check(True, "with room again the province catches up by itself")


def test(site):
    hub = check_hub(site)
    check_agent(site, hub)
    check_agent_sends(site, hub)
    check_province(site, hub)
    check(isinstance(hub, Hub) and hub.stop() == 0, "the hub stops with 0")


if __name__ == "__main__":
    own_namespace()
    main(test)
