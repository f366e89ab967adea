"""The losses by name: `get("mse")`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from neurona.errors import ArgumentError, unknown
from neurona.nn.custom import CustomObjectScope, custom
from neurona.nn.description import looked_up, publish, published_classes
from neurona.nn.losses import (  # noqa: F401 - their classes become known
    binary,
    categorical,
    circle,
    ctc,
    divergence,
    generalized,
    margin,
    overlap,
    regression,
)
from neurona.nn.losses.crossentropy import Crossentropy
from neurona.nn.losses.loss import FunctionLoss, Loss
from neurona.nn.serialization import serialize as serialize

FUNCTIONS: dict[Callable, type[Loss]] = {
    cls.function: cls for cls in published_classes("losses").values() if cls.function is not None
}
publish("losses", *FUNCTIONS)
ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
}
NAMES: dict[str, type[Loss]] = {
    **{function.__name__: cls for function, cls in FUNCTIONS.items()},
    "crossentropy": Crossentropy,
    "ce": Crossentropy,
}
NAMES.update({alias: NAMES[name] for alias, name in ALIASES.items()})
NAMES.update(
    {alias.upper(): NAMES[alias] for alias in ("mse", "mae", "mape", "msle", "bce", "kld")}
)
NAMES.update({cls.__name__: cls for cls in set(NAMES.values())})


def get(identifier: Any) -> Loss | None:
    """Return a loss by name, by class, or around a function; None stays None.

    Whatever is given, the answer is a Loss: called on a batch it gives one number. "crossentropy"
    (or "ce") is the cross-entropy that fits the shapes.

    Raises:
        ArgumentError: if there is no such loss; names the nearest.

    >>> get("mse")([[1.0]], [[3.0]]).item()
    4.0
    """
    if isinstance(identifier, str) and identifier not in NAMES and custom(identifier) is None:
        raise unknown("loss", identifier, [n for n in NAMES if n.islower()])
    identifier = looked_up("loss", identifier, NAMES)
    if identifier is None or isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, partial) and not identifier.args and identifier.func in FUNCTIONS:
        return FUNCTIONS[identifier.func](**identifier.keywords)
    if callable(identifier):
        known = FUNCTIONS.get(identifier)
        return known() if known is not None else FunctionLoss(identifier)
    raise ArgumentError(
        "a loss is a name, a Loss or a function (y_true, y_pred).", got=repr(identifier)
    )


def deserialize(config: Any, custom_objects: Any = None) -> Loss | None:
    """Return the loss that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)
