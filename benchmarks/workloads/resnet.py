"""A small ResNet with batch normalisation on 32x32x3 images: SGD with momentum.

A 3x3 convolution to 16 filters, three stages of two basic blocks with 16, 32 and 64 filters, the
first block of the second and third with stride 2, the mean over the image, Dense10. With three
blocks a stage it is ResNet-20.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import floor, loops
from benchmarks.workload import Run, Task, Workload, dense, glorot

STEPS, BATCH, LR, MOMENTUM, EPSILON = 4, 64, 0.05, 0.9, 1e-5
STEM, STAGES = 16, ((16, 1), (32, 2), (64, 2))  # filters, stride of the first block
SMALL, RESNET_20 = 2, 3  # blocks a stage


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = STEPS * BATCH
    x = rng.standard_normal((rows, 32, 32, 3), np.float32)
    return x, rng.integers(0, 10, rows).astype(np.int32)


def convolutions(blocks: int) -> list[tuple[int, int, int, int, int]]:
    """Return (input size, channels, filters, kernel size, stride) of each, in the order of use.

    A block's shortcut, where it has a convolution, comes after its two.
    """
    found, size, channels = [(32, 3, STEM, 3, 1)], 32, STEM
    for filters, first in STAGES:
        for block in range(blocks):
            stride = first if block == 0 else 1
            found.append((size, channels, filters, 3, stride))
            found.append((size // stride, filters, filters, 3, 1))
            if has_shortcut(channels, filters, stride):
                found.append((size, channels, filters, 1, stride))
            size, channels = size // stride, filters
    return found


def has_shortcut(channels: int, filters: int, stride: int) -> bool:
    return stride > 1 or channels != filters


def weights(blocks: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Kernels (height, width, channels, filters) of the convolutions, and the dense layer."""
    rng = np.random.default_rng(1)
    kernels = [
        glorot(rng, k, k, channels, filters) for _, channels, filters, k, _ in convolutions(blocks)
    ]
    return kernels, dense(rng, STAGES[-1][0], 10)


def neurona(task: Task, blocks: int) -> Run:
    return loops.fit(functional(task.neurona(), blocks), task, *data(), BATCH)


def keras(task: Task, blocks: int) -> Run:
    import keras

    return loops.fit(functional(keras, blocks), task, *data(), BATCH)


def functional(keras: Any, blocks: int) -> Any:
    """Keras's script, for us and for Keras."""
    layers = keras.layers
    made = []

    def convolve(x: Any, filters: int, kernel: int, stride: int) -> Any:
        made.append(layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False))
        return layers.BatchNormalization(momentum=0.9, epsilon=EPSILON)(made[-1](x))

    def block(x: Any, filters: int, stride: int) -> Any:
        h = layers.Activation("relu")(convolve(x, filters, 3, stride))
        h = convolve(h, filters, 3, 1)
        if has_shortcut(x.shape[-1], filters, stride):
            x = convolve(x, filters, 1, stride)
        return layers.Activation("relu")(layers.Add()([h, x]))

    inputs = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(convolve(inputs, STEM, 3, 1))
    for filters, stride in STAGES:
        for number in range(blocks):
            x = block(x, filters, stride if number == 0 else 1)
    made.append(layers.Dense(10))
    model = keras.Model(inputs, made[-1](layers.GlobalAveragePooling2D()(x)))
    kernels, output = weights(blocks)
    for layer, w in zip(made, [*([k] for k in kernels), output], strict=True):
        layer.set_weights(w)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(LR, momentum=MOMENTUM), loss=loss)
    return model


