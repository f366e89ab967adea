"""What all augmentations share: they change images in training, and leave them alone otherwise."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.dropout import check_seed
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import draw


class Augmentation(Layer):
    """In training a random change of each image, y = change(x); else y = x.

    Numbers are drawn for each image, from (seed, step) as all randomness: the same bits on every
    engine and for any number of threads. Images become floats, in training and otherwise.

    A subclass has `change`, of images with channels last.

    Args:
        data_format: "channels_last", or "channels_first", (B, C, H, W); what
            `nn.config.image_data_format()` says unless it is given.
        seed: for draws that do not depend on the global seed; each step has its own all the same.
    """

    rank = 2
    data_format: str

    def __init__(
        self,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.seed = check_seed(seed)
        set_data_format(self, data_format)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, H, W, C)
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        images = channels_last(self, x)
        if not training:
            return x
        with random.seeded(self.seed):
            y = self.change(images)
        return as_given(self, y)

    def change(self, x: Tensor) -> Tensor:
        """Return the changed images, (B, H, W, C) -> (B, H, W, C)."""
        raise NotImplementedError


def for_each(x: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Draw a number in [low, high) for each image, (B, 1, 1, 1)."""
    return draw.uniform((x.shape[0], 1, 1, 1), low, high, dtype=x.dtype)


def sign_for_each(x: Tensor) -> Tensor:
    """Draw 1 or -1 for each image, (B, 1, 1, 1)."""
    return 1 - 2 * (for_each(x) < 0.5).astype(x.dtype)


def check_factor(
    name: str, factor: Any, low: float = -1.0, high: float = 1.0, below: bool = True
) -> tuple[float, float]:
    """Return a factor as an interval; a pair is sorted, f means (-f, f), or (0, f) if not `below`.

    >>> check_factor("factor", 0.2), check_factor("factor", (0.3, 0.1))
    ((-0.2, 0.2), (0.1, 0.3))
    """
    if isinstance(factor, list | tuple):
        if len(factor) != 2:
            raise ArgumentError(
                f"{name} is a number or a pair.", got=repr(factor), hint=f"{name}=(-0.1, 0.1)"
            )
        first, last = sorted(check_number(name, f, low=low, high=high) for f in factor)
        return first, last
    size = abs(check_number(name, factor, low=low, high=high))
    return (max(-size, low) if below else 0.0), size


def check_range(value_range: Any) -> tuple[float, float]:
    """Return the least and the largest value of a pixel."""
    if not isinstance(value_range, list | tuple) or len(value_range) != 2:
        raise ArgumentError(
            "value_range is a pair.", got=repr(value_range), expected="(low, high), as (0, 255)"
        )
    low, high = (check_number("value_range", v) for v in value_range)
    if low >= high:
        raise ArgumentError(
            "value_range is empty.", got=repr(value_range), expected="a low below its high"
        )
    return low, high
