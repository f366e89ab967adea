"""Initialisers: statistics of what they draw, fans, orthogonality, names."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import initializers
from neurona.errors import ArgumentError, ShapeError
from neurona.nn.description import describe, rebuild
from neurona.nn.initializers import fans

SHAPE = (200, 300)  # 60,000 numbers: a standard deviation within about 0.3 %


@pytest.fixture(autouse=True)
def _same_numbers():
    nn.utils.set_random_seed(0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((5,), (5, 5)), ((4, 7), (4, 7)), ((3, 4, 7), (12, 21)),
     ((3, 5, 4, 7), (60, 105))],
)  # fmt: skip
def test_fans(shape, expected):
    assert fans(shape) == expected


@pytest.mark.parametrize(
    ("name", "variance", "uniform"),
    [
        ("GlorotUniform", 2 / 500, True),
        ("GlorotNormal", 2 / 500, False),
        ("HeUniform", 2 / 200, True),
        ("HeNormal", 2 / 200, False),
        ("LecunUniform", 1 / 200, True),
        ("LecunNormal", 1 / 200, False),
    ],
)
def test_variance_follows_the_fans(name, variance, uniform):
    w = getattr(initializers, name)()(SHAPE).numpy()
    assert w.dtype == np.float32
    assert w.shape == SHAPE
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    if uniform:
        limit = math.sqrt(3 * variance)
        assert np.abs(w).max() <= limit
        assert np.abs(w).max() > 0.999 * limit
    else:  # cut at two deviations of the normal that it is cut from
        deviation = math.sqrt(variance) / 0.87962566103423978
        assert np.abs(w).max() <= 2 * deviation * (1 + 1e-6)
        assert np.abs(w).max() > 1.99 * deviation


def test_convolution_kernels_count_their_places():
    w = initializers.HeNormal()((5, 5, 30, 40)).numpy()
    assert w.var() == pytest.approx(2 / (25 * 30), rel=0.03)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize(
    "distribution", ["uniform", "untruncated_normal", "truncated_normal", "normal"]
)
def test_variance_scaling(mode, distribution):
    n = {"fan_in": 200, "fan_out": 300, "fan_avg": 250}[mode]
    w = initializers.VarianceScaling(3.0, mode, distribution)(SHAPE).numpy()
    assert w.var() == pytest.approx(3.0 / n, rel=0.02)


def test_plain_distributions():
    w = initializers.RandomNormal(1.0, 0.5)(SHAPE).numpy()
    assert w.mean() == pytest.approx(1.0, abs=0.01)
    assert w.std() == pytest.approx(0.5, rel=0.01)
    w = initializers.RandomUniform(-1.0, 3.0)(SHAPE).numpy()
    assert -1.0 <= w.min() < -0.99
    assert 2.99 < w.max() < 3.0
    assert w.mean() == pytest.approx(1.0, abs=0.02)
    w = initializers.TruncatedNormal(1.0, 0.5)(SHAPE).numpy()
    assert w.min() >= 0.0
    assert w.max() <= 2.0
    assert w.std() == pytest.approx(0.5 * 0.8796, rel=0.01)


def test_constants_and_the_identity():
    assert initializers.Zeros()((2,)).tolist() == [0.0, 0.0]
    assert initializers.Ones()((2,)).tolist() == [1.0, 1.0]
    assert initializers.Constant(2.5)((1, 2)).tolist() == [[2.5, 2.5]]
    assert initializers.Identity(2.0)((2, 3)).tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 4)])
def test_orthogonal(shape):
    w = initializers.Orthogonal(gain=2.0)(shape, "float64").numpy().reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-12)


def test_seeds():
    one, two = initializers.HeNormal(seed=3)(SHAPE), initializers.HeNormal(seed=3)(SHAPE)
    assert np.array_equal(one.numpy(), two.numpy())
    assert not np.array_equal(one.numpy(), initializers.HeNormal(seed=4)(SHAPE).numpy())
    free = initializers.HeNormal()
    first = free(SHAPE).numpy()
    assert not np.array_equal(first, free(SHAPE).numpy())
    nn.utils.set_random_seed(0)
    assert np.array_equal(free(SHAPE).numpy(), first)


NAMES = set(initializers.__all__) - {"Initializer", "deserialize", "get", "serialize"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_names_and_descriptions(name):
    cls = getattr(initializers, name)
    assert type(initializers.get(name)) is cls
    assert type(initializers.get(cls)) is cls
    again = rebuild(describe(cls()))
    assert type(again) is cls
    shape = (3, 1, 3) if cls is initializers.STFT else (3, 3)
    made = again(shape, "float64")
    assert made.shape == shape
    assert made.dtype == np.float64


def test_kerass_short_names():
    pairs = {"uniform": "RandomUniform", "normal": "RandomNormal", "zero": "Zeros", "one": "Ones",
             "glorot_uniform": "GlorotUniform", "he_normal": "HeNormal"}  # fmt: skip
    for name, cls in pairs.items():
        assert type(initializers.get(name)).__name__ == cls


def test_errors():
    with pytest.raises(ArgumentError, match=r"unknown initializer. Got 'he_norml'"):
        initializers.get("he_norml")
    with pytest.raises(ArgumentError, match="an initializer is a name or a function"):
        initializers.get(3)
    with pytest.raises(ArgumentError, match=r"stddev is out of range. Got -1"):
        initializers.RandomNormal(stddev=-1)
    with pytest.raises(ArgumentError, match=r"unknown mode. Got 'fan'"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ShapeError, match=r"the identity has two axes. Got \(2, 2, 2\)"):
        initializers.Identity()((2, 2, 2))


def test_a_variable_takes_an_initializer_by_its_name():
    w = nn.Variable(shape=(2, 3), initializer="ones", name="w")
    assert w.tolist() == [[1.0] * 3] * 2
    assert 0 < abs(nn.Variable(shape=(50,), initializer="uniform").numpy()).max() <= 0.05
    with pytest.raises(nn.errors.ArgumentError, match=r"unknown initializer. Got 'unform'"):
        nn.Variable(shape=(2,), initializer="unform")


def test_numbers_of_numpy_are_numbers():
    half = np.float64(0.5)
    for made in (
        initializers.RandomNormal(mean=half, stddev=np.float32(0.1)),
        initializers.RandomNormal(stddev=np.sqrt(np.array(0.25))),
        initializers.RandomUniform(-half, half),
        initializers.TruncatedNormal(stddev=half),
    ):
        assert made((2, 3)).dtype == "float32"
    assert nn.random.normal((2,), stddev=half, dtype="float32").dtype == "float32"
