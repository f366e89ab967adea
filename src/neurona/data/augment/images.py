"""What every augmentation needs of its batch: a known rank, and its own element type back."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import DtypeError, ShapeError, check_number

FILL_MODES = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}


def as_images(name: str, x: Any) -> np.ndarray:
    """Return a batch as (B, H, W, C), a view of x; images without channels get C = 1.

    Raises:
        ShapeError: x is neither (B, H, W) nor (B, H, W, C).
        DtypeError: x holds no real numbers.
    """
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise ShapeError(
            f"{name} works on a batch of images.",
            got=f"x {x.shape}",
            expected="(B, H, W) or (B, H, W, C)",
            hint="x.reshape(-1, 28, 28) for flat MNIST rows; augment before flattening",
        )
    if x.dtype.kind not in "uif":
        raise DtypeError(
            f"{name} works on numbers.", got=str(x.dtype), expected="integers or floats"
        )
    return x if x.ndim == 4 else x[..., None]


def back_to(values: np.ndarray, x: Any) -> np.ndarray:
    """Return computed pixels in the type and rank of x; integers are rounded and clipped."""
    x = np.asarray(x)
    if x.dtype.kind != "f" and values.dtype != x.dtype:
        limits = np.iinfo(x.dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    values = values.astype(x.dtype, copy=False)
    return values if x.ndim == 4 else values[..., 0]


def fill_of(x: np.ndarray, fill_value: float) -> Any:
    """Return the fill value in the type of x, clipped to what an integer type can hold."""
    if x.dtype.kind != "f":
        limits = np.iinfo(x.dtype)
        fill_value = round(min(max(fill_value, limits.min), limits.max))
    return x.dtype.type(fill_value)


def pad(x: np.ndarray, rows: int, columns: int, fill_mode: str, fill_value: float) -> np.ndarray:
    """Add pixels on all sides, (B, H, W, C) -> (B, H + 2 rows, W + 2 columns, C)."""
    around = ((0, 0), (rows, rows), (columns, columns), (0, 0))
    if fill_mode == "constant":
        return np.pad(x, around, constant_values=fill_of(x, fill_value))
    return np.pad(x, around, FILL_MODES[fill_mode])  # type: ignore[call-overload]


def check_factor(
    name: str, factor: Any, *, low: float = -1.0, high: float = 1.0
) -> tuple[float, float]:
    """Return a factor as an interval: f means (-f, f), and a pair is taken as it is.

    >>> check_factor("factor", 0.2)
    (-0.2, 0.2)
    """
    if isinstance(factor, tuple | list) and len(factor) == 2:
        lower = check_number(name, factor[0], low=low, high=high)
        return lower, check_number(name, factor[1], low=lower, high=high)
    upper = check_number(name, factor, low=0.0, high=high)
    return max(-upper, low), upper
