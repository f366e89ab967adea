"""Functions of a number as vector code, written with Lanes: no calls, branches or tables.

Only huge angles and quotients are left to functions of one number; see `rare.py`.

Special values are NumPy's. Numbers below the normal range may count as zero, in arguments, on the
way and in results, as the engine's floating-point mode has it: an absolute error of at most the
smallest normal number, whether that mode is on or off.

The bounds in ulp (units in the last place of the result) are measured against higher precision in
`tests/native/test_mathematics.py`; they hold with and without fused multiply-add.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.engines.native.maths import bits, division, exponentials, powers, waves
from neurona.engines.native.maths.formula import Term


def _on_values(rule: Callable[..., Term]) -> Callable[..., Any]:
    """Make a rule on Terms one on Values."""

    def written(b: Any, *values: Any) -> Any:
        return rule(*[Term(b, v) for v in values]).value

    written.__doc__ = rule.__doc__
    return written


FUNCTIONS: dict[str, Callable[..., Any]] = {
    rule.__name__: _on_values(rule)
    for rule in (
        exponentials.exp, exponentials.expm1, exponentials.log, exponentials.log1p,
        exponentials.sigmoid, exponentials.tanh, exponentials.erf, waves.sin, waves.cos, powers.pow,
        bits.bit_and, bits.bit_or, bits.bit_xor, bits.shift_up, bits.shift_down,
    )
}  # fmt: skip


def floordiv(b: Any, x: Any, y: Any) -> Any:
    """floor(x / y), as NumPy has it; for integers 0 where y is 0."""
    return division.floordiv(Term(b, x), Term(b, y)).value


def mod(b: Any, x: Any, y: Any) -> Any:
    """x - floor(x / y) * y, with the sign of y; for integers 0 where y is 0."""
    return division.mod(Term(b, x), Term(b, y)).value
