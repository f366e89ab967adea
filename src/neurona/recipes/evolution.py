"""evolution: thirty years of convolutional networks, small ones, side by side on MNIST.

LeNet-5 (LeCun et al. 1998), VGG (2014), Inception (2014), ResNet (2015), DenseNet (2016) and
MobileNet v2 (2018) have the same images, the same number of them, the same optimiser and schedule;
beside them stands a network without convolutions. Each is made of the blocks of its file in
`neurona.zoo`, with so few channels that a training takes a minute or two.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.callbacks import Callback
from neurona.core.tree import flatten
from neurona.data import batches
from neurona.datasets import mnist
from neurona.engines.program import cost_of
from neurona.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    RandomCrop,
    ZeroPadding2D,
)
from neurona.models import Model, Sequential
from neurona.nn.pure import trace_pure
from neurona.nn.symbolic import Symbolic
from neurona.recipes.advice import Advice
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import (
    show_rate,
    show_samples,
    show_training,
    show_wrong,
    test_images,
)
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import VGG, CIFARResNet, LeNet5, densenet, googlenet, mobilenet_v2

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training images, for validation
SHAPE = (32, 32, 1)  # as LeNet-5 had them: two pixels of paper around
BASELINE = "dense network"
QUICK = (BASELINE, "LeNet-5", "ResNet", "MobileNet v2")


def dense_network() -> Model:
    """No convolution: Flatten, Dense 128, Dropout, Dense 10."""
    hidden, decide = Dense(128, activation="relu"), Dense(10, activation="softmax")
    return Sequential([Input(SHAPE), Flatten(), hidden, Dropout(0.2), decide])


def lenet() -> Model:
    """LeNet-5; it puts a frame around the digits itself."""
    return Sequential([Input(SHAPE), Cropping2D(2), LeNet5()])


def small_vgg() -> Model:
    """Two times two windows of 3x3; most numbers are in the dense layers."""
    return VGG((2, 2, 1), 8, input_shape=SHAPE, classes=10)


def small_inception() -> Model:
    """Three inceptions: windows of several sizes side by side."""
    x = image = Input(SHAPE)
    x = MaxPooling2D(2)(googlenet.conv(x, 16, 3, "stem"))  # (B, 16, 16, 16)
    x = googlenet.inception(x, (8, 8, 16, 4, 8, 8), "one")  # (B, 16, 16, 40)
    x = MaxPooling2D(2)(x)  # (B, 8, 8, 40)
    x = googlenet.inception(x, (16, 16, 32, 8, 16, 16), "two")  # (B, 8, 8, 80)
    x = googlenet.inception(x, (24, 24, 48, 8, 24, 24), "three")  # (B, 8, 8, 120)
    return Model(image, decided(x))


def small_resnet() -> Model:
    """Eight layers of He et al.'s networks for small images."""
    return CIFARResNet(1, 8, input_shape=SHAPE)


def small_densenet() -> Model:
    """Three blocks of three layers, each adds eight channels."""
    x = image = Input(SHAPE)
    x = Conv2D(16, 3, 2, "same", use_bias=False)(x)  # (B, 16, 16, 16)
    for block in range(3):  # 16, 8, 4 high and wide
        if block:
            x = densenet.transition(x, f"pool{block}")
        for n in range(3):
            x = densenet.dense(x, 8, f"block{block}_{n}")
    return Model(image, decided(densenet.relu_of_norm(x, "last_")))


def small_mobilenet() -> Model:
    """Five inverted residuals: windows in each channel, 1x1 between channels."""
    x = image = Input(SHAPE)
    x = Conv2D(16, 3, 2, "same", use_bias=False)(x)  # (B, 16, 16, 16)
    x = Activation("relu6")(BatchNormalization(momentum=0.95)(x))
    for n, (filters, stride) in enumerate(((16, 1), (24, 2), (24, 1), (40, 2), (40, 1))):
        x = mobilenet_v2.block(x, filters, stride, 4, f"block_{n}")  # to 4 high and wide
    return Model(image, decided(x))


def decided(x: Symbolic) -> Symbolic:  # (B, H, W, C)
    """Return the probabilities of ten classes, from the averages of all channels."""
    return Dense(10, "softmax")(GlobalAveragePooling2D()(x))


NETWORKS: dict[str, tuple[int, Callable[[], Model]]] = {
    BASELINE: (1986, dense_network),
    "LeNet-5": (1998, lenet),
    "VGG": (2014, small_vgg),
    "Inception": (2014, small_inception),
    "ResNet": (2015, small_resnet),
    "DenseNet": (2016, small_densenet),
    "MobileNet v2": (2018, small_mobilenet),
}


