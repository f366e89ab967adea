"""Files of records, labels and three planes of colour: the form of CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurona.datasets import packed
from neurona.datasets.card import Card
from neurona.datasets.locate import Folder, obtain
from neurona.errors import FormatError

PIXELS = 3 * 32 * 32  # the red, green and blue planes, row by row
MAX_ARCHIVE = 2**28  # unpacked they have 185 MB
MAX_MEMBERS = 100  # they have 9 at most

Pair = tuple[np.ndarray, np.ndarray]
Data = dict[str, bytes]


@dataclass(frozen=True)
class Form:
    """A data set in this form.

    Attributes:
        card: its card; the only file is the archive.
        called: its name in messages.
        inner: the folder in the archive.
        train, test: the files, and what is in each.
        labels: in front of the planes, a byte each.
        other: what to think of if a label is none.
    """

    card: Card
    called: str
    inner: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    labels: int
    other: str

    @property
    def archive(self) -> str:
        """The name of the archive."""
        return self.card.files[0].name

    @property
    def record(self) -> int:
        """Bytes of a record."""
        return self.labels + PIXELS

    @property
    def names(self) -> tuple[str, ...]:
        """All files."""
        return self.train + self.test

    def is_complete(self, folder: Path) -> bool:
        """Tell whether the folder has the archive or all binary files."""
        return (folder / self.archive).is_file() or self.unpacked(folder) is not None

    def unpacked(self, folder: Path) -> Path | None:
        """Return where the binary files are, if they are."""
        for place in (folder, folder / self.inner):
            if all((place / name).is_file() for name in self.names):
                return place
        return None

    def load(
        self, folder: Folder | None, column: int, classes: tuple[str, ...]
    ) -> tuple[Pair, Pair]:
        """Return ((x_train, y_train), (x_test, y_test)), y of one of the labels.

        Raises:
            MissingDataError: no files and no network.
            FormatError: a file that is damaged.
        """
        place = obtain(self.card, self.is_complete, folder)
        found = self.unpacked(place)
        if found is not None:
            data = {name: self._read(found / name) for name in self.names}
        else:
            data = self._read_archive(place / self.archive)
        self._check_alike(data, place)
        parts = [self._pair(data, names, column, classes) for names in (self.train, self.test)]
        return parts[0], parts[1]

    def _read(self, path: Path) -> bytes:
        self._check_size(path, path.stat().st_size)
        return path.read_bytes()

    def _usual(self, name: str) -> int:
        """Bytes that a file has: 50,000 records to train, shared by the files, and 10,000."""
        return (50_000 // len(self.train) if name in self.train else 10_000) * self.record

    def _check_size(self, path: Path, size: int) -> None:
        most = 50_000 * self.record
        if size == 0 or size % self.record or size > most:
            raise FormatError(
                f"{path}: this is not a {self.called} batch.",
                got=f"{size} bytes",
                expected=f"{self._usual(path.name)} bytes, or another number of records of "
                f"{self.record} bytes up to {most}",
                hint="delete it and unpack the binary version again",
            )

    def _check_alike(self, data: Data, place: Path) -> None:
        """Refuse a file that was cut off between two records: all have as many, in their shares."""
        shares = {name: len(data[name]) / self._usual(name) for name in self.names}
        whole = max(shares, key=lambda name: shares[name])
        short = [name for name in self.names if shares[name] < shares[whole]]
        if short:
            raise FormatError(
                f"{place}: {', '.join(short)} of {self.called} is cut off, or the others are no "
                "batches.",
                got=f"{len(data[short[0]])} bytes",
                expected=f"{round(shares[whole] * self._usual(short[0]))}, as {whole}",
                hint="delete them and unpack the binary version again",
            )

    def _read_archive(self, path: Path) -> Data:
        def takes(name: str, size: int) -> bool:
            if name in self.names:
                self._check_size(path / name, size)
            return name in self.names

        expected = f"the binary version of {self.called}, {self.card.files[0].size:,} bytes"
        data = dict(packed.members(path, takes, expected, MAX_MEMBERS, MAX_ARCHIVE))
        missing = [name for name in self.names if name not in data]
        if missing:
            raise FormatError(
                f"{path}: the archive is not the binary version of {self.called}.",
                got=f"no {', '.join(missing)}",
                hint=f"download {self.archive}, not the Python or MATLAB version",
            )
        return data

    def _pair(
        self, data: Data, names: tuple[str, ...], column: int, classes: tuple[str, ...]
    ) -> Pair:
        records = np.concatenate(
            [np.frombuffer(data[name], np.uint8).reshape(-1, self.record) for name in names]
        )
        y = records[:, column : column + 1].copy()
        if y.max() >= len(classes):
            raise FormatError(
                f"a label in {', '.join(names)} is no class of {self.called}.",
                got=str(y.max()),
                expected=f"0 to {len(classes) - 1}",
                hint=f"the files of {self.other} have another form",
            )
        planes = records[:, self.labels :].reshape(-1, 3, 32, 32)
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), y
