"""xor: a hidden layer solves what no single neuron can.

No line parts the rows of XOR. Four hidden neurons bend the plane, and one output neuron parts what
they make of it: the 2-4-1 network of the textbooks, by plain gradient descent on all four rows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.classic import NeuralNetwork
from neurona.data.preparation import Arrays
from neurona.datasets import gates
from neurona.layers import Dense
from neurona.models import Sequential
from neurona.recipes.advice import Advice
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run


def perform(run: Run) -> None:
    """Train a 2-4-1 network on the truth table of XOR."""
    X, y = gates("xor")
    run.fact("samples", "4: the rows of the truth table, all of them used for training")
    run.fact("features", "2 inputs, each 0 or 1")
    run.fact("classes", "0 and 1; 1 where the inputs differ")

    settings = run.settings
    network = NeuralNetwork(
        2,
        settings.units or 4,
        1,
        learning_rate=settings.learning_rate,
        hidden_activation=settings.activation or "sigmoid",
        random_state=settings.seed,
    )
    started = time.perf_counter()
    network.train(X, y[:, None], epochs=settings.epochs, verbose=False)
    seconds = time.perf_counter() - started

    model = Sequential(
        [
            Dense(settings.units or 4, activation=settings.activation),
            Dense(1, activation="sigmoid"),
        ],
    )
    model.build((None, 2))
    model.set_weights([network.W1, network.b1[0], network.W2, network.b2[0]])
    model.preparation, model.class_names = Arrays((2,)), ("0", "1")
    run.keep(model, {"mean_squared_error": network.losses}, seconds)

    losses = network.losses
    run.picture(
        "history",
        "The error in each epoch",
        plots.loss_curve(losses),
        f"Mean squared error, from {losses[0]:.3g} to {losses[-1]:.3g} in {len(losses):,} epochs.",
    )
    answers = network.forward(X).ravel()
    run.picture(
        "decision_boundary",
        "How the plane was bent",
        plots.decision_boundary(network.forward, X, y),
        "The network's output over the plane; at the rows 00, 01, 10 and 11 it is "
        + ", ".join(f"{a:.3f}" for a in answers)
        + ".",
    )
    right = float((network.predict(X).ravel() == y).mean())
    run.advise([_advice(right, float(np.abs(answers - y).max()), settings)])
    run.score("mean squared error", losses[-1])
    run.score("accuracy", right)


def _advice(right: float, furthest: float, settings: Settings) -> Advice:
    if right < 1:
        return Advice(
            "Not all four rows are right: the descent got stuck, or had too few steps.",
            f"Another start (--seed {settings.seed + 1}), --epochs {2 * settings.epochs}, or more "
            "--units: with two hidden neurons instead of four, this happens often.",
        )
    return Advice(
        f"All rows are right; the output furthest from its target is off by {furthest:.3f}.",
        "Points between the rows, and noise, make it a real task: neurona train moons.",
    )


RECIPE = Recipe(
    name="xor",
    description="A 2-4-1 network learns XOR, which no single neuron can",
    defaults=Settings(epochs=5000, learning_rate=1.0, seed=1, units=4, activation="sigmoid"),
    perform=perform,
    data="the four rows of the table of XOR",
    model="2-4-1 with sigmoids, 17 numbers",
    reaches="accuracy 1, in a second",
    quick=Settings(epochs=5000, learning_rate=1.0, seed=1, units=4, activation="sigmoid"),
)
