"""Gates and made data. The golden numbers are scikit-learn's, of the same arguments."""

import numpy as np
import pytest

from neurona.datasets import (
    gates,
    make_blobs,
    make_circles,
    make_gaussian_quantiles,
    make_moons,
    make_regression,
    make_spirals,
)
from neurona.errors import ArgumentError


@pytest.mark.parametrize("name", ["and", "or", "xor", "nand", "nor", "xnor"])
def test_gates(name):
    X, y = gates(name)
    a, b = X.astype(int).T
    plain = {"and": a & b, "or": a | b, "xor": a ^ b}
    negated = {"nand": 1 - (a & b), "nor": 1 - (a | b), "xnor": 1 - (a ^ b)}
    assert np.array_equal(y, (plain | negated)[name])
    assert (X.dtype, X.shape, y.dtype) == (np.float32, (4, 2), np.int64)


def test_unknown_gate():
    with pytest.raises(
        ArgumentError, match=r"unknown gate. Got 'xnot'; .*\ntry: did you mean 'xn?or'"
    ):
        gates("xnot")


GOLDEN = [  # make, arguments, first row of X, weighted sum of X, first ten of y
    (
        make_moons,
        {"n_samples": 200, "noise": 0.2},
        [-1.1068966543534753, 0.04229280950577266],
        32117.81316342811,
        [0, 0, 0, 1, 1, 1, 0, 1, 1, 0],
    ),
    (
        make_moons,
        {"n_samples": (3, 8)},
        [0.3765101981412664, -0.2818314824680298],
        81.53024274010764,
        [1, 0, 1, 1, 0, 0, 1, 1, 1, 1],
    ),
    (
        make_circles,
        {"n_samples": 51, "noise": 0.1, "factor": 0.3},
        [-0.07727806598654255, -0.34406084683308835],
        -39.1171580024795,
        [1, 1, 1, 0, 0, 1, 0, 1, 0, 1],
    ),
    (
        make_blobs,
        {"n_samples": 50, "centers": 4, "n_features": 3, "cluster_std": [1.0, 2.0, 3.0, 0.1]},
        [-2.5226948477906843, 7.956575199242421, 5.4624237483312905],
        3060.544309918232,
        [0, 2, 1, 3, 0, 0, 3, 1, 2, 2],
    ),
    (
        make_blobs,
        {"n_samples": [5, 6, 7], "center_box": (0.0, 1.0)},
        [-1.1721674084559939, 0.35285575620532617],
        140.03659896287436,
        [2, 0, 2, 1, 1, 0, 0, 1, 2, 2],
    ),
    (
        make_gaussian_quantiles,
        {"n_samples": 50, "n_classes": 4, "n_features": 3, "cov": 2.0},
        [2.153889478831377, -0.3311428782091712, -0.33111965997029663],
        -1208.13183630322,
        [2, 3, 2, 1, 1, 2, 2, 0, 0, 1],
    ),
    (
        make_regression,
        {"n_samples": 20, "n_features": 3, "n_informative": 2, "noise": 2.0, "bias": 3.0},
        [0.4967141530112327, -0.13826430117118466, 0.6476885381006925],
        -369.4469170644352,
        [
            16.344718178176247,
            -24.345261412873082,
            15.851476177251914,
            -5.331934569389399,
            42.59528958863815,
            3.3481905089289405,
            -23.642198649084705,
            -1.2980300666834992,
            -13.585719938770593,
            14.690285929175886,
        ],
    ),
    (
        make_regression,
        {"n_samples": 9, "n_features": 4, "n_targets": 2},
        [-0.46341769281246226, -0.46572975357025687, 0.5425600435859647, -0.4694743859349521],
        -81.25405929927777,
        [
            -73.65924947661033,
            -91.9821959467681,
            -93.19230864231368,
            -65.7404781366517,
            -235.11724492674279,
            -243.6258301376023,
            205.11913041002626,
            174.57643317466406,
            213.81145766151997,
            209.76597907643657,
        ],
    ),
]


