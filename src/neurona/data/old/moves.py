"""Moves and colours of one image, as Keras's old functions make them; all in NumPy.

An image is moved by looking up, for each of its pixels, where it was: linear between pixels, and
beyond the border as `fill_mode` says. Random functions draw from NumPy's global generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.pictures import array_to_img, img_to_array
from neurona.data.random_state import as_random_state
from neurona.errors import ArgumentError, DataError, check_choice


def numpy_random() -> np.random.RandomState:
    """Return NumPy's global generator, which all of this draws from."""
    return as_random_state(None)


FILL_MODES = ("nearest", "constant", "reflect", "wrap")


def apply_affine_transform(
    x: Any,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Turn, move, shear and zoom an image about its middle.

    Args:
        x: the image, three axes.
        theta: degrees to turn.
        tx, ty: how many pixels further right and down each is looked up.
        shear: degrees.
        zx, zy: of columns and rows; more than 1 shows more.
        row_axis, col_axis, channel_axis: which axis is which; channels are first or last.
        fill_mode: beyond the border: "nearest", "constant", "reflect" or "wrap".
        cval: the constant.
        order: 0 takes the nearest pixel, 1 is linear.
    Raises:
        DataError: x is no image.
        ArgumentError: other axes, another order or fill mode.
    """
    x = np.asarray(x)
    if x.ndim != 3:
        raise DataError("an image has three axes.", got=str(x.shape))
    if {row_axis, col_axis, channel_axis} != {0, 1, 2} or channel_axis == 1:
        raise ArgumentError(
            "the axes of an image are 0, 1 and 2, channels first or last.",
            got=f"row_axis={row_axis}, col_axis={col_axis}, channel_axis={channel_axis}",
        )
    check_choice("fill_mode", fill_mode, FILL_MODES)
    if order not in (0, 1):
        raise ArgumentError(
            "images are looked up by order 0, the nearest pixel, or 1, linear.", got=repr(order)
        )
    matrix = affine_matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    axes = (row_axis, col_axis, channel_axis)
    image = x.transpose(axes)
    linear = matrix[1::-1, 1::-1]  # (x, y) is (column, row)
    middle = (np.array(image.shape[:2]) - 1) / 2
    offset = middle - linear @ middle + matrix[1::-1, 2]
    found = looked_up(image, linear, offset, order, fill_mode, cval).astype(x.dtype)
    return found.transpose(np.argsort(axes))


def affine_matrix(
    theta: float, tx: float, ty: float, shear: float, zx: float, zy: float
) -> np.ndarray | None:
    """Return the map from new to old places (3, 3), about the origin; None if nothing moves."""
    matrix = np.eye(3)
    if theta:
        c, s = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
        matrix = matrix @ [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    if tx or ty:
        matrix = matrix @ [[1, 0, tx], [0, 1, ty], [0, 0, 1]]
    if shear:
        c, s = np.cos(np.deg2rad(shear)), np.sin(np.deg2rad(shear))
        matrix = matrix @ [[1, -s, 0], [0, c, 0], [0, 0, 1]]
    if zx != 1 or zy != 1:
        matrix = matrix @ np.diag([zx, zy, 1])
    moves = theta or tx or ty or shear or zx != 1 or zy != 1
    return matrix if moves else None


def looked_up(
    image: np.ndarray, linear: np.ndarray, offset: np.ndarray, order: int, mode: str, cval: float
) -> np.ndarray:
    """y[p] = x[linear p + offset], for all places p = (row, column).

    Shapes: image (H, W, C) -> y (H, W, C) float64.
    """
    sizes = image.shape[:2]
    grid = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij")).reshape(2, -1)
    places = linear @ grid + offset[:, None]  # (2, H W)
    outside = np.zeros(places.shape[1], bool)
    nearest, shares = [], []
    for place, size in zip(places, sizes, strict=True):
        if mode == "constant":
            outside |= (place < 0) | (place > size - 1)
        place = _within(place, size, mode)
        first = np.floor(place + (0.5 if order == 0 else 0)).astype(int)
        shares.append(place - first if order else np.zeros_like(place))
        nearest.append([_index(first + more, size, mode) for more in (0, 1)])
    (top, bottom), (left, right) = nearest
    down, along = (share[:, None] for share in shares)
    found = image[top, left] * (1 - down) * (1 - along)
    if order:
        found = found + image[top, right] * (1 - down) * along
        found += image[bottom, left] * down * (1 - along) + image[bottom, right] * down * along
    found[outside] = cval
    return found.reshape(image.shape)


def _within(place: np.ndarray, size: int, mode: str) -> np.ndarray:
    """Return places moved into the image: as scipy.ndimage does it, to the bit."""
    if mode == "wrap" and size > 1:  # the last pixel is the first of the next round
        before, behind = size - 1 - np.mod(-place, size - 1), np.mod(place, size - 1)
        return np.where(place < 0, before, np.where(place > size - 1, behind, place))
    if mode == "reflect":
        folded = np.mod(place, 2 * size)
        return np.where(folded < size, folded, 2 * size - 1 - folded)
    return np.clip(place, 0, size - 1)


def _index(index: np.ndarray, size: int, mode: str) -> np.ndarray:
    """Return indices within the image; "reflect" mirrors them about its edge."""
    if mode == "reflect":
        index = np.mod(index, 2 * size)
        return np.where(index < size, index, 2 * size - 1 - index)
    return np.clip(index, 0, size - 1)


def apply_channel_shift(x: Any, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """Add a number to an image, within its least and largest value."""
    x = np.asarray(x)
    return np.clip(x + intensity, x.min(), x.max()).astype(x.dtype)


def apply_brightness_shift(
    x: Any, brightness: float, scale: bool = True, data_format: str | None = None
) -> np.ndarray:
    """Make an image brighter by a factor, in 256 steps.

    Args:
        x: an image.
        brightness: the factor.
        scale: whether its numbers are stretched to 0 to 255 first; what lies beyond always is.
        data_format: "channels_last" or "channels_first".
    """
    from PIL import ImageEnhance

    x = np.asarray(x)
    low, high = x.min(), x.max()
    beyond = bool(low < 0 or high > 255)
    picture = array_to_img(x, data_format, scale=beyond or scale)
    found = img_to_array(ImageEnhance.Brightness(picture).enhance(brightness), data_format)
    return found / 255 * (high - low) + low if beyond and not scale else found


def random_rotation(
    x: Any, rg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """Turn an image by up to `rg` degrees."""
    theta = numpy_random().uniform(-rg, rg)
    axes = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, theta, 0, 0, 0, 1, 1, *axes)


def random_shift(
    x: Any, wrg: float, hrg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """Move an image by up to these shares of its width and height."""
    x = np.asarray(x)
    ty = numpy_random().uniform(-hrg, hrg) * x.shape[row_axis]
    tx = numpy_random().uniform(-wrg, wrg) * x.shape[col_axis]
    axes = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, 0, tx, ty, 0, 1, 1, *axes)


def random_shear(
    x: Any, intensity: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """Shear an image by up to `intensity` degrees."""
    shear = numpy_random().uniform(-intensity, intensity)
    axes = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, 0, 0, 0, shear, 1, 1, *axes)


def random_zoom(
    x: Any, zoom_range: Any, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """Zoom rows and columns of an image by two numbers in a range."""
    zx, zy = (1, 1) if tuple(zoom_range) == (1, 1) else numpy_random().uniform(*pair(zoom_range), 2)
    axes = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, 0, 0, 0, 0, zx, zy, *axes)


def random_channel_shift(x: Any, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """Add a number of up to `intensity_range` to an image."""
    return apply_channel_shift(x, numpy_random().uniform(-intensity_range, intensity_range))


def random_brightness(x: Any, brightness_range: Any, scale: bool = True) -> np.ndarray:
    """Make an image brighter by a factor in a range."""
    return apply_brightness_shift(x, numpy_random().uniform(*pair(brightness_range)), scale)


def pair(values: Any) -> tuple[float, float]:
    """Return a range as two numbers.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(values, list | tuple) or len(values) != 2:
        raise ArgumentError("a range is two numbers.", got=repr(values), hint="(0.8, 1.2)")
    return float(values[0]), float(values[1])
