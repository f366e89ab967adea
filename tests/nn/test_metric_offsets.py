"""Metrics that are differences of large sums: targets far from 0, very small, or very large."""

import numpy as np
import pytest

import neurona as nn
from neurona import metrics
from neurona.gradcheck import gradcheck
from neurona.train.step import Step

ENGINES = ("eager", "reference", "native")
R = np.random.default_rng(5)
FAR = [1e4, -1e6, 1e7]


def pair(offset, shape, scale=0.3):
    y = (offset + scale * max(abs(offset) / 1e5, 1) * R.normal(size=shape)).astype("float32")
    return y, (y + 0.02 * y.std() * R.normal(size=shape)).astype("float32")


def r2(y, p):
    y, p = y.astype(float), p.astype(float)
    return np.mean(1 - np.sum((y - p) ** 2, 0) / np.sum((y - y.mean(0)) ** 2, 0))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("offset", FAR)
@pytest.mark.parametrize("cuts", [[], [1], [1, 2, 3], [100, 101, 150]])
def test_r2_of_targets_far_from_zero(engine, offset, cuts):
    y, p = pair(offset, (200, 2))
    expected = r2(y, p)
    assert expected > 0.99
    metric = metrics.R2Score()
    metric.prepare(y.shape, p.shape)
    step = Step(metric, metric.variables, engine)
    for a, b in zip(np.split(y, cuts), np.split(p, cuts), strict=True):
        found = step(a, b)
    assert found == pytest.approx(expected, abs=1e-6)


def test_r2_around_ten_thousand():
    y = 10000 + np.float32([[-0.3], [0.3], [0.0], [0.2], [-0.1]])
    p = y + np.float32([[0.004], [-0.004], [0.004], [0.0], [0.004]])
    assert metrics.R2Score()(y, p).item() == pytest.approx(r2(y, p), abs=1e-7)


def test_r2_of_batches_without_weight():
    m = metrics.R2Score()
    y, p = pair(1e4, (9, 1))
    m.update_state(y[:4], p[:4], np.zeros(4))
    assert m.result().item() == 0
    m.update_state(y[4:], p[4:])
    m.update_state(y[:4], p[:4], np.zeros(4))
    assert m.result().item() == pytest.approx(r2(y[4:], p[4:]), abs=1e-7)


def correlation(y, p):
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(y, p, strict=True)])


def concordance(y, p):
    cov = np.mean((y - y.mean(-1, keepdims=True)) * (p - p.mean(-1, keepdims=True)), -1)
    return 2 * cov / (y.var(-1) + p.var(-1) + (y.mean(-1) - p.mean(-1)) ** 2)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("offset", FAR)
@pytest.mark.parametrize(
    ("function", "definition"),
    [
        (metrics.pearson_correlation, correlation),
        (metrics.concordance_correlation, concordance),
    ],
)
def test_correlation_far_from_zero(function, definition, offset, engine):
    y, p = pair(offset, (6, 40))
    p += 0.1 * y.std()
    found = Step(function, [], engine)(y, p)
    np.testing.assert_allclose(found, definition(y.astype(float), p.astype(float)), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e-4, 1e15, 1e30])
def test_correlation_does_not_know_the_unit(scale):
    y = (scale * R.normal(size=(4, 30))).astype("float32")
    p = (y + 0.3 * scale * R.normal(size=y.shape)).astype("float32")
    a, b = y.astype(float), p.astype(float)
    np.testing.assert_allclose(metrics.pearson_correlation(y, p), correlation(a, b), atol=1e-6)
    np.testing.assert_allclose(metrics.concordance_correlation(y, p), concordance(a, b), atol=1e-6)
    if scale > 1e-5:  # below its epsilon a vector stays short
        cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        np.testing.assert_allclose(metrics.cosine_similarity(y, p), cosine, atol=1e-6)


def test_constants_have_no_correlation():
    y, p = np.full((1, 5), 7.0, "float32"), R.normal(size=(1, 5)).astype("float32")
    for function in (metrics.pearson_correlation, metrics.concordance_correlation):
        assert function(y, y).item() == 0
        assert function(y, p).item() == 0


@pytest.mark.parametrize(
    "function",
    [metrics.pearson_correlation, metrics.concordance_correlation, metrics.cosine_similarity],
)
def test_gradient_is_the_finite_difference(function):
    y, p = R.normal(size=(3, 6)), R.normal(size=(3, 6))
    assert gradcheck(lambda p: nn.ops.sum(function(y, p)), p).error < 1e-7
    assert gradcheck(lambda p: nn.ops.sum(function(y, p)), 1e3 + p).error < 1e-5
