"""One process a home; signals; the command line beside a running hub and without one."""
import signal, time

from harness import Agent, Hub, check, in_time, item_of, main, require, review, subprocess, wait_until, warning


def second(program):
    """Starts another `run` on the same home: (exit code, what it said)."""
    done = subprocess.run(program.command("run"), capture_output=True, text=True, timeout=20, env=program.environment())
    return done.returncode, done.stderr


def test(site):
    hub = site.hub()
    agent, province = site.agent(hub), site.province(hub)
    agent.start()
    province.start()
    for program in (hub, agent, province):
        code, said = second(program)
        check(code == 1 and said.strip(), f"a second agn-{program.name} on the same home is refused", (code, said[-300:]))
        check(program.running(), "and the first goes on")
    other = Hub(site, "other")
    other.port = hub.port
    code, said = second(other.init())
    check(code == 1 and "front-bind" in said, "a hub whose endpoint is taken says so and ends", (code, said[-300:]))
    peer = site.peer(hub, "peer")
    peer.hello()
    check(peer.ping(), "the hub serves after the second's attempt")

    hub.configure(ping_ms=4321)
    hub.process.send_signal(signal.SIGHUP)
    wait_until(lambda: peer.hello() or peer.terms["ping_ms"] == 4321, 10, 0.1, "SIGHUP")
    check(True, "SIGHUP reloads what may be reloaded")
    hub.configure(nonsense=1)
    hub.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check(hub.running() and peer.ping(), "SIGHUP with a broken file changes nothing and stops nobody")
    lines = open(f"{hub.home}/hub.zpl").read().replace("nonsense = 1\n", "")
    open(f"{hub.home}/hub.zpl", "w").write(lines)

    peer.hello()
    items = [item_of(peer, review()) for _ in range(60)]
    peer.submit(items)
    time.sleep(0.002)
    code = hub.stop()
    check(code == 0, "SIGTERM: the hub finishes and exits 0", code)
    link = hub.add_entity(site.uscc())
    check(link.startswith("agn://"), "without a running hub, entity add writes to the store itself")
    hub.start()
    check(site.peer(hub, "later", link=link).get("party"), "and the hub knows the link afterwards")
    peer.hello()
    peer.submit(items)
    outcomes = {result[0] for result in peer.receipt()[0]}
    check(outcomes in ({0}, {1}), "a batch that SIGTERM met was stored whole or not at all", outcomes)
    hub.kill()
    hub.start()
    check(hub.add_entity(site.uscc()), "after kill -9 the control socket is made anew")
    check(agent.stop() == 0 and province.stop() == 0, "SIGTERM: agent and province exit 0")

    agent.start()
    ids = agent.submit(review(), warning())
    wait_until(lambda: set(ids) <= set(hub.ids()), what="records arrive")
    check(agent.stop(signal.SIGINT) in (0, 130, -signal.SIGINT), "SIGINT stops the agent too")
    hub.kill()
    agent.start()
    started = time.monotonic()
    require(agent.stop() == 0, "an agent without a hub exits 0")
    check(in_time(started, 2), "an agent whose hub is dead stops within 2 s", time.monotonic() - started)
    hub.start()
    fresh = Agent(site, "stranger")
    code, said = second(fresh)
    check(code == 1 and "join" in said, "an agent that has not joined says what to do", (code, said[-300:]))


if __name__ == "__main__":
    main(test)
