"""Cross-entropies: -ln of the probability that was given to what is true.

A softmax or sigmoid notes its logits, and where these are known the logarithm is taken of them,
not of the rounded probability: exact, and with a gradient where the probability is 0 or 1. Only
probabilities of unknown origin are clipped to [1e-7, 1 - 1e-7], as Keras does.

A logit of -inf masks a class: it has no part in the loss and gets no gradient. Where it is the true
class, or has a share of the target by label smoothing, the loss is infinite, as is -ln 0; its
gradient stays finite. A row that is masked as a whole is such a case.
"""

from __future__ import annotations

from neurona import ops
from neurona.core.shapes import normalize_axes
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.losses.loss import EPSILON, ratio
from neurona.ops.functional import exponentials
from neurona.ops.notes import Logits


def known_logits(p: Tensor, from_logits: bool, axis: int | None, name: str) -> Tensor | None:
    """Return the logits of a prediction, or None if only its probabilities are known.

    Args:
        p: the prediction.
        from_logits: whether it is the logits already.
        axis: of the classes, for a softmax; None for a sigmoid.
        name: of the loss, for the message.
    """
    note = p.note(Logits)
    if note is None:
        return p if from_logits else None
    kind = "sigmoid" if note.axis is None else "softmax"
    if from_logits:
        raise ArgumentError(
            f"{name}: from_logits=True, but the prediction has gone through a {kind} already.",
            got=f"the output of a {kind}",
            expected="the scores before it",
            hint=f"keep the {kind} and say from_logits=False, or remove the {kind} from the model",
        )
    if axis is None:
        return note.scores if kind == "sigmoid" else None
    same = kind == "softmax" and normalize_axes(note.axis, p.ndim, name) == (axis,)
    return note.scores if same else None


def surprise(p: Tensor, from_logits: bool, axis: int, name: str) -> Tensor:
    """Return -ln of the probabilities of classes along an axis."""
    logits = known_logits(p, from_logits, axis, name)
    if logits is None:
        p = ratio(p, ops.sum(p, axis=axis, keepdims=True))
        return -ops.log(ops.clip(p, EPSILON, 1 - EPSILON))
    x, _, total, _ = exponentials(logits, axis)
    return ops.log(total) - x  # -log_softmax, but 0, not -0, when sure


def focus(miss: Tensor, gamma: float) -> Tensor:
    """Return miss^gamma, with a finite gradient where nothing is missed and gamma is below 1."""
    return ops.pow(ops.maximum(miss, 1e-30), gamma)


def smoothed(y: Tensor, share: float, classes: int) -> Tensor:
    """Return targets of which a share is spread evenly over the classes."""
    return y * (1.0 - share) + share / classes if share else y
