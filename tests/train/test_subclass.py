"""Subclasses of Model and Layer, written as one writes them for Keras."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, ShapeError, StateError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = (X @ RNG.normal(size=(4, 1))).astype("float32")


class Net(nn.Model):
    def __init__(self, units=3, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, activation="relu")
        self.drop = layers.Dropout(rate)
        self.out = layers.Dense(1)

    def call(self, inputs, training=False):
        x = self.hidden(inputs)
        x = self.drop(x, training=training)
        return self.out(x)


def test_a_subclass_trains():
    model = Net(5, rate=0.1, name="net")
    model.compile(optimizer=nn.optimizers.Adam(0.05), loss="mse", metrics=["mae"])
    history = model.fit(X, Y, epochs=10, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.predict(X, verbose=0).shape == (12, 1)
    assert model.name == "net"
    assert [la.name for la in model.layers] == [model.hidden.name, model.drop.name, model.out.name]
    assert model.count_params() == 4 * 5 + 5 + 5 + 1


def test_layers_in_lists_and_dicts_are_found():
    class Blocks(nn.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Dense(4, "tanh") for _ in range(2)]
            self.heads = {"b": layers.Dense(1), 1: layers.Dense(2)}
            self.notes = {1: "mixed", "keys": None}

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return {name: head(x) for name, head in sorted(self.heads.items(), key=str)}

    model = Blocks()
    with pytest.raises(TypeError):
        model(X)  # keys that cannot be sorted are an error of the user's dict, not ours
    model.heads = {"b": model.heads["b"], "a": model.heads[1]}
    y = model(X)
    assert y["a"].shape == (12, 2)
    assert len(model.layers) == 4
    assert len(model.trainable_weights) == 8


def test_parameters_as_attributes_are_found():
    class Scaled(nn.Model):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(1.0, "scale")
            self.shifts = [nn.Parameter(0.0, "shift")]

        def call(self, x):
            return x * self.scale + self.shifts[0]

    model = Scaled()
    model.compile(nn.optimizers.SGD(0.1), "mse")
    model.fit(X, 3 * X + 1, epochs=60, verbose=0)
    assert model.scale.numpy() == pytest.approx(3, abs=0.05)
    assert model.shifts[0].numpy() == pytest.approx(1, abs=0.05)


def test_a_step_that_changes_what_the_model_does_not_know_is_refused():
    stranger = nn.Parameter(0.0, "stranger")

    class Odd(nn.Model):
        def call(self, x):
            stranger.assign(1.0)
            return x

    model = Odd()
    model.compile("sgd", "mse")
    with pytest.raises(StateError, match=r"a Parameter that it does not know, [^.]*. Got stranger"):
        model.evaluate(X, X, verbose=0)
    assert stranger.numpy() == 0


class TwoTowers(nn.Model):
    def __init__(self, units=2):
        super().__init__()
        self.left, self.right = layers.Dense(units), layers.Dense(units)

    def call(self, inputs, training=None, mask=None):
        a, b = (inputs["a"], inputs["b"]) if isinstance(inputs, dict) else inputs
        return self.left(a) + self.right(b)


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ([(None, 4), (None, 3)], [X, X[:, :3]]),
        ({"a": (None, 4), "b": (None, 3)}, {"a": X, "b": X[:, :3]}),
    ],
)
def test_subclasses_with_several_inputs(shape, given, tmp_path):
    model = TwoTowers()
    model.build(shape)
    assert model.count_params() == 4 * 2 + 2 + 3 * 2 + 2
    model.compile("sgd", "mse")
    model.fit(given, np.zeros((12, 2)), verbose=0)
    model.save(tmp_path / "m")
    again = nn.models.load_model(tmp_path / "m", {"TwoTowers": TwoTowers})
    np.testing.assert_array_equal(again.predict(given, verbose=0), model.predict(given, verbose=0))


def test_build_takes_shapes():
    model = Net()
    model.build((None, 4))
    assert model.built
    assert len(model.weights) == 4
    with pytest.raises(ArgumentError, match="build takes the shape of the inputs"):
        Net().build()


def test_a_build_of_ones_own_is_called_once_with_the_shape():
    shapes = []

    class Late(nn.Model):
        def build(self, input_shape):
            shapes.append(input_shape)
            self.d = layers.Dense(input_shape[-1])

        def call(self, x):
            return self.d(x)

    model = Late()
    model(X), model(X)
    assert shapes == [(12, 4)]
    assert model.count_params() == 20


def test_forgotten_call_and_compile():
    class Empty(nn.Model):
        pass

    model = Empty(name="empty")
    with pytest.raises(StateError, match=r"'empty' is not compiled[\s\S]*before fit"):
        model.fit(X, Y)
    with pytest.raises(StateError, match=r"before evaluate"):
        model.evaluate(X, Y)
    with pytest.raises(StateError, match="before train_on_batch"):
        model.train_on_batch(X, Y)
    model.compile("sgd", "mse")
    with pytest.raises(StateError, match="'empty' has nothing to compute"):
        model.fit(X, Y)
    with pytest.raises(StateError, match="has nothing to compute"):
        model.predict(X)


def test_nothing_to_learn():
    model = nn.Sequential([layers.Flatten()])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="has nothing to train"):
        model.fit(X, X, verbose=0)
    model = Net()
    model.compile("sgd")
    with pytest.raises(StateError, match="there is no loss to learn from"):
        model.fit(X, Y, verbose=0)


# --- steps of one's own -------------------------------------------------------------------------


class OwnStep(Net):
    """The custom step of Keras's guide, with nn.gradients for the tape."""

    def train_step(self, data):
        x, y = data

        def loss_of():
            y_pred = self(x, training=True)
            return self.compute_loss(x=x, y=y, y_pred=y_pred), y_pred

        weights = self.trainable_variables
        (loss, y_pred), grads = nn.gradients(loss_of, weights)
        self.optimizer.apply(grads, weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


def test_a_step_of_ones_own_equals_the_usual_one():
    histories = []
    for cls in (Net, OwnStep):
        nn.utils.set_random_seed(3)
        model = cls(5)
        model.compile("adam", "mse", metrics=["mae"])
        histories.append(model.fit(X, Y, batch_size=6, epochs=3, verbose=0).history)
    assert histories[0] == histories[1]


def test_compute_loss_may_be_overridden_without_training():
    class Own(Net):
        def compute_loss(self, x, y, y_pred, sample_weight):
            return ops.mean(ops.abs(y - y_pred))

    model = Own()
    model.compile("adam", metrics=["mae"])
    logs = model.fit(X, Y, verbose=0).history
    assert logs["loss"][0] == pytest.approx(logs["mae"][0], rel=1e-5)


def test_metrics_of_ones_own_are_reported_and_reset():
    class Watched(Net):
        def __init__(self):
            super().__init__()
            self.size = nn.metrics.Mean(name="size")

        def call(self, x, training=False):
            y = super().call(x, training)
            self.size.update_state(ops.abs(y))
            return y

    model = Watched()
    model.compile("sgd", "mse")
    logs = model.fit(X, Y, epochs=2, verbose=0).history
    assert set(logs) == {"loss", "size"}
    expected = np.abs(model.predict(X, verbose=0)).mean()
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["size"] == pytest.approx(expected)


class GAN(nn.Model):
    """Two networks, two optimisers, as in Keras's DCGAN example."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_metric = nn.metrics.Mean(name="d_loss")
        self.g_loss_metric = nn.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        count = real.shape[0]

        def d_loss():
            fake = self.generator(nn.random.normal((count, self.latent_dim)))
            guesses = self.discriminator(ops.concatenate([fake, real], axis=0))
            labels = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))], axis=0)
            return self.loss_fn(labels, guesses)

        weights = self.discriminator.trainable_weights
        loss, grads = nn.gradients(d_loss, weights)
        self.d_optimizer.apply_gradients(zip(grads, weights, strict=True))
        self.d_loss_metric.update_state(loss)

        def g_loss():
            fake = self.generator(nn.random.normal((count, self.latent_dim)))
            return self.loss_fn(ops.zeros((count, 1)), self.discriminator(fake))

        weights = self.generator.trainable_weights
        loss, grads = nn.gradients(g_loss, weights)
        self.g_optimizer.apply_gradients(zip(grads, weights, strict=True))
        self.g_loss_metric.update_state(loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def gan():
    nn.utils.set_random_seed(0)
    discriminator = nn.Sequential([nn.Input((4,)), layers.Dense(6, "relu"), layers.Dense(1)])
    generator = nn.Sequential([nn.Input((2,)), layers.Dense(6, "relu"), layers.Dense(4)])
    model = GAN(discriminator, generator, 2)
    model.compile(
        nn.optimizers.Adam(0.01),
        nn.optimizers.Adam(0.02),
        nn.losses.BinaryCrossentropy(from_logits=True),
    )
    return model


def test_two_optimizers():
    model = gan()
    before = model.get_weights()
    logs = model.fit(X, batch_size=6, epochs=2, verbose=0).history
    assert set(logs) == {"d_loss", "g_loss"}
    assert int(model.d_optimizer.iterations.numpy()) == 4
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_two_optimizers_run_the_same_eagerly():
    logs = []
    for eagerly in (False, True):
        model = gan()
        model.run_eagerly = eagerly
        logs.append(model.fit(X, batch_size=6, epochs=2, verbose=0).history)
    for name in logs[0]:
        np.testing.assert_allclose(logs[0][name], logs[1][name], rtol=1e-5)


def test_the_state_of_two_optimizers_is_kept_apart():
    model = gan()
    model.fit(X, batch_size=6, verbose=0)
    arrays, info = model.get_state()
    assert "/d_optimizer/velocity/discriminator/dense/kernel" in arrays
    assert "/g_optimizer/velocity/generator/dense/kernel" in arrays
    model.fit(X, batch_size=6, verbose=0)
    expected = model.get_state()[0]
    again = gan()
    again.set_state(arrays, info)
    again.fit(X, batch_size=6, verbose=0)
    found = again.get_state()[0]
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


# --- compile settings ---------------------------------------------------------------------------


def test_run_eagerly_runs_the_python_code_each_time(capsys):
    class Loud(Net):
        def call(self, x, training=False):
            y = super().call(x, training)
            print("mean", float(ops.mean(y).numpy()) if y.data is not None else "traced")
            return y

    nn.utils.set_random_seed(0)
    model = Loud()
    model.compile("sgd", "mse", run_eagerly=True)
    eager = model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history["loss"]
    lines = capsys.readouterr().out.splitlines()
    assert sum(line != "mean traced" for line in lines) == 6
    nn.utils.set_random_seed(0)
    model = Loud()
    model.compile("sgd", "mse")
    np.testing.assert_allclose(
        model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history["loss"], eager, rtol=1e-5
    )
    assert set(capsys.readouterr().out.splitlines()) == {"mean traced"}


def test_keras_arguments_are_accepted():
    model = Net()
    model.compile(
        optimizer="adam", loss="mse", jit_compile=False, auto_scale_loss=False,
        steps_per_execution=2,
    )  # fmt: skip
    assert model._training.engine == "reference"
    assert len(model.fit(X, Y, batch_size=2, verbose=0).history["loss"]) == 1
    model.compile(engine="reference")
    assert type(model.optimizer).__name__ == "RMSprop"


# --- freezing -----------------------------------------------------------------------------------


def test_freezing_takes_effect_at_once():
    model = Net()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.hidden.trainable = False
    hidden, out = model.hidden.get_weights(), model.out.get_weights()
    assert model.trainable_weights == model.out.weights
    assert model.non_trainable_weights == model.hidden.weights
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.hidden.get_weights()[0], hidden[0])
    assert not np.array_equal(model.out.get_weights()[0], out[0])
    model.hidden.trainable = True
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(model.hidden.get_weights()[0], hidden[0])


def test_what_was_frozen_from_the_start_needs_a_new_optimizer():
    model = Net()
    model.hidden.trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.hidden.trainable = True
    with pytest.raises(StateError, match=r"built for other parameters[\s\S]*new optimizer"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


def test_a_frozen_model_has_nothing_to_train_below_it():
    model = Net()
    model(X)
    model.trainable = False
    assert model.trainable_weights == []
    model.out.trainable = True  # as in Keras, the model above it still says no
    assert model.trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 4


def test_steps_are_compiled_once_for_each_kind_and_size():
    model = Net()
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    step = model.training_step()
    assert len(step.programs) == 2  # 5, 5 and 2 samples
    model.fit(X, Y, batch_size=5, verbose=0)
    assert model.training_step() is step
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert model.training_step() is not step


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_prediction_without_samples_says_what_is_missing(engine):
    class Total(nn.Model):
        def call(self, x):
            return ops.sum(x)

    model = Total()
    model.compile(engine=engine)
    with pytest.raises(ShapeError, match=r"an axis for the samples\. Got a scalar") as error:
        model.predict(X, verbose=0)
    assert "try: leave the batch axis out of sums" in str(error.value)
    assert model.predict_on_batch(X).shape == ()
