"""What the doctor finds in a model, its loss and its optimizer, and healthy twins."""

import json

import numpy as np
import pytest

import neurona as nn

pytestmark = pytest.mark.usefixtures("without_probe")
L = nn.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 5)).astype("float32")
THREE = RANDOM.integers(0, 3, 300)
TWO = (X[:, 0] > 0).astype("int64")
NUMBERS = (X @ RANDOM.normal(size=5)).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[THREE]
SEVERAL = (RANDOM.random((300, 3)) > 0.5).astype("float32")
SPARSE, DENSE, BINARY = (
    "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy",
)  # fmt: skip
OF_SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def found(model, x, y, **given):
    """Return the alarms by their ids, without those of the probe."""
    diagnosis = model.diagnose(x, y, **given)
    assert not diagnosis.skipped
    assert json.loads(diagnosis.to_json())["findings"] == [f.as_dict() for f in diagnosis]
    return {f.id: f for f in diagnosis if f.alarm}


def model(*end, loss, metrics=(), hidden=True, optimizer="adam"):
    layers = [L.Dense(8, "relu")] if hidden else []
    made = nn.Sequential([*layers, *end])
    made.compile(optimizer, loss, metrics=list(metrics))
    return made


def dense(units, activation, loss, metrics=()):
    return model(L.Dense(units, activation), loss=loss, metrics=metrics)


PAIRS = [  # id, what it says, the faulty model, its targets
    ("GD201", "given from_logits=True", dense(3, "softmax", OF_SCORES), THREE),
    (
        "GD201",
        "a second one follows",
        model(L.Dense(3, "softmax"), L.Softmax(), loss=SPARSE),
        THREE,
    ),
    ("GD202", "without an activation", dense(3, None, SPARSE), THREE),
    ("GD202", "without an activation", dense(1, None, BINARY), TWO),
    ("GD202", "with relu", dense(3, "relu", SPARSE), THREE),
    (
        "GD202",
        "takes them for probabilities",
        model(L.Lambda(lambda x: x[:, :1] - x[:, 1:2]), loss=BINARY),
        TWO,
    ),
    ("GD202", "with elu", dense(3, "elu", SPARSE), THREE),
    ("GD204", "softplus can never be", dense(1, "softplus", "mse"), NUMBERS),
    ("GD204", "elu can never be", dense(1, "elu", "mae"), NUMBERS * 5),
    ("GD204", "tanh can never be", model(L.Reshape((8, 1)), L.LSTM(1), loss="mse"), NUMBERS * 5),
    ("GD203", "one unit is always 1", dense(1, "softmax", "mse"), TWO),
    ("GD203", "below 0 it gets no gradient", dense(3, "relu", "mse"), ONE_HOT),
    ("GD203", "below 0 it gets no gradient", dense(1, "relu", "mse"), TWO),
    ("GD204", "a tanh can never be", dense(1, "tanh", lambda y, p: nn.ops.abs(y - p)), NUMBERS),
    ("GD203", "over one output", dense(1, "sigmoid", SPARSE), TWO),
    ("GD203", "these look like class numbers", dense(3, "softmax", DENSE), THREE),
    ("GD203", "these look one-hot", dense(3, "softmax", SPARSE), ONE_HOT),
    ("GD203", "3 questions of yes or no", dense(3, "softmax", BINARY), ONE_HOT),
    ("GD203", "compete", dense(3, "softmax", BINARY), SEVERAL),
    ("GD203", "sigmoids answer each alone", dense(3, "sigmoid", SPARSE), THREE),
    ("GD203", "0 to 2 for quantities", dense(1, None, "mse", ["accuracy"]), THREE),
    ("GD203", "and answers worse", dense(1, None, lambda y, p: -((y - p) ** 2)), NUMBERS),
    ("GD203", "none below 0", dense(1, "sigmoid", "hinge"), TWO * 2 - 1),
    ("GD203", "and answers worse", dense(3, "sigmoid", lambda y, p: y * p), SEVERAL),
    ("GD203", "and rows of y to 2.5", dense(5, "softmax", "mse"), 0.5 + 0 * X),
    ("GD203", "are below 0", dense(1, None, "mean_squared_logarithmic_error"), NUMBERS),
    ("GD203", "they pass through 0", dense(1, None, "mape"), NUMBERS),
    ("GD203", "they are 0", dense(1, None, "mape"), THREE),
    ("GD203", "a linear end goes below 0", dense(1, None, "poisson"), THREE),
    ("GD203", "compares probabilities", dense(3, "relu", "kl_divergence"), ONE_HOT),
    ("GD203", "targets run from", dense(5, "softmax", "kl_divergence"), 3 * X[:, :5]),
    ("GD203", "none but its sign", dense(1, None, "cosine_similarity"), NUMBERS),
    (
        "GD205",
        "32 units share a sum of 1",
        model(L.Dense(32, "softmax"), L.Dropout(0.1), L.Dense(3, "softmax"), loss=SPARSE),
        THREE,
    ),
    ("GD204", "relu can never be -", dense(1, "relu", "mse"), NUMBERS),
    ("GD204", "out of its reach", dense(1, "tanh", "mse"), NUMBERS * 10),
    ("GD205", "relu is applied to the scores", dense(3, "relu", OF_SCORES), THREE),
    ("GD206", "where a class is to be told", dense(3, "softmax", "mse"), ONE_HOT),
    (
        "GD214",
        "sums over the batch",
        model(L.Dense(3), L.Softmax(axis=0), loss=SPARSE),
        THREE,
    ),
    ("GD102", "labels run from 1 to 3, but", dense(3, "softmax", SPARSE), THREE + 1),
    ("GD102", "has 2 outputs", dense(2, "softmax", SPARSE), THREE),
    ("GD102", "numbers in [0, 1]", dense(1, "sigmoid", BINARY), THREE),
    ("GD102", "do not sum to 1", dense(3, "softmax", DENSE), SEVERAL),
    ("GD103", "y (300,), outputs (2,)", dense(2, None, "mse"), NUMBERS),
    ("GD103", "x 300, y 200", dense(1, None, "mse"), NUMBERS[:200]),
    ("GD103", "y is None", dense(1, None, "mse"), None),
]

