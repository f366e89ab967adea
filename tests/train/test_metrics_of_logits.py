"""A loss with from_logits=True says what outputs are, to every metric of the model."""

from functools import partial

import numpy as np
import pytest

import neurona as nn
from neurona import losses, metrics

R = np.random.default_rng(3)
SCORES = (R.normal(size=(40, 1)) - 0.3).astype("float32")
YES = (SCORES + R.normal(size=(40, 1)) > 0).astype("float32")
MANY = R.normal(size=(40, 3)).astype("float32")
LABELS = R.integers(0, 3, 40)
ONE_HOT = np.eye(3, dtype="float32")[LABELS]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def named(metric):
    """Return what a metric is called: the same in each process, as an address is not."""
    return getattr(metric, "__name__", str(metric))


def evaluated(loss, metric, x, y, eager=False, weighted=False):
    """Return a metric of a model that gives its input out."""
    model = nn.Sequential([nn.Input(x.shape[1:]), nn.layers.Activation("linear")])
    kinds = {"weighted_metrics" if weighted else "metrics": [metric]}
    model.compile("sgd", loss, run_eagerly=eager, **kinds)
    return model.evaluate(x, y, batch_size=16, verbose=0)[1]


BINARY = {
    "accuracy": metrics.BinaryAccuracy(),
    "binary_accuracy": metrics.BinaryAccuracy(),
    "bce": metrics.BinaryCrossentropy(),
    "ce": metrics.BinaryCrossentropy(),
    "auc": metrics.AUC(),
    "precision": metrics.Precision(),
    "recall": metrics.Recall(),
    "true_positives": metrics.TruePositives(),
    "false_negatives": metrics.FalseNegatives(),
    "f1_score": metrics.F1Score(threshold=0.5),
    metrics.F1Score: metrics.F1Score(threshold=0.5),
    metrics.F1Score(threshold=0.7): metrics.F1Score(threshold=0.7),
    metrics.FalsePositives(thresholds=[0.2, 0.7]): metrics.FalsePositives(thresholds=[0.2, 0.7]),
    metrics.BinaryAccuracy(threshold=0.7): metrics.BinaryAccuracy(threshold=0.7),
    metrics.MeanIoU(2): metrics.BinaryIoU(),
    metrics.IoU(2, [1]): metrics.BinaryIoU([1]),
    metrics.BinaryIoU(): metrics.BinaryIoU(),
    metrics.ConfusionMatrix(2): metrics.ConfusionMatrix(2),
    metrics.AUC(curve="PR", name="pr"): metrics.AUC(curve="PR"),
    metrics.PrecisionAtRecall(0.8): metrics.PrecisionAtRecall(0.8),
    metrics.SpecificityAtSensitivity(0.8): metrics.SpecificityAtSensitivity(0.8),
    metrics.binary_accuracy: metrics.BinaryAccuracy(),
    metrics.binary_crossentropy: metrics.BinaryCrossentropy(),
    losses.BinaryCrossentropy(): metrics.BinaryCrossentropy(),
    losses.BinaryFocalCrossentropy: metrics.get("binary_focal_crossentropy"),
}


@pytest.mark.parametrize("metric", BINARY, ids=named)
def test_metrics_of_one_output_see_its_sigmoid(metric):
    expected = BINARY[metric](YES, sigmoid(SCORES)).numpy()
    BINARY[metric].reset_state()
    found = evaluated(losses.BinaryCrossentropy(from_logits=True), metric, SCORES, YES)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy(from_logits=True),
        losses.BinaryFocalCrossentropy(from_logits=True),
        partial(losses.binary_crossentropy, from_logits=True),
    ],
)
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_whatever_the_loss_and_the_way(loss, eager, weighted):
    expected = metrics.Recall()(YES, sigmoid(SCORES)).item()
    assert expected != metrics.Recall()(YES, SCORES).item()
    found = evaluated(loss, "recall", SCORES, YES[:, 0], eager, weighted)
    assert found == pytest.approx(expected)


CLASSES = {
    "ce": metrics.CategoricalCrossentropy(),
    "kl_divergence": metrics.KLDivergence(),
    "categorical_focal_crossentropy": metrics.get("categorical_focal_crossentropy"),
    metrics.Precision(class_id=1): metrics.Precision(class_id=1),
    metrics.AUC(multi_label=True): metrics.AUC(multi_label=True),
    metrics.F1Score("macro", threshold=0.4): metrics.F1Score("macro", threshold=0.4),
    metrics.F1Score("macro"): metrics.F1Score("macro"),
    metrics.Recall(top_k=2): metrics.Recall(top_k=2),
    metrics.OneHotMeanIoU(3): metrics.OneHotMeanIoU(3),
    "accuracy": metrics.CategoricalAccuracy(),
}


