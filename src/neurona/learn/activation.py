"""Page 4: slopes of activations, and weights to begin with."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def relu_slope(z):
    """The slope of ReLU, max(0, z), for each number of an array z; at 0 it is 0."""
    return np.where(z > 0, 1.0, 0.0)


def as_one_layer(W1, b1, W2, b2):
    """The one layer that does what (x W1 + b1) W2 + b2 does: its weights, and below them its bias.

    np.vstack([weights, bias]) puts the bias below as a last row.
    """
    return np.vstack([W1 @ W2, b1 @ W2 + b2])


def he_weights(inputs, outputs, seed):
    """Normal weights (inputs, outputs) of He's size, drawn by np.random.default_rng(seed)."""
    return drawn(inputs, outputs, seed, np.sqrt(2 / inputs))


def drawn(inputs, outputs, seed, std):
    """Normal random weights of a standard deviation."""
    return std * np.random.default_rng(seed).normal(size=(inputs, outputs))


SQUARE = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1.0, 0.5])
OTHER = np.array([[0.5, 1.0], [2.0, -1.0]]), np.array([-1.0, 2.0])

PAGE = Page(
    "Activations and initial weights",
    (
        Exercise(
            relu_slope,
            ((np.array([-2.0, -0.5, 0.0, 0.5, 3.0]),), (np.array([[4.0, -1.0], [0.0, 2.0]]),)),
            (
                (lambda z: np.maximum(z, 0), "that is ReLU itself; its slope is asked for."),
                (lambda z: np.where(z >= 0, 1.0, 0.0), "at exactly 0 it is to be 0."),
                (np.sign, "where ReLU is flat its slope is 0, not -1."),
                (np.ones_like, "where z is below 0, ReLU stays 0, and its slope is 0."),
                (lambda z: np.where(z > 0, 1.0, 0.2), "that is leaky ReLU's."),
            ),
            "above 0 ReLU rises as fast as z; below it does not rise at all.",
        ),
        Exercise(
            as_one_layer,
            ((*SQUARE, *OTHER), (*OTHER, *SQUARE)),
            (
                (
                    lambda W1, b1, W2, b2: np.vstack([W1 @ W2, b1 + b2]),
                    "b1 goes through the second layer, too.",
                ),
                (
                    lambda W1, b1, W2, b2: np.vstack([W1 @ W2, b2]),
                    "b1 is missing; it goes through the second layer.",
                ),
                (
                    lambda W1, b1, W2, b2: np.vstack([W2 @ W1, b1 @ W2 + b2]),
                    "x meets W1 first: W1 @ W2; the order counts.",
                ),
                (
                    lambda W1, b1, W2, b2: np.vstack([W1 * W2, b1 @ W2 + b2]),
                    "it is the product of matrices, @, not that of their numbers.",
                ),
                (
                    lambda W1, b1, W2, b2: np.vstack([W1 + W2, b1 + b2]),
                    "layers that follow one another are multiplied.",
                ),
                (lambda W1, b1, W2, b2: W1 @ W2, "the weights are right; the bias is missing."),
            ),
            "multiply (x W1 + b1) W2 + b2 out: what stands at x, and what stands alone?",
        ),
        Exercise(
            he_weights,
            ((100, 150, 0), (150, 50, 1)),
            (
                (
                    lambda inputs, outputs, seed: drawn(inputs, outputs, seed, 1.0),
                    "they have the standard deviation 1: multiply them by He's.",
                ),
                (
                    lambda inputs, outputs, seed: drawn(inputs, outputs, seed, 2 / inputs),
                    "2 / n is the variance; the standard deviation is its root.",
                ),
                (
                    lambda inputs, outputs, seed: drawn(inputs, outputs, seed, inputs**-0.5),
                    "ReLU stops one half: a 2 is missing under the root.",
                ),
                (
                    lambda inputs, outputs, seed: drawn(
                        inputs, outputs, seed, np.sqrt(2 / (inputs + outputs))
                    ),
                    "that is Glorot's size; He's looks at the inputs alone.",
                ),
                (
                    lambda inputs, outputs, seed: drawn(
                        inputs, outputs, seed, np.sqrt(2 / outputs)
                    ),
                    "the inputs of a neuron count, not the outputs.",
                ),
                (
                    lambda inputs, outputs, seed: np.zeros((inputs, outputs)),
                    "equal weights stay equal; draw them at random.",
                ),
            ),
            "draw them with normal(size=(inputs, outputs)); then times the root of 2 / inputs.",
            read=np.std,
            tolerance=0.02,
        ),
    ),
)
