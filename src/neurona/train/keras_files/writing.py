"""Models as Keras describes them: {"module", "class_name", "config", "registered_name"}.

Constructors take the same arguments by the same names and with the same defaults in both libraries,
so what a layer was given is its config.
"""

from __future__ import annotations

import inspect
import math
from collections import defaultdict
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.nn.configurable import Configurable
from neurona.nn.custom import custom
from neurona.nn.description import LIBRARY, public_name
from neurona.nn.layer import Layer
from neurona.nn.symbolic import Call, InputLayer, Operation, Symbolic

OURS = frozenset({  # what neurona alone has
    "layers.Heads", "layers.PositionEmbedding", "layers.RandomAffine", "layers.RotaryEmbedding",
    "layers.SinePositionEncoding", "layers.StepMask", "layers.Toning", "layers.Spreading",
    "layers.TransformerDecoderBlock", "layers.TransformerEncoderBlock", "layers.Function",
    "optimizers.LBFGS", "optimizers.schedules.OneCycle", "optimizers.schedules.WarmUp",
    "regularizers.Regularizer",
})  # fmt: skip
_BY_CODE = {"layers.Lambda", "layers.Pipeline"}  # made of functions or other layers' calls
_WITH_STATE = {  # what they know is no weight, and Keras keeps it in files of its own
    "layers.StringLookup", "layers.IntegerLookup", "layers.TextVectorization",
    "layers.Discretization",
}  # fmt: skip
_INPUTS = {"input_shape", "input_dim", "batch_input_shape"}  # an InputLayer says it
_DEMANDED = {"layers.Rescaling": {"offset": 0.0}}  # defaults that Keras does not do without
_SPACES = {
    "activations", "constraints", "initializers", "layers", "losses", "metrics", "optimizers",
    "optimizers.schedules", "regularizers",
}  # fmt: skip
# Ops -> Keras's class of `ops.numpy`, and its arguments in order besides the tensors
_OPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "add": ("Add", ()), "sub": ("Subtract", ()), "mul": ("Multiply", ()), "div": ("Divide", ()),
    "pow": ("Power", ()), "maximum": ("Maximum", ()), "minimum": ("Minimum", ()),
    "neg": ("Negative", ()), "abs": ("Absolute", ()), "square": ("Square", ()),
    "sqrt": ("Sqrt", ()), "exp": ("Exp", ()), "log": ("Log", ()), "tanh": ("Tanh", ()),
    "sin": ("Sin", ()), "cos": ("Cos", ()), "matmul": ("Matmul", ()),
    "mean": ("Mean", ("axis", "keepdims")), "sum": ("Sum", ("axis", "keepdims")),
    "ops.max": ("Max", ("axis", "keepdims")), "ops.min": ("Min", ("axis", "keepdims")),
    "expand_dims": ("ExpandDims", ("axis",)), "reshape": ("Reshape", ("newshape",)),
    "getitem": ("GetItem", ()),
}  # fmt: skip


class Unwritable(Exception):
    """What Keras has not, and its files cannot tell; the text says what."""


