"""Copies by `copy` and `pickle`: as good as the original, and apart from it."""

import copy
import inspect
import io
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import layers, losses, metrics, models
from neurona.core import random
from neurona.refusals import Refused

R = np.random.default_rng(0)
X, LABELS = R.normal(size=(40, 4)).astype("float32"), R.integers(0, 3, 40)


def pickled(thing, protocol=None):
    return pickle.loads(pickle.dumps(thing, protocol))


WAYS = {"deepcopy": copy.deepcopy, "pickle": pickled}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


# --- models ----------------------------------------------------------------------------------


class Scale(layers.Layer):
    """A layer of one's own, with a list of its own."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start, self.seen = start, []

    def build(self, shape):
        self.scale = self.add_weight(shape[1:], nn.initializers.Constant(self.start), "scale")

    def call(self, x):  # (B, D)
        return x * self.scale  # (B, D)


class Squares(losses.Loss):
    """A loss of one's own."""

    def call(self, y_true, y_pred):
        return ((y_true - y_pred) ** 2).mean(-1)


class Written(models.Model):
    """A subclass: one layer called twice, another held in a dict."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4, "tanh")
        self.others = {"scale": Scale(0.5)}
        self.out = layers.Dense(3, "softmax")

    def call(self, x):  # (B, 4)
        return self.out(self.others["scale"](self.hidden(self.hidden(x))))  # (B, 3)


def chain():
    model = models.Sequential(
        [
            layers.Dense(6, "relu", kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(5, trainable=False),
            layers.Dense(3, "softmax"),
        ]
    )
    rate = nn.optimizers.schedules.ExponentialDecay(0.01, 5, 0.9)
    model.compile(nn.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def functional():
    x = nn.Input((4,))
    shared = layers.Dense(4, "tanh", name="shared")
    inner = nn.Input((4,))
    block = models.Model(inner, layers.Dropout(0.2)(layers.Dense(4)(inner)) + inner, name="block")
    y = nn.ops.softmax(block(shared(shared(x)))[:, :4]) + 0.5
    model = models.Model(x, layers.Dense(3, "softmax")(y))
    model.compile(
        nn.optimizers.SGD(0.05, momentum=0.9, use_ema=True),
        "sparse_categorical_crossentropy",
        metrics=[metrics.SparseCategoricalAccuracy()],
    )
    return model


def written():
    model = Written()
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def own_loss():
    model = models.Sequential([Scale(2.0), layers.Dense(1)])
    optimizer = nn.optimizers.AdamW(0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, Squares(), metrics=[Squares()])
    return model


MODELS = {"chain": chain, "functional": functional, "written": written, "own": own_loss}


@pytest.fixture(params=MODELS)
def model(request):
    nn.random.set_seed(3)
    return MODELS[request.param]()


def everything(model):
    return {k: v.copy() for k, v in model.get_state()[0].items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], name)


def train_on(model, epochs=2):
    """Train from a fixed place in the random stream, which is the thread's, not the model's."""
    random.set_position(7, 100)
    history = model.fit(X, LABELS, batch_size=16, epochs=epochs, verbose=0).history
    return history, everything(model)


@pytest.mark.sampled(5)
def test_a_copy_trains_on_bit_for_bit_and_alone(model, way):
    model.fit(X, LABELS, batch_size=16, epochs=2, verbose=0)
    model.evaluate(X, LABELS, verbose=0)
    before = everything(model)
    other = way(model)
    assert_same(everything(other), before)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    history, after = train_on(other)
    assert_same(everything(model), before)  # while the copy went on
    ours, end = train_on(model)
    assert ours == history
    assert_same(end, after)
    assert any((end[k] != before[k]).any() for k in end)


@pytest.mark.sampled(5)
def test_a_model_is_copied_before_it_is_trained(model, way):
    fresh = way(model)
    random.set_position(1, 0)
    fresh.fit(X, LABELS, batch_size=16, epochs=1, verbose=0)
    random.set_position(1, 0)
    model.fit(X, LABELS, batch_size=16, epochs=1, verbose=0)
    assert_same(everything(fresh), everything(model))


def test_a_model_is_copied_without_compile(way):
    model = models.Sequential([nn.Input((4,)), layers.Dense(2)])
    other = way(model)
    assert not other.compiled
    np.testing.assert_array_equal(other(X).numpy(), model(X).numpy())
    other.add(layers.Dense(1))
    assert (len(other.layers), len(model.layers)) == (2, 1)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickle(protocol):
    model = functional()
    model.fit(X, LABELS, epochs=1, verbose=0)
    other = pickled(model, protocol)
    assert_same(everything(other), everything(model))
    assert train_on(other)[0] == train_on(model)[0]


def test_shared_layers_stay_shared_and_frozen_ones_frozen(way):
    model = functional()
    model.get_layer("block").trainable = False
    other = way(model)
    shared = other.get_layer("shared")
    assert len(shared.symbolic_calls) == 2
    assert shared is not model.get_layer("shared")
    assert [w.path for w in other.trainable_weights] == [w.path for w in model.trainable_weights]
    assert not {id(w) for w in other.weights} & {id(w) for w in model.weights}
    one, two = way([model, model])
    assert one is two


def test_the_layers_of_a_copy_have_their_symbolic_outputs(way):
    model = functional()
    other = way(model)
    features = [
        models.Model(m.inputs, m.get_layer("block").symbolic_calls[0].output).predict(X, verbose=0)
        for m in (model, other)
    ]
    np.testing.assert_array_equal(*features)


def test_a_deep_functional_model_is_copied(way):
    x = y = nn.Input((4,))
    for _ in range(300):
        y = layers.Activation("tanh")(y) + y
    tail = y
    model = models.Model(x, tail)
    other = way(model)
    np.testing.assert_array_equal(other(X[:2]).numpy(), model(X[:2]).numpy())


def test_a_layer_is_copied_without_the_network_around_it(way):
    model = functional()
    layer = model.get_layer("shared")
    other = way(layer)
    assert other.symbolic_calls == []
    other.kernel.assign(other.kernel * 0)
    assert layer.kernel.numpy().any()
    assert other.weights[0] is other.kernel


def test_copies_in_a_callback_are_of_that_moment(tmp_path):
    class Keep(nn.callbacks.Callback):
        def __init__(self):
            self.models, self.weights = [], []

        def on_epoch_end(self, epoch, logs=None):
            self.models.append(copy.deepcopy(self.model))
            self.weights.append(self.model.get_weights())

    nn.random.set_seed(3)
    keep, log = Keep(), nn.callbacks.CSVLogger(tmp_path / "log.csv")
    chain().fit(X, LABELS, epochs=3, verbose=0, callbacks=[keep, log])
    for model, weights in zip(keep.models, keep.weights, strict=True):
        assert model._training.run is None
        for ours, theirs in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        model.fit(X, LABELS, epochs=1, verbose=0)


class Twins(layers.Layer):
    """Parameters that each whole step leaves equal."""

    def build(self, shape):
        self.twins = [self.add_weight((200, 200), "zeros", f"twin_{i}") for i in range(6)]

    def call(self, x):  # (B, 1)
        return x * sum(w.mean() for w in self.twins)  # (B, 1)


def test_a_copy_beside_fit_is_of_a_whole_step():
    model, x = models.Sequential([Twins()]), np.ones((64, 1), "float32")
    model.compile(nn.optimizers.SGD(1.0), "mean_absolute_error")
    model.fit(x, x, epochs=1, verbose=0, batch_size=1)
    stop = nn.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: setattr(model, "stop_training", done.is_set())
    )
    done = threading.Event()
    settings = {"epochs": 10_000, "verbose": 0, "batch_size": 1, "callbacks": [stop]}
    trainer = threading.Thread(target=model.fit, args=(x, x), kwargs=settings)
    trainer.start()
    try:
        for _ in range(12):
            values = {float(w.numpy()[0, 0]) for w in copy.deepcopy(model).weights}
            assert len(values) == 1
    finally:
        done.set()
        trainer.join()


def test_a_shallow_copy_shares_the_layers_and_has_its_own_steps():
    model = chain()
    model.fit(X, LABELS, epochs=1, verbose=0)
    other = copy.copy(model)
    assert other.layers[0] is model.layers[0]
    assert other._training.turns is not model._training.turns
    other.fit(X, LABELS, epochs=1, verbose=0)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_another_process_goes_on_with_the_same_bits(tmp_path):
    nn.random.set_seed(3)
    models_ = [chain(), functional()]
    for model in models_:
        model.fit(X, LABELS, batch_size=16, epochs=1, verbose=0)
    (tmp_path / "in").write_bytes(pickle.dumps((models_, X, LABELS)))
    code = """
