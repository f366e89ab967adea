"""How made digits are judged: by numbers that are known here."""

import numpy as np
import pytest

from neurona.recipes import judge
from neurona.recipes.generate_gan import Growth


def test_the_baseline_has_the_means_and_variances_of_the_classes():
    rng = np.random.default_rng(0)
    y = np.arange(4000) % 10
    means = rng.uniform(0.4, 0.6, (10, 36)).astype("float32")
    x = means[y] + 0.05 * rng.normal(size=(4000, 36)).astype("float32")
    one = judge.Judge.__new__(judge.Judge)
    one.train = x.reshape(-1, 6, 6, 1), y
    asked = np.arange(2000) % 10
    made = one.gaussians(asked, rng)
    assert made.shape == (2000, 6, 6, 1)
    for digit in range(10):
        own = made[asked == digit].reshape(-1, 36)
        np.testing.assert_allclose(own.mean(axis=0), means[digit], atol=0.02)
    assert judge.variance(made, asked) == pytest.approx(0.05**2, rel=0.1)


def test_the_distance_of_frechet_is_that_of_the_normal_distributions():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(20_000, 3))
    b = 1 + 2 * rng.normal(size=(20_000, 3))
    # |m - n|^2 = 3, and (1 - 2)^2 for each axis
    assert judge.frechet(a, b) == pytest.approx(6, rel=0.05)
    assert judge.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_copies_are_found():
    rng = np.random.default_rng(0)
    known = rng.random((1200, 4, 4)).astype("float32")
    assert judge.distances(known, known[:700]).max() < 1e-2
    far = judge.distances(known, known[:3] + 5)
    np.testing.assert_allclose(
        far, [np.sqrt(((k + 5 - known) ** 2).sum((1, 2)).min()) for k in known[:3]]
    )


def test_what_was_made_before_a_kill_is_drawn_after_it():
    growth, again = Growth(), Growth()
    growth.rows = [np.ones((10, 2, 2, 1))]
    again.set_state(growth.get_state())
    again.rows.append(np.zeros((10, 2, 2, 1)))
    assert len(growth.rows) == 1
    np.testing.assert_array_equal(again.rows[0], growth.rows[0])
