"""Verdict: how good a network is beside the baselines, and whether it is worth its trouble."""

from __future__ import annotations

import dataclasses

import numpy as np

NOT_WORTH = "a network is not worth it here"
SKEWED = 0.8  # share of the commonest class from which all classes count alike
OUTLIER = 10.0  # times the middle half of a target's values beside it: errors count, not squares


@dataclasses.dataclass(frozen=True)
class Measure:
    """How predictions are judged: each sample has a merit, each score is a mean of them.

    Args:
        classes: how many; 0 for numbers.
        even: whether each class counts as much as each other, however rare.
        robust: whether errors of numbers count by their size, and not by their square.
    """

    classes: int
    even: bool = False
    robust: bool = False

    @property
    def name(self) -> str:
        """Of the score, as reports tell it."""
        if self.classes:
            return "balanced test accuracy" if self.even else "test accuracy"
        return "test mean absolute error" if self.robust else "test R2"

    @property
    def meaning(self) -> str:
        """What the score is, in a sentence."""
        if self.even:
            return (
                "the mean of the shares that are right in each class, since one class has more "
                f"than {100 * SKEWED:.0f} % of the samples"
            )
        if self.classes:
            return "the share of samples that are classified correctly"
        if self.robust:
            return "how far off predictions are in the mean, since the target has far outliers"
        return "1 less the squared errors over those of the mean: 1 is perfect, 0 no better"

    def merits(self, y: np.ndarray, said: np.ndarray) -> np.ndarray:
        """Return the merit of each prediction (N,): 1 or 0 for classes, else less the error."""
        if self.classes:
            return (said == y).astype(np.float64)
        return -np.abs(said - y) if self.robust else -((said - y) ** 2)

    def mean(self, y: np.ndarray, merits: np.ndarray) -> tuple[float, float]:
        """Return the mean of merits, or of the means of classes, and its standard error.

        >>> Measure(2, even=True).mean(np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 1.0, 0.0]))[0]
        0.5
        """
        groups = [np.ones(len(y), bool)]
        if self.even:
            groups = [y == number for number in np.unique(y)]
        means = [float(merits[own].mean()) for own in groups]
        variances = [
            float(merits[own].var(ddof=1)) / own.sum() if own.sum() > 1 else 1.0 for own in groups
        ]
        return float(np.mean(means)), float(np.sqrt(np.sum(variances))) / len(groups)

    def score(self, y: np.ndarray, said: np.ndarray, constant: np.ndarray) -> tuple[float, float]:
        """Return the score and its standard error.

        Args:
            y, said: what is true, and what was said.
            constant: what is said without looking, from which an R2 counts.
        """
        mean, error = self.mean(y, self.merits(y, said))
        if self.classes:
            return mean, error
        if self.robust:
            return -mean, error
        whole = float(((y - constant) ** 2).mean()) or 1.0
        return 1 + mean / whole, error / whole


def measure(y: np.ndarray, classes: int) -> Measure:
    """Return how predictions of a target are to be judged.

    >>> measure(np.array([0] * 9 + [1]), 2).even, measure(np.arange(10) % 2, 2).even
    (True, False)
    """
    if classes:
        return Measure(classes, even=float(np.bincount(y).max() / len(y)) > SKEWED)
    low, middle, high = np.percentile(y, (25, 50, 75))
    far = np.abs(y - middle).max() > OUTLIER * (high - low) > 0
    return Measure(0, robust=bool(far))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A network beside the baselines.

    Attributes:
        measure: how they were judged.
        scores: (score, standard error) by name, the network's last.
        best: the best baseline.
        gain, error: of the network over it, as means of merits on the same samples.
    """

    measure: Measure
    scores: dict[str, tuple[float, float]]
    best: str
    gain: float
    error: float

    @property
    def worth(self) -> bool:
        """Whether the network is better than the best baseline, beyond chance."""
        return self.gain > self.error and self.gain > 0

    def told(self) -> str:
        """Return the verdict as a sentence."""
        *_, (network, _) = self.scores.values()
        base = self.scores[self.best][0]
        beside = f"{network:.4g} beside {base:.4g} of {self.best}"
        if self.worth:
            return f"the network is worth it: {beside}, more than chance explains"
        what = "better" if self.gain < -self.error else "as good"
        return f"{NOT_WORTH}: {self.best} is {what} ({beside})"


def judged(y: np.ndarray, said: dict[str, np.ndarray], how: Measure) -> Verdict:
    """Return the verdict on predictions by name: the first guesses, the last is the network.

    >>> y = np.arange(100) % 2
    >>> said = {"the commonest class": 0 * y, "network": y}
    >>> judged(y, said, Measure(2)).told()
    'the network is worth it: 1 beside 0.5 of the commonest class, more than chance explains'
    """
    constant = next(iter(said.values()))
    *names, network = said
    merits = {name: how.merits(y, values) for name, values in said.items()}
    best = max(names, key=lambda name: how.mean(y, merits[name])[0])
    gain, error = how.mean(y, merits[network] - merits[best])
    scores = {name: how.score(y, values, constant) for name, values in said.items()}
    return Verdict(how, scores, best, gain, error)
