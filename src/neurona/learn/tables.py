"""Page 7: columns of one size, texts as inputs, and how sure an accuracy is."""

import numpy as np

from neurona.learn.exercise import Exercise, Page


def standardised(train, test):
    """The test rows as the network takes them: each column less its mean, over its deviation.

    train is (rows, columns), test too, with other rows.
    """
    return (test - train.mean(axis=0)) / train.std(axis=0)


def one_hot(texts, categories):
    """A row for each text, a column for each category: 1 where they are the same, else 0.

    A text that is none of the categories gets a row of zeros.
    """
    return np.array([[float(text == category) for category in categories] for text in texts])


def rows():
    """How many test rows it takes until an accuracy of 0.9 has a standard error of 0.01."""
    return 900.0


def by_first_letter(texts, categories):
    """The categories in alphabetical order."""
    return one_hot(texts, sorted(categories))


def unknown_is_last(texts, categories):
    """A text that is none of the categories taken for the last one."""
    return one_hot([t if t in categories else categories[-1] for t in texts], categories)


TRAIN = np.array([[1.0, 200.0], [2.0, 500.0], [6.0, 200.0], [3.0, 1100.0]])
TEST = np.array([[4.0, 300.0], [2.0, 900.0], [0.0, 300.0]])

PAGE = Page(
    "Your own table",
    (
        Exercise(
            standardised,
            ((TRAIN, TEST), (TRAIN[1:], TEST[:2])),
            (
                (
                    lambda train, test: standardised(test, test),
                    "mean and deviation are those of the training rows; the test rows stay unseen.",
                ),
                (
                    lambda train, test: (test - train.mean()) / train.std(),
                    "each column has a mean and a deviation of its own: axis=0.",
                ),
                (
                    lambda train, test: test - train.mean(axis=0),
                    "the means are gone; divide by the standard deviation as well.",
                ),
                (
                    lambda train, test: (test - train.mean(axis=0)) / train.var(axis=0),
                    "that is divided by the variance, the square of the standard deviation.",
                ),
                (
                    lambda train, test: (test - train.min(axis=0)) / np.ptp(train, axis=0),
                    "that brings the training rows between 0 and 1; mean and deviation are asked.",
                ),
                (
                    lambda train, test: standardised(train, train),
                    "these are the training rows; the test rows are asked for.",
                ),
            ),
            "take train.mean(axis=0) and train.std(axis=0), and apply both to the test rows.",
        ),
        Exercise(
            one_hot,
            (
                (["red", "blue", "red"], ["red", "green", "blue"]),
                (["Ulm", "Rome", "Bonn"], ["Ulm", "Bonn"]),
            ),
            (
                (
                    by_first_letter,
                    "the columns are in the order of the categories, not of the alphabet.",
                ),
                (
                    unknown_is_last,
                    "a text that is none of the categories has no 1 in its row.",
                ),
                (
                    lambda texts, categories: one_hot(texts, categories).T,
                    "a row for each text, a column for each category; these are turned.",
                ),
                (
                    lambda texts, categories: one_hot(texts, categories).argmax(1),
                    "numbers would say that the last category is more than the first; "
                    "each category has an input of its own.",
                ),
                (
                    lambda texts, categories: 1 - one_hot(texts, categories),
                    "0 and 1 are exchanged.",
                ),
            ),
            "text == category for each text and each category, as 0 or 1.",
        ),
        Exercise(
            rows,
            mistakes=(
                (lambda: 9.0, "the standard error is a square root: square 0.01 as well."),
                (lambda: 9000.0, "the product is p (1 - p), with what is left to 1."),
                (lambda: 90.0, "0.9 * 0.1 is 0.09: set that over N, and take the root."),
                (lambda: 0.03, "that is the standard error of ten rows; how many rows give 0.01?"),
                (lambda: 0.3, "that is the root of 0.9 * 0.1; divided by 0.01 it is the root of N"),
                (lambda: 30.0, "that is the root of N."),
            ),
            hint="solve 0.01 = (0.9 * 0.1 / N) ** 0.5 for N.",
        ),
    ),
)
