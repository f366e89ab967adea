"""Training: a small program that trains a model, healthy or with a fault planted in it."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import neurona as nn
from neurona.doctor import Diagnosis

CRASH = "crash:"
PLANNED = ("shuffle", "class_weight", "sample_weight", "callbacks")  # what `diagnose` takes too

Score = Callable[[Any, "Training"], float]


def accuracy(model: Any, training: Training) -> float:
    """Share of the test samples of which the class is found; classes weigh alike."""
    x, y = training.test
    scores = np.asarray(model.predict(x, verbose=0))
    labels = (
        np.asarray(y).argmax(-1) if np.ndim(y) == scores.ndim > 1 and np.shape(y)[-1] > 1 else y
    )
    labels = np.asarray(labels).reshape(scores.shape[:-1])
    found = scores.argmax(-1) if scores.shape[-1] > 1 else scores[..., 0] > training.threshold
    return float(np.mean([np.mean(found[labels == k] == k) for k in np.unique(labels)]))


def explained(model: Any, training: Training) -> float:
    """R2, the share of the test targets' variance that is explained; at least -1."""
    x, y = training.test
    y = np.asarray(y, np.float64).reshape(len(y), -1)
    found = np.asarray(model.predict(x, verbose=0), np.float64).reshape(y.shape)
    if not np.isfinite(found).all():
        return -1.0
    return max(-1.0, float(1 - ((y - found) ** 2).mean() / y.var()))


@dataclasses.dataclass
class Training:
    """All that a script says before `fit`, in parts that a fault can change.

    Attributes:
        model: makes the model, after the seed is set.
        x, y, validation, test: the data; the test is what the score is of.
        optimizer, loss, metrics: of `compile`; the optimizer is made by a function.
        batch_size, epochs, fit: arguments of `fit`, and more of them.
        score: how good the trained model is, larger is better.
        threshold: of one output that stands for two classes.
    """

    model: Callable[[], Any]
    x: Any
    y: Any
    validation: Any
    test: tuple[Any, Any]
    optimizer: Callable[[], Any] = lambda: nn.optimizers.Adam(1e-3)
    loss: Any = "sparse_categorical_crossentropy"
    metrics: tuple[Any, ...] = ("accuracy",)
    batch_size: int = 32
    epochs: int = 10
    fit: dict[str, Any] = dataclasses.field(default_factory=dict)
    score: Score = accuracy
    threshold: float = 0.5

    def but(self, **changes: Any) -> Training:
        """Return the same with some parts changed."""
        return dataclasses.replace(self, **changes)

    def on(self, change: Callable[[Any], Any]) -> Training:
        """Return the same with all inputs changed."""
        validation = self.validation and (change(self.validation[0]), self.validation[1])
        return self.but(
            x=change(self.x), validation=validation, test=(change(self.test[0]), self.test[1])
        )

    def to(self, change: Callable[[Any], Any]) -> Training:
        """Return the same with all targets changed."""
        validation = self.validation and (self.validation[0], change(self.validation[1]))
        return self.but(
            y=change(self.y), validation=validation, test=(self.test[0], change(self.test[1]))
        )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a training: the score, and what was said of it.

    Attributes:
        score: that of the test data; None if there was an error.
        before, during: ids of the alarms of `diagnose`, and of `fit`.
        causes: ids of the causes that are told, all findings taken together.
        errors, infos: ids of findings of these severities.
        error: the library's own error that stopped it.
        repairs: what the doctor changed, as in the history.
        raced: steps of its races, for each step of the training.
    """

    score: float | None
    before: tuple[str, ...] = ()
    during: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    error: str = ""
    repairs: tuple[dict[str, Any], ...] = ()
    raced: float = 0.0


def run(
    make: Callable[[], Training], seed: int, doctor: str | None = None, repair: str = "off"
) -> Outcome:
    """Train once with a seed, with or without the doctor, and return what came of it."""
    nn.utils.set_random_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        training = make()
        before: list[Any] = []
        during: list[Any] = []
        repairs: list[Any] = []
        raced: list[float] = []
        score, error = None, ""
        try:
            if repair == "off":
                score = _train(training, doctor, before, during)
            else:
                score = _mended(training, repair, repairs, raced)
        except nn.errors.NeuronaError as found:
            error = str(found).splitlines()[0]
        except Exception as found:  # nothing of the kind may happen; the table tells where it does
            error = f"{CRASH} {found!r}"
    found = Diagnosis([*before, *during])
    return Outcome(
        score, _ids(before), _ids(during), _ids(found.causes), _ids(found.errors),
        tuple(f.id for f in found.infos), error, tuple(repairs), sum(raced),
    )  # fmt: skip


def _train(t: Training, doctor: str | None, before: list[Any], during: list[Any]) -> float:
    """Return the score; findings go into the two lists, so that an error leaves them."""
    model = t.model()
    model.compile(t.optimizer(), t.loss, metrics=list(t.metrics))
    plan = {"batch_size": t.batch_size, "epochs": t.epochs}
    if doctor:
        planned = {k: v for k, v in t.fit.items() if k in PLANNED}
        before += model.diagnose(t.x, t.y, t.validation, **plan, **planned)
    examined = nn.callbacks.Doctor(doctor) if doctor else False
    data = {"validation_data": t.validation, **t.fit}
    try:
        model.fit(t.x, t.y, **plan, verbose=0, doctor=examined, **data)
    finally:
        during += examined.diagnosis if doctor else []
    return t.score(model, t)


def _mended(t: Training, repair: str, repairs: list[Any], raced: list[float]) -> float:
    """Return the score of a training that the doctor may change."""
    model = t.model()
    model.compile(t.optimizer(), t.loss, metrics=list(t.metrics))
    data = {"validation_data": t.validation, **t.fit}
    doctor = nn.callbacks.Doctor("full", repair=repair)
    try:
        model.fit(
            t.x, t.y, batch_size=t.batch_size, epochs=t.epochs, verbose=0, doctor=doctor, **data
        )
    finally:
        repairs += [r.as_dict() for r in doctor.repairs]
        taken = max(1, int(model.optimizer.iterations))
        raced += [r.steps / taken for r in doctor.repairs]
    return t.score(model, t)


def _ids(findings: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.id for f in findings if f.alarm))
