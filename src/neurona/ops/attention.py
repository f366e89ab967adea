"""Attention: averages of values, weighted by how well their keys match a query."""

from __future__ import annotations

import functools
import math

from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError
from neurona.ops.arithmetic import abs
from neurona.ops.attend import attend
from neurona.ops.comparison import logical_and, where
from neurona.ops.draw import next_draw, uniform
from neurona.ops.filled import arange, zeros
from neurona.ops.functional import softmax
from neurona.ops.joining import repeat
from neurona.ops.matmul import matrix_product
from neurona.ops.movement import expand_dims, reshape, transpose
from neurona.ops.observe import observe

__all__ = ["dot_product_attention"]


def dot_product_attention(
    query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None,
    attn_logits_soft_cap=None,
):  # fmt: skip
    """y = softmax(scale * query key^T + bias) value for each head: averages of the values.

    Shapes: query (B, T, N, H), key (B, S, K, H), value (B, S, K, V) -> y (B, T, N, V), for N heads
    of queries. With K < N heads of keys and values, each of those serves N / K queries' heads.

    Args:
        query, key, value: what is asked for, what it is compared with, and what is averaged.
        bias: is added to the scores; it broadcasts to (B, N, T, S).
        mask: true where a query sees a key; it broadcasts to (B, N, T, S). A query that sees no
            key gets zeros.
        scale: of the scores; 1 / sqrt(H) by default, which keeps their variance.
        is_causal: whether query t sees the keys 0 to t alone.
        flash_attention: of Keras; it chooses how, not what, and has no effect here.
        attn_logits_soft_cap: c, with s / (1 + |s| / c) instead of each score s: at most c.

    Raises:
        ShapeError: if the shapes do not fit each other, or the heads do not divide.

    Source: Vaswani et al. 2017, eq. 1; Ainslie et al. 2023 for fewer heads of keys.

    >>> x = [[[[1.0]], [[2.0]], [[6.0]]]]
    >>> dot_product_attention(x, x, x, scale=0.0, is_causal=True).numpy().ravel().tolist()
    [1.0, 1.5, 3.0]
    """
    y, _ = attention(query, key, value, bias, mask, scale, is_causal, cap=attn_logits_soft_cap)
    return y


def attention(
    query, key, value, bias=None, mask=None, scale=None, is_causal=False, dropout=0.0,
    weights=False, cap=None,
):  # fmt: skip
    """Return what `dot_product_attention` does, and the weights (B, N, T, S) if wanted, else None.

    Args:
        dropout: share of the weights that is dropped on the way to the values.
        weights: whether to return them, as they are before the dropout.
        cap: of the scores, see `attn_logits_soft_cap`.
    """
    query, key, value = _floats(query, key, value)
    _check(query, key, value)
    scale = 1.0 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    if mask is not None:
        mask = as_tensor(mask)
        mask = mask if mask.dtype.kind == "b" else mask != 0
        _check_broadcast("mask", mask, _scores_shape(query, key))
    plain = bias is None and cap is None
    if plain and not weights and _suits_tiles(query, key, value, mask, scale, dropout):
        return _in_tiles(query, key, value, mask, scale, is_causal, dropout), None
    w = observe("weights", attention_weights(query, key, bias, mask, scale, is_causal, cap))
    y = weighted_values(dropped(w, dropout) if dropout else w, value)
    return y, w if weights else None


def dropped(weights, rate):
    """Weights of which a share is 0 and the rest is 1 / (1 - rate) times as large."""
    kept = uniform(weights.shape, dtype=weights.dtype) >= rate
    return where(kept, weights / (1.0 - rate), 0.0)


