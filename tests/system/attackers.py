"""What may come over the network at a hub, one function each, run as a process: attackers.py NAME TARGET.json

TARGET names the hub's ports, its CURVE key, a folder of enrolled peers (`key`, used by those attacks that need one) and a
loopback address to come from, so that each attack is an address of its own. Attacks go on until they are killed, and
print a JSON object a second: how often they have struck.
"""
import contextlib, json, os, socket, struct, sys, time

import zmq

import client, client_attachments
from client import (BLOB_CHUNK, BLOB_DONE, BLOB_OFFER, BLOB_WANT, CURSOR, ENROL, FOLLOW, HELLO, PING, SUBMIT,
                    WELCOME)
from client_attachments import CHUNK
from harness import item_of, msgpack, review

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Target:
    def __init__(self, path):
        with open(path) as file:
            self.__dict__.update(json.load(file))
        self.strikes, self.told = 0, 0.0

    def struck(self, count=1):
        self.strikes += count
        if time.monotonic() - self.told > 1:
            self.told = time.monotonic()
            print(json.dumps({"strikes": self.strikes}), flush=True)

    def raw(self, port, address=None):
        return socket.create_connection(("127.0.0.1", port), 2, (address or self.address, 0))

    def dealer(self, port, address=None, keys=None, **options):
        sock = zmq.Context.instance().socket(zmq.DEALER)
        sock.linger, sock.sndtimeo, sock.rcvtimeo = 0, 500, 500
        sock.curve_serverkey = bytes.fromhex(self.hub_key)
        sock.curve_publickey, sock.curve_secretkey = keys or map(client.z85.decode, zmq.curve_keypair())
        for name, value in options.items():
            setattr(sock, name, value)
        sock.connect(f"tcp://{address or self.address}:0;127.0.0.1:{port}")
        return sock

    def peer(self, index=0):
        """An enrolled peer, that comes from this attack's address."""
        peer = Enrolled(self.peers[index], self.address)
        peer.again()
        return peer


class Enrolled(client_attachments.Peer):
    def __init__(self, folder, address):
        super().__init__(folder)
        self.address, self.own_seq = address, 1_000_000

    def connect(self, endpoint):
        super().connect(endpoint.replace("tcp://", f"tcp://{self.address}:0;"))
        self.socket.sndtimeo = 500

    def again(self):
        """A session, as soon as the hub grants one."""
        while True:
            try:
                return self.hello()
            except client.Refused as refused:
                time.sleep(refused.args[2].get("after_ms", 500) / 1000)
            except client.Lost:
                time.sleep(0.5)

    def survive(self, act):
        """Whatever the hub does about it."""
        try:
            act()
        except (client.Refused, client.Lost, zmq.Again):
            self.again()

    def send_raw(self, frame):
        self.socket.send(frame)


# ---- without a key ----

def silent(target):
    """As many connections as there may be, that say nothing."""
    held = []
    while True:
        for port in (target.port, target.enrol_port):
            with contextlib.suppress(OSError):
                held.append(target.raw(port))
                target.struck()
        if len(held) > 800:
            for sock in held[:400]:
                sock.close()
            held = held[400:]
        time.sleep(0.002)


