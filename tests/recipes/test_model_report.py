"""`nn.report`: the page of any model, from what its outputs and targets look like."""

import numpy as np
import pytest

import neurona as nn
from neurona import datasets
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.layers import Dense, Flatten, Input, Lambda, Rescaling
from neurona.losses import BinaryCrossentropy, SparseCategoricalCrossentropy
from neurona.models import Model, Sequential
from neurona.recipes import judging

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)  # 0, 1, 2


def trained(outputs, activation, loss, y, x=X, epochs=2, **settings):
    model = Sequential([Input(x.shape[1:]), Flatten(), Dense(outputs, activation=activation)])
    model.compile("adam", loss, **settings)
    return model, model.fit(x, y, epochs=epochs, verbose=0)


def page_of(report):
    return report.path.read_text(encoding="utf-8")


def test_classes_are_seen_in_every_form():
    one_hot, binary = np.eye(3)[Y], (Y > 0).astype(int)
    cases = {
        "sparse": (3, "softmax", "sparse_categorical_crossentropy", Y),
        "column": (3, "softmax", "sparse_categorical_crossentropy", Y[:, None]),
        "one_hot": (3, "softmax", "categorical_crossentropy", one_hot),
        "logits": (3, None, SparseCategoricalCrossentropy(from_logits=True), Y),
        "binary": (1, "sigmoid", "binary_crossentropy", binary),
        "binary_logits": (1, None, BinaryCrossentropy(from_logits=True), binary),
        "binary_column": (1, "sigmoid", "mse", binary[:, None]),
    }
    for name, (outputs, activation, loss, y) in cases.items():
        model = Sequential([Input((4,)), Dense(outputs, activation=activation)])
        model.compile("adam", loss)
        raw = np.asarray(model(X))
        found = judging.read(y, raw, model, None)
        assert found.y.tolist() == (Y if outputs > 1 else binary).tolist(), name
        if outputs > 1:
            assert (found.probabilities.argmax(-1) == raw.argmax(-1)).all(), name
        else:
            limit = 0 if name == "binary_logits" else 0.5
            assert (found.probabilities.argmax(-1) == (raw[:, 0] > limit)).all(), name
        np.testing.assert_allclose(found.probabilities.sum(-1), 1, atol=1e-6)
    numbers = judging.read(Y, np.linspace(-1, 3, 60)[:, None], None, None)  # counts, not classes
    assert isinstance(numbers, judging.Numbers)
    assert judging.read(Y, np.full((60, 3), np.nan), None, None) == "not all of them finite numbers"


def test_a_page_tells_names_settings_and_code(tmp_path):
    model, history = trained(3, "softmax", "sparse_categorical_crossentropy", Y)
    model.class_names = ("low", "middle", "high")
    report = nn.report(
        model, history, (X, Y), tmp_path / "new", title="Three & more", code="print('<hi>')\n"
    )
    assert report.path == tmp_path / "new" / "report.html"
    text = page_of(report)
    for part in (
        "<h1>Three &amp; more</h1>", "A Sequential of 2 layers, trained for 2 epochs.", "low 1",
        '<th scope="row">optimizer</th><td>Adam</td>', "<td>0.001</td>",
        "<td>60 for testing</td>", "Which class is taken for which",
        "The mistakes that it was surest of", "print(&#x27;&lt;hi&gt;&#x27;)",
        "accuracy of always saying middle",
    ):  # fmt: skip
        assert part in text, part
    assert "--epochs" not in text  # which no script has
    assert list(report.scores)[-1] == "test accuracy"
    said = model.predict(X, verbose=0).argmax(-1)
    assert report.scores["test accuracy"] == pytest.approx((said == Y).mean())
    assert repr(report).startswith(f"<Report {report.path}: test loss")
    assert report._repr_html_().startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    with pytest.raises(ArgumentError, match=r"a name for each class. Got 2 names; expected 3"):
        nn.report(model, history, (X, Y), tmp_path / "x.html", class_names=["a", "b"])


