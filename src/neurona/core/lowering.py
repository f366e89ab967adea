"""The few kinds of op that an engine understands.

An engine asks for an op's kind, never its name. What a kind carries is all that an engine needs
to make code of the op; the op's forward rule remains the meaning that the code is held against.

Scalar rules are written with a `Builder`, an object with one method for each scalar operation.
`tests/ops` runs every scalar rule with a builder made of NumPy functions, so a rule that disagrees
with its forward is caught before any engine uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from neurona.core.shapes import Shape

V = TypeVar("V")


class Builder(Protocol[V]):
    """What scalar rules are written with; V stands for a value, which has a `dtype`.

    Values that meet in an operation have one type, but for the condition of `select`, a bool.
    """

    def constant(self, value: Any, like: V) -> V:
        """A number of the type of another value."""

    def cast(self, x: V, dtype: Any) -> V:
        """Convert to another element type, as NumPy does."""

    def integer(self, n: int) -> V:
        """An int64 number; for the places of `Indexed` and `Scatter`."""

    def position(self, k: V, size: int) -> V:
        """The place on an axis of a size that an index k, of any integer type, means.

        Negative ones count from the end, and others outside are an error.
        """

    def fold(self, count: int, step: Callable[..., Sequence[V]], *start: V) -> Sequence[V]:
        """Values carried through `step(n, *values)` for the int64 n = 0 ... count - 1, in order.

        A loop in the code: `step` is written a few times at most, whatever the count.
        """

    def add(self, x: V, y: V) -> V:
        """x + y."""

    def sub(self, x: V, y: V) -> V:
        """x - y."""

    def mul(self, x: V, y: V) -> V:
        """x * y."""

    def div(self, x: V, y: V) -> V:
        """x / y of floats."""

    def neg(self, x: V) -> V:
        """-x."""

    def pow(self, x: V, y: V) -> V:
        """x to the power of y."""

    def floordiv(self, x: V, y: V) -> V:
        """The largest whole number that is at most x / y; for integers 0 where y is 0."""

    def mod(self, x: V, y: V) -> V:
        """x - floordiv(x, y) * y, with the sign of y; for integers 0 where y is 0."""

    def minimum(self, x: V, y: V) -> V:
        """The smaller one; NaN if one is NaN."""

    def maximum(self, x: V, y: V) -> V:
        """The larger one; NaN if one is NaN."""

    def select(self, condition: V, x: V, y: V) -> V:
        """x where the condition holds, else y."""

    def eq(self, x: V, y: V) -> V:
        """Whether x == y; a bool, as of the others."""

    def ne(self, x: V, y: V) -> V:
        """Whether x != y."""

    def lt(self, x: V, y: V) -> V:
        """Whether x < y."""

    def le(self, x: V, y: V) -> V:
        """Whether x <= y."""

    def gt(self, x: V, y: V) -> V:
        """Whether x > y."""

    def ge(self, x: V, y: V) -> V:
        """Whether x >= y."""

    def bit_and(self, x: V, y: V) -> V:
        """The bits that are set in both, of integers or bools."""

    def bit_or(self, x: V, y: V) -> V:
        """The bits that are set in one or both."""

    def bit_xor(self, x: V, y: V) -> V:
        """The bits that are set in one of the two."""

    def shift_up(self, x: V, y: V) -> V:
        """The bits of x moved up by y places; 0 if none remains."""

    def shift_down(self, x: V, y: V) -> V:
        """The bits of x moved down by y places, with copies of the sign behind them."""

    def logical_and(self, x: V, y: V) -> V:
        """Whether neither is 0."""

    def logical_or(self, x: V, y: V) -> V:
        """Whether one is not 0."""

    def logical_not(self, x: V) -> V:
        """Whether x is 0."""

    def abs(self, x: V) -> V:
        """x without its sign."""

    def sign(self, x: V) -> V:
        """-1, 0 or 1, of x's type."""

    def floor(self, x: V) -> V:
        """The largest whole number that is at most x, as a float."""

    def round(self, x: V) -> V:
        """The nearest whole number, of two the even one, as a float."""

    def isfinite(self, x: V) -> V:
        """Whether x is neither infinite nor NaN."""

    def sqrt(self, x: V) -> V:
        """The square root."""

    def rsqrt(self, x: V) -> V:
        """1 / sqrt(x)."""

    def exp(self, x: V) -> V:
        """e to the power of x."""

    def expm1(self, x: V) -> V:
        """exp(x) - 1, exact near 0."""

    def log(self, x: V) -> V:
        """The natural logarithm."""

    def log1p(self, x: V) -> V:
        """log(1 + x), exact near 0."""

    def sin(self, x: V) -> V:
        """The sine."""

    def cos(self, x: V) -> V:
        """The cosine."""

    def tanh(self, x: V) -> V:
        """The hyperbolic tangent."""

    def sigmoid(self, x: V) -> V:
        """1 / (1 + exp(-x))."""

    def erf(self, x: V) -> V:
        """The error function."""


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
    `otherwise` elsewhere.
    """

    element: Callable[..., Any]


@dataclass(frozen=True)
class Joined(Indexed):
    """Inputs one behind the other along `axis`, any number: f(a, b, c, d) = f(f(a, b), f(c, d)).

    One element of many inputs asks each of them whether it is the one: an engine may join groups.
    """


@dataclass(frozen=True)
class Scatter:
    """A copy of the first input in which updates, the last input, are added at computed places.

    `place(builder, i, *inputs, **attributes)` returns the index in the output for the update with
    index `i`; inputs and builder are those of Indexed. Updates are added in order, or if it
    `replaces`, stand for what was there: the last one of those at one place.
    """

    place: Callable[..., Any]
    replaces: bool = False


@dataclass(frozen=True)
class Running:
    """All results of a fold along `axis`, step by step; from the end if `reverse`.

    `combine` and `identity` are those of a Reduction; the identity is a number.
    """

    combine: Callable[..., Any]
    identity: float


@dataclass(frozen=True)
class Sort:
    """The int32 indices that put the elements along `axis` in order.

    With `descending` the last comes first. Equal elements keep their order; NaN comes behind all
    numbers.
    """


@dataclass(frozen=True)
class Random:
    """Uniform numbers from (seed, step): see `core/random.py`; attributes shape, draw, dtype."""


class Affine(NamedTuple):
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
        x, w: an Affine for each axis of the inputs.
        y: an Affine for each axis of the output.
    """

    sizes: tuple[int, ...]
    x: tuple[Affine, ...]
    w: tuple[Affine, ...]
    y: tuple[Affine, ...]


