"""Recurrent layers: models, states from call to call, padding, own cells, errors."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core.graph import trace_open
from neurona.core.shapes import Spec
from neurona.errors import ArgumentError, ShapeError, StateError
from neurona.gradcheck import gradcheck
from neurona.nn.parameter import bound
from tests.settings import threads_set_to

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 6, 3)).astype("float32")


def stack(dtype=None, **more):
    """Two cells of different kinds."""
    cells = [layers.LSTMCell(4, dtype=dtype), layers.GRUCell(5, dtype=dtype)]
    return layers.RNN(cells, dtype=dtype, **more)


KINDS = [
    lambda **k: layers.SimpleRNN(5, **k),
    lambda **k: layers.LSTM(5, **k),
    lambda **k: layers.GRU(5, **k),
    lambda **k: layers.GRU(5, reset_after=False, **k),
    stack,
    lambda **k: layers.Bidirectional(layers.LSTM(5, **k), dtype=k.get("dtype")),
]
each_kind = pytest.mark.parametrize("make", KINDS, ids=range(len(KINDS)))


class Mean(layers.Layer):
    """A cell of one's own, whose output is no state: the mean of what came, times a weight."""

    def __init__(self, units):
        self.units = units
        self.state_size = [units, 1]

    def build(self, shape):
        self.kernel = self.parameter("kernel", (shape[-1], self.units))

    def call(self, x, states):
        total, count = states[0] + x @ self.kernel, states[1] + 1.0
        return nn.ops.concatenate([total / count, count], axis=-1), [total, count]


# --- cells -------------------------------------------------------------------------------------


def test_an_lstm_by_hand():
    layer = layers.LSTM(1, kernel_initializer="ones", recurrent_initializer="ones")
    h, c = 0.0, 0.0
    for x in (1.0, -2.0):
        z, sigmoid = x + h, lambda v: 1 / (1 + np.exp(-v))
        c = sigmoid(z + 1.0) * c + sigmoid(z) * np.tanh(z)  # the bias of the forget gate is 1
        h = sigmoid(z) * np.tanh(c)
    np.testing.assert_allclose(layer([[[1.0], [-2.0]]]).numpy(), [[h]], rtol=1e-6)


def test_parameters_are_those_of_keras():
    for make, shapes in (
        (layers.SimpleRNN(5), [(3, 5), (5, 5), (5,)]),
        (layers.LSTM(5), [(3, 20), (5, 20), (20,)]),
        (layers.GRU(5), [(3, 15), (5, 15), (2, 15)]),
        (layers.GRU(5, reset_after=False), [(3, 15), (5, 15), (15,)]),
    ):
        make(X)
        assert [p.shape for p in make.weights] == shapes
        assert [p.name for p in make.weights] == ["kernel", "recurrent_kernel", "bias"]
    assert layers.LSTM(5).units == 5  # what the cell has
    u = layers.LSTM(8)
    u(X)
    square = u.cell.recurrent_kernel.numpy()  # its rows are orthonormal
    np.testing.assert_allclose(square @ square.T, np.eye(8), atol=1e-5)
    assert u.cell.bias.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16
    plain = layers.LSTM(2, unit_forget_bias=False, bias_initializer="ones")
    plain(X)
    assert plain.cell.bias.tolist() == [1.0] * 8


def test_parts_reach_the_parameters():
    layer = layers.GRU(
        2, kernel_regularizer="l1", recurrent_regularizer="l2", bias_regularizer="l1",
        kernel_constraint="non_neg", recurrent_constraint="max_norm", bias_constraint="non_neg",
    )  # fmt: skip
    layer(X)
    assert [type(p.regularizer).__name__ for p in layer.weights] == ["L1", "L2", "L1"]
    assert [type(p.constraint).__name__ for p in layer.weights] == ["NonNeg", "MaxNorm", "NonNeg"]
    assert len(layer.losses) == 3


