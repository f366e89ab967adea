"""The optimisers by their names in `compile`."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError, unknown
from neurona.optim.adagrad import Adadelta, Adagrad
from neurona.optim.adam import Adam, Adamax, AdamW, Nadam
from neurona.optim.lbfgs import LBFGS
from neurona.optim.lion import Lion
from neurona.optim.optimizer import Optimizer
from neurona.optim.rmsprop import RMSprop
from neurona.optim.sgd import SGD

NAMES: dict[str, type[Optimizer]] = {
    cls.__name__.lower(): cls
    for cls in (SGD, Adagrad, Adadelta, RMSprop, Adam, AdamW, Adamax, Nadam, Lion, LBFGS)
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
