"""Pictures and arrays, with Keras's names: `load_img`, `img_to_array` and their kin.

A picture is an image of Pillow. `read_image` reads files as a viewer shows them, turned upright and
on white; `load_img` follows Keras, which does neither.
"""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import config
from neurona.core import origin
from neurona.core.tensor import Tensor
from neurona.data.image_file import ALWAYS, FORMATS, MAX_GROWTH, MAX_PIXELS, reason
from neurona.errors import (
    ArgumentError,
    DataError,
    FormatError,
    check_choice,
    check_file,
    check_sizes,
)
from neurona.ops.images import resize

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
GREY = ("L", "I;16", "I")  # modes that are grey already
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
LAYOUTS = ("channels_last", "channels_first")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Picture:
    """Return an image file as a picture of Pillow.

    Args:
        path: the file, or an `io.BytesIO`.
        color_mode: "rgb", "rgba" or "grayscale".
        target_size: (height, width) to resize to; None keeps the size.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: cut from the middle what has the shape of the target, and resize that.
    Raises:
        MissingDataError: there is no such file.
        FormatError: it is no image, a damaged one, or far larger than its file.
    """
    from PIL import Image

    check_choice("color_mode", color_mode, MODES)
    check_choice("interpolation", interpolation, INTERPOLATIONS)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    content = path if isinstance(path, io.BytesIO) else io.BytesIO(check_file(path).read_bytes())
    name = "the image" if content is path else str(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are ours to check
            picture: Picture = Image.open(content, formats=FORMATS)
            limit = max(ALWAYS, min(MAX_PIXELS, MAX_GROWTH * content.getbuffer().nbytes))
            if picture.width * picture.height > limit:
                raise FormatError(
                    f"{name}: the image is too large.",
                    got=f"{picture.height} x {picture.width} pixels",
                    expected=f"{limit} pixels at most",
                    hint="nn.data.image_file.read_image(path, max_pixels=...), if you trust it",
                )
            if not (color_mode == "grayscale" and picture.mode in GREY):
                picture = picture.convert(MODES[color_mode])
            picture.load()
    except FormatError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise FormatError(
            f"{name}: the image cannot be read.",
            got=reason(error),
            hint="remove or replace the file",
        ) from None
    if target_size is None:
        return picture
    height, width = check_sizes("target_size", target_size, 2)
    if picture.size == (width, height):
        return picture
    box = middle(picture.size, width, height) if keep_aspect_ratio else None
    method = getattr(Image.Resampling, interpolation.upper())
    return picture.resize((width, height), method, box=box)


def middle(size: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the largest part of such a shape."""
    crop_height = min(size[1], size[0] * height // width)
    crop_width = min(size[0], size[1] * width // height)
    left, top = (size[0] - crop_width) // 2, (size[1] - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Return a picture as an array (H, W, C).

    Args:
        img: a picture of Pillow, or an array (H, W) or (H, W, C).
        data_format: "channels_last", or "channels_first" for (C, H, W).
        dtype: of the array, the library's float type by default.
    Raises:
        DataError: it has another rank.
    """
    first = _format(data_format) == "channels_first"
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 3:
        return x.transpose(2, 0, 1) if first else x
    if x.ndim == 2:
        return x[None] if first else x[..., None]
    raise DataError("a picture has two or three axes.", got=str(x.shape), expected="(H, W, C)")


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Picture:
    """Return an array (H, W, C) as a picture of Pillow.

    Args:
        x: numbers; C is 1 for grey, 3 for RGB, 4 for RGBA.
        data_format: "channels_last", or "channels_first" for (C, H, W).
        scale: whether to stretch them so that the least is 0 and the largest 255.
        dtype: type in which that is computed.
    Raises:
        DataError: it has another rank or number of channels.
    """
    from PIL import Image

    x = np.array(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise DataError("an image has three axes.", got=str(x.shape), expected="(H, W, C)")
    if _format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        if largest := np.max(x):
            x /= largest
        x *= 255
    if x.shape[2] not in (1, 3, 4):
        raise DataError(
            "an image has 1, 3 or 4 channels.",
            got=str(x.shape),
            hint='data_format="channels_first"' if x.shape[0] in (1, 3, 4) else "",
        )
    if x.shape[2] > 1:
        return Image.fromarray(np.ascontiguousarray(x.astype(np.uint8)))
    grey = x[..., 0]
    return Image.fromarray(grey.astype(np.int32 if grey.max() > 255 else np.uint8))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array (H, W, C) to an image file.

    Args:
        path: the file, or something with `write`.
        x, data_format, scale: see `array_to_img`.
        file_format: "png", "jpeg", ...; None takes the ending of the path.
        kwargs: what Pillow's `save` takes, such as `quality=90`.
    """
    if file_format is None and isinstance(path, str | os.PathLike):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    picture = array_to_img(x, data_format, scale)
    if picture.mode == "RGBA" and file_format == "jpeg":
        origin.warn("JPEG has no transparency: the image is saved as RGB.")
        picture = picture.convert("RGB")
    picture.save(path, format=file_format or None, **kwargs)


def smart_resize(
    x: Any, size: tuple[int, int], interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> Any:  # fmt: skip
    """Return images of another size, without a change of shape: what does not fit is cut off.

    Shapes: x (H, W, C) or (B, H, W, C) -> (H', W', C) or (B, H', W', C).

    Args:
        x: an image or a batch, an array or a Tensor; the same comes back.
        size: (H', W').
        interpolation: see `ops.resize`.
        data_format: "channels_last", or "channels_first" for (C, H, W).
    Raises:
        DataError: another rank.
    """
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise ArgumentError("size is height and width.", got=repr(size), hint="size=(200, 200)")
    first = _format(data_format) == "channels_first"
    images = x if isinstance(x, Tensor) else np.asarray(x)
    if images.ndim not in (3, 4):
        raise DataError(
            "smart_resize takes an image or a batch.",
            got=str(images.shape),
            expected="(H, W, C) or (B, H, W, C)",
        )
    single = images.ndim == 3
    images = images[None] if single else images
    images = images.transpose(0, 2, 3, 1) if first else images
    height, width = images.shape[1:3]
    crop_height = max(min(height, int(width * size[0] / size[1])), 1)
    crop_width = max(min(width, int(height * size[1] / size[0])), 1)
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    images = images[:, top : top + crop_height, left : left + crop_width]
    found = resize(images, tuple(size), interpolation)
    found = found.transpose(0, 3, 1, 2) if first else found
    found = found[0] if single else found
    return found if isinstance(x, Tensor) else found.numpy()


def _format(data_format: str | None) -> str:
    if data_format is None:
        return config.image_data_format()
    return check_choice("data_format", data_format, LAYOUTS)
