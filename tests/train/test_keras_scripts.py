"""Scripts in the style of Keras's tutorials, with the import line changed."""

import numpy as np
import pytest

import neurona as keras
from neurona import layers

# Scripts for Keras name their files so; they are told what the files are
pytestmark = pytest.mark.filterwarnings("ignore:Keras cannot make the model in")

RNG = np.random.default_rng(0)


def digits(n=96):
    """Small images of three kinds: a bright band on the left, in the middle, on the right."""
    y = RNG.integers(0, 3, n)
    x = RNG.integers(0, 60, (n, 9, 9)).astype("uint8")
    for i, label in enumerate(y):
        x[i, :, 3 * label : 3 * label + 3] += 180
    return x, y


def test_mnist_for_beginners():
    x_train, y_train = digits()
    x_test, y_test = digits(30)
    x_train, x_test = x_train / 255.0, x_test / 255.0
    keras.utils.set_random_seed(1)
    model = keras.models.Sequential(
        [
            keras.layers.Flatten(input_shape=(9, 9)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3),
        ]
    )
    predictions = model(x_train[:1]).numpy()
    assert predictions.shape == (1, 3)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss_fn(y_train[:1], predictions).numpy() > 0
    model.compile(optimizer="adam", loss=loss_fn, metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=8, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, verbose=2)
    assert accuracy > 0.9
    probability_model = keras.Sequential([model, keras.layers.Softmax()])
    np.testing.assert_allclose(probability_model(x_test[:5]).numpy().sum(-1), 1, rtol=1e-5)


