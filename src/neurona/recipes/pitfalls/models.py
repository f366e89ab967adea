"""Pitfalls of the model: its activations, its initial weights, its loss."""

from __future__ import annotations

from neurona import initializers, losses, optimizers
from neurona.datasets import digits
from neurona.layers import Dense, Flatten, Input, Rescaling
from neurona.models import Sequential
from neurona.recipes.pitfalls.pitfall import Pitfall, Training


def sigmoids() -> Training:
    """Eight layers of sigmoids."""
    train, test = digits.load_data()
    hidden = [Dense(64, "sigmoid") for _ in range(8)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def relus() -> Training:
    """Eight layers of ReLUs."""
    train, test = digits.load_data()
    hidden = [Dense(64, "relu", kernel_initializer="he_normal") for _ in range(8)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def large_weights() -> Training:
    """Weights that make each layer's output larger than its input."""
    train, test = digits.load_data()
    start = initializers.RandomNormal(stddev=0.6)
    hidden = [Dense(64, "relu", kernel_initializer=start) for _ in range(6)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile(optimizers.SGD(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def he_weights() -> Training:
    """Weights that keep the size."""
    train, test = digits.load_data()
    start = "he_normal"
    hidden = [Dense(64, "relu", kernel_initializer=start) for _ in range(6)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile(optimizers.SGD(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def dead_units() -> Training:
    """Biases that keep every ReLU shut."""
    train, test = digits.load_data()
    shut = initializers.Constant(-6.0)
    hidden = [Dense(64, "relu", bias_initializer=shut) for _ in range(2)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def living_units() -> Training:
    """Biases of zero."""
    train, test = digits.load_data()
    shut = "zeros"
    hidden = [Dense(64, "relu", bias_initializer=shut) for _ in range(2)]
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, *hidden, Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def zero_weights() -> Training:
    """All weights zero."""
    train, test = digits.load_data()
    hidden = Dense(64, "tanh", kernel_initializer="zeros")
    last = Dense(10, "softmax", kernel_initializer="zeros")
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, hidden, last])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def random_weights() -> Training:
    """Weights as they are by default."""
    train, test = digits.load_data()
    hidden = Dense(64, "tanh")
    last = Dense(10, "softmax")
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, hidden, last])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=10)


def scores_as_probabilities() -> Training:
    """Raw scores, and a loss that takes them for probabilities."""
    train, test = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10)])
    loss = losses.SparseCategoricalCrossentropy()
    model.compile("adam", loss, ["accuracy"])
    return Training(model, train, test, epochs=10)


def scores_as_scores() -> Training:
    """A loss that is told that it gets scores."""
    train, test = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10)])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, ["accuracy"])
    return Training(model, train, test, epochs=10)


ALL = (
    Pitfall(
        "vanishing", "Vanishing gradients",
        "The loss stays where guessing is, epoch after epoch. A sigmoid's slope is at most 1/4, "
        "and the gradient of the first layer is a product of eight of them.",
        "An activation whose slope is 1 where it is open, and weights that fit it.",
        "GD303", sigmoids, relus,
    ),
    Pitfall(
        "exploding", "Exploding gradients",
        "The first losses are in the thousands, the next ones NaN. Each layer makes what goes "
        "through it several times larger, forward and backward.",
        "Weights that keep the size: He's for ReLUs. In recurrent networks also `clipnorm=1.0`.",
        "GD303", large_weights, he_weights,
    ),
    Pitfall(
        "dying-relu", "Dying ReLUs",
        "The loss does not move at all. A ReLU that is 0 for every sample has the slope 0, so that "
        "no gradient ever reaches its weights.",
        "Biases of zero and He's weights; where units die in training, a smaller learning rate, or "
        "leaky_relu, whose slope is never 0.",
        "GD305", dead_units, living_units,
    ),
    Pitfall(
        "bad-initialisation", "All weights alike",
        "The network guesses. Units with the same weights get the same gradients and stay copies "
        "of each other; with zeros no gradient passes at all.",
        "Random weights, as layers have them by default.",
        "GD208", zero_weights, random_weights,
    ),
    Pitfall(
        "wrong-loss", "A loss that takes scores for probabilities",
        "It learns something, then sticks, or the loss jumps. The loss takes the logarithm of "
        "numbers that may be negative and do not sum to 1.",
        "Tell the loss that it gets scores, or end the model in a softmax.",
        "GD202", scores_as_probabilities, scores_as_scores,
    ),
)  # fmt: skip
