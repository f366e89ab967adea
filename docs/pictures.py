"""Draws the pictures of the documentation: `python docs/pictures.py [NAME...]`."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from neurona import (
    Parameter,
    Tensor,
    activations,
    initializers,
    layers,
    losses,
    ops,
    optimizers,
    plots,
    regularizers,
    utils,
)
from neurona.classic import NeuralNetwork, Perceptron, compare_capacities
from neurona.data.preparation import Images
from neurona.datasets import digits, make_moons
from neurona.models import Sequential

FOLDER = Path(__file__).parent / "images"
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def step_and_sigmoid() -> Figure:
    """The two oldest ways to make an answer of a sum."""
    z = np.linspace(-6, 6, 601)
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(z, np.where(z > 0, 1.0, 0.0), label="step")
    axes.plot(z, activations.sigmoid(z).numpy(), label="sigmoid")
    axes.set(xlabel="z, the weighted sum and bias", ylabel="output of the neuron")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def and_gate() -> Figure:
    """The line that a perceptron finds for AND."""
    neuron = Perceptron(n_features=2, learning_rate=0.01, random_state=0)
    neuron.train(CORNERS, [0, 0, 0, 1])
    return plots.linear_boundary(neuron.weights, neuron.bias, CORNERS, [0, 0, 0, 1])


def xor_gate() -> Figure:
    """The band in which a trained network says 1."""
    network = NeuralNetwork(2, 4, 1, learning_rate=0.5, random_state=1)
    xor = np.array([[0], [1], [1], [0]])
    network.train(CORNERS, xor, epochs=5000, verbose=False)
    return network.visualize_decision_boundary(CORNERS, xor)


def four_activations() -> Figure:
    """The usual activations and their slopes."""
    return plots.activations(["sigmoid", "tanh", "relu", "leaky_relu"], columns=2)


def signal() -> Figure:
    """The size of a signal behind each of ten layers of ReLUs, by how the weights begin."""
    starts = {
        "weights of standard deviation 1": initializers.RandomNormal(stddev=1.0),
        "He": initializers.HeNormal(),
        "Glorot": initializers.GlorotUniform(),
        "weights of standard deviation 0.01": initializers.RandomNormal(stddev=0.01),
    }
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, start in starts.items():
        utils.set_random_seed(1)
        h, sizes = np.random.default_rng(0).normal(size=(200, 100)), []
        for _ in range(10):
            h = layers.Dense(100, "relu", kernel_initializer=start)(h)
            sizes.append(h.numpy().std())
        axes.semilogy(range(1, 11), sizes, "o-", markersize=4, label=name)
    axes.set(xlabel="behind layer", ylabel="standard deviation", xticks=range(1, 11))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def some_digits() -> Figure:
    """Twenty digits of the package."""
    (x, y), _ = digits.load_data()
    return plots.samples(x[:20], y[:20], count=20, columns=10)


def digits_network() -> Sequential:
    """The network of pages 5 and 6, with its first weights."""
    utils.set_random_seed(0)
    hidden, last = layers.Dense(64, "relu"), layers.Dense(10, "softmax")
    return Sequential([layers.Input((8, 8)), layers.Flatten(), hidden, last])


def loss_curves() -> Figure:
    """Six shapes that a loss curve has, all of one network."""
    (x, y), _ = digits.load_data()
    x, x_held, y, y_held = x[:-300] / 16, x[-300:] / 16, y[:-300], y[-300:]
    sgd, adam, cross = optimizers.SGD, optimizers.Adam, losses.SparseCategoricalCrossentropy
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.1)
    # title: optimizer, images, epochs, images a batch, loss
    kinds = {
        "falling": (sgd(0.1), 1137, 15, 32, cross()),
        "too slow": (sgd(0.001), 1137, 15, 32, cross()),
        "exploding": (sgd(5.0), 1137, 15, 32, cross()),
        "overfitting": (adam(0.03), 50, 60, 32, cross()),
        "noisy": (adam(0.03), 1137, 15, 8, cross()),
        "label smoothing: a floor": (adam(0.005), 1137, 15, 32, smooth),
    }
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, (title, (rule, count, epochs, batch, loss)) in zip(
        figure.subplots(2, 3).ravel(), kinds.items(), strict=True
    ):
        model = digits_network()
        model.compile(rule, loss)
        one_hot = np.eye(10, dtype=np.float32) if loss is smooth else np.arange(10)
        found = model.fit(
            x[:count], one_hot[y[:count]], epochs=epochs, batch_size=batch,
            validation_data=(x_held, one_hot[y_held]), verbose=0,
        ).history  # fmt: skip
        for name, label in (("loss", "training"), ("val_loss", "validation")):
            axes.plot(range(1, epochs + 1), found[name], label=label)
        if loss is smooth:
            axes.axhline(0.5003, color="0.4", linestyle="--", label="0.5003")
        axes.set(title=title, ylim=(0, 1.1 * max(found["loss"] + found["val_loss"])))
        axes.grid(alpha=0.3)
    figure.axes[0].legend(fontsize="small")
    figure.axes[5].legend(fontsize="small")
    figure.supxlabel("epoch", fontsize="medium")
    figure.supylabel("loss", fontsize="medium")
    return figure


def by_heart() -> Figure:
    """The losses of a network that learns its 60 points by heart."""
    *_, record = _moons(None)
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    epochs = np.arange(1, len(record["loss"]) + 1)
    axes.plot(epochs, record["loss"], label="training, 60 points")
    axes.plot(epochs, record["val_loss"], label="validation, 1,000 others")
    best = int(np.argmin(record["val_loss"]))
    axes.plot(
        epochs[best], record["val_loss"][best], "o", color="C1", label=f"best: epoch {best + 1}"
    )
    axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def borders() -> Figure:
    """What that network says on the plane, beside one that is held back."""
    figure = Figure(figsize=(9, 4.1), layout="constrained")
    for axes, name, penalty in zip(
        figure.subplots(1, 2, sharex=True, sharey=True),
        ("by heart", "with L2"),
        (None, 0.02),
        strict=True,
    ):
        model, X, y, record = _moons(penalty)
        own, others = record["accuracy"][-1], record["val_accuracy"][-1]
        title = f"{name}: {own:.0%} of these, {others:.0%} of others"
        plots.decision_boundary(
            lambda p, model=model: model.predict(p, batch_size=4096, verbose=0),
            X,
            y,
            title=title,
            ax=axes,
        )
    return figure


def _moons(penalty: float | None) -> tuple[Any, ...]:
    """The network of page 9: itself, its points and their classes, and its history."""
    X, y = make_moons(1060, noise=0.4, random_state=0)
    utils.set_random_seed(2)
    held = None if penalty is None else regularizers.L2(penalty)
    hidden = [layers.Dense(64, "relu", kernel_regularizer=held) for _ in range(2)]
    model = Sequential([*hidden, layers.Dense(1, "sigmoid")])
    model.compile(optimizers.Adam(0.03), "binary_crossentropy", ["accuracy"], jit_compile=False)
    history = model.fit(
        X[1000:],
        y[1000:],
        batch_size=60,
        epochs=130,
        validation_data=(X[:1000], y[:1000]),
        verbose=0,
    )
    return model, X[1000:], y[1000:], history.history


def knows_digits() -> tuple[Sequential, np.ndarray, np.ndarray]:
    """A small network of the digits, and the images that test it."""
    (x, y), (x_test, y_test) = digits.load_data()
    model = digits_network()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x / 16, y, epochs=30, verbose=0)
    return model, x_test / 16, y_test


def confusion() -> Figure:
    """Which digit is taken for which."""
    model, x, y = knows_digits()
    return plots.confusion_matrix(y, model.predict(x, verbose=0))


def mistakes() -> Figure:
    """What the network was surest of and wrong about."""
    model, x, y = knows_digits()
    return plots.misclassified(x, y, model.predict(x, verbose=0), 5, columns=5)


def drawing() -> Figure:
    """A drawing of one's own, as it is, made small, prepared, and a digit of the data."""
    (x, y), _ = digits.load_data()
    paper = Image.new("L", (280, 280), 255)
    pen = ImageDraw.Draw(paper)
    pen.arc((90, 50, 190, 150), 180, 380, fill=0, width=24)
    pen.line([(176, 113), (90, 225), (200, 225)], fill=0, width=24, joint="curve")
    rule = Images((8, 8), "grayscale", divide_by=255, framing="ink", shape=(8, 8))
    shown = {
        "the drawing": np.asarray(paper) / 255,
        "only made small": np.asarray(paper.resize((8, 8))) / 255,
        "prepared": rule.apply(paper),
        "a 2 of the data": x[y == 2][4] / 16,
    }
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    for axes, (title, image) in zip(figure.subplots(1, 4), shown.items(), strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])


