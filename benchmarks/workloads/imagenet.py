"""The networks of ImageNet at its size, 224x224x3: training of two of them, and their predictions.

Ours and Keras's get the same weights. torchvision's networks, and what ONNX Runtime makes of them,
keep their own: the work is the same, the numbers are not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import loops
from benchmarks.workload import Run, Task, Workload

ROWS, STEPS, LR, MOMENTUM = 32, 2, 0.01, 0.9
NAMES = {"ResNet-50": ("ResNet50", "resnet50"), "MobileNet v2": ("MobileNetV2", "mobilenet_v2")}
OWN = "has torchvision's weights"
DIFFERS = dict.fromkeys(("torch", "torch-channels-last", "torch-compile", "onnxruntime"), OWN)


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((ROWS, 224, 224, 3), np.float32)
    return x, rng.integers(0, 1000, ROWS).astype(np.int32)


def neurona_model(task: Task, network: str) -> Any:
    task.neurona()
    from neurona import zoo

    return with_weights(getattr(zoo, NAMES[network][0])(classifier_activation=None))


def keras_model(task: Task, network: str) -> Any:
    from keras import applications

    return with_weights(
        getattr(applications, NAMES[network][0])(weights=None, classifier_activation=None)
    )


def with_weights(model: Any) -> Any:
    """Give the model normal kernels of variance 2 / fan-in, scales and variances of 1, zeros."""
    rng = np.random.default_rng(1)

    def values(weight: Any) -> np.ndarray:
        name, shape = weight.name.rsplit("/")[-1], tuple(weight.shape)
        if name in ("gamma", "moving_variance"):
            return np.ones(shape, np.float32)
        if len(shape) < 2:
            return np.zeros(shape, np.float32)
        fan_in = np.prod(shape[:2] if name == "depthwise_kernel" else shape[:-1])
        return rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(fan_in / 2))

    model.set_weights([values(weight) for weight in model.weights])
    return model


def torch_model(network: str, channels_last: bool = False) -> Any:
    import torch
    from torchvision import models

    torch.manual_seed(1)
    model = getattr(models, NAMES[network][1])(weights=None)
    return model.to(memory_format=torch.channels_last) if channels_last else model


# Training


def neurona(task: Task, case: tuple[str, int]) -> Run:
    return fit(task, task.neurona(), neurona_model(task, case[0]), case[1])


def keras(task: Task, case: tuple[str, int]) -> Run:
    import keras

    return fit(task, keras, keras_model(task, case[0]), case[1])


def fit(task: Task, keras: Any, model: Any, batch: int) -> Run:
    """Keras's script, for us and for Keras."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(LR, momentum=MOMENTUM), loss)
    return loops.fit(model, task, *data(), batch)


def torch(
    task: Task, case: tuple[str, int], channels_last: bool = False, compiled: bool = False
) -> Run:
    import torch

    network, batch = case
    model = torch_model(network, channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), LR, momentum=MOMENTUM, fused=True)
    x, y = data()
    images = torch.from_numpy(x).permute(0, 3, 1, 2)  # channels-last as it stands
    images = images if channels_last else images.contiguous()

    def loss_of(x: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    tensors = images, torch.from_numpy(y.astype(np.int64))
    return loops.torch(task, loss_of, optimizer, tensors, batch, compiled)


def training(network: str, batch: int, starts: bool = False) -> Workload:
    return Workload(
        f"{network}, training on 224x224x3, SGD with momentum",
        {f"batch {batch}": ((network, batch), STEPS)},
        {
            "neurona": neurona,
            "torch": torch,
            "torch-channels-last": partial(torch, channels_last=True),
            "torch-compile": partial(torch, channels_last=True, compiled=True),
            "keras-jax": keras,
        },
        data,
        check=2,
        differs=DIFFERS,
        starts=starts,
    )


# Predictions: NumPy arrays in and out


def calls(predict: Callable[[np.ndarray], np.ndarray], rows: int) -> Run:
    """Return a run of predictions; its number is the mean square of what is predicted."""
    x = data()[0][:rows].copy()

    def run(count: int) -> float:
        for _ in range(count):
            y = predict(x)
        return float(np.square(y).mean())

    return run


def neurona_predict(task: Task, case: tuple[str, int]) -> Run:
    return calls(neurona_model(task, case[0]).predict_on_batch, case[1])


def keras_predict(task: Task, case: tuple[str, int]) -> Run:
    return calls(keras_model(task, case[0]).predict_on_batch, case[1])


def torch_predict(
    task: Task, case: tuple[str, int], channels_last: bool = False, compiled: bool = False
) -> Run:
    import torch

    network, rows = case
    model = torch_model(network, channels_last).eval()
    model = torch.compile(model) if compiled else model

    @torch.inference_mode()
    def predict(x: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(x).permute(0, 3, 1, 2)
        return model(images if channels_last else images.contiguous()).numpy()

    return calls(predict, rows)


def onnxruntime(task: Task, case: tuple[str, int]) -> Run:
    import io

    import onnxruntime
    import torch

    network, rows = case
    file = io.BytesIO()
    example = (torch.zeros(rows, 3, 224, 224),)
    torch.onnx.export(torch_model(network).eval(), example, file, input_names=["x"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=providers)

    def predict(x: np.ndarray) -> np.ndarray:
        images = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return session.run(None, {"x": images})[0]

    return calls(predict, rows)


MOBILENET = training("MobileNet v2", 16)
RESNET50 = training("ResNet-50", 8, starts=True)
INFERENCE = Workload(
    "predictions for images of 224x224x3, NumPy in and out",
    {f"{network}, {rows}": ((network, rows), 4) for network in NAMES for rows in (1, 8)},
    {
        "neurona": neurona_predict,
        "torch": torch_predict,
        "torch-channels-last": partial(torch_predict, channels_last=True),
        "torch-compile": partial(torch_predict, channels_last=True, compiled=True),
        "onnxruntime": onnxruntime,
        "keras-jax": keras_predict,
    },
    data,
    unit="call",
    check=1,
    differs=DIFFERS,
    starts=True,
)
