"""Losses: values by hand and by formula, reductions, weights, names, saving, messages."""

import json

import numpy as np
import pytest

import neurona as nn
from neurona import losses
from neurona.errors import ArgumentError, NeuronaError, ShapeError
from neurona.nn.description import describe, rebuild
from neurona.nn.losses.loss import reduce_weighted
from tests.tolerances import LOSS, assert_engines_agree

from .loss_cases import CASES, CLASSES, IDS, ROWS


def test_every_loss_has_a_case():
    assert set(CASES) | {"FunctionLoss"} == set(CLASSES)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_value_is_the_formula(name, case):
    loss = CLASSES[name](**case.arguments, reduction="none")
    expected = case.formula(case.y, case.p)
    np.testing.assert_allclose(loss(case.y, case.p).numpy(), expected, rtol=1e-6, atol=1e-7)
    single = loss(case.y.astype("float32"), case.p.astype("float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single.numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_reductions_and_weights(name, case):
    values = case.formula(case.y, case.p)
    weight = np.array([0.5, 0.0, 2.0, 1.0])
    expected = {
        "sum_over_batch_size": (values.mean(), (values * weight).mean()),
        "mean": (values.mean(), (values * weight).mean()),
        "sum": (values.sum(), (values * weight).sum()),
        "mean_with_sample_weight": (values.mean(), (values * weight).sum() / 3.5),
        "none": (values, values * weight),
        None: (values, values * weight),
    }
    for reduction, (plain, weighted) in expected.items():
        loss = CLASSES[name](**case.arguments, reduction=reduction)
        np.testing.assert_allclose(loss(case.y, case.p).numpy(), plain, rtol=1e-6, atol=1e-7)
        for w in (weight, weight[:, None], weight.tolist()):
            found = loss(case.y, case.p, sample_weight=w).numpy()
            np.testing.assert_allclose(found, weighted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_traced_is_eager(name, case):
    loss = CLASSES[name](**case.arguments)
    weight = np.array([0.5, 0.0, 2.0, 1.0])
    traced = nn.jit(lambda y, p, w: loss(y, p, w))
    got, want = traced(case.y, case.p, weight), loss(case.y, case.p, weight)
    assert_engines_agree(got.numpy(), want.numpy(), LOSS)


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_describe_and_rebuild(name, case):
    loss = CLASSES[name](**case.arguments, reduction="sum", name="mine")
    again = rebuild(json.loads(json.dumps(describe(loss))))
    assert type(again) is type(loss)
    assert again.name == "mine"
    assert again(case.y, case.p).item() == loss(case.y, case.p).item()


@pytest.mark.parametrize("name", sorted(set(CASES) - {"Crossentropy"}))
def test_a_class_is_its_function(name):
    loss = CLASSES[name]()
    function = next(f for f, cls in losses_by_function().items() if cls is CLASSES[name])
    case = CASES[name][0]
    values = function(case.y, case.p).numpy()
    assert values.mean() == pytest.approx(loss(case.y, case.p).item())
    assert function.__name__ in nn.losses.__all__
    assert type(losses.get(function)) is CLASSES[name]


def losses_by_function():
    from neurona.nn.losses.names import FUNCTIONS

    return FUNCTIONS


def test_by_hand():
    y, p = [[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]
    assert losses.MeanSquaredError()(y, p).item() == 0.5
    assert losses.MeanSquaredError()(y, p, sample_weight=[0.7, 0.3]).item() == pytest.approx(0.25)
    assert losses.MeanAbsoluteError(reduction="sum")(y, p).item() == 1.0
    assert losses.Huber()([[0.0, 0.0]], [[0.5, 3.0]]).item() == pytest.approx((0.125 + 2.5) / 2)
    assert losses.Hinge()([[-1.0, 1.0]], [[0.6, 0.4]]).item() == pytest.approx(1.1)
    assert losses.LogCosh()([[0.0]], [[1e4]]).item() == pytest.approx(1e4 - np.log(2))
    # -ln of 0.95 and 0.1
    p = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
    expected = (0.0512933 + 2.3025851) / 2
    assert losses.SparseCategoricalCrossentropy()([1, 2], p).item() == pytest.approx(expected)
    one_hot = [[0, 1, 0], [0, 0, 1]]
    assert losses.CategoricalCrossentropy()(one_hot, p).item() == pytest.approx(expected)


def test_targets_of_one_axis_meet_outputs_of_two():
    y, p = np.array([1.0, 2.0, 4.0]), np.array([[1.0], [1.0], [1.0]])
    assert losses.MeanSquaredError()(y, p).item() == pytest.approx(10 / 3)
    assert losses.MeanSquaredError()(p, y).item() == pytest.approx(10 / 3)
    assert losses.mean_squared_error(y, p).shape == (3,)
    assert losses.mean_squared_error(y[None, :, None], p.T).shape == (1,)
    assert losses.BinaryCrossentropy()([1, 0], [[0.5], [0.5]]).item() == pytest.approx(np.log(2))


def test_broadcasting_targets_is_an_error():
    with pytest.raises(ShapeError) as error:
        losses.MeanSquaredError()(np.zeros((4, 1)), np.zeros((4, 3)))
    assert str(error.value) == (
        "mean_squared_error: one target for each output. Got y_true (4, 1), y_pred (4, 3); "
        "expected y_true (4, 3)."
    )


def test_weights_for_elements_of_a_sequence():
    y, p = np.zeros((2, 3, 1)), np.arange(6.0).reshape(2, 3, 1)  # squared 0 1 4, 9 16 25
    w = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]])
    assert losses.MeanSquaredError()(y, p, w).item() == pytest.approx((2 + 32) / 6)
    assert losses.MeanSquaredError()(y, p, w[..., None]).item() == pytest.approx((2 + 32) / 6)
    assert losses.MeanSquaredError()(y, p, [1.0, 0.0]).item() == pytest.approx(5 / 6)
    assert losses.MeanSquaredError()(y, p, [[1.0], [0.0]]).item() == pytest.approx(5 / 6)
    assert losses.MeanSquaredError()(y, p, 2.0).item() == pytest.approx(110 / 6)
    mean = losses.MeanSquaredError(reduction="mean_with_sample_weight")
    assert mean(y, p, w).item() == pytest.approx(34 / 3.5)
    assert mean(y, p, [[1.0], [0.0]]).item() == pytest.approx(5 / 3)
    assert mean(y, p, np.zeros(2)).item() == 0.0
    assert mean(y, p, np.full(2, 1e-9)).item() == pytest.approx(55 / 6)
    with pytest.raises(ShapeError, match=r"one weight for each sample.* Got \(3,\) for values \(2"):
        losses.MeanSquaredError()(y, p, [1.0, 2.0, 3.0])


def test_overlap_of_a_batch_of_images_or_of_each():
    y = [[[1.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]]
    p = [[[0.0, 1.0], [0.0, 1.0]], [[0.4, 0.0], [0.0, 0.9]]]
    together = 1 - 2 * 1.4 / (4 + 3.3)
    assert losses.Dice()(y, p).item() == pytest.approx(together)
    each = losses.Dice(axis=(1, 2), reduction="none")
    np.testing.assert_allclose(each(y, p).numpy(), [0.5, 1 - 0.8 / 3.3], rtol=1e-6)
    assert losses.Tversky()(y, p).item() == pytest.approx(together)
    assert losses.Dice()(np.zeros((2, 3)), np.zeros((2, 3))).item() == 1.0  # as in Keras
    with pytest.raises(
        ShapeError, match=r"one weight for each sample.* Got \(2,\) for values \(\)"
    ):
        losses.Dice()(y, p, sample_weight=[1.0, 2.0])


def test_samples_without_a_partner_or_a_stranger_leave_the_mean_of_a_circle_loss():
    p = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    loss = losses.Circle(gamma=2.0)
    values = losses.circle([0, 0, 1], p, gamma=2.0).numpy()
    assert values[2] == 0.0
    assert loss([0, 0, 1], p).item() == pytest.approx(values[:2].mean())
    assert loss([0, 1, 2], p).item() == 0.0
    assert loss([5, 5, 5], p).item() == 0.0
    for labels in ([0, 0, 1], [0, 1, 2], [5, 5, 5]):
        assert np.isfinite(nn.grad(lambda p, y=labels: loss(y, p))(p).numpy()).all()
    others = losses.circle([0], p[:1], [0, 1], p[1:], remove_diagonal=False, gamma=2.0)
    near, far = np.exp(2 * (0.2 + 0.4) * (0.2 - 0.4)), np.exp(2 * 0.4 * -0.4)
    assert others.tolist() == pytest.approx([np.log1p(near * far)])
    with pytest.raises(ShapeError, match=r"embeddings are vectors. Got \(1, 2, 2\)"):
        losses.circle([0], np.ones((1, 2, 2)))
    with pytest.raises(ShapeError, match=r"one class number for each of ref_embeddings"):
        losses.circle([0], p[:1], [0, 1, 1], p[1:])


def test_ignored_labels_leave_the_mean():
    y = np.array([[0, -1, 1], [1, -1, -1]])
    p = np.full((2, 3, 2), 0.5)
    p[1, 0] = [0.75, 0.25]
    two, four = np.log(2), np.log(4)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    assert loss(y, p).item() == pytest.approx((2 * two + four) / 3)
    assert loss(y[..., None], p).item() == pytest.approx((2 * two + four) / 3)
    assert loss(y, p, [1.0, 0.5]).item() == pytest.approx((2 * two + 0.5 * four) / 3)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction="sum")
    assert loss(y, p).item() == pytest.approx(2 * two + four)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction="none")
    np.testing.assert_allclose(loss(y, p).numpy(), [[two, 0, two], [four, 0, 0]], rtol=1e-6)
    loss = losses.SparseCategoricalCrossentropy(
        ignore_class=-1, reduction="mean_with_sample_weight"
    )
    assert loss(y, p, [1.0, 0.5]).item() == pytest.approx((2 * two + 0.5 * four) / 2.5)
    nothing = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    assert nothing(np.full((2, 3), -1), p).item() == 0.0