def four_rates() -> Figure:
    """One weight on a parabola, with four learning rates."""
    figure = Figure(figsize=(10, 3), layout="constrained")
    w = np.linspace(-4.5, 11, 200)
    kinds = {0.02: "too small", 0.2: "good", 0.45: "large", 0.55: "too large"}
    for axes, (rate, words) in zip(figure.subplots(1, 4, sharey=True), kinds.items(), strict=True):
        path = 3 - 3 * (1 - 4 * rate) ** np.arange(6)
        axes.plot(w, 2 * (w - 3) ** 2, color="0.7")
        axes.plot(path, 2 * (path - 3) ** 2, "o-", color="C1", markersize=4)
        axes.plot(path[0], 18, "o", color="C0")
        axes.set(title=f"{rate}: {words}", xlabel="w", ylim=(-4, 118))
    figure.axes[0].set_ylabel("loss")
    return figure


def valley() -> Figure:
    """Two weights of unequal curvature, and how three optimizers go down."""
    curvature = np.array([4.0, 0.04])
    flat, steep = np.meshgrid(np.linspace(-0.4, 3.4, 100), np.linspace(-2.2, 3.4, 100))
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    rules = {
        "gradient descent": optimizers.SGD(0.4),
        "momentum": optimizers.SGD(0.1, momentum=0.9),
        "Adam": optimizers.Adam(0.1),
    }
    for axes, (name, rule) in zip(figure.subplots(1, 3, sharey=True), rules.items(), strict=True):
        w, path = Parameter([3.0, 3.0]), [np.array([3.0, 3.0])]
        for _ in range(40):
            rule.apply([curvature * w.numpy()], [w])
            path.append(w.numpy())
        axes.contour(flat, steep, 2 * steep**2 + 0.02 * flat**2, 12, cmap="Greys_r")
        axes.plot(*np.array(path).T[::-1], "o-", color="C1", markersize=2.5, linewidth=1)
        axes.plot(3, 3, "o", color="C0")
        axes.plot(0, 0, "+", color="black")
        axes.set(title=f"{name}, 40 steps", xlabel="the flat weight")
    figure.axes[0].set_ylabel("the steep weight")
    return figure


