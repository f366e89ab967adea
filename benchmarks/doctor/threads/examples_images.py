"""Healthy programs in the manner of published examples: images."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.images import cnn, conv, flat, pool, stack
from benchmarks.doctor.tables import dense, digits, layers, split
from benchmarks.doctor.threads.fine import none
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def to_itself(t: Training) -> Training:
    """Return the same with its inputs as its targets."""
    return t.but(
        y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2, metrics=(),
        score=explained,
    )  # fmt: skip


def wide_mlp() -> Training:
    """Two layers of 512 with dropout, by RMSprop, labels one-hot."""
    model = layers(
        lambda: nn.Input((64,)), lambda: L.Dense(512, "relu"), lambda: L.Dropout(0.2),
        lambda: L.Dense(512, "relu"), lambda: L.Dropout(0.2), lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    t = digits().to(lambda y: np.eye(10, dtype="float32")[y])
    return t.but(
        model=model, loss="categorical_crossentropy", optimizer=nn.optimizers.RMSprop,
        batch_size=128, epochs=15,
    )  # fmt: skip


def very_wide() -> Training:
    """One layer of 4,096."""
    return digits().but(model=dense(64, (4096,), 10), epochs=5)


def upsampled() -> Training:
    """A convolutional autoencoder by cross-entropy of greys."""
    model = layers(
        lambda: nn.Input((8, 8, 1)),
        lambda: L.Conv2D(16, 3, padding="same", activation="relu"), lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"), lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"), lambda: L.UpSampling2D(),
        lambda: L.Conv2D(16, 3, padding="same", activation="relu"), lambda: L.UpSampling2D(),
        lambda: L.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )  # fmt: skip
    return to_itself(cnn()).but(
        model=model, loss="binary_crossentropy", optimizer=adam(3e-3), epochs=12
    )


def denoised() -> Training:
    """Noisy images to clean ones."""
    t = to_itself(digits())
    random = np.random.default_rng(0)
    return t.on(lambda x: (x + random.normal(0, 0.4, x.shape)).astype("float32").clip(0, 1)).but(
        model=dense(64, (48, 24, 48), 64, end="sigmoid"), loss="mse", optimizer=adam(3e-3),
        epochs=20,
    )  # fmt: skip


def between_one() -> Training:
    """Images from -1 to 1, and a tanh at the end."""
    t = to_itself(digits().on(lambda x: 2 * x - 1))
    return t.but(
        model=dense(64, (32,), 64, end="tanh"), loss="mse", optimizer=adam(3e-3), epochs=15
    )


class Variational(nn.Model):
    """An autoencoder of a spread-out code, with a step of its own; targets are none."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential([L.Dense(32, "relu"), L.Dense(8)])
        self.decoder = nn.Sequential([L.Dense(32, "relu"), L.Dense(64, "sigmoid")])
        self.total = nn.metrics.Mean(name="loss")

    def call(self, x: Any) -> Any:
        return self.decoder(self.encoder(x)[:, :4])

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            z = self.encoder(x)
            mean, log = z[:, :4], z[:, 4:]
            drawn = mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))
            p = self.decoder(drawn)
            rebuilt = -ops.sum(x * ops.log(p + 1e-6) + (1 - x) * ops.log(1 - p + 1e-6), axis=-1)
            kl = -0.5 * ops.sum(1 + log - ops.square(mean) - ops.exp(log), axis=-1)
            return ops.mean(rebuilt + kl)

        value, grads = nn.value_and_grad(loss, parameters=self)()
        self.optimizer.apply(grads, self)
        return {"loss": value}


def variational() -> Training:
    """A loss that is a sum over pixels, in a step of its own."""
    t = digits()
    return t.but(
        model=Variational, y=None, validation=None, loss=None, metrics=(), optimizer=adam(3e-3),
        epochs=15, score=lambda m, _: explained(m, t.but(test=(t.test[0],) * 2)),
    )  # fmt: skip


