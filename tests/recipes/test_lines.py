"""Lines of digits: how they are composed, cut into pieces again, and compared."""

import numpy as np
import pytest

from neurona.recipes import hybrid
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.nearest import nearest


@pytest.fixture(scope="module")
def digits():
    (x, y), _ = enlarged_digits()
    return x[:200].astype(np.float32) / 255, y[:200]


@pytest.fixture(scope="module")
def lines(digits):
    width = hybrid.line_width(6, hybrid.widest(digits[0]))
    return hybrid.compose(*digits, 300, 6, width, np.random.default_rng(0))


def test_lines_hold_all_ink_of_their_digits(digits, lines):
    x, y = digits
    drawn, labels = lines
    counts = (labels > 0).sum(axis=1)
    assert set(counts.tolist()) == {3, 4, 5, 6}
    assert ((labels > 0) == (np.arange(6) < counts[:, None])).all()
    one = hybrid.compose(x[:1], y[:1], 50, 4, 120, np.random.default_rng(1))
    ink = one[0].sum(axis=(1, 2, 3)) / x[0].sum()
    np.testing.assert_allclose(ink, (one[1] > 0).sum(axis=1), rtol=1e-5)
    assert (one[1][one[1] > 0] == y[0] + 1).all()
    assert drawn.shape == (300, 28, drawn.shape[2], 1)
    assert drawn.shape[2] % 4 == 0


def test_the_same_generator_gives_the_same_lines(digits, lines):
    again = hybrid.compose(*digits, 300, 6, lines[0].shape[2], np.random.default_rng(0))
    assert all(map(np.array_equal, again, lines))


def test_pieces_of_lines_with_gaps_are_the_digits(digits):
    x, y = digits
    line = np.zeros((1, 28, 160, 1), np.float32)
    for place, i in enumerate((3, 1, 4)):
        line[0, :, 40 * place + 5 : 40 * place + 33, 0] = np.roll(x[i], 1, axis=0)
    whole = np.array(
        [np.flatnonzero(np.diff(x[i].any(axis=0).astype(int))).size for i in (3, 1, 4)]
    )
    assert (whole == 2).all()  # no digit falls apart
    known = np.stack([hybrid.centred(a) for a in x])
    assert hybrid.read_in_pieces(line, known, y) == ["".join(str(y[i]) for i in (3, 1, 4))]


def test_pieces_lie_in_the_middle():
    piece = np.zeros((28, 10), np.float32)
    piece[0:6, 2:8] = 1
    frame = hybrid.centred(piece)
    assert frame.sum() == 36
    rows, columns = np.nonzero(frame)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (11, 16, 11, 16)


def test_distances_between_readings():
    assert hybrid.distance("123", "123") == 0
    assert hybrid.distance("1123", "123") == hybrid.distance("123", "1123") == 1
    assert hybrid.distance("321", "123") == 2
    assert hybrid.digit_errors(["12", "3"], ["12", "45"]) == 0.5


def test_the_nearest_of_many():
    rng = np.random.default_rng(0)
    known, asked = rng.normal(size=(50, 3, 2)), rng.normal(size=(2500, 3, 2))
    distances = ((asked[:, None] - known) ** 2).sum(axis=(2, 3))
    assert nearest(known, np.arange(50), asked).tolist() == distances.argmin(axis=1).tolist()
