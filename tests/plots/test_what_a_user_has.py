"""What a beginner passes to a plot is drawn, or the message says what it takes."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, plots
from neurona.errors import NeuronaError

rng = np.random.default_rng(0)
IMAGE, BATCH, PIXELS = rng.random((8, 8)), rng.random((4, 8, 8)), rng.random((4, 8, 8, 1))
LABELS, Y = [0, 1, 2, 1], [0, 1] * 6
X = rng.random((12, 2)).astype(np.float32)


def small():
    return nn.Sequential(
        [layers.Input((2,)), layers.Dense(3, "relu"), layers.Dense(2, activation="softmax")]
    )


@pytest.fixture(scope="module")
def model():
    trained = small()
    trained.compile("adam", "sparse_categorical_crossentropy")
    trained.fit(X, np.array(Y), epochs=2, verbose=0)
    return trained


@pytest.fixture(scope="module")
def cnn():
    return nn.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, "softmax")])


def unbuilt():
    fresh = nn.Sequential([layers.Dense(3, "relu"), layers.Dense(2, activation="softmax")])
    fresh.compile("adam", "sparse_categorical_crossentropy")
    return fresh


DRAWN = {
    "one image": lambda m, c: plots.samples(IMAGE),
    "one of a batch": lambda m, c: plots.samples(PIXELS[0]),
    "one in colours": lambda m, c: plots.samples(rng.random((8, 8, 3))),
    "one with its label": lambda m, c: plots.samples(np.eye(9), 3),
    "one flat": lambda m, c: plots.samples(IMAGE.ravel()),
    "labels in a list": lambda m, c: plots.samples(BATCH, LABELS),
    "texts": lambda m, c: plots.samples(BATCH, ["a", "b", "c", "d"]),
    "a list of images": lambda m, c: plots.samples([IMAGE, IMAGE]),
    "a Tensor": lambda m, c: plots.samples(nn.tensor(BATCH)),
    "one mistake": lambda m, c: plots.misclassified(IMAGE, 1, 2),
    "mistakes of a model": lambda m, c: plots.misclassified(PIXELS, LABELS, c),
    "gradients of a model": lambda m, c: plots.gradient_flow(m, X, Y),
    "gradients, not built": lambda m, c: plots.gradient_flow(unbuilt(), X, Y),
    "weights in a list": lambda m, c: plots.weights(m.get_weights()),
    "a History": lambda m, c: plots.history(m.history),
    "a dict": lambda m, c: plots.history(m.history.history),
    "a model with a history": lambda m, c: plots.history(m),
    "losses of a History": lambda m, c: plots.loss_curve(m.history),
    "losses of a model": lambda m, c: plots.loss_curve(m),
    "rate of an optimiser": lambda m, c: plots.learning_rate(nn.optimizers.Adam(0.1)),
    "rate of a model": lambda m, c: plots.learning_rate(m),
    "not compiled": lambda m, c: plots.decision_boundary(small(), X, Y),
    "a function": lambda m, c: plots.activations(nn.activations.relu),
    "attention alone": lambda m, c: plots.attention(rng.random((3, 3))),
    "one spectrogram": lambda m, c: plots.spectrograms(rng.random((5, 6))),
    "texts as classes": lambda m, c: plots.confusion_matrix(["a", "b"], ["a", "a"]),
}
TOLD = {  # what is passed: what the message says
    "img_to_array": lambda m, c: plots.samples("cat.png"),
    "two arguments: images, labels": lambda m, c: plots.samples((BATCH, LABELS)),
    "one batch of it": lambda m, c: plots.samples(nn.data.batches(BATCH, LABELS, 2)),
    "model.predict(x)": lambda m, c: plots.confusion_matrix(m, X),
    "model.get_weights()": lambda m, c: plots.linear_boundary(m, None, X, Y),
    "gradient_flow(model, x[:64], y[:64])": lambda m, c: plots.gradient_flow(m),
    "model.compile(": lambda m, c: plots.gradient_flow(small(), X, Y),
    "or a compiled model with x and y": lambda m, c: plots.gradient_flow([X, X]),
    "model.fit(X, y)": lambda m, c: plots.history(small()),
    "schedules.CosineDecay": lambda m, c: plots.learning_rate("cosine"),
    "must be callable": lambda m, c: plots.decision_boundary(X, Y, m),
    "decision_boundary(model, X, y)": lambda m, c: plots.boundary_grid(m, X, Y),
    "dict from name to number": lambda m, c: plots.bars([1, 2], "s"),
    "dict from name to numbers": lambda m, c: plots.lines([1, 2, 3]),
    "dict from name to images": lambda m, c: plots.image_rows(BATCH),
    "np.stack([x, y], axis=1)": lambda m, c: plots.scatter([1, 2, 3], [1, 2, 3]),
    "one of several: images[0]": lambda m, c: plots.feature_maps(c, PIXELS),
    "build the model": lambda m, c: plots.weights(nn.Sequential([layers.Dense(3)])),
}


def test_what_a_user_has_is_drawn(model, cnn):
    for name, draw in DRAWN.items():
        assert draw(model, cnn).axes, name
    assert len(plots.gradient_flow(model, X, Y).axes[0].get_yticklabels()) == 2


def test_what_cannot_be_drawn_says_what_is_wanted(model, cnn):
    for text, draw in TOLD.items():
        with pytest.raises(NeuronaError) as caught:
            draw(model, cnn)
        assert text in str(caught.value), (text, str(caught.value))
