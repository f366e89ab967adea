"""Every argument of every layer, optimiser, loss and metric, set between two calls.

The result is that of a new object with the argument and the same state, or it is refused.
"""

import functools
import inspect

import numpy as np
import pytest

import neurona as nn
from neurona.core.tree import flatten
from neurona.errors import NeuronaError
from neurona.nn.settings import same
from tests.first import first
from tests.nn import loss_cases, metric_cases
from tests.nn.test_layer_contract import ROWS, call
from tests.optim.problems import CLASSES as OPTIMIZERS

CANDIDATES = [  # the first that a constructor takes, and that is something else, is tried
    0.375, 2, True, False, "relu", "valid", "same", "l2", "non_neg", "ones", "sum", (2, 1), (1, 2),
    3, [0.25, 0.5], "bilinear", "channels_first", ((1, 0), (0, 1)), None, "weighted", "micro", "PR",
    "minoring", "float64", np.add, 0, -1, 1,
]  # fmt: skip
PASSED = {
    "name",
    "output_shape",
    "input_shape",
    "input_dim",
    "batch_input_shape",
    "lr",
}  # no settings: see test_settings
TRIED = 1
rng = np.random.default_rng(0)


def others(make, arguments, name):
    """Return (value, object) for some values of an argument other than it has."""
    found, before = [], vars(make(arguments)).get(name, arguments.get(name))
    for value in CANDIDATES:
        if same(value, before) or same(value, arguments.get(name)):
            continue
        try:
            found.append((value, make({**arguments, name: value})))
        except (NeuronaError, TypeError, ValueError):
            continue
    return found


def names_of(cls):
    return sorted(set(inspect.signature(cls).parameters) - PASSED - {"args", "kwargs"})


class Around(nn.Model):
    """A layer in a model that has something to learn."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, shape):
        self.scale = self.add_weight((), "ones", "scale")

    def call(self, x, training=False):
        outputs = call(self.layer, x if isinstance(x, list) else [x], training=training)
        return flatten(outputs)[0][0] * self.scale


def results(model, x, y):
    """Return what two calls give, and what they leave."""
    nn.utils.set_random_seed(1)
    loss = model.train_on_batch(x, y)
    return [np.asarray(a) for a in (loss, model.predict_on_batch(x), *model.get_weights())]


def equal(a, b):
    return len(a) == len(b) and all(
        x.shape == y.shape and np.allclose(x, y, rtol=1e-5, atol=1e-6, equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def check(make, arguments, name, run):
    """Set an argument to some values after a run; return how many took effect, were refused."""
    took = refused = 0
    for value, _ in others(make, arguments, name):
        obj = make(arguments)
        try:
            expected = run(make({**arguments, name: value}), None)
        except (NeuronaError, TypeError, ValueError):
            continue  # it does not fit what it is tried on
        try:
            found = run(obj, functools.partial(setattr, obj, name, value))
        except NeuronaError:
            refused += 1
        else:
            assert equal(found, expected), f"{name}={value!r} is ignored"
            took += 1
        if took + refused == TRIED:
            break
    return took, refused


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", first(sorted(ROWS), *sorted(ROWS)[::3]))
def test_layers(name):
    row, cls = ROWS[name], getattr(nn.layers, name)
    whole = rng.integers(0, max(row.integers, 1), row.shapes[0])
    arrays = [
        whole if row.integers else rng.standard_normal(s).astype("float32") for s in row.shapes
    ]
    x = arrays[0] if len(arrays) == 1 else arrays

    def run(layer, change):
        nn.utils.set_random_seed(0)
        model = Around(layer)
        model.compile("sgd", "mse", engine="reference")
        y = np.full(np.shape(model(x)), 0.5, "float32")
        model.train_on_batch(x, y)
        weights = known.setdefault(tuple(w.shape for w in model.get_weights()), model.get_weights())
        if change is not None:
            change()
        model.set_weights(weights)
        model.optimizer.iterations.assign(1)
        y = np.full(np.shape(model(x)), 0.5, "float32")
        return results(model, x, y)

    counts = {}
    for argument in names_of(cls):
        known = {}
        counts[argument] = check(lambda kw: cls(**{**row.arguments(), **kw}), {}, argument, run)
    assert sum(map(sum, counts.values())) > 0, counts


def weights_after(optimizer, change):
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2)])
    model.compile(optimizer, "mse", engine="reference")
    x, y = np.linspace(-1, 2, 12).reshape(4, 3), np.full((4, 2), 3.0)
    optimizer.build(model.trainable_weights)
    start = np.random.default_rng(3)
    for p in optimizer.variables[2:]:
        p.assign(np.abs(start.standard_normal(p.shape)) + 1)
    model.predict_on_batch(x)
    model.evaluation_step()
    if change is not None:  # a step is compiled, and the state put back
        trained = model.get_weights()
        before = [p.numpy() for p in optimizer.variables]
        model.train_on_batch(x, y)
        for p, value in zip(optimizer.variables, before, strict=True):
            p.assign(value)
        model.set_weights(trained)
        change()
    for _ in range(2):
        model.train_on_batch(x, y)
    return [*model.get_weights(), *(p.numpy() for p in optimizer.variables)]


@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore:`decay` is an older argument")
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizers(name):
    cls = OPTIMIZERS[name]
    counts = {
        argument: check(lambda kw: cls(**kw), {"learning_rate": 0.5}, argument, weights_after)
        for argument in names_of(cls)
    }
    assert sum(took for took, _ in counts.values()) >= (1 if name == "LBFGS" else 6), counts


def same_pair(cases):
    case = cases[0]
    return case.y, case.p, dict(case.arguments)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(loss_cases.CASES))
def test_losses(name):
    y, p, arguments = same_pair(loss_cases.CASES[name])
    cls = getattr(nn.losses, name)

    def run(loss, change):
        model = nn.Sequential([nn.Input(p.shape[1:]), nn.layers.Identity()])
        model.compile("sgd", loss, engine="reference")
        model.test_on_batch(p, y)
        if change is not None:
            change()
        return [np.asarray(model.test_on_batch(p, y))]

    counts = {a: check(lambda kw: cls(**kw), arguments, a, run) for a in names_of(cls)}
    assert sum(map(sum, counts.values())) > 0, counts


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(metric_cases.CASES))
def test_metrics(name):
    y, p, arguments = same_pair(metric_cases.CASES[name])
    cls = getattr(nn.metrics, name)

    def run(metric, change):
        model = nn.Sequential([nn.Input(p.shape[1:]), nn.layers.Identity()])
        model.compile("sgd", lambda y, p: nn.ops.mean(p * 0.0), [metric], engine="reference")
        model.test_on_batch(p, y)
        if change is not None:
            change()
        return [np.asarray(v) for v in model.test_on_batch(p, y)]

    counts = {a: check(lambda kw: cls(**kw), arguments, a, run) for a in names_of(cls)}
    assert sum(map(sum, counts.values())) > 0, counts
