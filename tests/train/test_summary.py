"""model.summary(): what it says, on paper and in a terminal."""

import io
import sys

import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, StateError


def text_of(model, **kwargs):
    parts = []
    model.summary(print_fn=parts.append, **kwargs)
    return "\n".join(parts)


def mlp():
    return nn.Sequential(
        [nn.Input((784,)), layers.Dense(128, "relu", name="hidden"), layers.Dense(10, name="out")],
        name="mlp",
    )


def test_the_whole_text():
    assert text_of(mlp(), line_length=60).splitlines() == [
        "Model: mlp",
        "╭──────────────────────────┬────────────────────┬──────────╮",
        "│ Layer (type)             │ Output Shape       │  Param # │",
        "├──────────────────────────┼────────────────────┼──────────┤",
        "│ hidden (Dense)           │ (None, 128)        │  100,480 │",
        "│ out (Dense)              │ (None, 10)         │    1,290 │",
        "╰──────────────────────────┴────────────────────┴──────────╯",
        " Total params: 101,770 (397.54 KB)",
        " Trainable params: 101,770 (397.54 KB)",
        " Non-trainable params: 0 (0 B)",
    ]


def test_branches_show_what_they_are_connected_to():
    x = nn.Input((4,), name="x")
    h = layers.Dense(4, name="h")(x)
    model = nn.Model(x, layers.Add(name="sum")([h, x]))
    lines = text_of(model, line_length=90).splitlines()
    assert "Connected to" in lines[2]
    row = next(line for line in lines if "sum (Add)" in line)
    assert "h, x" in row
    assert "Connected" not in text_of(nn.Model(x, layers.Dense(2)(h)))


def test_counts_are_whole_however_narrow_the_table():
    model = nn.Sequential([nn.Input((4000,), name="x" * 40), layers.Dense(3000, name="d" * 40)])
    for width in (50, 80):
        lines = text_of(model, line_length=width).splitlines()
        assert any(line.rstrip("│ ").endswith("12,003,000") for line in lines)
        assert all(len(line) <= width for line in lines)


def test_nested_models_can_be_opened():
    x = nn.Input((784,), name="x")
    model = nn.Model(x, mlp()(x))
    assert "hidden" not in text_of(model)
    opened = text_of(model, expand_nested=True)
    assert "└─ hidden (Dense)" in opened
    assert "100,480" in opened


def test_frozen_layers_and_optimizer_slots_are_counted():
    model = mlp()
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_weights)
    text = text_of(model, show_trainable=True)
    assert "Trainable params: 1,290" in text
    assert "Non-trainable params: 100,480" in text
    assert "Optimizer params: 2,582" in text
    rows = [line for line in text.splitlines() if "(Dense)" in line]
    assert [row.split("│")[-2].strip() for row in rows] == ["no", "yes"]


def test_an_unbuilt_model_explains_itself():
    model = nn.Sequential([layers.Dense(3)])
    text = text_of(model)
    assert "0 (unbuilt)" in text
    assert "The parameters are not known yet: call the model on data, or begin with" in text
    with pytest.raises(StateError, match="has no layers to show"):
        nn.Sequential(name="none").summary()
    with pytest.raises(ArgumentError, match=r"line_length is too small. Got 20; expected 40"):
        model.summary(line_length=20)


def test_names_are_no_markup():
    model = nn.Sequential([nn.Input((2,)), layers.Dense(1, name="[red]x")], name="[bold]m")
    text = text_of(model)
    assert "[red]x (Dense)" in text
    assert "Model: [bold]m" in text


def test_it_prints_to_the_standard_output(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    mlp().summary()
    assert "hidden (Dense)" in out.getvalue()
    assert "\x1b" not in out.getvalue()  # colours are for terminals


def test_subclasses_list_their_layers():
    class Net(nn.Model):
        def __init__(self):
            super().__init__(name="net")
            self.a, self.b = layers.Dense(3, name="a"), layers.Dense(1, name="b")

        def call(self, x):
            return self.b(self.a(x))

    model = Net()
    assert "a (Dense)" in text_of(model)
    model.compile("sgd", "mse")
    model.predict([[1.0, 2.0]], verbose=0)
    assert "Total params: 13" in text_of(model)
