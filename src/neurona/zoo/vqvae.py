"""VQ-VAE: a code of whole numbers, each the place of a vector in a book that is learned, too.

Van den Oord et al. 2017, "Neural Discrete Representation Learning". Encoder, the nearest vector of
the book, decoder; gradients go past the choice, which has none, straight through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import as_shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_integer, check_number
from neurona.initializers import RandomUniform
from neurona.layers import Conv2D, Conv2DTranspose
from neurona.metrics import Mean
from neurona.models import Model
from neurona.nn.losses.loss import reduce_weighted
from neurona.nn.options import LayerOptions
from neurona.ops import stop_gradient as sg


class VQVAE(Model, namespace="zoo"):
    """Images through small images of whole numbers.

    loss = |x - y|^2 + |sg(z_e) - e|^2 + beta |z_e - sg(e)|^2, each the mean of its numbers.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        shape: (H, W, C) of an image; H and W are multiples of 2 for each of the filters.
        codes: size K of the book.
        width: size D of its vectors.
        filters: of the encoder's convolutions, each of which halves the image.
        beta: weight of the commitment: how much the encoder keeps to its vectors.
        decay: gamma, and the book follows the means of what chooses its vectors (appendix A.1):
            N <- gamma N + (1 - gamma) n, m <- gamma m + (1 - gamma) sum z_e, e = m / N. None, and
            the book learns by the second term of the loss.

    It needs no loss: `compile(optimizer)`, `fit(x)`. Logs tell the three parts that are of
    interest, `reconstruction`, `commitment`, and `perplexity`: how many vectors are in use, exp of
    the entropy of a batch, from 1 to K.

    >>> model = VQVAE((8, 8, 1), codes=16, width=4, filters=(8, 8))
    >>> model(ops.zeros((3, 8, 8, 1))).shape, model.indices(ops.zeros((3, 8, 8, 1))).shape
    ((3, 8, 8, 1), (3, 2, 2))
    """

    def __init__(
        self,
        shape: Sequence[int] = (28, 28, 1),
        codes: int = 64,
        width: int = 16,
        filters: Sequence[int] = (32, 64),
        beta: float = 0.25,
        decay: float | None = 0.99,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        height, wide, channels = as_shape(shape)
        halves = 2 ** len(filters)
        if height % halves or wide % halves:
            raise ArgumentError(
                "VQVAE halves an image with each convolution.",
                got=f"an image {height} x {wide}, {len(filters)} convolutions",
                expected=f"sides that are multiples of {halves}",
            )
        self.codes = check_integer("codes", codes, minimum=2)
        self.width = check_integer("width", width, minimum=1)
        self.beta = check_number("beta", beta, low=0)
        self.decay = None if decay is None else check_number("decay", decay, low=0, high=1)
        same: Any = {"padding": "same", "activation": "relu"}
        self.encoder = [*(Conv2D(f, 3, strides=2, **same) for f in filters), Conv2D(width, 1)]
        self.decoder = [
            *(Conv2DTranspose(f, 3, strides=2, **same) for f in reversed(filters)),
            Conv2D(channels, 3, padding="same", activation="sigmoid"),
        ]
        start = RandomUniform(-1 / codes, 1 / codes)
        self.book = self.add_weight((codes, width), start, "book", trainable=decay is None)
        if decay is not None:
            self.counts = self.add_weight((codes,), "ones", "counts", trainable=False)
            self.sums = self.add_weight((codes, width), start, "sums", trainable=False)
            self.sums.assign(self.book.value)
        names = ("reconstruction", "commitment", "perplexity")
        self.reconstruction, self.commitment, self.perplexity = map(Mean, names)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        return self.decode(self.look_up(self.nearest(self.encode(x))))

    def encode(self, x: Any) -> Tensor:
        """Return z_e, (B, h, w, D)."""
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, z: Any) -> Tensor:
        """Return images of vectors (B, h, w, D)."""
        for layer in self.decoder:
            z = layer(z)
        return z

    def nearest(self, z: Tensor) -> Tensor:  # (B, h, w, D)
        """Return the places k (B, h, w) in the book with the smallest |z_e - e_k|^2."""
        e = self.book.value  # (K, D)
        products = ops.matmul(z, ops.transpose(e))  # (B, h, w, K); |z_e|^2 is the same for all
        return ops.argmin(0.5 * ops.sum(e * e, axis=1) - products, axis=-1)

    def look_up(self, k: Any) -> Tensor:
        """Return the vectors e (..., D) at the places k (...)."""
        return ops.take(self.book.value, k, axis=0)

    def indices(self, x: Any) -> Tensor:
        """Return the whole numbers (B, h, w) that tell images."""
        return self.nearest(self.encode(x))

    def tell(self, k: Any) -> Tensor:
        """Return the images that whole numbers (B, h, w) tell."""
        return self.decode(self.look_up(as_tensor(np.asarray(k))))

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the loss; in training the book follows what chooses its vectors."""
        z = self.encode(x)  # (B, h, w, D)
        k = self.nearest(z)  # (B, h, w)
        e = self.look_up(k)
        told = self.decode(z + sg(e - z))  # the value of e, the gradient of z

        reconstruction, commitment = _mean(x - told), _mean(z - sg(e))  # (B,)
        loss = reconstruction + self.beta * commitment
        chosen = ops.one_hot(ops.reshape(k, (-1,)), self.codes, dtype=z.dtype)  # (B h w, K)
        if self.decay is None:
            loss = loss + _mean(sg(z) - e)
        elif training:
            self._follow(sg(ops.reshape(z, (-1, self.width))), chosen)
        self.reconstruction.update_state(reconstruction, sample_weight)
        self.commitment.update_state(commitment, sample_weight)
        p = ops.mean(chosen, axis=0)  # (K,)
        self.perplexity.update_state(ops.exp(-ops.sum(ops.xlogy(p, p))))
        return reduce_weighted(loss, sample_weight, "sum_over_batch_size")

    def _follow(self, z: Tensor, chosen: Tensor) -> None:
        """Move the book to the means of the z (M, D) that chose each vector, (M, K)."""
        keep = self.decay or 0.0
        counts = keep * self.counts.value + (1 - keep) * ops.sum(chosen, axis=0)  # (K,)
        sums = keep * self.sums.value + (1 - keep) * ops.matmul(ops.transpose(chosen), z)
        total = ops.sum(counts)
        smooth = (counts + 1e-5) / (total + self.codes * 1e-5) * total  # none is divided by 0
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.book.assign(sums / smooth[:, None])


def _mean(d: Tensor) -> Tensor:
    """Return the mean square of a sample's numbers, (B,)."""
    return ops.mean(ops.square(ops.reshape(d, (len(d), -1))), axis=1)