def test_simple_mnist_convnet():
    x_train, y_train = digits(48)
    x_train = np.expand_dims(x_train.astype("float32") / 255, -1)
    y_train = keras.utils.to_categorical(y_train, 3)
    model = keras.Sequential(
        [
            keras.Input(shape=(9, 9, 1)),
            layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.summary(print_fn=lambda text: None)
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=16, epochs=2, validation_split=0.25, verbose=0)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    score = model.evaluate(x_train, y_train, verbose=0)
    assert len(score) == 2


def test_the_functional_guide():
    inputs = keras.Input(shape=(81,), name="digits")
    x = layers.Dense(16, activation="relu", name="dense_1")(inputs)
    x = layers.Dense(16, activation="relu", name="dense_2")(x)
    outputs = layers.Dense(3, activation="softmax", name="predictions")(x)
    model = keras.Model(inputs=inputs, outputs=outputs, name="mnist_model")
    x_train, y_train = digits()
    x_train = x_train.reshape(-1, 81).astype("float32") / 255
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    history = model.fit(
        x_train[:64], y_train[:64], batch_size=16, epochs=2,
        validation_data=(x_train[64:], y_train[64:]), verbose=0,
    )  # fmt: skip
    assert "val_sparse_categorical_accuracy" in history.history
    results = model.evaluate(x_train, y_train, batch_size=128, verbose=0, return_dict=True)
    assert set(results) == {"loss", "sparse_categorical_accuracy"}
    assert model.predict(x_train[:3], verbose=0).shape == (3, 3)


def test_an_autoencoder_of_two_models():
    encoder_input = keras.Input(shape=(9, 9, 1), name="img")
    x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
    x = layers.MaxPooling2D(3)(x)
    encoder_output = layers.Flatten()(x)
    encoder = keras.Model(encoder_input, encoder_output, name="encoder")
    decoder_input = keras.Input(shape=(16,), name="code")
    x = layers.Dense(81)(decoder_input)
    decoder_output = layers.Reshape((9, 9, 1))(x)
    decoder = keras.Model(decoder_input, decoder_output, name="decoder")
    image = keras.Input(shape=(9, 9, 1))
    autoencoder = keras.Model(image, decoder(encoder(image)), name="autoencoder")
    autoencoder.compile("adam", "mse")
    x, _ = digits(16)
    x = x[..., None] / 255.0
    history = autoencoder.fit(x, x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_the_ticket_model_of_the_functional_guide():
    title = keras.Input(shape=(6,), name="title")
    tags = keras.Input(shape=(4,), name="tags")
    x = layers.concatenate([layers.Dense(8)(title), layers.Dense(8)(tags)])
    priority = layers.Dense(1, name="priority")(x)
    department = layers.Dense(3, name="department")(x)
    model = keras.Model(
        inputs=[title, tags], outputs={"priority": priority, "department": department}
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={
            "priority": keras.losses.BinaryCrossentropy(from_logits=True),
            "department": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
    )
    n = 32
    history = model.fit(
        {"title": RNG.random((n, 6)), "tags": RNG.integers(2, size=(n, 4)).astype("float32")},
        {
            "priority": RNG.integers(0, 2, (n, 1)).astype("float32"),
            "department": keras.utils.to_categorical(RNG.integers(0, 3, n), 3),
        },
        epochs=2, batch_size=8, verbose=0,
    ).history  # fmt: skip
    assert set(history) == {"loss", "priority_loss", "department_loss"}


def test_transfer_learning():
    base = keras.Sequential([keras.Input((9, 9, 1)), layers.Conv2D(4, 3), layers.Flatten()])
    base.trainable = False
    inputs = keras.Input(shape=(9, 9, 1))
    x = base(inputs, training=False)
    outputs = layers.Dense(3, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    frozen = base.get_weights()[0]
    x, y = digits(24)
    model.fit(x[..., None] / 255, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(base.get_weights()[0], frozen)
    base.trainable = True
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    model.fit(x[..., None] / 255, y, epochs=1, verbose=0)
    assert not np.array_equal(base.get_weights()[0], frozen)


def test_the_vae_of_the_examples():
    class Sampling(layers.Layer):
        """Uses (mean, log_var) to sample z."""

        def call(self, inputs):
            mean, log_var = inputs
            epsilon = keras.random.normal(mean.shape)
            return mean + keras.ops.exp(0.5 * log_var) * epsilon

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **kwargs):
            super().__init__(**kwargs)
            self.encoder, self.decoder = encoder, decoder
            self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
            self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

        @property
        def metrics(self):
            return [self.total_loss_tracker, self.kl_loss_tracker]

        def train_step(self, data):
            def loss_of():
                mean, log_var, z = self.encoder(data)
                error = keras.ops.sum(keras.ops.square(data - self.decoder(z)), axis=1)
                kl = -0.5 * (1 + log_var - keras.ops.square(mean) - keras.ops.exp(log_var))
                kl = keras.ops.mean(keras.ops.sum(kl, axis=1))
                return keras.ops.mean(error) + kl, kl

            (loss, kl), grads = keras.gradients(loss_of, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
            self.total_loss_tracker.update_state(loss)
            self.kl_loss_tracker.update_state(kl)
            return {m.name: m.result() for m in self.metrics}

    inputs = keras.Input(shape=(6,))
    h = layers.Dense(8, activation="relu")(inputs)
    mean, log_var = layers.Dense(2, name="z_mean")(h), layers.Dense(2, name="z_log_var")(h)
    encoder = keras.Model(inputs, [mean, log_var, Sampling()([mean, log_var])], name="encoder")
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(6)], name="decoder")
    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(0.02))
    x = RNG.normal(size=(32, 6)).astype("float32")
    history = vae.fit(x, epochs=8, batch_size=16, verbose=0).history
    assert set(history) == {"total_loss", "kl_loss"}
    assert history["total_loss"][-1] < history["total_loss"][0]


@pytest.mark.parametrize("name", ["model.keras", "model.safetensors"])
def test_save_and_load_of_the_guide(tmp_path, name):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.save(tmp_path / name)
    reconstructed = keras.models.load_model(tmp_path / name)
    x = RNG.random((3, 4))
    np.testing.assert_array_equal(model.predict(x, verbose=0), reconstructed.predict(x, verbose=0))
