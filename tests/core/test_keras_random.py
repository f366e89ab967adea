"""Keras's random functions and its SeedGenerator."""

import copy

import numpy as np
import pytest

import neurona as nn
from neurona import random
from neurona.errors import ArgumentError, TraceError


def test_a_generator_gives_other_numbers_at_each_draw_and_the_same_in_each_run():
    one, two = random.SeedGenerator(1337), random.SeedGenerator(1337)
    first, second = random.normal((3,), seed=one).numpy(), random.normal((3,), seed=one).numpy()
    assert not np.array_equal(first, second)
    assert np.array_equal(random.normal((3,), seed=two).numpy(), first)
    random.uniform((7,))  # what others draw does not matter
    assert np.array_equal(random.normal((3,), seed=two).numpy(), second)
    other = random.SeedGenerator(1338)
    assert not np.array_equal(random.normal((3,), seed=other).numpy(), first)
    nn.utils.set_random_seed(3)
    taken = [random.SeedGenerator().seed for _ in range(2)]
    nn.utils.set_random_seed(3)
    assert [random.SeedGenerator().seed for _ in range(2)] == taken
    assert taken[0] != taken[1]
    again = random.SeedGenerator.from_config(one.get_config())
    assert np.array_equal(random.normal((3,), seed=again).numpy(), first)
    assert [int(s) for s in again.state] == [1337, 1]
    assert repr(again) == "SeedGenerator(1337)"


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: random.normal((4,), 0.0, 1.0, "float64", seed),
        lambda seed: random.uniform((4,), seed=seed),
        lambda seed: random.truncated_normal((4,), seed=seed),
        lambda seed: random.randint((4,), 0, 1000, seed=seed),
        lambda seed: random.gamma((4,), 0.5, seed=seed),
        lambda seed: random.beta((4,), 0.5, 0.5, seed=seed),
        lambda seed: random.binomial((8,), 50, 0.5, seed=seed),
        lambda seed: random.categorical(np.zeros((4, 100)), 2, seed=seed),
        lambda seed: random.dropout(np.ones(64), 0.5, seed=seed),
        lambda seed: random.shuffle(np.arange(50), seed=seed),
        lambda seed: random.bernoulli((64,), 0.5, seed=seed),
        lambda seed: nn.initializers.HeNormal(seed=seed)((3, 3)),
    ],
)
def test_every_draw_takes_seeds_and_generators(draw):
    assert np.array_equal(draw(5).numpy(), draw(5).numpy())
    generator = random.SeedGenerator(5)
    assert not np.array_equal(draw(generator).numpy(), draw(generator).numpy())
    assert not np.array_equal(draw(None).numpy(), draw(None).numpy())


def test_a_layer_with_a_generator_draws_anew_in_each_compiled_step():
    class Noise(nn.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = random.SeedGenerator(3)

        def call(self, x, training=False):
            return x + random.normal(x.shape, seed=self.seeds) if training else x

    def losses():
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.Input((2,)), Noise(), nn.layers.Dense(1, trainable=False)])
        model.add(nn.layers.Dense(1))
        model.compile(nn.optimizers.SGD(0.0), "mse")
        x = np.ones((4, 2), "float32")
        return model.fit(x, x[:, :1], batch_size=4, epochs=3, verbose=0).history["loss"]

    first = losses()
    assert len(set(first)) == 3
    assert losses() == first
    assert copy.deepcopy(random.SeedGenerator(3)).seed == 3
    assert nn.layers.Dropout(0.5, seed=random.SeedGenerator(3)).seed == 3


def test_dropout_keeps_the_mean_and_its_mask_has_a_shape():
    x = np.ones((200, 50), "float32")
    y = random.dropout(x, 0.25, seed=1).numpy()
    assert set(np.unique(y).round(4)) == {0.0, np.float32(1.3333)}
    assert abs(y.mean() - 1.0) < 0.02
    rows = random.dropout(x, 0.5, noise_shape=(None, 1), seed=1).numpy()
    assert set(rows.sum(1)) == {0.0, 100.0}
    assert random.dropout([1, 1], 0.0).tolist() == [1.0, 1.0]
    with pytest.raises(ArgumentError, match="rate 1 would drop everything"):
        random.dropout(x, 1.0)
    with pytest.raises(ArgumentError, match="rate is out of range"):
        random.dropout(x, 1.5)


def test_shuffle_keeps_slices_whole():
    x = np.arange(12).reshape(4, 3)
    rows = random.shuffle(x, seed=2).numpy()
    assert sorted(rows.tolist()) == x.tolist()
    columns = random.shuffle(x, axis=1, seed=2).numpy()
    assert sorted(columns.T.tolist()) == x.T.tolist()


def test_binomial_numbers_have_the_right_distribution():
    n, p = 12, 0.3
    drawn = random.binomial((20_000,), n, p, seed=4).numpy()
    k = np.arange(n + 1)
    ways = np.array([float(np.prod(np.arange(1, n + 1)[-i:] / np.arange(1, i + 1))) if i else 1.0
                     for i in k])  # fmt: skip
    expected = ways * p**k * (1 - p) ** (n - k)
    found = np.bincount(drawn.astype(int), minlength=n + 1) / len(drawn)
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / len(drawn))
    mixed = random.binomial((1000, 4), [0, 5, 5, 100], [0.5, 0.0, 1.0, 0.5], seed=1).numpy()
    assert mixed[:, 0].max() == mixed[:, 1].max() == 0
    assert mixed[:, 2].min() == mixed[:, 2].max() == 5
    assert abs(mixed[:, 3].mean() - 50) < 1.0
    assert random.binomial((2,), 3, 0.5, dtype="float64").dtype.name == "float64"
    with pytest.raises(ArgumentError, match="a count is out of range"):
        random.binomial((2,), -1, 0.5)
    with pytest.raises(TraceError, match="the counts must be known"):
        nn.jit(lambda n: random.binomial((2,), n, 0.5))(np.float32(3.0))


def test_categorical_numbers_for_each_row():
    drawn = random.categorical(np.log([[0.9, 0.1], [1e-9, 1.0]]), 500, seed=1).numpy()
    assert drawn.shape == (2, 500)
    assert abs(drawn[0].mean() - 0.1) < 0.06
    assert drawn[1].min() == 1
    assert random.categorical(np.zeros((1, 2)), 1, dtype="int64").dtype.name == "int64"
