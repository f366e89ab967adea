"""Tensor: an array that remembers the op and the inputs that made it.

A Tensor holds data (eager) or only shape and type (while a function is traced). Both remember their
Source when a gradient may be asked for, so one reverse sweep serves eager mode and tracing alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from neurona.core import instead, markup
from neurona.core.ambient import ambient, within
from neurona.core.shapes import (
    DTYPES,
    Spec,
    as_dtype,
    check_range,
    check_size,
    is_float,
    nearest_dtype,
)
from neurona.errors import (
    ArgumentError,
    DtypeError,
    FrozenError,
    GradientError,
    ShapeError,
    TraceError,
)

if TYPE_CHECKING:
    from neurona.core.notes import Note
    from neurona.core.op import Op
    from neurona.core.origin import Origins

N = TypeVar("N", bound="Note")


class Source:
    """One application of an op: what a Tensor remembers of how it was made."""

    __slots__ = (
        "arrays", "attributes", "inputs", "known", "level", "op", "origins", "serial", "single",
        "specs",
    )  # fmt: skip
    origins: Origins  # while tracing
    _serials = itertools.count()

    def __init__(
        self, op: Op, inputs: tuple[Tensor, ...], attributes: dict, specs: tuple[Spec, ...]
    ):
        self.op, self.inputs, self.attributes, self.specs = op, inputs, attributes, specs
        self.serial = next(Source._serials)  # sources sorted by it are in dependency order
        self.arrays: tuple = (None,) * len(specs)  # of the outputs, or None while tracing
        self.level, self.single = 0, True  # single: the op gives a Tensor, not a tuple
        self.known: Tensor | None = None  # what the output is equal to, while tracing

    def output(self, index: int) -> Tensor:
        """Return an output again: a Tensor that stands for the same values.

        The arrays are kept rather than the Tensors, which would keep this Source in turn.
        """
        return Tensor(
            self.arrays[index], self.specs[index], source=self, index=index, level=self.level
        )


class Tensor:
    """An n-dimensional array of one element type.

    Made by `nn.tensor`, by ops, or (abstract) by tracing. Operators, indexing and the methods of
    NumPy's arrays are ops; `numpy()` gives the values.

    Attributes:
        shape, dtype: what it looks like; `ndim` and `size` follow from them.
        data: the NumPy array, or None while tracing. Treat it as read-only.
        requires_grad: whether `backward()` fills `grad` for this tensor.
        grad: the gradient that `backward()` left, or None.
        notes: what its maker knows of it, see `core/notes.py`.
    """

    __slots__ = (
        "__weakref__",
        "data",
        "dtype",
        "grad",
        "index",
        "level",
        "notes",
        "requires_grad",
        "shape",
        "source",
    )
    shape: tuple[int, ...]
    dtype: np.dtype
    __array_priority__ = 1000  # so that array + tensor is ours

    def __init__(
        self,
        data: np.ndarray | None,
        spec: Spec | None = None,
        *,
        source: Source | None = None,
        index: int = 0,
        level: int = 0,
        requires_grad: bool = False,
    ) -> None:
        self.data = data
        if spec is None:
            assert data is not None
            spec = Spec(data.shape, data.dtype)
        self.shape, self.dtype = spec
        self.source, self.index, self.level = source, index, level
        self.requires_grad = requires_grad
        self.grad: Tensor | None = None
        self.notes: tuple[Note, ...] = ()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be copied and pickled as values, without a history."""
        return _with_values, (self._values(), self.requires_grad, self.grad)

    @property
    def spec(self) -> Spec:
        """Shape and element type."""
        return Spec(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.spec.size

    @property
    def tracked(self) -> bool:
        """Whether a gradient can flow into this tensor."""
        return self.requires_grad or self.source is not None

    @property
    def value(self) -> Tensor:
        """The tensor that stands for this one in an op; a Parameter gives its current value."""
        return self

    def note(self, kind: type[N]) -> N | None:
        """Return the note of a kind, or None."""
        return next((note for note in self.value.notes if isinstance(note, kind)), None)

    def numpy(self) -> np.ndarray:
        """Return the values as a NumPy array that is the caller's own."""
        return np.array(self._values(instead.NUMPY))

    def item(self) -> float | int | bool:
        """Return the single value as a Python number."""
        return self._single("item()").item()

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        return self._values().tolist()

    def detach(self) -> Tensor:
        """Return the same values without their history."""
        return Tensor(self._values())

    def _values(self, otherwise: str = instead.ANY) -> np.ndarray:
        data = self.value.data
        if data is None:
            raise TraceError(
                "this Tensor has a shape but no values yet, because a function is being traced.",
                got=str(self.spec),
                hint=f"{otherwise}; a tensor that was kept from a traced function never gets "
                "values: return it instead",
            )
        return data

    def _single(self, use: str, hint: str = instead.ONE, otherwise: str = instead.ANY) -> Any:
        values = self._values(otherwise)
        if values.size != 1:
            raise ShapeError(f"{use} takes a single value.", got=f"x {self.shape}", hint=hint)
        return values

    def _forget(self, what: str, hint: str) -> None:
        if ambient.recording and self.tracked and is_float(self.dtype):
            raise GradientError(
                f"{what} not tell a gradient what they do.",
                got=f"a Tensor {self.spec} in a function whose gradient is taken",
                hint=f"{hint}, or x.detach() for a constant",
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = self._values(instead.ARRAY)
        self._forget("NumPy's arrays do", "give x itself to np.exp and its like, or use nn.ops")
        return np.array(values, dtype=dtype) if copy or dtype is not None else values

    def __bool__(self) -> bool:
        return bool(self._single("a truth value", "x.any() or x.all()", instead.TRUTH))

    def __float__(self) -> float:
        values = self._single(
            "float()", f"{instead.ONE}; {instead.MATH}", f"keep it a Tensor: {instead.MATH}"
        )
        self._forget("float() and Python's math do", instead.MATH)
        return float(values.item())

    def __int__(self) -> int:
        return int(self._single("int()").item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise DtypeError("an index is a single integer.", got=str(self.spec))
        return self._values().__index__()

    def __setitem__(self, key: Any, value: Any) -> None:
        raise FrozenError(
            "a Tensor is not changed in place.",
            hint="nn.ops.where(mask, new, x), or parameter.assign(values)",
        )

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __len__(self) -> int:
        if not self.shape:
            raise ArgumentError("a scalar Tensor has no length.")
        return self.shape[0]

    def __hash__(self) -> int:
        return id(self)

    if TYPE_CHECKING:  # put in place by neurona.ops.operators, since the core knows no op
        T: Tensor

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __iter__(self) -> Iterator[Tensor]: ...
        def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def var(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def min(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def any(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def all(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def argmax(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def argmin(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def cumsum(self, axis: int = -1, reverse: bool = False) -> Tensor: ...
        def clip(self, low: Any, high: Any) -> Tensor: ...
        def round(self) -> Tensor: ...
        def squeeze(self, axis: Any = None) -> Tensor: ...
        def swapaxes(self, axis1: int, axis2: int) -> Tensor: ...
        def repeat(self, repeats: int, axis: Any = None) -> Tensor: ...
        def take(self, indices: Any, axis: int = 0) -> Tensor: ...
        def dot(self, other: Any) -> Tensor: ...
        def reshape(self, *sizes: Any) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        def astype(self, dtype: Any) -> Tensor: ...
        def flatten(self) -> Tensor: ...
        def backward(self, gradient: Any = None) -> None: ...

    def __repr__(self) -> str:
        if self.value.data is None:
            return f"Tensor({self.spec}, traced)"
        body = np.array2string(self._values(), separator=", ", prefix="Tensor(")
        return f"Tensor({body}, dtype={self.dtype.name})"

    def _repr_html_(self) -> str:
        data, title = self.value.data, getattr(self, "path", "Tensor")
        return markup.titled(repr(self), "", "") if data is None else markup.of_array(title, data)


def _with_values(data: np.ndarray, requires_grad: bool, grad: Tensor | None) -> Tensor:
    x = Tensor(np.array(data), requires_grad=requires_grad)  # what was unpickled may be read-only
    x.grad = grad
    return x


def recording() -> AbstractContextManager[None]:
    """Refuse, inside, to hand tensors that a gradient may flow through to NumPy."""
    return within(recording=True)


def tensor(data: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Return the values as a Tensor; the data are copied.

    Args:
        data: numbers, nested lists, a NumPy array or a Tensor.
        dtype: element type. By default Python floats become `config.floatx()`, Python integers
            int32, and NumPy arrays keep their type.
        requires_grad: whether `backward()` fills `grad` for this tensor; floats only.

    >>> tensor([1, 2.5])
    Tensor([1. , 2.5], dtype=float32)
    """
    array = np.array(as_array(data, dtype))
    if requires_grad and not is_float(array.dtype):
        raise GradientError(
            "only float tensors have gradients.", got=array.dtype.name, hint="dtype=float"
        )
    return Tensor(array, requires_grad=requires_grad)


def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """Return data as a NumPy array of a supported type, without a copy where there is one."""
    if isinstance(data, Tensor):
        data = data._values()
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        try:
            wanted = as_dtype(dtype) if dtype is not None else nearest_dtype(array.dtype)
        except DtypeError as error:
            error.got = of_no_numbers(array)
            raise
    else:
        if isinstance(data, list | tuple) and any(isinstance(d, Tensor) for d in data):
            data = [as_array(d) for d in data]
        try:
            array = np.asarray(data)
        except ValueError:
            raise ArgumentError(
                "the rows have different lengths.", got=f"{type(data).__name__}"
            ) from None
        if dtype is None and array.dtype.kind in "fiu" and not _holds_arrays(data):
            wanted = as_dtype(float if array.dtype.kind == "f" or array.size == 0 else int)
            if wanted.kind == "i" and array.size and np.abs(array).max() > 2**31 - 1:
                wanted = DTYPES["int64"]
        else:
            number = array.dtype.kind in "biuf"  # all else is refused below
            known = nearest_dtype(array.dtype) if number else array.dtype
            wanted = as_dtype(dtype) if dtype is not None else known
    check_size(array.shape)
    if array.dtype.kind not in "biuf":
        shown = repr(data) if data is None or isinstance(data, str) else of_no_numbers(array)
        raise DtypeError("a Tensor holds numbers.", got=shown, expected="numbers or booleans")
    if array.dtype == wanted:
        return array
    # NumPy's astype wraps, and so may what is asked for; what nobody asked for never does
    asked = isinstance(data, np.ndarray | np.generic) and dtype is not None
    asked = asked and array.dtype != np.uint64  # of which half would become negative
    if wanted.kind in "iu" and array.dtype.kind in "iu" and not asked:
        check_range(array, wanted)
    return array.astype(wanted)


def of_no_numbers(array: np.ndarray) -> str:
    """Return the type of an array for a message, and its first cell that is no number.

    >>> of_no_numbers(np.array(["1", "a"]))
    "<U1 data, 'a' at index (1,)"
    """
    for index, value in np.ndenumerate(array) if array.dtype.kind in "OSU" else ():
        try:
            float(value)
        except (TypeError, ValueError):
            shown = repr(str(value) if isinstance(value, str) else value)
            return f"{array.dtype} data, {shown[:40]} at index {index}"
    return f"{array.dtype} data"


def _holds_arrays(data: Any) -> bool:
    return (
        isinstance(data, list | tuple)
        and bool(data)
        and isinstance(data[0], np.ndarray | np.generic)
    )