HEALTHY = [
    (dense(3, "softmax", SPARSE), THREE),
    (dense(3, None, OF_SCORES), THREE[:, None]),
    (model(L.Dense(3), L.Softmax(), loss="crossentropy"), ONE_HOT),
    (dense(1, "sigmoid", BINARY), TWO),
    (dense(3, "sigmoid", BINARY), SEVERAL),
    (dense(3, "sigmoid", BINARY), np.tile([1.0, 0.0, 0.0], (len(X), 1))),  # drawn others
    (dense(2, "softmax", BINARY), np.eye(2)[TWO]),
    (dense(1, None, "mse"), NUMBERS),
    (dense(1, None, "mse"), NUMBERS[:, None]),
    (dense(1, "relu", "mse"), THREE),  # counts
    (dense(1, "tanh", "mse"), np.tanh(NUMBERS)),
    (dense(1, "leaky_relu", "mse"), NUMBERS),
    (dense(1, "elu", "mse"), np.maximum(NUMBERS, -0.9)),
    (dense(1, "softplus", "poisson"), THREE),
    (dense(1, "sigmoid", "mse"), 1 / (1 + np.exp(-NUMBERS))),
    (dense(1, "sigmoid", "mse"), TWO),  # slower, and no alarm
    (dense(5, "sigmoid", lambda y, p: (y >= 0) * (y - p) ** 2), np.where(X > 0, 0.5, -1.0)),
    (dense(5, "softmax", lambda y, p: -y * nn.ops.log(p + 1e-6)), X),  # advantages
    (dense(5, "softmax", lambda y, p: -nn.ops.sum(y * p, axis=-1)), X),  # rewards
    (dense(1, None, "hinge"), TWO * 2 - 1),
    (dense(1, "softplus", "poisson"), THREE),
    (dense(1, None, "mape"), np.abs(NUMBERS) + 0.1),
    (dense(5, None, "cosine_similarity"), X),
    (dense(3, "softmax", "kl_divergence"), np.full((len(X), 3), 1 / 3)),
    (dense(3, "sigmoid", lambda y, p: (y - p) ** 2), SEVERAL),
    (dense(5, "softmax", "mse"), np.full(X.shape, 0.2)),
    (model(L.Dense(4, "softmax"), L.Dense(5), loss="mse"), X),  # a narrow code
    (model(L.Dense(1, "sigmoid"), loss=BINARY, hidden=False), TWO),  # a line is enough
    (dense(5, "sigmoid", "mse"), 1 / (1 + np.exp(-X))),
    (dense(5, None, "mse"), X),  # an autoencoder
    (dense(1, None, lambda y, p: nn.ops.maximum(0.9 * (y - p), 0.1 * (p - y))), NUMBERS),
    (
        dense(2, None, lambda y, p: (y - p[:, :1]) ** 2 / nn.ops.exp(p[:, 1:]) + p[:, 1:]),
        NUMBERS[:, None],
    ),  # of (n,) it would be (n, n)
]


def test_one_layer_on_data_that_bend():
    ring = (np.hypot(X[:, 0], X[:, 1]) > 1.2).astype("int64")
    one = model(L.Dense(1, "sigmoid"), loss=BINARY, hidden=False)
    assert "nearest neighbours" in found(one, X[:, :2], ring)["GD602"].said
    assert not found(dense(1, "sigmoid", BINARY), X[:, :2], ring)


