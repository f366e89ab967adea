"""Pictures of one more round: shells, arrows, leaves, lines of ink in pairs, boxes, digits anew."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import digits, layers
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


# --- one of several classes -----------------------------------------------------------------------


def shell_data(rows: int = 900) -> tuple[Any, Any]:
    """Return bytes of 12 by 12 in colour, and which of three: a snail, a comb, a pair."""
    random = np.random.default_rng(71)
    y = random.integers(0, 3, rows)
    down, right = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    centre = random.uniform(4.5, 6.5, (rows, 2, 1, 1))
    a, b = down - centre[:, 0], right - centre[:, 1]
    away, turn = np.hypot(a, b), np.arctan2(a, b)
    begin = random.uniform(0, 6.3, (rows, 1, 1))
    kinds = [np.sin(2 * away - turn + begin), np.sin(7 * turn + begin),
             2 * (np.minimum(np.hypot(a, b - 2), np.hypot(a, b + 2)) < 1.7) - 1]  # fmt: skip
    ink = (0.5 + 0.5 * np.choose(y[:, None, None], kinds)) * (away < 5)
    colour = random.uniform(0.5, 1, (rows, 1, 1, 3))
    x = 30 + 200 * ink[..., None] * colour + random.normal(0, 15, (rows, 12, 12, 3))
    return x.clip(0, 255).astype("uint8"), y


def shell_net(*before: Any, act: Any = "relu", end: Any = "softmax", **given: Any) -> Any:
    """Return what makes two convolutions with pools, a dense layer with dropout, and scores."""
    return layers(
        lambda: nn.Input((12, 12, 3)), *before,
        lambda: L.Conv2D(12, 3, padding="same", activation=act, **given),
        lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(24, 3, padding="same", activation=act, **given),
        lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(48, act, **given),
        lambda: L.Dropout(0.3), lambda: L.Dense(3, end),
    )  # fmt: skip


def shells() -> Training:
    """Shells, of 0 to 1."""
    x, y = shell_data()
    return Training(
        shell_net(), **parted((x / 255).astype("float32"), y, 600, 150), optimizer=adam(2e-3),
        epochs=12,
    )  # fmt: skip


def normed_net(momentum: float = 0.9, **given: Any) -> Any:
    """Return what makes three convolutions with norms and a mean over places."""

    def block(width: int, strides: int = 1) -> list[Any]:
        return [
            lambda: L.Conv2D(width, 3, strides=strides, padding="same", use_bias=False),
            lambda: L.BatchNormalization(momentum=momentum, **given),
            lambda: L.Activation("relu"),
        ]

    return layers(
        lambda: nn.Input((12, 12, 3)), *block(12), *block(16, 2), *block(24, 2),
        lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(3, "softmax"),
    )  # fmt: skip


def normed_shells() -> Training:
    """Shells by a net with norms."""
    return shells().but(model=normed_net(), optimizer=adam(4e-3))


def trunk(rows: int = 600) -> Any:
    """Return a trunk with norms that has learnt shells: bytes, of which the mean is taken away."""
    x, y = shell_data(rows)
    model = normed_net()()
    model.compile(nn.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
    model.fit(x.astype("float32") - 60, y, epochs=6, verbose=0, doctor=False)
    body = nn.Sequential([nn.Input((12, 12, 3)), *model.layers[:-1]])
    body.trainable = False
    return body


def taken_over() -> Training:
    """Whether a shell is a snail, by a head on the frozen trunk, fed as the trunk was."""
    x, y = shell_data(700)
    random = np.random.default_rng(72)
    x = (x * random.uniform(0.7, 1, (700, 1, 1, 1))).astype("float32") - 60

    def model() -> Any:
        image = nn.Input((12, 12, 3))
        v = trunk()(image, training=False)
        return nn.Model(image, L.Dense(1, "sigmoid")(L.Dense(16, "relu")(v)))

    return Training(
        model, **parted(x, (y == 0).astype("float32"), 450, 100), loss="binary_crossentropy",
        optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def arrow_data(rows: int = 800) -> tuple[Any, Any]:
    """Return grey pictures of 11 by 11 of 0 to 1 with an arrow, and which of four ways it goes."""
    random = np.random.default_rng(73)
    y = random.integers(0, 4, rows)
    x = random.normal(0.2, 0.1, (rows, 11, 11))
    for picture, way in zip(x, y, strict=True):
        arrow = np.zeros((11, 11))
        row, tip = random.integers(3, 8), random.integers(6, 9)
        arrow[row, 2 : tip + 1] = 0.6
        for step in (1, 2):
            arrow[[row - step, row + step], tip - step] = 0.6
        picture += np.rot90(arrow, way)
    return x[..., None].clip(0, 1).astype("float32"), y


def arrow_net(*before: Any) -> Any:
    """Return what makes a small net that tells which way, maybe behind layers that augment."""
    return layers(
        lambda: nn.Input((11, 11, 1)), *before,
        lambda: L.Conv2D(8, 3, activation="relu"), lambda: L.MaxPooling2D(),
        lambda: L.Flatten(), lambda: L.Dense(32, "relu"), lambda: L.Dense(4, "softmax"),
    )  # fmt: skip


def arrows() -> Training:
    """Which way an arrow goes, moved about a little in training."""
    return Training(
        arrow_net(lambda: L.RandomTranslation(0.1, 0.1)), **parted(*arrow_data(), 550, 100),
        optimizer=adam(4e-3), epochs=15,
    )  # fmt: skip


# --- a class for each pixel -----------------------------------------------------------------------


def leaf_data(rows: int = 420, small: bool = False) -> tuple[Any, Any]:
    """Return grounds of 12 by 12 in colour with two leaves, and for each pixel 0, 1 or 2."""
    random = np.random.default_rng(74)
    down, right = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    y = np.zeros((rows, 12, 12), "int64")
    for kind in (1, 2):
        centre, wide = random.uniform(2, 9, (rows, 2, 1, 1)), random.uniform(1.2, 2.4, (rows, 1, 1))
        if small:
            wide = wide / 3
        tall = wide * (1.6 if kind == 1 else 0.8)
        inside = ((down - centre[:, 0]) / tall) ** 2 + ((right - centre[:, 1]) / wide) ** 2 < 1
        y[inside] = kind
    paints = np.array([[0.45, 0.4, 0.3], [0.3, 0.6, 0.3], [0.6, 0.45, 0.25]])
    x = paints[y] + random.normal(0, 0.1, (rows, 12, 12, 3))
    return x.clip(0, 1).astype("float32"), y


def overlap_of_leaves(model: Any, t: Training) -> float:
    """Intersection over union of both kinds of leaves."""
    p, y = np.asarray(model.predict(t.test[0], verbose=0)), np.asarray(t.test[1])
    p = p.argmax(-1) if p.shape[-1] > 1 else (p[..., 0] > t.threshold).astype(int)
    y = y[..., 0] if y.ndim == 4 else y
    shares = [((p == k) & (y == k)).sum() / max(1, ((p == k) | (y == k)).sum())
              for k in range(1, p.max(initial=1) + 1)]  # fmt: skip
    return float(np.mean(shares)) if len(shares) == y.max() else 0.0


def leaf_net(last: int = 3, end: Any = "softmax") -> Any:
    """Return what makes a net that goes down twice and up again, with ways across."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        high = L.Conv2D(8, 3, padding="same", activation="relu")(inputs)
        mid = L.Conv2D(16, 3, padding="same", activation="relu")(L.MaxPooling2D()(high))
        low = L.Conv2D(16, 3, padding="same", activation="relu")(L.MaxPooling2D()(mid))
        up = L.Concatenate()([mid, L.UpSampling2D()(low)])
        up = L.Conv2D(16, 3, padding="same", activation="relu")(up)
        up = L.Concatenate()([high, L.UpSampling2D()(up)])
        up = L.Conv2D(8, 3, padding="same", activation="relu")(up)
        return nn.Model(inputs, L.Conv2D(last, 1, activation=end)(up))

    return model


