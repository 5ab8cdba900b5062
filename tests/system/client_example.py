"""client.py, the integrators' example: by its command line, and as a module against a real hub."""
import json, subprocess, sys, time

import client
from harness import UUID, check, id_of, item_of, main, os, review, warning


def run(*arguments, timeout=30):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")
    return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, timeout=timeout)


def test(site):
    hub = site.hub()
    uscc, folder, path = site.uscc(), f"{site.folder}/example", f"{site.folder}/review.json"
    link = hub.add_entity(uscc)
    done = run("join", link, folder)
    check(done.returncode == 0 and uscc in done.stdout, "client.py join enrols", done)
    done = run("join", link, folder)
    check(done.returncode == 0 and uscc in done.stdout, "the same key may send the same code again", done)
    with open(path, "w") as file:
        json.dump(review(), file)
    done = run("submit", folder, path)
    check(done.stdout.startswith("stored") and UUID.findall(done.stdout) == hub.ids(), "client.py submit: stored", done)

    peer = client.Peer(folder)
    peer.hello()
    terms = peer.terms
    check(terms["party"] == uscc and terms["role"] == "entity" and terms["city"] == "330100"
          and {"submit", "follow"} <= set(terms["capabilities"]) and terms["received"] == 1,
          "WELCOME says who the peer is and what the hub holds", terms)
    check(abs(terms["time"] - time.time() * 1000) < 5000 and terms["max_message"] == 1048576, "WELCOME's terms", terms)
    check(peer.ping(77), "PING is answered by PONG with its token")

    peer.own_seq = 1
    first, second = item_of(peer, review()), item_of(peer, warning(level=1))
    peer.submit([first, second])
    results, _ = peer.receipt()
    check([result[0] for result in results] == [0, 0], "a batch of two is stored", results)
    check(results[1][3] == results[0][3] + 1, "numbers rise in the batch's order", results)
    peer.submit([second, first])
    again, _ = peer.receipt()
    check([result[0] for result in again] == [1, 1] and again[1][1:] == results[0][1:], "the same bytes: duplicate, with "
          "the first number and time", again)
    peer.submit([item_of(peer, review(), id=client.msgpack.unpackb(first)["id"])])
    (conflict,), _ = peer.receipt()
    check(conflict[0] == 2 and conflict[3][0][0] == "conflict", "the same id with other bytes: conflict", conflict)
    peer.submit([first])
    (after,), _ = peer.receipt()
    check(after[0] == 1 and after[3] == results[0][3], "and the first outcome stays", after)
    bad = item_of(peer, review(round=0))
    outcomes = []
    for _ in range(2):
        peer.submit([bad])
        outcomes.append(peer.receipt()[0][0])
    check(outcomes[0][0] == 2 and outcomes[0] == outcomes[1], "a rejected item gets its first rejection again", outcomes)
    peer.own_seq += 5
    peer.hello()
    check(peer.terms["received"] >= 3, "received follows the sequence numbers", peer.terms)

    peer.follow("inbox")
    peer.receive(client.EVENTS)
    hub.cli("entity", "suspend", uscc, "--reason", "年度核查")
    hub.cli("entity", "resume", uscc)
    peer.hello()
    peer.follow("inbox")
    events = []
    while len(events) < 2:
        for cursor, event in peer.events("inbox"):
            events.append(event)
            peer.ack("inbox", cursor)
    check([event["state"] for event in events[-2:]] == ["suspended", "active"] and events[-2]["reason"] == "年度核查",
          "the inbox tells the entity of its standing", events)

    province = site.peer(hub, "province", link=hub.add_province())
    province.hello()
    check(province.terms["role"] == "province", "a province's WELCOME names its role")
    province.follow("uplink")
    seen = []
    while not any(event["type"] == "record" for _, event in seen):
        seen += province.events("uplink")
    place, upped = next((cursor, event) for cursor, event in seen if event["type"] == "record")
    record = client.msgpack.unpackb(upped["record"])
    check(record["id"] == client.msgpack.unpackb(second)["id"] and "submitter" not in record and upped["entity"] == uscc,
          "the uplink carries the warning without its confidential fields", upped)
    cursors = [cursor for cursor, _ in seen]
    check(cursors == sorted(set(cursors)), "cursors rise strictly", cursors)
    province.close()

    follower = subprocess.Popen([sys.executable, client.__file__, "follow", f"{site.folder}/province", "uplink"],
                                stdout=subprocess.PIPE, text=True)
    site.started.append(follower)
    cursor = 0  # a cell that has changed since comes later by now; a record stays where it is
    while cursor < place:
        cursor = json.loads(follower.stdout.readline())["cursor"]
    check(cursor == place, "client.py follow prints the same events")
    check(id_of(first) in hub.ids() and len(hub.ids()) == 3, "the hub holds the three records once each")


if __name__ == "__main__":
    main(test)
