"""Where Keras keeps the weights of a model in a file: by place, or as older versions by layer.

In `model.weights.h5`, and in `name.weights.h5`, a weight's place is the way to it, by attributes:
"layers/dense_1/vars/0", "layers/lstm/cell/vars/2". Layers in lists are named by their class and
numbered. In `.h5` each layer has its name, and lists the names of its weights in order.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.core.shapes import is_float
from neurona.errors import FormatError
from neurona.nn.context import snake_case
from neurona.nn.description import LIBRARY
from neurona.nn.layer import Layer
from neurona.nn.members import NOTES
from neurona.nn.parameter import Parameter, State
from neurona.train.keras_files.hdf5 import Reader, write_array, write_names

Place = tuple[str, Parameter]
_TOP = "top_level_model_weights"


def groups(model: Any) -> dict[str, list[Parameter]]:
    """Return the group of each layer, "layers/dense/vars", and what it holds in order."""
    found: dict[str, list[Parameter]] = {}
    seen: set[int] = set()

    def visit(owner: Layer, path: str) -> None:
        if id(owner) in seen:
            return
        seen.add(id(owner))
        own = [p for p in owner.own_parameters() if not isinstance(p, State)]
        found[f"{path}vars"] = _counted(owner, sorted(own, key=lambda p: not p.trainable))
        for name, child in _children(owner):
            if isinstance(child, Layer):
                visit(child, f"{path}{name}/")
            else:
                visit_all(child, f"{path}{name}/", ())

    def visit_all(items: Any, path: str, above: tuple[int, ...]) -> None:
        used: Counter[str] = Counter()
        for item in items.values() if isinstance(items, dict) else items:
            if isinstance(item, Layer):
                name = _numbered(_class_name(item), used)
                visit(item, f"{path}{name}/")
            elif isinstance(item, list | tuple | dict) and id(item) not in above:
                visit_all(item, f"{path}{_numbered('container', used)}/", (*above, id(items)))

    visit(model, "")
    return found


def places(model: Any) -> list[Place]:
    """Return the place of each weight in a file of weights."""
    return [(f"{group}/{i}", p) for group, row in groups(model).items() for i, p in enumerate(row)]


def _counted(layer: Layer, own: list[Parameter]) -> list[Parameter]:
    """Return the weights of a layer, with a count if Keras has one that nobody needs here."""
    if not own or type(layer) is not LIBRARY["layers.Normalization"]:
        return own
    count = Parameter(np.zeros((), np.int32), "count", trainable=False)
    count.path = f"{layer.name}/count"
    return [*own, count]


def _numbered(name: str, used: Counter[str]) -> str:
    number = used[name]
    used[name] += 1
    return f"{name}_{number}" if number else name


def _class_name(layer: Layer) -> str:
    """Return what Keras calls a layer of this class: a functional model is of class Functional."""
    plain = type(layer) is LIBRARY["models.Model"]
    return "functional" if plain else snake_case(type(layer).__name__)


@functools.cache
def _kept() -> frozenset[str]:
    """Return the attributes of all layers and models, which are none of the user's."""
    return NOTES | vars(Layer()).keys() | vars(LIBRARY["models.Sequential"]()).keys()


