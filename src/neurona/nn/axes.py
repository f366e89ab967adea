"""What the axes of a layer's input are, where the channels stand, and the checks that are shared.

All formulas have the channels last. A layer with `data_format="channels_first"` looks at its input
that way, and at its output the other way: transposes are views, and those of two layers that follow
each other cancel out.
"""

from __future__ import annotations

from typing import Any

from neurona import config, ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer

VECTORS = ("batch", "features")
SEQUENCES = ("batch", "time", "channels")
IMAGES = ("batch", "height", "width", "channels")
VOLUMES = ("batch", "depth", "height", "width", "channels")
SPATIAL = {1: SEQUENCES, 2: IMAGES, 3: VOLUMES}


def checked_axis(axis: Any) -> Any:
    """Return an axis as an integer, or several as a tuple of integers.

    >>> checked_axis(-1), checked_axis([1, 2])
    (-1, (1, 2))
    """
    if isinstance(axis, list | tuple):
        return tuple(check_integer("axis", a) for a in axis)
    return check_integer("axis", axis)


def only_axis(axis: Any) -> int:
    """Return an axis, also from a list of one, as older scripts give that of the channels.

    >>> only_axis([3])
    3
    """
    several = isinstance(axis, list | tuple) and len(axis) == 1
    return check_integer("axis", axis[0] if several else axis)


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
    if axes[1] == "channels":
        return "x[:, None] adds an axis of channels; x[None] makes a batch of one sample"
    return f"x[..., None] adds an axis of {axes[-1]}; x[None] makes a batch of one sample"


def set_data_format(layer: Any, data_format: Any) -> str:
    """Store where a layer has its channels: as given, or as `config.image_data_format()` says.

    It is remembered among the arguments, since the same layer may be made again where that says
    something else.
    """
    name = data_format.lower() if isinstance(data_format, str) else data_format
    name = config.image_data_format() if name is None else name
    layer.data_format = check_choice("data_format", name, config.DATA_FORMATS)
    if "data_format" in type(layer)._settings:
        layer.arguments["data_format"] = layer.data_format
    return layer.data_format


def channels_last(layer: Any, x: Any, axes: tuple[str, ...] | None = None) -> Any:
    """Return x, or a shape, with the channels last, wherever the layer has them.

    Args:
        layer: whose `data_format` says where, and whose `rank` which axes there are.
        x: its input, or the shape of that.
        axes: their names, where the rank does not tell.

    Raises:
        ShapeError: if x has other axes.
    """
    axes = axes or SPATIAL[layer.rank]
    if layer.data_format == "channels_last":
        check_axes(layer, x, axes)
        return x
    check_axes(layer, x, (axes[0], axes[-1], *axes[1:-1]))
    if isinstance(x, tuple):
        return (x[0], *x[2:], x[1])
    return ops.transpose(x, (0, *range(2, x.ndim), 1))


def as_given(layer: Any, y: Tensor) -> Tensor:
    """Return y, whose channels are last, with them where the layer's input has them."""
    if layer.data_format == "channels_last" or y.ndim == 2:
        return y
    return ops.transpose(y, (0, y.ndim - 1, *range(1, y.ndim - 1)))


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
