"""Watching a training: what is found in faulty ones, and not in their healthy twins."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.random import get_position
from neurona.doctor import Doctor
from neurona.doctor.live.guess import guess_of
from neurona.doctor.live.moments import Moments

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 10)).astype("float32")
SCORES = X @ RNG.normal(size=(10, 4))
Y = (SCORES + 0.5 * np.tanh(SCORES)[:, ::-1]).argmax(1)


def network(optimizer="adam", inner=(), loss="sparse_categorical_crossentropy", engine="reference"):
    nn.utils.set_random_seed(1)
    layers = [nn.Input((10,)), nn.layers.Dense(32, "relu"), *inner, nn.layers.Dense(4, "softmax")]
    model = nn.Sequential(layers)
    model.compile(optimizer, loss, metrics=["accuracy"], engine=engine)
    return model


def examined(model, x=X, y=Y, level="guard", **given):
    doctor = Doctor(level)
    model.fit(x, y, verbose=0, doctor=doctor, **{"epochs": 12, **given})
    assert model.history.diagnosis is doctor.diagnosis
    assert not any("it failed" in why for why in doctor.diagnosis.skipped.values())
    return doctor.diagnosis


def alarms(*args, **given):
    return [f.id for f in examined(*args, **given) if f.alarm]


def test_moments_are_dense_at_first_and_depend_on_steps_alone():
    for total, count in [(40, 10), (2000, 10), (None, 10), (10_000, 14)]:
        moments = Moments("guard", total)
        found = [moments.pass_by() for _ in range(200)]
        gaps = np.diff(found)
        assert found[0] == 0
        assert (gaps >= 1).all()
        assert (np.diff(gaps) >= 0).all()
        assert gaps.max() <= 2000
        assert sum(m < (total or 2000) for m in found) == count
        assert moments.until(moments.next) == 1
        assert moments.until(moments.next - 7) == 7


def layers_that_draw():
    return [nn.layers.BatchNormalization(), nn.layers.Dropout(0.3)]


def test_training_has_the_same_bits_with_a_doctor():
    def run(**given):
        model = network(inner=layers_that_draw(), engine=None)
        model.fit(X, Y, epochs=3, verbose=0, validation_split=0.2, **given)
        model.fit(X[:20], Y[:20], epochs=12, verbose=0, **given)  # many epochs in one call
        weights = [w.tobytes() for w in model.get_weights()]
        return weights, get_position(), model.history.history

    assert run(doctor="full") == run()


def test_verdicts_are_the_same_however_steps_are_grouped(monkeypatch):
    def run():
        return examined(network(nn.optimizers.Adam(1.0)), epochs=4).as_dict()

    want = run()
    for seconds in (1e-9, 1e9):
        monkeypatch.setattr("neurona.train.feed.GROUP_SECONDS", seconds)
        assert run() == want


def test_guessing_of_losses_between_squares_and_sizes():
    model = nn.Sequential([nn.Input((10,)), nn.layers.Dense(1)])
    y = np.r_[np.zeros(9), 50.0][:, None]
    for loss, least in (("huber", 4.95), ("log_cosh", 4.93)):
        model.compile("sgd", loss)
        model.evaluate(X[:10], y, verbose=0)
        assert guess_of(model, y).loss == pytest.approx(least, abs=0.1)


def test_guessing_of_weighed_places_and_of_a_loss_of_ones_own():
    def guess(loss, end, y, weight=None):
        model = nn.Sequential([nn.Input((4, 3)), end])
        model.compile("adam", loss)
        model.fit(np.zeros((len(y), 4, 3), "float32"), y, sample_weight=weight, verbose=0)
        return guess_of(model, y, weight)

    y = np.tile([0, 0, 0, 1], (8, 1))
    scores = nn.layers.Dense(2, "softmax")
    weight = np.where(y == 1, 3.0, 1.0).astype("float32")
    weighed = guess("sparse_categorical_crossentropy", scores, y, weight)
    assert weighed.loss == pytest.approx(-1.5 * np.log(0.5))
    assert weighed.majority == 0.75
    flags = y[..., None].astype("float32")
    cubes = lambda y, p: nn.ops.abs(y - p) ** 3  # noqa: E731
    mine = guess(cubes, nn.layers.Dense(1), flags)
    assert 0.05 < mine.loss < 0.25  # that of 0, which is not the best
    reward = guess(lambda y, p: nn.ops.mean(y * p), nn.layers.Dense(1), flags)
    assert reward.loss is None  # 0 and less: nothing need be near


def test_guessing():
    def task(loss, y, units=4, weight=None, **given):
        model = nn.Sequential([nn.Input((10,)), nn.layers.Dense(units, **given)])
        model.compile("sgd", loss)
        model.evaluate(X[: len(y)], y, verbose=0)
        return guess_of(model, y, weight)

    labels = np.array([0, 0, 0, 1])
    found = task(nn.losses.SparseCategoricalCrossentropy(from_logits=True), labels)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert found.loss == pytest.approx(entropy)
    assert (found.majority, found.kind) == (0.75, "classes")
    weighted = task(
        nn.losses.SparseCategoricalCrossentropy(from_logits=True), labels,
        weight=np.array([1, 1, 1, 3.0]),
    )  # fmt: skip
    assert weighted.loss == pytest.approx(6 / 4 * np.log(2))
    flags = labels[:, None].astype("float32")
    assert task("binary_crossentropy", flags, 1, activation="sigmoid").loss == pytest.approx(
        entropy
    )
    assert task("mse", flags, 1).loss == pytest.approx(flags.var())
    assert task("mae", flags, 1).loss == pytest.approx(0.25)
    assert task("huber", flags, 1).loss == pytest.approx(flags.var() / 2)
    assert task("poisson", flags, 1).loss is None
    for loss, other, lost in (
        (
            nn.losses.SparseCategoricalCrossentropy(from_logits=True),
            np.array([0, 0, 1, 1]),
            np.log(2) - entropy,
        ),
        (nn.losses.BinaryCrossentropy(), flags[::2] * 0 + 0.5, np.log(2) - entropy),
        ("mse", flags * 0 + 0.5, 0.0625),
    ):  # what another constant answer loses more
        given = {} if other.ndim == 1 else {"units": 1, "activation": "sigmoid"}
        y = labels if other.ndim == 1 else flags
        best, learnt = task(loss, y, **given), task(loss, other, **given)
        assert best.loss_of(best.answer) == pytest.approx(best.loss)
        assert best.loss_of(learnt.answer) == pytest.approx(best.loss + lost)


FAULTS = {
    "GD506": [nn.optimizers.Adam(1.0), nn.optimizers.SGD(30.0)],
    "GD507": [nn.optimizers.Adam(1e-7), nn.optimizers.SGD(1e-6)],
}


@pytest.mark.parametrize("rule", FAULTS)
def test_rates_that_are_too_high_or_too_low(rule):
    for optimizer in FAULTS[rule]:
        found = examined(network(optimizer))
        assert found.causes[0].id == rule, (optimizer, str(found))
        assert found.causes[0].fix.startswith("- learning_rate=")


@pytest.mark.slow
def test_healthy_rates():
    schedule = nn.optimizers.schedules.CosineDecay(0.0, 400, warmup_target=1e-2, warmup_steps=200)
    for optimizer in [
        "adam", nn.optimizers.Adam(3e-2), nn.optimizers.SGD(0.3), nn.optimizers.SGD(0.05, 0.9),
        "rmsprop", nn.optimizers.AdamW(schedule),
    ]:  # fmt: skip
        assert alarms(network(optimizer), epochs=20) == [], optimizer
    assert alarms(network(inner=layers_that_draw()), epochs=20, level="full") == []


def test_nothing_is_learnt_of_random_labels():
    found = examined(network(), y=RNG.permutation(Y), validation_split=0.3)
    assert "GD510" in found
    found = examined(network("sgd"), x=0 * X)
    assert "GD510" in found
    assert "always answering the same has" in str(found)


def test_overfitting_and_a_training_that_could_go_on():
    x, y = RNG.normal(size=(80, 10)).astype("float32"), RNG.integers(0, 4, 80)
    found = examined(network(nn.optimizers.Adam(1e-2)), x, y, validation_split=0.4, epochs=60)
    assert "GD601" in found
    assert "GD604" not in found
    found = examined(network(), validation_split=0.2, epochs=6)
    assert [f.id for f in found] == ["GD604"]
    assert found.causes == []


@pytest.mark.slow
def test_validation_that_is_too_good():
    y = np.where(RNG.random(600) < 0.5, RNG.integers(0, 4, 600), SCORES.argmax(1))
    easy = X[:200], SCORES.argmax(1)[:200]
    assert alarms(network(), X, y, validation_data=easy) == ["GD603"]
    dropping = network(inner=[nn.layers.Dropout(0.5)])
    assert alarms(dropping, X, y, validation_data=easy) == []


@pytest.mark.slow
def test_a_model_that_is_worse_than_a_line():
    held_back = network(inner=[nn.layers.Dropout(0.9)], optimizer=nn.optimizers.Adam(1e-4))
    found = examined(held_back, X, SCORES.argmax(1), epochs=30)
    assert "GD602" in found
    assert "a linear model reaches" in str(found)


class Own(nn.Model):
    """The usual step, written out as in Keras's guides: its loss is a mean over the epoch."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.net = nn.Sequential([nn.layers.Dense(32, "relu"), nn.layers.Dense(4)])
        self.loss_of = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.mean, self.scale = nn.metrics.Mean(name="loss"), scale

    def call(self, x):
        return self.net(x)

    def train_step(self, data):
        x, y = data
        loss, slopes = nn.value_and_grad(
            lambda: self.loss_of(y, self.net(x)) * self.scale, parameters=self.net
        )()
        self.optimizer.apply(slopes, self.net)
        self.mean.update_state(loss)
        return {"loss": self.mean.result()}


