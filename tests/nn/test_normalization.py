"""Normalising layers: numbers by hand, moving moments, freezing, adapting."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.nn.context import in_training

X = np.float32([[1.0, 10.0], [3.0, 30.0]])  # means 2 and 20, variances 1 and 100


def test_batch_normalization_by_hand():
    layer = layers.BatchNormalization(momentum=0.9, epsilon=0.0)
    np.testing.assert_allclose(layer(X, training=True).numpy(), [[-1, -1], [1, 1]], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.2, 2.0], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1.0, 10.9], rtol=1e-6)
    expected = (X - [0.2, 2.0]) / np.sqrt([1.0, 10.9])
    np.testing.assert_allclose(layer(X).numpy(), expected, rtol=1e-5)
    layer.set_weights([[2.0, 2.0], [1.0, 0.0], [0.0, 0.0], [4.0, 4.0]])  # gamma beta mean variance
    np.testing.assert_allclose(layer(X).numpy(), X + [1.0, 0.0], rtol=1e-6)


def test_batch_normalization_defaults():
    layer = layers.BatchNormalization()
    y = layer(X, training=True).numpy()
    np.testing.assert_allclose(y[:, 0], [-1 / 1.001**0.5, 1 / 1.001**0.5], rtol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.02, 0.2], rtol=1e-5)
    assert [p.name for p in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert len(layer.trainable_weights) == 2


def test_batch_normalization_over_another_axis():
    x = np.random.default_rng(0).normal(size=(4, 3, 5)).astype("float32")
    y = layers.BatchNormalization(axis=1, epsilon=0.0)(x, training=True).numpy()
    np.testing.assert_allclose(y.mean((0, 2)), np.zeros(3), atol=1e-6)
    np.testing.assert_allclose(y.var((0, 2)), np.ones(3), rtol=1e-5)


def test_a_frozen_batch_normalization_is_in_inference():
    layer = layers.BatchNormalization()
    layer(X)
    layer.trainable = False
    before = layer.get_weights()
    assert np.array_equal(layer(X, training=True).numpy(), layer(X, training=False).numpy())
    assert all(map(np.array_equal, before, layer.get_weights()))


def test_moving_moments_follow_in_fit_and_stay_in_evaluate():
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, (512, 4)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.5)
    model = nn.Sequential([layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], batch_size=64, epochs=4, verbose=0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), np.full(4, 3.0), atol=0.5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), np.full(4, 4.0), atol=1.2)
    before = layer.get_weights()
    model.evaluate(x, x[:, :1], verbose=0)
    model.predict(x, verbose=0)
    assert all(map(np.array_equal, before, layer.get_weights()))


def test_the_functional_api_keeps_training_as_it_was_told():
    frozen = layers.BatchNormalization()
    y = frozen(nn.Input((2,)), training=False)
    before = frozen.get_weights()
    with in_training(True):
        replayed = y.call.run(lambda place: X)
    assert np.array_equal(replayed.numpy(), frozen(X).numpy())
    assert all(map(np.array_equal, before, frozen.get_weights()))

    always = layers.BatchNormalization()
    y = always(nn.Input((2,)), training=True)
    assert y.shape == (None, 2)
    assert always.get_weights()[2].tolist() == [0.0, 0.0], "building it has no effect on moments"


def test_layer_normalization_by_hand():
    layer = layers.LayerNormalization(epsilon=0.0)
    np.testing.assert_allclose(layer(X).numpy(), [[-1, 1], [-1, 1]], rtol=1e-6)
    layer.set_weights([[2.0, 3.0], [0.0, 1.0]])
    np.testing.assert_allclose(layer(X).numpy(), [[-2, 4], [-2, 4]], rtol=1e-6)
    small = layers.LayerNormalization()(np.float32([[0.0, 0.002]])).numpy()
    np.testing.assert_allclose(small, [[-0.001 / 0.001001**0.5, 0.001 / 0.001001**0.5]], rtol=1e-4)
    both = layers.LayerNormalization(axis=(1, 2))
    x = np.arange(12, dtype="float32").reshape(2, 2, 3)
    y = both(x).numpy()
    assert both.gamma.shape == (2, 3)
    np.testing.assert_allclose(y.mean((1, 2)), [0, 0], atol=1e-6)


def test_group_normalization_by_hand():
    x = np.float32([[[1.0, 3.0, 10.0, 30.0]]])
    y = layers.GroupNormalization(2, epsilon=0.0)(x)
    np.testing.assert_allclose(y.numpy(), [[[-1, 1, -1, 1]]], rtol=1e-5)
    images = np.random.default_rng(0).normal(size=(2, 3, 4, 6)).astype("float32")
    instance = layers.GroupNormalization(-1, epsilon=0.0)(images).numpy()
    np.testing.assert_allclose(instance.mean((1, 2)), np.zeros((2, 6)), atol=1e-6)
    all_of_it = layers.GroupNormalization(1, epsilon=0.0)(images).numpy()
    np.testing.assert_allclose(all_of_it.var((1, 2, 3)), [1, 1], rtol=1e-5)
    first = layers.GroupNormalization(3, axis=1, epsilon=0.0)(np.moveaxis(images, -1, 1)).numpy()
    last = layers.GroupNormalization(3, epsilon=0.0)(images).numpy()
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, rtol=1e-4, atol=1e-5)


def test_rms_and_unit_normalization_by_hand():
    x = np.float32([[3.0, 4.0]])
    np.testing.assert_allclose(
        layers.RMSNormalization(epsilon=0.0)(x).numpy(), x / 12.5**0.5, rtol=1e-6
    )
    np.testing.assert_allclose(layers.UnitNormalization()(x).numpy(), [[0.6, 0.8]], rtol=1e-6)
    assert layers.UnitNormalization()(np.zeros((1, 2), "float32")).tolist() == [[0.0, 0.0]]


# --- Normalization: standardising data ---------------------------------------------------------


def test_normalization_adapts_by_hand():
    layer = layers.Normalization()
    layer.adapt(X)
    np.testing.assert_allclose(layer.mean.numpy(), [2.0, 20.0])
    np.testing.assert_allclose(layer.variance.numpy(), [1.0, 100.0])
    np.testing.assert_allclose(layer(X).numpy(), [[-1, -1], [1, 1]], rtol=1e-6)
    back = layers.Normalization(invert=True)
    back.adapt(X)
    np.testing.assert_allclose(back(layer(X)).numpy(), X, rtol=1e-6)
    layer.adapt(X + 1.0)  # again: the old data are forgotten
    np.testing.assert_allclose(layer.mean.numpy(), [3.0, 21.0])
    one = layers.Normalization(axis=None)
    one.adapt([1.0, 3.0])
    assert one([5.0]).tolist() == [3.0]


def test_normalization_adapts_to_batches():
    x = np.random.default_rng(0).normal(5.0, 3.0, (50, 4, 2)).astype("float32")
    for data in (x, [x[:13], x[13:]], ((b, None) for b in (x[:7], x[7:30], x[30:])), nn.tensor(x)):
        layer = layers.Normalization(axis=(1, 2))
        layer.adapt(data)
        np.testing.assert_allclose(layer.mean.numpy(), x.mean(0), rtol=1e-5)
        np.testing.assert_allclose(layer.variance.numpy(), x.var(0), rtol=1e-5)


def test_normalization_with_given_moments():
    layer = layers.Normalization(mean=[2.0, 20.0], variance=[1.0, 100.0])
    np.testing.assert_allclose(layer(X).numpy(), [[-1, -1], [1, 1]], rtol=1e-6)
    assert layer.get_weights() == []
    whole = layers.Normalization(mean=2.0, variance=4.0, axis=None)
    np.testing.assert_allclose(whole(X).numpy(), (X - 2) / 2)
    assert whole(np.int32([[2, 4]])).tolist() == [[0.0, 1.0]]


def test_a_feature_that_never_varies_does_not_divide_by_zero():
    layer = layers.Normalization()
    layer.adapt(np.ones((4, 2), "float32"))
    assert layer(np.ones((1, 2), "float32")).tolist() == [[0.0, 0.0]]


def test_rescaling_by_hand():
    pixels = np.uint8([[0, 255]])
    np.testing.assert_allclose(layers.Rescaling(1 / 255)(pixels).numpy(), [[0, 1]], rtol=1e-6)
    np.testing.assert_allclose(
        layers.Rescaling(1 / 127.5, offset=-1)(pixels).numpy(), [[-1, 1]], rtol=1e-6
    )
    assert layers.Rescaling([1.0, 2.0], [0.0, 1.0])(X).tolist() == [[1.0, 21.0], [3.0, 61.0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.BatchNormalization(momentum=1.5), r"momentum is out of range. Got 1.5"),
        (lambda: layers.BatchNormalization(epsilon=-1), r"epsilon is out of range. Got -1"),
        (lambda: layers.BatchNormalization(axis=(1, 2)), r"axis must be an integer. Got \(1, 2\)"),
        (lambda: layers.LayerNormalization(axis="x"), r"axis must be an integer. Got 'x'"),
        (lambda: layers.GroupNormalization(0), r"groups must not be 0"),
        (lambda: layers.GroupNormalization(-2), r"groups is too small. Got -2"),
        (lambda: layers.Normalization(mean=1.0), "mean and variance are given together. Got mean"),
        (
            lambda: layers.Normalization(mean=[1.0], variance=[1.0, 2.0]),
            r"one number for each place on the axes. Got mean \(1,\), variance \(2,\)",
        ),
        (
            lambda: layers.Normalization(mean=0.0, variance=-1.0),
            r"a variance is not negative. Got -1",
        ),
        (
            lambda: layers.Normalization(mean=0.0, variance=1.0).adapt(X),
            "mean and variance were given already",
        ),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_shapes_are_checked():
    x = np.zeros((2, 6), "float32")
    with pytest.raises(
        ShapeError, match=r"do not divide into the groups. Got 6 channels, 4 groups"
    ):
        layers.GroupNormalization(4)(x)
    with pytest.raises(ShapeError, match=r"axis 0 is the batch. Got axis 0, x \(2, 6\)"):
        layers.LayerNormalization(axis=0)(x)
    with pytest.raises(ShapeError, match=r"BatchNormalization: there is no axis 2. Got 2 axes"):
        layers.BatchNormalization(axis=2)(x)
    with pytest.raises(ShapeError, match=r"mean and variance do not fit x. Got mean \(2,\)"):
        layers.Normalization(mean=[0.0, 0.0], variance=[1.0, 1.0])(x)
    layer = layers.Normalization()
    layer.adapt(x)
    with pytest.raises(ShapeError, match=r"another size on the axes. Got data \(2, 5\)"):
        layer.adapt(x[:, :5])
    with pytest.raises(DataError, match="adapt got no data"):
        layer.adapt(iter([]))
    built = layers.BatchNormalization()
    built(x)
    with pytest.raises(ShapeError, match=r"was built for \(batch, 6\)"):
        built(x[:, :5])


ALONE = (
    r"BatchNormalization 'bn': the mean of a single value is the value, so the output does not "
    r"depend on the input. Got x \(1, 3\). try: batches of two or more, the last one too; "
    r"LayerNormalization; or trainable=False"
)


@pytest.mark.parametrize("eager", [False, True])
def test_a_batch_of_one_sample_is_told_once(eager):
    x = np.float32([[1, 2, 3], [4, 5, 6], [7, 8, 10]])
    layer = layers.BatchNormalization(name="bn")
    model = nn.Sequential([nn.Input((3,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=eager)
    with pytest.warns(UserWarning, match=ALONE) as told:  # of the last batch
        model.fit(x, x[:, :1], batch_size=2, epochs=2, verbose=0)
    assert len(told) == 1
    model.fit(x, x[:, :1], batch_size=1, verbose=0)


def test_a_single_value_is_told_only_where_it_is_trained_on():
    x = np.float32([[1, 2, 3]])
    layer = layers.BatchNormalization()
    layer(x)  # not in training
    layers.BatchNormalization(trainable=False)(x, training=True)
    layers.BatchNormalization()(x[:, :, None] + [[[0, 1]]], training=True)  # three values for each
    layers.BatchNormalization(axis=1)(np.ones((1, 2, 4), "float32"), training=True)
    with pytest.warns(UserWarning, match="does not depend on the input"):
        assert layer(x, training=True).tolist() == [[0, 0, 0]]
    with pytest.warns(UserWarning, match="LayerNormalization .* try: an axis of several features"):
        layers.LayerNormalization()(np.ones((4, 1), "float32"))
    with pytest.warns(UserWarning, match="GroupNormalization .* try: fewer groups"):
        layers.GroupNormalization(groups=3)(x)
    layers.GroupNormalization(groups=-1)(np.ones((1, 2, 4), "float32"))
    layers.LayerNormalization()(x)


def test_vectors_of_length_one_may_lie_along_any_number_of_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    y = nn.layers.UnitNormalization(axis=[1, 2, 3])(x).numpy()
    lengths = np.sqrt((x.astype("float64") ** 2).sum(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(y, x / lengths, rtol=1e-5)
    with pytest.raises(ShapeError, match="two different ones"):
        nn.ops.norm(x, axis=(1, 1))
