"""What the axes of a layer's input are, and the checks that all layers of images share."""

from __future__ import annotations

from typing import Any

from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, unknown

VECTORS = ("batch", "features")
SEQUENCES = ("batch", "time", "channels")
IMAGES = ("batch", "height", "width", "channels")
SPATIAL = {1: SEQUENCES, 2: IMAGES}


def checked_axis(axis: Any) -> Any:
    """Return an axis as an integer, or several as a tuple of integers.

    >>> checked_axis(-1), checked_axis([1, 2])
    (-1, (1, 2))
    """
    if isinstance(axis, list | tuple):
        return tuple(check_integer("axis", a) for a in axis)
    return check_integer("axis", axis)


def check_axes(layer: Any, x: Tensor | Shape, axes: tuple[str, ...]) -> None:
    """Raise a ShapeError if x, or a shape, does not have these axes."""
    shape = x if isinstance(x, tuple) else getattr(x, "shape", None)
    if shape is None or len(shape) != len(axes):
        raise ShapeError(
            f"{type(layer).__name__}: the number of axes is wrong.",
            got=f"x {shape}" if shape is not None else f"a {type(x).__name__}",
            expected=f"x ({', '.join(axes)})",
            hint=_missing_axis(shape, axes),
        )


def _missing_axis(shape: Shape | None, axes: tuple[str, ...]) -> str:
    """Return what helps where one axis is missing, which is mostly the last."""
    if shape is None or len(shape) != len(axes) - 1:
        return ""
    return f"x[..., None] adds an axis of {axes[-1]}; x[None] makes a batch of one sample"


def check_channels_last(data_format: Any) -> None:
    """Raise an ArgumentError for `data_format="channels_first"`, and say what to do instead."""
    if data_format in (None, "channels_last"):
        return
    if data_format == "channels_first":
        raise ArgumentError(
            "layers of neurona have the channels last.",
            got='data_format="channels_first"',
            expected='"channels_last" or None',
            hint="Permute((2, 3, 1)) before the layer turns (batch, channels, height, width) into "
            "(batch, height, width, channels)",
        )
    raise unknown("data_format", data_format, ("channels_last",))


def check_pairs(name: str, value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """Return (before, after) for each of `rank` axes, from an integer, integers or pairs.

    >>> check_pairs("padding", (1, (2, 3)), 2)
    ((1, 1), (2, 3))
    """
    values = tuple(value) if isinstance(value, list | tuple) else (value,) * rank
    if len(values) != rank:
        raise ArgumentError(
            f"{name} has the wrong length.",
            got=repr(value),
            expected=f"an integer, or {rank} integers or pairs",
        )
    pairs = []
    for v in values:
        pair = tuple(v) if isinstance(v, list | tuple) else (v, v)
        if len(pair) != 2:
            raise ArgumentError(f"{name}: a pair has two integers.", got=repr(v))
        pairs.append(
            (check_integer(name, pair[0], minimum=0), check_integer(name, pair[1], minimum=0))
        )
    return tuple(pairs)