def leaves() -> Training:
    """What each pixel belongs to."""
    return Training(
        leaf_net(), **parted(*leaf_data(), 280, 60), metrics=(), optimizer=adam(0.01), epochs=20,
        batch_size=16, score=overlap_of_leaves,
    )  # fmt: skip


def dice(y: Any, p: Any) -> Any:
    """One minus the overlap, of shares."""
    y = ops.cast(y, "float32")
    both = ops.sum(y * p, axis=(1, 2, 3))
    return 1 - ops.mean((2 * both + 1) / (ops.sum(y + p, axis=(1, 2, 3)) + 1))


def any_leaf(loss: Any = dice, end: Any = "sigmoid") -> Training:
    """Whether a pixel belongs to a leaf, by the overlap."""
    return leaves().to(lambda y: (y > 0).astype("float32")[..., None]).but(
        model=leaf_net(1, end), loss=loss,
    )  # fmt: skip


# --- pairs ----------------------------------------------------------------------------------------


def pair_data(rows: int = 900) -> tuple[Any, Any]:
    """Return pairs of digits as pictures, and 1 for two of the same kind, which half of them are.

    A tenth of the pairs are a picture and itself.
    """
    (x, label), _ = nn.datasets.digits.load_data()
    x = (x.reshape(-1, 8, 8, 1) / 16).astype("float32")
    random = np.random.default_rng(75)
    a, same = random.integers(0, len(x), rows), random.random(rows) < 0.5
    b = np.array([random.choice(np.flatnonzero((label == label[i]) == s))
                  for i, s in zip(a, same, strict=True)])  # fmt: skip
    b = np.where(same & (random.random(rows) < 0.2), a, b)
    return (x[a], x[b]), same.astype("float32")[:, None]


