"""Tiny models with fixed data and weights: what make_training.py and test_training.py share.

Every number comes from a formula rather than a random generator, so that any library, on any
version of NumPy, starts from the same place and sees the same batches in the same order.
"""

import numpy as np

STEPS, BATCH, BATCHES = 100, 16, 4
PROBLEMS = ("mlp", "cnn", "cnn_batch_normalization", "lstm", "gru", "attention", "masked")
LENGTH, WORDS = 6, 7


def hashed(*shape, seed):
    """Numbers in [0, 1) that look random: the fraction of 43758.5453 sin(12.9898 k + seed)."""
    k = np.arange(np.prod(shape), dtype=np.float64)
    return (np.sin(12.9898 * k + 78.233 * seed) * 43758.5453 % 1.0).reshape(shape)


def data(problem):
    """64 images whose class, one of four, is the quadrant that has been brightened.

    For "attention" 64 sequences of words, whose class is the first word below 4.
    """
    if problem == "attention":
        x = (hashed(BATCH * BATCHES, LENGTH, seed=3) * WORDS).astype("int32")
        x[:, -1] %= 4
        return x, x[range(len(x)), (x < 4).argmax(axis=1)]
    size = 4 if problem == "mlp" else 8
    n = BATCH * BATCHES
    y = (hashed(n, seed=1) * 4).astype("int32")
    if problem == "masked":  # sequences of 3 to 9 words, the class being the first; 0 is padding
        x = 1 + (hashed(n, 9, seed=2) * 6).astype("int32")
        x[:, 0] = y + 1
        return x * (np.arange(9) < 3 + (hashed(n, 1, seed=3) * 7).astype("int32")), y
    x = hashed(n, size, size, seed=2)
    half = size // 2
    for i, c in enumerate(y):
        top, left = half * (c // 2), half * (c % 2)
        x[i, top : top + half, left : left + half] += 0.6
    if problem in ("lstm", "gru"):  # eight rows of eight pixels, one row a step
        return x.astype("float32"), y
    return (x if problem == "mlp" else x[..., None]).astype("float32"), y


def model(library, problem):
    """The compiled model, with its starting weights."""
    layers, optimizers = library.layers, library.optimizers
    if problem == "attention":
        sgd = optimizers.SGD(learning_rate=0.05, momentum=0.9)
        return compiled(library, attention(library), sgd)
    if problem == "mlp":
        stack = [
            layers.Input((4, 4)),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dense(4, activation="softmax"),
        ]
        optimizer = optimizers.Adam(learning_rate=0.004)
    elif problem == "masked":
        stack = [
            layers.Input((9,), dtype="int32"),
            layers.Embedding(7, 5, mask_zero=True),
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.GRU(8),
            layers.Dense(4, activation="softmax"),
        ]
        optimizer = optimizers.Adam(learning_rate=0.004)
    elif problem in ("lstm", "gru"):
        kind = layers.LSTM if problem == "lstm" else layers.GRU
        stack = [
            layers.Input((8, 8)),
            kind(10, return_sequences=True),
            layers.Bidirectional(kind(6)),
            layers.Dense(4, activation="softmax"),
        ]
        optimizer = optimizers.Adam(learning_rate=0.004)
    else:
        normalize = problem == "cnn_batch_normalization"
        stack = [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            *([layers.BatchNormalization()] if normalize else []),
            layers.MaxPooling2D(2),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            *([layers.BatchNormalization()] if normalize else []),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
        optimizer = optimizers.SGD(learning_rate=0.005, momentum=0.9)
    return compiled(library, library.models.Sequential(stack), optimizer)


def attention(library):
    """A causal attention, then one of all steps to all, each added and normalised."""
    layers = library.layers
    words = layers.Input((LENGTH,), dtype="int32")
    h = layers.Embedding(WORDS, 8)(words)
    a = layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True)
    h = layers.LayerNormalization()(layers.Add()([h, a]))
    a = layers.MultiHeadAttention(2, 3, use_bias=False)(h, h)
    h = layers.LayerNormalization()(layers.Add()([h, a]))
    y = layers.Dense(4, activation="softmax")(layers.Flatten()(h))
    return library.models.Model(words, y)


def compiled(library, made, optimizer):
    """The model, ready to be trained from weights that are the same for every library."""
    made.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    made.set_weights(start(made.get_weights()))
    return made


def start(weights):
    """Kernels uniform with Glorot's width; biases and normalisations keep their defaults."""
    changed = []
    for i, w in enumerate(weights):
        w = np.asarray(w)
        if w.ndim > 1:
            fan = np.prod(w.shape[:-1]) + w.shape[-1]
            w = (hashed(*w.shape, seed=20 + i) - 0.5) * 2 * np.sqrt(3.0 / fan)
        changed.append(w.astype("float32"))
    return changed


def losses(made, x, y):
    """The loss of each of the 100 steps, the batches always in the same order."""
    result = []
    for step in range(STEPS):
        rows = slice(BATCH * (step % BATCHES), BATCH * (step % BATCHES) + BATCH)
        loss = made.train_on_batch(x[rows], y[rows])
        result.append(float(np.ravel(loss)[0]))
    return result