def test_pairs_of_output_loss_and_targets():
    for rule, said, faulty, y in PAIRS:
        hit = found(faulty, X, y)
        assert list(hit) == [rule], (rule, said, hit)
        assert said in hit[rule].said
        assert hit[rule].fix
    last = hit_of(dense(3, "softmax", OF_SCORES), THREE, "GD201")
    assert "Dense 'sequential" in last.where
    assert "test_statics.py" in last.where


def hit_of(faulty, y, rule, **given):
    return found(faulty, X, y, **given)[rule]


def flat(y, p):
    return nn.ops.mean(nn.ops.square(nn.ops.reshape(y, (-1,)) - p))


def ranked(y, p):
    above = nn.ops.cast(nn.ops.transpose(y, (1, 0)) > y, "float32")
    return nn.ops.mean(above * nn.ops.softplus(p - nn.ops.transpose(p, (1, 0))))


def test_losses_of_ones_own():
    told = found(dense(1, None, flat), X, NUMBERS)["GD103"]
    assert "stays at" in told.said
    assert "every answer with every target" in told.said
    means = lambda y, p: nn.ops.square(nn.ops.mean(y) - nn.ops.mean(p))  # noqa: E731
    assert "pulls all answers alike" in found(dense(1, None, means), X, NUMBERS)["GD103"].said
    moments = lambda y, p: nn.ops.square(nn.ops.std(y) - nn.ops.std(p))  # noqa: E731
    assert not found(dense(1, None, moments), X, NUMBERS[:, None])  # of distributions
    told = found(dense(1, None, lambda y, p: -nn.ops.abs(y - p)), X, NUMBERS)["GD203"]
    assert told.severity == "error"
    quantile = lambda y, p: nn.ops.maximum(0.9 * (y - p), -0.1 * (y - p))  # noqa: E731
    critic = lambda y, p: nn.ops.mean(y * p)  # noqa: E731
    fails = lambda y, p: y.of_another_library - p  # noqa: E731
    for loss in (quantile, ranked, lambda y, p: nn.ops.mean(p)):
        assert not {"GD103", "GD203"} & set(found(dense(1, None, loss), X, NUMBERS)), loss
    scaled = model(
        L.Dense(1), L.Rescaling(8e4, 2e5), loss=lambda y, p: nn.ops.square((y - p) / 8e4)
    )
    assert "GD103" not in found(scaled, X, NUMBERS * 8e4 + 2e5)
    signs = (2 * TWO - 1).astype("float32")
    assert "GD203" not in found(dense(1, None, critic), X, signs)
    assert not dense(1, None, fails).diagnose(X, NUMBERS).errors


def overlap(y, p):
    return (2 * nn.ops.sum(y * p) + 1) / (nn.ops.sum(y) + nn.ops.sum(p) + 1)


def likelihood(y, p):
    return nn.ops.mean(nn.ops.sum(y * nn.ops.log(p + 1e-7), axis=-1))


def test_where_losses_of_ones_own_pull_answers():
    ops = nn.ops
    first = lambda y, p: ops.mean(ops.abs(y[0] - p[0])) + ops.square(y[1, 0] - p[1, 0])  # noqa: E731
    told = found(dense(2, None, first), X, np.stack([NUMBERS, -NUMBERS], 1))["GD103"]
    assert "looks at samples 0, 1 of each batch alone" in told.said
    y = NUMBERS[:, None]
    detached = lambda y, p: ops.square(y - ops.stop_gradient(p)) + 0.1 * ops.square(p)  # noqa: E731
    assert "whatever the targets are" in found(dense(1, None, detached), X, y)["GD203"].said
    of_scores = lambda y, p: -ops.sum(ops.one_hot(ops.reshape(y, (-1,)), 3) * p, axis=-1)  # noqa: E731
    assert "falls without end" in found(dense(3, None, of_scores), X, THREE)["GD203"].said
    assert not found(dense(3, "softmax", of_scores), X, THREE)
    swapped = lambda y, p: -p * ops.log(y + 1e-7) - (1 - p) * ops.log(1 - y + 1e-7)  # noqa: E731
    shares = (1 / (1 + np.exp(-y))).clip(0.01, 0.99)
    assert "pulls each to 0 or 1" in found(dense(1, "sigmoid", swapped), X, shares)["GD203"].said
    alike = lambda y, p: ops.mean(ops.square(p))  # noqa: E731
    assert "whatever the labels are" in found(dense(1, None, alike), X, TWO)["GD203"].said
    half = lambda y, p: -y * ops.log(p)  # noqa: E731
    for labels in (shares, (y > 0) * 1.0):
        said = found(dense(1, "sigmoid", half), X, labels)["GD203"].said
        assert said == "the loss pulls each answer up, whatever its target is"
    score = lambda y, p: -ops.sum(y * p, axis=-1)  # noqa: E731
    assert "each answer up" in found(dense(3, "sigmoid", score), X, ONE_HOT)["GD203"].said
    assert not found(dense(3, "softmax", score), X, ONE_HOT)
    entropy = lambda y, p: swapped(p, y)  # noqa: E731
    margin = lambda y, p: ops.relu(1 - (2 * y - 1) * p)  # noqa: E731
    masked = lambda y, p: ops.mean(ops.where(y > 0, ops.square(y - p), 0.0))  # noqa: E731
    for end, loss, targets in (
        ("sigmoid", entropy, shares), (None, margin, y > 0), (None, masked, y - 0.8),
        (None, lambda y, p: ops.abs(y - p), 30 + y),
    ):  # fmt: skip
        assert not {"GD103", "GD203"} & set(found(dense(1, end, loss), X, targets * 1.0)), loss


