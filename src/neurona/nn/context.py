"""What surrounds a call of a layer: training or not, what is added to the loss, automatic names."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

from neurona.core.tensor import Tensor
from neurona.errors import FormatError

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


def added_losses() -> list[Tensor]:
    """Return what was added to the loss since the innermost `collect_losses` began."""
    return _added_losses[-1] if _added_losses else []


def add_loss(loss: Tensor) -> None:
    """Give a scalar to the innermost `collect_losses`, if there is one."""
    if _added_losses:
        _added_losses[-1].append(loss)


_allowances: list[list[int]] = []


@contextlib.contextmanager
def limited_parameters(count: int) -> Iterator[None]:
    """Let layers that are built inside make so many numbers of parameters, all zero, and no more.

    For what is rebuilt from a file: its arrays come next, and the file may lie about the sizes.
    """
    _allowances.append([count])
    try:
        yield
    finally:
        _allowances.pop()


def from_allowance(count: int) -> bool:
    """Say whether parameters are to be zero, after taking `count` numbers from the allowance."""
    if not _allowances:
        return False
    _allowances[-1][0] -= count
    if _allowances[-1][0] < 0:
        raise FormatError("the architecture in the file needs more parameters than the file has.")
    return True


def snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in names of layers: LayerNorm -> layer_norm."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic_name(name: str) -> str:
    """Return the next free name for a class or op: dense, dense_1, dense_2."""
    name = snake_case(name)
    _counts[name] += 1
    return name if _counts[name] == 1 else f"{name}_{_counts[name] - 1}"


def reset_names() -> None:
    """Start the automatic names anew."""
    _counts.clear()
