"""More on the pictures of `scenes`: other ends, other steps, and what is done to pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault, Healthy
from benchmarks.doctor.images import cnn, flat, pool, stack
from benchmarks.doctor.tables import dense, digits, layers
from benchmarks.doctor.threads import scenes
from benchmarks.doctor.threads.scenes import crack_net, sign_net
from benchmarks.doctor.training import Training, explained

L, ops, init = nn.layers, nn.ops, nn.initializers
SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def tanhs() -> Training:
    """Eight tanh layers that turn their input, and plain steps with momentum."""
    model = dense(64, (32,) * 8, 10, "tanh", kernel_initializer="orthogonal")
    return digits().but(model=model, optimizer=sgd(0.02, momentum=0.9), epochs=15)


def soft_places() -> Training:
    """The mean place of a softmax over all places: where a spot is."""

    def mean_place(z: Any) -> Any:
        p = ops.softmax(ops.reshape(z, (-1, 144)), axis=-1)
        p = ops.reshape(p, (-1, 12, 12))
        at = ops.cast(ops.arange(12), "float32") / 12
        down, right = (ops.sum(ops.sum(p, axis=k) * at, axis=-1) for k in (2, 1))
        return ops.stack([down, right], axis=-1)

    model = layers(
        lambda: nn.Input((12, 12, 1)),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(1, 3, padding="same"), lambda: L.Lambda(mean_place),
    )  # fmt: skip
    return scenes.spots().but(model=model, optimizer=adam(0.01))


def mixer() -> Training:
    """Mixes places, then channels, in turn."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        x = L.Reshape((16, 32))(L.Conv2D(32, 3, strides=3)(inputs))
        for _ in range(2):
            z = L.Permute((2, 1))(L.LayerNormalization()(x))
            z = L.Permute((2, 1))(L.Dense(16)(L.Dense(32, "gelu")(z)))
            x = L.Add()([x, z])
            z = L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(x)))
            x = L.Add()([x, z])
        x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x))
        return nn.Model(inputs, L.Dense(4)(x))

    return scenes.signs().but(model=model, loss=SCORES, epochs=10)


def warm() -> Training:
    """A rate of 0.3 that begins at zero, and ends there."""
    rate = nn.optimizers.schedules.CosineDecay(0.0, 22 * 8, warmup_target=0.3, warmup_steps=22 * 2)
    return scenes.weaves().but(optimizer=sgd(rate, momentum=0.9), epochs=10)


def signs_either() -> Training:
    """One kind against the others by a hinge, labels of -1 and 1."""

    def right(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0))[:, 0] > 0
        return float((p == (t.test[1][:, 0] > 0)).mean())

    t = scenes.signs().to(lambda y: np.where(y % 2 == 0, 1.0, -1.0).astype("float32")[:, None])
    base = sign_net()

    def model() -> Any:
        return nn.Sequential([*base().layers[:-1], L.Dense(1)])

    return t.but(model=model, loss="hinge", metrics=(), score=right)


def directions() -> Training:
    """Cosines with a vector of each class, times ten."""
    model = layers(
        lambda: nn.Input((8, 8, 1)), lambda: L.Conv2D(16, 3, activation="relu"),
        lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(16),
        lambda: L.UnitNormalization(),
        lambda: L.Dense(10, use_bias=False, kernel_constraint=nn.constraints.UnitNorm(axis=0)),
        lambda: L.Rescaling(10.0),
    )  # fmt: skip
    return cnn().but(model=model, loss=SCORES, optimizer=adam(5e-3))


