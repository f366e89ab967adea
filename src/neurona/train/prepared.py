"""Prepared: what a model tells of its use, besides its layers: preparation and class names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.data import preparation as kinds
from neurona.data.preparation import Preparation
from neurona.data.preparation.record import checked_class_names
from neurona.errors import StateError
from neurona.train.training import Training


class Prepared:
    """The part of a Model that knows how raw things become its samples, and its classes' names.

    Both are None until a recipe, `neurona train` or you set them; copies, clones and files keep
    them, and `neurona predict` uses them:

        train = nn.utils.image_dataset_from_directory("flowers", image_size=(64, 64))
        model.preparation, model.class_names = train.preparation, train.class_names
    """

    _training: Training

    @property
    def preparation(self) -> Preparation | None:
        """How raw things, such as image files, become samples; see `nn.data.preparation`."""
        return self._training.preparation

    @preparation.setter
    def preparation(self, value: Any) -> None:
        if value is not None and not isinstance(value, Preparation):
            raise StateError(
                "a model's `preparation` is taken: it tells how raw things become samples.",
                got=type(value).__name__,
                expected="a record of nn.data.preparation, or None",
                hint="use another name for the attribute, or Images((28, 28), divide_by=255)",
            )
        self._training.preparation = value

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, in the order of their numbers."""
        return self._training.class_names

    @class_names.setter
    def class_names(self, value: Sequence[str] | None) -> None:
        self._training.class_names = checked_class_names(value)


def told(model: Any) -> dict[str, Any]:
    """Return what a model's file says of its use; nothing if nothing is known."""
    training: Training = model._training
    found: dict[str, Any] = {}
    if training.preparation is not None:
        found["preparation"] = training.preparation.description()
    if training.class_names is not None:
        found["class_names"] = list(training.class_names)
    return found


def tell(model: Any, found: dict[str, Any]) -> None:
    """Give a model what `told` returned; older files say nothing."""
    if "preparation" in found:
        model._training.preparation = kinds.read(found["preparation"])
    if "class_names" in found:
        model._training.class_names = checked_class_names(found["class_names"])
