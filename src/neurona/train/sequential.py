"""Sequential: a model that is a chain of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

from neurona.core import origin
from neurona.core.budget import spend
from neurona.core.shapes import nearest_dtype
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, StateError
from neurona.nn.description import arguments_of, describe, describe_object
from neurona.nn.encoding.before import BeforeStep, as_data
from neurona.nn.layer import Layer
from neurona.nn.masking import noted
from neurona.nn.network import Network, is_symbolic
from neurona.nn.options import LayerOptions
from neurona.nn.symbolic import Input, InputLayer, Symbolic
from neurona.train import save
from neurona.train.model import Model


class Sequential(Model):
    """Layers one after the other: y = layer_n(... layer_1(x)).

    The parameters are made at once if the shape of x is known: from an `Input` in front, or from
    `input_shape` of the first layer. Otherwise they are made when the model first sees data.

    Args:
        layers: the layers, in order; more can be added.

    Raises:
        ArgumentError: for something that is no layer, or two layers of one name.

    >>> import neurona as nn
    >>> model = Sequential([nn.Input((4,)), nn.layers.Dense(3), nn.layers.Dense(1)])
    >>> model.output_shape, model.count_params()
    ((None, 1), 19)
    """

    own_ends = False

    def __init__(self, layers: Any = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self._chain: list[Layer] = []
        self._names: set[str] = set()  # of its layers
        self._start: Symbolic | None = None  # what the chain begins with, if it is known
        self._fixed_inputs = False
        if layers is not None and not isinstance(layers, Iterable):
            raise ArgumentError(
                "Sequential takes a list of layers.", got=repr(layers), hint="Sequential([layer])"
            )
        for layer in layers or []:
            self._append(layer)
        if self._start is not None:
            self._connect()

    def contained(self) -> list[Layer]:
        """Return the layers in order."""
        return self._chain

    def add(self, layer: Any) -> None:
        """Append a layer; the parameters are made at once if the shape of its input is known."""
        self._append(layer)
        self._changed()
        if self._start is not None:
            self._connect()

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        if not self._chain:
            raise StateError(f"{self.name!r} has no layers.")
        layer = self._chain.pop()
        self._names.remove(layer.name)
        self._changed()
        if self._start is not None:
            self._connect()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Symbolic) and isinstance(layer.call.layer, InputLayer):
            layer = layer.call.layer
        if not isinstance(layer, Layer):
            raise ArgumentError(
                "Sequential takes layers.",
                got=repr(layer),
                hint=f"{layer.__name__}(...)" if isinstance(layer, type) else "layers.Dense(10)",
            )
        if isinstance(layer, InputLayer):
            if self._chain or self._start is not None:
                raise ArgumentError(f"{self.name!r}: the input comes first, and once.")
            self._start, self._fixed_inputs = layer.output, True
            return
        if layer.name in self._names:
            raise ArgumentError(
                f"{self.name!r}: two layers have the same name.",
                got=repr(layer.name),
                hint="give each a name of its own: name=...",
            )
        if not self._chain and self._start is None:
            self._start = _input_of(layer)
            self._fixed_inputs = self._start is not None
        self._chain.append(layer)
        self._names.add(layer.name)

    def _changed(self) -> None:
        """Forget what was made for the chain as it was."""
        self._network, self.built = None, False
        self._training.steps = {}
        self._training.losses = self._training.losses.anew()

    def build(self, input_shape: Any = None) -> None:
        """Create the parameters for inputs of this shape, batch axis first."""
        if self._start is not None or not self._chain or not _is_shape(input_shape):
            return  # known already, or several inputs: then the layers build themselves
        self._start = Input(batch_shape=(None, *input_shape[1:]), dtype=self.dtype)
        self._connect()

    def begin_with(self, x: Any) -> None:
        """Make the network for data, if its first layer runs before the step and none is made."""
        if self._start is None and self._chain and isinstance(self._chain[0], BeforeStep):
            if is_symbolic(x):
                return
            data = as_data(x)
            dtype = "string" if data.dtype.kind == "O" else nearest_dtype(data.dtype)
            self._start = Input(batch_shape=(None, *data.shape[1:]), dtype=dtype)
            self._connect()

    def ensure_built(self, inputs: Any) -> None:
        """Create the parameters for these inputs, unless they exist."""
        if self._start is None and isinstance(inputs, Tensor) and self._chain:
            if 0 in inputs.shape[1:]:
                raise ShapeError(
                    "the samples are empty: an axis has size 0.",
                    got=f"x {inputs.shape}",
                    hint="a first layer Input(shape), None for what varies, says what may be empty",
                )
            fixed = any(getattr(layer, "stateful", False) for layer in self.all_layers())
            batch = inputs.shape[0] if fixed else None  # the states are those of one batch size
            self._start = Input(batch_shape=(batch, *inputs.shape[1:]), dtype=inputs.dtype)
            self._connect()
        super().ensure_built(inputs)

    def _connect(self) -> None:
        """Call the layers on the symbolic input, which builds them."""
        x: Any = self._start
        for number, layer in enumerate(self._chain, start=1):
            layer._place = f" (layer {number} of {len(self._chain)} of Sequential {self.name!r})"
            made = next((c for c in layer.symbolic_calls if c.leaves and c.leaves[0] is x), None)
            x = _called(layer, x) if made is None else made.output
        if self._chain:
            assert self._start is not None
            self._network = Network(self._start, x)
            self.inputs, self.outputs = self._network.input_leaves, self._network.output_leaves
            self.input_shape = self._start.shape
            self.output_shape = self._chain[-1].output_shape
            self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Call the layers in order."""
        if not self._chain:
            raise StateError(f"{self.name!r} has no layers.", hint="model.add(layer)")
        network = self._network
        if network is not None and (self._fixed_inputs or network.front is not None):
            return network.run(inputs, mask)
        spend(0, len(self._chain))
        x = inputs if mask is None else noted(inputs, mask)
        for number, layer in enumerate(self._chain, start=1):
            layer._place = f" (layer {number} of {len(self._chain)} of Sequential {self.name!r})"
            x = _called(layer, x) if origin.noted() else layer(x)
        return x

    # --- description -------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """Return name, layers and input as JSON values."""
        if not self.own_constructor(Sequential):
            return super().description()
        start = self._start
        return {
            **describe_object(self, {"name": self.name}),
            "layers": [describe(layer) for layer in self._chain],
            "input": None if start is None else [[*start.shape], start.dtype.name, start.name],
            "fixed": self._fixed_inputs,
            "built_on": self._built_on,
        }

    @classmethod
    def from_description(cls, found: Mapping[str, Any], again: Callable) -> Any:
        """Make a model from what `description` told."""
        if "layers" not in found:
            return super().from_description(found, again)
        model = cls(**arguments_of(cls.__name__, found, again))
        layers = again(found["layers"])
        match found.get("input"):
            case [list(shape), str(dtype), str(name)]:
                layers = [Input(batch_shape=tuple(shape), dtype=dtype, name=name), *layers]
        for layer in layers:
            model._append(layer)
        if model._start is not None:
            model._connect()
        elif found.get("built_on") is not None:
            save.build_on(model, found["built_on"])
        model._fixed_inputs = bool(found.get("fixed"))
        return model


def _called(layer: Layer, x: Any) -> Any:
    """Call a layer: what it does is made at the line where the layer is made."""
    return origin.inside(origin.recorded(layer._made_at), layer, x)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(s is None or isinstance(s, int) for s in value)


def _input_of(layer: Layer) -> Symbolic | None:
    """Return an input for a chain that begins with this layer, if its shape is known."""
    if layer._input_shape is not None:
        whole = layer.arguments.get("batch_input_shape")
        return Input(layer._input_shape) if whole is None else Input(batch_shape=tuple(whole))
    network = getattr(layer, "_network", None)
    if network is not None and len(network.input_leaves) == 1:
        first = network.input_leaves[0]
        return Input(batch_shape=first.shape, dtype=first.dtype)
    return None
