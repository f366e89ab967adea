"""NumPy's functions of Tensors: `np.mean(x)` is `ops.mean(x)` where values alone would not do.

Of tensors that only have values, a function of NumPy gives what it always gives. Of a traced
tensor, which has no values yet, and of one that a gradient flows through, which it would lose, it
is the function of `ops` with that name: its twin. What no gradient flows through, such as
`np.argmax(x)`, is NumPy's again if there are values. NumPy's defaults count, `np.cumsum(x)` is of
all elements. Operators of an array and a tensor are the tensor's.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from neurona.core.op import as_tensor, cast
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, FrozenError, GradientError, NeuronaError, TraceError
from neurona.frames import door

ops: Any = None  # the room of all functions; it puts itself here, since it imports this file

# ufuncs that NumPy calls for an operator of an array and a tensor -> the tensor's operator
_OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv",
    "floor_divide": "floordiv", "remainder": "mod", "power": "pow", "matmul": "matmul",
    "bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "left_shift": "lshift",
    "right_shift": "rshift", "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le",
    "greater": "gt", "greater_equal": "ge", "invert": "invert",
}  # fmt: skip
_OTHER_NAMES = {
    "around": "round", "rint": "round", "fix": "trunc", "degrees": "rad2deg",
    "radians": "deg2rad", "float_power": "power", "permute_dims": "transpose",
    "cumulative_sum": "cumsum", "cumulative_prod": "cumprod",
}  # fmt: skip
_ANOTHER = {"resize", "convolve", "cond", "unstack"}  # ops has one, which is another function
_REDUCED = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min",
    "logical_and": "all", "logical_or": "any",
}  # fmt: skip
_ACCUMULATED = {"add": "cumsum", "multiply": "cumprod"}
# options of NumPy that change no value of the result
_WITHOUT_EFFECT = {
    "kind", "stable", "copy", "subok", "device", "casting", "optimize", "overwrite_input", "like",
}  # fmt: skip
_OPTIONS = {
    "where": "nn.ops.where(mask, x, neutral) before it",
    "out": "take what it returns: a Tensor is not written into",
    "keepdims": "nn.ops.expand_dims of the result",
    "ddof": "nn.ops.std or nn.ops.var, which have it",
}
_SIZE = "its size depends on values: nn.ops.where(mask, x, 0) keeps the shape"
_IN_PLACE = "a Tensor is not changed in place: nn.ops.where, or nn.ops.scatter_update"
_INSTEAD = {
    **dict.fromkeys(
        ("argwhere", "flatnonzero", "extract", "compress", "delete", "trim_zeros", "union1d",
         "intersect1d", "setdiff1d", "setxor1d", "unique_all", "unique_counts", "unique_inverse",
         "unique_values"), _SIZE,
    ),
    **dict.fromkeys(
        ("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "add.at",
         "subtract.at", "multiply.at", "maximum.at", "minimum.at"), _IN_PLACE,
    ),
    "add.reduceat": "nn.ops.segment_sum",
    "maximum.reduceat": "nn.ops.segment_max",
    "maximum.accumulate": "nn.ops.associative_scan(nn.ops.maximum, x)",
    "minimum.accumulate": "nn.ops.associative_scan(nn.ops.minimum, x)",
    "apply_along_axis": "nn.ops.vectorized_map",
    "column_stack": "nn.ops.stack(xs, axis=1)",
    "block": "nn.ops.concatenate",
    "insert": "nn.ops.concatenate",
    "broadcast_arrays": "nn.ops.broadcast_to",
    "atleast_1d": "nn.ops.reshape(x, (-1,))",
    "atleast_2d": "nn.ops.expand_dims(x, 0)",
    "copysign": "nn.ops.abs(x) * nn.ops.sign(y)",
    "cov": "centred = x - nn.ops.mean(x, axis=1, keepdims=True), then a product of matrices",
    "eigvals": "nn.ops.eig(x)[0]",
    "eigvalsh": "nn.ops.eigh(x)[0]",
    "gradient": "nn.grad for derivatives, nn.ops.diff for differences",
    "interp": "nn.ops.searchsorted, and a line between two neighbours",
    "piecewise": "nn.ops.select",
    "polyval": "sum of c * x ** k",
}  # fmt: skip


@door
def array_function(self: Tensor, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Apply a function of NumPy, such as np.mean: what Python calls for it."""
    name = fn.__name__
    if fn in (np.shape, np.ndim, np.size) and args and args[0] is self:  # known while tracing, too
        axes = [*args[1:], *kwargs.values()]
        return self.shape[axes[0]] if axes and axes[0] is not None else getattr(self, name)
    return _apply(_prefix(fn) + name, _found(fn, name), fn, args, kwargs)


