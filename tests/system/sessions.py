"""Connections and sessions: silent ones, deaf ones, doubled ones, forgotten ones. The hub serves the others throughout."""
import contextlib, shutil, socket, threading, time

import client
import zmq
from client import CURSOR, FOLLOW, PING, WELCOME, WHO
from harness import PATIENCE, check, id_of, in_time, item_of, main, msgpack, refusal, require, review, wait_until, warning


def quick(peer, limit=1.0):
    """A full turn of another peer within a second: it submits a record and gets the receipt."""
    started = time.monotonic()
    peer.submit([item_of(peer, review(rehearsal=True))])
    results, _ = peer.receipt()
    return results[0][0] == 0 and in_time(started, limit)


def raw_connection(peer):
    """A connection of the peer's key without a HELLO."""
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger = 0
    sock.curve_serverkey, sock.curve_publickey = peer.get("hub_curve"), peer.get("curve_public")
    sock.curve_secretkey = peer.get("curve_secret")
    sock.connect(peer.get("endpoint"))
    return sock


def ask(sock, *message, timeout=3000):
    sock.send(msgpack.packb(message))
    require(sock.poll(timeout), f"an answer to message {message[0]}")
    return msgpack.unpackb(sock.recv())


def check_idle(site, hub, idle, witness):
    silent = [socket.create_connection(("127.0.0.1", hub.port)) for _ in range(100)]
    silent += [socket.create_connection(("127.0.0.1", hub.enrol_port)) for _ in range(100)]
    slow = [socket.create_connection(("127.0.0.1", hub.port)) for _ in range(20)]
    for sock in slow:
        sock.sendall(b"\xff\0\0\0")
    connections = [raw_connection(idle) for _ in range(200)]
    answers = []

    def asked():
        for sock in connections:
            sock.send(msgpack.packb([PING, 1, 1]))
        answers.extend(msgpack.unpackb(sock.recv())[0] for sock in connections if sock.poll(2))
        return answers
    wait_until(asked, 10, 0.2, "an answer")
    check(set(answers) == {WHO}, "200 connections that never say HELLO are told WHO and nothing else", answers)
    check(all(quick(witness) for _ in range(5)), "with them, 200 silent and 20 slow TCP sockets open, others are served")
    check(site.peer(hub, "newcomer").get("party"), "and somebody new can enrol")
    for sock in connections + silent + slow:
        sock.close()
    check(quick(witness), "and when all of them are gone at once")


def check_count(peer):
    """HELLO says 0 as the highest number given out: of a machine that has lost its count."""
    for _ in range(3):
        peer.submit([item_of(peer, review(rehearsal=True))])
        peer.receipt()
    peer.connect(peer.get("endpoint"))
    peer.send(client.HELLO, 1, {"software": "sessions.py 1", "sent": 0})
    peer.session, peer.terms = peer.receive(WELCOME)[1:3]
    check(peer.terms["received"] >= 3 and peer.terms.get("given_out") == peer.terms["received"],
          "who has lost its count is told the highest number that the hub knows", peer.terms)


def check_who(peer):
    sock = raw_connection(peer)
    check(ask(sock, PING, 4711, 1)[0] == WHO, "a message without a session: WHO")
    sock.send(msgpack.packb([PING, 4711, 2]))
    sock.send(msgpack.packb([PING, 4711, 3]))
    check(not sock.poll(500), "WHO at most once a second")
    welcome = ask(sock, client.HELLO, 1, {"software": "test"})
    require(welcome[0] == WELCOME, "HELLO is answered", welcome)
    check(ask(sock, PING, welcome[1], 9)[:3] == [client.PONG, welcome[1], 9], "after HELLO the same connection is live")
    time.sleep(1.1)
    told = ask(sock, PING, welcome[1] + 1000, 1)
    check(told[0] == WHO, "a number of another session: WHO, too", told)
    sock.close()


def check_second_machine(site, hub, peer):
    """Copies the peer's home, as somebody who clones a machine would."""
    peer.hello()
    shutil.copytree(f"{site.folder}/twin", f"{site.folder}/clone")
    clone = client.Peer(f"{site.folder}/clone")
    site.peers.append(clone)
    clone.hello()
    check(clone.session != peer.session, "a second machine with the same key gets a session of its own")
    told = refusal(lambda: peer.receive(timeout=2))
    check(told == "session_superseded", "and the first is told session_superseded", told)
    check(clone.ping(), "the younger session goes on")
    said = [line for line in hub.log().splitlines() if " session-superseded " in line and f"party={peer.get('party')} " in line]
    check(len(said) == 1 and " warn " in said[0] and said[0].endswith("address=127.0.0.1 younger_address=127.0.0.1"),
          "and the hub warns of it, with both addresses", said)


class Neighbour(threading.Thread):
    """A session on the descriptor that another peer's connection had, which that peer has not missed yet.

    The hub cuts what is in no session for 15 s: that the other's session ends must not make this one such a connection.
    """
    LEAST_S = 17

    def __init__(self, peer, former):
        super().__init__(daemon=True)
        self.peer, self.is_there, self.is_over = peer, True, False
        for one in peer, former:
            one.close()  # what it enrolled by
        time.sleep(0.5 * PATIENCE)
        former.hello()
        former.close()
        time.sleep(0.5 * PATIENCE)  # the hub has closed it, too
        peer.hello()
        former.hello()
        self.session, self.started = peer.session, time.monotonic()
        self.start()

    def run(self):
        with contextlib.suppress(client.Lost):
            while self.is_there and not self.is_over:
                self.is_there = False  # until it has had its answer
                self.is_there = self.peer.ping()
                time.sleep(0.5)

    def check(self):
        time.sleep(max(0, self.started + self.LEAST_S - time.monotonic()))
        self.is_over = True
        self.join()
        check(self.is_there and self.peer.session == self.session, "a session outlives that of the connection which "
              "had its descriptor before")


