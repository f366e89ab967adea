"""Keras's applications: names, arguments, counts, what goes in and what comes out."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import applications
from neurona.applications import imagenet_utils
from neurona.data import download
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError
from neurona.nn.parts import abstract
from tests.zoo.weights_by_formula import images

MORE = json.loads(Path(__file__).with_name("keras_applications_2.json").read_text())
MODULES = [
    "convnext", "densenet", "efficientnet", "efficientnet_v2", "inception_resnet_v2",
    "inception_v3", "mobilenet", "mobilenet_v2", "mobilenet_v3", "nasnet", "resnet", "resnet50",
    "resnet_v2", "vgg16", "vgg19", "xception",
]  # fmt: skip


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No data of the machine, and no network."""

    def no_network(url):
        raise OSError("no network")

    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEURONA_DATA", raising=False)
    monkeypatch.setattr(download, "open_url", no_network)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("known", MORE, ids=lambda row: row["name"])
def test_sizes_of_keras(known):
    with abstract():
        model = getattr(applications, known["name"])(weights=None)
    assert model.count_params() == known["parameters"]
    assert list(model.input_shape[1:]) == known["input_shape"]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("name", "size", "count"),  # of Keras 3.15, without EfficientNet's count of samples
    [
        ("ResNet101", 224, 44_707_176), ("ResNet152", 224, 60_419_944),
        ("ResNet101V2", 224, 44_675_560), ("ResNet152V2", 224, 60_380_648),
        ("DenseNet169", 224, 14_307_880), ("DenseNet201", 224, 20_242_984),
        ("EfficientNetB1", 240, 7_856_238), ("EfficientNetB2", 260, 9_177_568),
        ("EfficientNetB3", 300, 12_320_534), ("EfficientNetB4", 380, 19_466_822),
        ("EfficientNetB5", 456, 30_562_526), ("EfficientNetB6", 528, 43_265_142),
        ("EfficientNetB7", 600, 66_658_686), ("EfficientNetV2B1", 240, 8_212_124),
        ("EfficientNetV2B2", 260, 10_178_374), ("EfficientNetV2B3", 300, 14_467_622),
        ("EfficientNetV2M", 480, 54_431_388), ("EfficientNetV2L", 480, 119_027_848),
        ("ConvNeXtSmall", 224, 50_223_688), ("ConvNeXtBase", 224, 88_591_464),
        ("ConvNeXtLarge", 224, 197_767_336), ("ConvNeXtXLarge", 224, 350_196_968),
        ("NASNetMobile", 224, 5_326_716), ("NASNetLarge", 331, 88_949_818),
    ],
)  # fmt: skip
def test_counts_of_keras(name, size, count):
    with abstract():
        model = getattr(applications, name)(weights=None)
    assert model.count_params() == count
    assert model.input_shape == (None, size, size, 3)


def test_modules_have_what_keras_has():
    for name in MODULES:
        module = getattr(applications, name)
        assert callable(module.preprocess_input)
        assert callable(module.decode_predictions)
        assert all(hasattr(module, n) for n in module.__all__)
    assert applications.resnet50.ResNet50 is applications.ResNet50
    assert applications.efficientnet.EfficientNetB7 is applications.EfficientNetB7


def test_arguments_come_in_keras_order():
    def order(function):
        return list(inspect.signature(function).parameters)

    usual = order(applications.ResNet50)
    assert usual == [
        "include_top", "weights", "input_tensor", "input_shape", "pooling", "classes",
        "classifier_activation", "name",
    ]  # fmt: skip
    assert order(applications.VGG16) == order(applications.EfficientNetB3) == usual
    assert order(applications.ConvNeXtTiny)[:3] == [
        "include_top", "include_preprocessing", "weights",
    ]  # fmt: skip
    assert order(applications.MobileNet)[:5] == [
        "input_shape", "alpha", "depth_multiplier", "dropout", "include_top",
    ]  # fmt: skip
    assert order(applications.MobileNetV2)[:3] == ["input_shape", "alpha", "include_top"]
    assert order(applications.MobileNetV3Small)[:3] == ["input_shape", "alpha", "minimalistic"]
    assert order(applications.NASNetMobile)[:2] == ["input_shape", "include_top"]
    assert "weights" in applications.ResNet50.__doc__


