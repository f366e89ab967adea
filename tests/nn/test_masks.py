"""Masks: who makes them, hands them on, uses them and loses them; see also tests/train."""

import re
import warnings

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.core.observation import observing
from neurona.errors import ShapeError
from neurona.nn.masking import mask_of, with_mask

from .test_layer_contract import CLASSES, ROWS, call, inputs_of

RNG = np.random.default_rng(0)
IDS = np.int32([[3, 1, 0, 0], [2, 0, 4, 0], [0, 0, 0, 0]])
REAL = IDS != 0
X = RNG.normal(size=(3, 4, 2)).astype("float32")


def masked(x=X, steps=REAL):
    return with_mask(nn.tensor(x), nn.tensor(steps))


def told(fn, *args, **kwargs):
    """Return what a function returns, and the warnings that it gives."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = fn(*args, **kwargs)
    return result, [str(w.message) for w in found]


# --- the contract of all layers ----------------------------------------------------------------

# What layers with a rule of their own do with the mask (B, T) of x, or the same mask twice.
OWN = {
    "Concatenate": lambda m: m,
    "Dot": lambda m: None,
    "GlobalAveragePooling1D": lambda m: None,
    "Masking": lambda m: np.ones_like(m),
}
MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Softmax")
LOSES = (
    "AveragePooling1D", "Conv1D", "Conv1DTranspose", "Cropping1D", "DepthwiseConv1D", "Flatten",
    "GlobalMaxPooling1D", "MaxPooling1D", "Permute", "RepeatVector", "Reshape", "SeparableConv1D",
    "UpSampling1D", "ZeroPadding1D", "Lambda", "Embedding",
)  # fmt: skip


def masked_inputs(name):
    """Inputs of a layer, sequences where it takes any, with a mask of their first two axes."""
    row = ROWS[name]
    shapes = [(3, 6, 2) if len(s) == 2 and name != "RepeatVector" else s for s in row.shapes]
    rng = np.random.default_rng(1)
    return [masked(x, rng.random(x.shape[:2]) < 0.6) for x in inputs_of(row, shapes)]


SEQUENCES = [
    name
    for name in sorted(set(CLASSES) & set(ROWS) - {"MelSpectrogram"})  # of sounds (B, T)
    if "Cell" not in name
]


@pytest.mark.parametrize("name", SEQUENCES)  # a cell sees one step
def test_each_layer_has_a_rule(name):
    cls = CLASSES[name]
    layer = cls(**ROWS[name].arguments(), name="mine")
    inputs = masked_inputs(name)
    masks = [mask_of(x).numpy() for x in inputs]
    joined = name in MERGES or name == "Concatenate"
    mask = np.any(masks, axis=0) if joined else masks[0]
    y, warned = told(call, layer, inputs)
    found = mask_of(y)
    if not layer.supports_masking and found is not None:  # it acts in training only
        assert y.tolist() == inputs[0].tolist()
        assert (found.tolist(), warned) == (mask.tolist(), [])
        return
    if not layer.supports_masking:
        assert [re.match(rf"{name} 'mine' gets a sequence with a mask", w) for w in warned]
        assert told(call, layer, inputs)[1] == []  # once
        return
    assert warned == []
    own = cls.compute_mask is not layers.Layer.compute_mask and name not in MERGES
    expected = OWN.get(name, lambda m: found)(mask) if own else mask
    if expected is None:
        assert found is None
    elif isinstance(expected, np.ndarray):
        assert found.numpy().tolist() == expected.tolist()
    else:  # of a layer with a rule that stands elsewhere
        assert found.shape == y.shape[: found.ndim]


def test_the_rules_are_those_of_keras():
    assert not any(CLASSES[name](**ROWS[name].arguments()).supports_masking for name in LOSES)


# --- making them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_embedding_takes_0_for_padding(dtype):
    layer = layers.Embedding(5, 2, mask_zero=True)
    x = IDS.astype(dtype)
    assert mask_of(layer(x)).tolist() == REAL.tolist()
    assert layer.compute_mask(x).tolist() == REAL.tolist()
    assert mask_of(layers.Embedding(5, 2)(x)) is None
    assert layers.Embedding(5, 2).compute_mask(x) is None


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_masking_takes_a_value_for_padding(value):
    x = X.copy()
    x[~REAL] = value
    x[0, 0, 0] = value  # one feature of two: this step is real
    y = layers.Masking(value)(x)
    assert mask_of(y).tolist() == REAL.tolist()
    assert y.tolist() == np.where(REAL[..., None], x, 0.0).tolist()
    images = layers.Masking()(np.zeros((2, 3, 4, 5), "float32"))
    assert mask_of(images).shape == (2, 3, 4)


def test_keras_s_names_work():
    layer = layers.Embedding(5, 2, mask_zero=True)
    assert layer.supports_masking
    assert not layers.Embedding(5, 2).supports_masking
    y = layer(IDS)
    assert y._keras_mask.tolist() == REAL.tolist()
    assert nn.tensor(X)._keras_mask is None
    assert nn.Parameter(X)._keras_mask is None
    model = nn.Sequential([layer, layers.Dense(2)])
    assert model.layers[0].compute_mask(IDS).tolist() == REAL.tolist()
    assert model.layers[1].compute_mask(y).tolist() == REAL.tolist()
    assert model.layers[1].compute_mask(nn.tensor(X)) is None
    assert model.layers[1].compute_mask(X, REAL).tolist() == REAL.tolist()


# --- handing them on -----------------------------------------------------------------------------


class Halves(layers.Layer):
    """As in Keras's guide: a layer of two outputs, and their masks."""

    def call(self, x):
        return [x[:, :2], x[:, 2:]]

    def compute_mask(self, x, mask=None):
        return None if mask is None else [mask[:, :2], mask[:, 2:]]


