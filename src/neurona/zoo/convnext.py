"""ConvNeXt: a ResNet with all that Transformers brought, but for attention.

Liu et al. 2022, "A ConvNet for the 2020s", section 2: patches of 4x4 at the start; blocks that look
7x7 in each channel, normalise once, and widen four times behind it, with GELU; a learned scale on
what a block adds, small at first (Touvron et al. 2021), and blocks that are left out at random
(Huang et al. 2016). Tiny has 28,589,128 numbers; names and order are those of keras.applications.
Images are numbers from 0 to 255; what is known of ImageNet's colours is taken off those with three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from neurona.core.tensor import Tensor
from neurona.initializers import Constant
from neurona.layers import (
    Activation,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Normalization,
)
from neurona.models import Model, Sequential
from neurona.nn.options import LayerOptions
from neurona.nn.symbolic import Symbolic
from neurona.zoo.images import ImageOptions, Shape, images, pooled

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colours, in 0 to 1


class LayerScale(Layer, namespace="zoo.convnext"):
    """y = gamma * x, a number for each channel, which begins small.

    Shapes: x (B, ..., C) -> y (B, ..., C); gamma (C,).
    """

    def __init__(self, start: float = 1e-6, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.start = start

    def build(self, shape: Any) -> None:
        """Create gamma (C,)."""
        self.gamma = self.add_weight((shape[-1],), Constant(self.start), "gamma")

    def call(self, x: Tensor) -> Tensor:  # (B, ..., C)
        return x * self.gamma


def norm(name: str) -> LayerNormalization:
    """Return a normalisation of the channels of each place."""
    return LayerNormalization(epsilon=1e-6, name=name)


def block(x: Symbolic, drop: float, scale: float | None, name: str) -> Symbolic:
    """x + gamma F(x), F looks in each channel and then mixes them: figure 4."""  # (B, H, W, C)
    channels = x.shape[-1]
    y = Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv")(x)
    y = norm(f"{name}_layernorm")(y)
    y = Dense(4 * channels, name=f"{name}_pointwise_conv_1")(y)  # (B, H, W, 4 C)
    y = Activation("gelu", name=f"{name}_gelu")(y)
    y = Dense(channels, name=f"{name}_pointwise_conv_2")(y)  # (B, H, W, C)
    if scale is not None:
        y = LayerScale(scale, name=f"{name}_layer_scale")(y)
    if drop > 0:  # of a whole image's F(x)
        y = Dropout(drop, (None, 1, 1, 1), name=f"{name}_stochastic_depth")(y)
    else:
        y = Activation("linear", name=f"{name}_identity")(y)
    return x + y


def ConvNeXt(
    depths: Sequence[int] = (3, 3, 9, 3),
    widths: Sequence[int] = (96, 192, 384, 768),
    drop_path: float = 0.0,
    layer_scale: float | None = 1e-6,
    include_preprocessing: bool = True,
    include_top: bool = True,
    weights: None = None,
    input_shape: Shape = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext",
) -> Model:
    """Probabilities of each class of an image.

    Shapes: images (B, H, W, C) -> (B, classes); without a top (B, H / 32, W / 32, features).

    Args:
        depths, widths: number of blocks of each size, and their channels.
        drop_path: share of images whose F(x) is dropped in the last block; less before.
        layer_scale: what the scales of F(x) begin with; None: there are none.
        include_preprocessing: whether images of three colours are standardised first.
        include_top, weights, input_shape, pooling, classes, classifier_activation, name: see
            `zoo.images.ImageOptions`; images are (224, 224, 3) by default, and may be any size of
            32 or more, or None.

    Raises:
        ArgumentError: if an image is smaller than 32, or weights are asked for.

    >>> ConvNeXt((1, 1), (4, 8), input_shape=(32, 32, 3), classes=10).output_shape
    (None, 10)
    """
    x = image = images(input_shape or (224, 224, 3), weights, classes, pooling, smallest=32)
    if include_preprocessing and image.shape[-1] == 3:
        mean, variance = 255 * np.array(MEAN), (255 * np.array(DEVIATION)) ** 2
        x = Normalization(-1, mean, variance, name=f"{name}_prestem_normalization")(x)
    drops = iter(np.linspace(0.0, drop_path, sum(depths)).tolist())
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        if stage:
            called = f"{name}_downsampling"
            parts = [
                norm(f"{called}_layernorm_{stage - 1}"),
                Conv2D(width, 2, 2, name=f"{called}_conv_{stage - 1}"),
            ]
            x = Sequential(parts, name=f"{called}_block_{stage - 1}")(x)
        else:
            stem = Conv2D(width, 4, 4, name=f"{name}_stem_conv")
            x = Sequential([stem, norm(f"{name}_stem_layernorm")], name=f"{name}_stem")(x)
        for n in range(depth):  # 56, 28, 14, 7 high and wide
            x = block(x, next(drops), layer_scale, f"{name}_stage_{stage}_block_{n}")
    if include_top:
        x = GlobalAveragePooling2D(name=f"{name}_head_gap")(x)  # (B, 768)
        x = norm(f"{name}_head_layernorm")(x)
        x = Dense(classes, classifier_activation, name=f"{name}_head_dense")(x)
    else:
        x = norm("layer_normalization")(pooled(x, pooling))
    return Model(image, x, name=name)


def ConvNeXtTiny(**options: Unpack[ImageOptions]) -> Model:
    """ConvNeXt-T: 4.5e9 multiply-adds, top-1 accuracy 82.1 % (table 1). Args: see ConvNeXt."""
    options.setdefault("name", "convnext_tiny")
    return ConvNeXt((3, 3, 9, 3), (96, 192, 384, 768), **options)
