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

from collections.abc import Callable, Generator, Sequence
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
class Search:
    """The index of the element along `axis` (in the flattened tensor if None) that leads.

    `leads(builder, x, y)` says whether x comes before y; of equals the first one is taken.
    """

    leads: Callable[..., Any]


@dataclass(frozen=True)
class View:
    """The same elements in another arrangement: no arithmetic.

    `strides(x, steps, y, **attributes)` takes the shape x and the strides of the input, counted in
    elements, and the shape y of the output. It returns the output's strides and the number of
    elements that its first one lies behind the input's, or None if strides cannot say it; then the
    input is copied first, and what lies contiguous can always be viewed.
    """

    strides: Callable[..., tuple[Sequence[int], int] | None]


@dataclass(frozen=True)
class Indexed:
    """One output element from its place, with inputs that are read anywhere.

    `element(builder, i, *inputs, **attributes)` returns the output value at the index `i`, a tuple
    of int64 values. Each input has a `shape`, a `dtype` and `at(index)`, which reads an element;
    `at(index, where, otherwise)` reads only where the condition holds, and gives the value
    `otherwise` elsewhere. The builder has, besides the scalar operations: `integer(n)`, an int64
    value; `position(k, size)`, the place on an axis that an index k, of any integer type, means:
    negative ones count from the end, and others outside are an error.
    """

    element: Callable[..., Any]


@dataclass(frozen=True)
class Scatter:
    """A copy of the first input in which updates, the last input, are added at computed places.

    `place(builder, i, *inputs, **attributes)` returns the index in the output for the update with
    index `i`; inputs and builder are those of Indexed. Updates are added in order.
    """

    place: Callable[..., Any]


@dataclass(frozen=True)
class Running:
    """All results of a fold along `axis`, step by step; from the end if `reverse`."""

    combine: Callable[..., Any]


@dataclass(frozen=True)
class Sort:
    """The int32 indices that put the elements along `axis` in order.

    With `descending` the last comes first. Equal elements keep their order; NaN comes behind all
    numbers.
    """


@dataclass(frozen=True)
class Random:
    """Uniform numbers from (seed, step): see `core/random.py`; attributes shape, draw, dtype."""


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
    """An algorithm of its own, of which an engine knows the forward rule only."""


@dataclass(frozen=True)
class Loop:
    """A body Graph run many times with carried state; the Graph is the attribute `body`.

    `narrow(attributes, used)` returns the attributes of a loop that makes only the outputs at the
    places `used`, and those places: a loop may need more than it is asked for.
    `walk(xp, inputs, turn, **attributes)` is a generator that returns the outputs; it runs
    iteration i by `yield from turn(i, arrays)`, which returns the outputs of the body.
    """

    narrow: Callable[[dict[str, Any], Sequence[int]], tuple[dict[str, Any], Sequence[int]]]
    walk: Callable[..., Generator[Any, None, tuple]]


Lowering = (
    Elementwise | Reduction | Search | View | Indexed | Scatter | Running | Sort | Random
    | Contraction | Kernel | Loop
)  # fmt: skip
