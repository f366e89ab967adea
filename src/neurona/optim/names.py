"""The optimisers by their names in `compile`."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError, unknown
from neurona.nn.description import published_classes
from neurona.optim import adagrad, adam, lbfgs, lion, rmsprop, sgd  # noqa: F401 - become known
from neurona.optim.optimizer import Optimizer

NAMES: dict[str, type[Optimizer]] = {
    name.lower(): cls
    for name, cls in published_classes("optimizers").items()
    if cls is not Optimizer
}


def get(identifier: Any) -> Optimizer:
    """Return an optimiser by name (in any case) or class, or the object itself.

    >>> get("rmsprop")
    <RMSprop 'RMSprop'>
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        if identifier.lower() not in NAMES:
            raise unknown("optimizer", identifier, NAMES)
        return NAMES[identifier.lower()]()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    raise ArgumentError("an optimizer is a name or an Optimizer.", got=repr(identifier))
