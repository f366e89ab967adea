import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona.data.buckets import Buckets, best_lengths
from neurona.errors import ArgumentError, DataError

ROWS = [list(range(1, n + 1)) for n in (3, 1, 7, 2, 7, 5, 1, 3, 9, 2)]


def padding(lengths, buckets):
    return sum(min(b for b in buckets if b >= n) - n for n in lengths)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(1, 4))
def test_best_lengths_need_the_least_padding_of_all_choices(lengths, number):
    known = sorted(set(lengths))
    choices = (
        (*shorter, known[-1])
        for count in range(number)
        for shorter in itertools.combinations(known[:-1], count)
    )
    found = best_lengths(lengths, number)
    assert len(found) <= number
    assert padding(lengths, found) == min(padding(lengths, c) for c in choices)


def test_best_lengths_of_many_thousand_distinct_ones():
    lengths = np.arange(1, 20_001)
    found = best_lengths(lengths, 4)
    assert np.allclose(found, [5000, 10_000, 15_000, 20_000], rtol=0.01)


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.integers(1, 7),
    st.integers(1, 4),
    st.booleans(),
)
def test_an_epoch_has_each_sample_once_in_few_shapes(lengths, batch_size, number, shuffle):
    rows = [[i + 1] * n for i, n in enumerate(lengths)]
    labels = np.arange(len(rows))
    buckets = Buckets(rows, labels, batch_size, lengths=number, shuffle=shuffle, seed=0)
    seen, shapes = [], set()
    for x, y in buckets:
        shapes.add(x.shape)
        for row, label in zip(x, y, strict=True):
            assert row[row > 0].tolist() == rows[label]
            seen.append(label)
    assert sorted(seen) == labels.tolist()
    assert len(shapes) <= number + 1
    assert len(buckets) == -(-len(rows) // batch_size)


def test_epochs_differ_and_depend_on_seed_and_number_alone():
    def epochs(seed, first=0):
        buckets = Buckets(ROWS, batch_size=2, lengths=3, shuffle=True, seed=seed)
        buckets.epoch = first
        return [[batch.tolist() for batch in buckets] for _ in range(3)]

    first = epochs(1)
    assert first[0] != first[1]
    assert epochs(1, first=1)[:2] == first[1:]
    assert epochs(2) != first


def test_one_seed_decides_the_order_where_none_is_given():
    seeds = []
    for _ in range(2):
        nn.random.set_seed(3)
        seeds.append([Buckets(ROWS, shuffle=True).seed, Buckets(ROWS, shuffle=True).seed])
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


def test_several_inputs_and_ragged_targets_share_the_length():
    source, target = ROWS, [row + [99] for row in ROWS]
    (x, shifted), y = next(iter(Buckets((source, target), target, 4, lengths=[4, 10])))
    assert x.shape == shifted.shape == y.shape == (4, 4)
    assert x[0].tolist() == [1, 2, 3, 0]
    assert y[0].tolist() == [1, 2, 3, 99]
    named = next(iter(Buckets({"a": source, "b": target}, lengths=1, padding="pre", value=-1)))
    assert named["a"].shape == named["b"].shape == (10, 10)
    assert named["a"][1].tolist() == [-1] * 9 + [1]


def test_targets_as_long_as_an_input_are_padded_with_it():
    x, shifted = [[1], [1, 2, 3]], [[5, 6], [7, 8]]  # the targets alone are not ragged
    (a, b), y = next(iter(Buckets((x, shifted), shifted, lengths=1)))
    assert a.shape == b.shape == y.shape == (2, 3)
    _, labels = next(iter(Buckets(x, [[0, 1], [1, 0]], lengths=1)))
    assert labels.tolist() == [[0, 1], [1, 0]]


def test_vectors_as_steps_keep_their_type_and_drop_last_drops():
    rows = [np.ones((n, 3), np.float32) for n in (2, 4, 4)]
    first, *others = list(Buckets(rows, batch_size=2, lengths=[4], drop_last=True))
    assert first.shape == (2, 4, 3)
    assert first.dtype == np.float32
    assert not others


def test_models_train_on_buckets():
    nn.random.set_seed(0)
    model = nn.Sequential([nn.layers.Embedding(10, 4), nn.layers.GlobalAveragePooling1D(),
                           nn.layers.Dense(1)])  # fmt: skip
    model.compile("adam", "mse")
    buckets = Buckets(ROWS, [float(len(r)) for r in ROWS], 4, lengths=2, shuffle=True, seed=0)
    history = model.fit(buckets, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": [1, 2]}, DataError, "buckets are of sequences. Got single numbers"),
        ({"x": []}, DataError, "buckets are of sequences. Got no samples"),
        ({"x": 3}, DataError, "buckets take lists of sequences. Got int"),
        ({"x": ROWS, "y": [1]}, DataError, "different numbers of samples. Got 10, 1"),
        ({"x": ROWS, "lengths": [2, 4]}, DataError, "Got 9 steps in sample 8; expected at most 4"),
        ({"x": ROWS, "lengths": [4, 2]}, ArgumentError, "the lengths of buckets ascend"),
        ({"x": ROWS, "lengths": 0}, ArgumentError, "lengths"),
        ({"x": ROWS, "batch_size": 11, "drop_last": True}, DataError, "there is no batch"),
    ],
)
def test_errors(arguments, error, message):
    with pytest.raises(error, match=message):
        Buckets(**arguments)
