"""What surrounds a call of a layer: training or not, what is added to the loss, automatic names."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

from neurona.core.tensor import Tensor

_training: list[bool] = [False]
_added_losses: list[list[Tensor]] = []
_counts: Counter[str] = Counter()


def is_training() -> bool:
    """Say whether the surrounding call is part of training."""
    return _training[-1]


@contextlib.contextmanager
def in_training(training: bool) -> Iterator[None]:
    """Let layers that are called inside know whether this is training."""
    _training.append(training)
    try:
        yield
    finally:
        _training.pop()


@contextlib.contextmanager
def collect_losses() -> Iterator[list[Tensor]]:
    """Yield the list that receives what layers add to the loss inside."""
    _added_losses.append([])
    try:
        yield _added_losses[-1]
    finally:
        _added_losses.pop()


def add_loss(loss: Tensor) -> None:
    """Give a scalar to the innermost `collect_losses`, if there is one."""
    if _added_losses:
        _added_losses[-1].append(loss)


def automatic_name(cls: type) -> str:
    """Return the next free name for a class: dense, dense_1, dense_2."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
    _counts[name] += 1
    return name if _counts[name] == 1 else f"{name}_{_counts[name] - 1}"


def reset_names() -> None:
    """Start the automatic names anew."""
    _counts.clear()
