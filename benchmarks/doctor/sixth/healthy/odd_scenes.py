"""Healthy programs of the sixth part: more pictures, in ways that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.pictures import in_turn, normed
from benchmarks.doctor.sixth.healthy.odd_pictures import falling
from benchmarks.doctor.sixth.healthy.pictures import flags, leaves
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    THEIRS,
    adam,
    by,
    found,
    hit,
    r2,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def noise_for_noise() -> Training:
    """Noisy pictures whose targets are as noisy: the loss stays high, the means come out clean."""
    random = np.random.default_rng(1090)
    clean, _ = leaves(1000, 1091, noise=0.0)
    x, y = (single(clean + random.normal(0, 0.35, clean.shape)) for _ in range(2))

    def model() -> Any:
        inputs = nn.Input((16, 16, 1))
        z = in_turn(inputs, conv(16), conv(16, dilation_rate=2), conv(16, dilation_rate=2))
        return nn.Model(inputs, L.Conv2D(1, 3, padding="same")(L.Concatenate()([z, inputs])))

    return Training(
        model, **rows(x, y, 750, 100), loss="mse", metrics=(), batch_size=16,
        score=lambda model, t: r2(clean[850:], found(model, t)),
        optimizer=adam(falling(4e-3, 12 * 47)), epochs=12,
    )  # fmt: skip


def two_hundred_seals() -> Training:
    """Two hundred seals, six prints of each, a little turned and torn: hardly any of each kind."""
    random, n = np.random.default_rng(1092), 2400
    seals = (random.random((200, 5, 5)) < 0.5).repeat(2, 1).repeat(2, 2)
    y = random.permutation(np.arange(n) % 200)
    x = np.zeros((n, 12, 12))
    for one, k in zip(x, y, strict=True):
        row, column = random.integers(0, 3, 2)
        one[row : row + 10, column : column + 10] = seals[k]
    x = x * (random.random(x.shape) > 0.1) + random.normal(0, 0.15, x.shape)
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 1)), L.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            *normed(32), L.MaxPooling2D(), *normed(64), L.MaxPooling2D(), L.Flatten(),
            L.Dropout(0.3), L.Dense(200),
        ]),
        **rows(single(x)[..., None], y, 1600, 300), loss=LOGITS,
        optimizer=adam(falling(4e-3, 20 * 25)), batch_size=64, epochs=20,
    )  # fmt: skip


class Before(L.Conv2D):
    """A convolution that sees only what comes before a place, and the place itself if told so."""

    def __init__(self, width: int, size: int, own: bool, **given: Any) -> None:
        super().__init__(width, size, padding="same", **given)
        mask = np.zeros((size, size, 1, 1), "float32")
        mask[: size // 2] = 1
        mask[size // 2, : size // 2 + own] = 1
        self.mask = mask

    def call(self, x: Any) -> Any:
        z = ops.conv(x, self.kernel * self.mask, padding="same") + self.bias
        return self.activation(z) if self.activation is not None else z


def ink_after_ink() -> Training:
    """Each pixel of a digit from those before it: input and target are the same pictures."""
    parts = digits(250)

    def inked(x: Any) -> Any:
        return single(x > 0.4)

    def score(model: Any, t: Training) -> float:
        z, y = found(model, t), t.test[1]
        bits = np.logaddexp(0, z) - y * z
        mean = inked(parts["x"]).mean(0).clip(0.01, 0.99)
        plain = -(y * np.log(mean) + (1 - y) * np.log(1 - mean))
        return float(1 - bits.mean() / plain.mean())

    x, held, test = (inked(parts[k][0] if k != "x" else parts[k])
                     for k in ("x", "validation", "test"))  # fmt: skip
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), Before(24, 5, False, activation="relu"),
            Before(24, 3, True, activation="relu"), Before(24, 3, True, activation="relu"),
            L.Conv2D(1, 1),
        ]),
        x, x, (held, held), (test, test), loss=nn.losses.BinaryCrossentropy(from_logits=True),
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), score=score,
        optimizer=adam(falling(5e-3, 12 * 38)), epochs=12,
    )  # fmt: skip


def mean_of_the_weights() -> Training:
    """A large rate that never falls; in the end the running mean of the weights takes over."""
    swap = nn.callbacks.SwapEMAWeights(swap_on_epoch=True)
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), conv(16), L.MaxPooling2D(), conv(24),
            L.GlobalAveragePooling2D(), L.Dense(6),
        ]),
        **rows(*flags(1500, 1093), 1100, 150), loss=LOGITS, epochs=15,
        optimizer=by("Adam", 8e-3, use_ema=True, ema_momentum=0.95), fit={"callbacks": [swap]},
    )  # fmt: skip


def twice_as_fine() -> Training:
    """Leaves made twice as fine: what a plain enlargement lacks, from a last layer of zeros."""
    fine, _ = leaves(900, 1094, noise=0.0)
    coarse = fine.reshape(-1, 8, 2, 8, 2, 1).mean((2, 4))

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        z = in_turn(inputs, conv(24), conv(24),
                    L.Conv2D(4, 3, padding="same", kernel_initializer="zeros"))  # fmt: skip
        z = L.Lambda(lambda a: ops.depth_to_space(a, 2))(z)
        return nn.Model(inputs, L.Add()([L.UpSampling2D(interpolation="bilinear")(inputs), z]))

    def score(model: Any, t: Training) -> float:
        plain = t.test[0].repeat(2, 1).repeat(2, 2)
        off = np.mean((found(model, t) - t.test[1]) ** 2)
        return float(1 - off / np.mean((plain - t.test[1]) ** 2))

    return Training(
        model, **rows(coarse, fine, 650, 100), loss="mae", metrics=(), score=score,
        optimizer=adam(falling(3e-3, 20 * 41)), batch_size=16, epochs=20,
    )  # fmt: skip


def scores_of_a_larger_one() -> Training:
    """A small network learns the scores of a larger one, with negative and positive numbers."""
    parts = digits()
    large = nn.Sequential([
        nn.Input((8, 8, 1)), conv(32), L.MaxPooling2D(), conv(48), L.Flatten(), L.Dense(10),
    ])  # fmt: skip
    large.compile(nn.optimizers.Adam(3e-3), LOGITS)
    large.fit(parts["x"], parts["y"], epochs=6, verbose=0, doctor=False)
    x, held = parts["x"], parts["validation"][0]
    said, asked = (np.asarray(large.predict(a, verbose=0)) for a in (x, held))
    spread = said.std()
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), conv(10, strides=2), conv(16), L.Flatten(), L.Dense(10),
        ]),
        x, said / spread, (held, asked / spread), parts["test"], loss="mse", metrics=(), score=hit,
        optimizer=adam(falling(5e-3, 20 * 37)), epochs=20,
    )  # fmt: skip


class Signs(L.Conv2D):
    """A convolution whose weights count only by their signs, times a size for each filter."""

    def call(self, x: Any) -> Any:
        size = ops.stop_gradient(ops.mean(ops.abs(self.kernel), axis=(0, 1, 2)))
        sharp = ops.where(self.kernel >= 0, 1.0, -1.0)
        kernel = self.kernel + ops.stop_gradient(sharp - self.kernel)
        return ops.conv(x, kernel, padding="same") * size


def only_their_signs() -> Training:
    """Weights of which only the sign counts; slopes go past the step by a stopped difference."""
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), *normed(24), Signs(32, 3, use_bias=False),
            L.BatchNormalization(momentum=0.9), L.ReLU(), L.MaxPooling2D(),
            Signs(32, 3, use_bias=False), L.BatchNormalization(momentum=0.9), L.ReLU(),
            L.MaxPooling2D(), L.Flatten(), L.Dense(10),
        ]),
        **digits(), loss=LOGITS, optimizer=adam(falling(4e-3, 10 * 37)), epochs=10,
    )  # fmt: skip


class Mixed(nn.data.PyDataset):
    """Pictures laid over one another by a share, and labels that are mixed alike."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y, self.random = x, np.eye(6)[y], np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.x) // 50

    def __getitem__(self, k: int) -> tuple[Any, Any]:
        a, b = self.random.integers(0, len(self.x), (2, 50))
        share = self.random.beta(0.3, 0.3, 50)
        wide = share[:, None, None, None]
        x = wide * self.x[a] + (1 - wide) * self.x[b]
        return single(x), single(share[:, None] * self.y[a] + (1 - share[:, None]) * self.y[b])


