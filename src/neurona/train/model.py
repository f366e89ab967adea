"""Model: a Layer that knows how to train.

Three ways to make one: `Sequential([...])`, `Model(inputs, outputs)` from symbolic tensors (the
functional API), or a subclass with `call`. Its constructor stores and makes layers as attributes:

    class Network(nn.Model):
        def __init__(self, units):
            super().__init__()
            self.hidden = nn.layers.Dense(units, "tanh")
            self.out = nn.layers.Dense(1)

        def call(self, x):  # (B, D)
            return self.out(self.hidden(x))  # (B, 1)
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Unpack

import numpy as np

from neurona.core.shapes import as_dtype, as_shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, unknown
from neurona.frames import door
from neurona.nn.context import added_losses
from neurona.nn.description import arguments_of, describe, describe_object, sharing
from neurona.nn.front import is_fed
from neurona.nn.layer import Layer
from neurona.nn.nested import write_nested
from neurona.nn.network import Network, is_symbolic
from neurona.nn.options import LayerOptions
from neurona.train import save, state, steps, summary
from neurona.train.before import with_front
from neurona.train.trainer import Trainer
from neurona.train.training import Training


class Model(Trainer, Layer, namespace="models"):
    """A network that can be trained: `compile`, then `fit`, `evaluate`, `predict`, `save`.

    Args:
        inputs: symbolic tensors from `nn.Input`, one or nested in lists, tuples and dicts.
        outputs: symbolic tensors that were made from them, nested likewise. A subclass with its
            own `call` gives neither.

    Attributes:
        inputs, outputs: the symbolic tensors of a functional model.

    Raises:
        ArgumentError: if something is not symbolic, or two layers have one name.
        StateError: if the outputs depend on an input that is not given.

    >>> import neurona as nn
    >>> x = nn.Input((4,))
    >>> model = Model(x, nn.layers.Dense(3)(x) + 1.0)
    >>> model(np.zeros((2, 4))).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    unread = Layer.unread | {"_built_on", "inputs", "layers", "outputs", "stop_training"}
    own_ends = True
    _network: Network | None  # the recorded one of a functional model
    _built_on: Any  # shapes and types of the first inputs, as JSON
    _fixed_inputs: bool  # whether data of another shape than the network's inputs are refused

    def _before_init(self) -> None:
        super()._before_init()
        self._network, self._fixed_inputs = None, True
        self._built_on = None
        self._training = Training()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "compile" in vars(cls):
            cls.compile = _remembering(cls.compile)  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        network = {"_network": self._network}  # first, for it has an order
        return {**network, **super().__getstate__(), "_training": copy.copy(self._training)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Copy the model as it is between two steps, whoever trains it."""
        other = memo[id(self)] = type(self).__new__(type(self))
        with self._training.turns:
            other.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return other

    def __init__(
        self, inputs: Any = None, outputs: Any = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        if (inputs is None) != (outputs is None):
            raise ArgumentError("Model takes inputs and outputs, or neither.")
        if inputs is not None:
            self._network = Network(inputs, outputs)
            self.built = True
            self.inputs, self.outputs = self._network.input_leaves, self._network.output_leaves
            self.input_shape = _shapes(self.inputs)
            self.output_shape = _shapes(self.outputs)

    def __getattr__(self, name: str) -> Any:
        """Find `input` and `output` of a functional model: its own, also where it is in another.

        Those of a Sequential are of its first call, as of any layer, and its own before that.
        """
        network = vars(self).get("_network")
        own = self.own_ends or not self.symbolic_calls
        if name in ("input", "output") and network is not None and own:
            return network.inputs if name == "input" else network.outputs
        return super().__getattr__(name)

    @door
    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Compute the outputs; what runs before the step, such as looking text up, comes first."""
        if args and (network := with_front(self, args[0])) is not None and not is_fed(network):
            if is_symbolic(args[0]):
                return network.run(args[0])  # it becomes part of another one, call by call
            args = (network.before_step(args[0]), *args[1:])
        return super().__call__(*args, training=training, **kwargs)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the outputs; a subclass writes its own."""
        if self._network is None:
            return Layer.call(self, inputs)  # which says that there is none
        return self._network.run(inputs, mask)

    def build(self, input_shape: Any = None) -> None:
        """Create the parameters for inputs of this shape, batch axis first.

        Args:
            input_shape: sizes with None for the batch, or shapes nested as the inputs are.
        """
        if self._network is None and not self.built and self.overrides("call"):
            steps.abstractly(lambda x: self(x, training=False), _arrays_like(input_shape))

    def check_samples(self, x: Any, y: Any) -> None:
        """Raise a DataError for x and y that the model cannot use; `fit` asks at the door."""

    def ensure_built(self, inputs: Any) -> None:
        """Create the parameters for these inputs, and note what the model was built on."""
        if self._built_on is None:
            self._built_on = write_nested(inputs, save.write_spec)
        if self.overrides("build"):
            super().ensure_built(inputs)
        self.built = True  # the layers build themselves when `call` reaches them

    def _note_shapes(self, shapes: list, y: Any) -> None:
        if self._network is None:  # else they are those of its inputs and outputs
            super()._note_shapes(shapes, y)

    # --- structure ---------------------------------------------------------------------------

    def contained(self) -> list[Layer]:
        """Return the layers of the recorded network, ops left out."""
        return self._network.layers if self._network is not None else []

    def sublayers(self) -> list[Layer]:
        """Return the layers of the network, then those that are attributes."""
        found = [*self.contained(), *super().sublayers()]
        return list({id(layer): layer for layer in found}.values())

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model, in Keras's order."""
        return self.sublayers()

    @layers.setter
    def layers(self, value: Any) -> None:
        raise StateError(
            "a model's `layers` is taken: it lists all layers.",
            hint="use another name for the attribute, such as self.blocks",
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its number.

        Raises:
            ArgumentError: if there is none, or not exactly one of the two is given.
        """
        if (name is None) == (index is None):
            raise ArgumentError("get_layer takes a name or an index.", got=f"{name=}, {index=}")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    "there is no such layer.",
                    got=f"index {index}",
                    expected=f"0 to {len(layers) - 1}",
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise unknown("layer", name, [layer.name for layer in layers])

    @property
    def output_names(self) -> list[str] | None:
        """A name for each output of a functional model: the layer that makes it."""
        return self._network.output_names if self._network is not None else None

    @property
    def input_names(self) -> list[str] | None:
        """A name for each input of a functional model."""
        return self._network.input_names if self._network is not None else None

    def edges(self) -> list[tuple[str, str]]:
        """Return which layer feeds which, as pairs of names; a chain if that is not known."""
        if self._network is not None:
            return self._network.edges()
        names = [layer.name for layer in self.layers]
        return list(itertools.pairwise(names))

    def summary(
        self,
        line_length: int | None = None,
        expand_nested: bool = False,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
    ) -> None:
        """Print the layers with their output shapes and numbers of parameters, and the totals.

        Args:
            line_length: width in characters; the terminal's by default.
            expand_nested: also the layers of models within the model.
            print_fn: gets the text instead of the terminal.
            show_trainable: also whether each layer learns.
        """
        summary.print_summary(self, line_length, expand_nested, print_fn, show_trainable)

    def overrides(self, method: str) -> bool:
        """Say whether a subclass has its own version of a method."""
        return getattr(type(self), method) is not getattr(Model, method)

    @property
    def losses(self) -> list[Tensor]:
        """What layers added to the loss in this step, and the penalties of the parameters."""
        return [*added_losses(), *super().losses]

    def reset_states(self) -> None:
        """Make the states of stateful recurrent layers zeros: what comes next begins anew."""
        for layer in self.all_layers():
            if layer is not self and hasattr(layer, "reset_state"):
                layer.reset_state()

    reset_state = reset_states

    # --- state and files ---------------------------------------------------------------------

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all parameters, in the order of `weights`."""
        with self._training.turns:
            return super().get_weights()

    def set_weights(self, weights: Any) -> None:
        """Set all parameters, in the order of `weights`.

        Raises:
            ShapeError: if there are too few or too many, or a shape differs; then none is set.
        """
        with self._training.turns:
            super().set_weights(weights)

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return all that training goes on from: arrays by name, and the rest as JSON values.

        Parameters, optimiser slots, metric totals, the random stream and the position in the data.
        """
        with self._training.turns:
            return state.collect(self)

    def set_state(self, arrays: dict[str, np.ndarray], info: dict[str, Any]) -> None:
        """Put back what `get_state` returned; the model has the same architecture and is built.

        Raises:
            StateError: if the model is not built.
            FormatError: if an array is missing or does not fit; then nothing is changed.
        """
        with self._training.turns:
            state.restore(self, arrays, info)

    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write model, optimiser and training position to one file; `.keras` and `.h5` as Keras.

        Raises:
            StateError: if the model is not built, or the file exists and overwrite is False.
            ArgumentError: if something in the model cannot be saved, such as a lambda.
        """
        with self._training.turns:
            save.save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the parameters alone: safetensors, or Keras's `.weights.h5` if it is called so."""
        with self._training.turns:
            save.save_weights(self, filepath, overwrite)

    def load_weights(
        self,
        filepath: Any,
        skip_mismatch: bool = False,
        by_name: bool = False,
        *,
        max_bytes: int | None = None,
    ) -> None:
        """Read the parameters from a file of `save` or `save_weights`, of Keras or of others.

        Args:
            filepath: the file.
            skip_mismatch: leave out what is missing or has another shape.
            by_name: leave out parameters whose names only the model or only the file has.
            max_bytes: refuse a file whose names need more memory than that; None takes 64 MB, some
                45,000 arrays.

        Raises:
            FormatError: if the file is damaged, or does not fit, or no name in it does; then
                nothing is changed.
        """
        with self._training.turns:
            save.load_weights(self, filepath, skip_mismatch, by_name, max_bytes)

    # --- description -------------------------------------------------------------------------

    def own_constructor(self, library: type) -> bool:
        """Say whether the object was made by the constructor of this library class, unchanged."""
        return type(self).__init__ is library.__init__  # type: ignore[misc]

    def description(self) -> dict[str, Any]:
        """Return class, arguments and architecture as JSON values."""
        if self._network is not None and self.own_constructor(Model):
            return {
                **describe_object(self, {"name": self.name}),
                "network": self._network.description(),
            }
        found = describe_object(self, {**self.arguments, "name": self.name})
        return {**found, "built_on": self._built_on}

    @classmethod
    def from_description(cls, found: Mapping[str, Any], again: Callable) -> Any:
        """Make a model from what `description` told; `again` makes the objects in it."""
        arguments = arguments_of(cls.__name__, found, again)
        if "network" in found:
            return cls(*Network.rebuild(found["network"], again), **arguments)
        model = cls(**arguments)
        save.build_on(model, found.get("built_on"))
        return model

    def get_config(self) -> dict[str, Any]:
        """Return all that `from_config` needs to make an equal model with new weights."""
        with sharing():
            return {k: v for k, v in describe(self).items() if k not in ("object", "id")}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """Make a model from `get_config()`, ours or Keras's."""
        return save.from_config(cls, config, custom_objects)

    def to_json(self) -> str:
        """Return the architecture as text for `models.model_from_json`."""
        return save.to_json(self)


def _remembering(compile: Callable[..., None]) -> Callable[..., None]:
    """Return a `compile` of a subclass that notes what it was given, so that files tell it.

    As it was called: what passes through `*args` has no name that this `compile` takes. The
    arguments by position are noted under "*".
    """

    @functools.wraps(compile)
    def remembering(self: Model, *args: Any, **kwargs: Any) -> None:
        compile(self, *args, **kwargs)
        self._training.arguments = {"*": list(args), **kwargs}

    return remembering


def _shapes(places: list[Tensor]) -> Any:
    """Return the shape of one symbolic tensor, or a list of those of several."""
    return places[0].shape if len(places) == 1 else [x.shape for x in places]


def _arrays_like(shape: Any) -> Any:
    """Return arrays of a shape, or of nested shapes, that take no memory; None stands for 2."""
    if isinstance(shape, dict):
        return {k: _arrays_like(v) for k, v in shape.items()}
    if isinstance(shape, list | tuple) and any(isinstance(s, list | tuple) for s in shape):
        return [_arrays_like(s) for s in shape]
    if not isinstance(shape, list | tuple) or not shape:
        raise ArgumentError(
            "build takes the shape of the inputs, batch axis first.",
            got=repr(shape),
            hint="model.build((None, 4))",
        )
    sizes = as_shape([2 if s is None else s for s in shape])
    return np.broadcast_to(np.zeros((), as_dtype(None)), sizes)
