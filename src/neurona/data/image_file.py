"""Image files as arrays: the one reader for image folders, the command line and whoever else."""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from neurona.errors import FormatError, check_choice, check_file, check_integer

MODES = {"grayscale": "L", "rgb": "RGB"}
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
ALWAYS = 2**22  # pixels that any file may have
MAX_PIXELS = 2**24  # that a file may have if it is large itself
MAX_GROWTH = 64  # pixels for a byte; a photo has some 4, a drawing can have hundreds


def read_image(
    path: str | os.PathLike[str],
    color_mode: str = "rgb",
    size: tuple[int, ...] | None = None,
    *,
    max_pixels: int | None = None,
    formats: tuple[str, ...] = FORMATS,
) -> np.ndarray:
    """Return an image file (H, W, C) uint8 as a viewer shows it, C 3 for "rgb", 1 for "grayscale".

    It is turned as its EXIF data say, what is transparent lies on white, 16 bits become the upper
    8, and of moving pictures the first one counts.

    Args:
        path: the file.
        color_mode: "rgb" or "grayscale".
        size: (height, width) to resize to, bilinear.
        max_pixels: refuse larger images before they are unpacked. None takes 4 million, or 64
            for each byte of the file up to 16 million, since a few kilobytes can hold gigabytes.
        formats: that the contents may have, in Pillow's names.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is no image, a damaged one, one of floats, or too large.
    """
    from PIL import Image

    mode, path = MODES[check_choice("color_mode", color_mode, MODES)], check_file(path)
    if max_pixels is None:
        limit = _limit(path)
    else:
        limit = check_integer("max_pixels", max_pixels, minimum=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of odd metadata, and of sizes, which are ours to check
            with Image.open(path, formats=formats) as file:
                _check_pixels(path, file.size, limit)
                picture = _as_shown(file).convert(mode)
        if size is not None:
            picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        pixels = np.asarray(picture, np.uint8)
    except FormatError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise FormatError(
            f"{path}: the image cannot be read.",
            got=reason(error),
            expected=f"a {', '.join(formats)} file",
            hint="remove or replace the file",
        ) from None
    return pixels if pixels.ndim == 3 else pixels[..., None]


def reason(error: Exception) -> str:
    """Return why Pillow could not read a file, without its name, which stands before."""
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "something else, or a damaged file"
    return str(error) or type(error).__name__


def _limit(path: Path) -> int:
    return max(ALWAYS, min(MAX_PIXELS, MAX_GROWTH * path.stat().st_size))


def _check_pixels(path: Path, size: tuple[int, int], limit: int) -> None:
    width, height = size
    if width * height > limit:
        raise FormatError(
            f"{path}: the image is too large.",
            got=f"{height} x {width} pixels in {path.stat().st_size} bytes",
            expected=f"{limit} pixels at most",
            hint=f"max_pixels={width * height}, if you trust the file",
        )


def _as_shown(file: Any) -> Any:
    """Return a picture of 8 bits, upright and without transparency."""
    from PIL import Image, ImageOps

    picture = file
    with contextlib.suppress(Exception):  # damaged EXIF data turn nothing
        picture = ImageOps.exif_transpose(file)
    if picture.mode == "F":
        raise FormatError(
            f"{file.filename}: the image holds floats, and nothing says which are black and white.",
            hint="save it with 8 or 16 bits",
        )
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        return Image.fromarray((np.clip(np.asarray(picture), 0, 65535) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture)
    return picture
