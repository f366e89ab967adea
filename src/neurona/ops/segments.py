"""Folds of rows that belong together: one result for each segment number."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.errors import DtypeError, ShapeError, TraceError, check_integer
from neurona.ops.comparison import where
from neurona.ops.filled import full
from neurona.ops.index import scatter_add
from neurona.ops.placing import scatter_fold

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]


def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """For each segment the sum of its rows, y_s = sum of x_i with ids_i = s; 0 for none.

    Shapes: data (n, ...), segment_ids (n,) -> y (num_segments, ...).

    Args:
        segment_ids: integers; rows of numbers outside of [0, num_segments) belong to none.
        num_segments: how many; by default up to the largest number, which must be known then.
        sorted: of Keras, whether the numbers are in order; it changes nothing here.

    >>> segment_sum([1.0, 2.0, 4.0], [0, 0, 2], num_segments=3).tolist()
    [3.0, 0.0, 4.0]
    """
    return _folded("segment_sum", data, segment_ids, num_segments, "add")


def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """For each segment the product of its rows; 1 for none. See `segment_sum`.

    >>> segment_prod([1.0, 2.0, 4.0], [0, 0, 2], num_segments=3).tolist()
    [2.0, 1.0, 4.0]
    """
    return _folded("segment_prod", data, segment_ids, num_segments, "mul")


def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """For each segment the largest of its rows; -inf for none. See `segment_sum`.

    Equal ones share the gradient.

    >>> segment_max([1.0, 2.0, 4.0], [0, 0, 1], num_segments=2).tolist()
    [2.0, 4.0]
    """
    return _folded("segment_max", data, segment_ids, num_segments, "max")


def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """For each segment the smallest of its rows; inf for none. See `segment_max`.

    >>> segment_min([1.0, 2.0, 4.0], [0, 0, 1], num_segments=2).tolist()
    [1.0, 4.0]
    """
    return _folded("segment_min", data, segment_ids, num_segments, "min")


def _folded(name, data, segment_ids, count, fold):
    x, ids = as_tensor(data), as_tensor(segment_ids)
    if ids.dtype.kind not in "iu":
        raise DtypeError(f"{name}: segment numbers are integers.", got=ids.dtype.name)
    if ids.ndim != 1 or x.shape[:1] != ids.shape:
        raise ShapeError(
            f"{name}: a segment number for each row.", got=f"data {x.shape}, ids {ids.shape}"
        )
    if count is None:
        if ids.data is None:
            raise TraceError(
                f"{name}: how many segments there are depends on values that are not known yet.",
                hint="num_segments=10",
            )
        count = int(ids.data.max(initial=-1)) + 1
    count = check_integer("num_segments", count, minimum=0)
    rows = where((ids < 0) | (ids >= count), count, ids)  # one row more, for those of none
    start = full((count + 1, *x.shape[1:]), _identity(fold, x.dtype), x.dtype)
    if fold == "add":
        return scatter_add(start, rows, x, axis=0)[:count]
    return scatter_fold(start, rows, x, fold=fold)[:count]


def _identity(fold, dtype):
    if fold in ("add", "mul"):
        return int(fold == "mul")
    if is_float(dtype):
        return -math.inf if fold == "max" else math.inf
    limits = np.iinfo(dtype)
    return int(limits.min if fold == "max" else limits.max)
