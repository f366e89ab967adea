"""Images in folders: one folder a class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurona.errors import (
    ArgumentError,
    DataError,
    FormatError,
    MissingDataError,
    check_choice,
    check_integer,
    check_sizes,
)

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
FORMATS = ("BMP", "GIF", "JPEG", "PNG")  # the file's contents must be one of these too
MODES = {"grayscale": "L", "rgb": "RGB"}
MAX_PIXELS = 2**24
MAX_BYTES = 2**32


class ImageFolder(NamedTuple):
    """What `from_folder` read: images, class numbers, and the name of each class number."""

    X: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]


def from_folder(
    path: str | os.PathLike[str],
    image_size: int | tuple[int, int] | None = None,
    color_mode: str = "rgb",
    *,
    class_names: Sequence[str] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> ImageFolder:
    """Read the images under `path/CLASS/`, the classes numbered in alphabetical order.

    Shapes: X (N, H, W, C) uint8, C 3 for "rgb" and 1 for "grayscale"; y (N,) int64. The samples
    are in the order of their paths, class by class: shuffle them before a split.
    Args:
        path: the folder whose folders are the classes; they may have folders in them.
        image_size: (height, width) to resize to, bilinear; None needs images of one size.
        color_mode: "rgb" or "grayscale".
        class_names: the folders to read, in the order of their numbers; None takes all.
        max_pixels: refuse larger images, before they are unpacked; 16 million.
    Raises:
        MissingDataError: no such folder, or no folder or no image in it.
        FormatError: a file that is no image, or too large.
        DataError: images of several sizes, without an image_size, or more than 4 GiB of them.
    Source: the order and extensions of Keras's `image_dataset_from_directory`.
    """
    root = Path(path)
    mode = MODES[check_choice("color_mode", color_mode, MODES)]
    size = None if image_size is None else check_sizes("image_size", image_size, 2)
    max_pixels = check_integer("max_pixels", max_pixels, minimum=1)
    names = _classes(root, class_names)
    files = [(file, number) for number, name in enumerate(names) for file in _files(root / name)]
    if not files:
        raise MissingDataError(
            f"{root}: there are no images in the folders of the classes.",
            got=f"the folders {', '.join(names[:5])}",
            expected=f"files that end in {' '.join(EXTENSIONS)}",
        )
    first = _read(files[0][0], mode, size, max_pixels)
    needed = first.nbytes * len(files)
    if needed > MAX_BYTES:
        raise DataError(
            f"{root}: the images do not fit into memory.",
            got=f"{len(files)} of {first.shape}, {needed / 2**30:.1f} GiB",
            expected=f"{MAX_BYTES / 2**30:.0f} GiB at most",
            hint="a smaller image_size",
        )
    X = np.empty((len(files),) + first.shape, np.uint8)
    for position, (file, _) in enumerate(files):
        image = first if position == 0 else _read(file, mode, size, max_pixels)
        if image.shape != first.shape:
            raise DataError(
                f"{file}: the image has another size.",
                got=f"{image.shape[0]} x {image.shape[1]}",
                expected=f"{first.shape[0]} x {first.shape[1]}, as {files[0][0].name}",
                hint=f"image_size={first.shape[:2]}",
            )
        X[position] = image
    return ImageFolder(X, np.array([number for _, number in files], np.int64), tuple(names))


def _classes(root: Path, class_names: Sequence[str] | None) -> list[str]:
    if not root.is_dir():
        raise MissingDataError(f"{root}: there is no such folder.")
    found = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not found:
        raise MissingDataError(
            f"{root}: there are no folders in the folder.",
            expected="one folder a class, with its images",
            hint="the folder above, if this one is a class",
        )
    if class_names is None:
        return found
    unknown_names = sorted(set(class_names) - set(found))
    if unknown_names or len(set(class_names)) < len(class_names) or not class_names:
        raise ArgumentError(
            "class_names must be folders, each once.",
            got=repr(list(class_names)),
            expected=f"of {', '.join(found)}",
        )
    return list(class_names)


def _files(folder: Path) -> list[Path]:
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(EXTENSIONS) and not name.startswith(".")
    )


def _read(file: Path, mode: str, size: tuple[int, ...] | None, max_pixels: int) -> np.ndarray:
    """Return one image (H, W, C) uint8; its size is checked before its pixels are unpacked."""
    from PIL import Image

    try:
        with warnings.catch_warnings(), _open(Image, file) as image:
            warnings.simplefilter("ignore")  # about odd metadata; the pixels are what counts
            width, height = image.size
            if width * height > max_pixels:
                raise FormatError(
                    f"{file}: the image is too large.",
                    got=f"{height} x {width} pixels",
                    expected=f"{max_pixels} pixels at most",
                    hint=f"max_pixels={width * height}, if you trust the file",
                )
            converted = image.convert(mode)
            if size is not None:
                converted = converted.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            pixels = np.asarray(converted, np.uint8)
    except FormatError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise FormatError(
            f"{file}: the image cannot be read.",
            got=str(error) or type(error).__name__,
            expected=f"a {', '.join(FORMATS)} file",
            hint="remove or replace the file",
        ) from None
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _open(image_module: Any, file: Path) -> Any:
    with warnings.catch_warnings():
        # Pillow's own limit, of 89 million pixels, is ours to check: it would only warn
        warnings.simplefilter("ignore", image_module.DecompressionBombWarning)
        return image_module.open(file, formats=FORMATS)
