"""What went wrong, in four parts: the rule, what was got, what was expected, and a try.

Every error of the library is a `NeuronaError` and also the built-in error that a Python
programmer would catch (`ValueError`, `TypeError`, ...). A layer adds the place where it happened
with `within`, so one message leads from the broken rule to the line of the user's model.
"""

from __future__ import annotations

import difflib
import math
import operator
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurona.frames import Explained

LONGEST = 500  # characters of what was got


class NeuronaError(Explained):
    """An error that says what to do.

    Its traceback has your lines only: `NEURONA_DEBUG=1` shows those of the library too.

    Args:
        rule: what was broken, as a sentence.
        got: what was given, without a full stop; one line of it, cut if it is long.
        expected: what would have been right, without a full stop.
        hint: what to try, shown behind `try:`.

    >>> print(NeuronaError("units must be positive.", got="0", expected="1 or more", hint="1"))
    units must be positive. Got 0; expected 1 or more.
    try: 1
    """

    def __init__(self, rule: str, *, got: str = "", expected: str = "", hint: str = "") -> None:
        super().__init__(rule)
        got = " ".join(got.split())  # of arrays, too
        self.rule, self.got = rule, _cut(got, LONGEST)
        self.expected, self.hint = expected, hint
        self.places: list[str] = []

    def within(self, place: str) -> NeuronaError:
        """Add the place where it happened, innermost first, and return the error."""
        self.places.append(place)
        return self

    def __str__(self) -> str:
        found = "; ".join(
            part
            for part in (
                f"Got {self.got}" if self.got else "",
                f"{'expected' if self.got else 'Expected'} {self.expected}"
                if self.expected
                else "",
            )
            if part
        )
        lines = [f"{self.rule} {found}." if found else self.rule]
        lines += [f"in {place}" for place in self.places]
        if self.hint:
            lines.append(f"try: {self.hint}")
        return "\n".join(_cut(line, 4 * LONGEST) for line in lines)  # of names from files, too


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."


class ShapeError(NeuronaError, ValueError):
    """Shapes do not fit together."""


class DtypeError(NeuronaError, TypeError):
    """An element type that the operation does not take."""


class ArgumentError(NeuronaError, ValueError):
    """An argument of a constructor or function is out of its range or unknown."""


class DataError(NeuronaError, ValueError):
    """The data given to `fit`, `evaluate` or `predict` cannot be trained on."""


class FormatError(NeuronaError, ValueError):
    """A file is not what it says it is."""


class MissingDataError(NeuronaError, FileNotFoundError):
    """A file or a data set is neither here nor reachable."""

    __str__ = NeuronaError.__str__  # OSError has one of its own


class StorageError(NeuronaError, OSError):
    """A file cannot be written: no room, no permission, a broken disk."""

    __str__ = NeuronaError.__str__  # OSError has one of its own


class IndexRangeError(NeuronaError, IndexError):
    """An index is outside of its axis."""


class FrozenError(NeuronaError, TypeError):
    """A Tensor was to be changed in place."""


class StateError(NeuronaError, RuntimeError):
    """A call that comes too early or too late, such as `fit` before `compile`."""


class TraceError(NeuronaError, RuntimeError):
    """Values were asked of a Tensor that has none yet, because a function is being traced."""


class EngineError(NeuronaError, RuntimeError):
    """An engine is not there, or cannot do what it was asked for."""


class RefusedError(NeuronaError, NotImplementedError):
    """A name of Keras that neurona does not have, on purpose."""


class GradientError(NeuronaError, RuntimeError):
    """There is no gradient where one was asked for."""


def unknown(kind: str, name: object, options: Iterable[str]) -> ArgumentError:
    """Return the error for a name that nothing has, with the nearest names that exist.

    >>> print(unknown("activation", "rellu", ["relu", "tanh"]))
    unknown activation. Got 'rellu'; expected one of relu, tanh.
    try: did you mean 'relu'?
    """
    options = sorted(options)
    near = difflib.get_close_matches(
        str(name).lower(), [o.lower() for o in options], n=1, cutoff=0.5
    )
    best = next((o for o in options if near and o.lower() == near[0]), None)
    if best is None:  # lr for learning_rate
        best = next((o for o in options if _initials(o) == str(name).lower()), None)
    hint = f"did you mean {best!r}?" if best else ""
    return ArgumentError(
        f"unknown {kind}.", got=repr(name), expected=f"one of {', '.join(options)}", hint=hint
    )


def _initials(name: str) -> str:
    words = [word for word in name.split("_") if word]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def check_integer(
    name: str, value: Any, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an int, or raise an ArgumentError that names the argument."""
    try:
        number = operator.index(value)
        if isinstance(value, bool):
            raise TypeError
    except TypeError:
        raise ArgumentError(f"{name} must be an integer.", got=repr(value)) from None
    if minimum is not None and number < minimum:
        raise ArgumentError(f"{name} is too small.", got=repr(value), expected=f"{minimum} or more")
    if maximum is not None and number > maximum:
        raise ArgumentError(f"{name} is too large.", got=repr(value), expected=f"{maximum} at most")
    return number


def check_number(
    name: str, value: Any, *, low: float = -math.inf, high: float = math.inf, open: bool = False
) -> float:
    """Return `value` as a finite float in [low, high] ((low, high) when `open`), or raise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} must be a number.", got=repr(value)) from None
    inside = low < number < high if open else low <= number <= high
    if not (inside and math.isfinite(number)):
        left, right = ("(", ")") if open else ("[", "]")
        raise ArgumentError(
            f"{name} is out of range.",
            got=repr(value),
            expected=f"a number in {left}{low}, {high}{right}",
        )
    return number


def check_choice(name: str, value: Any, options: Iterable[str]) -> str:
    """Return `value` if it is one of the options, or raise with the nearest of them."""
    options = tuple(options)
    if value not in options:
        raise unknown(name, value, options)
    return value


def check_sizes(name: str, value: Any, rank: int, *, minimum: int = 1) -> tuple[int, ...]:
    """Return an integer or a tuple of `rank` integers as a tuple, or raise.

    >>> check_sizes("kernel_size", 3, 2)
    (3, 3)
    """
    values = tuple(value) if isinstance(value, list | tuple) else (value,) * rank
    if len(values) != rank:
        raise ArgumentError(
            f"{name} has the wrong length.",
            got=repr(value),
            expected=f"an integer or {rank} integers",
        )
    return tuple(check_integer(name, v, minimum=minimum) for v in values)


def check_file(path: Any) -> Path:
    """Return the path of a file that is there, or raise.

    Raises:
        ArgumentError: if it is no path.
        MissingDataError: if there is no such file.
        FormatError: if it is a folder.
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError("a file is given by its path.", got=repr(path)[:60])
    found = Path(os.fspath(path))
    if found.is_dir():
        raise FormatError("this is a folder, not a file.", got=str(found))
    if found.exists() and not found.is_file():  # reading from a pipe could wait for ever
        raise FormatError("this is a device or a pipe, not a file.", got=str(found))
    if not found.exists():
        folder = found.parent.resolve()
        raise MissingDataError(
            "there is no such file.",
            got=str(found),
            hint=f"look into the folder {folder}" if folder.exists() else f"there is no {folder}",
        )
    return found
