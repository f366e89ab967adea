"""Indices that come from data: where they point, and what happens if that is outside.

Native code reads and writes nothing outside of an array. An index that is out of range counts as 0
and is reported: the number of the node (see `Schedule.faults`), the index and the size of the axis
are stored where `Function.status` says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BOOL, I64 = np.dtype("bool"), np.dtype("int64")


def position(b: Any, k: Any, size: int) -> Any:
    """The place on an axis of a size, at least 1, that an index k means; b is a Lanes.

    Negative indices count from the end.
    """
    n, zero = b.integer(size), b.integer(0)
    given = b.cast(k, I64)
    place = given
    if k.dtype.kind == "i":
        place = b.select(b.lt(given, zero), b.add(given, n), given)
    outside = b.binary("icmp uge", place, n, BOOL)
    if b.mask is not None and outside.wide:
        outside = outside._replace(text=b.f.pure(f"and <{b.width} x i1> {outside.text}, {b.mask}"))
    _report(b, given, outside, size)
    return b.select(outside, zero, place)


def _report(b: Any, given: Any, outside: Any, size: int) -> None:
    """Store one of the indices that are outside, if there are any."""
    f, found = b.f, outside.text
    several = outside.wide and b.width > 1
    if several:
        kind = f"<{b.width} x i1>"
        found = f.call(f"llvm.vector.reduce.or.v{b.width}i1", "i1", (kind, found))
    with f.when(found):
        index = given.text
        if several:
            shown = b.select(outside, given, b.integer(-(2**63)))
            kind = f"<{b.width} x i64>"
            index = f.call(f"llvm.vector.reduce.smax.v{b.width}i64", "i64", (kind, shown.text))
        first = f.let(f"icmp eq i64 {f.let(f'load i64, ptr {f.status}')}, 0")
        node = f.let(f"ptrtoint ptr {f.fault()} to i64")
        with f.when(first):  # what comes later, such as a gradient, has the same indices
            for at, number in enumerate((node, index, size)):
                f.do(f"store i64 {number}, ptr {f.address(f.status, 'i64', at)}")