def slow_bytes(target):
    """A handshake a byte at a time."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(48) + b"\x04\xc8\x05HELLO" + bytes(194)
    held = [[None, 0] for _ in range(40)]
    while True:
        for slot in held:
            try:
                slot[0] = slot[0] or target.raw(target.port)
                slot[0].sendall(greeting[slot[1]:slot[1] + 1])
                slot[1] = (slot[1] + 1) % len(greeting)
                target.struck()
            except OSError:
                slot[:] = [None, 0]
        time.sleep(0.05)


def connections(target):
    """Connects and goes, as fast as it can, from eight addresses."""
    base, last = target.address.rsplit(".", 1)
    while True:
        for number in range(8):
            with contextlib.suppress(OSError):
                target.raw(target.enrol_port if number % 2 else target.port, f"{base}.{int(last) + number}").close()
                target.struck()


def garbage(target):
    """Bytes that are no ZMTP, and such as begin like it."""
    while True:
        with contextlib.suppress(OSError):
            with target.raw(target.port) as sock:
                sock.sendall((b"\xff\0\0\0\0\0\0\0\1\x7f\x03\0CURVE" if target.strikes % 2 else b"") + os.urandom(2000))
                sock.sendall(b"\x06" + struct.pack(">Q", 1 << 62))
        target.struck()
        time.sleep(0.005)


def unknown_keys(target):
    """Whole CURVE handshakes with keys that nobody has enrolled."""
    while True:
        socks = [target.dealer(target.port) for _ in range(10)]
        time.sleep(0.1)
        for sock in socks:
            sock.close()
        target.struck(10)


def guess_codes(target):
    """ENROL with a code that is made up and a proof that fits, from many addresses, several before the first answer."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    number, network = 0, int(target.address.split(".")[1]) + 1
    while True:
        number = (number + 1) % 2000
        public, secret = map(client.z85.decode, zmq.curve_keypair())
        key = Ed25519PrivateKey.generate()
        sock = target.dealer(target.enrol_port, f"127.{network}.{number // 250}.{number % 250 + 1}", (public, secret))
        with contextlib.suppress(zmq.Again):
            for _ in range(8):
                code = "".join(ALPHABET[byte % 32] for byte in os.urandom(20))
                sock.send(msgpack.packb([ENROL, 1, {
                    "code": code, "algorithm": "ed25519", "proof": key.sign(b"AGN/1 enrol\0" + public + code.encode()),
                    "signing_key": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}]))
            sock.recv()
            target.struck(8)
        sock.close()


def large_enrolments(target):
    """A megabyte to the endpoint that needs no key."""
    frame = msgpack.packb([ENROL, 1, {"code": "0" * 20, "software": bytes(1 << 20)}])
    while True:
        sock = target.dealer(target.enrol_port)
        with contextlib.suppress(zmq.Again):
            for _ in range(20):
                sock.send(frame)
        target.struck(20)
        time.sleep(0.05)
        sock.close()


# ---- with a key ----

BOMBS = [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\x95\x08\x01\x01\xdd\xff\xff\xff\xff", b"\x91" * 100_000,
         b"\xc6\xff\xff\xff\xff", b"\xdb\x7f\xff\xff\xffxx", b"\xc1", b"", b"\x92\x01", b"\xdc\xff\xff" + b"\xc0" * 65535]


def own_names(target):
    """Routing ids of the sender's own choice, of any size, and messages of several frames."""
    size = 0
    while True:
        size = size % 255 + 1
        sock = target.dealer(target.enrol_port, routing_id=b"A" * size)
        with contextlib.suppress(zmq.Again):
            for _ in range(20):
                sock.send_multipart([msgpack.packb([ENROL, 1, {}])] * (1 + size % 3))
                target.struck()
        time.sleep(0.02)
        sock.close()


def endless(target):
    """A message that goes on and on, until the hub cuts the line."""
    while True:
        sock = target.dealer(target.enrol_port)
        with contextlib.suppress(zmq.Again):
            for _ in range(2500):
                sock.send(bytes(4000), zmq.SNDMORE)
                target.struck()
        time.sleep(0.2)
        sock.close()


def malformed(target):
    """Messages that do not decode, 10,000 and more."""
    peer = target.peer()
    while True:
        def act():
            for number in range(100):
                peer.send_raw(BOMBS[number % len(BOMBS)] if number % 3 else os.urandom(100 + number))
                target.struck()
            peer.ping()
        peer.survive(act)


def large_frames(target):
    """As large as they may be, and larger."""
    peer = target.peer()
    while True:
        def act():
            for size in (1 << 20) - 300, (1 << 20) + 1, 900_000:
                peer.send_raw(msgpack.packb([SUBMIT, peer.session, 1, [bytes(size - 200)], "ed25519", bytes(64)]))
                peer.send_raw(os.urandom(min(size, 1 << 20)))
                target.struck(2)
            peer.ping()
        peer.survive(act)


def large_batches(target):
    """Signed, within the window, each near the largest frame; read by nobody. Their records are sound but for one field."""
    peer = target.peer()
    items = [item_of(peer, review(entity="91330106000000001X", summary="长" * 4000, x=["填" * 60_000] * 1)) for _ in range(4)]
    while True:
        def act():
            for _ in range(8):
                peer.submit(items)
                target.struck()
            time.sleep(0.05)
            while peer.socket.poll(0):
                peer.socket.recv()
        peer.survive(act)


