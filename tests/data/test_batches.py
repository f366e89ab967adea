import numpy as np
import pytest

from neurona.data import Batches, batches, shuffle
from neurona.errors import ArgumentError, DataError

X = np.arange(20).reshape(10, 2)
Y = np.arange(10)


def test_order_sizes_and_views():
    parts = list(batches(X, Y, batch_size=4))
    assert [len(x) for x, _ in parts] == [4, 4, 2]
    assert np.array_equal(np.concatenate([x for x, _ in parts]), X)
    assert np.array_equal(np.concatenate([y for _, y in parts]), Y)
    assert np.shares_memory(parts[0][0], X)


@pytest.mark.parametrize(
    ("drop_last", "size", "count"), [(False, 4, 3), (True, 4, 2), (True, 5, 2)]
)
def test_length(drop_last, size, count):
    made = batches(X, batch_size=size, drop_last=drop_last)
    assert len(made) == count == len(list(made))


def test_shuffle_is_new_each_epoch_and_the_same_by_seed():
    first, second = batches(X, Y, 3, shuffle=True, seed=7), batches(X, Y, 3, shuffle=True, seed=7)
    epochs = [np.concatenate([y for _, y in first]) for _ in range(3)]
    assert not np.array_equal(epochs[0], epochs[1])
    assert all(np.array_equal(np.sort(e), Y) for e in epochs)
    for epoch in epochs:
        assert np.array_equal(np.concatenate([y for _, y in second]), epoch)
    for x, y in first:
        assert np.array_equal(x[:, 0], 2 * y)


def test_resume_at_an_epoch():
    whole, resumed = (batches(X, shuffle=True, seed=1) for _ in range(2))
    third = [list(whole) for _ in range(3)][2]
    resumed.epoch = 2
    assert np.array_equal(next(iter(resumed)), third[0])


def test_a_drawn_seed_is_kept():
    made = batches(Y, shuffle=True)
    again = Batches(Y, shuffle=True, seed=made.seed)
    assert np.array_equal(next(iter(made)), next(iter(again)))


def test_errors():
    with pytest.raises(
        DataError, match=r"batches: the arrays have different numbers of samples. G"
    ):
        batches(X, Y[:9])
    with pytest.raises(DataError, match=r"array 0 has no samples. Got a single value, 3; expected"):
        batches(3)
    with pytest.raises(DataError, match=r"rows of different lengths.*\n.*pad_sequences"):
        batches([[1], [2, 3]])
    with pytest.raises(DataError, match=r"no batch to train on. Got 0 samples; expected 1 or more"):
        batches([])
    with pytest.raises(DataError, match=r"Got 10 samples; expected 32.*\n.*drop_last=False"):
        batches(X, drop_last=True)
    with pytest.raises(ArgumentError, match=r"batch_size is too small. Got 0; expected 1"):
        batches(X, batch_size=0)
    with pytest.raises(ArgumentError, match=r"seed is too small. Got -1"):
        batches(X, seed=-1)


def test_shuffle_keeps_rows_together():
    x, y = shuffle(X, Y, seed=5)
    assert np.array_equal(x[:, 0], 2 * y)
    assert sorted(y) == Y.tolist()
    assert np.array_equal(shuffle(Y, seed=5), y)
    # sklearn.utils.shuffle(np.arange(10), random_state=0)
    assert shuffle(Y, seed=0).tolist() == [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]


def test_shuffle_errors():
    with pytest.raises(DataError, match=r"shuffle needs data. Got no array; expected one array"):
        shuffle()
    with pytest.raises(ArgumentError, match=r"random_state must be an integer. Got 'a'"):
        shuffle(Y, seed="a")
    with pytest.raises(ArgumentError, match=r"random_state is too large.*less than 2\*\*32"):
        shuffle(Y, seed=2**32)
