#!/usr/bin/env python3
"""What ZeroMQ lets anybody send and AGN/1 does not know: routing ids of the peer's own choice, messages of several frames,
and such as never end. The hub cuts them off, holds little of them, and serves the others."""
import client
import zmq
from client import PING
from harness import PATIENCE, Proxy, check, main, msgpack, require, wait_until
from sessions import quick

MIB, FRAME = 1 << 20, 4000


def memory(hub):
    """The program's resident memory, in MiB."""
    with open(f"/proc/{hub.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


class Named(client.Peer):
    """Chooses its routing id itself."""
    name = b"A" * 255

    def connect(self, endpoint):
        self.close()
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger, self.socket.routing_id = 0, self.name
        self.socket.curve_serverkey = self.get("hub_curve")
        self.socket.curve_publickey, self.socket.curve_secretkey = self.get("curve_public"), self.get("curve_secret")
        self.socket.connect(endpoint)

    def receive(self, *wanted, timeout=2):
        return super().receive(*wanted, timeout=timeout)


def is_unheard(act):
    try:
        act()
    except client.Lost:
        return True
    return False


def check_names(site, hub, witness):
    for size in (16, 17, 255):
        stranger = Named(f"{site.folder}/stranger-{size}")
        stranger.name = b"A" * size
        link = hub.add_entity(site.uscc())
        check(is_unheard(lambda: stranger.join(link)), f"an enrolment with a routing id of {size} bytes is not heard")
        stranger.close()
    known = site.peer(hub, "named")
    known.close()
    known.__class__ = Named
    check(is_unheard(known.hello), "nor a HELLO with a key that is known")
    known.close()
    check(hub.process.poll() is None and quick(witness), "and the hub goes on")
    check(site.peer(hub, "newcomer").get("party"), "also with enrolments")


def is_charged(peer):
    try:
        peer.hello()
    except client.Refused as told:
        return "rate_kib" in told.args[1]
    except client.Lost:
        pass
    return False


def check_frames(site, hub, peer, witness):
    peer.hello()
    require(peer.ping(), "a session")
    peer.socket.send_multipart([msgpack.packb([PING, peer.session, 2]), b"more"])
    check(is_unheard(lambda: peer.receive(client.PONG, timeout=1)), "a message of two frames is not heard")
    hub.wait_log("message-foreign")
    peer.hello()
    check(peer.ping() and quick(witness), "and with a new connection all is well")
    many = site.peer(hub, "many")
    many.hello()
    monitor = many.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    many.socket.send_multipart([b""] * 200_000)
    wait_until(lambda: monitor.poll(0), what="the hub to cut it")
    many.socket.disable_monitor()
    check(quick(witness), "a message of 200,000 frames keeps nobody waiting")
    # Far beyond what he may send his HELLO is not heard.
    wait_until(lambda: is_charged(many), 30, 0.5, what="its sender to be told that he has sent too much")
    check(quick(witness), "and counts, though nothing is in them")


def connection(peer, port, known=True):
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger, sock.curve_serverkey = 0, peer.get("hub_curve")
    keys = (peer.get("curve_public"), peer.get("curve_secret")) if known else map(client.z85.decode, zmq.curve_keypair())
    sock.curve_publickey, sock.curve_secretkey = keys
    sock.connect(f"tcp://127.0.0.1:{port}")
    return sock


def send_endless(hub, sock, mib):
    """Until the hub cuts it; by how many MiB the hub's memory grew at most."""
    monitor = sock.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    before, peak = memory(hub), []
    sock.send_multipart([b"x" * FRAME] * (mib * MIB // FRAME))
    wait_until(lambda: peak.append(memory(hub)) or monitor.poll(0), 20, 0.05, what="the hub to cut it")
    sock.disable_monitor()
    sock.close()
    return max(peak) - before


def is_below(grown, mib):
    return grown < mib or PATIENCE > 1  # under a checker the memory is the checker's


def check_endless(site, hub, peer, witness):
    """Through slow lines, so that the hub would hold most of it before it ended."""
    proxies = [Proxy(site, port, delay=0.004) for port in (hub.enrol_port, hub.port)]
    grown = send_endless(hub, connection(peer, proxies[0].port, known=False), 60)
    check(is_below(grown, 40), "an endless message of a stranger is cut off early", grown)
    grown = send_endless(hub, connection(peer, proxies[1].port), 60)
    check(is_below(grown, 40), "so is one with a known key outside a session", grown)
    peer.set(endpoint=f"tcp://127.0.0.1:{proxies[1].port}")
    peer.hello()
    grown = send_endless(hub, peer.socket, 160)
    check(is_below(grown, 110), "and one in a session, within two seconds", grown)
    hub.wait_log("message-endless")
    peer.socket = None
    peer.hello()
    check(peer.ping() and quick(witness), "who begins anew is served, as are the others")


def test(site):
    hub = site.hub()
    witness, peer = site.peer(hub, "witness"), site.peer(hub, "peer")
    witness.hello()
    check_names(site, hub, witness)
    check_frames(site, hub, peer, witness)
    check_endless(site, hub, peer, witness)


if __name__ == "__main__":
    main(test)
