"""Pitfalls of the training: too few samples, too small steps."""

from __future__ import annotations

from neurona import optimizers
from neurona.callbacks import EarlyStopping
from neurona.datasets import digits
from neurona.layers import Dense, Dropout, Flatten, Input, Rescaling
from neurona.models import Sequential
from neurona.recipes.pitfalls.pitfall import Pitfall, Training


def by_heart() -> Training:
    """Sixty samples, learnt two hundred times."""
    (x, y), test = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(256, "relu"), Dense(10, "softmax")])
    rate = optimizers.Adam(0.01)
    model.compile(rate, "sparse_categorical_crossentropy", ["accuracy"])
    few = x[:60], y[:60]
    return Training(model, few, test, epochs=200)


def stopped_early() -> Training:
    """More samples, dropout, and an end when validation turns."""
    (x, y), test = digits.load_data()
    stop = EarlyStopping(patience=10, restore_best_weights=True)
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten(), Dropout(0.5)]
    model = Sequential([*pixels, Dense(256, "relu"), Dense(10, "softmax")])
    rate = optimizers.Adam(0.01)
    model.compile(rate, "sparse_categorical_crossentropy", ["accuracy"])
    few = x[:600], y[:600]
    return Training(model, few, test, epochs=200, callbacks=[stop])


def small_steps() -> Training:
    """A learning rate that is a thousand times too small."""
    train, test = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10, "softmax")])
    rate = optimizers.SGD(1e-5)
    model.compile(rate, "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=20)


def larger_steps() -> Training:
    """The rate that nn.lr_finder suggests, about."""
    train, test = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10, "softmax")])
    rate = optimizers.SGD(0.1)
    model.compile(rate, "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, train, test, epochs=20)


ALL = (
    Pitfall(
        "overfitting", "Overfitting",
        "The training loss falls to nothing, that of the validation rises: sixty samples are "
        "learnt by heart, noise and all.",
        "More samples, dropout, and an end when validation has turned, with the best weights.",
        "GD601", by_heart, stopped_early,
    ),
    Pitfall(
        "poor-convergence", "Poor convergence",
        "The loss falls, but so slowly that the training would take days. Nothing else is wrong.",
        "A larger rate: `nn.lr_finder(model, x, y)` suggests one. Adam needs less luck than SGD.",
        "GD507", small_steps, larger_steps,
    ),
)  # fmt: skip
