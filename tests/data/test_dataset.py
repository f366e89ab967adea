"""Datasets: what goes in, in which order, and how often."""

import numpy as np
import pytest

import neurona as nn
from neurona.data.dataset import INFINITE, UNKNOWN, Dataset
from neurona.errors import ArgumentError, DataError

RANGE = Dataset.range(10)


def lists(dataset):
    return [np.asarray(element).tolist() for element in dataset]


def test_rows_of_arrays_come_as_tensors():
    x, y = np.arange(6.0).reshape(3, 2), np.array([4, 5, 6])
    data = Dataset.from_tensor_slices((x, y))
    first = next(iter(data))
    assert isinstance(first, tuple)
    assert isinstance(first[0], nn.Tensor)
    assert first[0].numpy().tolist() == [0, 1]
    assert [label.item() for _, label in data] == [4, 5, 6]
    named = Dataset.from_tensor_slices({"x": x, "y": y})
    assert next(iter(named))["y"].item() == 4
    assert len(data) == data.cardinality() == 3
    assert next(data.as_numpy_iterator())[0].tolist() == [0, 1]
    with pytest.raises(DataError, match=r"rows of arrays belong together. Got \(3, 2\), \(2,\)"):
        Dataset.from_tensor_slices((x, y[:2]))


def test_texts_come_as_arrays():
    data = Dataset.from_tensor_slices((np.array(["a", "bc"]), np.arange(2))).batch(2)
    texts, labels = next(iter(data))
    assert texts.numpy()[1] == "bc"
    assert labels.tolist() == [0, 1]


