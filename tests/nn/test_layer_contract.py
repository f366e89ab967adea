"""One contract over every layer of the public namespace; a class without a row here fails."""

import inspect
import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.core import random
from neurona.core.graph import trace_open
from neurona.core.shapes import Spec
from neurona.core.tree import flatten
from neurona.errors import NeuronaError
from neurona.gradcheck import gradcheck
from neurona.nn.description import describe, rebuild
from neurona.nn.encoding.before import BeforeStep
from neurona.nn.parameter import bound
from tests.first import first
from tests.tolerances import assert_engines_agree


def double(x):
    """For the row of Lambda; it has a name, so that it can be described."""
    return x * 2.0


@dataclass
class Row:
    """How to make a layer and what it takes.

    Attributes:
        kwargs: arguments of the constructor; or a function of the type, where layers are among
            them.
        shapes: of the inputs, batch axis included; several for a layer of several inputs.
        wrong: a shape that it must refuse, or None if it takes any number of axes.
        message: what the refusal says.
        integers: inputs are whole numbers below this.
        noise: it acts in training only.
        kinked: its gradient jumps somewhere.
        batchwise: in training the samples of a batch see each other.
        spread: it takes its inputs one by one, not as a list.
        follows: in training a state follows a parameter, and gradients of that hold the state.
    """

    kwargs: Any
    shapes: tuple
    wrong: Any = None
    message: str = "the number of axes is wrong"
    integers: int = 0
    noise: bool = False
    kinked: bool = False
    batchwise: bool = False
    spread: bool = False
    follows: bool = False
    custom: dict[str, Any] = field(default_factory=dict)

    def arguments(self, dtype="float32"):
        """The arguments of the constructor, with layers of their own."""
        return self.kwargs(dtype) if callable(self.kwargs) else self.kwargs


VECTORS, SEQUENCES, IMAGES = ((3, 4),), ((3, 6, 2),), ((2, 5, 4, 2),)
VOLUMES = ((2, 3, 2, 3, 2),)
NO_SEQUENCE, NO_IMAGE, NO_VOLUME = (3, 6), (3, 6, 2), (2, 3, 2, 2)


def conv1d(**more):
    return Row({"kernel_size": 3, **more}, SEQUENCES, NO_SEQUENCE)


def conv2d(**more):
    return Row({"kernel_size": 2, **more}, IMAGES, NO_IMAGE)


def of_volumes(kinked=False, **more):
    return Row(more, VOLUMES, NO_VOLUME, kinked=kinked)


def pooling1d(kwargs, kinked):
    return Row(kwargs, SEQUENCES, NO_SEQUENCE, kinked=kinked)


def pooling2d(kwargs, kinked):
    return Row(kwargs, IMAGES, NO_IMAGE, kinked=kinked)


def moving(**kwargs):
    """An augmentation that moves or covers pixels."""
    return Row(kwargs, IMAGES, NO_IMAGE, noise=True, kinked=True)


def colours(**kwargs):
    return Row(
        {"value_range": (-9, 9), **kwargs}, ((2, 3, 2, 3),), NO_IMAGE, noise=True, kinked=True
    )


def tones(**kwargs):
    """What spreads tones, always."""
    return Row({"value_range": (-9, 9), **kwargs}, ((2, 3, 2, 3),), NO_IMAGE, kinked=True)


def attention(**more):
    pair = ((2, 3, 4), (2, 5, 4))
    return Row(more, pair, ((3, 4), (3, 4)), spread=True)


def merge(kinked=False, **kwargs):
    return Row(kwargs, ((3, 4), (3, 4)), ((3, 4),), "takes a list", kinked=kinked)


def recurrent(kwargs):
    return Row(kwargs, ((3, 4, 2),), (3, 4))


def cell(states, **kwargs):
    return Row(kwargs, ((3, 4), *((3, 3),) * states), ((3,), *((3, 3),) * states))


