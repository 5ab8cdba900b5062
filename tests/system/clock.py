"""Wall clocks that jump while agent and hub run: a day forward, a year back, apart. Order is the cursor's, never the
time's; ids stay unique. The programs run under clockjump.c, which moves CLOCK_REALTIME and leaves timers alone."""
import contextlib, mmap, os, signal, sqlite3, time

import client
from harness import PATIENCE, Agent, check, day, item_of, main, moment, refusal, require, review, skip, wait_until, warning

DAY, YEAR = 86_400_000, 365 * 86_400_000


class Clock:
    """The offset of one program's clock."""

    def __init__(self, program):
        path = f"{program.site.folder}/{program.name}.clock"
        with open(path, "wb") as file:
            file.write(bytes(8))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)
        program.env = {"LD_PRELOAD": os.environ["CLOCKJUMP"], "CLOCKJUMP_FILE": path,
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def set(self, offset_ms):
        self.map[:] = offset_ms.to_bytes(8, "little", signed=True)


def old_review():
    """Dates that lie in the past for every clock here."""
    return review(applied_on=day(840), accepted_on=day(835), met_on=day(820), decided_on=day(815), next_follow_up_on=day(600))


def old_warning():
    return warning(discovered_at=moment(800 * DAY), level=1)


def test(site):
    if not os.path.exists(os.environ.get("CLOCKJUMP", "")):
        skip("CLOCKJUMP does not name clockjump.so")
    hub = site.hub(start=False, ping_ms=int(500 * PATIENCE))  # the peer in this script answers now and then
    hub_clock = Clock(hub)
    hub.start()
    agent = Agent(site, "agent")
    site.programs.append(agent)
    agent_clock = Clock(agent)
    agent.join(hub.add_entity(site.uscc()))
    agent.start()
    province = site.peer(hub, "province", link=hub.add_province())
    province.hello()
    province.follow("uplink")

    accepted, cursors, answered = [], [], []
    for name, hub_ms, agent_ms in (("together", 0, 0), ("both a day forward", DAY, DAY), ("the hub a year back", -YEAR, DAY),
                                   ("the agent a year back", 0, -YEAR), ("the agent a day ahead", 0, DAY),
                                   ("both as they were", 0, 0)):
        hub_clock.set(hub_ms)
        agent_clock.set(agent_ms)
        ids = agent.submit(old_review(), old_warning(), old_warning())
        wait_until(lambda: set(ids) <= set(hub.ids()), 20, what=f"{name}: records flow")
        accepted += ids
        wait_until(lambda: take(province, cursors, answered) and len(answered) >= len(accepted) * 2 // 3, 20, 0,
                   f"{name}: the uplink flows")
        require(province.ping(), f"{name}: sessions live")
        check(True, f"{name}: records flow, sessions live")
    check(len(set(accepted)) == 18, "ids stay unique", accepted)
    check(cursors == sorted(set(cursors)), "cursors rise strictly through all jumps", cursors)
    rows = {row["id"]: row["number"] for row in hub.query()}
    order = [rows[name] for name in accepted]
    acts = [row["number"] for row in hub.query("--kind", "administrative_act")]
    check(sorted(order + acts) == list(range(1, 19 + len(acts))), "the log's numbers have no hole", order)
    groups = [set(order[first:first + 3]) for first in range(0, 18, 3)]
    check(all(max(one) < min(two) for one, two in zip(groups, groups[1:])), "numbers follow the order of arrival, not the "
          "time", order)

    check_ahead(hub, hub_clock)
    peer = site.peer(hub, "peer")
    peer.hello()
    hub_clock.set(-YEAR)
    item = item_of(peer, old_review())
    peer.submit([item])
    first, _ = peer.receipt()
    hub_clock.set(DAY)
    peer.submit([item])
    again, _ = peer.receipt()
    check(again[0][0] == 1 and again[0][1:] == first[0][1:], "a year later the same bytes are still the duplicate", again)
    link = hub.add_entity(site.uscc(), valid_hours=1)
    hub_clock.set(2 * DAY)
    time.sleep(0.05)
    check(refusal(lambda: client.Peer(f"{site.folder}/late").join(link)) == "code_expired", "a code's expiry is wall time")


def day_gone_by(hub):
    with contextlib.closing(sqlite3.connect(f"{hub.home}/store.db")) as db:
        return db.execute("select 1 from meta where key = 'noted:desk_day'").fetchone()


def check_ahead(hub, hub_clock):
    """A year that somebody has mistyped, and puts right: nobody owes anything for it, and the hub starts all the same."""
    hub_clock.set(0)
    wait_until(lambda: day_gone_by(hub), what="the desk to have gone by a day")
    before = hub.stats("completeness")
    waits = hub.log().count("desk-waits")
    hub_clock.set(30 * YEAR)
    wait_until(lambda: hub.log().count("desk-waits") > waits, what="the desk to wait")
    hub.stop()
    hub.start()
    wait_until(lambda: "desk-waits" in hub.log(), what="the desk to wait after another start")
    hub_clock.set(0)
    time.sleep(0.5)
    check(hub.stats("completeness") == before, "a clock that is ahead for a while makes no period that anybody owes", before)
    hub.configure(leap_wait_s=0)
    hub_clock.set(2 * YEAR)
    os.kill(hub.process.pid, signal.SIGHUP)
    wait_until(lambda: hub.stats("completeness") != before, what="the periods of two years")
    hub_clock.set(0)


def take(province, cursors, warnings):
    """Takes what has come; True, so that the caller can go on with its condition."""
    try:
        for cursor, event in province.events("uplink", timeout=0.05):
            cursors.append(cursor)
            if event["type"] == "record":
                warnings.append(event["number"])
            province.ack("uplink", cursor)
    except client.Lost:
        pass
    return True


if __name__ == "__main__":
    main(test)
