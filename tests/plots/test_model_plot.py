"""plot_model and model_to_dot: what is drawn, where, and what comes out."""

import itertools

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, StateError
from neurona.utils import model_to_dot, plot_model


def small():
    a, b = nn.Input((4,), name="a"), nn.Input((4,), name="b")
    inner_x = nn.Input((4,), name="inner")
    inner = nn.Model(inner_x, layers.Dense(3, "tanh", name="deep")(inner_x), name="part")
    head = nn.Sequential([layers.Dense(2, name="one"), layers.Dense(1, name="two")], name="head")
    x = layers.Add(name="sum")([inner(a), layers.Dense(3, name="other", trainable=False)(b)])
    return nn.Model([a, b], [head(x), x * 2.0], name="whole")


def texts(drawing):
    return [t.get_text() for t in drawing.figure.axes[0].texts]


def test_a_card_for_each_layer_and_an_arrow_for_each_edge():
    drawing = model_to_dot(small(), show_shapes=True)
    found = texts(drawing)
    for title in ("a (InputLayer)", "part (Model)", "sum (Add)", "head (Sequential)"):
        assert title in found
    assert "Input shape: (None, 3), (None, 3)" in found
    assert "Output shape: (None, 4)" in found
    assert not any("Input shape: (None, 4)" in t for t in found[:2])  # an input has none
    text = drawing.to_string()
    for edge in (
        '"a" -> "part"', '"b" -> "other"', '"part" -> "sum"', '"other" -> "sum"',
        '"sum" -> "head"', '"sum" -> "mul',
    ):  # fmt: skip
        assert edge in text
    assert text.count("->") == 6
    assert "rankdir=TB" in text


def test_nested_models_are_opened():
    drawing = model_to_dot(small(), expand_nested=True, show_layer_names=False)
    text = drawing.to_string()
    assert '"a" -> "part/inner"' in text
    assert '"part/inner" -> "part/deep"' in text
    assert '"part/deep" -> "sum"' in text
    assert '"sum" -> "head/one"' in text
    assert '"head/one" -> "head/two"' in text
    found = texts(drawing)
    assert {"part", "head"} <= set(found)  # the names on the frames
    assert found.count("Dense") == 4


def test_what_cards_say():
    drawing = model_to_dot(
        small(), show_dtype=True, show_layer_activations=True, show_trainable=True,
        expand_nested=True,
    )  # fmt: skip
    found = texts(drawing)
    assert "Activation: tanh" in found
    assert "Output dtype: float32" in found
    assert (found.count("Trainable"), found.count("Non-trainable")) == (3, 1)


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
def test_no_two_cards_overlap(direction):
    drawing = model_to_dot(small(), show_shapes=True, expand_nested=True, rankdir=direction)
    ax = drawing.figure.axes[0]
    boxes = [p.get_bbox() for p in ax.patches if type(p).__name__ == "Rectangle"]
    assert len(boxes) > 10
    for one, other in itertools.combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(wide, high) < 1e-6
    width, height = drawing.figure.get_size_inches()
    for box in boxes:
        assert min(box.x0, box.y0) > 0
        assert box.x1 < width
        assert box.y1 < height
    place = {t.get_text(): t.get_position() for t in ax.texts}
    axis = 1 if direction in ("TB", "BT") else 0
    before, after = place["a (InputLayer)"][axis], place["two (Dense)"][axis]
    assert (before < after) == (direction in ("TB", "LR"))


def test_files(tmp_path):
    model = small()
    for name, begin in (("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF")):
        drawing = plot_model(model, tmp_path / name, dpi=50)
        assert (tmp_path / name).read_bytes().startswith(begin)
    assert drawing.create(prog="dot", format="svg").startswith(b"<?xml")
    assert drawing.create_svg().startswith(b"<?xml")
    assert drawing._repr_png_().startswith(b"\x89PNG")
    assert drawing.create(format="dot") == drawing.to_string().encode()
    with Image.open(tmp_path / "m.png") as image:
        size = image.size
    assert np.allclose(size, drawing.figure.get_size_inches() * 50, atol=1)
    assert drawing.write(tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes().startswith(b"\x89PNG")
    assert drawing.write_png(tmp_path / "x.png")
    assert drawing.write_svg(tmp_path / "x.svg")
    assert drawing.write_pdf(tmp_path / "x.pdf")
    assert plot_model(model, to_file=None).figure is not None


def test_a_chain_and_a_model_by_subclassing():
    class Own(nn.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(3, name="first"), layers.Dense(1, name="second")

        def call(self, x):
            return self.second(self.first(x))

    model = Own()
    with pytest.raises(StateError, match=r"only a model that is built(.|\n)*model.build"):
        plot_model(model, None)
    model.build((None, 2))
    assert model_to_dot(model).to_string().count("->") == 1
    chain = nn.Sequential([nn.Input((3,)), *(layers.Dense(3) for _ in range(60))])
    drawing = model_to_dot(chain, dpi=200)
    assert drawing.to_string().count("->") == 59
    large = model_to_dot(chain, dpi=1e9)  # as many pixels as an image may have
    assert large.dpi * max(large.figure.get_size_inches()) <= 2**16


def test_errors():
    model = small()
    with pytest.raises(ArgumentError, match="unknown rankdir"):
        plot_model(model, None, rankdir="up")
    with pytest.raises(ArgumentError, match="layer_range is no longer supported"):
        plot_model(model, None, layer_range=["a", "b"])
    with pytest.raises(ArgumentError, match="unknown format"):
        model_to_dot(model).create(format="bmp")
