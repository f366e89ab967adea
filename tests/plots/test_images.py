"""Grids of images and of mistakes."""

import numpy as np
import pytest

from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import misclassified, samples
from neurona.plots.images import as_pictures

IMAGES = np.random.default_rng(0).random((6, 4, 5))


def titles(figure):
    return [ax.get_title() for ax in figure.axes]


@pytest.mark.parametrize("shape", [(6, 4, 5), (6, 4, 5, 1), (6, 4, 5, 3), (6, 25)])
def test_every_shape_of_image(shape):
    figure = samples(np.full(shape, 0.5), range(6), count=4)
    figure.canvas.draw()
    assert titles(figure) == ["0", "1", "2", "3"]
    drawn = figure.axes[0].images[0].get_array()
    assert drawn.shape[:2] == ((5, 5) if shape == (6, 25) else (4, 5))


def test_samples_without_labels_and_with_names_and_one_hot():
    assert titles(samples(IMAGES)) == [""] * 6
    figure = samples(IMAGES, np.eye(6), class_names=list("abcdef"), columns=6, title="Letters")
    assert titles(figure) == list("abcdef")
    assert figure.get_suptitle() == "Letters"
    assert len({ax.get_subplotspec().rowspan.start for ax in figure.axes}) == 1


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ([0.0, 0.5, 1.0, 1.0], [0, 0.5, 1, 1]),
        ([0, 51, 102, 255], [0, 0.2, 0.4, 1]),
        ([0, 4, 8, 16], [0, 0.25, 0.5, 1]),
        ([-1, 0, 1, 1], [0, 0.5, 1, 1]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_ranges_of_pixels(pixels, expected):
    assert as_pictures([pixels], "images").ravel().tolist() == expected


def test_the_surest_mistake_comes_first():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    figure = misclassified(IMAGES, [0, 0, 0, 0, 1, 1], p, 3, class_names=["cat", "dog"])
    assert titles(figure) == [
        "true cat\nsaid dog (95 %)",
        "true cat\nsaid dog (70 %)",
        "true cat\nsaid dog (60 %)",
    ]
    assert figure.get_suptitle() == "3 of 4 mistakes in 6 images, surest first"
    assert np.allclose(figure.axes[0].images[0].get_array(), IMAGES[2])


def test_plain_labels_keep_the_order_of_the_data():
    figure = misclassified(IMAGES, [0, 1, 2, 3, 4, 5], [0, 2, 2, 3, 5, 5])
    assert titles(figure) == ["true 1\nsaid 2", "true 4\nsaid 5"]
    assert figure.get_suptitle() == "2 mistakes in 6 images, in the order of the data"


def test_no_mistakes_is_said():
    figure = misclassified(IMAGES, range(6), range(6))
    (text,) = figure.axes[0].texts
    assert text.get_text() == "No mistakes: all 6 images are classified correctly."


def test_the_title_fits_the_figure():
    figure = misclassified(IMAGES, [0] * 6, [1, 0, 0, 0, 0, 0])
    figure.canvas.draw()
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_image_errors():
    with pytest.raises(ShapeError, match="24 is not a square number") as caught:
        samples(np.ones((2, 24)))
    assert "reshape(-1, height, width)" in str(caught.value)
    with pytest.raises(ShapeError, match="channels come last"):
        samples(np.ones((2, 3, 8, 8)))
    with pytest.raises(ShapeError, match="one image alone"):
        samples(np.ones(8))
    with pytest.raises(DataError, match="holds no images"):
        samples(np.ones((0, 4, 4)))
    with pytest.raises(ShapeError, match="images with 6, labels with 2"):
        samples(IMAGES, [1, 2])
    with pytest.raises(ShapeError, match="differ in length"):
        misclassified(IMAGES, range(6), range(5))
    with pytest.raises(ArgumentError, match="count is too small"):
        samples(IMAGES, count=0)
    with pytest.raises(ArgumentError, match="class_names is too short"):
        samples(IMAGES, range(6), class_names=["a"])


def test_pictures_of_lines_are_wider_than_those_of_letters():
    square, line = (samples(np.zeros((3, 28, width)), columns=3) for width in (28, 252))
    assert line.get_size_inches()[0] == pytest.approx(3 * square.get_size_inches()[0], rel=0.1)
    assert line.axes[0].get_window_extent().height > 30
