"""Regularisers and constraints: numbers by hand, names, and their place in training."""

import numpy as np
import pytest

import neurona as nn
from neurona import constraints, regularizers
from neurona.errors import ArgumentError, ShapeError

W = np.float32([[3.0, 0.0], [-4.0, 1.0]])


def test_regularisers_by_hand():
    assert regularizers.L1(0.5)(W).item() == 4.0  # 0.5 * (3 + 4 + 1)
    assert regularizers.L2(0.5)(W).item() == 13.0  # 0.5 * (9 + 16 + 1)
    assert regularizers.L1L2(0.5, 0.5)(W).item() == 17.0
    assert regularizers.L1L2()(W).item() == 0.0
    assert regularizers.L1()(W).item() == pytest.approx(0.08)
    assert regularizers.L1(None)(W).item() == pytest.approx(0.08)


def test_orthogonal_regularizer_by_hand():
    # rows (3, 0) and (-4, 1): cosine -4 / sqrt(17); one pair
    value = regularizers.OrthogonalRegularizer(2.0)(W).item()
    assert value == pytest.approx(2.0 * 4.0 / 17**0.5)
    # columns (3, -4) and (0, 1): cosine -4 / 5
    value = regularizers.OrthogonalRegularizer(2.0, mode="columns")(W).item()
    assert value == pytest.approx(1.6)
    assert regularizers.OrthogonalRegularizer()(np.eye(3)).item() == pytest.approx(0.0, abs=1e-7)


def test_constraints_by_hand():
    def close(constraint, expected):
        np.testing.assert_allclose(constraint(W).numpy(), expected, rtol=1e-6, atol=1e-6)

    close(constraints.NonNeg(), [[3.0, 0.0], [0.0, 1.0]])
    close(constraints.MaxNorm(2.0), [[1.2, 0.0], [-1.6, 1.0]])  # column norms 5 and 1
    close(constraints.UnitNorm(), [[0.6, 0.0], [-0.8, 1.0]])
    close(constraints.UnitNorm(axis=1), [[1.0, 0.0], [-4 / 17**0.5, 1 / 17**0.5]])
    close(constraints.MinMaxNorm(2.0, 4.0), [[2.4, 0.0], [-3.2, 2.0]])
    close(constraints.MinMaxNorm(2.0, 4.0, rate=0.5), [[2.7, 0.0], [-3.6, 1.5]])
    close(constraints.MaxNorm(2.0, axis=(0, 1)), W * 2 / 26**0.5)


def test_a_weight_of_zero_stays_zero():
    for constraint in (constraints.MaxNorm(), constraints.UnitNorm(), constraints.MinMaxNorm(1, 2)):
        assert constraint(np.zeros((2, 2), "float32")).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("name", "cls"),
    [("l1", "L1"), ("L1", "L1"), ("l2", "L2"), ("l1_l2", "L1L2"), ("L1L2", "L1L2"),
     ("orthogonal_regularizer", "OrthogonalRegularizer"),
     ("OrthogonalRegularizer", "OrthogonalRegularizer")],
)  # fmt: skip
def test_regularisers_have_both_of_kerass_names(name, cls):
    assert type(regularizers.get(name)) is getattr(regularizers, cls)
    assert type(regularizers.get(getattr(regularizers, cls))) is getattr(regularizers, cls)
    assert getattr(regularizers, name) is getattr(regularizers, cls)


def test_l1_l2_by_name_penalises_as_keras_documents():
    assert regularizers.get("l1_l2")(W).item() == pytest.approx(0.01 * 8 + 0.01 * 26)


@pytest.mark.parametrize(
    ("name", "cls"),
    [("max_norm", "MaxNorm"), ("MaxNorm", "MaxNorm"), ("unit_norm", "UnitNorm"),
     ("min_max_norm", "MinMaxNorm"), ("non_neg", "NonNeg"), ("NonNeg", "NonNeg")],
)  # fmt: skip
def test_constraints_have_both_of_kerass_names(name, cls):
    assert type(constraints.get(name)) is getattr(constraints, cls)
    assert type(constraints.get(getattr(constraints, cls))) is getattr(constraints, cls)
    assert getattr(constraints, name) is getattr(constraints, cls)


