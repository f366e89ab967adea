"""Page 1: a neuron's output, by hand."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def weighted_sum(x, w, b):
    """The sum of the inputs, each times its weight, plus the bias."""
    return np.dot(w, x) + b


def neuron(x, w, b):
    """The sigmoid 1 / (1 + e^-z) of the weighted sum z."""
    return 1 / (1 + np.exp(-weighted_sum(x, w, b)))


def bias():
    """The bias with which a neuron of weights 2 and -1 gives exactly 0.5 for the inputs 3 and 1."""
    return -5.0


CASES = (
    (np.array([1.0, 2.0]), np.array([0.5, -0.25]), 0.75),
    (np.array([3.0, 1.0, -2.0]), np.array([1.0, 0.0, 0.5]), -1.0),
    (np.array([0.0]), np.array([4.0]), 2.0),
)

PAGE = Page(
    "One neuron",
    (
        Exercise(
            weighted_sum,
            CASES,
            (
                (lambda x, w, b: np.dot(w, x), "the bias b is not added."),
                (lambda x, w, b: w * x + b, "each product is right; they are to be added up."),
                (lambda x, w, b: np.dot(w, x) - b, "the bias is added, not taken away."),
                (lambda x, w, b: np.sum(x) + b, "each input counts with its weight."),
            ),
            "multiply each input by its weight, add the products, add b.",
        ),
        Exercise(
            neuron,
            CASES,
            (
                (weighted_sum, "that is the weighted sum; the sigmoid of it is asked for."),
                (lambda x, w, b: np.tanh(weighted_sum(x, w, b)), "that is the tanh."),
                (lambda x, w, b: weighted_sum(x, w, b) > 0, "that is a step, 0 or 1."),
                (
                    lambda x, w, b: 1 / (1 + np.exp(weighted_sum(x, w, b))),
                    "e is raised to minus z: look at the sign.",
                ),
                (lambda x, w, b: 1 / (1 + np.exp(-np.dot(w, x))), "the bias b is not added."),
            ),
            "take the weighted sum z first, then 1 / (1 + np.exp(-z)).",
        ),
        Exercise(
            bias,
            mistakes=(
                (lambda: 5.0, "the bias has to take away what the inputs bring."),
                (lambda: 0.0, "with a bias of 0 the weighted sum is 5, and its sigmoid 0.993."),
                (lambda: 0.5, "0.5 is what comes out of the sigmoid; which z goes into it?"),
            ),
            hint="the sigmoid is 0.5 where the weighted sum is 0.",
        ),
    ),
)