def code_net(width: int = 16) -> Any:
    """Return what makes a vector of a picture."""
    return nn.Sequential([
        nn.Input((8, 8, 1)), L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
        L.Dense(48, "relu"), L.Dense(width),
    ])  # fmt: skip


def apart(epsilon: float = 1e-7) -> Any:
    """Return what makes a net of two pictures that tells how far their vectors lie apart."""

    def model() -> Any:
        code, two = code_net(), [nn.Input((8, 8, 1)), nn.Input((8, 8, 1))]
        a, b = (code(v) for v in two)
        square = ops.sum(ops.square(a - b), axis=-1, keepdims=True)
        return nn.Model(two, ops.sqrt(ops.maximum(square, epsilon) if epsilon else square))

    return model


def contrastive(y: Any, d: Any) -> Any:
    """Pulls those of one kind together and others apart, by a margin of 1."""
    return ops.mean(y * ops.square(d) + (1 - y) * ops.square(ops.maximum(1 - d, 0.0)))


def told_apart(model: Any, t: Training) -> float:
    """How often a pair of one kind lies nearer than another: the area under the curve."""
    d, y = np.asarray(model.predict(list(t.test[0]), verbose=0))[:, 0], t.test[1][:, 0]
    if not np.isfinite(d).all():
        return 0.5
    d = d if t.threshold > 0 else -d
    same, other = d[y == 1], d[y == 0]
    return float(np.mean((same[:, None] < other) + 0.5 * (same[:, None] == other)))


def pairs() -> Training:
    """Which digits are of one kind, by the distance of their vectors."""
    parts = parted(*pair_data(), 600, 120)
    x, y = list(parts["x"]), parts["y"]
    held, test = ((list(v[0]), v[1]) for v in (parts["validation"], parts["test"]))
    return Training(
        apart(), x, y, held, test, loss=contrastive, metrics=(), optimizer=adam(2e-3), epochs=15,
        score=told_apart,
    )  # fmt: skip


def alike_net(weighed: bool = True) -> Any:
    """Return what makes a net of two pictures that tells how likely they are of one kind."""

    def model() -> Any:
        code, two = code_net(), [nn.Input((8, 8, 1)), nn.Input((8, 8, 1))]
        a, b = (code(v) for v in two)
        far = ops.abs(a - b)
        if weighed:
            return nn.Model(two, L.Dense(1, "sigmoid")(far))
        return nn.Model(two, ops.sigmoid(ops.sum(far, axis=-1, keepdims=True)))

    return model


