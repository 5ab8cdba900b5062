"""`join --new-keys` that is cut short, refused, done again, or done in the wrong home: the pair that the hub has taken is never
lost, a link is not used up by a home that it is not for, and the home's own keys go on where nothing came of it."""
import os

from client import ENROL, REFUSE
from fake_hub import FakeHub
from harness import Agent, check, fresh_file, main, require, review
from key_rotation import curve_key, keys, new_link, settings

WORDS = "correct horse battery 国密"


def replacing(hub, agent):
    return new_link(hub, "entity", agent.uscc, "--replace", "--reason", "机器被侵入")


def mistyped(link):
    """With another first character of its code."""
    at = link.rindex("/") + 1
    return f"{link[:at]}{'2' if link[at] == '1' else '1'}{link[at + 1:]}"


def refused(agent, link, *options):
    """What `join` says, which fails."""
    done = agent.cli("join", *options, link, ok=False)
    require(done.returncode == 1, "it is refused", done)
    return done.stderr


def cut_short(hub, agent, link):
    """The hub takes the new pair, and its answer cannot be kept. Returns the pair's name."""
    os.mkdir(f"{agent.home}/hub.zpl.new")
    told = refused(agent, link, "--new-keys")
    os.rmdir(f"{agent.home}/hub.zpl.new")
    taken = hub.cli_json("entity", "keys", agent.uscc)[0]["key"]
    require("hub.zpl" in told and taken != curve_key(agent), "the hub has a pair that is not the home's yet", told)
    require(os.path.exists(fresh_file(agent, link)), "which lies beside")
    return taken


def check_cut_short(site, hub, other):
    """Then another link is tried, each of which the hub refuses; in the end the right one, as the message says."""
    agent = site.agent(hub, "cut_short")
    agent.submit(review())
    link = replacing(hub, agent)
    taken = cut_short(hub, agent, link)
    for options in ((), ("--new-keys",)):
        refused(agent, mistyped(link), *options)
        refused(agent, new_link(hub, "entity", other.uscc), *options)
    agent.cli("join", link)
    check(curve_key(agent) == taken and keys(hub, "entity", agent.uscc) == ["current", "revoked"],
          "a join that was cut short goes on with the pair that the hub has, whatever was tried in between")
    agent.sync()
    check(agent.records()[0]["state"] == "received" and not [name for name in os.listdir(agent.home) if "fresh" in name],
          "and what waited is delivered", os.listdir(agent.home))


class Hesitant(FakeHub):
    """Answers ENROL as the test says, and keeps who asked."""

    def __init__(self, site):
        super().__init__(site)
        self.enrol_answers, self.asked_with = [], []

    def act(self, socket, sender, message):
        if message[0] == ENROL:
            self.asked_with.append(message[2]["signing_key"])
            answer = self.enrol_answers.pop(0) if self.enrol_answers else None
            if answer == "silence":
                return None
            if answer:
                return self.send(socket, sender, REFUSE, answer, "not now", {"after_ms": 500})
        return super().act(socket, sender, message)


def check_unanswered(site):
    """What says nothing of the pair changes nothing of it."""
    hub = Hesitant(site)
    agent = site.agent(hub, "unanswered", link=hub.link())
    hub.enrol_answers, hub.asked_with = ["silence", "busy", "locked_out", "suspended"], []
    for _ in range(len(hub.enrol_answers)):
        refused(agent, hub.link(), "--new-keys")
    agent.cli("join", hub.link())
    check(len(hub.asked_with) == 5 and len(set(hub.asked_with)) == 1,
          "no answer, and refusals that say nothing of the pair: the same one is offered again", len(set(hub.asked_with)))


def check_wrong_home(site, hub):
    """One who looks after two homes takes the wrong one."""
    one, other = site.agent(hub, "one"), site.agent(hub, "other")
    other.submit(review())
    for options in (("--replace", "--reason", "x"), ()):
        link = new_link(hub, "entity", other.uscc, *options)
        for new_keys in ((), ("--new-keys",)):
            told = refused(one, link, *new_keys)
            require("another party" in told and "as good as before" in told, "it says so", told)
    check(keys(hub, "entity", other.uscc) == ["current"], "another institution's link changes none of that one's keys")
    other.sync()
    other.join(link)
    check(other.records()[0]["state"] == "received", "which goes on, and its link is as good as before")
    one.submit(review())
    one.sync()
    seal(one)
    check(True, "as does the one in whose home it was tried")


def seal(agent):
    path = f"{agent.site.folder}/words"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(WORDS)
    agent.cli("key", "seal", "--passphrase-file", path)
    require("curve_secret" not in settings(agent, "identity.zpl"), "the keys are sealed")


def check_not_needed(site, hub):
    """The hub was away, and the home's own keys turned out to be good."""
    for name, go_on in (("rotated", lambda agent, link: agent.cli("key", "rotate")),
                        ("joined", lambda agent, link: agent.join(link))):
        agent = site.agent(hub, name)
        hub.stop()
        refused(agent, mistyped(hub.last), "--new-keys")
        hub.start()
        go_on(agent, new_link(hub, "entity", agent.uscc))
        seal(agent)
    check(True, "a pair that nothing came of is in nobody's way once the home's own has shown to be good")


def check_empty_home(site, hub, agent):
    empty = Agent(site, "empty")
    link = replacing(hub, agent)
    told = refused(empty, link, "--new-keys")
    check("without --new-keys" in told, "new keys where there are none: it says what to do", told)
    empty.join(link)
    check(keys(hub, "entity", agent.uscc)[0] == "current", "and the link is as good as before")


def test(site):
    hub = site.hub()
    other = site.agent(hub, "bystander")
    hub.last = new_link(hub, "entity", other.uscc)
    check_wrong_home(site, hub)
    check_cut_short(site, hub, other)
    check_not_needed(site, hub)
    check_empty_home(site, hub, other)
    check_unanswered(site)


if __name__ == "__main__":
    main(test)
