"""A judge of made digits: a classifier of real ones, and what it and the pixels say of others.

That the judge recognises a digit is not enough: it recognises the mean of all sevens as well. So it
is also measured how near the made digits come to the real ones as a whole, and whether they copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neurona import plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    RandomCrop,
    ZeroPadding2D,
)
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_samples

if TYPE_CHECKING:
    from neurona.recipes.run import Run

CLASSES, ASKED, COPIES = 10, 10_000, 1_000  # digits; made to be judged; looked for among real ones
BASELINE = "normal distribution of each class"
COMPONENTS = 60  # of each class, for the Gaussian


class Findings(NamedTuple):
    """What is found of made digits.

    Attributes:
        judged: how many there were.
        recognised: share that the judge takes for the digit that was asked for.
        shares: of each class in what the judge says, (10,).
        distance: Frechet's, of what the judge sees in them and in real test digits.
        nearest: mean distance to the nearest training digit, by that of real test digits.
        spread: variance of the pixels within a class, by that of real test digits.
    """

    judged: int
    recognised: float
    shares: np.ndarray
    distance: float
    nearest: float
    spread: float


def prepare(run: Run, network: str, told: str) -> tuple[np.ndarray, np.ndarray, Judge]:
    """Return training digits (ink from 0 to 1) with their classes, and a judge of made ones.

    Args:
        run: whose they are.
        network: what is trained on them, and `told`: how it is told the classes.
    """
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a[..., None].astype(np.float32) / 255 for a in (x, x_test))
    y, y_test = y.astype(np.int32), y_test.astype(np.int32)
    run.fact("samples", f"{len(x):,} for training, {len(x_test):,} for testing the judge")
    run.fact("features", f"28 x 28 pixels; -1 paper to 1 ink for the {network}")
    run.fact("classes", f"the digits 0 to 9, told {told}")
    run.fact("licence", mnist.CARD.licence)
    show_samples(run, x[..., 0], y)
    return x, y, Judge(run, (x, y), (x_test, y_test))


class Judge:
    """A convolutional classifier, trained on real digits.

    Args:
        run: whose it is; the training is a stage of it.
        train, test: (x, y) with ink from 0 to 1, x (N, 28, 28, 1).

    Attributes:
        accuracy: on the real test digits.
    """

    def __init__(
        self, run: Run, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]
    ) -> None:
        self.train, self.test = train, test
        inputs = Input((28, 28, 1))
        width = 16 if run.quick else 32
        h = MaxPooling2D()(Conv2D(width, 3, activation="relu", padding="same")(inputs))
        h = MaxPooling2D()(Conv2D(2 * width, 3, activation="relu", padding="same")(h))
        h = Dense(64, activation="relu")(Dropout(0.4)(Flatten()(h)))
        model = Model(inputs, Dense(CLASSES, activation="softmax")(Dropout(0.3)(h)))
        epochs = 8 if run.quick else 6
        shifted = [ZeroPadding2D(1), RandomCrop(28, 28)]  # by up to a pixel
        data = batches(*train, 128, shuffle=True, seed=0, augment=shifted)
        rate = CosineDecay(2e-3, len(data) * epochs)
        model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        run.fit(model, data, stage="judge", epochs=epochs)
        self.model, self.features = model, Model(inputs, h)
        said = self.says(test[0]).argmax(-1)
        self.accuracy = float((said == test[1]).mean())
        self._nearest = distances(train[0], test[0][:COPIES]).mean()
        self._seen, self._variance = self.sees(test[0]), variance(*test)
        run.score("accuracy of the judge on real test digits", self.accuracy)

    def says(self, x: np.ndarray) -> np.ndarray:
        """Return probabilities (N, 10)."""
        return self.model.predict(x, batch_size=500, verbose=0)

    def sees(self, x: np.ndarray) -> np.ndarray:
        """Return the 64 numbers from which it decides, (N, 64)."""
        return self.features.predict(x, batch_size=500, verbose=0)

    def examine(self, x: np.ndarray, asked: np.ndarray) -> Findings:
        """Return what is found of digits x (N, 28, 28, 1) that were to be `asked` (N,)."""
        said = self.says(x).argmax(-1)
        return Findings(
            len(x),
            float((said == asked).mean()),
            np.bincount(said, minlength=CLASSES) / len(said),
            frechet(self._seen, self.sees(x)),
            float(distances(self.train[0], x[:COPIES]).mean() / self._nearest),
            variance(x, asked) / self._variance,
        )

    def real(self, count: int) -> dict[str, Findings]:
        """Return what is found of real digits, and of as many copies as digits are made."""
        x, y = self.train
        return {
            "real test digits": self.examine(*self.test),
            "copies of training digits": self.examine(x[:count], y[:count]),
        }

    def gaussians(self, asked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return digits from a normal distribution for each class: the baseline.

        Its mean and the first principal components are those of the training digits.
        """
        x, y = self.train
        made = np.zeros((len(asked), x[0].size), np.float32)
        for digit in range(CLASSES):
            known = x[y == digit].reshape(-1, x[0].size)
            mean = known.mean(axis=0)
            values, vectors = np.linalg.eigh(np.cov(known, rowvar=False))
            values, vectors = values[-COMPONENTS:], vectors[:, -COMPONENTS:]
            rows = np.flatnonzero(asked == digit)
            numbers = rng.normal(size=(len(rows), len(values))) * np.sqrt(np.maximum(values, 0))
            made[rows] = mean + numbers @ vectors.T
        return made.clip(0, 1).reshape(-1, *x.shape[1:])


