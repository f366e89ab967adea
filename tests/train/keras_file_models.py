"""The models of keras_files/, for either library: what make_keras_files.py and its test share."""

import numpy as np


def numbers(*shape):
    return np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype="float32").reshape(shape)


def chain(keras):
    """A chain with a normalisation, trained with Adam."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,), name="four"),
            layers.Dense(3, "relu", kernel_regularizer="l2", kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.Dropout(0.0),
            layers.Dense(2, "softmax", name="out"),
        ],
        name="chain",
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model, numbers(4, 4), np.array([0, 1, 0, 1])


def graph(keras):
    """A graph with layers in layers, functions, two outputs and a model inside."""
    layers = keras.layers
    x = keras.Input((3, 2), name="steps")
    a = layers.LSTM(2, return_sequences=True)(x)
    b = layers.Bidirectional(layers.GRU(1, return_sequences=True), name="both")(x)
    c = layers.TimeDistributed(layers.Dense(2, use_bias=False))(layers.Concatenate()([a, b]))
    d = layers.LayerNormalization()(layers.MultiHeadAttention(1, 2)(c, c) + 2.0 * c)
    shared = layers.Dense(2, "tanh", name="shared")
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(1)], name="inner")
    e = inner(shared(shared(layers.GlobalAveragePooling1D()(d))))
    model = keras.Model(x, [keras.ops.mean(d, axis=-1), e], name="graph")
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    model.compile(optimizer, [keras.losses.MeanSquaredError(), "mae"], loss_weights=[1.0, 0.5])
    return model, numbers(4, 3, 2), [numbers(4, 3), numbers(4, 1)]


def scaled(keras):
    """Inputs that are brought to a common scale in the model, by moments of the data."""
    scale = keras.layers.Normalization()
    scale.adapt(numbers(4, 3) * np.array([1.0, 10.0, 100.0], "float32"))
    model = keras.Sequential([keras.Input((3,)), scale, keras.layers.Dense(1)], name="scaled")
    model.compile("adam", "mse")
    return model, numbers(4, 3), numbers(4, 1)


def words(keras):
    """Words by their numbers, of which the last is taken."""
    layers = keras.layers
    x = keras.Input((4,), name="words")
    last = layers.Embedding(10, 3)(x)[:, -1]
    model = keras.Model(x, layers.Dense(1)(layers.Rescaling(0.5)(last)), name="last")
    model.compile("adam", "mse")
    return model, np.arange(16).reshape(4, 4) % 10, numbers(4, 1)


MODELS = {"chain": chain, "graph": graph, "scaled": scaled, "last": words}
