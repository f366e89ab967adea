"""Fully connected layers."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_integer
from neurona.nn import activations
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


class Dense(Layer):
    """Every output sees every input: y = activation(x @ kernel + bias).

    Shapes: x (B, ..., D) -> y (B, ..., units).

    Args:
        units: number of outputs.
        activation: name or function; none by default.
        use_bias: whether to add a bias.
        kernel_initializer: Glorot uniform by default, which keeps signals in size for symmetric
            activations; "he_normal" suits ReLU.
        bias_initializer: zeros by default.
        kernel_regularizer, bias_regularizer: penalties; all layers take activity_regularizer too.
        kernel_constraint, bias_constraint: limits applied after each update.

    Raises:
        ArgumentError: if units is no positive integer.
        ShapeError: if x has fewer than two axes, or another number of features.
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.units = check_integer("units", units, minimum=1)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, shape: Any) -> None:
        """Create kernel (D, units) and bias (units,)."""
        _check_batch(shape)
        self.kernel = self.parameter("kernel", (shape[-1], self.units))
        if self.use_bias:
            self.bias = self.parameter("bias", (self.units,))

    def call(self, x: Tensor) -> Tensor:  # (B, ..., D)
        """Return activation(x @ kernel + bias)."""
        _check_batch(x.shape)
        y = x @ self.kernel  # (B, ..., units)
        if self.use_bias:
            y = y + self.bias
        return self.activation(y)


def _check_batch(shape: Any) -> None:
    if len(shape) < 2:
        raise ShapeError(
            "Dense: needs a batch axis.",
            got=f"x {shape}",
            expected="x (batch, ..., features)",
            hint="x[None] is a batch of one sample; x[:, None] gives each sample one feature",
        )
