"""The first steps of a training, on a copy: too long, leading nowhere, or healthy."""

import numpy as np

import neurona as nn
from neurona.doctor import foreseen, narrow, stages
from neurona.doctor.steps import CHECKS

L, opt = nn.layers, nn.optimizers
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int64") + (X[:, 2] > 0.5)
NUMBERS = (X @ RANDOM.normal(size=6)).astype("float32")
SPARSE = "sparse_categorical_crossentropy"
WARM = opt.schedules.CosineDecay(0.0, 190, warmup_target=0.01, warmup_steps=10)
HALVED = opt.schedules.ExponentialDecay(1e-3, 40, 0.5)

CASES = [  # id ("" for healthy), what it says, the optimizer, batch size, epochs
    ("GD506", "the first step takes the loss", opt.Adam(2.0), 32, 20),
    ("GD506", "of its own samples from", opt.SGD(50.0), 32, 20),
    ("GD507", "200 steps of 1e-06 lead from", opt.Adam(1e-6), 32, 20),
    ("GD507", "or so, and guessing has 1.1", opt.SGD(1e-5, momentum=0.9), 32, 20),
    ("GD514", "200 steps of 0.1", opt.SGD(0.1, global_clipnorm=1e-5), 32, 20),
    ("GD507", "steps of 0.001", opt.Adadelta(), 32, 20),
    ("GD507", "50 steps of 1e-05", opt.Adam(1e-5, gradient_accumulation_steps=4), 32, 20),
    ("GD112", "6 steps of 0.001", opt.Adam(), 300, 6),
    ("GD216", "10 steps of 0.001", opt.Adam(), 32, 1),
    ("GD216", "the rate falls", opt.Adam(opt.schedules.ExponentialDecay(1e-3, 1, 0.5)), 32, 20),
    ("", "", opt.Adam(), 32, 20),
    ("", "", opt.Adam(0.05), 32, 5),
    ("", "", opt.Adam(0.05), 300, 20),
    ("", "", opt.SGD(0.5, momentum=0.9), 32, 10),
    ("", "", opt.Adam(HALVED), 32, 20),
    ("", "", opt.Adam(WARM), 32, 20),
    ("", "", opt.Adagrad(0.05), 32, 20),
]  # fmt: skip


def told(optimizer, y=Y, loss=SPARSE, **given):
    nn.utils.set_random_seed(0)
    made = nn.Sequential([nn.Input((6,)), L.Dense(16, "relu"), L.Dense(3, "softmax")])
    if loss == "mse":
        made = nn.Sequential([nn.Input((6,)), L.Dense(16, "relu"), L.Dense(1)])
    made.compile(optimizer, loss)
    before = [w.copy() for w in made.get_weights()]
    found = made.diagnose(X, y, **given)
    assert not found.skipped
    assert all((a == b).all() for a, b in zip(before, made.get_weights(), strict=True))
    assert int(made.optimizer.iterations) == 0
    return {f.id: f for f in found if f.alarm}


def test_too_long_and_too_short(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (stages.statics.CHECKS, CHECKS))
    for rule, said, optimizer, batch, epochs in CASES:
        found = told(optimizer, batch_size=batch, epochs=epochs)
        assert list(found) == [rule] * bool(rule), (rule, said, found)
        if rule:
            assert said in found[rule].said, found[rule].said
            assert found[rule].fix
    assert "and some more to" in told(opt.SGD(1.5), NUMBERS, "mse")["GD506"].said
    assert not told(opt.SGD(0.05), NUMBERS, "mse", epochs=20)


def rated(**given):
    """Return a model of ratings: the product of two vectors, and how a person rates as such."""
    who, what = L.Input((1,), dtype="int32"), L.Input((1,), dtype="int32")
    mine, its = (L.Flatten()(L.Embedding(9, 4, **given)(ids)) for ids in (who, what))
    out = L.Dot(axes=-1)([mine, its]) + L.Flatten()(L.Embedding(9, 1)(who))
    return nn.Model([who, what], out)


