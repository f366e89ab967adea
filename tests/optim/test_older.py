"""What older scripts give an optimiser, and optimisers that are written as in Keras's guides."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, ShapeError, StateError
from neurona.optimizers import SGD, Adam, Optimizer, legacy
from neurona.optimizers.schedules import InverseTimeDecay

LR, DECAY = "`lr` is an older name of learning_rate", "`decay` is an older argument: the rate is"


def test_lr_is_the_learning_rate_with_a_warning():
    with pytest.warns(UserWarning, match=LR) as told:
        optimizer = SGD(lr=0.5, momentum=0.9)
    assert len(told) == 1
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.get_config() == {"learning_rate": 0.5, "momentum": 0.9}  # in today's words
    with pytest.warns(UserWarning, match=LR):
        assert float(optimizer.lr) == 0.5
    with pytest.warns(UserWarning, match=LR):
        optimizer.lr = 0.25
    assert float(optimizer.learning_rate) == 0.25
    with pytest.raises(
        ArgumentError, match=r"lr is an older name of learning_rate: give one of the"
    ):
        SGD(0.1, lr=0.1)


def test_decay_divides_the_rate_as_keras_2_did():
    w, v = nn.Parameter([1.0]), nn.Parameter([1.0])
    with pytest.warns(UserWarning, match=DECAY):
        older = legacy.Adam(learning_rate=0.1, decay=0.5)
    today = Adam(InverseTimeDecay(0.1, 1, 0.5))
    for g in (1.0, 2.0, -1.0):
        older.apply([[g]], [w])
        today.apply([[g]], [v])
    np.testing.assert_allclose(w.numpy(), v.numpy(), rtol=1e-6)
    older.learning_rate = 0.0  # the rate before it is divided
    older.apply([[1.0]], [w])
    np.testing.assert_allclose(w.numpy(), v.numpy(), rtol=1e-6)


def test_a_saved_model_says_it_once(tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    with pytest.warns(UserWarning, match=LR):
        model.compile(SGD(lr=0.5), "mse")
    model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
    model.save(tmp_path / "model")
    assert float(nn.models.load_model(tmp_path / "model").optimizer.learning_rate) == 0.5


class Momentum(Optimizer):
    def __init__(self, learning_rate=0.01, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")
        self.seen = self.add_variable((), name="seen")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - ops.cast(learning_rate, variable.dtype) * gradient)
        self.assign_add(variable, m)
        self.assign_sub(self.seen, -1.0)


def network(optimizer):
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(4, "tanh"), nn.layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")


@pytest.mark.parametrize(
    "around",
    [{}, {"weight_decay": 0.1, "clipvalue": 0.1}, {"gradient_accumulation_steps": 2},
     {"use_ema": True, "gradient_accumulation_steps": 2, "weight_decay": 0.1}],
    ids=str,
)  # fmt: skip
def test_an_optimizer_of_the_guides_does_what_ours_does(around):
    mine, ours = network(Momentum(0.05, **around)), network(SGD(0.05, momentum=0.9, **around))
    for model in (mine, ours):
        model.fit(X, X[:, :1], batch_size=5, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(mine.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_its_variables_are_saved_and_set(tmp_path):
    model = network(Momentum())
    model.fit(X, X[:, :1], batch_size=5, epochs=1, verbose=0)
    optimizer = model.optimizer
    assert float(optimizer.seen) == 4 * 4  # steps and parameters
    model.save(tmp_path / "model")
    again = nn.models.load_model(tmp_path / "model", {"Momentum": Momentum}).optimizer
    for a, b in zip(optimizer.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    again.set_weights([np.zeros_like(w) for w in again.get_weights()])
    assert not again.momentums[0].numpy().any()
    with pytest.raises(ShapeError, match=r"another number of parameters"):
        Momentum().set_weights(optimizer.get_weights())


def test_several_kinds_of_variables_at_once():
    optimizer, w = SGD(), nn.Parameter(np.ones((2, 3)))
    first, second = optimizer.add_optimizer_variables([w], ["a", "b"], ["zeros", "ones"])
    assert first[0].numpy().sum() == 0
    assert second[0].shape == (2, 3)
    assert second[0].numpy().sum() == 6
    assert [p.name for p in optimizer.variables] == ["iterations", "learning_rate", "a", "b"]


def test_apply_gradients_returns_the_count():
    optimizer, w = SGD(0.1), nn.Parameter([1.0])
    assert int(optimizer.apply_gradients([([1.0], w)])) == 1
    with pytest.raises(StateError, match=r"built for other parameters. Got parameter"):
        optimizer.apply([[1.0]], [nn.Parameter([1.0])])
