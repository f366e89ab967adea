import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.data import k_fold, train_test_split
from neurona.errors import ArgumentError, DataError

X = np.arange(24).reshape(12, 2)
Y = np.array([0] * 6 + [1] * 4 + [2] * 2)


def test_the_numbers_of_scikit_learn():
    # sklearn.model_selection.train_test_split of np.arange(12)
    train, test = train_test_split(np.arange(12), random_state=42)
    assert (train.tolist(), test.tolist()) == ([8, 5, 2, 1, 11, 4, 7, 3, 6], [10, 9, 0])
    train, test = train_test_split(np.arange(12), test_size=4, random_state=42, stratify=Y)
    assert (train.tolist(), test.tolist()) == ([7, 1, 0, 2, 8, 10, 9, 5], [4, 3, 6, 11])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.floats(0.05, 0.9), st.integers(0, 99))
def test_every_sample_once(count, fraction, seed):
    try:
        a, b, c, d = train_test_split(
            np.arange(count), -np.arange(count), test_size=fraction, seed=seed
        )
    except ArgumentError as error:
        assert "part is empty" in str(error)  # noqa: PT017
        return
    assert sorted([*a, *b]) == list(range(count))
    assert np.array_equal(c, -a)
    assert np.array_equal(d, -b)
    assert len(b) == int(np.ceil(fraction * count))


def test_sizes():
    assert [len(p) for p in train_test_split(X)] == [9, 3]
    assert [len(p) for p in train_test_split(X, train_size=0.4)] == [4, 8]
    assert [len(p) for p in train_test_split(X, train_size=2, test_size=0.5)] == [2, 6]


def test_without_shuffle_the_order_stays():
    train, test = train_test_split([1, 2, 3, 4], shuffle=False)
    assert (train.tolist(), test.tolist()) == ([1, 2, 3], [4])


def test_stratified_proportions():
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    for stratify in (labels, np.eye(3)[labels], np.array(list("abc"))[labels]):
        train, test = train_test_split(labels, test_size=0.2, seed=0, stratify=stratify)
        assert np.bincount(test).tolist() == [12, 6, 2]
        assert np.bincount(train).tolist() == [48, 24, 8]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"test_size": 1.5},
            r"test_size is out of range. Got 1.5; expected a fraction in \(0, 1\)",
        ),
        ({"test_size": 12}, r"Got 12; expected .* number of samples from 1 to 11"),
        ({"train_size": True}, r"train_size is out of range. Got True"),
        ({"train_size": 8, "test_size": 5}, r"larger than the data. Got 8 for training and 5"),
        (
            {"train_size": 0.05},
            r"the training part is empty. Got test_size=None and train_size=0.05",
        ),
        ({"seed": 1, "random_state": 1}, r"two names of one thing. Got random_state=1 and seed=1"),
        (
            {"shuffle": False, "stratify": Y},
            r"stratified split is a shuffled one.*\ntry: shuffle=True",
        ),
    ],
)
def test_argument_errors(kwargs, message):
    with pytest.raises(ArgumentError, match=message):
        train_test_split(X, **kwargs)


def test_data_errors():
    with pytest.raises(DataError, match=r"different numbers of samples. Got 12, 3; expected one"):
        train_test_split(X, [1, 2, 3])
    with pytest.raises(DataError, match=r"one label a sample. Got 3 labels for 12 samples"):
        train_test_split(X, stratify=[1, 2, 3])
    with pytest.raises(DataError, match=r"needs 2 samples or more of every class. Got 1 of 7"):
        train_test_split(X, stratify=[0] * 11 + [7])
    with pytest.raises(
        DataError, match=r"test part is smaller than the number of classes. Got 2 sa"
    ):
        train_test_split(X, test_size=2, stratify=Y)


@pytest.mark.parametrize("stratify", [None, Y])
def test_k_fold_tests_every_sample_once(stratify):
    folds = list(k_fold(12, 3, seed=0, stratify=stratify))
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(12))
    for train, test in folds:
        assert len(test) == 4
        assert sorted([*train, *test]) == list(range(12))


def test_k_fold_stratified_spreads_the_classes():
    labels = np.repeat([0, 1], [10, 5])
    for _, test in k_fold(15, 5, seed=1, stratify=labels):
        assert np.bincount(labels[test]).tolist() == [2, 1]


def test_k_fold_seed():
    first, second, other = ([test.tolist() for _, test in k_fold(12, 3, seed=s)] for s in (0, 0, 1))
    assert first == second != other


def test_k_fold_errors():
    with pytest.raises(ArgumentError, match=r"n_splits is too small. Got 1; expected 2"):
        k_fold(5, 1)
    with pytest.raises(
        ArgumentError, match=r"more folds than samples. Got n_splits=6 for 5 samples"
    ):
        k_fold(5, 6)
    with pytest.raises(DataError, match=r"one label a sample. Got 2 labels for 5 samples"):
        k_fold(5, 2, stratify=[0, 1])
