"""Weights of attention in a Graph with values, and how much of them is on padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Attention
from neurona.core.tree import flatten
from neurona.doctor.probe.twin import Batch


def padded(batch: Batch) -> list[np.ndarray]:
    """Return for each array of ids (B, T) where it is padding: zeros at one end of a row."""
    ids = [a for a in flatten(batch.x)[0] if a.ndim == 2 and a.dtype.kind in "iu"]
    return [_ends(a) | _ends(a[:, ::-1])[:, ::-1] for a in ids if a.shape[1] > 3]


def _ends(rows: np.ndarray) -> np.ndarray:
    return np.cumsum(rows != 0, axis=1) == 0


def mass_on(y: np.ndarray, padding: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Return the mean weight on padding, of queries that are none, and the share of padding.

    Args:
        y: weights (B, ..., S) that sum to 1.
        padding: for arrays of ids (B, S), where they are padding; of several that fit, that with
            the least weight counts.
    """
    known = []
    for p in padding:
        rows = p.any(axis=1) & ~p.all(axis=1)
        if y.shape[0] != len(p) or y.shape[-1] != p.shape[1] or not rows.any():
            continue
        weights = y.reshape(len(p), -1, *y.shape[-2:]) if y.ndim > 2 else y[:, None, None]
        mass = (weights * p[:, None, None]).sum(axis=-1).mean(axis=1)  # (B, T)
        asked = ~p if mass.shape == p.shape else np.ones(mass.shape, bool)
        known.append((float(mass[rows][asked[rows]].mean()), float(p[rows].mean())))
    return min(known, default=None)


def weights_of(node: Node, y: np.ndarray, given: Sequence[Any]) -> np.ndarray | None:
    """Return weights of attention as a node gives or uses them, its keys last; None if it doesn't.

    Args:
        node: which one.
        y: its first result.
        given: its operands.
    """
    if isinstance(node.op.lower, Attention) and not node.op.lower.gradient:
        q, k = (np.moveaxis(np.asarray(x), 1, 2) for x in given[:2])  # (B, N, T, H)
        scores = q @ np.swapaxes(k, -1, -2) * node.attributes["scale"]
        if node.attributes["masked"]:
            scores = np.where(given[3], scores, -np.inf)
        if node.attributes["is_causal"]:
            scores = np.where(np.tri(*scores.shape[-2:]) > 0, scores, -np.inf)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e30))
        return e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-30)
    if node.op.name != "div" or y.dtype.kind != "f" or y.ndim < 2 or not (y >= 0).all():
        return None
    if y.ndim == 3 and y.shape[-1] == 1:  # scores of the steps (B, S, 1)
        y = y[..., 0]
    return y if np.allclose(y.sum(axis=-1), 1, atol=1e-3) else None