def capacity() -> Figure:
    """Moons, and networks of more and more hidden neurons."""
    points, classes = make_moons(n_samples=200, noise=0.2, random_state=42)
    return compare_capacities(points, classes)


def edges() -> Figure:
    """A digit, and what a kernel for its left and right edges finds, and one for the others."""
    (images, _), _ = digits.load_data(test_fraction=0)
    windows = np.lib.stride_tricks.sliding_window_view(images[0].astype(int), (3, 3))
    kernel = np.array([[-1, 0, 1]] * 3)
    found = [(windows * k).sum(axis=(2, 3)) for k in (kernel, kernel.T)]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    first, *others = figure.subplots(1, 3)
    first.imshow(images[0], cmap="gray_r")
    first.set_title("the image")
    for axes, values, name in zip(
        others, found, ("left and right", "upper and lower"), strict=True
    ):
        axes.imshow(values, cmap="coolwarm", vmin=-40, vmax=40)
        axes.set_title(f"{name} edges")
        for (i, j), value in np.ndenumerate(values):
            axes.text(j, i, value, ha="center", va="center")
    for axes in (first, *others):
        axes.set(xticks=[], yticks=[])
    return figure


def feature_maps() -> Figure:
    """What the two convolutions of page 12 make of a digit."""
    (x, y), (x_test, _) = digits.load_data()
    x, x_test = (np.pad(a / 16, [(0, 0), (2, 2), (2, 2)])[..., None] for a in (x, x_test))
    utils.set_random_seed(0)
    model = Sequential([layers.Input((12, 12, 1))])
    model.add(layers.Conv2D(8, 3, activation="relu", name="strokes"))
    model.add(layers.Conv2D(16, 3, activation="relu", name="parts"))
    for layer in (layers.MaxPooling2D(4), layers.Flatten(), layers.Dense(10, "softmax")):
        model.add(layer)
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x[:1408], y[:1408], epochs=8, batch_size=64, verbose=0)
    return plots.feature_maps(model, x_test[0], count=8)


