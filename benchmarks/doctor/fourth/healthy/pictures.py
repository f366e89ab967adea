"""Healthy programs of the fourth part: pictures and signals, in the manner of examples."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    area,
    by,
    found,
    hit,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.pictures import conv
from benchmarks.doctor.training import Training, accuracy

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def shapes(n: int, seed: int, noise: float = 0.25) -> tuple[Any, Any]:
    """Return grey pictures of discs, squares, crosses and triangles, and which is which."""
    random = np.random.default_rng(seed)
    y, at = random.integers(0, 4, n), np.arange(14)
    middle, size = random.uniform(5, 8, (n, 2, 1, 1)), random.uniform(3, 4.5, (n, 1, 1))
    down, right = at[:, None] - middle[:, 0], at - middle[:, 1]
    far, near = np.maximum(np.abs(down), np.abs(right)), np.minimum(np.abs(down), np.abs(right))
    forms = np.stack([
        np.hypot(down, right) < size, far < 0.85 * size, (near < 0.3 * size) & (far < size),
        (down < 0.7 * size) & (np.abs(right) < 0.55 * (down + size)),
    ])  # fmt: skip
    x = 0.7 * forms[y, np.arange(n)] + 0.15 + random.normal(0, noise, (n, 14, 14))
    return single(np.clip(x, 0, 1))[..., None], y


FONT = {
    "A": "0110100111111001", "C": "0111100010000111", "F": "1111100011101000",
    "H": "1001111110011001", "L": "1000100010001111", "O": "0110100110010110",
    "T": "1111011001100110", "X": "1001011001101001",
}  # fmt: skip


def letters(n: int, seed: int, noise: float = 0.3) -> tuple[Any, Any]:
    """Return letters of four by four pixels somewhere in nine by nine, and which they are."""
    random = np.random.default_rng(seed)
    forms = np.array([[int(c) for c in bits] for bits in FONT.values()]).reshape(-1, 4, 4)
    y, corner = random.integers(0, len(forms), n), random.integers(0, 6, (n, 2))
    x = random.normal(0, noise, (n, 9, 9, 1))
    for one, k, (row, column) in zip(x, y, corner, strict=True):
        one[row : row + 4, column : column + 4, 0] += forms[k]
    return single(x), y


def tiles(n: int, seed: int) -> tuple[Any, Any]:
    """Return coloured pictures of water, wood, field, town and desert from above."""
    random = np.random.default_rng(seed)
    colours = np.array([[0.2, 0.3, 0.5], [0.2, 0.4, 0.25], [0.45, 0.55, 0.3], [0.5, 0.5, 0.5],
                        [0.7, 0.6, 0.4]])  # fmt: skip
    y = random.integers(0, 5, n)
    x = colours[y][:, None, None] * random.normal(1, 0.25, (n, 1, 1, 1))
    x = x + random.normal(0, 0.1, (n, 1, 1, 3))
    coarse = random.normal(size=(n, 6, 6, 1)).repeat(2, 1).repeat(2, 2)
    rough = np.array([0.02, 0.08, 0.05, 0.16, 0.03])[y][:, None, None, None]
    x = x + rough * coarse + 0.05 * random.normal(size=(n, 12, 12, 3))
    return single(np.clip(x, 0, 1)), y


def normed(width: int, size: int = 3, **given: Any) -> list[Any]:
    """Return a convolution without bias, batch normalisation and ReLU."""
    given = {"activation": None, "use_bias": False, **given}
    return [conv(width, size, **given), L.BatchNormalization(momentum=0.9), L.ReLU()]


def in_turn(x: Any, *layers: Any) -> Any:
    """Return what layers make of it, one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def blocks_of_two() -> Training:
    """Forms in noise: twice two convolutions with norms, a maximum and dropout after each two."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((14, 14, 1))]
        for width in (12, 24):
            parts += [*normed(width), *normed(width), L.MaxPooling2D(), L.Dropout(0.2)]
        return nn.Sequential([*parts, L.Flatten(), L.Dense(4, "softmax")])

    return Training(model, **rows(*shapes(1300, 500), 900, 200), epochs=13,
                    optimizer=adam(schedules.CosineDecay(4e-3, 13 * 29)))  # fmt: skip


def flipped_tiles() -> Training:
    """Land from above, which may be flipped either way: that is part of the model."""

    def model() -> Any:
        return nn.Sequential([
            nn.Input((12, 12, 3)), L.RandomFlip("horizontal_and_vertical"),
            L.Rescaling(2.0, -1.0), conv(16), L.MaxPooling2D(), conv(32),
            L.MaxPooling2D(), conv(32), L.GlobalAveragePooling2D(), L.Dropout(0.2), L.Dense(5),
        ])  # fmt: skip

    return Training(
        model, **rows(*tiles(1500, 501), 1000, 200), loss=LOGITS, epochs=18,
        optimizer=adam(schedules.CosineDecay(4e-3, 18 * 32)),
    )  # fmt: skip


def residual_stages() -> Training:
    """Letters by two stages of residual blocks; momentum, decay, and a rate that falls twice."""

    def block(x: Any, width: int, stride: int) -> Any:
        z = in_turn(x, *normed(width, strides=stride), *normed(width)[:2])
        if stride > 1:
            x = in_turn(x, *normed(width, 1, strides=stride)[:2])
        return L.ReLU()(L.Add()([x, z]))

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        z = in_turn(inputs, *normed(12))
        z = block(block(block(z, 12, 1), 24, 2), 24, 1)
        return nn.Model(inputs, L.Dense(8, "softmax")(L.GlobalAveragePooling2D()(z)))

    steps = schedules.PiecewiseConstantDecay([6 * 30, 9 * 30], [0.03, 0.01, 0.002])
    return Training(
        model, **rows(*letters(1400, 502), 960, 200), epochs=11,
        optimizer=by("SGD", steps, momentum=0.9, weight_decay=1e-3, nesterov=True),
    )  # fmt: skip


def xception() -> Training:
    """Forms by separable convolutions with sums around them; RMSprop."""

    def model() -> Any:
        inputs = nn.Input((14, 14, 1))
        z = in_turn(inputs, *normed(16, strides=2))
        for width in (24, 32):
            more = in_turn(
                z, L.SeparableConv2D(width, 3, padding="same", use_bias=False),
                L.BatchNormalization(momentum=0.9), L.ReLU(),
                L.SeparableConv2D(width, 3, padding="same", use_bias=False),
                L.BatchNormalization(momentum=0.9), L.MaxPooling2D(3, strides=2, padding="same"),
            )  # fmt: skip
            z = L.Add()([more, conv(width, 1, strides=2, activation=None)(z)])
        z = L.Dropout(0.25)(L.GlobalAveragePooling2D()(L.ReLU()(z)))
        return nn.Model(inputs, L.Dense(4, "softmax")(z))

    return Training(
        model,
        **rows(*shapes(2200, 503, noise=0.2), 1600, 250),
        epochs=10,
        optimizer=by("RMSprop", schedules.CosineDecay(3e-3, 500)),
    )


def outlined() -> Training:
    """Which pixels belong to the form: a small U with a turned convolution; entropy and Dice."""
    random = np.random.default_rng(504)
    at, middle = np.arange(16), random.uniform(5, 11, (800, 2, 1, 1))
    size = random.uniform(2.5, 5, (800, 2, 1, 1))
    away = ((at[:, None] - middle[:, 0]) / size[:, 0]) ** 2
    y = away + ((at - middle[:, 1]) / size[:, 1]) ** 2 < 1
    x = 0.35 * y + 0.2 * random.normal(size=y.shape) + random.uniform(0, 0.5, (800, 1, 1))

    def model() -> Any:
        inputs = nn.Input((16, 16, 1))
        a = conv(8)(inputs)
        b = conv(16)(L.MaxPooling2D()(a))
        c = conv(24)(L.MaxPooling2D()(b))
        for width, beside in ((16, b), (8, a)):
            c = L.Conv2DTranspose(width, 2, strides=2)(c)
            c = conv(width)(L.Concatenate()([c, beside]))
        return nn.Model(inputs, L.Conv2D(1, 1)(c))

    def loss(y: Any, z: Any) -> Any:
        p, axes = ops.sigmoid(z), (1, 2, 3)
        both = ops.sum(p * y, axis=axes)
        dice = 1 - (2 * both + 1) / (ops.sum(p, axis=axes) + ops.sum(y, axis=axes) + 1)
        return ops.mean(ops.softplus(z) - y * z) + ops.mean(dice)

    def score(model: Any, t: Training) -> float:
        said, true = found(model, t) > 0, t.test[1] > 0.5
        return float((said & true).sum() / (said | true).sum())

    return Training(
        model, **rows(single(x)[..., None], single(y)[..., None], 500, 100), loss=loss,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), score=score, optimizer=adam(2e-3),
        batch_size=16, epochs=13,
    )  # fmt: skip


def noise_taken_away() -> Training:
    """Pictures with noise in, without it out: the textbook's autoencoder of convolutions."""
    clean, _ = shapes(1100, 505, noise=0.02)
    random = np.random.default_rng(506)
    x = np.clip(clean + random.normal(0, 0.3, clean.shape), 0, 1)

    def model() -> Any:
        return nn.Sequential([
            nn.Input((14, 14, 1)), conv(24), L.MaxPooling2D(padding="same"), conv(24),
            conv(24), L.UpSampling2D(), conv(24), conv(1, activation="sigmoid"),
        ])  # fmt: skip

    return Training(
        model, **rows(single(x), clean, 700, 150), loss="binary_crossentropy", metrics=(),
        score=NUMBER["score"], optimizer=adam(2e-3), epochs=14,
    )  # fmt: skip


