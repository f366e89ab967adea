"""The steps of a model: rehearsed, so that all state exists, and then compiled.

Before a step is compiled it is run once on abstract tensors, so that all parameters, metrics and
optimiser slots exist and can be arguments of the compiled step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona import config
from neurona.core import random
from neurona.core.graph import infer
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import StateError
from neurona.nn.context import collect_losses, in_training
from neurona.nn.layer import Layer
from neurona.nn.members import Snapshot
from neurona.nn.parameter import Parameter, rehearsal
from neurona.train import state
from neurona.train.data import pack
from neurona.train.observed import ObservedStep
from neurona.train.serving import PredictionStep
from neurona.train.step import Step


def rehearse(model: Any, batch: tuple, kind: str) -> None:
    """Run the model, and a step that the user wrote, on abstract tensors, once for each kind."""
    x, y, weight = batch
    custom = model.overrides(f"{kind}_step")
    callable_ = model.network is not None or model.overrides("call")
    compiled = model.compiled_losses
    known = compiled.outputs is not None or kind == "predict" or custom
    if callable_ and not (model.built and known):
        y_pred = abstract_outputs(model, x)
        if kind != "predict" and not compiled.outputs:  # metrics make their totals here
            compiled.build(y, y_pred, model.output_names)
    if custom and f"rehearsed {kind}" not in model.step_cache:
        abstractly(_runner(model, kind), x, y, weight)
        model.step_cache[f"rehearsed {kind}"] = None
    if not callable_ and not custom:
        raise StateError(
            f"{model.name!r} has nothing to compute.",
            hint=f"write call(self, x), or {kind}_step(self, data)",
        )
    state.take_pending(model)


def abstractly(fn: Callable, *batch: Any) -> None:
    """Run a function on abstract tensors like those of a batch; parameters stay as they are."""
    leaves, structure = flatten(batch)

    def run(*tensors: Tensor) -> Any:
        with rehearsal():
            return fn(*structure.unflatten(tensors))

    with random.use(random.state_of(0, 0)):
        infer(run, [np.asarray(a) for a in leaves])


def abstract_outputs(model: Any, x: Any) -> Any:
    """Return what a model gives for arrays, as tensors without values; builds it if need be."""
    outputs: list[Any] = []
    abstractly(lambda x: outputs.append(model(x, training=False)), x)
    return outputs[0]


# --- steps -------------------------------------------------------------------------------------


def _runner(model: Any, kind: str) -> Callable:
    """Return the function of a batch that a step compiles."""

    def run(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        method = getattr(model, f"{kind}_step")
        with in_training(kind == "train"), collect_losses():
            return method(pack(x, y, sample_weight))

    return run


def _step(model: Any, kind: str, parameters: list[Parameter]) -> Any:
    """Return the compiled step of a kind; a new one where something that it is made of changed."""
    engine = _engine(model)
    trainable = tuple(id(p) for p in model.trainable_weights) if kind == "train" else ()
    frozen = tuple(layer.trainable for layer in model.all_layers())
    asked = model.observed_values
    key = (tuple(id(p) for p in parameters), trainable, frozen, engine, asked)
    known = model.step_cache.get(kind)
    if known is None or known[0] != key:
        run = _runner(model, kind)
        if asked.names:
            step: Any = ObservedStep(run, parameters, engine, asked, kind)
        else:
            make = PredictionStep if kind == "predict" else Step
            step = make(run, parameters, engine, kind != "train")
        model.step_cache[kind] = known = (key, step)
    return known[1]


def _engine(model: Any) -> str:
    return "eager" if model.run_eagerly else model.engine or config.engine()


def _held(model: Any) -> list[Parameter]:
    """Return the parameters and the metrics' totals."""
    return [*model.weights, *(p for m in state.metrics_of(model) for p in m.variables)]


def training_step(model: Any) -> Step:
    """Return the compiled training step."""
    if not model.overrides("train_step"):
        weights = model.trainable_weights
        if not weights:
            raise StateError(
                f"{model.name!r} has nothing to train.",
                hint="set trainable=True on a layer, or add layers with parameters; they are "
                "found in attributes, lists, tuples and dicts, not in sets or dataclasses, nor "
                "where call makes them",
            )
        model.optimizer.build(weights)
    slots = [p for o in state.optimizers_of(model).values() for p in o.variables]
    return _step(model, "train", [*_held(model), *slots])


def evaluation_step(model: Any) -> Step:
    """Return the compiled evaluation step."""
    return _step(model, "test", _held(model))


def prediction_step(model: Any) -> PredictionStep:
    """Return the compiled prediction."""
    return _step(model, "predict", _held(model))


class Prediction:
    """The step for predictions, and what data it was found to fit, while a model stays as it is.

    To find out what a model consists of takes far longer than to predict for a single sample.
    """

    def __init__(self, model: Any) -> None:
        self.step, self._engine = prediction_step(model), _engine(model)
        self._snapshot = Snapshot([*model.all_layers(), *state.metrics_of(model)])
        self._looks: set[Any] = set()

    @staticmethod
    def known(model: Any, x: Any) -> PredictionStep | None:
        """Return the step if the model is known to fit arrays like x, samples aside."""
        found = model.step_cache.get("prediction")
        if found is None or model.run is not None or type(x) is not np.ndarray:
            return None
        fits = (x.shape[1:], x.dtype) in found._looks and found._holds(model)
        return found.step if fits else None

    @staticmethod
    def note(model: Any, x: Any) -> None:
        """Remember that the model fits arrays like x, if only numbers can be wrong with others."""
        if type(x) is not np.ndarray or any(
            type(layer).check_data is not Layer.check_data for layer in model.all_layers()
        ):
            return
        found = model.step_cache.get("prediction")
        if found is None or not found._holds(model):
            found = model.step_cache["prediction"] = Prediction(model)
        found._looks.add((x.shape[1:], x.dtype))

    def _holds(self, model: Any) -> bool:
        """Say whether the model is as it was."""
        return self._engine == _engine(model) and self._snapshot.holds()
