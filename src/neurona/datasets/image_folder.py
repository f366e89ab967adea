"""Images in folders: one folder a class."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurona.data.image_file import MODES, read_image
from neurona.data.preparation import Images
from neurona.datasets.table import listed
from neurona.errors import (
    ArgumentError,
    DataError,
    MissingDataError,
    check_choice,
    check_integer,
    check_sizes,
)

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
FORMATS = ("BMP", "GIF", "JPEG", "PNG")  # the file's contents must be one of these too
MAX_BYTES = 2**32
ALWAYS, MAX_GROWTH = 2**26, 64  # bytes of images for small files; for each byte of large ones


@dataclass(frozen=True, repr=False)
class ImageFolder:
    """What `from_folder` read; `X, y = from_folder(...)` unpacks the two arrays, as of `from_csv`.

    Args:
        X: the images (N, H, W, C).
        y: their class numbers (N,).
        class_names: the folder of each class number, in order.
    """

    X: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        return (
            f"ImageFolder(X {self.X.shape}, y {self.y.shape}, classes {listed(self.class_names)})"
        )

    @property
    def preparation(self) -> Images:
        """How a file became a sample, for `model.preparation`.

        Where X / 255 is trained on: `dataclasses.replace(folder.preparation, divide_by=255)`.
        """
        height, width, channels = self.X.shape[1:]
        return Images((height, width), "grayscale" if channels == 1 else "rgb")


def from_folder(
    path: str | os.PathLike[str],
    image_size: int | tuple[int, int] | None = None,
    color_mode: str = "rgb",
    *,
    class_names: Sequence[str] | None = None,
    max_pixels: int | None = None,
    max_bytes: int | None = None,
) -> ImageFolder:
    """Read the images under `path/CLASS/`, the classes numbered in alphabetical order.

    Shapes: X (N, H, W, C) uint8, C 3 for "rgb" and 1 for "grayscale"; y (N,) int64. The samples
    are in the order of their paths, class by class: shuffle them before a split.
    Args:
        path: the folder whose folders are the classes; they may have folders in them.
        image_size: (height, width) to resize to, bilinear; None needs images of one size.
        color_mode: "rgb" or "grayscale".
        class_names: the folders to read, in the order of their numbers; None takes all.
        max_pixels: refuse larger images, before they are unpacked; None as `read_image` says: 4
            million, or up to 16 million in a large file.
        max_bytes: refuse more than that for all images. None takes 64 MB, or 64 times the size of
            the files up to 4 GiB.
    Raises:
        MissingDataError: no such folder, or no folder or no image in it.
        FormatError: a file that is no image, or too large.
        DataError: images of several sizes, without an image_size, or more than max_bytes.
    Source: the order and extensions of Keras's `image_dataset_from_directory`.
    """
    root = Path(path)
    check_choice("color_mode", color_mode, MODES)
    size = None if image_size is None else check_sizes("image_size", image_size, 2)
    names = _classes(root, class_names)
    files = [(file, number) for number, name in enumerate(names) for file in _files(root / name)]
    if not files:
        raise MissingDataError(
            f"{root}: there are no images in the folders of the classes.",
            got=f"the folders {', '.join(names[:5])}",
            expected=f"files that end in {' '.join(EXTENSIONS)}",
        )
    read = functools.partial(
        read_image, color_mode=color_mode, size=size, max_pixels=max_pixels, formats=FORMATS
    )
    first = read(files[0][0])
    needed = first.nbytes * len(files)
    if max_bytes is None:
        stored = sum(file.stat().st_size for file, _ in files)
        max_bytes = min(max(ALWAYS, MAX_GROWTH * stored), MAX_BYTES)
    if needed > check_integer("max_bytes", max_bytes):
        raise DataError(
            f"{root}: the images need too much memory.",
            got=f"{len(files)} of {first.shape}, {needed} bytes",
            expected=f"{max_bytes} at most",
            hint=f"a smaller image_size, or max_bytes={needed}",
        )
    X = np.empty((len(files),) + first.shape, np.uint8)
    for position, (file, _) in enumerate(files):
        image = first if position == 0 else read(file)
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
    found = sorted(p.name for p in root.iterdir() if p.is_dir() and not _is_hidden(p.name))
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


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"  # beside each archive that a Mac has packed


def _files(folder: Path) -> list[Path]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = (name for name in folders if not _is_hidden(name))
        images = (n for n in names if n.lower().endswith(EXTENSIONS) and not _is_hidden(n))
        found += [Path(place, name) for name in images]
    return sorted(found)
