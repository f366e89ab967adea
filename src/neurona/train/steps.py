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
from neurona.nn.front import fed
from neurona.nn.layer import Layer
from neurona.nn.parameter import Parameter, rehearsal
from neurona.nn.snapshot import Snapshot
from neurona.train import state
from neurona.train.arrays import sample_shapes
from neurona.train.before import with_front
from neurona.train.data import pack
from neurona.train.observed import ObservedStep
from neurona.train.serving import PredictionStep
from neurona.train.step import Step

STEPS = 2  # of a kind that are kept: what is set to and fro, as `trainable`, is compiled once


def rehearse(model: Any, batch: tuple, kind: str) -> None:
    """Run the model, and a step that the user wrote, on abstract tensors, once for each kind."""
    x, y, weight = batch
    custom = model.overrides(f"{kind}_step")
    callable_ = model._network is not None or model.overrides("call")
    compiled = model._training.losses
    known = compiled.outputs is not None or kind == "predict" or custom
    if callable_ and not (model.built and known):
        y_pred = abstract_outputs(model, x)
        if kind != "predict" and not compiled.outputs:  # metrics make their totals here
            compiled.build(y, y_pred, model.output_names)
            compiled.fed = sample_shapes(x)
    if custom and f"rehearsed {kind}" not in model._training.steps:
        abstractly(runner(model, kind), x, y, weight)
        model._training.steps[f"rehearsed {kind}"] = None
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
    with fed(model._network):
        abstractly(lambda x: outputs.append(model(x, training=False)), x)
    return outputs[0]


# --- steps -------------------------------------------------------------------------------------


def runner(model: Any, kind: str) -> Callable:
    """Return the function of a batch that a step compiles."""

    def run(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        method = getattr(model, f"{kind}_step")
        with in_training(kind == "train"), collect_losses(), fed(model._network):
            return method(pack(x, y, sample_weight))

    return run


class Known:
    """A compiled step, and what it was made of; it is used while that is as it was.

    Attributes:
        step: the Step.
        looks: of arrays that were found to fit, see `prediction_for`.
    """

    def __init__(self, model: Any, kind: str, parameters: list[Parameter]) -> None:
        self.engine, self.looks = engine_of(model), set[Any]()
        self._asked = asked = model._training.observed
        written = model._training.steps.setdefault("written", set())
        self._snapshot = Snapshot(read_by(model, kind), written, learning=kind != "predict")
        self.step: Any
        run, pass_over = runner(model, kind), self._snapshot.pass_over
        if asked.names:
            self.step = ObservedStep(run, parameters, self.engine, asked, kind, pass_over)
        else:
            make = PredictionStep if kind == "predict" else Step
            self.step = make(run, parameters, self.engine, kind != "train", pass_over)

    def holds(self, model: Any) -> bool:
        """Say whether the model is as it was."""
        asked = model._training.observed is self._asked
        return asked and self.engine == engine_of(model) and self._snapshot.holds()


def _known(model: Any, kind: str) -> Known | None:
    """Return the step of a kind if there is one for the model as it is."""
    return next((k for k in model._training.steps.get(kind, ()) if k.holds(model)), None)


def _step(model: Any, kind: str, parameters: list[Parameter]) -> Any:
    """Return a new step of a kind, for the model as it is now."""
    made = Known(model, kind, parameters)
    model._training.steps[kind] = [made, *model._training.steps.get(kind, ())][:STEPS]
    return made.step


def read_by(model: Any, kind: str) -> list[Any]:
    """Return all whose attributes a step may read when it is traced."""
    if kind == "predict":
        return model.all_layers()
    compiled = model._training.losses
    optimizers = state.all_optimizers_of(model).values()
    return [
        *model.all_layers(), *state.metrics_of(model), *optimizers, compiled,
        *(compiled.outputs or ()),
    ]  # fmt: skip


def engine_of(model: Any) -> str:
    """Return the name of the engine that runs the steps of a model."""
    return "eager" if model.run_eagerly else model._training.engine or config.engine()


def held(model: Any) -> list[Parameter]:
    """Return the parameters and the metrics' totals."""
    return [*model.variables, *(p for m in state.metrics_of(model) for p in m.variables)]


def training_step(model: Any) -> Step:
    """Return the compiled training step."""
    if (known := _known(model, "train")) is not None:
        return known.step
    if not model.overrides("train_step") and (weights := model.trainable_weights):
        model.optimizer.ensure_built(weights)
    slots = [p for o in state.optimizers_of(model).values() for p in o.variables]
    return _step(model, "train", [*held(model), *slots])


def evaluation_step(model: Any) -> Step:
    """Return the compiled evaluation step."""
    known = _known(model, "test")
    return known.step if known is not None else _step(model, "test", held(model))


def prediction_step(model: Any) -> PredictionStep:
    """Return the compiled prediction."""
    known = _known(model, "predict")
    return known.step if known is not None else _step(model, "predict", held(model))


def prediction_for(model: Any, x: Any) -> PredictionStep | None:
    """Return the step for predictions if the model is known to fit arrays like x, samples aside.

    To find out what a model consists of takes far longer than to predict for a single sample.
    """
    if type(x) is np.ndarray and model._training.run is None:
        for known in model._training.steps.get("predict", ()):
            if (x.shape[1:], x.dtype) in known.looks and known.holds(model):
                return known.step
    return None


def note_fit(model: Any, x: Any) -> None:
    """Remember that the model fits arrays like x, if only numbers can be wrong with others."""
    if (
        type(x) is not np.ndarray
        or with_front(model, x) is not None
        or any(type(layer).check_data is not Layer.check_data for layer in model.all_layers())
    ):
        return
    if (known := _known(model, "predict")) is not None:
        known.looks.add((x.shape[1:], x.dtype))