class Bumps(layers.Layer):
    """The layer of page 11: exp(-width * squared distance from the centre)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def build(self, shape: tuple) -> None:
        """Make centres and widths."""
        self.centres = self.add_weight((self.units, shape[-1]), "normal", name="centres")
        self.widths = self.add_weight((self.units,), "ones", name="widths")

    def call(self, x: Tensor) -> Tensor:  # (B, features)
        """How near each point is to each centre."""
        distance = ((x[:, None, :] - self.centres) ** 2).sum(axis=-1)  # (B, units)
        return ops.exp(-self.widths * distance)


def bumps() -> Figure:
    """Four neurons with centres on two moons; on the right a missed 1 counts five times."""
    points, classes = make_moons(n_samples=200, noise=0.2, random_state=0)
    x, y = points.astype("float32"), classes.reshape(-1, 1).astype("float32")
    models = {}
    for name, weight in (("each mistake counts once", 1.0), ("a missed 1 counts five times", 5.0)):

        def loss(y: Tensor, p: Tensor, weight: float = weight) -> Tensor:
            p = ops.clip(p, 1e-6, 1 - 1e-6)
            return -(weight * y * ops.log(p) + (1 - y) * ops.log(1 - p)).mean()

        utils.set_random_seed(0)
        models[name] = Sequential([Bumps(4), layers.Dense(1, "sigmoid")])
        models[name].compile(optimizers.Adam(0.05), loss)
        models[name].fit(x, y, epochs=200, batch_size=200, shuffle=False, verbose=0)
    figure = plots.boundary_grid(models, points, classes)
    for axes, model in zip(figure.axes, models.values(), strict=True):
        axes.plot(*model.layers[0].centres.numpy().T, "X", color="white", ms=14, mec="black", mew=2)
    return figure


PICTURES = {
    "capacity": capacity,
    "step-sigmoid": step_and_sigmoid,
    "learn-and": and_gate,
    "learn-xor": xor_gate,
    "learn-activations": four_activations,
    "learn-signal": signal,
    "learn-bumps": bumps,
    "learn-edges": edges,
    "learn-feature-maps": feature_maps,
    "learn-digits": some_digits,
    "learn-curves": loss_curves,
    "learn-overfitting": by_heart,
    "learn-borders": borders,
    "learn-confusion": confusion,
    "learn-mistakes": mistakes,
    "learn-drawing": drawing,
    "learn-rates": four_rates,
    "learn-valley": valley,
}


def main(names: list[str]) -> None:
    """Write the pictures of these names, or all."""
    for name in names or PICTURES:
        path, drawn = FOLDER / f"{name}.png", io.BytesIO()
        PICTURES[name]().savefig(drawn, dpi=60 if name.startswith("learn") else 80)
        few = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)  # a third of the size, and the same to the eye


if __name__ == "__main__":
    main(sys.argv[1:])