def written(value: Any) -> Any:
    """Return an object, or nested arguments, as Keras writes them.

    Raises:
        Unwritable: if Keras has no such thing.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str):
        if custom(value) is not None:
            raise Unwritable(f"{value!r} is a name of your own")
        return value
    if isinstance(value, np.generic):
        return written(value.item())
    if isinstance(value, np.ndarray | Tensor) and not isinstance(value, Symbolic):
        array = np.asarray(value)
        return {
            "class_name": "__numpy__",
            "config": {"value": array.tolist(), "dtype": array.dtype.name},
        }
    if isinstance(value, list | tuple):
        return [written(v) for v in value]
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {k: written(v) for k, v in value.items()}
    if isinstance(value, Layer):
        return layer(value)
    if isinstance(value, np.dtype) or hasattr(value, "compute_dtype"):
        return value.name
    if isinstance(value, Configurable):
        return _object(value, {k: written(v) for k, v in value.arguments.items()})
    name = public_name(value) if callable(value) else None
    if name is not None and name.partition(".")[0] in _SPACES and name not in OURS:
        return name.rpartition(".")[2]
    raise Unwritable(f"Keras has no {getattr(value, '__name__', repr(value)[:60])}")


def _object(thing: Any, config: dict[str, Any]) -> dict[str, Any]:
    name = public_name(type(thing))
    space, _, own = str(name).rpartition(".")
    if name is None or name in OURS or space not in _SPACES:
        raise Unwritable(f"Keras has no {type(thing).__name__}")
    return {
        "module": f"keras.{space}", "class_name": own, "config": config, "registered_name": None,
    }  # fmt: skip


def layer(thing: Any) -> dict[str, Any]:
    """Return a layer, or a model, as Keras writes it.

    Raises:
        Unwritable: if Keras has no such layer.
    """
    if type(thing) is LIBRARY["models.Sequential"]:
        return {**_placed("keras", "Sequential"), "config": _sequential(thing)}
    if type(thing) is LIBRARY["models.Model"] and thing._network is not None:
        return {**_placed("keras.src.models.functional", "Functional"), "config": _network(thing)}
    if isinstance(thing, LIBRARY["models.Model"]):
        raise Unwritable(f"{type(thing).__name__} is a class of your own")
    name = public_name(type(thing))
    if name in _BY_CODE:
        raise Unwritable(f"{thing.name!r} is a {type(thing).__name__}, made of functions")
    if name in _WITH_STATE:
        raise Unwritable(f"{thing.name!r} is a {type(thing).__name__}, which has a vocabulary")
    if name == "layers.SpectralNormalization":
        raise Unwritable(f"{thing.name!r} changes its kernel in Keras, and here what it multiplies")
    if isinstance(thing, InputLayer):
        sizes = {"batch_shape": [*thing.batch_shape], "dtype": thing.input_dtype.name}
        if thing.input_dtype.kind not in "fiub":
            raise Unwritable(f"{thing.name!r} takes text")
        return _object(thing, {**sizes, "name": thing.name})
    own_names = inspect.signature(type(thing)).parameters
    left_out = _INPUTS - own_names.keys()  # Embedding has an input_dim of its own
    given = {k: written(v) for k, v in thing.arguments.items() if k not in left_out}
    given = {**_DEMANDED.get(str(name), {}), **given}
    own = {"name": thing.name, "trainable": thing.trainable}
    return _object(thing, {**given, **own})


def name_of(model: Any) -> dict[str, Any]:
    """Return what stands for a model that Keras has not: a name that it does not find.

    A class of one's own it would make without weights, since it does not know the input's shape.
    """
    name = f"neurona>{type(model).__name__}"
    return {
        "module": None, "class_name": name, "config": {"name": model.name}, "registered_name": name,
    }  # fmt: skip


def _placed(module: str, name: str) -> dict[str, Any]:
    registered = "Functional" if name == "Functional" else None
    return {"module": module, "class_name": name, "registered_name": registered}


def _sequential(model: Any) -> dict[str, Any]:
    layers = [layer(part) for part in model.contained()]
    start = model._start
    if start is not None:
        layers.insert(0, layer(start.call.layer))
    shape = None if start is None else [*start.shape]
    common = {"name": model.name, "trainable": model.trainable}
    return {**common, "layers": layers, "build_input_shape": shape}


# --- functional models ---------------------------------------------------------------------------


def _network(model: Any) -> dict[str, Any]:
    network = model._network
    if not all(isinstance(x.call.layer, InputLayer) for x in network.input_leaves):
        raise Unwritable(f"{model.name!r} begins in the middle of another model")
    nodes: dict[int, list[Call]] = defaultdict(list)
    for call in network.calls:
        nodes[id(call.layer)].append(call)

    def tensor(x: Symbolic) -> list[Any]:
        if isinstance(x.call.layer, InputLayer):
            return [x.name, 0, 0]
        number = next(i for i, c in enumerate(nodes[id(x.call.layer)]) if c is x.call)
        return [x.name, number, x.index]

    def value(x: Any) -> Any:
        if isinstance(x, Symbolic):
            told = {"shape": [*x.shape], "dtype": x.dtype.name, "keras_history": tensor(x)}
            return {"class_name": "__keras_tensor__", "config": told}
        if isinstance(x, list | tuple):
            return [value(v) for v in x]
        if isinstance(x, dict):
            return {k: value(v) for k, v in x.items()}
        if isinstance(x, Tensor) and not x.shape:
            return x.numpy().item()
        if isinstance(x, slice):
            ends = {"start": value(x.start), "stop": value(x.stop), "step": value(x.step)}
            return {"class_name": "__slice__", "config": ends}
        if x is ...:
            return {"class_name": "__ellipsis__", "config": {}}
        return written(x)

    def node(call: Call) -> dict[str, Any]:
        args, kwargs = call.structure.unflatten(call.leaves)
        if isinstance(call.layer, Operation):
            args, kwargs = _operands(call.layer, args, kwargs)[:2]
        return {"args": [value(a) for a in args], "kwargs": value(kwargs)}

    described = []
    for part in network.operations:
        calls = nodes[id(part)]
        found = _operation(part, calls) if isinstance(part, Operation) else layer(part)
        described.append({**found, "name": part.name, "inbound_nodes": [node(c) for c in calls]})

    def ends(x: Any) -> Any:
        if isinstance(x, Symbolic):
            return tensor(x)
        return {k: ends(v) for k, v in x.items()} if isinstance(x, dict) else [ends(v) for v in x]

    common = {"name": model.name, "trainable": model.trainable, "layers": described}
    inputs, outputs = ends(network.inputs), ends(network.outputs)
    return {**common, "input_layers": inputs, "output_layers": outputs}


def _operation(part: Operation, calls: list[Call]) -> dict[str, Any]:
    if part.function not in _OPS or len(calls) != 1:
        raise Unwritable(f"the function ops.{part.function.removeprefix('ops.')} is in it")
    name, _ = _OPS[part.function]
    config = _operands(part, *calls[0].structure.unflatten(calls[0].leaves))[2]
    placed = {"module": "keras.src.ops.numpy", "class_name": name, "registered_name": name}
    return {**placed, "config": {"name": part.name, **written(config)}}


def _operands(part: Operation, args: Any, kwargs: dict[str, Any]) -> tuple[list, dict, dict]:
    """Return what a function was called with, as tensors and as what Keras's class is given."""
    names = _OPS[part.function][1]
    count = 1 if names else len(args)
    config = {**dict(zip(names, args[count:], strict=False)), **kwargs}
    if len(args) - count > len(names) or not config.keys() <= set(names):
        raise Unwritable(f"{part.name!r} is given arguments that Keras does not take")
    return list(args[:count]), {}, config
