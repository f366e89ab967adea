"""The textbooks' two-layer network against the same network written by hand in NumPy."""

import contextlib
import io

import numpy as np
import pytest

from neurona.classic import NeuralNetwork, compare_capacities, plot_activations
from neurona.datasets import make_moons
from neurona.errors import ArgumentError, ShapeError

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([[0], [1], [1], [0]])

# Printed by the hand-written 2-2-1 network, every 1000 epochs, from np.random.seed(42).
PRINTED = [
    0.3246585814644244, 0.24866884023918578, 0.24731153511864015, 0.24486287484624686,
    0.24057243541259515, 0.23358490950558863, 0.22326336948290582, 0.21009806987087415,
    0.19597568360849155, 0.1821797473164306,
]  # fmt: skip


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(W1, b1, W2, b2, rate, epochs, squared):
    """Gradient descent written out; returns each epoch's mean squared error and the weights."""
    W1, b1, W2, b2 = (a.copy() for a in (W1, b1, W2, b2))
    losses, m = [], len(X)
    for _ in range(epochs):
        a1 = sigmoid(X @ W1 + b1)
        a2 = sigmoid(a1 @ W2 + b2)
        losses.append(np.mean((a2 - Y) ** 2))
        dz2 = (a2 - Y) * a2 * (1 - a2) if squared else a2 - Y
        dz1 = dz2 @ W2.T * a1 * (1 - a1)
        W1 -= rate * X.T @ dz1 / m
        b1 -= rate * dz1.sum(0, keepdims=True) / m
        W2 -= rate * a1.T @ dz2 / m
        b2 -= rate * dz2.sum(0, keepdims=True) / m
    return losses, (W1, b1, W2, b2)


def test_the_printed_losses_come_out_again():
    np.random.seed(42)  # noqa: NPY002 - the textbook's own start
    network = NeuralNetwork(2, 2, 1, learning_rate=0.1, loss="half_mse", init="uniform")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        network.train(X, Y, epochs=9001)
    np.testing.assert_allclose(network.losses[::1000], PRINTED, rtol=0, atol=1e-9)
    assert out.getvalue().splitlines()[0] == "Epoch 0, Loss: 0.3247"
    assert len(out.getvalue().splitlines()) == 10


@pytest.mark.parametrize(("loss", "hidden"), [("half_mse", 2), ("binary_crossentropy", 4)])
def test_every_epoch_is_that_of_the_network_by_hand(loss, hidden):
    network = NeuralNetwork(2, hidden, 1, 0.5, loss=loss, random_state=3)
    start = [a.copy() for a in (network.W1, network.b1, network.W2, network.b2)]
    expected, weights = by_hand(*start, 0.5, 2000, squared=loss == "half_mse")
    network.train(X, Y, epochs=2000, verbose=False)
    np.testing.assert_allclose(network.losses, expected, rtol=0, atol=1e-9)
    for ours, theirs in zip((network.W1, network.b1, network.W2, network.b2), weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


def test_the_start_is_that_of_numpy_s_global_generator():
    np.random.seed(7)  # noqa: NPY002
    expected = np.random.randn(2, 4) * np.sqrt(2 / 2), np.random.randn(4, 1) * np.sqrt(2 / 4)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    network = NeuralNetwork(2, 4, 1)
    np.testing.assert_array_equal(network.W1, expected[0])
    np.testing.assert_array_equal(network.W2, expected[1])
    assert not network.b1.any()
    assert network.W1.dtype == np.float64


def test_forward_and_backward_lay_their_values_open():
    network = NeuralNetwork(2, 3, 1, 0.5, random_state=0)
    before = network.W2.copy()
    output = network.forward(X)
    assert output.shape == (4, 1)
    np.testing.assert_allclose(output, sigmoid(network.a1 @ before + network.b2))
    network.backward(X, Y, output)
    np.testing.assert_allclose(network.dz2, (output - Y) / 4)
    np.testing.assert_allclose(network.dW2, network.a1.T @ network.dz2)
    np.testing.assert_allclose(
        network.dz1, network.dz2 @ before.T * network.a1 * (1 - network.a1), atol=1e-15
    )
    np.testing.assert_allclose(network.db1, network.dz1.sum(0, keepdims=True), atol=1e-15)
    np.testing.assert_allclose(network.W2, before - 0.5 * network.dW2)


def test_weights_can_be_written():
    network = NeuralNetwork(2, 2, 1)
    network.W1 = [[1, 2], [3, 4]]
    network.b1 = [5, 6]
    network.W1[0, 0] = 9
    network.W2 -= network.W2
    assert network.W1.tolist() == [[9, 2], [3, 4]]
    assert network.b1.tolist() == [[5, 6]]
    np.testing.assert_allclose(network.forward(X), 0.5)
    with pytest.raises(ShapeError, match="W1: the shape differs"):
        network.W1 = np.zeros((3, 3))


@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_other_activations_learn_xor(hidden):
    network = NeuralNetwork(2, 8, 1, 0.5, hidden_activation=hidden, random_state=0)
    network.train(X, Y, epochs=3000, verbose=False)
    assert network.predict(X).ravel().tolist() == [0, 1, 1, 0]


def test_a_learning_rate_can_change_between_trainings():
    network = NeuralNetwork(2, 2, 1, 0.1, random_state=0)
    network.train(X, Y, epochs=1, verbose=False)
    before = network.W1.copy()
    network.learning_rate = 1e-12
    network.train(X, Y, epochs=1, verbose=False)
    np.testing.assert_allclose(network.W1, before, atol=1e-10)


@pytest.mark.slow
def test_xor_is_solved_from_nearly_every_start():
    solved = 0
    for seed in range(100):
        network = NeuralNetwork(2, 4, 1, 0.5, random_state=seed)
        network.train(X, Y, epochs=10000, verbose=False)
        solved += network.predict(X).ravel().tolist() == [0, 1, 1, 0]
    assert solved >= 99


def test_bad_input_is_explained():
    with pytest.raises(ArgumentError, match=r"(?s)unknown activation.*did you mean 'sigmoid'"):
        NeuralNetwork(2, 2, 1, hidden_activation="sigmoit")
    with pytest.raises(ArgumentError, match="needs probabilities"):
        NeuralNetwork(2, 2, 1, output_activation="tanh")
    with pytest.raises(ArgumentError, match="hidden_size is too small"):
        NeuralNetwork(2, 0, 1)
    with pytest.raises(ArgumentError, match="unknown init"):
        NeuralNetwork(2, 2, 1, init="magic")
    network = NeuralNetwork(2, 2, 1)
    with pytest.raises(ShapeError, match="wrong number of features"):
        network.forward(np.zeros((4, 3)))
    with pytest.raises(ShapeError, match="one row of targets"):
        network.train(X, np.zeros((3, 1)), epochs=1)


def test_pictures():
    network = NeuralNetwork(2, 2, 1, 0.5, random_state=0)
    network.train(X, Y, epochs=10, verbose=False)
    assert network.visualize_training().axes
    assert network.visualize_decision_boundary(X, Y).axes
    assert len(plot_activations().axes) >= 4
    points, classes = make_moons(40, noise=0.1, random_state=0)
    figure = compare_capacities(points, classes, (2, 4), epochs=20)
    titles = [ax.get_title() for ax in figure.axes]
    assert any("2 hidden" in t for t in titles)
    assert any("4 hidden" in t for t in titles)
    with pytest.raises(ArgumentError, match="no size to compare"):
        compare_capacities(points, classes, ())
