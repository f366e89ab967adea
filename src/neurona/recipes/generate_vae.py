"""generate-vae: new digits, from a distribution of codes.

Pixels are 0 or 1: each is drawn with the grey level as its probability, for training anew in each
epoch, for validation and testing once, as in the papers. The bound then says how many nats it takes
to tell such an image. Grey levels as they are would give another number: the mean over all images
that could be drawn, told by a code that saw more than the image. What needs no network: each pixel
by itself, and a mixture of templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import ops, plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.nn.jit import jit
from neurona.recipes.advice import Advice
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import VAE

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training images, for validation
DRAWS = 64  # codes an image, for the bound that is nearer to ln p(x)
USED = 0.05  # nats that a number of the code tells, if it tells anything
SHOWN = 12


def perform(run: Run) -> None:
    """Train a VAE on MNIST with pixels that are 0 or 1."""
    (x, _), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a.astype(np.float32) / 255 for a in (x, x_test))  # chances of ink
    held = min(HELD, len(x) // 10)
    rng = np.random.default_rng(0)  # what is drawn once is the same for all seeds
    x, x_held, grey = x[:-held], drawn(x[-held:], rng), x_test
    x_test = drawn(grey, rng)
    run.fact("samples", f"{len(x):,} for training, {held:,} for validation, {len(grey):,} to test")
    run.fact(
        "features",
        "28 x 28 pixels, 0 or 1: drawn with the grey level as probability, for training anew in "
        "each epoch, for validation and testing once",
    )
    run.fact("licence", mnist.CARD.licence)
    run.picture(
        "samples",
        "Grey levels are chances",
        plots.image_rows(
            {
                "grey levels": grey[:SHOWN],
                "drawn": x_test[:SHOWN],
                "drawn again": drawn(grey[:SHOWN], rng),
            }
        ),
        f"{SHOWN} test digits in grey, and pixels that were drawn from them twice: edges differ.",
    )

    model = VAE((28, 28), latent=8 if run.quick else 32, hidden=(64,) if run.quick else (500, 500))
    settings = run.settings
    train = batches(
        x, batch_size=settings.batch_size or 32, shuffle=True, seed=settings.seed, augment=drawn
    )
    steps = len(train) * settings.epochs
    schedule = run.warmed_up(steps, steps // 50)
    model.compile(run.optimizer(schedule))
    run.fit(model, train, validation_data=x_held)

    show_training(run)
    show_rate(run, schedule, steps)
    used = show_codes(run, model, x_test)
    show_ways(run, model, x_test, y_test)
    run.picture(
        "generated",
        "Digits that nobody wrote",
        plots.samples(model.generate(60, seed=settings.seed), count=60, columns=12),
        "Sixty images by codes that were drawn from the normal distribution.",
    )

    templates = 5 if run.quick else 100
    binary = drawn(x, np.random.default_rng(settings.seed))
    nats = {
        "each pixel by itself": -mixture(binary, 1, 1, rng)(x_test).mean(),
        f"mixture of {templates} templates": -mixture(binary, templates, 25, rng)(x_test).mean(),
    }
    found = model.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)
    nats["VAE, its bound"] = found["loss"]
    nats[f"VAE, bound of {DRAWS} codes"] = -log_likelihood(model, x_test).mean()
    run.table(
        "Nats that tell a test image: at most so many for the VAE, exactly for the others",
        ("model", "nats"),
        [(name, f"{value:.2f}") for name, value in nats.items()],
    )
    run.picture(
        "nats",
        "Beside simpler means",
        plots.bars(nats, "nats a test image, fewer is better", baselines=2),
        "; ".join(f"{name}: {value:.1f} nats" for name, value in nats.items()) + ".",
    )
    run.advise(
        [
            Advice(
                f"Of {model.latent} numbers of the code {used} tell anything; telling the code "
                f"takes {found['divergence']:.1f} nats, the image then "
                f"{found['reconstruction']:.1f}.",
                "zoo.VAE(beta=4) for fewer numbers that mean more each, classes=10 to ask for a "
                "digit.",
            )
        ]
    )
    pixels, templates_, bound, many = nats.values()
    run.score("nats of pixels by themselves", pixels)
    run.score("nats of the mixture", templates_)
    run.score("nats by many codes", many)
    run.score("test ELBO in nats", bound)


def drawn(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return pixels that are 1 with the probability x, else 0."""
    return (rng.random(x.shape, np.float32) < x).astype(np.float32)


class Mixture:
    """p(x) = sum_k w_k prod_i m_ki^x_i (1 - m_ki)^(1 - x_i): templates m_k, K of them.

    Called with x (N, ...) of 0 and 1, it returns ln p(x), (N,).
    """

    def __init__(self, weights: np.ndarray, means: np.ndarray) -> None:
        self.weights, self.means = weights, means  # (K,), (K, D)

    def parts(self, x: np.ndarray) -> np.ndarray:
        """Return ln of w_k p_k(x), (N, K)."""
        on, off = np.log(self.means), np.log1p(-self.means)
        return x.reshape(len(x), -1) @ (on - off).T + off.sum(axis=1) + np.log(self.weights)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.logaddexp.reduce(self.parts(x), axis=1)


