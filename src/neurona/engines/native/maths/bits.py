"""Whole numbers as rows of bits, as vector code."""

from __future__ import annotations

import numpy as np

from neurona.engines.native.maths.formula import Term, where


def bit_and(x: Term, y: Term) -> Term:
    """The bits that are set in both."""
    return x & y


def bit_or(x: Term, y: Term) -> Term:
    """The bits that are set in one or both."""
    return x | y


def bit_xor(x: Term, y: Term) -> Term:
    """The bits that are set in one of the two."""
    return x ^ y


def shift_up(x: Term, y: Term) -> Term:
    """x * 2^y, of the bits that remain."""
    return where(_remain(x, y), Term(x.b, x.b.binary("shl", x.value, y.value)), 0)


def shift_down(x: Term, y: Term) -> Term:
    """floor(x / 2^y)."""
    signed = x.value.dtype.kind == "i"
    count = where(_remain(x, y), y, _width(x) - 1) if signed else y
    moved = Term(x.b, x.b.binary("ashr" if signed else "lshr", x.value, count.value))
    return moved if signed else where(_remain(x, y), moved, 0)


def _remain(x: Term, count: Term) -> Term:
    """Whether bits that are moved so far are still some; LLVM says nothing of others."""
    limit = x.like(_width(x)).value
    return Term(x.b, x.b.binary("icmp ult", count.value, limit, np.dtype("bool")))


def _width(x: Term) -> int:
    return 8 * x.value.dtype.itemsize
