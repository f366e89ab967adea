"""denoise: a convolutional autoencoder takes noise away that it never saw.

In training each image gets new noise in each epoch, within the compiled step; the noise of the test
images is drawn once. Beside it stands what needs no learning, a Gaussian and a median filter, and
what learns lines only, principal components; how wide, how large and how many is chosen on the
validation images, as they are best.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neurona import plots
from neurona.datasets import mnist
from neurona.recipes.advice import Advice
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.prepared import takes_digits
from neurona.recipes.principal import principal
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import ConvolutionalAutoencoder

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training images, for validation
NOISE = 0.5  # deviation; the ink is 1
CHOSEN_ON = 500  # validation images on which the baselines are chosen
SHOWN = 12


def perform(run: Run) -> None:
    """Train a denoising autoencoder on MNIST."""
    (x, _), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a.astype(np.float32) / 255 for a in (x, x_test))
    held = min(HELD, len(x) // 10)
    rng = np.random.default_rng(0)  # the noise of the tests is the same for all seeds
    x, x_held = x[:-held], x[-held:]
    noisy_held, noisy = noised(x_held, rng), noised(x_test, rng)
    run.fact("samples", f"{len(x):,} for training, {held:,} for validation, {len(noisy):,} to test")
    run.fact("features", "28 x 28 pixels, 0 paper to 1 ink")
    run.fact("noise", f"normal, deviation {NOISE}, on each pixel; not cut at 0 and 1")
    run.fact("licence", mnist.CARD.licence)

    filters = (8, 16) if run.quick else (32, 64)
    model = ConvolutionalAutoencoder((28, 28, 1), filters, noise=NOISE)
    steps = run.settings.steps(len(x))
    schedule = run.warmed_up(steps, steps // 20)
    # Both losses are least at the mean of what the image can be; but squares behind a sigmoid have
    # no gradient once all is paper, and most of an image is.
    model.compile(run.optimizer(schedule), "binary_crossentropy", metrics=["mse"])
    x, x_held = x[..., None], x_held[..., None]
    takes_digits(model, names=None)
    run.fit(model, x, x, validation_data=(noisy_held[..., None], x_held))

    show_training(run)
    show_rate(run, schedule, steps)
    cleaned = model.predict(noisy[..., None], batch_size=500, verbose=0)[..., 0]
    found = {"noisy": noisy}
    found |= baselines(x[..., 0], x_held[:CHOSEN_ON, ..., 0], noisy_held[:CHOSEN_ON], noisy)
    found["autoencoder"] = cleaned
    decibels = {name: float(psnr(y, x_test).mean()) for name, y in found.items()}
    first = decibels["noisy"]
    run.table(
        "Test images against what they were without noise",
        ("by", "PSNR in dB", "gain in dB"),
        [(name, f"{value:.2f}", f"{value - first:.2f}") for name, value in decibels.items()],
    )
    gains = {name: value - first for name, value in decibels.items() if name != "noisy"}
    run.picture(
        "gains",
        "Beside simpler means",
        plots.bars(gains, "gain in dB, more is better", baselines=len(gains) - 1),
        "; ".join(f"{name}: {gain:.1f} dB" for name, gain in gains.items()) + ".",
    )
    rows = {"without noise": x_test} | found
    run.picture(
        "before_after",
        "Before and after",
        plots.image_rows(
            {name: y[:SHOWN].clip(0, 1) for name, y in rows.items()}, y_test[:SHOWN].tolist()
        ),
        f"{SHOWN} test digits without noise, with noise, and cleaned by each of the means.",
    )
    show_hardest(run, x_test, noisy, cleaned)
    best = max((n for n in gains if n != "autoencoder"), key=lambda name: gains[name])
    run.advise(
        [
            Advice(
                f"The autoencoder gains {gains['autoencoder']:.1f} dB, the best of the other means "
                f"({best}) {gains[best]:.1f} dB.",
                "More filters, or two networks in a row: the second cleans what the first left.",
            )
        ]
    )
    run.score("gain of a Gaussian filter", next(g for n, g in gains.items() if "Gaussian" in n))
    run.score("gain of a median filter", next(g for n, g in gains.items() if "median" in n))
    run.score("gain of principal components", next(g for n, g in gains.items() if "princ" in n))
    run.score("gain in decibels", gains["autoencoder"])


def noised(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images with noise on each pixel."""
    return x + np.float32(NOISE) * rng.standard_normal(x.shape, np.float32)