def test_losses_of_ones_own_with_the_wrong_sign():
    for end, loss, y in (
        ("sigmoid", overlap, SEVERAL), ("softmax", likelihood, ONE_HOT),
        ("sigmoid", lambda y, p: -nn.ops.abs(y - p), SEVERAL),
    ):  # fmt: skip
        told = found(dense(3, end, loss), X, y)["GD203"]
        assert "for ones far off: training makes it smaller, and answers worse" in told.said
        assert not found(dense(3, end, lambda y, p, loss=loss: 1 - loss(y, p)), X, y)


def test_a_loss_of_shares_that_is_given_scores():
    given = lambda end, loss: found(dense(3, end, loss), X, SEVERAL)  # noqa: E731
    dice = lambda y, p: 1 - overlap(y, p)  # noqa: E731
    assert "for twice as much: it takes shares" in given(None, dice)["GD203"].said
    hinge = lambda y, p: nn.ops.mean(nn.ops.relu(1 - (2 * y - 1) * p))  # noqa: E731
    square = lambda y, p: nn.ops.mean(nn.ops.square(y - p))  # noqa: E731
    for end, loss in ((None, square), (None, hinge), ("sigmoid", dice)):
        assert "GD203" not in given(end, loss), (end, loss)


def test_masks_in_bytes_for_a_loss_of_ones_own():
    ops, bce = nn.ops, nn.losses.binary_crossentropy
    both = lambda y, p: ops.mean(bce(y, p)) + 1 - overlap(y, p)  # noqa: E731
    given = lambda loss, y: found(dense(3, "sigmoid", loss), X, y.astype("float32"))  # noqa: E731
    assert given(both, SEVERAL * 255)["GD102"].said.startswith("targets are 0 and 255, and the")
    assert not given(both, SEVERAL)
    assert "GD102" not in given(lambda y, p: both(y / 255, p), SEVERAL * 255)
    weighed = lambda y, p: ops.mean(y * ops.square(1 - p) + ops.square(p) * (y == 0))  # noqa: E731
    assert "GD102" not in given(weighed, SEVERAL * 9)


def test_what_is_added_to_x_reaches_one_side_only():
    def told(act):
        x = nn.Input((5,))
        made = nn.Model(x, L.Add()([x, L.Dense(5, act)(x)]))
        made.compile("adam", "mse")
        y = X + 0.3 * np.roll(X, 1, axis=0)
        return {f.id: f for f in made.diagnose(X, y.astype("float32")) if f.alarm}

    assert "the model adds a sigmoid to x, which never is -" in told("sigmoid")["GD204"].said
    assert "GD204" in told("relu")
    assert "GD204" not in told(None)


def test_a_sigmoid_of_a_distance():
    def told(end):
        pair = [nn.Input((5,)), nn.Input((5,))]
        code = L.Dense(8, "relu")
        far = nn.ops.sum(nn.ops.abs(code(pair[0]) - code(pair[1])), axis=-1, keepdims=True)
        made = nn.Model(pair, end(far))
        made.compile("adam", "binary_crossentropy")
        return {f.id: f for f in made.diagnose([X, X[::-1].copy()], TWO) if f.alarm}

    assert "never below 0" in told(nn.ops.sigmoid)["GD204"].said
    assert "GD204" not in told(L.Dense(1, "sigmoid"))
    assert "GD204" not in told(lambda far: nn.ops.sigmoid(1 - far))


def test_class_numbers_that_one_output_is_to_meet():
    random = np.random.default_rng(3)
    middles = random.normal(size=(10, 5)) * 3
    names = np.arange(300) % 10
    near = (middles[names] + random.normal(size=(300, 5))).astype("float32")
    apart = (middles[names] + 0.1 * random.normal(size=(300, 5))).astype("float32")
    for x in (near, apart):
        told = found(dense(1, None, "mse"), x, names)["GD203"]
        assert "names of classes" in told.said
        assert 'Dense(10, "softmax")' in told.fix
    levels = np.argsort(np.argsort(X[:, 0] + 2 * X[:, 1])) // 50  # each as often, but in order
    for x, y in (
        (X, levels),
        (X, RANDOM.integers(0, 6, 300)),
        (X, RANDOM.poisson(np.exp(X[:, 0]))),
    ):
        assert not found(dense(1, None, "mse"), x, y)


