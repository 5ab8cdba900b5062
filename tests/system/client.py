#!/usr/bin/python3
"""A complete AGN/1 client in one file, written from proto/PROTOCOL.md alone: the example for integrators.

    client.py join LINK DIR      make keys, enrol with a join link
    client.py submit DIR FILE    accept one record (a JSON object), deliver it, keep the signed receipt
    client.py follow DIR STREAM  print the events of a stream (inbox, uplink) until stopped

DIR/peer.db holds keys, records and receipts. Needs pyzmq, msgpack and cryptography, and docs/sm2.py, there or beside it,
where the hub's suite is sm2-sm3. §n is a section of the protocol.
"""
import datetime, hashlib, json, os, re, sqlite3, sys, time, uuid

import msgpack, zmq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from zmq.utils import z85

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs"))  # has sm2.py

(HELLO, WELCOME, WHO, REFUSE, PING, PONG, BYE, SUBMIT, RECEIPT,
 FOLLOW, EVENTS, CURSOR, GAP, ENROL, ENROLLED, BLOB_OFFER, BLOB_WANT, BLOB_CHUNK, BLOB_DONE, PROVE, PROOF) = range(1, 22)
OUTCOMES = ("stored", "duplicate", "rejected", "retry")
LINK = re.compile(r"agn://(\[[0-9a-fA-F:]+\]|[^:/\[\]]+):(\d+)/([0-9a-f]{64})/([0-9A-HJKMNP-TV-Z]{20})\?enrol=(\d+)"
                  r"(?:&suite=(.+))?")
IDS = ("refers_to", "replaces", "in_reply_to", "request_id", "report_id", "source_id", "supersedes")
TABLES = """CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value);
            CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, item BLOB NOT NULL, receipt BLOB);"""


class Refused(Exception):
    """The hub's REFUSE: code, reason, detail (§8)."""


class Lost(Exception):
    """No answer, or WHO: the session is gone. Say hello again; what has no receipt is sent again."""


def suite(name):
    """§3: the private and the public key that sign and check, and H."""
    if name == "sm2-sm3":
        import sm2
        return sm2.PrivateKey, sm2.PublicKey, sm2.digest
    return Ed25519PrivateKey, Ed25519PublicKey, lambda data: hashlib.sha256(data).digest()


def uuid7():  # RFC 9562: 48 bits of milliseconds, then random bits
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    return (number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62).to_bytes(16, "big")


def to_wire(fields):
    """Hook for json.load: times and ids from their JSON forms to those of msgpack (§7); all else stays as it is."""
    for key, value in fields.items():
        if key in IDS:
            fields[key] = uuid.UUID(value).bytes
        elif key == "sha256":
            fields[key] = bytes.fromhex(value)
        elif key.endswith("_at"):
            fields[key] = round(datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() * 1000)
    return fields


def climb(digest, node, index, count, path):
    """§10: the root above leaf `index` of `count`; the last hash of the path is the highest one."""
    if count < 2:
        return node
    half = 1 << (count - 1).bit_length() - 1
    parts = ((climb(digest, node, index, half, path[:-32]), path[-32:]) if index < half else
             (path[-32:], climb(digest, node, index - half, count - half, path[:-32])))
    return digest(b"\1" + b"".join(parts))


