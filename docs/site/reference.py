"""Writes the pages of the reference, from what the library has and says of itself.

A namespace is a page; one with many entries is a page for each family of them (a file of the
source), and one that lists them all.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docs.site.docstrings import inline
from docs.site.names import Entry, Namespace, families, module_of, namespaces, summary

LARGE = 45  # entries of a page


def write(folder: Path) -> None:
    """Write all pages of the reference into a folder."""
    for name, text in pages().items():
        path = folder / f"{name}.rst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the pages: name -> reStructuredText."""
    made: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    spaces = namespaces()
    for space in spaces:
        page = space.short.replace(".", "/")
        own = [e for e in space.entries if e.same is None]
        by = families(space)
        if len(own) > LARGE and len(by) > 2:
            for family, entries in by.items():
                stem = family.rpartition(".")[2]
                children.setdefault(page, []).append(f"{page}/{stem}")
                assert f"{page}/{stem}" not in made, f"two families are called {stem}"
                made[f"{page}/{stem}"] = _family_page(space, family, entries)
            made[page] = _overview(space, by)
        else:
            made[page] = _namespace_page(space)
        if "/" in page and page.rpartition("/")[0] in made:
            children.setdefault(page.rpartition("/")[0], []).append(page)
    made["command-line"] = command_line()
    for page, below in children.items():
        made[page] += _toctree(page, below)
    inner = {child for below in children.values() for child in below}
    made["index"] = _index(spaces, [page for page in made if page not in inner])
    return made


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * max(4, len(text))}\n\n"


def _toctree(page: str, below: Iterable[str]) -> str:
    lines = "".join(f"   /docs/reference/{child}\n" for child in below)
    return f"\n.. toctree::\n   :hidden:\n\n{lines}\n"


def _about(module: Any) -> str:
    text = (inspect.getdoc(module) or "").split("\n\n")[0]
    return inline(" ".join(text.split())) + "\n\n" if text else ""


def _index(spaces: tuple[Namespace, ...], order: list[str]) -> str:
    rows = "".join(
        f"   * - :doc:`{s.short} </docs/reference/{s.short.replace('.', '/')}>`\n"
        f"     - {inline(summary(s.module)) or ' '}\n"
        for s in spaces
    )
    return (
        _title("Reference")
        + "Every public name, from its docstring. ``import neurona as nn`` gives them all: "
        "``nn.layers.Dense``. ``neurona.keras`` has them once more, for Keras's import lines.\n\n"
        ".. list-table::\n   :widths: 22 78\n\n"
        + rows
        + "   * - :doc:`command line </docs/reference/command-line>`\n"
        "     - What `neurona` does in a terminal.\n".replace("`neurona`", "``neurona``")
        + _toctree("index", order)
    )


def _overview(space: Namespace, by: dict[str, list[Entry]]) -> str:
    parts = [_title(space.short), _about(space.module)]
    for family, entries in by.items():
        stem = family.rpartition(".")[2]
        parts.append(_title(stem.replace("_", " ").capitalize(), "-"))
        parts.append(_about(module_of(family)))
        parts.append(_table(entries))
    return "".join(parts) + _others(space)


def _others(space: Namespace) -> str:
    """Return the names of a namespace whose entry stands elsewhere, as one list."""
    others = [e for e in space.entries if e.same is not None]
    if not others:
        return ""
    current = f".. py:currentmodule:: {space.path}\n\n"
    return _title("Other names", "-") + current + "".join(map(_entry, others))


def _table(entries: list[Entry]) -> str:
    rows = "".join(
        f"   * - :py:obj:`{e.name} <{e.path}>`\n     - {inline(summary(e.value)) or ' '}\n"
        for e in entries
    )
    return f".. list-table::\n   :widths: 30 70\n   :class: names\n\n{rows}\n"


def _family_page(space: Namespace, family: str, entries: list[Entry]) -> str:
    title = family.rpartition(".")[2].replace("_", " ").capitalize()
    return (
        _title(title)
        + _about(module_of(family))
        + f".. py:currentmodule:: {space.path}\n\n"
        + "".join(map(_entry, entries))
    )


def _namespace_page(space: Namespace) -> str:
    parts = [_title(space.short), _about(space.module)]
    own = [e for e in space.entries if e.same is None]
    if len(own) > 6:
        parts.append(_table(own))
    parts.append(f".. py:currentmodule:: {space.path}\n\n")
    parts += map(_entry, own)
    return "".join(parts) + _others(space)


def _entry(entry: Entry) -> str:
    if entry.same is not None:
        return f".. py:data:: {entry.name}\n\n   The same as :py:obj:`~{entry.same}`.\n\n"
    if inspect.isclass(entry.value):
        members = ", ".join(_members(entry.value))
        shown = f"   :members: {members}\n" if members else ""
        return f".. autoclass:: {entry.path}\n{shown}\n"
    if callable(entry.value):
        return f".. autofunction:: {entry.path}\n\n"
    return f".. py:data:: {entry.name}\n   :value: {entry.value!r}\n\n"


def _members(kind: type) -> list[str]:
    """Return the methods and properties that a class has beyond its public bases."""
    bases = [base for base in kind.__mro__[1:] if base in _public_classes()]
    inherited = {name for base in (*bases, object, BaseException) for name in dir(base)}
    hooks = {"build", "call", "compute_mask", "from_config", "get_config"}
    return [
        name
        for name in sorted(set(dir(kind)) - inherited - (hooks if bases else set()))
        if not name.startswith("_") and _documented(inspect.getattr_static(kind, name))
    ]


def _documented(member: Any) -> bool:
    kinds = (staticmethod, classmethod, property)
    return (inspect.isfunction(member) or isinstance(member, kinds)) and bool(member.__doc__)


def _public_classes() -> set[type]:
    return {
        e.value
        for s in namespaces()
        for e in s.entries
        if e.same is None and isinstance(e.value, type)
    }


def command_line() -> str:
    """Return the page of the commands, from their help."""
    import typer.main

    from neurona.cli.main import app

    group = typer.main.get_command(app)
    parts = [_title("command line"), "``neurona COMMAND --help`` says this in a terminal.\n\n"]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if command.hidden:
            continue
        parts.append(_title(f"neurona {name}", "-"))
        parts.append(inline(inspect.cleandoc(command.help or "").replace("\n", " ")) + "\n\n")
        for parameter in command.params:
            if parameter.name == "help" or getattr(parameter, "hidden", False):
                continue
            flags = ", ".join(parameter.opts) or parameter.name
            term = flags if parameter.param_type_name == "option" else parameter.name.upper()
            parts.append(f"``{term}``\n    {inline(getattr(parameter, 'help', None) or ' ')}\n\n")
    return "".join(parts)
