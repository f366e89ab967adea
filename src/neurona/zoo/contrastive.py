"""Metric learning: what is alike comes near, what is not is pushed away.

`Siamese` (Bromley et al. 1993; Hadsell, Chopra and LeCun 2006) is told which pairs are alike.
`SimCLR` (Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations")
needs no labels: alike are two views of one image, and all other images of the batch are not. With
labels, all of one class are alike (Khosla et al. 2020, "Supervised Contrastive Learning").
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DataError, ShapeError, check_number
from neurona.layers import Dense, Layer
from neurona.losses import Loss
from neurona.models import Model
from neurona.nn.options import LayerOptions


class ContrastiveLoss(Loss, namespace="zoo.contrastive"):
    """L = (1 - y) d^2 + y max(0, margin - d)^2, of distances d.

    Shapes: y (B,), 0 for a pair that is alike and 1 for one that is not; d (B,) -> (B,).

    Args:
        margin: how far apart is far enough.

    Source: Hadsell et al. 2006, eq. 4, without the factor 1/2.

    >>> ContrastiveLoss(2.0, reduction="none")([0, 1, 1], [0.5, 0.5, 3.0]).tolist()
    [0.25, 2.25, 0.0]
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "contrastive",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.margin = check_number("margin", margin, low=0, open=True)

    def call(self, y: Tensor, d: Tensor) -> Tensor:
        """Return the loss of each pair."""
        y = y.astype(d.dtype)
        return (1 - y) * d * d + y * ops.square(ops.maximum(self.margin - d, 0.0))


