"""Models with a loss of their own, or a training step of their own."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers as L
from neurona import ops
from neurona.core import random
from neurona.errors import ArgumentError, TraceError
from neurona.nn.parameter import rehearsal
from tests.explanation.proof import holds, proven

RNG = np.random.default_rng(4)


class Codes(nn.Model):
    """An autoencoder that draws its codes, and adds its two losses itself."""

    def __init__(self):
        super().__init__(name="codes")
        self.encoder, self.decoder = L.Dense(4, name="encoder"), L.Dense(3, name="decoder")

    def call(self, x):
        mean, log_var = ops.split(self.encoder(x), 2, axis=-1)
        y = self.decoder(mean + ops.exp(log_var / 2) * nn.random.normal((2,)))
        self.add_loss(ops.mean((y - x) ** 2))
        self.add_loss(-0.5 * ops.mean(1 + log_var - mean**2 - ops.exp(log_var)))
        return y


def test_a_loss_that_the_model_adds_itself_needs_no_targets():
    model = Codes()
    model.compile("adam")
    x = RNG.normal(size=(1, 3))
    explanation = proven(model, x)
    assert explanation.title == "Training step of 'codes', 1 sample"
    assert "\nloss\n" in str(explanation)  # and no name of a loss beside it
    assert str(nn.explain(model, x)).startswith("Prediction of 'codes'")
    with pytest.raises(ArgumentError, match="no gradient in a prediction"):
        nn.explain(model, x, of="encoder/kernel")

    hidden = L.Dense(2, "tanh", activity_regularizer="l2", kernel_regularizer="l1")
    model = nn.Sequential([nn.Input((3,)), hidden, L.ActivityRegularization(l1=0.1)])
    model.compile("sgd")
    proven(model, x)


class Stepping(nn.Model):
    """A model of one neuron whose training step is written out, in two ways."""

    def __init__(self, taped):
        super().__init__(name="stepping")
        self.taped, self.neuron = taped, L.Dense(1, "tanh", name="neuron")

    def call(self, x):
        return self.neuron(x)

    def train_step(self, data):
        x, y = data
        weights = self.trainable_weights

        def loss():
            return ops.mean((self(x, training=True) - y) ** 2)

        if self.taped:
            with nn.GradientTape() as tape:
                value = loss()
            gradients = tape.gradient(value, weights)
        else:
            value, gradients = nn.value_and_grad(loss, parameters=weights)()
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return {"loss": value}


@pytest.mark.parametrize("taped", [False, True])
def test_a_training_step_that_is_written_out(taped):
    model = Stepping(taped)
    model.compile("sgd", "mse")  # the same loss as that of its step, for the proof
    text = str(proven(model, RNG.normal(size=(2, 2)), RNG.normal(size=(2, 1))))
    assert "MeanSquaredError" not in text
    assert "neuron.kernel · SGD" in text


class Rivals(nn.Model):
    """A generator and a critic with a loss and an optimiser each; the critic learns first."""

    def __init__(self):
        super().__init__(name="rivals")
        self.maker, self.critic = L.Dense(2, name="maker"), L.Dense(1, name="critic")
        self.slow, self.fast = nn.optimizers.SGD(0.1), nn.optimizers.Adam(0.1)

    def call(self, z):
        return self.critic(self.maker(z))

    def of_critic(self, x):
        return ops.mean((self(ops.ones_like(x))) ** 2) + ops.mean((self.critic(x) - 1) ** 2)

    def of_maker(self, x):
        return ops.mean((self(ops.ones_like(x)) - 1) ** 2)

    def train_step(self, x):
        logs = {}
        for loss, part, optimizer in [
            (self.of_critic, self.critic, self.fast), (self.of_maker, self.maker, self.slow)
        ]:  # fmt: skip
            weights = part.trainable_weights
            logs[part.name], found = nn.value_and_grad(loss, parameters=weights)(x)
            optimizer.apply(found, weights)
        return logs


def slopes(model, loss, part, x):
    """The gradient of a loss of the model by central differences: name -> number."""
    found = {}
    for p in part.trainable_weights:
        start = p.numpy()
        for index in np.ndindex(*p.shape):
            around = []
            for step in (1e-5, -1e-5):
                moved = start.copy()
                moved[index] += step
                p.assign(moved)
                with rehearsal(), random.use(random.state_of(0, 0)):
                    around.append(loss(x).item())
            p.assign(start)
            name = f"{p.path.replace('/', '.')}{list(index)}"
            found[name] = (around[0] - around[1]) / 2e-5
    return found


def test_a_step_with_two_losses_and_two_optimizers():
    model, x = Rivals(), RNG.normal(size=(2, 2))
    model.compile()
    model(x)
    explanation = nn.explain(model, x, training=True, limit=10**6)
    values = {line["name"]: line["value"] for line in holds(explanation)}
    assert "maker.kernel · SGD" in str(explanation)
    assert "critic.kernel · Adam" in str(explanation)
    assert values["L"] == pytest.approx(model.of_critic(x).item())
    for name, slope in slopes(model, model.of_critic, model.critic, x).items():
        assert values[f"∂L/∂{name}"] == pytest.approx(slope, abs=1e-6), name
    model.critic.set_weights(  # as the first half of the step leaves them
        [
            np.reshape([values[f"critic.kernel′[{i}, 0]"] for i in range(2)], (2, 1)),
            np.array([values["critic.bias′[0]"]]),
        ]
    )
    assert values["L2"] == pytest.approx(model.of_maker(x).item())
    for name, slope in slopes(model, model.of_maker, model.maker, x).items():
        assert values[f"∂L2/∂{name}"] == pytest.approx(slope, abs=1e-6), name
    assert r"\frac{\partial L_{2}}{\partial" in explanation.latex()


class Aside(Stepping):
    """A step that takes numbers out of the computation."""

    def train_step(self, data):
        return {"loss": float(ops.mean(self(data[0])))}


def test_a_step_that_leaves_the_graph_is_refused():
    model = Aside(False)
    model.compile("sgd", run_eagerly=True)
    with pytest.raises(TraceError, match=r"(?s)no values yet.*run_eagerly"):
        nn.explain(model, RNG.normal(size=(1, 2)), RNG.normal(size=(1, 1)))
