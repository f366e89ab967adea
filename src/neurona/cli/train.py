"""`neurona train`: carries out a recipe."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from neurona import beginning, recipes
from neurona.recipes import record
from neurona.terminal import say


def train(
    name: str,
    changes: Mapping[str, Any],
    *,
    data: Path | None,
    out: Path | None,
    resume: bool,
    quick: bool = False,
    force: bool = False,
) -> None:
    """Carry out the recipe of this name, with its settings changed, and say what comes next.

    Args:
        name: of the recipe.
        changes: settings that are not None replace the recipe's defaults.
        data: the folder that holds the data set; None looks where data sets usually are.
        out: the folder of the results; by default `runs/NAME`, or `runs/NAME-2`, ... if that
            holds another run.
        resume: go on with a run that was stopped.
        quick: learn a little from data of the package, to see that all works.
        force: replace a finished run.
    """
    recipe = recipes.get(name)
    settings = recipe.settings(changes, quick)
    folder = out or Path("runs") / (f"{name}-quick" if quick else name)
    if out is None and not force:
        usual = folder
        folder = record.place(usual, name, dataclasses.asdict(settings), quick)
        if folder != usual:
            say(f"{usual} holds another run, so this one goes to {folder} (--force replaces it)")
    beginning.interruptible()
    try:
        recipes.carry_out(
            recipe, settings, folder, resume=resume, data=data, quick=quick, force=force
        )
    except KeyboardInterrupt as stop:
        backup = (folder / "backup").exists()
        again = "give the same command again to go on from there" if backup else "nothing is lost"
        print(f"\n{str(stop) or 'stopped.'} {again.capitalize()}.", file=sys.stderr)
        raise typer.Exit(130) from None