def test_healthy_pairs():
    for number, (twin, y) in enumerate(HEALTHY):
        assert not found(twin, X, y), number
    told = HEALTHY[6][0].diagnose(X, NUMBERS, epochs=0)
    assert "GD216" not in told.skipped


class Unused(nn.Model):
    """Has a layer that `call` leaves out."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out, self.more = L.Dense(8, "relu"), L.Dense(3, "softmax"), L.Dense(4)

    def call(self, x):
        return self.out(self.hidden(x))


class Cut(Unused):
    """Lets no gradient through."""

    def call(self, x):
        return self.out(nn.ops.stop_gradient(self.hidden(x)) + 0.0 * self.more(x)[:, :1])


class Own(Cut):
    """Trains in another way."""

    def train_step(self, data):
        return super().train_step(data)


def compiled(made, loss=SPARSE):
    made.compile("adam", loss)
    return made


def chain(*layers, loss=SPARSE, metrics=(), optimizer="adam"):
    return model(*layers, loss=loss, metrics=metrics, optimizer=optimizer, hidden=False)


def residual():
    x = nn.Input((5,))
    hidden = L.Dense(8, "relu")(x)
    more = L.Dense(8, kernel_initializer="zeros")(hidden)
    return compiled(nn.Model(x, L.Dense(3, "softmax")(L.Add()([hidden, more]))))


def joined(bend):
    """Two layers that begin as zeros, whose outputs meet."""
    x = nn.Input((5,))
    a = L.Dense(8, bend, kernel_initializer="zeros")(x)
    b = L.Dense(8, bend, kernel_initializer="zeros")(a)
    return compiled(nn.Model(x, L.Dense(3, "softmax")(L.Concatenate()([a, b]))))


def frozen(count, units=8):
    made = chain(nn.Input((5,)), L.Dense(units, "relu"), L.Dense(3, "softmax"))
    for layer in made.layers[:count]:
        layer.trainable = False
    return made


def trunk():
    made = frozen(1)
    made.layers[0].set_weights([w + 0.1 for w in made.layers[0].get_weights()])  # learnt before
    return made


def following(schedule):
    return chain(L.Dense(8, "relu"), L.Dense(3, "softmax"), optimizer=nn.optimizers.Adam(schedule))


def own_steps(schedule):
    made = Own()
    made.compile(nn.optimizers.Adam(schedule), SPARSE)
    return made


def filled(first, second, act="tanh"):
    end = L.Dense(3, "softmax", kernel_initializer=second)
    return chain(L.Dense(8, act, kernel_initializer=first), end)


class Remembers(L.Layer):
    """Attends to eight keys that are learnt."""

    def __init__(self):
        super().__init__()
        self.ask, self.keys, self.answer = L.Dense(12), L.Dense(8), L.Dense(8, "relu")

    def call(self, x):
        return self.answer(nn.ops.softmax(self.keys(self.ask(x))))


NAMES = np.eye(3, dtype="float32")[RANDOM.integers(0, 3, (300, 6))]


def shares_of_names(times=1.0):
    """A mean of one-hot rows that are given, by weights that sum to 1: shares of each class."""
    x, names = nn.Input((5,)), nn.Input((6, 3))
    share = L.Reshape((1, 6))(L.Rescaling(times)(L.Dense(6, "softmax")(x)))
    return compiled(nn.Model([x, names], L.Flatten()(L.Dot(axes=(2, 1))([share, names]))))


def moved(steps):
    """A chain of steps, each of which reads three times what the one before gave."""
    given = nn.Input((5,))
    x = given
    for _ in range(steps):
        x = x - L.Dense(5, "tanh")(x) * nn.ops.exp(-x * x)
    return compiled(nn.Model(given, x), loss="mse")


def test_long_chains_take_no_time():
    """Of 30 steps there are 3^30 ways from the end to the beginning."""
    found = moved(30).diagnose(X, X)
    assert "GD105" in {rule.id for rule in found.checked}
    assert not found.errors


SCHEDULES = nn.optimizers.schedules
PICTURES = RANDOM.random((24, 10, 10, 3)).astype("float32")
MODELS = [  # id ("" for healthy), what it says, the model, x, y, the rest
    ("GD207", "feeds Dense", lambda: chain(L.Dense(8), softmax()), X, THREE, {}),
    (
        "GD207", "with no activation between",
        lambda: chain(L.Dense(8), L.Dropout(0.2), L.Dense(8, "relu"), softmax()), X, THREE, {},
    ),
    (
        "GD207", "Conv2D", lambda: chain(L.Conv2D(8, 3), L.Flatten(), softmax()),
        PICTURES, THREE[:24], {},
    ),
    ("", "", lambda: chain(L.Dense(2), L.Dense(5), loss="mse"), X, X, {}),  # narrow on purpose
    ("", "", lambda: chain(Remembers(), softmax()), X, THREE, {}),  # scores of attention
    (  # few channels at each place, and weights for each of them
        "", "",
        lambda: chain(L.Conv2D(16, 3, activation="relu"), L.Conv2D(4, 1), L.Flatten(), softmax()),
        PICTURES, THREE[:24], {},
    ),
    (  # a vector of each patch
        "", "", lambda: chain(L.Conv2D(16, 2, strides=2), L.Flatten(), relu(), softmax()),
        PICTURES, THREE[:24], {},
    ),
    (
        "", "", lambda: chain(L.Dense(8), L.BatchNormalization(), L.ReLU(), softmax()),
        X, THREE, {},
    ),
    (
        "", "",
        lambda: chain(
            L.SeparableConv2D(8, 3, activation="relu"), L.Conv2D(8, 3), L.MaxPooling2D(),
            L.Conv2D(8, 1, activation="relu"), L.GlobalAveragePooling2D(), softmax(),
        ),
        PICTURES, THREE[:24], {},
    ),
    ("GD208", "all 8 units", lambda: filled("zeros", "glorot_uniform", "relu"), X, THREE, {}),
    ("GD208", "copies of each other (all are 1)", lambda: filled("ones", "ones"), X, THREE, {}),
    ("GD208", "copies", lambda: filled("ones", "glorot_uniform"), X, THREE, {}),
    ("", "", lambda: filled("glorot_uniform", "zeros"), X, THREE, {}),
    ("GD208", "copies of each other (all are 0)", lambda: joined("relu"), X, THREE, {}),
    ("", "", lambda: joined(None), X, THREE, {}),  # the way back tells units apart
    ("", "", residual, X, THREE, {}),
    ("GD212", "a layer is never called: 'dense", lambda: compiled(Unused()), X, THREE, {}),
    ("GD212", "lead to a step without a gradient", lambda: compiled(Cut()), X, THREE, {}),
    ("", "", lambda: compiled(Own()), X, THREE, {}),
    ("GD212", "all 4 weights are frozen", lambda: frozen(2), X, THREE, {}),
    ("GD212", "a layer is frozen as drawn at random", lambda: frozen(1), X, THREE, {}),
    ("", "", trunk, X, THREE, {}),
    ("", "", lambda: frozen(1, 64), X, THREE, {}),  # features by chance
    ("", "", shares_of_names, (X, NAMES), THREE, {}),
    ("GD202", "answers run from 0 to", lambda: shares_of_names(3.0), (X, NAMES), THREE, {}),
    ("GD211", "drops 90%", lambda: chain(relu(), L.Dropout(0.9), softmax()), X, THREE, {}),
    ("GD211", "comes from Dropout", lambda: chain(relu(), softmax(), L.Dropout(0.2)), X, THREE, {}),
    (
        "GD211", "where guessing has a loss of 1.1",
        lambda: chain(L.Dense(64, "relu", kernel_regularizer=nn.regularizers.L2(1.0)), softmax()),
        X, THREE, {},
    ),
    (
        "GD211", "where guessing has a loss of 2.1",
        lambda: chain(
            L.Dense(64, "relu", kernel_regularizer=nn.regularizers.L2(1.0)), L.Dense(1),
            loss="huber",
        ),
        X, NUMBERS, {},
    ),
    (
        "", "",
        lambda: chain(L.Dense(64, "relu", kernel_regularizer="l2"), L.Dropout(0.5), softmax()),
        X, THREE, {},
    ),
    ("GD215", "exact hits", lambda: dense(1, None, "mse", ["accuracy"]), X, NUMBERS, {}),
    (
        "GD215", "guessing has 67%",
        lambda: dense(3, "softmax", DENSE, ["binary_accuracy"]), X, ONE_HOT, {},
    ),
    (
        "GD215", "always the first",
        lambda: dense(1, "sigmoid", BINARY, [nn.metrics.SparseCategoricalAccuracy()]), X, TWO, {},
    ),
    ("GD215", "-1 and 1", lambda: dense(1, "tanh", "hinge", ["accuracy"]), X, TWO * 2 - 1, {}),
    ("", "", lambda: dense(1, None, "mse", ["mae"]), X, NUMBERS, {}),
    ("", "", lambda: dense(1, "sigmoid", BINARY, ["accuracy", "auc"]), X, TWO, {}),
    ("GD210", "nothing will change", lambda: following(0.0), X, THREE, {}),
    ("", "", lambda: following(0.5), X, THREE, {}),  # unusual, and no alarm
    (
        "GD216", "falls from 0.001", lambda: following(SCHEDULES.ExponentialDecay(1e-3, 10, 0.1)),
        X, THREE, {"epochs": 20},
    ),
    ("", "", lambda: following(SCHEDULES.CosineDecay(1e-3, 200)), X, THREE, {"epochs": 20}),
    (
        "GD216", "falls from 0.01 to 1e-07 within 2 of 200",
        lambda: own_steps(SCHEDULES.PiecewiseConstantDecay([2], [0.01, 1e-7])),
        X, THREE, {"epochs": 20},
    ),
    (  # its step may gather the gradients of five batches
        "", "", lambda: own_steps(SCHEDULES.CosineDecay(1e-3, 40)), X, THREE, {"epochs": 20},
    ),
]  # fmt: skip


def softmax():
    return L.Dense(3, "softmax")


def relu():
    return L.Dense(8, "relu")


def test_models_and_their_settings():
    for number, (rule, said, make, x, y, given) in enumerate(MODELS):
        hit = found(make(), x, y, **given)
        assert list(hit) == [rule] * bool(rule), (number, rule, hit)
        if rule:
            assert said in hit[rule].said, (number, hit[rule].said)
            assert hit[rule].fix
            assert "never called" not in said or "self.more(x)" in hit[rule].fix


def test_a_sequence_of_one_batch():
    held = (np.repeat(X, 2, axis=0), np.repeat(THREE, 2))
    for count, rules in ((1, ["GD216"]), (9, [])):
        batches = [(X[i : i + 32], THREE[i : i + 32]) for i in range(0, 32 * count, 32)]
        found = dense(3, "softmax", SPARSE).diagnose(batches, None, held, epochs=20)
        assert [f.id for f in found if f.alarm and f.id == "GD216"] == rules


def test_an_output_without_a_loss():
    inputs = nn.Input((X.shape[1],))
    body = L.Dense(8, "relu", name="body")(inputs)
    heads = [L.Dense(1, name="asked")(body), L.Dense(1, name="aside")(body)]
    made = nn.Model(inputs, heads)
    made.compile("adam", {"asked": "mse", "aside": None})
    (told,) = [f for f in made.diagnose(X, [NUMBERS, NUMBERS]) if f.alarm]
    assert told.id == "GD212"
    assert told.said.startswith("output 'aside' has no loss, and 2 weights only lead to it")
    made = nn.Model(inputs, [heads[0], body])  # to be looked at
    made.compile("adam", {"asked": "mse", "body": None})
    assert not [f for f in made.diagnose(X, [NUMBERS, NUMBERS]) if f.alarm]


def test_facts_of_models_are_no_alarm():
    made = chain(L.Dense(8), L.Dropout(0.1), L.BatchNormalization(), L.ReLU(), softmax(),
                 optimizer=nn.optimizers.SGD(5.0))  # fmt: skip
    facts = {f.id: f.said for f in made.diagnose(X, THREE, epochs=2).infos}
    assert set(facts) == {"GD210", "GD213", "GD216"}
    assert facts["GD216"] == "2 epochs are 20 steps in all, which is few"


CALLBACKS = nn.callbacks
STOP, REDUCE = CALLBACKS.EarlyStopping, CALLBACKS.ReduceLROnPlateau
PLANS = [  # what it says ("" for healthy), the callbacks
    ("the first epoch whose val_loss is not better", STOP()),
    ("the first epoch whose loss is not better by 0.1", [STOP("loss", min_delta=0.1)]),
    ("ends training after 6 of 20 epochs at the latest", STOP(patience=2, min_delta=0.5)),
    ("asks for 0.5 more every 3", STOP("accuracy", patience=3, min_delta=0.5)),
    ("watches 'val_acc', and the logs will have val_accuracy", STOP("val_acc", patience=3)),
    ("val_accuracy to fall, and better is what", STOP("val_accuracy", mode="min", patience=4)),
    ("loss to rise, and better is what falls", REDUCE("loss", mode="max")),
    ("after 4 of them 0.0001 of it is left", REDUCE(patience=0)),
    ("leaves 0.0001 of the rate", REDUCE(factor=1e-4, patience=1)),
    ("so it reduces the rate however well", REDUCE(patience=1, min_delta=1.0)),
    (
        "ModelCheckpoint waits for accuracy to fall",
        CALLBACKS.ModelCheckpoint("m.keras", "accuracy", mode="min", save_best_only=True),
    ),
    ("the rate falls from 0.0001", CALLBACKS.LearningRateScheduler(lambda _, rate: rate / 10)),
    ("the rate rises until", CALLBACKS.LearningRateScheduler(lambda epoch: 1e-6 * 2**epoch)),
    ("", STOP(patience=1)),
    ("", STOP("val_accuracy", patience=3, min_delta=1e-3, restore_best_weights=True)),
    ("", STOP(start_from_epoch=15)),
    ("", [REDUCE(patience=2, factor=0.2), CALLBACKS.TerminateOnNaN()]),
    ("", REDUCE(patience=0, factor=0.9)),
    ("", CALLBACKS.ModelCheckpoint("m.keras", "accuracy", mode="min")),  # saves each
    ("", CALLBACKS.LearningRateScheduler(lambda epoch: 1e-3 if epoch < 10 else 1e-4)),
]  # fmt: skip


def test_callbacks_that_do_not_fit_the_training():
    for said, callbacks in PLANS:
        hit = found(dense(3, "softmax", SPARSE, ["accuracy"]), X, THREE, epochs=20,
                    callbacks=callbacks)  # fmt: skip
        assert list(hit) == ["GD216"] * bool(said), (said, hit)
        if said:
            assert said in hit["GD216"].said, hit["GD216"].said
            assert hit["GD216"].fix


def test_weights_so_small_that_no_sample_differs():
    def made(optimizer, stddev):
        small = nn.initializers.RandomNormal(stddev=stddev)
        hidden = [L.Dense(16, "relu", kernel_initializer=small) for _ in range(2)]
        return chain(*hidden, L.Dense(3, "softmax"), optimizer=optimizer)

    def told(*given):
        return {f.id for f in made(*given).diagnose(X, THREE, epochs=20) if f.alarm}

    assert "GD209" in told(nn.optimizers.SGD(0.1), 1e-4)
    assert "GD209" not in told(nn.optimizers.SGD(0.1), 0.05)


class Stepped(nn.Model):
    """Hidden units that are 0 or 1, and a training step of its own."""

    def __init__(self, bend):
        super().__init__()
        self.hidden, self.out, self.bend = L.Dense(8), L.Dense(3), bend

    def call(self, x):
        return self.out(self.bend(self.hidden(x)))

    def train_step(self, data):
        x, y = data
        with nn.GradientTape() as tape:
            scores = self(x)
            loss = nn.ops.mean(nn.losses.SparseCategoricalCrossentropy(from_logits=True)(y, scores))
        weights = self.trainable_variables
        found = zip(tape.gradient(loss, weights), weights, strict=True)
        self.optimizer.apply_gradients([(g, w) for g, w in found if g is not None])
        return {"loss": loss}


class Judged(nn.Model):
    """Learns by what a network says that is never trained, or that follows another."""

    def __init__(self, judge):
        super().__init__()
        self.maker, self.judge = L.Dense(5), judge
        self.judge.trainable = False

    def call(self, x):
        return self.judge(self.maker(x))

    def train_step(self, data):
        loss, grads = nn.value_and_grad(lambda: nn.ops.mean(self(data[0])), parameters=self.maker)()
        self.optimizer.apply(grads, self.maker)
        return {"loss": loss}


def test_what_is_frozen_at_random_in_a_training_step_of_ones_own():
    def told(judge):
        made = Judged(judge)
        made.compile("adam")
        return {f.id for f in made.diagnose(X, THREE) if f.alarm}

    assert "GD212" in told(L.Dense(1))
    assert "GD212" not in told(L.Dense(5))  # a target that follows the maker
    assert "GD212" not in told(L.Dense(1, bias_initializer="ones"))  # as learnt before


def test_hidden_units_that_are_steps_in_a_training_step_of_ones_own():
    def told(bend):
        made = Stepped(bend)
        made.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
        return {f.id: f.said for f in made.diagnose(X, THREE, epochs=20) if f.alarm}

    def steps(z):
        return nn.ops.cast(nn.ops.greater(z, 0), "float32")

    assert "act by steps without a slope" in told(steps)["GD212"]
    straight_through = told(lambda z: z + nn.ops.stop_gradient(steps(z) - z))
    assert "GD212" not in straight_through
    assert "GD212" not in told(lambda z: nn.ops.stop_gradient(z))


class Given(Stepped):
    """Gives its optimizer all weights, with or without a gradient."""

    def train_step(self, data):
        with nn.GradientTape() as tape:
            loss = self.loss(data[1], self(data[0]))
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


@pytest.mark.filterwarnings("ignore:no gradient for")
def test_hidden_units_that_an_optimizer_is_given_without_a_gradient():
    made = Given(nn.ops.stop_gradient)
    made.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = {f.id: f.said for f in made.diagnose(X, THREE) if f.alarm}
    assert "2 of 4 weights act behind a stop_gradient" in found["GD212"]


def test_the_activation_of_each_step():
    x = np.random.default_rng(0).normal(size=(64, 5, 3)).astype("float32")
    several = (np.random.default_rng(1).random((64, 5, 6)) < 0.5).astype("float32")
    for end, wanted in (("softmax", True), ("sigmoid", False)):
        step = nn.layers.TimeDistributed(nn.layers.Dense(6, end))
        model = nn.Sequential([nn.Input((5, 3)), nn.layers.GRU(4, return_sequences=True), step])
        model.compile("adam", "binary_crossentropy")
        assert ("GD203" in model.diagnose(x, several)) == wanted