ROWS = {
    "Activation": Row({"activation": "tanh"}, VECTORS),
    "ActivityRegularization": Row({"l2": 0.1}, VECTORS),
    "AdaptiveAveragePooling1D": pooling1d({"output_size": 4}, False),
    "AdaptiveAveragePooling2D": pooling2d({"output_size": (2, 3)}, False),
    "AdaptiveAveragePooling3D": of_volumes(output_size=2),
    "AdaptiveMaxPooling1D": pooling1d({"output_size": 4}, True),
    "AdaptiveMaxPooling2D": pooling2d({"output_size": (2, 3)}, True),
    "AdaptiveMaxPooling3D": of_volumes(True, output_size=2),
    "Add": merge(),
    "AdditiveAttention": Row({}, ((2, 3, 4), (2, 5, 4)), ((3, 4), (3, 4))),
    "AlphaDropout": Row({"rate": 0.4}, VECTORS, noise=True),
    "Attention": Row(
        {"use_scale": True, "score_mode": "concat"}, ((2, 3, 4), (2, 5, 4)), ((3, 4), (3, 4))
    ),
    "AugMix": colours(num_chains=2, chain_depth=1),
    "AutoContrast": tones(),
    "Average": merge(),
    "AveragePooling1D": pooling1d({"pool_size": 2}, False),
    "AveragePooling2D": pooling2d({"pool_size": 2, "padding": "same"}, False),
    "AveragePooling3D": of_volumes(pool_size=2, padding="same"),
    "Bidirectional": recurrent(lambda dtype: {"layer": layers.LSTM(3, dtype=dtype)}),
    "BatchNormalization": Row({}, ((5, 3),), (), "there is no axis", batchwise=True),
    "CategoryEncoding": Row({"num_tokens": 7}, ((3, 4),), integers=7),
    "CenterCrop": Row({"height": 3, "width": 2}, IMAGES, NO_IMAGE),
    "Concatenate": merge(),
    "ContrastLimitedAdaptiveHistogramEqualization": tones(tile_grid_size=(2, 2)),
    "Conv1D": conv1d(filters=3, padding="causal"),
    "Conv1DTranspose": conv1d(filters=3, strides=2),
    "Conv2D": conv2d(filters=3, padding="same", activation="tanh"),
    "Conv2DTranspose": conv2d(filters=2, strides=2, padding="same"),
    "Conv3D": of_volumes(filters=2, kernel_size=2, padding="same", activation="tanh"),
    "Conv3DTranspose": of_volumes(filters=2, kernel_size=2, strides=(1, 2, 1)),
    "ConvLSTM1D": Row({"filters": 2, "kernel_size": 2}, ((2, 3, 4, 2),), (2, 3, 4)),
    "ConvLSTM2D": Row(
        {"filters": 2, "kernel_size": 2, "padding": "same"}, ((2, 2, 3, 2, 1),), (2, 2, 3, 2)
    ),
    "ConvLSTM3D": Row(
        {"filters": 1, "kernel_size": 2, "padding": "same"}, ((2, 2, 2, 1, 2, 1),), (2, 2, 3, 2, 1)
    ),
    "Cropping1D": Row({}, SEQUENCES, NO_SEQUENCE),
    "Cropping2D": Row({"cropping": 1}, IMAGES, NO_IMAGE),
    "CutMix": Row({}, IMAGES, NO_IMAGE, noise=True, batchwise=True),
    "Cropping3D": of_volumes(cropping=((1, 0), (0, 1), (1, 1))),
    "Dense": Row({"units": 3, "activation": "sigmoid"}, VECTORS, (4,), "needs a batch axis"),
    "DepthwiseConv1D": conv1d(depth_multiplier=2),
    "DepthwiseConv2D": conv2d(depth_multiplier=2),
    "Discretization": Row(
        {"bin_boundaries": [-0.3, 0.1, 0.2], "output_mode": "one_hot"}, VECTORS, kinked=True
    ),
    "Dot": merge(axes=1, normalize=True),
    "Dropout": Row({"rate": 0.4}, VECTORS, noise=True),
    "ELU": Row({"alpha": 0.7}, VECTORS, kinked=True),
    "EinsumDense": Row(
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"},
        SEQUENCES,
        NO_SEQUENCE,
        "does not fit the equation",
    ),
    "Embedding": Row({"input_dim": 7, "output_dim": 2}, ((3, 4),), integers=7),
    "Equalization": tones(bins=16),
    "Flatten": Row({}, ((3, 2, 2),), (), "needs a batch axis"),
    "GRU": recurrent({"units": 3, "return_sequences": True}),
    "GRUCell": cell(1, units=3),
    "GaussianDropout": Row({"rate": 0.4}, VECTORS, noise=True),
    "GaussianNoise": Row({"stddev": 0.4}, VECTORS, noise=True),
    "GlobalAveragePooling1D": pooling1d({}, False),
    "GlobalAveragePooling2D": pooling2d({"keepdims": True}, False),
    "GlobalAveragePooling3D": of_volumes(),
    "GlobalMaxPooling1D": pooling1d({}, True),
    "GlobalMaxPooling2D": pooling2d({"keepdims": True}, True),
    "GlobalMaxPooling3D": of_volumes(True),
    "GroupNormalization": Row({"groups": 2}, ((2, 3, 4),), (4,), "axis 0 is the batch"),
    "GroupQueryAttention": attention(
        head_dim=2, num_query_heads=4, num_key_value_heads=2, use_bias=False
    ),
    "Identity": Row({}, VECTORS),
    "InputLayer": Row({"shape": (4,)}, VECTORS),
    "LSTM": recurrent({"units": 3, "go_backwards": True}),
    "LSTMCell": cell(2, units=3),
    "Lambda": Row({"function": double}, VECTORS, custom={"double": double}),
    "LayerNormalization": Row({}, VECTORS, (4,), "axis 0 is the batch"),
    "LeakyReLU": Row({}, VECTORS, kinked=True),
    "Masking": Row({"mask_value": 0.5}, VECTORS, (4,), "needs steps of features"),
    "MaxNumBoundingBoxes": Row({"max_number": 3}, IMAGES),
    "MaxPooling1D": pooling1d({}, True),
    "MaxPooling2D": pooling2d({}, True),
    "MaxPooling3D": of_volumes(True, pool_size=(2, 1, 2)),
    "Maximum": merge(kinked=True),
    "MelSpectrogram": Row(
        {"fft_length": 8, "sequence_stride": 4, "num_mel_bins": 3, "sampling_rate": 4000},
        ((3, 12),),
        (3, 12, 1),
        kinked=True,
    ),
    "Minimum": merge(kinked=True),
    "MixUp": Row({"alpha": 1.0}, IMAGES, NO_IMAGE, noise=True, batchwise=True),
    "MultiHeadAttention": attention(num_heads=2, key_dim=3, value_dim=2, use_bias=False),
    "Multiply": merge(),
    "Normalization": Row({}, VECTORS, (), "there is no axis"),
    "PReLU": Row({}, VECTORS, kinked=True),
    "Permute": Row({"dims": (2, 1)}, ((2, 3, 4),), (2, 3)),
    "RNN": recurrent(lambda dtype: {"cell": [layers.LSTMCell(3, dtype=dtype)]}),
    "Pipeline": Row(
        lambda dtype: {
            "layers": [layers.Rescaling(2.0, dtype=dtype), layers.Dropout(0.4, dtype=dtype)]
        },
        VECTORS,
        batchwise=True,
    ),
    "PositionEmbedding": Row({"sequence_length": 8}, SEQUENCES, NO_SEQUENCE),
    "RMSNormalization": Row({}, VECTORS, (4,), "axis 0 is the batch"),
    "RandAugment": colours(num_ops=1),
    "RandomAffine": moving(moves=[layers.RandomRotation(0.1), layers.RandomZoom(0.1)]),
    "RandomBrightness": colours(factor=0.1),
    "RandomColorDegeneration": colours(factor=0.7),
    "RandomColorJitter": colours(brightness_factor=0.1, saturation_factor=0.7, hue_factor=0.3),
    "RandomContrast": colours(factor=0.1),
    "RandomCrop": Row({"height": 5, "width": 4}, IMAGES, NO_IMAGE),
    "RandomElasticTransform": colours(),
    "RandomErasing": moving(fill_value=0.0, scale=0.9),
    "RandomFlip": moving(),
    "RandomGaussianBlur": colours(),
    "RandomGrayscale": Row({}, ((2, 3, 2, 3),), NO_IMAGE, noise=True),
    "RandomHue": colours(factor=0.3),
    "RandomInvert": colours(),
    "RandomPerspective": moving(factor=(1, 1), scale=0.4),
    "RandomPosterization": colours(factor=3),
    "RandomRotation": moving(factor=0.2),
    "RandomSaturation": colours(factor=0.7),
    "RandomSharpness": colours(factor=0.9),
    "RandomShear": moving(x_factor=0.2, y_factor=0.1),
    "RandomTranslation": moving(height_factor=0.2, width_factor=0.2, fill_mode="wrap"),
    "RandomZoom": moving(height_factor=0.3, fill_mode="constant"),
    "ReLU": Row({"negative_slope": 0.1, "max_value": 1.0}, VECTORS, kinked=True),
    "RepeatVector": Row({"n": 3}, VECTORS, (3, 4, 2)),
    "Rescaling": Row({"scale": 0.5, "offset": 1.0}, VECTORS),
    "Reshape": Row({"target_shape": (2, -1)}, VECTORS, (), "needs a batch axis"),
    "Resizing": Row({"height": 7, "width": 3}, IMAGES, NO_IMAGE),
    "ReversibleEmbedding": Row({"input_dim": 7, "output_dim": 2}, ((3, 4),), integers=7),
    "RotaryEmbedding": Row({}, SEQUENCES, NO_SEQUENCE),
    "STFTSpectrogram": Row(
        {"mode": "magnitude", "frame_length": 3, "fft_length": 4}, SEQUENCES, NO_SEQUENCE
    ),
    "SeparableConv1D": conv1d(filters=3),
    "SeparableConv2D": conv2d(filters=3, depth_multiplier=2),
    "SimpleRNN": recurrent({"units": 3, "unroll": True}),
    "SimpleRNNCell": cell(1, units=3),
    "SinePositionEncoding": Row({}, SEQUENCES, NO_SEQUENCE),
    "Softmax": Row({}, VECTORS),
    "Solarization": colours(threshold_factor=0.3),
    "SpatialDropout1D": Row({"rate": 0.4}, SEQUENCES, NO_SEQUENCE, noise=True),
    "SpatialDropout2D": Row({"rate": 0.4}, IMAGES, NO_IMAGE, noise=True),
    "SpatialDropout3D": Row({"rate": 0.4}, VOLUMES, NO_VOLUME, noise=True),
    "SpectralNormalization": Row(
        lambda dtype: {"layer": layers.Dense(3, activation="tanh", dtype=dtype)},
        VECTORS,
        (4,),
        "needs a batch axis",
        follows=True,
    ),
    "StackedRNNCells": Row(
        lambda dtype: {"cells": [layers.LSTMCell(3, dtype=dtype), layers.GRUCell(3, dtype=dtype)]},
        ((3, 4), (3, 3), (3, 3), (3, 3)),
        ((3,), (3, 3), (3, 3), (3, 3)),
    ),
    "Subtract": merge(),
    "TimeDistributed": Row(
        lambda dtype: {"layer": layers.Dense(3, activation="tanh", dtype=dtype)},
        SEQUENCES,
        (3,),
        "needs an axis of time",
    ),
    "TransformerDecoderBlock": Row(
        {"intermediate_dim": 3, "num_heads": 2, "activation": "tanh", "normalize_first": True},
        ((2, 3, 4), (2, 2, 3)),
        ((3, 4), (3, 4)),
        spread=True,
    ),
    "TransformerEncoderBlock": Row(
        {"intermediate_dim": 3, "num_heads": 2, "activation": "tanh"}, ((2, 3, 4),), (3, 4)
    ),
    "UnitNormalization": Row({}, VECTORS),
    "UpSampling1D": Row({}, SEQUENCES, NO_SEQUENCE),
    "UpSampling2D": Row({"interpolation": "bilinear"}, IMAGES, NO_IMAGE),
    "UpSampling3D": of_volumes(size=(1, 2, 1)),
    "ZeroPadding1D": Row({"padding": (2, 1)}, SEQUENCES, NO_SEQUENCE),
    "ZeroPadding2D": Row({}, IMAGES, NO_IMAGE),
    "ZeroPadding3D": of_volumes(padding=((1, 0), (0, 1), (0, 0))),
}
CLASSES = {
    cls.__name__: cls
    for cls in (getattr(layers, name) for name in layers.__all__)
    if inspect.isclass(cls)
    and issubclass(cls, layers.Layer)
    and cls not in (layers.Layer, layers.Wrapper)
    and not issubclass(cls, BeforeStep)  # see test_encoding_contract.py
}

