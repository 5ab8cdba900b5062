"""What client.py leaves out: attachments up and back (proto/PROTOCOL.md §9)."""
import hashlib

import client
from client import BLOB_CHUNK, BLOB_DONE, BLOB_OFFER, BLOB_WANT

CHUNK, CREDIT = 131072, 8


class Peer(client.Peer):
    def upload(self, content, media_type, timeout=30):
        """§9: offers an attachment and sends what the hub wants of it; the code that ends it, `kept` where all is well."""
        name, at = hashlib.sha256(content).digest(), None
        self.send(BLOB_OFFER, self.session, name, len(content), media_type)
        while True:
            message = self.receive(BLOB_WANT, BLOB_DONE, timeout=timeout)
            if message[2] != name:
                continue  # of an attachment that was offered before
            if message[0] == BLOB_DONE:
                return message[3]
            offset, credit = message[3:5]
            at = offset if at is None else at  # only the first one says where to begin
            end = min(len(content), offset + credit * CHUNK)
            while at < end:
                self.send(BLOB_CHUNK, self.session, name, at, content[at:min(at + CHUNK, end)])
                at = min(at + CHUNK, end)

    def fetch(self, name, timeout=30):
        """§9: an attachment that this peer has uploaded, by its SHA-256; LookupError with the code where it is not had."""
        content, due = bytearray(), 0
        while True:
            if due == 0:
                due = CREDIT
                self.send(BLOB_WANT, self.session, name, len(content), due)
            message = self.receive(BLOB_CHUNK, BLOB_DONE, timeout=timeout)
            if message[2] == name and message[0] == BLOB_CHUNK and message[3] == len(content):
                content += message[4]
                due -= 1
            elif message[2] == name and message[0] == BLOB_DONE:
                if message[3] != "kept":
                    raise LookupError(message[3])
                if hashlib.sha256(content).digest() != name:
                    raise ValueError("other bytes came")
                return bytes(content)
