"""0 times infinity in losses: classes masked by -inf, rows without weight, values and gradients."""

import numpy as np
import pytest

import neurona as nn
from neurona import losses, metrics, ops

INF = np.inf
ENGINES = ("eager", "reference", "native")
Z = np.array([[1.0, 2.0, -INF], [0.5, -INF, 0.0], [-INF, 3.0, -INF]])
LABELS = np.array([0, 2, 1])
Y = np.eye(3)[LABELS]
SOFT = np.array([[0.75, 0.25, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
P = np.exp(Z) / np.exp(Z).sum(-1, keepdims=True)


def entropy(y):
    return -np.array([sum(a * np.log(b) for a, b in zip(*rows, strict=True) if a)
                      for rows in zip(y, P, strict=True)])  # fmt: skip


def value_and_grad(f, x, engine, dtype="float32"):
    def total(x):
        return ops.sum(f(x))

    both = nn.value_and_grad(total)
    x = np.asarray(x, dtype)
    value, gradient = both(nn.tensor(x)) if engine == "eager" else nn.jit(both, engine=engine)(x)
    return float(value), np.asarray(gradient)


def focal(y):
    return np.sum(np.where(y > 0, 0.25 * (1 - P) ** 2 * y * -np.log(np.where(P, P, 1)), 0), -1)


MASKED = {
    "categorical": (lambda z: losses.categorical_crossentropy(Y, z, True), entropy(Y), P - Y),
    "soft targets": (
        lambda z: losses.categorical_crossentropy(SOFT, z, True), entropy(SOFT), P - SOFT
    ),
    "of a softmax": (
        lambda z: losses.categorical_crossentropy(Y, ops.softmax(z)), entropy(Y), P - Y
    ),
    "by shapes": (
        lambda z: losses.Crossentropy(reduction="sum")(Y, ops.softmax(z)), entropy(Y), P - Y
    ),
    "sparse": (
        lambda z: losses.sparse_categorical_crossentropy(LABELS, z, True), entropy(Y), P - Y
    ),
    "focal": (
        lambda z: losses.categorical_focal_crossentropy(Y, z, from_logits=True), focal(Y), None
    ),
    "divergence": (lambda z: losses.kl_divergence(Y, ops.softmax(z)), entropy(Y), P - Y),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MASKED)
def test_a_class_that_is_masked_has_no_part_in_the_loss(name, engine):
    f, values, gradient = MASKED[name]
    assert values[0] == pytest.approx(1.3132617, abs=1e-6) or name in ("focal", "soft targets")
    found, g = value_and_grad(f, Z, engine)
    assert found == pytest.approx(values.sum(), abs=1e-5)
    assert np.all(np.isfinite(g))
    assert np.all(g[np.isinf(Z)] == 0)
    if gradient is not None:
        np.testing.assert_allclose(g, gradient, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("through", ["logits", "sigmoid"])
@pytest.mark.parametrize("loss", ["binary_crossentropy", "binary_focal_crossentropy"])
def test_a_sure_yes_or_no_costs_nothing(loss, through, engine):
    y, z = np.array([[0.0, 1.0, 1.0, 0.0]]), np.array([[-INF, INF, 1.0, 1.0]])

    def f(z):
        if through == "sigmoid":
            return getattr(losses, loss)(y, ops.sigmoid(z))
        return getattr(losses, loss)(y, z, from_logits=True)

    p = 1 / (1 + np.exp(-1))
    power = 2 if "focal" in loss else 0
    value = -np.log(p) * (1 - p) ** power - np.log(1 - p) * p**power
    found, g = value_and_grad(f, z, engine)
    assert found == pytest.approx(value / 4, abs=1e-6)
    assert g[0, :2].tolist() == [0, 0]
    assert np.all(np.isfinite(g))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_and_is_costs_infinity_with_a_finite_gradient(engine):
    z = np.array([[1.0, 2.0, -INF]])
    wrong, p = np.array([[0.0, 0.0, 1.0]]), P[:1]
    shared = wrong * 0 + Y[:1] * 0.9 + 0.1 / 3
    for f, gradient in [
        (lambda z: losses.categorical_crossentropy(wrong, z, True), p - wrong),
        (lambda z: losses.sparse_categorical_crossentropy([2], z, True), p - wrong),
        (lambda z: losses.categorical_crossentropy(Y[:1], z, True, 0.1), p - shared),
        (lambda z: losses.binary_crossentropy([[0, 0, 1.0]], z, True), None),
        (lambda z: losses.binary_focal_crossentropy([[0, 0, 1.0]], z, from_logits=True), None),
        (lambda z: losses.categorical_focal_crossentropy(wrong, z, from_logits=True), None),
    ]:
        value, g = value_and_grad(f, z, engine)
        assert value == INF
        assert np.all(np.isfinite(g))
        if gradient is not None:
            np.testing.assert_allclose(g, gradient, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_that_is_masked_as_a_whole(engine, dtype):
    z = np.array([[-INF, -INF], [0.0, 0.0]])
    for f, value, gradient in [
        (lambda z: ops.softmax(z)[:, :1], 0.5, [[0, 0], [0.25, -0.25]]),
        (lambda z: ops.exp(ops.log_softmax(z))[:, :1], 0.5, [[0, 0], [0.25, -0.25]]),
        (lambda z: ops.exp(ops.logsumexp(z, axis=-1)), 2.0, [[0, 0], [1, 1]]),
    ]:
        found, g = value_and_grad(f, z, engine, dtype)
        assert found == pytest.approx(value)
        np.testing.assert_allclose(g, gradient, atol=1e-6)
    assert ops.softmax(z)[0].tolist() == [0, 0]
    assert ops.log_softmax(z)[0].tolist() == [-INF, -INF]
    assert ops.logsumexp(z, axis=-1).tolist() == [-INF, pytest.approx(np.log(2))]
    for y, value, gradient in [([[1, 0.0]], INF, [[-1, 0]]), ([[0, 0.0]], 0, [[0, 0]])]:
        found, g = value_and_grad(
            lambda z, y=y: losses.categorical_crossentropy(y, z, True), z[:1], engine, dtype
        )
        assert found == value
        assert g.tolist() == gradient


def test_the_softmax_layer_masks_below_any_score():
    x = np.float32([[-2e9, -2e9, 0.0], [1.0, 2.0, 3.0]])
    y = nn.layers.Softmax()(x, mask=np.array([[True, True, False], [False] * 3]))
    assert y.tolist() == [[0.5, 0.5, 0], [0, 0, 0]]


def test_nan_is_no_mask():
    assert np.isnan(ops.softmax([np.nan, 0.0]).numpy()).all()
    assert np.isnan(ops.logsumexp([np.nan, 0.0]).item())
    z = [[np.nan, 0.0]]
    assert np.isnan(losses.categorical_crossentropy([[0.0, 1.0]], z, True).item())
    assert np.isnan(losses.MeanSquaredError()([[1.0]], [[np.nan]], [0.0]).item())


@pytest.mark.parametrize("engine", ENGINES)
def test_what_weighs_nothing_may_cost_infinity(engine):
    z = np.array([[1.0, -INF], [0.0, 0.0]])
    for loss in (
        losses.SparseCategoricalCrossentropy(from_logits=True),
        losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
    ):
        value, g = value_and_grad(lambda z, f=loss: f([1, 0], z, [0.0, 1.0]), z, engine)
        share = 1 if loss.reduction.startswith("mean_with") else 0.5
        assert value == pytest.approx(share * np.log(2))
        np.testing.assert_allclose(g, [[0, 0], [-0.5 * share, 0.5 * share]], atol=1e-6)


def test_metrics_of_what_weighs_nothing():
    z, y, w = np.array([[1.0, -INF], [0.0, 0.0]]), [1, 0], [0.0, 1.0]
    ce = metrics.SparseCategoricalCrossentropy(from_logits=True)
    ce.update_state(y, z, w)
    assert ce.result().item() == pytest.approx(np.log(2))
    for m, seen in ((metrics.Mean(), 3.0), (metrics.Sum(), 3.0)):
        m.update_state([INF, 3.0], w)
        assert m.result().item() == seen
    r2 = metrics.R2Score()
    r2.update_state([[1.0], [2.0], [3.0]], [[1.0], [2.0], [INF]], [1.0, 1.0, 0.0])
    assert r2.result().item() == 1.0


def test_a_loss_without_weight_may_be_infinite():
    x = nn.Input((1,))
    model = nn.Model(x, [nn.layers.Dense(1, kernel_initializer="ones")(x) for _ in range(2)])
    model.compile("sgd", ["mse", lambda y, p: ops.log(p * 0)], loss_weights=[1, 0])
    a = np.ones((2, 1))
    assert model.evaluate(a, [a, a], verbose=0)[0] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_other_losses_at_infinity(engine):
    for f, x, value, gradient in [
        (lambda p: losses.poisson([[0.0, 2.0]], p), [[INF, 1.0]], INF, [[0.5, -0.5]]),
        (lambda p: losses.log_cosh([[0.0, 0.0]], p), [[-INF, INF]], INF, [[-0.5, 0.5]]),
        (lambda p: losses.categorical_hinge(Y[:1], p), [[1.0, 2.0, -INF]], 2, [[-1, 1, 0]]),
        (lambda p: losses.hinge([[1.0, 0.0, -1]], p), [[0.0, INF, -2]], 2 / 3, [[-1 / 3, 0, 0]]),
        (
            lambda p: losses.categorical_crossentropy(Y[:1], p),
            [[0.0] * 3],
            -np.log(1e-7),
            [[0] * 3],
        ),
    ]:
        found, g = value_and_grad(f, x, engine)
        assert found == pytest.approx(value)
        np.testing.assert_allclose(g, gradient, atol=1e-6)
