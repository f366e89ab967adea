"""Batches by their numbers, and what `fit` does with them."""

import threading

import numpy as np
import pytest

import neurona as nn
from neurona.data import PyDataset, Sequence
from neurona.data.py_dataset import one_pass
from neurona.errors import ArgumentError

X = np.arange(60.0, dtype=np.float32).reshape(20, 3) / 60


class Parts(PyDataset):
    """Batches of 8; notes who asks for which."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.asked, self.told, self.threads = [], [], set()

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        return X[8 * index : 8 * index + 8], X[8 * index : 8 * index + 8, :1]

    def on_epoch_begin(self):
        self.told.append("begin")

    def on_epoch_end(self):
        self.told.append("end")


def model():
    nn.utils.set_random_seed(0)
    net = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)])
    net.compile("sgd", "mse")
    return net


def test_fit_takes_it():
    parts, net = Parts(), model()
    history = net.fit(parts, epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3
    assert parts.told == ["begin", "end"] * 3
    assert parts.asked == [0, 1, 2] * 3
    other = model()
    other.fit(nn.data.batches(X, X[:, :1], 8), epochs=3, verbose=0)
    assert np.array_equal(net.get_weights()[0], other.get_weights()[0])
    assert net.predict(Parts(), verbose=0).shape == (20, 1)
    np.testing.assert_allclose(
        net.evaluate(Parts(), verbose=0), net.evaluate(X, X[:, :1], verbose=0)
    )
    assert len(net.fit(Parts(), epochs=2, steps_per_epoch=2, verbose=0).epoch) == 2


def test_iteration_by_hand():
    assert [len(x) for x, _ in Parts()] == [8, 8, 4]
    assert Parts().num_batches == 3


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_make_batches_in_their_order(workers):
    parts = Parts(workers=workers, use_multiprocessing=True, max_queue_size=2)
    assert [x[0, 0] for x, _ in one_pass(parts)] == [X[0, 0], X[8, 0], X[16, 0]]
    assert sorted(parts.asked) == [0, 1, 2]
    assert threading.get_ident() not in parts.threads
    left = one_pass(Parts(workers=2, max_queue_size=1))
    next(left)
    left.close()  # threads end, too


class Endless(PyDataset):
    """Says that it has no end, and calls no constructor."""

    num_batches = None

    def __init__(self):
        pass

    def __getitem__(self, index):
        return X[:4], X[:4, :1]


def test_what_has_no_end():
    net = model()
    assert len(net.fit(Endless(), epochs=2, steps_per_epoch=3, verbose=0).epoch) == 2
    assert Endless().workers == 1


def test_errors():
    assert Sequence is PyDataset
    with pytest.raises(NotImplementedError, match="PyDataset needs a __getitem__"):
        PyDataset()[0]
    with pytest.raises(NotImplementedError, match="needs a __len__"):
        _ = PyDataset().num_batches
    with pytest.raises(ArgumentError, match="workers must be an integer"):
        PyDataset(workers="x")
    with pytest.raises(ArgumentError, match="max_queue_size is too small"):
        PyDataset(max_queue_size=0)