def flags_over_flags() -> Training:
    """Two flags at once with labels in between: training looks worse than what is held out."""
    parts = rows(*flags(1600, 1095), 1100, 200)
    held, test = ((a[0], single(np.eye(6)[a[1]])) for a in (parts["validation"], parts["test"]))
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), *normed(16), L.MaxPooling2D(), *normed(32),
            L.GlobalAveragePooling2D(), L.Dense(6, "softmax"),
        ]),
        Mixed(parts["x"], parts["y"]), None, held, test, loss="categorical_crossentropy",
        optimizer=adam(falling(6e-3, 20 * 22)), batch_size=THEIRS, epochs=20,
    )  # fmt: skip


def soils_by_pixel() -> Training:
    """Six bands of each pixel tell its soil: windows of one by one; most pixels have no label."""
    random, n = np.random.default_rng(1096), 500
    kind = random.integers(0, 5, (n, 3, 3)).repeat(4, 1).repeat(4, 2)
    bands = random.normal(0, 1, (5, 6))
    x = bands[kind] * random.normal(1, 0.2, (n, 1, 1, 1)) + random.normal(0, 0.5, (n, 12, 12, 6))
    y = np.where(random.random(kind.shape) < 0.15, kind, -1)

    def loss(y: Any, z: Any) -> Any:
        known = ops.cast(y >= 0, "float32")
        right = ops.one_hot(ops.maximum(ops.cast(y, "int32"), 0), 5)
        off = ops.logsumexp(z, axis=-1) - ops.sum(z * right, axis=-1)
        return ops.sum(known * off) / (ops.sum(known) + 1e-6)

    def score(model: Any, t: Training) -> float:
        return float(np.mean(found(model, t).argmax(-1) == kind[400:]))

    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 6)), conv(32, 1), conv(32, 1), L.Conv2D(5, 1)]),
        **rows(single(x), y, 320, 80), loss=loss, metrics=(), score=score,
        optimizer=adam(falling(6e-3, 12 * 20)), batch_size=16, epochs=12,
    )  # fmt: skip


