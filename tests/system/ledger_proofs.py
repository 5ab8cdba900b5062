"""What receipts prove, checked by an RFC 6962 of our own (ledger.py): every record in its place of a signed tree, many receipts
under one signature, proofs on request between any two heads, through a kill and a restart."""
import random, sqlite3

import client
import ledger
import msgpack
from cryptography.exceptions import InvalidSignature
from harness import SUITE, check, id_of, item_of, main, require, review, warning

STORED = 0


class Witness:
    """Every leaf that a receipt has shown, in its place, and every signed head."""

    def __init__(self, key):
        self.key, self.leaves, self.heads, self.shared = key, {}, {}, 0

    def verify(self, head, signature):
        ledger.check_head(self.key, signature, head)
        head = ledger.unpack_head(head)
        require(self.heads.setdefault(head.size, head.root) == head.root, "one root a size", head)
        return head

    def take(self, evidence):
        _, _, _, body, head, algorithm, signature, index, count, path, proof = msgpack.unpackb(evidence)
        require(algorithm == SUITE, "the algorithm of the key", algorithm)
        head = self.verify(head, signature)
        told = msgpack.unpackb(body)
        require(told["epoch"] == head.epoch, "body and head are of one store")
        require(ledger.included(ledger.leaf(body), index, count, ledger.hashes(path)) == head.receipts,
                "the body is among the receipts of its commit", (index, count))
        self.shared = max(self.shared, count)
        stored = [result for result in told["results"] if result[0] == STORED]
        if not stored:
            return require(proof == b"", "nothing stored, nothing to prove")
        first, path = stored[0][3], ledger.hashes(proof)
        require([result[3] for result in stored] == list(range(first, first + len(stored))), "numbers follow one another")
        root = ledger.ranged([result[2] for result in stored], first - 1, head.size, path)
        require(root == head.root and not path, "the records stand in the tree", (first, head.size))
        for result in stored:
            require(self.leaves.setdefault(result[3], result[2]) == result[2], "one leaf a number", result)


def prove(peer, witness, number=0, size=0, start=0):
    peer.send(client.PROVE, peer.session, number, size, start)
    answer = peer.receive(client.PROOF)
    require(answer[2] == number, "the answer is to the question")
    return (witness.verify(answer[3], answer[5]), ledger.hashes(answer[6]), ledger.hashes(answer[7]))


def submit(site, peers, witness, rng, rounds):
    for _ in range(rounds):
        for peer in peers:
            items = [item_of(peer, rng.choice((review, warning))()) for _ in range(rng.randint(1, 20))]
            if rng.random() < 0.3:
                items.insert(rng.randrange(len(items)), item_of(peer, review(round=0)))
            peer.submit(items)
        for peer in peers:
            witness.take(peer.receipt()[1])


def compare(hub, peer, witness, rng):
    """What the city filed itself has no receipt here; its leaves are read from the store, as an auditor would."""
    with sqlite3.connect(f"file:{hub.home}/store.db?mode=ro", uri=True) as db:
        for number, leaf in db.execute("select r.number, substr(b.hashes, r.position * 32 + 1, 32) from record r join batch b "
                                       "on b.id = r.batch join party p on p.row = r.party where p.role = 'city'"):
            require(witness.leaves.setdefault(number, leaf) == leaf, "one leaf a number", number)
    head, _, _ = prove(peer, witness)
    leaves = [witness.leaves[number] for number in sorted(witness.leaves)]
    require(head.size == len(leaves) and head.root == ledger.root(leaves), "the newest tree is that of the receipts", head)
    require(head.receipts == bytes(32), "a head for no receipts says so")
    for _ in range(60):
        number, size, old = rng.randint(1, len(leaves)), rng.randint(1, len(leaves)), rng.randint(1, len(leaves))
        head, path, steps = prove(peer, witness, number, size, old)
        require(head.size == size and head.root == ledger.root(leaves[:size]), "the tree of the size that is asked for")
        if number <= size:
            require(path == ledger.inclusion(leaves[:size], number - 1), "the inclusion proof", (number, size))
        else:
            require(path == [], "no proof of what is not in it")
        if old < size:
            require(ledger.consistent(old, ledger.root(leaves[:old]), size, head.root, steps), "the consistency", (old, size))
        else:
            require(steps == [], "nothing to prove", (old, size))
    head, path, steps = prove(peer, witness, len(leaves) + 5, len(leaves) + 9, len(leaves) + 7)
    require(head.size == len(leaves) and not path and not steps, "beyond the tree: the newest head, and no proof")
    return len(leaves)


def test(site):
    rng = random.Random(11)
    hub = site.hub()
    peers = [site.peer(hub, f"peer{i}") for i in range(6)]
    for peer in peers:
        peer.hello()
    witness = Witness(peers[0].get("hub_signing"))
    submit(site, peers, witness, rng, 6)
    size = compare(hub, peers[0], witness, rng)
    check(True, f"{size} records in the tree that the receipts show; every proof is the definition's")
    for _ in range(20):
        if witness.shared <= 1:
            submit(site, peers, witness, rng, 1)  # whether batches meet in a commit is chance
    check(witness.shared > 1, f"one signature covered up to {witness.shared} receipts")
    hub.kill()
    hub.start()
    for peer in peers:
        peer.hello()
    compare(hub, peers[1], witness, rng)
    submit(site, peers, witness, rng, 6)
    hub.stop()
    hub.start()
    for peer in peers:
        peer.hello()
    size = compare(hub, peers[2], witness, rng)
    check(True, f"{size} after a kill, a stop and more records; no head contradicts another")

    item = item_of(peers[0], review())
    peers[0].submit([item])
    evidence = bytearray(peers[0].receipt()[1])
    for place in rng.sample(range(len(evidence) // 3, len(evidence)), 60):
        evidence[place] ^= 1
        try:
            Witness(peers[0].get("hub_signing")).take(bytes(evidence))
            require(False, "a changed receipt proves nothing", place)
        except (InvalidSignature, AssertionError, ValueError, IndexError, TypeError, KeyError) as error:
            require("proves nothing" not in str(error), "a changed receipt proves nothing", place)
        evidence[place] ^= 1
    check(id_of(item) in hub.ids(), "60 changed bits of a receipt: each found")

    for _ in range(40):
        peers[3].send(client.PROVE, peers[3].session, 1, 0, 0)
    answers = [peers[3].receive(client.PROOF, client.REFUSE) for _ in range(40)]
    check(all(answer[0] == client.PROOF or answer[1] == "busy" and answer[3]["after_ms"] > 0 for answer in answers),
          "40 questions at once: each answered, or busy with its time")


if __name__ == "__main__":
    main(test)
