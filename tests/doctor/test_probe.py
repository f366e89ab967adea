"""The one-batch probe: each rule finds its fault, and is silent for healthy twins of it."""

import threading
import warnings

import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.doctor.probe.depth import trend
from neurona.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    Lambda,
    Layer,
    LayerNormalization,
    MultiHeadAttention,
    PositionEmbedding,
    Reshape,
    SimpleRNN,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 12)).astype("float32")
Y = RNG.integers(0, 3, 200)
IDS = RNG.integers(0, 20, (48, 13))


def classifier(*layers, classes=3, shape=(12,)):
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input(shape), *layers, Dense(classes, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def stack(depth, activation="relu", init="he_normal", width=32):
    return [Dense(width, activation, kernel_initializer=init) for _ in range(depth)]


def normal(deviation):
    return nn.initializers.RandomNormal(stddev=deviation)


def seen(model, x=X, y=Y, **given):
    """The ids of alarms of the probe; the model, its weights and the random stream stay."""
    before, place = [w.copy() for w in model.get_weights()], random.get_position()
    found = model.diagnose(x, y, **given)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert random.get_position() == place
    return {f.id: f for f in found if f.alarm and f.id.startswith(("GD3", "GD7"))}


class OwnReLU(Layer):
    def __init__(self, less):
        self.less = less

    def call(self, x):
        return nn.ops.maximum(x - self.less, 0.0)


class OwnSigmoid(Layer):
    def call(self, x):
        return 1.0 / (1.0 + nn.ops.exp(-x))


FAULTS = [
    ("GD301", lambda: classifier(*stack(2)), 40 * X, Y, "a model that knows nothing has 1.1"),
    ("GD302", lambda: classifier(Lambda(nn.ops.log), Dense(4)), X, Y, "log in the forward pass"),
    ("GD303", lambda: classifier(*stack(6, init=normal(0.02))), X, Y, "shrinks"),
    ("GD303", lambda: classifier(*stack(6, "linear", normal(2.0))), X, Y, "grows"),
    ("GD304", lambda: classifier(*stack(8, "sigmoid", "glorot_uniform")), X, Y, "vanish"),
    (
        "GD305",
        lambda: classifier(Dense(32, "relu", bias_initializer=nn.initializers.Constant(-9.0))),
        X, Y, "32 of 32 units (100%)",
    ),
    ("GD305", lambda: classifier(Dense(32), OwnReLU(9.0)), X, Y, "are 0 for every sample"),
    ("GD306", lambda: classifier(*stack(2, "tanh", normal(3.0))), X, Y, "tanh"),
    ("GD306", lambda: classifier(Dense(32), OwnSigmoid()), 30 * X, Y, "sigmoid"),
    ("GD306", lambda: classifier(LSTM(16), shape=(6, 2)), 99 * X.reshape(200, 6, 2), Y, "tanh"),
    ("GD307", lambda: classifier(*stack(2, init="zeros")), X, Y, "all 128 samples"),
    ("GD307", lambda: classifier(Lambda(lambda x: x * 0.0), Dense(8)), X, Y, "all 128 samples"),
    (
        "GD308",
        lambda: classifier(
            Dense(8), Lambda(lambda x: nn.ops.reshape(nn.ops.transpose(x), (-1, 8)))
        ),
        X, Y, "samples at places 32 to 84 of the batch",
    ),
    ("GD308", lambda: classifier(Lambda(lambda x: nn.ops.flip(x, axis=0))), X, Y, "change the"),
    ("GD308", lambda: classifier(Lambda(lambda x: nn.ops.softmax(x, axis=0))), X, Y, "change the"),
    ("GD308", lambda: classifier(Lambda(lambda x: 9 * nn.ops.cumsum(x, axis=0))), X, Y, "75 that"),
    (
        "GD309",
        lambda: classifier(
            Embedding(20, 8), Bidirectional(LSTM(8, return_sequences=True)), classes=20,
            shape=(12,),
        ),
        IDS[:, :-1], IDS[:, 1:], "steps from 6 on",
    ),
    (
        "GD309",
        lambda: classifier(
            Embedding(20, 8), GRU(8, return_sequences=True), classes=20, shape=(12,)
        ),
        IDS[:, :-1], IDS[:, :-1], "is the step itself",
    ),
    (
        "GD309",
        lambda: classifier(
            Embedding(20, 8), GRU(8, return_sequences=True), classes=20, shape=(12,)
        ),
        IDS[:, 1:], IDS[:, :-1], "shifted to the wrong side",
    ),
    (
        "GD304",
        lambda: classifier(
            *[LSTM(8, activation="sigmoid", return_sequences=True) for _ in range(5)],
            Flatten(), shape=(6, 2),
        ),
        X.reshape(200, 6, 2), Y, "vanish",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "make", "x", "y", "said"), FAULTS, ids=[f"{i}-{f[0]}" for i, f in enumerate(FAULTS)]
)
def test_each_fault_is_found(rule, make, x, y, said):
    found = seen(make(), x, y)
    assert rule in found
    assert said in found[rule].said
    assert found[rule].threshold
    assert found[rule].fix
    assert len(found[rule].rule.why.split()) <= 40


@pytest.mark.parametrize("hidden", [True, False])
def test_words_to_be_guessed(hidden):
    """Words that the loss counts are hidden in x, or stand there."""
    counts = RNG.random(IDS.shape) < 0.2
    model = nn.Sequential(
        [nn.Input((13,), dtype="int64"), Embedding(21, 8),
         Bidirectional(GRU(8, return_sequences=True)), Dense(20)]
    )  # fmt: skip
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile("adam", loss)
    found = seen(model, np.where(counts & hidden, 20, IDS), np.where(counts, IDS, -1))
    assert ("GD309" in found) != hidden


def test_one_answer_is_no_consequence_of_a_branch_that_gets_nothing():
    """The first of the steps that see the past alone sees itself, whatever comes."""
    given = nn.Input((6, 2))
    x = Dense(16)(given)
    x = x + MultiHeadAttention(2, 8)(x, x, use_causal_mask=True)
    model = nn.Model(given, Dense(3, "softmax")(Lambda(lambda z: z[:, 0])(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    x = X.reshape(200, 6, 2).copy()
    x[:, 0] = 1
    found = seen(model, x, Y)
    assert "GD304" not in found
    assert not found["GD307"].because


def test_a_loss_without_a_slope():
    def hits(y, p):
        return nn.ops.mean(nn.ops.cast(nn.ops.argmax(p, axis=-1) != y, "float32"))

    model = nn.Sequential([nn.Input((12,)), Dense(3, "softmax")])
    model.compile("sgd", hits)
    found = {f.id: f.said for f in model.diagnose(X, Y) if f.alarm}
    assert found == {"GD212": "the loss hits has no slope: no weight can make it smaller"}


@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_one_step_needs_no_memory(layer):
    """The recurrent matrix has nothing to work on; the other one learns."""
    assert "GD304" not in seen(classifier(layer(4), shape=(1, 12)), X[:, None])


class Shares(nn.Layer):
    """Multiplies by the first of two numbers, which begin as 0."""

    def build(self, shape):
        self.shares = self.add_weight(shape=(2,), initializer="zeros", name="shares")

    def call(self, x):
        return self.shares[0] * x


def test_a_branch_that_opens_later():
    def model(end):
        x = inputs = nn.Input((12,))
        for _ in range(2):
            z = Dense(16, "relu")(BatchNormalization()(Dense(16)(x)))
            x = Dense(16)(x) + end(z)
        model = nn.Model(inputs, Dense(3, "softmax")(x))
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert "GD304" not in seen(model(BatchNormalization(gamma_initializer="zeros")))
    assert "GD304" not in seen(model(Shares()))  # ReZero: one of several numbers for each branch
    assert "GD304" in seen(model(Lambda(lambda z: 0.0 * z)))  # it stays so


def attentive(positions, steps=12):
    ids = nn.Input((steps,), dtype="int64")
    x = Embedding(20, 16)(ids)
    x = x + PositionEmbedding(steps)(x) if positions else x
    x = LayerNormalization()(x + MultiHeadAttention(2, 8)(x, x))
    model = nn.Model(ids, Dense(3, "softmax")(GlobalAveragePooling1D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def residual(normalized, depth=8):
    nn.random.set_seed(1)
    given = nn.Input((12,))
    x = Dense(32)(given)
    for _ in range(depth):
        y = LayerNormalization()(x) if normalized else x
        x = x + Dense(32)(Dense(32, "relu", kernel_initializer="he_normal")(y))
    model = nn.Model(given, Dense(3, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_order():
    y = RNG.integers(0, 3, 48)
    assert "GD310" in seen(attentive(False), IDS[:, 1:], y)
    assert not seen(attentive(True), IDS[:, 1:], y)
    bag = classifier(Embedding(20, 8), GlobalAveragePooling1D(), shape=(12,))
    assert not seen(bag, IDS[:, 1:], y)  # which means to forget the order
    sentences = RNG.integers(0, 6, (600, 8))
    first = sentences[:, 0] // 2
    told = seen(classifier(Embedding(6, 8), GlobalAveragePooling1D(), shape=(8,)), sentences, first)
    assert "with places, a linear model has" in told["GD310"].said
    assert "GD310" not in seen(classifier(Embedding(6, 8), Flatten(), shape=(8,)), sentences, first)


def test_order_that_is_not_asked_for():
    """Which of two words comes more often is told by counts: the model lacks nothing."""
    x = RNG.integers(0, 20, (600, 12))
    more = (x < 6).sum(axis=1) > (x > 13).sum(axis=1)
    model = attentive(False)
    found = model.diagnose(x, more.astype(int))
    told = {f.id: f for f in found}["GD310"]
    assert not told.alarm
    assert "which words come, and how often, tells" in told.said
    assert "GD310" in seen(model, x, x[:, 3] % 3)
    assert "GD310" in seen(model, x, RNG.integers(0, 3, 600))
    marks = (x[..., None] == np.arange(3)).any(axis=1)  # several yes or no
    several = nn.Model(model.inputs, Dense(3, "sigmoid")(model.layers[-2].output))
    several.compile("adam", "binary_crossentropy")
    assert "GD310" not in seen(several, x, marks.astype("float32"))
    assert "GD310" in seen(several, x, (x[:, :3] < 10).astype("float32"))
    one_hot = nn.Model(model.inputs, model.outputs)
    one_hot.compile("adam", "categorical_crossentropy")
    assert "GD310" not in seen(one_hot, x, np.eye(3)[more.astype(int)])
    share = ((x < 6).mean(axis=1) ** 2).astype("float32")  # a few numbers between 0 and 1
    rated = nn.Model(model.inputs, Dense(1)(model.layers[-2].output))
    rated.compile("adam", "mse")
    assert "GD310" not in seen(rated, x, share)
    assert "GD310" in seen(rated, x, RNG.normal(size=600).astype("float32"))


def test_order_of_a_hand():
    """Whether a hand of cards has a pair is told by two cards together, in whatever order."""
    x = np.array([RNG.permutation(16)[:5] for _ in range(1500)])
    pair = (x[:, :, None] % 8 == x[:, None] % 8).sum(axis=(1, 2)) > 5
    assert "GD310" not in seen(attentive(False, 5), x, pair.astype(int))
    assert "GD310" in seen(attentive(False, 5), x, (x[:, 0] < x[:, 1]).astype(int))


def test_order_of_hours():
    """What each hour costs hangs on the hour; how warm a day was at all does not."""
    hours = nn.Input((12, 2))
    x = LayerNormalization()(MultiHeadAttention(2, 8)(*[Dense(16)(hours)] * 2))
    model = nn.Model(hours, Dense(1)(GlobalAveragePooling1D()(x)))
    model.compile("adam", "mse")
    x = RNG.normal(size=(900, 12, 2)).astype("float32")
    used = np.maximum(x.sum(axis=2), 0)
    price = np.where(np.arange(12) < 6, 2.0, 0.5)
    assert "GD310" in seen(model, x, (used @ price).astype("float32"))
    assert "GD310" not in seen(model, x, used.sum(axis=1))


@pytest.mark.parametrize("places", [True, False])
def test_order_of_a_source(places):
    """Of two inputs, the one that attention reads: backwards needs places, sorting does not."""
    source, target = nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64")

    def read(ids):
        x = Embedding(11, 16)(ids)
        return x + PositionEmbedding(5, initializer="normal")(x) if places else x

    a, b = read(source), read(target)
    a = a + MultiHeadAttention(2, 8)(a, a)
    b = b + MultiHeadAttention(2, 8)(b, a)
    model = nn.Model([source, target], Dense(10, "softmax")(b))
    model.compile("adam", "sparse_categorical_crossentropy")
    x = RNG.integers(0, 10, (600, 5))
    for y, blind in ((x[:, ::-1], not places), (np.sort(x, axis=1), False)):
        before = np.hstack([np.full((600, 1), 10), y[:, :-1]])
        assert ("GD310" in seen(model, (x, before), np.ascontiguousarray(y))) == blind


@pytest.mark.parametrize("places", [True, False])
def test_order_of_patches(places):
    """A transformer over patches, and a target that hangs on where they are, or does not."""
    picture = nn.Input((9, 9, 1))
    x = Reshape((9, 16))(Conv2D(16, 3, strides=3)(picture))
    x = x + PositionEmbedding(9, initializer="normal")(x) if places else x
    x = LayerNormalization()(x + MultiHeadAttention(2, 8)(x, x))
    model = nn.Model(picture, Dense(2, "softmax")(GlobalAveragePooling1D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    x = RNG.normal(size=(600, 9, 9, 1)).astype("float32")
    left = x[:, :, :4].mean(axis=(1, 2, 3)) > x[:, :, 5:].mean(axis=(1, 2, 3))
    assert ("GD310" in seen(model, x, left.astype(int))) != places
    assert "GD310" not in seen(model, x, (x.mean(axis=(1, 2, 3)) > 0).astype(int))


def test_order_of_numbers():
    """A window of a series has an order; a set of points has none, in whatever order it comes."""
    time = np.arange(700)
    series = np.sin(time / 4) + 0.1 * RNG.normal(size=700)
    windows = np.lib.stride_tricks.sliding_window_view(series, 17)[:600]
    points = np.sort(RNG.normal(size=(600, 16, 2)), axis=1)

    def model(end, loss, size):
        given = nn.Input((16, size))
        x = Dense(16, "relu")(given)
        x = GlobalAveragePooling1D()(x + MultiHeadAttention(2, 8)(x, x))
        found = nn.Model(given, Dense(1, end)(x))
        found.compile("adam", loss)
        return found

    told = seen(model(None, "mse", 1), windows[:, :-1, None], windows[:, -1])
    assert "more of the targets right" in told["GD310"].said
    far = (points**2).mean(axis=(1, 2)) > 1
    assert not seen(model("sigmoid", "binary_crossentropy", 2), points, far.astype(int))


def test_attention_that_has_chosen():
    def model(scale):
        given = nn.Input((8, 6))
        x = MultiHeadAttention(2, 8, kernel_initializer=normal(scale))(given, given)
        found = nn.Model(given, Dense(3, "softmax")(GlobalAveragePooling1D()(x)))
        found.compile("adam", "sparse_categorical_crossentropy")
        return found

    x = RNG.normal(size=(100, 8, 6))
    assert "of the attention" in seen(model(4.0), x, Y[:100])["GD306"].said
    assert "GD306" not in seen(model(0.3), x, Y[:100])


def test_masks():
    ids = np.where(np.arange(12) < 5, np.maximum(IDS[:, 1:], 1), 0)
    y = RNG.integers(0, 3, 48)

    def model(mask):
        given = nn.Input((12,), dtype="int64")
        x = Embedding(20, 16)(given)
        x = x + PositionEmbedding(12)(x)
        more = {} if mask is None else {"attention_mask": Lambda(mask)(given)}
        x = MultiHeadAttention(2, 8)(x, x, **more)
        found = nn.Model(given, Dense(3, "softmax")(GlobalAveragePooling1D()(x)))
        found.compile("adam", "sparse_categorical_crossentropy")
        return found

    found = seen(model(lambda x: (x == 0)[:, None]), ids, y)
    told = found["GD702"].said
    assert all(f.because == "GD702" for f in found.values() if f.id == "GD304")
    assert told.startswith("100% of the attention is on padding, which is 58% of the steps")
    assert "GD702" not in seen(model(lambda x: (x != 0)[:, None]), ids, y)
    (fact,) = (f for f in model(None).diagnose(ids, y) if f.id == "GD702")
    assert fact.severity == "info"  # attention learns what to leave out
    assert fact.evidence["mass"] == pytest.approx(7 / 12, abs=0.05)


def test_masks_of_long_sequences():
    ids = np.where(np.arange(130) < 40, RNG.integers(1, 20, (8, 130)), 0)
    given = nn.Input((130,), dtype="int64")
    x = Embedding(20, 8)(given)
    x = x + PositionEmbedding(130)(x)
    x = MultiHeadAttention(2, 4)(x, x, attention_mask=Lambda(lambda x: (x == 0)[:, None])(given))
    model = nn.Model(given, Dense(3, "softmax")(GlobalAveragePooling1D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    assert "GD702" in seen(model, ids, np.arange(8) % 3)  # the weights are no array of the Graph


class Variational(nn.Model):
    def __init__(self):
        super().__init__()
        self.encoder, self.mean, self.log_variance = Dense(16, "relu"), Dense(3), Dense(3)
        self.decoder = nn.Sequential([Dense(16, "relu"), Dense(12)])

    def call(self, x):
        h = self.encoder(x)
        mean, s = self.mean(h), self.log_variance(h)
        self.add_loss(-0.5 * nn.ops.mean(1 + s - mean**2 - nn.ops.exp(s)))
        return self.decoder(mean + nn.ops.exp(s / 2) * nn.random.normal(mean.shape))


class Parted(nn.Model):
    """A step for a part of the weights; those of `beside` answer nothing."""

    def __init__(self, part):
        super().__init__()
        self.body, self.end, self.part = Dense(16, "relu"), Dense(1), part
        self.beside = Dense(1)

    def call(self, x):
        return self.end(self.body(x))

    def train_step(self, data):
        x, y = data[:2]

        def loss():
            wanted = nn.ops.stop_gradient(self.beside(x)) + y
            return nn.ops.mean(nn.ops.square(self(x) - wanted))

        part = {"all": [self.body, self.end], "end": [self.end]}[self.part]
        trained = [p for layer in part for p in layer.trainable_weights]
        value, slopes = nn.value_and_grad(loss, parameters=trained)()
        self.optimizer.apply(slopes, trained)
        return {"loss": value}


def test_a_step_that_leaves_weights_out():
    for part, rules in (("all", []), ("end", ["GD212"])):
        model = Parted(part)
        model.build((None, 12))
        model.beside.build((None, 12))
        model.compile("adam")
        found = [f for f in model.diagnose(X, X[:, :1] + X[:, 1:2]) if f.alarm]
        assert [f.id for f in found] == rules
        assert all("of 2 weights that the answers are made of" in f.said for f in found)


def test_a_step_that_compares_each_with_every_other():
    for y, rules in ((X[:, 0] + X[:, 1], ["GD103"]), (X[:, :1] + X[:, 1:2], [])):
        model = Parted("all")
        model.build((None, 12))
        model.beside.build((None, 12))
        model.compile("adam")
        found = [f for f in model.diagnose(X, y) if f.alarm]
        assert [f.id for f in found] == rules
        assert all("a difference of (128, 128)" in f.said for f in found)


class Flattening(nn.Model):
    def __init__(self, shape):
        super().__init__()
        self.body, self.shape = Dense(1), shape

    def call(self, inputs, mask=None):
        return self.body(inputs)

    def train_step(self, data):
        x, y = data

        def loss():
            return nn.ops.mean(nn.ops.square(nn.ops.reshape(y, self.shape) - self(x)))

        value, slopes = nn.value_and_grad(loss, parameters=self)()
        self.optimizer.apply(slopes, self)
        return {"loss": value}


def test_a_step_that_makes_a_row_of_its_targets():
    for shape, rules in (((-1,), ["GD103"]), ((-1, 1), [])):
        model = Flattening(shape)
        model.build((None, 12))
        model.compile("adam")
        found = [f for f in model.diagnose(X, X[:, :1] + X[:, 1:2]) if f.alarm]
        assert [f.id for f in found] == rules


class Adversarial(nn.Model):
    def __init__(self):
        super().__init__()
        self.generator = nn.Sequential([Dense(16, "relu"), Dense(12, "tanh")])
        self.critic = nn.Sequential([Dense(16, "leaky_relu"), Dense(1)])
        self.first, self.second = nn.optimizers.Adam(), nn.optimizers.Adam()

    def train_step(self, x):
        loss_of = nn.losses.BinaryCrossentropy(from_logits=True)
        ones = nn.ops.ones((x.shape[0], 1))

        def critic():
            made = self.generator(nn.random.normal((x.shape[0], 4)))
            return loss_of(ones, self.critic(x)) + loss_of(0 * ones, self.critic(made))

        def generator():
            made = self.generator(nn.random.normal((x.shape[0], 4)))
            return loss_of(ones, self.critic(made))

        loss, slopes = nn.value_and_grad(critic, parameters=self.critic)()
        self.first.apply(slopes, self.critic)
        other, slopes = nn.value_and_grad(generator, parameters=self.generator)()
        self.second.apply(slopes, self.generator)
        return {"loss": loss, "generator": other}


def test_healthy_models_cause_no_alarm():
    images, few = RNG.uniform(size=(40, 8, 8, 1)).astype("float32"), RNG.integers(0, 3, 40)
    series = RNG.normal(size=(60, 10, 2)).astype("float32")
    zero = Dense(3, "softmax", kernel_initializer="zeros")
    head = nn.Sequential([nn.Input((12,)), *stack(3), zero])
    head.compile("adam", "sparse_categorical_crossentropy")
    two = nn.Input((12,))
    frozen = Dense(16, "relu", trainable=False)(two)
    outputs = nn.Model(two, [Dense(3, "softmax", name="a")(frozen), Dense(1, name="b")(frozen)])
    outputs.compile("adam", ["sparse_categorical_crossentropy", "mse"])
    counts = nn.Sequential([nn.Input((12,)), Dense(16, "relu"), Dense(1, "relu")])
    counts.compile("adam", "mse")
    rnn = nn.Sequential([nn.Input((10, 2)), LSTM(8, return_sequences=True), GRU(8), Dense(1)])
    rnn.compile("adam", "mse")
    causal = classifier(
        Embedding(20, 8), Conv1D(8, 3, padding="causal", activation="relu"), classes=20,
        shape=(12,),
    )  # fmt: skip
    autoencoder, adversarial = Variational(), Adversarial()
    autoencoder.compile("adam", "mse")
    adversarial.compile()
    image = classifier(
        Conv2D(8, 3, activation="relu"), BatchNormalization(), Conv2D(8, 3, activation="relu"),
        Flatten(), Dropout(0.5), Dense(16, "relu"), shape=(8, 8, 1),
    )  # fmt: skip
    cases = [
        (classifier(*stack(3)), X, Y),
        (classifier(*stack(16, width=64)), np.abs(X), Y),  # half of the deep units are 0
        (classifier(*stack(3, "sigmoid", "glorot_uniform")), X, Y),
        (classifier(*stack(6, "gelu")), 4 * X, Y),  # its tanh is flat, its units are not
        (classifier(*stack(6, "silu")), 4 * X, Y),
        (classifier(*stack(10, "gelu", "glorot_uniform")), X, Y),  # it halves, samples stay apart
        (classifier(Dense(32), Activation("tanh"), Dropout(0.5)), X, Y),
        (classifier(SimpleRNN(8), shape=(6, 2)), X.reshape(200, 6, 2), Y),
        (residual(True), X, Y),
        (residual(False, depth=3), X, Y),
        (image, images, few),
        (rnn, series, RNG.normal(size=60)),
        (causal, IDS[:, :-1], IDS[:, 1:]),
        (autoencoder, X, X),
        (adversarial, X, None),
        (head, X, Y),
        (outputs, X, [Y, X[:, 0]]),
        (counts, X, RNG.poisson(1, 200)),
    ]
    alarms = [(i, str(f)) for i, case in enumerate(cases) for f in seen(*case).values()]
    assert not alarms


def test_what_cannot_be_looked_at_is_told():
    class Broken(nn.Model):
        def call(self, x):
            raise KeyError("gone")

    class Locked(Layer):
        def __init__(self):
            self.lock = threading.Lock()

        def call(self, x):
            return x

    broken, plain = Broken(), nn.Sequential([nn.Input((12,)), Dense(12)])
    broken.compile("adam", "mse")
    cases = [
        (broken, X, X, "the model's own code fails. Got KeyError: 'gone'"),
        (classifier(Locked()), X, Y, "the model cannot be copied"),
        (plain, X, X, "the model is not compiled"),
        (classifier(), X[:, :5], Y, "x does not fit the input"),
        (classifier(), np.full_like(X, np.nan), Y, "x contains NaN"),
        (classifier(), None, None, "there are no data to look at"),
        (classifier(), ((X, Y) for _ in range(3)), None, "x can be gone through only once"),
    ]
    for model, x, y, why in cases:
        assert why in model.diagnose(x, y).skipped["GD304"]
    own = Adversarial()
    own.compile()
    assert "the user's own" in own.diagnose(X).skipped["GD301"]
    assert "has no call" in own.diagnose(X).skipped["GD308"]


def test_a_look_changes_nothing():
    def model():
        nn.random.set_seed(3)
        found = nn.Sequential([Dense(8, "relu"), BatchNormalization(), Dropout(0.3), Dense(3)])
        found.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True), ["acc"])
        return found

    plain, looked = model(), model()
    looked.diagnose(X, Y)
    assert not looked.built  # as it was
    for one in (plain, looked):
        nn.random.set_seed(4)
        one.fit(X, Y, epochs=2, verbose=0)
        if one is looked:
            one.diagnose(X, Y)  # between two epochs' worth of training, with slots and metrics
        one.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(plain.get_weights(), looked.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    given = nn.data.batches(X, Y, batch_size=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not seen(looked, given, None)


def test_trends():
    assert trend([8.0, 4.0, 2.0, 1.0]) == (0.125, -1.0, 0.5)
    assert abs(trend([1.0, 1e-6, 1.1, 2e-6, 0.9]).correlation) < 0.5  # branches that begin small


def test_states_of_a_batch_are_looked_at_with_that_many_samples():
    layers = [nn.layers.GRU(4, stateful=True), nn.layers.Dense(2, "softmax")]
    model = nn.Sequential([nn.Input(batch_shape=(2, 6, 3)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(8, 6, 3)).astype("float32")
    diagnosis = model.diagnose(x, np.arange(8) % 2, batch_size=2, shuffle=False)
    assert not [f for f in diagnosis if f.alarm], diagnosis
    assert "GD301" not in diagnosis.skipped


class Untied(nn.Model):
    """Makes its loss of plain numbers, in a training step of its own."""

    def __init__(self):
        super().__init__()
        self.out = Dense(3)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        with nn.GradientTape() as tape:
            loss = self.loss(data[1], nn.ops.stop_gradient(self(data[0])))
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": loss}


def test_a_training_step_whose_loss_has_no_slope():
    model = Untied()
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    (told,) = (f.said for f in model.diagnose(X, Y) if f.id == "GD212")
    assert told == "the loss of the train_step has no slope: no weight can make it smaller"
