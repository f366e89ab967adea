"""Steps run in groups of any size, one call of the engine each: the results are the same bits."""

import numpy as np
import pytest

import neurona as nn
from neurona import config, layers, ops
from neurona.core.random import get_position
from neurona.errors import DataError, IndexRangeError
from neurona.train import feed, step
from tests.settings import engine_set_to, threads_set_to

rng = np.random.default_rng(5)
X = rng.normal(size=(50, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


@pytest.fixture(params=["native", "reference"])
def engine(request):
    before = config.engine()
    config.set_engine(request.param)
    yield request.param
    config.set_engine(before)


def network(steps_per_execution=1, shared=None, units=8):
    nn.utils.set_random_seed(2)
    first = shared or layers.Dense(units, "tanh")
    model = nn.Sequential(
        [first, layers.BatchNormalization(), layers.Dropout(0.2), layers.Dense(2)]
    )
    model.compile(
        nn.optimizers.Adam(0.02),
        nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def bits(model):
    state = [*model.weights, *model.optimizer.variables]
    return [p.numpy().tobytes() for p in state], model.history.history if model.history else None


def each_batch():
    return nn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)


def each_epoch():
    return nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)


DATA = {
    "shuffled": {"batch_size": 10},
    "with a smaller last batch": {"batch_size": 16},
    "in order": {"batch_size": 16, "shuffle": False},
    "by steps": {"batch_size": 16, "steps_per_epoch": 7},
    "weighted": {"batch_size": 16, "sample_weight": np.linspace(0, 1, 50)},
    "one batch": {"batch_size": 50},
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_all_groupings_give_the_same_bits(engine, data, monkeypatch):
    def run(callbacks=(), group=None, **settings):
        model = network(**settings)
        if group:
            monkeypatch.setattr(feed, "GROUP_SECONDS", group)
        model.fit(X, Y, epochs=7, verbose=0, callbacks=[*callbacks], **data)
        return bits(model), get_position()

    want = run([each_batch()])
    assert run([each_epoch()]) == want
    assert run([each_batch()], steps_per_execution=3) == want
    assert run() == want
    assert run(group=1e-9) == want  # each step alone
    assert run(group=1e9) == want  # as many as possible
    monkeypatch.setattr(step, "DRAWN_BY_NUMPY", 0)
    assert run(group=1e9) == want  # with orders that the engine draws


def test_fit_in_pieces_is_the_same(engine):
    whole = network()
    whole.fit(X, Y, epochs=6, batch_size=16, verbose=0, shuffle=False)
    pieces, history = network(), []
    for epoch in range(0, 6, 2):
        pieces.fit(
            X, Y, initial_epoch=epoch, epochs=epoch + 2, batch_size=16, verbose=0, shuffle=False
        )
        history += pieces.history.history["loss"]
    assert history == whole.history.history["loss"]
    assert bits(pieces)[0] == bits(whole)[0]


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_change_no_bit(threads):
    def run(count):
        before = config.engine()
        config.set_engine("native")
        try:
            with threads_set_to(count):
                model = network(units=300)
                model.fit(X, Y, epochs=3, batch_size=16, verbose=0)
                return bits(model), model.predict(X, verbose=0).tobytes()
        finally:
            config.set_engine(before)

    assert run(threads) == run(1)


# --- the parameters between the steps ------------------------------------------------------------


def test_what_was_handed_out_never_changes(engine):
    model = network()
    model.fit(X, Y, verbose=0)
    p = model.layers[0].kernel
    value, array, weights = p.value, p.data, model.get_weights()
    kept = array.copy()
    model.fit(X, Y, epochs=3, verbose=0)
    assert value.data is array
    np.testing.assert_array_equal(array, kept)
    np.testing.assert_array_equal(weights[0], kept)
    assert np.abs(p.numpy() - kept).max() > 1e-3


def test_evaluating_in_the_middle_changes_nothing(engine):
    plain = network()
    plain.fit(X, Y, epochs=4, batch_size=16, verbose=0)
    watched = network()

    class Looks(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            watched.evaluate(X[:7], Y[:7], verbose=0)
            watched.predict(X[:3], verbose=0)

    watched.fit(
        X, Y, epochs=4, batch_size=16, verbose=0, validation_data=(X, Y), callbacks=[Looks()]
    )
    assert bits(watched)[0] == bits(plain)[0]
    assert watched.history.history["loss"] == plain.history.history["loss"]
    assert (
        watched.evaluate(X, Y, batch_size=16, verbose=0)[0]
        == watched.history.history["val_loss"][-1]
    )


def test_what_is_assigned_in_between_counts(engine):
    def run(callback):
        model = network()
        model.fit(X, Y, epochs=4, batch_size=16, verbose=0, callbacks=[callback])
        return bits(model)

    class Changes(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.02 / (epoch + 1)
            self.model.layers[0].kernel.assign(np.full((6, 8), 0.1, "float32"))

    class AlsoLooks(Changes):
        def on_train_batch_end(self, batch, logs=None):
            self.model.get_weights()

    assert run(Changes()) == run(AlsoLooks())
    assert run(Changes()) != run(each_epoch())


def test_models_share_a_layer(engine):
    def run(look):
        shared = layers.Dense(8, "tanh")
        one, two = network(shared=shared), network(shared=shared)
        for _ in range(3):
            one.fit(X, Y, batch_size=16, verbose=0)
            look(one)
            two.fit(X, 1 - Y, batch_size=10, verbose=0)
            look(two)
        np.testing.assert_array_equal(one.get_weights()[0], two.get_weights()[0])
        return bits(one)[0], bits(two)[0]

    assert run(lambda model: None) == run(lambda model: model.get_weights())


def test_training_and_evaluating_by_single_batches_goes_along(engine):
    def run(look):
        model = network()
        for _ in range(3):
            model.train_on_batch(X[:16], Y[:16])
            look(model)
            model.test_on_batch(X[:16], Y[:16])
            model.fit(X, Y, verbose=0)
        return bits(model)

    assert run(lambda model: None) == run(lambda model: model.get_weights())


def test_an_error_in_a_callback_leaves_the_last_step(engine):
    class Fails(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError

    model = network()
    with pytest.raises(RuntimeError):
        model.fit(X, Y, epochs=9, batch_size=16, verbose=0, callbacks=[Fails()])
    other = network()
    other.fit(X, Y, epochs=3, batch_size=16, verbose=0)
    assert bits(model)[0] == bits(other)[0]


def test_stopping_is_noticed(engine):
    class Stops(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 4

    model = network()
    model.fit(X, Y, epochs=3, batch_size=5, verbose=0, callbacks=[Stops()])
    assert model.optimizer.iterations.numpy() == 5


def test_metrics_with_their_own_reset(engine):
    class Counts(nn.metrics.Metric):
        def __init__(self):
            super().__init__(name="batches")
            self.batches = self.add_variable(name="batches")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.batches.assign_add(1.0)

        def result(self):
            return self.batches.value

        def reset_state(self):
            self.batches.assign(100.0)

    model = nn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[Counts()])
    history = model.fit(X, Y, epochs=30, batch_size=25, verbose=0).history
    assert history["batches"] == [102.0] * 30


# --- data ----------------------------------------------------------------------------------------


def test_arrays_with_gaps_between_their_rows(engine):
    wide = np.zeros((50, 12), "float32")
    wide[:, ::2] = X
    one = network()
    one.fit(X, Y, epochs=2, batch_size=16, verbose=0)
    two = network()
    two.fit(wide[:, ::2], Y, epochs=2, batch_size=16, verbose=0)
    assert bits(one) == bits(two)
    np.testing.assert_array_equal(
        one.predict(wide[:, ::2], verbose=0), two.predict(X, verbose=0, batch_size=50)
    )


def test_several_inputs_and_outputs(engine):
    def made():
        nn.utils.set_random_seed(0)
        a, b = nn.Input((6,)), nn.Input((3,), dtype="int32")
        h = layers.Dense(4)(a) + layers.Dense(4)(b)
        model = nn.Model([a, b], [layers.Dense(2, name="two")(h), layers.Dense(1, name="one")(h)])
        model.compile("adam", ["mse", "mse"])
        return model

    counts = rng.integers(0, 9, (50, 3)).astype("int32")
    data = ([X, counts], [X[:, :2], X[:, 2:3]])
    one = made()
    one.fit(*data, epochs=3, batch_size=16, verbose=0)
    two = made()
    two.fit(*data, epochs=3, batch_size=16, verbose=0, callbacks=[each_batch()])
    assert bits(one) == bits(two)
    assert one.evaluate(*data, batch_size=16, verbose=0) == two.evaluate(
        *data, batch_size=16, verbose=0, steps=4
    )
    first, second = one.predict(data[0], batch_size=16, verbose=0)
    want = [one.predict_on_batch([X[i : i + 16], counts[i : i + 16]]) for i in range(0, 50, 16)]
    np.testing.assert_array_equal(first, np.concatenate([w[0] for w in want]))
    np.testing.assert_array_equal(second, np.concatenate([w[1] for w in want]))


def test_an_index_out_of_range_in_a_step_is_reported():
    class Picks(nn.Model):
        def __init__(self):
            super().__init__()
            self.table = self.add_weight((4, 1), name="table")

        def call(self, x):
            return ops.take(self.table, x, axis=0)[:, 0]

    model = Picks()
    model.compile("sgd", "mse", engine="native")
    data = np.array([[0], [1], [2], [3]])
    model.fit(data, np.ones((4, 1), "float32"), verbose=0)
    with pytest.raises(IndexRangeError, match="out of range"):
        model.fit(data + 1, np.ones((4, 1), "float32"), verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
    model.fit(data, np.ones((4, 1), "float32"), verbose=0)


# --- predictions ---------------------------------------------------------------------------------


def test_quick_predictions_see_every_change(engine):
    model = network()
    model.fit(X, Y, verbose=0)
    for _ in range(3):
        np.testing.assert_array_equal(
            model.predict(X[:2], verbose=0), model.predict_on_batch(X[:2])
        )
    before = model.predict(X[:2], verbose=0)
    model.layers[3].bias.assign(model.layers[3].bias + 1.0)
    np.testing.assert_allclose(model.predict(X[:2], verbose=0), before + 1, rtol=1e-5)
    model.add(layers.Rescaling(2.0))
    np.testing.assert_allclose(model.predict(X[:2], verbose=0), 2 * before + 2, rtol=1e-5)


def test_quick_predictions_refuse_what_others_refuse(engine):
    model = network()
    model.predict(X[:2], verbose=0)
    model.predict(X[:2], verbose=0)
    with pytest.raises(DataError, match="NaN"):
        model.predict(np.full((2, 6), np.nan, "float32"), verbose=0)
    with pytest.raises(DataError, match="no samples"):
        model.predict(X[:0], verbose=0)
    with pytest.raises(nn.errors.NeuronaError, match="7"):
        model.predict(np.zeros((2, 7), "float32"), verbose=0)
    assert model.predict(X[:1].tolist(), verbose=0).shape == (1, 2)
    assert model.predict(X[:2].astype("float64"), verbose=0).dtype == np.float32


def test_outputs_that_are_no_rows_of_samples(engine):
    class Sums(nn.Model):
        def call(self, x):
            return x.sum(axis=0, keepdims=True)

    model = Sums()
    model.compile("sgd", "mse")
    found = model.predict(X, batch_size=20, verbose=0)
    want = [X[:20].sum(0), X[20:40].sum(0), X[40:].sum(0)]
    np.testing.assert_allclose(found, want, rtol=1e-5)


def test_callbacks_of_a_prediction_see_its_batches(engine):
    seen = []

    class Sees(nn.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            seen.append((batch, logs["outputs"].copy()))

    model = network()
    found = model.predict(X, batch_size=20, verbose=0, callbacks=[Sees()])
    assert [batch for batch, _ in seen] == [0, 1, 2]
    np.testing.assert_array_equal(np.concatenate([o for _, o in seen]), found)


def test_another_engine_goes_on_where_the_one_before_was(monkeypatch):
    """Also where it would draw the orders of the epochs in one call with them."""
    monkeypatch.setattr(step, "DRAWN_BY_NUMPY", 0)
    losses, outputs = {}, {}
    for first, second in [("native", "reference"), ("reference", "native"), ("native", "native")]:
        model = network()
        with engine_set_to(first):
            model.fit(X, Y, epochs=5, verbose=0)
            model.predict(X, verbose=0)
        with engine_set_to(second):
            losses[first, second] = model.fit(X, Y, epochs=9, verbose=0).history["loss"]
            outputs[first, second] = model.predict(X, verbose=0)
        with engine_set_to(second):
            assert {p.program.engine for p in model.training_step().programs.values()} == {second}
            assert {p.program.engine for p in model.prediction_step().programs.values()} == {second}
    for key in losses:
        np.testing.assert_allclose(losses[key], losses["native", "native"], rtol=1e-4)
        np.testing.assert_allclose(outputs[key], outputs["native", "native"], rtol=1e-3, atol=1e-5)


def test_a_group_that_was_cut_short_does_not_slow_the_pace(monkeypatch):
    clock = iter([0.0, 0.05, 1.0, 1.2, 2.0, 2.01])
    monkeypatch.setattr(feed.time, "perf_counter", lambda: next(clock))
    pace, found = feed.Pace(), []
    pace.steps = 100
    for steps in (1, 100, 10):  # 50 ms a step, 2 ms, 1 ms
        with pace.timed(steps):
            pass
        found.append(pace.steps)
    assert found == [100, 50, 100]
