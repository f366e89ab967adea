"""Somebody's folder of images: a small convolutional network learns it, baselines beside it."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.classic.baselines import guess, logistic, neighbours
from neurona.data import batches
from neurona.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    RandomCrop,
    RandomRotation,
    ZeroPadding2D,
)
from neurona.models import Sequential
from neurona.recipes.examine import show_confusion, show_dead
from neurona.recipes.own import network
from neurona.recipes.own.images import Folder, read_folder
from neurona.recipes.own.parts import Part, parts
from neurona.recipes.own.telling import show_curves, show_verdict, tell, tell_parts
from neurona.recipes.own.verdict import Measure, judged, measure
from neurona.recipes.recipe import Recipe, Settings

if TYPE_CHECKING:
    from neurona.recipes.run import Run

ENOUGH, FOLDS = 300, 3  # images for one split; networks for fewer
STEPS = 1200  # of a training, about
TURN = 0.02  # of a full circle, to both sides: 7 degrees
PLAIN = 16  # pixels of a side, for the baselines


def recipe(path: str | os.PathLike[str]) -> Recipe:
    """Return the recipe that learns a folder of images; see `read_folder` for the errors."""
    folder = read_folder(path)
    count = len(folder.x)
    batch = 8 if count < 100 else 16 if count < 500 else 32 if count < 5000 else 64
    epochs = int(np.clip(STEPS * batch // count, 10, 60))
    settings = functools.partial(
        Settings, learning_rate=3e-3, batch_size=batch, optimizer=network.MODERN
    )
    return Recipe(
        name=Path(path).resolve().name,
        description=f"{len(folder.class_names)} classes of images in {Path(path).name}",
        defaults=settings(epochs=epochs),
        perform=functools.partial(perform, folder=folder),
        data=f"{count:,} images in {path}",
        model="three convolutions with batch normalisation",
        reaches="what stands in the report beside its baselines",
        quick=settings(epochs=max(2, epochs // 10)),
        arguments=(str(path),),
    )


def perform(run: Run, folder: Folder) -> None:
    """Train a network on the images, or one on each fold of them; judge it beside baselines."""
    tell(run, folder.assumed, [], folder.notes)
    x, y, classes = folder.x, folder.y, len(folder.class_names)
    names = [folder.class_names[number] for number in y]
    rng = np.random.default_rng(run.settings.seed)
    some = rng.permutation(len(x))[:20]
    run.picture(
        "samples",
        "Some of the images, as the network is given them",
        plots.samples(x[some], [names[i] for i in some], count=20, columns=10),
        f"Some images: {', '.join(names[i] for i in some)}.",
    )
    how = measure(y, classes)
    found = given(folder, run.settings.seed) or parts(y, classes, run.settings.seed, ENOUGH, FOLDS)
    tell_parts(run, found, how, "images")
    plain = flat(x)
    tested, said, shares = [], dict[str, list[np.ndarray]](), []
    for part in found:
        model = learned(run, x, y, classes, part, how)
        if not len(part.test):
            continue
        tested.append(part.test)
        shares.append(model.predict(x[part.test], batch_size=256, verbose=0))
        told = without_network(plain, y, classes, part, how) | {"network": shares[-1]}
        for name, values in told.items():
            said.setdefault(name, []).append(values.argmax(-1))
    model.preparation, model.class_names = folder.preparation, folder.class_names
    run.model = model

    asked = np.concatenate(tested)
    together = {name: np.concatenate(values) for name, values in said.items()}
    show_curves(run)
    outputs = np.concatenate(shares)
    show_confusion(run, y[asked], outputs, folder.class_names, "tested images")
    if (together["network"] != y[asked]).any():
        run.picture(
            "misclassified",
            "The worst mistakes",
            plots.misclassified(
                x[asked], y[asked], outputs, 20, class_names=folder.class_names, columns=5
            ),
            "The images that the network was surest of and wrong about.",
        )
    seen = part.test if len(part.test) else np.arange(len(x))  # of the network that is kept
    show_dead(run, x[seen], "tested images" if len(part.test) else "images")
    show_verdict(run, judged(y[asked], together, how), y[asked], together, "images")


def given(folder: Folder, seed: int) -> list[Part]:
    """Return the parts that the folders tell, with a validation part if they tell none."""
    if not folder.part[0] or (
        not (folder.part == "test").any() and not (folder.part == "held").any()
    ):
        return []
    train, held, test = (np.flatnonzero(folder.part == name) for name in ("train", "held", "test"))
    if not len(test):
        held, test = held[:0], held  # what was kept apart tells best how good the network is
    if not len(held):
        classes = len(folder.class_names)
        inner = parts(folder.y[train], classes, seed, 0)[0]
        small = np.bincount(folder.y[train], minlength=classes).min() < 3
        if small:
            return [Part("", train, held, test)]
        train, held = train[np.sort(np.concatenate([inner.train, inner.test]))], train[inner.held]
    return [Part("", train, held, test)]


def small_network(shape: tuple[int, ...], classes: int) -> Sequential:
    """Return three convolutions with 16, 32 and 64 channels, and their mean over all places."""
    large = shape[0] > 48
    first = [MaxPooling2D()] if large else []  # an image of 96 pixels soon is one of 24
    return Sequential(
        [
            Input(shape),
            *convolution(16, "edges"), MaxPooling2D(), *first,
            *convolution(32, "strokes"), MaxPooling2D(),
            *convolution(64, "parts"), GlobalAveragePooling2D(),
            Dropout(0.2), Dense(classes, activation="softmax", name="decide"),
        ],
        name="images",
    )  # fmt: skip


def convolution(filters: int, name: str) -> list[Layer]:
    """Return relu(norm(x * kernel)): the normalisation has the bias."""
    return [
        Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_kernel"),
        BatchNormalization(momentum=0.9, name=f"{name}_norm"),
        Activation("relu", name=name),
    ]


def learned(
    run: Run, x: np.ndarray, y: np.ndarray, classes: int, part: Part, how: Measure
) -> Sequential:
    """Return the network that learned a part, from images that are turned and moved a little.

    They are not flipped: of letters and digits, that would make others.
    """
    train, held = part.train, part.held
    model = small_network(x.shape[1:], classes)
    side = x.shape[1]
    shift = max(1, side // 16)
    moved = [
        RandomRotation(TURN, fill_mode="nearest"),
        ZeroPadding2D(shift),
        RandomCrop(side, side),
    ]
    run.fact("augmentation", "training images are turned and shifted a little, anew in each epoch")
    settings = run.settings
    labels = y.astype(np.int32)
    data = batches(
        x[train], labels[train], settings.batch_size or 32, shuffle=True, seed=settings.seed,
        augment=moved,
    )  # fmt: skip
    validation = (x[held], labels[held]) if len(held) else None
    network.train(
        run, model, x[train], labels[train], validation, batches=data, stage=part.name,
        class_weight=network.balanced(y[train], classes) if how.even else None,
    )  # fmt: skip
    return model


def flat(x: np.ndarray) -> np.ndarray:
    """Return images as vectors of some 16 x 16 means, for the baselines; (N, H, W, C) -> (N, D)."""
    step = max(1, x.shape[1] // PLAIN)
    side = x.shape[1] // step
    kept = x[:, : side * step, : side * step]
    means = kept.reshape(len(x), side, step, side, step, -1).mean(axis=(2, 4))
    return means.reshape(len(x), -1)


def without_network(
    plain: np.ndarray, y: np.ndarray, classes: int, part: Part, how: Measure
) -> dict[str, np.ndarray]:
    """Return what baselines say of the test part, (M, K)."""
    train, asked = part.train, plain[part.test]
    each = None
    if how.even:
        each = network.of_each(network.balanced(y[train], classes), y[train])
    return {
        "the commonest class": guess(y[train], classes, len(asked)),
        "logistic regression on small images": logistic(
            plain[train], y[train], asked, classes, each
        ),
        "nearest neighbour": neighbours(plain[train], np.eye(classes)[y[train]], asked, 1),
    }
