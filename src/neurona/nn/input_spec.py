"""InputSpec: what a layer of one's own says of the inputs that it takes; each call checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurona.core.shapes import as_dtype
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, DtypeError, ShapeError, check_integer


class InputSpec:
    """What an input must be like: `self.input_spec = InputSpec(ndim=4)`, a list for several inputs.

    Args:
        dtype: its element type.
        shape: its sizes with the batch axis first; None fits any size.
        ndim, max_ndim, min_ndim: how many axes it has.
        axes: axis -> size.
        allow_last_axis_squeeze: let a last axis of 1 in the shape, or in the input, be missing.
        optional: accepted as in Keras.
        name: of the input.

    Raises:
        ArgumentError: if an axis in `axes` is beyond the number of axes.

    >>> import numpy as np
    >>> InputSpec(shape=(None, 3)).problem(Tensor(np.zeros((2, 4))))
    'expected (None, 3)'
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        optional: bool = False,
        name: str | None = None,
    ) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {check_integer("axis", k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.optional = allow_last_axis_squeeze, optional
        self.name = name
        most = self.ndim if self.ndim is not None else max_ndim
        if self.axes and most is not None and max(self.axes) >= most:
            raise ArgumentError(
                "InputSpec: an axis is beyond the number of axes.",
                got=f"axis {max(self.axes)}, {most} axes",
            )

    def problem(self, x: Tensor) -> str:
        """Return what was expected, if x is not that; else ""."""
        shape, own = tuple(x.shape), self.shape
        if own is not None and self.allow_last_axis_squeeze:
            own = own[:-1] if own and own[-1] == 1 else own
            shape = shape[:-1] if len(shape) > len(own) and shape[-1] == 1 else shape
        if self.dtype is not None and x.dtype.name != self.dtype:
            return f"expected {self.dtype}"
        if own is None:
            n = len(shape)
            if self.ndim is not None and n != self.ndim:
                return f"expected {self.ndim} axes"
            if self.max_ndim is not None and n > self.max_ndim:
                return f"expected {self.max_ndim} axes at most"
            if self.min_ndim is not None and n < self.min_ndim:
                return f"expected {self.min_ndim} axes or more"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return f"expected {size} along axis {axis}"
        if own is None:
            return ""
        pairs = zip(own, shape, strict=False)
        fits = len(own) == len(shape) and all(a == b or None in (a, b) for a, b in pairs)
        return "" if fits else f"expected {own}"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        """Make one from `get_config()`."""
        return cls(**config)

    def __repr__(self) -> str:
        given = {k: v for k, v in self.get_config().items() if v is not None and v != {}}
        return f"InputSpec({', '.join(f'{k}={v!r}' for k, v in given.items())})"


def check_specs(specs: Any, inputs: Any) -> None:
    """Raise an error unless the inputs of a layer are what it says of them.

    Raises:
        ArgumentError: if there are fewer or more of them.
        DtypeError, ShapeError: if one is not as it should be.
    """
    wanted = [s for s in flatten(specs)[0] if isinstance(s, InputSpec)]
    given = [x for x in flatten(inputs)[0] if isinstance(x, Tensor)]
    if len(wanted) != len(given):
        raise ArgumentError(
            "the layer takes another number of inputs.", got=str(len(given)),
            expected=str(len(wanted)),
        )  # fmt: skip
    for spec, x in zip(wanted, given, strict=True):
        if problem := spec.problem(x):
            wrong_type = spec.dtype is not None and x.dtype.name != spec.dtype
            raise (DtypeError if wrong_type else ShapeError)(
                "an input is not what the layer's input_spec says.",
                got=f"x {x.shape} {x.dtype.name}",
                expected=problem.removeprefix("expected "),
            )
