"""attend: attention without an array of all scores, for sequences that are long."""

from __future__ import annotations

from neurona.core.lowering import Attention
from neurona.core.op import op
from neurona.core.shapes import Spec
from neurona.ops.draw import random_unit
from neurona.ops.filled import zeros
from neurona.ops.movement import transpose
from neurona.ops.reduce import sum

ROWS = 256  # queries whose scores there are at a time, by the forward rule


def _attend_shape(q, k, v, *more, scale, is_causal, masked, dropout, draw):
    batch, t, heads, _ = q.shape
    return Spec((batch, t, heads, v.shape[-1]), q.dtype), Spec((batch, heads, t), q.dtype)


@op(shape=_attend_shape, lower=Attention(), types="as is")
def attend(xp, *inputs, scale, is_causal, masked, dropout, draw):
    """y = softmax(scale q k^T) v, and the logarithms c of the softmax's sums.

    What `dot_product_attention` does where it is long: memory grows with the length, not with its
    square. Shapes, mask and dropout are those of `Attention` in `core/lowering.py`.
    """
    q, k, v = (xp.moveaxis(x, 1, 2) for x in inputs[:3])  # (B, N, T, H)
    mask = inputs[3] if masked else None
    kept = _kept(xp, inputs, q, k, dropout, draw)
    ys, logarithms = [], []
    for rows in _blocks(q):
        scores = _scores(xp, q, k, mask, rows, scale, is_causal)  # (B, N, ROWS, S)
        top = xp.max(scores, axis=-1, keepdims=True)
        top = xp.where(xp.isfinite(top), top, 0)
        e = xp.exp(scores - top)
        total = xp.sum(e, axis=-1, keepdims=True)
        total = xp.where(total > 0, total, 1)
        e = e if kept is None else e * kept[:, :, rows]
        ys.append(xp.matmul(e / total, v))
        logarithms.append((top + xp.log(total))[..., 0])
    return xp.moveaxis(xp.concatenate(ys, axis=2), 1, 2), xp.concatenate(logarithms, axis=2)


@attend.grad
def _(gs, ys, *inputs, **attributes):
    q, k, v, *more = inputs
    y, c = ys
    g = zeros(y.shape, y.dtype) if gs[0] is None else gs[0]
    d = transpose(sum(g * y, axis=-1), (0, 2, 1))  # (B, N, T)
    d = d if gs[1] is None else d - gs[1]
    return *attend_gradient(q, k, v, c, g, d, *more, **attributes), *[None] * len(more)


def _gradient_shape(q, k, v, *more, scale, is_causal, masked, dropout, draw):
    return q, k, v


@op(shape=_gradient_shape, lower=Attention(gradient=True), types="as is")
def attend_gradient(xp, *inputs, scale, is_causal, masked, dropout, draw):
    """dq, dk, dv for g, the gradient of `attend`'s y: the weights are made again from c.

    p = e^(scale q k^T - c), dv = p^T g, ds = p * (g v^T - d) with d the sums of g * y, less the
    gradient of c; dq = scale ds k, dk = scale ds^T q. Its own gradient stands in `autodiff`.
    """
    q, k, v, g = (xp.moveaxis(inputs[i], 1, 2) for i in (0, 1, 2, 4))
    c, d = inputs[3], inputs[5]
    mask = inputs[6] if masked else None
    kept = _kept(xp, inputs, q, k, dropout, draw)
    dq, dk, dv = [], 0, 0
    for rows in _blocks(q):
        scores = _scores(xp, q, k, mask, rows, scale, is_causal)
        p = xp.exp(scores - c[:, :, rows, None])
        dp = xp.matmul(g[:, :, rows], xp.swapaxes(v, 2, 3))
        w = p if kept is None else p * kept[:, :, rows]
        dp = dp if kept is None else dp * kept[:, :, rows]
        ds = scale * p * (dp - d[:, :, rows, None])
        dq.append(xp.matmul(ds, k))
        dk = dk + xp.matmul(xp.swapaxes(ds, 2, 3), q[:, :, rows])
        dv = dv + xp.matmul(xp.swapaxes(w, 2, 3), g[:, :, rows])
    return tuple(xp.moveaxis(x, 1, 2) for x in (xp.concatenate(dq, axis=2), dk, dv))


def _blocks(q):
    return [slice(start, start + ROWS) for start in range(0, q.shape[2], ROWS)]


def _scores(xp, q, k, mask, rows, scale, is_causal):
    """scale q k^T of some queries; -inf where they do not see a key."""
    scores = xp.matmul(q[:, :, rows] * scale, xp.swapaxes(k, 2, 3)).astype(q.dtype)
    if mask is not None:
        some = mask[:, :, rows] if mask.shape[2] > 1 else mask
        scores = xp.where(some, scores, -xp.inf)
    if is_causal:
        t = xp.arange(q.shape[2])[rows]
        scores = xp.where(t[:, None] >= xp.arange(k.shape[2]), scores, -xp.inf)
    return scores


def _kept(xp, inputs, q, k, dropout, draw):
    """1 / (1 - dropout) where weights are kept, else 0; None without dropout."""
    if not dropout:
        return None
    shape = (*q.shape[:3], k.shape[2])
    unit = random_unit.forward(xp, inputs[-1], shape=shape, draw=draw, dtype=q.dtype.name)
    return ((unit >= dropout) / (1.0 - dropout)).astype(q.dtype)
