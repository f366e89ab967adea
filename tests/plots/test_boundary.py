"""Decision boundaries of every kind of output, and the perceptron's line."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from neurona.classic import Perceptron
from neurona.datasets import gates
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.plots import boundary_grid, decision_boundary, linear_boundary
from neurona.plots.labels import read_outputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(points):
    return points.sum(axis=1, keepdims=True) - 2


KINDS = {
    "ids": lambda p: (slope(p)[:, 0] > 0).astype(int),
    "bool": lambda p: slope(p)[:, 0] > 0,
    "probability": lambda p: sigmoid(slope(p)),
    "flat probability": lambda p: sigmoid(slope(p)[:, 0]),
    "logit": lambda p: 3 * slope(p),
    "two scores": lambda p: np.hstack([-slope(p), slope(p)]),
    "two probabilities": lambda p: np.hstack([sigmoid(-slope(p)), sigmoid(slope(p))]),
}


def crossings(figure):
    """The points of the thick boundary line."""
    (found,) = [c for c in figure.axes[0].collections if c.get_linewidths()[0] == 1.6][:1]
    return np.concatenate([path.vertices for path in found.get_paths()])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_output_has_the_same_boundary(kind, blobs):
    figure = decision_boundary(KINDS[kind], *blobs)
    figure.canvas.draw()
    line = crossings(figure)
    assert np.abs(line.sum(axis=1) - 2).max() < 0.05
    assert figure.axes[0].get_title() == "Decision boundary: 100 % of 60 points on their side"
    has_bar = len(figure.axes) == 2
    assert has_bar == (kind not in ("ids", "bool"))


def test_points_carry_colour_and_marker_of_their_class(blobs):
    figure = decision_boundary(KINDS["ids"], *blobs, class_names=["cat", "dog"])
    drawn = [c for c in figure.axes[0].collections if c.get_gid() == "right"]
    assert [c.get_label() for c in drawn] == ["cat", "dog"]
    assert [len(c.get_offsets()) for c in drawn] == [30, 30]
    assert len({to_hex(c.get_facecolors()[0]) for c in drawn}) == 2
    assert len({c.get_paths()[0].vertices.shape for c in drawn}) == 2  # circle and triangle
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["cat", "dog"]


def test_wrong_points_have_a_thick_edge_and_a_legend(blobs):
    X, y = blobs
    figure = decision_boundary(KINDS["ids"], X, np.where(np.arange(60) < 6, 1 - y, y))
    wrong = [c for c in figure.axes[0].collections if c.get_gid() == "wrong"]
    assert sum(len(c.get_offsets()) for c in wrong) == 6
    assert "wrong side" in [t.get_text() for t in figure.legends[0].get_texts()]
    assert "90 % of 60" in figure.axes[0].get_title()


def test_regions_show_the_class_that_wins(blobs):
    figure = decision_boundary(KINDS["probability"], *blobs, resolution=50)
    picture = figure.axes[0].images[0].get_array()
    assert picture[0, 0, 2] > picture[0, 0, 0]  # lower left: bluish, class 0
    assert picture[-1, -1, 0] > picture[-1, -1, 2]  # upper right: orange, class 1
    assert picture[0, 0].sum() < picture[25, 24].sum()  # pale near the boundary


def test_several_classes_texts_and_one_hot():
    centres = np.array([[0, 0], [4, 0], [0, 4], [4, 4]])
    X = np.repeat(centres, 5, axis=0) + 0.1 * np.arange(20)[:, None] % 0.5

    def scores(points):
        return -((points[:, None] - centres) ** 2).sum(-1)

    y = np.repeat(np.arange(4), 5)
    for labels in (y, np.eye(4)[y], np.array(list("abcd"))[y]):
        figure = decision_boundary(scores, X, labels)
        assert "100 % of 20" in figure.axes[0].get_title()
        assert len([c for c in figure.axes[0].collections if c.get_gid() == "right"]) == 4


def test_signed_labels_have_their_border_at_zero(blobs):
    X, y = blobs
    for said in (lambda p: np.tanh(slope(p)), lambda p: np.sign(slope(p)[:, 0])):
        figure = decision_boundary(said, X, 2 * y - 1)
        assert "100 %" in figure.axes[0].get_title()
        assert np.abs(crossings(figure).sum(axis=1) - 2).max() < 0.05


def test_an_object_with_predict_is_asked_quietly(blobs):
    class Model:
        def predict(self, x, verbose=1):
            assert verbose == 0
            return KINDS["probability"](x)

    assert "100 %" in decision_boundary(Model(), *blobs).axes[0].get_title()


def test_the_dtype_of_the_data_reaches_predict(blobs):
    seen = []
    X, y = blobs
    decision_boundary(lambda p: seen.append(p.dtype) or p[:, 0] > 1, X.astype(np.float32), y)
    assert set(seen) == {np.dtype(np.float32)}


def test_a_constant_answer_has_no_line_and_no_warning(blobs):
    figure = decision_boundary(lambda p: np.zeros(len(p), int), *blobs)
    figure.canvas.draw()
    assert "50 %" in figure.axes[0].get_title()


def test_given_axes_stay_without_legend(blobs):
    ax = Figure().add_subplot()
    assert decision_boundary(KINDS["logit"], *blobs, title="mine", ax=ax) is ax.figure
    assert ax.get_title() == "mine"
    assert not ax.figure.legends
    assert len(ax.figure.axes) == 1


def test_boundary_errors(blobs):
    X, y = blobs
    with pytest.raises(ShapeError, match=r"exactly two features. Got X \(60, 3\)") as caught:
        decision_boundary(KINDS["ids"], np.ones((60, 3)), y)
    assert "try: choose two columns" in str(caught.value)
    with pytest.raises(ShapeError, match=r"Got X with 60, y with 59"):
        decision_boundary(KINDS["ids"], X, y[1:])
    with pytest.raises(ArgumentError, match=r"predict must be callable\. Got int"):
        decision_boundary(3, X, y)
    with pytest.raises(ShapeError, match="predict must answer every point"):
        decision_boundary(lambda p: 1, X, y)
    with pytest.raises(ShapeError, match="speak of different classes"):
        decision_boundary(lambda p: np.eye(3)[np.zeros(len(p), int)], X, np.where(y, "a", "b"))
    with pytest.raises(ArgumentError, match="class_names is too short"):
        decision_boundary(KINDS["ids"], X, y, class_names=["one"])
    with pytest.raises(ArgumentError, match="resolution is too small"):
        decision_boundary(KINDS["ids"], X, y, resolution=1)
    with pytest.raises(DataError, match="no points"):
        decision_boundary(KINDS["ids"], np.ones((0, 2)), [])


def test_grid_compares_models_on_shared_axes(blobs):
    models = {"right": KINDS["ids"], "flipped": lambda p: 1 - KINDS["ids"](p), "p": KINDS["logit"]}
    figure = boundary_grid(models, *blobs, columns=2)
    figure.canvas.draw()
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["right\n100 % right", "flipped\n0 % right", "p\n100 % right"]
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["0", "1", "wrong side"]
    with pytest.raises(DataError, match="no models"):
        boundary_grid({}, *blobs)


@pytest.mark.parametrize(("w", "b"), [((1, 2), -1), ((1, 0), -1), ((0, 2), -1), ((-3, 0.5), 2)])
def test_the_line_fulfils_its_equation(w, b, blobs):
    figure = linear_boundary(w, b, *blobs)
    figure.canvas.draw()
    ends = figure.axes[0].lines[0].get_xydata()
    assert np.allclose(ends @ w + b, 0)
    assert np.ptp(ends, axis=0).max() > 4  # reaches through the view


def test_the_line_says_its_equation_and_points_to_the_positive_side(blobs):
    ax = linear_boundary([[1.0], [-2.0]], [0.5], *blobs, class_names=["no", "yes"]).axes[0]
    assert ax.lines[0].get_label() == "1·x₁ − 2·x₂ + 0.5 = 0"
    arrow = next(t for t in ax.texts if t.arrow_patch)
    direction = np.array(arrow.xy) - arrow.xyann
    assert direction @ [1, -2] > 0
    assert abs(direction @ [2, 1]) < 1e-9


@pytest.mark.parametrize("gate", ["and", "or", "nand", "nor"])
@pytest.mark.parametrize("seed", [0, 42])
def test_what_is_drawn_of_a_gate_is_what_the_neuron_says(gate, seed, capsys):
    X, y = gates(gate)
    neuron = Perceptron(2, random_state=seed)
    neuron.train(X, y)
    figure = neuron.visualize_decision_boundary(X, y)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    wrong = [c for c in ax.collections if c.get_gid() == "wrong" and len(c.get_offsets())]
    assert (neuron.predict(X) == y).all()
    assert wrong == []
    head = next(t for t in ax.texts if t.arrow_patch)
    start, tip = ax.transData.transform([head.xyann, head.xy])
    line = np.diff(ax.transData.transform(ax.lines[0].get_xydata()), axis=0)[0]
    cosine = (tip - start) @ line / np.linalg.norm(tip - start) / np.linalg.norm(line)
    assert abs(cosine) < 1e-6  # a right angle on the page, too
    box = ax.get_window_extent()
    name = next(t for t in ax.texts if t.get_text() == "w").get_window_extent()
    for x, y in (start, tip, name.min, name.max):
        assert box.x0 - 1 <= x <= box.x1 + 1
        assert box.y0 - 1 <= y <= box.y1 + 1
    assert not name.contains(*((start + tip) / 2))


def test_without_one_scale_there_is_no_arrow():
    ax = linear_boundary([1.0, 0.01], -1.0, [[0, 0], [1, 100]], [0, 1]).axes[0]
    assert ax.get_aspect() == "auto"
    assert not ax.texts


def test_zero_weights_have_no_line(blobs):
    ax = linear_boundary([0, 0], 0.0, *blobs, class_names=["no", "yes"]).axes[0]
    assert not ax.lines
    assert ax.get_title() == "Both weights are 0: no line yet, every point counts as class no"
    assert (
        "class no"
        in linear_boundary([0, 0], -1, *blobs, class_names=["no", "yes"]).axes[0].get_title()
    )


def test_a_line_outside_the_view_is_told(blobs):
    assert linear_boundary([1, 1], 99, *blobs).axes[0].get_title().endswith("(outside this view)")


def test_linear_boundary_with_one_class_and_its_errors(blobs):
    X, y = blobs
    names = [
        c.get_label() for c in linear_boundary([1, 1], -2, X, -np.ones(60)).axes[0].collections
    ]
    assert "-1" in names
    with pytest.raises(DataError, match="Got 3 classes in y; expected two"):
        linear_boundary([1, 1], 0, X, np.arange(60) % 3)
    with pytest.raises(ShapeError, match="Got 3 weights and 1 biases"):
        linear_boundary([1, 1, 1], 0, X, y)
    with pytest.raises(ShapeError, match="exactly two features"):
        linear_boundary([1, 1], 0, np.ones((60, 1)), y)


def test_read_outputs_of_scores_and_integers_that_are_floats():
    labels, p = read_outputs([[1.0, 3.0, 2.0]], "y")
    assert labels.tolist() == [1]
    assert np.isclose(p.sum(), 1)
    labels, p = read_outputs([2.0, 0.0], "y")
    assert labels.tolist() == [2, 0]
    assert p is None
    with pytest.raises(ShapeError, match="y has 3 axes"):
        read_outputs(np.ones((1, 1, 1)), "y")