def psnr(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return 10 lg(1 / mean (y - x)^2) of each image, in dB; y is cut at 0 and 1.

    >>> psnr(np.full((1, 2, 2), 0.9), np.ones((1, 2, 2))).round(3).tolist()
    [20.0]
    """
    errors = ((y.clip(0, 1) - x) ** 2).mean(axis=(1, 2))
    return -10 * np.log10(np.maximum(errors, 1e-12))


def gaussian(x: np.ndarray, width: float) -> np.ndarray:
    """Return images (N, H, W) whose pixels are means of their neighbours, weighted by distance.

    >>> gaussian(np.ones((1, 5, 5)), 1.0).round(6).max().item()
    1.0
    """
    reach = max(int(3 * width + 0.5), 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    weights = (weights / weights.sum()).astype(x.dtype)
    for axis in (1, 2):
        around = [(reach, reach) if a == axis else (0, 0) for a in range(3)]
        x = sliding_window_view(np.pad(x, around, mode="edge"), len(weights), axis=axis) @ weights
    return x


def median(x: np.ndarray, size: int) -> np.ndarray:
    """Return images (N, H, W) of the medians of size x size pixels.

    >>> median(np.eye(5)[None], 3).max().item()
    1.0
    """
    reach = size // 2
    around = ((0, 0), (reach, reach), (reach, reach))
    parts = []
    for part in np.array_split(x, -(-len(x) // 500)):  # 500 images of 5 x 5: 40 MB
        windows = sliding_window_view(np.pad(part, around, mode="edge"), (size, size), axis=(1, 2))
        flat = windows.reshape(*part.shape, size * size)
        parts.append(np.partition(flat, size * size // 2, axis=-1)[..., size * size // 2])
    return np.concatenate(parts)


def baselines(
    x: np.ndarray, x_held: np.ndarray, noisy_held: np.ndarray, noisy: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what simpler means make of the noisy images, each as it is best on validation."""
    components = principal(x.reshape(len(x), -1), 100)

    def project(y: np.ndarray, k: int) -> np.ndarray:
        directions = components.directions[:, :k]
        codes = (y.reshape(len(y), -1) - components.mean) @ directions
        return (components.mean + codes @ directions.T).reshape(y.shape)

    means: dict[str, tuple[Callable[..., np.ndarray], tuple]] = {
        "Gaussian filter, width {}": (gaussian, (0.5, 0.75, 1.0, 1.25, 1.5)),
        "median filter, {0} x {0}": (median, (3, 5, 7)),
        "{} principal components": (project, (10, 15, 20, 30, 40, 60)),
    }
    found = {}
    for name, (clean, choices) in means.items():
        best = max(choices, key=lambda c: psnr(clean(noisy_held, c), x_held).mean())
        found[name.format(best)] = clean(noisy, best)
    return found


def show_hardest(run: Run, x: np.ndarray, noisy: np.ndarray, cleaned: np.ndarray) -> None:
    """Draw the test images that are least like themselves after cleaning."""
    decibels = psnr(cleaned, x)
    worst = np.argsort(decibels, kind="stable")[:SHOWN]
    run.picture(
        "hardest",
        "Where it fails",
        plots.image_rows(
            {
                "without noise": x[worst],
                "noisy": noisy[worst].clip(0, 1),
                "autoencoder": cleaned[worst],
            },
            [f"{decibels[i]:.1f} dB" for i in worst],
        ),
        f"The {len(worst)} test images with the lowest PSNR after cleaning, from "
        f"{decibels[worst[0]]:.1f} dB.",
    )


RECIPE = Recipe(
    name="denoise",
    description="A convolutional autoencoder takes noise away that it never saw",
    defaults=Settings(epochs=5, learning_rate=2e-3, batch_size=64, optimizer="adam"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28, with normal noise of deviation 0.5",
    model="two convolutions that halve, two transposed ones that double",
    reaches="gain of 11 dB, beside 6 of a Gaussian filter, in two minutes",
    quick=Settings(epochs=6, learning_rate=1e-2, batch_size=32, optimizer="adam"),
)