@dataclass(frozen=True)
class Contraction:
    """Sums of products over shared axes: matrix products and convolutions of two inputs.

    `products(*shapes)` counts the multiplications, from the shapes of the inputs and the output;
    `nest(*shapes, **attributes)` returns the Nest that computes it.
    """

    products: Callable[..., int]
    nest: Callable[..., Nest]


@dataclass(frozen=True)
class Attention:
    """y = softmax(scale q k^T) v for each head, or its gradient, without an array of the scores.

    Shapes: q (B, T, N, H), k (B, S, N, H), v (B, S, N, V) -> y (B, T, N, V), and the logarithms c
    (B, N, T) of the sums of e^score, 0 for a query that sees no key. For the gradient q, k, v, c,
    g (B, T, N, V) and d (B, N, T) -> dq, dk, dv: p = e^(scale q k^T - c), dv = p^T g, ds = p *
    (g v^T - d), dq = scale ds k, dk = scale ds^T q. A bool mask that broadcasts to (B, N, T, S)
    comes behind those, and then the state of random numbers, for a dropout of the weights by
    numbers that `Random` would draw for (B, N, T, S).

    Attributes of the op: `scale`, `is_causal`, `masked`, `dropout` (a share, 0 for none), `draw`.
    """

    gradient: bool = False

    def products(self, q: Shape, k: Shape, v: Shape, *rest: Shape) -> int:
        """Count the multiplications, also those with scores that a mask leaves out."""
        pairs = q[0] * q[1] * k[1] * q[2]
        return pairs * (3 * q[3] + 2 * v[3] if self.gradient else q[3] + v[3])


@dataclass(frozen=True)
class Opaque:
    """An algorithm of its own, of which an engine knows the forward rule only."""


@dataclass(frozen=True)
class Scan:
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
    | Contraction | Attention | Opaque | Scan
)  # fmt: skip
