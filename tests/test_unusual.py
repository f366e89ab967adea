"""Unusual but legal: data of all kinds, odd sizes, extreme values."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import DataError

X, Y = np.random.default_rng(0).integers(0, 5, (10, 4)), np.arange(10) % 3

SAMPLES = {
    "lists": X.tolist(),
    "tuples": tuple(map(tuple, X.tolist())),
    "integers": X,
    "bytes": X.astype("uint8"),
    "small integers": X.astype("int8"),
    "large unsigned integers": X.astype("uint64"),
    "double precision": X.astype("float64"),
    "half precision": X.astype("float16"),
    "the other byte order": X.astype(">f4"),
    "columns first": np.asfortranarray(X),
    "backwards in memory": X[::-1][::-1],
    "a tensor": nn.tensor(X),
}
LABELS = {
    "a list": Y.tolist(),
    "a tuple": tuple(Y.tolist()),
    "floats": Y.astype("float64"),
    "bytes": Y.astype("uint8"),
    "a column": Y[:, None],
    "a tensor": nn.tensor(Y),
}


def classifier(units=3, activation="softmax", loss="sparse_categorical_crossentropy", **given):
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((4,)), layers.Dense(units, activation)])
    model.compile("adam", loss, metrics=["accuracy"], **given)
    return model


def learned(x=X, y=Y, model=None, **given):
    model = model or classifier()
    logs = model.fit(x, y, epochs=2, verbose=0, **given).history
    return [*logs["loss"], *logs["accuracy"]]


@pytest.mark.parametrize("kind", SAMPLES)
def test_samples(kind):
    np.testing.assert_allclose(learned(SAMPLES[kind]), learned(X), rtol=1e-6)
    assert classifier().predict(SAMPLES[kind], verbose=0).shape == (10, 3)


def test_masks_as_samples():
    np.testing.assert_allclose(learned(X > 2), learned((X > 2) * 1.0), rtol=1e-6)


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind):
    np.testing.assert_allclose(learned(y=LABELS[kind]), learned(), rtol=1e-6)


@pytest.mark.parametrize("y", [Y % 2 > 0, (Y % 2)[:, None], (Y % 2 > 0)[:, None].tolist()])
def test_yes_and_no(y):
    given = (1, "sigmoid", "binary_crossentropy")
    found, expected = learned(y=y, model=classifier(*given)), learned(X, Y % 2, classifier(*given))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_sizes_of_batches(size):
    model = classifier()
    assert np.isfinite(learned(model=model, batch_size=size, validation_split=0.3)).all()
    together = model.predict(X, verbose=0)
    np.testing.assert_allclose(
        model.predict(X, batch_size=size, verbose=0), together, rtol=1e-5, atol=1e-7
    )
    evaluated = model.evaluate(X, Y, batch_size=size, verbose=0)
    np.testing.assert_allclose(evaluated, model.evaluate(X, Y, verbose=0), rtol=1e-5)


def test_one_sample():
    assert np.isfinite(learned(X[:1], Y[:1])).all()
    assert classifier().predict(X[:1], verbose=0).shape == (1, 3)


def test_huge_values_stay_finite():
    binary = classifier(1, "sigmoid", "binary_crossentropy")
    for more in ((), (Y % 2, binary)):
        with pytest.warns(UserWarning, match="where guessing the class has .* or the inputs are"):
            losses = learned(X * 1e8, *more)
        assert np.isfinite(losses).all()


def test_features_that_never_vary():
    scale = layers.Normalization()
    scale.adapt(np.ones((5, 3)))
    np.testing.assert_array_equal(scale(np.ones((2, 3))), np.zeros((2, 3)))
    model = nn.Sequential([layers.BatchNormalization(), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="the output does not depend on the input"):
        losses = model.fit(np.ones((8, 2)), np.ones(8), batch_size=1, epochs=2, verbose=0)
    assert np.isfinite(losses.history["loss"]).all()


@pytest.mark.parametrize("weight", [[1.0] * 10, np.ones(10, int), np.ones(10, bool), np.zeros(10)])
def test_weights_of_samples(weight):
    assert np.isfinite(learned(sample_weight=weight)).all()


def test_validation_data_of_all_kinds():
    for held in ((nn.tensor(X), Y.tolist()), [X, Y], (X, Y, np.ones(10)), nn.data.batches(X, Y)):
        assert np.isfinite(learned(validation_data=held)).all()


def test_a_list_of_samples_is_no_list_of_inputs():
    with pytest.raises(DataError, match=r"(?s)different lengths.*np\.stack\(x\) makes one array"):
        learned(list(X))
