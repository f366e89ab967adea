"""The code that readers of blog posts write, with our import line, and PyTorch's ways.

Small data, in our own words; each test is a script as a newcomer would type it.
"""

import os

import numpy as np
import pytest

import neurona as keras
import neurona as nn
from neurona import layers, models, regularizers
from neurona.classic import NeuralNetwork, Perceptron, compare_capacities, plot_activations
from neurona.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)
from neurona.models import Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay, ExponentialDecay

X_XOR, Y_AND, Y_XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 0, 0, 1], [0, 1, 1, 0]


@pytest.fixture(autouse=True)
def _same_numbers():
    keras.utils.set_random_seed(42)
    np.random.seed(42)


@pytest.fixture
def figures(monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def blobs(n=96, classes=3, features=4):
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    return (rng.normal(size=(n, features)) + 3 * np.eye(classes, features)[y]).astype("float32"), y


def images(n=40):
    """Digits as MNIST has them: bytes (N, 28, 28)."""
    x, y = nn.datasets.digits.load_data()[0]
    return np.kron(x[:n].reshape(-1, 8, 8), np.ones((1, 4, 4)))[:, 2:30, 2:30] * 15.9, y[:n]


# --- the four posts ------------------------------------------------------------------------------


def test_a_neuron_learns_and_but_not_xor(capsys, figures):
    y_and, y_xor = np.array(Y_AND), np.array(Y_XOR)
    perceptron = Perceptron(n_features=2)
    perceptron.train(X_XOR, y_and)
    assert "Converged at epoch" in capsys.readouterr().out
    assert [perceptron.predict(x) for x in X_XOR] == Y_AND
    assert perceptron.visualize_decision_boundary(X_XOR, y_and).axes
    confused = Perceptron(n_features=2)
    confused.train(X_XOR, y_xor, epochs=1000)
    assert not confused.converged
    assert len(confused.errors) == 1000
    assert "Converged" not in capsys.readouterr().out


def test_a_network_learns_xor(capsys, figures):
    network = NeuralNetwork(input_size=2, hidden_size=4, output_size=1, learning_rate=0.5)
    network.train(X_XOR, np.array(Y_XOR).reshape(-1, 1), epochs=3000)
    assert [line[:11] for line in capsys.readouterr().out.splitlines()] == [
        "Epoch 0, Lo", "Epoch 1000,", "Epoch 2000,"
    ]  # fmt: skip
    for i in range(len(X_XOR)):
        assert network.predict(X_XOR[i : i + 1])[0][0] == Y_XOR[i]
    assert network.visualize_training().axes
    assert network.visualize_decision_boundary(X_XOR, np.array(Y_XOR)).axes


def test_the_network_of_the_first_post_gives_its_numbers():
    """Uniform start, half squared error, the forward and backward passes written out in NumPy."""
    X, y = X_XOR.astype(float), np.array(Y_XOR, float).reshape(-1, 1)
    np.random.seed(42)
    W1, b1, W2, b2 = (np.random.rand(*s) for s in ((2, 2), (1, 2), (2, 1), (1, 1)))
    np.random.seed(42)
    network = NeuralNetwork(2, 2, 1, 0.1, loss="half_mse", init="uniform")
    network.train(X, y, epochs=50, verbose=False)
    for _ in range(50):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        d2 = (a2 - y) * a2 * (1 - a2)
        d1 = d2 @ W2.T * a1 * (1 - a1)
        W2, b2 = W2 - 0.1 * a1.T @ d2 / 4, b2 - 0.1 * d2.mean(0, keepdims=True)
        W1, b1 = W1 - 0.1 * X.T @ d1 / 4, b1 - 0.1 * d1.mean(0, keepdims=True)
    for ours, theirs in ((network.W1, W1), (network.b1, b1), (network.W2, W2), (network.b2, b2)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_activations_and_capacities_are_drawn(figures):
    assert len(plot_activations().axes) >= 4
    X, y = nn.datasets.make_moons(60, noise=0.2)
    figure = compare_capacities(X, y, (2, 8), epochs=50)
    assert len(figure.axes) >= 2


def digit_classifier():
    model = models.Sequential([
        layers.Flatten(input_shape=(28, 28)),
        layers.Dense(128, activation='relu'),
        layers.Dropout(0.2),
        layers.Dense(10, activation='softmax')
    ])  # fmt: skip
    model.compile(optimizer='adam',
                  loss='sparse_categorical_crossentropy',
                  metrics=['accuracy'])  # fmt: skip
    return model


def test_the_digit_classifier_of_the_second_post(capsys):
    x, y = images(200)
    model = digit_classifier()
    model.summary()
    assert "101,770" in capsys.readouterr().out
    history = model.fit(x / 255.0, y, epochs=8, validation_split=0.2, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.6
    _, accuracy = model.evaluate(x / 255.0, y, verbose=0)
    assert accuracy > 0.85
    assert model.predict(x[:1] / 255.0, verbose=0)[0].argmax() == y[0]


@pytest.mark.slow
@pytest.mark.skipif("NEURONA_DATA" not in os.environ, reason="needs MNIST")
def test_the_digit_classifier_on_mnist():
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    model = digit_classifier()
    model.fit(x_train / 255.0, y_train, epochs=1, verbose=0)
    assert model.evaluate(x_test / 255.0, y_test, verbose=0)[1] > 0.94


def test_the_tips_of_the_third_post():
    x, y = blobs()
    model = Sequential([
        Dense(16, activation="relu", kernel_initializer="he_normal",
              kernel_regularizer=regularizers.l2(1e-3), input_shape=(4,)),
        BatchNormalization(),
        Dropout(0.2),
        Dense(3, activation="softmax"),
    ])  # fmt: skip
    for rate in (ExponentialDecay(1e-2, 20, 0.9), CosineDecay(1e-2, 30)):
        model.compile(Adam(learning_rate=rate), "sparse_categorical_crossentropy", ["accuracy"])
        model.fit(x, y, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"] > 0.9
    assert 0 < float(model.optimizer.learning_rate) < 1e-2


# --- PyTorch's and scikit-learn's ways -----------------------------------------------------------


def test_gradient_descent_by_hand():
    x = nn.tensor(np.linspace(-1, 1, 20, dtype="float32")[:, None])
    target = 3 * x + 1
    w, b = nn.tensor([[0.0]], requires_grad=True), nn.tensor([0.0], requires_grad=True)
    for _ in range(100):
        loss = ((x @ w + b - target) ** 2).mean()
        loss.backward()
        w = nn.tensor(w.detach() - 0.5 * w.grad, requires_grad=True)
        b = nn.tensor(b.detach() - 0.5 * b.grad, requires_grad=True)
    assert w.item() == pytest.approx(3, abs=1e-2)
    assert float(b) == pytest.approx(1, abs=1e-2)

    model = Sequential([keras.Input((1,)), Dense(1)])
    for _ in range(100):
        loss = keras.ops.mean(keras.ops.square(model(x) - target))
        loss.backward()
        for p in model.trainable_weights:
            p.assign(p - 0.5 * p.grad)
            p.grad = None
    assert f"{model.layers[0].kernel.item():.2f}" == "3.00"


def test_scikit_learn_data():
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.make_moons(n_samples=100, noise=0.1, random_state=0)
    model = Sequential([Dense(16, "relu"), Dense(1, "sigmoid")])
    model.compile(Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=30, verbose=0)
    assert model.evaluate(X, y, verbose=0)[1] > 0.9


def test_tensors_and_numpy_meet():
    array = np.float32([[1, 2], [3, 4]])
    t = nn.tensor(array)
    np.testing.assert_allclose(t, array)
    np.testing.assert_array_equal(np.asarray(t), array)
    assert isinstance(array + t, nn.Tensor)
    assert (t + array).tolist() == (array * 2).tolist()
    assert [row.tolist() for row in t] == array.tolist()
    assert t[t > 2].tolist() == [3, 4]
    assert np.mean(t) == 2.5
    assert np.max(t) == 4
    assert np.argmax(t, axis=-1).tolist() == [1, 1]
    np.testing.assert_array_equal(np.concatenate([t, array]), np.concatenate([array, array]))
    np.testing.assert_allclose(np.exp(t), np.exp(array))
    assert t is not None
    assert (t == None) is False  # noqa: E711
    assert len(t) == 2
    assert t.shape == (2, 2)
    assert t.T.tolist() == array.T.tolist()


def test_double_precision_and_back():
    assert nn.config.floatx() == "float32"
    nn.config.set_floatx("float64")
    try:
        x, y = blobs()
        model = Sequential([Dense(4, "tanh"), Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=1, verbose=0)
        assert model.predict(x, verbose=0).dtype == np.float64
    finally:
        nn.config.set_floatx("float32")
    assert Dense(2)(np.ones((1, 2))).dtype == np.float32


def test_a_small_network_learns_one_batch_of_digits_by_heart():
    x, y = nn.datasets.digits.load_data()[0]
    x, y = x[:32].reshape(-1, 8, 8, 1) / 16.0, y[:32]
    model = Sequential([
        keras.Input((8, 8, 1)),
        Conv2D(32, 3, activation="relu"), MaxPooling2D(2),
        Conv2D(64, 3, activation="relu", padding="same"), MaxPooling2D(2),
        Flatten(), Dense(10, "softmax"),
    ])  # fmt: skip
    model.compile(Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=60, verbose=0)
    assert history.history["loss"][-1] < 0.01
    assert history.history["accuracy"][-1] == 1.0