every_layer = pytest.mark.parametrize("name", sorted(CLASSES))


def row_of(name):
    assert name in ROWS, f"layers.{name} has no row in ROWS"
    return ROWS[name]


def inputs_of(row, shapes=None, dtype="float32", seed=0):
    """Numbers for a layer: apart from each other and from 0, so that no kink is near."""
    rng = np.random.default_rng(seed)
    made = []
    for shape in shapes or row.shapes:
        if row.integers:
            made.append(rng.integers(0, row.integers, shape).astype("int32"))
            continue
        steps = rng.permutation(int(np.prod(shape))).reshape(shape)  # all different
        made.append((0.07 * (steps - steps.size / 2 + 0.5 + 0.1 * len(made))).astype(dtype))
    return made


def call(layer, inputs, **kwargs):
    if hasattr(layer, "get_initial_state") and not hasattr(layer, "cell"):  # one step of a cell
        states = flatten(layer.get_initial_state(1))[1].unflatten(list(inputs[1:]))
        return layer(inputs[0], states, **kwargs)[0]
    if row_of(type(layer).__name__).spread:
        return layer(*inputs, **kwargs)
    return layer(list(inputs) if len(inputs) > 1 else inputs[0], **kwargs)


def made(name, dtype="float32", **more):
    """A layer, built, with parameters that are not special."""
    row = row_of(name)
    layer = CLASSES[name](**row.arguments(dtype), dtype=dtype, **more)
    call(layer, inputs_of(row, dtype=dtype))
    rng = np.random.default_rng(1)
    for p in layer.weights:
        low = 0.5 if "variance" in p.name else 0.2
        p.assign((rng.uniform(low, 1.5, p.shape) * rng.choice([-1, 1], p.shape)).astype(dtype))
        if "variance" in p.name:
            p.assign(np.abs(p.numpy()))
    return layer