@pytest.mark.parametrize("metric", CLASSES, ids=named)
def test_metrics_of_classes_see_their_softmax(metric):
    expected = CLASSES[metric](ONE_HOT, softmax(MANY)).numpy()
    CLASSES[metric].reset_state()
    found = evaluated(losses.CategoricalCrossentropy(from_logits=True), metric, MANY, ONE_HOT)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_metrics_of_class_numbers():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    entropy = -np.log(softmax(MANY)[np.arange(40), LABELS]).mean()
    for name in ("ce", "sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy()):
        assert evaluated(loss, name, MANY, LABELS) == pytest.approx(entropy)
    assert evaluated(loss, "perplexity", MANY, LABELS) == pytest.approx(np.exp(entropy))
    right = np.mean(MANY.argmax(-1) == LABELS)
    assert evaluated(loss, "accuracy", MANY, LABELS) == pytest.approx(right)


def test_what_reads_scores_is_given_the_scores():
    loss = losses.BinaryCrossentropy(from_logits=True)
    for name in ("mse", "hinge", lambda y, p: nn.ops.mean(nn.ops.square(y - p), axis=-1)):
        expected = metrics.get(name)(YES, SCORES).item()
        assert evaluated(loss, name, SCORES, YES) == pytest.approx(expected, rel=1e-5)


def test_the_users_word_counts():
    """Whoever says from_logits, or sets a threshold of 0, has thought of the scores."""
    loss, p = losses.BinaryCrossentropy(from_logits=True), sigmoid(SCORES)
    for metric, expected in [
        (metrics.AUC(from_logits=True), metrics.AUC()(YES, p)),
        (metrics.AUC(from_logits=False), metrics.AUC()(YES, SCORES)),
        (metrics.BinaryCrossentropy(from_logits=True), metrics.BinaryCrossentropy()(YES, p)),
        (metrics.BinaryCrossentropy(from_logits=False), metrics.BinaryCrossentropy()(YES, SCORES)),
        (losses.BinaryCrossentropy(from_logits=True), metrics.BinaryCrossentropy()(YES, p)),
        (metrics.BinaryAccuracy(threshold=0.0), metrics.BinaryAccuracy()(YES, p)),
        (metrics.Recall(thresholds=0.0), metrics.Recall()(YES, p)),
    ]:
        assert evaluated(loss, metric, SCORES, YES) == pytest.approx(expected.item(), rel=1e-5)


def test_without_logits_nothing_changes():
    p = sigmoid(SCORES)
    for metric, expected in BINARY.items():
        value = expected(YES, p).numpy()
        expected.reset_state()
        metric = metric if not isinstance(metric, metrics.Metric) else type(metric).from_config(
            metric.get_config()
        )  # fmt: skip
        found = evaluated("binary_crossentropy", metric, p, YES)
        np.testing.assert_allclose(found, value, rtol=1e-5)


def test_each_output_has_its_own_loss():
    a, b = nn.Input((1,), name="a"), nn.Input((3,), name="b")
    model = nn.Model([a, b], [nn.layers.Activation("linear", name=n)(x) for n, x in zip(
        "pq", (a, b), strict=True)])  # fmt: skip
    model.compile(
        "sgd",
        [losses.BinaryCrossentropy(from_logits=True), losses.CategoricalCrossentropy(True)],
        metrics=[["recall"], [metrics.Recall(class_id=0, name="of_0")]],
    )
    logs = model.evaluate([SCORES, MANY], [YES, ONE_HOT], verbose=0, return_dict=True)
    assert logs["p_recall"] == pytest.approx(metrics.Recall()(YES, sigmoid(SCORES)).item())
    expected = metrics.Recall(class_id=0)(ONE_HOT, softmax(MANY)).item()
    assert logs["q_of_0"] == pytest.approx(expected)


@pytest.mark.parametrize("width", [1, 3])
def test_what_is_masked_stays_masked(width):
    tokens = np.array([[1, 2, 0, 0], [2, 1, 1, 0]], "int32")
    y = R.integers(0, 2, (2, 4, width)).astype("float32")
    model = nn.Sequential([
        nn.Input((4,), dtype="int32"), nn.layers.Embedding(3, width, mask_zero=True)
    ])  # fmt: skip
    loss = losses.BinaryCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["auc", "recall", "bce"])
    logs = model.evaluate(tokens, y, verbose=0, return_dict=True)
    real, p = tokens > 0, sigmoid(model.predict(tokens, verbose=0))
    assert logs["recall"] == pytest.approx(metrics.Recall()(y[real], p[real]).item())
    assert logs["auc"] == pytest.approx(metrics.AUC()(y[real], p[real]).item())
    entropy = metrics.BinaryCrossentropy()(y[real], p[real]).item()
    assert logs["bce"] == pytest.approx(entropy, rel=1e-5)


class Own(losses.Loss):
    def __init__(self):
        super().__init__()
        self.from_logits = True

    def call(self, y_true, y_pred):
        return nn.ops.square(y_true - y_pred)


def test_ones_own_loss_may_say_so():
    expected = metrics.Recall()(YES, sigmoid(SCORES)).item()
    assert evaluated(Own(), "recall", SCORES, YES) == pytest.approx(expected)
    expected = metrics.Recall(class_id=1)(ONE_HOT, softmax(MANY)).item()
    found = evaluated(Own(), metrics.Recall(class_id=1), MANY, ONE_HOT)
    assert found == pytest.approx(expected)


def test_one_sigmoid_output_is_two_classes():
    y, p = np.array([[0], [1], [1], [0], [1]]), np.array([[0.2], [0.9], [0.6], [0.7], [0.4]])
    assert metrics.MeanIoU(2)(y, p).item() == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert metrics.MeanIoU(2)(y, p.astype("float32")[:, 0]).item() == pytest.approx(5 / 12)
    assert metrics.MeanIoU(2)(y, (p > 0.5).astype(float)).item() == pytest.approx(5 / 12)
    assert metrics.F1Score()(y, p).numpy() == pytest.approx([2 / 3])
    assert metrics.F1Score("macro")(y, p).item() == pytest.approx(2 / 3)
    assert metrics.MeanIoU(2, sparse_y_pred=False)(y[:, 0], np.hstack([1 - p, p])).item() == (
        pytest.approx(5 / 12)
    )
