"""Predictions of the MNIST MLP, 784-128-10 with a softmax: NumPy arrays in, NumPy arrays out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import floor
from benchmarks.workload import Run, Task, Workload, dense

SIZES = (784, 128, 10)


@cache
def data() -> np.ndarray:
    return np.random.default_rng(0).random((10_000, 784), np.float32)


def weights() -> list[np.ndarray]:
    return dense(np.random.default_rng(1), *SIZES)


def calls(predict: Callable[[np.ndarray], np.ndarray], rows: int) -> Run:
    """Return a run of predictions; its number is the mean square of the probabilities."""
    x = data()[:rows].copy()

    def run(count: int) -> float:
        for _ in range(count):
            y = predict(x)
        return float(np.square(y).mean())

    return run


def neurona(task: Task, rows: int, way: str = "program") -> Run:
    """The compiled Program itself, the prediction step around it, or `model.predict`."""
    model = sequential(task.neurona())
    if way == "predict":
        return calls(lambda x: model.predict(x, verbose=0), rows)
    model.predict_on_batch(data()[:rows])
    step = model.prediction_step()
    if way == "step":
        return calls(step, rows)
    program = step.program(data()[:rows])
    state = np.zeros(2, np.int64)
    parameters = [p.data for p in step.parameters]
    return calls(lambda x: program(state, *parameters, x)[0], rows)


def keras(task: Task, rows: int, way: str = "predict_on_batch") -> Run:
    import keras

    model = sequential(keras)
    if way == "predict_on_batch":
        return calls(model.predict_on_batch, rows)
    return calls(lambda x: model.predict(x, batch_size=1024, verbose=0), rows)


def sequential(keras: Any) -> Any:
    """Keras's script, for us and for Keras."""
    model = keras.Sequential([
        keras.layers.Input((784,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.set_weights(weights())
    return model


def numpy(task: Task, rows: int) -> Run:
    w1, b1, w2, b2 = weights()

    def predict(x: np.ndarray) -> np.ndarray:
        h = x @ w1
        h += b1
        np.maximum(h, 0, out=h)
        p = h @ w2
        p += b2
        p -= p.max(1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(1, keepdims=True)
        return p

    return calls(predict, rows)


def torch(task: Task, rows: int, compiled: bool = False) -> Run:
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Dropout(0.2),
        torch.nn.Linear(128, 10), torch.nn.Softmax(1),
    ).eval()  # fmt: skip
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(), strict=True):
            p.copy_(torch.from_numpy(w.T))
    if compiled:
        model = torch.compile(model)

    @torch.inference_mode()
    def predict(x: np.ndarray) -> np.ndarray:
        return model(torch.from_numpy(x)).numpy()

    return calls(predict, rows)


def jax(task: Task, rows: int) -> Run:
    import jax
    import jax.numpy as jnp

    parameters = [jnp.asarray(w) for w in weights()]

    @jax.jit
    def forward(parameters: Any, x: Any) -> Any:
        w1, b1, w2, b2 = parameters
        return jax.nn.softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2)

    return calls(lambda x: np.asarray(forward(parameters, x)), rows)


def sklearn(task: Task, rows: int) -> Run:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((128,), batch_size=10)
    model.partial_fit(data()[:10], np.arange(10), classes=np.arange(10))
    w1, b1, w2, b2 = weights()
    model.coefs_, model.intercepts_ = [w1, w2], [b1, b2]
    return calls(model.predict_proba, rows)


def tinygrad(task: Task, rows: int) -> Run:
    from tinygrad import Tensor, TinyJit

    w1, b1, w2, b2 = (Tensor(w).realize() for w in weights())

    @TinyJit
    def forward(x: Any) -> Any:
        return ((x @ w1 + b1).relu() @ w2 + b2).softmax().realize()

    return calls(lambda x: forward(Tensor(x).realize()).numpy(), rows)


def products(task: Task, rows: int) -> Run:
    return floor.products([("nn", rows, *SIZES[:2]), ("nn", rows, *SIZES[1:])])


PREDICT = Workload(
    "predictions of the MNIST MLP, NumPy in and out",
    {"1 row": (1, 1_000), "10,000 rows": (10_000, 3)},
    {
        "neurona": neurona,
        "neurona-step": partial(neurona, way="step"),
        "neurona-predict": partial(neurona, way="predict"),
        "numpy": numpy,
        "torch": torch,
        "torch-compile": partial(torch, compiled=True),
        "jax": jax,
        "keras-jax": keras,
        "keras-predict": partial(keras, way="predict"),
        "sklearn": sklearn,
        "tinygrad": tinygrad,
        "floor": products,
    },
    data,
    unit="call",
    check=1,
    notes={"neurona": "is the compiled program, called with the parameters' arrays"},
)