def test_every_row_is_a_layer():
    assert set(ROWS) <= set(CLASSES)


@every_layer
def test_shapes_agree_eager_abstract_and_symbolic(name):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)
    y = call(layer, inputs)
    graph, _ = trace_open(lambda *xs: call(layer, xs), [Spec(x.shape, x.dtype) for x in inputs])
    assert graph.specs[graph.outputs[0]] == y.spec

    fresh = CLASSES[name](**row.arguments())
    symbolic = call(fresh, [nn.Input(x.shape[1:], dtype=x.dtype.name) for x in inputs])
    assert symbolic.shape == (None, *y.shape[1:])
    assert symbolic.dtype == y.dtype
    assert fresh.built
    assert [p.shape for p in fresh.weights] == [p.shape for p in layer.weights]
    shape = layer.output_shape
    assert (shape[0] if isinstance(shape, list) else shape) == (None, *y.shape[1:])


@every_layer
def test_gradients_reach_all_trainable_parameters(name):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)

    def loss():
        with random.use(random.state_of(3, 0)):
            y = call(layer, inputs, training=True)
        return (y * np.arange(1.0, y.size + 1.0, dtype="float32").reshape(y.shape)).sum()

    _, grads = nn.gradients(loss, layer.trainable_weights)
    for p, g in zip(layer.trainable_weights, grads, strict=True):
        assert np.isfinite(g.numpy()).all(), p.path
        assert np.abs(g.numpy()).max() > 0, p.path
    assert not set(map(id, layer.trainable_weights)) & set(map(id, layer.non_trainable_weights))


