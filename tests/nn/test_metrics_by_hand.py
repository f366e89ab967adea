"""Metrics: numbers worked by hand, choice by name and shape, custom metrics, messages."""

import numpy as np
import pytest

import neurona as nn
from neurona import losses, metrics
from neurona.errors import ArgumentError, NeuronaError, ShapeError, StateError
from neurona.nn.description import describe, rebuild


def test_mean_and_sum():
    mean, total = metrics.Mean(), metrics.Sum()
    for m in (mean, total):
        m.update_state([1.0, 3.0])
        m.update_state(8.0)
        m.update_state([2.0, 4.0], sample_weight=[1.0, 0.5])
    assert mean.result().item() == pytest.approx((1 + 3 + 8 + 2 + 2) / 4.5)
    assert total.result().item() == 16.0
    mean.reset_state()
    assert mean.result().item() == 0.0
    mean.update_state([[1.0, 2.0], [3.0, 6.0]], sample_weight=[1.0, 0.0])
    assert mean.result().item() == 1.5
    mean.update_state([[1.0, 2.0], [3.0, 6.0]], sample_weight=[[0.0, 1.0], [0.0, 1.0]])
    assert mean.result().item() == pytest.approx((1.5 + 1 + 3) / 2)
    total.reset_state()
    total.update_state([[1.0, 2.0], [3.0, 6.0]], sample_weight=[[1.0], [0.5]])
    assert total.result().item() == 7.5
    with pytest.raises(ShapeError, match="one weight for each sample"):
        mean.update_state([1.0, 2.0], sample_weight=[1.0, 2.0, 3.0])


def test_counts_by_hand():
    y, p = [0, 1, 1, 1], [0.9, 0.1, 0.8, 0.7]
    assert metrics.TruePositives()(y, p).item() == 2
    assert metrics.FalsePositives()(y, p).item() == 1
    assert metrics.FalseNegatives()(y, p).item() == 1
    assert metrics.TrueNegatives()(y, p).item() == 0
    assert metrics.Precision()(y, p).item() == pytest.approx(2 / 3)
    assert metrics.Precision(thresholds=[0.75, 1.0])(y, p).tolist() == [0.5, 0.0]
    assert metrics.Recall(thresholds=0.75)(y, p).item() == pytest.approx(1 / 3)
    assert metrics.Recall(thresholds=[0.75])(y, p).shape == ()
    # the one at the threshold is no
    assert metrics.TruePositives(thresholds=0.5)([1, 1], [0.5, 0.6]).item() == 1
    assert metrics.BinaryAccuracy()([1, 1], [0.5, 0.6]).item() == 0.5
    # weights for each label
    m = metrics.Recall()
    m.update_state([[1, 1], [1, 0]], [[0.9, 0.1], [0.8, 0.2]], [[1.0, 3.0], [2.0, 9.0]])
    assert m.result().item() == pytest.approx(3 / 6)


def test_ties_at_the_top():
    assert metrics.sparse_top_k_categorical_accuracy([0, 2], np.ones((2, 3)), k=1).tolist() == [
        1,
        1,
    ]
    m = metrics.Precision(top_k=1)
    m.update_state([[0, 1, 0]], [[0.2, 0.2, 0.1]])
    assert m.result().item() == 0.0  # the first of equals is the one


@pytest.mark.parametrize("engine", ["eager", "reference", "native"])
def test_nan_is_never_right(engine):
    nan = float("nan")
    p = np.float32([[nan, nan], [0.7, nan], [0.7, 0.3]])
    for metric in (
        lambda y, p: metrics.sparse_top_k_categorical_accuracy(y, p, 1),
        lambda y, p: metrics.binary_accuracy(y, p[:, 1]),
    ):
        f = metric if engine == "eager" else nn.jit(metric, engine=engine)
        assert f(nn.tensor(np.zeros(3, "int32")), nn.tensor(p)).tolist() == [0, 0, 1]


def test_the_top_of_very_low_scores():
    m = metrics.Recall(top_k=1)
    m.update_state([[0, 1, 0]], [[-3e12, -2e12, -np.inf]])
    assert m.result().item() == 1.0


def test_accuracy_of_sequences():
    y, p = np.array([[0, 1], [1, 1]]), np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.1, 0.9]] * 2])
    assert metrics.sparse_categorical_accuracy(y, p).tolist() == [[1, 0], [1, 1]]
    m = metrics.SparseCategoricalAccuracy()
    m.update_state(y, p, sample_weight=[[1.0, 0.0], [1.0, 0.0]])
    assert m.result().item() == 1.0
    m.reset_state()
    m.update_state(y[..., None], p)
    assert m.result().item() == 0.75
    assert metrics.top_k_categorical_accuracy(np.eye(2)[y], p, k=1).tolist() == [[1, 0], [1, 1]]
    assert metrics.binary_accuracy([True, False], [0.9, 0.8]).tolist() == [1, 0]


