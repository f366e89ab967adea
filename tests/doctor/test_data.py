"""What the doctor finds in data: each fault with its numbers, and healthy twins without a word."""

import json

import numpy as np
import pytest

import neurona as nn
from neurona.core import random

pytestmark = pytest.mark.usefixtures("without_probe")
L = nn.layers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int64")
MORE = np.tile(X, (2, 1)) + 0.1 * np.random.default_rng(1).normal(size=(600, 6)).astype("float32")
BY_ROWS = np.abs(X) * [200, 30, 3, 90, 1, 40]
BY_ROWS = (BY_ROWS / np.linalg.norm(BY_ROWS, axis=1, keepdims=True)).astype("float32")
WORDS = (RANDOM.random((300, 40)) < 0.1 * (np.arange(40) > 3)).astype("float32")


def classifier(*front, classes=2):
    model = nn.Sequential([*front, L.Dense(8, "relu"), L.Dense(classes, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def found(model, *data, **given):
    """Return the alarms of data and model by their ids."""
    diagnosis = model.diagnose(*data, **given)
    assert json.loads(diagnosis.to_json())["findings"] == [f.as_dict() for f in diagnosis]
    return {f.id: f for f in diagnosis if f.alarm}


def with_value(value, row=17, column=2):
    x = X.copy()
    x[row, column] = value
    return x


def images(scale):
    pixels = RANDOM.integers(0, 256, (40, 12, 12))
    pixels[:, 0] = 0
    return (pixels * scale).astype("float32")


class Divides(nn.Model):
    """Scales by itself, in `call`."""

    def __init__(self):
        super().__init__()
        self.flat, self.out = L.Flatten(), L.Dense(2, "softmax")

    def call(self, x):
        return self.out(self.flat(x) / 255.0)


def adapted(x):
    scale = L.Normalization()
    scale.adapt(x)
    return scale


def test_numbers():
    hit = found(classifier(), with_value(np.nan), Y)
    assert list(hit) == ["GD101"]
    assert hit["GD101"].said == "row 17 of x, column 2, is nan"
    assert hit["GD101"].evidence["columns"] == ["column 2"]
    assert "GD101" in found(classifier(), X, Y, validation_data=(with_value(np.inf), Y))
    raw = X * np.array([1, 1, 1, 1, 1, 3000], "float32")
    hit = found(classifier(), raw, Y)["GD104"]
    assert hit.evidence["rms"] > 1000
    assert "Normalization()" in hit.fix
    apart = X * np.array([1e-3, 1e-3, 1, 1, 1, 1], "float32")
    hit = found(classifier(), apart, Y)["GD104"]
    assert "column 0" in hit.said or "column 1" in hit.said
    pixels, labels = images(1.0), Y[:40]
    hit = found(classifier(L.Flatten()), pixels, labels)["GD104"]
    assert hit.said.startswith("pixels run from 0 to 255")
    assert "x / 255" in hit.fix
    still = with_value(0)
    still[:, 3] = 1.5
    assert found(classifier(), still, Y)["GD106"].evidence["columns"] == [3]
    assert found(classifier(), X * 0 + 2, Y)["GD106"].severity == "error"
    series = RANDOM.normal(size=(300, 9, 3)).astype("float32")
    assert "GD106" not in found(classifier(L.GRU(4)), series, Y)
    hit = found(classifier(L.GRU(4)), series * np.array([1, 0, 1], "float32"), Y)["GD106"]
    assert hit.evidence["columns"] == [1]
    words = np.eye(5, dtype="float32")[RANDOM.integers(0, 4, (300, 9))]  # one of which is missing
    assert "GD106" not in found(classifier(L.GRU(4)), words, Y)
    assert "GD106" not in found(classifier(L.Flatten()), images(1 / 255), Y[:40])
    steps = np.arange(6) < RANDOM.integers(3, 7, (300, 1))  # which there are: a mask
    assert "GD106" not in found(classifier(), steps.astype("float32"), Y)
    assert "GD106" in found(classifier(), steps[:, [0, 3, 4, 3, 5, 3]].astype("float32"), Y)
    large = classifier().diagnose(X * np.float64(1e200), Y)
    assert not any("RuntimeWarning" in why for why in large.skipped.values()), large.skipped


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (lambda: classifier(), X * 1.5),  # up to 6
        (lambda: classifier(), np.round(np.abs(X) * 3)),  # counts
        (lambda: classifier(), (X > 0).astype("int64")),
        (lambda: classifier(), (X > 0).astype("int8")),
        (lambda: classifier(), WORDS),
        (lambda: classifier(L.Rescaling(1 / 255), L.Flatten()), images(1.0)[:300]),
        (lambda: classifier(L.BatchNormalization()), X * 1000),
        (lambda: classifier(L.LayerNormalization()), X * 1000 + 5),
        (lambda: classifier(adapted(X * 1000)), X * 1000),
        (lambda: classifier(L.Embedding(900, 4), L.Flatten()), RANDOM.integers(0, 900, (300, 6))),
    ],
)
def test_healthy_numbers(model, x):
    assert not found(model(), x, Y[: len(x)])


@pytest.mark.parametrize("times", [1, 100])
def test_numbers_that_drown_their_places(times):
    """A norm behind does not help the places that are added to large numbers."""
    given = nn.Input((6, 1))
    x = L.Dense(8)(given)
    x = x + L.PositionEmbedding(6, initializer="normal")(x)
    x = x + L.Dense(8)(L.LayerNormalization()(x))
    x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x))
    model = nn.Model(given, L.Dense(2, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    assert ("GD104" in found(model, times * X[..., None], Y)) == (times > 1)


def test_a_rare_word_in_the_validation_is_no_other_preparation():
    x, held = np.zeros((80, 6), "float32"), np.zeros((40, 6), "float32")
    x[::4] = held[1::4] = 1
    held[:5, 2], x[:, 2], x[3, 2] = 1, 0, 1
    assert "GD111" not in found(classifier(), x, Y[:80], validation_data=(held, Y[:40]))


class Frame:
    """A table as pandas has them."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.values.dtype)

    def __len__(self):
        return len(self.values)


def ended(units, activation, loss, *front):
    model = nn.Sequential([*front, L.Dense(8, "relu"), L.Dense(units, activation)])
    model.compile("adam", loss)
    return model


def binary(*front):
    return ended(1, "sigmoid", "binary_crossentropy", *front)


def own_loss():
    model = nn.Sequential([nn.Input((X.shape[1],)), nn.layers.Dense(4)])
    model.compile("adam", lambda y, z: nn.ops.mean(z @ nn.ops.transpose(z), axis=-1))
    return model


def regression(*front):
    return ended(1, None, "mse", *front)


def normed():
    return classifier(L.Dense(4), L.BatchNormalization())


def recurrent(steps=False, mask=False):
    end = L.Dense(50, "softmax") if steps else L.Dense(1, "sigmoid")
    model = nn.Sequential(
        [L.Embedding(50, 4, mask_zero=mask), L.LSTM(4, return_sequences=steps), end]
    )
    model.compile("adam", "sparse_categorical_crossentropy" if steps else "binary_crossentropy")
    return model


def reads(texts):
    words = L.TextVectorization(output_sequence_length=12)
    words.adapt(np.array(texts).ravel())
    front = [nn.Input((1,), dtype="string"), words, L.Embedding(60, 4)]
    model = nn.Sequential([*front, L.GRU(4), L.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def pooled():
    each = [L.Embedding(50, 4), L.GRU(4, return_sequences=True), L.GlobalMaxPooling1D()]
    model = nn.Sequential([*each, L.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def begun():
    """The last bias begins at the logarithm of the shares."""
    shares = nn.initializers.Constant(float(np.log(0.04 / 0.96)))
    last = L.Dense(1, "sigmoid", bias_initializer=shares)
    model = nn.Sequential([nn.Input((6,)), L.Dense(8, "relu"), last])
    model.compile("adam", "binary_crossentropy")
    return model


class Looks(nn.Model):
    """Looks ids up in `call`, and may weigh them."""

    def __init__(self, weighed=False):
        super().__init__()
        self.table, self.out = L.Embedding(50, 4), L.Dense(1, "sigmoid")
        self.weight = L.Dense(1, "sigmoid") if weighed else None

    def call(self, ids):
        x = self.table(ids)
        return self.out(nn.ops.mean(self.weight(x) * x if self.weight else x, axis=1))


def looks(weighed=False):
    model = Looks(weighed)
    model.compile("adam", "binary_crossentropy")
    return model


IDS = RANDOM.integers(1, 50, (300, 12))
PADDED = np.where(np.arange(12) < 5, IDS, 0)
TEXTS = np.array([" ".join(f"w{i}" for i in row) for row in IDS])[:, None]
NUMBERS = (X @ RANDOM.normal(size=6)).astype("float32")
RARE = (RANDOM.random(300) < 0.04).astype("int64")
SERIES = np.cumsum(RANDOM.normal(size=412)).astype("float32")
WINDOWS = np.stack([SERIES[i : i + 12] for i in range(400)]) / SERIES.std()
NEXT = SERIES[12:] / SERIES.std()
MIXED = RANDOM.permutation(400)
TABLE = RANDOM.integers(0, 3, (600, 4)).astype("float32")
BITS = (X[:40, [0] * 24] * np.arange(24) % 2 > 1)[np.arange(600) % 53 % 40].astype("float32")
SUM = (TABLE.sum(axis=1) > 4).astype("int64")
CLUSTERS = (np.where(Y[:, None] == 1, 30, -30) * np.array([1, 1, 0, 0, 0, 0]) + X) / 30


def with_column(values):
    x = X.copy()
    x[:, 3] = values
    return x


def held(x, y):
    return {"validation_data": (x, y)}


def parts(x, y, cut):
    return x[:cut], y[:cut], held(x[cut:], y[cut:])


CASES = [  # id ("" for healthy), the model, x, y, the rest, and what is said
    ("GD105", recurrent, IDS + 5, Y, {}, "ids run from 6 to 54, and the vocabulary has 0 to 49"),
    ("GD105", recurrent, IDS - 3, Y, {}, "from -2 to"),
    ("GD105", recurrent, IDS + 0.5, Y, {}, "an Embedding takes whole numbers"),
    ("GD105", looks, IDS + 5, Y, {}, "row "),
    ("", looks, IDS, Y, {}, ""),
    ("", recurrent, IDS.astype("float32"), Y, {}, ""),
    ("GD105", binary, np.array([["a", "b"]] * 50), Y[:50], {}, "row 0 of x, column 0, is"),
    ("GD105", binary, X[:50], np.array(["cat", "dog"] * 25), {}, "row 0 of y is"),
    ("GD105", lambda: binary(nn.Input((7,))), X, Y, {}, "takes another shape"),
    ("GD105", binary, [[1.0, 2.0], [1.0]], Y[:2], {}, "different lengths"),
    ("GD105", binary, X, 1.0, {}, "y is a single value"),
    ("GD114", recurrent, PADDED, Y, {}, "58% of the steps, at the end of rows, is padding"),
    ("GD114", lambda: recurrent(steps=True), PADDED, PADDED, {}, "58% of what it learns"),
    ("", lambda: recurrent(mask=True), PADDED, Y, {}, ""),
    ("", recurrent, PADDED[:, ::-1], Y, {}, ""),
    ("GD114", lambda: recurrent(mask=True), PADDED % 9, Y, {}, "have a 0 amid their words"),
    ("", lambda: recurrent(mask=True), np.tile(PADDED, (1, 2)), Y, {}, ""),  # two texts
    ("GD114", looks, np.pad(IDS, ((0, 0), (0, 150))), Y, {}, "93% of what a mean is taken of is"),
    ("", looks, PADDED, Y, {}, ""),
    ("", lambda: looks(weighed=True), np.pad(IDS, ((0, 0), (0, 150))), Y, {}, ""),
    ("", recurrent, np.where(IDS < 30, 0, IDS), Y, {}, ""),  # 0 is a word, the most frequent
    ("", pooled, PADDED, Y, {}, ""),  # which finds the words wherever they stand
    ("", begun, X, RARE, {}, ""),
    ("GD705", recurrent, IDS // 2, Y, held(25 + IDS // 2, Y), "never come in training"),
    ("", recurrent, IDS[:200], Y[:200], held(IDS[200:], Y[200:]), ""),
    ("GD705", recurrent, np.where(IDS > 3, 1, IDS), Y, {}, "does it stand for unknown words"),
    ("GD705", recurrent, np.where(IDS > 5, 6, IDS), Y, {}, "does it stand for unknown words"),
    ("", recurrent, np.where(IDS > 3, 9, IDS), Y, {}, ""),  # a blank, or background
    ("", recurrent, np.where(np.arange(IDS.shape[1]) > 2, 1, 2 + IDS % 15), Y, {}, ""),
    ("GD705", lambda: reads(["a b"]), TEXTS, Y, {}, "of the words are not in the vocabulary of 4"),
    ("", lambda: reads(TEXTS), TEXTS, Y, {}, ""),
    ("GD107", binary, X, RARE, {}, "always answering 0 already scores 9"),
    ("GD107", binary, X, RARE * 0, {}, "all 300 samples are of class 0"),
    ("", binary, X, RARE, {"class_weight": {0: 1.0, 1: 20.0}}, ""),
    ("GD107", binary, X, RARE, {"class_weight": {0: 20.0, 1: 1.0}}, "counts for nothing"),
    ("GD104", classifier, X / 1000, Y, {}, "expect values near 1"),
    ("", classifier, X / 50, Y, {}, ""),
    ("GD104", classifier, BY_ROWS, Y, {}, "rows were scaled"),
    ("", classifier, X / np.linalg.norm(X, axis=1, keepdims=True), Y, {}, ""),
    ("GD107", binary, X, Y, {"sample_weight": Y}, "all samples that weigh anything are of class 1"),
    ("GD107", binary, X, RARE, {"class_weight": {0: 9.0, 1: 9.0}}, "already scores 9"),
    ("GD110", regression, X, np.sort(NUMBERS, 0), {"shuffle": False}, "in the order of their"),
    ("", regression, X, np.sort(NUMBERS, 0), {}, ""),
    ("", regression, X, NUMBERS, {"shuffle": False}, ""),
    ("", own_loss, X, RARE * 0, {}, ""),  # which asks for no y
    ("", regression, X, RARE * 0, {}, ""),  # the rest of an equation
    ("GD110", classifier, X, np.sort(Y), {"shuffle": False}, "rows are all of class 0"),
    ("", classifier, X, np.sort(Y), {}, ""),
    ("", classifier, X, Y, {"shuffle": False}, ""),
    ("GD113", regression, X, NUMBERS * 1e5 + 2e5, {}, "vary by"),
    ("GD113", regression, X, NUMBERS + 2010, {}, "2,01"),
    ("", regression, X, NUMBERS * 5 + 22, {}, ""),
    ("GD112", normed, X, Y, {"batch_size": 1}, "BatchNorm has 1 sample in a batch"),
    ("GD112", normed, X, Y, {"batch_size": 4}, "BatchNorm has 4 samples"),
    ("GD112", normed, X[:289], Y[:289], {}, "the last batch of each epoch has 1 sample"),
    ("", normed, X[:292], Y[:292], {}, ""),
    ("", classifier, X[:8], Y[:8], {"batch_size": 1}, ""),
    ("GD112", classifier, MORE, MORE[:, 0] > 0, {"batch_size": 600, "epochs": 25}, "has 1 step"),
    ("GD112", classifier, X, Y, {"batch_size": 5000, "epochs": 5}, "an epoch has 1 step"),
    ("", classifier, X, Y, {"batch_size": 300, "epochs": 5}, ""),
    ("", classifier, X, Y, {"batch_size": 5000, "epochs": 200}, ""),
    ("GD108", classifier, X[:250], Y[:250], held(X[230:], Y[230:]), "20 of 70 rows"),
    ("GD108", classifier, X, Y, held(X, Y), "they are the same"),
    ("", binary, *parts(TABLE, SUM, 500), ""),  # few values: rows come twice by themselves
    ("", binary, *parts(BITS, SUM, 500), ""),  # in black and white, too
    ("", classifier, *parts(X, Y, 250), ""),
    ("GD108", regression, *parts(WINDOWS[MIXED], NEXT[MIXED], 300), "moved by a step"),
    ("", regression, *parts(WINDOWS, NEXT, 300), ""),
    ("", regression, *parts(WINDOWS[:60], NEXT[:60], 50), ""),  # both parts meet at a step
    ("GD111", classifier, X[:200], Y[:200], held(X[200:] * 255, Y[200:]), "runs from"),
    ("GD111", classifier, X[:200], Y[:200], held(X[200:] + 3, Y[200:]), "mean"),
    ("GD111", regression, X[:200], NUMBERS[:200], held(X[200:], NUMBERS[200:] * 90),
     "validation y runs"),
    ("", classifier, *parts(X, Y, 290), ""),  # few rows vary
    ("GD109", binary, with_column(Y * 2.5), Y, {}, "column 3 of x alone tells the target"),
    ("GD109", binary, with_column(np.where(Y == 1, np.abs(X[:, 3]) + 1, 0)), Y, {}, "accuracy"),
    ("GD109", regression, with_column(NUMBERS * 3 + 1), NUMBERS, {}, "correlation 1.0"),
    ("", binary, CLUSTERS, Y, {}, ""),
    ("", regression, WINDOWS, NEXT, {}, ""),
]  # fmt: skip


def test_each_fault_and_its_healthy_twin():
    for number, (rule, model, x, y, given, said) in enumerate(CASES):
        hit = found(model(), x, y, **given)
        assert list(hit) == [rule] * bool(rule), (number, rule, hit)
        assert not rule or said in hit[rule].said, (number, hit[rule].said)


def test_masks_that_are_mostly_empty():
    def told(share, loss="binary_crossentropy"):
        masks = np.zeros((200, 6, 6, 1), "float32")
        masks[: int(200 * share), 2:4, 2] = 1
        pictures = masks + RANDOM.normal(0, 0.1, masks.shape)
        model = nn.Sequential([nn.Input((6, 6, 1)), L.Conv2D(1, 3, padding="same")])
        model.add(L.Activation("sigmoid"))
        model.compile("adam", loss)
        return found(model, pictures.astype("float32"), masks)

    assert told(0.05)["GD107"].said.startswith("95% of the masks have nothing but 0")
    assert not told(0.3)
    assert not told(0.05, "binary_focal_crossentropy")


def test_validation_whose_classes_were_evened():
    y = np.where(np.arange(300) % 8, 0, np.arange(300) % 3)
    turned = (X[:100], np.repeat([1, 2, 0], [70, 15, 15]))
    given = lambda held: found(classifier(), X, y, validation_data=held, class_weight={0: 0.2})  # noqa: E731
    assert "GD111" not in given((X[:100] + 0.01, np.arange(100) % 3))
    assert "GD111" in given(turned)


def test_one_row_that_nobody_scaled():
    x = np.tile(X, (1, 2))
    x[41] *= 3000
    told = found(classifier(), x, Y)["GD104"]
    assert "row 41 of x runs to" in told.said
    assert "1 of 300 rows are such" in told.said
    assert told.evidence["rows"] == [41]
    assert "np.delete(x, [41], axis=0)" in told.fix
    x[41:61] *= 3000  # more than a few are no slip
    assert "row 41" not in getattr(found(classifier(), x, Y).get("GD104"), "said", "")


def test_bytes_for_a_trunk_whose_norms_have_learnt_them():
    for seen, wanted in ((False, True), (True, False)):
        trunk = nn.Sequential([nn.Input((8, 8, 1)), nn.layers.Conv2D(4, 3, use_bias=False),
                               nn.layers.BatchNormalization()])  # fmt: skip
        if seen:
            trunk.layers[-1].moving_mean.assign(np.ones(4))
        model = nn.Sequential([trunk, nn.layers.Flatten(), nn.layers.Dense(2, "softmax")])
        model.layers[0].layers[-1].trainable = False
        model.compile("adam", "sparse_categorical_crossentropy")
        x = RANDOM.integers(0, 256, (40, 8, 8, 1)).astype("float32")
        told = {f.id for f in model.diagnose(x, np.arange(40) % 2) if f.alarm}
        assert ("GD104" in told) == wanted


def test_layers_that_turn_pictures_into_those_of_another_class():
    random = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = random.normal(0, 0.1, (120, 6, 6, 1)).astype("float32")
    x[y == 0, :, :2] += 1  # bright on the left, or on the right
    x[y == 1, :, 4:] += 1

    def told(layer, x=x):
        model = classifier(nn.Input((6, 6, 1)), layer, nn.layers.Flatten())
        return found(model, x, y).get("GD605")

    assert "into those of another class" in told(nn.layers.RandomFlip("horizontal")).said
    assert told(nn.layers.RandomFlip("vertical")) is None
    assert told(nn.layers.RandomTranslation(0.2, 0.2)) is None
    assert told(nn.layers.RandomFlip("horizontal"), x=random.random(x.shape)) is None


def test_what_meets_the_first_weights_is_large_beside_what_is_wanted_only():
    degrees = np.array([-40, -10, 0, 8, 15, 22, 38], "float32")[:, None]

    def line(y, *hidden):
        model = nn.Sequential([nn.Input((1,)), *hidden, L.Dense(1)])
        model.compile("adam", "mse")
        return found(model, degrees, y)

    assert not line(1.8 * degrees + 32)  # weights near 1
    assert "GD104" in line(degrees / 100)
    assert "GD104" in line(1.8 * degrees + 32, L.Dense(8, "relu"))
    assert "GD104" not in found(classifier(L.Dropout(0.99)), 2 * X, Y)  # as large as it was


def test_columns_that_stand_in_other_places():
    color, size = RANDOM.integers(0, 4, 400), RANDOM.integers(0, 5, 400)
    x = np.c_[np.eye(4)[color], np.eye(5)[size], RANDOM.normal(size=(400, 1))]
    y = (color > 1).astype(int)
    assert "GD111" not in found(classifier(), x[:300], y[:300], validation_data=(x[300:], y[300:]))
    moved = np.c_[x[300:, 1:-1], np.zeros(100), x[300:, -1:]]  # a category is missing
    told = found(classifier(), x[:300], y[:300], validation_data=(moved, y[300:]))["GD111"]
    assert "columns of yes and no hang together in training" in told.said
    new = x[300:].copy()
    new[:5, :4] = 0  # some rows of a category that is new
    assert "GD111" not in found(classifier(), x[:300], y[:300], validation_data=(new, y[300:]))


def test_a_last_bias_that_begins_at_the_mean():
    far = 120 + X[:, :1] + X[:, 1:2] * X[:, 2:3]
    for start, rules in ((0.0, ["GD113"]), (120.0, [])):
        end = L.Dense(1, bias_initializer=nn.initializers.Constant(start))
        model = nn.Sequential([nn.Input((6,)), L.Dense(8, "relu"), end])
        model.compile("adam", "mse")
        assert list(found(model, X, far)) == rules


def test_rows_that_were_sorted_by_class_when_they_were_split():
    y = np.sort(RANDOM.integers(0, 3, 300))
    told = found(classifier(classes=3), X[:240], y[:240], validation_data=(X[240:], y[240:]))
    assert "100% of validation y are of class 2, and " in told["GD111"].said
    assert "permutation" in told["GD111"].fix
    order = np.random.default_rng(0).permutation(300)  # the fix
    x, y = X[order], y[order]
    assert not found(classifier(classes=3), x[:240], y[:240], validation_data=(x[240:], y[240:]))


def test_hours_and_days_come_again_by_themselves():
    random = np.random.default_rng(0)
    turns = [2 * np.pi * random.integers(0, k, 900) / k for k in (24, 7)]
    x = np.stack([f(t) for t in turns for f in (np.sin, np.cos)], 1).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    held = x[600:], y[600:]
    assert "GD108" not in found(classifier(), x[:600], y[:600], validation_data=held)
    copies = np.tile(X[:40], (10, 1)), np.tile(Y[:40], 10)  # a column has as many values as rows
    assert "GD108" in found(classifier(), *copies, validation_data=(X[:50], Y[:50]))


def test_who_asks_for_ranks_alone_may_have_a_rare_class():
    model = binary()
    assert "GD107" in found(model, X, RARE)
    model.compile("adam", "binary_crossentropy", metrics=[nn.metrics.AUC()])
    assert "GD107" not in found(model, X, RARE)


def test_samples_of_several_inputs_come_twice_only_as_a_whole():
    def pairs():
        a, b = nn.Input((6,)), nn.Input((6,))
        joined = L.Dense(8, "relu")(L.Concatenate()([a, b]))
        model = nn.Model([a, b], L.Dense(2, "softmax")(joined))
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    order = RANDOM.permutation(300)
    x = [X[order % 60], X[60 + order // 60]]
    held = [a[200:] for a in x], Y[200:]
    assert "GD108" not in found(pairs(), [a[:200] for a in x], Y[:200], validation_data=held)
    told = found(classifier(), X[:200], Y[:200], validation_data=(0.02 * X[200:] + 0.3, Y[200:]))
    assert "times less than in training" in told["GD111"].said
    told = found(pairs(), x, Y, validation_data=held)["GD108"]
    assert told.said.startswith("100 of 100 rows of validation x")


def test_a_few_rows_that_chance_alone_gives_twice_are_no_leak():
    rows = np.random.default_rng(0).integers(0, 20, (400, 12))
    x = np.concatenate([rows[:300], rows[:7]])  # 5 % are there twice

    def told(count):
        model = classifier(L.Embedding(20, 3), L.Flatten())
        held = np.concatenate([rows[300 : 400 - count], rows[:count]])
        y = rows[:, 0] % 2
        targets = np.concatenate([y[:300], y[:7]]), held[:, 0] % 2
        return found(model, x, targets[0], validation_data=(held, targets[1]))

    assert "GD108" not in told(10)
    assert "GD108" in told(20)


def test_a_channel_that_is_the_answer_at_each_step():
    states = np.random.default_rng(0).integers(0, 3, (300, 8))
    x = np.random.default_rng(1).normal(size=(300, 8, 4)).astype("float32")
    x[..., :2] += states[..., None]
    model = nn.Sequential([nn.Input((8, 4)), L.GRU(4, return_sequences=True), L.Dense(3)])
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert "GD109" not in found(model, x, states)
    x[..., 3] = 1.5 * states - 1.5
    assert "column 3 of x alone tells the target" in found(model, x, states)["GD109"].said


def test_a_wandering_series_may_wander_on_while_it_is_held_out():
    walk = np.cumsum(np.random.default_rng(0).normal(size=700)) / 10
    windows = np.lib.stride_tricks.sliding_window_view(walk, 12)[:, :, None].astype("float32")
    y = windows[:, -1] - windows[:, 0]

    def told(x, shift):
        model = nn.Sequential([nn.Input((12, 1)), L.GRU(4), L.Dense(1)])
        model.compile("adam", "mse")
        x = (x - x[:500].mean()) / x[:500].std()
        return found(model, x[:500], y[:500], validation_data=(x[500:] + shift, y[500:]))

    apart = float((windows[500:].mean() - windows[:500].mean()) / windows[:500].std())
    assert "GD111" not in told(windows, -1.5 - apart)
    assert "GD111" in told(windows, -4.0 - apart)
    noise = np.random.default_rng(1).normal(size=windows.shape).astype("float32")
    assert "GD111" not in told(noise, -0.5)
    assert "GD111" in told(noise, -1.5)


def test_text_that_a_layer_cuts_into_words_and_targets_that_nobody_reads():
    cut = L.TextVectorization(output_sequence_length=4)
    texts = np.array(["a b c", "c b a"] * 20)
    cut.adapt(texts)
    model = nn.Sequential([cut, L.Embedding(6, 3), L.Flatten(), L.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    assert "GD105" not in found(model, texts, Y[:40])  # it is not built yet
    apart = nn.Sequential([L.Dense(4, use_bias=False)])
    apart.compile("adam", lambda y, z: nn.ops.mean(nn.ops.square(z - 1.0)))
    assert not found(apart, X, np.zeros(300, "int64"))


def test_windows_that_end_with_the_answer():
    series = np.sin(np.arange(320) / 9).astype("float32")
    windows = np.lib.stride_tricks.sliding_window_view(series, 9)[..., None]
    model = nn.Sequential([L.GRU(3), L.Dense(1)])
    model.compile("adam", "mse")
    told = found(model, windows[:, 1:], windows[:, -1])["GD109"]
    assert "the last step of x is the target itself, in all 312 windows" in told.said
    assert "GD109" not in found(model, windows[:, :-1], windows[:, -1])


def test_a_stateful_layer_is_shown_batches_of_its_own_size():
    model = nn.Sequential([nn.Input((5, 1), batch_size=4), L.LSTM(3, stateful=True), L.Dense(1)])
    model.compile("adam", "mse")
    x = RANDOM.normal(size=(40, 5, 1)).astype("float32")
    diagnosis = model.diagnose(x, x[:, -1], batch_size=4, shuffle=False)
    assert not [f for f in diagnosis if f.id == "GD105"]


def test_facts_are_no_alarm():
    diagnosis = classifier().diagnose(X, Y, (X[:40] + 0.01, Y[:40]), batch_size=100)
    facts = {f.id: f.said for f in diagnosis.infos}
    assert {"GD112", "GD115"} <= set(facts)
    assert "differences under 16 points are noise" in facts["GD115"]


def test_names_of_columns():
    names = ["age", "height", "weight", "sex", "city", "debt"]
    hit = found(classifier(), Frame(with_value(np.nan), names), Y)["GD101"]
    assert hit.said == "row 17 of x, column 'weight', is nan"
    assert "dropna" in hit.fix
    text = X.astype(object)
    text[:, 4] = "Bonn"
    hit = found(classifier(), Frame(text, names), Y)["GD105"]
    assert hit.said == "row 0 of x, column 'city', is 'Bonn', no number"
    assert "columns=['city']" in hit.fix


def test_what_cannot_be_looked_at_is_told():
    def forever():
        while True:
            yield X[:8], Y[:8]

    two = nn.Input((3,), name="a"), nn.Input((3,), name="b")
    merged = nn.Model(two, L.Dense(2, "softmax")(L.Concatenate()(list(two))))
    merged.compile("adam", "sparse_categorical_crossentropy")
    inputs = {"a": with_value(np.nan)[:, :3], "b": X[:, 3:]}
    hit = found(merged, inputs, Y)
    assert list(hit) == ["GD101"]
    assert hit["GD101"].said.startswith("row 17 of x['a'], column 2")
    assert "GD101" in found(merged, [inputs["a"], inputs["b"]], Y)
    told = classifier().diagnose(forever())
    assert "a generator: its batches are not looked at" in told.skipped["GD101"]
    held = classifier().diagnose(X, Y, forever())
    assert set(held.skipped) == {"GD108", "GD111", "GD115"}
    loader = nn.data.batches(X * 1000, Y, 64, shuffle=True, seed=1)
    for batches in (loader, [(X[:8] * 1000, Y[:8])] * 9):
        assert list(found(classifier(), batches, validation_data=batches))[-1:] == ["GD104"]
    assert "GD110" in found(classifier(), nn.data.batches(X, np.sort(Y), 64))
    assert next(iter(loader))[0].shape == (64, 6)
    assert loader.epoch == 1
    told = classifier().diagnose(lambda: iter(loader))
    assert "a function" in told.skipped["GD104"]
    for model in (classifier(), Divides()):  # no data, not compiled, an error of the user's
        assert model.diagnose(None).skipped
        none = model.diagnose(np.zeros((0, 6)), Y[:0])
        assert "no samples" in none.findings[0].said
        assert not any("Error: " in why for why in none.skipped.values()), none.skipped
    assert "the model cannot be called" in str(Broken().diagnose(X, Y))


class Broken(nn.Model):
    """Has a fault of its own."""

    def call(self, x):
        return x / {}["missing"]


def test_nothing_is_changed():
    own = Divides()
    own.compile("adam", "sparse_categorical_crossentropy")
    for model, x in ((classifier(L.Dropout(0.5), L.BatchNormalization()), X), (own, images(1.0))):
        nn.utils.set_random_seed(3)
        assert not found(model, x, Y[: len(x)])
        assert not model.built
        assert random.get_position() == (3, 0)
        model.fit(x, Y[: len(x)], verbose=0)
        before, place = model.get_weights(), random.get_position()
        model.diagnose(x, Y[: len(x)])
        assert random.get_position() == place
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_first_word_is_no_column():
    ids = RANDOM.integers(0, 12, (300, 8))
    kind = RANDOM.integers(0, 3, 300)
    ids[:, 0] = kind
    words = classifier(L.Embedding(12, 4), L.GRU(4), classes=3)
    assert "GD109" not in found(words, ids, kind)
    table = np.concatenate([X, kind[:, None].astype("float32")], axis=1)
    assert "GD109" in found(classifier(classes=3), table, kind)


def test_shares_are_no_ids():
    towns = nn.Input((1,), dtype="int64")
    model = nn.Model(towns, L.Dense(2, "softmax")(L.Flatten()(L.Embedding(25, 4)(towns))))
    model.compile("adam", "sparse_categorical_crossentropy")
    ids = RANDOM.integers(0, 25, (300, 1))
    assert "GD105" not in found(model, ids, Y)
    assert "whole numbers" in found(model, (ids / 25).astype("float32"), Y)["GD105"].said


def test_few_targets_far_away():
    y = X[:, :1] + 0
    y[::40] = 15
    model = nn.Sequential([L.Dense(8, "relu"), L.Dense(1)])
    model.compile("adam", "mae")
    held = RANDOM.normal(size=(100, 6)).astype("float32")
    assert "GD111" not in found(model, X, y, validation_data=(held, held[:, :1]))
    assert "GD111" in found(model, X, y, validation_data=(held, held[:, :1] * 20))


def test_a_weight_that_leaves_one_class_alone():
    for weight, rules in ((10_000.0, ["GD107"]), (20.0, [])):
        for one in (0, 1):
            hit = found(classifier(), X, Y, class_weight={one: weight, 1 - one: 1.0})
            assert list(hit) == rules
    assert "the weight 10000" in found(classifier(), X, Y, class_weight={1: 1e4})["GD107"].said


def test_rare_class_that_its_neighbours_find():
    rare = (np.arange(1300) % 13 == 0).astype("int64")
    x = RANDOM.normal(size=(1300, 5)).astype("float32")
    assert "GD107" in found(classifier(), x + 0.7 * rare[:, None], rare)
    far = classifier().diagnose((x + 2 * rare[:, None]).astype("float32"), rare)
    assert [f.severity for f in far if f.id == "GD107"] == ["info"]


def test_samples_that_are_nearly_the_same_number():
    faint = (0.003 * X - 1).astype("float32")  # scaled, and then as if it were bytes
    assert "next to nothing" in found(classifier(), faint, Y)["GD104"].said
    assert found(classifier(), 0.1 * X - 1, Y) == {}
    assert found(classifier(), np.concatenate([0 * X[:, :1] + 3, X], axis=1)[:, 1:], Y) == {}


def test_a_class_of_few_that_is_seldom_seen():
    y = np.arange(600) % 4
    y[(y == 3) & (np.arange(600) > 20)] = 0
    x = RANDOM.normal(size=(600, 8, 8, 1)).astype("float32")
    grades = np.repeat(np.arange(6), [4, 20, 100, 120, 50, 6])  # as marks are, rare at both ends
    assert not found(classifier(classes=6), X, RANDOM.permutation(grades))
    assert "class 3 has 5 of 600" in found(classifier(L.Flatten(), classes=4), x, y)["GD107"].said
    x[:, 0, 0, 0] += 40 * (y == 3)
    assert "GD107" in found(classifier(L.Flatten(), classes=4), x, y)  # too few to be sure
    y[100:120] = 3
    assert found(classifier(L.Flatten(), classes=4), x, y) == {}


def test_a_class_of_few_that_its_neighbours_find():
    y = np.arange(2000) % 3
    y[(y == 2) & (np.arange(2000) % 45 != 2)] = 0
    x = RANDOM.normal(size=(2000, 4, 4, 1)).astype("float32")
    model = classifier(L.Flatten(), classes=3)
    assert "GD107" in found(model, x, y)
    drawn = np.eye(16, dtype="float32").reshape(16, 4, 4, 1)
    assert "GD107" not in found(model, x + 9 * drawn[y], y)


def test_masks_that_mean_the_other_thing():
    x = RANDOM.normal(size=(60, 6, 6, 1)).astype("float32")
    y = (x > 1.3).astype("float32")
    model = nn.Sequential([L.Conv2D(4, 3, padding="same", activation="relu"),
                           L.Conv2D(1, 1, activation="sigmoid")])  # fmt: skip
    model.compile("adam", "binary_crossentropy")
    assert "GD111" not in found(model, x[:40], y[:40], validation_data=(x[40:], y[40:]))
    hit = found(model, x[:40], 1 - y[:40], validation_data=(x[40:], y[40:]))["GD111"]
    assert "of the values of validation y are 0, and" in hit.said


def test_a_decay_that_no_step_holds_against():
    def alarms(optimizer, units=8, epochs=20):
        model = nn.Sequential([L.Dense(units, "relu"), L.Dense(2, "softmax")])
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return list(found(model, X, Y, epochs=epochs))

    adamw, sgd = nn.optimizers.AdamW, nn.optimizers.SGD
    assert alarms(adamw(0.01, weight_decay=30.0)) == ["GD211"]
    assert alarms(sgd(0.1, weight_decay=1.0), units=64) == ["GD211"]
    assert alarms(adamw(0.01, weight_decay=1.0)) == []
    assert alarms(sgd(0.1, weight_decay=1e-3), units=64) == []
    assert alarms(adamw(1e-4, weight_decay=30.0), epochs=2) == []  # it has no time to act


def test_column_of_one_of_several_tables():
    series, table = L.Input((9, 2)), L.Input((3,))
    both = L.Concatenate()([L.GRU(4)(series), table])
    model = nn.Model([series, table], L.Dense(2, "softmax")(both))
    model.compile("adam", "sparse_categorical_crossentropy")
    steps = RANDOM.normal(size=(300, 9, 2)).astype("float32")
    assert "GD109" not in found(model, (steps, X[:, :3]), Y)
    known = np.column_stack([X[:, :2], Y * 2.5]).astype("float32")
    assert "column 2 of x[1]" in found(model, (steps, known), Y)["GD109"].said


def test_mark_in_pictures():
    kind = RANDOM.integers(0, 3, 300)
    pictures = RANDOM.normal(size=(300, 6, 6, 1)).astype("float32")
    model = classifier(L.Flatten(), classes=3)
    assert "GD109" not in found(model, pictures, kind)
    marked = pictures.copy()
    marked[:, 0, 2, 0] = kind
    assert "pixel (0, 2)" in found(model, marked, kind)["GD109"].said
    films = np.stack([marked, marked], axis=1)
    assert "GD109" in found(model, films, kind)
    drawn = np.zeros((3, 6, 6, 1), "float32") + np.arange(3)[:, None, None, None]
    assert "GD109" not in found(model, drawn[kind], kind)  # clean drawings, each of one colour


def test_norms_that_do_not_scale():
    def residual(end):
        inputs = nn.Input((6,))
        x = L.Dense(8)(inputs)
        x = L.Add()([x, L.Dense(8)(L.LayerNormalization()(x))])
        model = nn.Model(inputs, L.Dense(2, "softmax")(end(x)))
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    pixels = RANDOM.uniform(0, 255, (300, 6)).astype("float32")
    assert "GD104" in found(residual(L.Activation("relu")), pixels, Y)
    assert "GD104" not in found(residual(L.LayerNormalization()), pixels, Y)
    far = 4000 * X + 50_000
    assert "GD104" in found(residual(L.LayerNormalization()), far, Y)
    assert "GD104" not in found(classifier(L.Dense(8), L.BatchNormalization()), far, Y)


def test_windows_of_a_series_in_its_own_words():
    """A walk is elsewhere later; of rows in any order that would be other words."""
    nn.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    walk = np.zeros(1500)
    for t in range(2, 1500):
        walk[t] = 1.7 * walk[t - 1] - 0.72 * walk[t - 2] + random.normal(0, 0.1)
    ids = (24.9 * (walk / np.abs(walk).max() + 1)).astype("int64")
    seen = np.lib.stride_tricks.sliding_window_view(ids, 13)
    x, y = seen[:, :-1], (seen[:, -1] > 25).astype("int64")
    later, mixed = held(x[1300:], y[1300:]), random.permutation(1200)
    assert "GD111" not in found(recurrent(), x[:1200], y[:1200], **later)
    assert "GD111" in found(recurrent(), x[mixed], y[mixed], **later)
