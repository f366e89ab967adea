"""Model graphs: what boxes say, and that nothing overlaps."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from neurona.errors import ArgumentError, DataError
from neurona.plots import model_graph
from neurona.plots.layering import _apart, arrange


def layer(name, kind="Dense", shape=(None, 8), count=10):
    return type(
        kind, (), {"name": name, "output_shape": shape, "count_params": lambda self: count}
    )()


def branching(edges):
    names = list(dict.fromkeys(n for edge in edges for n in edge))
    return SimpleNamespace(name="net", layers=[layer(n) for n in names], edges=lambda: edges)


def parts(figure, kind):
    return [p for p in figure.axes[0].patches if isinstance(p, kind)]


def box_bounds(figure):
    return [
        (b.get_x(), b.get_y(), b.get_x() + b.get_width(), b.get_y() + b.get_height())
        for b in parts(figure, FancyBboxPatch)
    ]


def residual(blocks):
    edges, last = [], "stem"
    for i in range(blocks):
        a, b, add = f"a{i}", f"b{i}", f"add{i}"
        edges += [(last, a), (a, b), (b, add), (last, add)]
        last = add
    return [*edges, (last, "out")]


def inception(blocks):
    edges, last = [], "stem"
    for i in range(blocks):
        for branch in range(4):
            inner = [f"m{i}_{branch}_{k}" for k in range(1 + (branch > 0))]
            edges += list(itertools.pairwise([last, *inner, f"concat{i}"]))
        last = f"concat{i}"
    return edges


def unet(depth):
    spine = [f"down{i}" for i in range(depth)] + ["mid"] + [f"up{i}" for i in range(depth)][::-1]
    return [*itertools.pairwise(spine), *((f"down{i}", f"up{i}") for i in range(depth))]


def dense(count):
    return [(f"d{i}", f"d{j}") for j in range(count) for i in range(j)]


GRAPHS = {
    "chain": [(f"c{i}", f"c{i + 1}") for i in range(39)],
    "residual": residual(9),
    "inception": inception(3),
    "unet": unet(5),
    "dense": dense(8),
    "two inputs": [("x", "a"), ("a", "join"), ("y", "join"), ("join", "one"), ("join", "two")],
}


def test_boxes_say_name_class_shape_and_parameters():
    model = SimpleNamespace(
        name="mlp",
        layers=[layer("hidden", count=4160), layer("act", "ReLU", count=0), layer("out")],
        count_params=lambda: 4170,
    )
    figure = model_graph(model)
    figure.canvas.draw()
    assert [t.get_text() for t in figure.axes[0].texts] == [
        "hidden : Dense",
        "(None, 8)   4,160 params",
        "act : ReLU",
        "(None, 8)",
        "out : Dense",
        "(None, 8)   10 params",
    ]
    assert figure.axes[0].get_title() == "mlp: 3 layers, 4,170 parameters"
    assert len(parts(figure, FancyArrowPatch)) == 2
    colors = [b.get_facecolor() for b in parts(figure, FancyBboxPatch)]
    assert colors[0] == colors[2] != colors[1]


def test_a_model_that_is_not_built_can_be_drawn():
    class Lazy:
        name = "lazy"

        def count_params(self):
            raise RuntimeError("not built")

    figure = model_graph(SimpleNamespace(layers=[Lazy()]))
    assert [t.get_text() for t in figure.axes[0].texts] == ["lazy : Lazy", "not built yet"]
    assert figure.axes[0].get_title() == "SimpleNamespace: 1 layer"


def test_equal_names_in_a_chain_stay_apart():
    assert len(box_bounds(model_graph(SimpleNamespace(layers=[layer("a"), layer("a")])))) == 2


def test_inputs_that_are_no_layers_become_boxes():
    model = SimpleNamespace(layers=[layer("a")], edges=lambda: [("input", "a")])
    figure = model_graph(model)
    assert "input" in [t.get_text() for t in figure.axes[0].texts]
    assert "1 layer" in figure.axes[0].get_title()


@pytest.mark.parametrize("name", GRAPHS)
def test_boxes_never_overlap_and_lie_in_the_view(name):
    figure = model_graph(branching(GRAPHS[name]))
    figure.canvas.draw()
    bounds = box_bounds(figure)
    assert len(bounds) == len({n for edge in GRAPHS[name] for n in edge})
    for a, b in itertools.combinations(bounds, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart
    (x0, x1), (y1, y0) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert all(x0 <= a[0] and a[2] <= x1 and y0 <= a[1] and a[3] <= y1 for a in bounds)


@pytest.mark.parametrize("name", GRAPHS)
def test_arrows_never_cross_a_box(name):
    figure = model_graph(branching(GRAPHS[name]))
    bounds = np.array(box_bounds(figure))
    for arrow in parts(figure, FancyArrowPatch):
        line = arrow._path_original.interpolated(1).to_polygons(closed_only=False)[0]
        steps = np.concatenate(
            [np.linspace(a, b, 20) for a, b in itertools.pairwise(np.asarray(line))]
        )
        for x0, y0, x1, y1 in bounds:
            inside = (
                (steps[:, 0] > x0 + 0.01)
                & (steps[:, 0] < x1 - 0.01)
                & (steps[:, 1] > y0 + 0.01)
                & (steps[:, 1] < y1 - 0.01)
            )
            assert not inside.any()


@pytest.mark.parametrize("name", GRAPHS)
def test_texts_fit_their_boxes(name):
    figure = model_graph(branching(GRAPHS[name]))
    figure.canvas.draw()
    widest = max(t.get_window_extent().width for t in figure.axes[0].texts)
    box = parts(figure, FancyBboxPatch)[0].get_window_extent().width
    assert widest < box


def test_deep_models_go_on_in_columns():
    one = model_graph(branching(GRAPHS["chain"]), rows=40)
    two = model_graph(branching(GRAPHS["chain"]))
    assert len({b[0] for b in box_bounds(one)}) == 1
    assert len({b[0] for b in box_bounds(two)}) == 2
    assert two.get_figheight() < 0.6 * one.get_figheight()


def test_the_main_path_of_a_residual_model_is_straight():
    edges = residual(4)
    layout = arrange(dict.fromkeys(n for e in edges for n in e), edges, box=2.0, lane=0.3)
    spread = np.ptp([x for node, x in layout.x.items() if isinstance(node, str)])
    assert spread < 0.01


def test_an_inception_block_is_ordered_and_centred():
    edges = inception(1)
    layout = arrange(dict.fromkeys(n for e in edges for n in e), edges, box=2.0, lane=0.3)
    assert layout.x["stem"] == pytest.approx(np.mean([layout.x[n] for n in layout.ranks[1]]))
    assert layout.x["m0_1_0"] == pytest.approx(layout.x["m0_1_1"])


def test_crossings_are_undone():
    edges = [("r", "a"), ("r", "b"), ("a", "d"), ("b", "c")]
    layout = arrange("rabcd", edges, box=1.0, lane=0.3)
    assert (layout.x["a"] < layout.x["b"]) == (layout.x["d"] < layout.x["c"])


def test_apart_keeps_gaps_and_moves_least():
    x = _apart(np.array([0.0, 0.0, 10.0]), [2.0, 2.0], np.ones(3))
    assert x.tolist() == [-1.0, 1.0, 10.0]


def test_graph_errors():
    with pytest.raises(DataError, match=r"no layers to draw\. Got SimpleNamespace"):
        model_graph(SimpleNamespace(layers=[]))
    with pytest.raises(DataError, match=r"form a cycle\. Got a, b"):
        model_graph(branching([("a", "b"), ("b", "a")]))
    with pytest.raises(ArgumentError, match="rows is too small"):
        model_graph(branching([("a", "b")]), rows=1)
