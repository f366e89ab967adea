"""Page 9: what holds a network back from learning by heart."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def penalised(g, w, l2):
    """The gradient of loss + l2 * sum(w ** 2), where g is that of the loss alone."""
    return g + 2 * l2 * w


def dropped(x, kept, p):
    """What dropout makes of x in training, if it drops with the probability p.

    kept has the shape of x: 1 where a unit stays, 0 where it is dropped.
    """
    return x * kept / (1 - p)


def stopped(losses, patience):
    """Two epochs, counted from 1: the one whose weights early stopping puts back, and the last one.

    losses are those of the validation set, one an epoch. It stops as soon as the loss has not
    been smaller than the best so far for `patience` epochs in a row; if never, at the end.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return [best + 1, epoch + 1]
    return [best + 1, len(losses)]


def of_all(losses, patience):
    """As if it had seen the whole curve."""
    return [int(np.argmin(losses)) + 1, stopped(losses, patience)[1]]


def at_a_rise(losses, patience):
    """Counts rises above the epoch before, not epochs without a new best."""
    best, rises = 0, 0
    for epoch in range(1, len(losses)):
        best = epoch if losses[epoch] < losses[best] else best
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises >= patience:
            return [best + 1, epoch + 1]
    return [best + 1, len(losses)]


G, W = np.array([0.5, -1.0, 0.0]), np.array([3.0, 2.0, -4.0])
X = np.array([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 0.0, 8.0]])
KEPT = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
CURVE = np.array([0.9, 0.6, 0.7, 0.65, 0.5, 0.55, 0.6, 0.58, 0.3])

PAGE = Page(
    "Overfitting, and what helps",
    (
        Exercise(
            penalised,
            ((G, W, 0.01), (np.zeros(3), W, 0.1), (np.eye(2), 2 * np.eye(2), 0.5)),
            (
                (lambda g, w, l2: g + l2 * w, "the slope of w squared is 2 w."),
                (
                    lambda g, w, l2: g - 2 * l2 * w,
                    "the step goes against the gradient: here it is added.",
                ),
                (
                    lambda g, w, l2: 2 * l2 * w,
                    "that is the penalty's part; the loss's own is missing.",
                ),
                (
                    lambda g, w, l2: g + l2 * np.sum(w**2),
                    "that adds the penalty itself; its slope for each weight is asked for.",
                ),
                (lambda g, w, l2: g + l2 * w**2, "w squared is the penalty; what is its slope?"),
            ),
            "the gradient of a sum is the sum of the gradients; that of l2 * w ** 2 is 2 * l2 * w.",
        ),
        Exercise(
            dropped,
            ((X, KEPT, 0.25), (np.ones(4), np.array([1.0, 0.0, 0.0, 0.0]), 0.75)),
            (
                (
                    lambda x, kept, p: x * kept,
                    "what stays is scaled up, to keep the sum on average.",
                ),
                (
                    lambda x, kept, p: x * kept / p,
                    "p is the share that is dropped: divide by the share that stays.",
                ),
                (lambda x, kept, p: x * kept * (1 - p), "divided by 1 - p, so that it grows."),
                (lambda x, kept, p: x * (1 - kept) / (1 - p), "kept is 1 where a unit stays."),
                (lambda x, kept, p: x, "that is dropout at prediction, where nothing is dropped."),
            ),
            "0 where kept is 0; where it is 1, x divided by the share of units that stay.",
        ),
        Exercise(
            stopped,
            ((CURVE, 3), (CURVE, 2), (CURVE, 5), (np.array([3.0, 2.0, 2.0, 2.0, 1.0]), 3)),
            (
                (
                    lambda losses, patience: [int(np.argmin(losses)) + 1, len(losses)],
                    "that is what a training without early stopping knows at its end.",
                ),
                (of_all, "what comes after the stop has never been trained: look no further."),
                (
                    lambda losses, patience: [e - 1 for e in stopped(losses, patience)],
                    "epochs are counted from 1.",
                ),
                (
                    lambda losses, patience: [stopped(losses, patience)[1]] * 2,
                    "the weights of the best epoch are put back, not those of the last.",
                ),
                (
                    lambda losses, patience: stopped(losses, patience + 1),
                    "one epoch less: after `patience` epochs without a new best it ends.",
                ),
                (at_a_rise, "compare with the best so far, not with the epoch before."),
            ),
            "keep the best epoch so far; end once `patience` epochs have passed since it.",
        ),
    ),
)
