"""`nn.jit`: run a function of Tensors as a compiled Program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from neurona import config
from neurona.core import origin, random
from neurona.core.ambient import ambient
from neurona.core.graph import tracing
from neurona.core.observation import opened
from neurona.core.op import as_tensor
from neurona.core.recent import Recent
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten
from neurona.engines.program import Program
from neurona.errors import ArgumentError, NeuronaError
from neurona.frames import shorten
from neurona.nn.context import add_loss, added_losses, collect_losses, is_training
from neurona.nn.function import Function
from neurona.nn.masking import mask_of, masks_of, noted, with_mask
from neurona.nn.parameter import Parameter
from neurona.nn.pure import trace_pure

KEPT = 128  # programs of a function
NO_STATE = random.state_of(0, 0)
ARRAYS = (Tensor, np.ndarray, np.generic)


class Jitted(NamedTuple):
    """A function for arguments of one look.

    Attributes:
        function: (seed and step, arguments, what it reads) -> (changed values, losses, results).
        found: the Parameters and Tensors that it reads.
        changed: those that the first outputs replace.
        results: how losses that layers added, results, and what goes with them are nested.
        draws: whether it reads seed and step.
        plain: whether it changes nothing, and returns one Tensor.
    """

    function: Function
    found: list[Tensor]
    changed: list[Parameter]
    results: Structure
    draws: bool
    plain: bool

    @property
    def program(self) -> Program:
        """What was compiled."""
        return self.function.program

    def __call__(self, tensors: list[Tensor]) -> Any:
        """Run it, assign what it changed, and return the results."""
        state = random.state_of(*random.take_state()) if self.draws else NO_STATE
        outputs = self.function(state, *tensors, *[x.value for x in self.found])
        if self.plain:
            return outputs[0]
        for p, y in zip(self.changed, outputs, strict=False):
            p.restore(Tensor(y.data, requires_grad=p.trainable))
        losses, results, observed, masks = self.results.unflatten(outputs[len(self.changed) :])
        for loss in losses:
            add_loss(loss)
        for path, x in (observed or {}).items():
            ambient.observer.take(origin.named(path), x.detach())
        return results if masks is None else noted(results, masks)


def jit(fn: Callable | None = None, *, engine: str | None = None) -> Any:
    """Return a function that traces `fn` once for each look of its arguments and runs the Program.

    Args:
        fn: a function, a model or a layer: of Tensors, nested in tuples, lists and dicts, that
            returns Tensors. Arguments that are no arrays (strings, bools, Python numbers, None) are
            static: each value has its own Program.
        engine: name of the engine; the setting `config.engine()` by default.

    What `fn` reads besides its arguments is current at each call if it is a Parameter, or a Tensor
    that a variable of its surroundings holds; parameters' values are not copied. What it assigns to
    Parameters (moving averages, totals of metrics, an optimizer's step) is assigned after each
    call. All else, such as NumPy arrays, numbers and attributes of objects, is read when it is
    traced. Random draws are new in each call.

    Gradients flow to arguments and to what is read; the first time that one is asked for, a Program
    for it is compiled, which computes `fn` once more. `jit(value_and_grad(fn))` does all in one.
    Within another trace, such as a training step's, `fn` runs as part of that.

    The result has `programs`, by the look of the arguments: the 128 that were used last. Their
    `program` explains itself.

    Raises:
        ArgumentError: if `fn` is no function, or a static argument cannot be compared.
        TraceError: if `fn` asks a Tensor for its values.

    >>> jit(lambda x: x * x + 1)(np.float32([1, 2])).tolist()
    [2.0, 5.0]
    """
    if fn is None:
        return functools.partial(jit, engine=engine)
    if not callable(fn):
        raise ArgumentError("jit takes a function.", got=repr(fn))
    programs: Recent[Any, Jitted] = Recent(KEPT)
    surroundings = Surroundings(fn)
    last: tuple[Any, Any] = None, None  # of the call before: equal keys need no hash

    @functools.wraps(fn, updated=())
    def compiled(*args: Any, **kwargs: Any) -> Any:
        nonlocal last
        try:
            leaves, structure = _flattened(args, kwargs)
            places: list[int] = []
            tensors: list[Tensor] = []
            looks: list[tuple] = []
            noted_places: list[int] = []
            for i, x in enumerate(leaves):
                if type(x) is Tensor or _is_array(x):
                    x = x.value if isinstance(x, Tensor) else as_tensor(x)
                    if x.level:
                        return fn(*args, **kwargs)
                    places.append(i)
                    tensors.append(x)
                    looks.append((x.shape, x.dtype))
                    if x.notes:
                        noted_places.append(i)
                else:  # with its type, since 1, 1.0 and True are equal but compute otherwise
                    looks.append((type(x), x))
            if tracing():
                return fn(*args, **kwargs)
            around = surroundings.tensors()
            for name, x in around.items():
                tensors.append(x)
                looks.append((name, x.shape, x.dtype))
            masked = [i for i in noted_places if mask_of(leaves[i]) is not None]
            for i in masked:
                tensors.append(mask_of(leaves[i]))  # type: ignore[arg-type]
                looks.append(("mask", i, tensors[-1].shape))
            asked = ambient.observer.patterns if ambient.observer is not None else ()
            settings = engine or config.engine(), config.floatx(), is_training(), asked
            key = structure, tuple(looks), settings
            before, found = last
            if key == before:
                return found(tensors)
            try:
                found = programs.get(key)
            except TypeError:
                raise _unhashable(leaves) from None
            if found is None:
                with_values = surroundings.arguments(list(around))
                # by itself: it may be part of another layer in the next call
                alone = origin.Scope(ambient.scope)
                found = origin.inside(
                    alone,
                    _build,
                    with_values,
                    structure,
                    leaves,
                    places,
                    masked,
                    tensors,
                    engine,
                    asked,
                )
                programs[key] = found
            last = key, found
            return found(tensors)
        except NeuronaError as error:
            shorten(error)
            raise

    compiled.programs = programs  # type: ignore[attr-defined]
    return compiled


def _is_array(x: Any) -> bool:
    return isinstance(x, ARRAYS)


def _flattened(args: tuple, kwargs: dict) -> tuple[Sequence[Any], Structure]:
    """Flatten the arguments of a call; most often they are a few arrays."""
    if kwargs:
        return flatten((args, kwargs))
    for x in args:
        if not isinstance(x, ARRAYS):
            return flatten((args, kwargs))
    return args, _positional(len(args))


@functools.cache
def _positional(count: int) -> Structure:
    """The Structure of so many arguments by their place."""
    return flatten(((0,) * count, {}))[1]


def _unhashable(leaves: Sequence) -> ArgumentError:
    for x in leaves:
        try:
            hash(None if _is_array(x) else x)
        except TypeError:
            break
    return ArgumentError(
        "a static argument of a jitted function is one that can be a key of a dict.",
        got=repr(x)[:60],
        hint="pass arrays, or strings, numbers and objects that are compared by identity",
    )


def _build(
    fn: Callable, structure: Structure, leaves: Sequence, places: list[int], masked: list[int],
    tensors: list[Tensor], engine: str | None, asked: tuple[str, ...],
) -> Jitted:  # fmt: skip
    """Trace and compile `fn(tensors of the surroundings)(arguments)`, some of them arrays."""

    end = len(tensors) - len(masked)  # behind it there are the masks of arguments

    def flat(*values: Tensor) -> Any:
        filled = list(leaves)
        for i, x in zip(places, values, strict=False):
            filled[i] = x
        around, masks = values[len(places) : end], values[end:]
        for i, steps in zip(masked, masks, strict=True):
            filled[i] = with_mask(filled[i], steps)
        args, kwargs = structure.unflatten(filled)
        with collect_losses(), opened(asked) as observer:
            results = fn(around)(*args, **kwargs)
            losses = added_losses()
        return losses, results, observer.values if asked else None, masks_of(results)

    listed = Structure(tuple, (), tuple(Structure(None) for _ in tensors))
    pure = trace_pure(flat, listed, tensors)
    changed: Any = [pure.found[k] for k in pure.changed]
    state = pure.graph.inputs[0]
    draws = any(state in node.inputs for node in pure.graph.nodes) or state in pure.graph.outputs
    plain = not changed and pure.results == flatten(([], 0, None, None))[1]
    return Jitted(Function(pure.graph, engine), pure.found, changed, pure.results, draws, plain)


class Surroundings:
    """The variables around a function that hold Tensors: in its closure, or global.

    Args:
        fn: the function; what is written in another way, as a layer, has none.
    """

    def __init__(self, fn: Callable) -> None:
        self.fn = fn
        self.cells: dict[str, CellType] = {}
        self.names: list[str] = []
        if isinstance(fn, FunctionType):
            self.cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
            self.names = sorted(_names(fn.__code__))

    def tensors(self) -> dict[str, Tensor]:
        """Return those Tensors by the variables' names."""
        found = {}
        for name, cell in self.cells.items():
            try:
                value = cell.cell_contents
            except ValueError:  # it has no value yet
                continue
            if _is_variable(value):
                found[name] = value
        for name in self.names:
            value = self.fn.__globals__.get(name)
            if _is_variable(value):
                found[name] = value
        return found

    def arguments(self, names: list[str]) -> Callable:
        """Return a function of the values of these variables that returns the function."""
        fn: Any = self.fn
        if not names:
            return lambda values: fn

        def with_values(values: tuple[Tensor, ...]) -> Callable:
            new = dict(zip(names, values, strict=True))
            cells = tuple(
                CellType(new[name]) if name in new else cell for name, cell in self.cells.items()
            )
            around = {**fn.__globals__, **{k: v for k, v in new.items() if k not in self.cells}}
            again = FunctionType(fn.__code__, around, fn.__name__, fn.__defaults__, cells)
            again.__kwdefaults__ = fn.__kwdefaults__
            return again

        return with_values


def _is_variable(x: Any) -> bool:
    return isinstance(x, Tensor) and not isinstance(x, Parameter) and not x.level


def _names(code: CodeType) -> set[str]:
    """Return the names that code, and the functions in it, may look up among the globals."""
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
