"""Makes proto/vectors/suites.json: keys, hashes and signatures of both suites by implementations that share nothing with
AGN's, Ed25519 by cryptography and SM2 in plain Python (docs/sm2.py), among them the standards' own examples.
Signatures of SM2 are random, so what is there stays: run it again only to add."""
import hashlib, json, pathlib, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "system"), str(ROOT / "docs")]
import sm2
from client import Ed25519PrivateKey, Encoding, PublicFormat

OUT = ROOT / "proto" / "vectors" / "suites.json"
TEXTS = [b"", b"a", b"AGN/1 submit\0" + bytes(range(256)) * 9, "审查情况报送".encode()]
SECRETS = [bytes(range(1, 33)), hashlib.sha256(b"AGN").digest()]
N = sm2.N.to_bytes(32, "big")
STANDARD = {  # GB/T 32918.5, A.2
    "secret": "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8", "text": b"message digest",
    "signature": "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"}
RFC = {  # RFC 8032, 7.1, test 3
    "secret": "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "text": bytes.fromhex("af82"),
    "signature": "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}


def ed25519(secret):
    key = Ed25519PrivateKey.from_private_bytes(secret)
    return key, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def national(secret):
    key = sm2.PrivateKey(int.from_bytes(secret, "big"))
    return key, key.public_key().public_bytes()


SUITES = {"ed25519": (ed25519, lambda data: hashlib.sha256(data).digest(), RFC), "sm2-sm3": (national, sm2.digest, STANDARD)}


def vector(name, suite, secret, text, signature, good=True):
    make, digest, _ = SUITES[suite]
    return {"name": name, "what": "signature", "algorithm": suite, "secret": secret.hex(), "public": make(secret)[1].hex(), "text": text.hex(),
            "leaf": digest(b"\0" + text).hex(), "signature": signature.hex(), "ok": good}


def succession(suite):
    """PROTOCOL.md §11: what the first pair signs to name the second."""
    return (b"AGN/1 successor\0" + bytes(range(32)) + bytes(range(32, 64)) + (1795996800000).to_bytes(8, "big") +
            SUITES[suite][0](SECRETS[1])[1])


def spoiled(suite, secret, text, signature):
    """Signatures near a good one that fit nothing."""
    r, s = signature[:32], signature[32:]
    yield "another text", text + b"\0", signature
    yield "the halves exchanged", text, s + r
    yield "zeros", text, bytes(64)
    yield "a half of zeros", text, r + bytes(32)
    if suite == "sm2-sm3":
        yield "r is n", text, N + s
        yield "s is n", text, r + N
        yield "s and n - s", text, r + (sm2.N - int.from_bytes(s, "big")).to_bytes(32, "big")
        yield "r + s is n", text, r + (sm2.N - int.from_bytes(r, "big")).to_bytes(32, "big")


def main():
    vectors = []
    for suite, (make, _, example) in SUITES.items():
        vectors.append(vector("the standard's example", suite, bytes.fromhex(example["secret"]), example["text"],
                              bytes.fromhex(example["signature"])))
        vectors += [vector(f"{len(text)} bytes", suite, secret, text, make(secret)[0].sign(text)) for secret in SECRETS for text in TEXTS]
        text = succession(suite)
        vectors.append(vector("a successor", suite, SECRETS[0], text, make(SECRETS[0])[0].sign(text)))
        vectors += [vector(name, suite, SECRETS[0], text, signature, False)
                    for name, text, signature in spoiled(suite, SECRETS[0], b"a", make(SECRETS[0])[0].sign(b"a"))]
    OUT.write_text("[\n" + ",\n".join(map(json.dumps, vectors)) + "\n]\n", encoding="utf-8")
    print(f"{len(vectors)} vectors")


sys.exit(main())
