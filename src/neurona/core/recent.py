"""Recent: a mapping that keeps what was used last."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Mapping[K, V]):
    """A mapping of at most `limit` entries: the one that was not looked up for longest goes.

    >>> recent = Recent(2)
    >>> recent["a"], recent["b"] = 1, 2
    >>> recent["a"]
    1
    >>> recent["c"] = 3
    >>> list(recent)
    ['a', 'c']
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._entries: dict[K, list[Any]] = {}  # [when it was used last, value]
        self._clock = itertools.count()

    def __getitem__(self, key: K) -> V:
        entry = self._entries[key]
        entry[0] = next(self._clock)
        return entry[1]

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[key] = [next(self._clock), value]
        while len(self._entries) > self.limit:
            oldest = min(list(self._entries.items()), key=lambda item: item[1][0])[0]
            self._entries.pop(oldest, None)

    def get(self, key: K, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        entry = self._entries.get(key)
        if entry is None:
            return default
        entry[0] = next(self._clock)
        return entry[1]

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return repr({key: entry[1] for key, entry in self._entries.items()})
