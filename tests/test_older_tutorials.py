"""Scripts in the style of old and new tutorials, on small made data, in our own words.

Import lines stand in each test as a script has them; where TensorFlow was, there is neurona.keras.
"""

import json

import numpy as np
import pytest

import neurona as nn

# Scripts for Keras name their files so; they are told what the files are
pytestmark = pytest.mark.filterwarnings("ignore:Keras cannot make the model in")


@pytest.fixture(autouse=True)
def _same_numbers():
    nn.utils.set_random_seed(7)
    np.random.seed(7)


def objects(lists):
    made = np.empty(len(lists), object)
    made[:] = lists
    return made


def texts(count, words=60, classes=2):
    """Texts of numbers: each class has words of its own among the others."""
    y = np.arange(count) % classes
    x = [
        [int(w) for w in np.random.randint(2 * classes, words, np.random.randint(5, 20))]
        + [int(2 * label)] * 4
        for label in y
    ]
    return objects([np.random.permutation(row).tolist() for row in x]), y


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder with small made files in the format of the published ones."""
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    for name in ("imdb", "reuters", "boston_housing", "fashion_mnist"):
        (tmp_path / name).mkdir()
    for name, classes in (("imdb", 2), ("reuters", 4)):
        x, y = texts(96, classes=classes)
        parts = {"x_train": x[:64], "y_train": y[:64], "x_test": x[64:], "y_test": y[64:]}
        arrays = parts if name == "imdb" else {"x": x, "y": y}
        np.savez(tmp_path / name / f"{name}.npz", **arrays)
        index = {f"word{i}": i for i in range(1, 60)}
        (tmp_path / name / f"{name}_word_index.json").write_text(json.dumps(index))
    x = np.random.normal(size=(80, 13))
    np.savez(tmp_path / "boston_housing" / "boston_housing.npz", x=x, y=x @ np.arange(13.0) + 22)
    return tmp_path


def test_reviews_with_an_lstm(data):
    from neurona.keras.datasets import imdb
    from neurona.keras.layers import LSTM, Dense, Embedding
    from neurona.keras.models import Sequential
    from neurona.keras.preprocessing import sequence

    max_features, maxlen = 50, 20
    (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=max_features)
    x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
    x_test = sequence.pad_sequences(x_test, maxlen=maxlen)
    word_index = imdb.get_word_index()
    words = {value: key for key, value in word_index.items()}
    review = " ".join(words.get(i - 3, "?") for i in x_train[0])
    assert "word" in review
    model = Sequential()
    model.add(Embedding(max_features, 8))
    model.add(LSTM(8, dropout=0.1, recurrent_dropout=0.1))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(
        x_train, y_train, batch_size=16, epochs=2, validation_data=(x_test, y_test), verbose=0
    )
    score, acc = model.evaluate(x_test, y_test, batch_size=16, verbose=0)
    assert score > 0
    assert 0 <= acc <= 1


def test_newswires(data):
    from neurona.keras.datasets import reuters
    from neurona.keras.layers import Activation, Dense, Dropout
    from neurona.keras.models import Sequential
    from neurona.keras.preprocessing.text import Tokenizer
    from neurona.keras.utils import to_categorical

    max_words = 50
    (x_train, y_train), (x_test, y_test) = reuters.load_data(num_words=max_words, test_split=0.2)
    num_classes = np.max(y_train) + 1
    tokenizer = Tokenizer(num_words=max_words)
    x_train = tokenizer.sequences_to_matrix(x_train.tolist(), mode="binary")
    x_test = tokenizer.sequences_to_matrix(x_test.tolist(), mode="binary")
    y_train = to_categorical(y_train, num_classes)
    y_test = to_categorical(y_test, num_classes)
    model = Sequential()
    model.add(Dense(32, input_shape=(max_words,)))
    model.add(Activation("relu"))
    model.add(Dropout(0.2))
    model.add(Dense(num_classes))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["acc"])
    history = model.fit(x_train, y_train, batch_size=16, epochs=20, verbose=0, validation_split=0.1)
    assert history.history["acc"][-1] > 0.7
    assert len(history.history["val_acc"]) == 20
    assert model.evaluate(x_test, y_test, batch_size=16, verbose=0)[1] > 0.5


def test_prices_of_houses_by_folds(data):
    from neurona.keras.datasets import boston_housing

    from neurona.keras import layers, models

    (train_data, train_targets), (test_data, test_targets) = boston_housing.load_data()
    mean, std = train_data.mean(axis=0), train_data.std(axis=0)
    train_data, test_data = (train_data - mean) / std, (test_data - mean) / std

    def build_model():
        model = models.Sequential()
        model.add(layers.Dense(16, activation="relu", input_shape=(train_data.shape[1],)))
        model.add(layers.Dense(1))
        model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
        return model

    k, all_scores = 2, []
    num_val_samples = len(train_data) // k
    for i in range(k):
        held = slice(i * num_val_samples, (i + 1) * num_val_samples)
        model = build_model()
        model.fit(
            np.concatenate([train_data[: held.start], train_data[held.stop :]], axis=0),
            np.concatenate([train_targets[: held.start], train_targets[held.stop :]], axis=0),
            epochs=3, batch_size=8, verbose=0,
        )  # fmt: skip
        _, val_mae = model.evaluate(train_data[held], train_targets[held], verbose=0)
        all_scores.append(val_mae)
    assert np.isfinite(np.mean(all_scores))
    assert model.predict(test_data, verbose=0).shape == (len(test_targets), 1)


def test_pictures_in_folders(tmp_path):
    from neurona.keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
    from neurona.keras.models import Sequential
    from neurona.keras.preprocessing.image import ImageDataGenerator, array_to_img

    for part, count in (("train", 8), ("validation", 4)):
        for label, kind in enumerate(("cats", "dogs")):
            folder = tmp_path / part / kind
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = np.random.randint(0, 100, (14, 14, 3)) + 150 * label
                array_to_img(pixels, scale=False).save(folder / f"{i}.png")
    train_datagen = ImageDataGenerator(
        rescale=1.0 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True
    )
    test_datagen = ImageDataGenerator(rescale=1.0 / 255)
    train_generator = train_datagen.flow_from_directory(
        tmp_path / "train", target_size=(12, 12), batch_size=4, class_mode="binary"
    )
    validation_generator = test_datagen.flow_from_directory(
        tmp_path / "validation", target_size=(12, 12), batch_size=4, class_mode="binary"
    )
    assert train_generator.class_indices == {"cats": 0, "dogs": 1}
    model = Sequential()
    model.add(Conv2D(4, (3, 3), input_shape=(12, 12, 3)))
    model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Flatten())
    model.add(Dropout(0.1))
    model.add(Dense(1))
    model.add(Activation("sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    with pytest.warns(UserWarning, match="`fit_generator"):
        history = model.fit_generator(
            train_generator, steps_per_epoch=4, epochs=3, validation_data=validation_generator,
            validation_steps=2, verbose=0,
        )  # fmt: skip
    assert len(history.history["val_accuracy"]) == 3


def test_words_to_vectors():
    from neurona.keras.layers import Dense, Embedding, Flatten
    from neurona.keras.models import Sequential
    from neurona.keras.preprocessing.sequence import pad_sequences
    from neurona.keras.preprocessing.text import Tokenizer

    docs = ["Well done!", "Good work", "Great effort", "nice work", "Excellent!", "Weak",
            "Poor effort!", "not good", "poor work", "Could have done better."]  # fmt: skip
    labels = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    t = Tokenizer(oov_token="<OOV>")
    t.fit_on_texts(docs)
    vocab_size = len(t.word_index) + 1
    padded = pad_sequences(t.texts_to_sequences(docs), maxlen=4, padding="post")
    model = Sequential()
    model.add(Embedding(vocab_size, 8, input_length=4))
    model.add(Flatten())
    model.add(Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(padded, labels, epochs=150, verbose=0)
    assert model.evaluate(padded, labels, verbose=0)[1] == 1.0
    vectors = model.layers[0].get_weights()[0]
    assert vectors.shape == (vocab_size, 8)


def test_two_branches_and_a_picture_of_the_model(tmp_path):
    from neurona.keras.layers import Dense, Input, concatenate
    from neurona.keras.models import Model
    from neurona.keras.utils import plot_model

    input_a, input_b = Input(shape=(8,)), Input(shape=(16,))
    x = Dense(8, activation="relu")(input_a)
    x = Model(inputs=input_a, outputs=Dense(4, activation="relu")(x))
    y = Dense(16, activation="relu")(input_b)
    y = Model(inputs=input_b, outputs=Dense(4, activation="relu")(y))
    combined = concatenate([x.output, y.output])
    z = Dense(2, activation="relu")(combined)
    model = Model(inputs=[x.input, y.input], outputs=Dense(1, activation="linear")(z))
    model.compile(loss="mean_absolute_percentage_error", optimizer="adam")
    attributes, pixels = np.random.random((32, 8)), np.random.random((32, 16))
    model.fit(x=[attributes, pixels], y=np.random.random(32) + 1, epochs=2, verbose=0)
    assert model.predict([attributes, pixels], verbose=0).shape == (32, 1)
    plot_model(model, to_file=tmp_path / "model.png", show_shapes=True)
    assert (tmp_path / "model.png").stat().st_size > 1000


def test_a_layer_of_ones_own_is_saved_and_loaded(tmp_path):
    import neurona.keras as keras
    from neurona.keras import ops

    @keras.saving.register_keras_serializable(package="mine")
    class Scaled(keras.layers.Layer):
        def __init__(self, units=32, scale=1.0, **kwargs):
            super().__init__(**kwargs)
            self.units, self.scale = units, scale

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
            )
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

        def call(self, inputs):
            self.add_loss(1e-3 * ops.sum(ops.square(self.w)))
            return self.scale * (ops.matmul(inputs, self.w) + self.b)

        def get_config(self):
            return {**super().get_config(), "units": self.units, "scale": self.scale}

    model = keras.Sequential([keras.Input((4,)), Scaled(8, scale=0.5), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-2), loss="mse")
    x = np.random.random((32, 4))
    model.fit(x, x.sum(axis=1), epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.layers[0].scale == 0.5
    assert len(again(x) * 0 + 1) == 32
    assert len(again.losses) == 1


@pytest.mark.parametrize("written", ["value_and_grad", "tape"])
def test_a_training_loop_of_ones_own(written):
    import neurona.keras as keras
    from neurona import GradientTape, value_and_grad

    inputs = keras.Input(shape=(6,), name="digits")
    hidden = keras.layers.Dense(16, activation="relu")(inputs)
    model = keras.Model(inputs=inputs, outputs=keras.layers.Dense(3, name="predictions")(hidden))
    optimizer = keras.optimizers.SGD(learning_rate=0.1)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metric = keras.metrics.SparseCategoricalAccuracy()
    y = np.arange(60) % 3
    x = (np.random.normal(size=(60, 6)) + 3 * np.eye(3, 6)[y]).astype("float32")

    def train_step(x, y):
        if written == "tape":
            with GradientTape() as tape:
                logits = model(x, training=True)
                loss_value = loss_fn(y, logits)
            grads = tape.gradient(loss_value, model.trainable_weights)
        else:

            def compute_loss():
                logits = model(x, training=True)
                return loss_fn(y, logits), logits

            step = value_and_grad(compute_loss, has_aux=True, parameters=model)
            (loss_value, logits), grads = step()
        optimizer.apply_gradients(zip(grads, model.trainable_weights, strict=True))
        metric.update_state(y, logits)
        return loss_value

    for _ in range(5):
        for start in range(0, 60, 20):
            loss_value = train_step(x[start : start + 20], y[start : start + 20])
        accuracy = float(metric.result())
        metric.reset_state()
    assert float(loss_value) < 0.5
    assert accuracy > 0.9


def test_an_autoencoder_on_fashion():
    import neurona.keras as keras
    from neurona.keras import layers, losses

    x_train = np.random.randint(0, 256, (48, 28, 28)).astype("uint8")  # as Fashion MNIST has them
    x_train = x_train.astype("float32") / 255.0

    class Autoencoder(keras.models.Model):
        def __init__(self, latent_dim, shape):
            super().__init__()
            self.latent_dim, self.shape = latent_dim, shape
            self.encoder = keras.Sequential(
                [layers.Flatten(), layers.Dense(latent_dim, activation="relu")]
            )
            self.decoder = keras.Sequential(
                [layers.Dense(int(np.prod(shape)), activation="sigmoid"), layers.Reshape(shape)]
            )

        def call(self, x):
            return self.decoder(self.encoder(x))

    autoencoder = Autoencoder(16, x_train.shape[1:])
    autoencoder.compile(optimizer="adam", loss=losses.MeanSquaredError())
    history = autoencoder.fit(
        x_train, x_train, epochs=3, shuffle=True, validation_data=(x_train, x_train), verbose=0
    )
    assert history.history["loss"][-1] < history.history["loss"][0]
    encoded = autoencoder.encoder(x_train).numpy()
    assert encoded.shape == (48, 16)
    assert autoencoder.decoder(encoded).numpy().shape == (48, 28, 28)


def test_adversaries_by_subclassing():
    import neurona.keras as keras
    from neurona import GradientTape
    from neurona.keras import layers, ops

    latent_dim = 4
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3, strides=2, padding="same"),
         layers.LeakyReLU(negative_slope=0.2), layers.GlobalMaxPooling2D(), layers.Dense(1)],
        name="discriminator",
    )  # fmt: skip
    generator = keras.Sequential(
        [keras.Input((latent_dim,)), layers.Dense(4 * 4 * 4), layers.Reshape((4, 4, 4)),
         layers.Conv2DTranspose(4, 4, strides=2, padding="same"),
         layers.LeakyReLU(negative_slope=0.2),
         layers.Conv2D(1, 3, padding="same", activation="sigmoid")],
        name="generator",
    )  # fmt: skip

    class GAN(keras.Model):
        def __init__(self, discriminator, generator, latent_dim):
            super().__init__()
            self.discriminator, self.generator = discriminator, generator
            self.latent_dim = latent_dim
            self.seed_generator = keras.random.SeedGenerator(1337)

        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
            self.d_loss_metric = keras.metrics.Mean(name="d_loss")
            self.g_loss_metric = keras.metrics.Mean(name="g_loss")

        @property
        def metrics(self):
            return [self.d_loss_metric, self.g_loss_metric]

        def train_step(self, real_images):
            batch_size = real_images.shape[0]
            noise = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
            combined = ops.concatenate([self.generator(noise), real_images], axis=0)
            labels = ops.concatenate(
                [ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0
            )
            labels += 0.05 * keras.random.uniform(labels.shape, seed=self.seed_generator)
            with GradientTape() as tape:
                d_loss = self.loss_fn(labels, self.discriminator(combined))
            weights = self.discriminator.trainable_weights
            grads = tape.gradient(d_loss, weights)
            self.d_optimizer.apply_gradients(zip(grads, weights, strict=True))
            with GradientTape() as tape:
                predictions = self.discriminator(self.generator(noise))
                g_loss = self.loss_fn(ops.zeros((batch_size, 1)), predictions)
            weights = self.generator.trainable_weights
            grads = tape.gradient(g_loss, weights)
            self.g_optimizer.apply_gradients(zip(grads, weights, strict=True))
            self.d_loss_metric.update_state(d_loss)
            self.g_loss_metric.update_state(g_loss)
            return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}

    gan = GAN(discriminator, generator, latent_dim)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(learning_rate=0.0003),
        g_optimizer=keras.optimizers.Adam(learning_rate=0.0003),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    before = generator.get_weights()[0]
    history = gan.fit(np.random.random((32, 8, 8, 1)), batch_size=16, epochs=2, verbose=0).history
    assert set(history) == {"d_loss", "g_loss"}
    assert not np.array_equal(generator.get_weights()[0], before)
