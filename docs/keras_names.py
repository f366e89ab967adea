"""Writes keras-names.md, which says of each public name of Keras whether it is here:
`python docs/keras_names.py`. The names are those of tests/golden/keras_names.json.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import neurona
from neurona.refusals import ROWS, Refused

FOLDER = Path(__file__).parent
NAMES = FOLDER.parent / "tests" / "golden" / "keras_names.json"
HERE, REFUSED, OUTSIDE, MISSING = "here", "refused", "out of scope", "not here yet"
# 97 of 100 names in scope shall be here, and 95 of 100 of the others
FAMILIES = [
    "layers", "losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers",
    "constraints", "activations", "datasets",
]  # fmt: skip
OTHERS = ["ops", "utils", "random"]


def names() -> dict[str, list[str]]:
    """Return the public names of Keras by module: "layers", "" for the top level."""
    found = json.loads(NAMES.read_text())["names"]
    return {module.partition(".")[2]: text.split() for module, text in found.items()}


def place(module: str) -> Any:
    """Return the module of ours that answers to Keras's, or None."""
    if not module:
        return neurona
    try:
        return importlib.import_module(f"neurona.keras.{module}")
    except ModuleNotFoundError:
        pass
    found: Any = neurona
    for part in module.split("."):
        found = getattr(found, part, None)
    return found


def status(module: str, name: str) -> str:
    """Say whether a name is here."""
    found = getattr(place(module), name, None)
    if isinstance(found, ModuleType) or (found is None and not hasattr(place(module), name)):
        return MISSING
    if not (isinstance(found, type) and issubclass(found, Refused)):
        return HERE
    return REFUSED if ROWS[name].in_scope else OUTSIDE


def table() -> dict[str, dict[str, str]]:
    """Return module -> name -> status."""
    return {m: {n: status(m, n) for n in found} for m, found in names().items() if found}


def share(found: dict[str, dict[str, str]], families: list[str]) -> tuple[int, int]:
    """Return how many of the names in scope of some families are here, and how many there are."""
    rows = [s for m, row in found.items() if m.partition(".")[0] in families for s in row.values()]
    return rows.count(HERE), len(rows) - rows.count(OUTSIDE)


def page() -> str:
    """Return the page as Markdown."""
    found = table()
    version = json.loads(NAMES.read_text())["made_with"]["keras"]
    total = Counter(s for row in found.values() for s in row.values())
    lines = [
        "# Keras's names",
        "",
        f"The public names of Keras {version}, module by module: which are here, which are refused",
        "and why, and which are out of scope: quantised arithmetic, distillation, distribution,",
        "and what wraps other frameworks. `python docs/keras_names.py` writes this page.",
        "",
        "Every name is under `neurona` and under `neurona.keras`; modules of Keras 1 and 2, such",
        "as `keras.layers.core` and `keras.utils.np_utils`, are found as well, by",
        "`src/neurona/places.py`. A name that is refused exists: using it is an error that says",
        "what to do instead.",
        "",
        f"* {sum(total.values()):,} names: {total[HERE]:,} here, {total[REFUSED]} refused,"
        f" {total[OUTSIDE]} out of scope, {total[MISSING]} not here yet.",
    ]
    for families in (FAMILIES, OTHERS):
        here, count = share(found, families)
        lines.append(f"* {', '.join(families)}: {here} of {count} in scope, {here / count:.1%}.")
    lines += [
        "",
        "| module | names | here | refused | out of scope | not here yet |",
        "|" + "---|" * 6,
    ]
    for module, row in sorted(found.items()):
        counts = Counter(row.values())
        cells = [len(row), *(counts[s] or "" for s in (HERE, REFUSED, OUTSIDE, MISSING))]
        lines.append(f"| `keras{'.' if module else ''}{module}` | {' | '.join(map(str, cells))} |")
    for kind in (MISSING, REFUSED, OUTSIDE):
        chosen = {m: [n for n, s in row.items() if s == kind] for m, row in sorted(found.items())}
        chosen = {m: n for m, n in chosen.items() if n}
        if chosen:
            lines += ["", f"## {kind.capitalize()}", ""]
        for module, some in chosen.items():
            lines += _reasons(module, some) if kind != MISSING else [_row(module, some)]
    lines += ["", "## Here", ""]
    for module, row in sorted(found.items()):
        if here_names := [n for n, s in row.items() if s == HERE]:
            lines.append(_row(module, here_names))
    return "\n".join(lines) + "\n"


def _row(module: str, some: list[str]) -> str:
    return f"* `keras{'.' if module else ''}{module}`: {', '.join(some)}"


def _reasons(module: str, some: list[str]) -> list[str]:
    by_row: dict[Any, list[str]] = {}
    for name in some:
        by_row.setdefault(ROWS[name], []).append(name)
    return [f"{_row(module, n)}: {row.why}. Instead: {row.instead}." for row, n in by_row.items()]


def main() -> None:
    """Write the page."""
    text = page()
    (FOLDER / "keras-names.md").write_text(text)
    print(*[line for line in text.splitlines() if line.startswith("* ")][:3], sep="\n")


if __name__ == "__main__":
    main()
