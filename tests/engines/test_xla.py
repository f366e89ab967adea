"""Forward rules are lowerings, too: with `xp = jax.numpy` they are an engine on XLA."""

import numpy as np
import pytest

import neurona as nn
from neurona import config, layers
from neurona.core.graph import trace
from neurona.core.op import OPS
from neurona.engines.program import compile
from tests.ops.cases import CASES
from tests.ops.test_ops import attributes

from .keeping import engine

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def xla():
    pytest.importorskip("jax")
    from . import xla

    return xla


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [c for c in CASES if c.op != "repeat_while"], ids=str)
def test_every_row_agrees_with_the_reference(case, dtype, xla):
    op, arrays, given = OPS[case.op], case.arrays(dtype), attributes(case, dtype)
    graph = trace(lambda *xs: op(*xs, **given), arrays)
    close = 1e-12 if dtype == "float64" else 2e-5
    found, expected = xla.compile(graph)(*arrays), compile(graph, "reference")(*arrays)
    for y, want in zip(found, expected, strict=True):
        assert (y.shape, y.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(y, want, rtol=close, atol=close)


@pytest.mark.parametrize("case", [c for c in CASES if c.special], ids=str)
def test_special_values(case, xla):
    for special in case.special:
        *inputs, expected = [np.asarray(s, "float64") for s in special]
        graph = trace(lambda *xs: OPS[case.op](*xs, **case.attributes), inputs)
        (y,) = xla.compile(graph)(*inputs)
        np.testing.assert_allclose(y, expected, rtol=1e-6)


X = np.random.default_rng(0).normal(size=(70, 8, 8, 1)).astype("float32")
Y = (X[:, :4].mean((1, 2, 3)) > X[:, 4:].mean((1, 2, 3))).astype("int64")


def trained():
    """Train a small CNN; return what it became, step by step, and what it predicts."""
    nn.utils.set_random_seed(1)
    model = nn.Sequential([
        layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(), layers.Dropout(0.2), layers.Flatten(), layers.Dense(2),
    ])  # fmt: skip
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(nn.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    history = model.fit(X, Y, 16, 4, verbose=0, validation_split=0.2).history
    return model, [*history.values(), model.predict(X, verbose=0), *model.get_weights()]


@pytest.mark.parametrize("sessions", [False, True], ids=["plain", "sessions"])
def test_a_cnn_is_trained_as_by_the_reference(sessions, xla):
    with engine("xla", xla.compile_with_sessions if sessions else xla.compile):
        model, found = trained()
        programs = model.training_step().programs.values()
        assert all((p.session is not None) == sessions for p in programs)
    before = config.engine()
    config.set_engine("reference")
    try:
        _, expected = trained()
    finally:
        config.set_engine(before)
    for y, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, want, rtol=2e-3, atol=2e-4)
