"""Confusion matrices: counts, shares, names and readability."""

import itertools

import numpy as np
import pytest

from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import confusion_matrix

TRUE, SAID = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]


def cells(figure):
    return [t.get_text() for t in figure.axes[0].texts]


def ticks(figure):
    figure.canvas.draw()
    return [t.get_text() for t in figure.axes[0].get_yticklabels()]


def test_counts_and_shares_of_each_row():
    figure = confusion_matrix(TRUE, SAID, class_names=["a", "b", "c"])
    assert cells(figure)[:4] == ["2\n66.7 %", "1\n33.3 %", "0\n0.0 %", "0\n0.0 %"]
    assert ticks(figure) == ["a", "b", "c"]
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert ax.get_title() == "Confusion matrix: 66.7 % of 6 right"


def test_a_matrix_may_be_given():
    assert cells(confusion_matrix([[5, 1], [2, 4]]))[1] == "1\n16.7 %"


@pytest.mark.parametrize(
    ("normalize", "first", "label"),
    [
        ("true", "83.3 %", "each row"),
        ("pred", "71.4 %", "each column"),
        ("all", "41.7 %", "all cells"),
    ],
)
def test_shares(normalize, first, label):
    figure = confusion_matrix([[5, 1], [2, 4]], normalize=normalize)
    assert cells(figure)[0] == first
    assert label in figure.axes[0].get_xlabel()


def test_probabilities_one_hot_and_single_column():
    p = np.eye(3)[SAID] * 0.8 + 0.2 / 3
    assert cells(confusion_matrix(np.eye(3)[TRUE], p)) == cells(confusion_matrix(TRUE, SAID))
    assert cells(confusion_matrix([0, 1], [[0.4], [0.9]]))[0] == "1\n100.0 %"


def test_texts_and_negative_labels_are_classes():
    assert ticks(confusion_matrix(["cat", "dog"], ["cat", "cat"])) == ["cat", "dog"]
    assert ticks(confusion_matrix([-1, 1], [1, 1])) == ["-1", "1"]


def test_classes_that_never_occur_keep_their_row():
    assert ticks(confusion_matrix([0, 1], [0, 1], class_names=["a", "b", "c"])) == ["a", "b", "c"]


def test_right_is_blue_and_wrong_is_orange():
    picture = confusion_matrix([[5, 5], [5, 5]]).axes[0].images[0].get_array()
    assert picture[0, 0, 2] > picture[0, 0, 0]
    assert picture[0, 1, 0] > picture[0, 1, 2]


@pytest.mark.parametrize("size", [2, 7, 8, 20, 40])
def test_texts_stay_inside_their_cells(size):
    counts = np.random.default_rng(0).integers(0, 2000, (size, size))
    names = [f"class {i}" for i in range(size)]
    figure = confusion_matrix(counts, class_names=names)
    figure.canvas.draw()
    ax = figure.axes[0]
    width = ax.get_window_extent().width / size
    assert len(ax.texts) == (size * size if size <= 25 else 0)
    assert all(t.get_window_extent().width <= width for t in ax.texts)
    boxes = [t.get_window_extent() for t in ax.get_yticklabels()]
    assert all(a.y0 >= b.y1 - 1 for a, b in itertools.pairwise(boxes))


def test_ink_can_be_read():
    figure = confusion_matrix([[100, 0], [1, 99]])
    assert [t.get_color() for t in figure.axes[0].texts] == ["white", "black", "black", "white"]


def test_confusion_errors():
    with pytest.raises(ShapeError, match="a confusion matrix is square"):
        confusion_matrix([[1, 2, 3]])
    with pytest.raises(ShapeError, match="Got y_true with 2, y_pred with 1"):
        confusion_matrix([0, 1], [0])
    with pytest.raises(DataError, match="nothing to count"):
        confusion_matrix([[0, 0], [0, 0]])
    with pytest.raises(DataError, match="nothing to count"):
        confusion_matrix([], [])
    with pytest.raises(DataError, match="0 or more"):
        confusion_matrix([[-1, 0], [0, 1]])
    with pytest.raises(ArgumentError, match="unknown normalize"):
        confusion_matrix(TRUE, SAID, normalize="rows")
    with pytest.raises(ArgumentError, match="class_names is too short"):
        confusion_matrix(TRUE, SAID, class_names=["a"])
    with pytest.raises(ArgumentError, match="both as texts or both as numbers"):
        confusion_matrix(["a"], [0])
