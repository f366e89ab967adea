"""`neurona runs` and `neurona compare`: what was trained, and how it came out, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neurona.errors import ArgumentError
from neurona.recipes import comparison, record


def runs(folder: Path) -> None:
    """Print the runs in a folder: recipe, date, score, and the settings that were changed."""
    if not folder.is_dir():
        raise ArgumentError(
            f"there is no folder {folder}.", hint="neurona train digits makes a first run"
        )
    found = record.runs(folder)
    if not found:
        print(f"There are no runs in {folder}. `neurona train digits` makes one.")
        return
    rows = [("run", "recipe", "begun", "score", "settings")]
    for place, run in found.items():
        changed = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in run.changed.items())
        rows.append(
            (
                str(place.relative_to(folder)) if place != folder else place.resolve().name,
                f"{run.recipe} --quick" if run.quick else run.recipe,
                run.started[:16].replace("T", " "),
                comparison.chief(run),
                changed or "the recipe's own",
            )
        )
    show(rows)


def compare(names: Sequence[str], out: Path | None) -> None:
    """Print runs side by side, and write a page with their curves over each other."""
    chosen = comparison.load(names)
    show(comparison.columns(chosen))
    path = comparison.write(chosen, out)
    print(f"curves: {path}")


def show(rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first row of it being its head."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        )
