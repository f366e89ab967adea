"""generate-gan: two networks teach each other to write digits, and a third one says how well.

A class-conditional DCGAN (Radford et al. 2016) and a WGAN with a penalty on the gradient (Gulrajani
et al. 2017). A judge that knows real digits reads what they wrote; the baseline draws digits from a
normal distribution for each class. The judge recognises 99 % of those too: Frechet's distance tells
that they are not like real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.callbacks import Callback
from neurona.optimizers import Adam
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_training
from neurona.recipes.judge import (
    ASKED,
    BASELINE,
    CLASSES,
    Findings,
    compare,
    ink,
    prepare,
    show_made,
)
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import DCGAN, WGAN

if TYPE_CHECKING:
    from neurona.recipes.run import Run

CRITIC_STEPS = 2
SHOWN = 9  # epochs in the picture of the training


def perform(run: Run) -> None:
    """Train a judge, a WGAN and a DCGAN on MNIST."""
    x, y, judge = prepare(run, "GANs", "to both networks")

    settings = run.settings
    width, batch = 8 if run.quick else 32, settings.batch_size or 64
    rows = len(x) - len(x) % (batch * CRITIC_STEPS)  # each step of the critic has a whole batch
    wgan = WGAN(width=width, classes=CLASSES, critic_steps=CRITIC_STEPS)
    dcgan = DCGAN(width=width, classes=CLASSES)
    growth = {}
    for name, model, beta in (("wgan", wgan, 0.0), ("dcgan", dcgan, 0.5)):
        rate = settings.learning_rate
        average = 0.9 if run.quick else 0.995
        model.compile(
            Adam(rate, beta_1=beta, use_ema=True, ema_momentum=average), Adam(rate, beta_1=beta)
        )
        steps = CRITIC_STEPS if model is wgan else 1
        growth[name] = Growth()
        run.fit(
            model,
            2 * x[:rows] - 1,
            y[:rows],
            stage=name,
            callbacks=[growth[name]],
            batch_size=batch * steps,
        )

    show_training(run)
    rng = np.random.default_rng(settings.seed)
    asked = np.resize(np.arange(CLASSES, dtype=np.int32), 1_000 if run.quick else ASKED)
    made = {
        BASELINE: judge.gaussians(asked, rng),
        "WGAN-GP": ink(wgan.sample(labels=asked, seed=1)),
        "DCGAN": ink(dcgan.sample(labels=asked, seed=1)),
    }
    found = judge.real(len(asked))
    found |= {name: judge.examine(images, asked) for name, images in made.items()}
    for name, rows_of in growth.items():
        show_growth(run, name, rows_of)
    show_made(run, made)
    compare(run, judge, found)
    advise(run, found)
    run.score("Frechet distance of the normal distributions", found[BASELINE].distance)
    run.score("Frechet distance of the DCGAN", found["DCGAN"].distance)
    run.score("recognised of the normal distributions", found[BASELINE].recognised)
    run.score("recognised of the WGAN", found["WGAN-GP"].recognised)
    run.score("recognised of the DCGAN", found["DCGAN"].recognised)


class Growth(Callback):
    """Keeps the same ten digits as they are made after each epoch."""

    def __init__(self) -> None:
        self.rows: list[np.ndarray] = []

    def get_state(self) -> dict[str, Any]:
        return {"rows": list(self.rows)}

    def set_state(self, state: dict[str, Any]) -> None:
        self.rows = list(state["rows"])

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Make ten digits from the same numbers as always, with the averaged weights."""
        with self.model.g_optimizer.averaged():
            self.rows.append(ink(self.model.sample(labels=np.arange(CLASSES), seed=7)))


def show_growth(run: Run, name: str, growth: Growth) -> None:
    """Draw how the same ten digits changed from epoch to epoch."""
    kept = np.unique(np.linspace(1, len(growth.rows), SHOWN).round().astype(int))
    captions = [f"epoch {n}" if digit == 0 else "" for n in kept for digit in range(CLASSES)]
    run.picture(
        f"growth_{name}",
        f"How the {name.upper()} learned",
        plots.samples(
            np.concatenate([growth.rows[n - 1] for n in kept]), captions,
            count=len(captions), columns=CLASSES,
        ),
        f"The digits 0 to 9, made from the same numbers after epochs {', '.join(map(str, kept))}.",
    )  # fmt: skip


def advise(run: Run, found: dict[str, Findings]) -> None:
    """Say what the findings mean."""
    best = found["DCGAN"]
    run.advise(
        [
            Advice(
                f"The judge recognises {100 * best.recognised:.1f} % of the DCGAN's digits as what "
                f"was asked for; their variance within a class is {best.spread:.2f} of real "
                f"digits', and they are {best.nearest:.2f} times as far from the nearest training "
                "digit as unseen real ones: below 1 they would begin to copy.",
                "More epochs or a larger width; more steps of the critic (WGAN).",
            )
        ]
    )


RECIPE = Recipe(
    name="generate-gan",
    description="A DCGAN and a WGAN-GP learn to write the digit that they are asked for",
    defaults=Settings(epochs=15, learning_rate=2e-4, batch_size=64),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28",
    model="DCGAN and WGAN-GP, class-conditional; a CNN of 99 % judges",
    reaches="0.99 of the DCGAN's samples recognised, 0.97 of the WGAN's, in a quarter of an hour",
    quick=Settings(epochs=15, learning_rate=2e-3, batch_size=32),
)