def test_functions_and_none_are_taken():
    def square(w):
        return (w * w).sum()

    assert regularizers.get(square) is square
    assert constraints.get(square) is square
    assert regularizers.get(None) is None
    assert constraints.get(None) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: regularizers.L1(-1), r"l1 is out of range. Got -1; expected a number in \[0, inf"),
        (lambda: regularizers.L2(float("nan")), r"l2 is out of range. Got nan"),
        (lambda: regularizers.OrthogonalRegularizer(mode="row"), r"unknown mode. Got 'row'"),
        (lambda: regularizers.get("l3"), r"unknown regularizer. Got 'l3'"),
        (lambda: regularizers.get(3), r"a regularizer is a name or a function. Got 3"),
        (lambda: constraints.MaxNorm(0), r"max_value is out of range. Got 0; expected .* \(0"),
        (lambda: constraints.MinMaxNorm(2, 1), r"max_value is out of range. Got 1; expected .*2"),
        (lambda: constraints.MinMaxNorm(rate=2), r"rate is out of range. Got 2"),
        (lambda: constraints.UnitNorm(axis="x"), r"axis must be an integer. Got 'x'"),
        (lambda: constraints.get("max_nrm"), r"unknown constraint. Got 'max_nrm'"),
        (lambda: constraints.get(3), r"a constraint is a name or a function. Got 3"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_orthogonal_regularizer_needs_a_matrix():
    with pytest.raises(ShapeError, match=r"needs a matrix. Got \(3,\); expected 2 axes"):
        regularizers.OrthogonalRegularizer()(np.zeros(3, "float32"))
    with pytest.raises(ShapeError, match="one of rows has no other"):
        regularizers.OrthogonalRegularizer()(np.zeros((1, 3), "float32"))


def test_layers_report_and_obey_them():
    layer = nn.layers.Dense(
        1, kernel_initializer="ones", kernel_regularizer="l2", bias_regularizer="l1",
        kernel_constraint="unit_norm",
    )  # fmt: skip
    layer(np.ones((1, 4), "float32"))
    assert [v.item() for v in layer.losses] == pytest.approx([0.04, 0.0])
    optimizer = nn.optimizers.SGD(0.0)
    optimizer.apply_gradients([(nn.ops.zeros(p.shape), p) for p in layer.trainable_weights])
    np.testing.assert_allclose(layer.kernel.numpy(), np.full((4, 1), 0.5), rtol=1e-6)


def test_activity_is_added_to_the_loss():
    model = nn.Sequential(
        [nn.layers.ActivityRegularization(l1=0.5), nn.layers.Dense(1, kernel_initializer="zeros")]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")
    assert model.evaluate(x, y, verbose=0) == pytest.approx(0.5 * 3)

    layer = nn.layers.Dense(2, kernel_initializer="ones", activity_regularizer="l2")
    model = nn.Sequential([layer])
    model.compile("sgd", "mse")
    value = model.evaluate(x, np.full((4, 2), 3.0, "float32"), verbose=0)
    assert value == pytest.approx(0.01 * 2 * 9)


class Two(nn.layers.Layer):
    def call(self, x):
        return x, x * 2.0


@pytest.mark.parametrize("batch", [1, 4, 8])
@pytest.mark.parametrize("eager", [False, True])
def test_activity_penalties_do_not_grow_with_the_batch(batch, eager):
    l1 = nn.regularizers.L1(1.0)
    once = nn.layers.ActivityRegularization(l2=1.0)
    dense = nn.layers.Dense(2, kernel_initializer="ones", activity_regularizer=l1)
    nested = nn.Sequential([nn.Input((2,)), dense])
    x = np.ones((batch, 2), "float32")
    for part, penalty in (once, 2), (dense, 4), (nested, 4), (Two(activity_regularizer=l1), 6):
        i = nn.Input((2,))
        y = part(i)
        model = nn.Model(i, 0.0 * (y[0] if isinstance(y, tuple) else y))
        model.compile("sgd", "mse", run_eagerly=eager)
        assert model.evaluate(x, 0 * x, verbose=0) == pytest.approx(penalty)
