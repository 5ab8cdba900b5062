"""SM2 with SM3 (GB/T 32918.2) in plain Python, for the protocol's suite sm2-sm3: slow, and not for secrets that matter.

The two classes have the methods of cryptography's Ed25519 keys that verify_evidence.py and tests/system/client.py use; that
library has SM3 but no SM2.
"""
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

# The recommended curve, GB/T 32918.5: y² = x³ - 3x + b over the field of p, with the generator G of order n.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
USER = b"1234567812345678"


def digest(data):
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


def add(one, other):
    """The sum of two points; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % P == 0:
        return None
    if one == other:
        slope = 3 * (one[0] * one[0] - 1) * pow(2 * one[1], -1, P) % P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(number, point):
    total = None
    while number:
        if number & 1:
            total = add(total, point)
        number, point = number >> 1, add(point, point)
    return total


def number_of(point, data):
    """e: the digest of Z ‖ data, where Z is the user's id, the curve and the key (5.5)."""
    values = (P - 3, B, *G, *point)
    z = digest((8 * len(USER)).to_bytes(2, "big") + USER + b"".join(value.to_bytes(32, "big") for value in values))
    return int.from_bytes(digest(z + data), "big")


class PublicKey:
    def __init__(self, point):
        self.point = point

    @classmethod
    def from_public_bytes(cls, data):
        x = int.from_bytes(data[1:], "big")
        square = (x * x * x - 3 * x + B) % P
        y = pow(square, (P + 1) // 4, P)
        if len(data) != 33 or data[0] not in (2, 3) or x >= P or y * y % P != square:
            raise ValueError("no compressed point of the curve")
        return cls((x, y if y % 2 == data[0] % 2 else P - y))

    def public_bytes(self, *_):
        return bytes([2 + self.point[1] % 2]) + self.point[0].to_bytes(32, "big")

    def verify(self, signature, data):
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        t = (r + s) % N
        if len(signature) == 64 and 0 < r < N and 0 < s < N and t:
            point = add(times(s, G), times(t, self.point))
            if point and (number_of(self.point, data) + point[0]) % N == r:
                return
        raise InvalidSignature


class PrivateKey:
    def __init__(self, secret):
        self.secret, self.point = secret, times(secret, G)

    @classmethod
    def from_private_bytes(cls, data):
        return cls(int.from_bytes(data, "big") % (N - 2) + 1)

    def public_key(self):
        return PublicKey(self.point)

    def sign(self, data):
        e = number_of(self.point, data)
        while True:
            k = 1 + secrets.randbelow(N - 1)
            r = (e + times(k, G)[0]) % N
            s = pow(1 + self.secret, -1, N) * (k - r * self.secret) % N
            if r and s and r + k != N:
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