import pickle, sys
from neurona.core import random
models, x, y = pickle.load(open(sys.argv[1], "rb"))
for model in models:
    random.set_position(7, 100)
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
pickle.dump(models, open(sys.argv[2], "wb"))
"""
    source = str(Path(nn.__file__).parents[1])
    command = [sys.executable, "-c", code, str(tmp_path / "in"), str(tmp_path / "out")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": source})
    back = pickle.loads((tmp_path / "out").read_bytes())
    for model, other in zip(models_, back, strict=True):
        assert_same(train_on(model)[1], everything(other))


def test_arrays_of_a_pickle_that_may_not_be_written_are_copied():
    model = chain()
    model.fit(X, LABELS, epochs=1, verbose=0)
    buffers = []
    data = pickle.dumps(model, 5, buffer_callback=buffers.append)
    frozen = [bytes(b.raw()) for b in buffers]
    assert frozen
    other = pickle.loads(data, buffers=frozen)
    assert train_on(other)[0] == train_on(model)[0]


def test_what_pickle_cannot_name_is_its_own_error():
    model = models.Sequential([layers.Lambda(lambda x: x * 2)])
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(model)
    np.testing.assert_array_equal(copy.deepcopy(model)(X).numpy(), X * 2)


def test_the_textbooks_networks_are_copied(way):
    x, y = X[:, :2], (X[:, :1] > 0) * 1.0
    perceptron = nn.classic.Perceptron(2)
    perceptron.train(x, y[:, 0], epochs=2)
    np.testing.assert_array_equal(way(perceptron).predict(x), perceptron.predict(x))
    network = nn.classic.NeuralNetwork(2, 3, 1)
    network.train(x, y, epochs=3, verbose=False)
    other = way(network)
    before = network.forward(x)
    other.train(x, y, epochs=3, verbose=False)
    np.testing.assert_array_equal(network.forward(x), before)
    network.train(x, y, epochs=3, verbose=False)
    assert network.losses == other.losses
    np.testing.assert_array_equal(network.forward(x), other.forward(x))


# --- tensors and parameters ------------------------------------------------------------------


def test_a_tensor_is_copied_without_its_history(way):
    x = nn.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.sum().backward()
    again = way(x)
    assert again.requires_grad
    assert (again.tolist(), again.grad.tolist()) == ([1.0, 2.0], [3.0, 3.0])
    assert not way(y).tracked
    assert way(y).tolist() == [3.0, 6.0]


def test_a_parameter_keeps_what_goes_with_it(way):
    p = nn.Parameter(
        np.float64([1.0, -2.0]), "p", trainable=False, regularizer=nn.regularizers.L2(0.5)
    )
    p.path, p.constraint = "layer/p", nn.constraints.NonNeg()
    q = way(p)
    assert (q.name, q.path, q.trainable, q.dtype) == ("p", "layer/p", False, np.float64)
    assert float(q.regularizer(q)) == 2.5
    assert q.constraint(q).tolist() == [1.0, 0.0]
    q.assign([0.0, 0.0])
    assert p.tolist() == [1.0, -2.0]


def test_a_traced_value_is_no_copy_yet():
    with pytest.raises(nn.errors.TraceError, match="no values yet"):
        nn.jit(lambda x: copy.deepcopy(x))(X)


# --- every public class ----------------------------------------------------------------------

REQUIRED = {
    "activation": "tanh", "rate": 0.5, "pool_size": 2, "filters": 2, "kernel_size": 2, "units": 2,
    "axes": 1, "input_dim": 3, "output_dim": 2, "function": nn.ops.tanh, "dims": (2, 1), "n": 2,
    "scale": 2.0, "target_shape": (4,), "fn": losses.mean_squared_error, "num_classes": 2,
    "target_class_ids": [0], "recall": 0.5, "precision": 0.5, "specificity": 0.5,
    "sensitivity": 0.5, "backup_dir": "backup", "filename": "log.csv", "filepath": "kept.nn",
    "schedule": abs, "initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.9,
    "boundaries": [2], "values": [0.1, 0.01], "first_decay_steps": 3, "stddev": 0.1,
    "max_learning_rate": 0.1, "learning_rate": 0.1, "cell": layers.GRUCell(2),
    "cells": [layers.LSTMCell(2)], "layer": layers.GRU(2),
    "warmup_steps": 2, "total_steps": 9, "steps": 2, "end_learning_rate": 0.01,
    "intermediate_dim": 4, "num_heads": 2, "key_dim": 2, "head_dim": 2, "num_query_heads": 2,
    "num_key_value_heads": 1, "equation": "ab,bc->ac", "output_shape": 2, "sequence_length": 3,
    "output_size": 2, "factor": 0.2, "height": 2, "width": 2, "height_factor": 0.1,
    "width_factor": 0.1, "moves": [layers.RandomZoom(0.1)], "num_bins": 4, "max_number": 3,
    "layers": [layers.ReLU()],
}  # fmt: skip
SPECIAL = {
    "CallbackList": None, "InputLayer": {"shape": (4,)}, "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"num_bins": 3}, "RandomPosterization": {"factor": 3},
}  # fmt: skip
FRESH = {  # which no two models share
    "inner_optimizer": nn.optimizers.Adam,
    "default_optimizer": nn.optimizers.Adam,
    "optimizer_map": lambda: nn.optimizers.OptimizerMap(nn.optimizers.Adam()),
}
SPACES = [
    layers, losses, metrics, models, nn.optimizers, nn.optimizers.schedules, nn.callbacks,
    nn.initializers, nn.regularizers, nn.constraints,
]  # fmt: skip
CLASSES = {
    f"{space.__name__.split('.')[-1]}.{name}": kind
    for space in SPACES
    for name, kind in vars(space).items()
    if inspect.isclass(kind) and not name.startswith("_") and SPECIAL.get(name, {}) is not None
    if not issubclass(kind, Refused)
}


def make(kind):
    if kind.__name__ in SPECIAL:
        return kind(**SPECIAL[kind.__name__])
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    usual = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in usual]
    return kind(**{n: FRESH[n]() if n in FRESH else REQUIRED[n] for n in needed})


def test_the_namespaces_are_full():
    assert len(CLASSES) > 170


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_objects_of_every_class_are_copied(name):
    one = make(CLASSES[name])
    for copied in (copy.deepcopy(one), pickled(one), copy.copy(one)):
        assert type(copied) is type(one)
        assert vars(copied).keys() == vars(one).keys()
        if hasattr(one, "get_config"):
            assert copied.get_config() == one.get_config()
        assert copied is not one


@pytest.mark.parametrize("name", sorted(vars(nn.activations)))
def test_activations_are_copied_by_name(name):
    function = getattr(nn.activations, name)
    if callable(function) and not name.startswith("_") and not inspect.isclass(function):
        assert copy.deepcopy(function) is function
        assert pickled(function) is function


def test_operations_are_copied_by_name():
    functions = [f for name, f in vars(nn.ops).items() if callable(f) and name[0] != "_"]
    assert len(functions) > 100
    for function in functions:
        assert pickled(function) is function
        assert copy.deepcopy(function) is function


OPTIMIZERS = [n for n in CLASSES if n.startswith("optimizers.")]
OPTIMIZERS = sorted({*OPTIMIZERS} - {"optimizers.Optimizer", "optimizers.OptimizerMap"})


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on_where_it_was(name, way):
    nn.random.set_seed(0)
    model = models.Sequential([layers.Dense(3), layers.Dense(3, "softmax")])
    model.compile(make(CLASSES[name]), "sparse_categorical_crossentropy")
    model.fit(X, LABELS, epochs=1, verbose=0, batch_size=40)
    other = way(model)
    assert train_on(other)[0] == train_on(model)[0]
    assert_same(everything(other), everything(model))


def test_excluded_parameters_stay_excluded(way):
    model = own_loss()
    model(X)
    optimizer = model.optimizer = nn.optimizers.AdamW(0.1)
    optimizer.exclude_from_weight_decay([model.weights[0]])
    other = way(model)
    assert [other.optimizer._decays(w) for w in other.weights] == [False, True, True]


def test_histories_and_callbacks_of_a_run_are_copied(way, tmp_path):
    model = chain()
    stop = nn.callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
    board = nn.callbacks.TensorBoard(tmp_path / "logs")
    log = nn.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(X, LABELS, epochs=2, verbose=0, callbacks=[stop, board, log])
    other = way(history)
    assert (other.history, other.epoch) == (history.history, history.epoch)
    assert other.model is not model
    np.testing.assert_array_equal(other.model.predict(X, verbose=0), model.predict(X, verbose=0))
    for callback in (stop, board, log):
        assert type(way(callback)) is type(callback)
    log.on_train_begin()
    assert way(log)._file is None
    log.on_exit()


def test_an_embedding_of_given_vectors_is_copied_before_it_is_built(way):
    layer = layers.Embedding(3, 2, weights=np.arange(6.0).reshape(3, 2))
    assert way(layer)(np.array([2])).tolist() == [[4.0, 5.0]]


def test_a_metric_keeps_its_totals(way):
    accuracy = metrics.Accuracy()
    accuracy.update_state([1, 2, 3, 4], [1, 2, 0, 0])
    other = way(accuracy)
    other.update_state([1, 1], [1, 1])
    assert (float(accuracy.result()), float(other.result())) == (0.5, pytest.approx(4 / 6))


def test_model_files_are_not_unpickled(tmp_path):
    (tmp_path / "model.nn").write_bytes(pickle.dumps(chain()))
    with pytest.raises(nn.errors.FormatError):
        models.load_model(tmp_path / "model.nn")
    assert isinstance(pickle.load(io.BytesIO(pickle.dumps(chain()))), models.Sequential)
