"""What every optimiser takes besides its own arguments, checked; and what older scripts say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypedDict

from neurona.core import origin
from neurona.errors import ArgumentError, check_integer, check_number

CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "weight_decay": functools.partial(check_number, low=0),
    "clipnorm": functools.partial(check_number, low=0, open=True),
    "clipvalue": functools.partial(check_number, low=0, open=True),
    "global_clipnorm": functools.partial(check_number, low=0, open=True),
    "use_ema": lambda _, value: bool(value),
    "ema_momentum": functools.partial(check_number, low=0, high=1),
    "ema_overwrite_frequency": functools.partial(check_integer, minimum=1),
    "loss_scale_factor": functools.partial(check_number, low=0, open=True),
    "gradient_accumulation_steps": functools.partial(check_integer, minimum=2),
    "name": lambda _, value: str(value),
    "decay": functools.partial(check_number, low=0),
}


class OptimizerOptions(TypedDict, total=False):
    """What every optimiser takes: see `Optimizer`."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class OlderOptimizerOptions(OptimizerOptions, total=False):
    """And what older scripts say: lr for learning_rate, decay for a schedule."""

    lr: Any
    decay: float | None


def warn_of_lr() -> None:
    """Say what `lr` is called today."""
    origin.warn("`lr` is an older name of learning_rate: write that.")


def chosen_rate(learning_rate: Any, options: dict[str, Any], arguments: dict[str, Any]) -> Any:
    """Return the learning rate, also from what older scripts say, and take that out of the options.

    Args:
        learning_rate: as given, or the default.
        options: among which `lr` and `decay` may be.
        arguments: those of the constructor; what is kept of them says it in today's words.
    """
    if options.get("decay"):
        origin.warn(
            "`decay` is an older argument: the rate is learning_rate / (1 + decay * step). Keras 3 "
            "ignores it; write learning_rate=InverseTimeDecay(learning_rate, 1, decay)."
        )
    if (rate := options.pop("lr", None)) is None:
        return learning_rate
    if "learning_rate" in arguments:
        raise ArgumentError("lr is an older name of learning_rate: give one of them.")
    warn_of_lr()
    if "lr" in arguments:
        arguments["learning_rate"] = arguments.pop("lr")
    return rate