def replay(target):
    """The same good batch over and over, and the batch of another institution under this one's key."""
    peer = target.peer()
    items = [msgpack.packb({**msgpack.unpackb(item), "id": bytes.fromhex(target.ids[number])}) for number, item in
             enumerate(item_of(peer, review(activity_no=f"重放-{number}")) for number in range(len(target.ids)))]
    stolen = bytes.fromhex(target.stolen)
    while True:
        def act():
            message = msgpack.unpackb(stolen)
            message[1] = peer.session
            peer.send_raw(msgpack.packb(message))
            peer.submit(items)
            target.struck(2)
            with contextlib.suppress(client.Refused):
                peer.receipt(timeout=5)
        peer.survive(act)


def beyond_window(target):
    """Batches without waiting for a receipt, without reading one."""
    peer = target.peer()
    items = [item_of(peer, review(rehearsal=True, activity_no=None)) for _ in range(64)]
    while True:
        def act():
            for _ in range(50):
                peer.submit(items)
                target.struck()
        peer.survive(act)


def deaf(target):
    """Follows and fetches, and reads nothing."""
    peer = target.peer()
    content = os.urandom(4 << 20)
    content = b"%PDF-1.4\n" + content
    with contextlib.suppress(client.Refused, client.Lost):
        peer.upload(content, "application/pdf")
    name = client.hashlib.sha256(content).digest()
    while True:
        def act():
            peer.close()
            peer.connect(peer.get("endpoint"))
            peer.send(HELLO, 1, {"software": "deaf"})
            _, peer.session, _ = peer.receive(WELCOME)
            for number in range(400):
                peer.send(FOLLOW, peer.session, "inbox", None, 0, 10000)
                peer.send(BLOB_WANT, peer.session, name, 0, 64)
                peer.send(CURSOR, peer.session, "inbox", number)
                peer.send(PING, peer.session, number)
                target.struck(4)
            time.sleep(1)
        peer.survive(act)


def never_finished(target):
    """Each of its keys offers attachments, sends the beginning, and offers the next."""
    peers = [target.peer(index) for index in range(len(target.peers))]
    while True:
        for peer in peers:
            def act():
                name = os.urandom(32)
                peer.send(BLOB_OFFER, peer.session, name, 64 << 20, "application/pdf")
                if peer.receive(BLOB_WANT, BLOB_DONE)[0] == BLOB_WANT:
                    peer.send(BLOB_CHUNK, peer.session, name, 0, os.urandom(CHUNK))
                target.struck()
            peer.survive(act)


def prover(target):
    """Asks for proofs as fast as they are given: for each the hub reads its ledger and signs."""
    peer = target.peer()
    while True:
        def act():
            for number in range(1, 9):
                peer.send(client.PROVE, peer.session, number, 0, 1)
            for _ in range(8):
                peer.receive(client.PROOF)
            target.struck(8)
        peer.survive(act)


def superseded(target):
    """Two machines with one key, that end one another's sessions."""
    twins = [target.peer(), target.peer()]
    while True:
        for twin in twins:
            with contextlib.suppress(client.Refused, client.Lost):
                twin.hello()
            target.struck()


def crowd(target):
    """Many connections of one key, none of them in a session, that all talk."""
    peer = target.peer()
    keys = (peer.get("curve_public"), peer.get("curve_secret"))
    while True:
        socks = [target.dealer(target.port, keys=keys) for _ in range(100)]
        for _ in range(20):
            for sock in socks:
                with contextlib.suppress(zmq.Again):
                    sock.send(msgpack.packb([PING, 1, 1]) + bytes(100_000), zmq.DONTWAIT)
                    target.struck()
            time.sleep(0.02)
        for sock in socks:
            sock.close()


WITHOUT_KEY = (silent, slow_bytes, connections, garbage, unknown_keys, guess_codes, large_enrolments, own_names,
               endless)
WITH_KEY = (malformed, large_frames, large_batches, replay, beyond_window, deaf, never_finished, prover, superseded,
            crowd)

if __name__ == "__main__":
    globals()[sys.argv[1]](Target(sys.argv[2]))