def distances(known: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the distance of each x to the nearest that is known, (N,).

    >>> distances(np.array([[0.0], [4.0]]), np.array([[1.0], [4.0]])).tolist()
    [1.0, 0.0]
    """
    known, x = (np.asarray(a, np.float32).reshape(len(a), -1) for a in (known, x))
    squares = (known**2).sum(axis=1)
    least = [(squares - 2 * x[i : i + 500] @ known.T).min(axis=1) for i in range(0, len(x), 500)]
    return np.sqrt(np.maximum(np.concatenate(least) + (x**2).sum(axis=1), 0))


def variance(x: np.ndarray, y: np.ndarray) -> float:
    """Return the variance of a pixel within a class, the mean over pixels and classes.

    >>> variance(np.array([[0.0], [2.0], [5.0], [5.0]]), np.array([0, 0, 1, 1]))
    0.5
    """
    return float(np.mean([x[y == digit].var(axis=0).mean() for digit in np.unique(y)]))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Return |m - n|^2 + tr(S + T - 2 (S T)^1/2), m and S being the mean and variance of a.

    Heusel et al. 2017, with the judge in the place of Inception.

    Shapes: a (N, D), b (M, D).

    >>> a = np.array([[0.0, 1.0], [2.0, 3.0], [1.0, 0.0]])
    >>> round(frechet(a, a + [1.0, 0.0]), 6)
    1.0
    """
    m, n = a.mean(axis=0), b.mean(axis=0)
    s, t = (np.cov(x.astype(np.float64), rowvar=False) for x in (a, b))
    values, vectors = np.linalg.eigh(s)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    common = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ t @ root), 0)).sum()
    return float(((m - n) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * common)


def ink(images: np.ndarray) -> np.ndarray:
    """Return images from -1 to 1 as ink from 0 to 1."""
    return ((images + 1) / 2).clip(0, 1)


def show_made(run: Run, made: dict[str, np.ndarray]) -> None:
    """Draw the first thirty digits of each kind; 0 to 9 were asked for in turn."""
    for number, (name, images) in enumerate(made.items()):
        run.picture(
            f"made_{number}",
            f"Made: {name}",
            plots.samples(images[:30], count=30, columns=10),
            f"Thirty made digits, {name}: three each of 0 to 9.",
        )


def compare(run: Run, judge: Judge, found: dict[str, Findings]) -> None:
    """Show what was found of real digits, of the baseline and of what models made."""
    run.table(
        "Made digits; the fewer are judged, the larger is the Frechet distance",
        ("digits", "judged", "recognised as asked", "rarest class", "commonest class",
         "Frechet distance", "to the nearest training digit", "variance within a class"),
        [
            (name, f"{f.judged:,}", f"{100 * f.recognised:.2f} %", f"{100 * f.shares.min():.1f} %",
             f"{100 * f.shares.max():.1f} %", f"{f.distance:.2f}", f"{f.nearest:.2f}",
             f"{f.spread:.2f}")
            for name, f in found.items()
        ],
    )  # fmt: skip
