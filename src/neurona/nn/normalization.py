"""Layers that bring their input to mean 0 and variance 1, each over axes of its own."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core import origin
from neurona.core.shapes import Shape, normalize_axes, normalize_axis, product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, check_number
from neurona.nn.axes import checked_axis, only_axis
from neurona.nn.layer import Layer
from neurona.nn.masking import spread
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import Parameter

EPSILON = 1e-7  # Keras's: what is added to the number of steps that count


def _moments(
    x: Tensor, axes: tuple[int, ...], mask: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return x minus its mean, the mean and the variance over axes, of size 1 there.

    Args:
        x: (B, T, ...).
        axes: over which.
        mask: (B, T), which steps count.
    """
    if mask is not None:
        return _masked_moments(x, axes, mask)
    mean = ops.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    return centred, mean, ops.mean(ops.square(centred), axis=axes, keepdims=True)


def _masked_moments(
    x: Tensor, axes: tuple[int, ...], mask: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    kept = ops.broadcast_to(spread(mask, x), x.shape)
    count = ops.sum(kept.astype(x.dtype), axis=axes, keepdims=True) + EPSILON  # of nothing: 0
    mean = ops.sum(ops.where(kept, x, 0.0), axis=axes, keepdims=True) / count
    centred = x - mean
    square = ops.where(kept, ops.square(centred), 0.0)
    return centred, mean, ops.sum(square, axis=axes, keepdims=True) / count


def _sizes(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """Return the sizes of these axes and 1 for the others."""
    return tuple(s if a in axes else 1 for a, s in enumerate(shape))


def _check_features(layer: Layer, p: Parameter | None, sizes: Shape) -> None:
    """Refuse another number of features than the layer was built for."""
    if p is not None and product(p.shape) != product(sizes):
        raise ShapeError(
            f"{type(layer).__name__}: the number of features differs.",
            got=str(product(sizes)),
            expected=str(product(p.shape)),
        )


def _feature_axes(axis: Any, shape: Shape, name: str) -> tuple[int, ...]:
    axes = normalize_axes(axis, len(shape), name)
    if 0 in axes:
        raise ShapeError(
            f"{name}: axis 0 is the batch.", got=f"axis {axis}, x {shape}", expected="another axis"
        )
    return axes


class _Scaled(Layer):
    """What batch, layer and group normalisation share: gamma and beta.

    Args: see BatchNormalization.
    """

    supports_masking = True

    def __init__(
        self, axis: Any, epsilon: float, center: bool, scale: bool, beta_initializer: Any,
        gamma_initializer: Any, beta_regularizer: Any, gamma_regularizer: Any,
        beta_constraint: Any, gamma_constraint: Any, **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.axis = checked_axis(axis)
        self.epsilon = check_number("epsilon", epsilon, low=0)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer, self.gamma_initializer = beta_initializer, gamma_initializer
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.warned = False  # of moments of a single value
        self.gamma: Parameter | None = None
        self.beta: Parameter | None = None

    def add_scale(self, shape: Shape) -> None:
        """Create gamma and beta, as far as they are wanted."""
        if self.scale:
            self.gamma = self.parameter("gamma", shape)
        if self.center:
            self.beta = self.parameter("beta", shape)

    def moments(
        self, x: Tensor, axes: tuple[int, ...], hint: str, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return x minus its mean, the mean and the variance, or warn, once, of a single value."""
        self.warn_of_one(x, axes, hint)
        return _moments(x, axes, mask)

    def warn_of_one(self, x: Tensor, axes: tuple[int, ...], hint: str) -> None:
        """Warn, once, of moments of a single value."""
        if all(x.shape[a] == 1 for a in axes) and not self.warned:
            self.warned = True
            origin.warn(
                f"{type(self).__name__} {self.name!r}: the mean of a single value is the value, "
                f"so the output does not depend on the input. Got x {x.shape}. try: {hint}"
            )

    def scaled(self, centred: Tensor, variance: Tensor, sizes: Shape) -> Tensor:
        """Return gamma * centred / sqrt(variance + epsilon) + beta."""
        _check_features(self, self.gamma if self.scale else self.beta, sizes)
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.reshape(self.gamma, sizes)
        y = centred * factor
        return y if self.beta is None else y + ops.reshape(self.beta, sizes)


class BatchNormalization(_Scaled):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with moments over the batch.

    In training the moments are those of the batch, over all axes but `axis` and without the steps
    that a mask leaves out; the moving ones follow: moving <- momentum * moving + (1 - momentum) *
    batch. Otherwise, and in training when `trainable` is False, the moving ones are used and stay.

    Shapes: x (B, ..., C) -> y (B, ..., C); gamma, beta, moving_mean, moving_variance (C,).

    Args:
        axis: of the features, the last by default.
        momentum: of the moving moments, in [0, 1); 0.99 remembers about 100 batches, which suits
            long trainings, 0.9 short ones.
        epsilon: added to the variance; 0.001 as in Keras.
        center, scale: whether there is a beta, and a gamma.
        beta_initializer, gamma_initializer: zeros and ones.
        moving_mean_initializer, moving_variance_initializer: zeros and ones.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: limits applied after each update.

    Raises:
        ShapeError: if there is no such axis.

    A batch of one value for each feature gives beta and no gradient: it is told once.

    Source: Ioffe and Szegedy 2015. The moving variance is of the batch as it is (divided by n).
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            only_axis(axis), epsilon, center, scale, beta_initializer,
            gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, **common,
        )  # fmt: skip
        self.momentum = check_number("momentum", momentum, low=0, high=1)
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer

    def build(self, shape: Any) -> None:
        """Create gamma, beta, moving_mean and moving_variance, each (C,)."""
        features = (shape[normalize_axis(self.axis, len(shape), "BatchNormalization")],)
        self.add_scale(features)
        self.moving_mean = self.parameter("moving_mean", features, trainable=False)
        self.moving_variance = self.parameter("moving_variance", features, trainable=False)

    def call(self, x: Tensor, training: bool = False, mask: Any = None) -> Tensor:  # (B, ..., C)
        axis = normalize_axis(self.axis, x.ndim, "BatchNormalization")
        sizes = _sizes(x.shape, (axis,))  # (1, ..., C)
        _check_features(self, self.moving_mean, sizes)
        if not (training and self.trainable):
            centred = x - ops.reshape(self.moving_mean, sizes)
            return self.scaled(centred, ops.reshape(self.moving_variance, sizes), sizes)
        others = tuple(a for a in range(x.ndim) if a != axis)
        hint = "batches of two or more, the last one too; LayerNormalization; or trainable=False"
        centred, mean, variance = self.moments(x, others, hint, mask)
        m = self.momentum
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            batch = ops.stop_gradient(ops.reshape(batch, moving.shape))
            moving.assign(m * moving + (1.0 - m) * batch)
        return self.scaled(centred, variance, sizes)


class LayerNormalization(_Scaled):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with moments of each sample.

    Shapes: x (B, ..., D) -> y (B, ..., D); gamma and beta have the sizes of the axes.

    Args:
        axis: an axis or several over which the moments are taken; the last by default.
        epsilon: added to the variance; 0.001 as in Keras (PyTorch has 1e-5).
        center, scale: whether there is a beta, and a gamma.
        beta_initializer, gamma_initializer: zeros and ones.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: limits applied after each update.

    Raises:
        ShapeError: if there is no such axis, or it is the batch.

    Source: Ba, Kiros, Hinton 2016.

    >>> LayerNormalization(epsilon=0.0)([[1.0, 3.0]]).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint, **common,
        )  # fmt: skip

    def build(self, shape: Any) -> None:
        """Create gamma and beta, of the sizes of the axes."""
        axes = _feature_axes(self.axis, shape, "LayerNormalization")
        self.add_scale(tuple(shape[a] for a in axes))

    def call(self, x: Tensor) -> Tensor:  # (B, ..., D)
        axes = _feature_axes(self.axis, x.shape, "LayerNormalization")
        centred, _, variance = self.moments(x, axes, "an axis of several features")
        return self.scaled(centred, variance, _sizes(x.shape, axes))


class GroupNormalization(_Scaled):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with moments of groups of channels.

    The moments are over all places and the channels of one group, of each sample.

    Shapes: x (B, ..., C) -> y (B, ..., C); gamma and beta (C,).

    Args:
        groups: into how many groups the channels are split; -1 is one for each channel (instance
            normalisation), 1 is all together.
        axis: of the channels, the last by default.
        epsilon: added to the variance; 0.001 as in Keras (PyTorch has 1e-5).
        center, scale: whether there is a beta, and a gamma.
        beta_initializer, gamma_initializer: zeros and ones.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: limits applied after each update.

    Raises:
        ShapeError: if the channels do not divide into the groups.

    Source: Wu and He 2018.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            only_axis(axis), epsilon, center, scale, beta_initializer,
            gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, **common,
        )  # fmt: skip
        self.groups = check_integer("groups", groups, minimum=-1)
        if self.groups == 0:
            raise ArgumentError("groups must not be 0.", got="0", expected="1 or more, or -1")

    def build(self, shape: Any) -> None:
        """Create gamma and beta, each (C,)."""
        (axis,) = _feature_axes(self.axis, shape, "GroupNormalization")
        channels = shape[axis]
        if channels % self._count(channels):
            raise ShapeError(
                "GroupNormalization: the channels do not divide into the groups.",
                got=f"{channels} channels, {self.groups} groups",
                hint=f"groups=1, or another divisor of {channels}",
            )
        self.add_scale((channels,))

    def _count(self, channels: int) -> int:
        return channels if self.groups == -1 else self.groups

    def call(self, x: Tensor) -> Tensor:  # (B, ..., C)
        (axis,) = _feature_axes(self.axis, x.shape, "GroupNormalization")
        sizes = _sizes(x.shape, (axis,))
        places = tuple(a for a in range(1, x.ndim) if a != axis)
        groups = self._count(sizes[axis])
        self.warn_of_one(x, places if groups == sizes[axis] else (*places, axis), "fewer groups")

        def of_groups(x: Tensor) -> Tensor:  # means of channels, and of the groups of these means
            split = (len(x), groups, -1)
            means = ops.reshape(ops.mean(x, axis=places, keepdims=True) if places else x, split)
            means = ops.mean(means, axis=-1, keepdims=True) + ops.zeros_like(means)
            return ops.reshape(means, (len(x), *sizes[1:]))

        centred = x - of_groups(x)
        return self.scaled(centred, of_groups(ops.square(centred)), sizes)


class RMSNormalization(Layer):
    """y = scale * x / sqrt(mean(x^2) + epsilon): layer normalisation without centring.

    Shapes: x (B, ..., D) -> y (B, ..., D); scale has the sizes of the axes.

    Args:
        axis: an axis or several over which the mean is taken; the last by default.
        epsilon: added to the mean square; 1e-6 as in Keras.

    Raises:
        ShapeError: if there is no such axis, or it is the batch.

    Source: Zhang and Sennrich 2019.

    >>> RMSNormalization()([[3.0, 4.0]]).numpy().round(4).tolist()
    [[0.8485, 1.1314]]
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, epsilon: float = 1e-6, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.axis = checked_axis(axis)
        self.epsilon = check_number("epsilon", epsilon, low=0)

    def build(self, shape: Any) -> None:
        """Create scale, of the sizes of the axes."""
        axes = _feature_axes(self.axis, shape, "RMSNormalization")
        self.scale = self.add_weight(tuple(shape[a] for a in axes), "ones", "scale")

    def call(self, x: Tensor) -> Tensor:  # (B, ..., D)
        axes = _feature_axes(self.axis, x.shape, "RMSNormalization")
        x = x.astype(self.dtype)  # squares of bytes are no bytes
        square = ops.mean(ops.square(x), axis=axes, keepdims=True)
        sizes = _sizes(x.shape, axes)
        _check_features(self, self.scale, sizes)
        scale = ops.reshape(self.scale, sizes)
        return x * ops.rsqrt(square + self.epsilon) * scale


class UnitNormalization(Layer):
    """y = x / |x|: each sample on the unit sphere; 0 stays 0.

    Shapes: x (B, ..., D) -> y (B, ..., D).

    Args:
        axis: an axis or several over which the norm is taken; the last by default.

    >>> UnitNormalization()([[3.0, 4.0]]).numpy().round(4).tolist()
    [[0.6, 0.8]]
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.axis = checked_axis(axis)

    def call(self, x: Tensor) -> Tensor:  # (B, ..., D)
        return x / ops.maximum(ops.norm(x, axis=self.axis, keepdims=True), 1e-12)