class Drawn(L.Layer):
    """Draws from a normal distribution, and adds how far it is from the standard one."""

    def call(self, z: Any, training: bool = False) -> Any:
        mean, log = z[:, :4], z[:, 4:]
        far = ops.mean(ops.sum(ops.exp(log) + mean**2 - 1.0 - log, axis=-1))
        self.add_loss(0.5 * far / 196)
        return mean + ops.exp(0.5 * log) * nn.random.normal(mean.shape) if training else mean


def drawn_forms() -> Training:
    """A variational autoencoder of convolutions; the divergence comes by `add_loss`."""
    x, _ = shapes(1400, 507, noise=0.05)

    def model() -> Any:
        return nn.Sequential([
            nn.Input((14, 14, 1)), conv(12, strides=2), conv(24, strides=2), L.Flatten(),
            L.Dense(8), Drawn(), L.Dense(7 * 7 * 12, "relu"), L.Reshape((7, 7, 12)),
            L.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu"),
            conv(1, activation="sigmoid"),
        ])  # fmt: skip

    return Training(
        model, **rows(x, x, 1000, 200), loss="mse", metrics=(), score=NUMBER["score"],
        optimizer=adam(3e-3), epochs=22,
    )  # fmt: skip


class Alike(nn.Model):
    """Two pictures of each letter: each must find its partner among those of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential([nn.Input((9, 9, 1)), conv(16), L.MaxPooling2D(), conv(32),
                                    L.GlobalMaxPooling2D(), L.Dense(8),
                                    L.UnitNormalization()])  # fmt: skip

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.tower(ops.reshape(x, (-1, 9, 9, 1)))

    def train_step(self, data: Any) -> dict[str, Any]:
        pairs = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            a, b = self.tower(pairs[:, 0]), self.tower(pairs[:, 1])
            scores = 5.0 * ops.matmul(a, ops.transpose(b, (1, 0)))
            right = ops.sum(scores * np.eye(8, dtype="float32"), axis=-1)
            return ops.mean(ops.logsumexp(scores, axis=-1) - right)

        return {"loss": self.optimizer.minimize(loss, self.tower)}


def partners() -> Training:
    """An anchor and a partner of each letter are a batch: a space where like is near like."""
    x, y = letters(1800, 508)
    random = np.random.default_rng(509)
    of = [np.flatnonzero(y[:1400] == k) for k in range(8)]
    pairs = np.stack([[x[random.choice(kind, 2)] for kind in of] for _ in range(300)])

    def score(model: Any, t: Training) -> float:
        """How often the nearest of 200 known letters is of the same kind."""
        known, z = np.asarray(model.predict(x[1400:1600], verbose=0)), found(model, t)
        return float(np.mean(y[1400:1600][(z @ known.T).argmax(1)] == t.test[1]))

    pairs = pairs.reshape(-1, 2, 9, 9, 1)
    return Training(
        Alike, pairs, None, None, (x[1600:], y[1600:]), loss=None,
        metrics=(), score=score, optimizer=adam(2e-3), batch_size=8, epochs=4,
        fit={"shuffle": False},
    )  # fmt: skip


def from_two_sides() -> Training:
    """One thing seen from two sides: two trunks, of which the answers are put together."""
    random = np.random.default_rng(510)
    kinds = random.integers(0, 2, (2000, 2))
    x = random.normal(0, 0.5, (2000, 2, 10, 10))
    for side in range(2):
        corner = random.integers(0, 6, (2000, 2))
        for one, k, (row, column) in zip(x[:, side], kinds[:, side], corner, strict=True):
            one[row : row + (4 if k else 2), column : column + (2 if k else 4)] += 1.0
    y = kinds @ [2, 1]

    def model() -> Any:
        sides = [nn.Input((10, 10, 1)) for _ in range(2)]
        ends = [in_turn(s, conv(16), L.MaxPooling2D(), conv(24), L.GlobalMaxPooling2D())
                for s in sides]  # fmt: skip
        z = L.Dense(24, "tanh")(L.Concatenate()(ends))
        return nn.Model(sides, L.Dense(4, "softmax")(z))

    both = tuple(single(x[:, side])[..., None] for side in range(2))
    return Training(
        model,
        **rows(both, y, 1500, 200),
        epochs=8,
        optimizer=adam(schedules.CosineDecay(4e-3, 8 * 47)),
    )


def form_and_tint() -> Training:
    """Which form, and which of three tints: two heads, by names."""
    x, form = shapes(1500, 511, noise=0.15)
    random = np.random.default_rng(512)
    tint = random.integers(0, 3, 1500)
    colours = np.array([[1, 0.6, 0.6], [0.6, 1, 0.6], [0.7, 0.7, 1]])
    x = np.clip(x * colours[tint][:, None, None] + random.normal(0, 0.15, (1500, 14, 14, 3)), 0, 1)

    def model() -> Any:
        inputs = nn.Input((14, 14, 3))
        z = in_turn(inputs, *normed(16), L.MaxPooling2D(), *normed(24), L.MaxPooling2D())
        z = L.Dropout(0.3)(L.Flatten()(z))
        return nn.Model(inputs, {"form": L.Dense(4, "softmax", name="form")(z),
                                 "tint": L.Dense(3, "softmax", name="tint")(z)})  # fmt: skip

    def score(model: Any, t: Training) -> float:
        said = model.predict(t.test[0], verbose=0)
        return float(np.mean([np.mean(np.argmax(said[k], 1) == t.test[1][k]) for k in said]))

    loss = "sparse_categorical_crossentropy"
    return Training(
        model, **rows(single(x), {"form": form, "tint": tint}, 1000, 200),
        loss={"form": loss, "tint": loss}, metrics=(), score=score, optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


def what_is_below() -> Training:
    """Clouds, a river, a road, boats: several labels for a picture, some of them rare."""
    random, n = np.random.default_rng(513), 1800
    y = random.random((n, 4)) < [0.5, 0.3, 0.3, 0.15]
    x = random.normal(0, 0.18, (n, 12, 12, 3)) + [0.3, 0.4, 0.3]
    for one, (cloud, river, road, boat) in zip(x, y, strict=True):
        if cloud:
            row, column = random.integers(0, 8, 2)
            one[row : row + 4, column : column + 5] += 0.5
        if river:
            one[:, random.integers(1, 11), 2] += 0.6
        if road:
            one[random.integers(1, 11)] -= 0.35
        if boat:
            row, column = random.integers(0, 10, 2)
            one[row : row + 2, column : column + 2, 0] += 0.8
    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 3)), *normed(16), *normed(24),
                               L.GlobalMaxPooling2D(), L.Dense(4, "sigmoid")]),
        **rows(single(x), single(y), 1200, 250), loss="binary_crossentropy",
        metrics=(nn.metrics.AUC(multi_label=True, num_labels=4),), score=hit,
        optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


class Pasted(nn.data.PyDataset):
    """Batches of which a square comes from another picture, and the label as much (CutMix)."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y, self.random = x, y, np.random.default_rng(1)

    def __len__(self) -> int:
        return len(self.x) // 40

    def __getitem__(self, index: int) -> Any:
        a, b = self.random.integers(0, len(self.x), (2, 40))
        x, side = self.x[a].copy(), int(self.random.integers(0, 8))
        row, column = self.random.integers(0, 15 - side, 2)
        piece = (slice(None), slice(row, row + side), slice(column, column + side))
        x[piece] = self.x[b][piece]
        share = (side / 14) ** 2
        return x, single((1 - share) * self.y[a] + share * self.y[b])