def torch(task: Task, blocks: int, channels_last: bool = False, compiled: bool = False) -> Run:
    import torch

    model = _torch_model(task, blocks)
    x, y = data()
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), LR, momentum=MOMENTUM, fused=True)

    def loss_of(x: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    tensors = images, torch.from_numpy(y.astype(np.int64))
    return loops.torch(task, loss_of, optimizer, tensors, BATCH, compiled)


def _torch_model(task: Task, blocks: int) -> Any:
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Convolution(nn.Module):
        def __init__(self, channels: int, filters: int, kernel: int, stride: int) -> None:
            super().__init__()
            # Keras pads an even image at its end alone; to agree with it takes a copy, which is
            # only made where numbers are compared.
            self.uneven = task.check and stride == 2 and kernel == 3
            padding = 0 if self.uneven else kernel // 2
            self.convolution = nn.Conv2d(channels, filters, kernel, stride, padding, bias=False)
            self.normalization = nn.BatchNorm2d(filters, EPSILON)

        def forward(self, x: Any) -> Any:
            x = F.pad(x, (0, 1, 0, 1)) if self.uneven else x
            return self.normalization(self.convolution(x))

    class Block(nn.Module):
        def __init__(self, channels: int, filters: int, stride: int) -> None:
            super().__init__()
            self.first = Convolution(channels, filters, 3, stride)
            self.second = Convolution(filters, filters, 3, 1)
            shortcut = has_shortcut(channels, filters, stride)
            self.shortcut = Convolution(channels, filters, 1, stride) if shortcut else nn.Identity()

        def forward(self, x: Any) -> Any:
            return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))

    parts, channels = [Convolution(3, STEM, 3, 1), nn.ReLU()], STEM
    for filters, stride in STAGES:
        for number in range(blocks):
            parts.append(Block(channels, filters, stride if number == 0 else 1))
            channels = filters
    model = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    kernels, (w, b) = weights(blocks)
    with torch.no_grad():
        found = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
        for layer, kernel in zip(found, kernels, strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1)))
        model[-1].weight.copy_(torch.from_numpy(w.T))
        model[-1].bias.copy_(torch.from_numpy(b))
    return model


def jax(task: Task, blocks: int) -> Run:
    import jax
    import jax.numpy as jnp

    @partial(jax.jit, donate_argnums=0)
    def step(state: Any, total: Any, x: Any, y: Any, rows: Any) -> Any:
        weights, velocities, means = state
        loss_of = partial(_jax_loss, blocks=blocks, x=x[rows], y=y[rows])
        (loss, now), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
        velocities = jax.tree.map(lambda v, g: MOMENTUM * v - LR * g, velocities, gradients)
        weights = jax.tree.map(jnp.add, weights, velocities)
        means = jax.tree.map(lambda mean, m: 0.9 * mean + 0.1 * m, means, now)
        return (weights, velocities, means), total + loss

    kernels, output = jax.tree.map(jnp.asarray, weights(blocks))
    scales = [(jnp.ones(k.shape[-1]), jnp.zeros(k.shape[-1])) for k in kernels]
    parameters = kernels, scales, output
    means = [(jnp.zeros(k.shape[-1]), jnp.ones(k.shape[-1])) for k in kernels]
    state = (parameters, jax.tree.map(jnp.zeros_like, parameters), means)
    x, y = (jnp.asarray(a) for a in data())

    def train(steps: int) -> float:
        nonlocal state
        total = jnp.zeros(())
        for rows in task.order(len(x))[: steps * BATCH].reshape(steps, BATCH):
            state, total = step(state, total, x, y, rows)
        return float(total) / steps

    return train


def _jax_loss(weights: Any, blocks: int, x: Any, y: Any) -> Any:
    """Return the loss, and mean and variance of each normalised batch for the running means."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    kernels, scales, (w, b) = weights
    left, means = iter(zip(kernels, scales, strict=True)), []

    def convolve(x: Any, stride: int) -> Any:
        kernel, (gamma, beta) = next(left)
        names = ("NHWC", "HWIO", "NHWC")
        h = lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=names)
        mean, variance = h.mean((0, 1, 2)), h.var((0, 1, 2))
        means.append((mean, variance))
        return (h - mean) * (gamma * lax.rsqrt(variance + EPSILON)) + beta

    h = jax.nn.relu(convolve(x, 1))
    for filters, stride in STAGES:
        for number in range(blocks):
            s = stride if number == 0 else 1
            g = convolve(jax.nn.relu(convolve(h, s)), 1)
            if has_shortcut(h.shape[-1], filters, s):
                h = convolve(h, s)
            h = jax.nn.relu(g + h)
    p = jax.nn.log_softmax(h.mean((1, 2)) @ w + b)
    return -jnp.take_along_axis(p, y[:, None], 1).mean(), means


def products(task: Task, blocks: int) -> Run:
    layers = [
        (size, channels, filters, kernel, stride, kernel // 2)
        for size, channels, filters, kernel, stride in convolutions(blocks)
    ]
    return floor.convolutions(BATCH, layers)  # the dense layer is nothing beside them


RESNET = Workload(
    "small ResNet with BatchNorm on 32x32x3, SGD with momentum",
    {"batch 64": (SMALL, STEPS), "ResNet-20, batch 64": (RESNET_20, STEPS)},
    {
        "neurona": neurona,
        "torch": torch,
        "torch-channels-last": partial(torch, channels_last=True),
        "torch-compile": partial(torch, channels_last=True, compiled=True),
        "jax": jax,
        "keras-jax": keras,
        "floor": products,
    },
    data,
)
