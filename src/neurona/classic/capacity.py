"""How the number of hidden neurons bounds what a network can express."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.classic.network import NeuralNetwork
from neurona.classic.samples import as_floats
from neurona.errors import ArgumentError, ShapeError


def compare_capacities(
    X: Any,
    y: Any,
    hidden_sizes: Sequence[int] = (2, 4, 8, 16),
    *,
    epochs: int = 5000,
    learning_rate: float = 0.5,
    random_state: int | None = 0,
) -> Any:
    """Train networks of several widths on the same samples and draw their decision boundaries.

    Args:
        X: samples (N, 2).
        y: classes 0 and 1, (N,).
        hidden_sizes: hidden neurons of each network.
        epochs, learning_rate: of the training.
        random_state: seed of the networks' starts.

    Returns:
        The Figure, with a panel for each network that names its width and its accuracy.
    """
    if not hidden_sizes:
        raise ArgumentError("there is no size to compare.", got="hidden_sizes=()")
    from neurona import plots

    X, y = as_floats("X", X), np.asarray(y).ravel()
    if X.ndim != 2 or X.shape[1] != 2:  # before minutes of training
        raise ShapeError(
            "a boundary on the plane needs exactly two features.",
            got=f"X {X.shape}",
            expected="X (N, 2)",
        )
    networks = {}
    for size in hidden_sizes:
        network = NeuralNetwork(X.shape[1], size, 1, learning_rate, random_state=random_state)
        network.train(X, y, epochs=epochs, verbose=False)
        networks[f"{size} hidden neurons"] = network.forward
    return plots.boundary_grid(networks, X, y)
