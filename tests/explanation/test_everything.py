"""Every layer and every loss of the library is explained; one without a row here fails.

Most rows are those of the contracts in `tests/nn`: what a layer takes, and what a loss compares.
"""

import inspect

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses
from neurona.nn.encoding.before import BeforeStep
from neurona.ops.attention import attention
from tests.explanation.proof import holds, proven
from tests.first import first
from tests.nn.loss_cases import CASES
from tests.nn.test_layer_contract import ROWS, call, inputs_of

BASES = "there is nothing to compute in a base class"
WORDS = "it works before the step, on words or tables: what it hands on is x"
# public classes that are not explained by themselves -> why
LEFT_OUT = {
    "InputLayer": "it hands on what it is given, and has no lines",
    "InputSpec": "it describes an input",
    "Layer": BASES, "Wrapper": BASES,
    "Loss": BASES, "FunctionLoss": "it is the losses that are named as functions",
    "HashedCrossing": WORDS, "Hashing": WORDS, "IntegerLookup": WORDS, "StringLookup": WORDS,
    "TextVectorization": WORDS,
}  # fmt: skip
# layers with lines that name an op and show no formula: how many, and why
NAMED = {"RandomPerspective": (8, "a system of equations is solved by an algorithm of its own")}
# layers whose gradient is not that of finite differences
HELD = {"SpectralNormalization": "two vectors are held, as its docstring says"}
DEFAULT = ("Conv3D", "LSTM", "MultiHeadAttention", "GroupNormalization", "SpectralNormalization")


def public(module):
    """Name -> class, without other names for the same one."""
    return {
        cls.__name__: cls
        for cls in (getattr(module, name) for name in module.__all__)
        if inspect.isclass(cls)
    }


def test_every_public_layer_and_loss_is_explained_or_says_why_not():
    names = {**public(layers), **public(losses)}
    explained = {*ROWS, *CASES} - set(LEFT_OUT)
    assert set(names) - explained == set(LEFT_OUT)
    assert set(NAMED) | set(HELD) <= explained
    words = {name for name, why in LEFT_OUT.items() if why == WORDS}
    assert words == {n for n, cls in names.items() if issubclass(cls, BeforeStep)}


class Scaled(layers.Layer):
    """Weights in front of a layer, so that gradients go through it."""

    def build(self, shape):
        self.scale = self.add_weight(shape[-1:], "ones", "scale")

    def call(self, x):
        return x * self.scale


def around(name):
    """A model of one layer between weights, with samples and targets."""
    row = ROWS[name]
    count = 3 if row.batchwise else 1
    xs = [x[:count] for x in inputs_of(row, dtype="float64")]
    given = [nn.Input(x.shape[1:], dtype=x.dtype.name) for x in xs]
    tried = getattr(layers, name)(**row.arguments("float64"), name="tried")
    scaled = given if row.integers else [Scaled(name=f"s{i}")(x) for i, x in enumerate(given)]
    y = call(tried, scaled)
    out = layers.Dense(1, name="out")(layers.Reshape((-1,), name="flat")(y))
    model = nn.Model(given, out, name="around")
    model.compile(nn.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(1)
    for p in model.weights:
        if p.trainable:
            p.assign(0.7 * rng.uniform(0.3, 1.2, p.shape) * rng.choice([-1, 1], p.shape))
        elif "variance" in p.name:
            p.assign(rng.uniform(0.5, 1.5, p.shape))
    return model, (xs if len(xs) > 1 else xs[0]), rng.normal(size=(len(xs[0]), 1))


@pytest.mark.filterwarnings("ignore:Reshape .* gets a sequence with a mask")
@pytest.mark.parametrize("name", first(sorted(set(ROWS) - set(LEFT_OUT)), *DEFAULT))
def test_every_layer(name):
    """Its formulas and its gradient hold in training, its formulas at inference."""
    model, x, y = around(name)
    given = NAMED.get(name, (0, ""))[0]
    if name in HELD:
        lines = holds(nn.explain(model, x, y, limit=10**6, terms=8))
        values = {line["name"]: line["value"] for line in lines}

        def loss():
            return model.compute_loss(x, y, model(x, training=True))

        weights = model.trainable_weights
        for p, g in zip(weights, nn.gradients(loss, weights)[1], strict=True):
            for index in np.ndindex(*p.shape):
                slope = values[f"∂L/∂{p.path.replace('/', '.')}{list(index)}"]
                assert slope == pytest.approx(g.numpy()[index], rel=1e-9, abs=1e-12), p.path
    else:
        proven(model, x, y, given)
    assert not any(line.get("given") for line in holds(nn.explain(model, x, limit=10**6, terms=8)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* takes probabilities")
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_loss(name):
    for case in CASES[name]:
        n = len(case.p)
        out = layers.Dense(case.p.size // n, use_bias=False, name="out")
        model = nn.Sequential([nn.Input((n,)), out, layers.Reshape(case.p.shape[1:])])
        model.compile("sgd", getattr(losses, name)(**case.arguments))
        out.kernel.assign(case.p.reshape(n, -1))  # each prediction is a weight
        proven(model, np.eye(n), case.y)


def short(mask=None, **how):
    """Attention as long sequences have it, in a model; made of few steps here."""

    class Attending(layers.Layer):
        def call(self, q, k, v):
            return attention(q, k, v, mask=mask, **how)[0]

    given = [nn.Input((3, 2, 2)), nn.Input((4, 2, 2)), nn.Input((4, 2, 1))]
    scaled = [Scaled(name=f"s{i}")(x) for i, x in enumerate(given)]
    y = Attending(name="attending")(*scaled)
    out = layers.Dense(1, name="out")(layers.Reshape((-1,))(y))
    model = nn.Model(given, out)
    model.compile(nn.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(2)
    for p in model.trainable_weights:
        p.assign(rng.normal(size=p.shape))
    return model, [rng.normal(size=(1, *x.shape[1:])) for x in given], rng.normal(size=(1, 1))


MASK = np.array([[True, False, True, True], [False] * 4, [True] * 4])[None, None]


def test_attention_of_long_sequences(monkeypatch):
    monkeypatch.setattr("neurona.ops.attention.TILED", 1)
    for how in ({"is_causal": True, "mask": MASK}, {"dropout": 0.5, "scale": 2.0}):
        model, x, y = short(**how)
        explanation = proven(model, x, y)
        kinds = {node.op.name for node in model.training_step().program(x, y, None).graph.nodes}
        assert {"attend", "attend_gradient"} <= kinds
        assert "e^(" in explanation.formula(explanation["attending[0, 0]"])