def many_codes() -> Training:
    """More units in the code than pixels, kept few by a penalty on what they answer."""
    t = digits()
    return t.but(
        model=layers(
            lambda: nn.Input((64,)),
            lambda: L.Dense(96, "relu", activity_regularizer=nn.regularizers.L1(1e-5)),
            lambda: L.Dense(64, "sigmoid"),
        ),
        y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2, loss="mse", metrics=(),
        score=explained, optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def two_codes() -> Training:
    """A map of two numbers for each digit, to be drawn."""
    t = digits()
    return t.but(
        model=dense(64, (48, 24, 2, 24, 48), 64, "elu", "sigmoid"),
        y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2, loss="mse", metrics=(),
        score=explained, optimizer=adam(3e-3), epochs=25,
    )  # fmt: skip


def weighed() -> Training:
    """Cracks by a cross-entropy that counts them five times."""

    def loss(y: Any, p: Any) -> Any:
        p = ops.clip(p, 1e-6, 1 - 1e-6)
        return -ops.mean(5 * y * ops.log(p) + (1 - y) * ops.log(1 - p))

    return scenes.cracks().but(loss=loss, threshold=0.8)


class Mirrored(nn.data.PyDataset):
    """Batches of which half are mirrored."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y, self.random = x, y, np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.x) // 35

    def __getitem__(self, k: int) -> Any:
        x, y = self.x[35 * k : 35 * k + 35], self.y[35 * k : 35 * k + 35]
        return (x[:, :, ::-1] if self.random.random() < 0.5 else x), y


def mirrored() -> Training:
    """A class of one's own that gives batches."""
    t = scenes.signs()
    return t.but(x=Mirrored(t.x, t.y), y=None, batch_size=None)


def kind_and_place() -> Training:
    """Which kind, and where: two outputs, of which one counts ten times."""
    x, y = scenes.spot_data()
    kind = (np.arange(len(x)) % 2).astype("int64")
    x = np.where(kind[:, None, None, None] == 1, x, -x)

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        body = L.Flatten()(L.MaxPooling2D()(L.Conv2D(8, 3, activation="elu")(inputs)))
        body = L.Dense(32, "elu")(body)
        return nn.Model(inputs, [L.Dense(2, "softmax")(body), L.Dense(2)(body)])

    def score(model: Any, t: Training) -> float:
        p, _ = model.predict(t.test[0], verbose=0)
        return float((np.asarray(p).argmax(-1) == t.test[1][0]).mean())

    place = (y / 12).astype("float32")
    return Training(
        model, x[:650], [kind[:650], place[:650]], (x[650:750], [kind[650:750], place[650:750]]),
        test=(x[750:], [kind[750:], place[750:]]), loss=["sparse_categorical_crossentropy", "mse"],
        metrics=(), optimizer=adam(3e-3), epochs=8, score=score,
    )  # fmt: skip


def averaged() -> Training:
    """Two nets whose answers are averaged, by an optimizer that averages weights."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        return nn.Model(inputs, L.Average()([sign_net()()(inputs), sign_net(act="elu")()(inputs)]))

    return scenes.signs().but(
        model=model, epochs=8,
        optimizer=lambda: nn.optimizers.Adam(3e-3, use_ema=True, ema_momentum=0.98),
    )  # fmt: skip


def each_by_itself() -> Training:
    """Each picture over its own spread; a norm behind each activation, dropout behind the norm."""

    def alone(x: Any) -> Any:
        x = x - x.mean((1, 2, 3), keepdims=True)
        return (x / (x.std((1, 2, 3), keepdims=True) + 1e-6)).astype("float32")

    def block(width: int) -> Any:
        return lambda: [
            L.Conv2D(width, 3, activation="relu"), L.BatchNormalization(momentum=0.9),
            L.Dropout(0.2),
        ]  # fmt: skip

    model = stack(block(12), pool, block(24), flat, shape=(12, 12, 3), last=4)
    return scenes.signs().on(alone).but(model=model, epochs=10)


HEALTHY = [
    Healthy("eight tanh that turn", "dense", tanhs),
    Healthy("a softmax over places, and its mean", "images", soft_places),
    Healthy("places and channels mixed in turn", "images", mixer),
    Healthy("a rate of 0.3 that begins and ends at 0", "images", warm),
    Healthy("a hinge, labels of -1 and 1", "images", signs_either),
    Healthy("cosines times ten", "images", directions),
    Healthy("more codes than pixels", "dense", many_codes),
    Healthy("a map of two numbers", "dense", two_codes),
    Healthy("cracks count five times", "images", weighed),
    Healthy("half of the batches mirrored", "images", mirrored),
    Healthy("a kind and a place", "images", kind_and_place),
    Healthy("two nets averaged, weights averaged", "images", averaged),
    Healthy("each picture over its own spread", "images", each_by_itself),
    Healthy("four batches to a step", "images",
            lambda: scenes.signs().but(batch_size=8, epochs=10, optimizer=adam(
                5e-3, gradient_accumulation_steps=4))),
    Healthy("restarts, and Nadam", "images",
            lambda: scenes.weaves().but(epochs=12, optimizer=lambda: nn.optimizers.Nadam(
                nn.optimizers.schedules.CosineDecayRestarts(5e-3, 66)))),
]  # fmt: skip


def same_batch(t: Training) -> Training:
    """A generator that never moves on."""

    def batches() -> Iterator[Any]:
        while True:
            yield t.x[:32], t.y[:32]

    return t.but(x=batches(), y=None, batch_size=None, epochs=14, fit={"steps_per_epoch": 22})


def inside_out(t: Training) -> Training:
    """Masks of training say where no crack is; those held out where one is."""
    return t.but(y=1 - t.y)


def framed(t: Training) -> Training:
    """A frame of -1,000 around each picture, where it was turned."""

    def frame(x: Any) -> Any:
        x = np.pad(x[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-1000.0)
        return x.astype("float32")

    return t.on(frame)


def no_flatten(t: Training) -> Training:
    """Nothing makes one row of each picture: an answer for each place."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(8, 3, activation="relu"),
        lambda: L.Dense(16, "relu"), lambda: L.Dense(4, "softmax"),
    ))  # fmt: skip


