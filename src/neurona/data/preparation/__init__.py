"""Preparation: what turns a user's raw thing, such as an image file, into a sample for a model.

A record of settings, one kind a file. A model keeps one, with the names of its classes, and its
file tells both, so that whoever loads the model prepares things as they were for the training:

    model.preparation, model.class_names = train.preparation, train.class_names
    model.save("flowers.safetensors")  # `neurona predict flowers.safetensors rose.jpg`

    model = nn.models.load_model("flowers.safetensors")
    model.predict(model.preparation.samples(["rose.jpg"]))
"""

from __future__ import annotations

import dataclasses
from typing import Any

from neurona.data.preparation.arrays import Arrays
from neurona.data.preparation.images import Images
from neurona.data.preparation.record import Preparation
from neurona.data.preparation.sounds import Sounds
from neurona.data.preparation.table import Table
from neurona.errors import FormatError

__all__ = ["Arrays", "Images", "Preparation", "Sounds", "Table", "read"]

KINDS: dict[str, type[Preparation]] = {kind.kind: kind for kind in (Arrays, Images, Sounds, Table)}


def read(found: Any) -> Preparation:
    """Return the record that `Preparation.description` told; its constructor checks all values.

    Raises:
        FormatError: an unknown kind, or other settings than the kind has.

    >>> read({"kind": "arrays", "shape": [2], "low": 0, "high": 1})
    Arrays(shape=(2,), divide_by=1.0, low=0.0, high=1.0)
    """
    match found:
        case {"kind": str(name), **given} if name in KINDS:
            kind: Any = KINDS[name]
            if not given.keys() <= {field.name for field in dataclasses.fields(kind)}:
                raise FormatError(
                    f"the preparation of {name} has other settings here.",
                    got=", ".join(map(str, given)),
                    hint="a newer version of neurona wrote it",
                )
            return kind(**{str(name): value for name, value in given.items()})
    raise FormatError(
        "the model's preparation is of no known kind.",
        got=f"{found!r:.80}",
        expected=f"one of {', '.join(KINDS)}",
    )