def pasted() -> Training:
    """Forms with pieces of others in them: labels are shares, those held out are whole."""
    x, y = shapes(1500, 514, noise=0.2)
    parts = rows(x, np.eye(4, dtype="float32")[y], 1000, 200)
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), *normed(16), L.MaxPooling2D(), *normed(24),
                               L.MaxPooling2D(), L.Flatten(), L.Dense(4)]),
        Pasted(parts["x"], parts["y"]), None, parts["validation"], parts["test"],
        loss=nn.losses.CategoricalCrossentropy(from_logits=True), batch_size=THEIRS,
        optimizer=adam(schedules.CosineDecay(4e-3, 14 * 25)), epochs=14,
    )  # fmt: skip


def needles() -> Training:
    """What a gauge shows: sine and cosine of its needle's angle."""
    random, n = np.random.default_rng(515), 1300
    angle, at = random.uniform(0, 2 * np.pi, n), np.arange(15) - 7
    way = np.stack([np.sin(angle), np.cos(angle)], 1)[:, :, None, None]
    along = way[:, 0] * at[:, None] + way[:, 1] * at
    across = np.abs(way[:, 1] * at[:, None] - way[:, 0] * at)
    x = np.exp(-(across**2)) * (along > 0) * (along < 6) + random.normal(0, 0.15, across.shape)
    return Training(
        lambda: nn.Sequential([nn.Input((15, 15, 1)), conv(12, strides=2), conv(24, strides=2),
                               L.Flatten(), L.Dense(32, "relu"), L.Dense(2, "tanh")]),
        **rows(single(x)[..., None], single(way[:, :, 0, 0]), 850, 200), **NUMBER,
        optimizer=adam(2e-3), epochs=14,
    )  # fmt: skip


