"""The few kinds of op that an engine understands.

An engine asks for an op's kind, never its name. What a kind carries is all that an engine needs
to make code of the op; the op's forward rule remains the meaning that the code is held against.

Scalar rules are written against a Builder, an object with one method for each scalar operation:

* arithmetic `add sub mul div neg pow mod floordiv`, choice `minimum maximum select(c, a, b)`;
* comparison `eq ne lt le gt ge`, logic `logical_and logical_or logical_not`;
* functions `exp log log1p expm1 sqrt rsqrt abs sign sin cos tanh sigmoid erf floor round isfinite`;
* `constant(value, like)` and `cast(x, dtype)`.

`tests/ops` runs every scalar rule with a builder made of NumPy functions, so a rule that disagrees
with its forward is caught before any engine uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Elementwise:
    """One output element from the input elements at the same (broadcast) place.

    `scalar(builder, *values, **attributes)` returns the output value.
    """

    scalar: Callable[..., Any]


@dataclass(frozen=True)
class Reduction:
    """Fold the elements along `axis` with an associative `combine(builder, a, b)`.

    `identity` is the value of folding nothing: a number, or "lowest"/"highest" of the type.
    """

    combine: Callable[..., Any]
    identity: float | str


@dataclass(frozen=True)
class View:
    """The same elements in another arrangement: no arithmetic.

    `index(i, x, y, **attributes)` returns the input index of output index `i`, where `x` and `y`
    are the shapes of input and output.
    """

    index: Callable[..., tuple[Any, ...]]


class Place(NamedTuple):
    """The index on one axis of an array: `offset + sum of steps * loop index`.

    Attributes:
        steps: one for each loop of the nest.
        offset: the index where all loops are at 0.
    """

    steps: tuple[int, ...]
    offset: int = 0


class Nest(NamedTuple):
    """Loops around y[...] += x[...] * w[...], from a y of zeros.

    What a place names outside of x or w counts as zero, which is padding; outside of y it is
    dropped.

    Attributes:
        sizes: of the loops.
        x, w: a Place for each axis of the inputs.
        y: a Place for each axis of the output.
    """

    sizes: tuple[int, ...]
    x: tuple[Place, ...]
    w: tuple[Place, ...]
    y: tuple[Place, ...]


@dataclass(frozen=True)
class Contraction:
    """Sums of products over shared axes: matrix products and convolutions of two inputs.

    `products(*shapes)` counts the multiplications, from the shapes of the inputs and the output;
    `nest(*shapes, **attributes)` returns the Nest that computes it.
    """

    products: Callable[..., int]
    nest: Callable[..., Nest]


@dataclass(frozen=True)
class Kernel:
    """An algorithm of its own: sort, gather, scatter, scan along an axis, random bits, windows."""


@dataclass(frozen=True)
class Loop:
    """A body Graph run many times with carried state; the Graph is the attribute `body`.

    `narrow(attributes, used)` returns the attributes of a loop that makes only the outputs at the
    places `used`, and those places: a loop may need more than it is asked for.
    """

    narrow: Callable[[dict[str, Any], Sequence[int]], tuple[dict[str, Any], Sequence[int]]]


Lowering = Elementwise | Reduction | View | Contraction | Kernel | Loop
