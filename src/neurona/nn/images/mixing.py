"""Augmentations that mix the images of a batch, and their labels with them."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, check_number
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.dropout import check_seed
from neurona.nn.images.augmentation import (
    check_factor,
)
from neurona.nn.images.pieces import box
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import draw


class Mixing(Layer):
    """Each image with a partner of its batch; a subclass has `mix`."""

    rank = 2
    data_format: str

    def __init__(
        self,
        data_format: str | None,
        seed: int | None,
        num_classes: int | None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.seed = check_seed(seed)
        set_data_format(self, data_format)
        self.num_classes = num_classes
        if num_classes is not None:
            self.num_classes = check_integer("num_classes", num_classes, minimum=1)

    def call(self, data: Any, training: bool = False) -> Any:
        labelled = isinstance(data, dict)
        if labelled and set(data) != {"images", "labels"}:
            raise ArgumentError(
                f"{type(self).__name__} takes images, or a dict of images and labels.",
                got=f"the keys {', '.join(map(repr, data))}",
                expected="'images' and 'labels'",
            )
        x = data["images"] if labelled else data
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        images = channels_last(self, x)
        y = self._as_weights(data["labels"], x) if labelled else None
        if training:
            with random.seeded(self.seed):
                partner = draw.permutation(x.shape[0])
                x, share = self.mix(images, partner)
            x = as_given(self, x)
            if y is not None:
                share = ops.reshape(share.astype(y.dtype), (-1,) + (1,) * (y.ndim - 1))
                y = share * y + (1 - share) * ops.take(y, partner, axis=0)
        return {"images": x, "labels": y} if labelled else x

    def mix(self, x: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mixed images, and the share of each that is its own, (B, 1, 1, 1)."""
        raise NotImplementedError

    def _as_weights(self, y: Tensor, x: Tensor) -> Tensor:
        """Return labels as floats: class numbers as the weights of all classes."""
        if y.ndim == 0 or y.shape[0] != x.shape[0]:
            raise ShapeError(
                f"{type(self).__name__}: one label for each image.",
                got=f"images {x.shape}, labels {y.shape}",
            )
        if y.dtype.kind == "f":
            return y
        if y.ndim > 1 and y.shape[-1] > 1:
            return y.astype(self.dtype)
        if self.num_classes is None:
            raise ArgumentError(
                f"{type(self).__name__}: class numbers cannot be mixed.",
                got=f"labels {y.shape} of type {y.dtype.name}",
                expected="labels (B, classes)",
                hint=f"{type(self).__name__}(num_classes=10) makes them so; the loss is then "
                "categorical_crossentropy",
            )
        return ops.one_hot(ops.reshape(y, (y.shape[0],)), self.num_classes, dtype=self.dtype)


class MixUp(Mixing):
    """In training each image is blended with another one of the batch, and so are the labels.

    y = w x + (1 - w) x', labels alike, with w drawn from Beta(alpha, alpha) for each image and the
    partners a random order of the batch.

    Shapes: x (B, H, W, C) -> y like x; or {"images": x, "labels": (B, classes)} -> such a dict.

    Args:
        alpha: above 0; small values mix little, 1 evenly.
        data_format, seed: see `Augmentation`.
        num_classes: for labels that are class numbers: they become weights of so many classes.

    Raises:
        ArgumentError: if alpha is not above 0, or class numbers come without num_classes.

    Source: Zhang et al. 2018, with a weight for each image, as in Keras.

    >>> x, y = ops.ones((4, 2, 2, 1)), ops.arange(4)
    >>> mixed = MixUp(num_classes=4)({"images": x, "labels": y}, training=True)
    >>> mixed["labels"].numpy().sum(1).round(4).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        num_classes: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, num_classes, **common)
        self.alpha = check_number("alpha", alpha, low=0.0, high=float("inf"), open=True)

    def mix(self, x: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        """Return w x + (1 - w) x', and w."""
        w = draw.beta((x.shape[0], 1, 1, 1), self.alpha, self.alpha, dtype=x.dtype)
        return w * x + (1 - w) * ops.take(x, partner, axis=0), w


class CutMix(Mixing):
    """In training a box of each image comes from another one; labels are mixed by its area.

    The box is sqrt(1 - w) of the image high and wide, with w drawn from Beta(a, a) for each image,
    and a for the batch. The share of a label is that of the pixels that stay.

    Shapes: x (B, H, W, C) -> y like x; or {"images": x, "labels": (B, classes)} -> such a dict.

    Args:
        factor: a, in [0, 1]; a number is for (0, f).
        seed, data_format: see `Augmentation`.
        num_classes: see `MixUp`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or class numbers come without num_classes.

    Source: Yun et al. 2019, in Keras's form.

    >>> CutMix()(ops.ones((4, 8, 8, 3)), training=True).shape
    (4, 8, 8, 3)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        num_classes: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, num_classes, **common)
        self.factor = check_factor("factor", factor, low=0.0)

    def mix(self, x: Tensor, partner: Tensor) -> tuple[Tensor, Tensor]:
        """Return x with a box of x', and the share of pixels that stayed."""
        a = draw.uniform((), *self.factor, dtype=x.dtype) + 1e-6
        w = draw.beta((x.shape[0], 1, 1, 1), a, a, dtype=x.dtype)
        side = ops.sqrt(1 - w)
        inside = box(x, side * x.shape[1], side * x.shape[2])
        share = 1 - ops.mean(inside.astype(x.dtype), axis=(1, 2), keepdims=True)
        return ops.where(inside, ops.take(x, partner, axis=0), x), share
