"""What people ask about curves, gates and other small made data."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import layers, scaled, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def net(inputs: int, *parts: Any) -> Any:
    """Return what makes a network of layers given as functions."""
    return layers(lambda: nn.Input((inputs,)), *parts)


def unit(width: int, act: Any = None, **given: Any) -> Any:
    """Return what makes a Dense."""
    return lambda: L.Dense(width, act, **given)


def xor() -> Training:
    """Exclusive or, its four rows a hundred times."""
    x = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), (100, 1))
    y = (x[:, :1] != x[:, 1:]).astype("float32")
    return Training(
        net(2, unit(16, "tanh"), unit(1, "sigmoid")),
        x, y, None, (x[:4], y[:4]),
        loss="binary_crossentropy",
        optimizer=adam(0.02),
        epochs=40,
    )  # fmt: skip


def curve(f: Any, low: float, high: float, rows: int = 1200) -> Training:
    """A function of one number; both standardised."""
    x = np.random.default_rng(0).uniform(low, high, (rows, 1))
    y = f(x)
    x, y = scaled(x, x), scaled(y, y)
    return Training(
        net(1, unit(32, "tanh"), unit(32, "tanh"), unit(1)),
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.01),
        epochs=40,
    )


def fourth() -> Training:
    """x to the fourth power."""
    return curve(lambda x: x**4, -100, 100)


def sine() -> Training:
    """Two periods of a sine."""
    return curve(np.sin, -6, 6)


def line() -> Training:
    """y = 2x - 1, seen at 200 places."""
    x = np.random.default_rng(0).uniform(-1, 4, (200, 1)).astype("float32")
    y = 2 * x - 1
    return Training(
        net(1, unit(8, "relu"), unit(1)),
        x, y, None, (x, y),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.02),
        epochs=40,
    )  # fmt: skip


def marks() -> Training:
    """Marks of 0 to 50 by four habits, as shares of 50."""
    random = np.random.default_rng(0)
    x = random.normal(size=(800, 4)).astype("float32")
    y = (1 / (1 + np.exp(-(x[:, :1] + 0.7 * x[:, 1:2] - 0.5 * x[:, 2:3])))).astype("float32")
    return Training(
        net(4, unit(16, "relu"), unit(1, "sigmoid")),
        **split(x[:600], y[:600]),
        test=(x[600:], y[600:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.01),
        epochs=30,
    )


def celsius() -> Training:
    """Fahrenheit of Celsius, by one neuron on scaled numbers."""
    c = np.random.default_rng(0).uniform(-40, 100, (300, 1))
    x, y = scaled(c, c), scaled(c * 1.8 + 32, c * 1.8 + 32)
    return line().but(model=net(1, unit(1)), x=x, y=y, test=(x, y), optimizer=sgd(0.1))


def circles() -> Training:
    """A disk within a ring."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 1200)
    angle, radius = random.uniform(0, 2 * np.pi, 1200), 1 + 1.2 * y + random.normal(0, 0.1, 1200)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype("float32")
    return Training(
        net(2, unit(16, "relu"), unit(16, "relu"), unit(1, "sigmoid")),
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        loss="binary_crossentropy",
        optimizer=adam(0.01),
        epochs=25,
    )


def unscaled_fourth(t: Training) -> Training:
    """x to 100, its fourth power to 1e8."""
    x = np.random.default_rng(0).uniform(-100, 100, (1200, 1)).astype("float32")
    y = x**4
    return t.but(
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        model=net(1, unit(50, "sigmoid"), unit(50, "elu"), unit(1)),
    )


def raw_degrees(t: Training) -> Training:
    """Degrees as they are, by SGD."""
    c = np.random.default_rng(0).uniform(-40, 100, (300, 1)).astype("float32")
    y = c * 1.8 + 32
    return t.but(x=c, y=y, test=(c, y))


def times_fifty(t: Training) -> Training:
    """Targets of 0 to 50 behind a sigmoid."""
    return t.to(lambda y: y * 50)


def no_bend(t: Training) -> Training:
    """No activation at all in between."""
    return t.but(model=net(2, unit(16), unit(16), unit(1, "sigmoid")))


def signs(t: Training) -> Training:
    """Labels of -1 and 1 for a cross-entropy."""
    return t.to(lambda y: y * 2 - 1)