@pytest.mark.parametrize("known", [True, False])
def test_classes_on_another_axis(known):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    y = np.array([[0, 2, 1, 1], [2, 2, 0, 1]])
    p = nn.activations.softmax(x, axis=1)
    p = p if known else p.numpy()
    log_p = np.log(np.exp(x) / np.exp(x).sum(1, keepdims=True))
    expected = -np.take_along_axis(log_p, y[:, None], 1)[:, 0]
    one_hot = np.moveaxis(np.eye(3)[y], -1, 1)
    for found in (
        losses.sparse_categorical_crossentropy(y, p, axis=1),
        losses.sparse_categorical_crossentropy(y[:, None], p, axis=1),
        losses.categorical_crossentropy(one_hot, p, axis=1),
        losses.sparse_categorical_crossentropy(y, x, from_logits=True, axis=1),
        losses.categorical_crossentropy(one_hot, x, from_logits=True, axis=-2),
    ):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    focal = losses.categorical_focal_crossentropy(one_hot, p, axis=1).numpy()
    np.testing.assert_allclose(focal, 0.25 * (1 - np.exp(-expected)) ** 2 * expected, rtol=1e-6)


def test_probabilities_of_unknown_origin_are_clipped():
    p = np.array([[0.0, 1.0]], "float32")
    assert losses.categorical_crossentropy([[1, 0]], p).item() == pytest.approx(-np.log(1e-7))
    assert losses.sparse_categorical_crossentropy([0], p).item() == pytest.approx(-np.log(1e-7))
    assert losses.binary_crossentropy([[1]], p[:, :1]).item() == pytest.approx(-np.log(1e-7))


