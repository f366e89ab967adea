"""The optimisers by their names in `compile`."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up, published_classes
from neurona.nn.serialization import deserialize_keras_object
from neurona.nn.serialization import serialize as serialize
from neurona.optim import (  # noqa: F401 - become known
    adafactor,
    adagrad,
    adam,
    ftrl,
    lamb,
    lbfgs,
    lion,
    loss_scale,
    muon,
    rmsprop,
    schedule_free,
    several,
    sgd,
)
from neurona.optim.optimizer import Optimizer

NAMES: dict[str, type[Optimizer]] = {
    name.lower(): cls
    for name, cls in published_classes("optimizers").items()
    if issubclass(cls, Optimizer) and cls is not Optimizer
}


def get(identifier: Any) -> Optimizer:
    """Return an optimiser by name (in any case) or class, or the object itself.

    >>> get("rmsprop")
    <RMSprop 'RMSprop'>
    """
    if isinstance(identifier, str) and identifier.lower() in NAMES:
        identifier = identifier.lower()
    found = looked_up("optimizer", identifier, NAMES)
    if isinstance(found, type) and issubclass(found, Optimizer):
        return found()
    if isinstance(found, Optimizer):
        return found
    raise ArgumentError("an optimizer is a name or an Optimizer.", got=repr(identifier))


def deserialize(config: Any, custom_objects: Any = None) -> Optimizer:
    """Return the optimiser that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    if isinstance(config, dict):
        return deserialize_keras_object(config, custom_objects)
    with CustomObjectScope(custom_objects):
        return get(config)
