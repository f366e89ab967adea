"""Healthy programs that break naive rules: what looks odd and is right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor import images, sequences, tables
from benchmarks.doctor.dense import adam, dropped, sgd, with_norm
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import dense, digits, layers, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def long_tails() -> Training:
    """Standardised data with values up to 6 and beyond."""
    random = np.random.default_rng(6)
    x = random.standard_t(4, (1500, 8))
    x = tables.scaled(x, x)
    y = (x[:, 0] + x[:, 1] > 0.2).astype("int64")
    return tables.rare().but(**split(x[:1000], y[:1000]), test=(x[1000:], y[1000:]), fit={})


def sparse_units() -> Training:
    """ReLU units of which two thirds are 0 for any one sample, and none for all."""
    low = nn.initializers.Constant(-0.3)
    return digits().but(model=dense(64, (128, 128), 10, bias_initializer=low))


def warm() -> Training:
    """A warm-up, with tiny steps at first."""
    warmed = nn.optimizers.schedules.CosineDecay(1e-6, 300, warmup_target=2e-3, warmup_steps=60)
    return digits().but(optimizer=adam(warmed))


def trunk() -> Training:
    """A trained trunk that is frozen, and a new head."""
    trained = digits().model()
    trained.compile("adam", "sparse_categorical_crossentropy")
    known = digits()
    trained.fit(known.x, known.y, epochs=6, verbose=0)

    def model() -> Any:
        kept = [L.Dense(64, "relu", trainable=False) for _ in range(2)]
        found = nn.Sequential([nn.Input((64,)), *kept, L.Dense(10, "softmax")])
        for new, old in zip(found.layers[:2], trained.layers[:2], strict=True):
            new.set_weights(old.get_weights())
        return found

    return digits().but(model=model, optimizer=adam(5e-3))


class Swinging(nn.Model):
    """Two players: one makes numbers, the other tells them from true ones; nobody wins."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Sequential([L.Dense(16, "relu"), L.Dense(2)])
        self.judge = nn.Sequential([L.Dense(16, "relu"), L.Dense(1)])
        self.makers, self.judges = nn.optimizers.Adam(2e-3), nn.optimizers.Adam(2e-3)

    def call(self, x: Any) -> Any:
        return self.judge(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        noise = nn.random.normal((32, 4))
        soft = nn.ops.softplus

        def judged() -> Any:
            return nn.ops.mean(soft(-self.judge(x))) + nn.ops.mean(
                soft(self.judge(self.maker(noise)))
            )

        def made() -> Any:
            return nn.ops.mean(soft(-self.judge(self.maker(noise))))

        loss, grads = nn.value_and_grad(judged, parameters=self.judge)()
        self.judges.apply(grads, self.judge)
        other, grads = nn.value_and_grad(made, parameters=self.maker)()
        self.makers.apply(grads, self.maker)
        return {"loss": loss, "made": other}


def two_players() -> Training:
    """Losses that swing, as those of a GAN do."""
    x, _ = nn.datasets.make_moons(960, noise=0.05, random_state=0)
    x = x.astype("float32")
    return Training(
        Swinging,
        x,
        None,
        None,
        (x, None),
        loss=None,
        metrics=(),
        epochs=15,
        score=lambda model, training: 0.0,
    )


def autoencoder() -> Training:
    """The targets are the inputs."""
    known = digits()
    return known.but(
        model=layers(
            lambda: nn.Input((64,)),
            lambda: L.Dense(32, "relu"),
            lambda: L.Dense(16),
            lambda: L.Dense(32, "relu"),
            lambda: L.Dense(64, "sigmoid"),
        ),
        y=known.x,
        validation=(known.validation[0],) * 2,
        test=(known.test[0],) * 2,
        loss="mse",
        metrics=(),
        score=explained,
    )


def several_labels() -> Training:
    """Several labels at once, each yes or no."""
    random = np.random.default_rng(8)
    x = random.normal(size=(1500, 10)).astype("float32")
    y = (x[:, :5] + 0.5 * x[:, 5:] > 0.3).astype("float32")

    def score(model: Any, training: Training) -> float:
        return float(
            np.mean(
                (np.asarray(model.predict(training.test[0], verbose=0)) > 0.5) == training.test[1]
            )
        )

    return Training(
        dense(10, (32,), 5, end="sigmoid"),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
        loss="binary_crossentropy",
        score=score,
        epochs=15,
        optimizer=adam(0.01),
    )


def shares() -> Training:
    """Numbers between 0 and 1 behind a sigmoid, by squared error."""
    x, y = tables.friedman()
    y = (y - y.min()) / (y.max() - y.min())
    known = tables.numbers()
    x, y = tables.scaled(x, x), y[:, None].astype("float32")
    return known.but(
        model=dense(10, (32, 32), 1, end="sigmoid"),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
    )


def tiny_validation() -> Training:
    """A validation of twenty rows."""
    known = digits()
    return known.but(validation=(known.validation[0][:20], known.validation[1][:20]))


def hinge() -> Training:
    """Labels of -1 and 1, and a loss that wants them."""
    return (
        tables.cancer()
        .to(lambda y: 2 * y - 1)
        .but(
            model=dense(30, (32,), 1, end="tanh"),
            loss="hinge",
            metrics=(),
            threshold=0.0,
            score=lambda m, t: float(
                np.mean((np.asarray(m.predict(t.test[0], verbose=0))[:, 0] > 0) == (t.test[1] > 0))
            ),
        )
    )


def from_scores() -> Training:
    """Scores, and a loss that is told so."""
    return digits().but(
        model=dense(64, (64, 64), 10, end=None),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
    )


def one_hot_columns() -> Training:
    """Columns of 0 and 1, most of them 0, beside a number."""
    random = np.random.default_rng(7)
    kinds = random.integers(0, 30, 1500)
    x = np.concatenate([np.eye(30)[kinds], random.normal(size=(1500, 1))], 1).astype("float32")
    y = ((kinds % 3 == 0) ^ (x[:, -1] > 0)).astype("int64")
    return tables.moons().but(
        model=dense(31, (32,), 1, end="sigmoid"),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
    )


def bytes_behind_rescaling() -> Training:
    """Bytes, which the model itself divides."""
    model = layers(
        lambda: nn.Input((64,)),
        lambda: L.Rescaling(1 / 255),
        lambda: L.Dense(64, "relu"),
        lambda: L.Dense(10, "softmax"),
    )
    return digits().on(lambda x: (x * 255).astype("uint8")).but(model=model, epochs=15)


def smoothed() -> Training:
    """Label smoothing: the loss can't fall to 0."""
    return (
        digits()
        .but(loss=nn.losses.CategoricalCrossentropy(label_smoothing=0.1))
        .to(lambda y: np.eye(10, dtype="float32")[y])
    )


def restarts() -> Training:
    """A rate that jumps up again, and the loss with it."""
    return digits().but(optimizer=adam(nn.optimizers.schedules.CosineDecayRestarts(3e-3, 120)))


def noisy_targets() -> Training:
    """Targets of which half is noise: the loss stays high, and that is all there is to get."""
    random = np.random.default_rng(3)
    known = tables.numbers()
    return known.to(lambda y: y + random.normal(0, 1.0, y.shape).astype("float32"))


def small_batches() -> Training:
    """Four samples a step: the loss of a step jumps about."""
    return digits().but(batch_size=4, epochs=4, optimizer=sgd(0.02))


def clipped() -> Training:
    """Clipping that acts in few steps."""
    return sequences.series().but(optimizer=adam(0.01, clipnorm=1.0))


def remembered_long() -> Training:
    """A gate of an LSTM that stays open for all samples."""
    return sequences.remembered().but(
        model=layers(lambda: nn.Input((20, 1)), lambda: L.LSTM(24), lambda: L.Dense(1, "sigmoid")),
        epochs=40,
    )


def easy() -> Training:
    """Blobs far apart: all right after two epochs, and the gradients are tiny from there on."""
    x, y = nn.datasets.make_blobs(600, centers=4, cluster_std=0.5, random_state=1)
    x = tables.scaled(x, x)
    return tables.wine().but(
        model=dense(2, (16,), 4), **split(x[:400], y[:400]), test=(x[400:], y[400:])
    )


def by_entropy() -> Training:
    """Greys as probabilities: the loss of the best answer is far above 0."""
    known = digits()
    return known.but(
        model=autoencoder().model,
        y=known.x,
        validation=(known.validation[0],) * 2,
        test=(known.test[0],) * 2,
        loss="binary_crossentropy",
        metrics=(),
        score=explained,
    )


def decayed_weights() -> Training:
    """AdamW with dropout: training looks worse than validation."""
    return digits().but(
        model=dropped(0.4),
        optimizer=lambda: nn.optimizers.AdamW(3e-3, weight_decay=0.01),
        epochs=25,
    )


ROWS: list[tuple[str, str, Any]] = [
    *(
        (f"plain {m.__name__}", "dense", m)
        for m in (
            digits,
            tables.cancer,
            tables.cancer_raw,
            tables.wine,
            tables.moons,
            tables.spirals,
            tables.numbers,
            tables.counts,
            tables.deep,
            tables.rare,
            with_norm,
        )
    ),
    *(
        (f"plain {m.__name__}", "images", m)
        for m in (images.cnn, images.normalised, images.bars, images.residual)
    ),
    *(
        (f"plain {m.__name__}", "recurrent", m)
        for m in (sequences.series, sequences.remembered, sequences.words, sequences.padded)
    ),
    *((f"plain {m.__name__}", "attention", m) for m in (sequences.attention, sequences.language)),
    ("long tails", "dense", long_tails),
    ("sparse units", "dense", sparse_units),
    (
        "constant border of images",
        "dense",
        lambda: (
            digits()
            .on(lambda x: np.pad(x.reshape(-1, 8, 8), ((0, 0), (2, 2), (2, 2))).reshape(len(x), -1))
            .but(model=dense(144, (64, 64), 10))
        ),
    ),
    ("warm-up", "dense", warm),
    ("frozen trunk", "dense", trunk),
    ("two players", "dense", two_players),
    ("autoencoder", "dense", autoencoder),
    ("autoencoder by entropy", "dense", by_entropy),
    ("several labels", "dense", several_labels),
    ("shares behind a sigmoid", "dense", shares),
    ("tiny validation", "dense", tiny_validation),
    ("no validation", "dense", lambda: digits().but(validation=None)),
    ("hinge", "dense", hinge),
    ("scores, told so", "dense", from_scores),
    ("one-hot columns", "dense", one_hot_columns),
    ("bytes behind Rescaling", "dense", bytes_behind_rescaling),
    ("label smoothing", "dense", smoothed),
    ("restarts of the rate", "dense", restarts),
    ("half of it is noise", "dense", noisy_targets),
    ("batches of four", "dense", small_batches),
    ("easy and soon done", "dense", easy),
    ("dropout and weight decay", "dense", decayed_weights),
    (
        "tanh, and Glorot",
        "dense",
        lambda: digits().but(model=dense(64, (64, 64), 10, "tanh"), optimizer=sgd(0.1)),
    ),
    ("SGD with momentum", "dense", lambda: digits().but(optimizer=sgd(0.1, momentum=0.9))),
    (
        "batch of 256",
        "dense",
        lambda: digits().but(batch_size=256, epochs=40, optimizer=adam(5e-3)),
    ),
    (
        "convolution with dropout",
        "images",
        lambda: images.cnn().but(
            model=images.stack(
                images.conv(16),
                images.pool,
                images.conv(32),
                images.pool,
                images.flat,
                lambda: [L.Dropout(0.5)],
            ),
            epochs=14,
        ),
    ),
    (
        "average pooling and ELU",
        "images",
        lambda: images.cnn().but(
            model=images.stack(
                images.conv(16, "elu"),
                lambda: [L.AveragePooling2D(2)],
                images.conv(32, "elu"),
                images.flat,
            )
        ),
    ),
    ("LSTM with a gate that stays open", "recurrent", remembered_long),
    ("clipping that acts rarely", "recurrent", clipped),
    (
        "bidirectional",
        "recurrent",
        lambda: sequences.words().but(
            model=layers(
                lambda: nn.Input((12,), dtype="int64"),
                lambda: L.Embedding(20, 16),
                lambda: L.Bidirectional(L.GRU(16)),
                lambda: L.Dense(1, "sigmoid"),
            )
        ),
    ),
    (
        "post-norm, two blocks, a warm-up",
        "attention",
        lambda: sequences.attention().but(
            model=sequences.transformer(sequences.block(post=True), sequences.block(post=True)),
            optimizer=adam(
                nn.optimizers.schedules.CosineDecay(1e-5, 440, warmup_target=2e-3, warmup_steps=44)
            ),
        ),
    ),
    (
        "dropout in a transformer",
        "attention",
        lambda: sequences.attention().but(
            model=sequences.transformer(sequences.block(rate=0.1), sequences.block(rate=0.1))
        ),
    ),
]

HEALTHY = [Healthy(name, family, make) for name, family, make in ROWS]
