"""What the `call` of a layer takes besides its inputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Takes:
    """What a `call` takes.

    Attributes:
        names: of its arguments, in order, without self.
        training: whether it is told that this is training.
        before_training: how many arguments stand before that one.
        mask: whether it has an argument `mask`, for the mask of the first input.
        masks: name -> name of the argument that takes its mask: value -> value_mask.
    """

    names: tuple[str, ...]
    training: bool
    before_training: int
    mask: bool
    masks: dict[str, str]


@functools.cache
def taken_by(call: Callable) -> Takes:
    """Return what the function of a class takes."""
    parameters = inspect.signature(call).parameters
    names = tuple(parameters)[1:]
    masks = {name: f"{name}_mask" for name in names if f"{name}_mask" in parameters}
    told = "training" in names
    before = names.index("training") if told else len(names)
    return Takes(names, told, before, "mask" in parameters, masks)


def by_name(takes: Takes, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, Any]:
    """Return the arguments before `training`, and that; those behind it go among the named ones."""
    training, *behind = args[takes.before_training :]
    for name, value in zip(takes.names[takes.before_training + 1 :], behind, strict=False):
        kwargs.setdefault(name, value)
    return args[: takes.before_training], training


def open_batch(shapes: list[tuple]) -> Any:
    """Return shapes with None for the batch axis: one alone, or the list of several.

    >>> open_batch([(32, 3)])
    (None, 3)
    """
    opened = [(None, *shape[1:]) if shape else shape for shape in shapes]
    return opened[0] if len(opened) == 1 else opened
