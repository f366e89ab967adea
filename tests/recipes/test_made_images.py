"""Baselines of the recipes that make and mend images: filters, mixtures, principal components."""

import numpy as np
import pytest

from neurona.recipes import denoise, generate_vae
from neurona.recipes.principal import principal

RNG = np.random.default_rng(0)


def test_a_gaussian_filter_is_the_sum_over_the_weights():
    x = np.zeros((1, 11, 11))
    x[0, 5, 5] = 1.0
    y = denoise.gaussian(x, 1.0)[0]
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    weights /= weights.sum()
    np.testing.assert_allclose(y[2:9, 2:9], np.outer(weights, weights), rtol=1e-12)
    assert y.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(denoise.gaussian(np.full((1, 4, 4), 0.3), 1.5), 0.3, rtol=1e-12)


def test_a_median_filter_is_the_median_of_the_neighbours():
    x = RNG.random((3, 6, 7))
    y = denoise.median(x, 3)
    assert y.shape == x.shape
    assert y[1, 2, 3] == np.median(x[1, 1:4, 2:5])
    assert y[2, 0, 0] == np.median([x[2, i, j] for i in (0, 0, 1) for j in (0, 0, 1)])


def test_a_noisier_image_has_fewer_decibels():
    x = np.full((2, 4, 4), 0.5)
    y = x + np.array([0.1, 0.01])[:, None, None]
    np.testing.assert_allclose(denoise.psnr(y, x), [20, 40])
    np.testing.assert_allclose(denoise.psnr(x + 9, x), 10 * np.log10(4))  # cut at 1


def test_baselines_are_chosen_on_validation():
    x = np.repeat(np.repeat(RNG.random((60, 7, 7)) < 0.3, 4, axis=1), 4, axis=2).astype("float32")
    noisy = denoise.noised(x, np.random.default_rng(1))
    found = denoise.baselines(x, x[:20], noisy[:20], noisy[20:])
    kinds = [name.split(",")[0].split(" ")[-1] for name in found]
    assert kinds == ["filter", "filter", "components"]
    first = denoise.psnr(noisy[20:], x[20:]).mean()
    for cleaned in found.values():
        assert denoise.psnr(cleaned, x[20:]).mean() > first + 2


def test_the_first_component_is_the_longest_axis():
    x = RNG.normal(size=(500, 3)) * [0.1, 5.0, 1.0] + [1.0, 2.0, 3.0]
    found = principal(x, 2)
    np.testing.assert_allclose(np.abs(found.directions[:, 0]), [0, 1, 0], atol=0.05)
    left = x - found.mean - found.codes(x) @ found.directions.T
    np.testing.assert_allclose(found.errors(x), (left**2).sum(axis=1), atol=1e-10)


def test_a_mixture_finds_the_templates():
    templates = (RNG.random((3, 40)) < 0.5).astype("float32")
    which = RNG.integers(3, size=600)
    x = np.abs(templates[which] - (RNG.random((600, 40)) < 0.05)).astype("float32")
    one = generate_vae.mixture(x, 1, 1, np.random.default_rng(0))
    three = generate_vae.mixture(x, 6, 30, np.random.default_rng(0))
    assert three(x).mean() > one(x).mean() + 8
    p = x.mean(axis=0)  # of one template: each pixel by itself, a closed form
    exact = (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)
    np.testing.assert_allclose(one(x), exact, rtol=2e-2)
    every = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype("float32")
    small = generate_vae.mixture(x[:, :4], 3, 10, np.random.default_rng(0))
    assert np.exp(small(every)).sum() == pytest.approx(1.0, rel=1e-4)  # it is a distribution
