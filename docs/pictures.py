"""Draws the pictures of the documentation: `python docs/pictures.py [NAME...]`."""

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from neurona import activations, initializers, layers, plots, utils
from neurona.classic import NeuralNetwork, Perceptron, compare_capacities
from neurona.datasets import make_moons

FOLDER = Path(__file__).parent / "images"


CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def step_and_sigmoid() -> Figure:
    """The two oldest ways to make an answer of a sum."""
    z = np.linspace(-6, 6, 601)
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(z, np.where(z > 0, 1.0, 0.0), label="step")
    axes.plot(z, activations.sigmoid(z).numpy(), label="sigmoid")
    axes.set(xlabel="z, the weighted sum and bias", ylabel="output of the neuron")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def and_gate() -> Figure:
    """The line that a perceptron finds for AND."""
    neuron = Perceptron(n_features=2, learning_rate=0.01, random_state=0)
    neuron.train(CORNERS, [0, 0, 0, 1])
    return plots.linear_boundary(neuron.weights, neuron.bias, CORNERS, [0, 0, 0, 1])


def xor_gate() -> Figure:
    """The band in which a trained network says 1."""
    network = NeuralNetwork(2, 4, 1, learning_rate=0.5, random_state=1)
    xor = np.array([[0], [1], [1], [0]])
    network.train(CORNERS, xor, epochs=5000, verbose=False)
    return network.visualize_decision_boundary(CORNERS, xor)


def four_activations() -> Figure:
    """The usual activations and their slopes."""
    return plots.activations(["sigmoid", "tanh", "relu", "leaky_relu"], columns=2)


def signal() -> Figure:
    """The size of a signal behind each of ten layers of ReLUs, by how the weights begin."""
    starts = {
        "weights of standard deviation 1": initializers.RandomNormal(stddev=1.0),
        "He": initializers.HeNormal(),
        "Glorot": initializers.GlorotUniform(),
        "weights of standard deviation 0.01": initializers.RandomNormal(stddev=0.01),
    }
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, start in starts.items():
        utils.set_random_seed(1)
        h, sizes = np.random.default_rng(0).normal(size=(200, 100)), []
        for _ in range(10):
            h = layers.Dense(100, "relu", kernel_initializer=start)(h)
            sizes.append(h.numpy().std())
        axes.semilogy(range(1, 11), sizes, "o-", markersize=4, label=name)
    axes.set(xlabel="behind layer", ylabel="standard deviation", xticks=range(1, 11))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def capacity() -> Figure:
    """Moons, and networks of more and more hidden neurons."""
    points, classes = make_moons(n_samples=200, noise=0.2, random_state=42)
    return compare_capacities(points, classes)


PICTURES = {
    "capacity": capacity,
    "step-sigmoid": step_and_sigmoid,
    "learn-and": and_gate,
    "learn-xor": xor_gate,
    "learn-activations": four_activations,
    "learn-signal": signal,
}


def main(names: list[str]) -> None:
    """Write the pictures of these names, or all."""
    for name in names or PICTURES:
        path, drawn = FOLDER / f"{name}.png", io.BytesIO()
        PICTURES[name]().savefig(drawn, dpi=60 if name.startswith("learn") else 80)
        few = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)  # a third of the size, and the same to the eye


if __name__ == "__main__":
    main(sys.argv[1:])
