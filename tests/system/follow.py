"""Following: late, dead and back, slow, of another life of the store, past what was pruned. Never a skip, never twice."""
import re, sqlite3, time

import client
from client import CURSOR, EVENTS, FOLLOW, GAP
from harness import check, figures, in_time, item_of, main, msgpack, os, require, review, wait_until, warning


def raise_warnings(peer, count):
    """Submits warnings that go up one by one; their numbers in the log."""
    numbers = []
    for first in range(0, count, 50):
        peer.submit([item_of(peer, warning(level=1)) for _ in range(min(50, count - first))])
        results, _ = peer.receipt()
        numbers += [result[3] for result in results]
    return numbers


def read(follower, stream="uplink", until=None, count=None, timeout=10):
    """Events with their acknowledgement, until the head, a warning's number or a count."""
    got = []
    while True:
        message = follower.receive(EVENTS, GAP, timeout=timeout)
        require(message[0] == EVENTS, "EVENTS, no GAP", message)
        for cursor, event in message[5]:
            got.append((cursor, msgpack.unpackb(event)))
            follower.send(CURSOR, follower.session, stream, cursor)
            if count and len(got) == count:
                return got
        if until is not None and until in warnings_of(got):
            return got
        if until is None and count is None and (got[-1][0] if got else 0) >= message[4]:
            return got


def warnings_of(events):
    return [event["number"] for _, event in events if event["type"] == "record"]


def check_late(site, hub, source):
    numbers = raise_warnings(source, 150)
    late = site.peer(hub, "late", link=hub.add_province("late"))
    late.hello()
    late.send(FOLLOW, late.session, "uplink", None, 0, 20)
    part = read(late, count=37)
    check(warnings_of(part) == [number for number in numbers if number in warnings_of(part)], "a late follower begins at "
          "the beginning", len(part))
    epoch, cursor = late_epoch(late), part[-1][0]
    late.close()
    numbers += raise_warnings(source, 60)
    late.hello()
    late.send(FOLLOW, late.session, "uplink", epoch, cursor, 7)
    rest = read(late, until=numbers[-1])
    cursors = [cursor for cursor, _ in part + rest]
    check(warnings_of(part + rest) == numbers, "dead for 60 warnings and back: the sequence is complete, in order, once",
          (len(warnings_of(part + rest)), len(numbers)))
    check(cursors == sorted(set(cursors)), "its cursors rise strictly")
    return late, cursors, numbers


def late_epoch(peer):
    peer.send(client.HELLO, 1, {"software": "test"})
    _, peer.session, terms = peer.receive(client.WELCOME)[:3]
    return terms["epoch"]


def check_credit(site, hub, source):
    one = site.peer(hub, "one", link=hub.add_province("one"))
    one.hello()
    one.send(FOLLOW, one.session, "uplink", None, 0, 1)
    seen = []
    for _ in range(30):
        message = one.receive(EVENTS)
        require(len(message[5]) <= 1, "credit 1: one event at a time", len(message[5]))
        seen += [cursor for cursor, _ in message[5]]
        if seen and len(seen) == 3:
            quiet = not one.socket.poll(600)
            check(quiet, "credit 1: nothing more until it is acknowledged")
        if message[5]:
            one.send(CURSOR, one.session, "uplink", seen[-1])
    check(len(seen) >= 29 and seen == sorted(set(seen)), "credit 1: event by event, none skipped", len(seen))

    slow = site.peer(hub, "slow", link=hub.add_province("slow"))
    slow.hello()
    slow.send(FOLLOW, slow.session, "uplink", None, 0, 10)
    got, end = 0, time.monotonic() + 0.7
    while time.monotonic() < end:
        if slow.socket.poll(100):
            message = msgpack.unpackb(slow.socket.recv())
            got += len(message[5]) if message[0] == EVENTS else 0
    check(got == 10, "a follower that never acknowledges gets its credit and no more", got)
    fast = site.peer(hub, "fast", link=hub.add_province("fast"))
    fast.hello()
    fast.send(FOLLOW, fast.session, "uplink", None, 0, 1000)
    read(fast)
    started = time.monotonic()
    numbers = raise_warnings(source, 1)
    read(fast, until=numbers[0])
    check(in_time(started, 2), "and does not hold up another, who has a new warning at once",
          time.monotonic() - started)
    slow.send(FOLLOW, slow.session, "uplink", None, 0, 1000)
    require(numbers[0] in warnings_of(read(slow, until=numbers[0])), "a second FOLLOW replaces the first")


def check_live(hub, source, follower):
    """Cells stand once, with absolute values."""
    for _ in range(3):
        source.submit([item_of(source, review()) for _ in range(5)])
        source.receipt()
        time.sleep(0.15)
    fresh = follower
    fresh.hello()
    fresh.send(FOLLOW, fresh.session, "uplink", None, 0, 10000)
    events = read(fresh)
    cells = [event for _, event in events if event["type"] == "cell"]
    keys = [(cell["family"], cell["day"], tuple(cell["dims"])) for cell in cells]
    check(len(keys) == len(set(keys)), "a cell stands in the stream once", len(keys))
    check(all(cell["revision"] == cursor for cursor, cell in events if cell["type"] == "cell"), "its revision is the cursor")
    with sqlite3.connect(f"file:{hub.home}/store.db?mode=ro", uri=True) as db:
        records = db.execute("select max(number) from record").fetchone()[0]
    check(all(1 <= cell["size"] <= records for cell in cells), "it names the size of the ledger that it was computed at")
    for family in ("review", "warning"):
        truth = figures(hub.stats(family))
        seen = figures([cell for cell in cells if cell["family"] == family])
        check(seen == truth, f"the {family} cells read from 0 are the hub's figures", (seen, truth))


