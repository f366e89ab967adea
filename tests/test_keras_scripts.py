"""The code that readers of Keras's documentation write, with our import line.

Small data, in our own words; each test is a script as a newcomer would type it.
"""

import numpy as np
import pytest

import neurona as keras
import neurona as nn
from neurona import layers
from neurona.callbacks import (
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from neurona.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    MaxPooling2D,
)
from neurona.models import Model, Sequential, load_model
from neurona.optimizers import SGD, Adam
from neurona.utils import to_categorical

# Scripts for Keras name their files so; they are told what the files are
pytestmark = pytest.mark.filterwarnings("ignore:Keras cannot make the model in")


@pytest.fixture(autouse=True)
def _same_numbers():
    keras.utils.set_random_seed(42)
    np.random.seed(42)


def blobs(n=96, classes=3, features=4):
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    return (rng.normal(size=(n, features)) + 3 * np.eye(classes, features)[y]).astype("float32"), y


def images(n=40):
    """Digits as MNIST has them: bytes (N, 28, 28)."""
    x, y = nn.datasets.digits.load_data()[0]
    return np.kron(x[:n].reshape(-1, 8, 8), np.ones((1, 4, 4)))[:, 2:30, 2:30] * 15.9, y[:n]


def test_two_inputs_and_two_outputs():
    x, y = blobs()
    words = np.random.randint(0, 20, (96, 5))
    numbers = keras.Input(shape=(4,), name="numbers")
    text = keras.Input(shape=(5,), dtype="int32", name="text")
    joined = layers.concatenate([Dense(8, "relu")(numbers), Flatten()(Embedding(20, 2)(text))])
    kind = Dense(3, activation="softmax", name="kind")(joined)
    size = Dense(1, name="size")(joined)
    model = keras.Model(inputs=[numbers, text], outputs=[kind, size])
    model.compile(
        optimizer="adam",
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.5},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    history = model.fit(
        {"numbers": x, "text": words}, {"kind": y, "size": y * 1.0}, epochs=3, verbose=0
    )
    for key in ("loss", "kind_loss", "size_loss", "kind_accuracy", "size_mae"):
        assert len(history.history[key]) == 3
    kinds, sizes = model.predict([x, words], verbose=0)
    assert kinds.shape == (96, 3)
    assert sizes.shape == (96, 1)


def test_a_residual_network(tmp_path):
    x, y = images(32)
    inputs = keras.Input((28, 28))
    z = Conv2D(8, 3, activation="relu", padding="same")(layers.Reshape((28, 28, 1))(inputs))
    z = MaxPooling2D(2)(z)
    block = Conv2D(8, 3, padding="same", use_bias=False)(z)
    block = layers.Activation("relu")(BatchNormalization()(block))
    z = layers.add([block, z])
    outputs = Dense(10, "softmax")(layers.GlobalAveragePooling2D()(z))
    model = Model(inputs, outputs, name="residual")
    model.compile(SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x / 255, y, batch_size=16, epochs=1, verbose=0)
    model.save(tmp_path / "residual.keras")
    again = load_model(tmp_path / "residual.keras")
    np.testing.assert_array_equal(
        again.predict(x / 255, verbose=0), model.predict(x / 255, verbose=0)
    )


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.w) + self.b


def test_a_layer_of_my_own():
    layer = Linear(4, name="mine")
    assert layer(np.ones((2, 3))).shape == (2, 4)
    assert [w.shape for w in layer.weights] == [(3, 4), (4,)]
    assert layer.get_config()["units"] == 4
    x, y = blobs()
    model = Sequential([Linear(8), layers.ReLU(), Linear(3), layers.Softmax()])
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


