"""HDF5, the format of Keras's weights: a door to the library h5py that reads with suspicion.

A file is taken apart by the names that its reader expects, never by what it lists. Of what HDF5 can
do, plain numbers in plain datasets are read: nothing compressed, nothing that is elsewhere.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.errors import FormatError

_MOST_NAMES = 10_000  # in an attribute: of layers or weights
_AT_ONCE = 500  # names of Keras in an attribute, which holds 64 kB


def write_hdf5(fill: Callable[[Any], None]) -> bytes:
    """Return the bytes of an HDF5 file that `fill` puts groups and datasets into."""
    import h5py  # here, not above: most never need it

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def write_array(group: Any, path: str, array: np.ndarray) -> None:
    """Write an array as a plain dataset."""
    group.create_dataset(path, data=np.asarray(array))


def write_names(group: Any, attribute: str, names: list[str]) -> None:
    """Write names as Keras does: as an attribute, or several of them if they are many."""
    rows = [names[i : i + _AT_ONCE] for i in range(0, len(names), _AT_ONCE)] or [[]]
    for number, row in enumerate(rows):
        key = attribute if len(rows) == 1 else f"{attribute}{number}"
        group.attrs[key] = np.array([n.encode() for n in row]) if row else np.zeros(0)


class Reader:
    """An HDF5 file in memory, of which names are asked for.

    Args:
        name: of the file, for messages.
        content: its bytes.

    Raises:
        FormatError: if it is no HDF5 file.
    """

    def __init__(self, name: str, content: bytes) -> None:
        import h5py

        self.name, self._left = name, len(content)
        self._h5py = h5py
        self._file = self._try(lambda: self._h5py.File(io.BytesIO(content), "r"))

    def has(self, path: str) -> bool:
        """Say whether there is a group or dataset of a name."""
        return self._found(path) is not None

    def count(self, path: str) -> int:
        """Return how many things there are in a group; 0 if there is no such group."""
        group = self._found(path)
        return self._try(lambda: len(group)) if isinstance(group, self._h5py.Group) else 0

    def has_attribute(self, path: str, attribute: str) -> bool:
        """Say whether a group or dataset has an attribute."""
        group = self._found(path)
        return group is not None and self._try(lambda: attribute in group.attrs)

    def shape(self, path: str) -> tuple[int, ...] | None:
        """Return the shape of a dataset; None if there is no such one."""
        data = self._found(path)
        return self._try(lambda: data.shape) if isinstance(data, self._h5py.Dataset) else None

    def array(self, path: str) -> np.ndarray:
        """Return the numbers of a dataset.

        Raises:
            FormatError: if there is no such dataset, or it is more than plain numbers.
        """
        data = self._found(path)
        if not isinstance(data, self._h5py.Dataset):
            raise self.broken(f"there is no array {path!r}")
        return self._try(lambda: self._numbers(data, path))

    def _numbers(self, data: Any, path: str) -> np.ndarray:
        if data.dtype.kind not in "fiub" or data.dtype.itemsize > 8 or data.dtype.subdtype:
            raise self.broken(f"{path!r} holds no numbers but {str(data.dtype)[:40]}")
        if data.shape is None:
            raise self.broken(f"{path!r} is empty")
        elsewhere = data.is_virtual or data.external
        if elsewhere or data.chunks is not None or data.id.get_create_plist().get_nfilters():
            raise self.broken(f"{path!r} is not stored in one piece, as Keras stores arrays")
        stored = data.id.get_storage_size()
        self._left -= stored
        if stored != data.nbytes or self._left < 0:  # no bytes are claimed twice, or not there
            raise self.broken(f"{path!r} says that it has more numbers than the file holds")
        return np.asarray(data[()])

    def text(self, path: str, attribute: str) -> str | None:
        """Return an attribute that is one text, or None if there is none."""
        group = self._found(path)
        if group is None or not self.has_attribute(path, attribute):
            return None
        found = self._try(lambda: self._attribute(group, attribute, ()))
        try:
            return found.decode() if isinstance(found, bytes) else str(found)
        except UnicodeDecodeError:
            raise self.broken(f"{attribute!r} is no text") from None

    def names(self, path: str, attribute: str) -> list[str]:
        """Return the names in an attribute, or in the several that Keras makes of a long one."""
        group = self._found(path)
        if group is None:
            raise self.broken(f"there is no group {path!r}")
        keys, number = [attribute], 0
        if not self.has_attribute(path, attribute):
            keys = []
            while self.has_attribute(path, f"{attribute}{number}") and number < _MOST_NAMES:
                keys.append(f"{attribute}{number}")
                number += 1
        found: list[str] = []
        for key in keys:
            row = self._try(lambda key=key: self._attribute(group, key, None))  # type: ignore[misc]
            if np.size(row) and np.asarray(row).dtype.kind not in "SO":
                raise self.broken(f"{key!r} holds no names")
            try:
                found += [n.decode() if isinstance(n, bytes) else str(n) for n in row]
            except UnicodeDecodeError:
                raise self.broken(f"{key!r} holds no names") from None
        return found

    def _attribute(self, group: Any, key: str, shape: tuple[int, ...] | None) -> Any:
        told = group.attrs.get_id(key)
        axes = 0 if shape == () else 1
        if len(told.shape) != axes or (told.shape and told.shape[0] > _MOST_NAMES):
            raise self.broken(f"the attribute {key!r} is malformed")
        return group.attrs[key]

    def _found(self, path: str) -> Any:
        """Return a group or dataset, if each step on the way is in this file."""
        place = self._file
        for part in [p for p in path.split("/") if p]:
            if not isinstance(place, self._h5py.Group):
                return None
            link = self._try(lambda p=place, k=part: p.get(k, getlink=True))  # type: ignore[misc]
            if link is None:
                return None
            if not isinstance(link, self._h5py.HardLink):
                raise self.broken(f"{path!r} leads elsewhere")
            place = self._try(lambda p=place, k=part: p[k])  # type: ignore[misc]
        return place

    def _try(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except FormatError:
            raise
        except Exception as error:  # anything at all: a file may hold anything at all
            reason = " ".join(str(error).split())[:120]
            raise self.broken(f"the library h5py says: {reason}") from None

    def broken(self, why: str) -> FormatError:
        """Return what to raise for a file that is not what its reader expects."""
        return FormatError(
            f"{self.name} is no file of Keras's, or it is damaged: {why}.",
            hint="use another copy of the file, or save the model again",
        )
