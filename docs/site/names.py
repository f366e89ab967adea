"""The public names of the library: where each stands, and where its entry is."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import neurona
from neurona.core.op import Op
from neurona.ops import later

SOURCE = Path(neurona.__file__).parent

# What stands in several namespaces has its entry in the first of these, then of the others.
FIRST = (
    "layers", "models", "losses", "metrics", "optimizers", "optimizers.schedules", "callbacks",
    "initializers", "regularizers", "constraints", "activations", "datasets", "data", "ops",
    "random", "plots", "classic", "doctor", "zoo", "applications", "utils", "tree", "config",
    "errors",
)  # fmt: skip


@dataclass
class Entry:
    """A public name: `place.name` is `value`; `same` is the path of its entry if it has another."""

    place: str
    name: str
    value: Any
    same: str | None = None

    @property
    def path(self) -> str:
        """Its full name."""
        return f"{self.place}.{self.name}"


@dataclass
class Namespace:
    """A public module and its names."""

    path: str  # such as neurona.layers
    module: ModuleType
    entries: list[Entry] = field(default_factory=list)

    @property
    def short(self) -> str:
        """Its name behind `nn`."""
        return self.path.removeprefix("neurona").removeprefix(".") or "neurona"


def names_of(module: ModuleType) -> list[str]:
    """Return the public names of a module: those that it lists, or else what is made in it."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    names = [name for name in dir(module) if not name.startswith("_")]
    if module is neurona.ops:
        shown = [n for n in names if callable(getattr(module, n)) and home(getattr(module, n))]
        return [*shown, *later.NAMESPACES]
    return [n for n in names if getattr(getattr(module, n), "__module__", None) == module.__name__]


def home(value: Any) -> str | None:
    """Return the module of this library in whose file a function, op or class is made."""
    if isinstance(value, Op):
        return value.forward.__module__
    code = getattr(inspect.unwrap(value), "__code__", None) if callable(value) else None
    if code is not None and (path := Path(code.co_filename)).is_relative_to(SOURCE):
        return ".".join(("neurona", *path.relative_to(SOURCE).with_suffix("").parts))
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) and module.startswith("neurona") else None


@functools.cache
def namespaces() -> tuple[Namespace, ...]:
    """Return all public namespaces, in the order of the reference, with their names."""
    found: dict[int, Namespace] = {}

    def visit(path: str, module: ModuleType) -> None:
        if id(module) in found or module is neurona.keras:  # all of it once more
            return
        space = found[id(module)] = Namespace(path, module)
        for name in names_of(module):
            value = getattr(module, name)
            if not inspect.ismodule(value):
                space.entries.append(Entry(path, name, value))
            elif value.__name__.startswith("neurona"):
                visit(f"{path}.{name}", value)

    importlib.import_module("neurona.ops.numpy")
    for name in FIRST:
        module = importlib.import_module(f"neurona.{name}")
        visit(f"neurona.{name}", module)
    visit("neurona", neurona)
    spaces = [space for space in found.values() if space.entries]
    _settle(spaces)
    return tuple(sorted(spaces, key=lambda s: (_rank(s), s.path)))


def _rank(space: Namespace) -> int:
    if space.short == "neurona":
        return -1
    top = space.short if space.short in FIRST else space.short.split(".")[0]
    return FIRST.index(top) if top in FIRST else len(FIRST)


def _settle(spaces: list[Namespace]) -> None:
    """Give each thing one entry with its text: where it has its own name, in the first place."""
    places: dict[int, Entry] = {}
    for space in spaces:
        own = [e for e in space.entries if getattr(e.value, "__name__", None) == e.name]
        for entry in [*own, *space.entries]:
            if not callable(entry.value):
                continue
            first = places.setdefault(id(entry.value), entry)
            if first is not entry:
                entry.same = first.path


def families(space: Namespace) -> dict[str, list[Entry]]:
    """Return the entries of a namespace by the file, or folder of files, that they are made in.

    Names whose entry stands elsewhere are left out.
    """
    by: dict[str, list[Entry]] = {}
    for entry in (e for e in space.entries if e.same is None):
        by.setdefault(_family(home(entry.value) or space.path, space), []).append(entry)
    return dict(sorted(by.items(), key=lambda item: item[0].rpartition(".")[2]))


def _family(module: str, space: Namespace) -> str:
    room = {"layers": "neurona.nn", "ops": "neurona.ops"}.get(space.short)
    if room and module.startswith(f"{room}."):
        return f"{room}.{module.removeprefix(room + '.').split('.')[0]}"
    return module


def summary(thing: Any) -> str:
    """Return the first sentence of a docstring, or its first line."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    stop = text.find(". ")
    return text if stop < 0 else text[: stop + 1]


def module_of(path: str) -> ModuleType:
    """Return an imported module."""
    return sys.modules.get(path) or importlib.import_module(path)
