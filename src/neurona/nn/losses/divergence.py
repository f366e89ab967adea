"""Losses between distributions: Kullback-Leibler divergence and Poisson likelihood."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.nn.losses.loss import EPSILON, PairedLoss, matched, weighed


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum over the last axis of y ln(y / p); both count as at least 1e-7 and at most 1.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...).

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4).tolist()
    [0.1438]
    """
    y, p = matched(y_true, y_pred, "kl_divergence")
    y, p = ops.clip(y, EPSILON, 1.0), ops.clip(p, EPSILON, 1.0)
    return ops.sum(y * ops.log(y / p), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of p - y ln(p + 1e-7): for counts y of the expected count p.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> poisson([[2.0]], [[1.0]]).numpy().round(4).tolist()
    [1.0]
    """
    y, p = matched(y_true, y_pred, "poisson")
    return ops.mean(p - weighed(y, ops.log(p + EPSILON)), axis=-1)


class KLDivergence(PairedLoss):
    """sum of y ln(y / p): how much is lost when p stands for the distribution y.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4).item()
    0.1438
    """

    function = staticmethod(kl_divergence)


class Poisson(PairedLoss):
    """Mean of p - y ln p: the likelihood of counts y with the expected count p, above 0.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> Poisson()([[2.0]], [[1.0]]).numpy().round(4).item()
    1.0
    """

    function = staticmethod(poisson)
