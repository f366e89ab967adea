"""Where the windows of convolutions and pooling lie: sizes, padding by name, and their slices.

Along one axis of n elements, padded by (low, high), window o covers the padded elements
o * stride + k * dilation for k = 0 ... kernel - 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from neurona.core.shapes import Shape
from neurona.errors import ArgumentError, ShapeError, check_choice, check_sizes

Padding = tuple[tuple[int, int], ...]


CHANNELS_FIRST = "; are the channels first? np.moveaxis(x, 1, -1)"


def output_sizes(
    name: str, sizes: Shape, kernel: Shape, strides: Shape, padding: Padding, dilation: Shape
) -> Shape:
    """Return how many windows fit on each axis, (n + low + high - extent) // stride + 1."""
    result = []
    for n, k, s, (low, high), d in zip(sizes, kernel, strides, padding, dilation, strict=True):
        extent = (k - 1) * d + 1
        if low < 0 or high < 0:
            raise ShapeError(
                f"{name}: padding is never negative.", got=str(padding), hint="slice x instead"
            )
        if n + low + high < extent:
            raise ShapeError(
                f"{name}: the window is larger than the input.",
                got=f"window {extent} on an axis of {n}"
                + (f" + {low + high} padding" if low + high else ""),
                hint='padding="same", or a smaller kernel, pool size or dilation'
                + (CHANNELS_FIRST if sizes[0] in (1, 3) and min(sizes[1:], default=0) > 2 else ""),
            )
        result.append((n + low + high - extent) // s + 1)
    return tuple(result)


def explicit_padding(
    name: str, padding: Any, sizes: Shape, kernel: Shape, strides: Shape, dilation: Shape
) -> Padding:
    """Return the padding of a name, or explicit padding checked, as (low, high) for each axis.

    "valid" pads nothing. "same" gives ceil(n / stride) windows and puts the odd element at the
    end, as TensorFlow does. "causal" (one axis) pads the past only.

    >>> explicit_padding("conv1d", "same", (5,), (4,), (1,), (1,))
    ((1, 2),)
    """
    rank = len(sizes)
    if not isinstance(padding, str):
        return _checked(name, padding, rank)
    check_choice(
        f"{name}: padding", padding, ("valid", "same", *(("causal",) if rank == 1 else ()))
    )
    result = []
    for n, k, s, d in zip(sizes, kernel, strides, dilation, strict=True):
        extent = (k - 1) * d + 1
        if padding == "valid":
            result.append((0, 0))
        elif padding == "causal":
            result.append((extent - 1, 0))
        else:
            total = max((-(-n // s) - 1) * s + extent - n, 0)
            result.append((total // 2, total - total // 2))
    return tuple(result)


def _checked(name: str, padding: Any, rank: int) -> Padding:
    if isinstance(padding, int):
        padding = ((padding, padding),) * rank
    try:
        pairs = [check_sizes(f"{name}: padding", pair, 2, minimum=0) for pair in padding]
    except TypeError:
        pairs = []
    if len(pairs) != rank:
        raise ArgumentError(
            f"{name}: unknown padding.",
            got=repr(padding),
            expected=f'"valid", "same", an integer, or (low, high) for each of {rank} axes',
        )
    return tuple((low, high) for low, high in pairs)


def window_offsets(
    kernel: Shape, outputs: Shape, strides: Shape, dilation: Shape
) -> Iterator[tuple[Shape, tuple[slice, ...]]]:
    """Yield each offset in a window and the slice of padded (B, *S, C) that all windows have there.

    Pooling and convolutions loop over the few offsets and let NumPy loop over the many windows.
    """
    for offset in itertools.product(*map(range, kernel)):
        inner = [
            slice(k * d, k * d + (n - 1) * s + 1 if n else k * d, s)
            for k, n, s, d in zip(offset, outputs, strides, dilation, strict=True)
        ]
        yield offset, (slice(None), *inner, slice(None))


def padded(xp: Any, x: Any, padding: Padding, value: float) -> Any:
    """Return (B, *S, C) with the spatial axes surrounded by a value; x itself if by nothing."""
    if not any(low or high for low, high in padding):
        return x
    sizes = [n + low + high for n, (low, high) in zip(x.shape[1:-1], padding, strict=True)]
    y = xp.full((x.shape[0], *sizes, x.shape[-1]), value, dtype=x.dtype)
    return added(y, inside(x.shape[1:-1], padding), x, replace=True)


def inside(sizes: Sequence[int], padding: Padding) -> tuple[slice, ...]:
    """Return the slice of padded (B, *S, C) that is not padding."""
    inner = [slice(low, low + n) for n, (low, _) in zip(sizes, padding, strict=True)]
    return (slice(None), *inner, slice(None))


def added(y: Any, place: tuple, x: Any, replace: bool = False) -> Any:
    """Return y with x added at a place: in y itself, or a copy where arrays cannot be written."""
    if hasattr(y, "at"):  # jax.numpy
        return y.at[place].set(x) if replace else y.at[place].add(x)
    if replace:
        y[place] = x
    else:
        y[place] += x
    return y
