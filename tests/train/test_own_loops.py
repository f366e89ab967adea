"""Training loops of one's own: compiled as one step, and as exact as the usual one."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, GradientError, StateError
from neurona.train.step import Step
from tests.settings import engine_set_to, threads_set_to

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")


def network(*sizes, name=None):
    return nn.Sequential([layers.Dense(n, "tanh") for n in sizes], name=name)


# --- gradients with respect to chosen parameters ------------------------------------------------


def test_value_and_grad_over_chosen_parameters():
    w, b = nn.Parameter([2.0, 3.0], "w"), nn.Parameter(1.0, "b")

    def loss(x, power=1):
        return ops.sum((w * x) ** power) + b

    value, (gw,) = nn.value_and_grad(loss, parameters=[w])(np.float32([1.0, 2.0]), power=2)
    assert value.item() == 4 + 36 + 1
    np.testing.assert_allclose(gw.numpy(), [4, 24])
    value, grads = nn.value_and_grad(loss, parameters=[b, w])(1.0)
    assert [g.tolist() for g in grads] == [1.0, [1.0, 1.0]]


def test_value_and_grad_of_a_model_with_something_beside_the_loss():
    model = network(3)
    model.build((None, 4))

    def loss(x):
        y = model(x)
        return ops.mean(y * y), y

    (value, y), grads = nn.value_and_grad(loss, has_aux=True, parameters=model)(X)
    assert y.shape == (48, 3)
    assert value.item() == pytest.approx(float(np.mean(y.numpy() ** 2)), rel=1e-5)
    assert [g.shape for g in grads] == [p.shape for p in model.trainable_weights]
    (_, expected) = nn.gradients(lambda: loss(X), model.trainable_weights)
    for a, b in zip(grads, expected, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_models_and_parameters_side_by_side_each_once():
    model, scale = network(2), nn.Parameter(1.0, "scale")
    model.build((None, 4))
    chosen = [scale, model, model.layers[0], scale]
    _, grads = nn.gradients(lambda: ops.sum(model(X) * scale), chosen)
    assert [g.shape for g in grads] == [(), (4, 2), (2,)]
    optimizer = nn.optimizers.SGD(0.0)
    optimizer.apply(grads, chosen)
    assert optimizer.parameters == [scale, *model.trainable_weights]


def test_a_model_that_is_not_built_is_built_by_the_loss_and_nothing_else_happens():
    model = nn.Sequential([layers.BatchNormalization(), layers.Dense(2)])
    counter = nn.Parameter(0, "counter", trainable=False)

    def loss():
        counter.assign_add(1)
        return ops.mean(model(X + nn.random.normal(X.shape), training=True) ** 2)

    optimizer = nn.optimizers.SGD(0.1)
    optimizer.minimize(loss, model)
    assert counter.item() == 1
    assert len(optimizer.parameters) == 4


def test_what_gradients_are_taken_of_is_checked():
    w = nn.Parameter([1.0], "w")
    loss = lambda: ops.sum(w * w)  # noqa: E731
    with pytest.raises(
        ArgumentError, match=r"with respect to arguments or to param[\s\S]*argnums="
    ):
        nn.value_and_grad(loss, argnums=1, parameters=[w])
    with pytest.raises(GradientError, match=r"has_aux=True a function returns \(loss, anything\)"):
        nn.value_and_grad(lambda: (loss(), 1), parameters=[w])()
    with pytest.raises(GradientError, match="Got has_aux=True and Tensor"):
        nn.value_and_grad(loss, has_aux=True, parameters=[w])()
    with pytest.raises(GradientError, match=r"with respect to Parameters. Got 3[\s\S]*a model"):
        nn.value_and_grad(loss, parameters=[3])()
    frozen = network(2, name="frozen")
    frozen.build((None, 4))
    frozen.trainable = False
    with pytest.raises(GradientError, match="'frozen' has nothing to train"):
        nn.value_and_grad(lambda: ops.sum(frozen(X)), parameters=frozen)()
    with pytest.raises(GradientError, match="does not depend on any"):
        nn.value_and_grad(lambda: ops.sum(ops.zeros((2,))), parameters=[w])()


# --- one compiled step --------------------------------------------------------------------------


class WGAN(nn.Model):
    """Two networks, three losses, latents drawn in the step, a penalty on a gradient."""

    def __init__(self, penalty=10.0, average=0.9):
        super().__init__()
        self.penalty, self.average = penalty, average
        self.generator, self.copy = network(8, 4), network(8, 4)
        self.critic = nn.Sequential([layers.Dense(8, "tanh"), layers.Dense(1)])
        self.d_loss, self.g_loss = nn.metrics.Mean(name="d_loss"), nn.metrics.Mean(name="g_loss")

    def build(self, shape):
        self.generator.build((None, 2)), self.copy.build((None, 2)), self.critic.build((None, 4))
        self.copy.set_weights(self.generator.get_weights())
        self.drawn = self.add_weight((6, 1), "zeros", "drawn", trainable=False)

    def call(self, z):
        return self.copy(z)

    def compile(self, g_optimizer, d_optimizer, **kwargs):
        super().compile(**kwargs)
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    @property
    def metrics(self):
        return [self.d_loss, self.g_loss]

    def train_step(self, real):
        z = nn.random.normal((real.shape[0], 2))
        mix = nn.random.uniform((real.shape[0], 1))
        self.drawn.assign(mix)

        def d_loss():
            fake = self.generator(z, training=True)
            between = mix * real + (1 - mix) * fake
            slope = nn.grad(lambda x: ops.sum(self.critic(x)))(between)
            penalty = ops.mean((ops.norm(slope, axis=1) - 1) ** 2)
            return ops.mean(self.critic(fake)) - ops.mean(self.critic(real)) + 10 * penalty

        loss, grads = nn.value_and_grad(d_loss, parameters=self.critic)()
        self.d_optimizer.apply(grads, self.critic)
        self.d_loss.update_state(loss)
        loss = self.g_optimizer.minimize(
            lambda: -ops.mean(self.critic(self.generator(z))), self.generator
        )
        self.g_loss.update_state(loss)
        for average, p in zip(self.copy.weights, self.generator.weights, strict=True):
            average.assign(self.average * average + (1 - self.average) * p)
        return {m.name: m.result() for m in self.metrics}


def wgan(**compiled):
    nn.random.set_seed(4)
    model = WGAN()
    model(np.zeros((6, 2), "float32"))  # builds it
    model.compile(nn.optimizers.Adam(0.01), nn.optimizers.Adam(0.02, use_ema=True), **compiled)
    return model


def trained(**compiled):
    model = wgan(**compiled)
    logs = model.fit(X, batch_size=6, epochs=3, verbose=0).history
    return model, logs


def bits(model):
    return [p.numpy().tobytes() for p in model.weights]


def test_the_step_is_the_same_on_all_engines_and_as_it_is_written():
    found = {}
    for engine in ("native", "reference"):
        with engine_set_to(engine):
            found[engine] = trained()
    found["eager"] = trained(run_eagerly=True)
    model, logs = found.pop("native")
    for other, other_logs in found.values():
        assert other.drawn.numpy().tobytes() == model.drawn.numpy().tobytes()
        for name in ("d_loss", "g_loss"):
            np.testing.assert_allclose(other_logs[name], logs[name], rtol=1e-4, atol=1e-6)
        for a, b in zip(other.weights, model.weights, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-5)


def test_the_step_has_the_same_bits_at_any_number_of_threads():
    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            found.append(bits(trained()[0]))
    assert found[0] == found[1] == found[2] == found[3]


def test_many_steps_are_one_call(monkeypatch):
    calls = []
    original = Step._run

    def run(self, *args, **kwargs):
        calls.append(1)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Step, "_run", run)
    model = wgan()
    model.fit(X, batch_size=6, epochs=12, verbose=0)
    assert len(calls) < 12  # of 96 steps
    assert int(model.d_optimizer.iterations.numpy()) == 96


def test_callbacks_are_called_every_so_many_steps():
    class Watch(nn.callbacks.Callback):
        def __init__(self):
            self.batches, self.epochs = [], []

        def on_train_batch_end(self, batch, logs=None):
            self.batches.append(batch)
            assert set(logs) == {"d_loss", "g_loss"}

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(logs)

    watch = Watch()
    model = wgan(steps_per_execution=4)
    logs = model.fit(X, batch_size=6, epochs=2, verbose=0, callbacks=[watch]).history
    assert watch.batches == [3, 7, 3, 7]
    assert [e["d_loss"] for e in watch.epochs] == logs["d_loss"]
    plain = wgan().fit(X, batch_size=6, epochs=2, verbose=0).history
    assert plain == logs


def test_the_gradient_of_a_gradient_within_a_step():
    class Linear(nn.Model):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight((4,), "ones", "w")

        def train_step(self, x):
            def penalty():
                slope = nn.grad(lambda x: ops.sum(x @ self.w))(x)  # w for each sample
                return ops.mean((ops.norm(slope, axis=1) - 1) ** 2)

            loss, (g,) = nn.value_and_grad(penalty, parameters=self)()
            self.optimizer.apply([g], self)
            return {"loss": loss}

    model = Linear()
    model.compile(nn.optimizers.SGD(0.1))
    model.fit(X, batch_size=48, verbose=0)
    # |w| = 2, and d (|w| - 1)^2 = 2 (|w| - 1) w / |w| = w
    np.testing.assert_allclose(model.w.numpy(), 0.9 * np.ones(4), rtol=1e-5)


# --- averaged weights ---------------------------------------------------------------------------


def test_averages_of_every_optimizer_replace_the_weights_at_the_end():
    model = wgan()
    seen = []

    class Look(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            before = bits(model)
            with model.d_optimizer.averaged():
                seen.append([p.numpy().tobytes() for p in model.critic.weights])
            assert bits(model) == before

    model.fit(X, batch_size=6, epochs=2, verbose=0, callbacks=[Look()])
    assert [p.numpy().tobytes() for p in model.critic.weights] == seen[-1]
    assert seen[0] != seen[1]
    for average, p in zip(model.copy.weights, model.generator.weights, strict=True):
        assert not np.array_equal(average.numpy(), p.numpy())


def test_to_look_at_averages_leaves_the_training_as_it_is():
    class Look(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            with model.d_optimizer.averaged():
                model.critic(X[:2]).numpy()

    plain, _ = trained()
    model = wgan()
    model.fit(X, batch_size=6, epochs=3, verbose=0, callbacks=[Look()])
    assert bits(model) == bits(plain)


def test_averages_must_be_kept():
    with (
        pytest.raises(StateError, match=r"Adam keeps no averages[\s\S]*use_ema=True"),
        nn.optimizers.Adam().averaged(),
    ):
        pass


# --- saved --------------------------------------------------------------------------------------


def test_a_compile_of_ones_own_is_saved_with_what_it_was_given(tmp_path):
    model = wgan(steps_per_execution=2)
    model.fit(X, batch_size=6, epochs=2, verbose=0)
    model.save(tmp_path / "m")
    model.fit(X, batch_size=6, epochs=4, initial_epoch=2, verbose=0)
    again = nn.models.load_model(tmp_path / "m", {"WGAN": WGAN})
    assert again.steps_per_execution == 2
    assert again.d_optimizer.use_ema
    assert int(again.g_optimizer.iterations.numpy()) == 16
    again.fit(X, batch_size=6, epochs=4, initial_epoch=2, verbose=0)
    assert bits(again) == bits(model)


class Passing(nn.Sequential):
    def compile(self, *args, **kwargs):
        super().compile(*args, **kwargs)


class Before(Passing):
    def compile(self, d_optimizer, *args, share=0.5, **kwargs):
        super().compile(*args, run_eagerly=True, **kwargs)
        self.d_optimizer, self.share = d_optimizer, share


class Alone(nn.Sequential):
    def compile(self, optimizer, /, *losses):
        super().compile(optimizer, *losses)


@pytest.mark.parametrize(
    ("kind", "args", "kwargs"),
    [
        (Passing, ("sgd", "mse"), {}),
        (Passing, ("sgd",), {"loss": "mse"}),
        (Before, (nn.optimizers.Adam(0.5), "sgd", "mse"), {"share": 0.25}),
        (Before, (), {"d_optimizer": nn.optimizers.Adam(0.5), "optimizer": "sgd", "loss": "mse"}),
        (Alone, ("sgd", "mse"), {}),
    ],
)
def test_a_compile_that_passes_on_what_it_gets_is_called_alike(tmp_path, kind, args, kwargs):
    model = kind([nn.Input((4,)), layers.Dense(1)])
    model.compile(*args, **kwargs)
    model.fit(X, X[:, :1], verbose=0)
    model.save(tmp_path / "m")
    model.fit(X, X[:, :1], epochs=2, initial_epoch=1, verbose=0)
    again = nn.models.load_model(tmp_path / "m", {kind.__name__: kind})
    assert type(again.optimizer) is nn.optimizers.SGD
    assert again.loss == "mse"
    if kind is Before:
        assert again.run_eagerly
        assert again.share == model.share
        assert again.d_optimizer.learning_rate.numpy() == np.float32(0.5)
    again.fit(X, X[:, :1], epochs=2, initial_epoch=1, verbose=0)
    assert bits(again) == bits(model)


def test_what_each_optimizer_does_to_single_parameters_comes_back(tmp_path):
    model = WGAN()
    model(np.zeros((6, 2), "float32"))  # builds it
    model.compile(nn.optimizers.AdamW(1e-3), nn.optimizers.AdamW(1e-3))
    model.g_optimizer.scale_learning_rate(0.5, model.generator.layers[0])
    model.g_optimizer.exclude_from_weight_decay(model.generator.weights[1:2], ["bias"])
    model.d_optimizer.scale_learning_rate(0.25, model.critic.layers[0])
    model.save(tmp_path / "m")
    again = nn.models.load_model(tmp_path / "m", {"WGAN": WGAN})
    assert again.g_optimizer._factors == dict.fromkeys(again.generator.layers[0].weights, 0.5)
    assert again.d_optimizer._factors == dict.fromkeys(again.critic.layers[0].weights, 0.25)
    assert again.g_optimizer._undecayed == {again.generator.weights[1]}
    assert again.g_optimizer._undecayed_names.pattern == "bias"
    assert not again.d_optimizer._undecayed


def test_what_no_file_can_tell_of_a_compile_is_left_out(tmp_path):
    class Own(WGAN):
        def compile(self, g_optimizer, d_optimizer, loss_fn=None, **kwargs):
            super().compile(g_optimizer, d_optimizer, **kwargs)
            self.loss_fn = loss_fn

    model = Own()
    model(np.zeros((6, 2), "float32"))  # builds it
    model.compile(nn.optimizers.Adam(), nn.optimizers.Adam(), loss_fn=lambda y: y)
    model.save(tmp_path / "m")
    again = nn.models.load_model(tmp_path / "m", {"Own": Own})
    assert not again.compiled
    assert bits(again) == bits(model)
