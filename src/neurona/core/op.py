"""Op: one primitive operation, declared in one place.

    @op(shape=same_shape, lower=Elementwise(lambda b, x: b.tanh(x)))
    def tanh(xp, x):
        return xp.tanh(x)

    @tanh.grad
    def _(g, y, x):
        return g * (1 - y * y)

Positional parameters behind `xp` are tensors, keyword-only ones are static attributes. `xp` is
NumPy (or jax.numpy), so one forward rule is both the reference and the XLA lowering. Gradient rules
use ops on Tensors, so they trace, fuse and differentiate again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.ambient import ambient
from neurona.core.lowering import Elementwise, Lowering
from neurona.core.origin import of_op
from neurona.core.shapes import DTYPES, Spec, as_dtype, is_float, nearest_dtype, promote
from neurona.core.tensor import Source, Tensor, as_array
from neurona.errors import ArgumentError, NeuronaError
from neurona.frames import shorten

OPS: dict[str, Op] = {}


class Op:
    """A primitive operation; call it on Tensors, arrays or numbers.

    Attributes:
        name: unique name, a key of `OPS`.
        forward: `forward(xp, *arrays, **attributes)` -> array, or a tuple of arrays.
        shape: `shape(*specs, **attributes)` -> Spec, or a tuple of Specs.
        lower: its kind, see `core/lowering.py`.
        noted: `(*inputs, **attributes)` -> the Note on the result, see `core/notes.py`; or None.
        vjp: gradient rule `(g, y, *inputs, **attributes)` -> one gradient for each input, or None.
        types: "same" converts all inputs to their common type, "float" also integers to floats,
            "wide" integers and booleans to int64, for sums that would not fit their own type;
            "as is" leaves them alone; an integer n leaves the first n inputs alone.
    """

    def __init__(self, forward: Callable, shape: Callable, lower: Lowering, types: str | int):
        self.name = forward.__name__
        self.forward, self.shape, self.lower, self.types = forward, shape, lower, types
        self.vjp: Callable | None = None
        self.noted: Callable | None = None
        parameters = list(inspect.signature(forward).parameters.values())[1:]
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.several = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.arity = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        self.tensors = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        functools.update_wrapper(self, forward)
        self.__signature__ = inspect.signature(forward).replace(parameters=parameters)

    def grad(self, rule: Callable) -> Callable:
        """Register the gradient rule (a decorator)."""
        self.vjp = rule
        return rule

    def note(self, rule: Callable) -> Callable:
        """Register what is noted on the result (a decorator)."""
        self.noted = rule
        return rule

    def __reduce__(self) -> Any:
        """Be copied and pickled by name, of its file: there is one of each."""
        return self.name

    def __call__(self, *args: Any, **attributes: Any) -> Any:
        """Apply it: convert the inputs, compute or record, and return a Tensor (or several)."""
        try:
            inputs, attributes = self._bind(args, attributes)
            for x in inputs:
                if x.level < 0:  # a symbolic input of the functional API records the call itself
                    return x.record(self, inputs, attributes)  # type: ignore[attr-defined]
            result = self.apply(inputs, attributes)
        except NeuronaError as error:
            shorten(error)
            raise
        if self.noted is not None:
            result.notes = (self.noted(*inputs, **attributes),)
        return result

    def apply(self, inputs: tuple[Tensor, ...], attributes: dict[str, Any], level: int = 0) -> Any:
        """Run the op on bound inputs: compute if all have data, else only infer the shape.

        With a `level` the op is recorded in the trace of that number, values or not.
        """
        specs = self.shape(*[x.spec for x in inputs], **attributes)
        single = isinstance(specs, Spec)
        outputs = (specs,) if single else tuple(specs)
        tracked = False
        for x in inputs:
            if x.level > level:
                level = x.level
            tracked = tracked or x.requires_grad or x.source is not None
        if ambient.budget is not None:
            ambient.budget.take(0 if level else sum(s.nbytes for s in outputs), 1)
        source = Source(self, inputs, attributes, outputs) if tracked or level else None
        arrays: Any = (None,) * len(outputs)
        if not level:
            with np.errstate(all="ignore"):  # inf and NaN are values here, as on every engine
                result = self.forward(np, *[x.data for x in inputs], **attributes)
            arrays = [
                np.asarray(array, spec.dtype)
                for array, spec in zip((result,) if single else result, outputs, strict=True)
            ]
        if source is not None:
            source.arrays, source.level, source.single = tuple(arrays), level, single
            if level:
                source.origins = of_op()
        if single:
            return Tensor(arrays[0], specs, source=source, level=level)
        return tuple(
            Tensor(array, spec, source=source, index=i, level=level)
            for i, (array, spec) in enumerate(zip(arrays, outputs, strict=True))
        )

    def _bind(
        self, args: tuple, attributes: dict[str, Any]
    ) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        if not (attributes or self.defaults or self.variadic) and len(args) == self.arity:
            return self._convert(args), {}
        if self.variadic:
            if self.several in attributes and not args:
                args = (attributes.pop(self.several),)
            tensors, extra = args, ()
            if args and isinstance(args[0], list | tuple) and all(_is_number(a) for a in args[1:]):
                tensors, extra = tuple(args[0]), args[1:]
            if not tensors:
                raise ArgumentError(f"{self.name} takes at least one tensor.")
        else:
            named = [attributes.pop(n) for n in self.tensors[len(args) :] if n in attributes]
            tensors, extra = (*args[: self.arity], *named), args[self.arity :]
            if len(tensors) != self.arity or len(extra) > len(self.defaults):
                raise ArgumentError(
                    f"{self.name} takes {self.arity} tensor{'s' if self.arity > 1 else ''}.",
                    got=f"{len(tensors)}",
                    expected=f"{self.name}{self.__signature__}",
                )
        bound = dict(self.defaults)
        bound.update(zip(bound, extra, strict=False))
        for name, value in attributes.items():
            if name not in bound:
                raise ArgumentError(
                    f"{self.name} has no argument {name!r}.",
                    expected=f"{self.name}{self.__signature__}",
                )
            bound[name] = value
        for name, value in bound.items():
            if value is inspect.Parameter.empty:
                raise ArgumentError(f"{self.name} needs the argument {name!r}.")
            bound[name] = freeze(value)
        return self._convert(tensors), bound

    def _convert(self, args: tuple) -> tuple[Tensor, ...]:
        """Make Tensors of the inputs and bring them to the types that the op takes."""
        if self.types == "as is":
            return tuple(as_tensor(a) for a in args)
        if isinstance(self.types, str):
            values = [a.value if isinstance(a, Tensor) else None for a in args]
            kinds = [x.dtype for x in values if x is not None]
            alike = len(kinds) == len(args) and kinds.count(kinds[0]) == len(kinds)
            if alike and (self.types == "same" or is_float(kinds[0])):
                return tuple(values)  # type: ignore[arg-type]
        skip = self.types if isinstance(self.types, int) else 0
        arrays = [a for a in args[skip:] if isinstance(a, Tensor | np.ndarray | np.generic)]
        # np.sqrt(2) is a Python float too: it takes the type that it meets
        arrays = [a for a in arrays if not isinstance(a, float)] or arrays
        known = promote([nearest_dtype(a.dtype) for a in arrays], self.name) if arrays else None
        inputs = [as_tensor(a, known if i >= skip else None) for i, a in enumerate(args)]
        common = promote([x.dtype for x in inputs[skip:]], self.name)
        if self.types == "float" and not is_float(common):
            common = as_dtype(float)
        if self.types == "wide" and not is_float(common):
            common = DTYPES["int64"]
        inputs[skip:] = [x if x.dtype == common else cast(x, dtype=common) for x in inputs[skip:]]
        return tuple(inputs)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def op(*, shape: Callable, lower: Lowering, types: str | int = "same") -> Callable[[Callable], Op]:
    """Declare an op; see the top of this file and the attributes of `Op`."""

    def declare(forward: Callable) -> Op:
        declared = Op(forward, shape, lower, types)
        if declared.name in OPS:
            raise ArgumentError(f"the op {declared.name!r} exists already.")
        OPS[declared.name] = declared
        return declared

    return declare


@functools.cache
def composition(fn: Callable) -> Callable:
    """Let symbolic tensors of the functional API record a call of `fn` as a whole.

    For functions made of ops: they look at shapes, and a symbolic tensor's shape may have None.
    """

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            for value in (*args, *kwargs.values()):
                for x in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(x, Tensor) and x.level < 0:
                        return x.record_function(fn.__name__, args, kwargs)  # type: ignore
            return fn(*args, **kwargs)
        except NeuronaError as error:
            shorten(error)
            raise

    return call


def as_tensor(value: Any, like: np.dtype | None = None) -> Tensor:
    """Return a Tensor for anything an op takes; a Python number takes the type `like`.

    A float does not fit an integer or bool type: then it keeps the default float type.
    """
    if isinstance(value, Tensor):
        return value.value
    if isinstance(value, bool | int | float) and like is not None:
        fits = is_float(like) or not isinstance(value, float)
        if isinstance(value, int) and not isinstance(value, bool) and like == DTYPES["bool"]:
            fits = False
        if fits and not is_float(like) and not isinstance(value, bool):
            limits = np.iinfo(like)
            fits = limits.min <= value <= limits.max
        return Tensor(np.asarray(value, like if fits else as_array(value).dtype))
    return Tensor(as_array(value))


def as_floats(value: Any) -> Tensor:
    """Return a Tensor of floats for anything an op takes; integers become the default float."""
    x = as_tensor(value)
    return x if is_float(x.dtype) else cast(x, dtype=float)


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | np.integer)


def freeze(value: Any) -> Any:
    """Return an attribute as an immutable value, so that equal applications compare equal."""
    if isinstance(value, list | tuple):
        return tuple(freeze(v) for v in value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating):
        return float(value)
    return value


def _cast_shape(x: Spec, *, dtype: Any) -> Spec:
    return Spec(x.shape, as_dtype(dtype))


@op(shape=_cast_shape, lower=Elementwise(lambda b, x, dtype: b.cast(x, dtype)), types="as is")
def cast(xp: Any, x: Any, *, dtype: Any) -> Any:
    """Convert to another element type; float to integer rounds towards zero.

    The one op that the core itself applies: to bring the inputs of other ops to a common type.
    Shapes: x (...) -> y (...). The gradient is converted back.

    >>> cast([1.7, -1.7], dtype="int32").tolist()
    [1, -1]
    """
    return x.astype(as_dtype(dtype))


@cast.grad
def _(g: Tensor, y: Tensor, x: Tensor, *, dtype: Any) -> Tensor:
    return cast(g, dtype=x.dtype)
