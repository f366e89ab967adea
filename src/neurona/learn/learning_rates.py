"""Page 10: how far a step goes."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def limit():
    """The learning rate above which gradient descent on the loss 3 (w + 1)^2 runs away."""
    return 1 / 3


def adam(m, v, g, t, rate):
    """What Adam adds to w in step t, counted from 1.

    m and v are the running means after step t - 1, g is the gradient of step t. The memories are
    0.9 and 0.999.
    """
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return -rate * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t))


def rate(step, warmup, steps, peak):
    """The learning rate of a step, of which the first is 0.

    It climbs in a straight line from 0 at step 0 to the peak at step warmup; from there it falls
    along half a cosine, to 0 at step steps.
    """
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup))) / 2


def adam_without_correction(m, v, g, t, rate):
    """Takes m and v as they are."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return -rate * m / np.sqrt(v)


def adam_without_root(m, v, g, t, rate):
    """Divides by v itself."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return -rate * m / (1 - 0.9**t) / (v / (1 - 0.999**t))


def adam_of_the_step_before(m, v, g, t, rate):
    """Forgets to take the new gradient in."""
    return -rate * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-14)


def late_cosine(step, warmup, steps, peak):
    """Does not begin the cosine at the peak."""
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + np.cos(np.pi * step / steps)) / 2


def straight(step, warmup, steps, peak):
    """Falls in a straight line."""
    if step < warmup:
        return peak * step / warmup
    return peak * (steps - step) / (steps - warmup)


def whole_wave(step, warmup, steps, peak):
    """Goes down and up again."""
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + np.cos(2 * np.pi * (step - warmup) / (steps - warmup))) / 2


def cosine_alone(step, warmup, steps, peak):
    """Goes from the peak to minus the peak."""
    if step < warmup:
        return peak * step / warmup
    return peak * np.cos(np.pi * (step - warmup) / (steps - warmup))


G, M, V = np.array([12.0, 0.12]), np.array([1.2, -0.012]), np.array([0.144, 0.0000144])

PAGE = Page(
    "Learning rates, and the modern recipe",
    (
        Exercise(
            limit,
            mistakes=(
                (
                    lambda: 2 / 3,
                    "the slope of 3 (w + 1)^2 is 6 (w + 1): the curvature is 6, not 3.",
                ),
                (lambda: 1 / 6, "with that rate one step arrives; the limit is twice as far."),
                (lambda: 0.5, "that is the page's parabola; this one is steeper."),
                (lambda: 6.0, "that is the curvature; the limit is 2 divided by it."),
            ),
            hint="the limit is 2 / curvature, and the curvature is the slope of the slope.",
        ),
        Exercise(
            adam,
            ((M, V, G, 2, 0.01), (np.zeros(2), np.zeros(2), G, 1, 0.1), (M, V, -G, 10, 0.01)),
            (
                (lambda m, v, g, t, rate: -adam(m, v, g, t, rate), "it goes against the gradient."),
                (adam_without_correction, "m and v began at 0: divide by 1 - 0.9^t, 1 - 0.999^t."),
                (
                    lambda m, v, g, t, rate: adam(m, v, g, t + 1, rate),
                    "t counts from 1 and is this step's: use it as it is.",
                ),
                (adam_without_root, "v is a mean of squares: its root is what one divides by."),
                (adam_of_the_step_before, "m and v first take the new gradient in."),
                (lambda m, v, g, t, rate: -rate * g, "that is plain gradient descent."),
                (lambda m, v, g, t, rate: -rate * np.sign(g), "so it is in the first step only."),
            ),
            "the new m and v; both divided by what is missing; then -rate * m / np.sqrt(v).",
        ),
        Exercise(
            rate,
            (
                (0, 10, 110, 0.1),
                (5, 10, 110, 0.1),
                (10, 10, 110, 0.1),
                (35, 10, 110, 0.1),
                (110, 10, 110, 0.1),
            ),
            (
                (
                    late_cosine,
                    "at the end of the warm-up the cosine begins: count its steps from there.",
                ),
                (straight, "that falls in a straight line; the cosine falls slowly at first."),
                (whole_wave, "that comes up again at the end: half a wave is pi."),
                (cosine_alone, "a cosine goes from 1 to -1; (1 + cosine) / 2 goes from 1 to 0."),
                (
                    lambda step, warmup, steps, peak: rate(step, 0, steps, peak),
                    "the warm-up is missing: before it is over, the rate is peak * step / warmup.",
                ),
            ),
            "the fraction of the fall that is over is (step - warmup) / (steps - warmup).",
        ),
    ),
)
