"""speech: a recurrent network and a Transformer hear which digit is said, side by side.

Both see the same log-mel spectrograms. The saved model begins with the ear, `zoo.LogMel`, so that
it takes samples, and `neurona predict` can give it a WAV. The baseline is the nearest neighbour
among the same spectrograms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.data import batches
from neurona.data.preparation import Sounds
from neurona.data.sound import RandomMasks, RandomShift, RandomVolumeNoise, loudest_part
from neurona.datasets import fsdd
from neurona.layers import (
    Conv1D,
    Dense,
    Dropout,
    GlobalAveragePooling1D,
    Input,
    LayerNormalization,
    Permute,
    PositionEmbedding,
    Reshape,
    Softmax,
    TransformerEncoderBlock,
)
from neurona.losses import SparseCategoricalCrossentropy
from neurona.models import Model, Sequential
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_confusion, show_training
from neurona.recipes.nearest import nearest
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import CRNN, LogMel

if TYPE_CHECKING:
    from neurona.recipes.run import Run

LENGTH = 8000  # samples: a second
NOISE = 0.05  # of the loudest sample, in the second copy of each recording
TONES = 300 + 150 * np.arange(10)  # Hz: the "digits" of --quick


def perform(run: Run) -> None:
    """Train a CRNN and a Transformer on spoken digits."""
    (x, y), (x_test, y_test) = _tones() if run.quick else fsdd.load_data(run.data)
    x, x_test = (np.stack([loudest_part(a, LENGTH) for a in part]) for part in (x, x_test))
    order = np.random.default_rng(0).permutation(len(x))  # the split is the same for all seeds
    x, y, held = x[order], y[order], len(x) // 10
    run.fact(
        "recordings",
        f"{len(x) - held:,} for training, {held:,} for validation, {len(x_test):,} for testing, "
        "the official ones",
    )
    ear = LogMel(fsdd.SAMPLE_RATE, name="ear")
    hear = Sequential([Input((LENGTH,)), ear])
    sounds, held_out, tested = (
        hear.predict(part, batch_size=256, verbose=0) for part in (x[:-held], x[-held:], x_test)
    )
    frames, bands = sounds.shape[1:]
    run.fact(
        "features",
        f"the loudest second, as {frames} moments of {bands} mel bands, in decibels below the "
        f"loudest: 1 is the loudest, 0 is {ear.top_db:g} dB below it",
    )
    run.fact(
        "augmentation",
        "each recording once as it is and once with noise; in each epoch anew shifted by up to "
        "0.1 s, with some bands and moments blotted out",
    )
    run.fact("licence", fsdd.CARD.licence)
    firsts = [int(np.flatnonzero(y[:-held] == digit)[0]) for digit in range(10)]
    run.picture(
        "samples",
        "One recording of each digit",
        plots.spectrograms(sounds[firsts], [f"{digit}" for digit in range(10)]),
        "Spectrograms of a recording of each of the digits 0 to 9: time to the right, pitch up.",
    )

    settings = run.settings
    noisy = RandomVolumeNoise(0.0, NOISE)(x[:-held], np.random.default_rng(settings.seed))
    noisy = hear.predict(noisy, batch_size=256, verbose=0)
    train = batches(
        np.concatenate([sounds, noisy]),
        np.concatenate([y[:-held], y[:-held]]),
        settings.batch_size or 32,
        shuffle=True,
        seed=settings.seed,
        augment=[RandomShift(0.1), RandomMasks(2, 6, 2, 8, value=0.0)],
    )
    steps = len(train) * settings.epochs
    models = {
        "CRNN": crnn(frames, bands, run.quick),
        "Transformer": transformer(frames, bands, run.quick),
    }
    validated, histories, seconds = {}, {}, {}
    accuracies = {"nearest neighbour": _share(nearest(sounds, y[:-held], tested), y_test)}
    for name, model in models.items():
        before = run.seconds
        learn(run, model, steps)
        run.fit(model, train, validation_data=(held_out, y[-held:]), stage=name.lower())
        histories[name], seconds[name] = run.history, run.seconds - before
        validated[name] = run.history["val_loss"][-1]
        said = model.predict(tested, batch_size=256, verbose=0).argmax(-1)
        accuracies[name] = _share(said, y_test)

    best = min(validated, key=lambda name: validated[name])  # chosen without the test recordings
    run.history = histories[best]
    show_training(run)
    run.model = Sequential([Input((LENGTH,)), ear, models[best], Softmax()], name="speech")
    run.model.preparation = Sounds(fsdd.SAMPLE_RATE, LENGTH)
    run.model.class_names = fsdd.CARD.classes
    learn(run, run.model, steps, from_logits=False)
    numbers = {name: f"{model.count_params():,}" for name, model in models.items()}
    run.table(
        "Test recordings that are heard rightly",
        ("classifier", "numbers learned", "accuracy", "seconds"),
        [
            (name, numbers.get(name, "0"), f"{100 * accuracy:.2f} %",
             f"{seconds[name]:.0f}" if name in seconds else "")
            for name, accuracy in accuracies.items()
        ],
    )  # fmt: skip
    run.picture(
        "accuracies",
        "Side by side",
        plots.bars(
            {name: 100 * (1 - a) for name, a in accuracies.items()},
            "% of the test recordings heard wrongly",
        ),
        "; ".join(f"{name}: {100 * a:.2f} % heard rightly" for name, a in accuracies.items()) + ".",
    )
    probabilities = run.model.predict(x_test, batch_size=256, verbose=0)
    show_confusion(run, y_test, probabilities, fsdd.CARD.classes, "test recordings")
    show_hardest(run, tested, y_test, probabilities)
    if not run.quick:
        run.advise(
            [
                Advice(
                    "The official test has other recordings of the same people: what a stranger "
                    "says is harder, and is not measured here.",
                    "Record yourself, and ask: neurona predict MODEL seven.wav.",
                )
            ]
        )
    run.score("test accuracy of the nearest neighbour", accuracies["nearest neighbour"])
    run.score("test accuracy", _share(probabilities.argmax(-1), y_test))


def crnn(frames: int, bands: int, quick: bool) -> Model:
    """Return a CRNN of spectrograms (B, T, M), which it looks at as pictures, pitch upwards."""
    return Sequential(
        [
            Input((frames, bands)),
            Permute((2, 1)),
            Reshape((bands, frames, 1)),
            CRNN(
                10,
                filters=(4, 8) if quick else (16, 32, 48),
                pools=((2, 2), (2, 2), (2, 1)),
                units=16 if quick else 64,
                classes_only=True,
            ),
        ],
        name="crnn",
    )


def transformer(frames: int, bands: int, quick: bool) -> Model:
    """Return a Transformer of spectrograms (B, T, M): a word is what five moments make, by two."""
    width, depth = (16, 1) if quick else (64, 3)
    sounds = Input((frames, bands))
    x = Conv1D(width, 5, strides=2, padding="same", activation="gelu")(sounds)  # (B, T / 2, D)
    x = Dropout(0.1)(x + PositionEmbedding(x.shape[1])(x))
    for _ in range(depth):
        x = TransformerEncoderBlock(2 * width, 4, dropout=0.1, normalize_first=True)(x)
    x = GlobalAveragePooling1D()(LayerNormalization()(x))  # (B, D)
    return Model(sounds, Dense(10)(x), name="transformer")


def learn(run: Run, model: Model, steps: int, from_logits: bool = True) -> None:
    """Compile a model for `steps` steps with a warm-up."""
    rate = run.warmed_up(steps, steps // 10)
    optimizer = run.optimizer(rate, {"weight_decay": 0.02, "global_clipnorm": 1.0})
    loss = SparseCategoricalCrossentropy(from_logits=from_logits)
    model.compile(optimizer, loss, metrics=["accuracy"])


def show_hardest(run: Run, sounds: np.ndarray, y: np.ndarray, probabilities: np.ndarray) -> None:
    """Draw the recordings of whose digit the model was least sure, mistakes first of all."""
    said, own = probabilities.argmax(-1), probabilities[np.arange(len(y)), y]
    hardest = np.lexsort((own, said == y))[:10]
    captions = [
        f"is {y[i]}, heard {said[i]} ({100 * probabilities[i].max():.0f} %)" for i in hardest
    ]
    run.picture(
        "hardest",
        "The hardest recordings",
        plots.spectrograms(sounds[hardest], captions),
        f"The recordings of whose digit the model was least sure: {'; '.join(captions)}.",
    )


def _share(said: np.ndarray, y: np.ndarray) -> float:
    return float((said == y).mean())


def _tones() -> Any:
    """Return glides from one tone to another, for --quick: the digit is where they begin."""
    rng = np.random.default_rng(0)
    time = np.arange(3000) / fsdd.SAMPLE_RATE
    parts = []
    for count in (300, 100):
        y = np.arange(count).astype(np.uint8) % 10
        starts = TONES[y] * rng.uniform(0.97, 1.03, count)
        glide = rng.uniform(0, 400, count)
        phases = 2 * np.pi * (starts[:, None] + glide[:, None] * time) * time
        x = np.sin(phases) + 0.1 * rng.standard_normal(phases.shape)
        parts.append((list((x * np.hanning(3000)).astype(np.float32)), y))
    return parts


RECIPE = Recipe(
    name="speech",
    description="A recurrent network and a Transformer hear which digit is said",
    defaults=Settings(epochs=20, learning_rate=2e-3, batch_size=32, optimizer="adamw"),
    perform=perform,
    data="Free Spoken Digit Dataset, 3,000 recordings",
    model="CRNN and Transformer on log-mel spectrograms, beside the nearest neighbour",
    reaches="test accuracy 0.99, in three minutes",
    quick=Settings(epochs=2, learning_rate=1e-2, batch_size=32, optimizer="adamw"),
)