def test_logits_count_only_for_the_loss_that_undoes_them():
    x = np.array([[2.0, -1.0, 0.5]])
    p = nn.activations.softmax(x)
    y = np.array([[1.0, 0.0, 0.0]])
    plain = p.numpy()
    # a softmax is no sigmoid, and another axis is another softmax
    for loss in (losses.binary_crossentropy, losses.binary_focal_crossentropy):
        np.testing.assert_allclose(loss(y, p).numpy(), loss(y, plain).numpy(), rtol=1e-12)
    q = nn.activations.sigmoid(x)
    for loss in (losses.categorical_crossentropy, losses.categorical_focal_crossentropy):
        np.testing.assert_allclose(loss(y, q).numpy(), loss(y, q.numpy()).numpy(), rtol=1e-12)
        np.testing.assert_allclose(
            loss(y, p, axis=0).numpy(), loss(y, plain, axis=0).numpy(), rtol=1e-12
        )


def test_logits_survive_a_change_of_type_and_rank():
    x = nn.tensor([[1e4], [-1e4]], "float32")
    loss = losses.BinaryCrossentropy(reduction="none", dtype="float64")
    p = nn.activations.sigmoid(x)
    assert loss([0.0, 1.0], p).tolist() == [1e4, 1e4]
    assert loss([0.0, 1.0], p).dtype == np.float64
    assert loss([[[0.0], [1.0]]], nn.activations.sigmoid(nn.tensor([[[[1e4]], [[-1e4]]]]))).tolist()


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy, losses.CategoricalCrossentropy,
        losses.CategoricalFocalCrossentropy,
    ],
)  # fmt: skip
def test_logits_twice_is_an_error(activation, loss):
    p = nn.activations.get(activation)(nn.tensor([[1.0, 2.0]]))
    with pytest.raises(ArgumentError) as error:
        loss(from_logits=True)([[0.0, 1.0]], p)
    message = str(error.value)
    assert f"from_logits=True, but the prediction has gone through a {activation}" in message
    assert (
        f"try: keep the {activation} and say from_logits=False, or remove the {activation} from "
        "the model" in message
    )


