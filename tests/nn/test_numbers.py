"""Numbers that are easily wrong in silence: sums of small integers, NaN where values compare."""

import numpy as np
import pytest

import neurona as nn
from neurona import activations, layers, ops

BYTES = np.full((28, 28), 255, "uint8")
IMAGES = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3)).astype("uint8")


@pytest.mark.parametrize("engine", ["eager", "reference", "native"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "mean", "var", "matmul", "einsum"])
def test_sums_of_small_integers_do_not_wrap(name, dtype, engine):
    x = np.random.default_rng(1).integers(0, 3 if dtype == "bool" else 120, (40, 40)).astype(dtype)
    if dtype == "int64":
        x += 2**33
    if name == "prod":
        x = x[:, :6] % 100
    wide = x.astype(object)
    expected = {
        "sum": lambda: wide.sum(axis=0), "prod": lambda: wide.prod(axis=1),
        "cumsum": lambda: wide.cumsum(axis=1), "mean": lambda: x.mean(axis=0),
        "var": lambda: x.astype(float).var(axis=0), "matmul": lambda: wide @ (wide % 7),
        "einsum": lambda: wide @ (wide % 7),
    }[name]()  # fmt: skip
    other = (x.astype("int64") % 7).astype(dtype)
    function = {
        "sum": lambda t: ops.sum(t, axis=0), "prod": lambda t: ops.prod(t, axis=1),
        "cumsum": lambda t: ops.cumsum(t, axis=1), "mean": lambda t: ops.mean(t, axis=0),
        "var": lambda t: ops.var(t, axis=0), "matmul": lambda t: ops.matmul(t, other),
        "einsum": lambda t: ops.einsum("ij,jk->ik", t, other),
    }[name]  # fmt: skip
    found = (function if engine == "eager" else nn.jit(function, engine=engine))(nn.tensor(x))
    if name in ("mean", "var"):
        assert found.dtype == np.float32
        if dtype != "int64" or name == "mean":  # of 2^33 float32 has no digits left to vary
            np.testing.assert_allclose(found.numpy(), expected, rtol=2e-6)
    else:
        assert found.dtype == np.int64
        assert found.tolist() == expected.tolist()


def test_the_mean_of_bytes_and_of_answers():
    assert ops.mean(BYTES).item() == 255
    assert ops.mean(np.array([True, False, True, True])).item() == 0.75
    assert ops.sum(np.ones(10, bool)).item() == 10


def layer_cases():
    two = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum)
    return [
        (layers.Conv2D(2, 3), 1), (layers.DepthwiseConv2D(3), 1), (layers.SeparableConv2D(2, 3), 1),
        (layers.Conv2DTranspose(2, 3), 1), (layers.Dense(2), 1), (layers.BatchNormalization(), 1),
        (layers.LayerNormalization(), 1), (layers.GroupNormalization(3), 1),
        (layers.RMSNormalization(), 1), (layers.UnitNormalization(), 1),
        (layers.GlobalAveragePooling2D(), 1), (layers.AveragePooling2D(2), 1),
        (layers.MaxPooling2D(2), 1), (layers.GlobalMaxPooling2D(), 1),
        (layers.Rescaling(1 / 255), 1), (layers.ReLU(), 1), (layers.Activation("softmax"), 1),
        (layers.UpSampling2D(interpolation="bilinear"), 1), (layers.Dot(axes=-1), 2),
        *((cls(), 2) for cls in two),
    ]  # fmt: skip


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("layer", "count"), layer_cases(), ids=lambda v: type(v).__name__)
def test_layers_take_images_of_bytes_as_floats(layer, count, training):
    def call(x):
        return layer(x if count == 1 else [x, x], training=training).numpy()

    np.testing.assert_allclose(call(IMAGES), call(IMAGES.astype("float32")), rtol=1e-5, atol=1e-4)


def test_a_network_that_begins_with_batch_normalization_learns_from_bytes():
    (x, y), _ = nn.datasets.digits.load_data()
    x, losses = (x * 15).astype("uint8")[:500], []
    for images in (x, x.astype("float32")):
        nn.utils.set_random_seed(0)
        model = nn.Sequential([
            layers.BatchNormalization(), layers.Flatten(), layers.Dense(10, "softmax")
        ])  # fmt: skip
        model.compile("adam", "sparse_categorical_crossentropy")
        losses.append(model.fit(images, y[:500], epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


PIECEWISE = [
    "relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_silu", "hard_tanh", "step", "elu", "selu",
    "softplus", "softsign", "sigmoid", "tanh", "gelu", "silu",
]  # fmt: skip


@pytest.mark.parametrize("engine", ["eager", "reference", "native"])
@pytest.mark.parametrize("name", PIECEWISE)
def test_nan_stays_nan(name, engine):
    function = getattr(activations, name)
    x = np.array([np.nan, -1.0, 0.0, 7.0, np.nan], "float32")
    found = (function if engine == "eager" else nn.jit(function, engine=engine))(nn.tensor(x))
    assert np.isnan(found.numpy()).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("activation", ["relu", "relu6", "hard_sigmoid", "leaky_relu"])
def test_a_kernel_of_nan_has_a_loss_of_nan(activation):
    model = nn.Sequential([nn.Input((3,)), layers.Dense(4, activation), layers.Dense(1)])
    model.compile("sgd", "mse")
    kernel, *rest = model.get_weights()
    kernel[0, 0] = np.nan
    model.set_weights([kernel, *rest])
    assert np.isnan(model.evaluate(np.ones((4, 3)), np.ones((4, 1)), verbose=0))


def test_scores_of_nan_are_not_among_the_top():
    nan = np.full((1, 6), np.nan, "float32")
    one = np.array([[0.1, np.nan, 0.5, 0.2, 0.3, 0.4]], "float32")
    top = nn.metrics.SparseTopKCategoricalAccuracy(k=2)
    assert top([3], nan).item() == 0
    top.reset_state()
    assert top([1], one).item() == 0
    top.reset_state()
    assert top([2], one).item() == 1  # at most one of the others, the NaN, is ahead