POLICIES = {"AugMix", "RandAugment"}  # of changes that are tested one by one
SMALL = 40  # elements: so many are moved one by one for the second order


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", first(sorted(CLASSES), *CLASSES.keys() - POLICIES))
@pytest.mark.parametrize("training", first([False, True], True))
def test_gradients_agree_with_finite_differences(name, training):
    row, layer = row_of(name), made(name, "float64")
    inputs = inputs_of(row, dtype="float64")
    weights = layer.weights  # also those that no optimiser changes
    chosen = [p for p in weights if p.trainable and not row.follows]

    def function(*values):
        xs, ws = values[: len(inputs)], values[len(inputs) :]
        with bound(weights, [p.value for p in weights]), random.use(random.state_of(3, 0)):
            for p, w in zip(chosen, ws, strict=True):
                p.restore(w)
            return call(layer, xs, training=training)

    arguments = [*inputs, *[p.numpy() for p in chosen]]
    if all(np.asarray(x).dtype.kind != "f" for x in arguments):
        return  # nothing that could be moved a little
    tolerance = 1e-5 if row.kinked else 1e-7
    gradcheck(function, *arguments, rtol=tolerance, atol=tolerance)
    few = [*[x[:2] for x in inputs], *arguments[len(inputs) :]]
    if sum(np.size(x) for x in few if np.asarray(x).dtype.kind == "f") <= SMALL:
        gradcheck(function, *few, order=2, rtol=1e-6, atol=1e-6)
    else:  # element by element it would take minutes
        gradcheck(along_directions(function, few), np.zeros(3), order=2, rtol=1e-6, atol=1e-6)


