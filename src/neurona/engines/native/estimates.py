"""Quotients by roots, x / sqrt(v) and x / (sqrt(v) + c), as optimisers take them for every weight.

Root and quotient are the slowest instructions of a vector unit, and here neither is exact anyway.
AVX-512 has estimates of 14 bits for 1 / sqrt(v) and 1 / y; one step of Newton's makes them full.
The result is within 2.5 ulp (tested), and what a root can be, up to 1.8e19, is what makes it safe:
there are no divisors whose reciprocal is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

F32 = np.dtype("float32")
_BITS = {4: 128, 8: 256, 16: 512}


def fits(b: Any, y: Any) -> bool:
    """Say whether estimates serve for a divisor: b is a Lanes, y a Value."""
    return b.f.module.estimates and y.wide and y.dtype == F32 and b.width in _BITS


def over_root(b: Any, x: Any, v: Any, c: Any) -> Any:
    """x / (sqrt(v) + c), or x / sqrt(v) if c is None; c is not negative."""
    v = b.spread(v)
    root = _root(b, v)
    return _quotient(b, x, root if c is None else b.add(root, c))


def _root(b: Any, v: Any) -> Any:
    """sqrt(v): s = v r with r = 1 / sqrt(v), then s + (v - s s) r / 2."""
    r = _estimate(b, "rsqrt14", v)
    s = b.mul(v, r)
    rest = b.fma(b.neg(s), s, v)
    better = b.fma(rest, b.mul(r, b.number(0.5, F32)), s)
    ends = b.eq(b.add(v, v), v)  # 0 and infinity, whose r is the other
    return b.select(ends, v, better)


def _quotient(b: Any, x: Any, y: Any) -> Any:
    """x / y: q = x r with r = 1 / y, then q + (x - q y) r."""
    r = _estimate(b, "rcp14", y)
    r = b.fma(b.fma(b.neg(y), r, b.number(1, F32)), r, r)
    q = b.mul(x, r)
    better = b.fma(b.fma(b.neg(q), y, x), r, q)
    ends = b.eq(b.add(y, y), y)  # 0 and infinity: x times the other
    return b.select(ends, b.mul(x, _estimate(b, "rcp14", y)), better)


def _estimate(b: Any, name: str, x: Any) -> Any:
    kind, mask = b.type_of(x), f"i{max(b.width, 8)}"
    bits = _BITS[b.width]
    target = b.f.module.declare(f"llvm.x86.avx512.{name}.ps.{bits}", kind, kind, kind, mask)
    call = f"call {kind} {target}({kind} {x.text}, {kind} zeroinitializer, {mask} -1)"
    return x._replace(text=b.f.pure(call))