def _children(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield attributes with layers in them in Keras's order, private ones last."""
    if hasattr(owner, "contained") and owner.contained():
        yield "layers", owner.contained()
    kinds = (Layer, list, tuple, dict)
    named = {k: v for k, v in vars(owner).items() if isinstance(v, kinds) and k not in _kept()}
    if hasattr(owner, "contained") and not owner.contained():
        named["layers"] = owner.layers
    for name in sorted(named, key=lambda k: f"~{k}" if k.startswith("_") else k):
        yield name, named[name]


def write_places(file: Any, model: Any) -> None:
    """Write the weights of a model by their places."""
    for group, row in groups(model).items():
        made = file.create_group(group)
        for number, p in enumerate(row):
            write_array(made, str(number), p.numpy())


# --- by layer ------------------------------------------------------------------------------------


def _rows(model: Any) -> list[tuple[str, list[Parameter]]]:
    """Return the layers of a model with their weights, those that are trained first."""
    return [
        (layer.name, _counted(layer, [*layer.trainable_weights, *layer.non_trainable_weights]))
        for layer in model.layers
    ]


def write_layers(group: Any, model: Any, version: str) -> list[Place]:
    """Write the weights of a model layer by layer, and return their places in the group."""
    rows = _rows(model)
    write_names(group, "layer_names", [name for name, _ in rows])
    group.attrs["backend"], group.attrs["keras_version"] = b"jax", version.encode()
    below = {id(p) for _, row in rows for p in row}
    top = [p for p in model.weights if id(p) not in below]
    places: list[Place] = []
    for layer, row in [*rows, (_TOP, top)]:
        made, names = group.create_group(layer), []
        for p in row:
            name, number = p.path, 1
            while name in names:
                name, number = f"{p.path}_{number}", number + 1
            names.append(name)
            places.append((f"{layer}/{name}", p))
            write_array(made, name, p.numpy())
        write_names(made, "weight_names", names)
    return places


def layer_places(reader: Reader, root: str, model: Any, by_name: bool) -> list[Place]:
    """Return the place of each weight in a file by layer: in order, or by the layers' names.

    Raises:
        FormatError: if layers or weights are too few or too many.
    """
    saved: dict[str, list[str]] = {}
    for name in reader.names(root, "layer_names"):
        inside = reader.names(f"{root}/{name}", "weight_names")
        if inside:
            saved[name] = [f"{root}/{name}/{weight}" for weight in inside]
    rows = [(name, row) for name, row in _rows(model) if row]
    if by_name:
        pairs = [(name, row, saved[name]) for name, row in rows if name in saved]
    elif len(rows) != len(saved):
        raise _unfit(reader, [f"{len(saved)} layers have weights in the file, {len(rows)} here"])
    else:
        pairs = [(n, row, s) for (n, row), s in zip(rows, saved.values(), strict=True)]
    found: list[Place] = []
    for name, row, inside in pairs:
        if len(row) != len(inside):
            told = f"{name} has {len(inside)} weights in the file, {len(row)} in the model"
            raise _unfit(reader, [told])
        found += zip(inside, row, strict=True)
    return found


# --- reading -------------------------------------------------------------------------------------


def load(reader: Reader, model: Any, *, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Read the weights of a model from a file, by place or by layer; nothing if they do not fit.

    Raises:
        FormatError: if the file is damaged, or does not fit.
    """
    wanted = places_in(reader, model, by_name)
    problems = [
        f"{group} has {reader.count(group)} weights in the file, {len(row)} in the model"
        for group, row in ({} if _root(reader) is not None else groups(model)).items()
        if reader.count(group) != len(row)
    ]
    if by_name and not wanted:
        problems = [f"no layer is called as one of {reader.name}"]
    chosen, left = arrays_at(reader, wanted)
    if (problems or left) and not (skip_mismatch and chosen):
        raise _unfit(reader, left or problems)
    if left:
        origin.warn(f"load_weights left these as they were: {'; '.join(left[:5])}")
    for p, array in chosen:
        p.assign(array)


def places_in(reader: Reader, model: Any, by_name: bool = False) -> list[Place]:
    """Return the place of each weight in a file, which is by layer or by place."""
    root = _root(reader)
    return places(model) if root is None else layer_places(reader, root, model, by_name)


def arrays_at(
    reader: Reader, wanted: Iterable[Place]
) -> tuple[list[tuple[Parameter, np.ndarray]], list[str]]:
    """Return the arrays at some places with whose they are, and what does not fit in words."""
    chosen, left = [], []
    for place, p in wanted:
        shape = reader.shape(place)
        if shape is None:
            left.append(f"{p.path} is not in the file")
        elif shape != p.shape:
            left.append(f"{p.path} is {shape} in the file, {p.shape} in the model")
        else:
            array = reader.array(place)
            if is_float(array.dtype) != is_float(p.dtype):
                left.append(f"{p.path} is {array.dtype} in the file, {p.dtype} in the model")
            else:
                chosen.append((p, array))
    return chosen, left


def _root(reader: Reader) -> str | None:
    """Return where the layers are in a file by layer; None in a file by place."""
    names = ("layer_names", "layer_names0")
    roots = ("model_weights", "")
    return next((r for r in roots for n in names if reader.has_attribute(r, n)), None)


def _unfit(reader: Reader, problems: list[str]) -> FormatError:
    more = f" and {len(problems) - 3} more" if problems[3:] else ""
    return FormatError(
        f"the parameters in {reader.name} do not fit the model.",
        got="; ".join(problems[:3]) + more,
        hint="build the same architecture, or load_weights(path, skip_mismatch=True)",
    )
