"""The functional API: layers called on symbolic inputs record a network instead of computing.

    x = Input((28, 28))
    y = layers.Dense(10)(layers.Flatten()(x))
    model = models.Model(x, y)

A Symbolic has a shape with None for sizes that are not known yet. Its values are never computed;
what was recorded is replayed on real tensors by `nn/network.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from neurona.core import origin, random
from neurona.core.graph import infer
from neurona.core.op import OPS, Op
from neurona.core.shapes import Spec, as_dtype, is_float
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten, map_leaves
from neurona.errors import ArgumentError, DtypeError, NeuronaError, ShapeError, StateError
from neurona.nn.context import automatic_name
from neurona.nn.description import function_of_ops
from neurona.nn.encoding.before import TEXT, BeforeStep, Outcome
from neurona.nn.layer import Layer
from neurona.nn.masking import mask_of, with_mask
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import rehearsal

# Sizes (batch, other axes) tried for None: where the output differs between the two, it is
# None too. They are large, since a pooling makes 1 of 2 and of 3; the further pairs are for layers
# that cannot take the first, such as learned places.
_PROBES = (((2, 64), (3, 96)), ((2, 8), (3, 12)), ((2, 2), (3, 3)), ((64, 64), (96, 96)))


class Call:
    """One call of a layer on symbolic tensors.

    Attributes:
        layer: what was called.
        leaves, structure: its arguments (args, kwargs), taken apart.
        outputs: its symbolic outputs, in order; `returned` has their structure.
        place: the line of the user's that it stands for.
    """

    def __init__(self, layer: Layer, args: Any, kwargs: dict[str, Any]) -> None:
        self.layer = layer
        self.leaves, self.structure = flatten((tuple(args), kwargs))
        self.outputs: list[Symbolic] = []
        self.returned: Structure | None = None
        self.place = origin.place()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be the copy of a call: the copy of its layer comes to know it."""
        vars(self).update(state)
        self.layer.symbolic_calls.append(self)

    @property
    def inputs(self) -> list[Symbolic]:
        """The symbolic tensors among its arguments."""
        return [x for x in self.leaves if isinstance(x, Symbolic)]

    @property
    def input(self) -> Any:
        """Its symbolic input, or a list of several."""
        return self.inputs[0] if len(self.inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """Its symbolic outputs as the layer returned them."""
        assert self.returned is not None
        return self.returned.unflatten(self.outputs)

    def run(self, value: Callable[[Any], Any]) -> Any:
        """Call the layer, with `value(x)` for each symbolic argument x."""
        filled = [value(x) if isinstance(x, Symbolic) else x for x in self.leaves]
        args, kwargs = self.structure.unflatten(filled)
        try:
            if not origin.noted():
                return self.layer(*args, **kwargs)
            return origin.inside(origin.recorded(self.place), self.layer, *args, **kwargs)
        except NeuronaError as error:
            if isinstance(self.layer, Operation):  # layers name themselves
                error.within(f"{', '.join([repr(self.layer.name), origin.as_text(self.place)])}.")
            raise


class Symbolic(Tensor):
    """What `Input` returns: a place for a tensor that is to come. Keras calls it KerasTensor.

    Args:
        shape: with the batch axis; None stands for any size.
        dtype: its element type.
        name: if it is a new input.
        call, index: the call that makes it, and which output it is; a new input by default.
        mask_shape: the shape of its mask, or None.

    Attributes:
        call, mask_shape: as above.
        name: of the layer that is called.

    >>> Symbolic((None, 3), name="x")
    <Symbolic 'x' shape=(None, 3) dtype=float32>
    """

    __slots__ = ("call", "mask_shape", "name")

    def __init__(
        self, shape: Sequence[int | None], dtype: Any = None, name: str | None = None, *,
        call: Call | None = None, index: int = 0,
        mask_shape: Sequence[int | None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(None, Spec(tuple(shape), _dtype_of(dtype)), level=-1, index=index)  # type: ignore[arg-type]
        if call is None:
            call = InputLayer(None, dtype=dtype, batch_shape=shape, name=name).symbolic_calls[0]
            call.outputs = [self]
        self.call: Call = call
        self.name = call.layer.name
        self.mask_shape = mask_shape

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be copied with its place in a network: it has no values."""
        return object.__reduce_ex__(self, max(int(protocol), 2))

    def record(self, op: Op, inputs: tuple[Tensor, ...], attributes: dict[str, Any]) -> Any:
        """Record the application of an op."""
        for x in inputs:
            if x.tracked:
                raise StateError(
                    f"{op.name}: a Parameter meets a symbolic input.",
                    hint="use it in the call of a Layer of your own, which can then be saved too",
                )
        return self.record_layer(Operation(op.name), inputs, attributes)

    def record_function(self, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Record the call of a function of `neurona.ops`; some have the name of an op as well."""
        return self.record_layer(Operation(f"ops.{name}" if name in OPS else name), args, kwargs)

    def record_layer(self, layer: Layer, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Record the call of a layer and return its symbolic outputs."""
        call = Call(layer, args, kwargs)
        fresh = not layer.built
        if isinstance(layer, BeforeStep):
            first = second = _Leaf(layer.outcome(*(x.shape for x in call.inputs)))
        else:
            _check_numbers(call)
            first, second = _probe_twice(call, fresh)
        leaves, call.returned = flatten(first)
        for index, (a, b) in enumerate(zip(leaves, flatten(second)[0], strict=True)):
            mask = a.mask_shape and _common(a.mask_shape, b.mask_shape)
            sizes = _common(a.shape, b.shape)
            call.outputs.append(Symbolic(sizes, a.dtype, call=call, index=index, mask_shape=mask))
        layer.symbolic_calls.append(call)
        layer.input_shape = _one_or_all([x.shape for x in call.inputs])
        layer.output_shape = _one_or_all([y.shape for y in call.outputs])
        return call.output

    @property
    def _keras_mask(self) -> Any:
        """Its mask, symbolic too, or None."""
        return None if self.mask_shape is None else StepMask()(self)

    def __len__(self) -> int:
        if self.shape and self.shape[0] is None:
            return len(self._values())  # which says that there are none
        return super().__len__()

    def _values(self, otherwise: str = "") -> Any:
        raise StateError(
            "a symbolic input has a shape but no values.",
            got=repr(self),
            hint="make a Model of it and call that on data",
        )

    def __repr__(self) -> str:
        return f"<Symbolic {self.name!r} shape={self.shape} dtype={self.dtype.name}>"


def _common(a: Sequence[int], b: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(s if s == t else None for s, t in zip(a, b, strict=True))


def _one_or_all(items: list) -> Any:
    return items[0] if len(items) == 1 else items


class _Leaf:
    """A Spec as a leaf: being a tuple it would be taken apart."""

    def __init__(self, x: Tensor | Outcome) -> None:
        self.shape, self.dtype = x.shape, x.dtype
        mask = mask_of(x) if isinstance(x, Tensor) else None
        self.mask_shape = None if mask is None else mask.shape


def _dtype_of(dtype: Any) -> np.dtype:
    """Return the type of an input; "string" stands for text."""
    if dtype is str or (isinstance(dtype, str) and dtype in ("string", "str")):
        return TEXT
    return TEXT if isinstance(dtype, np.dtype) and dtype == TEXT else as_dtype(dtype)


def _check_numbers(call: Call) -> None:
    """Raise a DtypeError for text that goes into a layer of the step."""
    for x in call.inputs:
        if x.dtype == TEXT:
            raise DtypeError(
                f"{type(call.layer).__name__} {call.layer.name!r} takes numbers.",
                got=f"text, {x!r}",
                hint="TextVectorization, StringLookup and Hashing turn text into numbers",
            )


def _probe_twice(call: Call, fresh: bool) -> tuple[Any, Any]:
    """Return the call's outputs for two choices of the unknown sizes."""
    errors: list[NeuronaError] = []
    for sizes in _PROBES:
        done: list[Any] = []
        try:
            done.append(_probe(call, sizes[0]))
            done.append(_probe(call, sizes[1]))
            return done[0], done[1]
        except NeuronaError as error:
            if done and fresh and call.layer.weights and isinstance(error, ShapeError):
                shapes = ", ".join(str(x.shape) for x in call.inputs)
                batch = all(s is not None for x in call.inputs for s in x.shape[1:])
                raise ShapeError(
                    f"{call.layer.name!r} needs to know a size that is None.",
                    got=shapes,
                    hint=f"give the size in Input({'batch_size' if batch else 'shape'}=...)",
                ) from error
            errors.append(error)
        if not any(s is None for x in call.inputs for s in x.shape):
            break
    raise errors[0]


def _probe(call: Call, sizes: tuple[int, int]) -> Any:
    """Return shape and type of the call's outputs when unknown sizes are these."""
    places = call.inputs
    masked = [x for x in places if x.mask_shape is not None]

    def known(shape: Sequence[int | None]) -> tuple[int, ...]:
        return tuple(sizes[a > 0] if s is None else s for a, s in enumerate(shape))

    specs = [Spec(known(x.shape), x.dtype) for x in places]
    specs += [Spec(known(x.mask_shape), np.dtype("bool")) for x in masked]  # type: ignore[arg-type]

    def run(*tensors: Tensor) -> Any:
        values = {id(x): t for x, t in zip(places, tensors, strict=False)}
        for x, mask in zip(masked, tensors[len(places) :], strict=True):
            values[id(x)] = with_mask(values[id(x)], mask)
        with rehearsal():
            return call.run(lambda x: values[id(x)])

    with random.use(random.state_of(0, 0)):
        return map_leaves(_Leaf, infer(run, specs))


class Operation(Layer):
    """An op, or a function of `neurona.ops`, that was applied to symbolic tensors.

    Args:
        function: its name; "ops.NAME" for a function whose name is that of an op, too.
    """

    def __init__(self, function: str, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        name = function.removeprefix("ops.")
        found = function_of_ops(name) if name != function else None
        found = found or OPS.get(name) or function_of_ops(name)
        if found is None:
            raise ArgumentError("there is no such op.", got=repr(function))
        self.function = function
        self._apply: Callable = found
        self._name = self._name or automatic_name(name)
        self.built = True

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Apply the function; arguments are left as they are."""
        return self._apply(*args, **kwargs)

    call = __call__


class StepMask(Layer):
    """The mask of a sequence as a tensor of booleans: what `_keras_mask` of a symbolic tensor is.

    Shapes: x (B, T, ...) with a mask -> (B, T).
    """

    def call(self, x: Tensor, mask: Any = None) -> Any:
        """Return the mask of x."""
        return mask


class InputLayer(Layer):
    """Where data enter a model: it returns them as they are.

    Args:
        shape: without the batch axis; None stands for any size.
        batch_size: if it is fixed.
        dtype: "float32" by default; "string" for text, see docs/decisions/050-text.md.
        sparse, ragged: False; there are no such tensors.
        batch_shape: the shape with the batch axis, instead of shape and batch_size.
        name: as of every layer.

    `input_shape` is an older name of shape.

    >>> InputLayer((28, 28)).output.shape
    (None, 28, 28)
    """

    supports_masking = True

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if sparse or ragged:
            raise ArgumentError("an input is neither sparse nor ragged.", hint="pad, and mask")
        if shape is None and batch_shape is None:  # older scripts say what other layers take
            batch_shape = self.arguments.get("batch_input_shape")
            shape = self._input_shape if batch_shape is None else None
        if (shape is None) == (batch_shape is None):
            raise ArgumentError(
                "an input needs a shape.",
                got=f"shape={shape}",
                hint="Input(shape=(28, 28)); Input(shape=(None,)) for a length that varies",
            )
        if shape is not None:
            sizes = (shape,) if isinstance(shape, int) else tuple(shape)
            batch_shape = (batch_size, *sizes)
        self.batch_shape = tuple(batch_shape)
        for s in self.batch_shape:
            if s is not None and (not isinstance(s, int) or isinstance(s, bool) or s < 1):
                raise ArgumentError(
                    "an input's sizes are positive integers or None.", got=str(self.batch_shape)
                )
        self.input_dtype = _dtype_of(dtype)
        if is_float(self.input_dtype):
            self.dtype = self.input_dtype  # so that it passes them on as they are
        self.built = True
        call = Call(self, (), {})
        call.outputs = [Symbolic(self.batch_shape, self.input_dtype, call=call)]
        call.returned = Structure(None)
        self.symbolic_calls.append(call)
        self.input_shape = self.output_shape = self.batch_shape

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        """Return x."""
        return x


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
) -> Symbolic:
    """Return a symbolic input of the functional API.

    Args:
        shape: without the batch axis; None stands for any size.
        batch_size: if it is fixed.
        dtype: "float32" by default; "string" for text.
        sparse, ragged: False; there are no such tensors.
        batch_shape: the shape with the batch axis, instead of shape and batch_size.
        name: for feeding a model by a dict; input_layer, input_layer_1, ... by default.

    >>> Input((28, 28)).shape
    (None, 28, 28)
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, name)
    return layer.symbolic_calls[0].outputs[0]
