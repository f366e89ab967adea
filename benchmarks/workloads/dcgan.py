"""A DCGAN on 28x28 images: one step of the discriminator and one of the generator, Adam.

The generator: 100 numbers, Dense to 7x7x128, two transposed convolutions 4x4 of stride 2 to 64 and
1 filters, batch normalisation and relu before each, tanh. The discriminator: two convolutions 4x4
of stride 2 with 64 and 128 filters, leaky relu, batch normalisation of the second, Dense to 1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks import loops
from benchmarks.workload import Run, Task, Workload

STEPS, BATCH, LATENT, WIDTH = 6, 64, 100, 64
RATE, B1, B2, EPSILON = 2e-4, 0.5, 0.999, 1e-7


@cache
def data() -> tuple[np.ndarray]:
    rng = np.random.default_rng(0)
    return (rng.uniform(-1, 1, (STEPS * BATCH, 28, 28, 1)).astype(np.float32),)


@cache
def latents() -> np.ndarray:
    """Return the numbers that images are made of where peers are compared."""
    return np.random.default_rng(2).standard_normal((BATCH, LATENT)).astype(np.float32)


def weights() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Kernels of the generator and of the discriminator, in Keras's layouts."""
    rng = np.random.default_rng(1)
    shapes = (
        [(LATENT, 7 * 7 * 2 * WIDTH), (4, 4, WIDTH, 2 * WIDTH), (4, 4, 1, WIDTH)],
        [(4, 4, 1, WIDTH), (4, 4, WIDTH, 2 * WIDTH), (7 * 7 * 2 * WIDTH, 1)],
    )
    generator, discriminator = (
        [(0.02 * rng.standard_normal(shape)).astype(np.float32) for shape in of] for of in shapes
    )
    return generator, discriminator


def neurona(task: Task, batch: int) -> Run:
    nn = task.neurona()
    from neurona.zoo import DCGAN

    class Measured(DCGAN):
        def train_step(self, images: Any) -> dict[str, Any]:
            count = images.shape[0]
            z = nn.tensor(latents()) if task.check else nn.random.normal((count, LATENT))
            fake, softplus = self.generator(z), nn.activations.softplus

            def judged() -> Any:
                real, made = self.discriminator(images), self.discriminator(fake)
                return nn.ops.mean(softplus(-real)) + nn.ops.mean(softplus(made))

            def fooled() -> Any:
                return nn.ops.mean(softplus(-self.discriminator(self.generator(z))))

            loss = self.d_optimizer.minimize(judged, self.discriminator)
            self.d_loss.update_state(loss + self.g_optimizer.minimize(fooled, self.generator))
            return {"loss": self.d_loss.result()}

    model = Measured(width=WIDTH)
    model.compile(*(nn.optimizers.Adam(RATE, B1, B2) for _ in range(2)))
    for net, kernels in zip((model.generator, model.discriminator), weights(), strict=True):
        found = [p for p in net.trainable_weights if p.name == "kernel"]
        for p in found:  # in the order of use, whatever the order they are held in
            p.assign(next(k for k in kernels if k.shape == p.shape))
    return loops.fit(model, task, *data(), None, batch)


def torch(task: Task, batch: int, channels_last: bool = False, compiled: bool = False) -> Run:
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Generator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.begin = nn.Linear(LATENT, 7 * 7 * 2 * WIDTH, bias=False)
            self.norms = nn.ModuleList(nn.BatchNorm2d(n, 1e-5) for n in (2 * WIDTH, WIDTH))
            self.first = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False)
            self.last = nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1, bias=False)

        def forward(self, z: Any) -> Any:
            h = self.begin(z).view(-1, 2 * WIDTH, 7, 7)
            h = self.first(F.relu(self.norms[0](h)))
            return torch.tanh(self.last(F.relu(self.norms[1](h))))

    class Discriminator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, WIDTH, 4, 2, 1, bias=False)
            self.second = nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False)
            self.norm = nn.BatchNorm2d(2 * WIDTH, 1e-5)
            self.decide = nn.Linear(7 * 7 * 2 * WIDTH, 1, bias=False)

        def forward(self, x: Any) -> Any:
            h = F.leaky_relu(self.first(x), 0.2)
            h = F.leaky_relu(self.norm(self.second(h)), 0.2)
            return self.decide(h.flatten(1))[:, 0]

    generator, discriminator = Generator(), Discriminator()
    (dense, *grow), (*shrink, decide) = weights()
    with torch.no_grad():  # torch has the channels in front of the places
        places = dense.reshape(LATENT, 7, 7, -1).transpose(0, 3, 1, 2).reshape(LATENT, -1)
        generator.begin.weight.copy_(torch.from_numpy(places.T))
        for layer, k in zip((generator.first, generator.last), grow, strict=True):
            layer.weight.copy_(torch.from_numpy(k.transpose(3, 2, 0, 1)))
        for layer, k in zip((discriminator.first, discriminator.second), shrink, strict=True):
            layer.weight.copy_(torch.from_numpy(k.transpose(3, 2, 0, 1)))
        places = decide.reshape(7, 7, -1, 1).transpose(3, 2, 0, 1).reshape(1, -1)
        discriminator.decide.weight.copy_(torch.from_numpy(places))
    images = torch.from_numpy(data()[0]).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        generator, discriminator = (
            net.to(memory_format=torch.channels_last) for net in (generator, discriminator)
        )
        images = images.to(memory_format=torch.channels_last)
    settings = {"lr": RATE, "betas": (B1, B2), "eps": EPSILON, "fused": True}
    learn_d = torch.optim.Adam(discriminator.parameters(), **settings)
    learn_g = torch.optim.Adam(generator.parameters(), **settings)

    def judged(x: Any, fake: Any) -> Any:
        return F.softplus(-discriminator(x)).mean() + F.softplus(discriminator(fake)).mean()

    def fooled(fake: Any) -> Any:
        return F.softplus(-discriminator(fake)).mean()

    if compiled:
        generator, judged, fooled = map(torch.compile, (generator, judged, fooled))

    def train(steps: int) -> float:
        order = torch.from_numpy(task.order(len(images))[: steps * batch])
        total = torch.zeros(())
        for rows in order.split(batch):
            z = torch.from_numpy(latents()) if task.check else torch.randn(batch, LATENT)
            fake = generator(z)  # once for both, as in PyTorch's example
            loss = judged(images[rows], fake.detach())
            learn_d.zero_grad()
            loss.backward()
            learn_d.step()
            total += loss.detach()
            loss = fooled(fake)
            learn_g.zero_grad()
            loss.backward()
            learn_g.step()
            total += loss.detach()
        return float(total) / steps

    return train


