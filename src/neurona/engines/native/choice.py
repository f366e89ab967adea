"""The choice of tiles for a product."""

from __future__ import annotations

import itertools
import math

import numpy as np

from neurona.engines.native.place import Position
from neurona.engines.native.tiles import Cut, Span, Tiles


def choose(
    batch: list[Span], rows: list[Span], columns: list[Span], inner: list[Span], rank: int,
    dtype: np.dtype, vector_bytes: int, registers: int,
) -> Tiles:  # fmt: skip
    """The tiles that a product of these axes takes the fewest instructions with."""
    none = Span(Position((), (), "0"), 1, 0, 0, 0)
    last = columns[-1] if columns else none
    width = min(vector_bytes // dtype.itemsize, 1 << (last.size - 1).bit_length())
    vectors = -(-last.size // width)
    options = []
    for whole in range(max(len(rows), 1)):
        cut = rows[-1 - whole] if rows else none
        within = math.prod(span.size for span in rows[len(rows) - whole :])
        for step, across in itertools.product(range(1, min(cut.size, 32) + 1), range(1, 9)):
            height = step * within
            if across > vectors or height * across + min(height, across) + 1 > registers:
                continue
            cost = sum(
                n * m * _cycles(r * within, v)
                for n, r in _parts(cut.size, step)
                for m, v in _parts(vectors, across)
            )
            variants = len(_parts(cut.size, step)) * len(_parts(last.size, across * width))
            others = math.prod(span.size for span in rows[: len(rows) - whole - 1])
            options.append((cost * others * (1 + 0.02 * variants), whole, step, across))
    _, whole, step, across = min(options)
    height = step * math.prod(span.size for span in rows[len(rows) - whole :])
    steps = math.prod(span.size for span in inner)
    chains = 1
    while height * across * chains < 5 and steps >= 8 * chains and chains < 4:
        chains *= 2
    unroll = max(2, chains)
    if height * across * steps <= 128:
        unroll = max(unroll, steps)
    return Tiles(
        outer=(*batch, *columns[:-1]),
        rows=tuple(rows[: len(rows) - whole - 1]),
        cut=Cut(rows[-1 - whole] if rows else none, step),
        whole=tuple(rows[len(rows) - whole :]),
        columns=Cut(last, across * width),
        inner=tuple(inner),
        width=width,
        dtype=dtype,
        rank=rank,
        unroll=unroll,
        chains=chains,
    )


def _parts(size: int, step: int) -> list[tuple[int, int]]:
    """Tiles of a size: (how many, how large)."""
    parts = [(size // step, step), (1, size % step)]
    return [(count, part) for count, part in parts if count and part]


def _cycles(height: int, across: int) -> float:
    """The time of one step of a tile: multiplications wait for each other if there are few."""
    return max(height * across, 4) + 0.15 * (height + across)
