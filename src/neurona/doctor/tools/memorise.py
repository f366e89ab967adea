"""`nn.overfit_one_batch`: can the model learn a few samples by heart?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.core.tree import flatten
from neurona.doctor.probe.twin import aside, first_batch, ready, twin_of, users_code
from neurona.errors import check_integer
from neurona.frames import door
from neurona.train.callbacks.callback import Callback
from neurona.train.fitting import require_compiled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENOUGH = 0.05  # of the first loss, or 1 - this of the samples right: they are known by heart
CLASSES = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")


class Memorised:
    """How a model learnt a few samples.

    Attributes:
        losses: after each step.
        accuracy: share of the samples that it has right in the end; None if there are no classes.
        samples: how many.
        learned: whether it knows them: the loss is below 5 % of the first, or 95 % are right.
    """

    def __init__(self, losses: list[float], accuracy: float | None, samples: int) -> None:
        self.losses, self.accuracy, self.samples = losses, accuracy, samples
        first, last = (losses[0], min(losses)) if losses else (np.nan, np.nan)
        finite = bool(np.isfinite(losses).all())
        right = accuracy is not None and accuracy >= 1 - ENOUGH
        self.learned = finite and (right or last <= ENOUGH * first)

    def __repr__(self) -> str:
        right = "" if self.accuracy is None else f", {self.accuracy:.0%} right"
        steps = f"{self.samples} samples in {len(self.losses)} steps"
        way = f"loss {self.losses[0]:.4g} -> {self.losses[-1]:.4g}{right}"
        return f"<{'learnt' if self.learned else 'did not learn'} {steps}: {way}>"

    def plot(self) -> Figure:
        """Draw the loss over the steps."""
        from neurona import plots

        first = self.losses[0]
        return plots.lines(
            {"loss": self.losses}, xlabel="step", ylabel="loss",
            baselines={"5 % of the first": ENOUGH * first} if first > 0 else None,
            log_y=min(self.losses) > 0, title=f"{self.samples} samples, again and again",
        )  # fmt: skip


@door
def overfit_one_batch(
    model: Any, x: Any, y: Any = None, samples: int = 16, steps: int = 200,
    sample_weight: Any = None,
) -> Memorised:  # fmt: skip
    """Train a copy of a model on a few samples until it knows them by heart, or cannot.

    A model that is right learns 16 samples in a hundred steps. If it does not, something is broken:
    the loss, the labels, the learning rate, a layer that no gradient passes. The model stays as it
    is.

    Args:
        model: compiled.
        x, y, sample_weight: as `fit` takes them.
        samples: how many, spread over all.
        steps: how often at most they are learnt from.

    Raises:
        StateError: if the model is not compiled, or cannot be copied.
        DataError: if the data do not fit.

    >>> import neurona as nn
    >>> nn.random.set_seed(0)
    >>> model = nn.Sequential([nn.Input((4,)), nn.layers.Dense(32, "relu"), nn.layers.Dense(1)])
    >>> model.compile(nn.optimizers.Adam(0.01), "mse")
    >>> x = np.random.default_rng(0).normal(size=(50, 4))
    >>> overfit_one_batch(model, x, x.prod(axis=1)).learned
    True
    """
    samples = check_integer("samples", samples, minimum=1)
    steps = check_integer("steps", steps, minimum=1)
    require_compiled(model, "overfit_one_batch", "train")
    with aside(), users_code():
        twin = twin_of(model)
        batch = first_batch(twin, x, y, sample_weight, samples)
        ready(twin, batch)
        watched = _Losses()
        twin.fit(
            batch.x, batch.y, sample_weight=batch.weight, batch_size=batch.size, epochs=steps,
            shuffle=False, verbose=0, callbacks=[watched],
        )  # fmt: skip
        return Memorised(watched.losses, _accuracy(twin, batch), batch.size)


class _Losses(Callback):
    """Keeps the loss of each epoch, and ends the training when it is small."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        value = (logs or {}).get("loss")
        loss = np.nan if value is None else float(value)
        self.losses.append(loss)
        if not np.isfinite(loss) or loss <= ENOUGH / 5 * self.losses[0]:
            self.model.stop_training = True


def _accuracy(twin: Any, batch: Any) -> float | None:
    """Return the share of samples, or of places, whose class is right; None without classes."""
    outputs = twin._training.losses.outputs or []
    if len(outputs) != 1 or getattr(outputs[0].loss, "name", "") not in CLASSES:
        return None
    loss, target = outputs[0].loss, flatten(batch.y)[0][0]
    predicted = flatten(twin.predict(batch.x, verbose=0))[0][0]
    if loss.name == "binary_crossentropy":
        edge = 0.0 if loss.from_logits else 0.5
        return float(((predicted > edge).reshape(target.shape) == (target > 0.5)).mean())
    axis = getattr(loss, "axis", -1)
    said = predicted.argmax(axis=axis)
    if loss.name == "categorical_crossentropy":
        return float((said == target.argmax(axis=axis)).mean())
    return float((said.reshape(-1) == target.reshape(-1)).mean())