def test_one_step_of_a_cell_is_one_step_of_its_layer():
    cell = layers.LSTMCell(4)
    y, states = cell(X[:, 0], cell.get_initial_state(batch_size=4))
    layer = layers.RNN(cell, return_state=True)
    for a, b in zip((y, *states), layer(X[:, :1]), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    gru = layers.GRUCell(4)
    y, state = gru(X[:, 0], nn.ops.zeros((4, 4)))  # one state alone comes back alone
    assert state is y


@each_kind
def test_a_changed_call_is_called(make):
    class Doubled(layers.LSTMCell):
        def call(self, x, states, training=False):
            y, states = super().call(2.0 * x, states, training)
            return 3.0 * y, states

    plain, own = layers.RNN(layers.LSTMCell(2)), layers.RNN(Doubled(2))
    plain(X), own(X)
    own.set_weights(plain.get_weights())
    np.testing.assert_allclose(own(X).numpy(), 3.0 * plain(2.0 * X).numpy(), rtol=1e-5)


# --- gradients ---------------------------------------------------------------------------------


@pytest.mark.sampled(3)
@each_kind
@pytest.mark.parametrize("order", [1, 2])
def test_gradients_with_padding(make, order):
    layer = make(dtype="float64")
    x = rng.normal(size=(2, 3, 2))
    mask = np.array([[True, False, True], [True, True, False]])
    layer(x)
    weights = layer.weights

    def function(x, *values):
        with bound(weights, [p.value for p in weights]):
            for p, w in zip(weights, values, strict=True):
                p.restore(w)
            return layer(x, mask=mask)

    values = [p.numpy() for p in weights]
    if order == 2:  # of x alone, which takes less time
        gradcheck(lambda x: layer(x, mask=mask[:1]), x[:1], order=2, rtol=1e-6, atol=1e-6)
    else:
        gradcheck(function, x, *values, rtol=1e-7, atol=1e-7)


# --- padding -----------------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("unroll", [False, True])
def test_padding_at_the_end_changes_nothing(make, unroll):
    layer = make(unroll=unroll)
    whole = layer(X[:, :4]).numpy()
    padded = np.concatenate([X[:, :4], 9.0 * X[:, 4:]], axis=1)
    mask = np.arange(6) < 4
    y = layer(padded, mask=np.broadcast_to(mask, (4, 6))).numpy()
    np.testing.assert_allclose(y, whole, rtol=1e-5, atol=1e-6)


def test_a_padded_step_repeats_the_output_of_a_cell_of_ones_own():
    mask = np.array([[False, True, False, True, False, False]] * 4)
    layer = layers.RNN(Mean(2), return_sequences=True, return_state=True)
    y, _, count = layer(X, mask=mask)
    assert y[0, :, 2].tolist() == [0.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    assert count.tolist() == [[2.0]] * 4
    last = layers.RNN(layer.cell)(X, mask=mask)
    np.testing.assert_array_equal(last.numpy(), y[:, -1].numpy())
    unrolled = layers.RNN(layer.cell, unroll=True, return_sequences=True)(X, mask=mask)
    np.testing.assert_allclose(unrolled.numpy(), y.numpy(), rtol=1e-6)
    zeros = layers.RNN(layer.cell, zero_output_for_mask=True, return_sequences=True)
    assert zeros(X, mask=mask)[0, :, 2].tolist() == [0.0, 1.0, 0.0, 2.0, 0.0, 0.0]


@each_kind
def test_nothing_but_padding_and_no_step_at_all(make):
    layer = make(return_sequences=True)
    assert np.isfinite(layer(X, mask=np.zeros((4, 6), bool)).numpy()).all()
    assert layer(X[:, :0]).shape == (4, 0, layer(X).shape[2])
    last = make()
    assert not last(X, mask=np.zeros((4, 6), bool)).numpy().any()
    assert not last(X[:, :0]).numpy().any()


def test_states_stay_where_nothing_comes():
    layer = layers.LSTM(2, return_state=True)
    states = [rng.normal(size=(4, 2)).astype("float32") for _ in range(2)]
    for more in ({"mask": np.zeros((4, 6), bool)}, {}):
        y, *after = layer(X if more else X[:, :0], initial_state=states, **more)
        assert y.tolist() == after[0].tolist() == states[0].tolist()
        assert after[1].tolist() == states[1].tolist()


# --- states ------------------------------------------------------------------------------------


@each_kind
def test_a_sequence_in_two_pieces(make):
    layer = make(stateful=True)
    if not isinstance(layer, layers.Bidirectional):
        layer(X[:, :2])
        pieces = layer(X[:, 2:]).numpy()
        layer.reset_states()
        np.testing.assert_allclose(layer(X).numpy(), pieces, rtol=1e-5, atol=1e-6)
    first = layer(X[:, :1]).numpy()
    assert not np.array_equal(layer(X[:, :1]).numpy(), first)
    layer.reset_state()
    layer(X[:, :1])
    assert all(s.numpy().any() for s in layer.states)
    layer.reset_state()
    assert not any(s.numpy().any() for s in layer.states)


@pytest.mark.parametrize("engine", ["native", "reference", "eager"])
def test_states_in_compiled_steps(engine):
    """`predict`, `fit` and nn.jit go on where they ended, as calls of the layer do."""
    model = nn.Sequential([nn.Input((2, 3), batch_size=4), layers.LSTM(5, stateful=True)])
    run = {"run_eagerly": True} if engine == "eager" else {"engine": engine}
    model.compile("sgd", "mse", **run)
    plain = layers.LSTM(5, return_sequences=True)
    plain(X)
    plain.set_weights(model.get_weights())
    pieces = [X[:, :2], X[:, 2:4], X[:, 4:]]
    whole = plain(X).numpy()
    found = [model.predict(piece, batch_size=4, verbose=0) for piece in pieces]
    np.testing.assert_allclose(found, [whole[:, t] for t in (1, 3, 5)], rtol=1e-5, atol=1e-6)
    model.reset_states()
    flat = np.concatenate(pieces)  # three batches of one call
    np.testing.assert_array_equal(
        model.predict(flat, batch_size=4, verbose=0), np.concatenate(found)
    )
    model.reset_state()
    loss = model.evaluate(flat, 0 * np.concatenate(found), batch_size=4, verbose=0)
    assert loss == pytest.approx(np.mean(np.square(found)), rel=1e-5)
    compiled = nn.jit(model)
    model.reset_state()
    np.testing.assert_allclose(
        [compiled(piece).numpy() for piece in pieces], found, rtol=1e-5, atol=1e-6
    )
    model.reset_state()
    model.fit(X[:, :2], np.zeros((4, 5)), batch_size=4, epochs=1, verbose=0)
    assert all(s.numpy().any() for s in model.layers[0].states)


def test_states_are_no_weights_and_yet_saved(tmp_path):
    def go(model, epochs):
        model.fit(X, X[:, 0, :1], batch_size=4, epochs=epochs, shuffle=False, verbose=0)
        return model

    def made(epochs):
        nn.utils.set_random_seed(1)
        model = nn.Sequential([layers.GRU(5, stateful=True, dropout=0.3), layers.Dense(1)])
        model.compile("adam", "mse")
        return go(model, epochs)

    straight, stopped = made(6), made(3)
    assert len(stopped.get_weights()) == 5
    assert len(stopped.variables) == 6
    stopped.save(tmp_path / "model.safetensors")
    stopped.save_weights(tmp_path / "weights.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    go(again, 3)
    for a, b in zip(straight.variables, again.variables, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()
    other = nn.Sequential([layers.GRU(5, stateful=True), layers.Dense(1)])
    other(X[:2])  # another batch size: the weights fit all the same
    other.load_weights(tmp_path / "weights.safetensors")
    for a, b in zip(other.get_weights(), stopped.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_another_batch_size_is_refused():
    layer = layers.LSTM(2, stateful=True, name="memory")
    layer(X)
    with pytest.raises(
        ShapeError,
        match=r"LSTM: a stateful layer keeps the states of one batch size. Got x \(3, 6, 3\); "
        r"expected a batch of 4.(.|\n)*LSTM 'memory'(.|\n)*divisible by batch_size",
    ):
        layer(X[:3])
    with pytest.raises(ShapeError, match=r"needs to know a size(.|\n)*Input\(batch_size=...\)"):
        layers.LSTM(2, stateful=True)(nn.Input((6, 3)))


# --- models ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["argument", "list"])
def test_an_initial_state_in_a_functional_model(how, tmp_path):
    """As in a translation: the decoder begins with the states that the encoder ends with."""
    source, target = nn.Input((None, 3)), nn.Input((None, 2))
    _, h, c = layers.LSTM(4, return_state=True)(source)
    decoder = layers.LSTM(4, return_sequences=True)
    y = decoder(target, initial_state=[h, c]) if how == "argument" else decoder([target, h, c])
    assert y.shape == (None, None, 4)
    model = nn.Model([source, target], layers.Dense(1)(y))
    model.compile("adam", "mse")
    data = [X, X[:, :5, :2]]
    before = model.predict(data, verbose=0)
    model.fit(data, np.zeros((4, 5, 1)), epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))
    assert not np.array_equal(model.predict(data, verbose=0), before)
    zeros = layers.LSTM(4, return_sequences=True)
    zeros(data[1])
    zeros.set_weights(decoder.get_weights())
    assert not np.allclose(zeros(data[1]).numpy(), decoder(data[1], initial_state=[h0(4)] * 2))


def h0(units):
    return np.ones((4, units), "float32")


def test_other_ways_to_make_a_model(tmp_path):
    class Reader(nn.Model):
        def __init__(self):
            super().__init__()
            self.read = layers.Bidirectional(layers.GRU(3, return_sequences=True))
            self.last = layers.RNN([layers.SimpleRNNCell(2), layers.LSTMCell(2)])

        def call(self, x):
            return self.last(self.read(x))

    made = Reader()
    made.compile("sgd", "mse")
    made.fit(X, np.zeros((4, 2)), epochs=2, verbose=0)
    made.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors", custom_objects={"Reader": Reader})
    np.testing.assert_array_equal(again.predict(X, verbose=0), made.predict(X, verbose=0))
    own = nn.Sequential([nn.Input((6, 3)), layers.RNN(Mean(2), name="mean")])
    own.save(tmp_path / "own.safetensors")
    same = nn.models.load_model(tmp_path / "own.safetensors", custom_objects={"Mean": Mean})
    np.testing.assert_array_equal(same.predict(X, verbose=0), own.predict(X, verbose=0))
    for length in (2, 5):  # of any length, also written down step by step
        x = nn.Input((None, 3))
        model = nn.Model(x, layers.LSTM(2, unroll=True)(x))
        assert model(X[:, :length]).shape == (4, 2)


@pytest.mark.sampled(3)
@each_kind
def test_the_same_bits_with_any_number_of_threads(make):
    found = []
    for threads in (1, 2, 3, 4):
        nn.utils.set_random_seed(0)
        model = nn.Sequential(
            [nn.Input((6, 3)), make(return_sequences=True), make(), layers.Dense(1)]
        )
        model.compile("adam", "mse", engine="native")
        with threads_set_to(threads):
            model.fit(X, np.zeros((4, 1)), epochs=3, verbose=0)
        found.append(b"".join(w.tobytes() for w in model.get_weights()))
    assert len(set(found)) == 1


def test_dropout_is_the_same_at_all_times():
    nn.utils.set_random_seed(0)
    layer = layers.SimpleRNN(
        200, "linear", dropout=0.5, kernel_initializer="identity", return_sequences=True,
        recurrent_initializer="zeros",
    )  # fmt: skip
    y = layer(np.ones((3, 5, 200), "float32"), training=True).numpy()
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.4 < (y[:, 0] == 0).mean() < 0.6
    assert not np.array_equal(y[0, 0], y[1, 0])
    assert not np.array_equal(layer(np.ones((3, 5, 200)), training=True).numpy(), y)
    assert (layer(np.ones((3, 5, 200))).numpy() == 1.0).all()
    seeded = [layers.GRU(9, dropout=0.5, recurrent_dropout=0.5, seed=s) for s in (1, 1, 2)]
    for one in seeded:
        one(X)
        one.set_weights(seeded[0].get_weights())
    first, _, other = (one.cell.noise(4, True) for one in seeded)
    assert (len(first.inputs), len(first.states)) == (3, 3)
    for a, b in zip(first.states, other.states, strict=True):
        assert a.shape == (4, 9)
        assert set(np.unique(a.numpy())) == {0.0, 2.0}
        assert not np.array_equal(a.numpy(), b.numpy())


def test_ten_thousand_steps():
    x = nn.ops.ones((1, 10_000, 1))
    model = nn.Sequential([nn.Input((10_000, 1)), layers.LSTM(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((1, 1)), epochs=1, verbose=0)
    layer = layers.GRU(2)
    layer(x)
    nodes = [len(trace_open(layer, [Spec((1, n, 1), x.dtype)])[0].nodes) for n in (5, 10_000)]
    assert nodes[0] == nodes[1]


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: layers.LSTM(2)(X[:, 0]), ShapeError,
         r"LSTM: the number of axes is wrong. Got x \(4, 3\); "
         r"expected x \(batch, time, features\)"),
        (lambda: layers.LSTM(2)(X[..., None]), ShapeError, "the number of axes is wrong"),
        (lambda: layers.LSTM(2)(X, initial_state=[h0(2)]), ShapeError,
         r"LSTM: initial_state has another shape. Got \(4, 2\); expected \(4, 2\), \(4, 2\)"),
        (lambda: layers.GRU(2)(X, initial_state="zeros"), ShapeError, "Got 'zeros'; expected"),
        (lambda: layers.GRU(2)(X, initial_state=h0(3)), ShapeError,
         r"GRU: initial_state has another shape. Got \(4, 3\); expected \(4, 2\)"),
        (lambda: layers.GRU(2)(X, initial_state=h0(2)[:3]), ShapeError, "Got \\(3, 2\\)"),
        (lambda: layers.GRU(2)([X, h0(2)], initial_state=h0(2)), ArgumentError, "given twice"),
        (lambda: layers.GRU(2)(X, mask=np.ones((4, 5), bool)), ShapeError,
         r"GRU: the mask has another shape. Got mask \(4, 5\), x \(4, 6, 3\); "
         r"expected mask \(4, 6\)"),
        (lambda: layers.GRUCell(2)(X[:, 0], [h0(3)]), ShapeError,
         r"GRUCell: the states have other shapes. Got \(4, 3\); expected \(4, 2\)"),
        (lambda: layers.LSTMCell(2)(X[:, 0], [h0(2)]), ShapeError, "the states have other shapes"),
        (lambda: layers.LSTM(0), ArgumentError, "units"),
        (lambda: layers.LSTM(2, dropout=1.0), ArgumentError, r"dropout is out of range. Got 1.0"),
        (lambda: layers.LSTM(2, implementation=3), ArgumentError, "implementation is 1 or 2"),
        (lambda: layers.LSTM(2, use_cudnn="yes"), ArgumentError, "use_cudnn"),
        (lambda: layers.RNN(layers.Dense(2)), ArgumentError, "a cell is a layer with a state_size"),
        (lambda: layers.RNN([]), ArgumentError, "takes a list of cells"),
        (lambda: layers.Bidirectional(layers.Dense(2)), ArgumentError, "takes a recurrent layer"),
        (lambda: layers.Bidirectional(layers.LSTM(2), "max"), ArgumentError, "merge_mode"),
        (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)),
         ArgumentError, "one of the layers goes backwards. Got go_backwards=False for both"),
        (lambda: layers.Bidirectional(
            layers.LSTM(2), backward_layer=layers.GRU(2, go_backwards=True, return_state=True)),
         ArgumentError, "do not go together. Got return_state=False and return_state=True"),
        (lambda: layers.LSTM(2).input, StateError, "has no input"),
        (lambda: layers.LSTM(2).unit, AttributeError, "has no 'unit'"),
    ],
)  # fmt: skip
def test_errors(run, error, message):
    with pytest.raises(error, match=message):
        run()
