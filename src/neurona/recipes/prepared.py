"""What recipes write into their models' files: how digits are prepared, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.data.preparation import Images

DIGITS = tuple("0123456789")


def takes_digits(
    model: Any,
    size: tuple[int, int] = (28, 28),
    names: Sequence[str] | None = DIGITS,
    *,
    framing: str = "ink",
    largest: float = 255.0,
) -> None:
    """Tell a model that its samples are ink from 0 to 1, as in MNIST.

    Args:
        model: of samples (H, W), (H, W, 1) or (H * W,).
        size: (H, W).
        names: of its classes; None if it has none.
        framing: "ink" for a sign, "line" for a line of them.
        largest: number in the data set, by which it was divided.
    """
    shape = tuple((model.input_shape or ())[1:])
    model.preparation = Images(
        size,
        "grayscale",
        divide_by=255,
        framing=framing,
        shape=shape if shape and None not in shape else None,
        largest=largest,
    )
    model.class_names = names