def alike() -> Training:
    """Which digits are of one kind, as a probability from weighed differences."""
    return pairs().but(
        model=alike_net(), loss="binary_crossentropy", metrics=("accuracy",), threshold=-1.0
    )


# --- places, ages ---------------------------------------------------------------------------------


def box_data(rows: int = 800) -> tuple[Any, Any]:
    """Return grey pictures of 14 by 14 with a box, and its left, top, width and height in them."""
    random = np.random.default_rng(76)
    corner, size = random.integers(1, 7, (rows, 2)), random.integers(3, 7, (rows, 2))
    at = np.arange(14)
    inside = [(at >= c[:, None]) & (at < (c + s)[:, None])
              for c, s in zip(corner.T, size.T, strict=True)]  # fmt: skip
    x = 0.3 + 0.5 * (inside[1][:, :, None] & inside[0][:, None, :])
    x = x + random.normal(0, 0.08, x.shape)
    return x[..., None].astype("float32"), np.concatenate([corner, size], 1).astype("float32")


def box_net(end: Any = None) -> Any:
    """Return what makes a net that tells four numbers."""
    return layers(
        lambda: nn.Input((14, 14, 1)), lambda: L.Conv2D(8, 3, activation="relu"),
        lambda: L.MaxPooling2D(), lambda: L.Conv2D(16, 3, activation="relu"), lambda: L.Flatten(),
        lambda: L.Dense(48, "relu"), lambda: L.Dense(4, end),
    )  # fmt: skip


def boxes() -> Training:
    """Where a box is, as shares of the picture."""
    x, y = box_data()
    return Training(
        box_net(), **parted(x, y / 14, 550, 100), loss="mse", metrics=(), optimizer=adam(2e-3),
        epochs=12, score=lambda m, t: explained(m, t),
    )  # fmt: skip


# --- digits, made anew ----------------------------------------------------------------------------


def rebuilt(act: Any = "relu", end: Any = "sigmoid", hidden: tuple[int, ...] = (48, 16, 48)) -> Any:
    """Return what makes an autoencoder of digits."""
    return layers(
        lambda: nn.Input((64,)), *[lambda w=w: L.Dense(w, act) for w in hidden],
        lambda: L.Dense(64, end),
    )  # fmt: skip


def copies() -> Training:
    """Digits through sixteen numbers."""
    t = digits()
    return t.but(
        model=rebuilt(), y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2,
        loss="binary_crossentropy", metrics=(), optimizer=adam(3e-3), epochs=20, score=explained,
    )  # fmt: skip


def noisy_data(t: Training, again: bool = False) -> tuple[Any, Any]:
    """Return digits from -1 to 1 under noise with how much of it there is, and the noise."""
    random = np.random.default_rng(77)
    x = np.tile(2 * np.concatenate([t.x, t.validation[0]]) - 1, (2, 1))
    time, noise = random.random((len(x), 1)), random.normal(size=x.shape)
    seen = np.cos(time * np.pi / 2) * x + np.sin(time * np.pi / 2) * noise
    told = random.normal(size=x.shape) if again else noise
    return (seen.astype("float32"), time.astype("float32")), told.astype("float32")


def denoiser() -> Any:
    """Make a net of a picture and a time that tells the noise."""
    image, time = nn.Input((64,)), nn.Input((1,))
    v = L.Concatenate()([image, L.Dense(16, "silu")(time)])
    for _ in range(2):
        v = L.Dense(128, "silu")(v)
    return nn.Model([image, time], L.Dense(64)(v))


def under_noise(again: bool = False, change: Any = lambda x: x) -> Training:
    """The noise on a digit, told by the picture and the time."""
    t = digits()
    t = t.but(x=change(t.x), validation=(change(t.validation[0]), t.validation[1]))
    parts = parted(*noisy_data(t, again), 1800, 200)
    x, y = list(parts["x"]), parts["y"]
    held, test = ((list(v[0]), v[1]) for v in (parts["validation"], parts["test"]))
    return Training(
        denoiser, x, y, held, test, loss="mse", metrics=(), optimizer=adam(2e-3), epochs=20,
        score=explained,
    )  # fmt: skip