def test_a_layer_of_one_s_own_says_what_the_mask_is():
    first, second = Halves()(masked())
    assert mask_of(first).tolist() == REAL[:, :2].tolist()
    assert mask_of(second).tolist() == REAL[:, 2:].tolist()
    assert [mask_of(y) for y in Halves()(X)] == [None, None]


def test_a_layer_that_supports_masking_hands_it_on():
    class Doubled(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, x):
            return x * 2.0

    assert mask_of(Doubled()(masked())).tolist() == REAL.tolist()
    assert mask_of(Doubled()(X)) is None


def test_a_mask_that_does_not_fit_is_an_error():
    class Shorter(layers.Layer):
        supports_masking = True

        def call(self, x):
            return x[:, ::2]

    with pytest.raises(ShapeError) as caught:
        Shorter(name="mine")(masked())
    text = str(caught.value)
    assert "the mask does not fit. Got mask (3, 4), x (3, 2, 2); expected mask (3, 2)" in text
    assert "in Shorter 'mine'" in text
    assert "compute_mask(inputs, mask)" in text
    for layer in (layers.GlobalAveragePooling1D(), layers.BatchNormalization()):
        with pytest.raises(ShapeError, match=r"the mask does not fit. Got mask \(3, 3\)"):
            layer(X, mask=REAL[:, :3], training=True)


def test_an_output_that_is_the_input_is_not_changed():
    class Blind(layers.Layer):
        def call(self, x):
            return x

        def compute_mask(self, x, mask=None):
            return None

    x = masked()
    assert mask_of(Blind()(x)) is None
    assert mask_of(x) is not None
    plain = nn.tensor(X)
    masking = layers.Lambda(lambda x: x, mask=REAL)
    assert mask_of(masking(plain)).tolist() == REAL.tolist()
    assert mask_of(plain) is None


def test_types_and_probabilities_keep_their_notes():
    x = with_mask(ops.softmax(X.astype("float64")), nn.tensor(REAL))
    y = layers.Identity(dtype="float32")(x)
    assert y.dtype == np.float32
    assert {type(n).__name__ for n in y.notes} == {"Mask", "Logits"}


def test_gradients_flow_through_masked_inputs():
    def loss(x):
        y = layers.Identity()(with_mask(x, nn.tensor(REAL)))
        return layers.GlobalAveragePooling1D()(y).sum()

    g = nn.grad(loss)(X)
    counts = np.maximum(REAL.sum(axis=1, keepdims=True), 1)[..., None]
    np.testing.assert_allclose(g.numpy(), np.where(REAL[..., None], 1.0 / counts, 0.0) + 0 * X)
    np.testing.assert_allclose(nn.jit(nn.grad(loss))(X).numpy(), g.numpy())