class Siamese(Model, namespace="zoo"):
    """The distance of two samples, as one and the same encoder sees them.

    Shapes: (a (B, ...), b (B, ...)) -> d (B,).

    Args:
        encoder: a layer or model, samples (B, ...) -> codes (B, D).

    Train it with `ContrastiveLoss` on what `pairs` makes of samples with classes.

    >>> model = Siamese(Dense(2, use_bias=False, kernel_initializer="ones"))
    >>> model((np.array([[1.0, 0.0]]), np.array([[0.0, 4.0]]))).numpy().round(3).tolist()
    [4.243]
    """

    def __init__(self, encoder: Layer, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.encoder = encoder

    def call(self, inputs: Any) -> Tensor:
        a, b = inputs
        return ops.norm(self.encoder(a) - self.encoder(b), axis=1)  # (B,)


class SimCLR(Model, namespace="zoo"):
    """Representations of images, learned from the images alone, or with classes.

    Shapes: x (B, H, W, C) -> h (B, D).

    Args:
        encoder: f, a layer or model, images (B, H, W, C) -> representations h (B, D).
        views: t, a layer or model that changes images in training, such as `RandomRotation`, in
            all that does not matter.
        width: size of z = g(h), on which the loss is: two layers that are left out afterwards.
        temperature: tau; the smaller, the more the nearest of the others count.

    It needs no loss: `compile(optimizer)`, `fit(x)`, or `fit(x, y)` with classes y (B,).

    >>> from neurona.layers import Flatten, GaussianNoise
    >>> SimCLR(Flatten(), GaussianNoise(0.1), width=4)(ops.zeros((2, 3, 3, 1))).shape
    (2, 9)
    """

    def __init__(
        self,
        encoder: Layer,
        views: Layer,
        width: int = 64,
        temperature: float = 0.5,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.encoder, self.views = encoder, views
        self.temperature = check_number("temperature", temperature, low=0, open=True)
        self.widen, self.narrow = Dense(2 * width, activation="relu"), Dense(width)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        h = self.encoder(x)
        if not self.widen.built:
            self.project(h)  # which only the loss needs
        return h

    def project(self, h: Tensor) -> Tensor:  # (B, D)
        """Return z (B, width)."""
        return self.narrow(self.widen(h))

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return NT-Xent of two views of each image; they are drawn anew each time."""
        if sample_weight is not None:
            raise ArgumentError("SimCLR compares all images of a batch, and weighs all alike.")
        both = ops.concatenate([x, x], axis=0)
        z = self.project(self.encoder(self.views(both, training=True)))  # (2 B, width)
        return nt_xent(z, self.temperature, y)


def nt_xent(z: Any, temperature: float = 0.5, y: Any = None) -> Tensor:
    """Return the normalised, temperature-scaled cross-entropy of the views z_i and z_(i + B).

    l_i = -ln exp(s_ij / tau) / sum_(k != i) exp(s_ik / tau), s_ik the cosine of z_i and z_k, j the
    other view of i; the mean of all 2 B. With classes, l_i is the mean of this over all j whose
    class is that of i.

    Shapes: z (2 B, D), the second half another view of the first; y (B,) -> a scalar.
    Raises:
        ShapeError: an odd number of views, or not one class for each two.
    Source: Chen et al. 2020, eq. 1; Khosla et al. 2020, eq. 2.

    >>> nt_xent([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], 1.0).numpy().round(4).item()
    0.5514
    """
    z = as_tensor(z)
    count = z.shape[0]
    if z.ndim != 2 or count % 2:
        raise ShapeError("nt_xent: each image has two views.", got=f"z {z.shape}")
    u = z / ops.maximum(ops.norm(z, axis=1, keepdims=True), 1e-12)
    s = ops.matmul(u, ops.transpose(u)) / temperature  # (2 B, 2 B)
    own = np.eye(count, dtype=bool)
    log_all = ops.logsumexp(ops.where(own, -np.inf, s), axis=1)  # (2 B,), none with itself
    if y is None:
        half = count // 2
        alike = ops.sum(u[:half] * u[half:], axis=1) / temperature  # (B,)
        return ops.mean(log_all) - ops.mean(alike)
    y = as_tensor(y)
    if y.shape != (count // 2,):
        raise ShapeError("nt_xent: a class for each two views.", got=f"z {z.shape}, y {y.shape}")
    both = ops.concatenate([y, y], axis=0)  # (2 B,)
    same = ops.where(own, False, ops.eq(both[:, None], both)).astype(s.dtype)
    return ops.mean(log_all - ops.sum(same * s, axis=1) / ops.sum(same, axis=1))


def pairs(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return each sample twice: with another of its class, and with one of another class.

    Shapes: x (N, ...), y (N,) -> ((a (2 N, ...), b (2 N, ...)), unlike (2 N,)), 0 or 1 in turn.
    Raises:
        DataError: a class with one sample, or one class alone; not one class for each sample.
        ArgumentError: if rng is no generator.

    >>> x = np.arange(6)
    >>> (a, b), unlike = pairs(x, x % 2, np.random.default_rng(0))
    >>> bool(((a - b) % 2 == unlike).all()), bool((a != b).all())
    (True, True)
    """
    if not isinstance(rng, np.random.Generator):
        raise ArgumentError(
            "pairs are drawn by a generator.", got=repr(rng)[:60], hint="np.random.default_rng(0)"
        )
    x, y = np.asarray(x), np.asarray(y)
    if y.ndim != 1 or x.shape[:1] != y.shape:
        raise DataError(
            "pairs need one class for each sample.", got=f"x {x.shape}, y {y.shape}",
            expected="y (N,)", hint="y[:, 0] of a column, y.argmax(1) of one-hot rows",
        )  # fmt: skip
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        raise DataError(
            "pairs need two classes or more, with two samples or more each.",
            got=", ".join(f"{n} of class {c}" for c, n in zip(classes, counts, strict=True))[:60],
        )
    order = np.argsort(y, kind="stable")
    starts = np.cumsum(counts) - counts
    own = np.searchsorted(classes, y)
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y)) - starts[own[order]]  # of a sample within its class
    step = 1 + rng.integers(counts[own] - 1)
    alike = order[starts[own] + (place + step) % counts[own]]
    jump = counts[own] + rng.integers(len(y) - counts[own])
    unlike = order[(starts[own] + jump) % len(y)]
    first = np.repeat(np.arange(len(y)), 2)
    second = np.stack([alike, unlike], axis=1).reshape(-1)
    return (x[first], x[second]), np.tile(np.array([0, 1], np.int32), len(y))
