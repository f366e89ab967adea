"""Hash functions that are the same on every machine: FarmHash64, SipHash, and their joining.

They are those of TensorFlow, so bins are Keras's. All numbers are modulo 2^64, little-endian.

Source: FarmHash's `farmhashna::Hash64` (G. Pike, Google, MIT licence), which TensorFlow calls
Fingerprint64; Aumasson and Bernstein 2012, "SipHash: a fast short-input PRF", SipHash-2-4.
"""

from __future__ import annotations

import struct

MASK = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_JOIN = 0xC6A4A7935BD1E995


def _u64(s: bytes, at: int) -> int:
    return int.from_bytes(s[at : at + 8], "little")


def _u32(s: bytes, at: int) -> int:
    return int.from_bytes(s[at : at + 4], "little")


def _turned(x: int, by: int) -> int:
    """Return x rotated to the right."""
    return ((x >> by) | (x << (64 - by))) & MASK


def _mixed(x: int) -> int:
    return x ^ (x >> 47)


def _of_pair(u: int, v: int, mul: int) -> int:
    a = _mixed(((u ^ v) * mul) & MASK)
    return (_mixed(((v ^ a) * mul) & MASK) * mul) & MASK


def farmhash64(s: bytes) -> int:
    """Return FarmHash's fingerprint of some bytes, in [0, 2^64).

    >>> hex(farmhash64(b"")), farmhash64(b"A") % 3
    ('0x9ae16a3b2f90404f', 1)
    """
    n = len(s)
    if n <= 16:
        return _up_to_16(s, n)
    if n <= 32:
        return _up_to_32(s, n)
    return _up_to_64(s, n) if n <= 64 else _longer(s, n)


def _up_to_16(s: bytes, n: int) -> int:
    mul = (_K2 + n * 2) & MASK
    if n >= 8:
        a, b = (_u64(s, 0) + _K2) & MASK, _u64(s, n - 8)
        c, d = _turned(b, 37) * mul + a, (_turned(a, 25) + b) * mul
        return _of_pair(c & MASK, d & MASK, mul)
    if n >= 4:
        return _of_pair(n + (_u32(s, 0) << 3), _u32(s, n - 4), mul)
    if n > 0:
        y, z = s[0] + (s[n >> 1] << 8), n + (s[n - 1] << 2)
        return (_mixed((y * _K2 ^ z * _K0) & MASK) * _K2) & MASK
    return _K2


def _up_to_32(s: bytes, n: int) -> int:
    mul = (_K2 + n * 2) & MASK
    a, b = (_u64(s, 0) * _K1) & MASK, _u64(s, 8)
    c, d = (_u64(s, n - 8) * mul) & MASK, (_u64(s, n - 16) * _K2) & MASK
    u = _turned((a + b) & MASK, 43) + _turned(c, 30) + d
    v = a + _turned((b + _K2) & MASK, 18) + c
    return _of_pair(u & MASK, v & MASK, mul)


def _up_to_64(s: bytes, n: int) -> int:
    mul = (_K2 + n * 2) & MASK
    a, b = (_u64(s, 0) * _K2) & MASK, _u64(s, 8)
    c, d = (_u64(s, n - 8) * mul) & MASK, (_u64(s, n - 16) * _K2) & MASK
    y = (_turned((a + b) & MASK, 43) + _turned(c, 30) + d) & MASK
    z = _of_pair(y, (a + _turned((b + _K2) & MASK, 18) + c) & MASK, mul)
    e, f = (_u64(s, 16) * mul) & MASK, _u64(s, 24)
    g, h = ((y + _u64(s, n - 32)) * mul) & MASK, ((z + _u64(s, n - 24)) * mul) & MASK
    u = _turned((e + f) & MASK, 43) + _turned(g, 30) + h
    v = e + _turned((f + a) & MASK, 18) + g
    return _of_pair(u & MASK, v & MASK, mul)


