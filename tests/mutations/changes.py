"""Changes of bytes and of JSON values, each drawn from a generator of random numbers."""

import copy
from random import Random

HUGE = [2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, 10**6, 3 * 10**7, 2**27, 30_000, 10**100]


def flip(r: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(r.choice((1, 1, 2, 8))):
        place = r.randrange(len(changed))
        changed[place] ^= 1 << r.randrange(8)
    return bytes(changed)


def cut(r: Random, content: bytes) -> bytes:
    return content[: r.randrange(len(content))]


def cut_out(r: Random, content: bytes) -> bytes:
    a, b = _range(r, content)
    return content[:a] + content[b:]


def insert(r: Random, content: bytes) -> bytes:
    a = r.randrange(len(content) + 1)
    return content[:a] + r.randbytes(r.choice((1, 2, 4, 64, 4096))) + content[a:]


def duplicate(r: Random, content: bytes) -> bytes:
    a, b = _range(r, content)
    return content[:a] + content[a:b] * r.choice((2, 2, 3, 100)) + content[b:]


def move(r: Random, content: bytes) -> bytes:
    a, b = _range(r, content)
    rest = content[:a] + content[b:]
    c = r.randrange(len(rest) + 1)
    return rest[:c] + content[a:b] + rest[c:]


def lie(r: Random, content: bytes) -> bytes:
    """Write a huge or odd number over some bytes, as a length would stand there."""
    size = r.choice((1, 2, 4, 8))
    number = r.choice([0, 1, 0x7F, 0xFF, *HUGE[:-1]]) % 256**size
    a = r.randrange(min(len(content), r.choice((16, 64, 10**9))))
    return content[:a] + number.to_bytes(size, r.choice(("little", "big"))) + content[a + size :]


def lie_in_text(r: Random, content: bytes) -> bytes:
    """Write a huge number or a mark of a text format somewhere."""
    word = r.choice([*map(str, HUGE), '"', "\n", ",", ";", "[" * 500, "{", "NaN", "1e999", "\0"])
    a = r.randrange(len(content) + 1)
    return content[:a] + word.encode() + content[a + r.choice((0, 1, len(word))) :]


def blank(r: Random, content: bytes) -> bytes:
    a, b = _range(r, content)
    return content[:a] + r.choice((b"\0", b"\xff", b" ")) * (b - a) + content[b:]


BYTES = (flip, cut, cut_out, insert, duplicate, move, lie, lie_in_text, blank)


def _range(r: Random, content: bytes) -> tuple[int, int]:
    a = r.randrange(len(content))
    return a, min(len(content), a + r.choice((1, 4, 16, 256, 10_000)))


def changed(r: Random, content: bytes) -> bytes:
    """Return bytes with one change, seldom more."""
    for _ in range(r.choice((1, 1, 1, 2, 5))):
        content = r.choice(BYTES)(r, content) if content else r.randbytes(4)
    return content


# --- JSON values -------------------------------------------------------------------------------


def places(value, path=()):
    """Yield the path of each value within a value, itself first."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def _odd(r: Random, before):
    if isinstance(before, int | float) and r.random() < 0.7:
        return r.choice([*HUGE, -1, 0, 1, 2, 5000, before * 1000, float(before), 1e300])
    return r.choice(
        [None, True, -1, 0, *HUGE, 1e300, -0.5, "", "x", "relu", "layers.Dense", "custom.exec",
         "../" * 9, "\0", "a" * 10_000, [], {}, [[]], {"tuple": []}, {"dict": [[1, 2]]},
         {"at": [0, 0]}, {"is": 3}, {"shared": 0}, {"array": [[1.0]], "dtype": "float32"},
         {"object": "layers.Dense", "arguments": {"units": 3}}]
    )  # fmt: skip


def changed_json(r: Random, value):
    """Return a JSON value with one change somewhere, seldom more."""
    value = copy.deepcopy(value)
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        every = [p for p in places(value) if p]
        if not every:
            break
        *way, last = r.choice(every)
        owner = at(value, way)
        kind = r.randrange(6)
        if kind <= 2:
            owner[last] = _odd(r, owner[last])
        elif kind == 3:
            owner[last] = copy.deepcopy(at(value, r.choice(every)))
        elif kind == 4:
            del owner[last]
        elif isinstance(owner, list):
            owner[last:last] = copy.deepcopy(owner[: r.choice((1, 3, 50))])
        else:
            owner[str(_odd(r, ""))] = owner[last]
    return value
