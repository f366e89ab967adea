"""get_state and set_state: names that last, and nothing changed by what does not fit."""

import json

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import FormatError, StateError
from neurona.train.state import layer_paths, parameter_paths

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.arange(8) % 2


def make():
    model = nn.Sequential(
        [layers.Dense(3, "tanh"), layers.Dense(3), layers.Dense(2, "softmax", name="out")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_names_do_not_depend_on_what_was_made_before():
    for _ in range(2):
        model = make()
        model(X)
        names = ["dense", "dense_1", "out"]
        assert list(parameter_paths(model)) == [
            f"{n}/{p}" for n in names for p in ("kernel", "bias")
        ]


def test_names_follow_attributes_lists_and_dicts():
    class Block(layers.Layer):
        def __init__(self):
            self.inner = layers.Dense(4)

        def call(self, x):
            return self.inner(x)

    class Net(nn.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Block(), Block()]
            self.heads = {"left": layers.Dense(1)}
            self.same = self.heads["left"]
            self.temperature = nn.Parameter(1.0, "temperature")

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.heads["left"](x) * self.temperature

    model = Net()
    model(X)
    assert list(parameter_paths(model)) == [
        "temperature",
        "blocks/0/inner/kernel", "blocks/0/inner/bias",
        "blocks/1/inner/kernel", "blocks/1/inner/bias",
        "heads/left/kernel", "heads/left/bias",
    ]  # fmt: skip
    assert list(layer_paths(model)) == [
        "", "blocks/0", "blocks/0/inner", "blocks/1", "blocks/1/inner", "heads/left",
    ]  # fmt: skip


def test_the_state_survives_json_and_continues_the_training():
    nn.utils.set_random_seed(0)
    model = make()
    model.fit(X, Y, batch_size=3, epochs=2, verbose=0)
    arrays, info = model.get_state()
    info = json.loads(json.dumps(info))
    assert info["position"]["epoch"] == 2
    expected = model.fit(X, Y, batch_size=3, epochs=3, initial_epoch=2, verbose=0).history
    again = make()
    again(X)
    again.set_state(arrays, info)
    assert again._training.position.epoch == 2
    found = again.fit(X, Y, batch_size=3, epochs=3, initial_epoch=2, verbose=0).history
    assert found == expected
    for name, array in model.get_state()[0].items():
        assert array.tobytes() == again.get_state()[0][name].tobytes(), name


def test_the_arrays_are_copies():
    model = make()
    model.fit(X, Y, verbose=0)
    arrays, _ = model.get_state()
    arrays["out/kernel"][:] = 0
    assert np.any(model.layers[-1].get_weights()[0])


def test_what_does_not_fit_changes_nothing():
    model = make()
    model.fit(X, Y, verbose=0)
    arrays, info = model.get_state()
    model.fit(X, Y, verbose=0)
    before = model.get_state()[0]
    broken = [
        (
            {n: a for n, a in arrays.items() if n != "out/bias"},
            info,
            "lacks an array. Expected out/b",
        ),
        (
            {**arrays, "out/bias": np.zeros(3, "f4")},
            info,
            r"the saved out/bias does not fit. Got flo",
        ),
        ({**arrays, "more": np.zeros(3)}, info, "has parameters that the model has not. Got more"),
        (arrays, {**info, "random": [1]}, "the saved place in the random stream is malformed"),
        (arrays, {**info, "position": {"epoch": -1}}, "position in the training is malformed"),
        (
            arrays,
            {**info, "optimizers": {"optimizer": ["x"]}},
            "a parameter that the model has not",
        ),
    ]
    for wrong_arrays, wrong_info, message in broken:
        with pytest.raises(FormatError, match=message):
            model.set_state(wrong_arrays, wrong_info)
    after = model.get_state()[0]
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_an_unbuilt_model_takes_no_state():
    model = make()
    model.fit(X, Y, verbose=0)
    with pytest.raises(StateError, match="has no parameters yet"):
        make().set_state(*model.get_state())


def test_a_model_that_was_not_compiled_has_a_state_too():
    model = make()
    model.optimizer = None
    model(X)
    arrays, _ = model.get_state()
    assert all(not name.startswith("/") for name in arrays)
