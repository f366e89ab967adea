"""Contrastive losses against their formulas, and what they make of samples."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.layers import Dense, GaussianNoise

RNG = np.random.default_rng(0)


def test_nt_xent_is_the_mean_of_the_cross_entropies():
    z, tau = RNG.normal(size=(10, 4)), 0.3
    u = z / np.linalg.norm(z, axis=1, keepdims=True)
    losses = []
    for i in range(10):
        others = [u[i] @ u[k] / tau for k in range(10) if k != i]
        losses.append(np.log(np.exp(others).sum()) - u[i] @ u[(i + 5) % 10] / tau)
    assert zoo.nt_xent(z, tau).item() == pytest.approx(np.mean(losses), rel=1e-6)


def test_with_classes_all_of_one_class_are_alike():
    z, tau, y = RNG.normal(size=(10, 4)), 0.3, np.array([0, 1, 0, 2, 1])
    u = z / np.linalg.norm(z, axis=1, keepdims=True)
    both, losses = np.tile(y, 2), []
    for i in range(10):
        log_all = np.log(sum(np.exp(u[i] @ u[k] / tau) for k in range(10) if k != i))
        same = [j for j in range(10) if j != i and both[j] == both[i]]
        losses.append(np.mean([log_all - u[i] @ u[j] / tau for j in same]))
    assert zoo.nt_xent(z, tau, y).item() == pytest.approx(np.mean(losses), rel=1e-6)
    alone = zoo.nt_xent(z, tau, np.arange(5)).item()  # each image a class of its own
    assert alone == pytest.approx(zoo.nt_xent(z, tau).item(), rel=1e-6)


def test_gradients_of_nt_xent_are_those_of_differences():
    z = nn.tensor(RNG.normal(size=(6, 3)))
    assert nn.gradcheck(lambda t: zoo.nt_xent(t, 0.5), z)
    assert nn.gradcheck(lambda t: zoo.nt_xent(t, 0.5, [0, 1, 0]), z)


def test_the_contrastive_loss_weighs_as_other_losses_do():
    loss = zoo.ContrastiveLoss(1.5)
    y, d = np.array([0, 1, 1, 0]), np.array([0.2, 0.5, 2.0, 1.0], "float32")
    values = np.array([0.04, 1.0, 0.0, 1.0])
    assert loss(y, d).item() == pytest.approx(values.mean(), rel=1e-6)
    weights = np.array([1.0, 2.0, 0.0, 0.0])
    assert loss(y, d, weights).item() == pytest.approx((values * weights).mean(), rel=1e-6)


def test_pairs_are_alike_and_not_in_turn():
    y = RNG.permutation(np.repeat([3, 5, 9], [4, 50, 7]))
    x = np.arange(len(y))
    (a, b), unlike = zoo.pairs(x, y, np.random.default_rng(1))
    assert len(a) == len(b) == len(unlike) == 2 * len(y)
    assert ((y[a] != y[b]) == unlike).all()
    assert (a != b).all()  # not with itself
    assert (np.bincount(a) == 2).all()
    again, _ = zoo.pairs(x, y, np.random.default_rng(1))
    np.testing.assert_array_equal(again[1], b)


def test_pairs_are_made_of_lists_too():
    (a, b), _ = zoo.pairs([1, 2, 3, 4], [0, 0, 1, 1], np.random.default_rng(0))
    assert a.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert b[::2].tolist() == [2, 1, 4, 3]


def circle(count, seed=0):
    """Points of two rings, whose angle says nothing of the ring."""
    y, angle = np.arange(count) % 2, np.random.default_rng(seed).uniform(0, 2 * np.pi, count)
    return ((1 + y) * np.stack([np.cos(angle), np.sin(angle)])).T.astype("float32"), y


def test_a_siamese_network_brings_together_what_is_alike():
    x, y = circle(200)
    nn.utils.set_random_seed(0)
    model = zoo.Siamese(nn.Sequential([Dense(32, "relu"), Dense(2)]))
    model.compile(nn.optimizers.Adam(0.01), zoo.ContrastiveLoss(1.0))
    model.fit(*zoo.pairs(x, y, np.random.default_rng(0)), epochs=40, verbose=0)
    (a, b), unlike = zoo.pairs(*circle(200, 1), np.random.default_rng(2))
    d = model.predict((a, b), verbose=0)
    assert d[unlike == 0].mean() < 0.3 * d[unlike == 1].mean()
    np.testing.assert_allclose(model.predict((b, a), verbose=0), d, atol=1e-6)  # the same network


class Turned(nn.layers.Layer, namespace="tests"):
    """Turns points about the origin: what does not matter of a ring."""

    def call(self, x):
        angle = nn.random.uniform((len(x),), 0, 2 * np.pi)
        c, s = nn.ops.cos(angle), nn.ops.sin(angle)
        return nn.ops.stack([c * x[:, 0] - s * x[:, 1], s * x[:, 0] + c * x[:, 1]], axis=1)


def test_simclr_learns_what_views_leave_as_it_is():
    x, y = circle(256)
    nn.utils.set_random_seed(0)
    model = zoo.SimCLR(nn.Sequential([Dense(32, "relu"), Dense(8)]), Turned(), width=8)
    model.compile(nn.optimizers.Adam(0.01))
    losses = model.fit(x, batch_size=64, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    h = model.predict(x, verbose=0)
    u = h / np.linalg.norm(h, axis=1, keepdims=True)
    cosines = u @ u.T
    same = y[:, None] == y
    assert cosines[same].mean() > cosines[~same].mean() + 0.3


def test_simclr_with_classes_brings_them_together():
    x = np.random.default_rng(0).normal(size=(128, 4)).astype("float32")
    y = np.arange(128) % 3
    x[:, 0] += 2 * y
    nn.utils.set_random_seed(0)
    model = zoo.SimCLR(Dense(8), GaussianNoise(0.1), width=8, temperature=0.2)
    model.compile(nn.optimizers.Adam(0.01))
    losses = model.fit(x, y, batch_size=64, epochs=30, verbose=0).history["loss"]
    h = model.predict(x, verbose=0)
    u = (h - h.mean(axis=0)) / np.linalg.norm(h - h.mean(axis=0), axis=1, keepdims=True)
    same = y[:, None] == y
    assert (u @ u.T)[same].mean() > (u @ u.T)[~same].mean() + 0.4
    assert losses[-1] < losses[0]


def test_views_are_drawn_anew_in_evaluation_and_not_in_prediction():
    nn.utils.set_random_seed(0)
    x = RNG.normal(size=(8, 3)).astype("float32")
    model = zoo.SimCLR(Dense(4), GaussianNoise(1.0), width=4)
    model.compile("adam")
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    assert model.evaluate(x, verbose=0) > 0


def test_what_they_refuse():
    with pytest.raises(ShapeError, match=r"each image has two views\. Got z \(3, 2\)"):
        zoo.nt_xent(np.ones((3, 2)))
    with pytest.raises(ShapeError, match=r"a class for each two views\. Got z \(4, 2\), y \(4,\)"):
        zoo.nt_xent(np.ones((4, 2)), y=np.zeros(4))
    with pytest.raises(DataError, match="pairs need two classes or more"):
        zoo.pairs(np.zeros(3), np.zeros(3, int), RNG)
    with pytest.raises(DataError, match="2 of class 0, 1 of class 1"):
        zoo.pairs(np.zeros(3), np.array([0, 0, 1]), RNG)
    for y in (np.array([0, 0, 1, 1, 1]), np.array([[0], [0], [1], [1]])):
        with pytest.raises(DataError, match=r"one class for each sample\. Got x \(4, 2\), y \("):
            zoo.pairs(np.zeros((4, 2)), y, RNG)
    with pytest.raises(ArgumentError, match=r"drawn by a generator\. Got 0[\s\S]*default_rng\(0\)"):
        zoo.pairs(np.zeros(4), np.array([0, 0, 1, 1]), 0)
    with pytest.raises(ArgumentError, match="margin is out of range"):
        zoo.ContrastiveLoss(0)
    with pytest.raises(ArgumentError, match="temperature is out of range"):
        zoo.SimCLR(Dense(2), GaussianNoise(0.1), temperature=0)
    model = zoo.SimCLR(Dense(2), GaussianNoise(0.1))
    model.compile("adam")
    with pytest.raises(ArgumentError, match="SimCLR compares all images of a batch"):
        model.fit(np.ones((4, 2)), sample_weight=np.ones(4), verbose=0)
