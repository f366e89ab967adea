"""`neurona train`: carries out a recipe."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from neurona import beginning, recipes
from neurona.errors import ArgumentError, check_choice, unknown
from neurona.recipes import Recipe, record
from neurona.terminal import say
from neurona.train.diagnosed import LEVELS, REPAIRS


def train(
    name: str,
    changes: Mapping[str, Any],
    *,
    data: Path | None,
    out: Path | None,
    resume: bool,
    quick: bool = False,
    force: bool = False,
    target: str | None = None,
    task: str | None = None,
    doctor: str | None = None,
    repair: str | None = None,
) -> None:
    """Carry out a recipe, or learn somebody's own data, and say what comes next.

    Args:
        name: of the recipe; or a path: a table, or a folder with a folder of images for each class.
        changes: settings that are not None replace the recipe's defaults.
        data: the folder that holds the data set; None looks where data sets usually are.
        out: the folder of the results; by default `runs/NAME`, or `runs/NAME-2`, ... if that
            holds another run.
        resume: go on with a run that was stopped.
        quick: learn a little from data of the package, to see that all works.
        force: replace a finished run.
        target: of a table, the column to predict.
        task: "classification" or "regression", instead of what the target looks like.
        doctor: "guard" or "full" examines the trainings.
        repair: "safe" or "race" lets the doctor change them, and examines them.
    """
    if doctor is not None:
        check_choice("--doctor", doctor, LEVELS)
    if repair is not None:
        check_choice("--repair", repair, REPAIRS)
        doctor = doctor or LEVELS[0]
    recipe = find(name, target, task, data)
    settings, name = recipe.settings(changes, quick), recipe.name
    folder = out or Path("runs") / (f"{name}-quick" if quick else name)
    if out is None and not force:
        usual = folder
        folder = record.place(usual, name, dataclasses.asdict(settings), quick)
        if folder != usual:
            say(f"{usual} holds another run, so this one goes to {folder} (--force replaces it)")
    beginning.interruptible()
    try:
        recipes.carry_out(
            recipe, settings, folder, resume=resume, data=data, quick=quick, force=force,
            doctor=doctor, repair=repair or "off",
        )  # fmt: skip
    except KeyboardInterrupt as stop:
        backup = (folder / "backup").exists()
        again = "give the same command again to go on from there" if backup else "nothing is lost"
        if repair not in (None, "off"):
            again = "with repairs it begins anew"
        print(f"\n{str(stop) or 'stopped.'} {again.capitalize()}.", file=sys.stderr)
        raise typer.Exit(130) from None


def find(name: str, target: str | None, task: str | None, data: Path | None = None) -> Recipe:
    """Return the recipe of this name, or the one for the table or folder at this path.

    Raises:
        ArgumentError: neither a recipe nor a path has this name; or what only tables have is given.
    """
    if name in recipes.RECIPES:
        if target is not None or task is not None:
            raise ArgumentError(
                f"the recipe {name!r} has no target to choose.",
                got=f"--target {target}" if target is not None else f"--task {task}",
                hint="a table of your own: neurona train data.csv --target price",
            )
        return recipes.get(name)
    if not Path(name).exists():
        error = unknown("recipe", name, recipes.RECIPES)
        raise ArgumentError(
            f"there is no recipe {name!r}, and no file or folder of this name.",
            expected="a recipe (`neurona recipes`), a table such as data.csv, or a folder",
            hint=error.hint,
        )
    if data is not None:
        raise ArgumentError(
            "your own data need no --data.", got=f"{name} and --data {data}", hint="one of them"
        )
    from neurona.recipes import own

    return own.recipe(name, target, task)
