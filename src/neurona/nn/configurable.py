"""Configurable: an object that remembers the arguments it was made with.

Layers, losses, metrics, optimisers, schedules, initialisers, regularisers and constraints are
Configurable: what they were made with is what a file says of them, so nobody has to write
`get_config`. Constructors are plain Python, and hand on what their whole family takes:

    class Dense(Layer):
        def __init__(self, units: int, **common: Unpack[LayerOptions]) -> None:
            super().__init__(**common)
            self.units = check_integer("units", units, minimum=1)

A class of your own may do the same, with a plain `**kwargs`, or leave it out: what a constructor
may not hand on is set before it runs. See docs/decisions/023-constructors.md.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, ClassVar, Self

from neurona.errors import ArgumentError, NeuronaError, StateError, absent, unknown
from neurona.frames import shorten
from neurona.nn import settings
from neurona.nn.description import describe_object, publish, read
from neurona.nn.members import NOTES
from neurona.nn.old_arguments import modern

_KEPT = frozenset({  # what every layer or model has under a name of Keras's, which is no layer
    "activity_regularizer", "built", "dtype", "input_shape", "loss", "optimizer", "output_shape",
    "run_eagerly", "steps_per_execution", "stop_training",
})  # fmt: skip


class Configurable:
    """Base of all that can be made again from its arguments.

    The root of a family says of it, as arguments of its class:

    * `namespace`: where its classes are public, so that a file may name those of this library;
    * `common`: a TypedDict of the keyword arguments that all of them take. The root's constructor
      sets those that are given and leaves the others as they are.

    Attributes:
        arguments: what the object was made with, by name, without defaults.
    """

    arguments: dict[str, Any]
    one: ClassVar[bool] = False  # whether what is used twice is rebuilt as one object
    made_again: ClassVar[frozenset[str]] = frozenset()  # attributes that no copy takes over
    unread: ClassVar[frozenset[str]] = NOTES | {"_constructed"}  # that no computation reads
    _taken: ClassVar[frozenset[str]] = frozenset()  # names of methods that no attribute hides
    _settings: ClassVar[frozenset[str]] = frozenset()  # see `settings.change`
    _namespace: ClassVar[str] = ""
    _root: ClassVar[Any] = None
    _common: ClassVar[dict[str, str]] = {}  # name -> annotation

    def __init_subclass__(cls, namespace: str = "", common: Any = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._namespace = namespace or cls._namespace
        if cls._namespace in ("layers", "models") and cls.__module__.startswith("neurona."):
            cls._taken = _methods(cls)
        if cls.__module__.startswith("neurona.") and not cls.__name__.startswith("_"):
            publish(cls._namespace, cls)
        if common is not None:
            texts = {k: getattr(v, "__forward_arg__", v) for k, v in common.__annotations__.items()}
            cls._root, cls._common = cls, texts
        if "__init__" in vars(cls):
            cls.__init__ = _remembering(cls)  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make an object that is not constructed yet."""
        if not hasattr(cls.__init__, "__signature__"):  # of a dataclass, or of a mix-in
            cls.__init__ = _remembering(cls)  # type: ignore[method-assign]
        self = super().__new__(cls)
        vars(self)["arguments"] = {}
        self._before_init()
        return self

    def __init__(self) -> None:
        """Take no arguments."""

    def _before_init(self) -> None:
        """Set what every object has before its constructor, which need not call the base's."""

    def _after_init(self) -> None:
        """Do what comes after the whole constructor."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be copied and pickled by attributes; `__new__` makes those that are `made_again`."""
        return super().__reduce_ex__(max(int(protocol), 2))  # older ones pass over `__new__`

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in self.made_again}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an argument of the constructor acts as if it had been given there.

        Raises:
            StateError: if the name is taken by what the library calls, or the argument is refused.
        """
        if name in self._taken:
            _check_free(self, name, value)
        if name in self._settings and "_constructed" in vars(self) and settings.are_taken():
            settings.change(self, name, value)
            return
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            if not _is_property(type(self), name):
                raise
            what = type(self).__name__
            raise StateError(
                f"{what}.{name} cannot be set: it is computed.",
                hint=f"{what}({name}=...)" if name in _arguments(self) else "",
            ) from None

    def __getattr__(self, name: str) -> Any:
        """Say what is near a name that is not there."""
        if not name.startswith("_") and hasattr(
            type(self), name
        ):  # a property that failed: let it say why
            return object.__getattribute__(self, name)
        raise absent(self, name)

    def build_alike(self, other: Self) -> None:
        """Let another object of the class have the state that this one has by now."""

    def take_settings(self, before: Self, after: Self) -> None:
        """Take over, into state that stays, what differs between two objects of the class."""

    def description(self) -> dict[str, Any]:
        """Return class and arguments as JSON values."""
        return describe_object(self, self.arguments)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON values."""
        return self.description()["arguments"]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """Make an object from `get_config()`.

        Args:
            config: the arguments.
            custom_objects: name -> class or function, for what is not part of neurona.
        """
        return cls(**{k: read(v, custom_objects) for k, v in config.items()})

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={shown(v)}" for k, v in self.arguments.items())
        return f"{type(self).__name__}({given})"