def test_a_lost_mask_is_said_once_and_only_where_nothing_knows_it():
    class Sum(layers.Layer):
        def call(self, x):
            return ops.sum(x, axis=1)

    class Told(Sum):
        def call(self, x, mask=None):
            return ops.sum(x, axis=1)

    class Inner(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    layer = Sum(name="mine")
    assert (
        "Sum 'mine' gets a sequence with a mask and does not hand it on"
        in told(layer, masked())[1][0]
    )
    assert told(layer, masked())[1] == []
    assert told(Told(), masked())[1] == []
    assert told(layer, X)[1] == []
    y, warned = told(Inner(), masked())  # its inner layer hands it on
    assert (mask_of(y).tolist(), warned) == (REAL.tolist(), [])


# --- using them ----------------------------------------------------------------------------------


class Reader(layers.Layer):
    """Shows the masks that it is given."""

    def call(self, x, mask=None):
        self.seen = mask
        return ops.sum(x)


def test_call_is_given_the_mask_of_its_first_input():
    reader = Reader()
    reader(masked())
    assert reader.seen.tolist() == REAL.tolist()
    reader(X)
    assert reader.seen is None


@pytest.mark.parametrize(
    "mask", [~REAL, (~REAL).tolist(), (~REAL).astype("int32"), nn.tensor(~REAL)]
)
def test_a_given_mask_wins(mask):
    reader = Reader()
    reader(masked(), mask=mask)
    assert reader.seen.dtype.kind == "b"
    assert reader.seen.tolist() == (~REAL).tolist()


def test_lists_of_inputs_have_lists_of_masks():
    class Several(Reader):
        def call(self, xs, mask=None):
            self.seen = mask
            return ops.sum(xs[0])

    reader = Several()
    reader([masked(), nn.tensor(X)])
    assert [m if m is None else m.tolist() for m in reader.seen] == [REAL.tolist(), None]
    reader([X, X])
    assert reader.seen is None
    reader([X, X], mask=[None, REAL])
    assert [m if m is None else m.tolist() for m in reader.seen] == [None, REAL.tolist()]


def test_arguments_have_masks_by_their_names():
    class Attending(layers.Layer):
        def call(self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None):
            self.seen = query_mask, value_mask, key_mask
            return query

    layer = Attending()
    for given in (layer, lambda q, v: layer(q, value=v)):
        given(masked(), masked(steps=~REAL))
        assert layer.seen[0].tolist() == REAL.tolist()
        assert layer.seen[1].tolist() == (~REAL).tolist()
        assert layer.seen[2] is None
    layer(nn.tensor(X), masked(), query_mask=nn.tensor(~REAL))
    assert layer.seen[0].tolist() == (~REAL).tolist()


def test_average_pooling_leaves_padding_out():
    y = layers.GlobalAveragePooling1D()(masked())
    expected = [X[0, :2].mean(axis=0), (X[1, 0] + X[1, 2]) / 2, [0.0, 0.0]]  # of nothing: 0
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6)
    kept = layers.GlobalAveragePooling1D(keepdims=True)(masked())
    np.testing.assert_allclose(kept.numpy()[:, 0], expected, rtol=1e-6)


def test_batch_normalization_leaves_padding_out():
    padded = np.where(REAL[..., None], X, 1e6).astype("float32")
    layer = layers.BatchNormalization(momentum=0.0)
    y = layer(masked(padded), training=True).numpy()
    real = X[REAL]
    np.testing.assert_allclose(layer.moving_mean.numpy(), real.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), real.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(y[REAL].mean(axis=0), [0, 0], atol=1e-5)
    y = layer(masked(steps=np.zeros_like(REAL)), training=True).numpy()
    assert np.isfinite(y).all()
    images = np.repeat(X[:, :, None], 3, axis=2)  # a mask of leading axes will do
    assert np.isfinite(layer(images, mask=REAL, training=True).numpy()).all()