def along_directions(function, arguments):
    """The function of how far all arguments are moved in each of three random directions."""
    rng = np.random.default_rng(0)
    ways = [rng.normal(size=(3, *np.shape(x))) / 3 for x in arguments]

    def moved(far):
        given = []
        for x, way in zip(arguments, ways, strict=True):
            if np.asarray(x).dtype.kind == "f":
                x = x + ops.sum(ops.reshape(far, (3,) + (1,) * np.ndim(x)) * way, axis=0)
            given.append(x)
        return function(*given)

    return moved


@every_layer
def test_training_differs_from_inference_where_it_should(name):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)
    before = layer.get_weights()
    inference = call(layer, inputs, training=False).numpy()
    assert all(map(np.array_equal, before, layer.get_weights()))
    assert np.array_equal(call(layer, inputs).numpy(), inference), "inference is the default"
    with random.use(random.state_of(3, 0)):
        training = call(layer, inputs, training=True).numpy()
    assert np.array_equal(training, inference) != (row.noise or row.batchwise)
    if row.noise:
        assert np.array_equal(inference, inputs[0])
    for p, w in zip(layer.weights, before, strict=True):
        moves = not p.trainable and (row.batchwise or row.follows)
        assert np.array_equal(p.numpy(), w) != moves, p.path


@every_layer
def test_it_is_made_again_from_its_description(name):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)
    description = json.loads(json.dumps(describe(layer)))
    again = rebuild(description, row.custom)
    assert type(again) is type(layer)
    assert again.name == layer.name
    call(again, inputs)
    again.set_weights(layer.get_weights())
    assert np.array_equal(call(again, inputs).numpy(), call(layer, inputs).numpy())
    assert json.loads(json.dumps(describe(again))) == description


@every_layer
def test_samples_do_not_see_each_other(name):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)
    together = call(layer, inputs).numpy()
    for i in range(len(together)):
        alone = call(layer, [x[i : i + 1] for x in inputs]).numpy()
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-5, atol=1e-6)


@pytest.mark.sampled(3)
@every_layer
@pytest.mark.parametrize("training", [False, True])
def test_jit_gives_the_same_numbers(name, training):
    row, layer = row_of(name), made(name)
    inputs = inputs_of(row)
    weights = layer.weights

    def function(values, xs):  # pure: the parameters are arguments
        with bound(weights, values):
            return call(layer, xs, training=training)

    nn.utils.set_random_seed(5)
    compiled = nn.jit(function)(layer.get_weights(), inputs)
    with bound(weights, [p.value for p in weights]), random.use(random.state_of(5, 0)):
        eager = call(layer, inputs, training=training)
    assert_engines_agree(compiled.numpy(), eager.numpy())


@pytest.mark.sampled(3)
@every_layer
def test_float32_and_float64_agree(name):
    row, single, double_ = row_of(name), made(name), made(name, "float64")
    double_.set_weights([w.astype("float64") for w in single.get_weights()])
    y32 = call(single, inputs_of(row))
    y64 = call(double_, inputs_of(row, dtype="float64"))
    assert (y32.dtype.name, y64.dtype.name) == ("float32", "float64")
    np.testing.assert_allclose(y32.numpy(), y64.numpy(), rtol=1e-4, atol=1e-5)


@every_layer
def test_a_wrong_rank_is_explained(name):
    row = row_of(name)
    if row.wrong is None:  # it takes any number of axes
        shapes = [(2, *shape[1:], 3) for shape in row.shapes]
        assert call(CLASSES[name](**row.arguments()), inputs_of(row, shapes)).shape[0] == 2
        return
    wrong = row.wrong if len(row.shapes) > 1 else (row.wrong,)
    layer = CLASSES[name](**row.arguments(), name="mine")
    training = {"training": True} if row.noise else {}
    with pytest.raises(NeuronaError) as caught:
        call(layer, inputs_of(row, wrong), **training)
    text = str(caught.value)
    assert row.message in text
    assert f"in {name} 'mine', called with x " in text
    assert re.search(r"Got .+", text)
