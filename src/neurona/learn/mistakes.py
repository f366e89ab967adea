"""Page 6: which class is taken for which, how surely, and what a drawing needs."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def confusion(y, said, classes):
    """How often each class (row) was taken for each class (column), (classes, classes).

    y and said (samples,) are the numbers of the true classes, and of the network's answers.
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (y, said), 1)
    return counts


def surest_mistake(p, y):
    """The number of the sample of which the network was surest, of those that it got wrong.

    p (samples, classes) are its probabilities, y (samples,) the true classes.
    """
    return np.where(p.argmax(1) != y, p.max(1), 0).argmax()


def ink_of(drawing):
    """The part of a drawing that has ink, from 0 for paper to 1 for ink.

    A drawing (height, width) is 0 for black ink and 255 for white paper. Keep the rows and columns
    from the first to the last that hold anything above 0.2.
    """
    ink = 1 - drawing / 255
    rows, columns = np.flatnonzero((ink > 0.2).any(1)), np.flatnonzero((ink > 0.2).any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def once_each(y, said, classes):
    """What `counts[y, said] += 1` makes: it counts a pair once, however often it is there."""
    return np.minimum(confusion(y, said, classes), 1)


def shares(y, said, classes):
    """Each row divided by its sum."""
    counts = confusion(y, said, classes)
    return counts / counts.sum(1, keepdims=True)


def cut(drawing, ink, end):
    """The frame of a drawing's ink, of an image of the same size."""
    marked = 1 - drawing / 255 > 0.2
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    return ink[rows[0] : rows[-1] + end, columns[0] : columns[-1] + end]


def marked_alone(drawing):
    """The rows and columns that hold ink, without those between that do not."""
    ink = 1 - drawing / 255
    return ink[(ink > 0.2).any(1)][:, (ink > 0.2).any(0)]


P = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.5, 0.4, 0.1],
        [0.05, 0.9, 0.05],
        [0.02, 0.03, 0.95],
        [0.1, 0.3, 0.6],
        [0.45, 0.2, 0.35],
    ]
)
PAPER = np.full((7, 9), 255.0)
DRAWING = PAPER.copy()
DRAWING[2:5, 3], DRAWING[5, 3:7], DRAWING[0, 8], DRAWING[3, 4] = 0, 51, 230, 102
DOTTED = PAPER.copy()
DOTTED[1, 2:7], DOTTED[3:6, 4] = 0, 20  # a row without ink lies between

PAGE = Page(
    "MNIST, its mistakes, and your own drawing",
    (
        Exercise(
            confusion,
            (
                (np.array([0, 1, 2, 2, 2, 1]), np.array([0, 2, 2, 0, 0, 1]), 3),
                (np.array([1, 1, 0, 1]), np.array([0, 0, 0, 1]), 2),
            ),
            (
                (
                    lambda y, said, classes: confusion(y, said, classes).T,
                    "rows are the true classes, columns the answers.",
                ),
                (
                    once_each,
                    "counts[y, said] += 1 counts a pair once only: a loop, or np.add.at(counts, "
                    "(y, said), 1).",
                ),
                (shares, "those are shares of a row; counts are asked for."),
                (
                    lambda y, said, classes: confusion(y, said, classes) * (1 - np.eye(classes)),
                    "what is right is counted as well, on the diagonal.",
                ),
                (
                    lambda y, said, classes: np.diag(np.diag(confusion(y, said, classes))),
                    "that counts what is right; the mistakes stand beside the diagonal.",
                ),
            ),
            "begin with zeros, and add 1 at [y, said] for each sample.",
        ),
        Exercise(
            surest_mistake,
            (
                (P, np.array([0, 2, 1, 2, 1, 2])),
                (P, np.array([2, 0, 0, 2, 2, 0])),
            ),
            (
                (
                    lambda p, y: p.max(1).argmax(),
                    "that is the sample it was surest of, and right about.",
                ),
                (
                    lambda p, y: p[p.argmax(1) != y].max(1).argmax(),
                    "that is its place among the mistakes; among all samples it is another.",
                ),
                (
                    lambda p, y: np.where(p.argmax(1) != y, p.max(1), 1).argmin(),
                    "that is the mistake that it was least sure of.",
                ),
                (
                    lambda p, y: p[np.arange(len(y)), y].argmin(),
                    "that gave the right class the least; how sure was it of its own answer?",
                ),
                (
                    lambda p, y: (p.argmax(1) != y).argmax(),
                    "that is the first mistake; which was it surest of?",
                ),
                (
                    lambda p, y: p[p.argmax(1) != y].max(),
                    "that is how sure it was; the number of the sample is asked for.",
                ),
            ),
            "set p.max(axis=1) to 0 where the answer is right; then argmax.",
        ),
        Exercise(
            ink_of,
            ((DRAWING,), (DOTTED,)),
            (
                (lambda drawing: drawing / 255, "light and dark are not swapped."),
                (lambda drawing: 1 - drawing / 255, "that is right, but not cut out yet."),
                (lambda drawing: 255 - drawing, "it goes from 0 to 1: divide by 255."),
                (
                    lambda drawing: cut(drawing, 255 - drawing, 1),
                    "it goes from 0 to 1: divide by 255.",
                ),
                (
                    lambda drawing: cut(drawing, drawing / 255, 1),
                    "light and dark are not swapped.",
                ),
                (
                    lambda drawing: cut(drawing, 1 - drawing / 255, 0),
                    "the last row and column with ink are missing: a slice ends before its end.",
                ),
                (
                    lambda drawing: (lambda ink: ink[(ink > 0.2).any(1)])(1 - drawing / 255),
                    "the rows are cut; now the columns.",
                ),
                (marked_alone, "paper between the first and the last row of ink stays."),
            ),
            "swap first; then find the first and the last row and column that hold ink.",
        ),
    ),
)
