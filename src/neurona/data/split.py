"""Parts of the data: one for training, one for testing, or k folds of both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.data.samples import as_arrays
from neurona.errors import ArgumentError, DataError, check_integer


def train_test_split(
    *arrays: Any,
    test_size: float | int | None = None,
    train_size: float | int | None = None,
    random_state: Any = None,
    seed: Any = None,
    shuffle: bool = True,
    stratify: Any = None,
) -> list[np.ndarray]:
    """Split arrays into a training and a test part: [a_train, a_test, b_train, b_test, ...].

    Shapes: each (N, ...) -> (N_train, ...), (N_test, ...).
    Args:
        arrays: x, y and whatever else has one row a sample; lists come back as arrays.
        test_size: a fraction in (0, 1), rounded up, or a number of samples; None leaves what
            train_size does not take, or is 0.25.
        train_size: a fraction in (0, 1), rounded down, or a number of samples; None takes the rest.
        random_state: an integer for the same split each time; `seed` is the same under our name.
            None follows `nn.utils.set_random_seed`, by NumPy's global generator.
        seed: another name of random_state.
        shuffle: False takes the first samples for training, the last for testing, in order.
        stratify: labels (N,); each part gets every class in the proportion of the whole.
    Raises:
        ArgumentError: sizes out of range or larger than the data, both seeds, or stratify
            without shuffle.
        DataError: lengths differ, or a class is too small to be stratified.
    Source: sample for sample the split of `sklearn.model_selection.train_test_split`.

    >>> train, test = train_test_split(np.arange(8), test_size=2, random_state=0)
    >>> train.tolist(), test.tolist()
    ([1, 7, 3, 0, 5, 4], [6, 2])
    """
    if random_state is not None and seed is not None:
        raise ArgumentError(
            "random_state and seed are two names of one thing.",
            got=f"random_state={random_state!r} and seed={seed!r}",
            expected="one of them",
        )
    found, samples = as_arrays("train_test_split", arrays)
    n_train, n_test = split_sizes(samples, test_size, train_size)
    rng_seed = seed if random_state is None else random_state
    if not shuffle:
        if stratify is not None:
            raise ArgumentError(
                "a stratified split is a shuffled one.",
                got="stratify with shuffle=False",
                hint="shuffle=True, or leave stratify out",
            )
        train, test = np.arange(n_train), np.arange(n_train, n_train + n_test)
    elif stratify is None:
        order = as_random_state(rng_seed).permutation(samples)
        test, train = order[:n_test], order[n_test : n_test + n_train]
    else:
        (labels,), count = as_arrays("train_test_split", (stratify,))
        if count != samples:
            raise DataError(
                "stratify must have one label a sample.",
                got=f"{count} labels for {samples} samples",
            )
        train, test = _stratified(labels, n_train, n_test, as_random_state(rng_seed))
    return [array[part] for array in found for part in (train, test)]


def split_sizes(
    samples: int, test_size: float | int | None, train_size: float | int | None
) -> tuple[int, int]:
    """Return (n_train, n_test) for fractions or numbers, either of which may be None.

    >>> split_sizes(10, 0.25, None)
    (7, 3)
    """
    test = _count("test_size", test_size, samples, math.ceil)
    train = _count("train_size", train_size, samples, math.floor)
    if test is None:
        test = math.ceil(0.25 * samples) if train is None else samples - train
    if train is None:
        train = samples - test
    if train + test > samples:
        raise ArgumentError(
            "the two parts are larger than the data.",
            got=f"{train} for training and {test} for testing",
            expected=f"{samples} together at most",
        )
    if train < 1 or test < 1:
        raise ArgumentError(
            f"the {'training' if train < 1 else 'test'} part is empty.",
            got=f"test_size={test_size!r} and train_size={train_size!r} of {samples} samples",
            expected="one sample or more in each part",
        )
    return train, test


def _count(name: str, size: Any, samples: int, rounding: Any) -> int | None:
    if size is None:
        return None
    if isinstance(size, int | np.integer) and not isinstance(size, bool):
        if 0 < size < samples:
            return int(size)
    elif isinstance(size, float | np.floating) and 0 < size < 1:
        return int(rounding(size * samples))
    raise ArgumentError(
        f"{name} is out of range.",
        got=repr(size),
        expected=f"a fraction in (0, 1), or a number of samples from 1 to {samples - 1}",
    )


def _stratified(
    labels: np.ndarray, n_train: int, n_test: int, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    if labels.ndim > 1:  # one-hot or multi-label rows: each distinct row is a class
        labels = np.unique(labels.reshape(len(labels), -1), axis=0, return_inverse=True)[1].ravel()
    classes, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        rare = ", ".join(str(c) for c in classes[counts < 2][:5].tolist())
        raise DataError(
            "a stratified split needs 2 samples or more of every class.",
            got=f"1 of {rare}",
            hint="leave stratify out, or merge or remove the rare classes",
        )
    for part, size in (("training", n_train), ("test", n_test)):
        if size < len(classes):
            raise DataError(
                f"the {part} part is smaller than the number of classes.",
                got=f"{size} samples for {len(classes)} classes",
                hint="a larger part, or leave stratify out",
            )
    train_counts = _shares(counts, n_train, rng)
    test_counts = _shares(counts - train_counts, n_test, rng)
    by_class = np.split(np.argsort(members, kind="stable"), np.cumsum(counts)[:-1])
    train, test = [], []
    for rows, a, b in zip(by_class, train_counts, test_counts, strict=True):
        order = rows[rng.permutation(len(rows))]
        train.append(order[:a])
        test.append(order[a : a + b])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _shares(counts: np.ndarray, total: int, rng: np.random.RandomState) -> np.ndarray:
    """Share `total` among the classes by their counts; the largest remainders are rounded up."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    remainders = exact - shares
    left = int(total - shares.sum())
    for value in np.unique(remainders)[::-1]:  # ties are broken by chance, so no class is favoured
        if left == 0:
            break
        (tied,) = np.nonzero(remainders == value)
        chosen = rng.choice(tied, size=min(len(tied), left), replace=False)
        shares[chosen] += 1
        left -= len(chosen)
    return shares.astype(int)


