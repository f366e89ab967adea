"""and: one neuron learns a logic gate, and stops when it makes no more mistakes.

The perceptron of 1958 looks at one row of the truth table at a time and corrects itself after each
mistake. AND can be parted by a line, so it gets there; `neurona train xor` is the gate that cannot.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.classic import Perceptron
from neurona.data.preparation import Arrays
from neurona.datasets import gates
from neurona.layers import Dense
from neurona.models import Sequential
from neurona.recipes.advice import Advice
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run


def perform(run: Run) -> None:
    """Train a perceptron on the truth table of AND."""
    X, y = gates("and")
    run.fact("samples", "4: the rows of the truth table, all of them used for training")
    run.fact("features", "2 inputs, each 0 or 1")
    run.fact("classes", "0 and 1; 1 where both inputs are 1")

    settings = run.settings
    neuron = Perceptron(2, learning_rate=settings.learning_rate, random_state=settings.seed)
    started = time.perf_counter()
    neuron.train(X, y, epochs=settings.epochs)
    seconds = time.perf_counter() - started

    model = Sequential([Dense(1, activation="step")])  # the same neuron as a model's file
    model.build((None, 2))
    model.set_weights([neuron.weights[:, None], np.array([neuron.bias])])
    model.preparation, model.class_names = Arrays((2,)), ("0", "1")
    run.keep(model, {"errors": [float(e) for e in neuron.errors]}, seconds, "NumPy alone")

    errors = neuron.errors
    curve = plots.loss_curve(errors, log=False)
    curve.axes[0].set(title="Mistakes in each epoch", ylabel="mistakes")
    run.picture(
        "errors",
        "Mistakes in each epoch",
        curve,
        f"Mistakes in each of {len(errors)} epochs: {', '.join(map(str, errors))}.",
    )
    w, b = neuron.weights, neuron.bias
    run.picture(
        "decision_boundary",
        "The line that the neuron drew",
        plots.linear_boundary(w, b, X, y),
        f"The four rows as points, and the line {w[0]:.3g} x1 + {w[1]:.3g} x2 {b:+.3g} = 0.",
    )
    run.advise([_advice(neuron.converged, len(errors))])
    run.score("epochs", len(errors))
    run.score("accuracy", float((neuron.predict(X) == y).mean()))


def _advice(converged: bool, epochs: int) -> Advice:
    if not converged:
        return Advice(
            f"After {epochs} epochs there are still mistakes.",
            f"More epochs: --epochs {10 * epochs}. For AND, the rule always ends.",
        )
    return Advice(
        f"Converged: epoch {epochs} passed without a mistake, so nothing changes any more.",
        "The gate that one neuron cannot learn, and the layer that solves it: neurona train xor.",
    )


RECIPE = Recipe(
    name="and",
    description="One neuron learns the AND gate: the perceptron of 1958",
    defaults=Settings(epochs=100, learning_rate=0.1, seed=0),
    perform=perform,
    data="the four rows of the table of AND",
    model="a perceptron: two weights and a bias",
    reaches="accuracy 1 after a few epochs, in a second; on XOR it never gets there",
    quick=Settings(epochs=100, learning_rate=0.1, seed=0),
)
