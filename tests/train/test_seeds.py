"""One seed for all of a script, and what must not change the training that comes behind it."""

# ruff: noqa: NPY002 - NumPy's global generator is what is tested

import random as python_random
import threading

import numpy as np
import pytest

import neurona as nn
from neurona.core import random

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((24, 3)).astype("float32"), rng.standard_normal((24, 1))


def _drawn():
    """Numbers of all generators that a script may use."""
    return [
        python_random.random(),
        np.random.rand(),
        nn.random.uniform((2,)).tolist(),
        nn.data.train_test_split(np.arange(20))[0].tolist(),
        next(nn.data.k_fold(9))[1].tolist(),
        nn.data.shuffle(np.arange(9)).tolist(),
        nn.data.batches(np.arange(9), shuffle=True).seed,
        nn.datasets.make_moons(5, noise=0.1)[0].tolist(),
    ]


@pytest.mark.parametrize("seed", [nn.utils.set_random_seed, nn.random.set_seed])
def test_one_seed_is_for_python_numpy_and_what_splits_data(seed):
    seed(5)
    first, second = _drawn(), _drawn()
    seed(5)
    assert _drawn() == first
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_the_global_generators_are_as_keras_seeds_them():
    nn.utils.set_random_seed(812)
    assert python_random.random() == python_random.Random(812).random()
    assert np.random.rand() == np.random.RandomState(812).rand()
    nn.utils.set_random_seed(2**40 + 3)  # NumPy takes 32 bits
    assert np.random.rand() == np.random.RandomState(3).rand()


def test_a_thread_of_its_own_seed_leaves_the_global_generators_alone():
    nn.utils.set_random_seed(1)
    thread = threading.Thread(target=nn.utils.set_random_seed, args=(2,))
    thread.start()
    thread.join()
    assert np.random.rand() == np.random.RandomState(1).rand()


def test_a_split_without_a_seed_is_scikit_learns():
    np.random.seed(3)
    order = np.random.RandomState(3).permutation(8)
    assert nn.data.train_test_split(np.arange(8), test_size=2)[1].tolist() == order[:2].tolist()


@pytest.mark.parametrize("engine", [*nn.config.ENGINES, "eager"])
def test_nothing_between_two_fits_changes_the_second(engine):
    def weights(between):
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.layers.Dense(4), nn.layers.Dropout(0.5), nn.layers.Dense(1)])
        options = {"run_eagerly": True} if engine == "eager" else {"engine": engine}
        model.compile("sgd", "mse", **options)
        for _ in range(2):
            model.fit(X, Y, batch_size=8, verbose=0)
            between(model)
        return [w.tolist() for w in model.get_weights()]

    def all_of_them(model):
        for _ in range(2):
            model.predict(X, verbose=0)
            model.predict(X[:1], verbose=0)
            model.predict_on_batch(X[:3])
            model.evaluate(X, Y, batch_size=8, verbose=0)
            model.evaluate(nn.data.batches(X, Y, 8), verbose=0)
            model.test_on_batch(X, Y)

    assert weights(all_of_them) == weights(lambda model: None)


@pytest.mark.parametrize("engine", [*nn.config.ENGINES, "eager"])
def test_predictions_that_draw_are_new_each_time_and_come_again_with_the_seed(engine):
    class Noisy(nn.Model):
        def call(self, x):
            return x + nn.random.normal(x.shape)

    model = Noisy()
    options = {"run_eagerly": True} if engine == "eager" else {"engine": engine}
    model.compile("sgd", "mse", **options)

    def predictions():
        nn.utils.set_random_seed(1)
        found = [model.predict(X, verbose=0).tolist() for _ in range(3)]
        nn.random.uniform((1,))  # the stream moves on
        return [*found, model.predict(X, verbose=0).tolist()]

    first = predictions()
    assert all(first.count(a) == 1 for a in first)
    assert predictions() == first


def test_states_aside_are_apart_from_the_streams_and_from_each_other():
    random.set_position(4, 0)
    taken = []
    for _ in range(50):
        taken += [random.take_aside(3), random.take_aside(1), random.take_states(1)]
    assert random.get_position() == (4, 50)
    steps = [
        s + k for s, n in zip([t[1] for t in taken], [3, 1, 1] * 50, strict=True) for k in range(n)
    ]
    assert len(set(steps)) == len(steps) == 250
    assert all(0 <= s < 2**63 for s in steps)