class Custom(keras.Model):
    """A training step of one's own: loss and metrics by hand."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = Dense(8, "tanh"), Dense(1)
        self.tracker = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.out(self.hidden(x))

    def train_step(self, data):
        x, y = data

        def compute():
            return keras.ops.mean(keras.ops.square(y - self(x, training=True)))

        loss, gradients = keras.gradients(compute, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    @property
    def metrics(self):
        return [self.tracker]


def test_a_training_step_of_my_own():
    x, _ = blobs()
    model = Custom()
    model.compile(optimizer=Adam(0.01))
    losses = model.fit(x, x[:, :1] * x[:, 1:2], epochs=10, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


def test_adversaries_take_turns():
    """As a GAN: the discriminator learns real from fake, then the generator learns to fool it."""
    real = np.random.normal(3.0, 0.5, (64, 1)).astype("float32")
    generator = Sequential([keras.Input((2,)), Dense(8, "relu"), Dense(1)])
    critic = Sequential([keras.Input((1,)), Dense(8, "relu"), Dense(1, "sigmoid")])
    critic.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    critic.trainable = False
    both = Sequential([generator, critic])
    both.compile(Adam(0.01), "binary_crossentropy")
    critic.trainable = True
    critic.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    before = [w.copy() for w in generator.get_weights()]
    for _ in range(20):
        noise = np.random.normal(size=(64, 2)).astype("float32")
        fake = generator.predict(noise, verbose=0)
        critic.trainable = True
        critic.train_on_batch(np.concatenate([real, fake]), np.repeat([1.0, 0.0], 64)[:, None])
        critic.trainable = False
        seen = critic.get_weights()
        both.train_on_batch(noise, np.ones((64, 1)))
        for a, b in zip(seen, critic.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(before[0], generator.get_weights()[0])


def test_an_autoencoder_and_its_encoder():
    x = images(64)[0].reshape(64, -1).astype("float32") / 255
    inputs = keras.Input(shape=(784,))
    encoded = Dense(16, activation="relu")(inputs)
    decoded = Dense(784, activation="sigmoid")(encoded)
    autoencoder, encoder = Model(inputs, decoded), Model(inputs, encoded)
    autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    losses = autoencoder.fit(x, x, epochs=4, shuffle=True, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert encoder.predict(x, verbose=0).shape == (64, 16)


def test_transfer_learning_leaves_the_base_alone():
    x, y = blobs()
    base = Sequential([keras.Input((4,)), Dense(8, "relu"), BatchNormalization()])
    base.trainable = False
    inputs = keras.Input(shape=(4,))
    model = Model(inputs, Dense(3, "softmax")(base(inputs, training=False)))
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 6
    before = base.get_weights()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, verbose=0)
    for a, b in zip(before, base.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    base.trainable = True  # fine-tuning
    model.compile(Adam(1e-4), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(before[0], base.get_weights()[0])


def test_callbacks_together(tmp_path):
    x, y = blobs()
    model = Sequential([Dense(8, "relu"), Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = tmp_path / "best.keras"
    history = model.fit(
        x, y, validation_data=(x[:20], y[:20]), epochs=6, verbose=0,
        callbacks=[
            EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True),
            ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2, min_lr=1e-6),
            ModelCheckpoint(str(best), monitor="val_loss", save_best_only=True),
            CSVLogger(tmp_path / "log.csv"),
        ],
    )  # fmt: skip
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert len(rows) == 1 + len(history.history["val_accuracy"])
    again = load_model(best)
    assert again.evaluate(x[:20], y[:20], verbose=0)[0] == pytest.approx(
        min(history.history["val_loss"]), rel=1e-4
    )
    rates = model.fit(x, y, epochs=3, verbose=0, callbacks=[
        LearningRateScheduler(lambda epoch, rate: 0.01 * 0.5**epoch)
    ]).history["learning_rate"]  # fmt: skip
    assert rates == pytest.approx([0.01, 0.005, 0.0025])


def test_generators_and_weights_of_classes():
    x, y = blobs()

    def forever():
        while True:
            rows = np.random.randint(0, len(x), 16)
            yield x[rows], to_categorical(y[rows], 3)

    model = Sequential([keras.Input((4,)), Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(forever(), steps_per_epoch=5, epochs=2, verbose=0)
    assert len(history.history["accuracy"]) == 2
    model.fit(x, to_categorical(y), class_weight={0: 1.0, 1: 2.0, 2: 0.5}, verbose=0)
    kernel, bias = model.layers[0].get_weights()
    assert (kernel.shape, bias.shape) == ((4, 3), (3,))
    assert model.predict(x, verbose=0)[0].argmax() in (0, 1, 2)
    assert set(model.evaluate(x, to_categorical(y), verbose=0, return_dict=True)) == {
        "loss", "accuracy"
    }  # fmt: skip


def test_normalized_features_and_texts():
    x, y = blobs()
    scale = layers.Normalization(axis=-1)
    scale.adapt(x * 100 + 7)
    model = Sequential([scale, Dense(3, "softmax")])
    model.compile(Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x * 100 + 7, y, epochs=5, verbose=0)
    assert model.evaluate(x * 100 + 7, y, verbose=0)[1] > 0.8

    good, bad = [1, 2, 3, 4], [5, 6, 7, 8]
    texts = [list(np.random.choice(good if i % 2 else bad, 3 + i % 4)) for i in range(60)]
    words = keras.utils.pad_sequences(texts, maxlen=6)
    reader = Sequential([
        Embedding(input_dim=9, output_dim=4), GlobalAveragePooling1D(), Dense(1, "sigmoid")
    ])  # fmt: skip
    reader.compile(Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    reader.fit(words, np.arange(60) % 2, epochs=10, verbose=0)
    assert reader.evaluate(words, np.arange(60) % 2, verbose=0)[1] == 1.0
