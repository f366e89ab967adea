"""Healthy programs of the fifth part: pictures and signals, after examples that are public."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.pictures import in_turn, letters, normed, shapes, tiles
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
)
from benchmarks.doctor.third.healthy.pictures import conv
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def falling(rate: float, steps: int) -> Any:
    """Return a rate that follows a cosine to 0."""
    return schedules.CosineDecay(rate, steps)


def simple_convnet() -> Training:
    """Handwritten digits: two convolutions, two pools, half dropped, labels one-hot.

    After https://keras.io/examples/vision/mnist_convnet/
    """
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test, eye = single(x)[..., None] / 16, single(x_test)[..., None] / 16, np.eye(10)
    parts = rows(x.reshape(-1, 8, 8, 1), single(eye[y]), len(x) - 200, 200)
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), L.Conv2D(24, 3, activation="relu"), L.MaxPooling2D(),
            L.Conv2D(48, 2, activation="relu"), L.Flatten(), L.Dropout(0.5),
            L.Dense(10, "softmax"),
        ]),
        **{**parts, "test": (x_test.reshape(-1, 8, 8, 1), single(eye[y_test]))},
        loss="categorical_crossentropy", optimizer=adam(3e-3), batch_size=64, epochs=20,
    )  # fmt: skip


def dogs_and_cats() -> Training:
    """Discs or squares in noise, flipped and turned a little as they come; a single logit.

    After https://keras.io/examples/vision/image_classification_from_scratch/
    """
    x, y = shapes(2600, 900, noise=0.2)
    x, y = x[y < 2], y[y < 2]

    def model() -> Any:
        inputs = nn.Input((14, 14, 1))
        z = L.RandomRotation(0.05)(L.RandomFlip("horizontal")(inputs))
        z = in_turn(L.Rescaling(2.0, -1.0)(z), *normed(16), L.MaxPooling2D(), *normed(24))
        beside = conv(32, 1, strides=2, activation=None)(z)
        z = in_turn(z, L.SeparableConv2D(32, 3, padding="same"), L.BatchNormalization(momentum=0.9),
                    L.ReLU(), L.MaxPooling2D(3, strides=2, padding="same"))  # fmt: skip
        z = L.GlobalAveragePooling2D()(L.Add()([z, beside]))
        return nn.Model(inputs, L.Dense(1)(L.Dropout(0.25)(z)))

    loss = nn.losses.BinaryCrossentropy(from_logits=True)
    return Training(
        model, **rows(x, single(y), 950, 150), loss=loss, threshold=0.0, score=hit,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0, name="acc"),),
        optimizer=adam(falling(4e-3, 12 * 30)), epochs=12,
    )  # fmt: skip


def pets_cut_out() -> Training:
    """Inside, edge and outside of an oval, three classes a pixel, by a small U of sums.

    After https://keras.io/examples/vision/oxford_pets_image_segmentation/
    """
    random, n = np.random.default_rng(901), 750
    at, middle = np.arange(12), random.uniform(4, 7, (n, 2, 1, 1))
    size = random.uniform(2.5, 4.5, (n, 2, 1, 1))
    away = np.hypot((at[:, None] - middle[:, 0]) / size[:, 0], (at - middle[:, 1]) / size[:, 1])
    y = np.where(away < 0.8, 0, np.where(away < 1.1, 2, 1))
    tint = random.uniform(0.4, 0.8, (n, 1, 1, 3))
    x = np.where((away < 0.95)[..., None], tint, 0.25) + random.normal(0, 0.1, (n, 12, 12, 3))

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        z = in_turn(inputs, *normed(12, strides=2))
        beside = z
        z = in_turn(z, L.SeparableConv2D(24, 3, padding="same"), L.BatchNormalization(momentum=0.9),
                    L.ReLU(), L.MaxPooling2D(3, strides=2, padding="same"))  # fmt: skip
        z = L.Add()([z, conv(24, 1, strides=2, activation=None)(beside)])
        for width in (16, 12):
            up = in_turn(z, L.Conv2DTranspose(width, 3, padding="same"),
                         L.BatchNormalization(momentum=0.9), L.ReLU(),
                         L.UpSampling2D())  # fmt: skip
            z = L.Add()([up, L.Conv2D(width, 1)(L.UpSampling2D()(z))])
        return nn.Model(inputs, L.Conv2D(3, 3, activation="softmax", padding="same")(z))

    return Training(
        model, **rows(single(np.clip(x, 0, 1)), y, 500, 100), score=hit, batch_size=16,
        optimizer=adam(falling(6e-3, 12 * 32)), epochs=12,
    )  # fmt: skip


def read_a_captcha() -> Training:
    """Three to five letters of a strip by convolutions and the connectionist loss (CTC).

    After https://keras.io/examples/vision/captcha_ocr/ , with convolutions over the strip.
    """
    random, n = np.random.default_rng(902), 1300
    forms = random.integers(0, 2, (6, 6, 3))
    x, y = random.normal(0, 0.2, (n, 6, 24)), np.full((n, 4), -1)
    for one, word in zip(x, y, strict=True):
        count, at = random.integers(2, 5), 0
        for k in range(count):
            at += int(random.integers(1, 3))
            word[k] = random.integers(0, 6)
            one[:, at : at + 3] += forms[word[k]]
            at += 3

    def loss(y: Any, z: Any) -> Any:
        length = ops.sum(ops.cast(y >= 0, "int64"), axis=1)
        steps = ops.full((y.shape[0],), 12, dtype="int64")
        return ops.mean(ops.ctc_loss(ops.maximum(y + 1, 1), z, length, steps, mask_index=0))

    def model() -> Any:
        inputs = nn.Input((24, 6))
        z = inputs
        for width, stride in ((32, 1), (48, 2), (48, 1)):
            z = L.ReLU()(L.BatchNormalization(momentum=0.9)(
                L.Conv1D(width, 5, strides=stride, padding="same", use_bias=False)(z)))  # fmt: skip
        return nn.Model(inputs, L.Dense(7)(z))

    def score(model: Any, t: Training) -> float:
        """Share of strips of which all letters are right, by the likeliest of each step."""
        right = []
        for path, word in zip(found(model, t).argmax(-1), t.test[1], strict=True):
            said = [
                a - 1 for a, before in zip(path, [0, *path[:-1]], strict=True) if a and a != before
            ]
            right.append(said == [k for k in word if k >= 0])
        return float(np.mean(right))

    return Training(
        model, **rows(single(x.transpose(0, 2, 1)), y, 1000, 100), loss=loss, metrics=(),
        score=score, optimizer=adam(falling(5e-3, 10 * 32)), epochs=10,
    )  # fmt: skip


def larger_pictures() -> Training:
    """Pictures three times as large from small ones: depth to space, no activation at the end.

    After https://keras.io/examples/vision/super_resolution_sub_pixel/
    """
    large, _ = shapes(1000, 903, noise=0.02)
    large = large[:, 1:13, 1:13]
    small = large.reshape(-1, 6, 2, 6, 2, 1).mean((2, 4))

    def model() -> Any:
        inputs = nn.Input((6, 6, 1))
        given: dict[str, Any] = {"kernel_initializer": "orthogonal"}
        z = conv(24, 5, **given)(inputs)
        z = conv(16, **given)(conv(24, **given)(z))
        z = conv(4, activation=None, **given)(z)
        return nn.Model(inputs, L.Lambda(lambda a: ops.depth_to_space(a, 2))(z))

    return Training(
        model, **rows(small, large, 700, 150), **NUMBER, optimizer=adam(falling(4e-3, 20 * 22)),
        epochs=20,
    )  # fmt: skip


class Curve(nn.Model):
    """Makes dark pictures light by curves of each pixel, without any example of a light one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential([nn.Input((12, 12, 3)), conv(16), conv(16),
                                  conv(3, activation="tanh")])  # fmt: skip
        self.mean = nn.metrics.Mean(name="loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.mean]

    def call(self, x: Any) -> Any:  # type: ignore[override]
        a = self.net(x)
        for _ in range(4):
            x = x + a * (x**2 - x)
        return x

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            a, light = self.net(x), self(x)
            means = ops.mean(ops.reshape(light, (-1, 3, 4, 3, 4, 3)), axis=(2, 4, 5))
            colours = ops.mean(light, axis=(1, 2))
            grey = ops.mean((colours - ops.mean(colours, axis=1, keepdims=True)) ** 2)
            rough = ops.mean((a[:, 1:] - a[:, :-1]) ** 2) + ops.mean(
                (a[:, :, 1:] - a[:, :, :-1]) ** 2
            )
            return 10 * ops.mean((means - 0.6) ** 2) + grey + rough

        self.mean.update_state(self.optimizer.minimize(loss, self.net))
        return {"loss": self.mean.result()}


def light_in_the_dark() -> Training:
    """Dark pictures made light without any target: four losses on how light should look.

    After https://keras.io/examples/vision/zero_dce/
    """
    x, _ = tiles(700, 904)
    x = single(0.35 * x)

    def score(model: Any, t: Training) -> float:
        return float(
            1
            - np.abs(found(model, t).mean((1, 2, 3)) - 0.6).mean()
            / np.abs(t.test[0].mean((1, 2, 3)) - 0.6).mean()
        )

    return Training(
        Curve, x[:500], None, None, (x[500:], x[500:]), loss=None, metrics=(), score=score,
        optimizer=adam(falling(2e-3, 20 * 32)), batch_size=16, epochs=20,
    )  # fmt: skip


class Mixer(L.Layer):
    """A patch is a mean over a window beside it: depthwise, then pointwise (ConvMixer)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.deep = L.DepthwiseConv2D(5, padding="same", activation="gelu")
        self.point = L.Conv2D(width, 1, activation="gelu")
        self.norms = [L.BatchNormalization(momentum=0.9) for _ in range(2)]

    def call(self, x: Any, training: bool = False) -> Any:
        x = x + self.norms[0](self.deep(x), training=training)
        return self.norms[1](self.point(x), training=training)


def convolutions_mixed() -> Training:
    """Forms in patches of two by two, then three mixers; AdamW.

    After https://keras.io/examples/vision/convmixer/
    """

    def model() -> Any:
        inputs = nn.Input((14, 14, 1))
        z = L.Conv2D(24, 2, strides=2, activation="gelu")(inputs)
        z = L.BatchNormalization(momentum=0.9)(z)
        for _ in range(2):
            z = Mixer(24)(z)
        return nn.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling2D()(z)))

    return Training(
        model, **rows(*shapes(1500, 905, noise=0.2), 1100, 150), epochs=11,
        optimizer=by("AdamW", falling(5e-3, 11 * 35), weight_decay=0.01),
    )  # fmt: skip


def which_video() -> Training:
    """Which way a square goes in eight pictures, by convolutions of three axes.

    After https://keras.io/examples/vision/3D_image_classification/
    """
    random, n = np.random.default_rng(906), 1300
    y, start = random.integers(0, 4, n), random.integers(3, 6, (n, 2))
    step = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])[y]
    x = random.normal(0, 0.25, (n, 4, 10, 10, 1))
    for one, (row, column), (down, right) in zip(x, start, step, strict=True):
        for t in range(4):
            one[
                t, row + down * t : row + down * t + 2, column + right * t : column + right * t + 2
            ] += 1
    return Training(
        lambda: nn.Sequential([
            nn.Input((4, 10, 10, 1)), L.Conv3D(12, 3, padding="same", activation="relu"),
            L.MaxPooling3D((1, 2, 2)), L.BatchNormalization(momentum=0.9),
            L.Conv3D(24, 3, padding="same", activation="relu"), L.GlobalAveragePooling3D(),
            L.Dense(24, "relu"), L.Dropout(0.2), L.Dense(4, "softmax"),
        ]),
        **rows(single(x), y, 900, 150), optimizer=adam(falling(4e-3, 8 * 29)), epochs=8,
    )  # fmt: skip


def several_forms_at_once() -> Training:
    """Which of four forms stand in a picture, none to three: a sigmoid for each.

    After https://stackoverflow.com/questions/44164749
    """
    random, n = np.random.default_rng(907), 2000
    forms = np.zeros((4, 4, 4))
    forms[0][1:3], forms[1][:, 1:3], forms[2][[0, -1]], forms[3][:, [0, -1]] = 1, 1, 1, 1
    y = random.random((n, 4)) < 0.35
    x = random.normal(0, 0.2, (n, 12, 12, 1))
    corners = np.array([[0, 0], [0, 6], [6, 0], [6, 6]])
    for one, on in zip(x, y, strict=True):
        where = corners[random.permutation(4)] + random.integers(0, 3, (4, 2))
        for k in np.flatnonzero(on):
            row, column = where[k]
            one[row : row + 4, column : column + 4, 0] += forms[k]
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 1)), conv(16), L.MaxPooling2D(), conv(32), L.Dropout(0.1),
            L.GlobalMaxPooling2D(), L.Dense(32, "relu"), L.Dense(4, "sigmoid"),
        ]),
        **rows(single(x), single(y), 1400, 200), loss="binary_crossentropy", score=hit,
        metrics=("binary_accuracy",), optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def ants_and_bees() -> Training:
    """A trunk that knows eight letters is frozen, and its last layer learns four forms.

    After https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
    """
    x, y = letters(1600, 908, noise=0.2)
    known, new = y < 5, y >= 5
    x_old, y_old, x_new, y_new = x[known], y[known], x[new], y[new] - 5
    trunk = nn.Sequential([nn.Input((9, 9, 1)), conv(16), L.MaxPooling2D(), conv(32),
                           L.GlobalMaxPooling2D()])  # fmt: skip
    first = nn.Sequential([trunk, L.Dense(5, "softmax")])
    first.compile(nn.optimizers.Adam(4e-3), "sparse_categorical_crossentropy")
    first.fit(x_old, y_old, epochs=10, verbose=0, doctor=False)
    trunk.trainable = False
    return Training(
        lambda: nn.Sequential([trunk, L.Dense(3, "softmax")]), **rows(x_new, y_new, 300, 80),
        optimizer=by("SGD", falling(5e-3, 25 * 38), momentum=0.9), batch_size=8, epochs=25,
    )  # fmt: skip


class Copies(nn.utils.PyDataset):
    """Pictures that are moved anew each time they come."""

    def __init__(self, x: Any, y: Any, size: int) -> None:
        super().__init__()
        self.x, self.y, self.size = x, y, size
        self.random = np.random.default_rng(1)

    def __len__(self) -> int:
        return -(-len(self.x) // self.size)

    def __getitem__(self, k: int) -> Any:
        part = slice(k * self.size, (k + 1) * self.size)
        down, right = self.random.integers(-1, 2, 2)
        return np.roll(self.x[part], (down, right), (1, 2)), self.y[part]


def little_data_made_more() -> Training:
    """Three hundred digits, each batch moved by a pixel as it comes from a `PyDataset`.

    After https://blog.keras.io/building-powerful-image-classification-models-using-very-little-data.html
    """
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 8, 8, 1) / 16 for a in (x, x_test))
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), conv(24), L.MaxPooling2D(), conv(32), L.Flatten(), L.Dropout(0.3),
            L.Dense(48, "relu"), L.Dropout(0.3), L.Dense(10, "softmax"),
        ]),
        Copies(x[:400], y[:400], 20), None, (x[400:600], y[400:600]), (x_test, y_test),
        optimizer=by("RMSprop", falling(3e-3, 40 * 20)), batch_size=THEIRS, epochs=40,
    )  # fmt: skip


def where_the_eyes_are() -> Training:
    """Two points in a picture, of -1 to 1: four numbers by convolutions, no activation behind.

    After https://keras.io/examples/vision/keypoint_detection/
    """
    random, n = np.random.default_rng(910), 1500
    at = random.uniform(2, 9, (n, 2, 2))
    at = at[np.arange(n)[:, None], at[:, :, 1].argsort(1)]  # the left one first
    grid = np.stack(np.meshgrid(np.arange(12), np.arange(12), indexing="ij"), -1)
    far = ((grid[None, None] - at[:, :, None, None]) ** 2).sum(-1)
    x = np.exp(-far / 2.5).sum(1) + random.normal(0, 0.1, (n, 12, 12))

    def model() -> Any:
        return nn.Sequential([
            nn.Input((12, 12, 1)), conv(16), L.MaxPooling2D(), conv(32), conv(32), L.Flatten(),
            L.Dense(64, "relu"), L.Dense(4),
        ])  # fmt: skip

    y = at.reshape(n, 4) / 5.5 - 1
    return Training(
        model, **rows(single(x)[..., None], single(y), 1100, 150), **{**NUMBER, "loss": "mae"},
        optimizer=adam(falling(3e-3, 15 * 35)), epochs=15,
    )  # fmt: skip


def spoken_spectra() -> Training:
    """Words of four kinds as spectra of sound, scaled by `Normalization`, convolutions.

    After https://www.tensorflow.org/tutorials/audio/simple_audio
    """
    random, n, t = np.random.default_rng(911), 1500, np.arange(400) / 400
    y = random.integers(0, 4, n)
    low, rise = np.array([40, 40, 90, 90])[y], np.array([30, -30, 30, -30])[y]
    turn = 2 * np.pi * (low[:, None] * t + rise[:, None] * t**2 / 2) + random.uniform(0, 6, (n, 1))
    sound = np.sin(turn) * random.uniform(0.3, 1.0, (n, 1)) + random.normal(0, 0.6, (n, 400))
    frames = np.lib.stride_tricks.sliding_window_view(sound, 64, axis=1)[:, ::24] * np.hanning(64)
    x = single(np.log(np.abs(np.fft.rfft(frames))[..., :24] + 1e-3))[..., None]

    def model() -> Any:
        norm = L.Normalization(axis=None)
        norm.adapt(x[:1000])
        return nn.Sequential([
            nn.Input(x.shape[1:]), norm, conv(12), conv(16), L.MaxPooling2D(), L.Dropout(0.25),
            L.Flatten(), L.Dense(32, "relu"), L.Dropout(0.5), L.Dense(4),
        ])  # fmt: skip

    return Training(
        model, **rows(x, y, 1000, 200), loss=LOGITS, optimizer=adam(1e-3), epochs=6,
    )  # fmt: skip


def signals_of_two_kinds() -> Training:
    """Two kinds of engines' sounds by three convolutions with norms; a rate that is halved.

    After https://keras.io/examples/timeseries/timeseries_classification_from_scratch/
    """
    random, n, t = np.random.default_rng(912), 1500, np.arange(60)
    y = random.integers(0, 2, n)
    turn = 0.35 * t + random.uniform(0, 6.3, (n, 1))
    x = np.sin(turn) + 0.35 * y[:, None] * np.sin(2 * turn + 0.7) + random.normal(0, 0.5, (n, 60))
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)

    def model() -> Any:
        parts: list[Any] = [nn.Input((60, 1))]
        for _ in range(3):
            parts += [
                L.Conv1D(24, 3, padding="same"),
                L.BatchNormalization(momentum=0.95),
                L.ReLU(),
            ]
        return nn.Sequential([*parts, L.GlobalAveragePooling1D(), L.Dense(2, "softmax")])

    return Training(
        model, **rows(single(x)[..., None], y, 1100, 150), optimizer=adam(3e-3), epochs=20,
        fit={"callbacks": [calms(factor=0.5, patience=4, min_lr=1e-4),
                           stops(patience=10, restore_best_weights=True)]},
    )  # fmt: skip


def odd_machine_sounds() -> Training:
    """Series of a healthy machine rebuilt by turned convolutions, what is rebuilt badly is odd.

    After https://keras.io/examples/timeseries/timeseries_anomaly_detection/
    """
    random, n, t = np.random.default_rng(913), 1400, np.arange(48)
    turn = 2 * np.pi * t / 24 + random.uniform(0, 6.3, (n, 1))
    x = np.sin(turn) + 0.5 * np.sin(2 * turn) + random.normal(0, 0.15, (n, 48))
    odd = np.arange(n) >= 1200
    x[odd] += 0.8 * np.exp(-(((t - random.integers(10, 38, (200, 1))) / 2.0) ** 2))

    def model() -> Any:
        given: dict[str, Any] = {"strides": 2, "padding": "same", "activation": "relu"}
        return nn.Sequential([
            nn.Input((48, 1)), L.Conv1D(24, 7, **given), L.Dropout(0.1), L.Conv1D(8, 7, **given),
            L.Conv1DTranspose(8, 7, **given), L.Dropout(0.1), L.Conv1DTranspose(24, 7, **given),
            L.Conv1DTranspose(1, 7, padding="same"),
        ])  # fmt: skip

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], ((found(model, t) - t.test[0]) ** 2).max((1, 2)))

    x = single(x)[..., None]
    return Training(
        model, x[:900], x[:900], (x[900:1050], x[900:1050]), (x[1050:], odd[1050:]), loss="mse",
        metrics=(), score=score, optimizer=adam(2e-3), epochs=20,
    )  # fmt: skip


MAKES = (simple_convnet, dogs_and_cats, pets_cut_out, read_a_captcha, larger_pictures,
         light_in_the_dark, convolutions_mixed, which_video, several_forms_at_once, ants_and_bees,
         little_data_made_more, where_the_eyes_are, spoken_spectra, signals_of_two_kinds,
         odd_machine_sounds)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
