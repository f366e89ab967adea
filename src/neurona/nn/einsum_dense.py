"""Dense layers over several axes, as an equation says."""

from __future__ import annotations

import functools
import re
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Shape, product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.nn import activations, initializers
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.parts import parts_for

# x, kernel -> y; `...` stands for axes in front of those that are named, or behind them
_FORM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(Layer):
    """A product as an equation says, y = activation(einsum(equation, x, kernel) + bias).

    Shapes: those of the equation: "abc,cde->abde" takes x (B, T, D) to y (B, T, N, H) by a kernel
    (D, N, H), which are the heads of an attention.

    Args:
        equation: "x,kernel->y" in letters, one for each axis; the first is the batch. `...` stands
            for further axes of x and y, in front or behind.
        output_shape: sizes of y without the batch, and without those of `...`; None where x tells.
        activation: name or function; none by default.
        bias_axes: the letters of y along which there is a bias of its own; none by default.
        kernel_initializer: Glorot uniform by default; the fans are the axes that are summed, and
            those that are new.
        bias_initializer: zeros by default.
        kernel_regularizer, bias_regularizer: penalties.
        kernel_constraint, bias_constraint: limits applied after each update.

    Raises:
        ArgumentError: if the equation is none of the kind, or has a letter too many.
        ShapeError: if x or the output_shape does not fit it.

    >>> EinsumDense("...x,xy->...y", 3, bias_axes="y")(ops.ones((2, 4, 5))).shape
    (2, 4, 3)
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.equation, self.bias_axes = equation, bias_axes or ""
        self.terms = _terms(equation, self.bias_axes)
        sizes = output_shape if isinstance(output_shape, list | tuple) else (output_shape,)
        self.sizes = tuple(
            None if s is None else check_integer("output_shape", s, minimum=1) for s in sizes
        )
        self.activation = activations.get(activation)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, shape: Any) -> None:
        """Create the kernel, and a bias along `bias_axes`."""
        _, kernel, output = self.terms
        x, y, behind = self._letters(shape)
        fan_in = product([x[c] for c in kernel if c not in y])
        fan_out = product([y[c] for c in kernel if c in y])
        parts = parts_for(self, "kernel")
        parts["initializer"] = _with_fans(parts["initializer"], fan_in, fan_out)
        sizes = [y[c] if c in y else x[c] for c in kernel]
        self.kernel = self.add_weight(sizes, name="kernel", **parts)
        if self.bias_axes:
            first = min(output.index(c) for c in self.bias_axes)
            along = [y[c] if c in self.bias_axes else 1 for c in output[first:]]
            self.bias = self.parameter("bias", (*along, *(1,) * behind))

    def _letters(self, shape: Shape) -> tuple[dict[str, int], dict[str, int], int]:
        """Return the sizes of the letters of x and of y, and the number of axes behind those."""
        term, _, output = self.terms
        dotted = "..." in self.equation
        more = len(shape) - len(term)
        if more < 0 or (more and not dotted):
            raise ShapeError(
                "EinsumDense: x does not fit the equation.", got=f"x {shape}, {self.equation!r}"
            )
        leading = self.equation.startswith("...")
        front = more if leading else 0
        x = dict(zip(term, shape[front:], strict=False))
        named = self.sizes if leading else (None, *self.sizes)
        if len(named) != len(output):
            raise ShapeError(
                "EinsumDense: output_shape does not fit the equation.",
                got=f"output_shape {self.sizes}, {self.equation!r}",
                expected=f"{len(output) - (not leading)} of them",
            )
        y = {}
        for letter, size in zip(output, named, strict=True):
            if size is None and letter not in x:
                raise ShapeError(
                    f"EinsumDense: the size of {letter!r} is unknown.",
                    got=f"output_shape {self.sizes}, {self.equation!r}",
                )
            if None not in (size, x.get(letter)) and x[letter] != size:
                raise ShapeError(
                    f"EinsumDense: x and output_shape differ in the size of {letter!r}.",
                    got=f"x {shape}, output_shape {self.sizes}, {self.equation!r}",
                )
            y[letter] = x[letter] if size is None else size
        return x, y, more - front

    def call(self, x: Tensor) -> Tensor:
        y = ops.einsum(self.equation, x, self.kernel)
        if self.bias_axes:
            y = y + self.bias
        return self.activation(y)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of x if y has its first two axes."""
        term, _, output = self.terms
        return mask if self.equation.startswith("...") or term[:2] == output[:2] else None


def _terms(equation: str, bias_axes: str) -> tuple[str, str, str]:
    """Return the letters of x, kernel and y."""
    found = _FORM.fullmatch(equation.replace(" ", "")) if isinstance(equation, str) else None
    dots = found and [bool(found[k]) for k in (1, 3, 5, 7)]
    if not found or not dots or dots[:2] != dots[2:] or all(dots):
        raise ArgumentError(
            "an equation has x, a kernel and y.",
            got=repr(equation),
            expected='"abc,cd->abd", "...x,xy->...y" or "ab...,bc->ac..."',
        )
    x, kernel, y = found[2], found[4], found[6]
    for letter in dict.fromkeys(kernel + y):
        if letter not in x and not (letter in kernel and letter in y):
            raise ArgumentError(
                f"EinsumDense: the letter {letter!r} stands in one place only.",
                got=repr(equation),
                hint="letters of the kernel are in x or in y, those of y in x or in the kernel",
            )
    for letter in bias_axes:
        if letter not in y:
            raise ArgumentError(
                "a bias has axes of y.", got=f"bias_axes={bias_axes!r}", expected=f"some of {y!r}"
            )
    return x, kernel, y


def _with_fans(initializer: Any, fan_in: int, fan_out: int) -> Any:
    """Return the initialiser; one that scales variances, for these fans instead of the shape's."""
    found = initializers.get(initializer)
    if not isinstance(found, initializers.VarianceScaling):
        return found
    return functools.partial(_scaled, found, (fan_in, fan_out))


def _scaled(initializer: Any, fans: Shape, shape: Shape, dtype: Any) -> Tensor:
    return ops.reshape(initializer(fans, dtype=dtype), shape)
