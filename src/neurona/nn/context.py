"""What surrounds a call of a layer: training or not, what is added to the loss, names, a lock."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from neurona.core.ambient import ambient, within
from neurona.core.fork import Lock
from neurona.core.tensor import Tensor


def is_training() -> bool:
    """Say whether the surrounding call is part of training."""
    return ambient.training


@contextlib.contextmanager
def in_training(training: bool) -> Iterator[None]:
    """Let layers that are called inside know whether this is training."""
    before, ambient.training = ambient.training, training  # as `within`, in half of the time
    try:
        yield
    finally:
        ambient.training = before


@contextlib.contextmanager
def collect_losses() -> Iterator[list[Tensor]]:
    """Yield the list that receives what layers add to the loss inside."""
    found: list[Tensor] = []
    with within(added_losses=found):
        yield found


def added_losses() -> list[Tensor]:
    """Return what was added to the loss since the innermost `collect_losses` began."""
    return ambient.added_losses or []


def add_loss(loss: Tensor) -> None:
    """Give a scalar to the innermost `collect_losses`, if there is one."""
    if ambient.added_losses is not None:
        ambient.added_losses.append(loss)


def snake_case(name: str) -> str:
    """Return a class's name as Keras spells it in lower case.

    >>> snake_case("LayerNorm"), snake_case("F1Score"), snake_case("MeanIoU"), snake_case("AUC")
    ('layer_norm', 'f1_score', 'mean_io_u', 'auc')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic_name(name: str) -> str:
    """Return the next free name for a class or op: dense, dense_1, dense_2."""
    name, names = snake_case(name), ambient.names
    names[name] += 1
    return name if names[name] == 1 else f"{name}_{names[name] - 1}"


def reset_names() -> None:
    """Start the automatic names of this thread anew."""
    ambient.names.clear()


_building = Lock()


def building() -> AbstractContextManager[Any]:
    """Be the one thread that builds a layer: two may call a new one."""
    return _building.now
