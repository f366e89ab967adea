"""Chains: kernels that follow each other through the rows of arrays, a few rows at a time.

Softmax is a maximum, a sum and a quotient. Each takes a whole row, but no other row: so a thread
takes some rows through all of them while these rows are in its cache, and then the next ones.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from typing import NamedTuple

from neurona.core.graph import Node
from neurona.core.lowering import Indexed
from neurona.core.shapes import Shape
from neurona.engines.native.beside import neighbours
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.stage import Stage
from neurona.engines.native.strides import aligned

NEAR = 1 << 16  # bytes of the rows that are taken together, about
FAR = 1 << 19  # bytes of rows that a second cache may not hold
STACK = 0 if os.name == "nt" else 1 << 17  # bytes; on Windows more than a page calls C's library
FEWEST = 8  # blocks; fewer are all in the cache anyway, or leave threads without work


class Chain(NamedTuple):
    """Kernels that follow each other, block of rows by block of rows.

    Attributes:
        kernels: their numbers.
        rows: how many rows make a block.
        blocks: how many blocks there are.
        units: for each kernel how many units of its only stage make a block.
        inside: the values that no other kernel reads, and the bytes of their rows: of those, a
            block is all that is kept.
    """

    kernels: range
    rows: int
    blocks: int
    units: tuple[int, ...]
    inside: dict[int, int]


def chains(fusion: Fusion, stages: Sequence[Sequence[Stage]]) -> list[Chain]:
    """Return the chains among the kernels of a Fusion, which have these stages."""
    found: list[Chain | None] = []
    members, rows = range(0), 0
    for time, kernel in enumerate(fusion.kernels):
        suits = len(stages[time]) == 1 and stages[time][0].step > 0
        joined = _joined(fusion, members, rows, kernel) if suits else 0
        if joined:
            members, rows = range(members.start, time + 1), joined
            continue
        found.append(_chain(fusion, members, rows, stages))
        members, rows = (range(time, time + 1), _rows(kernel)) if suits else (range(0), 0)
    found.append(_chain(fusion, members, rows, stages))
    return [chain for chain in found if chain]


def groups(fusion: Fusion, found: Sequence[Chain]) -> list[tuple[range, Chain | None]]:
    """Return the numbers of kernels that run together: chains, loops side by side, single ones."""
    chains = {chain.kernels.start: chain for chain in found}
    together = {members.start: members for members in neighbours(fusion.kernels)}
    together |= {start: chain.kernels for start, chain in chains.items()}
    follows = {time for members in together.values() for time in members[1:]}
    return [
        (together.get(time, range(time, time + 1)), chains.get(time))
        for time in range(len(fusion.kernels))
        if time not in follows
    ]


def ends(fusion: Fusion, found: Sequence[Chain]) -> list[int]:
    """Return for each kernel the last one that runs together with it."""
    return [members[-1] for members, _ in groups(fusion, found) for _ in members]


def _rows(kernel: Kernel) -> int:
    """Return how many rows a kernel folds, each by itself; 0 if it folds none."""
    folded = [axis for axis in kernel.axes if kernel.domain[axis] > 1]
    return math.prod(kernel.domain[: folded[0]]) if folded else 0


def _joined(fusion: Fusion, members: range, rows: int, kernel: Kernel) -> int:
    """Return the number of rows if a kernel may follow others through them, else 0."""
    own = _rows(kernel)
    rows = rows or own
    kernels = [fusion.kernels[time] for time in members]
    if not kernels or rows < FEWEST or 0 < own < rows:
        return 0
    if any(_leading(k.domain, rows) is None for k in [*kernels, kernel]):
        return 0
    made = {v for k in kernels for v in k.stores}
    nodes = [*kernel.nodes, *kernel.folds]
    reads = [(n, v) for n in nodes for v in n.inputs if fusion.layouts[v].root in made]
    inside = all(_stays_in_row(fusion, kernel, node, v, rows) for node, v in reads)
    return rows if reads and inside else 0


def _leading(domain: Shape, rows: int) -> int | None:
    """Return how many leading axes count the rows; None if no axes do."""
    sizes = itertools.accumulate(domain, int.__mul__, initial=1)
    return next((axes for axes, size in enumerate(sizes) if size == rows), None)


def _stays_in_row(fusion: Fusion, kernel: Kernel, node: Node, v: int, rows: int) -> bool:
    """Whether a node, at work on a row, reads of a value what belongs to the same row."""
    if isinstance(node.op.lower, Indexed):
        return False
    domain, layout = kernel.domain, fusion.layouts[v]
    strides = aligned(layout.strides, fusion.specs[v].shape, len(domain))
    axes = _leading(domain, rows)
    width, rest = divmod(fusion.specs[layout.root].size, rows)
    step = width
    for size, stride in reversed([*zip(domain, strides, strict=True)][:axes]):
        if size > 1 and stride != step:
            return False
        step *= size
    reach = [s * (n - 1) for n, s in zip(domain[axes:], strides[axes:], strict=True)]
    low, high = (layout.offset + sum(pick(0, r) for r in reach) for pick in (min, max))
    return rest == 0 and low >= 0 and high < width


def _chain(
    fusion: Fusion, members: range, rows: int, stages: Sequence[Sequence[Stage]]
) -> Chain | None:
    """Return the chain of these kernels, if it is of use."""
    if len(members) < 2:
        return None
    kernels = [fusion.kernels[time] for time in members]
    roots = {fusion.layouts[v].root for k in kernels for v in (*k.inputs(), *k.stores)}
    sizes = [fusion.specs[v].nbytes for v in roots]
    row = max(sum(size for size in sizes if size >= rows) // rows, 1)  # bytes
    widths = [math.prod(k.domain) // rows for k in kernels]
    steps = [stages[time][0].step for time in members]
    whole = math.lcm(*(step // math.gcd(step, w) for step, w in zip(steps, widths, strict=True)))
    block = max(NEAR // row // whole, 1) * whole
    blocks = -(-rows // block)
    if blocks < FEWEST or block * row > FAR:
        return None
    units = tuple(block * w // step for step, w in zip(steps, widths, strict=True))
    inside = {
        v: fusion.specs[v].nbytes // rows
        for kernel in kernels
        for v in kernel.stores
        if v not in fusion.outputs and fusion.readers[v][-1] in members
    }
    if block * sum(inside.values()) > STACK:
        inside = {}
    return Chain(members, block, blocks, units, inside)
