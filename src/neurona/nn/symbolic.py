"""The functional API: layers called on symbolic inputs record a network instead of computing.

    x = Input((28, 28))
    y = layers.Dense(10)(layers.Flatten()(x))
    model = models.Model(x, y)

A Symbolic has a shape with None for sizes that are not known yet. Its values are never computed:
`run` replays the recorded calls on real tensors, each call once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.core.op import OPS, Op
from neurona.core.shapes import Spec, as_dtype
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten, map_leaves
from neurona.errors import ArgumentError, StateError
from neurona.nn.layer import Layer

_PROBES = (2, 3)  # sizes tried for None: where the output differs, it is None too


class Call:
    """One call of a layer on symbolic inputs."""

    def __init__(self, layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> None:
        self.layer, self.kwargs = layer, kwargs
        self.inputs, self.structure = flatten(inputs)
        self.outputs: Structure | None = None


class Symbolic(Tensor):
    """What `Input` returns: a place for a tensor that is to come."""

    __slots__ = ("call", "name")

    def __init__(self, shape: Sequence[int | None], dtype: Any = None, name: str = "input") -> None:
        super().__init__(None, Spec(tuple(shape), as_dtype(dtype)), level=-1)  # type: ignore[arg-type]
        self.call: Call | None = None
        self.name = name

    def record(self, op: Op, inputs: tuple[Tensor, ...], attributes: dict[str, Any]) -> Any:
        """Record the application of an op, as a layer that does just that."""
        layer = Operation(op.name, tuple(sorted(attributes.items())), _constants(inputs))
        return layer([x for x in inputs if isinstance(x, Symbolic)])

    def record_layer(self, layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> Any:
        """Record the call of a layer and return its symbolic outputs."""
        call = Call(layer, inputs, kwargs)
        results = [_probe(call, size) for size in _PROBES]
        first, structure = flatten(results[0])
        second = flatten(results[1])[0]
        call.outputs = structure
        outputs = []
        for index, (a, b) in enumerate(zip(first, second, strict=True)):
            shape = [s if s == t else None for s, t in zip(a.shape, b.shape, strict=True)]
            outputs.append(Symbolic(shape, a.dtype))
            outputs[-1].call, outputs[-1].index = call, index
        shapes = [x.shape for x in call.inputs if isinstance(x, Symbolic)]
        layer.input_shape = shapes[0] if len(shapes) == 1 else shapes
        layer.output_shape = outputs[0].shape if len(outputs) == 1 else [y.shape for y in outputs]
        return structure.unflatten(outputs)

    def __repr__(self) -> str:
        return f"<Symbolic {self.name!r} shape={self.shape} dtype={self.dtype.name}>"


class _Leaf:
    """A Spec as a leaf: being a tuple it would be taken apart."""

    def __init__(self, shape: tuple, dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype


def _probe(call: Call, size: int) -> Any:
    """Return shape and type of the call's outputs when unknown sizes are `size`."""
    places = [i for i, x in enumerate(call.inputs) if isinstance(x, Symbolic)]
    specs = [
        Spec(tuple(size if s is None else s for s in call.inputs[i].shape), call.inputs[i].dtype)
        for i in places
    ]

    def arrange(tensors: Sequence[Tensor]) -> Any:
        filled = list(call.inputs)
        for i, x in zip(places, tensors, strict=True):
            filled[i] = x
        return call.structure.unflatten(filled)

    def leaf(t: Tensor) -> _Leaf:
        return _Leaf(t.shape, t.dtype)

    return call.layer.abstract_call(*specs, structure=arrange, leaf=leaf, **call.kwargs)


def _constants(inputs: tuple[Tensor, ...]) -> tuple:
    return tuple(None if isinstance(x, Symbolic) else x.numpy() for x in inputs)


class Operation(Layer):
    """One op as a layer, made when an op is applied to symbolic tensors.

    Args:
        op: name of the op.
        attributes: its static attributes as (name, value) pairs.
        constants: for each input of the op its constant value, or None where a tensor comes.
    """

    def __init__(self, op: str, attributes: tuple, constants: tuple) -> None:
        if op not in OPS:
            raise ArgumentError("there is no such op.", got=repr(op))
        self.op, self.attributes, self.constants = op, dict(attributes), constants

    def call(self, xs: list[Tensor]) -> Any:
        """Apply the op."""
        tensors = iter(xs)
        inputs = [next(tensors) if c is None else c for c in self.constants]
        return OPS[self.op](*inputs, **self.attributes)


def Input(
    shape: Any = None, batch_size: int | None = None, dtype: Any = None, name: str | None = None
) -> Symbolic:
    """Return a symbolic input of the functional API.

    Args:
        shape: without the batch axis; None stands for any size.
        batch_size: if it is fixed.
        dtype: "float32" by default.
        name: for feeding a model by a dict.

    >>> Input((28, 28)).shape
    (None, 28, 28)
    """
    if shape is None:
        raise ArgumentError("Input needs a shape.", hint="Input(shape=(28, 28))")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(s is not None and (not isinstance(s, int) or s < 1) for s in sizes):
        raise ArgumentError("an input's sizes are positive integers or None.", got=str(sizes))
    return Symbolic((batch_size, *sizes), dtype, name or "input")


def calls_between(inputs: Sequence[Symbolic], outputs: Sequence[Symbolic]) -> list[Call]:
    """Return the calls that lead from the inputs to the outputs, in an order they can run in.

    Raises:
        StateError: if an output depends on an input that is not among them.
    """
    known = {id(x) for x in inputs}
    done: dict[int, Call] = {}
    pending: list[tuple[Any, bool]] = [(y, False) for y in reversed(outputs)]
    while pending:
        x, children_done = pending.pop()
        if not isinstance(x, Symbolic) or id(x) in known:
            continue
        if x.call is None:
            raise StateError(
                "the outputs depend on an input that the model does not have.",
                got=repr(x),
                hint="add it to Model(inputs=[...])",
            )
        if id(x.call) in done:
            continue
        if children_done:
            done[id(x.call)] = x.call
        else:
            pending.append((x, True))
            pending += [(i, False) for i in reversed(x.call.inputs)]
    return list(done.values())


def run(
    calls: Sequence[Call], inputs: Sequence[Symbolic], values: Sequence[Any], outputs: Any
) -> Any:
    """Replay the calls with real values for the inputs; return the outputs, nested as they are."""
    known: dict[int, Any] = {id(x): v for x, v in zip(inputs, values, strict=True)}
    results: dict[int, list] = {}

    def value(x: Any) -> Any:
        if not isinstance(x, Symbolic):
            return x
        if id(x) in known:
            return known[id(x)]
        return results[id(x.call)][x.index]

    for call in calls:
        arguments = call.structure.unflatten([value(x) for x in call.inputs])
        results[id(call)] = flatten(call.layer(*arguments, **call.kwargs))[0]
    return map_leaves(value, outputs)
