"""Gradients of losses: finite differences for every one, and what saturated outputs receive."""

import numpy as np
import pytest

import neurona as nn
from neurona import losses
from neurona.gradcheck import gradcheck

from .loss_cases import CLASSES, IDS, ROWS

SMOOTH_TWICE = {"MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "Hinge",
                "SquaredHinge", "CategoricalHinge"}  # fmt: skip


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_gradient_is_the_finite_difference(name, case):
    loss = CLASSES[name](**case.arguments)
    found = gradcheck(lambda p: loss(case.y, p), case.p)
    assert found.error < 1e-7
    assert found.elements == case.p.size
    weight = np.array([0.5, 0.0, 2.0, 1.0])
    assert gradcheck(lambda p: loss(case.y, p, weight), case.p).error < 1e-7


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_second_order(name, case):
    loss = CLASSES[name](**case.arguments)
    if name in SMOOTH_TWICE:
        assert gradcheck(lambda p: loss(case.y, p * p), case.p, order=2).error < 1e-6
    else:
        assert gradcheck(lambda p: loss(case.y, p), case.p, order=2).error < 1e-6


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_through_a_sigmoid(name, smoothing):
    y = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    x = np.array([[0.3, -2.0, 0.0], [9.0, 0.0, -14.0]])
    loss = CLASSES[name](label_smoothing=smoothing)
    assert gradcheck(lambda x: loss(y, nn.activations.sigmoid(x)), x).error < 1e-7
    away = np.where(x == 0, 0.7, x)
    assert gradcheck(lambda x: loss(y, nn.activations.sigmoid(x)), away, order=2).error < 1e-6


@pytest.mark.sampled(3)
@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_through_a_softmax(name, smoothing, axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4), scale=3)
    size = x.shape[axis]
    labels = np.random.default_rng(1).integers(0, size, (2, 3) if axis == -1 else (2, 4))
    y = np.moveaxis(np.eye(size)[labels], -1, axis)
    loss = CLASSES[name](label_smoothing=smoothing, axis=axis)

    def through(x):
        return loss(y, nn.activations.softmax(x, axis=axis))

    assert gradcheck(through, x, order=2).error < 1e-6
    sparse = losses.SparseCategoricalCrossentropy(axis=axis)
    found = gradcheck(lambda x: sparse(labels, nn.activations.softmax(x, axis=axis)), x, order=2)
    assert found.error < 1e-6


HUGE = np.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 1e4], [50.0, -50.0]])
TRUTH = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def value_and_gradient(function, x):
    return [t.numpy() for t in nn.value_and_grad(lambda x: nn.ops.sum(function(x)))(x)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("from_logits", [True, False])
def test_huge_logits(dtype, smoothing, from_logits):
    x, y = HUGE.astype(dtype), TRUTH.astype(dtype)
    sigmoid = (lambda x: x) if from_logits else nn.activations.sigmoid
    softmax = (lambda x: x) if from_logits else nn.activations.softmax
    kwargs = {"from_logits": from_logits, "label_smoothing": smoothing}
    soft = y * (1 - smoothing) + smoothing / 2
    probability = np.array([[1, 0], [0, 1], [0.5, 1], [1, 0]], dtype)

    value, gradient = value_and_gradient(
        lambda x: losses.binary_crossentropy(y, sigmoid(x), **kwargs), x
    )
    exact = np.maximum(HUGE, 0) - soft * HUGE + np.log1p(np.exp(-np.abs(HUGE)))
    np.testing.assert_allclose(value, exact.mean(-1).sum(), rtol=1e-6)
    np.testing.assert_allclose(gradient, (probability - soft) / 2, rtol=1e-5, atol=1e-7)

    probability = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype)
    value, gradient = value_and_gradient(
        lambda x: losses.categorical_crossentropy(y, softmax(x), **kwargs), x
    )
    gap = HUGE.max(-1, keepdims=True) - HUGE
    np.testing.assert_allclose(value, (soft * gap).sum(), rtol=1e-6)
    np.testing.assert_allclose(gradient, probability - soft, rtol=1e-5, atol=1e-7)

    labels = TRUTH.argmax(-1)
    value, gradient = value_and_gradient(
        lambda x: losses.sparse_categorical_crossentropy(labels, softmax(x), from_logits), x
    )
    np.testing.assert_allclose(value, (TRUTH * gap).sum(), rtol=1e-6)
    np.testing.assert_allclose(gradient, probability - TRUTH, rtol=1e-5, atol=1e-7)

    # where all is lost the focus is 1, where all is won it is 0
    value, gradient = value_and_gradient(
        lambda x: losses.categorical_focal_crossentropy(y, softmax(x), **kwargs), x
    )
    np.testing.assert_allclose(value, 0.25 * (soft * gap).sum(), rtol=1e-6)
    np.testing.assert_allclose(gradient, 0.25 * (probability - soft), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_losses_stay_finite(gamma):
    x, y = nn.tensor(HUGE, "float32"), TRUTH.astype("float32")
    for loss, squash in (
        (losses.BinaryFocalCrossentropy(gamma=gamma), nn.activations.sigmoid),
        (losses.CategoricalFocalCrossentropy(gamma=gamma), nn.activations.softmax),
    ):
        value, gradient = nn.value_and_grad(lambda x, f=loss, g=squash: f(y, g(x)))(x)
        assert np.isfinite(value.numpy())
        assert np.isfinite(gradient.numpy()).all()
        assert gradient.numpy()[0].tolist() == [0.0, 0.0]  # right and sure
        assert abs(gradient.numpy()[1, 0]) > 0.01  # wrong and sure


def test_a_sure_network_has_a_loss_of_zero_not_minus_zero():
    p = nn.activations.softmax(nn.tensor([[100.0, -100.0]]))
    for loss in (
        losses.sparse_categorical_crossentropy([0], p),
        losses.categorical_crossentropy([[1.0, 0.0]], p),
    ):
        assert str(loss.item()) == "0.0"


def test_at_the_kinks():
    def slope(function, x):
        return nn.grad(lambda x: nn.ops.sum(function(x)))(nn.tensor(x, "float64")).tolist()

    assert slope(lambda p: losses.mean_absolute_error([[1.0]], p), [[1.0]]) == [[0.0]]
    assert slope(lambda p: losses.log_cosh([[1.0]], p), [[1.0]]) == [[0.0]]
    assert slope(lambda p: losses.huber([[0.0, 0.0]], p), [[1.0, -1.0]]) == [[0.5, -0.5]]
    assert slope(lambda p: losses.hinge([[1.0]], p), [[1.0]]) == [[-0.5]]  # half at a tie
    zeros = slope(lambda p: losses.cosine_similarity([[1.0, 0.0]], p), [[0.0, 0.0]])
    assert np.isfinite(zeros).all()


def test_in_the_step_too():
    x = np.array([[1.0, -1.0], [0.5, 2.0]], "float32")
    for last, y in (("sigmoid", [[1.0], [0.0]]), ("softmax", [[1, 0], [0, 1]])):
        units = np.shape(y)[1]
        model = nn.Sequential([nn.layers.Dense(units, activation=last)])
        model(x)
        model.layers[0].kernel.assign(np.full((2, units), 2e4, "float32") * [1, -1][:units])
        model.compile("sgd", "bce" if units == 1 else "ce")
        before = model.evaluate(x, np.array(y, "float32"), verbose=0)
        assert np.isfinite(before)
        assert before > 1000  # not clipped at 16
        model.train_on_batch(x, np.array(y, "float32"))
        assert np.isfinite(model.layers[0].kernel.numpy()).all()
