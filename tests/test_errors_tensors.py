"""What people do wrong with tensors, gradients, files and the environment, and what they are told.

A row: what was done, the class of the error, and what its message must contain.
"""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import neurona as nn
from neurona import layers, optimizers
from neurona.classic import NeuralNetwork, Perceptron
from neurona.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    FormatError,
    FrozenError,
    GradientError,
    IndexRangeError,
    MissingDataError,
    NeuronaError,
    ShapeError,
    StateError,
    TraceError,
)
from neurona.train.tensor_file import write_tensors
from tests.tracebacks import check_users_lines_only

X, R = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
Y, XOR = np.arange(8) % 3, np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def jit(fn, *args):
    return nn.jit(fn)(*args)


def tensor(value=X, **given):
    return nn.tensor(value, **given)


def assigned_in_trace():
    p = nn.Parameter([1.0])
    nn.trace(lambda x: p.assign_add(x), [np.float32([1])])


def leaked(use):
    kept = []
    jit(lambda x: kept.append(x * 2) or x, X)
    return use(kept[0])


TENSORS = [
    (lambda: tensor() + X.astype("float64"), DtypeError, "float32 and float64 do not mix",
     'try: cast one of them, e.g. x.astype("float32")'),
    (lambda: tensor() + tensor(X[:, :3]), ShapeError, "do not broadcast. Got (8, 4) and (8, 3)"),
    (lambda: tensor() @ tensor(), ShapeError, "matmul: the inner sizes differ, 4 and 8"),
    (lambda: tensor() + None, DtypeError, "a Tensor holds numbers. Got None"),
    (lambda: tensor()[9], IndexRangeError, "index 9 is out of range for axis 0 of size 8"),
    (lambda: tensor()[[9]], IndexRangeError, "Got 9; expected -8 to 7"),
    (lambda: tensor().__setitem__(0, 1.0), FrozenError, "not changed in place", "nn.ops.where"),
    (lambda: bool(tensor() > 0), ShapeError, "a truth value takes a single value. Got x (8, 4)",
     "try: x.any() or x.all()"),
    (lambda: float(tensor()), ShapeError, "float() takes a single value", "try: sum or average"),
    (lambda: tensor().item(), ShapeError, "item() takes a single value. Got x (8, 4)"),
    (lambda: [1, 2][tensor(1.0)], DtypeError, "an index is a single integer"),
    (lambda: tensor().reshape("a"), ArgumentError, "reshape: a size must be an integer. Got 'a'"),
    (lambda: tensor().sum(dim=1), ArgumentError, "sum has no argument 'dim'. Expected sum(x"),
    (lambda: nn.ops.one_hot([1], -3), ArgumentError, "num_classes is too small. Got -3"),
    (lambda: nn.grad(lambda x: x * x)(3), GradientError, "argument 0 has no gradient. Got i32[]"),
    (lambda: nn.grad(lambda x: x * x)(X), GradientError, "is taken of a float scalar", "jacobian"),
    (lambda: nn.grad(3), ArgumentError, "grad takes a function. Got 3", "try: nn.grad(f)(x)"),
    (lambda: nn.grad(lambda x: None)(1.0), GradientError, "returned no number. Got None"),
    (lambda: nn.grad(lambda x: nn.ops.sum(np.array([x, x])))(1.0), GradientError,
     "NumPy's arrays do not tell a gradient", "try: give x itself to np.exp and its like"),
    (lambda: nn.jacobian("f"), ArgumentError, "jacobian takes a function"),
    (lambda: tensor().sum().backward(), GradientError, "nothing here asks for a gradient",
     "try: x = nn.tensor(data, requires_grad=True)"),
    (lambda: (tensor(requires_grad=True) * 2).backward(), GradientError, "starts from a scalar"),
    (lambda: (tensor(requires_grad=True) * 2).backward(R), ShapeError,
     "backward: the gradient has another shape. Got (8, 1); expected (8, 4)"),
    (lambda: tensor([1], requires_grad=True), GradientError, "only float tensors have gradients"),
    (lambda: nn.gradients(lambda: tensor(1.0), [3]), GradientError, "with respect to Parameters"),
    (lambda: optimizers.SGD().apply([R], [nn.Parameter([1.0])]), ShapeError,
     "the gradient of parameter has another shape. Got (8, 1); expected (1,)"),
    (lambda: jit(3), ArgumentError, "jit takes a function. Got 3"),
    (lambda: jit(lambda x: x if x.sum() > 0 else -x, X), TraceError, "try: nn.ops.where"),
    (lambda: jit(lambda x: x.numpy(), X), TraceError, "Got f32[8,4]", "compute with nn.ops"),
    (lambda: jit(lambda x: np.cov(x), X), TraceError, "np.cov has no twin", "is being traced"),
    (lambda: jit(lambda x: float(x.sum()), X), TraceError, "a function is being traced"),
    (lambda: jit(lambda x: x[x > 0], X), TraceError, "a function is being traced"),
    (lambda: leaked(lambda t: t.numpy()), TraceError, "kept from a traced function", "return it"),
    (lambda: leaked(lambda t: jit(lambda x: x + t, X)), TraceError, "has leaked", "try: return it"),
    (assigned_in_trace, StateError, "is assigned to while a function is traced", "return the new"),
    (lambda: nn.jit(lambda x: x, engine="cuda")(X), ArgumentError, "unknown engine. Got 'cuda'"),
]  # fmt: skip

