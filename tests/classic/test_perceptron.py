"""The perceptron: AND converges, XOR never does."""

import numpy as np
import pytest

from neurona.classic import Perceptron
from neurona.errors import ArgumentError, DataError, ShapeError

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0]}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("seed", range(5))
def test_separable_gates_converge(gate, seed, capsys):
    neuron = Perceptron(n_features=2, random_state=seed)
    neuron.train(X, np.array(GATES[gate]))
    assert neuron.converged
    assert neuron.predict(X).tolist() == GATES[gate]
    assert capsys.readouterr().out == f"Converged at epoch {len(neuron.errors)}\n"
    assert neuron.errors[-1] == 0


def test_xor_never_converges(capsys):
    neuron = Perceptron(2, random_state=0)
    neuron.train(X, np.array([0, 1, 1, 0]), epochs=1000)
    assert not neuron.converged
    assert len(neuron.errors) == 1000
    assert min(neuron.errors) > 0
    assert capsys.readouterr().out == ""


def test_the_rule_by_hand():
    neuron = Perceptron(2, learning_rate=0.5)
    neuron.weights, neuron.bias = np.array([1.0, -1.0]), 0.25
    neuron.train([[1, 0]], [0], epochs=1)  # predicted 1: error -1
    assert neuron.weights.tolist() == [0.5, -1.0]
    assert neuron.bias == -0.25


def test_predict_takes_one_row_or_many():
    neuron = Perceptron(2)
    neuron.weights, neuron.bias = np.array([1.0, 1.0]), -1.5
    assert neuron.predict([1, 1]) == 1
    assert isinstance(neuron.predict([1, 1]), int)
    assert neuron.predict(X).tolist() == [0, 0, 0, 1]


def test_the_start_is_that_of_numpy_s_global_generator():
    np.random.seed(3)  # noqa: NPY002 - as the textbooks do
    expected = np.random.randn(2) * 0.01  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    np.testing.assert_array_equal(Perceptron(2).weights, expected)


def test_bad_input_is_explained():
    with pytest.raises(ArgumentError, match="n_features is too small"):
        Perceptron(0)
    with pytest.raises(ShapeError, match="wrong number of features"):
        Perceptron(2).predict([1, 2, 3])
    with pytest.raises(DataError, match="one target for each row"):
        Perceptron(2).train(X, [0, 1])
    with pytest.raises(DataError, match="the classes are 0 and 1"):
        Perceptron(2).train(X, [1, 2, 1, 2])


def test_the_boundary_is_drawn():
    neuron = Perceptron(2, random_state=0)
    neuron.train(X, np.array([0, 0, 0, 1]))
    assert neuron.visualize_decision_boundary(X, np.array([0, 0, 0, 1])).axes
