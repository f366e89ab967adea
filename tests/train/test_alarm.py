"""Training that goes wrong says so in one line, once; healthy training says nothing."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona.layers import Conv2D, Dense, Flatten, Input, Softmax
from neurona.optimizers import SGD

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = (X @ [1.0, -2.0, 0.5, 0.0])[:, None].astype("float32")
CLASSES = (Y[:, 0] > 0).astype("int32")


def warned(run):
    """Return the texts of the warnings."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run()
    assert all(w.filename == __file__ for w in found)  # at the user's line
    return [str(w.message) for w in found]


def linear(rate, loss="mse", units=1, engine=None, **how):
    model = nn.Sequential([Input((4,)), Dense(units, **how)])
    model.compile(SGD(rate), loss, engine=engine)
    return model


@pytest.mark.parametrize("callbacks", [None, [nn.callbacks.LambdaCallback(on_epoch_end=print)]])
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_loss_that_is_no_number(callbacks, engine, capsys):
    model = linear(1e18, engine=engine)
    told = warned(lambda: model.fit(X, Y, epochs=6, verbose=0, callbacks=callbacks))
    assert len(told) == 1  # once, whether epochs run one by one or in one call
    assert "the loss is " in told[0]
    assert "in epoch" in told[0]
    assert "try a smaller learning_rate, or clipnorm=1.0" in told[0]
    assert not np.isfinite(model.history.history["loss"][-1])


def test_terminate_on_nan_tells_it_alone(capsys):
    told = warned(
        lambda: linear(1e30).fit(X, Y, 8, 3, verbose=0, callbacks=[nn.callbacks.TerminateOnNaN()])
    )
    assert not any("no later step can mend" in text for text in told)


def test_a_loss_that_explodes():
    (told,) = warned(lambda: linear(1.5).fit(X, Y, 32, 12, verbose=0))
    assert told.startswith("the loss explodes: ")
    assert "in the first epoch" in told
    loud = linear(1000.0, "sparse_categorical_crossentropy", 2, activation="softmax")
    (told,) = warned(lambda: loud.fit(100 * X, CLASSES, 1, 1, verbose=0))
    assert "where guessing the class has 0.69" in told
    assert "(values up to about 1 are best)" in told


@pytest.mark.parametrize(
    ("layers", "loss", "activation"),
    [
        ([Dense(2)], "sparse_categorical_crossentropy", "softmax"),
        ([Dense(8, "relu"), Dense(2, "relu")], "sparse_categorical_crossentropy", "softmax"),
        ([Dense(1)], "binary_crossentropy", "sigmoid"),
        ([Dense(1, "tanh")], nn.losses.BinaryFocalCrossentropy(), "sigmoid"),
        ([nn.layers.Reshape((2, 2, 1)), Conv2D(2, 2), Flatten()],
         "sparse_categorical_crossentropy", "softmax"),
    ],
)  # fmt: skip
def test_a_missing_activation(layers, loss, activation):
    model = nn.Sequential([Input((4,)), *layers])
    model.compile("adam", loss)

    def run():
        model.fit(X, CLASSES, verbose=0)
        model.fit(X, CLASSES, verbose=0)  # once

    (told,) = warned(run)
    assert f"takes probabilities, but the model ends in scores, without a {activation}" in told
    assert f"activation='{activation}', or the loss from_logits=True" in told


class Own(nn.Model):
    """A model of one's own, whose end no list of layers shows."""

    def __init__(self, end=None, **common):
        super().__init__(**common)
        self.decide, self.end = Dense(2), end

    def call(self, x):
        y = self.decide(x)
        return y if self.end is None else self.end(y)


def normalised(y):
    """Probabilities by hand."""
    y = nn.ops.exp(y)
    return y / nn.ops.sum(y, axis=-1, keepdims=True)


def mixture(y):
    """Probabilities that are a sum of probabilities."""
    return 0.5 * nn.ops.softmax(y) + 0.5 * nn.ops.softmax(-y)


def trained(model, loss="sparse_categorical_crossentropy", y=CLASSES):
    model.compile("adam", loss)
    model.fit(X, y, epochs=3, verbose=0)


def test_models_of_ones_own():
    (told,) = warned(lambda: trained(Own()))
    assert "the model ends in scores" in told
    for end in (nn.ops.softmax, normalised, mixture, Softmax()):
        assert not warned(lambda end=end: trained(Own(end)))


class Adversary(nn.Model):
    """A `train_step` of one's own may have a loss that rises."""

    def __init__(self, **common):
        super().__init__(**common)
        self.unit = Dense(1)

    def call(self, x):
        return self.unit(x)

    def train_step(self, data):
        self.unit(data[0])
        self.optimizer.iterations.assign_add(1)
        return {"loss": 2.0 ** nn.ops.cast(self.optimizer.iterations, "float32")}


class OfScores(nn.losses.Loss):
    """A loss of one's own that takes scores, whatever it is called."""

    def call(self, y_true, y_pred):
        log_p = nn.ops.log_softmax(y_pred)
        return -nn.ops.mean(nn.ops.one_hot(y_true, 2) * log_p, axis=-1)


@pytest.mark.parametrize(
    "loss", [OfScores(name="my_crossentropy"), nn.zoo.SmoothedCrossentropy(0.1, ignore_class=-1)]
)
def test_a_loss_of_ones_own_may_take_scores(loss):
    assert not warned(lambda: trained(Own(), loss))


def test_the_loss_that_fits_the_shapes_takes_probabilities():
    (told,) = warned(lambda: trained(Own(), "crossentropy"))
    assert "without a softmax" in told


def test_healthy_training_is_silent():
    assert not warned(lambda: linear(0.05).fit(X, Y, epochs=300, verbose=0))  # down to noise
    with_logits = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert not warned(lambda: trained(Own(), with_logits))
    assert not warned(lambda: trained(linear(0.1, None, 2, activation="softmax")))
    assert not warned(lambda: trained(linear(0.1), "mse", 1e6 * Y))
    assert not warned(lambda: trained(linear(0.1), "hinge"))
    model = Adversary()
    model.compile("adam")
    assert not warned(lambda: model.fit(X, Y, epochs=8, verbose=0))
