"""Sessions, as the protocol says: what any engine that keeps state gives is the same training."""

import numpy as np
import pytest

import neurona as nn
from neurona import config, layers
from neurona.core import random
from neurona.core.graph import trace
from neurona.core.lowering import Opaque
from neurona.core.op import OPS, op
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.engines.program import compile
from neurona.train.source import ArraySource

from . import keeping

rng = np.random.default_rng(5)
X = rng.normal(size=(50, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


@pytest.fixture
def engine():
    before = config.engine()
    with keeping.engine("keeping", keeping.compile):
        yield lambda keeps: config.set_engine("keeping" if keeps else "reference")
        config.set_engine(before)


def network():
    nn.utils.set_random_seed(2)
    model = nn.Sequential(
        [layers.Dense(8, "tanh"), layers.BatchNormalization(), layers.Dropout(0.2), layers.Dense(2)]
    )
    model.compile(
        nn.optimizers.Adam(0.02),
        nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def calls(step):
    """What a step asked of its engine."""
    (state,) = {id(p.session.state): p.session.state for p in step.programs.values()}.values()
    return state.calls


def bits(model):
    state = [*model.weights, *model.optimizer.variables]
    history = model.history.history if model.history else None
    return [p.numpy().tobytes() for p in state], history, random.get_position()


def each_batch():
    return nn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)


FITS = {
    "many epochs a call": {"batch_size": 10},
    "a smaller last batch": {"batch_size": 16},
    "in order": {"batch_size": 16, "shuffle": False},
    "by steps": {"batch_size": 16, "steps_per_epoch": 7},
    "weighted": {"batch_size": 16, "sample_weight": np.linspace(0, 1, 50)},
    "one batch": {"batch_size": 50, "shuffle": False},
    "batch by batch": {"batch_size": 16, "callbacks": [each_batch()]},
    "validated": {"batch_size": 16, "validation_split": 0.3},
}


@pytest.mark.parametrize("how", FITS)
def test_training_is_the_same_with_and_without_sessions(how, engine, monkeypatch):
    monkeypatch.setattr("neurona.train.feed.GROUP_SECONDS", 1e9)  # epochs in one call, if they may
    found = []
    for keeps in (True, False):
        engine(keeps)
        model = network()
        model.fit(X, Y, epochs=6, verbose=0, **FITS[how])
        found.append(bits(model))
        step = model.training_step()
        assert all((p.session is not None) == keeps for p in step.programs.values())
        if keeps:
            runs = calls(step).count("run")
            assert runs < 6 if "epochs a call" in how else runs >= 1
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [50, 16, 1])
def test_predictions_and_evaluations_are_the_same(size, engine):
    found = []
    for keeps in (True, False):
        engine(keeps)
        model = network()
        model.fit(X, Y, epochs=1, verbose=0)
        found += [
            model.predict(X, batch_size=size, verbose=0).tobytes(),
            model.predict_on_batch(X[:3]).tobytes(),
            model.evaluate(X, Y, batch_size=size, verbose=0),
        ]
        if keeps:
            assert {*calls(model.prediction_step())} == {"run", "step"}
    assert found[:3] == found[3:]


def test_what_is_assigned_and_read_between_steps_is_the_same(engine):
    found = []
    for keeps in (True, False):
        engine(keeps)
        model = network()
        seen = []
        for _ in range(3):
            model.train_on_batch(X, Y)
            kernel = model.weights[0]
            seen.append(kernel.numpy().tobytes())
            kernel.assign(kernel * 0.5)
            seen.append(model.predict_on_batch(X).tobytes())
            model.optimizer.learning_rate = 0.01
        found.append((seen, bits(model)))
    assert found[0] == found[1]


def test_a_model_that_names_its_engine_gets_that_one(engine):
    model = network()
    model.compile("sgd", "mse", engine="reference")
    model.train_on_batch(X, np.zeros((50, 2), "float32"))
    assert all(p.session is None for p in model.training_step().programs.values())


def test_a_session_is_refused_where_a_node_has_no_native_code():
    try:

        @op(shape=lambda x: x, lower=Opaque())
        def halved(xp, x):
            return x / 2

        start = np.ones((2, 2), np.float32)
        graph = trace(lambda state, w, x: [halved(w) + x], [np.zeros(2, np.int64), start, start])
    finally:
        del OPS["halved"]
    program = compile(graph, "native")
    assert program.session([Spec(start.shape, start.dtype)], [0]) is None
    assert program(np.zeros(2, np.int64), start, start)[0].tolist() == [[1.5, 1.5], [1.5, 1.5]]


CHANGES = {
    "one array more": lambda: (X, Y, np.linspace(0, 1, 50, dtype="float32")),
    "another dtype": lambda: (X.astype("float64"), Y, None),
    "another shape": lambda: (X, Y[:, None], None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_source_that_holds_other_arrays_gets_another_program(change):
    found = []
    for anew in (False, True):
        model = network()
        source = ArraySource(X, Y, None, 10)
        model.fit(X, Y, 10, epochs=1, verbose=0)
        step = model.training_step()
        step.run(source, source.stretch(None, 0, 5))
        arrays = CHANGES[change]()
        if anew:
            source = ArraySource(*arrays, 10)
        else:
            source.hold(arrays)
        step.run(source, source.stretch(None, 0, 5))
        found.append(bits(model))
    assert found[0] == found[1]


def test_a_source_holds_as_many_samples_as_before():
    source = ArraySource(X, Y, None, 10)
    with pytest.raises(nn.errors.DataError, match=r"as those before\. Got 40; expected 50"):
        source.hold((X[:40], Y[:40], None))
    assert source.arrays[0] is X


@pytest.mark.parametrize("value", [np.zeros((5, 8), "float32"), np.zeros((6, 8))])
def test_a_value_of_another_shape_or_type_is_refused(value):
    model = network()
    model.fit(X, Y, 10, epochs=1, verbose=0)
    kernel = model.layers[0].kernel
    kernel.restore(Tensor(value))
    with pytest.raises(
        nn.errors.ShapeError, match=r"dense.*/kernel is kept as what it was made as"
    ):
        model.train_on_batch(X[:10], Y[:10])
