"""DCGAN: a GAN of convolutions.

Radford, Metz and Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks". Strides take the place of pooling, batch normalisation stands
everywhere but where images come out and in. `DCGAN(64, 3)` has the 3,576,704 and 2,765,568 weights
of PyTorch's example. The generator is told classes as in Mirza and Osindero 2014, the discriminator
by a projection: Miyato and Koyama 2018.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.activations import relu, tanh
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Layer, LeakyReLU
from neurona.nn.options import LayerOptions
from neurona.zoo.gan import Game, with_class


def start() -> RandomNormal:
    """Return what weights begin with: section 4."""
    return RandomNormal(stddev=0.02)


def norm() -> BatchNormalization:
    """Return a batch normalisation as PyTorch has it."""
    return BatchNormalization(momentum=0.9, epsilon=1e-5)


def sizes(size: int, width: int) -> list[tuple[int, int]]:
    """Return (size, filters) of the images within, from the smallest on.

    >>> sizes(64, 64), sizes(28, 64)
    ([(4, 512), (8, 256), (16, 128), (32, 64)], [(7, 128), (14, 64)])
    """
    found = []
    while size % 2 == 0 and size > 4:
        size //= 2
        found.append((size, width))
        width *= 2
    if not found:
        raise ArgumentError(
            "strides of 2 make the images.",
            got=f"size={size}",
            expected="an even size above 4, such as 28, 32 or 64",
        )
    return found[::-1]


class Generator(Layer, namespace="zoo.dcgan"):
    """Numbers to images: figure 1 of the paper."""

    def __init__(
        self, size: int, channels: int, width: int, classes: int, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.classes = classes
        (self.first, filters), *larger = sizes(size, width)
        self.begin = Dense(self.first**2 * filters, use_bias=False, kernel_initializer=start())
        self.norms = [norm() for _ in range(len(larger) + 1)]
        self.grow = [
            Conv2DTranspose(
                count, 4, strides=2, padding="same", use_bias=False, kernel_initializer=start()
            )
            for count in [*(filters for _, filters in larger), channels]
        ]

    def call(self, z: Tensor, y: Any = None) -> Tensor:  # (B, Z)
        h = self.begin(with_class(z, y, self.classes))
        h = ops.reshape(h, (z.shape[0], self.first, self.first, -1))  # (B, 4, 4, 8 width)
        for normalize, grow in zip(self.norms, self.grow, strict=True):
            h = grow(relu(normalize(h)))  # (B, 2 H, 2 W, C / 2)
        return tanh(h)  # (B, H, W, channels), -1 to 1


class Discriminator(Layer, namespace="zoo.dcgan"):
    """Images to scores: D(x, y) = w . f(x) + v_y . f(x), v_y the projection for class y.

    Args:
        size, width, classes: see DCGAN.
        normalized: whether all but the first convolution are normalised over the batch.
    """

    def __init__(
        self, size: int, width: int, classes: int, normalized: bool = True,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.classes, self.leak = classes, LeakyReLU(0.2)
        filters = [count for _, count in sizes(size, width)[::-1]]
        self.shrink = [
            Conv2D(
                count, 4, strides=2, padding="same", kernel_initializer=start(),
                use_bias=not normalized,
            )
            for count in filters
        ]  # fmt: skip
        self.norms = [norm() for _ in filters[1:]] if normalized else []
        self.decide = Dense(1, use_bias=False, kernel_initializer=start())
        self.project = (
            Dense(classes, use_bias=False, kernel_initializer=start()) if classes else None
        )

    def call(self, x: Tensor, y: Any = None) -> Tensor:  # (B, H, W, C)
        h = self.leak(self.shrink[0](x))
        for number, shrink in enumerate(self.shrink[1:]):
            h = shrink(h)  # (B, H / 2, W / 2, 2 C)
            h = self.leak(self.norms[number](h) if self.norms else h)
        f = ops.reshape(h, (x.shape[0], -1))
        score = self.decide(f)[:, 0]  # (B,)
        if self.project is None:
            return score
        chosen = ops.one_hot(y.astype("int32"), self.classes)
        return score + ops.sum(self.project(f) * chosen, axis=-1)


class DCGAN(Game, namespace="zoo"):
    """A GAN of convolutions; images from -1 to 1.

    Shapes: z (B, Z), with classes (z, y (B,)) -> images (B, size, size, channels) in -1 to 1.

    Args:
        size: height and width of the images, which are halved while even and above 4.
        channels: of an image.
        latent: how many numbers Z an image is made of.
        width: filters of the largest images within; of those half as large, twice as many.
        classes: how many there are; 0 if none are told.

    >>> DCGAN(8, latent=4, width=2, classes=10).sample(labels=[3, 5]).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self, size: int = 28, channels: int = 1, latent: int = 100, width: int = 64,
        classes: int = 0, **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        generator = Generator(size, channels, width, classes)
        super().__init__(generator, Discriminator(size, width, classes), latent, classes, **common)
