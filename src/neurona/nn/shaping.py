"""Layers that arrange the same numbers in another shape, and layers that only pass them on."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, check_number
from neurona.nn import masking
from neurona.nn.axes import VECTORS, check_axes, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.regularizers import L1L2


class Flatten(Layer):
    """All axes but the batch become one.

    Shapes: x (B, ...) -> y (B, D), D the product of the other sizes; x (B,) -> y (B, 1).

    Args:
        data_format: "channels_last" for the order that x has, or "channels_first" for x (B, C, ...)
            whose channels then come last, as those of an x with the channels last would; what
            `nn.config.image_data_format()` says unless it is given.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]]).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """

    data_format: str

    def __init__(self, data_format: str | None = None, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        if not x.ndim:
            raise ShapeError("Flatten: needs a batch axis.", got="x ()", expected="x (batch, ...)")
        if self.data_format == "channels_first" and x.ndim > 2:
            x = ops.transpose(x, (0, *range(2, x.ndim), 1))
        return ops.reshape(x, (x.shape[0], product(x.shape[1:])))  # (B, D)


class Reshape(Layer):
    """The same elements, in the same order, in another shape.

    Shapes: x (B, ...) -> y (B, *target_shape).

    Args:
        target_shape: without the batch axis; one size may be -1, for what is left.

    Raises:
        ShapeError: if the number of elements would change.

    >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]]).tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """

    def __init__(self, target_shape: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        sizes = target_shape if isinstance(target_shape, list | tuple) else (target_shape,)
        self.target_shape = tuple(check_integer("target_shape", s, minimum=-1) for s in sizes)
        if self.target_shape.count(-1) > 1:
            raise ArgumentError("only one size of target_shape can be -1.", got=repr(target_shape))

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        if not x.ndim:
            raise ShapeError("Reshape: needs a batch axis.", got="x ()", expected="x (batch, ...)")
        sizes, count = list(self.target_shape), product(x.shape[1:])
        known = product([s for s in sizes if s != -1])
        if -1 in sizes and known and count % known == 0:  # not from the batch, which may be empty
            sizes[sizes.index(-1)] = count // known
        if product(sizes) != count:
            raise ShapeError(
                "Reshape: the number of elements would change.",
                got=f"x {x.shape}",
                expected=f"{abs(known)} elements a sample, or a multiple"
                if -1 in self.target_shape
                else f"{known} elements a sample for {self.target_shape}",
            )
        return ops.reshape(x, (x.shape[0], *sizes))  # (B, *target_shape)


class Permute(Layer):
    """Axes in another order: axis k of y is axis dims[k - 1] of x.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        dims: the axes of x in their new order, counted from 1; the batch stays in front.

    >>> Permute((2, 1))([[[1.0, 2.0, 3.0]]]).tolist()
    [[[1.0], [2.0], [3.0]]]
    """

    def __init__(self, dims: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.dims = tuple(check_integer("dims", d) for d in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                "dims names each axis once, counted from 1.", got=repr(dims), expected="e.g. (2, 1)"
            )

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        check_axes(self, x, ("batch", *(f"axis {a + 1}" for a in range(len(self.dims)))))
        return ops.transpose(x, (0, *self.dims))


class RepeatVector(Layer):
    """The same vector n times: the step from an encoder's code to a decoder's sequence.

    Shapes: x (B, D) -> y (B, n, D).

    Args:
        n: how many times.

    >>> RepeatVector(2)([[1.0, 2.0]]).tolist()
    [[[1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.n = check_integer("n", n, minimum=1)

    def call(self, x: Tensor) -> Tensor:  # (B, D)
        check_axes(self, x, VECTORS)
        batch, features = x.shape
        return ops.broadcast_to(ops.expand_dims(x, 1), (batch, self.n, features))  # (B, n, D)


class Identity(Layer):
    """y = x.

    >>> Identity()([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    supports_masking = True

    def call(self, x: Any) -> Any:  # (B, ...)
        return x


class Masking(Layer):
    """y = x, with a mask: steps whose features all equal mask_value are padding, and 0 in y.

    Shapes: x (B, T, ..., D) -> y (B, T, ..., D), mask (B, T, ...).

    Args:
        mask_value: what padding is filled with.

    >>> y = Masking(-1.0)([[[1.0, -1.0], [-1.0, -1.0]]])
    >>> y.tolist(), masking.mask_of(y).tolist()
    ([[[1.0, -1.0], [0.0, 0.0]]], [[True, False]])
    """

    def __init__(self, mask_value: float = 0.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.mask_value = check_number("mask_value", mask_value)

    def call(self, x: Tensor) -> Tensor:  # (B, T, ..., D)
        if x.ndim < 2:
            raise ShapeError(
                "Masking: needs steps of features.", got=f"x {x.shape}", hint="(B, T, D)"
            )
        return ops.where(masking.spread(self.compute_mask(x), x), x, 0)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return which steps have a feature that is not mask_value."""
        return ops.any(ops.ne(x, self.mask_value), axis=-1)


class ActivityRegularization(Layer):
    """y = x, and l1 * sum |x| + l2 * sum x^2, for each sample, is added to the loss in the mean.

    Args:
        l1, l2: factors, 0 or more.
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.activity_regularizer = L1L2(l1, l2)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return x


class Lambda(Layer):
    """A function as a layer: y = function(x, **arguments).

    Args:
        function: of a Tensor, made of `nn.ops`. If it has a parameter `training` or `mask`, it is
            told. To be saved it must have a name; a lambda is fine until then.
        output_shape: for Keras's sake; the shape is found by calling the function.
        mask: the mask of y, or a function (x, mask of x) -> mask; without it a mask is lost.
        arguments: further keyword arguments of the function.

    >>> Lambda(lambda x: x * 2.0)([[1.0, 2.0]]).tolist()
    [[2.0, 4.0]]
    """

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if not callable(function):
            raise ArgumentError("Lambda takes a function.", got=repr(function))
        self.function, self.keywords = function, dict(arguments or {})
        names = inspect.signature(function).parameters
        self.tells = [name for name in ("training", "mask") if name in names]
        self._takes = dataclasses.replace(self._takes, mask="mask" in names)
        self.mask, self.supports_masking = mask, mask is not None

    def call(self, x: Any, training: bool = False, mask: Any = None) -> Any:  # (B, ...)
        told = {"training": training, "mask": mask}
        return self.function(x, **self.keywords, **{name: told[name] for name in self.tells})

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return what `mask` says."""
        return self.mask(x, mask) if callable(self.mask) else self.mask