class Peer:
    """One party of a hub, as DIR/peer.db knows it; a session lives from hello() to close()."""

    def __init__(self, folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.db = sqlite3.connect(f"{folder}/peer.db", isolation_level=None)  # each statement is durable
        self.db.executescript(TABLES)
        self.socket, self.heard = None, 0.0  # when the last message came, of the monotonic clock

    def get(self, key, default=None):
        return dict(self.db.execute("SELECT key, value FROM setting")).get(key, default)

    def set(self, **values):
        self.db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", values.items())

    def suite(self):
        return suite(self.get("algorithm"))

    def signing(self):
        return self.suite()[0].from_private_bytes(self.get("signing_key"))

    def connect(self, endpoint):
        self.close()
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0  # what is unsent is in the table
        self.socket.curve_serverkey = self.get("hub_curve")
        self.socket.curve_publickey, self.socket.curve_secretkey = self.get("curve_public"), self.get("curve_secret")
        self.socket.connect(endpoint)

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.session, self.batch, self.sent = None, 0, 0, {}

    def send(self, *message):
        self.socket.send(msgpack.packb(message))

    def receive(self, *wanted, timeout=10):
        """The next message of the wanted types; answers PING on the way."""
        end = time.monotonic() + timeout
        while self.socket.poll(max(0, int((end - time.monotonic()) * 1000))):
            message = msgpack.unpackb(self.socket.recv())
            self.heard = time.monotonic()
            if message[0] in wanted:
                return message
            if message[0] == PING:
                self.send(PONG, self.session, message[2])
            elif message[0] == REFUSE:
                raise Refused(*message[1:4])
            elif message[0] == WHO:
                raise Lost("the hub asks who this is")
        raise Lost(f"no answer within {timeout} s")

    def join(self, link):
        """§3: keys first, durably and only once, so that a lost answer can be repeated; then the code and its proof."""
        host, port, hub_key, code, enrol_port, algorithm = LINK.fullmatch(link.strip()).groups("ed25519")
        if not self.get("signing_key"):
            public, secret = map(z85.decode, zmq.curve_keypair())
            self.set(curve_public=public, curve_secret=secret, signing_key=os.urandom(32))
        self.set(hub_curve=bytes.fromhex(hub_key), endpoint=f"tcp://{host}:{port}", algorithm=algorithm)
        public = self.signing().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        proof = self.signing().sign(b"AGN/1 enrol\0" + self.get("curve_public") + code.encode())
        self.connect(f"tcp://{host}:{enrol_port}")
        self.send(ENROL, 1, {"code": code, "algorithm": algorithm, "signing_key": public, "proof": proof})
        grant = self.receive(ENROLLED)[1]
        self.set(party=grant["party"], hub_signing=grant["hub_key"])
        return grant

    def hello(self):
        """§4: a new session; the hub's terms are in self.terms."""
        self.connect(self.get("endpoint"))
        self.send(HELLO, 1, {"software": "client.py 1"})
        self.session, self.terms = self.receive(WELCOME)[1:3]

    def ping(self, token=1):
        self.send(PING, self.session, token)
        return self.receive(PONG)[2] == token

    def accept(self, fields):
        """Makes a record of the fields and keeps it: from here on its id and its bytes never change (§5)."""
        seq = self.db.execute("SELECT count(*) + 1 FROM record").fetchone()[0]
        item = msgpack.packb({"id": uuid7(), "schema": 1, "seq": seq, "created_at": int(time.time() * 1000), **fields})
        self.db.execute("INSERT INTO record VALUES (?, ?, NULL)", [seq, item])
        return item

    def submit(self, items):
        """Sends one signed batch; returns its number."""
        self.batch += 1
        self.sent[self.batch] = [self.suite()[2](b"\0" + item) for item in items]
        head = b"AGN/1 submit\0" + self.get("hub_curve") + len(items).to_bytes(4, "big")
        signature = self.signing().sign(head + b"".join(self.sent[self.batch]))
        self.send(SUBMIT, self.session, self.batch, list(items), self.get("algorithm"), signature)
        return self.batch

    def receipt(self, timeout=30):
        """The next receipt, verified (InvalidSignature otherwise): its results, and its bytes to keep as evidence."""
        message = self.receive(RECEIPT, timeout=timeout)
        batch, body, head, _, signature, index, count, path, _ = message[2:11]
        self.suite()[1].from_public_bytes(self.get("hub_signing")).verify(signature, b"AGN/1 head\0" + head)
        if climb(self.suite()[2], self.suite()[2](b"\0" + body), index, count, path) != head[64:]:  # §10
            raise ValueError("the receipt is not among those that the hub signed")
        told = msgpack.unpackb(body)
        if told["party"] != self.get("party") or [result[2] for result in told["results"]] != self.sent.pop(batch):
            raise ValueError("the receipt is not for what was sent")
        return told["results"], msgpack.packb(message)

    def deliver(self):
        """Sends every record that has no receipt. Only a receipt ends that; `retry` is none."""
        for seq, item in self.db.execute("SELECT seq, item FROM record WHERE receipt IS NULL ORDER BY seq").fetchall():
            self.submit([item])
            (result,), evidence = self.receipt()
            if OUTCOMES[result[0]] != "retry":
                self.db.execute("UPDATE record SET receipt = ? WHERE seq = ?", [evidence, seq])
            yield result

    def follow(self, stream, credit=100):
        self.send(FOLLOW, self.session, stream, self.get(f"{stream} epoch"), self.get(f"{stream} cursor", 0), credit)

    def events(self, stream, timeout=10):
        """The next new events as (cursor, event); ack() those that are applied. After a GAP (§6) all come from 0."""
        message = self.receive(EVENTS, GAP, timeout=timeout)
        if message[0] == GAP:
            self.set(**{f"{stream} epoch": message[3], f"{stream} cursor": 0})
            return self.follow(stream) or []
        self.set(**{f"{stream} epoch": message[3]})
        last = self.get(f"{stream} cursor", 0)
        return [(cursor, msgpack.unpackb(event)) for cursor, event in message[5] if cursor > last]

    def ack(self, stream, cursor):
        self.set(**{f"{stream} cursor": cursor})
        self.send(CURSOR, self.session, stream, cursor)


def main(command, folder, argument):
    if command == "join":
        return print("enrolled as", Peer(argument).join(folder)["party"])
    peer = Peer(folder)
    if command == "submit":
        peer.accept(json.load(open(argument), object_hook=to_wire))
    peer.hello()
    for outcome, name, _, *more in peer.deliver():
        print(OUTCOMES[outcome], name and uuid.UUID(bytes=name), more)
    if command == "follow":
        peer.follow(argument)
    while command == "follow":  # a program would say hello again where this ends with Lost
        try:
            for cursor, event in peer.events(argument, timeout=peer.terms["ping_ms"] / 1000):
                print(json.dumps({"cursor": cursor, **event}, ensure_ascii=False, default=bytes.hex), flush=True)
                peer.ack(argument, cursor)
        except Lost:
            peer.ping()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("join", "submit", "follow"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