def check_nothing_received(site, hub):
    """Who has been sent nothing yet has nothing, whatever it says and how often."""
    one = site.peer(hub, "nothing")
    one.hello()
    for cursor in range(1, 61):
        one.send(FOLLOW, one.session, "inbox", None, 0, 100)
        for _ in range(20):
            one.send(CURSOR, one.session, "inbox", cursor)
    check(one.ping() and one.ping(), "1,200 acknowledgements of what was never sent")
    time.sleep(1.5)
    check(hub.running() and one.ping(), "change nothing")


def check_gaps(hub, late, source, cursors, numbers):
    late.hello()
    late.send(FOLLOW, late.session, "uplink", os.urandom(16), cursors[-1], 100)
    gap = late.receive(GAP)
    check(gap[5:] == [0, "epoch"] or gap[-1] == "epoch", "another life of the store: GAP epoch", gap)
    check(gap[3] == late.terms["epoch"], "which names the right one")
    check(not late.socket.poll(400), "and the FOLLOW has ended")
    late.send(FOLLOW, late.session, "uplink", gap[3], 0, 10000)
    check(warnings_of(read(late))[:len(numbers)] == numbers, "from 0 with that epoch: a snapshot")

    middle = cursors[len(cursors) // 2]
    foretold = re.findall(r"\d+", hub.cli("prune", "uplink", "--upto", middle, "--dry-run").stdout)
    removed = re.findall(r"\d+", hub.cli("prune", "uplink", "--upto", middle, "--reason", "已归档", "--yes").stdout)
    check(foretold == removed and int(removed[0]) > 0, "a dry run says how many would go, and takes none", (foretold, removed))
    late.hello()
    late.send(FOLLOW, late.session, "uplink", late.terms["epoch"], cursors[10], 100)
    gap = late.receive(GAP, EVENTS)
    check(gap[0] == GAP and gap[5] == "pruned", "a cursor before what was pruned: GAP pruned", gap)
    check(cursors[10] < gap[4] <= middle + 1, "which names the first cursor that misses nothing", (gap[4], middle))
    late.send(FOLLOW, late.session, "uplink", gap[3], 0, 10000)
    events = read(late)
    expected = [number for number in numbers if number in warnings_of(events)]
    check(expected and expected == numbers[-len(expected):], "then a snapshot: every warning after it is there",
          (len(expected), len(numbers)))
    truth = figures(hub.stats("warning"))
    cells = [event for _, event in events if event["type"] == "cell" and event["family"] == "warning"]
    check(figures(cells) == truth, "and every cell, pruned or not", (figures(cells), truth))
    late.hello()
    late.send(FOLLOW, late.session, "uplink", late.terms["epoch"], gap[4], 100)
    check(late.receive(GAP, EVENTS)[0] == EVENTS, "a cursor at `first` has no gap")
    done = hub.cli("prune", "uplink", "--upto", middle, ok=False)
    check(done.returncode != 0, "prune without --yes does nothing", done.returncode)


def check_province(site, hub, source):
    """The real province, behind when the hub prunes."""
    province = site.province(hub, "real")
    province.start()
    wait_until(lambda: province.figures("warning") == figures(hub.stats("warning")), what="the province follows")
    province.kill()
    raise_warnings(source, 30)
    source.submit([item_of(source, review(sector="finance"))])
    source.receipt()
    time.sleep(0.3)
    head = hub_head(site, hub)
    hub.cli("prune", "uplink", "--upto", head, "--reason", "已归档", "--yes")
    province.start()
    for family in ("review", "warning"):
        wait_until(lambda: province.figures(family) == figures(hub.stats(family)), 30, what=f"{family} after GAP")
    check(True, "a province behind a prune says so, rebuilds from the snapshot, and has the right figures")
    check("gap" in province.log().lower() or "pruned" in province.log().lower(), "its log names the gap",
          province.log()[-600:])


def hub_head(site, hub):
    peer = site.peer(hub, "head", link=hub.add_province("head"))
    peer.hello()
    peer.send(FOLLOW, peer.session, "uplink", None, 0, 1)
    return peer.receive(EVENTS)[4]


def test(site):
    hub = site.hub()
    source = site.peer(hub, "source")
    source.hello()
    check_nothing_received(site, hub)
    late, cursors, numbers = check_late(site, hub, source)
    check_credit(site, hub, source)
    check_live(hub, source, site.peer(hub, "live", link=hub.add_province("live")))
    check_gaps(hub, late, source, cursors, numbers)
    check_province(site, hub, source)


if __name__ == "__main__":
    main(test)