@door
def array_ufunc(self: Tensor, fn: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Apply a function of numbers of NumPy, such as np.exp or np.add.reduce."""
    out, name = kwargs.get("out") or (), fn.__name__
    if method != "__call__":
        name = f"{name}.{method}"
    for array in out:
        if isinstance(array, Tensor):
            raise FrozenError("a Tensor is not changed in place.", hint=_OPTIONS["out"])
    if out and any(_followed(x) for x in _tensors((args, kwargs))):
        raise _lost(f"np.{name} writes into an array, which", args, "y = y + x instead of y += x")
    plain = {k: v for k, v in kwargs.items() if k not in ("casting", "order", "subok")}
    if method == "__call__" and name in _OPERATORS and not plain:
        return getattr(Tensor, f"__{_OPERATORS[name]}__")(*args)
    numpys = fn if method == "__call__" else getattr(fn, method)
    twin = None if out else _of_method(fn, method, plain)
    return _apply(f"np.{name}", twin, numpys, args, kwargs)


def _apply(name: str, twin: Callable | None, numpys: Any, args: Any, kwargs: Any) -> Any:
    """Call a function of NumPy on values, or its twin where those would not do."""
    given = list(_tensors((args, kwargs)))
    if any(_followed(x) for x in given):
        if twin is not None:
            result = twin(*args, **kwargs)
            if _is_traced(given) or any(_followed(y) for y in _tensors(result)):
                return result
        elif _is_traced(given):
            raise _no_twin(name, given)
    result = numpys(*_values(args), **_values(kwargs))
    if twin is None and any(map(_followed, given)) and _holds_floats(result):
        raise _lost(f"{name} has no twin in nn.ops, and", args, _hint(name))
    return result


def _followed(x: Tensor) -> bool:
    """Whether values are not all of it: it is traced, or a gradient flows through it."""
    now = x.value
    return now.data is None or (now.tracked and is_float(now.dtype))


def _is_traced(given: list[Tensor]) -> bool:
    return any(x.value.data is None for x in given)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _values(value: Any) -> Any:
    """Return arguments with the values of tensors instead of these."""
    if isinstance(value, Tensor):
        return value._values()
    if isinstance(value, list | tuple):
        return type(value)(map(_values, value))
    return {k: _values(v) for k, v in value.items()} if isinstance(value, dict) else value


def _holds_floats(result: Any) -> bool:
    if isinstance(result, list | tuple):
        return any(map(_holds_floats, result))
    return isinstance(result, float) or getattr(result, "dtype", np.dtype(bool)).kind == "f"


def _prefix(fn: Any) -> str:
    module = fn.__module__.removeprefix("numpy").lstrip(".")
    return f"np.{module}." if module else "np."


@functools.cache
def _found(fn: Any, name: str) -> Callable | None:
    """Return the function of `ops` that is a function of NumPy, taking NumPy's arguments."""
    own = fn.__module__ in ("numpy", "numpy.linalg") if hasattr(fn, "__module__") else True
    name = _OTHER_NAMES.get(name, name)
    twin = getattr(ops, name, None) if own and name not in _ANOTHER else None
    if name == "positive":
        return as_tensor
    if fn is np.clip:
        return _clip
    if not callable(twin) or inspect.ismodule(twin):
        return None
    if isinstance(fn, np.ufunc):
        return twin
    try:
        theirs, ours = inspect.signature(fn).parameters, inspect.signature(twin).parameters
    except ValueError:  # of a function in C, in some versions
        return twin
    if any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):
        return _of_any_number(fn, twin)

    def call(*args: Any, **kwargs: Any) -> Any:
        return _translated(fn, twin, theirs, ours, args, kwargs)

    return call


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **options: Any) -> Any:
    """Return what lies between two bounds, of which one may be None: np.clip."""
    low, high = options.pop("min", a_min), options.pop("max", a_max)
    for option in options:
        raise _option("np.clip", option)
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _of_any_number(fn: Any, twin: Callable) -> Callable:
    """Return a twin of einsum or meshgrid: what stands first is given as it is."""

    def call(*args: Any, **kwargs: Any) -> Any:
        kept = {k: v for k, v in kwargs.items() if k not in _WITHOUT_EFFECT}
        known = inspect.signature(twin).parameters
        for name, value in kept.items():
            if name not in known and value not in (None, False):
                raise _option(f"{_prefix(fn)}{fn.__name__}", name)
        return twin(*args, **{k: v for k, v in kept.items() if k in known})

    return call


