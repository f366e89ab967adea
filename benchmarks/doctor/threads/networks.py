"""Healthy networks on pictures that break a naive rule: inits, depth, norms, steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.images import cnn, conv, flat, pool, stack
from benchmarks.doctor.tables import dense, digits, layers
from benchmarks.doctor.threads import scenes
from benchmarks.doctor.threads.scenes import crack_net, sign_net
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def lenet() -> Training:
    """The net of 1998: tanh, means for pools, plain steps."""
    model = layers(
        lambda: nn.Input((8, 8, 1)), lambda: L.Conv2D(6, 3, padding="same", activation="tanh"),
        lambda: L.AveragePooling2D(2), lambda: L.Conv2D(16, 3, activation="tanh"),
        lambda: L.Flatten(), lambda: L.Dense(32, "tanh"), lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    return cnn().but(model=model, optimizer=sgd(0.1), epochs=12, batch_size=16)


def selus() -> Training:
    """Six SELU convolutions that no layer normalises, and alpha dropout."""
    block = conv(12, "selu", kernel_initializer="lecun_normal")
    model = stack(*[block] * 3, pool, *[block] * 3, flat, lambda: [L.AlphaDropout(0.1)])
    return cnn().but(model=model, optimizer=adam(1e-3), epochs=6)


def slopes() -> Training:
    """Slopes that are learnt, and strides for pools."""
    model = layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(16, 3, strides=2, padding="same"),
        lambda: L.PReLU(shared_axes=[1, 2]),
        lambda: L.Conv2D(24, 3, strides=2, padding="same"), lambda: L.PReLU(shared_axes=[1, 2]),
        lambda: L.Flatten(), lambda: L.Dense(32), lambda: L.PReLU(), lambda: L.Dense(4, "softmax"),
    )  # fmt: skip
    return scenes.signs().but(model=model)


def ten_deep() -> Training:
    """Ten plain convolutions of ReLU with weights that suit them."""
    block = conv(10, kernel_initializer="he_normal")
    return cnn().but(
        model=stack(*[block] * 4, pool, *[block] * 6, flat), optimizer=adam(1e-3), epochs=6
    )


class Scale(L.Layer):
    """Each channel times a number that begins next to nothing, as of ConvNeXt."""

    def build(self, shape: Any) -> None:
        self.gamma = self.add_weight(
            shape=(shape[-1],), initializer=nn.initializers.Constant(1e-4), name="gamma"
        )

    def call(self, x: Any) -> Any:
        return x * self.gamma


def next_blocks() -> Training:
    """Residual blocks of depthwise convolutions that begin with next to no say."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = L.LayerNormalization()(L.Conv2D(24, 2, strides=2)(inputs))
        for _ in range(3):
            z = L.LayerNormalization()(L.DepthwiseConv2D(3, padding="same")(x))
            z = L.Dense(24)(L.Dense(48, "gelu")(z))
            x = L.Add()([x, Scale()(z)])
        x = L.LayerNormalization()(L.GlobalAveragePooling2D()(x))
        return nn.Model(inputs, L.Dense(10)(x))

    return cnn().but(
        model=model, loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=lambda: nn.optimizers.AdamW(5e-3, weight_decay=0.05), epochs=7,
    )  # fmt: skip


def nothing_first() -> Training:
    """Residual branches whose last norm begins as zero, by large steps that a cosine ends."""

    def model() -> Any:
        inputs = nn.Input((10, 10, 1))
        x = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, 3, padding="same")(inputs)))
        for _ in range(2):
            z = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, 3, padding="same")(x)))
            z = L.Conv2D(16, 3, padding="same")(z)
            z = L.BatchNormalization(gamma_initializer="zeros")(z)
            x = L.ReLU()(L.Add()([x, z]))
        return nn.Model(inputs, L.Dense(3, "softmax")(L.GlobalAveragePooling2D()(x)))

    rate = nn.optimizers.schedules.CosineDecay(0.1, 12 * 22)
    return scenes.weaves().but(
        model=model, optimizer=sgd(rate, momentum=0.9, nesterov=True, weight_decay=5e-4), epochs=12
    )


