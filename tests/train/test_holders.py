"""Where layers and Parameters are found, and what is said of those that are not."""

import collections
import dataclasses
import types
from typing import Any

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import StateError
from neurona.nn.members import members

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((8, 3)).astype("float32"), np.ones((8, 2), "float32")


@dataclasses.dataclass
class Record:
    part: Any
    owner: Any = None


HOLDERS = {
    "dataclass": lambda parts: Record(Record(parts)),
    "namespace": lambda parts: types.SimpleNamespace(parts=parts),
    "set": set,
    "frozenset": frozenset,
    "deque": collections.deque,
    "list": list,
    "dict": lambda parts: dict(enumerate(parts)),
    "deque of sets": lambda parts: collections.deque([set(parts)]),
}


class Held(nn.Model):
    def __init__(self, holder):
        super().__init__()
        self.own = [layers.Dense(3, "tanh", name="b"), layers.Dense(2, name="a")]
        self.holder, self.own = holder(self.own), None
        if isinstance(self.holder, Record):
            self.holder.owner = self  # a circle

    def call(self, x):
        first, second = (layer for name in "ba" for layer in self.layers if layer.name == name)
        return second(first(x))


@pytest.mark.parametrize("kind", HOLDERS)
def test_layers_are_found_trained_and_saved(kind, tmp_path):
    model = Held(HOLDERS[kind])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    before = model.get_weights()
    assert [w.shape for w in before if w.ndim == 2] in ([(3, 3), (3, 2)], [(3, 2), (3, 3)])
    model.fit(X, Y, verbose=0)
    assert not any(map(np.array_equal, before, model.get_weights()))
    model.save_weights(tmp_path / "weights.safetensors")
    other = Held(HOLDERS[kind])
    other(X)
    other.load_weights(tmp_path / "weights.safetensors")
    np.testing.assert_array_equal(model(X), other(X))


def test_a_set_has_an_order_that_does_not_change():
    class Named:
        def __init__(self, name):
            self.name = name

    names = ["dense", "dense_1", "dense_2", "dense_10", "rnn", "rnn_3"]
    owner = types.SimpleNamespace(parts={Named(n) for n in names[::-1]})
    assert [part.name for _, part in members(owner, Named)] == names


class Plain:
    def __init__(self):
        self.part = layers.Dense(3, name="lost")


class PlainHolder(nn.Model):
    def __init__(self):
        super().__init__()
        self.plain, self.out = Plain(), layers.Dense(2)

    def call(self, x):
        return self.out(self.plain.part(x))


class MadeInCall(nn.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(layers.Dense(3, name="lost")(x))


class OnlyInCall(nn.Model):
    def call(self, x):
        return layers.Dense(2, name="lost")(x)


def captured_layer():
    lost = layers.Dense(2, name="lost")
    return nn.Sequential([layers.Dense(3), layers.Lambda(lambda x: lost(x), name="outer")])


def captured_layer_alone():
    lost = layers.Dense(2, name="lost")
    return nn.Sequential([layers.Lambda(lambda x: lost(x), name="outer")])


def captured_parameter(trainable=True):
    lost = nn.Parameter(np.ones(2, "float32"), "lost", trainable=trainable)
    return nn.Sequential([layers.Dense(2), layers.Lambda(lambda x: x * lost, name="outer")])


def captured_in_a_functional_model():
    lost, x = layers.Dense(3, name="lost"), nn.Input((3,))
    return nn.Model(x, layers.Dense(2)(layers.Lambda(lambda x: lost(x), name="outer")(x)))


LOSERS = [
    PlainHolder, MadeInCall, OnlyInCall, captured_layer, captured_layer_alone, captured_parameter,
    lambda: captured_parameter(trainable=False), captured_in_a_functional_model,
]  # fmt: skip


@pytest.mark.parametrize("engine", [*nn.config.ENGINES, "eager"])
@pytest.mark.parametrize("make", LOSERS)
def test_what_is_not_found_is_named(make, engine):
    model = make()
    options = {"run_eagerly": True} if engine == "eager" else {"engine": engine}
    model.compile("sgd", "mse", **options)
    for call in (
        lambda: model.fit(X, Y, verbose=0),
        lambda: model.train_on_batch(X, Y),
        lambda: model.evaluate(X, Y, verbose=0),
    ):
        with pytest.raises(StateError, match=r"a Parameter that it does not know.*Got lost") as e:
            call()
        assert "captures" in e.value.hint
        assert "outer" not in str(make) or "Lambda 'outer'" in str(e.value)


def test_layers_without_parameters_may_be_made_in_call():
    class Model(nn.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(2)

        def call(self, x):
            return self.out(layers.Activation("tanh")(x))

    model = Model()
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 0


def test_a_parameter_of_the_model_may_be_captured():
    gain = nn.Parameter(np.ones(2, "float32"), "gain")
    model = nn.Sequential([layers.Dense(2), layers.Lambda(lambda x: x * gain)])
    model.gain = gain
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert (gain.numpy() != 1).all()
