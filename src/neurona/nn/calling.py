"""What the `call` of a layer takes besides its inputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Takes:
    """What a `call` takes.

    Attributes:
        names: of its arguments, in order, without self.
        training: whether it is told that this is training.
        mask: whether it has an argument `mask`, for the mask of the first input.
        masks: name -> name of the argument that takes its mask: value -> value_mask.
    """

    names: tuple[str, ...]
    training: bool
    mask: bool
    masks: dict[str, str]


@functools.cache
def taken_by(call: Callable) -> Takes:
    """Return what the function of a class takes."""
    parameters = inspect.signature(call).parameters
    names = tuple(parameters)[1:]
    masks = {name: f"{name}_mask" for name in names if f"{name}_mask" in parameters}
    return Takes(names, "training" in parameters, "mask" in parameters, masks)