CLASSIC = [
    (lambda: Perceptron(0), ArgumentError, "n_features is too small"),
    (lambda: Perceptron(2).train(X, [0] * 8), ShapeError, "wrong number of features. Got X (8, 4)"),
    (lambda: Perceptron(2).train(XOR, [-1, 1, 1, -1]), DataError, "classes are 0 and 1. Got -1, 1",
     "try: (y + 1) / 2"),
    (lambda: Perceptron(2).train(XOR, [0, 1]), DataError, "one target for each row"),
    (lambda: Perceptron(2).train([["a", "b"]], [0]), DataError, "X is not an array of numbers"),
    (lambda: Perceptron(2).train(XOR * np.nan, [0, 1, 1, 0]), DataError, "X contains NaN"),
    (lambda: NeuralNetwork(2, 2, 1, hidden_activation="rel"), ArgumentError, "mean 'relu'?"),
    (lambda: NeuralNetwork(2, 2, 1).train(XOR, [0, 1]), ShapeError, "y (2,); expected (4, 1)"),
    (lambda: NeuralNetwork(2, 2, 1).train(XOR, list("abcd")), DataError, "y is not an array of"),
    (lambda: NeuralNetwork(2, 2, 1).train(XOR, [0, 1, 5, 0]), DataError, "targets from 0 to 1"),
    (lambda: NeuralNetwork(2, 2, 1).train(XOR[:0], []), DataError, "there are no samples"),
    (lambda: setattr(NeuralNetwork(2, 2, 1), "W1", np.ones(3)), ShapeError, "W1: the shape diff"),
    (lambda: nn.classic.compare_capacities(X, Y), ShapeError, "exactly two features. Got X (8, 4)"),
]  # fmt: skip

ROWS = [*TENSORS, *CLASSIC]


