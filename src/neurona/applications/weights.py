"""Weights of networks of ImageNet: where their files are, and how they come into a model.

There are none of our own yet. Keras's have the order of ours, and go through one file of arrays:

    import keras, numpy as np
    np.savez("resnet50.npz", *keras.applications.ResNet50().get_weights())
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.datasets.locate import folders
from neurona.datasets.number_archive import numbered_arrays
from neurona.errors import FormatError, MissingDataError, check_file
from neurona.models import Model
from neurona.train import state
from neurona.train.keras_files.files import opened
from neurona.train.keras_files.weights import arrays_at, places_in
from neurona.train.tensor_file import read_tensors

ENDINGS = (".npz", ".safetensors")
PLACE = "applications"
LIMIT = 2**32  # bytes of weights


def find(title: str) -> Path:
    """Return the file with the weights of an application.

    Args:
        title: its name, such as "ResNet50".

    Raises:
        MissingDataError: there is none; says where it is looked for, and how it is made.
    """
    names = [title.lower() + ending for ending in ENDINGS]
    places = folders(PLACE)
    for place in places:
        for name in names:
            if (place / name).is_file():
                return place / name
    raise MissingDataError(
        f"there are no weights of {title} on this machine.",
        got=f"no {' or '.join(names)} in {', '.join(map(str, places))}",
        hint="weights=None begins at random. Where Keras is installed, this makes the file:\n"
        "  import keras, numpy as np\n"
        f'  np.savez("{names[0]}", *keras.applications.{title}().get_weights())',
    )


def load(model: Model, path: Any, include_top: bool) -> None:
    """Read the weights of a model from a file.

    Args:
        model: the model.
        path: an .npz with arrays in the order of Keras's `get_weights`, or a .safetensors of ours.
        include_top: whether the model has a top; if not, what a file has of one is left alone.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is of another kind, or does not fit.
    """
    path = check_file(Path(os.path.expanduser(path)))
    if path.suffix == ".npz":
        # a Normalization of Keras counts its samples, which nobody reads
        arrays = [array for array in numbered_arrays(path, LIMIT) if array.ndim]
        paths = [p.path for p in model.weights]
        _assign(model, path, dict(zip(paths, arrays, strict=False)), len(arrays), include_top)
    elif (keras := opened(path)) is not None:
        fitting, _ = arrays_at(keras.reader, places_in(keras.reader, model))
        _assign(model, path, {p.path: array for p, array in fitting}, len(fitting), include_top)
    elif path.suffix in (".safetensors", ".keras"):
        content, _ = read_tensors(path)
        given = {name: array for name, array in content.items() if not name.startswith("/")}
        places = state.parameter_paths(model)
        named = {p.path: given[n] for n, p in places.items() if n in given}
        _assign(model, path, named, len(given), include_top)
    else:
        raise FormatError(
            f"{path}: files of this kind are not read.",
            got=path.suffix or "no ending",
            expected=" or ".join(ENDINGS),
            hint='np.savez("weights.npz", *model.get_weights()) where Keras can load it',
        )


def _assign(
    model: Model, path: Path, arrays: dict[str, np.ndarray], count: int, include_top: bool
) -> None:
    wrong = [
        f"{p.path} {p.shape} is {arrays[p.path].shape if p.path in arrays else 'missing'}"
        for p in model.weights
        if p.path not in arrays or arrays[p.path].shape != p.shape
    ]
    if wrong or (include_top and count > len(model.weights)):
        raise FormatError(
            f"{path}: the weights do not fit {model.name!r}.",
            got="; ".join(wrong[:3]) or f"{count} arrays, {len(model.weights)} in the model",
            hint="the file of the same network, with its top",
        )
    for p in model.weights:
        p.assign(arrays[p.path].astype(config.floatx()))