def attention_weights(query, key, bias=None, mask=None, scale=1.0, is_causal=False, cap=None):
    """softmax(scale * query key^T + bias): how much each query takes of each value.

    Shapes: query (B, T, N, H), key (B, S, K, H) -> weights (B, N, T, S).

    Args: see `dot_product_attention`.
    """
    batch, t, heads, size = query.shape
    s, groups = key.shape[1], key.shape[2]
    shape = _scores_shape(query, key)
    if 0 in shape:
        return zeros(shape, query.dtype)
    q = transpose(query * scale, (0, 2, 1, 3))  # (B, N, T, H)
    k = transpose(key, (0, 2, 3, 1))  # (B, K, H, S)
    if groups != heads:  # the queries of a group one after the other
        q = reshape(q, (batch, groups, heads // groups * t, size))
    scores = reshape(matrix_product(q, k), shape)
    if cap is not None:
        scores = scores / (1.0 + abs(scores) / cap)
    seen = []
    if bias is not None:
        bias = as_tensor(bias, scores.dtype)
        _check_broadcast("bias", bias, shape)
        scores = scores + bias
    if mask is not None:
        seen.append(mask)
    if is_causal:
        seen.append(causal_mask(t, s))
    if seen:
        scores = where(functools.reduce(logical_and, seen), scores, -math.inf)
    return softmax(scores, axis=-1)


# Scores of a head from which on they are computed in tiles: fewer stay in the cache at once
TILED = 1 << 14


def _suits_tiles(query, key, value, mask, scale, dropout):
    """Whether `attend` can do it, and had better."""
    t, s = query.shape[1], key.shape[1]
    return (
        t * s >= TILED
        and 0 not in (*query.shape, *value.shape)
        and query.dtype == key.dtype == value.dtype
        and not isinstance(scale, Tensor)
        and (mask is None or mask.size > 1)
        and (not dropout or s * query.dtype.itemsize % 16 == 0)  # random numbers come by blocks
    )


def _in_tiles(query, key, value, mask, scale, is_causal, dropout):
    """The same as `attend` takes it: as many heads of keys as of queries, a mask of four axes."""
    repeats = query.shape[2] // key.shape[2]
    if repeats > 1:
        key, value = (repeat(x, repeats, axis=2) for x in (key, value))
    more = [] if mask is None else [reshape(mask, (1,) * (4 - mask.ndim) + mask.shape)]
    state, draw = next_draw() if dropout else (None, 0)
    y, _ = attend(
        query, key, value, *more, *([state] if dropout else []), scale=float(scale),
        is_causal=bool(is_causal), masked=mask is not None, dropout=float(dropout), draw=draw,
    )  # fmt: skip
    return y


def _scores_shape(query, key):
    return query.shape[0], query.shape[2], query.shape[1], key.shape[1]


def weighted_values(weights, value):
    """Sum of the values, as the weights say.

    Shapes: weights (B, N, T, S), value (B, S, K, V) -> y (B, T, N, V).
    """
    batch, heads, t, s = weights.shape
    groups, size = value.shape[2:]
    if s == 0:
        return zeros((batch, t, heads, size), value.dtype)
    if groups != heads:
        weights = reshape(weights, (batch, groups, heads // groups * t, s))
    y = matrix_product(weights, transpose(value, (0, 2, 1, 3)))
    return transpose(reshape(y, (batch, heads, t, size)), (0, 2, 1, 3))


def causal_mask(t, s):
    """Whether query t sees key s, (T, S): no key that comes later.

    >>> causal_mask(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    return expand_dims(arange(t), 1) >= arange(s)


def _floats(*tensors):
    given = [as_tensor(x) for x in tensors]
    return [x if is_float(x.dtype) else x.astype(float) for x in given]


_EXPECTED = "query (B, T, N, H), key (B, S, K, H), value (B, S, K, V), N a multiple of K"


def _check(query, key, value):
    got = f"query {query.shape}, key {key.shape}, value {value.shape}"
    name, hint = "dot_product_attention", ""
    if not query.ndim == key.ndim == value.ndim == 4:
        hint = "x[:, :, None] has one head"
        rule = "needs four axes"
    elif query.shape[-1] != key.shape[-1]:
        rule = "queries and keys differ in size"
    elif key.shape[:3] != value.shape[:3]:
        rule = "there is one value for each key"
    elif query.shape[0] != key.shape[0]:
        rule = "the batches differ"
    elif query.shape[2] != key.shape[2] and (key.shape[2] == 0 or query.shape[2] % key.shape[2]):
        rule = "the heads of the keys do not divide those of the queries"
    else:
        return
    raise ShapeError(f"{name}: {rule}.", got=got, expected=_EXPECTED, hint=hint)


def _check_broadcast(name, x, shape):
    fits = x.ndim <= len(shape) and all(
        n in (1, wanted) for n, wanted in zip(x.shape[::-1], shape[::-1], strict=False)
    )
    if not fits:
        raise ShapeError(
            f"dot_product_attention: the {name} does not broadcast to the scores.",
            got=f"{name} {x.shape}, scores {shape}",
            expected="(batch, heads, queries, keys), or sizes of 1 there",
            hint=f"{name}[:, None] gives (batch, queries, keys) an axis for the heads",
        )