class Turns(L.Layer):
    """The mean of what one network says of a picture in all four turns."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def call(self, x: Any) -> Any:
        said = [self.net(ops.rot90(x, k, axes=(1, 2))) for k in range(4)]
        return (said[0] + said[1] + said[2] + said[3]) / 4


def any_way_up() -> Training:
    """Lobes of leaves, whichever way up: one network looks four times at each picture."""

    def model() -> Any:
        net = nn.Sequential([
            nn.Input((16, 16, 1)), conv(12), L.MaxPooling2D(), conv(24), L.MaxPooling2D(),
            conv(24), L.Flatten(), L.Dense(32, "relu"), L.Dropout(0.2), L.Dense(4),
        ])  # fmt: skip
        return nn.Sequential([nn.Input((16, 16, 1)), Turns(net)])

    return Training(
        model, **rows(*leaves(1800, 1097), 1300, 200), loss=LOGITS,
        optimizer=adam(falling(4e-3, 12 * 41)), epochs=12,
    )  # fmt: skip


class Forger(nn.Model):
    """One network draws pictures from noise, another tells them from true ones; two optimizers."""

    def __init__(self) -> None:
        super().__init__()
        self.draw = nn.Sequential([
            nn.Input((6,)), L.Dense(64, "relu"), L.Reshape((2, 2, 16)),
            L.Conv2DTranspose(24, 4, strides=2, padding="same", activation="relu"),
            L.Conv2DTranspose(1, 4, strides=2, padding="same"),
        ])  # fmt: skip
        wide: dict[str, Any] = {"strides": 2, "padding": "same", "activation": L.LeakyReLU(0.2)}
        self.judge = nn.Sequential([
            nn.Input((8, 8, 1)), L.Conv2D(24, 4, **wide), L.Conv2D(32, 4, **wide), L.Flatten(),
            L.Dense(1),
        ])  # fmt: skip
        self.other = nn.optimizers.Adam(1e-3, beta_1=0.5)
        self.means = [nn.metrics.Mean("loss"), nn.metrics.Mean("judge_loss")]

    def call(self, z: Any) -> Any:  # type: ignore[override]
        return self.draw(z)

    def train_step(self, data: Any) -> dict[str, Any]:
        z, x = nn.random.normal(ops.shape(data[0])), data[1]

        def judged() -> Any:
            true, false = self.judge(x), self.judge(ops.stop_gradient(self.draw(z)))
            return ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(false))

        def drawn() -> Any:
            return ops.mean(ops.softplus(-self.judge(self.draw(z))))

        self.means[1].update_state(self.other.minimize(judged, self.judge))
        self.means[0].update_state(self.optimizer.minimize(drawn, self.draw))
        return {mean.name: mean.result() for mean in self.means}


def forged_bars() -> Training:
    """Bars that are forged: neither of the two losses falls, and the forgeries become good."""
    random, n = np.random.default_rng(1098), 1000
    place = random.uniform(1, 6, n)
    x = 2 * np.exp(-((np.arange(8) - place[:, None]) ** 2) / 1.2)[..., None].repeat(8, 2) - 1
    x = single(x + random.normal(0, 0.05, x.shape))[..., None]

    def score(model: Any, t: Training) -> float:
        said = found(model, t).reshape(len(t.test[0]), -1)
        away = ((said[:, None] - x[:300].reshape(1, 300, -1)) ** 2).mean(-1)
        near, met = away.min(1).mean(), away.min(0).mean()
        return float(1 - (near + met) / 2 / x.var())

    noise = single(random.normal(size=(n, 6)))
    return Training(
        Forger, noise, x, None, (noise[:300], noise[:300]), loss=None, metrics=(), score=score,
        optimizer=by("Adam", 1e-3, beta_1=0.5), epochs=50,
    )  # fmt: skip


def four_steps_as_one() -> Training:
    """Eight pictures a step, and weights that move only with every fourth of them."""
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), L.Conv2D(16, 3, padding="same"), L.GroupNormalization(4),
            L.ReLU(), L.MaxPooling2D(), conv(24), L.GlobalAveragePooling2D(), L.Dense(6),
        ]),
        **rows(*flags(1400, 1099), 1000, 150), loss=LOGITS, batch_size=8, epochs=12,
        optimizer=by("Adam", 6e-3, gradient_accumulation_steps=4),
    )  # fmt: skip


MAKES = (noise_for_noise, two_hundred_seals, ink_after_ink, mean_of_the_weights, twice_as_fine,
         scores_of_a_larger_one, only_their_signs, flags_over_flags, soils_by_pixel,
         any_way_up, forged_bars, four_steps_as_one)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
