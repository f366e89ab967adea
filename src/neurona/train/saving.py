"""Models and their weights in files, as functions: what `model.save` and its kin do."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError
from neurona.train.model import Model


def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """Write a model to one file, whatever its name ends with; see `Model.save`.

    Args:
        model: a Model that is built.
        filepath: the file.
        overwrite: whether it may replace a file.
        zipped: accepted as in Keras; it is one file always.
        include_optimizer: whether the training can go on from it.

    Raises:
        ArgumentError: if it is no model.
    """
    _checked(model, "save_model").save(filepath, overwrite, include_optimizer)


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the parameters of a model to a file; see `Model.save_weights`."""
    _checked(model, "save_weights").save_weights(filepath, overwrite)


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read the parameters of a model from a file; see `Model.load_weights`."""
    _checked(model, "load_weights").load_weights(filepath, skip_mismatch, by_name)


def _checked(model: Any, function: str) -> Model:
    if not isinstance(model, Model):
        raise ArgumentError(f"{function} takes a model.", got=repr(model)[:60])
    return model