def engines() -> Training:
    """Whether an engine knocks, by its sound: three convolutions with norms, and the mean."""
    random, n = np.random.default_rng(516), 1700
    y, at = random.integers(0, 2, n), np.arange(100)
    x = np.sin(random.uniform(0.4, 0.7, (n, 1)) * at + random.uniform(0, 6.3, (n, 1)))
    x = x + 0.5 * random.normal(size=(n, 100))
    for one in np.flatnonzero(y):
        start = random.integers(0, 80)
        x[one, start : start + 20] += 2.0 * np.exp(-np.arange(20) / 8) * np.cos(2.0 * np.arange(20))
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)

    def model() -> Any:
        parts: list[Any] = [nn.Input((100, 1))]
        for _ in range(3):
            parts += [L.Conv1D(24, 5, padding="same"), L.BatchNormalization(momentum=0.9),
                      L.ReLU(), L.MaxPooling1D()]  # fmt: skip
        return nn.Sequential([*parts, L.GlobalAveragePooling1D(), L.Dense(2, "softmax")])

    return Training(
        model, **rows(single(x)[..., None], y, 1200, 200), epochs=14, optimizer=adam(3e-3),
        fit={"callbacks": [calms(factor=0.5, patience=3), stops(patience=6)]},
    )  # fmt: skip


