"""Small files that ask for much: limits count all that a file makes one allocate or compute."""

import contextlib
import json

import numpy as np
import pytest
import safetensors.numpy

import neurona as nn
from neurona import layers
from neurona.core.budget import Budget, limited, need, spend
from neurona.errors import FormatError
from neurona.models import load_model, model_from_json
from neurona.strict_json import read_json
from neurona.train.tensor_file import read_tensors, write_tensors
from tests.mutations.campaign import peak, peak_from_here

MEMORY, TIME = "needs more memory than loading it may take", "takes longer to make than loading it"


def write(path, model, compiled=None, **more):
    """Write a file of a model as somebody else might."""
    found = {"format": 1, "model": model, "compile": compiled, "frozen": [], "state": {}, **more}
    write_tensors(path, {}, {"neurona": json.dumps(found)})
    return path


def of(kind, **arguments):
    return {"object": kind, "arguments": arguments}


def chain(*described, shape=(None, 2)):
    start = [list(shape), "float32", "x"]
    return {**of("models.Sequential", name="m"), "layers": list(described), "input": start}


@contextlib.contextmanager
def little_memory(path):
    before = peak_from_here()
    yield
    assert peak() - before < 2**26 + 4 * path.stat().st_size


def refused(path, message, **limits):
    """Loading is refused with a message, and little is made before."""
    with little_memory(path), pytest.raises(FormatError, match=message):
        load_model(path, **limits)


METRICS = {
    "matrix": of("metrics.ConfusionMatrix", num_classes=30_000),
    "mean IoU": of("metrics.MeanIoU", num_classes=30_000),
    "IoU of a range": of("metrics.MeanIoU", num_classes=2**40),
    "one-hot IoU": of("metrics.OneHotMeanIoU", num_classes=30_000),
    "AUC": of("metrics.AUC", num_thresholds=30_000_000),
    "labels": of("metrics.AUC", multi_label=True, num_labels=10_000_000),
    "several": [of("metrics.ConfusionMatrix", num_classes=3000)] * 9,
    "thresholds": of("metrics.SensitivityAtSpecificity", specificity=0.5, num_thresholds=10**9),
}


@pytest.mark.parametrize("metrics", METRICS.values(), ids=METRICS)
def test_totals_of_metrics(tmp_path, metrics):
    metrics = metrics if isinstance(metrics, list) else [metrics]
    settings = {"optimizer": "sgd", "loss": "mse", "metrics": metrics}
    refused(write(tmp_path / "m", chain(), settings), f"{MEMORY}|tensor would be too large")


LAYERS = {
    "pooling": chain(of("layers.AveragePooling1D", pool_size=3, padding="same"),
                     shape=(None, 2**27, 1)),
    "windows": chain(of("layers.AveragePooling1D", pool_size=2**28, padding="same"),
                     shape=(None, 2**27, 1)),
    "resizing": chain(of("layers.UpSampling2D", size=2, interpolation="bilinear"),
                      shape=(None, 2**14, 2, 1)),
    "statistics": chain(of("layers.Normalization", mean=0.0, variance=1.0), shape=(None, 2**25)),
}  # fmt: skip


@pytest.mark.parametrize("model", LAYERS.values(), ids=LAYERS)
def test_constants_of_layers(tmp_path, model):
    refused(write(tmp_path / "m", model), MEMORY)


CALLS = {
    "arange": ["linspace", [{"at": [-1, 0]}, 1.0, {"is": 10**9}]],
    "split": ["split", [{"at": [-1, 0]}, {"is": 2**27}, {"is": 1}]],
    "one_hot": ["one_hot", [{"at": [-1, 0]}, {"is": 10**8}]],
}


@pytest.mark.parametrize("call", ["split", "one_hot"])
def test_constants_of_operations(tmp_path, call):
    function, arguments = CALLS[call]
    network = {
        "tensors": [[[None, 2**27], "float32", "x"]],
        "inputs": {"at": [-1, 0]},
        "layers": [{"operation": function, "name": "f"}],
        "calls": [[0, {"tuple": [{"tuple": arguments}, {"dict": []}]}]],
        "outputs": {"at": [0, 0]},
    }
    model = {**of("models.Model", name="m"), "network": network}
    refused(write(tmp_path / "m", model), f"{MEMORY}|{TIME}|cannot be made again")


