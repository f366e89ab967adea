"""Samples for `neurona predict` and `explain`: files, prepared as the model says."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli import numbers, sounds
from neurona.data import image_file
from neurona.data.preparation import Arrays, Images, Preparation, Sounds, Table
from neurona.data.table import read_sheet
from neurona.errors import ArgumentError, DataError, NeuronaError

KINDS = (*numbers.ENDINGS, *image_file.ENDINGS, *sounds.ENDINGS)


def one_by_one(files: Sequence[Path], use: Callable[[Path], None]) -> None:
    """Use each file; what is wrong with one of several is told, and does not stop the others.

    Raises:
        NeuronaError: the only file cannot be used.
        DataError: at the end, some of several could not.
    """
    failed = 0
    for path in files:
        try:
            use(path)
        except (NeuronaError, OSError) as error:
            if len(files) == 1:
                raise
            failed += 1
            told = str(error)
            sys.stdout.flush()
            print(f"error: {told if str(path) in told else f'{path}: {told}'}", file=sys.stderr)
    if failed:
        raise DataError(f"{failed} of {len(files)} files could not be used.")


def listed(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and for a folder all samples that lie in it and its folders.

    Raises:
        ArgumentError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [
            file
            for file in sorted(path.rglob("*"), key=_counted)
            if file.suffix.lower() in KINDS and not file.name.startswith(".")
        ]
        if not inside:
            raise ArgumentError(
                f"the folder {path} holds no samples.", expected=f"files: {', '.join(KINDS)}"
            )
        found += inside
    return found


def _counted(path: Path) -> list[Any]:
    """Sort 2.png before 10.png."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(path))]


def rows_of(path: Path, rule: Table) -> tuple[Any, np.ndarray]:
    """Return the rows of a table as they lie there, and as samples; tell what is odd of them.

    Raises:
        ArgumentError: there is no such file.
        FormatError: it is no table.
        DataError: a column is missing.
    """
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}.")
    sheet = read_sheet(path, (column.name for column in rule.columns))
    x = rule.samples(sheet)
    for note in [*sheet.notes, *rule.notes(sheet)]:
        print(f"note: {note}", file=sys.stderr)
    return sheet, x


class Reader:
    """Reads files as samples of a model, by its own preparation; else by the plainest.

    Args:
        model: what the samples are for.
        invert: swap light and dark in images, or do not; None leaves it to the preparation.
        divide_by: for numbers in .csv and .npy files; None leaves it to the preparation.

    Attributes:
        preparation: the model's own; None if its file has none.
        shape: of a sample.
    """

    def __init__(
        self, model: Any, invert: bool | None = None, divide_by: float | None = None
    ) -> None:
        self.model, self.invert, self.divide_by = model, invert, divide_by
        self.preparation: Preparation | None = getattr(model, "preparation", None)
        self.shape = input_shape(model)
        self._noted = False

    def read(self, path: Path) -> tuple[list[str], np.ndarray]:
        """Return the names of samples in a file, and the samples (N, *shape), float32.

        Raises:
            ArgumentError: there is no such file, or it is of no known kind.
            FormatError: it is damaged.
            DataError: it does not fit the model.
        """
        if not path.is_file():
            raise ArgumentError(f"there is no file {path}.")
        ending = path.suffix.lower()
        if isinstance(self.preparation, Table):
            found = rows_of(path, self.preparation)[1]
        elif ending in numbers.ENDINGS:
            found = numbers.fitted(numbers.read(path, self.shape), self.shape, path)
            found = found / self._divisor()
            self._warn(found, path)
        elif ending in image_file.ENDINGS:
            found = numbers.fitted(self.images().apply(path), self.shape, path)
            if self.preparation is None and not self._noted:
                self._noted = True
                rule = self.images()
                print(f"note: the model does not tell its preparation; assumed: {rule}.",
                      file=sys.stderr)  # fmt: skip
        elif ending in sounds.ENDINGS:
            found = self._sounds().apply(path)[None]
        else:
            raise ArgumentError(
                f"{path} is of no known kind.",
                got=repr(ending),
                expected=f".csv, .npy, an image ({', '.join(image_file.ENDINGS)}) or a sound "
                f"({', '.join(sounds.ENDINGS)})",
            )
        names = [str(path)]
        if len(found) > 1:
            names = [f"{path} row {number}" for number in range(1, len(found) + 1)]
        return names, found.astype(np.float32)

    def images(self) -> Images:
        """Return how image files are prepared: the model's size and mode, values in 0 to 1.

        Raises:
            DataError: the model takes no images.
        """
        rule = self.preparation
        if not isinstance(rule, Images):
            height, width, channels = frame(self.shape)
            mode = "grayscale" if channels == 1 else "rgb"
            top = 1.0 if _rescales(self.model) else 255.0
            rule = Images((height, width), mode, divide_by=top, shape=self.shape)
        return rule if self.invert is None else dataclasses.replace(rule, invert=self.invert)

    def _sounds(self) -> Sounds:
        if isinstance(self.preparation, Sounds):
            return self.preparation
        return Sounds(sounds.sample_rate(self.model, self.shape), self.shape[0])

    def _divisor(self) -> float:
        if self.divide_by is not None:
            return self.divide_by
        return self.preparation.divide_by if isinstance(self.preparation, Arrays) else 1.0

    def _warn(self, found: np.ndarray, path: Path) -> None:
        """Say so if numbers are larger than those that the model was trained on."""
        rule, most = self.preparation, float(np.abs(found).max(initial=0))
        told = f"note: {path} has values up to {most:g}; "
        if isinstance(rule, Images):
            high = 255 / rule.divide_by
            plain = (rule.mean, rule.std) == (0.0, 1.0)
            if plain and most > 1.001 * high:
                again = f" (--divide-by {rule.largest / high:g})" if self.divide_by is None else ""
                print(
                    f"{told}the model was trained on 0 to {high:g}, from 0 to {rule.largest:g} in "
                    f"its data set{again}.",
                    file=sys.stderr,
                )
        elif isinstance(rule, Arrays):
            if rule.high is not None and most > 1.5 * max(abs(rule.high), abs(rule.low or 0.0)):
                print(
                    f"{told}the model was trained on {rule.low or 0:g} to {rule.high:g}.",
                    file=sys.stderr,
                )
        elif len(self.shape) > 1 and most > 1 and not _rescales(self.model):
            print(
                f"{told}the model does not tell what it was trained on. If that was 0 to 1: "
                "--divide-by with the largest number that the data may have, 255 for bytes.",
                file=sys.stderr,
            )


