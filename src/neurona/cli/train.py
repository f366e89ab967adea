"""`neurona train`: carries out a recipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from neurona import beginning, recipes


def train(
    name: str,
    changes: Mapping[str, Any],
    *,
    data: Path | None,
    out: Path | None,
    resume: bool,
    quick: bool = False,
) -> None:
    """Carry out the recipe of this name, with its settings changed, and say what comes next.

    Args:
        name: of the recipe.
        changes: settings that are not None replace the recipe's defaults.
        data: a folder to look for the data set in first.
        out: the folder of the results, `runs/NAME` by default.
        resume: go on with a run that was stopped.
        quick: learn a little from data of the package, to see that all works.
    """
    recipe = recipes.get(name)
    settings = recipe.settings(changes, quick)
    folder = out or Path("runs") / (f"{name}-quick" if quick else name)
    beginning.interruptible()
    try:
        recipes.carry_out(recipe, settings, folder, resume=resume, data=data, quick=quick)
    except KeyboardInterrupt as stop:
        backup = (folder / "backup").exists()
        again = "give the same command again to go on from there" if backup else "nothing is lost"
        print(f"\n{str(stop) or 'stopped.'} {again.capitalize()}.", file=sys.stderr)
        raise typer.Exit(130) from None
