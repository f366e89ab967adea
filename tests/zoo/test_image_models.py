"""Networks of images: their papers' counts, Keras's names, order and numbers, and their errors."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.nn.parts import abstract
from tests.first import first
from tests.settings import engine_set_to
from tests.zoo.weights_by_formula import images, weights

GOLDEN = json.loads(Path(__file__).with_name("keras_applications.json").read_text())
like_keras = pytest.mark.parametrize("golden", GOLDEN, ids=lambda row: row["name"])
SIZE = (40, 48, 3)
ROWS = zoo.mobilenet_v3.LARGE[:4] + zoo.mobilenet_v3.LARGE[-2:]
V2_ROWS = zoo.efficientnet_v2.S[1:4]
MORE = json.loads(Path(__file__).with_name("keras_applications_2.json").read_text())

# name -> (a small one, the smallest image it takes)
SMALL = {
    "LeNet5": (lambda **options: zoo.LeNet5(**options), (12, 12, 1)),
    "AlexNet": (lambda **options: zoo.AlexNet(16, **options), (63, 63, 3)),
    "VGG": (lambda **options: zoo.VGG((1, 1, 1, 1, 1), 8, **options), (32, 32, 3)),
    "ResNet": (lambda **options: zoo.ResNet(depths=(1, 2), width=4, **options), (32, 32, 3)),
    "CIFARResNet": (lambda **options: zoo.CIFARResNet(1, 4, **options), (8, 8, 3)),
    "GoogLeNet": (lambda **options: zoo.GoogLeNet(8, **options), (32, 32, 3)),
    "ResNet18": (lambda **options: zoo.ResNet18(2, **options), (32, 32, 3)),
    "MobileNet": (lambda **options: zoo.MobileNet(0.125, dropout=0.0, **options), (32, 32, 3)),
    "MobileNetV2": (lambda **options: zoo.MobileNetV2(0.05, **options), (32, 32, 3)),
    "EfficientNet": (
        lambda **options: zoo.EfficientNet(0.1, 0.3, 0.0, 0.0, **options),
        (32, 32, 3),
    ),
    "ConvNeXt": (
        lambda **options: zoo.ConvNeXt((1, 2), (8, 16), layer_scale=1.0, **options),
        (32, 32, 1),
    ),
    "DenseNet": (lambda **options: zoo.DenseNet((2, 2), 4, **options), (32, 32, 3)),
    "ResNetV2": (lambda **options: zoo.ResNetV2((2, 2), 4, **options), (32, 32, 3)),
    "Xception": (lambda **options: zoo.Xception(4, 1, **options), (71, 71, 3)),
    "InceptionV3": (lambda **options: zoo.InceptionV3(0.05, **options), (75, 75, 3)),
    "InceptionResNetV2": (
        lambda **options: zoo.InceptionResNetV2(0.05, (1, 1, 1), **options),
        (75, 75, 3),
    ),
    "MobileNetV3": (
        lambda **options: zoo.MobileNetV3(ROWS, 32, 0.25, dropout=0.0, **options),
        (32, 32, 3),
    ),
    "EfficientNetV2": (
        lambda **options: zoo.EfficientNetV2(V2_ROWS, 0.1, 0.2, 0.0, 0.0, **options),
        (32, 32, 3),
    ),
    "NASNet": (lambda **options: zoo.NASNet(96, 1, 4, **options), (32, 32, 3)),
}
each = pytest.mark.parametrize("name", SMALL)


def small(name, **options):
    make, size = SMALL[name]
    return make(**{"input_shape": size, "classes": 4, **options})


@pytest.mark.parametrize(
    ("make", "count", "frozen"),
    [
        (zoo.LeNet5, 61_706, 0),
        (zoo.AlexNet, 61_100_840, 0),  # torchvision
        (zoo.VGG11, 132_863_336, 0),
        (zoo.VGG16, 138_357_544, 0),
        (zoo.VGG19, 143_667_240, 0),
        (zoo.GoogLeNet, 6_624_904, 14_560),  # torchvision, with the line below
        (lambda: zoo.GoogLeNet(auxiliary=True), 13_004_888, 15_072),
        (zoo.ResNet20, 269_722, 1_376),
        (zoo.ResNet32, 464_154, 2_272),
        (zoo.ResNet56, 853_018, 4_064),
        (zoo.ResNet18, 11_689_512, 9_600),  # torchvision, which does not count moving averages
        (zoo.ResNet34, 21_797_672, 17_024),
        (zoo.ResNet50, 25_583_592, 53_120),  # 25,636,712 in Keras
        (zoo.DenseNet121, 7_978_856, 83_648),  # 8,062,504 in Keras
        (zoo.MobileNet, 4_231_976, 21_888),  # 4,253,864 in Keras
        (zoo.MobileNetV2, 3_504_872, 34_112),  # 3,538,984 in Keras
        (zoo.EfficientNetB0, 5_288_548, 42_022),  # 5,330,571 in Keras, with a count of samples
        (zoo.ConvNeXtTiny, 28_589_128, 0),
        (zoo.UNet, 31_030_658, 0),
    ],
)
def test_counts_of_the_papers(make, count, frozen):
    with abstract():
        model = make()
    assert sum(p.size for p in model.trainable_weights) == count
    assert sum(p.size for p in model.non_trainable_weights) == frozen


@pytest.mark.sampled(3)
@like_keras
def test_layers_and_weights_have_names_and_order_of_keras(golden):
    with abstract():
        model = getattr(zoo, golden["name"])()
    assert model.count_params() == golden["parameters"]
    layers = [f"{type(layer).__name__} {layer.name}" for layer in model.layers]
    assert layers[1:] == golden["layers"][1:]  # the input's name is automatic
    assert [f"{p.path} {list(p.shape)}" for p in model.weights] == golden["weights"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "golden", [row for row in GOLDEN if row["name"] != "VGG19"], ids=lambda row: row["name"]
)
@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_weights_in_order_give_the_numbers_of_keras(golden, native):
    with abstract():  # what it begins with is not needed
        model = getattr(zoo, golden["name"])(
            input_shape=SIZE, classes=5, classifier_activation=None
        )
    model.set_weights(weights([(p.path, p.shape) for p in model.weights]))
    x = images(2, *SIZE)
    logits = model.predict(x, verbose=0) if native else model(x, training=False).numpy()
    scale = np.abs(golden["logits"]).max()
    np.testing.assert_allclose(logits / scale, np.divide(golden["logits"], scale), atol=1e-4)


NAMED = ("ResNet50V2", "Xception", "InceptionV3", "EfficientNetV2S", "EfficientNetV2B0")
QUICK = ("MobileNetV3Small", "EfficientNetV2B0")
DRAWN = pytest.mark.parametrize("golden", MORE, ids=lambda row: row["name"])


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.sampled(3)
@DRAWN
def test_more_networks_have_the_order_of_keras(golden):
    with abstract():
        model = getattr(zoo, golden["name"])()
    assert model.count_params() == golden["parameters"]
    assert digest(str(list(p.shape)) for p in model.weights) == golden["shapes"]
    if golden["name"] in NAMED:  # the others have layers that Keras has not
        assert digest(layer.name for layer in model.layers[1:]) == golden["layers"]
        assert digest(f"{p.path} {list(p.shape)}" for p in model.weights) == golden["weights"]


@pytest.mark.parametrize(
    "golden",
    [
        pytest.param(row, id=row["name"], marks=[pytest.mark.slow] * (row["name"] not in QUICK))
        for row in MORE
    ],
)
def test_more_networks_give_the_numbers_of_keras(golden):
    with abstract():
        model = getattr(zoo, golden["name"])(
            input_shape=(80, 96, 3), classes=5, classifier_activation=None
        )
    model.set_weights(weights([(p.path, p.shape) for p in model.weights]))
    logits = model(images(2, 80, 96, 3), training=False).numpy()
    scale = np.abs(golden["logits"]).max()
    # where colours come as 0 to 255, these images are nearly black, and differences of rounding
    atol = 4e-3 if "Efficient" in golden["name"] else 2e-4
    np.testing.assert_allclose(logits / scale, np.divide(golden["logits"], scale), atol=atol)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", first(SMALL, "LeNet5", "VGG", "CIFARResNet", "MobileNet"))
def test_learns_one_batch_alike_on_both_engines(name, tmp_path):
    losses = {}
    for engine in ("reference", "native"):
        with engine_set_to(engine):
            nn.random.set_seed(0)
            model = small(name)
            x = 4 * images(8, *model.input_shape[1:]) - 2
            y = np.arange(8) % 4
            model.compile(nn.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
            epochs = 2 if engine == "reference" else 40  # later losses amplify rounding
            fitted = model.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
            losses[engine] = fitted.history["loss"]
    np.testing.assert_allclose(losses["native"][:2], losses["reference"], rtol=1e-3)
    assert losses["native"][-1] < 0.5 * losses["native"][0]
    model.save(tmp_path / "m.safetensors")
    again = nn.models.load_model(tmp_path / "m.safetensors")
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", [name for name in SMALL if name != "ConvNeXt"])
def test_without_a_top_it_gives_features(name):
    size = SMALL[name][1]
    maps = small(name, include_top=False)
    average = small(name, include_top=False, pooling="avg")
    largest = small(name, include_top=False, pooling="max")
    average.set_weights(maps.get_weights())
    largest.set_weights(maps.get_weights())
    x = images(2, *size)
    features = maps(x, training=False).numpy()
    assert features.shape[1:] == maps.output_shape[1:]
    mean, most = average(x, training=False).numpy(), largest(x, training=False).numpy()
    np.testing.assert_allclose(mean, features.mean((1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(most, features.max((1, 2)))


@pytest.mark.slow
def test_auxiliary_classifiers_learn_with_the_last_one():
    model = zoo.GoogLeNet(4, auxiliary=True, input_shape=(65, 80, 3), classes=3)
    assert model.output_shape == [(None, 3)] * 3
    assert model.output_names == ["predictions", "aux1_fc2", "aux2_fc2"]
    model.compile("sgd", ["sparse_categorical_crossentropy"] * 3, loss_weights=[1.0, 0.3, 0.3])
    y = np.arange(2)
    history = model.fit(images(2, 65, 80, 3), [y, y, y], verbose=0).history
    parts = [history[f"{name}_loss"][0] for name in model.output_names]
    assert history["loss"][0] == pytest.approx(np.dot(parts, [1, 0.3, 0.3]), rel=1e-4)
    with pytest.raises(ArgumentError, match="height and width of 65 or more"):
        zoo.GoogLeNet(auxiliary=True, input_shape=(64, 64, 3))


def test_features_are_taken_by_the_name_of_a_layer():
    model = small("ResNet", include_top=False)
    features = nn.Model(model.input, model.get_layer("conv2_block1_out").output)
    assert features.output_shape == (None, 8, 8, 16)
    assert features(images(1, 32, 32, 3)).shape == (1, 8, 8, 16)
    assert model.output_shape == (None, 4, 4, 32)


def test_networks_with_an_average_at_the_end_take_images_of_any_size():
    model = zoo.ResNet(depths=(1,), width=4, input_shape=(None, None, 3), classes=3)
    assert model(images(1, 40, 56, 3)).shape == model(images(1, 33, 32, 3)).shape == (1, 3)
    with pytest.raises(ArgumentError, match=r"the top of this network is made for images of one"):
        zoo.VGG(input_shape=(None, None, 3))
    maps = zoo.VGG((1,), 4, input_shape=(None, None, 3), include_top=False)
    assert maps.output_shape == (None, None, None, 4)


@each
def test_images_that_are_too_small_are_refused(name):
    height, width, channels = SMALL[name][1]
    with pytest.raises(ArgumentError) as raised:
        small(name, input_shape=(height, width - 1, channels))
    assert str(raised.value) == (
        "the images are smaller than what is left of them in the network. "
        f"Got input_shape={(height, width - 1, channels)}; "
        f"expected height and width of {height} or more.\ntry: resize them"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (3, 64, 48)}, r"smaller .*\ntry: the channels come last: \(64, 48, 3\)"),
        ({"input_shape": (64, 64)}, r"height, width and channels .* Got \(64, 64\)"),
        ({"input_shape": 64}, r"height, width and channels of an image. Got 64"),
        ({"input_shape": (64, 64, None)}, "height, width and channels"),
        ({"input_shape": (64, 64.5, 3)}, "input_shape must be an integer"),
        ({"weights": "imagenet"}, r"no weights .* Got weights='imagenet'; expected None.\ntry: "
         r"make the model with weights=None, then model.load_weights"),
        ({"classes": 0}, "classes is too small"),
        ({"pooling": "average"}, r"unknown pooling. .*\ntry: did you mean"),
        ({"classifier_activation": "sofmax"}, "unknown activation"),
    ],
)  # fmt: skip
def test_arguments_are_checked(options, message):
    with pytest.raises(ArgumentError, match=f"(?s){message}"):
        zoo.ResNet(depths=(1,), width=4, **options)


def test_data_that_do_not_fit_are_refused():
    model = small("ResNet")
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ShapeError, match=r"try: the channels come last: np.moveaxis\(x, 1, -1\)"):
        model(images(2, 3, 32, 32))
    with pytest.raises(ShapeError, match=r"takes another shape. Got \(2, 32, 32, 1\); expected"):
        model(images(2, 32, 32, 1))
    with pytest.raises(DataError, match="class"):
        model.fit(images(2, 32, 32, 3), np.array([0, 4]), verbose=0)
    with pytest.raises(ShapeError, match="another"):
        small("ResNet", classes=5).set_weights(model.get_weights())


# --- U-Net: a class at each place ---------------------------------------------------------------


def test_a_map_is_as_large_as_in_the_paper_and_bridges_are_cropped():
    with abstract():
        model = zoo.UNet()
    sizes = [model.get_layer(f"down{n}_relu2").output.shape[1] for n in range(1, 5)]
    assert sizes == [568, 280, 136, 64]
    assert model.get_layer("bottom_relu2").output.shape == (None, 28, 28, 1024)
    assert [model.get_layer(f"up{n}_concat").output.shape[1:] for n in range(4, 0, -1)] == [
        (56, 56, 1024), (104, 104, 512), (200, 200, 256), (392, 392, 128),
    ]  # fmt: skip
    assert model.output_shape == (None, 388, 388, 2)


def test_a_map_sees_nothing_but_its_surroundings():
    nn.random.set_seed(0)
    model = zoo.UNet(2, 16, 1, input_shape=(20, 20, 1))  # a map of 4 x 4
    x = images(1, 20, 20, 1)
    before = model(x).numpy()
    x[0, 0, 0] += 10.0
    changed = np.abs(model(x).numpy() - before).max(axis=-1)[0] > 0
    assert changed[0, 0]
    assert not changed[2:].any()
    assert not changed[:, 2:].any()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_u_nets_learn_masks_alike_on_both_engines(padding, tmp_path):
    losses = {}
    size = 24 if padding == "same" else 44
    for engine in ("reference", "native"):
        with engine_set_to(engine):
            nn.random.set_seed(0)
            model = zoo.UNet(2, 4, 2, padding, padding == "same", 0.0, input_shape=(size, size, 1))
            x = images(2, size, size, 1)
            side = model.output_shape[1]
            at = (size - side) // 2
            y = (x[:, at : at + side, at : at + side, 0] > 0.5).astype(int)
            model.compile(nn.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
            epochs = 2 if engine == "reference" else 60
            losses[engine] = model.fit(x, y, epochs=epochs, shuffle=False, verbose=0).history[
                "loss"
            ]
    np.testing.assert_allclose(losses["native"][:2], losses["reference"], rtol=1e-3)
    assert losses["native"][-1] < 0.5 * losses["native"][0]
    model.save(tmp_path / "m.safetensors")
    again = nn.models.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_u_nets_give_features_and_take_images_of_any_size_that_halves():
    model = zoo.UNet(width=2, depth=2, padding="same", input_shape=(None, None, 1))
    assert model(images(1, 8, 12, 1)).shape == (1, 8, 12, 2)
    features = zoo.UNet(width=2, depth=2, include_top=False, padding="same", input_shape=(8, 8, 1))
    assert features.output_shape == (None, 8, 8, 2)
    with pytest.raises(ArgumentError) as raised:
        zoo.UNet(input_shape=(572, 570, 1))
    assert str(raised.value) == (
        "the image cannot be halved 4 times. Got height and width (572, 570).\n"
        "try: the next larger sizes that can: 572, 572; or a smaller depth"
    )
    with pytest.raises(ArgumentError, match="the next larger sizes that can: 32, 48;"):
        zoo.UNet(padding="same", input_shape=(32, 40, 1))
    with pytest.raises(ArgumentError, match="height and width of 188 or more"):
        zoo.UNet(input_shape=(180, 188, 1))
    with pytest.raises(ArgumentError, match="bridges are cropped for images of one size"):
        zoo.UNet(input_shape=(None, 572, 1))
    with pytest.raises(ArgumentError, match="unknown padding"):
        zoo.UNet(padding="full")


# --- MobileNet and its kin ------------------------------------------------------------------------


def test_widths_are_multiples_of_8_and_at_most_a_tenth_less():
    # as of the authors' code
    assert [zoo.images.rounded_width(n) for n in (1, 11.9, 12, 19, 24 * 1.4, 100)] == [
        8, 16, 16, 24, 32, 104,
    ]  # fmt: skip
    with abstract():
        model = zoo.MobileNetV2(alpha=1.4)
    assert model.get_layer("Conv_1").filters == 1792
    assert model.count_params() == 6_156_712  # keras.applications


def test_convnext_normalises_its_features_last():
    features = small("ConvNeXt", include_top=False, pooling="avg")(images(2, 32, 32, 1)).numpy()
    assert features.shape == (2, 16)
    np.testing.assert_allclose(features.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(features.std(axis=1), 1, rtol=1e-3)


def test_blocks_are_left_out_at_random():
    model = zoo.ConvNeXt((1, 1), (2, 2), 0.9, 1.0, input_shape=(32, 32, 1), classes=3)
    names = [layer.name for layer in model.layers]
    assert "convnext_stage_0_block_0_identity" in names
    drop = model.get_layer("convnext_stage_1_block_0_stochastic_depth")
    assert (drop.rate, drop.noise_shape) == (0.9, (None, 1, 1, 1))
    x = images(64, 32, 32, 1)
    names = "convnext_stage_1_block_0_stochastic_depth", "convnext_downsampling_block_0"
    outputs = [model.get_layer(name).output for name in names]
    added = nn.Model(model.input, outputs)(x, training=True)[0].numpy()
    kept = np.abs(added).max(axis=(1, 2, 3)) > 0
    assert 0 < kept.sum() < 20  # of 64 images, a tenth