def test_softmax_over_time_leaves_padding_out():
    y = layers.Softmax(axis=1)(masked()).numpy()
    assert (y[~REAL] == 0.0).all()
    np.testing.assert_allclose(y.sum(axis=1), [[1, 1], [1, 1], [0, 0]], rtol=1e-6)
    over_features = layers.Softmax()(masked())
    np.testing.assert_allclose(over_features.numpy(), ops.softmax(X).numpy())
    assert mask_of(over_features).tolist() == REAL.tolist()
    given = layers.Softmax()(X, mask=[True, False])
    assert given[..., 0].numpy().min() == 1.0
    with pytest.raises(ShapeError, match="the mask does not fit"):
        layers.Softmax()(X, mask=[[True, False, True]])


def test_lambda_is_told_the_mask():
    def add(x, mask=None):
        return x + mask.astype("float32")[..., None]

    y, warned = told(layers.Lambda(add), masked())
    np.testing.assert_allclose(y.numpy(), X + REAL[..., None], rtol=1e-6)
    assert (mask_of(y), warned) == (None, [])
    keeps = layers.Lambda(lambda x: x[:, :2], mask=lambda x, mask: mask[:, :2])
    assert mask_of(keeps(masked())).tolist() == REAL[:, :2].tolist()


OTHER = RNG.random((3, 4)) < 0.5
PAIR = (X, RNG.normal(size=X.shape).astype("float32"))


@pytest.mark.parametrize(
    ("name", "both", "one"),
    [
        ("Add", PAIR[0] + PAIR[1], PAIR[0] + PAIR[1]),
        ("Average", (PAIR[0] + PAIR[1]) / 2, (PAIR[0] + PAIR[1]) / 2),
        ("Subtract", PAIR[0] - PAIR[1], PAIR[0] - PAIR[1]),
        ("Multiply", None, None),
        ("Maximum", None, None),
    ],
)
def test_merges(name, both, one):
    a, b = REAL[..., None], OTHER[..., None]
    x, y = PAIR
    if name == "Multiply":
        both = np.where(a | b, np.where(a, x, 1) * np.where(b, y, 1), 0)
        one = np.where(a, x, 1) * y
    if name == "Maximum":
        both = np.where(a & b, np.maximum(x, y), np.where(b & ~a, y, x))
        one = np.where(a, np.maximum(x, y), y)
    layer = getattr(layers, name)()
    z = layer([masked(x), masked(y, OTHER)])
    np.testing.assert_allclose(z.numpy(), both, rtol=1e-6)
    assert mask_of(z).tolist() == (REAL | OTHER).tolist()
    z, warned = told(layer, [masked(x), nn.tensor(y)])
    np.testing.assert_allclose(z.numpy(), one, rtol=1e-6)
    assert (mask_of(z), warned) == (None, [])


def test_merges_of_other_ranks():
    short = masked(X[:, :1], REAL[:, :1])
    assert mask_of(layers.Add()([short, masked(X)])).tolist() == (REAL | REAL[:, :1]).tolist()
    vector = nn.tensor(X[:, 0])
    y = layers.Maximum()([masked(X), vector])
    np.testing.assert_allclose(
        y.numpy(), np.where(REAL[..., None], np.maximum(X, X[:, :1]), X[:, :1])
    )


def test_concatenate():
    pair = [masked(), masked(steps=OTHER)]
    side, after, batches = (mask_of(layers.Concatenate(axis=a)(pair)) for a in (-1, 1, 0))
    assert side.tolist() == (REAL | OTHER).tolist()
    assert after.tolist() == np.concatenate([REAL, OTHER], axis=1).tolist()
    assert batches.tolist() == np.concatenate([REAL, OTHER], axis=0).tolist()
    y = layers.Concatenate(axis=1)([masked(), nn.tensor(X)])
    assert mask_of(y).tolist() == np.concatenate([REAL, np.ones_like(REAL)], axis=1).tolist()
    assert mask_of(layers.Concatenate()([masked(), nn.tensor(X)])) is None


def test_values_can_be_observed_as_ever():
    layer = layers.Embedding(5, 2, mask_zero=True, name="tokens")
    with observing("tokens") as seen:
        y = layer(IDS)
    assert seen["tokens"].tolist() == y.tolist()
