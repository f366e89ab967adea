"""Files in folders, a folder a class: which there are, their labels, and parts for validation.

The order, also the one that a seed gives, is that of Keras's functions.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurona.data.dataset import Dataset, Rows
from neurona.data.preparation import Preparation
from neurona.data.random_state import seed_or_drawn
from neurona.errors import (
    ArgumentError,
    DataError,
    MissingDataError,
    check_choice,
    check_integer,
    check_number,
)

LABEL_MODES = ("int", "categorical", "binary")
MOST = 10**6  # a seed that is drawn is below it, as Keras's


@dataclass(frozen=True)
class Files:
    """Files with their labels.

    Attributes:
        paths: of the files.
        labels: a class number for each, or None.
        class_names: by class number, or None.
    """

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def part(self, start: int | None, stop: int | None) -> Files:
        """Return the files from one place up to another."""
        labels = None if self.labels is None else self.labels[start:stop]
        return Files(self.paths[start:stop], labels, self.class_names)


@dataclass(frozen=True)
class Choice:
    """What is asked for of a folder, with Keras's names; checked when it is made.

    Raises:
        ArgumentError: if arguments do not fit together.
    """

    directory: str | os.PathLike[str]
    endings: tuple[str, ...]
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    def __post_init__(self) -> None:
        given = isinstance(self.labels, list | tuple | np.ndarray)
        if not given and self.labels not in ("inferred", None):
            raise ArgumentError(
                "labels are found in the folder, given one for each file, or left out.",
                got=f"labels={self.labels!r}",
                expected='"inferred", a list of class numbers, or None',
            )
        if self.class_names is not None and (given or self.labels is None):
            raise ArgumentError(
                "class_names are those of folders.",
                got=f"labels={'a list' if given else None}",
                expected='labels="inferred"',
            )
        if self.label_mode is not None:
            check_choice("label_mode", self.label_mode, LABEL_MODES)
        if self.batch_size is not None:
            check_integer("batch_size", self.batch_size, minimum=1)
        if bool(self.validation_split) != (self.subset is not None):
            raise ArgumentError(
                "validation_split and subset come together.",
                got=f"validation_split={self.validation_split!r}, subset={self.subset!r}",
                hint='validation_split=0.2, subset="training", and another call for "validation"',
            )
        if self.validation_split:
            check_number("validation_split", self.validation_split, low=0.0, high=1.0, open=True)
            check_choice("subset", self.subset, ("training", "validation", "both"))
            if self.shuffle and self.seed is None:
                raise ArgumentError(
                    "a part of files in a random order needs a seed, so that the other part has "
                    "the others.",
                    got="shuffle=True, seed=None",
                    hint="seed=123 in both calls, or shuffle=False",
                )

    def datasets(
        self, read: Callable[[list[str]], Any], what: str, preparation: Preparation | None = None
    ) -> Any:
        """Return the Dataset of the files, or two of them if subset is "both".

        Args:
            read: makes a batch of paths.
            what: the files are, for messages.
            preparation: how each became a sample, for the Dataset to tell.

        Raises:
            MissingDataError: if there is no such folder, or no file in it.
            DataError: if there are other numbers of files or classes than asked for.
        """
        seed = seed_or_drawn(None) % MOST if self.seed is None else seed_or_drawn(self.seed)
        files = self._found(what)
        if self.shuffle:
            files = _shuffled(files, seed)
        make = functools.partial(self._dataset, read, seed, preparation)
        if not self.validation_split:
            return make(files, self.shuffle)
        size = int(self.validation_split * len(files.paths))
        parts = files.part(None, -size or None), files.part(len(files.paths) - size, None)
        if not size or size == len(files.paths):
            raise DataError(
                f"{self.directory}: validation_split leaves nothing for one of the parts.",
                got=f"{len(files.paths)} files, validation_split={self.validation_split}",
            )
        told = zip(("training", "validation"), parts, strict=True)
        for name, part in told:
            if self.verbose and self.subset in (name, "both"):
                print(f"Using {len(part.paths)} files for {name}.")
        train, validation = parts
        if self.subset == "training":
            return make(train, self.shuffle)
        if self.subset == "validation":
            return make(validation, self.shuffle)
        return [make(train, self.shuffle), make(validation, False)]

    def _found(self, what: str) -> Files:
        root = Path(self.directory)
        if not root.is_dir():
            raise MissingDataError(f"{root}: there is no such folder.")
        infer = isinstance(self.labels, str)
        names = self._classes(root) if infer else [""]
        paths, numbers = [], []
        for number, name in enumerate(names):
            found = [*_files(root / name, self.endings, self.follow_links)]
            paths += found
            numbers += [number] * len(found)
        if not paths:
            raise MissingDataError(
                f"{root}: there are no {what} in the folder.",
                got=f"the folders {', '.join(names[:5])}" if infer else "",
                expected=f"files that end in {' '.join(self.endings)}",
            )
        labels: np.ndarray | None = np.array(numbers, np.int32)
        class_names: list[str] | None = list(names)
        if self.labels is None or self.label_mode is None:
            labels = None
        elif not infer:
            labels, class_names = np.asarray(self.labels), [str(n) for n in sorted({*self.labels})]
            if len(labels) != len(paths):
                raise DataError(
                    f"{root}: there is not one label for each file.",
                    got=f"{len(labels)} labels, {len(paths)} files",
                )
        if self.labels is None:
            class_names = None
        if self.label_mode == "binary" and labels is not None and len(class_names or ()) != 2:
            raise DataError(
                'label_mode="binary" needs two classes.',
                got=", ".join(class_names or ()),
                hint='label_mode="int" or "categorical"',
            )
        if self.verbose:
            belonging = "" if class_names is None else f" belonging to {len(class_names)} classes"
            print(f"Found {len(paths)} files{belonging}.")
        return Files(paths, labels, class_names)

    def _classes(self, root: Path) -> list[str]:
        found = sorted(p.name for p in root.iterdir() if p.is_dir() and p.name[:1] != ".")
        if self.class_names is None:
            return found
        if not set(self.class_names) <= set(found):
            raise ArgumentError(
                "class_names must be folders.",
                got=repr(list(self.class_names)),
                expected=f"of {', '.join(found)}",
            )
        return list(self.class_names)

    def _dataset(
        self, read: Callable[[list[str]], Any], seed: int, preparation: Preparation | None,
        files: Files, shuffle: bool,
    ) -> Dataset:  # fmt: skip
        targets = _targets(files, self.label_mode)

        def fetch(rows: np.ndarray) -> Any:
            x = read([files.paths[row] for row in rows])
            return x if targets is None else (x, targets[rows])

        found: Dataset = Rows(fetch, len(files.paths))
        found.class_names, found.file_paths = files.class_names, files.paths
        found.preparation = preparation
        if shuffle:
            found = found.shuffle(len(files.paths), seed)
        return found if self.batch_size is None else found.batch(self.batch_size)


def _targets(files: Files, label_mode: str | None) -> np.ndarray | None:
    if files.labels is None:
        return None
    if label_mode == "binary":
        return files.labels[:, None].astype(np.float32)
    if label_mode == "categorical":
        return np.eye(len(files.class_names or ()), dtype=np.float32)[files.labels]
    return files.labels.astype(np.int32)


def _shuffled(files: Files, seed: int) -> Files:
    order = np.arange(len(files.paths))
    np.random.RandomState(seed).shuffle(order)
    labels = None if files.labels is None else files.labels[order]
    return Files([files.paths[place] for place in order], labels, files.class_names)


def _files(folder: Path, endings: tuple[str, ...], follow_links: bool) -> list[str]:
    found = []
    for place, _, names in sorted(os.walk(folder, followlinks=follow_links), key=lambda x: x[0]):
        found += [os.path.join(place, n) for n in sorted(names) if n.lower().endswith(endings)]
    return found
