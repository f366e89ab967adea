"""Somebody's own data: a table or a folder of images becomes a recipe; see `recipe`.

from neurona.recipes import carry_out, own

recipe = own.recipe("houses.csv", target="price")
run = carry_out(recipe, recipe.defaults, Path("runs/houses"))
"""

from __future__ import annotations

import os
from pathlib import Path

from neurona.errors import ArgumentError, MissingDataError
from neurona.recipes.own import folder, table
from neurona.recipes.recipe import Recipe

__all__ = ["recipe"]


def recipe(
    path: str | os.PathLike[str], target: str | None = None, task: str | None = None
) -> Recipe:
    """Return the recipe that learns a table, or a folder of images.

    Args:
        path: a text file of cells such as .csv, or a folder with a folder of images for each class.
        target: the column to predict, by name or place; None takes a likely one, else the last.
        task: "classification" or "regression"; None finds out from the target.

    Raises:
        MissingDataError: there is no such file or folder.
        FormatError, DataError: it cannot be learned from; says why.
    """
    path = Path(path)
    if path.is_dir():
        if target is not None or task is not None:
            raise ArgumentError(
                "a folder of images has no columns.",
                got=f"target={target!r}, task={task!r}",
                hint="its classes are its folders; leave both out",
            )
        return folder.recipe(path)
    if not path.is_file():
        raise MissingDataError(f"there is no file or folder {path}.")
    return table.recipe(path, target, task)