def birdsong() -> Training:
    """Four songs, each a way that the tone moves: the logarithm of a spectrogram, standardised."""
    random, n = np.random.default_rng(517), 1200
    y, t = random.integers(0, 4, n), np.linspace(0, 1, 480)
    start = random.uniform(45, 70, (n, 1))
    move = np.stack([60 * t, -30 * t, 12 * np.sin(9 * t), 0 * t])[y]
    phase = 2 * np.pi * np.cumsum(start + move, 1) / 480
    sound = np.sin(phase) + 0.8 * random.normal(size=phase.shape)
    frames = np.lib.stride_tricks.sliding_window_view(sound, 60, axis=1)[:, ::30]
    power = np.log(np.abs(np.fft.rfft(frames * np.hanning(60), axis=-1))[..., :20] ** 2 + 1e-3)
    x = (power - power[:800].mean()) / power[:800].std()
    return Training(
        lambda: nn.Sequential([nn.Input((15, 20, 1)), conv(16), L.MaxPooling2D(), conv(24),
                               L.MaxPooling2D(), L.Flatten(), L.Dropout(0.4), L.Dense(4)]),
        **rows(single(x)[..., None], y, 800, 150), loss=LOGITS, optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


def tuned_finely() -> Training:
    """A trunk that knows forms learns them upside down from fewer, at a fifth of the rate."""
    x, y = shapes(1300, 518)
    more, kinds = shapes(1200, 519)

    def model() -> Any:
        net = nn.Sequential([nn.Input((14, 14, 1)), *normed(16), L.MaxPooling2D(), *normed(24),
                             L.MaxPooling2D(), L.Flatten(), L.Dense(4)])  # fmt: skip
        net.compile(nn.optimizers.Adam(3e-3), LOGITS)
        net.fit(more, kinds, epochs=8, verbose=0)
        for layer in net.layers:
            layer.trainable = not isinstance(layer, L.BatchNormalization)
        return net

    turned = np.ascontiguousarray(x[:, ::-1])
    return Training(
        model, **rows(turned, y, 600, 200), loss=LOGITS, optimizer=adam(6e-4), epochs=14,
    )  # fmt: skip


def inverted() -> Training:
    """Land from above by inverted residuals: widened, each channel apart, narrowed (MobileNet)."""

    def block(x: Any, width: int) -> Any:
        z = in_turn(
            x, conv(4 * width, 1, activation=None, use_bias=False),
            L.BatchNormalization(momentum=0.9), L.ReLU(max_value=6.0),
            L.DepthwiseConv2D(3, padding="same", use_bias=False),
            L.BatchNormalization(momentum=0.9), L.ReLU(max_value=6.0),
            conv(width, 1, activation=None, use_bias=False), L.BatchNormalization(momentum=0.9),
        )  # fmt: skip
        return L.Add()([x, z])

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        z = in_turn(inputs, L.Rescaling(2.0, -1.0), *normed(12, strides=2))
        z = L.GlobalAveragePooling2D()(block(block(z, 12), 12))
        return nn.Model(inputs, L.Dense(5, "softmax")(z))

    return Training(
        model, **rows(*tiles(1500, 520), 1000, 200), epochs=10, optimizer=adam(2e-3),
    )  # fmt: skip


class Scaled(L.Layer):
    """Multiplies each channel by a number that begins small."""

    def build(self, shape: Any) -> None:
        small = nn.initializers.Constant(0.1)
        self.by = self.add_weight(shape=(shape[-1],), initializer=small, name="by")

    def call(self, x: Any) -> Any:
        return x * self.by


def modern() -> Training:
    """Letters by patches, wide convolutions of each channel, norms of a pixel (ConvNeXt)."""

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        x = in_turn(inputs, L.Conv2D(24, 2), L.LayerNormalization())
        for _ in range(2):
            z = in_turn(x, L.DepthwiseConv2D(5, padding="same"), L.LayerNormalization(),
                        L.Dense(48, "gelu"), L.Dense(24), Scaled())  # fmt: skip
            x = L.Add()([x, z])
        z = L.LayerNormalization()(L.GlobalAveragePooling2D()(x))
        return nn.Model(inputs, L.Dense(8)(z))

    rate = schedules.CosineDecay(4e-4, 13 * 44, warmup_target=5e-3, warmup_steps=60)
    parts = rows(*letters(1900, 521), 1400, 200)
    return Training(
        model, **parts, loss=LOGITS, optimizer=by("AdamW", rate, weight_decay=0.05), epochs=14,
    )  # fmt: skip


def missing_middle() -> Training:
    """The middle of a picture is missing, and what stood there is found from around it."""
    random = np.random.default_rng(522)
    wave, phase = random.uniform(-0.8, 0.8, (1100, 2, 1, 1)), random.uniform(0, 6.3, (1100, 1, 1))
    at = np.arange(12)
    whole = 0.5 + 0.4 * np.sin(wave[:, 0] * at[:, None] + wave[:, 1] * at + phase)
    whole = single(whole + random.normal(0, 0.03, whole.shape))[..., None]
    x = whole.copy()
    x[:, 4:8, 4:8] = 0.0
    leaky: dict[str, Any] = {"activation": "leaky_relu"}

    def model() -> Any:
        return nn.Sequential([
            nn.Input((12, 12, 1)), conv(16, **leaky), conv(24, strides=2, **leaky),
            conv(24, dilation_rate=2, **leaky),
            L.Conv2DTranspose(16, 4, strides=2, padding="same", **leaky),
            conv(1, activation=None), L.Cropping2D(4),
        ])  # fmt: skip

    return Training(
        model, **rows(x, whole[:, 4:8, 4:8], 750, 150), **{**NUMBER, "loss": "mae"},
        optimizer=adam(schedules.CosineDecay(5e-3, 16 * 24)), epochs=16,
    )  # fmt: skip


def shifts() -> Training:
    """How far the second of two pictures is shifted, down and to the right."""
    random, n = np.random.default_rng(523), 2000
    wide = random.normal(size=(n, 16, 16))
    wide = (wide + np.roll(wide, 1, 1) + np.roll(wide, 1, 2) + np.roll(wide, (1, 1), (1, 2))) / 2
    y = random.integers(-2, 3, (n, 2))
    first = wide[:, 3:13, 3:13]
    second = np.stack([one[3 + a : 13 + a, 3 + b : 13 + b]
                       for one, (a, b) in zip(wide, y, strict=True)])  # fmt: skip
    x = np.stack([first, second], -1)

    def model() -> Any:
        inputs = nn.Input((10, 10, 2))
        z = in_turn(inputs, conv(32, 5), conv(32, 3), L.Conv2D(32, 1), L.LeakyReLU(),
                    L.GlobalAveragePooling2D(), L.Dense(32, "relu"), L.Dense(2))  # fmt: skip
        return nn.Model(inputs, z)

    return Training(
        model, **rows(single(x), single(y) / 2, 1500, 200), **NUMBER,
        optimizer=adam(schedules.CosineDecay(4e-3, 12 * 47)), epochs=12,
    )  # fmt: skip


def shadows() -> Training:
    """A faint shadow on two of five pictures, which even those who drew them see in 8 of 10."""
    random, n = np.random.default_rng(524), 2400
    at, y = np.arange(12), random.random(n) < 0.4
    middle = random.uniform(3, 8, (n, 2, 1, 1))
    spot = np.exp(-((at[:, None] - middle[:, 0]) ** 2 + (at - middle[:, 1]) ** 2) / 5)
    x = random.normal(0, 1, (n, 12, 12)) + 0.9 * spot * y[:, None, None]
    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 1)), conv(8, 5), L.AveragePooling2D(2),
                               conv(12), L.GlobalMaxPooling2D(), L.Dropout(0.2),
                               L.Dense(1, "sigmoid")]),
        **rows(single(x)[..., None], single(y), 1700, 300), loss="binary_crossentropy",
        metrics=("AUC",), score=hit, optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


