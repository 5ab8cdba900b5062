"""A bad network between agent and hub: delay, loss, a partition. Two network namespaces with a cable between them; they
end with this script. Where the kernel has no netem, loss is nftables' and delay a slow token bucket."""
import os, subprocess, sys, time

from harness import SKIP, Agent, check, in_time, main, require, review, wait_until, warning

HUB, AGENT = "10.77.0.1", "10.77.0.2"


def run(*command, ok=True):
    done = subprocess.run(command, capture_output=True, text=True)
    require(done.returncode == 0 or not ok, f"{' '.join(command)} works", done.stderr)
    return done.returncode == 0


def own_namespace():
    """Runs this script again in a network namespace of its own."""
    if os.environ.get("AGN_OWN_NET"):
        return
    if subprocess.run(["unshare", "--net", "ip", "link", "add", "veth-try", "type", "veth", "peer", "name", "veth-too"],
                      capture_output=True).returncode != 0:
        print("skipped: network namespaces or veth are not permitted here")
        sys.exit(SKIP)
    os.environ["AGN_OWN_NET"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, "-B", *sys.argv])


class Cable:
    """The veth pair; the far end lies in the namespace of a process that only sleeps."""

    def __init__(self, site):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        site.started.append(self.holder)
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own, 5, 0.01, "the second namespace")
        self.far = ["nsenter", "--net", "-t", str(self.holder.pid)]
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "veth-hub", "type", "veth", "peer", "name", "veth-agent")
        run("ip", "link", "set", "veth-agent", "netns", str(self.holder.pid))
        run("ip", "addr", "add", f"{HUB}/24", "dev", "veth-hub")
        run("ip", "link", "set", "veth-hub", "up")
        run(*self.far, "ip", "addr", "add", f"{AGENT}/24", "dev", "veth-agent")
        run(*self.far, "ip", "link", "set", "veth-agent", "up")
        run(*self.far, "ip", "link", "set", "lo", "up")

    def impair(self, delay_ms, loss):
        """Both ways; returns how."""
        self.repair()
        if run("tc", "qdisc", "add", "dev", "veth-hub", "root", "netem", "delay", f"{delay_ms}ms", "loss", f"{loss}%", ok=False):
            run(*self.far, "tc", "qdisc", "add", "dev", "veth-agent", "root", "netem", "delay", f"{delay_ms}ms",
                "loss", f"{loss}%")
            return "netem"
        bucket = ("tbf", "rate", "400kbit", "burst", "4kb", "latency", f"{delay_ms}ms")
        slow = run("tc", "qdisc", "add", "dev", "veth-hub", "root", *bucket, ok=False)
        lossy = not loss or run("nft", f"add table inet lossy; add chain inet lossy in {{ type filter hook input priority 0; }}; "
                                f"add rule inet lossy in numgen random mod 100 < {loss} drop", ok=False)
        return "a slow bucket and nftables" if slow and lossy else None

    def repair(self):
        for side in ([], self.far):
            run(*side, "tc", "qdisc", "del", "dev", "veth-agent" if side else "veth-hub", "root", ok=False)
        run("nft", "delete table inet lossy", ok=False)

    def cut(self, down=True):
        run("ip", "link", "set", "veth-hub", "down" if down else "up")


def arrive(hub, ids, timeout, what):
    wait_until(lambda: set(ids) <= set(hub.ids()), timeout, 0.2, what)
    seen = [name for name in hub.ids() if name in set(ids)]
    check(len(seen) == len(ids), f"{what}: all {len(ids)} arrive, once each", len(seen))


def test(site):
    cable = Cable(site)
    hub = site.hub(host=HUB, ping_ms=500)
    agent = Agent(site, "agent")
    agent.prefix = cable.far
    site.programs.append(agent)
    agent.join(hub.add_entity(site.uscc()))
    agent.start()
    arrive(hub, agent.submit(review(), warning()), 20, "a good network")

    how = cable.impair(150, 0)
    if how:
        arrive(hub, agent.submit(*(review() for _ in range(30))), 40, f"delay and a narrow line ({how})")
        require(cable.impair(20, 15), "loss can be set")
        arrive(hub, [name for _ in range(5) for name in agent.submit(*(review() for _ in range(5)))], 60,
               "15 % of the packets lost")
    else:
        print("delay and loss left out: the kernel offers neither netem nor nftables")
    cable.repair()

    cable.cut()
    waiting = agent.submit(*(warning() for _ in range(10)))
    time.sleep(4)
    check(not set(waiting) & set(hub.ids()), "partition: nothing arrives, submit still accepts")
    cable.cut(down=False)
    started = time.monotonic()
    arrive(hub, waiting, 60, "the partition heals")
    check(in_time(started, 30), "within half a minute", time.monotonic() - started)
    ids = []
    for _ in range(3):
        cable.cut()
        ids += agent.submit(review())
        time.sleep(0.7)
        cable.cut(down=False)
        time.sleep(0.7)
    arrive(hub, ids, 60, "a loose cable")
    wait_until(lambda: all(agent.cli("receipt", name, "--json", ok=False).returncode == 0 for name in waiting + ids), 30,
               what="receipts")
    check(agent.stop() == 0, "every record has its receipt, and the agent stops with 0")


if __name__ == "__main__":
    own_namespace()
    main(test)
