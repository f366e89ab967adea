"""`nn.jit`: run a function of Tensors as a compiled Program."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona import config
from neurona.core import random
from neurona.core.graph import trace, tracing
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten
from neurona.engines.program import Program, compile
from neurona.errors import ArgumentError

_STATE = Spec((2,), np.dtype("int64"))


def jit(fn: Callable | None = None, *, engine: str | None = None) -> Any:
    """Return a function that traces `fn` once for each shape of its arguments and runs the Program.

    Args:
        fn: a function of Tensors, nested in tuples, lists and dicts, that returns Tensors. It must
            be pure: what it reads besides its arguments is read when it is traced. Arguments that
            are no arrays (strings, bools, Python numbers, None) are static: each value has its
            own Program. Random draws are new in each call.
        engine: name of the engine; the setting `config.engine()` by default.

    The result has `programs`, the compiled Programs by argument specs. Called on tensors that a
    gradient is asked of, or within another trace, `fn` runs as part of that.

    >>> jit(lambda x: x * x + 1)(np.float32([1, 2])).tolist()
    [2.0, 5.0]
    """
    if fn is None:
        return functools.partial(jit, engine=engine)
    if not callable(fn):
        raise ArgumentError("jit takes a function.", got=repr(fn))
    programs: dict[Any, tuple[Program, Structure]] = {}

    @functools.wraps(fn)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        arrays = [x for x in leaves if _is_array(x)]
        tensors = [x.value for x in arrays if isinstance(x, Tensor)]
        if tracing() or any(x.tracked or x.level for x in tensors):
            return fn(*args, **kwargs)
        values = [np.asarray(x) for x in arrays]
        # with its type, since 1, 1.0 and True are equal but do not compute the same
        static = tuple(None if _is_array(x) else (type(x), x) for x in leaves)
        name = engine or config.engine()
        looks = tuple((v.shape, v.dtype.str) for v in values)
        key = (structure, static, looks, name, config.floatx())
        if key not in programs:
            programs[key] = _build(fn, structure, leaves, values, name)
        program, outputs = programs[key]
        state = np.array(random.take_state(), np.int64)
        return outputs.unflatten([Tensor(y) for y in program(state, *values)])

    compiled.programs = programs  # type: ignore[attr-defined]
    return compiled


def _is_array(x: Any) -> bool:
    return isinstance(x, Tensor | np.ndarray | np.generic)


def _build(
    fn: Callable, structure: Structure, leaves: list, values: list[np.ndarray], engine: str
) -> tuple[Program, Structure]:
    places = [i for i, x in enumerate(leaves) if _is_array(x)]

    def flat(state: Tensor, *tensors: Tensor) -> Any:
        filled = list(leaves)
        for i, x in zip(places, tensors, strict=True):
            filled[i] = x
        args, kwargs = structure.unflatten(filled)
        with random.use(state):
            return fn(*args, **kwargs)

    graph = trace(flat, [_STATE, *values])
    assert graph.structure is not None
    return compile(graph, engine), graph.structure
