"""A hub that does as a test tells it: enough of AGN/1 (proto/PROTOCOL.md) to take records and attachments, in one thread.

It checks what the page demands of a peer's upload, so that a test may end with `hub.broken == []`.
"""
import hashlib, os, threading, time

import ledger
import msgpack
import zmq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from zmq.utils import z85

from client import (BYE, ENROL, ENROLLED, EVENTS, FOLLOW, HELLO, PING, PONG, PROOF, PROVE, RECEIPT, REFUSE, SUBMIT, WELCOME,
                    WHO)

BLOB_OFFER, BLOB_WANT, BLOB_CHUNK, BLOB_DONE = 16, 17, 18, 19
CHUNK, CREDIT = 131_072, 8


class FakeHub:
    def __init__(self, site):
        self.public, secret = map(z85.decode, zmq.curve_keypair())
        self.signing, self.epoch = Ed25519PrivateKey.generate(), os.urandom(16)
        self.sockets = [zmq.Context.instance().socket(zmq.ROUTER) for _ in range(2)]
        for socket in self.sockets:
            socket.linger, socket.curve_server, socket.curve_secretkey = 0, True, secret
        self.port, self.enrol_port = (socket.bind_to_random_port("tcp://127.0.0.1") for socket in self.sockets)
        self.sessions, self.next_session = {}, 1
        self.records = {}   # id → (number, bytes), in the order of their coming
        self.last_seq = 0
        self.blobs = {}     # sha256 → bytes
        self.parts = {}     # sha256 → what is durable
        self.upload = None  # [sender, sha256, size, limit, taken since the last WANT]
        self.offers, self.chunks, self.broken, self.came = [], [], [], []
        self.answers = []   # codes for the next offers
        self.quota, self.supports, self.pause = None, True, 0.0
        self.lie = None     # sent instead of an attachment that is wanted back
        self.peer_key = b""  # as enrolled
        self.receipt_lie = None  # a change to the body of each receipt
        self.silent = False
        self.loses = False  # the next receipts
        self.asked, self.lies = [], []  # PROVE's numbers; how the next answers are not right
        self.shows_ledger = True        # answers whether it goes on
        self.shows_other_store = False  # and does so of another one
        self.shown = 0
        self.told = []      # HELLO's `sent`
        self.stopping = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        site.closers.append(self)

    def link(self, port=None):
        return f"agn://127.0.0.1:{port or self.port}/{self.public.hex()}/{'0' * 20}?enrol={self.enrol_port}"

    def close(self):
        self.stopping = True
        self.thread.join(5)
        for socket in self.sockets:
            socket.close()

    def forget(self):
        """As after a restart: sessions are gone, and of an upload what is durable is left."""
        self.sessions, self.upload = {}, None

    def serve(self):
        poller = zmq.Poller()
        for socket in self.sockets:
            poller.register(socket, zmq.POLLIN)
        while not self.stopping:
            for socket, _ in poller.poll(50):
                sender, frame = socket.recv_multipart()
                if not self.silent:
                    try:
                        self.act(socket, sender, msgpack.unpackb(frame))
                    except Exception as error:  # told by the test
                        self.broken.append(repr(error))

    def send(self, socket, sender, *message):
        socket.send_multipart([sender, msgpack.packb(message)])

    def act(self, socket, sender, message):
        kind, reply = message[0], lambda *answer: self.send(socket, sender, *answer)
        if kind == ENROL:
            self.peer_key = message[2]["signing_key"]
            key = self.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return reply(ENROLLED, dict(party="91330106MA27XYLC4K", name="机构", role="entity", hub="市", city="330100",
                                        algorithm="ed25519", hub_key=key, epoch=self.epoch))
        if kind == HELLO:
            self.sessions, self.upload = {sender: self.next_session}, None
            self.told.append(message[2].get("sent"))
            self.next_session += 1
            return reply(WELCOME, self.sessions[sender],
                         dict(hub="市", city="330100", epoch=self.epoch, party="91330106MA27XYLC4K", role="entity",
                              window=256, max_batch=64, max_item=262144, max_message=1048576, ping_ms=30000,
                              time=int(time.time() * 1000), received=self.last_seq, capabilities=["submit", "follow", "blob", "proof"]))
        session = self.sessions.get(sender)
        if session is None:
            return kind == BYE or reply(WHO)
        if kind == PING:
            reply(PONG, session, message[2])
        elif kind == FOLLOW:
            reply(EVENTS, session, message[2], self.epoch, 0, [])
        elif kind == SUBMIT:
            self.take_batch(reply, session, message)
        elif kind == PROVE:
            self.prove(reply, session, *message[2:5])
        elif kind in (BLOB_OFFER, BLOB_WANT, BLOB_CHUNK) and not self.supports:
            reply(REFUSE, "unsupported", "no such message", {})
        elif kind == BLOB_OFFER:
            self.take_offer(reply, sender, session, *message[2:5])
        elif kind == BLOB_CHUNK:
            self.take_chunk(reply, sender, session, *message[2:5])
        elif kind == BLOB_WANT:
            self.give(reply, session, *message[2:5])

    def take_batch(self, reply, session, message):
        results = []
        for item in message[3]:
            record, digest = msgpack.unpackb(item), hashlib.sha256(b"\0" + item).digest()
            named = [entry["sha256"] for entry in record.get("attachments", ())]
            self.came.append(record)
            if self.supports and any(name not in self.blobs for name in named):
                results.append([3, record["id"], digest, "missing_blob", 200])
            else:
                is_known = record["id"] in self.records
                number = self.records.setdefault(record["id"], (len(self.records) + 1, item))[0]
                self.last_seq = max(self.last_seq, record["seq"])
                results.append([int(is_known), record["id"], digest, number, int(time.time() * 1000)])
        if self.loses:
            return
        told = dict(party="91330106MA27XYLC4K", hub="市", epoch=self.epoch, at=int(time.time() * 1000), results=results,
                    signature=message[5], party_key=self.peer_key, hub_curve_key=self.public)
        body = msgpack.packb(self.receipt_lie(told) if self.receipt_lie else told)
        leaves = [ledger.leaf(item) for _, item in self.records.values()]
        stored = [result[3] - 1 for result in results if result[0] == 0]
        proof = ledger.outside(leaves, stored[0], len(stored)) if stored else []
        head = ledger.pack_head(ledger.Head(self.epoch, len(leaves), ledger.root(leaves), int(time.time() * 1000),
                                            ledger.leaf(body)))
        reply(RECEIPT, session, message[2], body, head, "ed25519", self.signing.sign(b"AGN/1 head\0" + head), 0, 1, b"",
              b"".join(proof))

    def prove(self, reply, session, number, size=0, known=0):
        if number == 0 and not self.shows_ledger:
            return
        if number == 0:  # does the ledger go on?
            leaves = [ledger.leaf(item) for _, item in self.records.values()]
            self.shown += 1
            epoch = os.urandom(16) if self.shows_other_store else self.epoch
            head = ledger.pack_head(ledger.Head(epoch, len(leaves), ledger.root(leaves), int(time.time() * 1000), bytes(32)))
            path = ledger.consistency(leaves, known) if 0 < known < len(leaves) else []
            return reply(PROOF, session, 0, head, "ed25519", self.signing.sign(b"AGN/1 head\0" + head), b"", b"".join(path))
        self.asked.append(number)
        lie = self.lies.pop(0) if self.lies else None
        if lie == "silence":
            return
        if lie == "busy":
            return reply(REFUSE, "busy", "too many", {"after_ms": 200})
        leaves = [ledger.leaf(item) for _, item in self.records.values()]
        path = ledger.inclusion(leaves, number % len(leaves) if lie == "another record" else number - 1)
        root = ledger.leaf(b"") if lie == "another ledger" else ledger.root(leaves)
        epoch = os.urandom(16) if lie == "another store" else self.epoch
        head = ledger.pack_head(ledger.Head(epoch, len(leaves), root, int(time.time() * 1000), bytes(32)))
        key = Ed25519PrivateKey.generate() if lie == "another key" else self.signing
        reply(PROOF, session, number + (lie == "another number"), head, "ed25519", key.sign(b"AGN/1 head\0" + head),
              b"".join(path), b"")

    def take_offer(self, reply, sender, session, name, size, media_type):
        self.offers.append((name, size, media_type, len(self.parts.get(name, b""))))
        code = self.answers.pop(0) if self.answers else None
        if code is None and name in self.blobs:
            code = "kept"
        if code is None and self.quota is not None and size > self.quota:
            code = "quota_exceeded"
        if code == "silence":
            return
        if code:
            return reply(BLOB_DONE, session, name, code)
        part = self.parts.setdefault(name, bytearray())
        self.upload = [sender, name, size, min(size, len(part) + CREDIT * CHUNK), 0]
        reply(BLOB_WANT, session, name, len(part), CREDIT)

    def take_chunk(self, reply, sender, session, name, offset, data):
        upload = self.upload  # forget() may take it away meanwhile
        if not upload or upload[:2] != [sender, name]:
            return reply(BLOB_DONE, session, name, "bad_offset")
        _, _, size, limit, taken = upload
        part = self.parts[name]
        self.chunks.append((time.monotonic(), offset, len(data)))
        if offset != len(part) or not 1 <= len(data) <= CHUNK or offset + len(data) > limit:
            self.broken.append(f"chunk {offset}+{len(data)} at {len(part)}, limit {limit}")
        part += data
        time.sleep(self.pause)
        if len(part) == size:
            self.upload = None
            del self.parts[name]
            if hashlib.sha256(part).digest() != name:
                return reply(BLOB_DONE, session, name, "hash_mismatch")
            self.blobs[name] = bytes(part)
            return reply(BLOB_DONE, session, name, "kept")
        upload[4] = taken = taken + len(data)
        if taken >= CREDIT * CHUNK // 2:
            upload[3:] = [min(size, len(part) + CREDIT * CHUNK), 0]
            reply(BLOB_WANT, session, name, len(part), CREDIT)

    def give(self, reply, session, name, offset, credit):
        content = self.lie if self.lie is not None else self.blobs.get(name)
        if content is None:
            return reply(BLOB_DONE, session, name, "not_found")
        for _ in range(min(credit, CREDIT)):
            if offset >= len(content):
                break
            data = content[offset:offset + CHUNK]
            reply(BLOB_CHUNK, session, name, offset, data)
            offset += len(data)
            time.sleep(self.pause)
        if offset >= len(content):
            reply(BLOB_DONE, session, name, "kept")