class Clock(Callback):
    """Seconds of the training part of each epoch that was begun here."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Look at the clock."""
        self._begun = time.perf_counter()

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Note how long it took until the validation began."""
        self.seconds.append(time.perf_counter() - self._begun)


def perform(run: Run) -> None:
    """Train seven networks on MNIST, one after the other."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (framed(a) for a in (x, x_test))
    held = min(HELD, len(x) // 10)
    run.fact(
        "samples",
        f"{len(x) - held:,} for training, {held:,} for validation, {len(x_test):,} for testing",
    )
    run.fact("features", "32 x 32 pixels, 0 paper to 1 ink, two of paper around")
    run.fact("augmentation", "training images are shifted by up to a pixel, anew in each epoch")
    run.fact("classes", "the digits 0 to 9")
    run.fact("licence", mnist.CARD.licence)
    show_samples(run, x[:, 2:-2, 2:-2], y)

    settings = run.settings
    models = {
        name: make() for name, (_, make) in NETWORKS.items() if name in QUICK or not run.quick
    }
    histories, accuracy, milliseconds = {}, {}, {}
    for name, model in models.items():
        for layer in model.all_layers():
            if isinstance(layer, BatchNormalization):
                layer.momentum = 0.95  # this training is short: a memory of 20 batches
        train = batches(
            x[:-held], y[:-held], settings.batch_size or 32, shuffle=True, seed=settings.seed,
            augment=[ZeroPadding2D(1), RandomCrop(*SHAPE[:2])],  # shifts of a pixel
        )  # fmt: skip
        steps = len(train) * settings.epochs
        schedule, clock = run.warmed_up(steps, steps // 5), Clock()
        optimizer = run.optimizer(schedule)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        held_out = x[-held:], y[-held:]
        run.fit(model, train, validation_data=held_out, callbacks=[clock], stage=name)
        histories[name] = run.history
        said = model.predict(x_test, batch_size=512, verbose=0).argmax(-1)
        accuracy[name] = float((said == y_test).mean())
        if clock.seconds:  # the first epoch compiles
            milliseconds[name] = 1000 * min(clock.seconds) / len(train)

    best = max(histories, key=lambda name: histories[name]["val_accuracy"][-1])  # without the test
    run.model, run.history = models[best], histories[best]
    show_training(run)
    show_rate(run, schedule, steps)
    show_curves(run, histories, held)
    compare(run, models, accuracy, milliseconds)
    run.score(f"test accuracy of the {BASELINE}", accuracy[BASELINE])
    test_images(run, x_test, y_test, mnist.CARD.classes)
    run.advise(
        [
            Advice(
                f"After {settings.epochs} epochs, {best} is best on the validation images; the "
                f"{BASELINE} has {100 * accuracy[BASELINE]:.2f} % of the test images right.",
                f"Differences of a tenth of a point are chance: try --seed 1, or --epochs "
                f"{4 * settings.epochs}, where wider networks gain most.",
            )
        ]
    )


def framed(images: np.ndarray) -> np.ndarray:
    """Return images (N, 28, 28) as (N, 32, 32, 1), ink in 0 to 1.

    >>> framed(np.full((1, 28, 28), 255, np.uint8)).shape
    (1, 32, 32, 1)
    """
    ink = images.astype(np.float32) / 255
    return np.pad(ink, ((0, 0), (2, 2), (2, 2)))[..., None]


def multiply_adds(model: Model) -> int:
    """Return the multiplications in products and convolutions of a prediction for one image."""
    image = np.zeros((1, *SHAPE), np.float32)
    leaves, structure = flatten((image,))
    graph = trace_pure(lambda x: model(x, training=False), structure, leaves).graph
    return cost_of(graph)["products"]


def show_curves(run: Run, histories: dict[str, dict[str, list[float]]], held: int) -> None:
    """Draw the validation error of all networks, epoch by epoch."""
    least = 50 / held  # half an image: a logarithm of 0 is none
    errors = {
        name: [max(100 * (1 - a), least) for a in history["val_accuracy"]]
        for name, history in histories.items()
    }
    run.picture(
        "curves",
        "How the networks learn",
        plots.lines(errors, ylabel="% of the validation images wrong", log_y=True),
        "Validation errors over the epochs: "
        + "; ".join(f"{n} from {e[0]:.2f} to {e[-1]:.2f} %" for n, e in errors.items()) + ".",
    )  # fmt: skip


def compare(
    run: Run,
    models: dict[str, Model],
    accuracy: dict[str, float],
    milliseconds: dict[str, float],
) -> None:
    """Show accuracy, size and cost of all networks."""
    run.table(
        "Small networks of thirty years, the same images and steps for each",
        ("network", "year", "numbers", "multiply-adds", "ms a step", "test accuracy"),
        [
            (
                name,
                NETWORKS[name][0],
                f"{model.count_params():,}",
                f"{multiply_adds(model):,}",
                f"{milliseconds[name]:.1f}" if name in milliseconds else "trained before",
                f"{100 * accuracy[name]:.2f} %",
            )
            for name, model in models.items()
        ],
    )
    show_wrong(run, "compared", "What is left", accuracy)


RECIPE = Recipe(
    name="evolution",
    description="LeNet, VGG, Inception, ResNet, DenseNet and MobileNet side by side on MNIST",
    defaults=Settings(epochs=5, learning_rate=4e-3, batch_size=128, optimizer="adam"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="six small convolutional networks, and one without convolutions",
    reaches="the best at test accuracy 0.995, the dense one at 0.98, in seven minutes",
    quick=Settings(epochs=4, learning_rate=4e-3, batch_size=16, optimizer="adam"),
)