def small(**options):
    return applications.MobileNet((32, 32, 3), 0.125, weights=None, **options)


def test_features_and_tops():
    assert small(classes=7, classifier_activation=None).output_shape == (None, 7)
    assert small(include_top=False, pooling="max").output_shape == (None, 128)
    with abstract():
        features = applications.VGG16(False, None)
    assert features.input_shape == (None, None, None, 3)
    assert features.name == "vgg16"
    with abstract():
        model = applications.MobileNetV3Small(weights=None, minimalistic=True)
    assert model.count_params() == 2_056_848  # of Keras
    assert not any("squeeze" in layer.name for layer in model.layers)


def test_an_input_tensor_takes_the_place_of_an_input():
    x = nn.Input((32, 32, 3))
    scaled = applications.mobilenet.preprocess_input(x)
    model = applications.MobileNet(
        alpha=0.125, weights=None, include_top=False, pooling="avg", input_tensor=scaled
    )
    assert model.input is x or model.inputs[0] is x
    plain = small(include_top=False, pooling="avg")
    plain.set_weights(model.get_weights())
    pixels = 255 * images(2, 32, 32, 3)
    expected = plain(applications.mobilenet.preprocess_input(pixels), training=False).numpy()
    np.testing.assert_allclose(model(pixels, training=False).numpy(), expected, rtol=1e-5)
    model.get_layer("conv1")  # layers are those of the model itself
    with pytest.raises(ArgumentError, match="input_tensor is symbolic"):
        applications.MobileNet(weights=None, input_tensor=pixels)


# --- weights --------------------------------------------------------------------------------------


def test_weights_of_imagenet_say_where_they_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    with pytest.raises(MissingDataError) as caught:
        applications.MobileNet()
    text = str(caught.value)
    assert "there are no weights of MobileNet on this machine. Got no mobilenet.npz or" in text
    assert str(tmp_path / "own" / "applications") in text
    assert 'np.savez("mobilenet.npz", *keras.applications.MobileNet().get_weights())' in text
    with pytest.raises(ArgumentError, match=r"of 1000 classes. Got classes=10"):
        applications.MobileNet(classes=10)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_weights_of_imagenet_are_read_where_they_are(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    (tmp_path / "applications").mkdir()
    whole = applications.MobileNet((32, 32, 3), 0.125, weights=None)
    path = tmp_path / "applications" / f"mobilenet.{kind}"
    if kind == "npz":
        np.savez(path, *whole.get_weights())
    else:
        whole.save_weights(path)
    again = applications.MobileNet((32, 32, 3), 0.125)
    for a, b in zip(again.get_weights(), whole.get_weights(), strict=True):
        assert np.array_equal(a, b)
    features = applications.MobileNet((32, 32, 3), 0.125, include_top=False)
    for a, b in zip(features.get_weights(), whole.get_weights(), strict=False):
        assert np.array_equal(a, b)
    by_path = small(include_top=False)
    applications.weights.load(by_path, str(path), include_top=False)
    with pytest.raises(FormatError, match=r"the weights do not fit 'mobilenet'. Got .* is "):
        applications.MobileNet((32, 32, 3), 0.25, weights=str(path))
    if kind == "npz":
        np.savez(path, *whole.get_weights(), np.zeros(3))
        with pytest.raises(FormatError, match=r"Got 138 arrays, 137 in the model"):
            applications.MobileNet((32, 32, 3), 0.125)


def test_a_count_of_samples_that_keras_keeps_is_left_out(tmp_path):
    def tiny(weights):
        return applications.EfficientNetB0(False, weights, input_shape=(32, 32, 3))

    with abstract():
        shapes = [p.shape for p in tiny(None).weights]
    arrays = [np.full(shape, 0.5, np.float32) for shape in shapes]
    np.savez(tmp_path / "w.npz", *arrays[:2], np.array(7), *arrays[2:])
    assert tiny(tmp_path / "w.npz").get_weights()[-1].max() == 0.5


def test_weights_errors(tmp_path):
    with pytest.raises(MissingDataError, match="no such file"):
        applications.MobileNet(weights=tmp_path / "w.npz")
    for name, content, message in (
        ("w.h5", b"x", r"files of this kind are not read. Got .h5; expected .npz or .safetensors"),
        ("w.npz", b"x", "this is no archive of arrays"),
        ("w.safetensors", b"x", "."),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=message):
            applications.MobileNet((32, 32, 3), 0.125, weights=tmp_path / name)
    np.savez(tmp_path / "w.npz", x=np.ones(3))
    with pytest.raises(FormatError, match=r"no item named 'arr_0.npy'"):
        applications.MobileNet((32, 32, 3), 0.125, weights=tmp_path / "w.npz")


def test_weights_of_imagenet_of_efficientnet_need_another_rescaling(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    (tmp_path / "applications").mkdir()
    with abstract():
        plain = applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3))
    zeros = [np.zeros(p.shape, np.float32) for p in plain.weights]
    np.savez(tmp_path / "applications" / "efficientnetb0.npz", *zeros)
    trained = applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3))
    assert trained.get_layer("rescaling_1").scale[0] == pytest.approx(1 / np.sqrt(0.229))
    assert "rescaling_1" not in [layer.name for layer in plain.layers]


