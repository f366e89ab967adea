"""Digits by steps of one's own: a variational autoencoder, adversaries, two parts of a coder."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.tables import digits
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def mlp(*widths: int, end: Any = None, act: Any = "relu") -> Any:
    """Return dense layers."""
    return nn.Sequential([*(L.Dense(w, act) for w in widths[:-1]), L.Dense(widths[-1], end)])


class Variational(nn.Model):
    """A variational autoencoder; both of its losses are sums, or both as they are told."""

    def __init__(self, pixels: Any = ops.sum, spread: str = "log") -> None:
        super().__init__()
        self.encoder, self.decoder = mlp(48, 12), mlp(48, 64, end="sigmoid")
        self.pixels, self.spread = pixels, spread

    def call(self, x: Any) -> Any:
        return self.decoder(self.encoder(x)[:, :6])

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            mean, spread = ops.split(self.encoder(x), 2, axis=-1)
            log = spread if self.spread == "log" else 2 * ops.log(spread)
            z = mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))
            off = ops.mean(self.pixels(ops.square(x - self.decoder(z)), axis=-1))
            kl = -0.5 * ops.sum(1 + log - ops.square(mean) - ops.exp(log), axis=-1)
            return 10 * off + ops.mean(kl)

        value, grads = nn.value_and_grad(loss, parameters=self)()
        self.optimizer.apply(grads, self)
        return {"loss": value}


def varied(**given: Any) -> Training:
    """Digits by a variational autoencoder with a step of its own."""
    t = digits()
    return t.but(
        model=lambda: Variational(**given), y=None, validation=None, loss=None, metrics=(),
        test=(t.test[0],) * 2, optimizer=adam(3e-3), epochs=20, score=explained,
    )  # fmt: skip


class Adversaries(nn.Model):
    """One makes digits from noise, the other tells them from true ones."""

    def __init__(self, end: Any = "sigmoid", cut: bool = False, judges: bool = True) -> None:
        super().__init__()
        self.maker, self.judge = mlp(64, 64, end=end), mlp(64, 1, act="leaky_relu")
        self.makers, self.judges = (nn.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2))
        self.cut, self.judge.trainable = cut, judges
        self.learns = judges
        self.judge(self.maker(np.zeros((1, 16), "float32")))

    def call(self, x: Any) -> Any:
        return self.judge(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        noise = nn.random.normal((ops.shape(x)[0], 16))

        def judged() -> Any:
            true, made = self.judge(x), self.judge(self.maker(noise))
            return ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(made))

        def fooled() -> Any:
            made = self.maker(noise)
            return ops.mean(
                ops.softplus(-self.judge(ops.stop_gradient(made) if self.cut else made))
            )

        if self.learns:
            of_judge, grads = nn.value_and_grad(judged, parameters=self.judge)()
            self.judges.apply(grads, self.judge)
        else:
            of_judge = judged()
        of_maker, grads = nn.value_and_grad(fooled, parameters=self.maker)()
        self.makers.apply(grads, self.maker)
        return {"d_loss": of_judge, "g_loss": of_maker}


def like_true(model: Any, t: Training) -> float:
    """How much of the mean true digit the mean made digit has: R2, at least -1."""
    noise = np.random.default_rng(0).normal(size=(300, 16)).astype("float32")
    made, true = np.asarray(model.maker(noise)).mean(0), t.test[0].mean(0)
    return max(-1.0, float(1 - ((made - true) ** 2).mean() / true.var()))


def forgers(change: Any = lambda x: x, **given: Any) -> Training:
    """Digits made from noise, against one who tells them from true ones."""
    t = digits().on(change)
    return t.but(
        model=lambda: Adversaries(**given), y=None, validation=None, loss=None, metrics=(),
        epochs=15, score=like_true,
    )  # fmt: skip


class InTwo(nn.Model):
    """An encoder and a decoder, of which those learn that the optimizer was given."""

    def __init__(self, decoder: bool = True) -> None:
        super().__init__()
        self.encoder, self.decoder = mlp(32, 12), mlp(32, 64, end="sigmoid")
        self.both = decoder

    def call(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        learns = self if self.both else self.encoder
        value, grads = nn.value_and_grad(
            lambda: ops.mean(ops.square(x - self(x))), parameters=learns
        )()
        self.optimizer.apply(grads, learns)
        return {"loss": value}


def in_two(**given: Any) -> Training:
    """Digits through twelve numbers, by a step of one's own."""
    return varied().but(model=lambda: InTwo(**given))
