"""Rows of a table: what is made of each row by itself is made once of equal ones.

An embedded text of 2,048 symbols has as many vectors, but only as many different ones as there are
symbols, 65 say. Their products with a kernel are the rows of one small product:

    fn(table[index]) = fn(table)[index]

and so are the gradients, which are summed by symbol before they are multiplied. So a row that is
NaN makes the gradient of the kernel NaN, even if no text has its symbol.
"""

from __future__ import annotations

from collections.abc import Callable

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.ops.notes import Rows

FEWER = 2  # times as many vectors as rows of the table repay the look-up


def by_rows(fn: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:  # (..., D)
    """Return fn(x), of a function that takes each vector of x by itself.

    If x is noted to be rows of a table, fn is of the table where that is less.

    >>> from neurona.nn.layers import Embedding
    >>> x = Embedding(3, 2)([0, 1, 2, 2, 1, 0])
    >>> by_rows(lambda x: print(x.shape) or 2.0 * x, x).shape
    (3, 2)
    (6, 2)
    """
    rows = x.note(Rows)
    if rows is None or rows.index.ndim != x.ndim - 1:
        return fn(x)
    if FEWER * len(rows.table) > rows.index.size or rows.table.dtype != x.dtype:
        return fn(x)
    return ops.take(fn(rows.table), rows.index, axis=0)


def time_first(x: Tensor) -> Tensor:
    """Return x (B, T, ...) as (T, B, ...), with the note that it is rows of a table."""
    y, rows = ops.swapaxes(x, 0, 1), x.note(Rows)
    if rows is not None and rows.index.ndim == x.ndim - 1:
        y.notes = (Rows(rows.table, ops.swapaxes(rows.index, 0, 1)),)
    return y
