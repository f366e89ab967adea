"""The choice of tiles for a product, by a count of instructions."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neurona.engines.native.products.place import Position
from neurona.engines.native.products.tiles import Cut, Span, Tiles

if TYPE_CHECKING:
    from neurona.engines.native.llvm.machine import Machine
    from neurona.engines.native.products.product import Product

CACHE = 1 << 19  # bytes that stay in the second cache, beside what streams through it
WAY, WAYS = 4096, 8  # bytes so far apart share a set of the first cache, which holds so many
HOT = 1 << 17  # bytes that come from there again and again at hardly any cost
NONE = Span(Position((), (), "0"), 1, 0, 0, 0)


class Roles(NamedTuple):
    """The axes of a product, none of size 1."""

    batch: list[Span]
    rows: list[Span]
    columns: list[Span]
    inner: list[Span]

    def swapped(self) -> Roles:
        """The same product with a and b, rows and columns, in each other's place."""
        other = [[span._replace(a=span.b, b=span.a) for span in spans] for spans in self]
        return Roles(other[0], other[2], other[1], other[3])

    def joined(self) -> Roles:
        """Neighbours joined where they can be walked as one; lanes stay on one column axis.

        The sum goes through b in the order of memory, whatever order was given.
        """
        last = self.columns[-1:]
        columns = [*joined(self.columns[:-1]), *last]
        inner = sorted(self.inner, key=lambda span: (-abs(span.b), -abs(span.a)))
        return Roles(joined(self.batch), joined(self.rows), columns, joined(inner))


def roles(product: Product) -> Roles:
    """The axes of a product by role; a batch axis that b lacks is one of rows."""
    numbers, result = itertools.count(), []
    for axes in (product.batch, product.rows, product.columns, product.inner):
        numbered = [(next(numbers), axis) for axis in axes]
        result.append(
            [
                Span(Position((number,), (axis.size,), "0"), axis.size, axis.a, axis.b, axis.c)
                for number, axis in numbered
                if axis.size != 1
            ]
        )
    batch, rows, columns, inner = result
    shared = [span for span in batch if not span.b]
    return Roles([span for span in batch if span.b], shared + rows, columns, inner)


def joined(spans: list[Span]) -> list[Span]:
    """Join neighbours whose strides chain in a, b and c."""
    result: list[Span] = []
    for span in spans:
        if result and all(
            outer == span.size * inner
            for outer, inner in zip(result[-1][2:], span[2:], strict=True)
        ):
            span = result.pop().around(span)
        result.append(span)
    return result


def choose(given: Roles, rank: int, dtype: np.dtype, machine: Machine) -> Tiles:
    """The tiles that a product of these axes takes the fewest instructions with."""
    lanes = machine.vector_bytes // dtype.itemsize
    swap = _better_swapped(given, lanes)
    batch, rows, columns, inner = (given.swapped() if swap else given).joined()
    last = columns[-1] if columns else NONE
    width = min(lanes, 1 << (last.size - 1).bit_length())
    dots = _along(inner) >= 8 and inner[-1].a == 1 and not rows and width > 1
    if dots:
        width = min(width, 1 << (inner[-1].size.bit_length() - 1))
    registers = 2 if dots else machine.registers
    most = WAYS * (WAY // math.gcd(WAY, rows[-1].a * dtype.itemsize)) if rows else 1
    whole, step, across = _shape(rows, last.size, width, registers, most)
    height = step * math.prod(span.size for span in rows[len(rows) - whole :])
    steps = math.prod(span.size for span in inner)
    chains = 1
    while height * across * chains < 5 and steps >= 8 * chains and chains < 4 and not dots:
        chains *= 2
    unroll = chains if height * across >= 16 else max(chains, 2)
    if height * across * steps <= 64:
        unroll = max(unroll, steps)
    size = dtype.itemsize * steps
    return Tiles(
        outer=(*batch, *columns[:-1]),
        rows=tuple(rows[: len(rows) - whole - 1]),
        cut=Cut(rows[-1 - whole] if rows else NONE, step),
        whole=tuple(rows[len(rows) - whole :]),
        columns=Cut(last, across * width),
        inner=tuple(inner),
        width=width,
        dtype=dtype,
        rank=rank,
        dots=dots,
        swapped=swap,
        rows_first=rows_first(size * last.size, size * math.prod(span.size for span in rows)),
        unroll=unroll,
        chains=chains,
    )


def rows_first(b: int, a: int) -> bool:
    """Whether units go through the columns of each row, given the bytes of the operands.

    They do where all of b stays in the cache while a comes by once. Then results are written, and
    weights with their moments updated, in the order of memory: the processor fetches them ahead,
    and a thread has whole lines and pages of its own.
    """
    return b <= CACHE < a or b <= min(HOT, a)


def _better_swapped(given: Roles, lanes: int) -> bool:
    """Whether lanes had better run along rows: for a few columns, where a lies well for it."""
    _, rows, columns, inner = given
    across = math.prod(span.size for span in columns)
    if not rows or not inner or across > max(lanes // 4, 1) or rows[-1].size <= across:
        return False
    steps = math.prod(span.size for span in inner)
    if not columns and steps < 8 and rows[-1].size >= lanes:
        return True  # else results come one by one, and so does all that is made of them
    if rows[-1].a == 1:
        return steps >= 8
    return not columns and _along(inner, "a") >= 8 and inner[-1].b == 1


def _along(inner: list[Span], operand: str = "b") -> int:
    """How many steps of the sum lie side by side in an operand."""
    return inner[-1].size if inner and getattr(inner[-1], operand) == 1 else 0


def _shape(
    rows: list[Span], columns: int, width: int, registers: int, most: int
) -> tuple[int, int, int]:
    """How many spans of rows are whole within a tile, the step of the next, vectors across."""
    vectors = -(-columns // width)
    options = []
    for whole in range(max(len(rows), 1)):
        size = rows[-1 - whole].size if rows else 1
        within = math.prod(span.size for span in rows[len(rows) - whole :])
        others = math.prod(span.size for span in rows[: len(rows) - whole - 1])
        limit = min(size, registers // within, most if not whole else size)
        for step, across in itertools.product(range(1, limit + 1), range(1, min(vectors, 8) + 1)):
            height = step * within
            if (height + 1) * across + 1 > registers and height * across > 1:
                continue
            down, beside = _parts(size, step), _parts(vectors, across)
            cycles = sum(
                n * m * _cycles(r * within, v) for (n, r), (m, v) in itertools.product(down, beside)
            )
            forms = len(down) * len(_parts(columns, across * width))
            options.append((cycles * others * (1 + 0.04 * forms), whole, step, across))
    _, whole, step, across = min(options)
    return whole, step, across


def _parts(size: int, step: int) -> list[tuple[int, int]]:
    """Tiles of a size: (how many, how large)."""
    parts = [(size // step, step), (1, size % step)]
    return [(count, part) for count, part in parts if count and part]


def _cycles(height: int, across: int) -> float:
    """The time of one step of a tile: few sums wait for each other, few rows for vectors of b."""
    return max(height * across, 3 * across, 10) + 0.25 * (height + across)