def one_picture() -> Training:
    """A picture as a function of its places: sines of sines."""
    (pictures, _), _ = nn.datasets.digits.load_data()
    y = np.kron(pictures[3] / 16.0, np.ones((4, 4))).reshape(-1, 1).astype("float32")
    down, right = np.meshgrid(*[np.linspace(-1, 1, 32)] * 2, indexing="ij")
    x = np.stack([down.ravel(), right.ravel()], 1).astype("float32")
    wide = nn.initializers.RandomUniform(-0.5, 0.5)

    def sines(z: Any) -> Any:
        return ops.sin(12 * z)

    hidden = nn.initializers.RandomUniform(-0.036, 0.036)
    model = layers(
        lambda: nn.Input((2,)), lambda: L.Dense(32, sines, kernel_initializer=wide),
        lambda: L.Dense(32, sines, kernel_initializer=hidden), lambda: L.Dense(1),
    )  # fmt: skip
    return Training(
        model, x, y, None, (x, y), loss="mse", metrics=(), optimizer=adam(2e-3), epochs=30,
        score=explained, batch_size=64,
    )  # fmt: skip


def trained_trunk(t: Training, trunk: Any, last: int, epochs: int) -> Any:
    """Return a trunk that has been trained on other classes."""
    model = nn.Sequential([trunk, L.Dense(last, "softmax")])
    model.compile(nn.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
    model.fit(t.x, t.y, epochs=epochs, verbose=0, doctor=False)
    return trunk


def trunk_of_digits() -> Any:
    """Return layers that digits below five have taught."""
    t = cnn()
    known = t.y < 5
    trunk = nn.Sequential([
        nn.Input((8, 8, 1)), L.Conv2D(16, 3), L.BatchNormalization(momentum=0.9), L.ReLU(),
        L.MaxPooling2D(), L.Flatten(),
    ])  # fmt: skip
    return trained_trunk(t.but(x=t.x[known], y=t.y[known]), trunk, 5, 4)


def lent_trunk() -> Training:
    """A trunk that other digits taught, frozen, in inference; a new head for the rest."""
    t = cnn()
    seen, held, test = (y >= 5 for y in (t.y, t.validation[1], t.test[1]))

    def model() -> Any:
        trunk = trunk_of_digits()
        trunk.trainable = False
        inputs = nn.Input((8, 8, 1))
        return nn.Model(inputs, L.Dense(5, "softmax")(trunk(inputs, training=False)))

    return t.but(
        model=model, x=t.x[seen], y=t.y[seen] - 5,
        validation=(t.validation[0][held], t.validation[1][held] - 5),
        test=(t.test[0][test], t.test[1][test] - 5), optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def tuned() -> Training:
    """All layers of a net that is nearly done, tuned by tiny steps on more data."""
    t = cnn()

    def model() -> Any:
        model = nn.Sequential([
            nn.Input((8, 8, 1)), L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
            L.Dense(10, "softmax"),
        ])  # fmt: skip
        model.compile(nn.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
        model.fit(t.x[:500], t.y[:500], epochs=12, verbose=0, doctor=False)
        return model

    return t.but(model=model, optimizer=adam(2e-5), epochs=4)


def mixed() -> Training:
    """A generator that mixes two pictures and their labels; the training loss stays high."""
    t = scenes.signs()
    hot = np.eye(4, dtype="float32")

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(0)
        while True:
            one, other = random.integers(0, len(t.x), (2, 32))
            share = random.beta(0.4, 0.4, 32).astype("float32")
            wide = share[:, None, None, None]
            yield (
                wide * t.x[one] + (1 - wide) * t.x[other],
                share[:, None] * hot[t.y[one]] + (1 - share[:, None]) * hot[t.y[other]],
            )

    return t.to(lambda y: hot[y]).but(
        x=batches(), y=None, loss="categorical_crossentropy", batch_size=None, epochs=14,
        fit={"steps_per_epoch": 22},
    )  # fmt: skip


def norm_first() -> Training:
    """Bytes, which a batch normalisation in front puts right."""
    model = sign_net(lambda: L.BatchNormalization(momentum=0.9))
    return scenes.signs().but(model=model).on(lambda z: np.round(z * 255))


def few_a_step() -> Training:
    """Batches of two behind a layer's norm, which needs no batch."""
    model = layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.Conv2D(8, 3, strides=2),
        lambda: L.LayerNormalization(axis=[1, 2, 3]), lambda: L.Activation("elu"),
        lambda: L.Conv2D(16, 3), lambda: L.Activation("elu"),
        lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(3, "softmax"),
    )  # fmt: skip
    return scenes.weaves().but(
        model=model, batch_size=2, epochs=3, optimizer=sgd(5e-3, momentum=0.9)
    )


def dice(y: Any, p: Any) -> Any:
    """One minus twice the overlap by both sizes, with a one against nothing by nothing."""
    both, sizes = ops.sum(y * p, axis=(1, 2, 3)), ops.sum(y + p, axis=(1, 2, 3))
    return ops.mean(1 - (2 * both + 1) / (sizes + 1))


def many_kinds() -> Training:
    """Which of three marks are in a picture, any number of them."""
    random = np.random.default_rng(16)
    y = (random.random((900, 3)) < [0.5, 0.3, 0.4]).astype("float32")
    x = random.normal(0, 0.25, (900, 11, 11, 1))
    marks = random.random((3, 3, 3)) < 0.6
    corners = np.array([[0, 0], [4, 4], [7, 1]])
    for one, there in zip(x, y, strict=True):
        for k in np.flatnonzero(there):
            a, b = corners[k] + random.integers(0, 2, 2)
            one[a : a + 3, b : b + 3, 0] += marks[k]

    def score(model: Any, t: Training) -> float:
        return float(((np.asarray(model.predict(t.test[0], verbose=0)) > 0.5) == t.test[1]).mean())

    model = layers(
        lambda: nn.Input((11, 11, 1)), lambda: L.Conv2D(16, 3, activation="relu"),
        lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(3, "sigmoid"),
    )  # fmt: skip
    return Training(
        model, **scenes.parted(x.astype("float32"), y, 650, 100), loss="binary_crossentropy",
        metrics=("binary_accuracy",), optimizer=adam(5e-3), epochs=12, score=score,
    )  # fmt: skip


def on_paper() -> Training:
    """Thin ink on white paper: nearly all is one."""
    return cnn().on(lambda x: 1 - (x > 0.7).astype("float32"))


def small_mobile() -> Training:
    """Depthwise convolutions and ReLU6 behind norms of the usual momentum, by RMSprop."""

    def block(width: int, strides: int = 1) -> Any:
        return lambda: [
            L.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False),
            L.BatchNormalization(momentum=0.95), L.ReLU(6.0),
            L.Conv2D(width, 1, use_bias=False), L.BatchNormalization(momentum=0.95), L.ReLU(6.0),
        ]  # fmt: skip

    model = stack(
        lambda: [L.Conv2D(12, 3, padding="same", use_bias=False),
                 L.BatchNormalization(momentum=0.95), L.ReLU(6.0)],
        block(24, 2), block(32), lambda: [L.GlobalAveragePooling2D(), L.Dropout(0.1)],
        shape=(12, 12, 3), last=4,
    )  # fmt: skip
    return scenes.signs().but(
        model=model, optimizer=lambda: nn.optimizers.RMSprop(1e-3, momentum=0.9), epochs=15
    )


def side_by_side() -> Training:
    """Windows of three sizes side by side, and the largest of each channel."""

    def model() -> Any:
        x = inputs = nn.Input((10, 10, 1))
        for width in (6, 10):
            ways = [L.Conv2D(width, k, padding="same", activation="relu")(x) for k in (1, 3, 5)]
            x = L.Concatenate()([*ways, L.MaxPooling2D(3, strides=1, padding="same")(x)])
        return nn.Model(inputs, L.Dense(3, "softmax")(L.GlobalMaxPooling2D()(x)))

    return scenes.weaves().but(model=model, epochs=5)


def all_joined() -> Training:
    """Each layer sees all before it; squeezed and excited."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = L.Conv2D(8, 3, padding="same")(inputs)
        for _ in range(3):
            z = L.Activation("swish")(L.GroupNormalization(4)(x))
            x = L.Concatenate()([x, L.Conv2D(8, 3, padding="same")(z)])
        gate = L.Dense(32, "sigmoid")(L.Dense(8, "relu")(L.GlobalAveragePooling2D()(x)))
        x = L.Multiply()([x, L.Reshape((1, 1, 32))(gate)])
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(L.MaxPooling2D()(x))))

    return cnn().but(model=model, epochs=6)


def finer() -> Training:
    """Twice as fine: what is to be added to the enlarged picture, of which none at first."""
    t = scenes.greys()

    def model() -> Any:
        inputs = nn.Input((6, 6, 3))
        z = L.Conv2D(24, 3, padding="same", activation="relu")(inputs)
        z = L.Conv2D(12, 3, padding="same", kernel_initializer="zeros")(z)
        more = L.Lambda(lambda z: ops.depth_to_space(z, 2))(z)
        return nn.Model(inputs, L.Add()([L.UpSampling2D()(inputs), more]))

    small = t.on(lambda x: x.reshape(-1, 6, 2, 6, 2, 3).mean((2, 4)))
    return small.but(model=model, loss="mse")


def turns() -> Training:
    """Which way up a picture is: four copies of each, all labels in turn, not shuffled."""
    t = cnn()

    def four(x: Any, y: Any) -> Any:
        x = np.stack([np.rot90(x, k, (1, 2)) for k in range(4)], 1).reshape(-1, 8, 8, 1)
        return x, np.tile(np.arange(4), len(x) // 4)

    x, y = four(t.x[:400], t.y)
    return t.but(
        model=stack(conv(16), pool, conv(32), flat, last=4), x=x, y=y,
        validation=four(t.validation[0][:100], t.validation[1]), test=four(t.test[0], t.test[1]),
        epochs=10, fit={"shuffle": False},
    )  # fmt: skip


def bare_code() -> Training:
    """A code of zeros and ones whose gradient goes straight through."""
    t = digits()

    def bits(z: Any) -> Any:
        p = ops.sigmoid(z)
        return p + ops.stop_gradient(ops.cast(p > 0.5, "float32") - p)

    model = layers(
        lambda: nn.Input((64,)), lambda: L.Dense(64, "relu"), lambda: L.Dense(24),
        lambda: L.Lambda(bits), lambda: L.Dense(64, "relu"), lambda: L.Dense(64, "sigmoid"),
    )  # fmt: skip
    return t.but(
        model=model, y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2,
        loss="binary_crossentropy", metrics=(), score=explained, optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


def noisy_targets() -> Training:
    """Noise to other noise: the loss can't fall below that of the noise, the mean is learnt."""
    t = scenes.greys()
    random = np.random.default_rng(0)

    def noisy(x: Any) -> Any:
        return (x + random.normal(0, 0.25, x.shape)).astype("float32")

    noise = t.on(noisy)
    model = layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(16, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(16, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(3, 3, padding="same"),
    )  # fmt: skip
    return noise.but(
        model=model, y=noisy(t.y), validation=(noise.validation[0], noisy(t.validation[1])),
        loss="mse",
    )  # fmt: skip


def by_heart() -> Training:
    """Sixteen pictures by heart, as one does to see that a net can learn at all."""
    t = scenes.signs()
    return t.but(x=t.x[:16], y=t.y[:16], validation=None, test=(t.x[:16], t.y[:16]), epochs=60)


def held_back() -> Training:
    """Noise, channels and units dropped: training lags far behind validation."""
    model = layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.GaussianNoise(0.1),
        lambda: L.Conv2D(24, 3, activation="relu"), lambda: L.SpatialDropout2D(0.3),
        lambda: L.MaxPooling2D(), lambda: L.Conv2D(32, 3, activation="relu"),
        lambda: L.SpatialDropout2D(0.3), lambda: L.Flatten(), lambda: L.Dropout(0.5),
        lambda: L.Dense(4, "softmax"),
    )  # fmt: skip
    return scenes.signs().but(model=model, epochs=12)


def sigmoids() -> Training:
    """Sigmoids behind batch normalisation, of scores smoothed by a tenth."""
    t = cnn().to(lambda y: np.eye(10, dtype="float32")[y])
    return t.but(
        model=stack(conv(16, "sigmoid", norm=True), pool, conv(32, "sigmoid", norm=True), pool,
                    flat),
        loss=nn.losses.CategoricalCrossentropy(label_smoothing=0.1), optimizer=adam(0.01),
    )  # fmt: skip


def beside_columns() -> Training:
    """A picture and three columns of numbers, to one number."""
    x, y = scenes.spot_data(700)
    random = np.random.default_rng(17)
    table = random.normal(size=(700, 3)).astype("float32")
    number = (y[:, :1] / 4 - 1.4 + table[:, :1] - 0.5 * table[:, 1:2]).astype("float32")

    def model() -> Any:
        picture, columns = nn.Input((12, 12, 1)), nn.Input((3,))
        seen = L.Flatten()(L.Conv2D(6, 3, strides=2, activation="relu")(picture))
        both = L.Concatenate()([L.Dense(16, "relu")(seen), columns])
        return nn.Model([picture, columns], L.Dense(1)(L.Dense(16, "relu")(both)))

    return Training(
        model, [x[:450], table[:450]], number[:450], ([x[450:550], table[450:550]],
                                                      number[450:550]),
        test=([x[550:], table[550:]], number[550:]), loss="huber", metrics=(),
        optimizer=adam(5e-3), epochs=14, score=explained,
    )  # fmt: skip


def waited() -> Training:
    """Many epochs planned, of which early stopping needs few, and a rate that follows it."""
    calls = [
        nn.callbacks.EarlyStopping(patience=4, restore_best_weights=True),
        nn.callbacks.ReduceLROnPlateau(factor=0.3, patience=2),
    ]
    return scenes.signs().but(epochs=40, fit={"callbacks": calls}, optimizer=adam(8e-3))


def maxima() -> Training:
    """The larger of two convolutions in place of an activation, within a ball."""

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        ball = nn.constraints.MaxNorm(2.0)
        for width in (12, 24):
            two = [L.Conv2D(width, 3, kernel_constraint=ball)(x) for _ in range(2)]
            x = L.Maximum()(two)
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(x)))

    return cnn().but(model=model, optimizer=sgd(0.03, momentum=0.9))


