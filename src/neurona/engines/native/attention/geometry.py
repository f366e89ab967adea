"""What forward and gradient know of an attention: sizes, and where heads, tiles and masks lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurona.core.shapes import Shape, Spec
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.strides import contiguous

QUERIES, KEYS = 64, 256  # of a tile, at most: its scores stay in the second cache
HEIGHT = 4  # rows of a product's tile in registers; it divides the panels
UNITS = 16  # of work, at most: each has a workspace


@dataclass(frozen=True)
class Geometry:
    """Sizes of an attention, operands as in `core/lowering.py`.

    Attributes:
        batch, t, s, heads: samples, queries, keys and heads.
        size, values: of a head's queries and keys, and of its values.
        dtype: of all numbers.
        lanes: of a vector.
        registers: of the machine.
        mask: the shape of the mask; None if all is seen.
        scale, causal, dropout, draw: of the op.
    """

    batch: int
    t: int
    s: int
    heads: int
    size: int
    values: int
    dtype: np.dtype
    lanes: int
    registers: int
    mask: Shape | None
    scale: float
    causal: bool
    dropout: float
    draw: int

    @property
    def rows(self) -> int:
        """How many heads there are, of all samples."""
        return self.batch * self.heads

    @property
    def scalar(self) -> str:
        """LLVM's type of a number."""
        return {"f4": "float", "f8": "double"}[self.dtype.str[1:]]

    @property
    def across(self) -> int:
        """Vectors of columns of a product's tile in registers."""
        return 4 if self.registers >= 32 else 2

    @property
    def panel(self) -> int:
        """Keys that lie side by side in a packed operand."""
        return self.across * self.lanes

    @property
    def keys(self) -> int:
        """Keys, in whole panels."""
        return -(-self.s // self.panel) * self.panel

    @property
    def tile(self) -> tuple[int, int]:
        """Queries of a tile, in whole vectors and whole rows of products; and keys, in panels."""
        lines = max(HEIGHT, self.lanes)
        queries = min(QUERIES, -(-self.t // lines) * lines)
        return queries, min(KEYS // self.panel * self.panel, self.keys)

    def padded(self, n: int) -> int:
        """A number of columns in whole vectors."""
        return -(-n // self.lanes) * self.lanes

    def pieces(self, n: int) -> list[tuple[int, int, int]]:
        """Columns in tiles: from, to, vectors of each."""
        vectors = self.padded(n) // self.lanes
        whole = vectors // self.across * self.across
        cut = [(0, whole, self.across)] if whole else []
        cut += [(whole, vectors, vectors - whole)] if whole < vectors else []
        return [(a * self.lanes, b * self.lanes, n) for a, b, n in cut]

    def bytes(self, *counts: int) -> int:
        """The size of so many numbers, of each array on lines of its own."""
        line = 64 // self.dtype.itemsize
        return sum(-(-n // line) * line for n in counts) * self.dtype.itemsize

    def head(self, f: Function, number: str, length: int, size: int) -> str:
        """Where head `number` begins in an operand (batch, length, heads, size)."""
        sample, head = f.digits(number, (self.batch, self.heads))
        return f.add(f.mul(sample, length * self.heads * size), f.mul(head, size))

    def masked(self, f: Function, number: str) -> tuple[str, int, int]:
        """Where head `number` begins in the mask, and its steps from query to query, key to key."""
        assert self.mask is not None
        steps = [
            step if n > 1 else 0 for n, step in zip(self.mask, contiguous(self.mask), strict=True)
        ]
        sample, head = f.digits(number, (self.batch, self.heads))
        return f.add(f.mul(sample, steps[0]), f.mul(head, steps[1])), steps[2], steps[3]


def geometry(specs: Sequence[Spec], mask: int, given: dict[str, Any], machine: Machine) -> Geometry:
    """Return the Geometry of an op's operands: query, key, value; the mask, if any, at a place."""
    (batch, t, heads, size), s = specs[0].shape, specs[1].shape[1]
    dtype = specs[0].dtype
    return Geometry(
        batch, t, s, heads, size, specs[2].shape[-1], dtype,
        machine.lanes(dtype.itemsize), machine.registers,
        specs[mask].shape if given["masked"] else None,
        given["scale"], given["is_causal"], given["dropout"], given["draw"],
    )  # fmt: skip