def _rescales(model: Any) -> bool:
    """Whether a model begins with a layer that takes pixels from 0 to 255."""
    from neurona.layers import InputLayer, Rescaling

    layers = [n for n in getattr(model, "layers", []) if not isinstance(n, InputLayer)]
    return bool(layers) and isinstance(layers[0], Rescaling)


def input_shape(model: Any) -> tuple[int, ...]:
    """Return the shape of one sample.

    Raises:
        DataError: the model has several inputs, or does not say what it takes.
    """
    shape, rule = model.input_shape, getattr(model, "preparation", None)
    if isinstance(shape, tuple) and shape and not any(n is None for n in shape[1:]):
        return tuple(shape[1:])
    if isinstance(rule, Images):
        return rule.shape or (*rule.size, rule.channels)
    raise DataError(
        "the model's input has no one fixed shape.",
        got=str(shape),
        expected="one input such as (None, 28, 28)",
        hint="load it in Python: nn.models.load_model(path).predict(...)",
    )


def frame(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return height, width and channels of the images that a model takes.

    >>> frame((28, 28)), frame((8, 8, 1)), frame((784,))
    ((28, 28, 1), (8, 8, 1), (28, 28, 1))
    """
    side = math.isqrt(shape[0]) if len(shape) == 1 else 0
    if len(shape) == 2:
        return shape[0], shape[1], 1
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[0], shape[1], shape[2]
    if side > 3 and side * side == shape[0]:
        return side, side, 1
    raise DataError(
        "this model does not take images.",
        got=f"inputs of shape {shape}",
        expected="(H, W), (H, W, 1), (H, W, 3) or a square number of pixels",
        hint="a .csv or .npy file",
    )


class Pictures:
    """Writes images as the network saw them, for `--show`.

    Args:
        out: a .png file, for one image; or a folder.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.written = out, set[Path]()
        self.single = out.suffix.lower() == ".png"
        if not self.single and (out.suffix or out.is_file()) and not out.is_dir():
            raise ArgumentError("--show takes a .png file or a folder.", got=str(out))

    def write(self, path: Path, rule: Images, samples: np.ndarray) -> None:
        """Write the samples of a file, pixels enlarged so that one can see them.

        Raises:
            ArgumentError: several images are to go into one file.
        """
        from PIL import Image

        for number, sample in enumerate(samples, start=1):
            name = f"{path.stem}-{number}" if len(samples) > 1 else path.stem
            target = self.out if self.single else self.out / f"{name}.png"
            if self.single and self.written:
                raise ArgumentError(
                    "a .png file shows one image.", got=f"--show {self.out}", hint="a folder"
                )
            again = 1
            while target in self.written:  # of the same name, from another folder
                again += 1
                target = self.out / f"{name}-{again}.png"
            self.written.add(target)
            pixels = rule.seen(sample)
            picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
            factor = max(1, 256 // max(picture.size))
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.resize(
                (factor * picture.width, factor * picture.height), Image.Resampling.NEAREST
            ).save(target)


def is_blank(sample: np.ndarray) -> bool:
    """Whether an image is of one shade everywhere, but for what nobody sees."""
    return bool(np.ptp(sample, axis=(0, 1)).max() < 1e-6) if sample.ndim > 1 else False
