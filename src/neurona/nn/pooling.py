"""Pooling: the largest or the average element of each window, or of all places."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_sizes
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.masking import spread
from neurona.nn.options import LayerOptions


class _Pooling(Layer):
    """Max and average pooling, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        self.pool_size = check_sizes("pool_size", pool_size, self.rank)
        self.strides = (
            self.pool_size if strides is None else check_sizes("strides", strides, self.rank)
        )
        name = padding.lower() if isinstance(padding, str) else padding
        self.padding = check_choice("padding", name, ("valid", "same"))

    def pool(self, function: Any, x: Tensor) -> Tensor:
        """Apply a function of ops/pooling.py."""
        x = channels_last(self, x)
        return as_given(self, function(x, self.pool_size, self.strides, self.padding))


class MaxPooling1D(_Pooling):
    """Largest element of each window of time: y_tc = max over k of x_(t * strides + k)c.

    Shapes: x (B, T, C) -> y (B, T', C).

    Args:
        pool_size: length of the window.
        strides: step between windows; `pool_size` by default.
        padding: "valid" (windows inside of x, T' = (T - pool_size) // strides + 1) or "same"
            (T' = ceil(T / strides)).
        data_format: "channels_last", or "channels_first" for x (B, C, T) -> y (B, C, T'); what
            `nn.config.image_data_format()` says unless it is given.

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
        super().__init__(pool_size, strides, padding, data_format, **common)

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
        super().__init__(pool_size, strides, padding, data_format, **common)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.max_pool2d, x)  # (B, H', W', C)


class MaxPooling3D(_Pooling):
    """Largest element of each window of a volume: y_ijkc = max of x_(i + l)(j + m)(k + n)c.

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', C).

    Args: as of MaxPooling1D, sizes being an integer or one for each of D, H and W.

    Raises: see MaxPooling1D.

    >>> MaxPooling3D((1, 2, 2))([[[[[1.0], [2.0]], [[4.0], [3.0]]]]]).tolist()
    [[[[[4.0]]]]]
    """

    rank = 3

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **common)

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(ops.max_pool3d, x)  # (B, D', H', W', C)


class AveragePooling1D(_Pooling):
    """Average of each window of time; padding is not counted.

    Shapes: x (B, T, C) -> y (B, T', C).

    Args: as of MaxPooling1D, without a default for pool_size.

    Raises: see MaxPooling1D.

    >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
    [[[2.0], [1.0]]]
    """

    rank = 1

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

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(ops.average_pool2d, x)  # (B, H', W', C)


class AveragePooling3D(_Pooling):
    """Average of each window of a volume; padding is not counted.

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', C).

    Args: as of MaxPooling1D, without a default for pool_size; sizes are an integer or one for each
        of D, H and W.

    Raises: see MaxPooling1D.

    >>> AveragePooling3D((1, 2, 2))([[[[[1.0], [2.0]], [[4.0], [3.0]]]]]).tolist()
    [[[[[2.5]]]]]
    """

    rank = 3

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(ops.average_pool3d, x)  # (B, D', H', W', C)


class _GlobalPooling(Layer):
    """Pooling over all places, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        self.keepdims = bool(keepdims)

    def pool(self, function: Any, x: Tensor) -> Tensor:
        """Fold the axes of time, of the image or of the volume."""
        x = channels_last(self, x)
        y = function(x, axis=tuple(range(1, self.rank + 1)), keepdims=self.keepdims)
        return as_given(self, y)


class GlobalMaxPooling1D(_GlobalPooling):
    """Largest element over time of each channel: y_c = max over t of x_tc.

    Shapes: x (B, T, C) -> y (B, C), or (B, 1, C) with keepdims.

    Args:
        data_format: "channels_last", or "channels_first" for x (B, C, T); what
            `nn.config.image_data_format()` says unless it is given.
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


class GlobalMaxPooling3D(_GlobalPooling):
    """Largest element of each channel of a volume: y_c = max over i, j and k of x_ijkc.

    Shapes: x (B, D, H, W, C) -> y (B, C), or (B, 1, 1, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.
    """

    rank = 3

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(ops.max, x)  # (B, C)


class GlobalAveragePooling1D(_GlobalPooling):
    """Average over time of each channel: y_c = mean over t of x_tc.

    Shapes: x (B, T, C) -> y (B, C), or (B, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.

    With a mask (B, T) only the steps that it leaves are averaged; of no step the average is 0.

    >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]]).tolist()
    [[2.0]]
    """

    rank = 1

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, T, C)
        if mask is None:
            return self.pool(ops.sum if 0 in x.shape[1:] else ops.mean, x)  # (B, C)
        x = channels_last(self, x)
        kept = spread(mask, x)  # (B, T, 1)
        count = ops.sum(kept.astype(x.dtype), axis=1, keepdims=self.keepdims)
        total = ops.sum(ops.where(kept, x, 0.0), axis=1, keepdims=self.keepdims)
        return as_given(self, total / ops.maximum(count, 1.0))

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


class GlobalAveragePooling3D(_GlobalPooling):
    """Average of each channel of a volume: y_c = mean over i, j and k of x_ijkc.

    Shapes: x (B, D, H, W, C) -> y (B, C), or (B, 1, 1, 1, C) with keepdims.

    Args: see GlobalMaxPooling1D.
    """

    rank = 3

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(ops.mean, x)  # (B, C)


# Keras's shorter names
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalMaxPool3D, GlobalAvgPool3D = GlobalMaxPooling3D, GlobalAveragePooling3D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
