"""What `compile` was given, and where the optimiser is, as Keras writes both."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.errors import NeuronaError
from neurona.nn.description import LIBRARY, rebuild
from neurona.nn.parameter import Parameter
from neurona.optim.optimizer import Optimizer
from neurona.train.keras_files.hdf5 import Reader
from neurona.train.keras_files.writing import Unwritable, written

_SETTINGS = (
    "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution",
    "jit_compile",
)  # fmt: skip
_IN_FULL = {
    "bce": "binary_crossentropy", "kld": "kl_divergence", "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error", "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}  # fmt: skip
# Slots as Keras makes them: one group after the other, a group's slots weight by weight
_SLOTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "SGD": (("velocity",),),
    "Adam": (("momentum", "velocity"), ("largest",)),
    "AdamW": (("momentum", "velocity"), ("largest",)),
    "RMSprop": (("velocity",), ("momentum",), ("average_gradient",)),
    "Adagrad": (("accumulator",),),
    "Adadelta": (("accumulator", "accumulated_step"),),
    "Adamax": (("momentum", "norm"),),
    "Ftrl": (("accumulator", "linear"),),
    "Lamb": (("momentum", "velocity"),),
    "Lion": (("momentum",),),
}


def settings(model: Any) -> dict[str, Any] | None:
    """Return the settings of a compiled model for Keras; None if it has not all that is in them."""
    if not model.compiled or model.overrides("compile"):
        return None
    given = model._training.arguments
    try:
        optimizer = written(model.optimizer)
        return {"optimizer": optimizer, **{k: written(given.get(k)) for k in _SETTINGS}}
    except Unwritable:
        return None


def spelled_out(value: Any) -> Any:
    """Return settings with names in full: Keras does not find the short ones of an `.h5`."""
    if isinstance(value, dict):
        return {k: spelled_out(v) for k, v in value.items()}
    if isinstance(value, list):
        return [spelled_out(v) for v in value]
    return _IN_FULL.get(value, value) if isinstance(value, str) else value


def row(optimizer: Any) -> list[tuple[str, Parameter | None, Parameter]] | None:
    """Return the state of an optimiser in Keras's order, as (slot, of which weight, Parameter).

    None if Keras keeps another state for this rule.
    """
    groups = _SLOTS.get(type(optimizer).__name__)
    plain = isinstance(optimizer, Optimizer) and type(optimizer).__module__.startswith("neurona.")
    if groups is None or not plain or optimizer._added or optimizer.use_ema:
        return None
    found: list[tuple[str, Parameter | None, Parameter]] = [
        ("iterations", None, optimizer._iterations)
    ]
    if optimizer._schedule is None:
        found.append(("learning_rate", None, optimizer._rate))
    for group in groups:
        names = [n for n in group if n in optimizer.state]
        for i, p in enumerate(optimizer.parameters):
            found += [(name, p, optimizer.state[name][i]) for name in names]
    return found


def compile_as(
    model: Any, told: Any, custom_objects: Mapping[str, Any] | None, file: str
) -> Any | None:
    """Compile a model with what Keras wrote; a warning says if that cannot be done.

    Returns:
        the optimizer, or None.
    """
    if not isinstance(told, dict) or not told:  # Keras says {} of a model that is not compiled
        return None
    try:
        optimizer = _optimizer(told.get("optimizer", told.get("optimizer_config")), custom_objects)
        given = {k: _read(told.get(k), custom_objects) for k in _SETTINGS if k in told}
        model.compile(optimizer, **given)
    except (NeuronaError, TypeError) as error:
        reason = error.rule if isinstance(error, NeuronaError) else str(error)
        origin.warn(f"the model of {file} is not compiled, since {reason} Compile it yourself.")
        return None
    return model.optimizer


def _read(value: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        keys = ("class_name", "config", "module", "registered_name")
        return rebuild({k: value[k] for k in keys if k in value}, custom_objects)
    if isinstance(value, dict):
        return {k: _read(v, custom_objects) for k, v in value.items()}
    if isinstance(value, list):
        return [_read(v, custom_objects) for v in value]
    return value


def _optimizer(told: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return the optimiser; what older versions wrote besides its arguments is left out."""
    match told:
        case {"class_name": str(name), "config": dict(config)}:
            cls = LIBRARY.get(f"optimizers.{name}")
            if cls is not None:
                taken = inspect.signature(cls).parameters
                config = {k: v for k, v in config.items() if k in taken and v is not None}
            return _read({**told, "config": config}, custom_objects)
    return told


def restore(reader: Reader, places: list[str], optimizer: Any, model: Any) -> None:
    """Give an optimiser the state that is in a file; a warning says if it is of another kind."""
    if not places or not isinstance(optimizer, Optimizer):
        return
    shapes = [reader.shape(place) for place in places]
    if any(shapes):  # else it has only counted
        optimizer.ensure_built(model.trainable_weights)
    targets = row(optimizer)
    if targets is None or shapes != [p.shape for _, _, p in targets]:
        origin.warn(
            f"the optimizer of {reader.name} begins anew: its state is of another kind there."
        )
        return
    for place, (_, _, p) in zip(places, targets, strict=True):
        p.assign(np.asarray(reader.array(place), p.dtype))
