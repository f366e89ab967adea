"""embedding: a space in which what is alike is near, also for digits that were never seen.

Three networks learn from the digits 0 to 6 alone: a siamese one, told which pairs are alike,
SimCLR, told nothing, and the same told the classes. Then come 7, 8 and 9, with five examples each,
and the nearest example names a test image. Beside them: the nearest by pixels and by principal
components. Who is told nothing tells most in few directions, so its codes are whitened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.optimizers import Adam
from neurona.recipes.advice import Advice, on_chance
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_training
from neurona.recipes.nearest import nearest, unit
from neurona.recipes.prepared import takes_digits
from neurona.recipes.principal import principal, whiten
from neurona.recipes.recipe import Recipe, Settings
from neurona.recipes.views import encoder, seen, simclr
from neurona.zoo import ContrastiveLoss, Siamese, SimCLR, pairs

if TYPE_CHECKING:
    from neurona.recipes.run import Run

UNSEEN = (7, 8, 9)
PAIRED = 15_000  # images of which the siamese network sees two pairs each
SHOTS, DRAWS = (1, 5, 20), 100  # examples of a class; how often they are drawn anew
MAPPED, SHOWN = 1500, 10

Codes = tuple[np.ndarray, np.ndarray]  # of the examples to choose from, and of the test images


def perform(run: Run) -> None:
    """Learn a space from seven digits, and find the other three in it."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a.astype(np.float32) / 255 for a in (x, x_test))
    new, new_test = np.isin(y, UNSEEN), np.isin(y_test, UNSEEN)
    old, old_y = x[~new], y[~new]
    asked, asked_y = x_test[new_test], y_test[new_test]
    run.fact("images", f"{len(old):,} of the digits 0 to 6 for training")
    run.fact("never seen", f"{', '.join(map(str, UNSEEN))}: {len(asked):,} test images")
    run.fact("examples", f"drawn {DRAWS} times from the {new.sum():,} training images of these")
    run.fact("whitened", "SimCLR without classes, as trials on these digits advise")
    run.fact("licence", mnist.CARD.licence)

    components = principal(old, 50)
    siamese = Siamese(encoder(run.quick), name="siamese")
    siamese.compile(Adam(1e-3), ContrastiveLoss(1.0))
    rng = np.random.default_rng(run.settings.seed)
    told = pairs(old[:PAIRED, ..., None], old_y[:PAIRED], rng)
    run.fit(siamese, *told, stage="siamese", epochs=1 if run.quick else 2)

    untold = views(run, old, None, "simclr")
    model = views(run, old, old_y, "simclr-classes")
    show_training(run)

    examples = x[new]
    _, *codes = whiten(*(seen(untold, part) for part in (old, examples, asked)))
    spaces: dict[str, Codes] = {
        "pixels": (unit(examples), unit(asked)),
        "50 principal components": (components.codes(examples), components.codes(asked)),
        "siamese network": (seen(siamese.encoder, examples), seen(siamese.encoder, asked)),
        "SimCLR": (unit(codes[0]), unit(codes[1])),
        "SimCLR with classes": (unit(seen(model, examples)), unit(seen(model, asked))),
    }
    accuracies = compare(run, spaces, y[new], asked_y)
    show_neighbours(run, spaces, examples, asked)
    show_maps(run, x_test[:MAPPED], seen(model, x_test[:MAPPED]), y_test[:MAPPED])
    pixels, _, siamese_, nothing, best = accuracies.values()
    run.advise(
        [
            Advice(
                f"Told the classes of other digits, the network finds {100 * best:.1f} % of those "
                f"never seen by five examples, and {100 * nothing:.1f} % told nothing.",
                "What labels do not tell of the seen digits may matter of the unseen ones: other "
                "views (RandomShear, RandomErasing), or more epochs.",
            ),
            on_chance(best, len(asked)),
        ]
    )
    run.score("accuracy of pixels", pixels)
    run.score("accuracy of the siamese network", siamese_)
    run.score("accuracy without classes", nothing)
    run.score("accuracy on unseen digits", best)