def _translated(fn: Any, twin: Callable, theirs: Any, ours: Any, args: Any, kwargs: Any) -> Any:
    """Call a twin with arguments that are bound as NumPy binds them."""
    name = f"{_prefix(fn)}{fn.__name__}"
    bound = inspect.signature(fn).bind(*args, **kwargs).arguments
    for extra in [k for k, p in theirs.items() if p.kind is p.VAR_KEYWORD]:
        bound.update(bound.pop(extra, {}))
    names, given, dtype = list(ours), {}, None
    for place, key in enumerate(dict.fromkeys([*theirs, *bound])):
        default = theirs[key].default if key in theirs else None
        value = bound.get(key, default)
        partner = _partner(key, place, theirs, ours, names)
        if value is inspect.Parameter.empty or value is np._NoValue:
            continue
        if partner is not None:
            if key in bound or value != ours[partner].default:
                given[partner] = value
        elif key in bound and key == "dtype":
            dtype = value
        elif key in bound and not _is_default(key, value, default):
            raise _option(name, key)
    if dtype is not None:
        first = names[0]
        if isinstance(given[first], list | tuple):
            return cast(twin(**given), dtype=dtype)
        given[first] = cast(as_tensor(given[first]), dtype=dtype)
    return twin(**given)


def _partner(key: str, place: int, theirs: Any, ours: Any, names: list[str]) -> str | None:
    """Return a twin's argument that is an argument of NumPy's, by its name or its place."""
    if key in ours:
        return key
    if place >= len(names) or names[place] in theirs:
        return None
    needed = ours[names[place]].default is inspect.Parameter.empty
    return names[place] if needed or names[place].startswith("x") else None


def _is_default(key: str, value: Any, default: Any) -> bool:
    if key in _WITHOUT_EFFECT or value is None or value is np._NoValue:
        return True
    if key == "order":
        return value in ("C", "K", "A")
    return isinstance(value, type(default)) and value == default


def _of_method(fn: Any, method: str, options: dict[str, Any]) -> Callable | None:
    """Return the twin of a function of numbers, or of its reduce, accumulate or outer."""
    name, outer = fn.__name__, method == "outer"
    if method in ("reduce", "accumulate"):
        found = (_REDUCED if method == "reduce" else _ACCUMULATED).get(name)
        if found is None:
            return None
        numpys = getattr(np, found)
        whole = _found(numpys, found)
        return lambda x, axis=0, **rest: whole(x, axis=axis, **rest)  # type: ignore[misc]
    if method not in ("__call__", "outer"):
        return None
    operator = getattr(Tensor, f"__{_OPERATORS[name]}__", None) if name in _OPERATORS else None
    twin = operator or _found(fn, name)
    if twin is None:
        return None

    def call(*args: Any, dtype: Any = None, casting: Any = None, order: Any = None,
             subok: Any = None, **others: Any) -> Any:  # fmt: skip
        for option, value in others.items():
            if value is not None and not (option == "where" and value is True):
                raise _option(f"np.{name}", option)
        inputs = args if dtype is None else [cast(as_tensor(x), dtype=dtype) for x in args]
        if outer:
            x, y = map(as_tensor, inputs)
            inputs = [x.reshape(x.shape + (1,) * y.ndim), y]
        elif operator is not None:
            inputs = [as_tensor(inputs[0]), *inputs[1:]]
        return twin(*inputs)

    return call


def _option(name: str, key: str) -> NeuronaError:
    return ArgumentError(
        f"{name}: {key}= is not for Tensors.", hint=_OPTIONS.get(key, "leave it out")
    )


def _hint(name: str) -> str:
    short = name.removeprefix("np.").removeprefix("linalg.")
    if short in _INSTEAD:
        return _INSTEAD[short]
    near = difflib.get_close_matches(short.rpartition(".")[2], dir(ops), n=1, cutoff=0.7)
    return f"nn.ops.{near[0]}" if near else "compose it of nn.ops"


def _no_twin(name: str, given: list[Tensor]) -> NeuronaError:
    specs = ", ".join(str(x.spec) for x in given if x.value.data is None)
    return TraceError(
        f"{name} has no twin in nn.ops, and needs values: a function is being traced.",
        got=f"a Tensor without values, {specs}",
        hint=_hint(name),
    )


def _lost(what: str, args: Any, hint: str) -> NeuronaError:
    specs = ", ".join(str(x.spec) for x in _tensors(args) if _followed(x))
    return GradientError(
        f"{what} does not tell a gradient what it does.",
        got=f"a Tensor that a gradient flows through, {specs}",
        hint=f"{hint}; or x.detach() for its values",
    )
