"""What went wrong, in four parts: the rule, what was got, what was expected, and a try.

Every error of the library is a `NeuronaError` and also the built-in error that a Python
programmer would catch (`ValueError`, `TypeError`, ...). A layer adds the place where it happened
with `within`, so one message leads from the broken rule to the line of the user's model.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import operator
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from neurona import elsewhere
from neurona.frames import Explained

F = TypeVar("F", bound=Callable)

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


class AbsentError(NeuronaError, AttributeError):
    """A name that a thing does not have: it says what is written here, or which name is near.

    That is looked for when it is shown only, since most of them are answers to `hasattr`.
    """

    def __init__(self, owner: Any, name: str) -> None:
        super().__init__(f"{_described(owner)} has no {name!r}.")
        self.absent = owner, name

    def __str__(self) -> str:
        self.hint = self.hint or _found(*self.absent)
        return super().__str__()


class AbsentImportError(NeuronaError, ImportError):
    """What an `AbsentError` says, where a line `from owner import name` asks.

    There Python drops the words of an AttributeError, and says only that it can't import the name.
    """

    def __init__(self, absent: AbsentError) -> None:
        super().__init__(absent.rule)
        self.absent = absent

    def __str__(self) -> str:
        return str(self.absent)


class GradientError(NeuronaError, RuntimeError):
    """There is no gradient where one was asked for."""


def absent(owner: Any, name: str) -> AttributeError:
    """Return the error for a name that a thing does not have; a plain one if it is private."""
    if name.startswith("_"):
        return AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")
    return AbsentError(owner, name)


def unknown(kind: str, name: object, options: Iterable[str]) -> ArgumentError:
    """Return the error for a name that nothing has, with the nearest names that exist.

    >>> print(unknown("activation", "rellu", ["relu", "tanh"]))
    unknown activation. Got 'rellu'; expected one of relu, tanh.
    try: did you mean 'relu'?
    """
    options = sorted(options)
    best = _nearest(str(name), options)
    hint = f"did you mean {best!r}?" if best else ""
    if not best and kind == "argument of fit" and name in ("loss", "metrics", "optimizer"):
        hint = f"it belongs to compile: model.compile({name}=...)"
    if (
        not best
        and kind == "argument of compile"
        and elsewhere.WORDS.get(str(name), name) in _RATES
    ):
        hint = (
            'it belongs to the optimizer: compile(nn.optimizers.Adam(learning_rate=0.001), "mse")'
        )
    return ArgumentError(
        f"unknown {kind}.", got=repr(name), expected=f"one of {', '.join(options)}", hint=hint
    )


_RATES = ("learning_rate", "momentum", "decay", "weight_decay")


def _nearest(name: str, options: list[str], cutoff: float = 0.5) -> str | None:
    """Return the option that a name stands for: another word for it, a near one, or initials."""
    if (word := elsewhere.WORDS.get(name)) in options:
        return word
    lower = {option.lower(): option for option in reversed(options)}
    if turned := [o for o in lower if sorted(o) == sorted(name.lower())]:  # adma: adam, not adamax
        return lower[turned[0]]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    if near:
        return lower[near[0]]
    return next((o for o in options if _initials(o) == name.lower()), None)  # lr: learning_rate


def _initials(name: str) -> str:
    words = [word for word in name.split("_") if word]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


# Where a name of the top level may be, and that of another room
_ROOMS = (
    "layers", "models", "losses", "optimizers", "metrics", "callbacks", "activations",
    "initializers", "regularizers", "constraints", "ops", "utils", "datasets", "data", "plots",
    "classic", "zoo", "random", "config",
)  # fmt: skip


def _described(owner: Any) -> str:
    if isinstance(owner, ModuleType):
        return owner.__name__
    name = vars(owner).get("_name") if type(owner).__dictoffset__ else None
    return f"{type(owner).__name__} {name!r}" if isinstance(name, str) else type(owner).__name__


def _found(owner: Any, name: str) -> str:
    """Return what to write for a name that something does not have; "" if nothing is near."""
    if isinstance(owner, ModuleType):
        room = owner.__name__.partition(".")[2]
        if here := elsewhere.written_here([room], name):
            return here
        package = sys.modules["neurona"]
        rooms = [r for r in _ROOMS if r != room and name in dir(getattr(package, r))]
        if rooms:
            return f"here it is: nn.{rooms[0]}.{name}"
    elif here := elsewhere.written_here([c.__name__ for c in type(owner).__mro__], name):
        return here
    elif name in dir(sys.modules["neurona.ops"]) and hasattr(owner, "dtype"):
        return f"nn.ops.{name}(x)"
    known = [n for n in dir(owner) if not n.startswith("_")]
    best = _nearest(name, known, cutoff=0.6)
    return f"did you mean {best!r}?" if best else ""


def checking_names(fn: F) -> F:
    """Let a function of ours answer an argument that it does not have with those that it has."""
    names = list(inspect.signature(fn).parameters)
    kind = f"argument of {fn.__qualname__.removesuffix('.__init__')}"

    @functools.wraps(fn)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in names:
                raise unknown(kind, name, [n for n in names if n != "self"])
        return fn(*args, **kwargs)

    return cast(F, checked)


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
