"""Small models of padded sequences: what make_masks.py and test_masks.py share."""

import numpy as np

STEPS, BATCH, BATCHES, TIME, WORDS, WIDTH, CLASSES = 100, 8, 3, 6, 9, 5, 3


def hashed(*shape, seed):
    """Numbers in [0, 1) that look random, as in training_problem.py."""
    k = np.arange(np.prod(shape), dtype=np.float64)
    return (np.sin(12.9898 * k + 78.233 * seed) * 43758.5453 % 1.0).reshape(shape)


def tokens():
    """Sequences of 1 to TIME word numbers, and 0 behind them; two with gaps, one in front."""
    n = BATCH * BATCHES
    ids = 1 + (hashed(n, TIME, seed=1) * (WORDS - 1)).astype("int32")
    lengths = 1 + (hashed(n, seed=2) * TIME).astype("int32")
    ids[np.arange(TIME) >= lengths[:, None]] = 0
    ids[3] = [0, 0, 4, 2, 5, 1]
    ids[4] = [3, 0, 0, 2, 0, 1]
    ids[5] = 7
    return ids


def frames():
    """The same as vectors, -1 where there is padding."""
    vectors = (hashed(WORDS, WIDTH, seed=3) * 2 - 1)[tokens()]
    return np.where(tokens()[..., None] == 0, -1.0, vectors).astype("float32")


def tags():
    """A class for each step, which depends on the word and on the one before; padding has one."""
    ids = tokens()
    before = np.concatenate([np.zeros_like(ids[:, :1]), ids[:, :-1]], axis=1)
    return ((ids + 2 * before) % CLASSES).astype("int32")


def step_weights():
    return (0.5 + hashed(BATCH * BATCHES, TIME, seed=4)).astype("float32")


def embedded(k):
    x = k.Input((TIME,), dtype="int32")
    return x, k.layers.Embedding(WORDS, WIDTH, mask_zero=True)(x)


def tagger(k, middle):
    x, y = embedded(k)
    return k.Model(x, k.layers.Dense(CLASSES, activation="softmax")(middle(y)))


def classifier(k, middle):
    x, y = embedded(k)
    return k.Model(x, k.layers.Dense(CLASSES, activation="softmax")(middle(y)))


def regression(k, middle):
    x = k.Input((TIME, WIDTH))
    return k.Model(x, k.layers.Dense(2)(middle(k.layers.Masking(-1.0)(x))))


def two_ways(k, merge):
    def middle(y):
        return merge([k.layers.Dense(WIDTH, activation="tanh")(y), y])

    return tagger(k, middle)


def in_steps(k):
    """Documents of two sentences of three words."""
    x = k.Input((2, 3), dtype="int32")
    words = k.layers.Embedding(WORDS, WIDTH)(x)
    sentence = k.layers.TimeDistributed(k.layers.LSTM(4))(words)
    return k.Model(x, k.layers.Dense(CLASSES, activation="softmax")(k.layers.GRU(4)(sentence)))


def normalized_in_steps(k, y):
    return k.layers.TimeDistributed(k.layers.BatchNormalization(momentum=0.8))(y)


SPARSE = "sparse_categorical_crossentropy"
PROBLEMS = {
    "dense": lambda k: tagger(k, lambda y: k.layers.Dropout(0.0)(y)),
    "lstm": lambda k: tagger(k, k.layers.LSTM(4, return_sequences=True)),
    "bidirectional": lambda k: tagger(
        k, k.layers.Bidirectional(k.layers.GRU(3, return_sequences=True))
    ),
    "weighted": lambda k: tagger(k, k.layers.SimpleRNN(4, return_sequences=True)),
    "batch_normalization": lambda k: tagger(k, k.layers.BatchNormalization(momentum=0.8)),
    "layer_normalization": lambda k: tagger(k, k.layers.LayerNormalization()),
    "add": lambda k: two_ways(k, k.layers.Add()),
    "multiply": lambda k: two_ways(k, k.layers.Multiply()),
    "maximum": lambda k: two_ways(k, k.layers.Maximum()),
    "concatenate": lambda k: two_ways(k, k.layers.Concatenate()),
    "time_distributed": lambda k: tagger(k, k.layers.TimeDistributed(k.layers.Dense(4, "tanh"))),
    "normalized_in_steps": lambda k: tagger(k, lambda y: normalized_in_steps(k, y)),
    "last_of_lstm": lambda k: classifier(k, k.layers.LSTM(4)),
    "average": lambda k: classifier(k, k.layers.GlobalAveragePooling1D()),
    "in_steps": in_steps,
    "regression": lambda k: regression(k, k.layers.GRU(4, return_sequences=True)),
}
WHOLE = ("last_of_lstm", "average", "in_steps")  # one class for a sequence


def data(problem):
    """Inputs, targets, and weights of steps or None."""
    if problem == "regression":
        return frames(), (hashed(BATCH * BATCHES, TIME, 2, seed=5) - 0.5).astype("float32"), None
    x = tokens()
    y = tags()[:, 0] if problem in WHOLE else tags()
    if problem == "in_steps":
        x = x.reshape(-1, 2, 3)
    return x, y, step_weights() if problem == "weighted" else None


def model(k, problem):
    """The compiled model, with its starting weights."""
    made = PROBLEMS[problem](k)
    loss, metric = ("mse", "mae") if problem == "regression" else (SPARSE, "accuracy")
    weighted = {"weighted_metrics": ["accuracy"]} if problem == "weighted" else {}
    optimizer = k.optimizers.SGD(learning_rate=0.1, momentum=0.5)
    made.compile(optimizer=optimizer, loss=loss, metrics=[metric], **weighted)
    made.set_weights(start(made.get_weights()))
    return made


def start(weights):
    """Matrices of numbers in [-0.6, 0.6); vectors keep their defaults."""
    return [
        ((hashed(*w.shape, seed=20 + i) - 0.5) * 1.2).astype("float32") if w.ndim > 1 else w
        for i, w in enumerate(map(np.asarray, weights))
    ]


def losses(made, x, y, weight):
    """The loss of each step, the batches always in the same order."""
    result = []
    for step in range(STEPS):
        rows = slice(BATCH * (step % BATCHES), BATCH * (step % BATCHES) + BATCH)
        w = {} if weight is None else {"sample_weight": weight[rows]}
        logs = made.train_on_batch(x[rows], y[rows], return_dict=True, **w)
        result.append(float(logs["loss"]))
    return result


def evaluation(made, x, y, weight):
    """Loss and metrics of two batches, by name."""
    logs = made.evaluate(x, y, batch_size=12, sample_weight=weight, verbose=0, return_dict=True)
    return {name: float(value) for name, value in sorted(logs.items())}