def _weak(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Return two numbers from 32 bytes and two seeds."""
    w, x, y, z = struct.unpack_from("<4Q", s, at)
    a += w
    b = _turned((b + a + z) & MASK, 21)
    c = a
    a += x + y
    b += _turned(a & MASK, 44)
    return (a + z) & MASK, (b + c) & MASK


def _longer(s: bytes, n: int) -> int:
    seed = 81
    y = (seed * _K1 + 113) & MASK
    z = (_mixed((y * _K2 + 113) & MASK) * _K2) & MASK
    v = w = (0, 0)
    x = (seed * _K2 + _u64(s, 0)) & MASK
    rest = (n - 1) & 63
    end = n - 1 - rest  # of the whole blocks; the last 64 bytes come again behind them
    for at in range(0, end, 64):
        x = (_turned((x + y + v[0] + _u64(s, at + 8)) & MASK, 37) * _K1) & MASK
        y = (_turned((y + v[1] + _u64(s, at + 48)) & MASK, 42) * _K1) & MASK
        x ^= w[1]
        y = (y + v[0] + _u64(s, at + 40)) & MASK
        z = (_turned((z + w[0]) & MASK, 33) * _K1) & MASK
        v = _weak(s, at, v[1] * _K1, x + w[0])
        w = _weak(s, at + 32, z + w[1], y + _u64(s, at + 16))
        z, x = x, z
    at = n - 64
    mul = (_K1 + ((z & 0xFF) << 1)) & MASK
    first = (w[0] + rest) & MASK
    v = (v[0] + first) & MASK, v[1]
    w = (first + v[0]) & MASK, w[1]
    x = (_turned((x + y + v[0] + _u64(s, at + 8)) & MASK, 37) * mul) & MASK
    y = (_turned((y + v[1] + _u64(s, at + 48)) & MASK, 42) * mul) & MASK
    x = (x ^ (w[1] * 9)) & MASK
    y = (y + v[0] * 9 + _u64(s, at + 40)) & MASK
    z = (_turned((z + w[0]) & MASK, 33) * mul) & MASK
    v = _weak(s, at, v[1] * mul, x + w[0])
    w = _weak(s, at + 32, z + w[1], y + _u64(s, at + 16))
    z, x = x, z
    u = _of_pair(v[0], w[0], mul) + _mixed(y) * _K0 + z
    return _of_pair(u & MASK, (_of_pair(v[1], w[1], mul) + x) & MASK, mul)


def siphash64(s: bytes, key: tuple[int, int]) -> int:
    """Return SipHash-2-4 of some bytes under a key of two numbers, in [0, 2^64).

    >>> key = 0x0706050403020100, 0x0F0E0D0C0B0A0908
    >>> hex(siphash64(bytes(range(15)), key))  # the example of the paper
    '0xa129ca6149be45e5'
    """
    k0, k1 = key[0] & MASK, key[1] & MASK
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261,
         k1 ^ 0x7465646279746573]  # fmt: skip
    n = len(s)
    padded = s + bytes(7 - n % 8) + bytes([n & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        _rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xFF
    _rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], count: int) -> None:
    a, b, c, d = v
    for _ in range(count):
        a = (a + b) & MASK
        b = _turned(b, 51) ^ a
        a = _turned(a, 32)
        c = (c + d) & MASK
        d = _turned(d, 48) ^ c
        a = (a + d) & MASK
        d = _turned(d, 43) ^ a
        c = (c + b) & MASK
        b = _turned(b, 47) ^ c
        c = _turned(c, 32)
    v[:] = a, b, c, d


def joined(first: int, second: int) -> int:
    """Return one fingerprint of two, which are not exchangeable."""
    x = (first ^ _JOIN) ^ (_mixed((second * _JOIN) & MASK) * _JOIN & MASK)
    x = (_mixed((x * _JOIN) & MASK) * _JOIN) & MASK
    return _mixed(x)