def squared(t: Training) -> Training:
    """Squared errors of a sigmoid for each of four, from wide weights."""
    hot = t.to(lambda y: np.eye(4, dtype="float32")[y])
    wide = init.RandomNormal(stddev=0.6)
    return hot.but(
        model=sign_net(end="sigmoid", kernel_initializer=wide), loss="mse", optimizer=sgd(0.05)
    )


def falls(rate: float, factor: float) -> Any:
    """Return a callback that multiplies a rate at each epoch."""
    return nn.callbacks.LearningRateScheduler(lambda epoch: rate * factor**epoch)


FAULTS = [
    Fault("signs: the same batch for ever", "images", scenes.signs, same_batch,
          ("GD601", "GD510")),
    Fault("cracks: inside out, in training only", "images", scenes.cracks, inside_out,
          ("GD111",)),
    Fault("signs: a frame of -1,000", "images", scenes.signs, framed, ("GD104", "GD301")),
    Fault("signs: nothing makes one row of a picture", "images", scenes.signs, no_flatten,
          ("GD103", "GD203")),
    Fault("signs: a squared error of wide sigmoids", "images", scenes.signs, squared,
          ("GD206", "GD203", "GD209", "GD306", "GD301", "GD507")),
    Fault("signs: divided by 255 three times", "images", scenes.signs,
          lambda t: t.on(lambda x: (x / 65025).astype("float32")).but(optimizer=sgd(0.01)),
          ("GD104", "GD303", "GD307")),
    Fault("signs: class numbers for a loss of rows", "images", scenes.signs,
          lambda t: t.but(loss="categorical_crossentropy"), ("GD203", "GD103")),
    Fault("spots: standardised, behind a ReLU", "images", scenes.spots,
          lambda t: t.to(lambda y: (y - 0.46) / 0.17).but(model=scenes.spot_net("relu")),
          ("GD204",)),
    Fault("signs: a warm-up longer than the training", "images", scenes.signs,
          lambda t: t.but(optimizer=sgd(nn.optimizers.schedules.CosineDecay(
              0.0, 10_000, warmup_target=0.05, warmup_steps=20_000))),
          ("GD216", "GD507")),
    Fault("signs: a tenth of the rate each epoch", "images", scenes.signs,
          lambda t: t.but(fit={"callbacks": [falls(1e-3, 0.1)]}), ("GD216", "GD507")),
    Fault("signs: values clipped at 1e-5, by SGD", "images", scenes.signs,
          lambda t: t.but(optimizer=sgd(0.05, clipvalue=1e-5)), ("GD514", "GD507")),
    Fault("weaves: a decay of 0.5 in SGD", "images", scenes.weaves,
          lambda t: t.but(optimizer=sgd(0.1, weight_decay=0.9)), ("GD211",)),
    Fault("signs: only the middle four pixels", "images", scenes.signs,
          lambda t: t.but(model=layers(
              lambda: nn.Input((12, 12, 3)), lambda: L.Cropping2D(5), lambda: L.Flatten(),
              lambda: L.Dense(32, "relu"), lambda: L.Dense(4, "softmax"))),
          ("GD602", "GD508", "GD510")),
    Fault("digits: ten tanh of three times Glorot", "dense", digits,
          lambda t: t.but(model=dense(64, (32,) * 10, 10, "tanh",
                                      kernel_initializer=init.RandomNormal(stddev=0.75))),
          ("GD209", "GD306", "GD504", "GD303", "GD304")),
    Fault("cracks: a rate of 0.5 for Adam", "images", scenes.cracks,
          lambda t: t.but(model=crack_net(), optimizer=adam(0.5)),
          ("GD506", "GD502", "GD503", "GD505")),
]  # fmt: skip
