"""Preparation: what all kinds of records have."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from neurona.errors import ArgumentError, check_integer, check_sizes

MOST = 2**26  # numbers of a sample, in a record that may come from anybody


@dataclasses.dataclass(frozen=True)
class Preparation:
    """How raw things become samples: a frozen record of plain values, checked when it is made.

    A kind is a frozen dataclass with a name, the rule `apply`, and a line that `str` gives.

    Attributes:
        kind: its name in files.
    """

    kind: ClassVar[str] = ""

    def apply(self, raw: Any) -> Any:
        """Return the sample that a raw thing is."""
        raise NotImplementedError

    def samples(self, raws: Iterable[Any]) -> Any:
        """Return the samples of several raw things, for `model.predict`."""
        return np.stack([self.apply(raw) for raw in raws])

    def description(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    def _set(self, **values: Any) -> None:
        """Put checked values into the place of those that were given."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


def checked_shape(shape: Any) -> tuple[int, ...]:
    """Return the shape of a sample as a tuple.

    Raises:
        ArgumentError: if it is none, or of more numbers than a record may ask for.
    """
    given = tuple(shape) if isinstance(shape, list | tuple) else (shape,)
    sizes = check_sizes("shape", given, len(given))
    check_integer("numbers of a sample", int(np.prod(sizes, dtype=object)), maximum=MOST)
    return sizes


def checked_class_names(names: Any) -> tuple[str, ...] | None:
    """Return the names of a model's classes, in the order of their numbers, as a tuple.

    Raises:
        ArgumentError: if they are no texts, or one comes twice.

    >>> checked_class_names(["cat", "dog"])
    ('cat', 'dog')
    """
    if names is None:
        return None
    given = () if isinstance(names, str) or not hasattr(names, "__iter__") else tuple(names)
    if not given or not all(isinstance(name, str) and name for name in given):
        raise ArgumentError(
            "class_names are texts, in the order of the class numbers.",
            got=repr(names)[:80],
            hint='model.class_names = ["cat", "dog"]',
        )
    if len(set(given)) < len(given):
        twice = next(name for name in given if given.count(name) > 1)
        raise ArgumentError("each class has a name of its own.", got=f"{twice!r} more than once")
    return tuple(map(str, given))