def jax(task: Task, batch: int) -> Run:
    from functools import partial

    import jax
    import jax.numpy as jnp

    axes = ("NHWC", "HWIO", "NHWC")

    def norm(h: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = h.mean((0, 1, 2)), h.var((0, 1, 2))
        return (h - mean) * (jax.lax.rsqrt(variance + 1e-5) * gamma) + beta

    def grow(h: Any, k: Any) -> Any:  # the transpose of a convolution of stride 2
        k = jnp.flip(k, (0, 1)).transpose(0, 1, 3, 2)
        return jax.lax.conv_general_dilated(h, k, (1, 1), [(2, 2)] * 2, (2, 2), None, axes)

    def shrink(h: Any, k: Any) -> Any:
        return jax.lax.conv_general_dilated(h, k, (2, 2), "SAME", dimension_numbers=axes)

    def made(w: Any, z: Any) -> Any:
        (begin, first, last), ((g1, b1), (g2, b2)) = w
        h = (z @ begin).reshape(-1, 7, 7, 2 * WIDTH)
        h = grow(jax.nn.relu(norm(h, g1, b1)), first)
        return jnp.tanh(grow(jax.nn.relu(norm(h, g2, b2)), last))

    def score(w: Any, x: Any) -> Any:
        (first, second, decide), (gamma, beta) = w
        h = jax.nn.leaky_relu(shrink(x, first), 0.2)
        h = jax.nn.leaky_relu(norm(shrink(h, second), gamma, beta), 0.2)
        return (h.reshape(len(h), -1) @ decide)[:, 0]

    def judged(w: Any, x: Any, fake: Any) -> Any:
        return jax.nn.softplus(-score(w, x)).mean() + jax.nn.softplus(score(w, fake)).mean()

    def fooled(w: Any, d: Any, z: Any) -> Any:
        return jax.nn.softplus(-score(d, made(w, z))).mean()

    def adam(w: Any, m: Any, v: Any, g: Any, t: Any) -> Any:
        a = RATE * jnp.sqrt(1 - B2**t) / (1 - B1**t)
        m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, g)
        v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, g)
        return jax.tree.map(lambda w, m, v: w - a * m / (jnp.sqrt(v) + EPSILON), w, m, v), m, v

    @partial(jax.jit, donate_argnums=0)
    def step(state: Any, total: Any, key: Any, x: Any, rows: Any) -> Any:
        (g, gm, gv), (d, dm, dv), t = state
        t = t + 1
        z = jnp.asarray(latents()) if task.check else jax.random.normal(key, (batch, LATENT))
        loss, slope = jax.value_and_grad(judged)(d, x[rows], made(g, z))
        d, dm, dv = adam(d, dm, dv, slope, t)
        more, slope = jax.value_and_grad(fooled)(g, d, z)
        g, gm, gv = adam(g, gm, gv, slope, t)
        return ((g, gm, gv), (d, dm, dv), t), total + loss + more

    def scales(*sizes: int) -> list[Any]:
        return [(jnp.ones(n), jnp.zeros(n)) for n in sizes]

    generator, discriminator = (jax.tree.map(jnp.asarray, w) for w in weights())
    g, d = (generator, scales(2 * WIDTH, WIDTH)), (discriminator, scales(2 * WIDTH)[0])
    zeros = partial(jax.tree.map, jnp.zeros_like)
    state = (g, zeros(g), zeros(g)), (d, zeros(d), zeros(d)), jnp.zeros((), jnp.int32)
    images = jnp.asarray(data()[0])

    def train(steps: int) -> float:
        nonlocal state
        total, key = jnp.zeros(()), jax.random.key(task.rng.integers(2**31))
        for number, rows in enumerate(np.split(task.order(len(images))[: steps * batch], steps)):
            state, total = step(state, total, jax.random.fold_in(key, number), images, rows)
        return float(total) / steps

    return train


DCGAN = Workload(
    "DCGAN on 28x28, a step of both networks, Adam",
    {"batch 64": (BATCH, STEPS)},
    {
        "neurona": neurona,
        "torch": torch,
        "torch-channels-last": lambda task, batch: torch(task, batch, channels_last=True),
        "torch-compile": lambda task, batch: torch(task, batch, compiled=True),
        "jax": jax,
    },
    data,
)