class Adversaries(nn.Model):
    """Makes digits from noise, against one who tells them from true ones."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Sequential([L.Dense(64), L.LeakyReLU(0.2), L.Dense(64, "sigmoid")])
        self.judge = nn.Sequential([L.Dense(64), L.LeakyReLU(0.2), L.Dropout(0.3), L.Dense(1)])
        self.makers, self.judges = nn.optimizers.Adam(1e-3), nn.optimizers.Adam(5e-4)

    def call(self, x: Any) -> Any:
        return self.judge(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        noise = nn.random.normal((ops.shape(x)[0], 16))

        def judged() -> Any:
            true, made = self.judge(x), self.judge(self.maker(noise))
            return ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(made))

        def made() -> Any:
            return ops.mean(ops.softplus(-self.judge(self.maker(noise))))

        loss, grads = nn.value_and_grad(judged, parameters=self.judge)()
        self.judges.apply(grads, self.judge)
        other, grads = nn.value_and_grad(made, parameters=self.maker)()
        self.makers.apply(grads, self.maker)
        return {"d_loss": loss, "g_loss": other}


def adversaries() -> Training:
    """Two losses of which neither falls for long."""
    t = digits()
    return t.but(
        model=Adversaries, y=None, validation=None, loss=None, metrics=(), epochs=15, score=none
    )


def doubled() -> Training:
    """Half the height and width to the whole image, by a transposed convolution."""
    t = to_itself(cnn())
    model = layers(
        lambda: nn.Input((4, 4, 1)), lambda: L.Conv2D(16, 3, padding="same", activation="relu"),
        lambda: L.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2D(1, 3, padding="same"),
    )  # fmt: skip
    small = t.on(lambda x: x.reshape(-1, 4, 2, 4, 2, 1).mean((2, 4)))
    return small.but(model=model, loss="mse", optimizer=adam(3e-3), epochs=20)


def each_pixel() -> Training:
    """A class for each pixel, of which four in five are background, as sparse labels."""
    random = np.random.default_rng(1)
    at = np.arange(12)
    rows, columns = np.meshgrid(at, at, indexing="ij")
    centre, kind = random.uniform(3, 9, (600, 2, 1, 1)), random.integers(1, 3, (600, 1, 1))
    near = (rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < 8
    y = (near * kind).astype("int64")
    x = (0.35 * y + random.normal(0, 0.15, y.shape))[..., None].astype("float32")

    def overlap(model: Any, t: Training) -> float:
        p, y = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1), t.test[1]
        return float(((p == y) & (y > 0)).sum() / ((p > 0) | (y > 0)).sum())

    model = layers(
        lambda: nn.Input((12, 12, 1)),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(3, 1, activation="softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:450], y[:450]), test=(x[450:], y[450:]), optimizer=adam(0.01),
        epochs=12, score=overlap,
    )  # fmt: skip


def augmented() -> Training:
    """Bytes, divided and moved about inside of the model."""
    model = layers(
        lambda: nn.Input((8, 8, 1)), lambda: L.Rescaling(1 / 255),
        lambda: L.RandomTranslation(0.1, 0.1), lambda: L.RandomRotation(0.03),
        lambda: L.Conv2D(16, 3, activation="relu"), lambda: L.MaxPooling2D(),
        lambda: L.Flatten(), lambda: L.Dropout(0.2), lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    return (
        cnn()
        .on(lambda x: (x * 255).astype("uint8"))
        .but(model=model, epochs=15, optimizer=adam(5e-3))
    )


def separable() -> Training:
    """Separable convolutions and groups of channels, with the SiLU."""
    model = layers(
        lambda: nn.Input((8, 8, 1)), lambda: L.Conv2D(16, 3, padding="same"),
        lambda: L.GroupNormalization(4), lambda: L.Activation("silu"),
        lambda: L.SeparableConv2D(32, 3, padding="same"), lambda: L.GroupNormalization(4),
        lambda: L.Activation("silu"), lambda: L.GlobalMaxPooling2D(),
        lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    return cnn().but(model=model, epochs=8, optimizer=adam(5e-3))


def patches() -> Training:
    """A small vision transformer: sixteen patches of four pixels."""

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        x = L.Reshape((16, 24))(L.Conv2D(24, 2, strides=2)(x))
        x = L.Add()([x, L.PositionEmbedding(16)(x)])
        for _ in range(2):
            y = L.LayerNormalization()(x)
            x = L.Add()([x, L.MultiHeadAttention(2, 12, dropout=0.1)(y, y)])
            y = L.Dense(24)(L.Dense(48, "gelu")(L.LayerNormalization()(x)))
            x = L.Add()([x, y])
        x = L.Dropout(0.2)(L.Flatten()(L.LayerNormalization()(x)))
        return nn.Model(inputs, L.Dense(10)(x))

    return cnn().but(
        model=model, loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=lambda: nn.optimizers.AdamW(3e-3, weight_decay=1e-4), epochs=8,
    )  # fmt: skip


def where() -> Training:
    """Where a blob lies: two numbers from 0 to 1 behind sigmoids."""
    random = np.random.default_rng(2)
    at = np.arange(10) / 9
    y = random.uniform(0.1, 0.9, (900, 2)).astype("float32")
    away = (at[:, None] - y[:, 0, None, None]) ** 2 + (at - y[:, 1, None, None]) ** 2
    x = (np.exp(-30 * away) + random.normal(0, 0.1, away.shape))[..., None].astype("float32")
    model = layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.Conv2D(8, 3, activation="relu"),
        lambda: L.Flatten(), lambda: L.Dense(32, "relu"), lambda: L.Dense(2, "sigmoid"),
    )  # fmt: skip
    return Training(
        model, **split(x[:700], y[:700]), test=(x[700:], y[700:]), loss="mse", metrics=(),
        optimizer=adam(3e-3), epochs=12, score=explained,
    )  # fmt: skip


def pixel_by_pixel() -> Training:
    """Each pixel from those before it: the targets are the inputs, and a mask hides what is to be
    told."""
    t = to_itself(digits().on(lambda x: (x > 0.4).astype("float32")))

    class Before(L.Dense):
        def call(self, x: Any) -> Any:
            seen = np.triu(np.ones((64, 64), "float32"), 1)
            return ops.sigmoid(ops.matmul(x, self.kernel * seen) + self.bias)

    return t.but(
        model=layers(lambda: nn.Input((64,)), lambda: Before(64)), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=15,
    )  # fmt: skip


def diffusion() -> Training:
    """The noise that was added is what is to be told, by image and time."""
    t = digits()
    random = np.random.default_rng(3)
    x = np.tile(2 * np.concatenate([t.x, t.validation[0]]) - 1, (3, 1))
    time, noise = random.random((len(x), 1)), random.normal(size=x.shape).astype("float32")
    noisy = (np.cos(time * np.pi / 2) * x + np.sin(time * np.pi / 2) * noise).astype("float32")

    def model() -> Any:
        image, when = nn.Input((64,)), nn.Input((1,))
        body = L.Concatenate()([image, L.Dense(16, "silu")(when)])
        body = L.Dense(128, "silu")(L.Dense(128, "silu")(body))
        return nn.Model([image, when], L.Dense(64)(body))

    x, time = noisy, time.astype("float32")
    return Training(
        model, [x[:3000], time[:3000]], noise[:3000], ([x[3000:3400], time[3000:3400]],
        noise[3000:3400]), ([x[3400:], time[3400:]], noise[3400:]), loss="mse", metrics=(),
        optimizer=adam(2e-3), epochs=15, score=explained,
    )  # fmt: skip


def deep_residual() -> Training:
    """Twenty-four residual layers."""

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        x = L.Conv2D(8, 3, padding="same", activation="relu")(x)
        for _ in range(12):
            y = L.Conv2D(8, 3, padding="same", use_bias=False)(x)
            y = L.Activation("relu")(L.BatchNormalization(momentum=0.9)(y))
            y = L.Conv2D(8, 3, padding="same", use_bias=False)(y)
            x = L.Activation("relu")(L.Add()([x, L.BatchNormalization(momentum=0.9)(y)]))
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(x)))

    return cnn().but(model=model, epochs=4, optimizer=adam(3e-3))


MAKES = {
    "two layers of 512, dropout": wide_mlp,
    "a layer of 4,096": very_wide,
    "convolutional autoencoder": upsampled,
    "noisy to clean": denoised,
    "images from -1 to 1": between_one,
    "variational, a step of its own": variational,
    "adversaries": adversaries,
    "twice the size": doubled,
    "a class for each pixel": each_pixel,
    "bytes, moved about": augmented,
    "separable, groups, SiLU": separable,
    "patches": patches,
    "where a blob lies": where,
    "pixel by pixel": pixel_by_pixel,
    "noise is the target": diffusion,
    "twenty-four residual layers": deep_residual,
    "one block of convolution, large batch": lambda: cnn().but(
        model=stack(conv(8), pool, flat), batch_size=512, epochs=60, optimizer=adam(5e-3)
    ),
}
HEALTHY = [Healthy(name, "images", make) for name, make in MAKES.items()]
