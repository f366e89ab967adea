"""generate-diffusion: digits come out of noise, step by step.

A DDPM (Ho et al. 2020) with a small U-Net that is told the class, guided without a classifier (Ho
and Salimans 2022), goes back in all its steps or in 25 (DDIM, Song et al. 2021). The judge of
generate-gan reads what comes out; the baseline draws from a normal distribution for each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.optimizers import Adam
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.judge import BASELINE, CLASSES, compare, ink, prepare, show_made
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import DDPM

if TYPE_CHECKING:
    from neurona.recipes.run import Run

AT_ONCE = 250  # images that are made together
SHOWN = 9  # moments on the strip


def perform(run: Run) -> None:
    """Train a judge and a DDPM on MNIST."""
    x, y, judge = prepare(run, "U-Net", "nine times in ten")

    settings = run.settings
    model = DDPM(
        (28, 28, 1),
        widths=(8, 16, 32) if run.quick else (16, 32, 64),
        classes=CLASSES,
        steps=100 if run.quick else 200,
    )
    steps = settings.steps(len(x))
    rate = run.warmed_up(steps, steps // 20)
    average = 0.95 if run.quick else 0.999
    model.compile(Adam(rate, global_clipnorm=1.0, use_ema=True, ema_momentum=average))
    run.fit(model, 2 * x - 1, y, stage="ddpm")

    show_training(run)
    show_rate(run, rate, steps)
    few, many = (20, 100) if run.quick else (25, 200)
    ways: dict[str, tuple[int, dict[str, Any]]] = {
        f"DDIM, {few} steps, no guidance": (2_000, {"steps": few, "eta": 0.0}),
        f"DDPM, all {many} steps, guided": (500, {"guidance": 1.0}),
        f"DDIM, {few} steps, guided": (2_000, {"steps": few, "eta": 0.0, "guidance": 1.0}),
    }
    asked = np.resize(np.arange(CLASSES, dtype=np.int32), 200 if run.quick else 2_000)
    made = {BASELINE: judge.gaussians(asked, np.random.default_rng(settings.seed))}
    for name, (count, way) in ways.items():
        made[name] = sample(model, asked[: 60 if run.quick else count], **way)
    found = judge.real(len(asked))
    found |= {name: judge.examine(images, asked[: len(images)]) for name, images in made.items()}
    show_strip(run, model, few)
    show_made(run, made)
    compare(run, judge, found)
    baseline, _, all_steps, best = [found[name] for name in made]
    run.advise(
        [
            Advice(
                f"In {few} steps {100 * best.recognised:.1f} % of the digits are recognised, in "
                f"all {many} {100 * all_steps.recognised:.1f} %; their variance within a class "
                f"is {best.spread:.2f} of real digits'.",
                "Less guidance for more variety, more for clearer digits; more epochs.",
            )
        ]
    )
    run.score("Frechet distance of the normal distributions", baseline.distance)
    run.score("Frechet distance of the DDPM", best.distance)
    run.score("recognised of the normal distributions", baseline.recognised)
    run.score("recognised of the DDPM in all steps", all_steps.recognised)
    run.score("recognised of the DDPM in few steps", best.recognised)


def sample(model: DDPM, asked: np.ndarray, **way: Any) -> np.ndarray:
    """Return digits with ink from 0 to 1, some at a time."""
    pieces = [
        model.sample(labels=asked[i : i + AT_ONCE], seed=1 + i, **way)
        for i in range(0, len(asked), AT_ONCE)
    ]
    return ink(np.concatenate(pieces))


def show_strip(run: Run, model: DDPM, steps: int) -> None:
    """Draw how ten digits come out of noise."""
    path = model.sample(
        labels=np.arange(CLASSES), steps=steps, eta=0.0, guidance=1.0, seed=7, path=True
    )
    kept = np.linspace(0, steps, SHOWN).round().astype(int)
    captions = [f"step {n}" if digit == 0 else "" for n in kept for digit in range(CLASSES)]
    images = ink(path[kept])  # (SHOWN, 10, 28, 28, 1)
    run.picture(
        "strip",
        "Digits come out of noise",
        plots.samples(
            images.reshape(-1, *images.shape[2:]), captions, count=len(captions), columns=CLASSES
        ),
        f"The digits 0 to 9 after steps {', '.join(map(str, kept))} of {steps} on the way back "
        "from noise.",
    )


RECIPE = Recipe(
    name="generate-diffusion",
    description="A diffusion model makes the digit that it is asked for out of noise",
    defaults=Settings(epochs=8, learning_rate=2e-3, batch_size=64),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="DDPM: a U-Net of 16, 32 and 64 filters, 200 steps; a CNN of 99 % judges",
    reaches="all of the samples recognised in 25 guided steps, 0.94 unguided, in 27 minutes",
    quick=Settings(epochs=15, learning_rate=5e-3, batch_size=32),
)