def test_zeros_that_keep_each_other_still(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (CHECKS,))
    pair = tuple(RANDOM.integers(0, 9, (2, 300, 1)))
    for given, wanted in ({"embeddings_initializer": "zeros"}, ["GD208"]), ({}, []):
        model = rated(**given)
        model.compile("adam", "mse")
        found = model.diagnose(pair, NUMBERS)
        assert not found.skipped
        assert [f.id for f in found if f.alarm] == wanted
    late = nn.Sequential([nn.Input((6,)), L.Dense(8, "tanh", kernel_initializer="zeros"),
                          L.Dense(1, kernel_initializer="zeros")])  # fmt: skip
    late.compile("adam", "mse")
    assert [f.id for f in late.diagnose(X, NUMBERS) if f.alarm] == ["GD208"]
    gate = L.Input((6,))  # which opens as soon as what is behind it has moved
    behind = L.Dense(8)(gate) * (1 + L.Dense(8, kernel_initializer="zeros")(gate))
    model = nn.Model(gate, L.Dense(1, kernel_initializer="zeros")(behind))
    model.compile("adam", "mse")
    assert not [f for f in model.diagnose(X, NUMBERS) if f.alarm]


def test_nothing_is_said_where_guessing_is_not_known(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (CHECKS,))
    assert not told(opt.Adam(1e-6), loss=lambda y, p: nn.ops.mean(p), epochs=20)
    assert not told(opt.Adam(1e-6), epochs=None)
    assert not told(opt.Adam(1e-6), class_weight={0: 1.0, 1: 2.0, 2: 1.0}, epochs=20)


def test_one_number_that_is_remembered(monkeypatch):
    """Of several days to come: one number tells them all, unless x itself is to be told."""
    monkeypatch.setattr(stages, "STAGES", (narrow.CHECKS,))
    x = RANDOM.normal(size=(300, 9, 2)).astype("float32")
    cells = ((L.GRU, 1, 4), (L.SimpleRNN, 1, 4), (L.GRU, 1, 1), (L.GRU, 1, 9), (L.GRU, 2, 4))
    for cell, units, days in cells:
        front = [nn.Input((9, 2)), cell(units), L.RepeatVector(days)]
        width = 2 if days == 9 else 1
        model = nn.Sequential([*front, L.GRU(8, return_sequences=True), L.Dense(width)])
        model.compile("adam", "mse")
        told = [f.said for f in model.diagnose(x, x[:, :days, :width])]
        if units == 1 and days == 4:
            assert ["1 number, and 4 answers" in said for said in told] == [True]
            assert not {"GD508", "GD704"} & {*narrow.NARROW.because}  # which come of it
        else:
            assert not told, (units, days)


def test_one_number_that_all_goes_through(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (narrow.CHECKS,))
    many = RANDOM.integers(0, 8, 300)
    softmax, dense = "softmax", L.Dense
    faults = [
        ([dense(1, "relu"), dense(8, softmax)], SPARSE, many, "1 number, and 8 classes"),
        ([dense(9, "relu"), dense(1), dense(9, "relu"), dense(8, softmax)], SPARSE, many, "1 n"),
        ([dense(2, "relu"), dense(8, softmax)], SPARSE, many, "2 numbers, and 8 classes"),
        ([dense(1, "tanh"), dense(9, "relu"), dense(1)], "mse", NUMBERS, "the answer is made"),
    ]
    for layers, loss, y, said in faults:
        found = nn.Sequential(layers)
        found.compile("adam", loss)
        told = found.diagnose(X, y)
        assert [f.id for f in told] == ["GD602"], said
        assert said in told[0].said
    healthy = [
        ([dense(2, "relu"), dense(3, softmax)], SPARSE, Y),
        ([dense(9, "relu"), dense(2), dense(9, "relu"), dense(8, softmax)], SPARSE, many),
        ([dense(1)], "mse", NUMBERS),
        ([dense(9, "relu"), dense(1), dense(6)], "mse", X),  # an autoencoder
    ]
    for layers, loss, y in healthy:
        found = nn.Sequential(layers)
        found.compile("adam", loss)
        assert not found.diagnose(X, y)


def normalised(momentum):
    layers = [L.Dense(9), L.BatchNormalization(momentum=momentum), L.Dense(3, "softmax")]
    return nn.Sequential([nn.Input((6,)), *layers])