@pytest.mark.parametrize(("make", "kwargs", "first", "total", "labels"), GOLDEN)
def test_the_numbers_of_scikit_learn(make, kwargs, first, total, labels):
    X, y = make(random_state=42, **kwargs)[:2]
    assert np.allclose(X[0], first, rtol=1e-12)
    assert np.isclose((X * np.arange(1, X.size + 1).reshape(X.shape)).sum(), total, rtol=1e-9)
    assert np.allclose(np.ravel(y)[:10], labels)
    assert X.dtype == np.float64


def test_without_shuffle_classes_come_in_order():
    for make in (make_moons, make_circles, make_spirals, make_blobs):
        assert (np.diff(make(31, shuffle=False)[1]) >= 0).all()


def test_counts_of_two():
    for make in (make_moons, make_circles):
        assert np.bincount(make((3, 5))[1]).tolist() == [3, 5]
        assert np.bincount(make(7)[1]).tolist() == [3, 4]


def test_circles_and_spirals_lie_where_they_should():
    X, y = make_circles(40, factor=0.25)
    assert np.allclose(np.hypot(*X.T), np.where(y == 0, 1, 0.25))
    X, y = make_spirals(31, n_classes=3, turns=0.0, shuffle=False)
    assert np.bincount(y).tolist() == [11, 10, 10]
    assert np.allclose(np.arctan2(X[:, 1], X[:, 0]) % (2 * np.pi), y * 2 * np.pi / 3)
    assert np.isclose(np.hypot(*X.T).max(), 1)


def test_noise_has_its_deviation():
    clean = make_spirals(5000, shuffle=False)[0]
    noisy = make_spirals(5000, shuffle=False, noise=0.3, random_state=0)[0]
    assert abs((noisy - clean).std() - 0.3) < 0.01


def test_blobs_return_centers():
    X, y, centers = make_blobs(3000, centers=3, random_state=0, return_centers=True)
    assert np.allclose([X[y == k].mean(axis=0) for k in range(3)], centers, atol=0.15)


def test_regression_is_linear():
    X, y, w = make_regression(30, 6, n_informative=2, n_targets=2, bias=3, coef=True)
    assert np.allclose(X @ w + 3, y)
    assert (w != 0).any(axis=1).sum() == 2


@pytest.mark.parametrize("seed", [None, 3, np.random.RandomState(1)])
def test_seeds(seed):
    assert make_moons(10, random_state=seed)[0].shape == (10, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_moons(0), r"n_samples is too small. Got 0; expected 1 or more"),
        (
            lambda: make_moons((1, 2, 3)),
            r"n_samples has the wrong length. Got \(1, 2, 3\); .*outer",
        ),
        (lambda: make_moons(noise=-1), r"noise is out of range. Got -1"),
        (lambda: make_circles(factor=1), r"factor must be below 1. Got 1.\ntry: factor=0.8"),
        (lambda: make_circles(factor=-0.1), r"factor is out of range. Got -0.1"),
        (lambda: make_spirals(n_classes=0), r"n_classes is too small. Got 0"),
        (lambda: make_spirals(turns=np.inf), r"turns is out of range. Got inf"),
        (
            lambda: make_blobs(centers=np.ones(3)),
            r"centers must be a number or a table. Got array",
        ),
        (
            lambda: make_blobs([1, 2], centers=3),
            r"n_samples must have one entry a centre. Got 2 for 3",
        ),
        (
            lambda: make_blobs(cluster_std=[1, 2]),
            r"cluster_std must have one entry a centre. Got 2",
        ),
        (lambda: make_blobs(cluster_std=-1), r"cluster_std is out of range. Got np.float64\(-1"),
        (lambda: make_blobs(center_box=(1, 0)), r"center_box is out of range. Got 0"),
        (
            lambda: make_gaussian_quantiles(n_samples=2),
            r"n_samples is too small. Got 2; expected 3",
        ),
        (lambda: make_gaussian_quantiles(mean=[1]), r"mean must have one number a feature.*\(1,\)"),
        (lambda: make_regression(n_features=0), r"n_features is too small. Got 0"),
        (lambda: make_moons(random_state="a"), r"random_state must be an integer. Got 'a'"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
