"""Limits on gradients, so that one bad batch cannot throw the weights far away."""

from __future__ import annotations

from neurona import ops
from neurona.core.tensor import Tensor


def clipped(
    gs: list[Tensor], value: float | None, norm: float | None, global_norm: float | None
) -> list[Tensor]:
    """Limit gradients in the one way whose limit is given."""
    if value is not None:
        return clip_by_value(gs, value)
    if norm is not None:
        return clip_by_norm(gs, norm)
    return gs if global_norm is None else clip_by_global_norm(gs, global_norm)


def clip_by_value(gs: list[Tensor], limit: float) -> list[Tensor]:
    """Limit every element: g <- min(max(g, -limit), limit).

    >>> clip_by_value([ops.full((), 3.0)], 1.0)[0].item()
    1.0
    """
    return [ops.clip(g, -limit, limit) for g in gs]


def clip_by_norm(gs: list[Tensor], limit: float) -> list[Tensor]:
    """Scale each gradient down to a norm of at most the limit: g <- g limit / max(|g|, limit).

    >>> clip_by_norm([ops.full((4,), 2.0)], 1.0)[0].tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    return [g * (limit / ops.maximum(ops.norm(g), limit)) for g in gs]


def clip_by_global_norm(gs: list[Tensor], limit: float) -> list[Tensor]:
    """Scale all gradients down together, which keeps the direction of the step.

    With |g| the norm of all of them: g <- g limit / max(|g|, limit). An infinite norm gives NaN,
    not a step of zero, so that it is noticed.

    Source: Pascanu et al. 2013, algorithm 1.

    >>> [g.item() for g in clip_by_global_norm([ops.full((), 3.0), ops.full((), 4.0)], 1.0)]
    [0.6, 0.8]
    """
    if not gs:
        return gs
    norm = ops.norm(ops.stack([ops.norm(g).astype(float) for g in gs]))
    scale = limit / ops.maximum(norm, limit) + (norm - norm)
    return [g * scale.astype(g.dtype) for g in gs]
