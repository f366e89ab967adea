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
from typing import Any


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


@dataclass(frozen=True)
class Contraction:
    """Sums of products over shared axes: matrix products and convolutions.

    `products(*shapes)` counts the multiplications, from the shapes of the inputs and the output.
    """

    products: Callable[..., int]


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
