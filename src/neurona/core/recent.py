"""Recent: a dict that keeps what was used last."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """A dict of at most `limit` entries: the one that was not looked up for longest goes.

    >>> recent = Recent(2)
    >>> recent["a"], recent["b"] = 1, 2
    >>> recent["a"]
    1
    >>> recent["c"] = 3
    >>> list(recent)
    ['a', 'c']
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __getitem__(self, key: K) -> V:
        value = super().__getitem__(key)
        with contextlib.suppress(KeyError):  # another thread may just have added one too many
            self.move_to_end(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > self.limit:
            with contextlib.suppress(KeyError, StopIteration):
                del self[next(iter(self))]

    def get(self, key: K, default: Any = None) -> Any:
        """Return the value of a key, as `[key]` does, or the default."""
        try:
            return self[key]
        except KeyError:
            return default
