"""Adaptive pooling: as many windows as are asked for, however large the input is."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import check_sizes
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import pooling


class _AdaptivePooling(Layer):
    """Pooling to a given number of windows, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self, output_size: Any, data_format: str | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.output_size = check_sizes("output_size", output_size, self.rank)
        set_data_format(self, data_format)

    def pool(self, function: Any, x: Tensor) -> Tensor:
        """Apply a function of ops/pooling.py."""
        return as_given(self, function(channels_last(self, x), self.output_size))


class AdaptiveAveragePooling1D(_AdaptivePooling):
    """Average of each of `output_size` windows of time, which share the steps evenly.

    Window o begins at step floor(o T / O) and ends before ceil((o + 1) T / O): as long as the
    others where O divides T, overlapping a little where it does not.

    Shapes: x (B, T, C) -> y (B, O, C), for any T.

    Args:
        output_size: how many windows O.
        data_format: "channels_last", or "channels_first" for x (B, C, T) -> y (B, C, O); what
            `nn.config.image_data_format()` says unless it is given.

    Raises:
        ArgumentError: if output_size is not positive.
        ShapeError: if x has other axes.

    Source: He et al. 2015, "Spatial pyramid pooling", with the windows of PyTorch and Keras.

    >>> AdaptiveAveragePooling1D(2)([[[1.0], [2.0], [3.0], [4.0], [8.0]]]).tolist()
    [[[2.0], [5.0]]]
    """

    rank = 1

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        return self.pool(pooling.adaptive_average_pool, x)  # (B, O, C)


class AdaptiveAveragePooling2D(_AdaptivePooling):
    """Average of each of output_size[0] x output_size[1] windows of an image.

    Shapes: x (B, H, W, C) -> y (B, *output_size, C), for any H and W.

    Args: as of AdaptiveAveragePooling1D; output_size is an integer or one for each of H and W.

    Raises: see AdaptiveAveragePooling1D.

    >>> AdaptiveAveragePooling2D(1)([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[2.5]]]]
    """

    rank = 2

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(pooling.adaptive_average_pool, x)  # (B, *output_size, C)


class AdaptiveAveragePooling3D(_AdaptivePooling):
    """Average of each of so many windows of a volume.

    Shapes: x (B, D, H, W, C) -> y (B, *output_size, C), for any D, H and W.

    Args: as of AdaptiveAveragePooling1D; output_size is an integer or one for each of D, H and W.

    Raises: see AdaptiveAveragePooling1D.

    >>> from neurona import ops
    >>> AdaptiveAveragePooling3D((1, 2, 1))(ops.ones((2, 3, 3, 3, 4))).shape
    (2, 1, 2, 1, 4)
    """

    rank = 3

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(pooling.adaptive_average_pool, x)  # (B, *output_size, C)


class AdaptiveMaxPooling1D(_AdaptivePooling):
    """Largest element of each of `output_size` windows of time; see AdaptiveAveragePooling1D.

    Shapes: x (B, T, C) -> y (B, O, C), for any T.

    Args and Raises: see AdaptiveAveragePooling1D.

    >>> AdaptiveMaxPooling1D(2)([[[1.0], [2.0], [3.0], [4.0], [8.0]]]).tolist()
    [[[3.0], [8.0]]]
    """

    rank = 1

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        return self.pool(pooling.adaptive_max_pool, x)  # (B, O, C)


class AdaptiveMaxPooling2D(_AdaptivePooling):
    """Largest element of each of output_size[0] x output_size[1] windows of an image.

    Shapes: x (B, H, W, C) -> y (B, *output_size, C), for any H and W.

    Args: as of AdaptiveAveragePooling1D; output_size is an integer or one for each of H and W.

    Raises: see AdaptiveAveragePooling1D.

    >>> AdaptiveMaxPooling2D(1)([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[4.0]]]]
    """

    rank = 2

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.pool(pooling.adaptive_max_pool, x)  # (B, *output_size, C)


class AdaptiveMaxPooling3D(_AdaptivePooling):
    """Largest element of each of so many windows of a volume.

    Shapes: x (B, D, H, W, C) -> y (B, *output_size, C), for any D, H and W.

    Args: as of AdaptiveAveragePooling1D; output_size is an integer or one for each of D, H and W.

    Raises: see AdaptiveAveragePooling1D.

    >>> from neurona import ops
    >>> AdaptiveMaxPooling3D((1, 2, 1))(ops.ones((2, 3, 3, 3, 4))).shape
    (2, 1, 2, 1, 4)
    """

    rank = 3

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return self.pool(pooling.adaptive_max_pool, x)  # (B, *output_size, C)
