"""Training gives the same bits with any number of threads."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona import ops as o
from tests.first import first
from tests.settings import threads_set_to

RNG = np.random.default_rng(0)


def mlp():
    hidden = [layers.Dense(128, "relu"), layers.Dropout(0.3)]
    return nn.Sequential([layers.Input((200,)), *hidden, layers.Dense(10, "softmax")])


def cnn():
    return nn.Sequential(
        [
            layers.Input((14, 14, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, "softmax"),
        ]
    )


def residual_block():
    x = layers.Input((12, 12, 3))
    h = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
    y = layers.Activation("relu")(layers.BatchNormalization()(h))
    y = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(y))
    y = layers.GlobalAveragePooling2D()(layers.Activation("relu")(layers.Add()([h, y])))
    return nn.Model(x, layers.Dense(10, "softmax")(y))


def volumes():
    first = {"data_format": "channels_first"}
    return nn.Sequential(
        [
            layers.Input((2, 6, 8, 8)),
            layers.Conv3D(8, 3, padding="same", activation="relu", **first),
            layers.BatchNormalization(axis=1),
            layers.MaxPooling3D(**first),
            layers.Conv3DTranspose(4, 2, strides=2, activation="relu", **first),
            layers.AdaptiveAveragePooling3D((2, 3, 3), **first),
            layers.Flatten(**first),
            layers.SpectralNormalization(layers.Dense(10)),
            layers.Softmax(),
        ]
    )


class LSTM(layers.Layer):
    """i, f, o = sigmoid, g = tanh of (x, h) @ W;  c <- f c + i g;  h <- o tanh(c)."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1] + self.units, 4 * self.units))

    def call(self, x):  # (B, T, D)
        start = o.zeros((x.shape[0], self.units), x.dtype)

        def cell(state, x):
            h, c = state
            i, f, g, out = o.split(o.concatenate([x, h], axis=-1) @ self.kernel, 4, axis=-1)
            c = o.sigmoid(f) * c + o.sigmoid(i) * o.tanh(g)
            h = o.sigmoid(out) * o.tanh(c)
            return (h, c), h

        (h, _), _ = o.scan(cell, (start, start), o.swapaxes(x, 0, 1))
        return h


def lstm():
    return nn.Sequential([layers.Input((9, 40)), LSTM(64), layers.Dense(10, "softmax")])


SHAPES = {
    mlp: (200,), cnn: (14, 14, 3), residual_block: (12, 12, 3), volumes: (2, 6, 8, 8),
    lstm: (9, 40),
}  # fmt: skip


@pytest.mark.parametrize("network", first(SHAPES, mlp, cnn), ids=lambda network: network.__name__)
def test_an_epoch_is_the_same_with_1_to_4_threads(network):
    shape = SHAPES[network]

    def trained(shape):
        nn.utils.set_random_seed(1)
        model = network()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"],
                      engine="native")  # fmt: skip
        rng = np.random.default_rng(0)
        x = rng.normal(size=(176, *shape)).astype("float32")
        history = model.fit(x, rng.integers(0, 10, 176), batch_size=64, epochs=2, verbose=0)
        programs = [c.program for c in model.training_step().programs.values()]
        assert any(shared for p in programs for _, shared, _ in p.run.entries), "too small to share"
        return [
            *model.get_weights(),
            np.array(history.history["loss"]),
            model.predict(x, verbose=0),
        ]

    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            found.append(trained(shape))
    first, *others = found
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert a.tobytes() == b.tobytes()
