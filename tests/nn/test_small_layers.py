"""Shaping, resampling, merging, embedding, Lambda: numbers by hand and messages."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, IndexRangeError, ShapeError

X = np.arange(12, dtype="float32").reshape(2, 2, 3)
A, B = np.float32([[1, 2]]), np.float32([[3, 5]])
IMAGE = np.float32([[1, 2], [3, 4]]).reshape(1, 2, 2, 1)


def test_shaping_by_hand():
    assert layers.Flatten()(X).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert layers.Flatten()(np.float32([1, 2])).tolist() == [[1], [2]]
    assert layers.Reshape((3, 2))(X)[0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert layers.Reshape((-1,))(X).shape == (2, 6)
    assert layers.Reshape((3, -1, 1))(X[:0]).shape == (0, 3, 2, 1), "the batch may be empty"
    assert layers.Permute((2, 1))(X)[0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert layers.RepeatVector(2)(A).tolist() == [[[1, 2], [1, 2]]]
    assert layers.Flatten()(np.ones((2, 2, 2), "int32")).dtype == np.int32


def test_resampling_by_hand():
    sequence = np.float32([1, 2]).reshape(1, 2, 1)
    assert layers.UpSampling1D(3)(sequence)[0, :, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert layers.UpSampling2D((2, 1))(IMAGE)[0, :, :, 0].tolist() == [
        [1, 2], [1, 2], [3, 4], [3, 4],
    ]  # fmt: skip
    smooth = layers.UpSampling2D(2, interpolation="bilinear")(IMAGE)[0, :, :, 0]
    np.testing.assert_allclose(
        smooth.numpy(),
        [[1, 1.25, 1.75, 2], [1.5, 1.75, 2.25, 2.5], [2.5, 2.75, 3.25, 3.5], [3, 3.25, 3.75, 4]],
        rtol=1e-6,
    )
    assert layers.ZeroPadding1D((1, 2))(sequence)[0, :, 0].tolist() == [0, 1, 2, 0, 0]
    padded = layers.ZeroPadding2D(((1, 0), (0, 2)))(IMAGE)[0, :, :, 0]
    assert padded.tolist() == [[0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]]
    assert layers.ZeroPadding2D((0, 1))(IMAGE).shape == (1, 2, 4, 1)
    assert layers.Cropping1D((0, 1))(sequence)[0, :, 0].tolist() == [1]
    assert layers.Cropping2D(((1, 0), (0, 1)))(IMAGE)[0, :, :, 0].tolist() == [[3]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", [[4, 7]]), ("subtract", [[-2, -3]]), ("multiply", [[3, 10]]),
        ("average", [[2, 3.5]]), ("maximum", [[3, 5]]), ("minimum", [[1, 2]]),
        ("concatenate", [[1, 2, 3, 5]]), ("dot", [[13]]),
    ],
)  # fmt: skip
def test_merging_by_hand_and_as_functions(name, expected):
    cls = getattr(layers, name.capitalize())
    layer = cls(axes=-1) if name == "dot" else cls()
    assert layer([A, B]).tolist() == expected
    assert getattr(layers, name)([A, B]).tolist() == expected
    symbolic = getattr(layers, name)([nn.Input((2,)), nn.Input((2,))], name="joined")
    assert symbolic.shape == (None, len(expected[0]))


def test_merging_several_and_broadcasting():
    assert layers.Add()([A, B, A]).tolist() == [[5, 9]]
    np.testing.assert_allclose(layers.Average()([A, B, A]).numpy(), [[5 / 3, 3.0]], rtol=1e-6)
    assert layers.Add()([A]).tolist() == A.tolist()
    rows = layers.Add()([X, X[:, 0]])  # (2, 2, 3) and (2, 3): the missing axis is behind the batch
    np.testing.assert_array_equal(rows.numpy(), X + X[:, :1])
    assert layers.Concatenate(axis=0)([A, np.tile(B, (2, 1))]).shape == (3, 2)


def test_dot_by_hand():
    cosine = layers.Dot(axes=1, normalize=True)([A, B]).item()
    assert cosine == pytest.approx(13 / (5**0.5 * 34**0.5))
    y = layers.Dot(axes=(2, 1))([X, np.ones((2, 3, 4), "float32")])
    assert y.shape == (2, 2, 4)
    assert y[0, :, 0].tolist() == [3, 12]
    y = layers.dot([X, X], axes=2)
    np.testing.assert_allclose(y.numpy(), np.einsum("bik,bjk->bij", X, X))


def test_embedding_by_hand():
    layer = layers.Embedding(3, 2, weights=np.float32([[0, 1], [2, 3], [4, 5]]))
    assert layer(np.int32([[2, 0]])).tolist() == [[[4, 5], [0, 1]]]
    assert layer([[2, 0]]).tolist() == [[[4, 5], [0, 1]]]
    assert "weights" not in layer.arguments
    layer = layers.Embedding(100, 20)
    layer(np.int32([1]))
    w = layer.embeddings.numpy()
    assert -0.05 <= w.min() < -0.045
    assert 0.045 < w.max() < 0.05
    _, (g,) = nn.gradients(lambda: layer(np.int32([1, 1, 3])).sum(), [layer.embeddings])
    assert g.numpy().sum(1).tolist() == [0, 40, 0, 20, *[0] * 96]
    with pytest.raises(IndexError):
        layer(np.int32([100]))


def test_lambda():
    layer = layers.Lambda(lambda x, factor: x * factor, arguments={"factor": 3.0})
    assert layer(A).tolist() == [[3, 6]]

    def noisy(x, training):
        return x + 1.0 if training else x

    assert layers.Lambda(noisy)(A, training=True).tolist() == [[2, 3]]
    assert layers.Lambda(noisy)(A).tolist() == [[1, 2]]
    with pytest.raises(ArgumentError, match="a lambda cannot be saved"):
        layer.description()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Reshape((-1, -1)), r"only one size of target_shape can be -1"),
        (lambda: layers.Reshape((2.5,)), r"target_shape must be an integer. Got 2.5"),
        (
            lambda: layers.Permute((1, 3)),
            r"dims names each axis once, counted from 1. Got \(1, 3\)",
        ),
        (lambda: layers.RepeatVector(0), r"n is too small. Got 0"),
        (lambda: layers.UpSampling1D(0), r"size is too small. Got 0"),
        (lambda: layers.UpSampling2D(2, interpolation="cubic"), r"unknown interpolation. Got 'cu"),
        (lambda: layers.ZeroPadding1D(-1), r"padding is too small. Got -1"),
        (lambda: layers.ZeroPadding1D((1, 2, 3)), r"padding: a pair has two integers. Got \(1, 2"),
        (lambda: layers.ZeroPadding2D((1, 2, 3)), r"padding has the wrong length. Got \(1, 2, 3\)"),
        (lambda: layers.Cropping2D(1.5), r"cropping must be an integer. Got 1.5"),
        (lambda: layers.Concatenate(axis="x"), r"axis must be an integer. Got 'x'"),
        (lambda: layers.Dot((1, 2, 3)), r"axes is an integer or a pair. Got \(1, 2, 3\)"),
        (lambda: layers.Embedding(0, 3), r"input_dim is too small. Got 0"),
        (lambda: layers.Lambda(3), r"Lambda takes a function. Got 3"),
        (lambda: layers.ELU(alpha="x"), r"alpha must be a number. Got 'x'"),
        (lambda: layers.ReLU(negative_slope=-1), r"negative_slope is out of range. Got -1"),
        (lambda: layers.Flatten("NCHW"), r"unknown data_format. Got 'nchw'"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: layers.Reshape((4,))(X),
            r"the number of elements would change. Got x \(2, 2, 3\)",
        ),
        (lambda: layers.Reshape((4, -1))(X), r"expected 4 elements a sample, or a multiple"),
        (lambda: layers.Cropping1D(1)(X), r"nothing would be left. Got cropping \(\(1, 1\),\)"),
        (
            lambda: layers.Add()(A),
            r"Add: takes a list of tensors. Got one, x \(1, 2\)",
        ),
        (lambda: layers.Subtract()([A, A, A]), r"takes a list of 2 tensors. Got 3 of them"),
        (lambda: layers.Add()([A, np.ones((2, 2), "float32")]), r"the batch sizes differ"),
        (lambda: layers.Add()([A, np.ones((1, 3), "float32")]), r"the shapes do not broadcast"),
        (
            lambda: layers.Concatenate()([X, np.ones((2, 3, 3), "float32")]),
            r"the shapes differ outside of axis",
        ),
        (lambda: layers.Dot(axes=0)([A, B]), r"no such axis, or it is the batch. Got 0"),
        (
            lambda: layers.Dot(axes=(1, 2))([X, X]),
            r"the axes \(1, 2\) have different sizes. Got \(2, 2, 3\) and \(2, 2, 3\)",
        ),
        (
            lambda: layers.Embedding(3, 2, weights=np.ones((2, 3), "float32")),
            r"weights have another shape. Got \(2, 3\); expected \(3, 2\)",
        ),
    ],
)
def test_shapes_are_checked(run, message):
    with pytest.raises(ShapeError, match=message):
        run()


# --- what every layer takes --------------------------------------------------------------------


def test_older_names_of_input_shape():
    assert layers.Dense(3, input_dim=8)._input_shape == (8,)
    assert layers.Dense(3, batch_input_shape=(None, 8))._input_shape == (8,)
    assert layers.Embedding(10, 4, input_length=7)._input_shape == (7,)
    assert layers.Dense(3, input_shape=(8,))._input_shape == (8,)
    assert layers.Embedding(10, 4).input_dim == 10


def test_a_wrong_argument_is_named():
    with pytest.raises(ArgumentError, match=r"unknown argument of Dropout. Got 'rte'"):
        layers.Dropout(rte=0.5)
    with pytest.raises(ArgumentError, match=r"unknown argument of Add. Got 'axis'"):
        layers.Add(axis=1)
    with pytest.raises(ArgumentError, match=r"a layer's name is a string without '/'"):
        layers.Flatten(name="a/b")
    with pytest.raises(ArgumentError, match=r"a layer computes with floats. Got int32"):
        layers.Flatten(dtype="int32")


def test_a_subclass_without_a_constructor_is_remembered():
    class Twice(layers.Dense):
        def call(self, x):
            return 2.0 * super().call(x)

    layer = Twice(3, use_bias=False, name="two", dtype="float64")
    assert layer.arguments == {"units": 3, "use_bias": False, "name": "two", "dtype": "float64"}
    again = nn.layers.Layer.from_config.__func__(Twice, layer.get_config())
    assert (again.units, again.use_bias, again.name) == (3, False, "two")
    assert layers.Add(name="sum", dtype="float64").arguments == {"name": "sum", "dtype": "float64"}


def test_tracing_a_layer_with_parameters_says_what_to_do():
    layer = layers.Dense(2)
    layer(A)
    with pytest.raises(nn.errors.TraceError, match="like a parameter") as caught:
        nn.trace(lambda x: layer(x), [A])
    assert caught.value.hint == "pass it as an argument"


@pytest.mark.parametrize("engine", ["eager", "native", "reference"])
@pytest.mark.parametrize("wrong", [-1, 2.7, -0.5, 3, 3e9, np.int8(-1), np.int64(-(2**40))])
def test_an_embedding_takes_whole_numbers_of_its_vocabulary_alone(engine, wrong):
    layer = layers.Embedding(3, 2)
    wrong = np.array([[0, wrong]])
    layer(np.array([[0]]))
    look = layer if engine == "eager" else nn.jit(lambda x: layer(x), engine=engine)
    with pytest.raises(IndexRangeError, match=r"an index is out of range|of the vocabulary"):
        look(wrong)
    model = nn.Sequential([nn.Input((2,)), layers.Embedding(3, 2), layers.Flatten()])
    with pytest.raises(DataError, match=r"the numbers are no integers|outside of the vocabulary"):
        model.predict(wrong, verbose=0)
    for dtype in ("float32", "float64", "int8", "uint8", "int64"):
        found = look(np.array([[2, 0]], dtype)).numpy()
        np.testing.assert_array_equal(found, layer.embeddings.numpy()[[[2, 0]]])