def mixture(x: np.ndarray, count: int, rounds: int, rng: np.random.Generator) -> Mixture:
    """Return a Mixture of `count` templates, fitted in some rounds of expectation maximisation.

    >>> x = np.repeat(np.eye(2, dtype=np.float32), 50, axis=0)
    >>> found = mixture(x, 2, 10, np.random.default_rng(0))
    >>> np.exp(found(x[:1])).round(2).item()
    0.49
    """
    x = x.reshape(len(x), -1)
    shares = np.eye(count, dtype=np.float32)[rng.integers(count, size=len(x))]
    first = 0.25 + 0.5 * x[rng.choice(len(x), count, replace=False)]
    found = Mixture(np.full(count, 1 / count, np.float32), first)
    for _ in range(rounds):
        if count > 1:
            parts = found.parts(x)
            shares = np.exp(parts - np.logaddexp.reduce(parts, axis=1)[:, None])
        owned = shares.sum(axis=0)  # samples a template
        means = (shares.T @ x + 0.5) / (owned[:, None] + 1)  # as if it had seen half of each more
        found = Mixture((owned + 1e-3) / (owned + 1e-3).sum(), means)
    return found


def log_likelihood(model: VAE, x: np.ndarray) -> np.ndarray:
    """Return the bound of ln p(x) by many codes, 100 images at a time."""
    bound = jit(lambda part: model.log_likelihood(part, DRAWS))
    return np.concatenate([bound(x[i : i + 100]).numpy() for i in range(0, len(x), 100)])


def show_codes(run: Run, model: VAE, x: np.ndarray) -> int:
    """Draw what the numbers of a code mean; return how many mean anything."""
    mu, log_var = (t.numpy() for t in model.encode(x))
    nats = 0.5 * (mu**2 + np.exp(log_var) - log_var - 1).mean(axis=0)  # of each number
    order = np.argsort(-nats, kind="stable")[:6]
    steps = np.linspace(-3, 3, 11, dtype=np.float32)
    z = np.repeat(mu[:1], len(steps), axis=0)
    rows = {}
    for j in order:
        changed = z.copy()
        changed[:, j] = steps
        rows[f"z{j}, {nats[j]:.1f} nats"] = ops.sigmoid(model.decode(changed)).numpy()
    run.picture(
        "traversal",
        "What the numbers of a code mean",
        plots.image_rows(rows, [f"{s:.1f}" for s in steps]),
        "A test digit whose code is changed in one number, from -3 to 3, in each row: the six "
        f"numbers that tell most, {', '.join(f'{nats[j]:.1f}' for j in order)} nats.",
    )
    run.picture(
        "reconstructions",
        "Told by a code",
        plots.image_rows(
            {"test digit": x[:SHOWN], "by its code": model.predict(x[:SHOWN], verbose=0)}
        ),
        f"{SHOWN} test digits, and the chances of ink that their mean codes tell.",
    )
    return int((nats > USED).sum())


def show_ways(run: Run, model: VAE, x: np.ndarray, y: np.ndarray) -> None:
    """Draw ways from a digit to another, by codes and by pixels."""
    mu = model.encode(x[:40])[0].numpy()
    pairs = [(i, j) for i in range(0, 40, 2) for j in (i + 1,) if y[i] != y[j]][:3]
    way = np.linspace(0, 1, 11, dtype=np.float32)
    rows = {}
    for i, j in pairs:
        name, share = f"{y[i]} to {y[j]}", way[:, None]
        z = (1 - share) * mu[i] + share * mu[j]
        rows[f"{name}, codes"] = ops.sigmoid(model.decode(z)).numpy()
        rows[f"{name}, pixels"] = (1 - share[..., None]) * x[i] + share[..., None] * x[j]
    run.picture(
        "interpolation",
        "From a digit to another",
        plots.image_rows(rows),
        "Ways between two test digits: on the way of the codes there are strokes, on that of the "
        "pixels one digit fades out and the other in.",
    )


RECIPE = Recipe(
    name="generate-vae",
    description="A variational autoencoder writes new digits, and says how probable others are",
    defaults=Settings(epochs=60, learning_rate=1e-3, batch_size=128, optimizer="adam"),
    perform=perform,
    data="MNIST, 70,000 images of 28 x 28, pixels drawn as 0 or 1",
    model="VAE: two layers of 500, a code of 32, beside a mixture of 100 templates",
    reaches="test ELBO of 93 nats, in six minutes",
    quick=Settings(epochs=6, learning_rate=5e-3, batch_size=32, optimizer="adam"),
)
