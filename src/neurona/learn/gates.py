"""Page 2: the step, the perceptron's rule, and a gate of one's own."""

import numpy as np

from neurona.learn.exercise import Exercise, Page

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def step(z):
    """1 where z is above 0, and 0 elsewhere, for each number of an array z."""
    return np.where(z > 0, 1.0, 0.0)


def corrected(w, b, x, target, rate):
    """The weights and, after them, the bias that the perceptron's rule makes of one sample."""
    error = target - step(np.dot(w, x) + b)
    return np.append(w + rate * error * x, b + rate * error)


def nand():
    """Two weights and a bias, [w1, w2, b], of a neuron with a step that is 0 for (1, 1) only."""
    return np.array([-1.0, -1.0, 1.5])


def outputs(gate):
    """What a neuron of these weights and this bias says of the four corners."""
    return step(CORNERS @ gate[:2] + gate[2])


def wrong_way(w, b, x, target, rate):
    """The rule with its sign turned."""
    return np.append(2 * w, 2 * b) - corrected(w, b, x, target, rate)


def weights_alone(w, b, x, target, rate):
    """The rule without the bias."""
    return np.append(corrected(w, b, x, target, rate)[:-1], b)


PAGE = Page(
    "AND, OR, and why XOR fails",
    (
        Exercise(
            step,
            ((np.array([-2.0, -0.1, 0.0, 0.1, 3.0]),), (np.array([[1.0, -1.0], [0.0, 2.0]]),)),
            (
                (lambda z: np.where(z >= 0, 1.0, 0.0), "at exactly 0 the neuron stays quiet: 0."),
                (np.sign, "below 0 it is 0, not -1."),
                (lambda z: np.maximum(z, 0), "that is ReLU: it lets positive numbers through."),
            ),
            "np.where(condition, 1, 0) decides for each number.",
        ),
        Exercise(
            corrected,
            (
                (np.array([0.5, -0.5]), 0.25, np.array([1.0, 1.0]), 0, 0.1),
                (np.array([-0.5, 0.25]), 0.0, np.array([1.0, 0.0]), 1, 0.5),
                (np.array([0.5, 0.5]), 0.1, np.array([1.0, 1.0]), 1, 0.1),
            ),
            (
                (wrong_way, "it goes the wrong way: the error is target - output."),
                (weights_alone, "the bias learns too, as the weight of an input that is always 1."),
                (
                    lambda w, b, x, target, rate: corrected(w, b, x, target, 1.0),
                    "the correction is multiplied by the rate.",
                ),
                (
                    lambda w, b, x, target, rate: np.append(w, b),
                    "nothing changed; where the output is wrong, weights and bias move.",
                ),
            ),
            "find the error first; then weights and bias move by rate, error and input.",
        ),
        Exercise(
            nand,
            mistakes=(
                (lambda: np.array([1.0, 1.0, -1.5]), "that is AND; turn all signs around."),
                (lambda: np.array([-1.0, -1.0, 0.5]), "that is NOR: (0, 1) and (1, 0) are 1 too."),
            ),
            hint="try each corner: w1 * x1 + w2 * x2 + b must be above 0 in three of them.",
            read=outputs,
        ),
    ),
)
