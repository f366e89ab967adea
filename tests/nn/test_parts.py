"""Parameters find their initialiser, regulariser and constraint by their name."""

import numpy as np
import pytest

from neurona import constraints, layers, regularizers


class Cell(layers.Layer):
    """As a recurrent layer, with parts of its own for what it has most of."""

    bias_initializer = "ones"

    def __init__(self, units, **parts):
        super().__init__()
        self.units = units
        for name, value in parts.items():
            setattr(self, name, value)

    def build(self, shape):
        self.kernel = self.parameter("kernel", (shape[-1], self.units))
        self.recurrent_kernel = self.parameter("recurrent_kernel", (self.units, self.units))
        self.bias = self.parameter("bias", (self.units,))
        self.recurrent_bias = self.parameter("recurrent_bias", (self.units,))
        self.mean = self.parameter("mean", (self.units,), trainable=False)
        self.gate = self.parameter("gate", (2, 2), parts="kernel")

    def call(self, x):
        return x


def built(**parts):
    cell = Cell(2, **parts)
    cell(np.zeros((1, 3)))
    return cell


def test_a_parameter_has_the_parts_of_its_name():
    l2, limit = regularizers.L2(0.1), constraints.NonNeg()
    cell = built(
        kernel_initializer="ones",
        recurrent_initializer="identity",
        recurrent_regularizer=l2,
        bias_constraint=limit,
    )
    assert cell.kernel.tolist() == [[1, 1]] * 3
    assert cell.recurrent_kernel.tolist() == [[1, 0], [0, 1]]
    assert (cell.kernel.regularizer, cell.recurrent_kernel.regularizer) == (None, l2)
    assert cell.bias.tolist() == cell.recurrent_bias.tolist() == [1, 1]
    assert (cell.bias.constraint, cell.recurrent_bias.constraint) == (limit, limit)
    assert cell.mean.tolist() == [0, 0]
    assert not cell.mean.trainable
    assert cell.gate.tolist() == [[1, 1], [1, 1]]
    assert [p.name for p in cell.weights] == [
        "kernel", "recurrent_kernel", "bias", "recurrent_bias", "gate", "mean",
    ]  # fmt: skip
    assert cell.recurrent_kernel.path == f"{cell.name}/recurrent_kernel"


def test_a_full_name_comes_before_its_first_words_and_these_before_its_last():
    cell = built(
        kernel_initializer="zeros", recurrent_initializer="ones",
        recurrent_kernel_initializer="identity",
    )  # fmt: skip
    assert cell.recurrent_kernel.tolist() == [[1, 0], [0, 1]]
    assert built(kernel_initializer="zeros").recurrent_kernel.tolist() == [[0, 0], [0, 0]]


def test_the_parts_of_one_parameter_are_not_mixed():
    cell = built(recurrent_initializer="ones", kernel_regularizer=regularizers.L2())
    assert cell.recurrent_kernel.regularizer is None


def test_without_parts_it_begins_as_with_add_weight():
    kernel = built().kernel.numpy()
    assert np.abs(kernel).max() <= np.sqrt(6 / 5)
    assert len(np.unique(kernel)) == 6


@pytest.mark.parametrize(
    ("layer", "x", "names"),
    [
        (layers.Dense, (1, 2), ["kernel", "bias"]),
        (layers.Conv1D, (1, 5, 2), ["kernel", "bias"]),
        (layers.Conv2DTranspose, (1, 5, 5, 2), ["kernel", "bias"]),
        (layers.SeparableConv1D, (1, 5, 2), ["depthwise_kernel", "pointwise_kernel", "bias"]),
    ],
)
def test_each_parameter_of_a_layer_has_parts_of_its_own(layer, x, names):
    words = [name.removesuffix("_kernel") if name != "kernel" else name for name in names]
    parts = {
        **{f"{w}_initializer": "ones" for w in words},
        **{f"{w}_regularizer": regularizers.L2(0.1 * i) for i, w in enumerate(words, 1)},
        **{f"{w}_constraint": constraints.MaxNorm(i) for i, w in enumerate(words, 1)},
    }
    made = layer(3, **({} if layer is layers.Dense else {"kernel_size": 2}), **parts)
    made(np.zeros(x))
    assert [p.name for p in made.weights] == names
    for word, p in zip(words, made.weights, strict=True):
        assert p.regularizer is parts[f"{word}_regularizer"]
        assert p.constraint is parts[f"{word}_constraint"]
        assert (p.numpy() == 1).all()