def views(run: Run, x: np.ndarray, y: np.ndarray | None, stage: str) -> SimCLR:
    """Train SimCLR on the seen digits, with their classes or without."""
    settings, model = run.settings, simclr(run.quick)
    own = batches(
        x[..., None], y, settings.batch_size or 32, shuffle=True, seed=settings.seed, drop_last=True
    )
    steps = len(own) * settings.epochs
    model.compile(run.optimizer(run.warmed_up(steps, steps // 10)))
    takes_digits(model, names=None)
    run.fit(model, own, stage=stage)
    return model


def few(space: Codes, y: np.ndarray, y_asked: np.ndarray, shots: int) -> np.ndarray:
    """Return the accuracy of the nearest of `shots` examples a class, for each draw of them."""
    rng = np.random.default_rng(0)  # the same examples for all spaces
    places = [np.flatnonzero(y == digit) for digit in UNSEEN]
    found = []
    for _ in range(DRAWS):
        chosen = np.concatenate([rng.choice(own, shots, replace=False) for own in places])
        found.append((nearest(space[0][chosen], y[chosen], space[1]) == y_asked).mean())
    return np.array(found)


def compare(
    run: Run, spaces: dict[str, Codes], y: np.ndarray, y_asked: np.ndarray
) -> dict[str, float]:
    """Show how many test images the nearest example names rightly; return those of five."""
    rows, five = [], {}
    for name, space in spaces.items():
        by_shots = {shots: few(space, y, y_asked, shots) for shots in SHOTS}
        every = float((nearest(space[0], y, space[1]) == y_asked).mean())
        five[name] = float(by_shots[5].mean())
        rows.append(
            (name, *(f"{100 * a.mean():.1f} ± {100 * a.std():.1f} %" for a in by_shots.values()),
             f"{100 * every:.1f} %")
        )  # fmt: skip
    run.table(
        f"Test images of {', '.join(map(str, UNSEEN))} that the nearest example names rightly, by "
        f"so many examples a digit: mean and deviation of {DRAWS} draws",
        ("space", *(str(shots) for shots in SHOTS), f"all {len(y):,}"),
        rows,
    )
    run.picture(
        "accuracies",
        "Digits never seen, five examples each",
        plots.bars(
            {name: 100 * (1 - a) for name, a in five.items()},
            "% of the test images named wrongly",
            baselines=2,
        ),
        "; ".join(f"{name}: {100 * a:.1f} % right" for name, a in five.items()) + ".",
    )
    return five


def show_neighbours(
    run: Run, spaces: dict[str, Codes], examples: np.ndarray, asked: np.ndarray
) -> None:
    """Draw test images, and the examples that are nearest by pixels and in the space."""
    rows = {}
    for i in range(3):
        for name in ("pixels", "SimCLR with classes"):
            known, tested = spaces[name]
            order = np.argsort(((known - tested[i]) ** 2).sum(axis=1), kind="stable")[:SHOWN]
            rows[f"image {i + 1}: {name.split(' ')[0]}"] = np.concatenate(
                [asked[i : i + 1], examples[order]]
            )
    run.picture(
        "neighbours",
        "Who is near",
        plots.image_rows(rows, ["test", *(f"{n}." for n in range(1, SHOWN + 1))]),
        f"Three test images of digits never seen, and their {SHOWN} nearest examples by pixels and "
        "as the network sees them.",
    )


def show_maps(run: Run, x: np.ndarray, h: np.ndarray, y: np.ndarray) -> None:
    """Draw maps of the test images: by pixels, and in the space."""
    names = [f"{d}, never seen" if d in UNSEEN else str(d) for d in range(10)]
    for name, title, shown in (
        ("map_of_pixels", "The map of pixels", unit(x)),
        ("map", "The map of the space", unit(h)),
    ):
        run.picture(
            name,
            title,
            plots.scatter(
                principal(shown, 2).codes(shown),
                y,
                class_names=names,
                axis_names=("first principal component", "second"),
            ),
            f"{len(x):,} test images on the plane of the first two principal components of the "
            f"{shown.shape[1]} numbers of each; digits 0 to 6 were seen in training.",
        )


RECIPE = Recipe(
    name="embedding",
    description="A space in which what is alike is near, also for digits never seen",
    defaults=Settings(epochs=4, learning_rate=2e-3, batch_size=256, optimizer="adam"),
    perform=perform,
    data="MNIST: digits 0 to 6 to learn from, 7 to 9 to be found",
    model="SimCLR with classes and without, beside a siamese network, pixels and components",
    reaches="accuracy 0.88 with five examples a digit, beside 0.76 by pixels, in two minutes",
    quick=Settings(epochs=3, learning_rate=5e-3, batch_size=64, optimizer="adam"),
)
