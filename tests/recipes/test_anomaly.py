"""What the recipe `anomaly` measures with, and the faults that it plants."""

import numpy as np
import pytest

from neurona.recipes import sensors
from neurona.recipes.nearest import strangeness
from neurona.recipes.roc import roc_auc

RNG = np.random.default_rng(0)


def test_the_area_counts_pairs_that_stand_rightly():
    scores, positive = RNG.integers(0, 20, 200) / 4, RNG.random(200) < 0.3
    right = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert roc_auc(scores, positive) == pytest.approx(np.mean(right), rel=1e-12)
    assert roc_auc(-scores, positive) == pytest.approx(1 - np.mean(right), rel=1e-12)


def test_strangeness_is_the_mean_distance_of_the_nearest():
    known, asked = RNG.normal(size=(50, 6)), RNG.normal(size=(2300, 6))
    u, v = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (known, asked))
    expected = 1 - np.sort(v @ u.T, axis=1)[:, -5:].mean(axis=1)
    np.testing.assert_allclose(strangeness(known, asked), expected, atol=1e-5)
    np.testing.assert_allclose(strangeness(3 * known, known, 1), 0, atol=1e-6)
    assert strangeness(known[:2], asked).shape == (2300,)  # fewer than five are known


def test_sensors_follow_each_other():
    x = sensors.pump(4000, np.random.default_rng(0))
    speed, flow, pressure, temperature = x.T
    np.testing.assert_allclose(flow, 0.9 * speed, atol=0.12)
    np.testing.assert_allclose(pressure, flow**2, atol=0.2)
    assert np.abs(np.diff(temperature)).mean() < 0.03
    again = sensors.pump(4000, np.random.default_rng(0))
    np.testing.assert_array_equal(again, x)


def test_faults_change_only_their_steps():
    clean = sensors.pump(4000, np.random.default_rng(0))
    x, faults = sensors.with_faults(clean, 3, np.random.default_rng(1))
    assert [kind for _, _, kind in faults] == [*sensors.KINDS] * 3
    changed = (x != clean).any(axis=1)
    inside = np.zeros(len(x), bool)
    for first, behind, kind in faults:
        inside[first:behind] = True
        own = x[first:behind]
        if kind == "stuck":
            assert (own[:, 1] == own[0, 1]).all()
        if kind == "leak":
            np.testing.assert_allclose(own[:, 2], 0.8 * clean[first:behind, 2])
    assert not (changed & ~inside).any()
    assert changed[inside].mean() > 0.95
    assert (np.diff([first for first, _, _ in faults]) >= sensors.LASTS).all()  # one at a time


def test_scores_of_steps_are_means_over_their_windows():
    errors = RNG.random((30, 7))
    found = sensors.step_scores(errors)
    assert len(found) == 36
    assert found[0] == errors[0, 0]
    assert found[10] == pytest.approx(np.mean([errors[10 - k, k] for k in range(7)]))