def test_names():
    for name, cls in {
        "mse": "MeanSquaredError", "MSE": "MeanSquaredError", "mae": "MeanAbsoluteError",
        "MAE": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
        "MAPE": "MeanAbsolutePercentageError", "msle": "MeanSquaredLogarithmicError",
        "MSLE": "MeanSquaredLogarithmicError", "bce": "BinaryCrossentropy",
        "BCE": "BinaryCrossentropy", "kld": "KLDivergence", "KLD": "KLDivergence",
        "kullback_leibler_divergence": "KLDivergence", "logcosh": "LogCosh", "huber": "Huber",
        "crossentropy": "Crossentropy", "ce": "Crossentropy", "poisson": "Poisson",
    }.items():  # fmt: skip
        assert type(losses.get(name)).__name__ == cls
    for cls in CASES:
        assert type(losses.get(cls)).__name__ == cls
        assert type(losses.get(CLASSES[cls])).__name__ == cls
    assert losses.get(None) is None
    loss = losses.Huber(2.0)
    assert losses.get(loss) is loss


def test_a_function_is_a_loss():
    def distance(y, p):
        return nn.ops.abs(y - p)

    loss = losses.get(distance)
    assert isinstance(loss, losses.FunctionLoss)
    assert loss.name == "distance"
    assert loss([1.0, 2.0], [[2.0], [5.0]]).item() == 2.0
    again = rebuild(describe(loss), {"distance": distance})
    assert again([1.0, 2.0], [2.0, 5.0]).item() == 2.0


def test_a_subclass_needs_call_alone():
    class Cubic(losses.Loss):
        def __init__(self, factor=1.0, name="cubic"):
            super().__init__(name)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * nn.ops.mean(nn.ops.abs(y_true - y_pred) ** 3, axis=-1)

    assert Cubic(2.0)([[1.0]], [[3.0]]).item() == 16.0
    assert rebuild(describe(Cubic(2.0)), {"Cubic": Cubic}).factor == 2.0
    assert repr(Cubic(2.0)) == "Cubic(factor=2.0)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.get("mean_square_error"), "did you mean 'mean_squared_error'?"),
        (lambda: losses.get(3), "a loss is a name, a Loss or a function"),
        (lambda: losses.MeanSquaredError(reduction="average"), "unknown reduction."),
        (lambda: losses.Huber(delta=0), "delta is out of range. Got 0"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2), "label_smoothing is out of range."),
        (lambda: losses.CategoricalCrossentropy(label_smoothing=-1), "label_smoothing is out"),
        (lambda: losses.BinaryFocalCrossentropy(alpha=2), "alpha is out of range."),
        (lambda: losses.CategoricalFocalCrossentropy(gamma=-1), "gamma is out of range."),
        (
            lambda: losses.SparseCategoricalCrossentropy()(np.eye(3), np.eye(3)),
            "the labels are class numbers. Got y_true (3, 3), y_pred (3, 3); expected y_true (3,)."
            "\ntry: for one-hot labels use 'categorical_crossentropy'",
        ),
        (
            lambda: losses.CategoricalCrossentropy()([0, 1, 2], np.eye(3)),
            "the targets are one-hot. Got y_true (3,), y_pred (3, 3); expected y_true (3, 3).\n"
            "try: for class numbers use loss='sparse_categorical_crossentropy'",
        ),
        (lambda: losses.Loss()([1.0], [1.0]), "Loss has no call"),
    ],
)
def test_messages(make, message):
    with pytest.raises((NeuronaError, NotImplementedError)) as error:
        make()
    assert message in str(error.value)


def test_reduce_weighted_leaves_a_scalar_alone():
    assert reduce_weighted(nn.tensor(2.0), None, "sum_over_batch_size").item() == 2.0
    assert reduce_weighted(nn.tensor([1.0, 3.0]), [1.0, 0.0], "mean").item() == 0.5
