"""Pooling: the largest or the average element of each window, or of all places; channels last."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_sizes
from neurona.nn.axes import SPATIAL, check_axes, check_channels_last
from neurona.nn.layer import Layer
from neurona.nn.masking import spread
from neurona.nn.options import LayerOptions


class _Pooling(Layer):
    """Max and average pooling, by their `rank`."""

    rank = 0

    def set_windows(self, pool_size: Any, strides: Any, padding: str, data_format: Any) -> None:
        """Check and store where the windows lie."""
        check_channels_last(data_format)
        self.pool_size = check_sizes("pool_size", pool_size, self.rank)
        self.strides = (
            self.pool_size if strides is None else check_sizes("strides", strides, self.rank)
        )
        name = padding.lower() if isinstance(padding, str) else padding
        self.padding = check_choice("padding", name, ("valid", "same"))

    def pool(self, function: Any, x: Tensor) -> Tensor:
        """Apply a function of ops/pool.py."""
        check_axes(self, x, SPATIAL[self.rank])
        return function(x, self.pool_size, self.strides, self.padding)


class MaxPooling1D(_Pooling):
    """Largest element of each window of time: y_tc = max over k of x_(t * strides + k)c.

    Shapes: x (B, T, C) -> y (B, T', C).

    Args:
        pool_size: length of the window.
        strides: step between windows; `pool_size` by default.
        padding: "valid" (windows inside of x, T' = (T - pool_size) // strides + 1) or "same"
            (T' = ceil(T / strides)).
        data_format: None or "channels_last".

    Raises:
        ShapeError: if x has other axes, or is smaller than the window.

    >>> MaxPooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
    [[[3.0], [2.0]]]
    """

    rank = 1

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.set_windows(pool_size, strides, padding, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        return self.pool(ops.max_pool1d, x)  # (B, T', C)


class MaxPooling2D(_Pooling):
    """Largest element of each window of an image: y_ijc = max over k and l of x_(i + k)(j + l)c.

    Shapes: x (B, H, W, C) -> y (B, H', W', C).

    Args: as of MaxPooling1D, sizes being an integer or one for each of H and W.

    Raises: see MaxPooling1D.

    >>> MaxPooling2D()([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[4.0]]]]
    """

    rank = 2

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.set_windows(pool_size, strides, padding, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.max_pool2d, x)  # (B, H', W', C)


class AveragePooling1D(_Pooling):
    """Average of each window of time; padding is not counted.

    Shapes: x (B, T, C) -> y (B, T', C).

    Args: as of MaxPooling1D, without a default for pool_size.

    Raises: see MaxPooling1D.

    >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
    [[[2.0], [1.0]]]
    """

    rank = 1

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.set_windows(pool_size, strides, padding, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        return self.pool(ops.average_pool1d, x)  # (B, T', C)


class AveragePooling2D(_Pooling):
    """Average of each window of an image; padding is not counted.

    Shapes: x (B, H, W, C) -> y (B, H', W', C).

    Args: as of MaxPooling1D, without a default for pool_size; sizes are an integer or one for each
        of H and W.

    Raises: see MaxPooling1D.

    >>> AveragePooling2D(2)([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[2.5]]]]
    """

    rank = 2

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.set_windows(pool_size, strides, padding, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.average_pool2d, x)  # (B, H', W', C)


class _GlobalPooling(Layer):
    """Pooling over all places, by their `rank`."""

    rank = 0

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        check_channels_last(data_format)
        self.keepdims = bool(keepdims)

    def pool(self, function: Any, x: Tensor) -> Tensor:
        """Fold the axes of time or of the image."""
        check_axes(self, x, SPATIAL[self.rank])
        return function(x, axis=tuple(range(1, self.rank + 1)), keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalPooling):
    """Largest element over time of each channel: y_c = max over t of x_tc.

    Shapes: x (B, T, C) -> y (B, C), or (B, 1, C) with keepdims.

    Args:
        data_format: None or "channels_last".
        keepdims: whether to keep an axis of size 1.

    Raises:
        ShapeError: if x has other axes.

    >>> GlobalMaxPooling1D()([[[1.0], [3.0], [2.0]]]).tolist()
    [[3.0]]
    """

    rank = 1

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        return self.pool(ops.max, x)  # (B, C)


class GlobalMaxPooling2D(_GlobalPooling):
    """Largest element of each channel of an image: y_c = max over i and j of x_ijc.

    Shapes: x (B, H, W, C) -> y (B, C), or (B, 1, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.
    """

    rank = 2

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.max, x)  # (B, C)


class GlobalAveragePooling1D(_GlobalPooling):
    """Average over time of each channel: y_c = mean over t of x_tc.

    Shapes: x (B, T, C) -> y (B, C), or (B, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.

    With a mask (B, T) only the steps that it leaves are averaged; of none the average is 0.

    >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]]).tolist()
    [[2.0]]
    """

    rank = 1

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, T, C)
        if mask is None:
            return self.pool(ops.mean, x)  # (B, C)
        kept = spread(mask, x)  # (B, T, 1)
        count = ops.sum(kept.astype(x.dtype), axis=1, keepdims=self.keepdims)
        return self.pool(ops.sum, ops.where(kept, x, 0.0)) / ops.maximum(count, 1.0)

    def compute_mask(self, x: Any, mask: Any = None) -> None:
        """Return None: there is no time any more."""


class GlobalAveragePooling2D(_GlobalPooling):
    """Average of each channel of an image: y_c = mean over i and j of x_ijc.

    Shapes: x (B, H, W, C) -> y (B, C), or (B, 1, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.

    Source: Lin, Chen, Yan 2014, "Network in network".
    """

    rank = 2

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.mean, x)  # (B, C)


# Keras's shorter names
MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
