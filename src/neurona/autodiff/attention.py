"""The gradient of an attention's gradient: that of its formula, with all scores at once."""

from __future__ import annotations

import functools
import math

from neurona.autodiff.reverse import sweep
from neurona.ops.arithmetic import alias
from neurona.ops.attend import attend_gradient
from neurona.ops.attention import causal_mask
from neurona.ops.comparison import logical_and, where
from neurona.ops.draw import random_unit
from neurona.ops.functions import exp
from neurona.ops.matmul import matrix_product
from neurona.ops.movement import expand_dims, swapaxes


@attend_gradient.grad
def _(gs, ys, *inputs, **attributes):
    floats = [alias(x) for x in inputs[:6]]
    results = _formula(*floats, *inputs[6:], **attributes)
    pairs = [(y, g) for y, g in zip(results, gs, strict=True) if g is not None]
    pulled = sweep([y for y, _ in pairs], [g for _, g in pairs], floats)
    return *pulled, *[None] * len(inputs[6:])


def _formula(q, k, v, c, g, d, *more, scale, is_causal, masked, dropout, draw):
    """What `attend_gradient` computes, in the same letters."""
    q, k, v, g = (swapaxes(x, 1, 2) for x in (q, k, v, g))  # (B, N, T, H)
    scores = scale * matrix_product(q, swapaxes(k, 2, 3))  # (B, N, T, S)
    seen = [more[0]] if masked else []
    seen += [causal_mask(*scores.shape[2:])] if is_causal else []
    if seen:
        scores = where(functools.reduce(logical_and, seen), scores, -math.inf)
    p = exp(scores - expand_dims(c, 3))
    w, dp = p, matrix_product(g, swapaxes(v, 2, 3))
    if dropout:
        unit = random_unit(more[-1], shape=p.shape, draw=draw, dtype=p.dtype.name)
        w, dp = (where(unit >= dropout, x / (1.0 - dropout), 0.0) for x in (w, dp))
    ds = scale * p * (dp - expand_dims(d, 3))
    dq, dk, dv = (
        matrix_product(ds, k),
        matrix_product(swapaxes(ds, 2, 3), q),
        matrix_product(swapaxes(w, 2, 3), g),
    )
    return [swapaxes(x, 1, 2) for x in (dq, dk, dv)]
