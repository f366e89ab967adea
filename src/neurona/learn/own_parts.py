"""Page 11: a loop, a layer and a loss of one's own."""

import numpy as np

from neurona.learn.exercise import Exercise, Function, Page


def descended(x, y, rate, steps):
    """[w, b] of the line w x + b after so many steps down the mean squared error, from [0, 0].

    Each step moves w and b by the rate times their gradient.
    """
    return _walked(x, y, rate, steps)


def bumps(x, centres, widths):
    """e to the power of minus width times squared distance, of each point to each centre.

    x is (points, features), centres (units, features), widths (units,); the result is
    (points, units).
    """
    return np.exp(-widths * _squared(x, centres))


def huber(y, p):
    """The mean over the samples, whose errors are e = p - y: e^2 / 2 if |e| is at most 1,
    else |e| - 1/2.
    """
    return _huber(y, p).mean()


def _walked(x, y, rate, steps, factor=2.0, mean=True, together=True):
    w = b = 0.0
    for _ in range(steps):
        error = w * x + b - y
        count = len(x) if mean else 1
        w_next = w - rate * factor * (error * x).sum() / count
        if not together:
            error = w_next * x + b - y
        w, b = w_next, b - rate * factor * error.sum() / count
    return np.array([w, b])


def _squared(x, centres):
    return ((x[:, None] - centres) ** 2).sum(axis=-1)


def _huber(y, p):
    e = np.abs(p - y)
    return np.where(e <= 1, e**2 / 2, e - 0.5)


def _wrong(**other) -> Function:
    """Return the loop with something else in it."""
    return lambda x, y, rate, steps: _walked(x, y, rate, steps, **other)


X, Y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([-1.0, 1.0, 3.0, 5.0])
POINTS = np.array([[0.0, 0.0], [1.0, -1.0], [0.5, 2.0]])
CENTRES = np.array([[0.0, 0.5], [1.0, 0.0]])

PAGE = Page(
    "Your own layer, loss and training loop",
    (
        Exercise(
            descended,
            ((X, Y, 0.1, 1), (X, Y, 0.1, 3), (X[:3], Y[1:], 0.05, 20)),
            (
                (_wrong(factor=-2.0), "it goes uphill: a step is against the gradient."),
                (_wrong(factor=1.0), "the slope of a square, e^2, is 2 e."),
                (_wrong(mean=False), "that is the sum of squares; the loss is their mean."),
                (
                    _wrong(together=False),
                    "w has moved before b's gradient is taken: take both at the same place.",
                ),
                (
                    lambda x, y, rate, steps: _walked(x, y, rate, 1),
                    "that is one step; steps says how many.",
                ),
                (
                    lambda x, y, rate, steps: _walked(x, y, rate, steps - 1),
                    "that is a step too few.",
                ),
                (
                    lambda x, y, rate, steps: _walked(x, y, rate, steps)[::-1],
                    "w comes first, then b.",
                ),
            ),
            "dw is the mean of 2 (w x + b - y) x, db that of 2 (w x + b - y).",
        ),
        Exercise(
            bumps,
            ((POINTS, CENTRES, np.array([1.0, 0.5])), (POINTS[:1], CENTRES, np.array([2.0, 1.0]))),
            (
                (
                    lambda x, centres, widths: np.exp(-widths * _squared(x, centres) ** 0.5),
                    "the distance is to be squared: leave out the root.",
                ),
                (
                    lambda x, centres, widths: np.exp(-_squared(x, centres)),
                    "each unit has its width, which multiplies the squared distance.",
                ),
                (
                    lambda x, centres, widths: np.exp(-_squared(x, centres) / widths),
                    "the width multiplies here, as in the formula of the page.",
                ),
                (
                    lambda x, centres, widths: np.exp(widths * _squared(x, centres)),
                    "that grows with the distance: the power is minus that.",
                ),
                (
                    lambda x, centres, widths: bumps(x, centres, widths).T,
                    "a row for each point, a column for each unit; these are turned.",
                ),
                (
                    lambda x, centres, widths: np.exp(
                        -widths[:, None] * (x[:, None] - centres) ** 2
                    ),
                    "add up the squares over the features: sum(axis=-1).",
                ),
            ),
            "x[:, None, :] - centres is (points, units, features); square it, and sum the last.",
        ),
        Exercise(
            huber,
            (
                (np.array([1.0, 0.0, 2.0]), np.array([1.5, 3.0, 2.0])),
                (np.array([0.0, 0.0]), np.array([-4.0, -0.2])),
                (np.array([[2.0], [1.0]]), np.array([[1.0], [8.0]])),
            ),
            (
                (lambda y, p: _huber(y, p).sum(), "the mean over the samples is asked for."),
                (_huber, "these are the losses of the samples; take their mean."),
                (
                    lambda y, p: ((p - y) ** 2).mean() / 2,
                    "that is a square everywhere; beyond 1 it goes on as a straight line.",
                ),
                (
                    lambda y, p: np.abs(p - y).mean(),
                    "that is the distance everywhere; near 0 it is a square.",
                ),
                (
                    lambda y, p: np.where(np.abs(p - y) <= 1, (p - y) ** 2, np.abs(p - y)).mean(),
                    "half of the square, and the distance less one half: so the pieces meet at 1.",
                ),
                (
                    lambda y, p: np.where(p - y <= 1, (p - y) ** 2 / 2, p - y - 0.5).mean(),
                    "an error can be negative as well: compare its size, np.abs(p - y), with 1.",
                ),
            ),
            "np.where(np.abs(e) <= 1, ..., ...) chooses for each sample; then the mean.",
        ),
    ),
)
