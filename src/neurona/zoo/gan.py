"""GAN: a generator learns to make what a discriminator cannot tell from the real.

Goodfellow et al. 2014, "Generative Adversarial Networks". `Game` is how any two such networks
learn; `GAN` has the paper's dense ones. With classes both are told what the image shows: Mirza and
Osindero 2014, "Conditional Generative Adversarial Nets".
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops, optimizers, random
from neurona.activations import sigmoid, softplus
from neurona.core.tensor import Tensor
from neurona.errors import DataError, check_integer
from neurona.layers import Dense, Dropout, Layer, LeakyReLU
from neurona.metrics import Mean, Metric
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.optimizers import Adam
from neurona.zoo.making import (
    check_asked,
    check_labels,
    check_seed,
    images_and_labels,
    refuse_losses,
)


class Game(Model, namespace="zoo.gan"):
    """Two networks against each other: G makes images of numbers z, D scores how real one looks.

        D:  min  mean softplus(-D(x)) + mean softplus(D(G(z)))       -log D(x) - log (1 - D(G(z)))
        G:  min  mean softplus(-D(G(z)))                              -log D(G(z)), not saturating

    Trained on images x, with classes on (x, y).

    Shapes: z (B, Z), with classes (z, y (B,)) -> images (B, H, W, C).

    Args:
        generator: from (z, y) to images; y is None without classes.
        discriminator: from (x, y) to scores (B,), larger for what looks real.
        latent: how many numbers Z an image is made of.
        classes: how many there are; 0 if none are told.

    Source: algorithm 1 with one step of D, and section 3 on what G minimises.
    """

    def __init__(
        self, generator: Layer, discriminator: Layer, latent: int, classes: int = 0,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.generator, self.discriminator = generator, discriminator
        self.latent = check_integer("latent", latent, minimum=1)
        self.classes = check_integer("classes", classes, minimum=0)
        self.d_loss, self.g_loss = Mean(name="d_loss"), Mean(name="g_loss")
        z, y = ops.zeros((1, latent)), ops.zeros((1,), "int32") if classes else None
        images = self(z if y is None else (z, y))
        self.discriminator(images, y)  # both have their weights now

    def compile(self, g_optimizer: Any = None, d_optimizer: Any = None, **options: Any) -> None:
        """Choose how each learns, a name or an Optimizer; by default as Radford et al. 2016 do.

        Raises:
            ArgumentError: for a single optimizer, a loss or metrics: the model has its own.
        """
        refuse_losses(self, options, "compile(g_optimizer, d_optimizer)")
        super().compile(**options)
        g, d = (Adam(2e-4, beta_1=0.5) if o is None else o for o in (g_optimizer, d_optimizer))
        self.g_optimizer, self.d_optimizer = optimizers.get(g), optimizers.get(d)

    @property
    def metrics(self) -> list[Metric]:
        """The means of both losses."""
        return [self.d_loss, self.g_loss]

    def call(self, inputs: Any) -> Tensor:  # (B, Z), or with (B,)
        z, y = inputs if self.classes else (inputs, None)
        return self.generator(z, y)  # (B, H, W, C)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Let D learn from real and made images, and then G from what D says of its own."""
        x, y = images_and_labels(self, data)
        z = random.normal((x.shape[0], self.latent))
        made = self.generator(z, y)
        self.d_loss.update_state(
            self.d_optimizer.minimize(lambda: self.judged(x, made, y), self.discriminator)
        )
        self.g_loss.update_state(
            self.g_optimizer.minimize(lambda: self.fooled(self.generator(z, y), y), self.generator)
        )
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure both losses; images are made anew."""
        x, y = images_and_labels(self, data)
        made = self.generator(random.normal((x.shape[0], self.latent)), y)
        self.d_loss.update_state(self.judged(x, made, y))
        self.g_loss.update_state(self.fooled(made, y))
        return self.get_metrics_result()

    def judged(self, x: Tensor, made: Tensor, y: Any) -> Tensor:  # (B, H, W, C), twice; (B,)
        """Return the loss of D."""
        real, fake = self.discriminator(x, y), self.discriminator(made, y)
        return ops.mean(softplus(-real)) + ops.mean(softplus(fake))

    def fooled(self, made: Tensor, y: Any) -> Tensor:  # (B, H, W, C), (B,)
        """Return the loss of G."""
        return ops.mean(softplus(-self.discriminator(made, y)))

    def check_samples(self, x: Any, y: Any) -> None:
        """Refuse labels that are of no class."""
        if self.classes and y is not None:
            check_labels(y, self.classes, DataError)

    def sample(self, count: int = 16, labels: Any = None, seed: int | None = None) -> np.ndarray:
        """Return images (N, H, W, C) that were not there before.

        Args:
            count: how many, N; as many as labels if these are given.
            labels: the class of each, (N,).
            seed: for numbers of their own; by default the next ones of the random stream.

        Raises:
            ArgumentError: if there are labels without classes, or the other way round, or of no
                class.
        """
        check_asked(labels, self.classes, "sample(labels=[0, 1, 2])")
        y = None if labels is None else check_labels(labels, self.classes)
        n = check_integer("count", count, minimum=1) if y is None else len(y)
        z = random.normal((n, self.latent), seed=check_seed(seed)).numpy()
        return self.predict(z if y is None else (z, y), verbose=0)


def with_class(z: Tensor, y: Any, classes: int) -> Tensor:
    """Return (z, one-hot y) side by side, and z alone without y. Shapes: (B, Z + classes)."""
    if y is None:
        return z
    return ops.concatenate([z, ops.one_hot(y.astype("int32"), classes)], axis=-1)


class Generator(Layer, namespace="zoo.gan"):
    """Numbers to images through dense layers."""

    def __init__(
        self, shape: tuple[int, ...], hidden: tuple[int, ...], classes: int,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.shape, self.classes = tuple(shape), classes
        self.hidden = [Dense(units, "relu") for units in hidden]
        self.draw = Dense(int(np.prod(shape)))

    def call(self, z: Tensor, y: Any = None) -> Tensor:  # (B, Z)
        h = with_class(z, y, self.classes)
        for layer in self.hidden:
            h = layer(h)
        return ops.reshape(sigmoid(self.draw(h)), (z.shape[0], *self.shape))  # (B, H, W, C)


class Discriminator(Layer, namespace="zoo.gan"):
    """Images to scores through dense layers."""

    def __init__(
        self, hidden: tuple[int, ...], classes: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.classes = classes
        self.hidden, self.drop = [Dense(units) for units in hidden], Dropout(dropout)
        self.leak, self.decide = LeakyReLU(0.2), Dense(1)

    def call(self, x: Tensor, y: Any = None) -> Tensor:  # (B, H, W, C)
        h = with_class(ops.reshape(x, (x.shape[0], -1)), y, self.classes)
        for layer in self.hidden:
            h = self.drop(self.leak(layer(h)))
        return self.decide(h)[:, 0]  # (B,)


class GAN(Game, namespace="zoo"):
    """The first GAN: dense networks, images with ink from 0 to 1.

    Shapes: z (B, Z), with classes (z, y (B,)) -> images (B, H, W, C) in 0 to 1.

    Args:
        shape: of an image, (H, W, C).
        latent: how many numbers Z an image is made of.
        hidden: units of the generator's hidden layers; the discriminator has them the other way
            round.
        dropout: share of the discriminator's hidden units, dropped in training.
        classes: how many there are; 0 if none are told.

    >>> GAN((8, 8, 1), latent=4, hidden=(16, 32)).sample(2).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self, shape: tuple[int, ...] = (28, 28, 1), latent: int = 100,
        hidden: tuple[int, ...] = (256, 512), dropout: float = 0.3, classes: int = 0,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        generator = Generator(shape, tuple(hidden), classes)
        discriminator = Discriminator(tuple(hidden)[::-1], classes, dropout)
        super().__init__(generator, discriminator, latent, classes, **common)