def taught() -> Training:
    """Scores of a larger net as targets."""
    t = cnn()

    def answers() -> Any:
        teacher = stack(conv(24), pool, flat)()
        teacher.compile(nn.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
        teacher.fit(t.x, t.y, epochs=5, verbose=0, doctor=False)
        return lambda x: np.asarray(teacher.predict(x, verbose=0)) ** 0.5

    told = answers()
    soft = [p / p.sum(-1, keepdims=True) for p in (told(t.x), told(t.validation[0]))]
    return t.but(
        model=stack(conv(6), pool, flat), y=soft[0], validation=(t.validation[0], soft[1]),
        loss="kl_divergence", optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


def by_scores(model: Any, t: Training) -> float:
    """Intersection over union, of scores of two classes."""
    p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
    return float((p & t.test[1]).sum() / max(1, (p | t.test[1]).sum()))


HEALTHY = [
    # https://www.d2l.ai/chapter_convolutional-neural-networks/lenet.html
    Healthy("the net of 1998, tanh and plain steps", "images", lenet),
    Healthy("six SELU convolutions", "images", selus),
    Healthy("slopes that are learnt", "images", slopes),
    Healthy("ten plain convolutions", "images", ten_deep),
    # https://keras.io/api/applications/convnext/: layer scale
    Healthy("branches that begin at 1e-4", "images", next_blocks),
    # https://arxiv.org/abs/1706.02677: the last gamma of a branch is zero
    Healthy("norms that begin as zero, and a rate of 0.1", "images", nothing_first),
    Healthy("sines of sines of places", "dense", one_picture),
    # https://keras.io/guides/transfer_learning/
    Healthy("a trunk of other digits", "images", lent_trunk),
    Healthy("tuned by 2e-5", "images", tuned),
    # https://keras.io/examples/vision/mixup/
    Healthy("mixed pictures, mixed labels", "images", mixed),
    Healthy("bytes behind a batch normalisation", "images", norm_first),
    Healthy("two pictures a step, layer normalisation", "images", few_a_step),
    Healthy(
        "cracks by their overlap", "images",
        lambda: scenes.cracks().but(loss=dice, epochs=12),
    ),
    Healthy("cracks, one pixel in twelve", "images", scenes.cracks),
    Healthy("any of three marks", "images", many_kinds),
    Healthy("coordinates as shares, a sigmoid at the end", "images",
            lambda: scenes.spots().but(model=scenes.spot_net("sigmoid"))),
    Healthy("white paper", "images", on_paper),
    Healthy("depthwise and ReLU6, by RMSprop", "images", small_mobile),
    Healthy("windows of three sizes", "images", side_by_side),
    Healthy("all joined, squeezed and excited", "images", all_joined),
    Healthy("twice as fine, zeros added at first", "images", finer),
    # https://arxiv.org/abs/1803.07728: which way up
    Healthy("which way up, not shuffled", "images", turns),
    Healthy("bits, and gradients straight through", "dense", bare_code),
    Healthy("noise to noise", "images", noisy_targets),
    Healthy("sixteen pictures by heart", "images", by_heart),
    Healthy("dropped thrice", "images", held_back),
    Healthy("sigmoids behind norms, smoothed labels", "images", sigmoids),
    Healthy("a picture beside columns", "images", beside_columns),
    Healthy("stopped early, of forty epochs", "images", waited),
    Healthy("the larger of two, within a ball", "images", maxima),
    Healthy("answers of a larger net", "images", taught),
    Healthy("frames that move", "recurrent", scenes.clips),
    Healthy("colours through four channels", "images", scenes.greys),
    Healthy("digits in a row, one hidden layer of sigmoids", "dense",
            lambda: digits().but(model=dense(64, (48,), 10, "sigmoid"), optimizer=adam(5e-3))),
    Healthy("masks by scores of two classes", "images",
            lambda: scenes.cracks().to(lambda y: y[..., 0].astype("int64")).but(
                model=crack_net(None, last=2), score=by_scores,
                loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True))),
]  # fmt: skip
