"""A diffusion model's U-Net on 28x28 images: noise is added, the network says which, Adam.

Levels of 32, 64 and 64 filters, a residual block each on the way down and up and two below, group
normalisation, swish, the time by sines, scale and shift of each block's second norm.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import adam, jax_loops, loops
from benchmarks.workload import Run, Task, Workload, glorot

STEPS, BATCH, WIDTHS, TIMES, EPSILON = 2, 64, (32, 64, 64), 1000, 1e-5
FIRST, LAST, TIME = WIDTHS[0], WIDTHS[-1], 4 * WIDTHS[0]


@cache
def data() -> tuple[np.ndarray]:
    rng = np.random.default_rng(0)
    return (rng.uniform(-1, 1, (STEPS * BATCH, 28, 28, 1)).astype(np.float32),)


@cache
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Return the times and the noise of a batch where peers are compared."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((BATCH, 28, 28, 1)).astype(np.float32)
    return rng.integers(1, TIMES + 1, BATCH).astype(np.int32), noise


@cache
def left() -> np.ndarray:
    """Return how much of an image is left at each time."""
    beta = np.linspace(0.1 / TIMES, 20 / TIMES, TIMES)
    return np.concatenate([[1.0], np.cumprod(1 - beta)]).astype(np.float32)


def groups(channels: int) -> int:
    """Return how many groups of channels are normalised: those of the zoo's Denoiser."""
    return math.gcd(8, max(channels // 8, 1), channels)


RATES = np.exp(-np.log(10_000.0) * np.arange(FIRST // 2) / (FIRST // 2)).astype(np.float32)
BELOW = (*WIDTHS[1:], LAST)  # channels that come up to each level


def weights() -> dict[str, np.ndarray]:
    """Return all weights by name, in the order in which the zoo's Denoiser has them."""
    rng, found = np.random.default_rng(1), {}

    def layer(name: str, *shape: int) -> None:
        found[f"{name}.w"] = glorot(rng, *shape)
        found[f"{name}.b"] = np.zeros(shape[-1], np.float32)

    def norm(name: str, channels: int) -> None:
        found[f"{name}.w"] = np.ones(channels, np.float32)
        found[f"{name}.b"] = np.zeros(channels, np.float32)

    def block(name: str, channels: int, filters: int) -> None:
        norm(f"{name}.first_norm", channels)
        layer(f"{name}.first", 3, 3, channels, filters)
        norm(f"{name}.second_norm", filters)
        layer(f"{name}.second", 3, 3, filters, filters)
        layer(f"{name}.time", TIME, 2 * filters)
        if channels != filters:
            layer(f"{name}.shortcut", 1, 1, channels, filters)

    layer("time_0", FIRST, TIME)
    layer("time_1", TIME, TIME)
    layer("begin", 3, 3, 1, FIRST)
    for n, (above, width) in enumerate(zip((FIRST, *WIDTHS), WIDTHS, strict=False)):
        block(f"down_{n}", above, width)
    for n, width in enumerate(WIDTHS[:-1]):
        layer(f"shrink_{n}", 3, 3, width, width)
    block("middle_0", LAST, LAST)
    block("middle_1", LAST, LAST)
    for n, (below, width) in enumerate(zip(BELOW, WIDTHS, strict=True)):
        block(f"up_{n}", below + width, width)
    norm("end_norm", FIRST)
    layer("end", 3, 3, FIRST, 1)
    return found


def neurona(task: Task, batch: int) -> Run:
    nn = task.neurona()
    from neurona.zoo import DDPM

    class Measured(DDPM):
        def train_step(self, x: Any) -> dict[str, Any]:
            t, noise = map(nn.tensor, drawn())
            if not task.check:
                t = nn.random.randint((x.shape[0],), 1, TIMES + 1)
                noise = nn.random.normal(x.shape)
            a = nn.ops.take(nn.tensor(left()), t, axis=0)[:, None, None, None]
            mixed = nn.ops.sqrt(a) * x + nn.ops.sqrt(1 - a) * noise

            def loss_of() -> Any:
                return nn.ops.mean((noise - self.denoiser(mixed, t)) ** 2)

            self.error.update_state(self.optimizer.minimize(loss_of, self.denoiser))
            return {"loss": self.error.result()}

    model = Measured(widths=WIDTHS, attention=False)
    model.compile(nn.optimizers.Adam(adam.LR))
    for p, w in zip(model.denoiser.weights, weights().values(), strict=True):
        p.assign(w)
    return loops.fit(model, task, *data(), None, batch)


def unet(x: Any, t: Any, w: dict[str, Any], lib: Any) -> Any:
    """Return the noise in x; `lib` has the operations of a library, on its layout of images."""

    def block(name: str, x: Any, time: Any) -> Any:
        def part(of: str) -> tuple[Any, Any]:
            return w[f"{name}.{of}.w"], w[f"{name}.{of}.b"]

        h = lib.conv(lib.swish(lib.norm(x, *part("first_norm"))), *part("first"), 1)
        scale, shift = lib.halves(lib.dense(time, *part("time")))
        h = lib.swish((1 + scale) * lib.norm(h, *part("second_norm")) + shift)
        h = lib.conv(h, *part("second"), 1)
        return h + (lib.conv(x, *part("shortcut"), 1) if f"{name}.shortcut.w" in w else x)

    def part(of: str) -> tuple[Any, Any]:
        return w[f"{of}.w"], w[f"{of}.b"]

    time = lib.swish(lib.dense(lib.waves(t), *part("time_0")))
    time = lib.swish(lib.dense(time, *part("time_1")))
    h, seen = lib.conv(x, *part("begin"), 1), []
    for level in range(len(WIDTHS)):
        h = block(f"down_{level}", h, time)
        seen.append(h)
        if level < len(WIDTHS) - 1:
            h = lib.conv(h, *part(f"shrink_{level}"), 2)
    h = block("middle_1", block("middle_0", h, time), time)
    for level in reversed(range(len(WIDTHS))):
        h = block(f"up_{level}", lib.join(h, seen[level]), time)
        if level:
            h = lib.larger(h)
    return lib.conv(lib.swish(lib.norm(h, *part("end_norm"))), *part("end"), 1)


def torch(task: Task, batch: int, channels_last: bool = False, compiled: bool = False) -> Run:
    import torch
    from torch.nn import functional as F

    class Torch:
        swish = staticmethod(F.silu)

        @staticmethod
        def conv(x: Any, w: Any, b: Any, stride: int) -> Any:
            if stride == 2:  # Keras pads an even image at its end alone
                return F.conv2d(F.pad(x, (0, 1, 0, 1)), w, b, 2)
            return F.conv2d(x, w, b, 1, w.shape[-1] // 2)

        @staticmethod
        def norm(x: Any, w: Any, b: Any) -> Any:
            return F.group_norm(x, groups(x.shape[1]), w, b, EPSILON)

        @staticmethod
        def dense(x: Any, w: Any, b: Any) -> Any:
            return F.linear(x, w, b)

        @staticmethod
        def halves(x: Any) -> Any:
            return x[:, :, None, None].chunk(2, 1)

        @staticmethod
        def waves(t: Any) -> Any:
            angles = t[:, None] * rates
            return torch.cat([angles.sin(), angles.cos()], 1)

        @staticmethod
        def join(a: Any, b: Any) -> Any:
            return torch.cat([a, b], 1)

        @staticmethod
        def larger(x: Any) -> Any:
            return F.interpolate(x, scale_factor=2.0, mode="nearest")

    rates, remains = torch.from_numpy(RATES), torch.from_numpy(left())
    parameters = {}
    for name, array in weights().items():
        axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
        p = torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))
        if channels_last and p.ndim == 4:
            p = p.contiguous(memory_format=torch.channels_last)
        parameters[name] = p.requires_grad_()
    images = torch.from_numpy(data()[0]).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(parameters.values(), adam.LR, eps=adam.EPSILON, fused=True)

    def loss_of(x: Any) -> Any:
        if task.check:
            t, noise = map(torch.from_numpy, drawn())
            noise = noise.permute(0, 3, 1, 2)
        else:
            t, noise = torch.randint(1, TIMES + 1, (len(x),)), torch.randn_like(x)
        a = remains[t][:, None, None, None]
        mixed = a.sqrt() * x + (1 - a).sqrt() * noise
        return ((noise - unet(mixed, t, parameters, Torch)) ** 2).mean()

    return loops.torch(task, loss_of, optimizer, (images,), batch, compiled)


def jax(task: Task, batch: int) -> Run:
    import jax
    import jax.numpy as jnp

    class Jax:
        swish = staticmethod(jax.nn.silu)

        @staticmethod
        def conv(x: Any, w: Any, b: Any, stride: int) -> Any:
            axes = ("NHWC", "HWIO", "NHWC")
            strides = (stride, stride)
            return jax.lax.conv_general_dilated(x, w, strides, "SAME", dimension_numbers=axes) + b

        @staticmethod
        def norm(x: Any, w: Any, b: Any) -> Any:
            h = x.reshape(*x.shape[:3], groups(x.shape[3]), -1)
            h = h - h.mean((1, 2, 4), keepdims=True)
            h = h * jax.lax.rsqrt((h * h).mean((1, 2, 4), keepdims=True) + EPSILON)
            return h.reshape(x.shape) * w + b

        @staticmethod
        def dense(x: Any, w: Any, b: Any) -> Any:
            return x @ w + b

        @staticmethod
        def halves(x: Any) -> Any:
            return jnp.split(x[:, None, None, :], 2, -1)

        @staticmethod
        def waves(t: Any) -> Any:
            angles = t[:, None] * RATES
            return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)

        @staticmethod
        def join(a: Any, b: Any) -> Any:
            return jnp.concatenate([a, b], -1)

        @staticmethod
        def larger(x: Any) -> Any:
            return x.repeat(2, 1).repeat(2, 2)

    names = list(weights())

    def loss_of(w: Any, key: Any, x: Any) -> Any:
        t, noise = map(jnp.asarray, drawn())
        if not task.check:
            t = jax.random.randint(key, (len(x),), 1, TIMES + 1)
            noise = jax.random.normal(jax.random.fold_in(key, 1), x.shape)
        a = jnp.asarray(left())[t][:, None, None, None]
        mixed = jnp.sqrt(a) * x + jnp.sqrt(1 - a) * noise
        return ((noise - unet(mixed, t, dict(zip(names, w, strict=True)), Jax)) ** 2).mean()

    rows = STEPS * BATCH
    return jax_loops.per_step(task, loss_of, list(weights().values()), data(), batch, rows)


DIFFUSION = Workload(
    "Diffusion: U-Net of 32, 64, 64 filters on 28x28, Adam",
    {"batch 64": (BATCH, STEPS)},
    {
        "neurona": neurona,
        "torch": torch,
        "torch-channels-last": partial(torch, channels_last=True),
        "torch-compile": partial(torch, compiled=True),
        "jax": jax,
    },
    data,
    check=2,
)
