import numpy as np
import pytest

from neurona.data import pad_sequences, to_categorical, windows
from neurona.errors import ArgumentError, DataError

ROWS = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "value": -1}, [[-1, -1, -1, 1], [-1, -1, 2, 3], [-1, 4, 5, 6]]),
    ],
)
def test_pad_sequences_as_keras(kwargs, expected):
    padded = pad_sequences(ROWS, **kwargs)
    assert padded.tolist() == expected
    assert padded.dtype == np.int32


def test_pad_sequences_of_vectors_empty_rows_and_strings():
    padded = pad_sequences([np.ones((2, 3)), np.ones((1, 3)), []], dtype="float32")
    assert padded.shape == (3, 2, 3)
    assert padded.sum(axis=(1, 2)).tolist() == [6, 3, 0]
    assert pad_sequences([["a"], []], dtype=object, value="").tolist() == [["a"], [""]]
    assert pad_sequences([]).shape == (0, 0)


def test_pad_sequences_errors():
    with pytest.raises(
        DataError, match=r"element 1 is not a sequence. Got 2; expected a list of seq"
    ):
        pad_sequences([[1], 2])
    with pytest.raises(
        DataError, match=r"sequence 0 does not fit into int32. Got \['a'\].*\n.*object"
    ):
        pad_sequences([["a"]])
    with pytest.raises(
        DataError, match=r"steps of sequence 1 have another shape. Got \(2,\); .*\(3,\)"
    ):
        pad_sequences([np.ones((2, 3)), np.ones((2, 2))])
    with pytest.raises(ArgumentError, match=r"unknown padding. Got 'prev'; .*\ntry: .*'pre'"):
        pad_sequences(ROWS, padding="prev")
    with pytest.raises(ArgumentError, match=r"unknown truncating. Got 'end'"):
        pad_sequences(ROWS, truncating="end")
    with pytest.raises(ArgumentError, match=r"maxlen is too small. Got 0"):
        pad_sequences(ROWS, maxlen=0)


def test_to_categorical():
    assert to_categorical([0, 2, 1]).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert to_categorical([[1], [0]], 3).shape == (2, 3)
    assert to_categorical([[1, 0], [0, 1]]).shape == (2, 2, 2)
    assert to_categorical(np.array([1.0, 0.0])).dtype == np.float32
    assert to_categorical([], 3).shape == (0, 3)


def test_to_categorical_errors():
    with pytest.raises(DataError, match=r"needs class numbers. Got values of <U1; .*\n.*np.unique"):
        to_categorical(["a"])
    for fraction in (0.5, np.nan):
        with pytest.raises(
            DataError, match=r"Got numbers with a fraction; expected integers from 0"
        ):
            to_categorical([fraction])
    with pytest.raises(DataError, match=r"out of range. Got -1 to 0; expected 0 to 0"):
        to_categorical([-1, 0])
    with pytest.raises(DataError, match=r"Got 1 to 3; expected 0 to 2\.\ntry: .*labels - 1"):
        to_categorical([1, 3], 3)


def test_windows_are_views_of_stretches():
    x = np.arange(20).reshape(10, 2)
    found = windows(x, 4, stride=3)
    assert found.shape == (3, 4, 2)
    assert [w[0, 0].item() for w in found] == [0, 6, 12]
    assert found[2].tolist() == x[6:10].tolist()
    assert np.shares_memory(found, x)
    assert windows([1, 2, 3], 3).tolist() == [[1, 2, 3]]
    with pytest.raises(DataError, match=r"shorter than a window. Got 3 steps; expected 4 or more"):
        windows([1, 2, 3], 4)
    with pytest.raises(DataError, match="shorter than a window"):
        windows(3, 1)
    with pytest.raises(ArgumentError, match="stride"):
        windows([1, 2, 3], 1, 0)