def test_pictures_show_mistakes(tmp_path):
    (x, y), _ = datasets.digits.load_data()
    x, y = x[:100, :, :, None] / np.float32(16), y[:100]
    model, history = trained(10, "softmax", "sparse_categorical_crossentropy", y, x)
    text = page_of(nn.report(model, history, (x, y), tmp_path / "digits.html"))
    assert "The worst mistakes" in text
    assert "The first samples" in text


def test_numbers_are_shown_over_true_ones(tmp_path):
    y = X @ [[1.0], [2.0], [0.0], [-1.0]]
    model, history = trained(1, None, "mse", y[:, 0], metrics=["mae"])
    found = nn.report(model, history, (X, y[:, 0]), tmp_path / "one.html")
    said = model.predict(X, verbose=0)
    rmse = float(np.sqrt(((said - y) ** 2).mean()))
    assert list(found.scores) == [
        "test loss", "test mae", "error of the mean", "R2", "root mean squared error",
    ]  # fmt: skip
    assert found.scores["root mean squared error"] == pytest.approx(rmse, rel=1e-4)
    assert found.scores["R2"] == pytest.approx(1 - rmse**2 / y.var(), rel=1e-3)
    assert "The largest errors" in page_of(found)
    model, history = trained(2, None, "mse", X[:, :2])
    text = page_of(nn.report(model, history, (X, X[:, :2]), tmp_path / "two.html"))
    assert "Predicted and true: output 1" in text
    assert "Each output" in text


def test_nothing_learned_is_said(tmp_path):
    model = Sequential([Input((4,)), Rescaling(0.0), Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    text = page_of(nn.report(model, None, (X, X[:, :1] + 9), tmp_path / "x.html"))
    assert "what was learned says no more of these samples than that" in text
    model, _ = trained(1, None, "mse", X[:, 0], epochs=1)
    model.set_weights([w * np.nan for w in model.get_weights()])
    text = page_of(nn.report(model, {"loss": [1.0, np.nan]}, (X, X[:, 0]), tmp_path / "nan.html"))
    assert "<td>nan</td>" in text
    assert "not all of them finite numbers: their scores are shown" in text
    assert "The loss was no longer a number in epoch 2" in text


def test_what_is_not_known_gets_its_scores(tmp_path):
    x = Input((4,))
    model = Model(x, [Dense(1, name="a")(x), Dense(2, name="b")(x)])
    model.compile("sgd", "mse")
    targets = (X[:, :1], X[:, :2])
    history = model.fit(X, targets, epochs=1, verbose=0)
    found = nn.report(model, history, (X, targets), tmp_path / "several.html")
    assert "test loss" in found.scores
    assert "several: their scores are shown, not single samples" in page_of(found)

    model = Sequential([Input((4,)), Lambda(lambda t: t[:, None] * nn.ops.ones((3, 1)))])
    model.compile("sgd", "mse")
    text = page_of(nn.report(model, None, (X, np.zeros((60, 3, 4))), tmp_path / "seq.html"))
    assert "sequences or pictures: their scores are shown" in text

    labels = (X > 0).astype(int)  # several a sample
    model, history = trained(4, "sigmoid", "binary_crossentropy", labels)
    text = page_of(nn.report(model, history, (X, labels), tmp_path / "labels.html"))
    assert "several labels a sample: their scores" in text

    model = Sequential([Input((4,)), Dense(2)])  # never compiled nor trained
    text = page_of(nn.report(model, path=tmp_path / "bare.html"))
    assert "A Sequential of 1 layer." in text
    assert "Results" not in text


def test_what_is_wrong_is_told(tmp_path):
    model, history = trained(3, "softmax", "sparse_categorical_crossentropy", Y)
    with pytest.raises(ArgumentError, match=r"a report is of a model. Got ndarray; expected"):
        nn.report(X)
    for data in (X, (X, Y, Y)):
        with pytest.raises(DataError, match=r"samples and what is true of them.*expected \(x, y\)"):
            nn.report(model, history, data)
    with pytest.raises(ArgumentError, match="a history is what fit returned, or logs by name"):
        nn.report(model, [1.0])
    with pytest.raises((ShapeError, DataError)):
        nn.report(model, history, (X, Y[:5]), tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
