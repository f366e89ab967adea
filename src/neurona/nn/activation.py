"""Activations as layers, and those with parameters of their own."""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Shape, normalize_axes
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_integer, check_number
from neurona.nn import activations, masking
from neurona.nn.axes import checked_axis
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


class Activation(Layer):
    """An activation function as a layer: y = activation(x).

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        activation: name or function.

    >>> Activation("relu")([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, activation: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.activation = activations.get(activation)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return self.activation(x)


class ReLU(Layer):
    """y = x where x > threshold, else negative_slope * (x - threshold); at most max_value.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        max_value: ceiling, 0 or more; none by default.
        negative_slope: slope below the threshold, 0 or more.
        threshold: where the unit opens, 0 or more.

    Source: Nair and Hinton 2010.

    >>> ReLU(max_value=1.0)([[-1.0, 0.5, 2.0]]).tolist()
    [[0.0, 0.5, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.max_value = None if max_value is None else check_number("max_value", max_value, low=0)
        self.negative_slope = check_number("negative_slope", negative_slope, low=0)
        self.threshold = check_number("threshold", threshold, low=0)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return activations.relu(x, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope * x.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        negative_slope: 0 or more; 0.3 as in Keras, whose function of that name has 0.2.

    Source: Maas, Hannun, Ng 2013.

    >>> LeakyReLU(0.5)([[-1.0, 2.0]]).tolist()
    [[-0.5, 2.0]]
    """

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.negative_slope = check_number("negative_slope", negative_slope, low=0)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return activations.leaky_relu(x, self.negative_slope)


class ELU(Layer):
    """y = x where x > 0, else alpha * (e^x - 1).

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        alpha: minus the limit for x -> -infinity.

    Source: Clevert, Unterthiner, Hochreiter 2016.

    >>> ELU()([[-1.0, 2.0]]).numpy().round(4).tolist()
    [[-0.6321, 2.0]]
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.alpha = check_number("alpha", alpha)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return activations.elu(x, self.alpha)


class PReLU(Layer):
    """y = x where x > 0, else alpha * x, with alpha learned.

    Shapes: x (B, ...) -> y (B, ...); alpha has the shape of one x.

    Args:
        alpha_initializer: zeros by default, so that it begins as ReLU.
        alpha_regularizer: penalty on alpha.
        alpha_constraint: limit applied after each update.
        shared_axes: axes, counted with the batch as 0, along which one alpha serves: (1, 2) gives
            one for each channel of an image.

    Raises:
        ShapeError: if there is no such axis to share.

    Source: He et al. 2015, "Delving deep into rectifiers".
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.alpha_initializer = alpha_initializer
        self.alpha_regularizer, self.alpha_constraint = alpha_regularizer, alpha_constraint
        axes = shared_axes if isinstance(shared_axes, list | tuple) else (shared_axes,)
        self.shared_axes = (
            ()
            if shared_axes is None
            else tuple(check_integer("shared_axes", a, minimum=1) for a in axes)
        )

    def build(self, shape: Any) -> None:
        """Create alpha, of size 1 on shared axes."""
        if any(a >= len(shape) for a in self.shared_axes):
            raise ShapeError(
                "PReLU: there is no such axis to share.", got=f"{self.shared_axes}, x {shape}"
            )
        sizes = [1 if a in self.shared_axes else s for a, s in enumerate(shape)][1:]
        self.alpha = self.parameter("alpha", sizes)

    def call(self, x: Tensor) -> Tensor:  # (B, ...)
        return ops.where(x > 0.0, x, self.alpha * x)


class Softmax(Layer):
    """y_i = e^x_i / sum of e^x_j along the axis; y notes x as its logits.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        axis: an axis or several; the last by default.

    `call` also takes a mask that broadcasts to x: where it is false, y is 0. The mask of a sequence
    does so along the axis of time; over features, padded steps are computed as all others.

    >>> Softmax()([[0.0, 0.0, 1.0]], mask=[[True, True, False]]).tolist()
    [[0.5, 0.5, 0.0]]
    """

    def __init__(self, axis: Any = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = checked_axis(axis)

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, ...)
        if mask is None:
            return activations.softmax(x, self.axis)
        if _broadcasts(mask.shape, x.shape):
            kept = mask
        else:
            kept = masking.spread(mask, x)
            if max(normalize_axes(self.axis, x.ndim, "Softmax")) >= mask.ndim:
                return activations.softmax(x, self.axis)
        return activations.softmax(ops.where(kept, x, -math.inf), self.axis)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the sequence x, whatever was left out."""
        return masking.masks_of(x)


def _broadcasts(shape: Shape, onto: Shape) -> bool:
    pairs = zip(reversed(shape), reversed(onto), strict=False)
    return len(shape) <= len(onto) and all(s in (1, t) for s, t in pairs)
