"""Layer: parameters plus `call`.

    class Scale(nn.layers.Layer):
        def __init__(self, start=1.0):
            self.start = start

        def build(self, shape):
            self.scale = self.add_weight((), nn.initializers.Constant(self.start), "scale")

        def call(self, x):  # (B, ...)
            return x * self.scale  # (B, ...)

A constructor stores and checks its arguments; `build` gets the shape of the first input and creates
the parameters; `call` is the formula. Every layer also takes `name`, `dtype`, `trainable` and
`input_shape`, whether its constructor hands them on (`**kwargs`, `super().__init__(**kwargs)`) or
not. There is no `compute_output_shape` (`call` is run on an abstract Tensor) and no `get_config` to
write (the arguments are remembered).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core import origin, random
from neurona.core.observation import as_part
from neurona.core.shapes import as_dtype, as_shape, channels_hint
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves
from neurona.errors import (
    AbsentError,
    ArgumentError,
    DtypeError,
    NeuronaError,
    ShapeError,
    StateError,
)
from neurona.frames import shorten
from neurona.nn import constraints, masking, regularizers
from neurona.nn.calling import Takes, by_name, open_batch, taken_by
from neurona.nn.configurable import Configurable, shown
from neurona.nn.context import automatic_name, building, is_training
from neurona.nn.description import describe_object
from neurona.nn.holding import Holder
from neurona.nn.input_spec import check_specs
from neurona.nn.options import OlderLayerOptions, float_type, sizes_given
from neurona.nn.parameter import Parameter, lasting
from neurona.nn.parts import as_inputs, check_parts, give_parts, initial_value, parts_for
from neurona.precision import DTypePolicy


class Layer(Holder, Configurable, namespace="layers", common=OlderLayerOptions):
    """Base of all layers and models; see the top of this file for how to write one.

    Attributes:
        name: unique within a model.
        dtype: of the parameters; float inputs are converted to it.
        trainable: whether optimisers change the parameters; setting it reaches sublayers.
        supports_masking: whether the masks of sequences are handed on, see `nn/masking.py`.
        built: whether the parameters exist.
        input_shape, output_shape: with None for the batch axis, once the layer was called.
    """

    one = True
    # symbolic calls are made by those of a network that is copied too
    made_again = frozenset({"symbolic_calls", "_added", "_last"})
    unread = Configurable.unread | {
        "_built_for", "_made_at", "_place", "built", "input_shape", "output_shape",
        "symbolic_calls", "_added", "_last",
    }  # fmt: skip
    dtype: np.dtype
    built: bool
    _place: str  # where a Sequential has it, for errors
    _made_at: tuple[str, int]  # the line of the user's that made it, for the nodes of a Sequential
    input_shape: Any
    output_shape: Any
    activity_regularizer: Callable | None
    _name: str
    _trainable: bool
    _parameters: list[Parameter]
    _input_shape: tuple | None
    symbolic_calls: list[Any]  # of the functional API, see nn/symbolic.py
    supports_masking = False
    input_spec: Any = None  # what a layer of one's own says of its inputs, see InputSpec
    _takes: Takes
    _makes_masks: bool  # whether it has a rule of its own for them

    def _before_init(self) -> None:
        self._name = ""
        self.dtype = as_dtype(None)
        self.built, self._place = False, ""
        self._made_at = origin.place()
        self._trainable = True
        self._parameters = []
        self.activity_regularizer = None
        self._input_shape = self.input_shape = self.output_shape = None
        self.symbolic_calls = []
        self._added, self._last = (None, []), None
        self._takes = taken_by(type(self).call)
        self._makes_masks = type(self).compute_mask is not Layer.compute_mask
        self.supports_masking = self.supports_masking or self._makes_masks

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool | None = None,
        input_shape: Any = None,
        activity_regularizer: Any = None,
        input_dim: int | None = None,
        batch_input_shape: Any = None,
    ) -> None:
        """Set those that are given; the last two are older names of input_shape."""
        if name is not None:
            if not isinstance(name, str) or not name or "/" in name:
                raise ArgumentError("a layer's name is a string without '/'.", got=repr(name))
            self._name = name
        if dtype is not None:
            self.dtype = float_type(dtype)
        if trainable is not None:
            self._trainable = bool(trainable)
        if (sizes := sizes_given(input_shape, input_dim, batch_input_shape)) is not None:
            self._input_shape = sizes
        if activity_regularizer is not None:
            self.activity_regularizer = regularizers.get(activity_regularizer)

    def _after_init(self) -> None:
        check_parts(self.arguments)
        _ = self.name  # takes the automatic name now, in the order of creation

    @property
    def name(self) -> str:
        """The given name, or an automatic one: dense, dense_1, ..."""
        if not self._name:
            self._name = automatic_name(type(self).__name__)
        return self._name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        model = cls._namespace == "models" and cls.__module__.startswith("neurona.")
        if "build" in vars(cls) and not model:  # whose layers build themselves
            cls.build = _once(cls.build)  # type: ignore[method-assign]

    # --- to be written by subclasses ---------------------------------------------------------

    def build(self, shape: Any) -> None:
        """Create the parameters for inputs of this shape (a list of shapes for several inputs)."""

    def check_data(self, x: np.ndarray) -> None:
        """Raise a DataError for data that the layer cannot take; `fit` asks those at the door."""

    def call(self, x: Any) -> Any:
        """Compute the output."""
        raise StateError(f"{type(self).__name__} has no call.", hint="write call(self, x)")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the output, from that of the inputs: by default the same."""
        return masking.masks_of(inputs) if mask is None else mask

    # --- calling -----------------------------------------------------------------------------

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Build on the first call, convert the inputs to Tensors of the layer's type, and call."""
        if len(args) > self._takes.before_training and self._takes.training:
            args, training = by_name(self._takes, args, kwargs)
        try:
            inputs = [as_inputs(a, self.dtype) for a in args]
        except NeuronaError as error:
            self._explain(error, [])
            raise
        leaves = flatten(inputs)[0]
        everything = leaves if not kwargs else flatten((inputs, kwargs))[0]
        for x in everything:
            if isinstance(x, Tensor) and x.level < 0:
                given = kwargs if training is None else {**kwargs, "training": training}
                return x.record_layer(self, inputs, given)  # type: ignore[attr-defined]
        shapes = [x.shape for x in leaves if isinstance(x, Tensor)]
        try:
            if inputs and (inputs[0] is None or isinstance(inputs[0], str)):
                raise DtypeError("a layer is called on numbers.", got=repr(inputs[0])[:60])
            self.ensure_built(inputs[0] if inputs else None)
            if self.input_spec is not None:
                check_specs(self.input_spec, inputs)
            training = is_training() if training is None else training
            with self._in_call(training):
                if self._takes.training:
                    kwargs["training"] = training
                mask = masking.given(self, inputs, kwargs, everything)
                call = as_part(self, self.call) if origin.noted() else self.call
                y = call(*inputs, **kwargs)
                if mask is not None or self._makes_masks:
                    y = masking.handed_on(self, inputs, mask, y)
                if self.activity_regularizer is not None:
                    self.add_loss(regularizers.of_activity(self.activity_regularizer, y))
        except NeuronaError as error:
            self._explain(error, shapes)
            raise
        self._note_shapes(shapes, y)
        return y

    def ensure_built(self, inputs: Any) -> None:
        """Create the parameters for these inputs, unless they exist."""
        if self.built:
            return
        shape = map_leaves(lambda x: x.shape, inputs)
        with building():
            if self.built:  # by another thread, meanwhile
                return
            with random.outside(), lasting():
                self.build(shape)
            self._built_for, self.built = shape, True

    def _explain(self, error: NeuronaError, shapes: list) -> None:
        shorten(error)
        called = f", called with x {', '.join(map(str, shapes))}" if shapes else ""
        called += origin.line() if origin.noted() else ""
        error.within(f"{type(self).__name__} {self.name!r}{self._place}{called}.")
        known = self.input_shape
        alone = bool(shapes) and isinstance(known, tuple) and known[1:] == shapes[0] != ()
        if isinstance(error, ShapeError) and alone:  # whatever a layer inside took it for
            sizes = ", ".join(map(str, shapes[0]))
            error.hint = f"x[None] is a batch of one sample; {self.name!r} takes (batch, {sizes})"
        built = getattr(self, "_built_for", None)
        if isinstance(error, ShapeError) and not error.hint and self._parameters and shapes:
            rest = ", ".join(map(str, built[1:])) if isinstance(built, tuple) else ""
            if built != shapes[0] and rest:
                hint = channels_hint(shapes[0], built) or "feed that, or build a new model"
                error.hint = f"{self.name!r} was built for (batch, {rest}); {hint}"

    def _note_shapes(self, shapes: list, y: Any) -> None:
        if shapes:
            self.input_shape = open_batch(shapes)
        if outputs := [t.shape for t in flatten(y)[0] if isinstance(t, Tensor)]:
            self.output_shape = open_batch(outputs)

    # --- parameters --------------------------------------------------------------------------

    def parameter(
        self, name: str, shape: Any, *, trainable: bool = True, parts: str | None = None
    ) -> Parameter:
        """Create a Parameter of the parts that the layer has for it, among its attributes.

        "kernel" begins as `self.kernel_initializer` says and has `self.kernel_regularizer` and
        `self.kernel_constraint`, as far as there are such; "recurrent_kernel" has those that begin
        with "recurrent", or else those of "kernel".

        Args:
            name, shape, trainable: see add_weight.
            parts: what the parts' names begin with, where the name of the parameter does not tell.
        """
        return self.add_weight(
            shape, name=name, trainable=trainable, **parts_for(self, parts or name)
        )

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        name: str = "weight",
        *,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> Parameter:
        """Create a Parameter of this layer.

        Args:
            shape: its sizes.
            initializer: a name, an initialiser or a function of (shape, dtype); Glorot uniform by
                default, zeros where there is one axis or none.
            name: its name within the layer.
            dtype: the layer's by default.
            trainable, regularizer, constraint: see Parameter.
        """
        wanted = as_dtype(dtype or self.dtype)
        parameter = Parameter(
            initial_value(name, as_shape(shape), wanted, initializer),
            name,
            trainable=trainable,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        parameter.path = f"{parameter.path[: -len(name)]}{self.name}/{name}"  # in a name_scope
        self._parameters.append(parameter)
        return parameter

    def build_alike(self, other: Layer) -> None:
        """Build another layer for the inputs that this one was built for."""
        if hasattr(self, "_built_for"):
            with random.outside(), lasting():
                other.build(self._built_for)
            other.built = True

    def take_settings(self, before: Layer, after: Layer) -> None:
        """Give the parameters the regularisers and constraints that have changed."""
        give_parts(*(layer.own_parameters() for layer in (self, before, after)))

    # --- description -------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """Return class and arguments as JSON values, from which the layer can be made again."""
        return describe_object(self, {**self.arguments, "name": self.name})

    def __getattr__(self, name: str) -> Any:
        """Find `input` and `output`, the symbolic tensors of the functional API; dtypes."""
        if name in ("compute_dtype", "variable_dtype", "dtype_policy"):
            return DTypePolicy(self.dtype.name) if name == "dtype_policy" else self.dtype.name
        if name in ("input", "output"):  # no properties: a subclass may name its own layers so
            if self.symbolic_calls:  # the first, as in Keras: the model that it was made for
                return getattr(self.symbolic_calls[0], name)
            raise StateError(
                f"{self.name!r} has no {name}: it has not been called on a symbolic tensor.",
                hint="build the model from nn.Input(...)",
            )
        try:
            return super().__getattr__(name)
        except AbsentError as error:
            if not vars(self).get("built") and f"{name}_initializer" in vars(self):
                error.hint = (
                    "it is made when the layer first sees data, or by a model with an Input"
                )
            raise

    def __repr__(self) -> str:
        given = {**{k: v for k, v in self.arguments.items() if v is not None}, "name": self.name}
        return f"{type(self).__name__}({', '.join(f'{k}={shown(v)}' for k, v in given.items())})"


def _once(build: Callable[..., None]) -> Callable[..., None]:
    """Let `build` make the layer built, whoever calls it: a call on data does not build again.

    A subclass's build that calls that of its parent is one build.
    """

    @functools.wraps(build)
    def once(self: Layer, *shape: Any, **named: Any) -> None:
        shape = shape or tuple(named.values())  # Keras's name is input_shape, ours shape
        if "_building" in vars(self):
            return build(self, *shape)
        vars(self)["_building"] = True
        try:
            build(self, *shape)
        finally:
            del vars(self)["_building"]
        if shape:
            self._built_for, self.built = shape[0], True
        return None

    return once
