"""Plain warnings of training that goes wrong, each once: NaN, a loss that explodes, scores taken
for probabilities.

They look at what is there anyway, the loss of an epoch and the outputs of the first trace, so no
batch costs more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.core.tensor import Tensor
from neurona.nn.losses.crossentropy import Crossentropy
from neurona.ops.notes import Logits
from neurona.train.guessing import guessing

TIMES = 10.0  # the loss of the first epoch, or of guessing a class: nothing healthy gets there
LEAST = 1e-3  # a loss below is noise around nothing, whatever the first one was
PRODUCTS = ("matrix_product", "convolution")
KEEPING = ("reshape", "cast", "transpose", "tanh")  # what makes no probabilities of scores


class Alarm:
    """Looks at the losses of a `fit`, epoch by epoch, and warns once.

    Args:
        model: that is trained; what a `train_step` of its own calls its loss may well rise.
    """

    def __init__(self, model: Any) -> None:
        self.model, self.told = model, False
        self.first = math.inf
        own = model.overrides("train_step") or model.overrides("compute_loss")
        self.guessing = math.inf if own else _guessing(model)
        self.judged = not own  # whether the loss may be called too large

    def see(self, epoch: int, logs: dict[str, Any]) -> None:
        """Look at the loss of an epoch (from 0), or of several in a list."""
        if self.told or "loss" not in logs:
            return
        losses = np.atleast_1d(np.asarray(logs["loss"], np.float64))
        if self.first == math.inf and losses.size:
            self.first = float(losses.flat[0])
        limit = max(TIMES * min(self.first, self.guessing), LEAST) if self.judged else math.inf
        wrong = np.flatnonzero(~(losses <= limit))
        if not wrong.size or (limit == math.inf and np.isfinite(losses[wrong[0]])):
            return
        loss, number = float(losses[wrong[0]]), epoch + int(wrong[0]) + 1
        self.told = True
        if self.model.stop_training and not math.isfinite(loss):
            return  # TerminateOnNaN has told it
        origin.warn(self._message(loss, number))

    def _message(self, loss: float, epoch: int) -> str:
        smaller = "try a smaller learning_rate, or clipnorm=1.0 in the optimizer"
        if not math.isfinite(loss):
            return (
                f"the loss is {loss} in epoch {epoch}, and no later step can mend that: the steps "
                f"were too large, or a layer or loss divides by 0; {smaller}."
            )
        if loss > TIMES * self.guessing:
            return (
                f"the loss is {loss:.3g} in epoch {epoch}, where guessing the class has "
                f"{self.guessing:.2g}: the steps are too large, or the inputs are (values up to "
                f"about 1 are best); {smaller}."
            )
        return (
            f"the loss explodes: {self.first:.3g} in the first epoch, {loss:.3g} in epoch {epoch}; "
            f"{smaller}."
        )


def _guessing(model: Any) -> float:
    """Return the loss of guessing one of K classes; infinity if the loss is another."""
    outputs: Any = model._training.losses.outputs or ()
    if len(outputs) != 1 or outputs[0].misread or outputs[0].weight != 1:
        return math.inf
    found = guessing(outputs[0].loss, outputs[0].shape)
    return math.inf if found is None else found


def warn_of_scores(loss: Any, y_pred: Any) -> bool:
    """Warn of outputs that are scores, where the loss takes them for probabilities; say if so.

    Known for certain only where weights end the model: a product with a parameter, a bias, and
    no activation behind that makes probabilities.
    """
    name = str(getattr(loss, "name", ""))
    if not name.endswith("crossentropy") or not isinstance(y_pred, Tensor):
        return False
    if not _asks_probabilities(loss) or y_pred.note(Logits) is not None or not _are_scores(y_pred):
        return False
    activation = "sigmoid" if name.startswith("binary") else "softmax"
    origin.warn(
        f"{name} takes probabilities, but the model ends in scores, without a {activation}: "
        f"it will learn little or nothing. Give the last layer activation={activation!r}, or the "
        "loss from_logits=True."
    )
    return True


def _asks_probabilities(loss: Any) -> bool:
    """Whether a loss is known to: it could take scores and was not told to. Others may take any."""
    return isinstance(loss, Crossentropy) or not vars(loss).get("from_logits", True)


def _are_scores(y: Tensor) -> bool:
    source = y.value.source
    if source is None:
        return False
    name, inputs = source.op.name, source.inputs
    if name in PRODUCTS:
        return inputs[1].source is None  # a parameter
    if name == "add":
        return all(_are_scores(x) or (x.source is None and x.ndim == 1) for x in inputs)
    if name == "where":  # relu and its kin
        return _are_scores(inputs[2])
    return name in KEEPING and _are_scores(inputs[0])