def _remembering(cls: type[Configurable]) -> Callable[..., None]:
    """Return the constructor of a class as one that remembers its arguments."""
    original: Any = cls.__init__
    signature = inspect.signature(original)
    parameters = list(signature.parameters.values())
    named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    rest = [p for p in parameters if p.kind is p.VAR_KEYWORD]
    hands_on = any("Unpack[" in str(p.annotation) for p in rest)
    takes_any = bool(rest) and not hands_on
    names = [p.name for p in named][1:]
    common = {k: v for k, v in cls._common.items() if k not in names}
    before, starred = _before_star(named[1:])

    def construct(self: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        ours = {} if hands_on else {k: v for k, v in kwargs.items() if k in common}
        if ours:
            cls._root.__init__(self, **ours)
        if not rest:
            kwargs = {k: v for k, v in kwargs.items() if k not in ours}
        original(self, *args, **kwargs)

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if starred in kwargs and kwargs.keys() >= before.keys():  # made again from its arguments
            args = (*(kwargs.pop(name) for name in before), *kwargs.pop(starred))
        strangers = [] if takes_any else [k for k in kwargs if k not in names and k not in common]
        if strangers and cls._namespace == "layers" and cls.__module__.startswith("neurona."):
            kwargs = modern(cls.__name__, {*names, *common}, kwargs)
            strangers = [k for k in kwargs if k not in names and k not in common]
        if strangers:
            raise unknown(f"argument of {type(self).__name__}", strangers[0], _arguments(self))
        if type(self).__init__ is not __init__:  # that of a subclass, which remembers, called it
            construct(self, args, kwargs)
            return
        given = vars(self)["arguments"] = _given(self, whole, args, kwargs)
        try:
            construct(self, args, kwargs)
            self._after_init()
            vars(self)["_constructed"] = True
        except NeuronaError as error:
            if not error.places:
                arguments = ", ".join(f"{k}={shown(v, 40)}" for k, v in given.items())
                error.within(f"{type(self).__name__}({arguments}).")
            shorten(error)
            raise

    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=text)
        for name, text in common.items()
    ]
    cls._settings = frozenset(
        k for k in (*names, *common) if k not in cls.unread and not _is_property(cls, k)
    )
    whole = signature.replace(parameters=[*named, *extra, *(rest if takes_any else [])])
    wrapped: Any = __init__
    wrapped.__signature__ = whole
    return __init__


def _methods(cls: type) -> frozenset[str]:
    """Return the names that no attribute of a layer takes: those of methods, and `arguments`."""
    functions = (k for c in cls.__mro__ for k, v in vars(c).items() if isinstance(v, FunctionType))
    named = {name for name in functions if not name.startswith("_")}
    named -= {"parameter"}  # a layer may call its only one so
    return frozenset(named | {"arguments"} | _KEPT)


def _check_free(obj: Configurable, name: str, value: Any) -> None:
    """Raise a StateError for an attribute that would hide a method of the library.

    A function may take the place of a method, as anywhere in Python.
    """
    what, method = "kept by the library", getattr(type(obj), name, None)
    if name in _KEPT:
        refused = getattr(value, "_namespace", "") in ("layers", "models")
    else:
        what = "what the constructor was given" if method is None else "a method"
        ours = method is None or getattr(method, "__module__", "").startswith("neurona.")
        refused = ours and (not callable(value) or isinstance(value, Configurable))
    if refused:
        raise StateError(
            f"the name `{name}` is taken: {type(obj).__name__}.{name} is {what}.",
            got=type(value).__name__,
            hint=f"use another name for the attribute, such as self.own_{name}",
        )


def _is_property(cls: type, name: str) -> bool:
    return isinstance(getattr(cls, name, None), property)


def _before_star(parameters: list[inspect.Parameter]) -> tuple[dict[str, None], str]:
    """Return the names in front of `*args` and that of `args`; "" without."""
    for number, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return dict.fromkeys(p.name for p in parameters[:number]), parameter.name
    return {}, ""


def _arguments(obj: Configurable) -> list[str]:
    parameters = list(inspect.signature(type(obj).__init__).parameters.values())[1:]
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


def _given(
    obj: Configurable, signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return arguments by name, those of `**kwargs` among them."""
    try:
        given = dict(signature.bind(obj, *args, **kwargs).arguments)
    except TypeError as error:
        name, known = type(obj).__name__, _arguments(obj)
        raise ArgumentError(
            f"{name}: {error}.",
            expected=f"{name}({', '.join(known)})",
            hint=f"{name}([a, b]), a list of layers" if known[:1] == ["layers"] else "",
        ) from None
    given.pop(next(iter(signature.parameters)))  # self
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given.update(given.pop(parameter.name, {}))
    return given


def shown(value: Any, most: int = 100) -> str:
    """Return an argument as text, cut if it is long.

    >>> shown(abs), shown("relu"), shown(list(range(20)), most=12)
    ('abs', "'relu'", '[0, 1, 2,...')
    """
    named = inspect.isroutine(value) and not value.__name__.startswith("<")
    text = value.__name__ if named else " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


Configurable.__init__ = _remembering(Configurable)  # type: ignore[method-assign]
