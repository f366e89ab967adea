"""Probe: loss, gradients and answers of a batch in training mode, without any effect on it."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from neurona import ops
from neurona.core import random
from neurona.core.observation import opened
from neurona.core.tree import flatten
from neurona.doctor.live.activity import RECTIFIED, WEIGHTS, measured, spread_of_attention, watched
from neurona.doctor.live.sequences import STEPS, is_recurrent
from neurona.doctor.probe.traced import own_step, usual_step
from neurona.errors import StateError
from neurona.nn.context import collect_losses, in_training
from neurona.nn.front import fed
from neurona.nn.gradients import gradients
from neurona.nn.parameter import Parameter, rehearsal
from neurona.nn.snapshot import Snapshot
from neurona.train.state import metrics_of, parameter_paths
from neurona.train.step import Step
from neurona.train.steps import engine_of, held, read_by

DRAWS = 1 << 61  # place in the random stream of a probe's own numbers: no training gets there


class Probe:
    """Compiled programs that look at a batch as the training step would, and change nothing.

    Args:
        model: with `compile`'s loss, or a step of its own that one optimizer ends; and trainable
            weights.

    Attributes:
        weights: path -> trainable Parameter.
        repeats: whether the same batch has the same loss if the weights are the same: not if
            layers keep states from one batch to the next.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        trained = {id(p) for p in model.trainable_weights}  # none of layers that are frozen
        self.weights = {path: p for path, p in parameter_paths(model).items() if id(p) in trained}
        self._own = model.overrides("train_step") or model.overrides("compute_loss")
        kinds_of = watched(model)
        self._units = (  # nobody knows which layer of a step of one's own is the last
            {n: k for n, k in kinds_of.items() if k in RECTIFIED} if self._own else kinds_of
        )
        self.repeats = not any(getattr(x, "stateful", False) is True for x in model.all_layers())
        kinds = [type(layer).__name__ for layer in model.all_layers()]
        self._normalises = "BatchNormalization" in kinds and not self._own
        self._shift = [] if self._own else _shift(model)
        self._engine = engine_of(model)
        written = model._training.steps.setdefault("written", set())
        self._snapshot = Snapshot(read_by(model, "train"), written)
        known, traced = held(model), self._snapshot.pass_over
        run, loss = (self._run_own, self._own_loss) if self._own else (self._run, self._loss)
        self._step = Step(run, [*known, *self._shift], self._engine, traced=traced)
        self._later = Step(loss, known, self._engine, traced=traced)

    def values(self) -> dict[str, Any]:
        """Return the arrays of the weights as they are now; none of them changes later."""
        return {path: p.data for path, p in self.weights.items()}

    def holds(self) -> bool:
        """Say whether the model is as it was."""
        return self._engine == engine_of(self.model) and self._snapshot.holds()

    def _run(self, x: Any, y: Any = None, sample_weight: Any = None) -> dict[str, Any]:
        compiled = self.model._training.losses
        parameters = [*self.weights.values(), *self._shift]
        with (
            rehearsal(), in_training(True), collect_losses(), fed(self.model._network),
            opened([*self._units, WEIGHTS]) as observer,
        ):  # fmt: skip

            def forward() -> Any:
                moved = x + self._shift[0].value if self._shift else x
                y_pred = self.model(moved, training=True)
                data = _sum(compiled.losses(y, y_pred, sample_weight))
                penalty = _sum(self.model.losses)
                return data + penalty, data, penalty, y_pred

            (_, data, penalty, y_pred), found = gradients(forward, parameters)
            outputs = flatten(y_pred)[0]
            activity = measured(observer.values, self._units, outputs)
            attention = spread_of_attention(observer.values)
            evaluated = self._evaluated(x, y, sample_weight) if self._normalises else None
        count = len(self.weights)
        known = zip(self.weights, found[:count], strict=True)
        return {
            "loss": data,
            "penalty": penalty,
            "gradients": {path: g for path, g in known if g is not None},
            "answers": _answers(outputs),
            "activity": activity,
            "attention": attention,
            "evaluated": evaluated,
            "through_time": found[count] if self._shift else None,
        }

    def _run_own(self, x: Any, y: Any = None, sample_weight: Any = None) -> dict[str, Any]:
        with (
            rehearsal(), in_training(True), collect_losses(), fed(self.model._network),
            opened([*self._units, WEIGHTS]) as observer,
        ):  # fmt: skip
            loss, taken = self._stepped(x, y, sample_weight)
            activity = measured(observer.values, self._units, [])
            attention = spread_of_attention(observer.values)
        slopes = {id(p): g for p, g in taken if g is not None}
        found = {path: slopes[id(p)] for path, p in self.weights.items() if id(p) in slopes}
        return {
            "loss": loss,
            "penalty": ops.zeros((), None),
            "gradients": found,
            "answers": None,
            "activity": activity,
            "attention": attention,
            "evaluated": None,
            "through_time": None,
        }

    def _own_loss(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        with rehearsal(), in_training(True), collect_losses(), fed(self.model._network):
            return self._stepped(x, y, sample_weight)[0]

    def _stepped(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, list]:
        """Make a step, or a loss, of the user's own without an update: its loss, and gradients.

        Raises:
            StateError: if it tells no loss.
        """
        for metric in metrics_of(self.model):  # of which the loss may be a mean
            metric.reset_state()
        step = own_step if self.model.overrides("train_step") else usual_step
        results, taken = step(self.model, x, y, sample_weight)
        if "loss" not in results or results["loss"].ndim:
            raise StateError("the model has a train_step of its own, which returns no 'loss'.")
        return results["loss"], taken

    def _evaluated(self, x: Any, y: Any, sample_weight: Any) -> Any:
        with in_training(False), collect_losses():
            y_pred = self.model(x, training=False)
            return _sum(self.model._training.losses.losses(y, y_pred, sample_weight))

    def _loss(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        with rehearsal(), in_training(True), collect_losses(), fed(self.model._network):
            y_pred = self.model(x, training=True)
            return _sum(self.model._training.losses.losses(y, y_pred, sample_weight))

    def __call__(self, batch: Any, number: int) -> dict[str, Any]:
        """Return what is seen of a batch; with the same number, layers draw the same."""
        with self._drawing(number):
            return self._step(*batch)

    def loss(self, batch: Any, number: int) -> float:
        """Return the loss of a batch alone."""
        with self._drawing(number):
            return float(self._later(*batch))

    def _drawing(self, number: int) -> AbstractContextManager[None]:
        seed, _ = random.get_position()
        return random.at(seed, DRAWS + number)


def probe_of(model: Any) -> Probe:
    """Return a Probe of a model: that of the training before, while the model is as it was."""
    steps = model._training.steps
    if "probe" not in steps or not steps["probe"].holds():
        steps["probe"] = Probe(model)
    return steps["probe"]


def _shift(model: Any) -> list[Parameter]:
    """Return zeros to add to sequences of numbers: their gradient is that of each step."""
    places = flatten(model._network.inputs)[0] if model._network is not None else []
    shape = tuple(places[0].shape) if len(places) == 1 else ()
    known = len(shape) == 3 and all(isinstance(n, int) for n in shape[1:])
    if not (known and shape[1] >= STEPS and is_recurrent(model)):
        return []
    if np.dtype(places[0].dtype).kind != "f":
        return []
    return [Parameter(ops.zeros(shape[1:], places[0].dtype), "shift")]


def _sum(terms: list[Any]) -> Any:
    total = ops.zeros((), None)
    for term in terms:
        total = total + term
    return total


def _answers(outputs: list[Any]) -> Any:
    """Return the classes that are predicted, or what stands for yes and no; None if unknown."""
    if len(outputs) != 1 or outputs[0].ndim < 2:
        return None
    y = outputs[0]
    return ops.argmax(y, axis=-1) if y.shape[-1] > 1 else y[..., 0]


def norm(x: np.ndarray) -> float:
    """Return the Euclidean norm of all numbers in an array."""
    return math.sqrt(np.vdot(x, x))
