"""Formulas as text: plain, which a terminal shows and a program reads back, and LaTeX.

    z[0] = x[0]·kernel[0, 0] + x[1]·kernel[1, 0] + bias[0]

What a leaf looks like (a name, or the number that it stands for) is up to the caller: so one walk
writes the formula, the formula with its numbers, and the HTML of both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from neurona.explanation.expression import Apply, Expression, Number, Rest

Leaf = Callable[[Expression], str]
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how tightly a formula holds together

_NAMED = {"log": "ln", "sigmoid": "σ", "sqrt": "√"}
_RELATION = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
_SMALL = {2: "²", 3: "³"}


def number(value: Any, digits: int = 4) -> str:
    """Return a number with so many digits that count.

    >>> number(0.123456), number(2.0), number(-0.0), number(1234567.0), number(True)
    ('0.1235', '2', '0', '1.235e+06', 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "nan"
    text = f"{value:.{digits}g}"
    return text.lstrip("-") if float(text) == 0 else text


def plain(x: Expression, leaf: Leaf) -> str:
    """Return an Expression as plain text."""
    return _plain(x, leaf)[0]


def _plain(x: Expression, leaf: Leaf) -> tuple[str, int]:
    """Return the text, and how tightly it holds together."""
    if not isinstance(x, Apply):
        text = leaf(x)
        bare = re.sub(r"<[^>]*>", "", text)
        return text, (SIGN if bare.startswith("-") else ATOM)
    fn, arguments = x.fn, x.arguments

    def part(y: Expression, tight: int, first: bool = False) -> str:
        text, holds = _plain(y, leaf)
        low = holds < tight or (holds == SIGN and not first)
        return f"({text})" if low else text

    if fn == "add":
        return _sum(arguments, part), SUM
    if fn == "sub":
        return f"{part(arguments[0], SUM, True)} - {part(arguments[1], PRODUCT)}", SUM
    if fn == "mul":
        return f"{part(arguments[0], PRODUCT)}·{part(arguments[1], PRODUCT)}", PRODUCT
    if fn == "div":
        return f"{part(arguments[0], PRODUCT)}/{part(arguments[1], POWER)}", PRODUCT
    if fn == "neg":
        return f"-{part(arguments[0], PRODUCT)}", SIGN
    if fn == "pow":
        base, exponent = arguments
        if isinstance(exponent, Number) and exponent.value in _SMALL:
            return part(base, ATOM) + _SMALL[exponent.value], POWER
        return f"{part(base, ATOM)}^{part(exponent, ATOM)}", POWER
    if fn == "exp":
        return f"e^{part(arguments[0], ATOM)}", POWER
    if fn == "rsqrt":
        return f"1/√({plain(arguments[0], leaf)})", PRODUCT
    if fn in _RELATION:
        a, b = (plain(y, leaf) for y in arguments)
        return f"{a} {_RELATION[fn]} {b}", SUM
    if fn == "won":
        return f"{plain(arguments[0], leaf)} won", SUM
    if fn == "is":
        return f"[{plain(arguments[0], leaf)}]", ATOM
    name = _NAMED.get(fn, fn.removeprefix("given "))
    return f"{name}({', '.join(plain(y, leaf) for y in arguments) or '…'})", ATOM


def _sum(terms: tuple[Expression, ...], part: Callable[..., str]) -> str:
    """Return the terms with a sign before each: one that is negated is taken off."""
    text = part(terms[0], SUM, True)
    for term in terms[1:]:
        if isinstance(term, Apply) and term.fn == "neg":
            text += f" - {part(term.arguments[0], PRODUCT)}"
        else:
            text += f" + {part(term, SUM)}"
    return text


def condition(x: Expression, leaf: Leaf) -> str:
    """Return a condition as it holds: its opposite if it does not."""
    if isinstance(x, Apply) and not x.value and x.fn in _OPPOSITE:
        x = Apply(_OPPOSITE[x.fn], x.arguments, True)
    return plain(x, leaf)


def latex(x: Expression, leaf: Leaf) -> str:
    """Return an Expression as LaTeX."""
    return _latex(x, leaf)[0]


_LATEX_NAMED = {
    "log": r"\ln", "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos", "max": r"\max",
    "min": r"\min", "sigmoid": r"\sigma",
}  # fmt: skip
_LATEX_RELATION = {"eq": "=", "ne": r"\ne", "lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge"}


def _latex(x: Expression, leaf: Leaf) -> tuple[str, int]:
    if not isinstance(x, Apply):
        text = leaf(x)
        return text, (SIGN if text.startswith("-") else ATOM)
    fn, arguments = x.fn, x.arguments

    def part(y: Expression, tight: int, first: bool = False) -> str:
        text, holds = _latex(y, leaf)
        low = holds < tight or (holds == SIGN and not first)
        return rf"\left({text}\right)" if low else text

    def bare(y: Expression) -> str:
        return _latex(y, leaf)[0]

    if fn == "add":
        return _sum(arguments, part), SUM
    if fn == "sub":
        return f"{part(arguments[0], SUM, True)} - {part(arguments[1], PRODUCT)}", SUM
    if fn == "mul":
        return rf"{part(arguments[0], PRODUCT)} \cdot {part(arguments[1], PRODUCT)}", PRODUCT
    if fn == "div":
        return rf"\frac{{{bare(arguments[0])}}}{{{bare(arguments[1])}}}", ATOM
    if fn == "neg":
        return f"-{part(arguments[0], PRODUCT)}", SIGN
    if fn == "pow":
        return f"{part(arguments[0], ATOM)}^{{{bare(arguments[1])}}}", POWER
    if fn == "exp":
        return f"e^{{{bare(arguments[0])}}}", POWER
    if fn in ("sqrt", "rsqrt"):
        root = rf"\sqrt{{{bare(arguments[0])}}}"
        return (root, ATOM) if fn == "sqrt" else (rf"\frac{{1}}{{{root}}}", ATOM)
    if fn == "abs":
        return rf"\left|{bare(arguments[0])}\right|", ATOM
    if fn in _LATEX_RELATION:
        return f"{bare(arguments[0])} {_LATEX_RELATION[fn]} {bare(arguments[1])}", SUM
    if fn == "won":
        return rf"{bare(arguments[0])}\ \text{{won}}", SUM
    if fn == "is":
        return rf"\left[{bare(arguments[0])}\right]", ATOM
    name = _LATEX_NAMED.get(fn, rf"\mathrm{{{fn.removeprefix('given ')}}}".replace("_", r"\_"))
    return rf"{name}\left({', '.join(map(bare, arguments))}\right)", ATOM


def rest(x: Rest) -> str:
    """Return how the terms that are not shown are called.

    >>> rest(Rest(3, 0.5))
    '⟨3 more⟩'
    """
    return f"⟨{x.count} more⟩"


def numbers(x: Expression, digits: int = 4) -> str:
    """Return the number that a leaf stands for."""
    text = number(x.value, digits)
    return text + rest(x) if isinstance(x, Rest) else text
