"""Autoencoders: a network that tells again what it was told, through a code that cannot hold all.

Hinton and Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks". A code
must be small (`code`), or be found in what was spoilt (`noise`: Vincent et al. 2008), or have few
numbers that are not 0 (`sparsity`: Ng 2011); what it keeps then is what the data have in common.
All learn with `fit(x, x)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import as_shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.layers import Conv2D, Conv2DTranspose, Dense, GaussianNoise, Layer
from neurona.models import Model
from neurona.nn.options import LayerOptions


class Sparsity(Layer, namespace="zoo.autoencoder"):
    """Hands codes h on, and adds to the loss what is to keep most of their numbers near 0.

    "l1": strength * sum_j |h_j|, the mean of the samples.
    "kl": strength * sum_j KL(rho || rho_j), where rho_j is the mean of h_j over the samples of the
        batch and rho what it should be; KL is rho ln rho / rho_j + (1 - rho) ln (1 - rho) / (1 -
        rho_j).

    Shapes: h (B, J) -> h (B, J); for "kl" within 0 and 1, as of a sigmoid.

    >>> Sparsity("l1", 0.1)([[1.0, 0.0]]).tolist()
    [[1.0, 0.0]]
    """

    def __init__(
        self, kind: str, strength: float, rho: float = 0.05, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.kind = check_choice("sparsity", kind, ("l1", "kl"))
        self.strength = check_number("strength", strength, low=0)
        self.rho = check_number("rho", rho, low=0, high=1, open=True)

    def call(self, h: Tensor) -> Tensor:  # (B, J)
        if self.kind == "l1":
            penalty = ops.mean(ops.sum(ops.abs(h), axis=1))
        else:
            rho, found = self.rho, ops.clip(ops.mean(h, axis=0), 1e-6, 1 - 1e-6)  # (J,)
            own = rho * ops.log(rho / found) + (1 - rho) * ops.log((1 - rho) / (1 - found))
            penalty = ops.sum(own)
        self.add_loss(self.strength * penalty)
        return h


class Autoencoder(Model, namespace="zoo"):
    """Dense layers down to a code of J numbers, and up again.

    Shapes: x (B, *shape) -> y (B, *shape).

    Args:
        shape: of a sample.
        code: J, how many numbers tell a sample.
        hidden: units of the layers before the code; those behind it are the other way round.
        noise: deviation of the normal noise that is put on x in training, so that it learns to
            take it away.
        sparsity: None, "l1" (codes of a relu) or "kl" (of a sigmoid), see `Sparsity`.
        strength: of that penalty.
        rho: share of the time that a number of the code should be on, of "kl".
        activation: of the outputs: "sigmoid" for pixels from 0 to 1, None for any numbers.

    >>> model = Autoencoder((4, 4), code=2, hidden=(8,))
    >>> model(ops.zeros((3, 4, 4))).shape, model.encode(ops.zeros((3, 4, 4))).shape
    ((3, 4, 4), (3, 2))
    """

    def __init__(
        self,
        shape: Sequence[int] = (28, 28),
        code: int = 32,
        hidden: Sequence[int] = (256,),
        noise: float = 0.0,
        sparsity: str | None = None,
        strength: float = 1e-3,
        rho: float = 0.05,
        activation: Any = "sigmoid",
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.shape = as_shape(shape)
        squash = {None: None, "l1": "relu", "kl": "sigmoid"}
        if sparsity is not None:
            check_choice("sparsity", sparsity, ("l1", "kl"))
        self.spoil = GaussianNoise(check_number("noise", noise, low=0))
        self.encoder = [Dense(units, activation="relu") for units in hidden]
        self.code = Dense(check_integer("code", code, minimum=1), activation=squash[sparsity])
        self.keep_few = None if sparsity is None else Sparsity(sparsity, strength, rho)
        self.decoder = [Dense(units, activation="relu") for units in reversed(hidden)]
        self.tell = Dense(math.prod(self.shape), activation=activation)

    def call(self, x: Tensor) -> Tensor:  # (B, *shape)
        h = self.encode(self.spoil(x))
        if self.keep_few is not None:
            h = self.keep_few(h)
        return self.decode(h)

    def encode(self, x: Any) -> Tensor:
        """Return the codes (B, J)."""
        h = ops.reshape(x, (len(x), -1))  # (B, D)
        for layer in self.encoder:
            h = layer(h)
        return self.code(h)

    def decode(self, h: Any) -> Tensor:
        """Return what codes (B, J) tell, (B, *shape)."""
        for layer in self.decoder:
            h = layer(h)
        return ops.reshape(self.tell(h), (len(h), *self.shape))


class ConvolutionalAutoencoder(Model, namespace="zoo"):
    """Convolutions that halve an image again and again, and transposed ones that double it.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        shape: (H, W, C) of an image; H and W are multiples of 2 for each of the filters.
        filters: of the convolutions; those behind the code are the other way round.
        code: J numbers by a dense layer; None takes the last, small image as the code.
        noise: deviation of the normal noise that is put on x in training.
        activation: of the outputs.

    Raises:
        ArgumentError: if an image cannot be halved so many times.

    Source: Masci et al. 2011, with strides instead of pooling.

    >>> model = ConvolutionalAutoencoder((8, 8, 1), filters=(4, 6))
    >>> model(ops.zeros((3, 8, 8, 1))).shape, model.encode(ops.zeros((3, 8, 8, 1))).shape
    ((3, 8, 8, 1), (3, 2, 2, 6))
    """

    def __init__(
        self,
        shape: Sequence[int] = (28, 28, 1),
        filters: Sequence[int] = (32, 64),
        code: int | None = None,
        noise: float = 0.0,
        activation: Any = "sigmoid",
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        height, width, channels = as_shape(shape)
        halves = 2 ** len(filters)
        if height % halves or width % halves:
            raise ArgumentError(
                "ConvolutionalAutoencoder halves an image with each convolution.",
                got=f"an image {height} x {width}, {len(filters)} convolutions",
                expected=f"sides that are multiples of {halves}",
                hint="fewer filters, or ZeroPadding2D before",
            )
        same: Any = {"padding": "same", "activation": "relu"}
        self.spoil = GaussianNoise(check_number("noise", noise, low=0))
        self.encoder = [Conv2D(f, 3, strides=2, **same) for f in filters]
        self.small = (height // halves, width // halves, filters[-1])
        self.code = self.unfold = None
        if code is not None:
            self.code = Dense(check_integer("code", code, minimum=1))
            self.unfold = Dense(math.prod(self.small), activation="relu")
        self.decoder = [Conv2DTranspose(f, 3, strides=2, **same) for f in reversed(filters)]
        self.tell = Conv2D(channels, 3, padding="same", activation=activation)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.decode(self.encode(self.spoil(x)))

    def encode(self, x: Any) -> Tensor:
        """Return the codes: small images (B, H / 2^n, W / 2^n, filters), or (B, J)."""
        for layer in self.encoder:
            x = layer(x)
        return x if self.code is None else self.code(ops.reshape(x, (len(x), -1)))

    def decode(self, h: Any) -> Tensor:
        """Return what codes tell, (B, H, W, C)."""
        if self.unfold is not None:
            h = ops.reshape(self.unfold(h), (len(h), *self.small))
        for layer in self.decoder:
            h = layer(h)
        return self.tell(h)
