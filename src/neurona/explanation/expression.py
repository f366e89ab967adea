"""Expressions: how one number was computed from others, with all values in place.

An expression is a Number (a constant of the computation), an Operand (an element of a value that
has a line of its own), an Apply of a function to expressions, or the Rest of a long sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: Any


@dataclass(frozen=True, slots=True)
class Operand:
    """The element at `index` of the value with number `id`."""

    id: int
    index: tuple[int, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Rest:
    """The terms of a long sum that are not shown: how many, and what they add up to."""

    count: int
    value: Any


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of expressions; `fn` is a key of `FUNCTIONS`, or else its value is given."""

    fn: str
    arguments: tuple[Any, ...]
    value: Any


Expression = Number | Operand | Rest | Apply


def _divided(x: float, y: float) -> float:
    if y == 0:
        return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1, y)
    return x / y


def _power(x: float, y: float) -> float:
    try:
        return x**y if x >= 0 or y == int(y) else math.nan
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _log(x: float) -> float:
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _round(x: float) -> float:
    return float(round(x)) if math.isfinite(x) else x


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda *xs: sum(xs),
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": _divided,
    "neg": lambda x: -x,
    "pow": _power,
    "max": lambda *xs: math.nan if any(x != x for x in xs) else max(xs),
    "min": lambda *xs: math.nan if any(x != x for x in xs) else min(xs),
    "argmax": lambda *xs: max(range(len(xs)), key=lambda i: xs[i]),
    "argmin": lambda *xs: min(range(len(xs)), key=lambda i: xs[i]),
    "exp": _exp,
    "expm1": lambda x: math.expm1(x) if x < 709 else math.inf,
    "log": _log,
    "log1p": lambda x: math.log1p(x) if x > -1 else _log(1 + x),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "rsqrt": lambda x: 1 / math.sqrt(x) if x > 0 else math.inf,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "erf": math.erf,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": lambda x: math.floor(x) if math.isfinite(x) else x,
    "round": _round,
    "trunc": lambda x: int(x),
    "floordiv": lambda x, y: x // y if y else 0,
    "mod": lambda x, y: x % y if y else 0,
    "is": lambda holds: 1.0 if holds else 0.0,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "and": lambda x, y: bool(x) and bool(y),
    "or": lambda x, y: bool(x) or bool(y),
    "not": lambda x: not x,
    "isfinite": math.isfinite,
}
CONDITIONS = {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "isfinite"}
COMPARISONS = {"lt", "le", "gt", "ge"}


def apply(fn: str, *arguments: Expression) -> Expression:
    """Return fn(arguments), or something shorter that has the same value."""
    if all(isinstance(a, Number) for a in arguments):
        return Number(FUNCTIONS[fn](*[a.value for a in arguments]))
    if fn in _SHORTER and (shorter := _SHORTER[fn](*arguments)) is not None:
        return shorter
    return Apply(fn, arguments, FUNCTIONS[fn](*[a.value for a in arguments]))


def given(fn: str, arguments: tuple[Expression, ...], value: Any) -> Expression:
    """Return a function that is not taken apart: its value is what the computation gave."""
    return Apply(f"given {fn}", arguments, value)


def _is(x: Expression, value: float) -> bool:
    return isinstance(x, Number) and x.value == value


def flat(terms: Iterable[Expression]) -> tuple[Expression, ...]:
    """Return the terms of a sum of sums; what is left out of each is one Rest, behind the others.

    >>> flat([Apply("add", (Number(1), Rest(2, 3.0)), 4.0), Number(5), Rest(1, 0.5)])
    (Number(value=1), Number(value=5), Rest(count=3, value=3.5))
    """
    found: list[Expression] = []
    for term in terms:
        found += term.arguments if isinstance(term, Apply) and term.fn == "add" else [term]
    rests = [x for x in found if isinstance(x, Rest)]
    if len(rests) > 1:
        whole = Rest(sum(x.count for x in rests), sum(x.value for x in rests))
        return (*[x for x in found if not isinstance(x, Rest)], whole)
    return tuple(found)


def _add(*terms: Expression) -> Expression | None:
    found = flat(term for term in terms if not _is(term, 0))
    if len(found) == 1:
        return found[0]
    if len(found) == len(terms) and all(a is b for a, b in zip(found, terms, strict=True)):
        return None
    return Apply("add", found, sum(t.value for t in found)) if found else Number(0.0)


def _sub(x: Expression, y: Expression) -> Expression | None:
    if _is(y, 0):
        return x
    if _is(x, 0):
        return apply("neg", y)
    return apply("add", x, y.arguments[0]) if isinstance(y, Apply) and y.fn == "neg" else None


def _mul(x: Expression, y: Expression) -> Expression | None:
    if _is(x, 1) or _is(y, 1):
        return y if _is(x, 1) else x
    if _is(x, 0) or _is(y, 0):
        return Number(0.0)
    if _is(x, -1) or _is(y, -1):
        return apply("neg", y if _is(x, -1) else x)
    return apply("pow", x, Number(2)) if x == y else None


def _div(x: Expression, y: Expression) -> Expression | None:
    return x if _is(y, 1) else None


def _pow(x: Expression, y: Expression) -> Expression | None:
    if _is(y, 0.5):
        return apply("sqrt", x)
    return x if _is(y, 1) else None


def _neg(x: Expression) -> Expression | None:
    return x.arguments[0] if isinstance(x, Apply) and x.fn == "neg" else None


def _one(*xs: Expression) -> Expression | None:
    return xs[0] if len(xs) == 1 else None


def _log1p(x: Expression) -> Expression:
    return Apply("log", (apply("add", Number(1.0), x),), FUNCTIONS["log1p"](x.value))


def _expm1(x: Expression) -> Expression:
    return Apply("sub", (apply("exp", x), Number(1.0)), FUNCTIONS["expm1"](x.value))


def _and(x: Expression, y: Expression) -> Expression | None:
    for a, b in ((x, y), (y, x)):
        if isinstance(a, Number):
            return b if a.value else Number(False)
    return None


def _or(x: Expression, y: Expression) -> Expression | None:
    for a, b in ((x, y), (y, x)):
        if isinstance(a, Number):
            return Number(True) if a.value else b
    return None


def _not(x: Expression) -> Expression | None:
    opposite = {"eq": "ne", "ne": "eq"}.get(x.fn) if isinstance(x, Apply) else None
    return apply(opposite, *x.arguments) if opposite else None  # type: ignore[union-attr]


_SHORTER: dict[str, Callable[..., Expression | None]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "pow": _pow, "neg": _neg,
    "and": _and, "or": _or, "not": _not, "max": _one, "min": _one, "log1p": _log1p, "expm1": _expm1,
}  # fmt: skip


def operands(x: Expression) -> Iterator[Operand]:
    """Yield the operands of an expression from left to right."""
    if isinstance(x, Operand):
        yield x
    elif isinstance(x, Apply):
        for argument in x.arguments:
            yield from operands(argument)


def is_given(x: Expression) -> bool:
    """Say whether a part of an expression is not taken apart."""
    return isinstance(x, Apply) and (x.fn not in FUNCTIONS or any(map(is_given, x.arguments)))
