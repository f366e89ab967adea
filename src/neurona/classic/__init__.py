"""The textbooks' networks, with the textbooks' own method names: where everybody starts."""

from neurona.classic.capacity import compare_capacities
from neurona.classic.network import NeuralNetwork
from neurona.classic.perceptron import Perceptron

__all__ = ["NeuralNetwork", "Perceptron", "compare_capacities", "plot_activations"]


def plot_activations():
    """Draw sigmoid, tanh, ReLU and leaky ReLU with their derivatives; returns the Figure."""
    from neurona import plots

    return plots.activations()
