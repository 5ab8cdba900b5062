"""A thief has the hub's keys and stands in its place on the network. The city reports the leak and gives out new links:
whoever has joined by one is the city's, whatever a session with the thief is told before and after."""
import re, shutil, time

from harness import Hub, check, free_port, main, require, review, wait_until
from key_rotation import new_link, settings

AHEAD = 10  # seconds, the least that a hub takes


def signing_key(hub):
    return re.search("signing key +([0-9a-f]+)", hub.cli("key", "show").stdout).group(1)


def steal(site, hub):
    """Returns the thief's hub, which has all that the hub had and its place; the hub has other keys and another place."""
    hub.stop()
    thief = Hub(site, "thief")
    site.programs.append(thief)
    shutil.copytree(hub.home, thief.home)
    thief.port, thief.enrol_port = hub.port, hub.enrol_port
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    hub.port, hub.enrol_port = free_port(), free_port()
    hub.configure(endpoint=f'"tcp://127.0.0.1:{hub.port}"', enrol_endpoint=f'"tcp://127.0.0.1:{hub.enrol_port}"')
    hub.start()
    return thief.start()


def answered(agent, name):
    wait_until(lambda: agent.cli("receipt", name, ok=False).returncode == 0, 20, what="a receipt that verifies")


def check_join_stands(hub, thief, agent):
    """It joins anew while its `run` has a session with the thief; then the thief names a successor."""
    told = agent.cli("join", new_link(hub, "entity", agent.uscc)).stdout
    require("from now on" in told, "join says that the running agent uses it", told)
    thief.cli("key", "rotate", "--after", f"{AHEAD}s")
    agent.wait_log("joined-anew")
    agent.wait_log("link-ready hub=tcp://127.0.0.1:" + str(hub.port))
    name = agent.submit(review())[0]
    wait_until(lambda: name in hub.ids(), 20, what="what is filed from then on is at the city")
    answered(agent, name)
    time.sleep(1)
    check(settings(agent, "hub.zpl")["hub_signing_key"] == signing_key(hub) and name not in thief.ids(),
          "a running agent takes up what `join` wrote, and no session by the leaked keys undoes it")


def test(site):
    hub = site.hub()
    steady = site.agent(hub, "steady")
    thief = steal(site, hub)
    steady.start(event="link-ready")
    check_join_stands(hub, thief, steady)


if __name__ == "__main__":
    main(test)