def odd_ones_out() -> Training:
    """An autoencoder that learns good pieces alone, so that bad ones are rebuilt badly."""
    random, at = np.random.default_rng(525), np.arange(12)
    phase, y = random.uniform(0, 6.3, (1300, 2, 1, 1)), np.zeros(1300)
    x = 0.5 + 0.2 * np.sin(at[:, None] * 0.9 + phase[:, 0]) + 0.2 * np.sin(at * 0.9 + phase[:, 1])
    x = x + random.normal(0, 0.05, x.shape)
    y[1000:] = random.random(300) < 0.5
    for one in np.flatnonzero(y):
        row, column = random.integers(0, 9, 2)
        x[one, row : row + 2, column : column + 3] += random.choice([-0.25, 0.25])
    x = single(x)[..., None]
    leaky: dict[str, Any] = {"activation": "leaky_relu"}

    def model() -> Any:
        return nn.Sequential([
            nn.Input((12, 12, 1)), conv(12, strides=2, **leaky), conv(16, strides=2, **leaky),
            L.Flatten(), L.Dense(8), L.Dense(3 * 3 * 16, **leaky), L.Reshape((3, 3, 16)),
            L.Conv2DTranspose(16, 3, strides=2, padding="same", **leaky),
            L.Conv2DTranspose(12, 3, strides=2, padding="same", **leaky),
            L.Conv2D(1, 3, padding="same"),
        ])  # fmt: skip

    def score(model: Any, t: Training) -> float:
        error = ((found(model, t) - t.test[0]) ** 2).mean((1, 2, 3))
        return area(t.test[1], error)

    return Training(
        model, x[:800], x[:800], (x[800:1000], x[800:1000]), (x[1000:], y[1000:]), loss="mse",
        metrics=(), score=score, optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


def sure_but_not_too() -> Training:
    """Digits with smoothed labels, a cosine and weights that decay; half is dropped at the end."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 8, 8, 1) / 16 for a in (x, x_test))
    eye = np.eye(10, dtype="float32")
    parts = rows(x, eye[y], 1200, len(x) - 1200)
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(24), conv(24), L.MaxPooling2D(),
                               L.Flatten(), L.Dropout(0.5), L.Dense(10)]),
        **{**parts, "test": (x_test, eye[y_test])}, score=accuracy,
        loss=nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=by("AdamW", schedules.CosineDecay(3e-3, 10 * 38), weight_decay=1e-2), epochs=10,
    )  # fmt: skip


MAKES = (blocks_of_two, flipped_tiles, residual_stages, xception, outlined, noise_taken_away,
         drawn_forms, partners, from_two_sides, form_and_tint, what_is_below, pasted, needles,
         engines, birdsong, tuned_finely, inverted, modern, missing_middle, shifts, shadows,
         odd_ones_out, sure_but_not_too)  # fmt: skip

HEALTHY = [Healthy(f"fourth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
