"""A model's own attributes have any names but those that are said to be taken."""

import numpy as np
import pytest

import neurona as nn
from neurona.errors import StateError

R = np.random.default_rng(0)
X, Y = R.normal(size=(12, 4)).astype("float32"), R.normal(size=(12, 1)).astype("float32")
NAMES = [
    "built_on", "compiled_losses", "constructed", "engine", "fixed_inputs", "inputs", "made_at",
    "named_metrics", "network",
    "observed_values", "parameter", "pending_totals", "place", "position", "run", "start",
    "step_cache", "total_loss", "turns",
]  # fmt: skip


class Named(nn.Model):
    def __init__(self, own):
        super().__init__()
        self.own = own
        setattr(self, own, nn.layers.Dense(3, "tanh"))
        self.out = nn.layers.Dense(1)

    def call(self, x):
        return self.out(getattr(self, self.own)(x))


class Interrupted(Exception):
    pass


class Crash(nn.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise Interrupted


def made(name):
    nn.utils.set_random_seed(3)
    model = Named(name)
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_of_this_name_trains_saves_loads_and_resumes(name, tmp_path):
    model = made(name)
    model.fit(X, Y, epochs=4, batch_size=4, verbose=0)
    assert isinstance(getattr(model, name), nn.layers.Dense)
    assert len(model.weights) == 4
    model.save(tmp_path / "model")
    loaded = nn.models.load_model(tmp_path / "model", custom_objects={"Named": Named})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))

    def resumed(*callbacks):
        again = made(name)
        kept = nn.callbacks.BackupAndRestore(tmp_path / "backup")
        again.fit(X, Y, epochs=4, batch_size=4, verbose=0, callbacks=[kept, *callbacks])
        return again

    with pytest.raises(Interrupted):
        resumed(Crash())
    for weight, same in zip(resumed().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_methods_of_these_names_are_a_models_own():
    class Own(nn.Model):
        def __init__(self):
            super().__init__()
            self.dense = nn.layers.Dense(1)
            self.calls = []

        def start(self):
            self.calls.append("start")

        def run(self):
            self.calls.append("run")

        def training_step(self, batch, number):
            self.calls.append("training_step")

        evaluation_step = prediction_step = named_metrics = total_loss = training_step

        def call(self, x):
            return self.dense(x)

    model = Own()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.train_on_batch(X, Y)
    assert model.calls == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fit", r"the name `fit` is taken: Named\.fit is a method\. Got Dense\."),
        ("edges", r"the name `edges` is taken: Named\.edges is a method\. Got Dense\."),
        ("arguments", r"taken: Named\.arguments is what the constructor was given\. Got Dense\."),
        (
            "optimizer",
            r"`optimizer` is taken: Named\.optimizer is kept by the library\. Got Dense\.",
        ),
        ("input_shape", r"taken: Named\.input_shape is kept by the library\. Got Dense\."),
        ("history", r"a model's `history` is taken: it is the History of the last fit\. Got Dense"),
    ],
)
def test_a_name_that_is_taken_says_so(name, message):
    with pytest.raises(StateError, match=message) as caught:
        Named(name)
    assert "use another name for the attribute" in str(caught.value)


def test_a_function_may_take_the_place_of_a_method():
    layer = nn.layers.Dense(1)
    original = layer.call
    layer.call = lambda x: 2 * original(x)
    np.testing.assert_allclose(layer(X), 2 * original(nn.tensor(X)))


def test_history_can_be_handed_on():
    model, other = made("own_part"), made("own_part")
    other.history = model.fit(X, Y, verbose=0)
    assert other.history is model.history
    other.history = None
    assert other.history is None
