"""DDPM: images are drowned in noise step by step, and a network learns the way back.

Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models". The schedule by cosines is
Nichol and Dhariwal 2021; the way back in few steps Song, Meng and Ermon 2021 (DDIM); what makes
images follow their class Ho and Salimans 2022, "Classifier-Free Diffusion Guidance".
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops, random
from neurona.core import random as streams
from neurona.core.shapes import as_shape
from neurona.core.tensor import Tensor, tensor
from neurona.errors import ArgumentError, DataError, check_choice, check_integer, check_number
from neurona.metrics import Mean, Metric
from neurona.models import Model
from neurona.nn.jit import jit
from neurona.nn.options import LayerOptions
from neurona.optimizers import Adam
from neurona.zoo.denoiser import Denoiser
from neurona.zoo.making import (
    check_asked,
    check_labels,
    check_seed,
    images_and_labels,
    refuse_losses,
)


def left_after(schedule: str, steps: int) -> np.ndarray:
    """Return how much of the image is left after t = 0, 1, ... steps: alpha-bar, (steps + 1,).

    "linear" is the paper's: beta rises from 0.1 / steps to 20 / steps (1e-4 and 0.02 for 1000).
    "cosine" is cos^2 of (t / steps + 0.008) / 1.008 * pi / 2, with beta at most 0.999.

    >>> left_after("cosine", 4).round(2).tolist()
    [1.0, 0.85, 0.49, 0.14, 0.0]
    """
    check_choice("schedule", schedule, ("linear", "cosine"))
    if schedule == "linear":
        beta = np.linspace(0.1 / steps, min(20 / steps, 0.999), steps)
    else:
        curve = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2
        beta = np.minimum(1 - curve[1:] / curve[:-1], 0.999)
    return np.concatenate([[1.0], np.cumprod(1 - beta)]).astype(np.float32)


class DDPM(Model, namespace="zoo"):
    """A diffusion model: x_t = sqrt(a_t) x + sqrt(1 - a_t) e, and a U-Net that says e of x_t.

    Trained on images x from -1 to 1, with classes on (x, y); the loss is mean |e - e(x_t, t, y)|^2
    for t drawn from 1 to T. Now and then y is left out, so that the network knows images of no
    class as well. With an optimizer that averages weights (`use_ema=True`) samples are better.

    Shapes: x_t (B, H, W, C), t (B,), with classes y (B,) -> noise (B, H, W, C).

    Args:
        shape: of an image, (H, W, C).
        widths: filters of each level of the U-Net; H and W divide by 2 for each but the last.
        classes: how many there are; 0 if none are told.
        steps: T.
        schedule: "linear" or "cosine". The last steps of the cosine leave so little of the image
            that what is wrong in the noise decides on it where steps on the way back are few.
        untold: share of the labels that are left out in training.
        attention, dropout: see Denoiser.

    Source: algorithms 1 and 2; equation 14 for the loss.

    >>> model = DDPM((8, 8, 1), widths=(4, 8), steps=10)
    >>> model.sample(2, steps=5).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self, shape: Sequence[int] = (28, 28, 1), widths: Sequence[int] = (32, 64, 64),
        classes: int = 0, steps: int = 1000, schedule: str = "linear", untold: float = 0.1,
        attention: bool = True, dropout: float = 0.0, **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        self.shape = as_shape(shape)
        if len(self.shape) != 3:
            raise ArgumentError(
                "an image has a height, a width and channels.", got=f"shape={self.shape}",
                hint="shape=(28, 28, 1)",
            )  # fmt: skip
        height, width, channels = self.shape
        if height % 2 ** (len(widths) - 1) or width % 2 ** (len(widths) - 1):
            raise ArgumentError(
                "each level of the U-Net but the last halves the image.",
                got=f"{height} x {width}, {len(widths)} levels",
                hint="fewer widths, or images whose sides divide by 2 more often",
            )
        self.classes = check_integer("classes", classes, minimum=0)
        self.untold = check_number("untold", untold, low=0, high=1)
        self.steps = check_integer("steps", steps, minimum=2)
        self.left = left_after(schedule, self.steps)  # alpha-bar, (T + 1,)
        self.denoiser = Denoiser(channels, widths, classes, attention, dropout)
        self.error = Mean(name="loss")
        x, t = ops.zeros((1, *shape)), ops.zeros((1,))
        self((x, t, ops.zeros((1,), "int32")) if classes else (x, t))  # it has its weights now

    def compile(self, optimizer: Any = None, loss: Any = None, **options: Any) -> None:
        """Choose how it learns; by default Adam with averaged weights.

        Raises:
            ArgumentError: for a loss or metrics: the model has its own.
        """
        refuse_losses(self, {"loss": loss, **options}, "compile(optimizer)")
        if optimizer is None:
            optimizer = Adam(1e-3, use_ema=True, ema_momentum=0.999)
        super().compile(optimizer, **options)

    @property
    def metrics(self) -> list[Metric]:
        """The mean of the loss."""
        return [self.error]

    def call(self, inputs: Any) -> Tensor:  # (B, H, W, C), (B,), with classes (B,)
        x, t, y = inputs if self.classes else (*inputs, None)
        return self.denoiser(x, t, None if y is None else y.astype("int32"))

    def loss_of(self, data: Any) -> Tensor:
        """Return the loss of images, at times and with noise that are drawn."""
        x, y = images_and_labels(self, data)
        batch = x.shape[0]
        t = random.randint((batch,), 1, self.steps + 1)
        noise = random.normal(x.shape)
        a = ops.take(tensor(self.left), t, axis=0)[:, None, None, None]  # (B, 1, 1, 1)
        if y is not None:
            told = random.uniform((batch,)) >= self.untold
            y = ops.where(told, y.astype("int32"), self.classes)
        found = self.denoiser(ops.sqrt(a) * x + ops.sqrt(1 - a) * noise, t, y)
        return ops.mean((noise - found) ** 2)

    def check_samples(self, x: Any, y: Any) -> None:
        """Refuse labels that are of no class."""
        if self.classes and y is not None:
            check_labels(y, self.classes, DataError)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take a step towards the noise that was added."""
        self.error.update_state(self.optimizer.minimize(lambda: self.loss_of(data), self.denoiser))
        return {"loss": self.error.result()}

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure the loss."""
        self.error.update_state(self.loss_of(data))
        return {"loss": self.error.result()}

    # --- the way back ----------------------------------------------------------------------------

    def sample(
        self, count: int = 16, labels: Any = None, steps: int | None = None, eta: float = 1.0,
        guidance: float = 0.0, seed: int | None = None, path: bool = False,
    ) -> np.ndarray:  # fmt: skip
        """Return images (N, H, W, C) that were not there before: one program, a loop in it.

        Args:
            count: how many, N; as many as labels if these are given.
            labels: the class of each, (N,).
            steps: how many on the way back, T by default, evenly spread.
            eta: how much new noise each step adds: 1 is the ancestral sampling of DDPM, 0 is DDIM,
                which needs few steps.
            guidance: w of e = (1 + w) e(x, y) - w e(x): above 0 images follow their class more.
            seed: for noise of their own; by default that of the random stream.
            path: whether to return x after each step as well, (steps + 1, N, H, W, C).

        Raises:
            ArgumentError: if there are labels without classes, or the other way round, or of no
                class; more steps than T; guidance without classes.
        """
        check_asked(labels, self.classes, "sample(labels=[0, 1, 2])")
        eta, guidance = check_number("eta", eta, low=0), check_number("guidance", guidance)
        if guidance and not self.classes:
            raise ArgumentError(
                "guidance is towards a class.", got=f"classes=0, guidance={guidance}",
                hint="a model with classes=10, and sample(labels=[0, 1, 2], guidance=1.0)",
            )  # fmt: skip
        steps = self.steps if steps is None else check_integer("steps", steps, minimum=1)
        if steps > self.steps:
            raise ArgumentError(
                "the way back has no more steps than the way there.",
                got=f"steps={steps}", expected=f"1 to {self.steps}",
            )  # fmt: skip
        y = None if labels is None else check_labels(labels, self.classes)
        n = check_integer("count", count, minimum=1) if y is None else len(y)
        place = streams.take_state() if check_seed(seed) is None else (seed, 0)
        t = np.linspace(self.steps, 0, steps + 1).round().astype(np.int32)  # T, ..., 0
        left = self.left[t]
        wanted = n, eta, guidance, path
        x, xs = _way_back(self)(np.array(place, np.int64), y, t, left, *wanted)
        return xs.numpy() if path else x.numpy()


