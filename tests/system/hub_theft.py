"""A thief has the hub's keys and stands in its place on the network. The city reports the leak and gives out new links:
whoever has joined by one is the city's, whatever a session with the thief is told before and after."""
import re, shutil

from harness import Hub, check, free_port, main, require, review, wait_until
from key_rotation import new_link, settings

AHEAD = 10  # seconds, the least that a hub takes


def signing_key(hub):
    return re.search("signing key +([0-9a-f]+)", hub.cli("key", "show").stdout).group(1)


def steal(site, hub):
    """Returns the thief's hub, which has all that the hub had and its place; the hub has other keys, changed by two people
    who did not know of each other, and another place."""
    hub.stop()
    thief = Hub(site, "thief")
    site.programs.append(thief)
    shutil.copytree(hub.home, thief.home)
    thief.port, thief.enrol_port = hub.port, hub.enrol_port
    hub.cli("key", "rotate", "--leaked", "--reason", "备份介质遗失")
    hub.cli("key", "rotate", "--leaked", "--reason", "再换一次")
    hub.port, hub.enrol_port = free_port(), free_port()
    hub.configure(endpoint=f'"tcp://127.0.0.1:{hub.port}"', enrol_endpoint=f'"tcp://127.0.0.1:{hub.enrol_port}"')
    hub.start()
    return thief.start()


def is_proved(agent, name):
    return agent.cli("receipt", name, ok=False).returncode == 0


def file(agent):
    """The id of a record for which it has a receipt that verifies."""
    name = agent.submit(review())[0]
    wait_until(lambda: is_proved(agent, name), 20, what="a receipt that verifies")
    return name


def check_join_stands(hub, thief, agent):
    """It joins anew while its `run` has a session with the thief; then the thief names a successor."""
    lost = file(agent)
    require(lost in thief.ids(), "what it has filed so far is the thief's")
    told = agent.cli("join", new_link(hub, "entity", agent.uscc)).stdout
    require("from now on" in told, "join says that the running agent uses it", told)
    thief.cli("key", "rotate", "--after", f"{AHEAD}s")
    agent.wait_log("joined-anew")
    agent.wait_log("link-ready hub=tcp://127.0.0.1:" + str(hub.port))
    name = file(agent)
    wait_until(lambda: {lost, name} <= set(hub.ids()), 20, what="what it files, and what the thief has confirmed, is at the city")
    wait_until(lambda: is_proved(agent, lost), 20, what="the city's receipt for what the thief had confirmed")
    check(settings(agent, "hub.zpl")["hub_signing_key"] == signing_key(hub) and name not in thief.ids(),
          "a running agent takes up what `join` wrote, and no session by the leaked keys undoes it")


def check_named(hub, agent):
    """It has followed the thief to the keys that he named."""
    agent.wait_log("hub-keys-changed", 30)
    name = file(agent)
    agent.stop()
    agent.join(new_link(hub, "entity", agent.uscc))
    shown = agent.cli("receipt", name, ok=False)
    check(shown.returncode == 1 and "only a leaked one had named" in shown.stdout,
          "a receipt by a key that only the leaked one has named proves nothing, of whichever date", shown.stdout)
    agent.sync()
    check(name in hub.ids() and is_proved(agent, name), "what it answered is sent again")


def check_province(hub, province):
    """The keys were changed twice: the province knows the first ones alone."""
    done = province.cli("join", new_link(hub, "peer", "省厅 province"), ok=False)
    check(done.returncode == 1 and "--replace 1" in done.stderr, "all leaks are told, so the province knows whose place it is", done)


def test(site):
    hub = site.hub()
    steady, misled = site.agent(hub, "steady"), site.agent(hub, "misled")
    province = site.province(hub)
    thief = steal(site, hub)
    steady.start(event="link-ready")
    misled.start(event="link-ready")
    check_join_stands(hub, thief, steady)
    check_province(hub, province)
    check_named(hub, misled)


if __name__ == "__main__":
    main(test)
