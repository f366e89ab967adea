"""Rows of images, and maps."""

import numpy as np
import pytest

from neurona.errors import DataError, ShapeError
from neurona.plots import image_rows, scatter


def words(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 1), (3, 4, 5, 3)])
def test_rows_have_names_captions_and_one_scale(shape):
    rows = {"before": np.zeros(shape), "after": np.full(shape, 0.5)}
    figure = image_rows(rows, ["a", "b", "c"], title="What it does")
    figure.canvas.draw()
    (ax,) = figure.axes
    assert words(ax.get_yticklabels()) == ["before", "after"]
    assert words(ax.get_xticklabels()) == ["a", "b", "c"]
    assert figure.get_suptitle() == "What it does"
    drawn = ax.images[0].get_array()
    assert drawn.shape[:2] == (4 + 1 + 4, 3 * 5 + 2)  # a pixel of white between
    assert (drawn[:4, :5] == 0).all()
    assert (drawn[5:, 6:11] == 0.5).all()
    assert (drawn[4] == 1).all()
    assert (drawn[:, 5] == 1).all()


def test_names_of_rows_are_seen_as_a_whole():
    for name, count in (("a name of some length", 2), ("WWW WWW WWW", 11), ("a", 3)):
        figure = image_rows({name: np.zeros((count, 8, 8))}, range(count), title="Title")
        figure.canvas.draw()
        label = figure.axes[0].get_yticklabels()[0].get_window_extent()
        assert 0 <= label.x0 < label.x1 <= figure.bbox.width


def test_rows_that_cannot_be_drawn():
    with pytest.raises(DataError, match="there are no rows to draw"):
        image_rows({})
    with pytest.raises(ShapeError, match=r"one shape\. Got \(2, 4, 4\), \(3, 4, 4\)"):
        image_rows({"a": np.zeros((2, 4, 4)), "b": np.zeros((3, 4, 4))})
    with pytest.raises(ShapeError, match="a caption for each column"):
        image_rows({"a": np.zeros((2, 4, 4))}, ["one"])


def test_a_map_shows_each_class():
    points = np.random.default_rng(0).normal(size=(30, 2))
    figure = scatter(points, np.arange(30) % 3, class_names=["x", "y", "z"], axis_names=("u", "v"))
    figure.canvas.draw()
    (ax,) = figure.axes
    assert words(ax.get_legend().get_texts()) == ["x", "y", "z"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("u", "v")
    drawn = [np.asarray(part.get_offsets()) for part in ax.collections]
    np.testing.assert_array_equal(drawn[1], points[1::3])
    assert len(scatter(points).axes[0].collections) == 1  # without classes


def test_points_that_cannot_be_drawn():
    with pytest.raises(ShapeError, match=r"two numbers each\. Got points \(3, 5\)"):
        scatter(np.zeros((3, 5)))
    with pytest.raises(DataError, match="a map shows points"):
        scatter(np.full((3, 2), np.nan))
    with pytest.raises(ShapeError, match="points and labels differ in length"):
        scatter(np.zeros((3, 2)), [0, 1])
