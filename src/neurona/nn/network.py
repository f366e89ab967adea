"""Network: what lies between symbolic inputs and outputs, ready to be replayed on real tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.budget import spend
from neurona.core.notes import carried
from neurona.core.shapes import channels_hint, is_float
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ArgumentError, FormatError, ShapeError, StateError
from neurona.nn.description import describe
from neurona.nn.encoding.before import TEXT, as_data
from neurona.nn.front import front_of
from neurona.nn.layer import Layer
from neurona.nn.masking import noted
from neurona.nn.nested import read_nested, write_nested
from neurona.nn.symbolic import Call, Input, InputLayer, Operation, Symbolic


class Network:
    """The calls between inputs and outputs, in an order they can run in.

    Args:
        inputs: symbolic tensors, one or nested in lists, tuples and dicts.
        outputs: symbolic tensors that were made from them, nested likewise.

    Attributes:
        calls: the recorded calls.
        front: those of them that run before the step, or None.
        operations: their layers with those of the inputs, in Keras's order: from the inputs to the
            outputs, by the longest way to an output.

    Raises:
        ArgumentError: if something is not symbolic, or two layers have one name.
        StateError: if an output depends on an input that is not given.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.input_leaves, self.output_leaves = flatten(inputs)[0], flatten(outputs)[0]
        for kind, leaves in (("inputs", self.input_leaves), ("outputs", self.output_leaves)):
            wrong = [x for x in leaves if not isinstance(x, Symbolic)]
            if wrong or not leaves:
                raise ArgumentError(
                    f"Model: {kind} are symbolic tensors.",
                    got=repr(wrong[0]) if wrong else "none",
                    hint="x = nn.Input(shape); y = layer(x); nn.Model(x, y)",
                )
        if len({id(x) for x in self.input_leaves}) < len(self.input_leaves):
            raise ArgumentError("Model: an input is given twice.")
        self.calls, seen = self._walk()
        self.operations = self._ordered(seen)
        self.front = front_of(self.calls, self.input_leaves, self.output_leaves)
        names = Counter(layer.name for layer in self.operations)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise ArgumentError(
                "two layers of a model have the same name.",
                got=repr(twice[0]),
                hint="give each a name of its own: name=...",
            )
        self._rest = None if self.front is None else Network(self.front.middle, outputs)

    @property
    def fed(self) -> Network:
        """The network that the step runs: all of it, or what is behind the front."""
        return self if self._rest is None else self._rest

    @property
    def layers(self) -> list[Layer]:
        """The layers without the plain ops, in Keras's order."""
        return [layer for layer in self.operations if not isinstance(layer, Operation)]

    @property
    def input_names(self) -> list[str]:
        """A name for each input."""
        return [x.name for x in self.input_leaves]

    @property
    def output_names(self) -> list[str]:
        """A name for each output: the layer that makes it."""
        return [y.call.layer.name for y in self.output_leaves]

    def edges(self) -> list[tuple[str, str]]:
        """Return which layer feeds which, as pairs of names, each once."""
        pairs = [(x.name, call.layer.name) for call in self.calls for x in call.inputs]
        return list(dict.fromkeys(pairs))

    # --- order -------------------------------------------------------------------------------

    def _walk(self) -> tuple[list[Call], dict[int, Layer]]:
        """Return the calls in an order they can run in, and the layers as they were met."""
        known = {id(x) for x in self.input_leaves}
        met: dict[int, Layer] = {}
        done: dict[int, Call] = {}
        pending: list[tuple[Symbolic, bool]] = [(y, False) for y in reversed(self.output_leaves)]
        while pending:
            x, arguments_done = pending.pop()
            call = x.call
            if id(x) in known:
                if isinstance(call.layer, InputLayer):
                    met.setdefault(id(call.layer), call.layer)
                continue
            if isinstance(call.layer, InputLayer):
                raise StateError(
                    "the outputs depend on an input that the model does not have.",
                    got=repr(x),
                    hint="add it to Model(inputs=[...])",
                )
            if id(call) in done:
                continue
            met.setdefault(id(call.layer), call.layer)
            if arguments_done:
                done[id(call)] = call
            else:
                pending.append((x, True))
                pending += [(i, False) for i in reversed(call.inputs)]
        return list(done.values()), met

    def __getstate__(self) -> dict[str, Any]:
        """Begin with the first calls: whoever copies then meets nothing that is far from there."""
        done: dict[int, Call] = {}
        pending = [(y.call, False) for y in reversed(self.output_leaves)]
        while pending:
            call, inputs_done = pending.pop()
            if inputs_done:
                done[id(call)] = call
            elif id(call) not in done:
                pending.append((call, True))
                pending += [(x.call, False) for x in reversed(call.inputs)]
        return {"first": list(done.values()), **vars(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({k: v for k, v in state.items() if k != "first"})

    def _ordered(self, met: dict[int, Layer]) -> list[Layer]:
        """Sort layers by their distance from the outputs, then by how they were met."""
        depth: dict[int, int] = {}  # of calls
        distance: dict[int, int] = {}  # of layers: the largest of their calls
        known = {id(x) for x in self.input_leaves}
        for call in reversed(self.calls):
            own = depth.setdefault(id(call), 0)
            distance[id(call.layer)] = max(distance.get(id(call.layer), 0), own)
            for x in call.inputs:
                if id(x) not in known:
                    depth[id(x.call)] = max(depth.get(id(x.call), 0), own + 1)
                elif isinstance(x.call.layer, InputLayer):
                    layer = id(x.call.layer)
                    distance[layer] = max(distance.get(layer, 0), own + 1)
        unused = [x.call.layer for x in self.input_leaves if isinstance(x.call.layer, InputLayer)]
        everything = {**met, **{id(layer): layer for layer in unused}}
        place = {key: index for index, key in enumerate(met)}
        return sorted(
            everything.values(), key=lambda v: (-distance.get(id(v), 0), place.get(id(v), -1))
        )

    def readers(self, place: Symbolic) -> list[Layer]:
        """Return the layers that an input goes into directly."""
        return [c.layer for c in self.calls if any(x is place for x in c.inputs)]

    # --- running -----------------------------------------------------------------------------

    def feed(self, given: Any) -> list[Any]:
        """Return what is given for each input, in order.

        Raises:
            ArgumentError: if inputs are missing, or names are unknown.
        """
        if len(self.input_leaves) == 1 and not isinstance(given, dict):
            leaves = flatten(given)[0]
            if len(leaves) == 1:
                return leaves
        if isinstance(given, dict):
            names = self.input_names
            if isinstance(self.inputs, dict) and set(given) == set(self.inputs):
                names = sorted(self.inputs)
            missing, extra = [n for n in names if n not in given], sorted(set(given) - {*names})
            if missing or extra:
                raise ArgumentError(
                    f"an input is {'missing' if missing else 'unknown'}.",
                    got=f"a dict with {', '.join(map(repr, sorted(given)))}",
                    expected=", ".join(map(repr, names)),
                )
            return [given[n] for n in names]
        leaves = flatten(given)[0]
        if len(leaves) != len(self.input_leaves):
            raise ArgumentError(
                "the model has another number of inputs.",
                got=str(len(leaves)),
                expected=f"{len(self.input_leaves)}: {', '.join(self.input_names)}",
            )
        return leaves

    def before_step(self, given: Any) -> Any:
        """Return what the front makes of data: what `fed` is given.

        Args:
            given: text and numbers, an array or a list for each input.
        """
        assert self.front is not None
        made = self.front.run(self.feed(_arrays(given, len(self.input_leaves))))
        return made[0] if len(made) == 1 else made

    def run(self, given: Any, mask: Any = None) -> Any:
        """Replay the calls on real tensors and return the outputs, nested as they are.

        Args:
            given: a tensor for each input.
            mask: their masks, nested as they are, where they are not known by the tensors.
        """
        if self._rest is not None and not is_symbolic(given):
            return self._rest.run(given, mask)
        given = given if mask is None else noted(given, mask)
        spend(0, len(self.calls))
        pairs = zip(self.input_leaves, self.feed(given), strict=True)
        known: dict[int, Any] = {id(x): _adjusted(x, value) for x, value in pairs}

        def value(x: Symbolic) -> Any:
            return known[id(x)]

        for call in self.calls:
            results = flatten(call.run(value))[0]
            known.update((id(y), r) for y, r in zip(call.outputs, results, strict=True))
        outputs = self.outputs
        if isinstance(outputs, list | tuple) and len(self.output_leaves) == 1:
            return value(self.output_leaves[0])
        return map_leaves(value, outputs)

    # --- description -------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """Return the network as JSON values: inputs, layers, calls by number, outputs."""
        unique = list({id(call.layer): call.layer for call in self.calls}.values())
        number = {id(layer): i for i, layer in enumerate(unique)}
        place: dict[int, list[int]] = {id(x): [-1, i] for i, x in enumerate(self.input_leaves)}
        for i, call in enumerate(self.calls):
            place.update((id(y), [i, k]) for k, y in enumerate(call.outputs))

        def leaf(x: Any) -> Any:
            return {"at": place[id(x)]} if isinstance(x, Symbolic) else {"is": describe(x)}

        return {
            "tensors": [[[*x.shape], x.dtype.name, x.name] for x in self.input_leaves],
            "inputs": write_nested(self.inputs, leaf),
            "layers": [_describe_layer(layer) for layer in unique],
            "calls": [
                [number[id(c.layer)], write_nested(c.structure.unflatten(c.leaves), leaf)]
                for c in self.calls
            ],
            "outputs": write_nested(self.outputs, leaf),
        }

    @staticmethod
    def rebuild(found: Any, again: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Return new symbolic inputs and outputs as `description` told; `again` makes objects."""
        match found:
            case {
                "tensors": list(tensors), "inputs": inputs, "layers": list(described),
                "calls": list(calls), "outputs": outputs,
            }:  # fmt: skip
                pass
            case _:
                raise FormatError("the description of a network is incomplete.")
        rows: dict[int, list[Any]] = {-1: [_input(x) for x in tensors]}

        def leaf(x: Any) -> Any:
            match x:
                case {"at": [int(i), int(k)]} if i in rows and 0 <= k < len(rows[i]):
                    return rows[i][k]
                case {"is": value}:
                    return again(value)
            raise FormatError("the description of a network refers to nothing.", got=repr(x)[:80])

        layers = [_rebuild_layer(x, again) for x in described]
        for i, call in enumerate(calls):
            match call:
                case [int(n), {"tuple": [args, kwargs]}] if 0 <= n < len(layers):
                    positional, named = read_nested(args, leaf), read_nested(kwargs, leaf)
                    if not isinstance(positional, tuple) or not isinstance(named, dict):
                        raise FormatError("a call in the description of a network is malformed.")
                    if not any(isinstance(x, Symbolic) for x in flatten((positional, named))[0]):
                        raise FormatError("a call in the description of a network has no input.")
                    rows[i] = flatten(layers[n](*positional, **named))[0]
                case _:
                    raise FormatError("a call in the description of a network is malformed.")
        return read_nested(inputs, leaf), read_nested(outputs, leaf)


def is_symbolic(given: Any) -> bool:
    """Say whether there are symbolic tensors in a nested value."""
    return any(isinstance(x, Symbolic) for x in flatten(given)[0])


def _arrays(given: Any, count: int) -> Any:
    """Return data for so many inputs, in which lists of text and numbers are arrays."""
    if isinstance(given, dict):
        return {k: as_data(v) for k, v in given.items()}
    if isinstance(given, list | tuple):
        if len(given) == 1 and hasattr(given[0], "shape"):
            return as_data(given[0])
        if count > 1 and len(given) == count:
            return [as_data(v) for v in given]
    return as_data(given)


def mismatch(x: Symbolic, shape: tuple[int, ...]) -> bool:
    """Say whether data of a shape cannot be fed to an input, a last axis of 1 added or removed."""
    want = x.shape
    if len(shape) == len(want) - 1 and want[-1] == 1:
        shape = (*shape, 1)
    elif len(shape) == len(want) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    return len(shape) != len(want) or any(
        w is not None and w != s for w, s in zip(want[1:], shape[1:], strict=True)
    )


def _adjusted(x: Symbolic, value: Tensor) -> Tensor:
    """Return a value as the input wants it: its rank, and integers or floats."""
    if x.dtype == TEXT:  # a layer of the front takes any rank
        return value
    if mismatch(x, value.shape):
        raise ShapeError(
            f"the input {x.name!r} takes another shape.",
            got=str(value.shape),
            expected=str(x.shape).replace("None", "batch", 1),
            hint=channels_hint(value.shape, x.shape),
        )
    if value.ndim == len(x.shape) - 1:
        value = carried(lambda x: ops.expand_dims(x, -1), value)
    elif value.ndim == len(x.shape) + 1:
        value = carried(lambda x: ops.squeeze(x, -1), value)
    if is_float(value.dtype) == is_float(x.dtype):
        return value
    dtype = x.dtype
    return carried(lambda x: x.astype(dtype), value)


def _describe_layer(layer: Layer) -> Any:
    if isinstance(layer, Operation):
        return {"operation": layer.function, "name": layer.name}
    return describe(layer)


def _rebuild_layer(found: Any, again: Callable[[Any], Any]) -> Any:
    match found:
        case {"operation": str(function), "name": str(name)}:
            return Operation(function, name=name)
    layer = again(found)
    if not isinstance(layer, Layer):
        raise FormatError("the description of a network names something that is no layer.")
    return layer


def _input(found: Any) -> Symbolic:
    match found:
        case [[*sizes], str(dtype), str(name)]:
            return Input(batch_shape=tuple(sizes), dtype=dtype, name=name)
    raise FormatError("the description of an input is malformed.", got=repr(found)[:80])