def k_fold(
    n_samples: int,
    n_splits: int = 5,
    *,
    shuffle: bool = True,
    seed: Any = None,
    stratify: Any = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (train, test) sample numbers of each of k folds; every sample is tested once.

    Shapes: n_samples N -> k times (N - n,), (n,), sorted, with n = N / k rounded down or up.
    Args:
        n_samples: how many samples there are, `len(x)`.
        n_splits: k, 2 or more; 5 as in scikit-learn.
        shuffle: deal the samples out at random, not in blocks.
        seed: an integer for the same folds each time.
        stratify: labels (N,); each class is spread evenly over the folds.
    Raises:
        ArgumentError: fewer than 2 folds, or more folds than samples.
        DataError: stratify has another length.

    >>> [test.tolist() for train, test in k_fold(5, 2, shuffle=False)]
    [[0, 1, 2], [3, 4]]
    """
    n_samples = check_integer("n_samples", n_samples, minimum=1)
    n_splits = check_integer("n_splits", n_splits, minimum=2)
    if n_splits > n_samples:
        raise ArgumentError(
            "there are more folds than samples.",
            got=f"n_splits={n_splits} for {n_samples} samples",
        )
    rng = as_random_state(seed)
    order = rng.permutation(n_samples) if shuffle else np.arange(n_samples)
    if stratify is None:
        fold_sizes = np.full(n_splits, n_samples // n_splits)
        fold_sizes[: n_samples % n_splits] += 1
        fold = np.repeat(np.arange(n_splits), fold_sizes)
    else:
        (labels,), count = as_arrays("k_fold", (stratify,))
        if count != n_samples:
            raise DataError(
                "stratify must have one label a sample.",
                got=f"{count} labels for {n_samples} samples",
            )
        # dealing the samples, sorted by class, like cards spreads every class evenly
        order = order[np.argsort(labels.reshape(count, -1)[order, 0], kind="stable")]
        fold = np.arange(n_samples) % n_splits
    return (
        (np.sort(order[fold != number]), np.sort(order[fold == number]))
        for number in range(n_splits)
    )
