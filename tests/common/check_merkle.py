"""check_merkle.py PRINT_MERKLE: the tree and its proofs against RFC 6962's own recursive definitions, on random trees of up
to 5,000 leaves. Shares nothing with common/merkle.c."""
import functools, hashlib, os, random, subprocess, sys


def leaf(number):
    return hashlib.sha256(b"\0" + str(number).encode()).digest()


def split(size):
    return 1 << (size - 1).bit_length() - 1


@functools.lru_cache(maxsize=None)
def tree(first, end):  # MTH(D[first:end])
    if end - first == 0:
        return hashlib.sha256().digest()
    if end - first == 1:
        return leaf(first)
    middle = first + split(end - first)
    return hashlib.sha256(b"\1" + tree(first, middle) + tree(middle, end)).digest()


def path(m, first, end):  # PATH(m, D[first:end])
    if end - first == 1:
        return []
    k = split(end - first)
    if m < k:
        return path(m, first, first + k) + [tree(first + k, end)]
    return path(m - k, first + k, end) + [tree(first, first + k)]


def subproof(m, first, end, whole):  # SUBPROOF(m, D[first:end], whole)
    if m == end - first:
        return [] if whole else [tree(first, end)]
    k = split(end - first)
    if m <= k:
        return subproof(m, first, first + k, whole) + [tree(first + k, end)]
    return subproof(m - k, first + k, end, False) + [tree(first, first + k)]


def outside(lowest, beyond, first, end):  # proto/PROTOCOL.md: a range, from left to right
    if end <= lowest or first >= beyond:
        return [tree(first, end)]
    if lowest <= first and end <= beyond:
        return []
    middle = first + split(end - first)
    return outside(lowest, beyond, first, middle) + outside(lowest, beyond, middle, end)


def check(program, size, rng):
    questions, expected = [], [[tree(0, size)]]
    for _ in range(40):
        index, old, first = rng.randrange(size), rng.randint(1, size), rng.randrange(size)
        count = rng.randint(1, size - first)
        questions += [f"i,{index}", f"c,{old}", f"r,{first},{count}"]
        expected += [path(index, 0, size), subproof(old, 0, size, True), outside(first, first + count, 0, size)]
    printed = subprocess.run([program, str(size), *questions], check=True, capture_output=True, text=True).stdout
    for question, line, hashes in zip(["root", *questions], printed.split("\n"), expected):
        if bytes.fromhex(line) != b"".join(hashes):
            sys.exit(f"size {size}, {question}: {line} instead of {[one.hex() for one in hashes]}")


def main():
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(3), "big"))
    rng = random.Random(seed)
    sizes = [*range(1, 18), 255, 256, 257, 4096, 5000, *(rng.randint(1, 5000) for _ in range(40))]
    print(f"seed {seed}")
    for size in sizes:
        check(sys.argv[1], size, rng)
    print(f"{len(sizes)} trees, 120 proofs each: as RFC 6962 defines them")


main()