def test_auc_of_a_perfect_and_a_blind_model():
    for curve in ("ROC", "PR"):
        assert metrics.AUC(curve=curve)([0, 0, 1], [0.1, 0.2, 0.9]).item() == pytest.approx(1)
    assert metrics.AUC()([0, 1, 0, 1], [0.5] * 4).item() == pytest.approx(0.5)
    assert metrics.AUC()([0, 1], [0.9, 0.1]).item() == pytest.approx(0)
    assert metrics.AUC(thresholds=[0.5])([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]).item() == (
        pytest.approx(0.75)
    )
    # scores outside of [0, 1] are clipped
    assert metrics.AUC()([0, 1], [-3.0, 7.0]).item() == pytest.approx(1)


def test_confusion_matrix_leaves_out_what_is_out_of_range():
    m = metrics.ConfusionMatrix(2)
    m.update_state([0, 1, 5, -1, 1], [1, 1, 0, 0, 2])
    assert m.result().tolist() == [[0, 1], [0, 1]]
    m = metrics.ConfusionMatrix(3)
    m.update_state(np.array([[0, 1], [2, 2]]), np.array([[0, 1], [2, 0]]), [1.0, 0.5])
    assert m.result().tolist() == [[1, 0, 0], [0, 1, 0], [0.5, 0, 0.5]]