def test_batches():
    assert lists(RANGE.batch(4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert lists(RANGE.batch(4, drop_remainder=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(RANGE.batch(4)) == 3
    assert len(RANGE.batch(4, True)) == 2
    mapped = RANGE.map(lambda n: n + 1)  # no longer rows by number
    assert lists(mapped.batch(4)) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert lists(mapped.batch(4, True)) == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert lists(RANGE.batch(4).batch(2, True))[0] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert lists(RANGE.batch(3).unbatch()) == list(range(10))
    with pytest.raises(ArgumentError, match="batch_size is too small"):
        RANGE.batch(0)
    ragged = Dataset.from_generator(lambda: iter([[1], [2, 3], [4]]))
    with pytest.raises(DataError, match="of different shapes make no batch") as caught:
        list(ragged.batch(2))
    assert "padded_batch" in str(caught.value)
    assert lists(ragged.padded_batch(2)) == [[[1, 0], [2, 3]], [[4]]]
    assert lists(ragged.padded_batch(2, [None], padding_values=-1)) == [[[1, -1], [2, 3]], [[4]]]
    with pytest.raises(ArgumentError, match="fills up to the largest"):
        ragged.padded_batch(2, [5])


def test_functions_take_the_parts_of_a_tuple():
    data = Dataset.from_tensor_slices((np.arange(4), np.arange(4) * 10))
    assert lists(data.map(lambda x, y: x + y)) == [0, 11, 22, 33]
    doubled = data.map(lambda x, y: (x * 2, y), num_parallel_calls=nn.data.AUTOTUNE)
    assert [(x.item(), y.item()) for x, y in doubled] == [(0, 0), (2, 10), (4, 20), (6, 30)]
    assert lists(data.filter(lambda x, y: x % 2 == 1).map(lambda x, y: y)) == [10, 30]
    assert lists(Dataset.from_tensor_slices({"a": np.arange(3)}).map(lambda d: d["a"])) == [0, 1, 2]
    layer = nn.layers.Rescaling(0.5)
    assert lists(RANGE.batch(5).map(layer))[0] == [0, 0.5, 1, 1.5, 2]


def test_shuffling():
    data = RANGE.shuffle(100, seed=1)
    first, second = lists(data), lists(data)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    again = RANGE.shuffle(100, seed=1)
    assert [lists(again), lists(again)] == [first, second]
    again.epoch = 1  # as fit says when it is resumed
    assert lists(again) == second
    once = RANGE.shuffle(100, seed=1, reshuffle_each_iteration=False)
    assert lists(once) == lists(once) == first
    for source in (RANGE, RANGE.map(lambda n: n)):
        buffered = lists(source.shuffle(3, seed=0))
        assert sorted(buffered) == list(range(10))
        assert buffered != list(range(10))
        assert all(n <= place + 2 for place, n in enumerate(buffered))
    assert lists(RANGE.shuffle(1)) == list(range(10))
    nn.utils.set_random_seed(5)
    drawn = lists(RANGE.shuffle(10))
    nn.utils.set_random_seed(5)
    assert lists(RANGE.shuffle(10)) == drawn


def test_parts_and_repetitions():
    for source in (RANGE, RANGE.map(lambda n: n)):
        assert lists(source.take(3)) == [0, 1, 2]
        assert lists(source.take(-1)) == list(range(10))
        assert lists(source.skip(8)) == [8, 9]
        assert lists(source.skip(20)) == []
        assert (len(source.take(3)), len(source.take(30)), len(source.skip(8))) == (3, 10, 2)
        assert lists(source.take(2).repeat(2)) == [0, 1, 0, 1]
        assert lists(source.repeat().take(12))[-2:] == [0, 1]
        assert lists(source.take(1).concatenate(source.skip(9))) == [0, 9]
    assert len(RANGE.repeat(3)) == 30
    assert RANGE.repeat().cardinality() == INFINITE
    assert len(RANGE.repeat().take(12)) == 12
    assert RANGE.filter(lambda n: n > 2).cardinality() == UNKNOWN
    with pytest.raises(TypeError, match="has no end"):
        len(RANGE.repeat())
    with pytest.raises(TypeError, match="only known at the end"):
        len(RANGE.filter(lambda n: n > 2))
    assert lists(Dataset.range(0).map(lambda n: n).repeat()) == []
    shuffled = RANGE.shuffle(10, seed=0).repeat(2)
    assert lists(shuffled)[:10] != lists(shuffled)[10:]


def test_the_rest():
    assert lists(Dataset.zip((RANGE, RANGE.map(lambda n: n * n))).map(lambda a, b: a + b))[3] == 12
    assert len(Dataset.zip(RANGE, RANGE.take(3))) == 3
    assert [int(i) for i, _ in RANGE.skip(5).enumerate(1)] == [1, 2, 3, 4, 5]
    assert lists(Dataset.from_tensors(np.arange(3))) == [[0, 1, 2]]
    assert lists(Dataset.range(2, 8, 3)) == [2, 5]
    assert RANGE.prefetch(nn.data.AUTOTUNE) is RANGE
    assert lists(RANGE.apply(lambda d: d.take(1))) == [0]
    assert RANGE.batch(4).element_spec == ((4,), np.int64)
    assert bool(RANGE.repeat())


def test_datasets_are_split_into_datasets():
    data = Dataset.from_tensor_slices((np.arange(10), np.arange(10) * 2))
    left, right = nn.utils.split_dataset(data, left_size=0.8)
    assert (len(left), len(right)) == (8, 2)
    assert [y.item() for _, y in right] == [16, 18]
    left, right = nn.utils.split_dataset(data.batch(4), right_size=3, shuffle=True, seed=1)
    assert [len(x) for x, _ in left] == [4, 3]
    assert [len(x) for x, _ in right] == [3]
    assert sorted(n.item() for x, _ in (*left, *right) for n in x) == list(range(10))


def test_a_cache_keeps_what_was_computed():
    seen = []

    def look(n):
        seen.append(n.item())
        return n

    data = RANGE.take(3).map(look).cache()
    next(iter(data))
    assert seen == [0]  # a pass that was left is not kept
    assert lists(data) == lists(data) == [0, 1, 2]
    assert seen == [0, 0, 1, 2]


def model():
    nn.utils.set_random_seed(0)
    net = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, "softmax")])
    net.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    return net


def test_models_learn_from_datasets():
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int32)
    data = Dataset.from_tensor_slices((x, y)).shuffle(50, seed=0).batch(16).prefetch(2)
    net = model()
    history = net.fit(data, epochs=2, validation_data=data, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]
    plain = Dataset.from_tensor_slices((x, y)).batch(16)
    np.testing.assert_allclose(
        net.evaluate(plain, verbose=0), net.evaluate(x, y, verbose=0), rtol=1e-5
    )
    assert net.predict(plain.map(lambda x, y: x), verbose=0).shape == (50, 2)
    endless = plain.repeat()
    assert len(net.fit(endless, epochs=2, steps_per_epoch=5, verbose=0).epoch) == 2
    unknown = plain.filter(lambda x, y: True)
    assert len(net.fit(unknown, epochs=2, verbose=0).epoch) == 2
    batches = nn.data.batches(x, y, 16)
    one, other = model(), model()
    one.fit(batches, verbose=0)
    other.fit(plain, verbose=0)
    assert np.array_equal(one.get_weights()[0], other.get_weights()[0])
