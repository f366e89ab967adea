"""The networks for somebody's data, as large as their number allows, and how they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import neurona.train.recipe as modern
from neurona.callbacks import Callback, EarlyStopping
from neurona.layers import Dense, Dropout, Input
from neurona.models import Sequential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neurona.recipes.run import Run

WIDTHS = ((100, 8), (300, 16), (2000, 32), (10_000, 64))  # rows below which so many units do
WIDEST = 128
MODERN = "adamw"


def width(rows: int) -> int:
    """Return the units of a hidden layer for so many rows.

    >>> width(150), width(5000), width(100_000)
    (16, 64, 128)
    """
    return next((units for most, units in WIDTHS if rows < most), WIDEST)


def network(inputs: int, classes: int, rows: int) -> Sequential:
    """Return two hidden layers, and a unit for each class, or one for a number.

    The last kernel begins at 0: the network first guesses as the plainest baseline does, where
    random outputs for a row far from all others would be wrong and sure of it.
    """
    units = width(rows)
    layers: list[Any] = [Input((inputs,))]
    for number in (1, 2):
        layers.append(Dense(units, activation="silu", name=f"hidden_{number}"))
        layers.append(Dropout(0.1, name=f"dropout_{number}"))
    if classes:
        layers.append(Dense(classes, "softmax", kernel_initializer="zeros", name="decide"))
        return Sequential(layers, name="rows")
    return Sequential([*layers, Dense(1, kernel_initializer="zeros", name="predict")], name="rows")


class Progress(Callback):
    """Says how training goes on, in ten lines or fewer."""

    def __init__(self, run: Run, epochs: int) -> None:
        self.run, self.epochs = run, epochs

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Say a line every tenth part of the epochs."""
        if (epoch + 1) % max(1, self.epochs // 10) == 0:
            told = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in (logs or {}).items()]
            self.run.say(f"epoch {epoch + 1} of {self.epochs}: {', '.join(told)}")


def train(
    run: Run,
    model: Sequential,
    x: Any,
    y: np.ndarray,
    held: tuple[Any, ...] | None,
    *,
    loss: Any = None,
    batches: Any = None,
    stage: str = "",
    class_weight: Mapping[int, float] | None = None,
) -> Any:
    """Train a model with the modern recipe, until validation gets no better; return the plan.

    Args:
        run: whose it is; its settings say how long and how fast.
        model: new.
        x, y: what it learns.
        held: (x, y) for validation, or with weights of the samples; None if there are too few.
        loss: None takes what the outputs and y suggest.
        batches: instead of x and y, such as augmented ones.
        stage: of the run.
        class_weight: how much each class counts.
    """
    settings = run.settings
    epochs, size = settings.epochs, settings.batch_size or 32
    plan = modern.recipe(
        "modern", model, x, y, epochs=epochs, batch_size=size, loss=loss,
        validation_data=held, learning_rate=settings.learning_rate,
        metrics=None if loss is None else ["mae"],
    )  # fmt: skip
    if settings.optimizer != MODERN:
        plan.optimizer = run.optimizer(plan.schedule)
    plan.compile()
    callbacks: list[Callback] = []
    if held is not None:
        patience = max(10, epochs // 4)
        callbacks.append(EarlyStopping(patience=patience, restore_best_weights=True))
    quiet = run.verbose == "auto"
    if quiet and not stage:
        callbacks.append(Progress(run, epochs))
    run.fit(
        model, x if batches is None else batches, y if batches is None else None, held,
        callbacks=callbacks, stage=stage, class_weight=class_weight,
        verbose=0 if quiet else None,
    )  # fmt: skip
    if quiet and stage:
        values = run.history.get("val_loss") or run.history["loss"]
        what = "validation loss" if "val_loss" in run.history else "loss"
        run.say(f"{stage}: {len(values)} epochs, {what} {min(values):.4g} at best")
    return plan


def balanced(y: np.ndarray, classes: int) -> dict[int, float]:
    """Return weights with which all classes count alike: N / (K n_k).

    >>> balanced(np.array([0, 0, 0, 1]), 2)
    {0: 0.6666666666666666, 1: 2.0}
    """
    counts = np.maximum(np.bincount(y, minlength=classes), 1)
    return {number: float(len(y) / (classes * count)) for number, count in enumerate(counts)}


def of_each(weights: dict[int, float], y: np.ndarray) -> np.ndarray:
    """Return the weight of each sample, from that of its class."""
    return np.array([weights[number] for number in y])