def test_degenerate_regression():
    assert metrics.R2Score()([[1.0], [1.0]], [[2.0], [1.0]]).item() == 0.0
    assert metrics.R2Score()([1.0, 4.0, 3.0], [[2.0], [4.0], [4.0]]).item() == (
        pytest.approx(1 - 2 / (14 / 3))
    )
    few = metrics.R2Score(num_regressors=5)([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    assert few.item() == pytest.approx(1 - 2 / (14 / 3))
    assert metrics.PearsonCorrelation()([[1.0, 1.0]], [[2.0, 3.0]]).item() == 0.0
    assert metrics.RootMeanSquaredError()([0.0, 0.0], [3.0, 4.0]).item() == (
        pytest.approx(np.sqrt(12.5))
    )


def test_perplexity_of_a_uniform_model_is_its_vocabulary():
    assert metrics.Perplexity()([3, 1], np.full((2, 7), 1 / 7)).item() == pytest.approx(7)
    p = np.full((1, 3, 4), 0.25)
    p[0, 2] = [0.97, 0.01, 0.01, 0.01]
    assert metrics.Perplexity(ignore_class=0)([[1, 2, 0]], p).item() == pytest.approx(4)
    with_weight = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    with_weight.update_state([[1, 2, 0]], p, sample_weight=[[0.0, 1.0, 1.0]])
    assert with_weight.result().item() == pytest.approx(np.log(4))


def test_known_logits_are_used():
    p = nn.activations.softmax(nn.tensor([[1e3, -1e3]]))
    assert metrics.SparseCategoricalCrossentropy()([1], p).item() == 2e3
    p = nn.activations.sigmoid(nn.tensor([[-1e3]]))
    assert metrics.BinaryCrossentropy()([[1]], p).item() == 1e3


@pytest.mark.parametrize(
    ("y_shape", "p_shape", "cls"),
    [
        ((None,), (None, 1), "BinaryAccuracy"),
        ((None, 1), (None, 1), "BinaryAccuracy"),
        ((None,), (None, 3), "SparseCategoricalAccuracy"),
        ((None, 1), (None, 3), "SparseCategoricalAccuracy"),
        ((None, 3), (None, 3), "CategoricalAccuracy"),
        ((None, 5), (None, 5, 3), "SparseCategoricalAccuracy"),
        ((None, 5, 1), (None, 5, 3), "SparseCategoricalAccuracy"),
        ((None, 5, 1), (None, 5, 1), "BinaryAccuracy"),
        ((None, 5, 3), (None, 5, 3), "CategoricalAccuracy"),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_is_chosen_from_shapes_as_in_keras(y_shape, p_shape, cls, name):
    metric = metrics.get(name, y_shape, p_shape)
    assert type(metric).__name__ == cls
    assert metric.name == name


def test_crossentropy_is_chosen_from_shapes():
    metric = metrics.get("ce", (None,), (None, 2))
    assert metric.name == "ce"
    assert metric([1], [[0.5, 0.5]]).item() == pytest.approx(np.log(2))
    assert metrics.get("crossentropy")([[1]], [[0.25]]).item() == pytest.approx(np.log(4))


def test_names():
    for name, cls in {
        "mse": "MeanSquaredError", "MSE": "MeanSquaredError", "mae": "MeanAbsoluteError",
        "rmse": "RootMeanSquaredError", "mape": "MeanAbsolutePercentageError",
        "MSLE": "MeanSquaredLogarithmicError", "bce": "BinaryCrossentropy", "auc": "AUC",
        "AUC": "AUC", "precision": "Precision", "recall": "Recall", "f1_score": "F1Score",
        "fbeta_score": None, "r2_score": "R2Score", "Accuracy": "Accuracy",
        "true_positives": "TruePositives", "mean": "Mean", "log_cosh_error": "LogCoshError",
        "kl_divergence": "KLDivergence", "perplexity": "Perplexity", "hinge": "Hinge",
        "root_mean_squared_error": "RootMeanSquaredError", "binary_io_u": "BinaryIoU",
    }.items():  # fmt: skip
        if cls:
            assert type(metrics.get(name)).__name__ == cls
    assert metrics.get("mse").name == "mean_squared_error"
    assert metrics.get("mse", (None, 1), (None, 1)).name == "mse"
    huber = metrics.get("huber")
    assert (huber.name, huber([[0.0]], [[3.0]]).item()) == ("huber", 2.5)
    huber = metrics.get(losses.Huber(2.0))
    assert (huber.name, huber([[0.0]], [[3.0]]).item()) == ("huber_loss", 4.0)
    assert metrics.get(losses.Huber)([[0.0]], [[3.0]]).item() == 2.5
    assert metrics.get(metrics.mean_absolute_error).name == "mean_absolute_error"
    recall = metrics.Recall()
    assert metrics.get(recall) is recall
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)


def test_automatic_names_differ():
    first, second = metrics.FalsePositives(), metrics.FalsePositives()
    assert first.name.startswith("false_positives")
    assert first.name != second.name
    assert rebuild(describe(second)).name == second.name
    assert first.true_positives.path == f"{first.name}/true_positives"


def test_a_custom_metric():
    class LargestError(metrics.Metric):
        def __init__(self, name="largest_error", dtype=None):
            super().__init__(name=name, dtype=dtype)
            self.largest = self.add_weight(shape=(), initializer="zeros", name="largest")
            self.seen = self.add_variable((), "zeros", "int32", name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = nn.ops.max(nn.ops.abs(nn.ops.reshape(y_true, (-1, 1)) - y_pred))
            self.largest.assign(nn.ops.maximum(self.largest, error))
            self.seen.assign_add(y_pred.shape[0])

        def result(self):
            return self.largest.value

    m = LargestError()
    m.update_state(nn.tensor([1.0]), nn.tensor([[3.0]]))
    assert m(nn.tensor([1.0]), nn.tensor([[0.0]])).item() == 2.0
    assert m.seen.item() == 2
    assert len(m.variables) == 2
    m.reset_state()
    assert (m.result().item(), m.seen.item()) == (0.0, 0)
    model = nn.Sequential([nn.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=[m, "mae"])
    x, y = np.ones((4, 2), "float32"), np.float32([1, 2, 3, -4])
    assert model.evaluate(x, y, batch_size=2, verbose=0, return_dict=True) == {
        "loss": 7.5, "largest_error": 4.0, "mae": 2.5
    }  # fmt: skip


def test_metrics_in_fit_are_those_of_evaluate():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    y = np.eye(3, dtype="float32")[x.argmax(-1)]
    every = [
        "accuracy", "ce", "mse", metrics.F1Score("macro"), metrics.AUC(multi_label=True),
        metrics.R2Score(), metrics.ConfusionMatrix(3), metrics.OneHotMeanIoU(3, name="iou"),
        metrics.Precision(class_id=1, name="precision"), metrics.TopKCategoricalAccuracy(2),
    ]  # fmt: skip
    model = nn.Sequential([nn.layers.Dense(3, activation="softmax")])
    model.compile(nn.optimizers.SGD(0.0), "categorical_crossentropy", metrics=every)
    trained = {k: v[-1] for k, v in model.fit(x, y, batch_size=16, verbose=0).history.items()}
    tested = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    assert set(trained) == set(tested)
    for name, value in tested.items():
        np.testing.assert_allclose(trained[name], value, rtol=1e-5, err_msg=name)
    assert tested["loss"] == pytest.approx(tested["ce"])
    assert np.sum(tested["confusion_matrix"]) == 40
    assert np.trace(tested["confusion_matrix"]) / 40 == pytest.approx(tested["accuracy"])


def test_totals_made_within_a_trace_would_be_lost():
    metric = metrics.F1Score()

    def update(y, p):
        metric.update_state(y, p)
        return metric.result()

    with pytest.raises(StateError) as error:
        nn.jit(update)(np.eye(2), np.eye(2))
    assert str(error.value) == (
        "f1_score: its totals must exist before a function that updates it is traced.\n"
        "try: metric.prepare(y_true.shape, y_pred.shape) first"
    )
    assert metric.variables == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.get("precison"), "did you mean 'precision'?"),
        (lambda: metrics.get("acuracy"), "did you mean 'accuracy'?"),
        (lambda: metrics.get(5), "a metric is a name, a Metric or a function"),
        (lambda: metrics.get("mean_io_u"), "try: give the metric itself: metrics=[MeanIoU(...)]"),
        (lambda: metrics.Precision(thresholds=1.5), "thresholds is out of range. Got 1.5"),
        (lambda: metrics.Recall(top_k=0), "top_k is too small. Got 0"),
        (lambda: metrics.Recall(class_id=-1), "class_id is too small. Got -1"),
        (lambda: metrics.Recall(class_id=3)(np.eye(3), np.eye(3)), "there is no class 3. Got y_p"),
        (
            lambda: metrics.Precision(name="p")([0, 1, 2], np.eye(3)),
            "p: one label for each prediction. Got y_true (3,), y_pred (3, 3).\n"
            "try: for class numbers use one-hot labels, and class_id to look at one class",
        ),
        (lambda: metrics.AUC(curve="roc"), "unknown curve. Got 'roc'; expected one of PR, PRGAIN"),
        (lambda: metrics.AUC(summation_method="x"), "unknown summation_method."),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds is too small. Got 1"),
        (lambda: metrics.AUC(thresholds=[2.0]), "thresholds is out of range."),
        (lambda: metrics.AUC(num_labels=3), "num_labels needs multi_label=True. Got num_labels=3"),
        (
            lambda: metrics.AUC(multi_label=True)([1, 0], [0.1, 0.2]),
            "multi_label needs (samples, labels). Got y_pred (2,)",
        ),
        (lambda: metrics.F1Score(average="mean"), "unknown average. Got 'mean'; expected None, "),
        (lambda: metrics.F1Score(threshold=0), "threshold is out of range. Got 0; expected above"),
        (lambda: metrics.FBetaScore(beta=0), "beta is out of range. Got 0"),
        (
            lambda: metrics.F1Score()([0, 1, 1], np.eye(3)),
            "f1_score: labels and scores are (samples, classes). Got y_true (3,), y_pred (3, 3).\n"
            "try: one-hot labels: nn.utils.to_categorical(y)",
        ),
        (lambda: metrics.SensitivityAtSpecificity(2), "specificity is out of range. Got 2"),
        (lambda: metrics.SpecificityAtSensitivity(-1), "sensitivity is out of range. Got -1"),
        (lambda: metrics.PrecisionAtRecall(0.5, 0), "num_thresholds is too small. Got 0"),
        (lambda: metrics.RecallAtPrecision(3), "precision is out of range. Got 3"),
        (lambda: metrics.TopKCategoricalAccuracy(0), "k is too small. Got 0"),
        (lambda: metrics.ConfusionMatrix(1), "num_classes is too small. Got 1; expected 2 or more"),
        (
            lambda: metrics.ConfusionMatrix(3)([0, 1], np.eye(3)),
            "a confusion matrix pairs each label with one prediction. Got y_true (2,), y_pred (3,)",
        ),
        (
            lambda: metrics.IoU(3, [3]),
            "target_class_ids is out of range. Got [3]; expected classes from 0 to 2.",
        ),
        (lambda: metrics.R2Score(class_aggregation="x"), "unknown class_aggregation. Got 'x'"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors is too small."),
        (
            lambda: metrics.R2Score()([1.0], [1.0]),
            "r2_score: targets and predictions are (samples, outputs). Got y_true (1,), y_pred",
        ),
        (
            lambda: metrics.Accuracy()([1, 2, 3], [1, 2]),
            "accuracy: one label for each prediction. Got y_true (3,), y_pred (2,)",
        ),
        (
            lambda: metrics.SparseCategoricalAccuracy()(np.eye(3), np.eye(3)),
            "sparse_categorical_accuracy: the labels are class numbers. Got y_true (3, 3)",
        ),
        (
            lambda: metrics.RootMeanSquaredError()([[1.0, 2.0]], [[1.0]]),
            "squared_difference: one target for each output. Got y_true (1, 2), y_pred (1, 1)",
        ),
        (lambda: metrics.Metric().update_state(1, 2), "Metric has no update_state"),
        (lambda: metrics.Metric().result(), "Metric has no result"),
    ],
)
def test_messages(make, message):
    with pytest.raises((NeuronaError, NotImplementedError)) as error:
        make()
    assert message in str(error.value)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ArgumentError, match=r"unknown metric. Got 'x'; expected one of acc, .*auc"):
        metrics.get("x")