def stateful():
    state = L.Lambda(lambda x: x[..., None]), L.SimpleRNN(4, stateful=True), L.Dense(3, "softmax")
    return nn.Sequential([nn.Input((6,), batch_size=30), *state])


class Idle(nn.Model):
    """Works out a loss, and goes no step."""

    def __init__(self, goes):
        super().__init__()
        self.end, self.goes = L.Dense(1), goes

    def call(self, x):
        return self.end(x)

    def train_step(self, data):
        x, y = data[:2]
        loss, grads = nn.value_and_grad(
            lambda: nn.ops.mean(nn.ops.square(self(x) - y)), parameters=self
        )()
        if self.goes:
            self.optimizer.apply(grads, self)
        return {"loss": loss}


def test_a_step_that_goes_nowhere_and_targets_that_stay(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (foreseen.CHECKS,))
    for goes in (False, True):
        made = Idle(goes)
        made.compile("adam", "mse")
        found = made.diagnose(X, Y.astype("float32")[:, None])
        assert [f.id for f in found] == ["GD516"] * (not goes)
    for own in (False, True):  # targets of each batch, or always those of the first
        batches = [(X[i : i + 30], Y[i * own :][:30]) for i in range(0, 300, 30)]
        made = normalised(0.9)
        made.compile("adam", SPARSE)
        assert [f.id for f in made.diagnose(batches)] == ["GD510"] * (not own)


def test_what_settings_say_already(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (foreseen.CHECKS,))
    gathered = opt.Adam(gradient_accumulation_steps=300)
    zero = dict.fromkeys(range(3), 0.0)
    for made, optimizer, given, rule, said in (
        (normalised(0.9), "adam", {"class_weight": zero}, "GD516", "classes are 0"),
        (normalised(0.9), "adam", {"class_weight": {**zero, 0: 2}}, "GD516", "of class 1"),
        (normalised(0.9), "adam", {"sample_weight": np.zeros(300)}, "GD516", "are 0"),
        (
            normalised(0.9),
            opt.SGD(0.05),
            {"sample_weight": np.full(300, 1 / 300)},
            "GD516",
            "300 times as",
        ),
        (normalised(0.9), opt.SGD(0.05), {"sample_weight": np.full(300, 0.5)}, "", ""),
        (normalised(0.9), "adam", {"sample_weight": np.full(300, 1 / 300)}, "", ""),
        (normalised(0.9), gathered, {}, "GD516", "over 300 steps, and 200 are planned"),
        (normalised(0.9999), "adam", {}, "GD513", "are still 98% what they began as"),
        (stateful(), "adam", {"batch_size": 30}, "GD706", "the samples are shuffled"),
        (normalised(0.9), "adam", {"class_weight": {0: 0.0, 1: 1.0, 2: 1.0}}, "", ""),
        (
            normalised(0.9),
            "adam",
            {"class_weight": {0: 0.0, 1: 1.0, 2: 0.0}},
            "GD516",
            "class 0, 2",
        ),
        (normalised(0.99), opt.Adam(gradient_accumulation_steps=4), {}, "", ""),
        (stateful(), "adam", {"batch_size": 30, "shuffle": False}, "", ""),
    ):
        made.compile(optimizer, SPARSE)
        found = made.diagnose(X, Y, epochs=20, **given)
        assert [f.id for f in found] == [rule] * bool(rule), (said, found)
        assert not rule or said in found[0].said


def test_targets_that_the_first_step_follows(monkeypatch):
    monkeypatch.setattr(stages, "STAGES", (CHECKS,))
    y = (60 * X[:, :1] + 100).astype("float32")

    def model(optimizer):
        model = nn.Sequential([nn.Input((6,)), L.Dense(8, "relu"), L.Dense(1)])
        model.compile(optimizer, "mse")
        return model

    def found(model):
        return [f.id for f in model.diagnose(X, y) if f.alarm]

    assert "GD113" in found(model(opt.SGD(0.01)))
    for calm in ("adam", opt.SGD(1e-4), opt.SGD(0.01, clipnorm=1.0)):
        assert "GD113" not in found(model(calm))
