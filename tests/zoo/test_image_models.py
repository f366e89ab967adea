"""Networks of images: their papers' counts, Keras's names, order and numbers, and their errors."""

import json
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.nn.parts import abstract
from tests.settings import engine_set_to
from tests.zoo.weights_by_formula import images, weights

GOLDEN = json.loads(Path(__file__).with_name("keras_applications.json").read_text())
like_keras = pytest.mark.parametrize("golden", GOLDEN, ids=lambda row: row["name"])
SIZE = (40, 48, 3)

# name -> (a small one, the smallest image it takes)
SMALL = {
    "LeNet5": (lambda **options: zoo.LeNet5(**options), (12, 12, 1)),
    "AlexNet": (lambda **options: zoo.AlexNet(16, **options), (63, 63, 3)),
    "VGG": (lambda **options: zoo.VGG((1, 1, 1, 1, 1), 8, **options), (32, 32, 3)),
    "ResNet": (lambda **options: zoo.ResNet(depths=(1, 2), width=4, **options), (32, 32, 3)),
    "CIFARResNet": (lambda **options: zoo.CIFARResNet(1, 4, **options), (8, 8, 3)),
    "GoogLeNet": (lambda **options: zoo.GoogLeNet(8, **options), (32, 32, 3)),
    "ResNet18": (lambda **options: zoo.ResNet18(2, **options), (32, 32, 3)),
    "DenseNet": (lambda **options: zoo.DenseNet((2, 2), 4, **options), (32, 32, 3)),
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
    ],
)
def test_counts_of_the_papers(make, count, frozen):
    with abstract():
        model = make()
    assert sum(p.size for p in model.trainable_weights) == count
    assert sum(p.size for p in model.non_trainable_weights) == frozen


@like_keras
def test_layers_and_weights_have_names_and_order_of_keras(golden):
    with abstract():
        model = getattr(zoo, golden["name"])()
    assert model.count_params() == golden["parameters"]
    layers = [f"{type(layer).__name__} {layer.name}" for layer in model.layers]
    assert layers[1:] == golden["layers"][1:]  # the input's name is automatic
    assert [f"{p.path} {list(p.shape)}" for p in model.weights] == golden["weights"]


@pytest.mark.parametrize(
    "golden", [row for row in GOLDEN if row["name"] != "VGG19"], ids=lambda row: row["name"]
)
def test_weights_in_order_give_the_numbers_of_keras(golden):
    with abstract():  # what it begins with is not needed
        model = getattr(zoo, golden["name"])(
            input_shape=SIZE, classes=5, classifier_activation=None
        )
    model.set_weights(weights([(p.path, p.shape) for p in model.weights]))
    logits = model(images(2, *SIZE), training=False).numpy()
    scale = np.abs(golden["logits"]).max()
    np.testing.assert_allclose(logits / scale, np.divide(golden["logits"], scale), atol=1e-4)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n == "GoogLeNet" else n for n in SMALL]
)
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


@each
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
