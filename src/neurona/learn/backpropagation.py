"""Page 3: the chain rule through two layers."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def sigmoid_slope(a):
    """The slope of the sigmoid, from its output a."""
    return a * (1 - a)


def output_gradient(a1, a2, y):
    """dW2, the gradient of the mean cross-entropy, from a1 (n, hidden), a2 (n, 1) and y (n, 1)."""
    return a1.T @ (a2 - y) / len(y)


def hidden_error(dz2, W2, a1):
    """dz1, what the output's error dz2 (n, 1) makes of the hidden neurons, which are sigmoids."""
    return dz2 @ W2.T * sigmoid_slope(a1)


A1 = np.array([[0.2, 0.9, 0.5], [0.7, 0.1, 0.6]])
A2, Y = np.array([[0.8], [0.3]]), np.array([[1.0], [0.0]])
W2 = np.array([[1.0], [-2.0], [0.5]])

PAGE = Page(
    "A hidden layer, and backpropagation",
    (
        Exercise(
            sigmoid_slope,
            ((np.array([0.5, 0.1, 0.9]),), (np.array([[0.0, 1.0], [0.25, 0.75]]),)),
            (
                (
                    lambda a: 1 / (1 + np.exp(-a)) * (1 - 1 / (1 + np.exp(-a))),
                    "a is the sigmoid's output already: no second sigmoid.",
                ),
                (lambda a: 1 - a, "that is one factor of two: a times what is left to 1."),
                (lambda a: a * (a - 1), "the slope of the sigmoid is never negative."),
            ),
            "at a = 0.5 it is 0.25, the largest; at 0 and 1 it is 0.",
        ),
        Exercise(
            output_gradient,
            ((A1, A2, Y), (A1[:1], A2[:1], Y[:1])),
            (
                (lambda a1, a2, y: a1.T @ (a2 - y), "it is the mean over the samples."),
                (lambda a1, a2, y: -output_gradient(a1, a2, y), "the error is a2 - y."),
                (
                    lambda a1, a2, y: output_gradient(a1, (a2 - y) * sigmoid_slope(a2), 0 * y),
                    "with cross-entropy the slope of the output's sigmoid cancels: dz2 = a2 - y.",
                ),
                (lambda a1, a2, y: output_gradient(a1, a2, y).T, "it has the shape of W2."),
            ),
            "the error of the output times the input of each weight, the mean over samples.",
        ),
        Exercise(
            hidden_error,
            ((A2 - Y, W2, A1), (np.array([[1.0]]), W2, A1[:1])),
            (
                (lambda dz2, W2, a1: dz2 @ W2.T, "the slope of the hidden sigmoids is missing."),
                (
                    lambda dz2, W2, a1: dz2 @ W2.T * a1,
                    "the slope of a sigmoid is a1 * (1 - a1), not a1.",
                ),
                (
                    lambda dz2, W2, a1: dz2 * sigmoid_slope(a1),
                    "each hidden neuron gets the error through its weight in W2.",
                ),
            ),
            "the error goes back through W2.T, then times the slope of each hidden sigmoid.",
        ),
    ),
)
