"""VAE: a code that is a distribution, so that one can draw from it and get what never was.

Kingma and Welling 2014, "Auto-Encoding Variational Bayes". For each sample the encoder says a
normal distribution q(z|x) of codes, the decoder how probable x is if the code is z. Trained is what
ln p(x) is at least: the mean of ln p(x|z) over q, less the divergence of q from p(z) = N(0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

import numpy as np

from neurona import ops, random
from neurona.core.shapes import as_shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DataError, check_integer, check_number
from neurona.layers import Dense
from neurona.metrics import Mean
from neurona.models import Model
from neurona.nn.losses.loss import reduce_weighted
from neurona.nn.options import LayerOptions
from neurona.zoo.making import check_asked, check_labels, check_seed


class VAE(Model, namespace="zoo"):
    """Samples of pixels that are 0 or 1, through codes of J numbers.

    loss = -ELBO = -E_q ln p(x|z) + beta KL(q(z|x) || p(z)), in nats, the mean of the samples.

    Shapes: x (B, *shape) -> probabilities (B, *shape) that pixels are 1, by the mean code. With
        `classes`: (x, c), c (B,) integers.

    Args:
        shape: of a sample, such as (28, 28).
        latent: size J of a code.
        hidden: units of the encoder's layers; the decoder has them the other way round.
        beta: weight of the divergence; 1 is the bound itself, more asks for codes whose numbers
            mean something each by itself (Higgins et al. 2017).
        classes: how many; encoder and decoder are then told the class (Sohn et al. 2015).

    It needs no loss: `compile(optimizer)`, `fit(x)`, with classes `fit((x, c))`. Logs tell both
    parts, `reconstruction` and `divergence`. Values between 0 and 1 are taken as means of Bernoulli
    variables: their bound is another number than that of pixels drawn from them, and not to be
    compared with it.

    >>> model = VAE((4, 4), latent=2, hidden=(8,))
    >>> model(ops.zeros((3, 4, 4))).shape, model.generate(5, seed=0).shape
    ((3, 4, 4), (5, 4, 4))
    """

    def __init__(
        self,
        shape: Sequence[int] = (28, 28),
        latent: int = 20,
        hidden: Sequence[int] = (400, 400),
        beta: float = 1.0,
        classes: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.shape = as_shape(shape)
        self.latent = check_integer("latent", latent, minimum=1)
        self.beta = check_number("beta", beta, low=0)
        self.classes = None if classes is None else check_integer("classes", classes, minimum=2)
        self.encoder = [Dense(units, activation="relu") for units in hidden]
        self.mean, self.log_variance = Dense(latent), Dense(latent)
        self.decoder = [Dense(units, activation="relu") for units in reversed(hidden)]
        self.pixels = Dense(math.prod(self.shape))
        self.reconstruction, self.divergence = Mean("reconstruction"), Mean("divergence")

    def call(self, inputs: Any) -> Tensor:
        x, c = self._parts(inputs)
        return ops.sigmoid(self.decode(self.encode(x, c)[0], c))

    def encode(self, x: Any, c: Any = None) -> tuple[Tensor, Tensor]:
        """Return mean mu and log variance ln sigma^2 of q(z|x), (B, J) each."""
        h = self._told(ops.reshape(x, (len(x), -1)), c)  # (B, D)
        for layer in self.encoder:
            h = layer(h)
        return self.mean(h), self.log_variance(h)

    def decode(self, z: Any, c: Any = None) -> Tensor:
        """Return the logits (B, *shape) of pixels by the code z (B, J)."""
        h = self._told(z, c)
        for layer in self.decoder:
            h = layer(h)
        return ops.reshape(self.pixels(h), (len(z), *self.shape))

    def bound(self, inputs: Any) -> tuple[Tensor, Tensor]:
        """Return -ln p(x|z) by a drawn code z, and KL(q(z|x) || p(z)): (B,) nats each."""
        x, c = self._parts(inputs)
        mu, log_var = self.encode(x, c)  # (B, J)
        z = mu + ops.exp(0.5 * log_var) * random.normal(mu.shape, dtype=mu.dtype)
        divergence = -0.5 * ops.sum(1 + log_var - mu * mu - ops.exp(log_var), axis=1)
        return -self._log_p(x, z, c), divergence

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return -ELBO with the divergence times beta; a code is drawn for each sample."""
        reconstruction, divergence = self.bound(x)
        self.reconstruction.update_state(reconstruction, sample_weight)
        self.divergence.update_state(divergence, sample_weight)
        loss = reconstruction + self.beta * divergence
        return reduce_weighted(loss, sample_weight, "sum_over_batch_size")

    def log_likelihood(self, inputs: Any, draws: int = 64) -> Tensor:
        """Return what ln p(x) is at least, by K draws of z: ln 1/K sum_k p(x|z) p(z) / q(z|x).

        Shapes: (B,), in nats; of one draw it is the ELBO, of more it comes nearer to ln p(x).
        Source: Burda et al. 2016, eq. 8.
        """
        x, c = self._parts(inputs)
        draws, again = check_integer("draws", draws, minimum=1), partial(ops.repeat, axis=0)
        mu, log_var = (again(t, draws) for t in self.encode(x, c))  # (B K, J)
        x, c = again(x, draws), None if c is None else again(c, draws)
        e = random.normal(mu.shape, dtype=mu.dtype)
        z = mu + ops.exp(0.5 * log_var) * e
        prior_by_q = 0.5 * ops.sum(e * e + log_var - z * z, axis=1)  # ln p(z) - ln q(z|x)
        weights = ops.reshape(self._log_p(x, z, c) + prior_by_q, (-1, draws))
        return ops.logsumexp(weights, axis=1) - math.log(draws)

    def generate(self, count: int, c: Any = None, seed: int | None = None) -> np.ndarray:
        """Return new samples (count, *shape), as probabilities of pixels, of the class c.

        Args:
            count: how many.
            c: the class of all, or that of each, (count,).
            seed: for codes of their own; by default the next ones of the random stream.

        Raises:
            ArgumentError: if there is a class without classes, or the other way round, or no such
                class, or not one for each sample.
        """
        count = check_integer("count", count, minimum=1)
        check_asked(c, self.classes, "generate(3, c=1), or c=[0, 1, 1]")
        if c is not None:
            c = check_labels([c] * count if np.ndim(c) == 0 else c, self.classes or 0)
            if len(c) != count:
                raise ArgumentError(
                    "there is a class for each sample.", got=f"count={count}, {len(c)} classes"
                )
        z = random.normal((count, self.latent), seed=check_seed(seed))
        return ops.sigmoid(self.decode(z, c)).numpy()

    def check_data(self, x: np.ndarray) -> None:
        """Refuse what is no probability."""
        if x.size and not (x.min() >= 0 and x.max() <= 1):
            raise DataError(
                "VAE: pixels are 0, 1 or between.",
                got=f"numbers from {x.min():g} to {x.max():g}",
                hint="x / 255 for images of bytes",
            )

    def check_samples(self, x: Any, y: Any) -> None:
        """Refuse classes that there are not."""
        _, c = self._parts(x)
        if c is not None:
            check_labels(c, self.classes or 0, DataError)

    def _log_p(self, x: Any, z: Tensor, c: Any) -> Tensor:
        """Return ln p(x|z) = sum of x s - softplus(s) over the pixels, s their logits."""
        s = self.decode(z, c)
        return ops.sum(ops.reshape(x * s - ops.softplus(s), (len(z), -1)), axis=1)

    def _told(self, h: Any, c: Any) -> Any:
        if self.classes is None:
            return h
        return ops.concatenate([h, ops.one_hot(c, self.classes, dtype=h.dtype)], axis=1)

    def _parts(self, inputs: Any) -> tuple[Any, Any]:
        both = isinstance(inputs, tuple | list) and len(inputs) == 2
        if self.classes is None and not isinstance(inputs, tuple):
            return inputs, None
        if self.classes is None or not both:
            raise DataError(
                "VAE: samples come with their classes if it has classes.",
                got=f"classes={self.classes}, {'x alone' if not both else '(x, c)'}",
                hint="fit(x), or classes=10" if self.classes is None else "fit((x, c))",
            )
        return inputs[0], inputs[1]
