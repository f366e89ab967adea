"""Losses and metrics of one output and of several: values, names and order as Keras's."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, DataError

RNG = np.random.default_rng(1)
A = RNG.random((10, 4)).astype("float32")
B = RNG.random((10, 3)).astype("float32")
Y1 = RNG.random((10, 1)).astype("float32")
Y2 = RNG.integers(0, 3, 10)


def two_outputs(style="list"):
    nn.utils.set_random_seed(0)
    a, b = nn.Input((4,), name="a"), nn.Input((3,), name="b")
    h = layers.Dense(5, "tanh")(ops.concatenate([a, b], axis=-1))
    p, q = layers.Dense(1, name="p")(h), layers.Dense(3, "softmax", name="q")(h)
    return nn.Model([a, b], {"p": p, "q": q} if style == "dict" else [p, q])


LOSSES = ["mse", "sparse_categorical_crossentropy"]
NAMES = ["loss", "p_loss", "q_loss", "p_mae", "q_accuracy", "q_weighted_accuracy"]


def test_names_and_order_of_several_outputs():
    model = two_outputs()
    model.compile(
        "sgd", LOSSES, loss_weights=[1, 0.5], metrics=[["mae"], ["accuracy"]],
        weighted_metrics=[None, ["accuracy"]],
    )  # fmt: skip
    history = model.fit([A, B], [Y1, Y2], verbose=0, batch_size=4, validation_split=0.3).history
    assert set(history) == {*NAMES, *(f"val_{n}" for n in NAMES)}  # as Keras's keys
    assert model.metrics_names == NAMES  # as the list that Keras's evaluate returns
    logs = model.evaluate([A, B], [Y1, Y2], verbose=0, return_dict=True)
    assert list(logs) == NAMES
    assert model.evaluate([A, B], [Y1, Y2], verbose=0) == list(logs.values())
    p, q = model.predict([A, B], verbose=0)
    mse = np.mean((p - Y1) ** 2)
    cross = -np.mean(np.log(q[np.arange(10), Y2]))
    assert logs["p_loss"] == pytest.approx(mse, rel=1e-5)
    assert logs["q_loss"] == pytest.approx(cross, rel=1e-5)
    assert logs["loss"] == pytest.approx(mse + 0.5 * cross, rel=1e-5)
    assert logs["p_mae"] == pytest.approx(np.mean(abs(p - Y1)), rel=1e-5)
    assert logs["q_accuracy"] == pytest.approx(np.mean(q.argmax(-1) == Y2))


@pytest.mark.parametrize("style", ["list", "dict"])
@pytest.mark.parametrize("targets", ["list", "dict"])
def test_lists_and_dicts_mean_the_same(style, targets):
    by_name = {"p": "mse", "q": "sparse_categorical_crossentropy"}
    model = two_outputs(style)
    model.compile("sgd", by_name, loss_weights={"q": 2.0, "p": 1.0}, metrics={"q": "accuracy"})
    y = [Y1, Y2] if targets == "list" else {"q": Y2, "p": Y1}
    logs = model.evaluate({"a": A, "b": B}, y, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "p_loss", "q_loss", "q_accuracy"]
    assert logs["loss"] == pytest.approx(logs["p_loss"] + 2 * logs["q_loss"], rel=1e-5)


def test_one_loss_is_for_every_output():
    model = two_outputs()
    model.compile("sgd", "mse")
    logs = model.evaluate([A, B], [Y1, np.zeros((10, 3))], verbose=0, return_dict=True)
    assert list(logs) == ["loss", "p_loss", "q_loss"]


def test_an_output_may_have_no_loss():
    model = two_outputs()
    model.compile("sgd", [None, "sparse_categorical_crossentropy"])
    logs = model.fit([A, B], Y2, verbose=0).history
    assert set(logs) == {"loss"}  # one loss needs no second name
    model.compile("sgd", {"p": "mse"})
    model.fit([A, B], {"p": Y1}, verbose=0)
    model.compile("sgd", {"p": "mse"}, metrics={"q": ["accuracy"]})
    logs = model.fit([A, B], {"p": Y1, "q": Y2}, verbose=0).history
    assert set(logs) == {"loss", "q_accuracy"}


def test_outputs_of_a_subclass_have_numbers():
    class Net(nn.Model):
        def __init__(self):
            super().__init__()
            self.d1, self.d2 = layers.Dense(3), layers.Dense(2)

        def call(self, x):
            return self.d1(x), self.d2(x)

    model = Net()
    model.compile("sgd", ["mse", "mse"], metrics=[["mae"], ["mae"]])
    history = model.fit(A, [np.zeros((10, 3)), np.zeros((10, 2))], verbose=0).history
    assert set(history) == {"loss", "output_1_loss", "output_2_loss", "mae", "mae_1"}


def test_the_loss_is_a_mean_over_samples():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mse", "mae"])
    logs = model.evaluate(A, Y1, batch_size=4, verbose=0, return_dict=True)  # 4, 4 and 2 samples
    expected = np.mean((model.predict(A, verbose=0) - Y1) ** 2)
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)
    assert logs["mse"] == pytest.approx(expected, rel=1e-5)


def test_metrics_ignore_weights_unless_they_are_weighted_metrics():
    w = np.arange(10.0)
    model = nn.Sequential([nn.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", "mse"], weighted_metrics=["mae"])
    logs = model.evaluate(A, Y1, sample_weight=w, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "mae", "mse", "weighted_mae"]  # as Keras's keys
    error = np.abs(model.predict(A, verbose=0) - Y1)[:, 0]
    assert logs["loss"] == pytest.approx(np.mean(w * error**2), rel=1e-5)
    assert logs["mae"] == pytest.approx(np.mean(error), rel=1e-5)
    assert logs["weighted_mae"] == pytest.approx(np.sum(w * error) / w.sum(), rel=1e-5)


def test_weights_of_several_outputs():
    w = np.arange(10.0).astype("float32")
    model = two_outputs()
    model.compile("sgd", LOSSES)

    def q_loss(sample_weight):
        given = {"verbose": 0, "return_dict": True, "sample_weight": sample_weight}
        return model.evaluate([A, B], [Y1, Y2], **given)["q_loss"]

    assert q_loss(w) == q_loss([w, w]) == q_loss({"p": w, "q": w})
    assert q_loss({"p": w}) == q_loss(None) != q_loss(w)
    with pytest.raises(DataError, match=r"does not name an output of the model. Got 'r'"):
        q_loss({"r": w})
    with pytest.raises(DataError, match=r"one array, or one for each output. Got 3 for 2"):
        q_loss([w, w, w])


def test_regularizers_and_added_losses_count():
    class Extra(layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(x) * 0 + 3.0)
            return x

    x = nn.Input((4,))
    h = layers.Dense(2, kernel_regularizer=nn.regularizers.L2(0.5), use_bias=False)(x)
    model = nn.Model(x, Extra()(h))
    model.compile("sgd", "mse")
    y = np.zeros((10, 2))
    loss = model.evaluate(A, y, verbose=0)
    penalty = 0.5 * np.sum(model.get_weights()[0] ** 2)
    expected = np.mean(model.predict(A, verbose=0) ** 2) + penalty + 3.0
    assert loss == pytest.approx(expected, rel=1e-5)
    assert model.losses[0].numpy() == pytest.approx(penalty, rel=1e-5)
    model.compile("sgd")  # the penalties alone are a loss too
    assert model.evaluate(A, verbose=0) == pytest.approx(penalty + 3.0, rel=1e-5)


def test_metrics_start_anew_each_epoch():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.0), "mse", metrics=["mae"])
    history = model.fit(A, Y1, epochs=3, shuffle=False, verbose=0).history
    assert history["loss"] == [history["loss"][0]] * 3
    assert history["mae"] == [history["mae"][0]] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": ["mse"]}, r"loss: one entry for each output. Got 1 for 2 outputs"),
        ({"loss": {"p": "mse", "r": "mse"}}, "loss: an output is unknown. Got 'p', 'r'; expected"),
        ({"loss": LOSSES, "loss_weights": [1]}, "loss_weights: one entry for each output"),
        ({"loss": LOSSES, "loss_weights": {"p": 1}}, "loss_weights: an output is missing"),
        ({"loss": LOSSES, "loss_weights": [1, "x"]}, "loss_weights must be a number"),
        ({"loss": LOSSES, "metrics": ["mae"]}, "metrics: one entry for each output"),
        ({"loss": LOSSES, "metrics": {"r": "mae"}}, "metrics: an output is unknown"),
    ],
)
def test_settings_must_fit_the_outputs(settings, message):
    model = two_outputs()
    model.compile("sgd", **settings)
    with pytest.raises(ArgumentError, match=message):
        model.fit([A, B], [Y1, Y2], verbose=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "msee"}, "unknown loss"),
        ({"optimizer": "adamm"}, "unknown optimizer"),
        (
            {"metrics": "accuracy"},
            r"metrics is a list or a dict. Got 'accuracy'[\s\S]*\['accuracy'\]",
        ),
        ({"weighted_metrics": "mae"}, "weighted_metrics is a list or a dict"),
        ({"steps_per_execution": 0}, "steps_per_execution is too small"),
    ],
)
def test_wrong_settings_are_refused_by_compile(settings, message):
    with pytest.raises(ArgumentError, match=message):
        nn.Sequential([layers.Dense(1)]).compile(**settings)


def test_losses_by_name_need_named_outputs():
    class Pair(nn.Model):
        def call(self, x):
            return x, x

    model = Pair()
    model.compile("sgd", {"a": "mse"})
    with pytest.raises(ArgumentError, match="loss by name needs a model with named outputs"):
        model.evaluate(A, A, verbose=0)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y1, "every output needs its target. Got 1 in y; expected 2: 'p', 'q'"),
        ([Y1, Y2, Y2], "every output needs its target. Got 3"),
        ({"p": Y1}, "y does not name the outputs of the model. Got 'p'; expected 'p', 'q'"),
        ({"p": Y1, "q": Y2, "r": Y2}, "y does not name the outputs"),
        (None, "the loss needs targets. Got y=None"),
    ],
)
def test_targets_must_fit_the_outputs(y, message):
    model = two_outputs()
    model.compile("sgd", LOSSES)
    with pytest.raises(DataError, match=message):
        model.fit([A, B], y, verbose=0)


def test_a_wrong_label_names_its_output():
    model = two_outputs()
    model.compile("sgd", LOSSES)
    with pytest.raises(DataError, match=r"in output 'q'\."):
        model.fit([A, B], [Y1, Y2 + 1], verbose=0)


@pytest.mark.parametrize(
    ("last", "loss", "message"),
    [
        ((1, None), "sparse_categorical_crossentropy", "needs a score for each class. Got an out"),
        ((1, "sigmoid"), "categorical_crossentropy", "needs a score for each class"),
        ((1, "softmax"), "binary_crossentropy", "a softmax over one unit is always 1"),
        ((1, "softmax"), "mse", "a softmax over one unit is always 1"),
        (
            (3, "softmax"),
            nn.losses.SparseCategoricalCrossentropy(from_logits=True),
            "takes scores, but the model ends in probabilities",
        ),
        (
            (1, "sigmoid"),
            nn.losses.BinaryCrossentropy(from_logits=True),
            "takes scores, but the model ends in probabilities",
        ),
    ],
)
def test_a_last_layer_that_cannot_work_is_refused(last, loss, message):
    units, activation = last
    model = nn.Sequential([nn.Input((4,)), layers.Dense(units, activation)])
    model.compile("sgd", loss)
    with pytest.raises(ArgumentError, match=message):
        model.fit(A, np.zeros(10, int), verbose=0)


def test_accuracy_is_chosen_by_the_outputs():
    y = np.arange(10) % 2
    for last, target in [
        (layers.Dense(1, "sigmoid"), y),
        (layers.Dense(2, "softmax"), y),
        (layers.Dense(2, "softmax"), np.eye(2)[y]),
    ]:
        model = nn.Sequential([nn.Input((4,)), last])
        model.compile("sgd", "mse" if last.units == 1 else None, metrics=["accuracy"])
        if last.units == 2:
            name = "categorical_crossentropy" if target.ndim == 2 else LOSSES[1]
            model.compile("sgd", name, metrics=["acc"])
        p = model.predict(A, verbose=0)
        guess = p.argmax(-1) if p.shape[1] == 2 else (p[:, 0] > 0.5)
        logs = model.evaluate(A, target, verbose=0)
        assert logs[1] == pytest.approx(np.mean(guess == y))


class Squares(nn.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.square(y_true - y_pred)


class Distance(nn.metrics.Metric):
    def __init__(self):
        super().__init__(name="distance")
        self.total = self.add_variable(name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(ops.abs(y_true - y_pred)))

    def result(self):
        return self.total.value


def squares(y_true, y_pred):
    return ops.square(y_true - y_pred)


@pytest.mark.parametrize("loss", [Squares(), Squares, squares])
@pytest.mark.parametrize("wide", ["targets", "outputs"])
def test_ones_own_losses_and_metrics_compare_each_sample_with_its_own_target(loss, wide):
    x = np.arange(5, dtype="float32")[:, None]
    outputs, y = (x, x[:, 0]) if wide == "outputs" else (x[:, 0], x)
    found = [nn.losses.get(loss)(y, outputs), nn.losses.get(loss)(y, outputs, np.ones(5))]
    found += [nn.metrics.get(m)(y, outputs) for m in (squares, Squares())]
    assert [v.item() for v in found] == [0, 0, 0, 0]
    reshape = layers.Lambda(lambda x: x if wide == "outputs" else x[:, 0])
    for eager in (False, True):
        model = nn.Sequential([nn.Input((1,)), reshape])
        metrics = [squares, Squares(), Distance()]
        weighted = [squares, Squares(), Distance()]
        model.compile("sgd", loss, metrics=metrics, weighted_metrics=weighted, run_eagerly=eager)
        assert model.evaluate(x, y, verbose=0) == [0.0] * 7
        assert model.evaluate(x, y, sample_weight=np.ones(5), verbose=0) == [0.0] * 7


def test_class_numbers_keep_their_shape_beside_a_single_column():
    y, p = np.zeros((2, 3, 1), "int32"), np.full((2, 4, 3, 1), 0.25, "float32")
    loss = nn.losses.SparseCategoricalCrossentropy(axis=1)
    assert loss(y, p).item() == pytest.approx(np.log(4))
    assert nn.metrics.get(loss)(y, p).item() == pytest.approx(np.log(4))
