"""Page 5: what fit counts, and what loss says."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def steps(samples, batch_size, epochs):
    """How many steps of learning `fit` takes; the last batch of an epoch may be smaller."""
    return int(np.ceil(samples / batch_size)) * epochs


def cross_entropy(p, y):
    """The loss: -log of the probability of the right class, the mean over all samples.

    p (samples, classes) are probabilities, y (samples,) the numbers of the right classes.
    """
    return -np.log(given_to_the_right(p, y)).mean()


def given_to_the_right(p, y):
    """The probability of the right class, of each sample."""
    return p[np.arange(len(y)), y]


def lowest_loss(smoothing, classes):
    """The loss of a network that gives exactly the targets of label smoothing.

    Of the 1 of the right class, `smoothing` is taken and shared by all classes alike.
    """
    return entropy(smoothed(smoothing, classes))


def smoothed(smoothing, classes):
    """The targets of a sample of class 0."""
    target = np.full(classes, smoothing / classes)
    target[0] += 1 - smoothing
    return target


def entropy(target):
    """The lowest cross-entropy that any probabilities have with these targets."""
    return -(target * np.log(target)).sum()


P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.25, 0.5, 0.25], [0.3, 0.6, 0.1]])
Y = np.array([0, 2, 1, 0])

PAGE = Page(
    "Keras-shaped: digits",
    (
        Exercise(
            steps,
            ((100, 32, 1), (70, 32, 5), (64, 16, 10)),
            (
                (
                    lambda samples, batch_size, epochs: samples // batch_size * epochs,
                    "what is left over is a batch, too, a smaller one.",
                ),
                (
                    lambda samples, batch_size, epochs: samples / batch_size * epochs,
                    "a step is whole: round each epoch up.",
                ),
                (
                    lambda samples, batch_size, epochs: int(np.ceil(samples / batch_size)),
                    "those are the steps of one epoch.",
                ),
                (
                    lambda samples, batch_size, epochs: int(np.ceil(samples * epochs / batch_size)),
                    "no batch reaches into the next epoch: round each epoch up.",
                ),
                (
                    lambda samples, batch_size, epochs: samples * epochs,
                    "a step is taken for a batch, not for each sample.",
                ),
            ),
            "how many batches does an epoch need?",
        ),
        Exercise(
            cross_entropy,
            ((P, Y), (P[1:3], np.array([1, 0])), (P[:1], Y[:1])),
            (
                (lambda p, y: np.log(given_to_the_right(p, y)).mean(), "the minus is missing."),
                (
                    lambda p, y: -np.log(given_to_the_right(p, y)).sum(),
                    "it is the mean over the samples, not their sum.",
                ),
                (
                    lambda p, y: -np.log(given_to_the_right(p, y)),
                    "that is the loss of each sample; the mean of them is asked for.",
                ),
                (
                    lambda p, y: -np.log(given_to_the_right(p, y).mean()),
                    "the logarithm comes first, then the mean.",
                ),
                (
                    lambda p, y: -np.log(p.max(1)).mean(),
                    "the right class counts, not the likeliest.",
                ),
                (
                    lambda p, y: -np.log(p[:, y]).mean(),
                    "p[:, y] takes all those columns of every row: p[np.arange(len(y)), y].",
                ),
                (lambda p, y: -np.log(p).mean(), "only the right class of each row counts."),
                (
                    lambda p, y: -np.log10(given_to_the_right(p, y)).mean(),
                    "it is the natural logarithm, np.log.",
                ),
                (
                    lambda p, y: (p.argmax(1) != y).mean(),
                    "that counts mistakes; the loss looks at the probabilities.",
                ),
            ),
            "p[np.arange(len(y)), y] is the probability of the right class in each row.",
        ),
        Exercise(
            lowest_loss,
            ((0.1, 10), (0.2, 4), (0.5, 2)),
            (
                (
                    lambda smoothing, classes: -np.log(smoothed(smoothing, classes)[0]),
                    "the other classes have a target as well, and a part in the loss.",
                ),
                (
                    lambda smoothing, classes: entropy(
                        np.append(1 - smoothing, np.full(classes - 1, smoothing / (classes - 1)))
                    ),
                    "the right class gets its share back: 1 - smoothing + smoothing / classes.",
                ),
                (
                    lambda smoothing, classes: entropy(
                        np.append(1 - smoothing, np.full(classes - 1, smoothing / classes))
                    ),
                    "the right class gets a share back, too: all targets together are 1.",
                ),
                (
                    lambda smoothing, classes: -entropy(smoothed(smoothing, classes)),
                    "the minus is missing.",
                ),
                (
                    lambda smoothing, classes: 0.0,
                    "it would be 0 without smoothing; here the targets are no certainty.",
                ),
            ),
            "write the targets down; then minus the sum of target times its logarithm.",
        ),
    ),
)