OPTIMIZERS = {
    "history": of("optimizers.LBFGS", history_size=1_000_000),
    "slots": of("optimizers.Adam", amsgrad=True, use_ema=True, gradient_accumulation_steps=2),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_slots_of_optimizers(tmp_path, optimizer):
    units = {"history": 64, "slots": 2**23}[optimizer]
    arrays = {"dense/bias": np.zeros(units, np.float32), "dense/kernel": np.zeros((0, units))}
    arrays["dense/kernel"] = np.zeros((0, units), np.float32)
    model = chain({**of("layers.Embedding", input_dim=units, output_dim=1, name="e"), "id": 0})
    arrays = {"e/embeddings": np.zeros((units, 1), np.float32)}
    found = {
        "format": 1,
        "model": model,
        "compile": {"optimizer": OPTIMIZERS[optimizer], "loss": "mse"},
        "state": {"optimizers": {"optimizer": ["e/embeddings"]}},
    }
    write_tensors(tmp_path / "m", arrays, {"neurona": json.dumps(found)})
    with pytest.raises(FormatError, match=MEMORY):
        load_model(tmp_path / "m")


def twice(inner, level, name):
    """A model that calls another twice."""
    call = [0, {"tuple": [{"tuple": [{"at": [-1, 0]}]}, {"dict": []}]}]
    again = [0, {"tuple": [{"tuple": [{"at": [0, 0]}]}, {"dict": []}]}]
    network = {
        "tensors": [[[None, 2], "float32", f"x{level}"]],
        "inputs": {"at": [-1, 0]},
        "layers": [inner],
        "calls": [call, again],
        "outputs": {"at": [1, 0]},
    }
    return {**of("models.Model", name=f"{name}{level}"), "network": network}


@pytest.mark.parametrize("layer", ["layers.Activation", "layers.Flatten", "layers.Softmax"])
def test_models_that_are_called_twice_within_each_other(tmp_path, layer):
    model = of(layer, activation="linear") if layer == "layers.Activation" else of(layer)
    for level in range(30):
        model = twice(model, level, "m")
    path = write(tmp_path / "m", model)
    assert path.stat().st_size < 16_000
    refused(path, TIME)


def test_models_that_are_called_twice_a_few_levels_deep_are_loaded(tmp_path):
    model = of("layers.Softmax")
    for level in range(8):
        model = twice(model, level, "m")
    path = write(tmp_path / "m", model)
    assert load_model(path).predict(np.zeros((1, 2)), verbose=0).tolist() == [[0.5, 0.5]]
    refused(path, r"more than 100 calls[\s\S]*try: max_calls=1000, if you trust", max_calls=100)


def test_the_limits_can_be_raised(tmp_path):
    settings = {
        "optimizer": "sgd",
        "loss": "mse",
        "metrics": [of("metrics.ConfusionMatrix", num_classes=5000)],
    }
    path = write(tmp_path / "m", chain(), settings)
    refused(path, rf"{MEMORY}. Got 200,000,0[^!]*max_bytes=4000000\d\d, if you trust the file")
    assert load_model(path, max_bytes=2**28).compiled
    with pytest.raises(FormatError, match="max_bytes"):
        load_model(path, max_bytes=-1)


def test_a_model_that_was_saved_is_loaded_whatever_it_needs(tmp_path):
    """What a model has in its file, such as slots and totals, counts as the file's."""
    model = nn.Sequential([nn.Input((4,)), layers.Dense(5)])
    model.compile("adam", "mse", metrics=[nn.metrics.ConfusionMatrix(1000)])
    model.fit(np.zeros((4, 4)), np.zeros((4, 5)), verbose=0)
    model.save(tmp_path / "m")
    assert load_model(tmp_path / "m").compiled


@pytest.mark.slow
def test_many_arrays(tmp_path):
    empty = {f"a{i}": np.zeros(0, np.float32) for i in range(100_000)}
    safetensors.numpy.save_file(empty, tmp_path / "w")
    model = nn.Sequential([nn.Input((4,)), layers.Dense(5)])
    for load in (load_model, model.load_weights):
        message = "more arrays than reading it may take memory"
        with little_memory(tmp_path / "w"), pytest.raises(FormatError, match=message):
            load(tmp_path / "w")
    with pytest.warns(UserWarning, match="no checksums"):
        assert len(read_tensors(tmp_path / "w", max_bytes=2**28)[0]) == 100_000


@pytest.mark.parametrize("item", ["[]", "{}", "[[]]", "0"])
def test_text_that_is_little_and_many_objects(item):
    text = f"[{','.join([item] * 3_000_000)}]"
    with pytest.raises(FormatError, match=r"bytes of memory for .* characters"):
        read_json(text, "it")


def test_a_text_of_a_model_has_limits_too():
    text = json.dumps(chain(of("layers.Dense", units=2**29)))
    message = r"more parameters than making it may take. Got 1.* max_bytes=\d+, if you trust the te"
    with pytest.raises(FormatError, match=f"(?s){message}"):
        model_from_json(text)
    text = json.dumps(chain(of("layers.Dense", units=2**10)))
    with pytest.raises(FormatError, match=f"(?s){message[:44]}"):
        model_from_json(text, max_bytes=1000)
    assert model_from_json(text).count_params() == 3 * 2**10


def test_a_budget_counts_and_is_gone_afterwards():
    with limited(Budget(0, 100, 5)):
        need(100)
        spend(60)
        with pytest.raises(FormatError, match=r"Got 110 bytes or more.* expected 100 at most"):
            spend(50)
    spend(10**20)
    need(10**20)


def test_many_layers_take_time_in_proportion():
    def work(count):
        made = [layers.Activation("linear", name=f"a{i}") for i in range(count)]
        model = nn.Sequential(made)
        with limited(budget := Budget(0, 2**30, 10**9)):
            model.build((None, 2))
        return budget.given[1] - budget.calls

    assert work(400) <= 2.2 * work(200)
