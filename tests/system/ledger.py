"""RFC 6962's tree by its own definitions, with the hash of the suite, and what AGN/1 signs of it (proto/PROTOCOL.md §10): for
tests, sharing nothing with the product."""
from collections import namedtuple

import client
from harness import SUITE

_, PublicKey, digest = client.suite(SUITE)
Head = namedtuple("Head", "epoch size root at receipts")


def leaf(content):
    return digest(b"\0" + content)


def parent(left, right):
    return digest(b"\1" + left + right)


def split(size):
    return 1 << (size - 1).bit_length() - 1


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else digest(b"")
    half = split(len(leaves))
    return parent(root(leaves[:half]), root(leaves[half:]))


def inclusion(leaves, index):
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return inclusion(leaves[:half], index) + [root(leaves[half:])]
    return inclusion(leaves[half:], index - half) + [root(leaves[:half])]


def outside(leaves, first, count):
    """The proof that `count` leaves from `first` on stand side by side, from left to right."""
    if count <= 0 or first >= len(leaves) or first + count <= 0:
        return [root(leaves)]
    if first <= 0 and first + count >= len(leaves):
        return []
    half = split(len(leaves))
    return outside(leaves[:half], first, count) + outside(leaves[half:], first - half, count)


def consistency(leaves, old, is_whole=True):
    """PROOF(old, leaves) of section 2.1.2."""
    if old == len(leaves):
        return [] if is_whole else [root(leaves)]
    left = split(len(leaves))
    if old <= left:
        return consistency(leaves[:left], old, is_whole) + [root(leaves[left:])]
    return consistency(leaves[left:], old - left, False) + [root(leaves[:left])]


def included(node, index, size, path):
    """The root that an inclusion path leads to; None: it fits no tree of this size."""
    if size <= 1:
        return node if index == 0 and size == 1 and not path else None
    half = split(size)
    if not path:
        return None
    if index < half:
        left = included(node, index, half, path[:-1])
        return left and parent(left, path[-1])
    right = included(node, index - half, size - half, path[:-1])
    return right and parent(path[-1], right)


def ranged(leaves, first, size, path):
    """The root of a tree of this size in which the leaves stand from `first` on; takes what it needs from the path."""
    if first >= size or first + len(leaves) <= 0:
        return path.pop(0)
    if size == 1:
        return leaves[-first]
    half = split(size)
    left = ranged(leaves, first, half, path)
    return parent(left, ranged(leaves, first - half, size - half, path))


def consistent(old, old_root, size, new_root, path):
    """RFC 6962 section 2.1.2, read backwards: both roots follow from the path."""
    def walk(old, size, is_whole, path):
        if old == size:
            node = old_root if is_whole else path.pop()
            return node, node
        half = split(size)
        last = path.pop()
        if old <= half:
            old_node, node = walk(old, half, is_whole, path)
            return old_node, parent(node, last)
        old_node, node = walk(old - half, size - half, False, path)
        return parent(last, old_node), parent(last, node)
    path = list(path)
    return walk(old, size, True, path) == (old_root, new_root) and not path


def hashes(blob):
    return [blob[i:i + 32] for i in range(0, len(blob), 32)]


def check_head(key, signature, head):
    """InvalidSignature where the hub has not signed it."""
    PublicKey.from_public_bytes(key).verify(signature, b"AGN/1 head\0" + head)


def pack_head(head):
    return (head.epoch + head.size.to_bytes(8, "big") + head.root + head.at.to_bytes(8, "big") + head.receipts)


def unpack_head(blob):
    return Head(blob[:16], int.from_bytes(blob[16:24], "big"), blob[24:56], int.from_bytes(blob[56:64], "big"), blob[64:96])