def check_deaf(hub, deaf, witness):
    """Submits and follows without ever reading, until the hub cannot get rid of its answers."""
    deaf.connect(deaf.get("endpoint"))
    deaf.socket.close()
    sock = deaf.socket = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger, sock.rcvhwm, sock.rcvbuf, sock.sndtimeo = 0, 1, 4096, 100
    sock.curve_serverkey, sock.curve_publickey = deaf.get("hub_curve"), deaf.get("curve_public")
    sock.curve_secretkey = deaf.get("curve_secret")
    sock.connect(deaf.get("endpoint"))
    deaf.send(client.HELLO, 1, {"software": "deaf"})
    _, deaf.session, deaf.terms = deaf.receive(WELCOME)
    deaf.batch = 0
    items, sent = [item_of(deaf, warning(level=4)) for _ in range(200)], 0
    end = time.monotonic() + 6
    with contextlib.suppress(zmq.Again):
        while time.monotonic() < end and sent < 3000:
            first = sent * 40 % 200
            deaf.submit(items[first:first + 40])
            deaf.send(FOLLOW, deaf.session, "inbox", None, 0, 10000)
            sent += 1
            if sent % 500 == 0:
                require(quick(witness), "the witness is served meanwhile")
    check(quick(witness), f"a peer that does not read its answers to {sent} batches does not hold up others")
    deaf.hello()
    outcomes = []
    for first in range(0, 200, 40):
        deaf.submit(items[first:first + 40])
        outcomes += [result[0] for result in deaf.receipt()[0]]
    check(set(outcomes) <= {0, 1}, "once it reads again every record has a receipt", outcomes)
    numbers = [row["id"] for row in hub.query("--entity", deaf.uscc)]
    check(len(numbers) == len(set(numbers)) == 200, "and each is stored once", len(numbers))


def check_order(peer):
    """A large batch takes longer to check than a small one; what the small one says is of the large one's last record."""
    outcomes = []
    for _ in range(20):
        items = [item_of(peer, review()) for _ in range(60)]
        gone = {"kind": "withdrawal", "submitter": {"name": "张伟", "role": "主任"}, "replaces": id_of(items[-1]), "reason": "误报"}
        peer.submit(items)
        peer.submit([item_of(peer, gone)])
        outcomes += [result[0] for _ in range(2) for result in peer.receipt()[0]]
    check(len(outcomes) == 20 * 61 and not any(outcomes), "the batches of a peer are written in the order of their coming, "
          "large and small", [index for index, outcome in enumerate(outcomes) if outcome])


def check_restart(hub, peer):
    peer.hello()
    item = item_of(peer, review())
    peer.submit([item])
    results, _ = peer.receipt()
    hub.kill()
    peer.send(PING, peer.session, 1)
    hub.start()
    sock = peer.socket

    def asked():
        sock.send(msgpack.packb([PING, peer.session, 2]))
        return sock.poll(500) and msgpack.unpackb(sock.recv())[0] == WHO
    wait_until(asked, what="WHO after the hub's restart")
    peer.send(client.HELLO, 1, {"software": "test"})
    _, peer.session, _ = peer.receive(WELCOME)
    peer.submit([item])
    again, _ = peer.receipt()
    check(again[0][0] == 1 and again[0][3] == results[0][3], "hub restart: WHO, HELLO on the same connection, then the "
          "first receipt again", again)


def check_silence(hub, quiet):
    """ping_ms is 1000 here: PING after 2 s of silence, forgotten after 3 s."""
    quiet.hello()
    started = time.monotonic()
    message = quiet.receive(PING, timeout=4)
    check(message[0] == PING and time.monotonic() - started > 0.8, "a silent session is pinged", message)
    quiet.send(client.PONG, quiet.session, message[2])
    message = quiet.receive(PING, timeout=4)
    time.sleep(3)
    quiet.send(CURSOR, quiet.session, "inbox", 0)
    check(quiet.receive(WHO, timeout=3)[0] == WHO, "and forgotten when it does not answer")
    quiet.hello()
    time.sleep(1.1)  # WHO comes at most once a second
    quiet.send(client.BYE, quiet.session)
    quiet.send(PING, quiet.session, 1)
    monitor = quiet.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    started = time.monotonic()
    check(quiet.receive(WHO, timeout=3)[0] == WHO, "BYE ends a session")
    check(monitor.poll(10000) and in_time(started, 3), "and its connection, so that it holds nothing more",
          time.monotonic() - started)
    quiet.socket.disable_monitor()


def test(site):
    hub = site.hub(ping_ms=1000, rate_records=0, rate_kib=0)
    names = ("witness", "idle", "twin", "deaf", "quiet", "neighbour", "former")
    witness, idle, twin, deaf, quiet, peer, former = (site.peer(hub, name) for name in names)
    neighbour = Neighbour(peer, former)
    check_silence(hub, quiet)
    witness.hello()
    check_count(witness)
    check_who(idle)
    check_idle(site, hub, idle, fresh(witness))
    check_second_machine(site, hub, twin)
    check_deaf(hub, deaf, fresh(witness))
    check_order(fresh(twin))
    neighbour.check()
    check_restart(hub, fresh(witness))


def fresh(peer):
    peer.hello()
    return peer


if __name__ == "__main__":
    main(test)
