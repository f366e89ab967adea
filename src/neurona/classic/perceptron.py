"""The perceptron: one neuron with a step, and the rule that it learns by."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.classic.samples import as_floats
from neurona.errors import (
    DataError,
    ShapeError,
    absent,
    check_integer,
    check_number,
    checking_names,
)
from neurona.frames import door


class Perceptron:
    """One neuron: y = 1 if w . x + b > 0, else 0.

    The perceptron rule corrects after every wrong sample, w <- w + learning_rate * (target - y) * x
    and likewise b. It finds a separating line if there is one (AND), and never ends if there is
    none (XOR).

    Args:
        n_features: number of inputs.
        learning_rate: size of the corrections; it scales weights and bias alike, so it only
            matters against the small random start.
        random_state: seed of the start. By default NumPy's global generator is used, so that
            `np.random.seed(42)` before it has the effect that the textbooks show.

    Attributes:
        weights (n_features,), bias: what was learned.
        converged: whether the last `train` reached an epoch without an error.
        errors: wrong samples in each epoch of the last `train`.

    Source: Rosenblatt 1958.

    >>> import numpy as np
    >>> neuron = Perceptron(2, random_state=0)
    >>> neuron.train(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))
    Converged at epoch 4
    >>> neuron.predict([1, 1])
    1
    >>> neuron
    <Perceptron of 2 inputs: weights [0.01764052 0.00400157], bias -0.02>
    """

    @checking_names
    def __init__(
        self, n_features: int, learning_rate: float = 0.01, random_state: int | None = None
    ) -> None:
        n_features = check_integer("n_features", n_features, minimum=1)
        self.learning_rate = check_number("learning_rate", learning_rate, low=0, open=True)
        generator: Any = np.random if random_state is None else np.random.RandomState(random_state)
        self.weights = generator.randn(n_features) * 0.01
        self.bias = 0.0
        self.converged = False
        self.errors: list[int] = []

    def __getattr__(self, name: str) -> Any:
        raise absent(self, name)

    def __repr__(self) -> str:
        count = len(self.weights)
        learned = f"weights {self.weights}, bias {self.bias:.4g}"
        return f"<Perceptron of {count} input{'s' if count > 1 else ''}: {learned}>"

    def activate(self, x: Any) -> Any:
        """Return 1 where x > 0, else 0: a number for a number, an array for an array."""
        y = (np.asarray(x) > 0).astype(int)
        return int(y) if y.ndim == 0 else y

    def predict(self, X: Any) -> Any:
        """Return the class of one row (an int) or of many rows (an array).

        Shapes: X (n_features,) -> int, or X (N, n_features) -> (N,).
        """
        return self.activate(self._rows(X) @ self.weights + self.bias)

    @checking_names
    @door
    def train(self, X: Any, y: Any, epochs: int = 100) -> None:
        """Learn by the perceptron rule until an epoch passes without an error.

        Prints "Converged at epoch N" then (the first is 1), and nothing if `epochs` pass before.

        Args:
            X: samples (N, n_features).
            y: classes 0 and 1, (N,).
            epochs: passes over the samples at most.

        Raises:
            DataError: if X and y have different lengths, or a class is neither 0 nor 1.
        """
        X, y = self._rows(X), as_floats("y", y).ravel()
        if X.ndim != 2 or len(X) != len(y):
            raise DataError("Perceptron: one target for each row.", got=f"X {X.shape}, y {y.shape}")
        if not len(X):
            raise DataError("Perceptron: there are no samples.", got=f"X {X.shape}")
        if not np.isin(y, (0, 1)).all():
            raise DataError(
                "Perceptron: the classes are 0 and 1.",
                got=", ".join(f"{c:g}" for c in np.unique(y)[:5]),
                hint="(y + 1) / 2" if set(np.unique(y)) == {-1, 1} else "",
            )
        self.errors, self.converged = [], False
        for epoch in range(1, 1 + check_integer("epochs", epochs, minimum=0)):
            wrong = 0
            for x, target in zip(X, y, strict=True):
                error = target - self.predict(x)
                if error:
                    self.weights = self.weights + self.learning_rate * error * x
                    self.bias += self.learning_rate * error
                    wrong += 1
            self.errors.append(wrong)
            if not wrong:
                self.converged = True
                print(f"Converged at epoch {epoch}")
                break

    def visualize_decision_boundary(self, X: Any, y: Any) -> Any:
        """Draw two-dimensional samples and the separating line; returns the Figure."""
        from neurona import plots

        return plots.linear_boundary(self.weights, self.bias, np.asarray(X), np.asarray(y))

    def _rows(self, X: Any) -> np.ndarray:
        rows = as_floats("X", X)
        if rows.ndim not in (1, 2) or rows.shape[-1] != len(self.weights):
            raise ShapeError(
                "Perceptron: wrong number of features.",
                got=f"X {rows.shape}",
                expected=f"({len(self.weights)},) or (N, {len(self.weights)})",
            )
        return rows
