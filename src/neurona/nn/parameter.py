"""Parameter: a named Tensor whose value can be replaced.

Everything that training changes is a Parameter: weights, running means, optimiser slots, metric
totals. While a training step is traced, each stands for an abstract input, and what it was assigned
becomes an output: so a step written with assignments is one pure function. Such values are those of
the thread that traces; for all others the Parameter stays what it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from neurona.core import later
from neurona.core.ambient import ambient, within
from neurona.core.fork import Lock
from neurona.core.graph import another_input, tracing
from neurona.core.op import as_tensor, cast
from neurona.core.shapes import as_dtype, as_shape, is_float
from neurona.core.tensor import Tensor, as_array
from neurona.errors import ArgumentError, DtypeError, ShapeError, StateError


class Parameter(Tensor):
    """A named value that training may change; use it like any Tensor.

    Args:
        value: the initial value; or an initialiser, a function of (shape, dtype), or its name.
        name: its name within the layer, such as "kernel".
        trainable: whether optimisers change it.
        regularizer: a function of the value that is added to the loss, or None.
        constraint: a function that is applied to the value after each update, or None.
        shape: for an initialiser; a value must have it.
        dtype: of the value; by default that of the value as a tensor.
        initializer: another name of value, as in Keras's Variable.
        autocast, aggregation, synchronization: accepted as in Keras.

    >>> Parameter(lambda shape, dtype: np.ones(shape, dtype), name="gain", shape=(2,))
    <Parameter gain (2,) float32
    [1. 1.]>
    """

    __slots__ = ("constraint", "kept", "name", "path", "regularizer", "trainable")

    def __init__(
        self,
        value: Any = None,
        name: str | None = None,
        *,
        trainable: bool = True,
        regularizer: Callable | None = None,
        constraint: Callable | None = None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        autocast: bool = True,
        aggregation: Any = None,
        synchronization: Any = None,
    ) -> None:
        if type(name) in (tuple, list):  # Keras's Variable has the shape here
            name, shape = None, name
        if shape is not None or dtype is not None or value is None or callable(value):
            value = _first_value(initializer if value is None else value, shape, dtype)
        array = as_array(value) if ambient.abstract else np.array(as_array(value))
        self.shape, self.dtype = array.shape, array.dtype
        self.name = name or "parameter"
        self.path = f"{ambient.prefix}{self.name}"
        self.trainable = trainable and is_float(array.dtype)
        self.regularizer, self.constraint = regularizer, constraint
        # the value, or who has it: looking at it brings it here
        self.kept: Tensor | Loan = Tensor(array, requires_grad=self.trainable)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be copied and pickled with the current value, wherever that is kept."""
        others = {k: getattr(self, k) for k in ("path", "regularizer", "constraint", "grad")}
        made = type(self), self._values(), self.name, self.trainable
        return _again, made, (getattr(self, "__dict__", None), others)

    @property
    def value(self) -> Tensor:
        """The current value."""
        here, kept = ambient.values, self.kept
        if here is None:
            return kept.fetch(self) if type(kept) is Loan else kept  # type: ignore[return-value]
        x = here.get(id(self))
        if x is None:
            x = kept.fetch(self) if isinstance(kept, Loan) else kept
        if ambient.reads is not None and not x.level:
            return ambient.reads.take(self, x)
        return x

    @property
    def data(self) -> np.ndarray | None:  # type: ignore[override]
        """The current array, or None while tracing."""
        return self.value.data

    @property
    def level(self) -> int:  # type: ignore[override]
        """The trace that the current value belongs to."""
        return self.value.level

    @property
    def tracked(self) -> bool:
        """Whether a gradient can flow into it."""
        return self.value.tracked

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward()` left."""
        return self.value.grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        self.value.grad = gradient

    def assign(self, value: Any) -> None:
        """Replace the value; shape and type stay.

        Raises:
            ShapeError: if the shape differs.
            DtypeError: if floats are assigned to integers.
            StateError: if a function is traced that is no training step.
        """
        x = value.value if isinstance(value, Tensor) else Tensor(as_array(value))
        if x.shape != self.shape:
            raise ShapeError(
                f"{self.path}: the shape differs.", got=str(x.shape), expected=str(self.shape)
            )
        if x.dtype != self.dtype:
            if is_float(x.dtype) and not is_float(self.dtype):
                raise DtypeError(f"{self.path} holds {self.dtype.name}.", got=x.dtype.name)
            x = cast(x, dtype=self.dtype)
        if ambient.rehearsed is not None:
            ambient.rehearsed.setdefault(id(self), (self, self.value))
        elif tracing() and not ambient.lasting and not self.level:
            raise StateError(  # it would happen once, and not in each call of the Program
                f"{self.path} is assigned to while a function is traced.",
                hint="return the new value, and assign it outside; or let nn.jit trace it",
            )
        if x.level:
            self.restore(x)
        else:
            self.restore(Tensor(np.array(x.data), requires_grad=self.trainable))

    def assign_add(self, value: Any) -> None:
        """Add to the value, in its own type."""
        self.assign(self.value + self._alike(value))

    def assign_sub(self, value: Any) -> None:
        """Subtract from the value, in its own type."""
        self.assign(self.value - self._alike(value))

    def _alike(self, value: Any) -> Tensor:
        """Return floats in the type of the value, as `assign` takes them."""
        x = as_tensor(value, self.dtype)
        other = is_float(x.dtype) and is_float(self.dtype) and x.dtype != self.dtype
        return cast(x, dtype=self.dtype) if other else x

    def restore(self, value: Tensor) -> None:
        """Set the value as it is, unchecked."""
        here = ambient.values
        if here is not None and ambient.rehearsed is not None:
            here[id(self)] = value
            return
        if here is not None:
            here.pop(id(self), None)
        self.kept = value

    def __repr__(self) -> str:
        if self.value.data is None:
            return f"<Parameter {self.path} {self.shape} {self.dtype.name}, traced>"
        return f"<Parameter {self.path} {self.shape} {self.dtype.name}\n{self._values()}>"


by_name: dict[str, Callable[[str], Any]] = {}  # "initializer": how one is found by its name


def _first_value(value: Any, shape: Any, dtype: Any) -> Any:
    """Return the value of a Parameter that is given by an initialiser, or with shape and type."""
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, str):
        later.load("initializers")
        value = by_name["initializer"](value)
    if callable(value):
        if shape is None:
            raise ArgumentError("a variable of an initializer needs its shape.", hint="shape=(3,)")
        return value(as_shape(shape), wanted or as_dtype(None))
    if value is None:
        raise ArgumentError("a variable needs a value, or an initializer and a shape.")
    array = as_array(value, wanted)
    if shape is not None and array.shape != as_shape(shape):
        raise ShapeError(
            "a variable's value has another shape.", got=str(array.shape), expected=str(shape)
        )
    return array


def _again(cls: type[Parameter], value: np.ndarray, name: str, trainable: bool) -> Parameter:
    p = cls.__new__(cls)  # a class of one's own may have another constructor
    Parameter.__init__(p, value, name, trainable=trainable)
    return p


class State(Parameter):
    """What a layer remembers from call to call: no weight, but part of a training's whole state.

    Args: see Parameter.
    """

    __slots__ = ()

    def __init__(self, value: Any, name: str = "state") -> None:
        super().__init__(value, name, trainable=False)


class Loan:
    """A value that is kept elsewhere, such as in the memory of a compiled step.

    Args:
        read: returns the current array, a copy.
        lock: held while the value changes, and while the Parameter gets or gives it.

    Attributes:
        copied: the Tensor that the Parameter had or got, while it equals what is kept.
    """

    __slots__ = ("copied", "lock", "read")

    def __init__(self, read: Callable[[], np.ndarray], lock: Lock) -> None:
        self.read, self.lock = read, lock
        self.copied: Tensor | None = None

    def fetch(self, p: Parameter) -> Tensor:
        """Bring the current value to its Parameter, unless that has it by now; return it."""
        with self.lock.now:
            if p.kept is self:
                p.kept = self.copied = Tensor(self.read(), requires_grad=p.trainable)
            kept = p.kept
        return kept if isinstance(kept, Tensor) else kept.fetch(p)


def assign_all(parameters: Sequence[Parameter], values: Any, owner: str, hint: str = "") -> None:
    """Assign a list of arrays to parameters: all of them, or none if one does not fit.

    Raises:
        ArgumentError: if the values are no list.
        ShapeError: if there are too few or too many, or a shape differs.
    """
    if not isinstance(values, list | tuple):
        raise ArgumentError(f"{owner} takes a list of arrays.", got=repr(values)[:60])
    arrays = [as_array(v) for v in values]
    if len(arrays) != len(parameters):
        raise ShapeError(
            f"{owner} has another number of parameters.",
            got=f"{len(arrays)} arrays",
            expected=str(len(parameters)),
            hint=hint,
        )
    for p, array in zip(parameters, arrays, strict=True):
        if p.shape != array.shape:
            raise ShapeError(
                f"{owner}: {p.path} has another shape.",
                got=str(array.shape),
                expected=str(p.shape),
            )
    for p, array in zip(parameters, arrays, strict=True):
        p.assign(array)


@contextlib.contextmanager
def rehearsal() -> Iterator[dict[int, tuple[Parameter, Tensor]]]:
    """Take back, at the end, whatever was assigned inside, also to parameters that are new.

    Yields the parameters that were assigned to so far, each with its value before.
    """
    assigned: dict[int, tuple[Parameter, Tensor]] = {}
    with within(rehearsed=assigned, values=dict(ambient.values or {})):
        yield assigned


def lasting() -> AbstractContextManager[None]:
    """Let assignments inside last, even within a rehearsal, and read values: for `build`."""
    return within(rehearsed=None, values=None, reads=None, lasting=True)


class Reads:
    """The Parameters that a traced function reads: each becomes an input when it is looked at.

    Attributes:
        inputs: id -> (Parameter, the input that stands for it).
    """

    def __init__(self, level: int) -> None:
        self.level = level
        self.inputs: dict[int, tuple[Parameter, Tensor]] = {}

    def take(self, p: Parameter, value: Tensor) -> Tensor:
        """Return the input of the trace that stands for a Parameter, a new one at first."""
        if id(p) not in self.inputs:
            self.inputs[id(p)] = p, another_input(value.spec, self.level)
        assert ambient.values is not None
        x = ambient.values[id(p)] = self.inputs[id(p)][1]
        return x


class Known:
    """The Parameters that a model's step may read: another one would never be trained.

    Args:
        parameters: those.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.ids = {id(p) for p in parameters}

    def take(self, p: Parameter, value: Tensor) -> Tensor:
        """Return the value of a Parameter.

        Raises:
            StateError: if it is not among them.
        """
        if id(p) not in self.ids:
            raise StateError(
                "the model uses a Parameter that it does not know, which would not be trained.",
                got=p.path,
                hint="make what has it an attribute of the model or of a layer (alone or in lists, "
                "dicts, sets, deques, dataclasses); what a function captures or `call` makes is "
                "not found",
            )
        return value


@contextlib.contextmanager
def knowing(parameters: Sequence[Parameter]) -> Iterator[None]:
    """Refuse to read other Parameters than these inside."""
    with within(reads=Known(parameters), values=dict(ambient.values or {})):
        yield


@contextlib.contextmanager
def reading() -> Iterator[Reads]:
    """Make an input of the innermost trace of each Parameter that is read inside."""
    reads = Reads(tracing())
    with within(reads=reads, values=dict(ambient.values or {})):
        yield reads


def bound(
    parameters: Sequence[Parameter], values: Sequence[Tensor]
) -> AbstractContextManager[None]:
    """Let the parameters have other values inside, for this thread, whatever happens to them."""
    own = {id(p): value for p, value in zip(parameters, values, strict=True)}
    return within(rehearsed={}, values={**(ambient.values or {}), **own})


@contextlib.contextmanager
def standing_in(p: Parameter, value: Tensor) -> Iterator[None]:
    """Let one Parameter have another value inside, for this thread; all others live on."""
    here = ambient.values
    if here is None:
        with within(values={id(p): value}):
            yield
        return
    before = here.get(id(p))
    here[id(p)] = value
    try:
        yield
    finally:
        here.pop(id(p), None)
        if before is not None:
            here[id(p)] = before


@contextlib.contextmanager
def unchanged(parameters: Sequence[Parameter]) -> Iterator[None]:
    """Put the parameters' values back at the end."""
    before = [p.value for p in parameters]
    try:
        yield
    finally:
        for p, value in zip(parameters, before, strict=True):
            p.restore(value)