def check(run, error, *fragments):
    with pytest.raises(NeuronaError) as caught:
        run()
    assert type(caught.value) is error, repr(caught.value)
    check_users_lines_only(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.mark.parametrize("row", ROWS, ids=[row[2][:60] for row in ROWS])
def test_message(row):
    check(*row)


# --- files ---------------------------------------------------------------------------------------


class Doubled(layers.Layer):
    def call(self, x):
        return x * 2


def network(*middle):
    return nn.Sequential([nn.Input((4,)), *middle, layers.Dense(3, name="out")])


@pytest.fixture
def saved(tmp_path):
    network().save(tmp_path / "model.neurona")
    return tmp_path / "model.neurona"


FOREIGN = [
    (b"", "cut off, 0 bytes of 8", "save the model again"),
    (b"\x01\x02\x03", "cut off, 3 bytes of 8"),
    (b"hello, this is text", "Got a text"),
    (b"\x89HDF\r\n\x1a\n" + b"0" * 99, "Got an HDF5 file", "then set_weights"),
    (b"PK\x03\x04" + b"0" * 99, "Got a ZIP archive, such as .keras"),
    (pickle.dumps({"a": 1}), "Got a pickle, which could run any code"),
]


@pytest.mark.parametrize(("content", "fragments"), [(row[0], row[1:]) for row in FOREIGN])
def test_files_that_are_no_models(tmp_path, content, fragments):
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    check(lambda: nn.models.load_model(path), FormatError, "file.bin", *fragments)


def test_a_file_that_ends_too_early(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 97):
        saved.write_bytes(whole[:length])
        check(lambda: nn.models.load_model(saved), FormatError, "model.neurona is no safetensors")


def test_paths(tmp_path, saved):
    load = nn.models.load_model
    check(
        lambda: load(tmp_path / "no"), MissingDataError, "there is no such file. Got", "look into"
    )
    check(lambda: load(tmp_path), FormatError, "this is a folder, not a file")
    check(lambda: load(5), ArgumentError, "a file is given by its path. Got 5")
    check(lambda: network().save(5), ArgumentError, "a file is given by its path. Got 5")
    check(lambda: network().save(saved, overwrite=False), StateError, "exists", "overwrite=True")


def test_what_cannot_be_saved_or_made_again(tmp_path):
    path = tmp_path / "model.neurona"
    anonymous = network(layers.Lambda(lambda x: x * 2))
    check(lambda: anonymous.save(path), ArgumentError, "a lambda cannot be saved", "named function")
    check(lambda: nn.Sequential([layers.Dense(3)]).save(path), StateError, "no parameters yet",
          "try: call it on data, or begin with nn.Input(shape)")  # fmt: skip
    network(Doubled()).save(path)
    check(lambda: nn.models.load_model(path), FormatError, "needs 'Doubled'",
          "try: load_model(path, custom_objects={'Doubled': Doubled})")  # fmt: skip
    check(lambda: nn.models.model_from_json("{"), FormatError, "this JSON cannot be read")


def test_weights_of_another_model(tmp_path, saved):
    other = network(layers.Dense(6))
    check(lambda: other.load_weights(saved), FormatError, "out/kernel is (4,")
    write_tensors(tmp_path / "arrays.safetensors", {"a": X})
    check(lambda: nn.models.load_model(tmp_path / "arrays.safetensors"), FormatError,
          "holds arrays, but no model", "try: build the model, then load_weights")  # fmt: skip
    check(lambda: network().load_weights(tmp_path / "arrays.safetensors"), FormatError,
          "out/kernel is not in the file")  # fmt: skip


def test_data_sets(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    check(lambda: nn.datasets.read_idx(path), MissingDataError, "train-images-idx3-ubyte")
    path.write_bytes(b"\x00\x00\x08\x03 and then nothing")
    check(lambda: nn.datasets.read_idx(path), FormatError, "train-images-idx3-ubyte")
    check(lambda: nn.datasets.from_csv(tmp_path / "no.csv", "y"), MissingDataError, "no.csv")


# --- the environment and callbacks ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("NEURONA_ENGINE", "turbo", "unknown engine. Got 'turbo'"),
        ("NEURONA_THREADS", "many", "threads must be an integer. Got 'many'"),
        ("NEURONA_THREADS", "-2", "threads is too small. Got -2"),
        ("NEURONA_THREADS", "100000", "threads is too large. Got 100000; expected 1024 at most"),
        ("NEURONA_THREADS", "9" * 5000, "threads must be an integer. Got '999"),
        ("NEURONA_THREADS", "+-5", "threads must be an integer. Got '+-5'"),
        ("NEURONA_FLOATX", "float16", "unknown float type. Got 'float16'"),
    ],
)
def test_environment(variable, value, message):
    source = os.path.dirname(os.path.dirname(nn.__file__))
    done = subprocess.run(
        [sys.executable, "-c", "import neurona"],
        env={**os.environ, "PYTHONPATH": source, variable: value},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert message in done.stderr
    assert f"in the environment variable {variable}." in done.stderr


def test_an_empty_environment_variable_is_as_good_as_none():
    source = os.path.dirname(os.path.dirname(nn.__file__))
    names = ("ENGINE", "THREADS", "FLOATX", "DEBUG", "TARGET")
    done = subprocess.run(
        [sys.executable, "-c", "import neurona; print(neurona.config.threads())"],
        env={**os.environ, "PYTHONPATH": source, **{f"NEURONA_{name}": "" for name in names}},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["0"], done.stderr


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau"])
def test_a_monitor_that_is_not_there(name):
    made = network()
    made.compile("sgd", "mse")
    callback = getattr(nn.callbacks, name)(monitor="val_los")
    with pytest.warns(UserWarning, match=f"{name} watches 'val_los'.*Did you mean 'val_loss'"):
        made.fit(X, X[:, :3], validation_data=(X, X[:, :3]), callbacks=[callback], verbose=0)


def test_python_says_which_name_was_meant():
    with pytest.raises(AttributeError) as caught:
        nn.Sequentail  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("Sequentail", nn)