# --- in and out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", imagenet_utils.MODES)
def test_pixels_are_scaled_as_keras_does(mode):
    x = np.array([[[0, 100, 255], [30, 60, 90]]], np.float32)
    expected = {
        "tf": x / 127.5 - 1,
        "torch": (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        "caffe": x[..., ::-1] - [103.939, 116.779, 123.68],
    }[mode]
    before = x.copy()
    found = imagenet_utils.preprocess_input(x, mode=mode)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert np.array_equal(x, before)
    assert found.dtype == np.float32
    tensor = imagenet_utils.preprocess_input(nn.tensor(x), mode=mode)
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=1e-5, atol=1e-4)
    first = imagenet_utils.preprocess_input(x.transpose(2, 0, 1), "channels_first", mode)
    np.testing.assert_allclose(first.transpose(1, 2, 0), expected, rtol=1e-5, atol=1e-5)
    whole = imagenet_utils.preprocess_input(x.astype(np.uint8), mode=mode)
    np.testing.assert_allclose(whole, expected, rtol=1e-5, atol=1e-4)


def test_each_module_scales_as_its_network_was_trained():
    x = np.array([[[255.0, 0.0, 0.0]]], np.float32)
    found = {name: getattr(applications, name).preprocess_input(x)[0, 0, 0] for name in MODULES}
    like = {
        -103.939: ["resnet", "resnet50", "vgg16", "vgg19"],
        1.0: ["resnet_v2", "inception_v3", "inception_resnet_v2", "xception", "mobilenet",
              "mobilenet_v2", "nasnet"],
        2.2489083: ["densenet"],
        255.0: ["convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3"],
    }  # fmt: skip
    for value, names in like.items():
        for name in names:
            assert found[name] == pytest.approx(value, rel=1e-5), name
    with pytest.raises(ArgumentError, match="unknown mode"):
        imagenet_utils.preprocess_input(x, mode="keras")


def test_classes_have_names(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    index = tmp_path / imagenet_utils.INDEX
    scores = np.zeros((2, 1000))
    scores[0, [7, 3, 900]] = [0.5, 0.3, 0.2]
    with pytest.raises(MissingDataError, match=r"imagenet_class_index.json is not here"):
        applications.resnet50.decode_predictions(scores)
    index.write_text(json.dumps({str(n): [f"n{n:08}", f"class {n}"] for n in range(1000)}))
    found = applications.resnet50.decode_predictions(scores, top=2)
    assert found[0] == [("n00000007", "class 7", 0.5), ("n00000003", "class 3", 0.3)]
    assert len(found[1]) == 2
    assert len(applications.vgg16.decode_predictions(nn.tensor(scores))[0]) == 5
    with pytest.raises(DataError, match=r"scores of ImageNet's classes. Got \(2, 10\)"):
        applications.resnet50.decode_predictions(scores[:, :10])
    index.write_text("{}")
    with pytest.raises(FormatError, match="no names of ImageNet's classes"):
        applications.resnet50.decode_predictions(scores)