def flat_targets(t: Training) -> Training:
    """Predictions of (n, 1) against targets of (n,), by a loss of one's own."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.square(nn.ops.reshape(y, (-1,)) - p))

    return t.but(loss=loss)


def backwards(t: Training) -> Training:
    """A loss that is to be maximised."""
    return t.but(loss=lambda y, p: -nn.ops.mean(nn.ops.abs(y - p)), optimizer=adam(0.05))


FAULTS = [
    # https://stats.stackexchange.com/questions/433365/xor-with-neural-network
    Fault("xor: no activation between the layers", "dense", xor, no_bend, ("GD207",)),
    # the same: the last quarter of the rows, all [1, 1], is never trained on
    Fault(
        "xor: one of four cases held out", "dense", xor,
        lambda t: t.but(x=np.sort(t.x, 0)[:300], y=t.y[:300]),
        ("GD510", "GD605", "GD110", "GD111", "GD602", "GD601", "GD203"),
    ),
    # https://github.com/keras-team/keras/issues/2711: SGD that is too slow for a saddle
    Fault(
        "xor: plain SGD of 0.001", "dense", xor, lambda t: t.but(optimizer=sgd(0.001)),
        ("GD507", "GD505"),
    ),
    # geek-questions.imtqy.com/articles/1237100: softmax of one output
    Fault(
        "xor: softmax of one unit", "dense", xor,
        lambda t: t.but(model=net(2, unit(16, "tanh"), unit(1, "softmax"))), ("GD203", "GD214"),
    ),
    # https://community.deeplearning.ai/t/loss-values-do-not-change/324182
    Fault(
        "line: ReLU at the end of a narrow net", "dense", line,
        lambda t: t.but(model=net(1, unit(4, "relu"), unit(2, "relu"), unit(1, "relu"))),
        ("GD204",),
    ),
    # stackoverflow.com/questions/52800582: why do I fail to predict y = x^4
    Fault("fourth power: nothing scaled", "dense", fourth, unscaled_fourth, ("GD104", "GD113")),
    # huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1: the same mark for everybody
    Fault("marks: up to 50 behind a sigmoid", "dense", marks, times_fifty, ("GD204",)),
    # https://stackoverflow.com/questions/37232782: nan loss when training a regression network
    Fault(
        "degrees: SGD on raw numbers", "dense", celsius, raw_degrees,
        ("GD104", "GD113", "GD401", "GD506", "GD502"),
    ),
    # a sine through a sigmoid, whose range is half of what is asked for
    Fault(
        "sine: sigmoid at the end", "dense", sine,
        lambda t: t.but(model=net(1, unit(32, "tanh"), unit(1, "sigmoid"))), ("GD204",),
    ),
    Fault(
        "sine: straight layers only", "dense", sine,
        lambda t: t.but(model=net(1, unit(32), unit(32), unit(1))), ("GD207",),
    ),
    # codemia.io/knowledge-hub/path/keras_binary_crossentropy_has_negative_values
    Fault("circles: labels of -1 and 1", "dense", circles, signs, ("GD102",)),
    Fault(
        "circles: one unit cuts no ring", "dense", circles,
        lambda t: t.but(model=net(2, unit(1, "sigmoid"))),
        ("GD602", "GD510", "GD508", "GD207", "GD511"),
    ),
    # https://stackoverflow.com/questions/47241622: softmax(1), labels of -1 and 1
    Fault(
        "circles: softmax of one unit, labels of -1 and 1", "dense", circles,
        lambda t: signs(t).but(model=net(2, unit(16, "relu"), unit(1, "softmax"))),
        ("GD203", "GD102", "GD214"),
    ),
    # target size (n) is different to the input size (n, 1)
    Fault("sine: (n,) against (n, 1) in a loss of one's own", "dense", sine, flat_targets,
          ("GD308", "GD103", "GD510")),
    Fault("sine: error of the wrong sign", "dense", sine, backwards,
          ("GD203", "GD502", "GD506", "GD401", "GD510")),
    Fault(
        "sine: Adam of 0.5", "dense", sine, lambda t: t.but(optimizer=adam(0.5)),
        ("GD506", "GD502", "GD504", "GD505"),
    ),
    Fault(
        "circles: twelve narrow sigmoid layers", "dense", circles,
        lambda t: t.but(model=net(2, *[unit(8, "sigmoid")] * 12, unit(1, "sigmoid"))),
        ("GD304", "GD501", "GD303", "GD307"),
    ),
]  # fmt: skip