_PROGRAMS: Any = weakref.WeakKeyDictionary()  # model -> its way back


def _way_back(model: DDPM) -> Callable:
    """Return the whole sampling of a model, compiled once for each number of images and steps."""
    if model in _PROGRAMS:
        return _PROGRAMS[model]
    owner: Any = weakref.ref(model)  # a value that held its key would keep it for ever

    def way_back(
        place: Tensor, y: Any, t: Tensor, left: Tensor, n: int, eta: float, guidance: float,
        path: bool,
    ) -> tuple[Tensor, Any]:  # fmt: skip
        def noise_in(x: Tensor, t: Tensor) -> Tensor:
            model, t = owner(), ops.broadcast_to(t, (n,))
            if not guidance:
                return model.denoiser(x, t, y)
            none = ops.full((n,), model.classes, "int32")
            both = [ops.concatenate(pair, axis=0) for pair in ([x, x], [t, t], [y, none])]
            told, untold = ops.split(model.denoiser(*both), 2, axis=0)
            return (1 + guidance) * told - guidance * untold

        def step(x: Tensor, at: Any) -> tuple[Tensor, Any]:
            t, a, b = at  # a is left at t, and b at the time before that is gone to
            e = noise_in(x, t)
            image = ops.clip((x - ops.sqrt(1 - a) * e) / ops.sqrt(a), -1, 1)
            e = (x - ops.sqrt(a) * image) / ops.sqrt(1 - a)  # what noise is then
            sigma = eta * ops.sqrt((1 - b) / (1 - a) * (1 - a / b))
            x = ops.sqrt(b) * image + ops.sqrt(ops.maximum(1 - b - sigma**2, 0)) * e
            x = x + sigma * random.normal(x.shape) if eta else x
            return x, x if path else None

        with streams.use(place):
            start = random.normal((n, *owner().shape))
            x, xs = ops.scan(step, start, (t[:-1], left[:-1], left[1:]))
        return x, ops.concatenate([start[None], xs], axis=0) if path else None

    _PROGRAMS[model] = jit(way_back)
    return _PROGRAMS[model]