class OwnLoss(nn.Model):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential([nn.layers.Dense(32, "relu"), nn.layers.Dense(4)])

    def call(self, x):
        return self.net(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return nn.losses.SparseCategoricalCrossentropy(from_logits=True)(y, y_pred) + 3.0


def own(make, optimizer="adam"):
    nn.utils.set_random_seed(1)
    model = make()
    model.compile(optimizer, engine="reference")
    return model


def test_own_steps_are_looked_at():
    found = examined(own(Own, nn.optimizers.Adam(1e-7)), level="full")
    assert [f.id for f in found.causes] == ["GD507"], str(found)
    plain = own(Own)
    plain.fit(X, Y, epochs=2, verbose=0)
    looked = own(Own)
    looked.fit(X, Y, epochs=2, verbose=0, doctor=Doctor("full"))
    assert plain.history.history == looked.history.history
    for a, b in zip(plain.get_weights(), looked.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert examined(network(), epochs=0).skipped["GD506"] == "no step was looked at"


@pytest.mark.slow
def test_own_losses_are_looked_at():
    assert alarms(own(Own), level="full") == alarms(own(OwnLoss), level="full") == []
    found = examined(own(OwnLoss, nn.optimizers.Adam(1e-7)), level="full")
    assert [f.id for f in found.causes] == ["GD507"], str(found)
    high = examined(own(Own, nn.optimizers.SGD(300.0)), level="full")
    assert high.causes[0].id in ("GD401", "GD502", "GD503", "GD506"), str(high)


class Rivals(nn.Model):
    """Two players: the loss of each goes up and down with the other's."""

    def __init__(self):
        super().__init__()
        self.made = nn.Sequential([nn.layers.Dense(16, "relu"), nn.layers.Dense(10)])
        self.critic = nn.Sequential([nn.layers.Dense(16, "leaky_relu"), nn.layers.Dense(1)])
        self.first, self.second = nn.optimizers.Adam(0.01), nn.optimizers.Adam(0.01)

    def train_step(self, x):
        loss_of = nn.losses.BinaryCrossentropy(from_logits=True)
        ones, noise = nn.ops.ones((x.shape[0], 1)), nn.random.normal((x.shape[0], 4))
        loss, slopes = nn.value_and_grad(
            lambda: (
                loss_of(ones, self.critic(x)) + loss_of(0 * ones, self.critic(self.made(noise)))
            ),
            parameters=self.critic,
        )()
        self.first.apply(slopes, self.critic)
        other, slopes = nn.value_and_grad(
            lambda: loss_of(ones, self.critic(self.made(noise))), parameters=self.made
        )()
        self.second.apply(slopes, self.made)
        return {"loss": loss, "other": other}


def test_two_players_are_left_alone_and_that_is_said():
    model = Rivals()
    model.compile(engine="reference")
    found = examined(model, X, None, level="full", epochs=5)
    assert not [f for f in found if f.alarm]
    assert "and no optimizer or several" in found.skipped["GD506"]


def test_own_steps_without_a_loss_are_left_alone():
    class Mute(Own):
        def train_step(self, data):
            super().train_step(data)
            return {}

    model = Mute()
    model.compile("adam", engine="reference")
    found = examined(model, epochs=1)
    assert "which returns no 'loss'" in found.skipped["GD506"]


def test_batches_of_a_generator():
    def batches():
        for i in range(0, 600, 20):
            yield X[i : i + 20], Y[i : i + 20]

    doctor = Doctor()
    model = network(nn.optimizers.Adam(1.0))
    model.fit(batches, epochs=5, verbose=0, doctor=doctor)
    assert "GD506" in doctor.diagnosis


def stack(*layers, optimizer="adam", count=4):
    nn.utils.set_random_seed(1)
    model = nn.Sequential([nn.Input((10,)), *layers, nn.layers.Dense(count, "softmax")])
    model.compile(
        optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], engine="reference"
    )
    return model


def hidden(activation, count, **given):
    return [nn.layers.Dense(32, activation, name=f"hidden_{i}", **given) for i in range(count)]


def broken():
    far = nn.initializers.RandomNormal(stddev=5.0)
    below = nn.initializers.Constant(-20.0)
    cut = [nn.layers.Dense(32, "relu", name="hidden_0"), nn.layers.Lambda(nn.ops.stop_gradient)]
    return {
        "GD501": (stack(*hidden("sigmoid", 8), optimizer=nn.optimizers.SGD(0.1)), "hidden_"),
        "GD501 ": (stack(*hidden("sigmoid", 8)), "hidden_"),
        "GD503": (stack(*hidden("relu", 2, bias_initializer=below)), "hidden_0"),
        "GD506": (stack(*hidden("relu", 3), optimizer=nn.optimizers.SGD(3.0)), "optimizer"),
        "GD504": (stack(*hidden("tanh", 3, kernel_initializer=far), optimizer="sgd"), "hidden_"),
        "GD512": (stack(*cut), "kernel of Dense 'hidden_0'"),
    }


@pytest.mark.slow
def test_layers_that_do_not_learn():
    for rule, (model, where) in broken().items():
        found = examined(model, epochs=20, level="full")
        assert found.causes[0].id == rule.strip(), (rule, str(found))
        assert where in found.causes[0].where, found.causes[0]
        assert len(found.causes) == 1, str(found)


@pytest.mark.slow
def test_units_that_die_of_labels_of_other_samples():
    y = np.random.default_rng(0).permutation(Y)
    found = examined(
        stack(*hidden("relu", 2), optimizer=nn.optimizers.Adam(0.05)), y=y, epochs=8, level="full"
    )
    assert found.causes[0].id == "GD510", str(found)
    assert "samples most alike" in found.causes[0].said


@pytest.mark.slow
def test_layers_that_learn():
    trunk, *rest = hidden("relu", 2)
    trunk.trainable = False
    sparse = hidden("relu", 2, bias_initializer=nn.initializers.Constant(-0.5))
    gates = [nn.layers.Reshape((5, 2)), nn.layers.LSTM(16, name="lstm")]
    for layers in [hidden("tanh", 3), hidden("relu", 6), [trunk, *rest], sparse, gates]:
        epochs = 60 if layers is gates else 30  # until they are as good as a line, or nearly so
        assert alarms(stack(*layers), epochs=epochs, level="full") == [], layers


@pytest.mark.slow
def test_one_answer_for_all_and_steps_of_an_unusual_length():
    found = examined(network("sgd"), x=0 * X, epochs=20, level="full")
    assert {"GD510", "GD511"} <= {f.id for f in found}
    assert "100% of the answers are class" in str(found)
    found = examined(
        network(nn.optimizers.Adam(0.3), inner=hidden("relu", 2)), epochs=20, level="full"
    )
    assert "GD505" in found
    assert found.causes[0].id == "GD506"


@pytest.mark.slow
def test_normalisation_that_drifts():
    slow = nn.layers.BatchNormalization(momentum=0.9999, name="norm")
    found = examined(stack(*hidden("relu", 1), slow), x=5 * X + 20, epochs=12)
    assert "GD513" in found, str(found)
    usual = nn.layers.BatchNormalization(name="norm")
    assert alarms(stack(*hidden("relu", 1), usual), epochs=20) == []
    narrow = nn.layers.Dense(32, kernel_initializer=nn.initializers.RandomNormal(stddev=1e-3))
    norm = nn.layers.BatchNormalization(name="norm")  # what is left of 1 is more than all it saw
    found = examined(stack(narrow, norm, *hidden("relu", 1)), epochs=15, level="full")
    assert "GD513" in found, str(found)


@pytest.mark.slow
def test_gradients_that_are_clipped_or_do_not_come():
    clipping = nn.optimizers.SGD(0.01, global_clipnorm=1e-3)
    found = examined(network(clipping), epochs=15)
    assert "GD514" in found, str(found)
    found = examined(network(nn.optimizers.SGD(0.01, clipvalue=1e-4)), epochs=15)
    assert "the median size of a number" in str(found), str(found)
    assert alarms(network(nn.optimizers.Adam(1e-2, global_clipnorm=0.3)), epochs=15) == []
    assert alarms(network(nn.optimizers.Adam(1e-2, clipvalue=0.1)), epochs=15) == []
    mild = network(nn.optimizers.SGD(0.1, global_clipnorm=0.1))
    found = examined(mild, y=np.random.default_rng(0).permutation(Y), epochs=15)
    assert "GD514" not in found, str(found)
    for words, given in [
        ("the learning rate is 0", {"optimizer": nn.optimizers.SGD(0.0)}),
        (
            "gathered over 5000 steps",
            {"optimizer": nn.optimizers.SGD(0.1, gradient_accumulation_steps=5000)},
        ),
    ]:
        found = examined(network(**given), epochs=3)
        assert found.causes[0].id == "GD516", str(found)
        assert words in found.causes[0].said
    found = examined(network(), epochs=6, sample_weight=np.zeros(600))
    assert [f.id for f in found.errors] == ["GD516"]
    assert "all weights of samples or classes are 0" in str(found)


def test_states_that_go_on_into_other_samples():
    lstm = nn.layers.LSTM(4, stateful=True, name="lstm")
    model = nn.Sequential([nn.Input(batch_shape=(20, 5, 2)), lstm, nn.layers.Dense(4, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", engine="reference")
    data = X.reshape(-1, 5, 2), Y
    found = examined(model, *data, epochs=1, batch_size=20)
    assert [f.id for f in found.errors] == ["GD706"]
    assert found.errors[0].where.startswith("LSTM 'lstm', test_live.py:")
    assert alarms(model, *data, epochs=1, batch_size=20, shuffle=False) == []


@pytest.mark.slow
def test_networks_that_forget():
    def recurrent(kind, **given):
        nn.utils.set_random_seed(2)
        ends = [nn.layers.Dense(1, "sigmoid")]
        model = nn.Sequential([nn.Input((40, 1)), kind(16, **given), *ends])
        model.compile(nn.optimizers.Adam(1e-2), "binary_crossentropy", metrics=["accuracy"])
        return model

    y = RNG.integers(0, 2, 600)
    x = RNG.normal(0, 0.3, (600, 40, 1)).astype("float32")
    first, last = x.copy(), x.copy()
    first[:, 0, 0], last[:, -1, 0] = 2.0 * y - 1, 2.0 * y - 1
    small = nn.initializers.RandomNormal(stddev=0.05)
    found = examined(recurrent(nn.layers.SimpleRNN, recurrent_initializer=small), first, y)
    assert [f.id for f in found.causes] == ["GD704"], str(found)
    plain = recurrent(nn.layers.SimpleRNN, recurrent_initializer=small)
    assert alarms(plain, last, y) == []  # nothing has to be remembered
    others = RNG.permutation(y)
    plain = recurrent(nn.layers.SimpleRNN, recurrent_initializer=small)
    assert "GD704" not in alarms(plain, first, others)  # nothing that could be


def test_a_network_that_forgets_words():
    """Of ids, which have no gradient: others in the first steps change nothing."""
    random = np.random.default_rng(7)  # the last words tell a little by heart
    ids = random.integers(2, 9, (300, 40))
    y = random.integers(0, 2, 300)
    first, last = ids.copy(), ids.copy()
    first[:, 0], last[:, -1] = y, y

    def reader():
        nn.utils.set_random_seed(1)
        small = nn.initializers.RandomNormal(stddev=0.05)
        front = [nn.Input((40,), dtype="int64"), nn.layers.Embedding(9, 4)]
        back = [nn.layers.SimpleRNN(8, recurrent_initializer=small), nn.layers.Dense(2, "softmax")]
        model = nn.Sequential([*front, *back])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    given = {"epochs": 10, "batch_size": 16, "level": "full"}
    found = examined(reader(), first, y, **given)
    assert found.causes[0].id == "GD704", str(found)
    assert "GD704" not in alarms(reader(), last, y, **given)
    assert "GD704" not in alarms(reader(), first, random.permutation(y), **given)


@pytest.mark.slow
def test_norms_behind_without_a_warm_up():
    def transformer(rate):
        nn.utils.set_random_seed(1)
        blocks = [nn.layers.TransformerEncoderBlock(32, 2) for _ in range(4)]
        ends = [nn.layers.GlobalAveragePooling1D(), nn.layers.Dense(4, "softmax")]
        model = nn.Sequential([nn.Input((5, 2)), nn.layers.Dense(16), *blocks, *ends])
        model.compile(
            nn.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    x = X.reshape(-1, 5, 2)
    found = examined(transformer(0.1), x, Y, epochs=12)
    assert "GD703" in [f.id for f in found.causes], str(found)
    assert "8 norms stand behind" in str(found)
    assert "GD703" not in alarms(transformer(1e-3), x, Y, epochs=6)


def test_what_guessing_reaches_is_not_told_by_one_batch():
    y = np.repeat([0, 1], 100)
    y[:16], y[100:116] = 1, 0  # the first batches have one class more often
    x = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
    pairs = [(x[i : i + 10], y[i : i + 10]) for i in range(0, 200, 10)]

    def forever():
        while True:
            yield from pairs

    guesses = []
    for data in (nn.data.batches(x, y, 10), pairs, forever()):
        model = nn.Sequential([nn.layers.Dense(2, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        kept = Kept()
        model.fit(data, epochs=5, steps_per_epoch=20, doctor=kept, verbose=0)
        guesses.append(kept.loss)
    np.testing.assert_allclose(guesses, np.log(2), atol=0.03)


class Kept(nn.callbacks.Doctor):
    """Remembers what guessing would reach."""

    def __init__(self):
        super().__init__("full")

    def on_train_end(self, logs=None):
        self.loss = self._watch.record.guess.loss
        super().on_train_end(logs)


def test_an_easy_first_batch_and_a_small_validation_are_no_faults():
    x = np.random.default_rng(4).normal(size=(128, 4)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("int64")
    for easy in (False, True):
        nn.utils.set_random_seed(4)
        model = nn.Sequential([nn.layers.Dense(2, "softmax")])
        rule = nn.optimizers.SGD(0.05) if easy else nn.optimizers.Adam(0.01)
        model.compile(rule, "sparse_categorical_crossentropy", ["accuracy"])
        given = {"validation_split": 0.0 if easy else 0.2, "shuffle": not easy}
        if easy:
            y = model.predict(x, verbose=0).argmin(axis=1)
            y[:16] = 1 - y[:16]
        told = model.fit(x, y, batch_size=16, epochs=6, verbose=0, doctor="full", **given)
        assert not [f for f in told.diagnosis if f.alarm], told.diagnosis


def test_rows_that_are_in_order_when_the_last_are_held_out():
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 4)).astype("float32")
    number = x @ np.array([1, -1, 0.5, 0], "float32")
    kinds, two = np.digitize(number, [-0.5, 0.5]), (number > 0).astype("float32")
    sparse = "sparse_categorical_crossentropy"
    for y, width, end, loss, said in (
        (number, 1, None, "mse", "targets of training run from"),
        (kinds, 3, "softmax", sparse, "all validation samples are of class 2"),
        (two, 1, "sigmoid", "binary_crossentropy", "all validation samples are of class 1"),
    ):
        order = np.argsort(y, kind="stable")
        for rows in (order, random.permutation(300)):
            model = nn.Sequential([nn.layers.Dense(8, "relu"), nn.layers.Dense(width, end)])
            model.compile("adam", loss)
            doctor = nn.callbacks.Doctor("full")
            model.fit(x[rows], y[rows], validation_split=0.2, epochs=4, verbose=0, doctor=doctor)
            told = [f.said for f in doctor.diagnosis if f.id == "GD111"]
            assert [said in t for t in told] == [True] * (rows is order), (loss, told)


def test_faint_weights_are_named_where_nothing_is_learnt():
    def told(spread):
        faint = nn.initializers.RandomNormal(stddev=spread)
        layers = [nn.layers.Dense(32, "sigmoid", kernel_initializer=faint) for _ in range(3)]
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.Input((10,)), *layers, nn.layers.Dense(4, "softmax")])
        model.compile(nn.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
        doctor = Doctor("full")
        model.fit(X, Y, epochs=15, verbose=0, doctor=doctor)
        return [f.id for f in doctor.diagnosis.causes]

    assert told(0.01)[0] == "GD209"
    assert "GD209" not in told(0.3)


def test_two_classes_that_are_told_apart_by_chance():
    y = np.arange(1200) % 4
    every = 0.2 * RNG.normal(size=(1200, 10))
    every[np.arange(1200), y // 2] += 2  # which pair
    every[:, 5] += 2 * (y % 2) - 1  # and which of it

    def told(seen):
        model, doctor = network(), Doctor("full")
        x, held = np.split((every * seen).astype("float32"), [900])
        model.fit(x, y[:900], epochs=8, validation_data=(held, y[900:]), verbose=0, doctor=doctor)
        return [f.said for f in doctor.diagnosis if "told apart by chance" in f.said]

    assert told(np.arange(10) != 5)[0].startswith("classes 0 and 1 are told apart by chance")
    assert told(1) == []
