"""What the outputs of any model are, seen from the targets too, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona import ops, plots
from neurona.errors import ArgumentError
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_confusion
from neurona.recipes.report import loss_name, score_text
from neurona.recipes.results import Results

SHOWN, FEATURES, OUTPUTS = 10, 6, 4  # rows of a table of mistakes, columns in it; pictures


class Classes(NamedTuple):
    """Class numbers y (N,), probabilities (N, K), and the names of the K classes."""

    y: np.ndarray
    probabilities: np.ndarray
    names: list[str]


class Numbers(NamedTuple):
    """Numbers y (N, D), and what is said instead (N, D)."""

    y: np.ndarray
    said: np.ndarray


def read(
    truth: np.ndarray, outputs: np.ndarray, model: Any, names: Sequence[str] | None
) -> Classes | Numbers | str:
    """Return what outputs are; in words, if it is nothing of which single samples are shown.

    Shapes: outputs (N,), (N, 1) or (N, K); truth (N,) or (N, 1), or like the outputs.

    Raises:
        ArgumentError: the names are not as many as the classes.

    >>> read(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), None, None).names
    ['0', '1']
    >>> read(np.array([0.5, 1.5]), np.array([[0.4], [1.6]]), None, None).said.tolist()
    [[0.4], [1.6]]
    """
    if outputs.ndim > 2 or truth.ndim > 2:
        return "sequences or pictures"
    if not np.isfinite(outputs).all():
        return "not all of them finite numbers"
    said = outputs.reshape(len(outputs), -1).astype(np.float64)
    y = truth.reshape(len(truth), -1)
    logits = bool(getattr(getattr(model, "loss", None), "from_logits", False))
    probabilities = _probabilities(said, logits)
    classes = _class_numbers(y, said, loss_name(model) if model is not None else "", logits)
    if classes is None:
        if "crossentropy" in loss_name(model) or y.shape != said.shape:
            return "several labels a sample" if y.shape == said.shape else "not like the targets"
        return Numbers(y.astype(np.float64), said)
    count = probabilities.shape[1]
    told = [str(name) for name in names] if names is not None else [str(k) for k in range(count)]
    if len(told) != count:
        raise ArgumentError(
            "there is a name for each class.", got=f"{len(told)} names", expected=str(count)
        )
    return Classes(classes, probabilities, told)


def _class_numbers(y: np.ndarray, said: np.ndarray, loss: str, logits: bool) -> np.ndarray | None:
    """Return the class of each sample, if the targets are classes."""
    whole = y.dtype.kind in "biu" or (y == np.rint(y)).all()
    if not whole or y.min(initial=0) < 0:
        return None
    if said.shape[1] == 1:  # one output: 0 or 1, or a number
        shares = "binary" in loss or (not logits and said.min() >= 0 and said.max() <= 1)
        return y[:, 0].astype(np.int64) if y.max(initial=0) <= 1 and shares else None
    if y.shape == said.shape:
        one_hot = (y.sum(axis=1) == 1).all() and y.max() <= 1
        return y.argmax(axis=1) if one_hot and "binary" not in loss else None
    fits = y.shape[1] == 1 and y.max(initial=0) < said.shape[1]
    return y[:, 0].astype(np.int64) if fits else None


def _probabilities(said: np.ndarray, logits: bool) -> np.ndarray:
    if said.shape[1] == 1:
        p = ops.sigmoid(said).numpy() if logits else said
        return np.hstack([1 - p, p])
    shares = said.min() >= 0 and np.allclose(said.sum(axis=1), 1, atol=1e-3)
    if shares and not logits:
        return said
    return ops.softmax(said).numpy()


def are_pictures(x: Any) -> bool:
    """Whether samples are images: (N, H, W), (N, H, W, 1) or (N, H, W, 3), 4 x 4 or more.

    >>> are_pictures(np.zeros((2, 8, 8, 1))), are_pictures(np.zeros((2, 8)))
    (True, False)
    """
    if not isinstance(x, np.ndarray) or x.ndim not in (3, 4) or min(x.shape[1:3]) < 4:
        return False
    return x.ndim == 3 or x.shape[3] in (1, 3)


def show_classes(results: Results, x: Any, found: Classes) -> None:
    """Show which class is taken for which, and the mistakes that the model was surest of."""
    y, probabilities, names = found
    said = probabilities.argmax(axis=1)
    counts = np.bincount(y, minlength=len(names))
    results.fact("classes", ", ".join(f"{n} {c:,}" for n, c in zip(names, counts, strict=True)))
    show_confusion(results, y, probabilities, names, "test samples")
    wrong = np.flatnonzero(said != y)
    surest = wrong[np.argsort(-probabilities[wrong, said[wrong]], kind="stable")]
    if are_pictures(x):
        results.picture(
            "samples",
            "The first samples",
            plots.samples(x[:20], [names[k] for k in y[:20]], count=20, columns=10),
            f"Test images: {', '.join(names[k] for k in y[:20])}.",
        )
    if len(surest) and are_pictures(x):
        told = "; ".join(f"{names[y[i]]} taken for {names[said[i]]}" for i in surest[:5])
        results.picture(
            "misclassified",
            "The worst mistakes",
            plots.misclassified(x, y, probabilities, 20, class_names=names, columns=5),
            f"The test images that the model was surest of and wrong about: {told}.",
        )
    elif len(surest):
        results.table(
            "The mistakes that it was surest of",
            ("sample", "is", "said", "sure", *_feature_names(x)),
            [
                (i, names[y[i]], names[said[i]], f"{100 * probabilities[i].max():.0f} %",
                 *_features(x, i))
                for i in surest[:SHOWN]
            ],
        )  # fmt: skip
    share, most = float((said == y).mean()), float(counts.max() / len(y))
    common = names[int(counts.argmax())]
    results.scores.pop("test accuracy", None)  # it counts, so it comes last
    results.score(f"accuracy of always saying {common}", most)
    results.score("test accuracy", share)
    if share <= most:
        results.advise(
            [_missed(f"{100 * share:.1f} % are right, always {common} {100 * most:.1f} %")]
        )


def show_numbers(results: Results, x: Any, found: Numbers) -> None:
    """Show predicted numbers over true ones, and the largest errors."""
    y, said = found
    errors, width = said - y, y.shape[1]
    rmse, spread = np.sqrt((errors**2).mean(axis=0)), y.std(axis=0)
    labels = ["value"] if width == 1 else [f"output {k}" for k in range(width)]
    for k in range(min(width, OUTPUTS)):
        results.picture(
            "predictions" if width == 1 else f"predictions_{k}",
            f"Predicted and true: {labels[k]}",
            plots.predictions(y[:, k], said[:, k], label=labels[k]),
            f"{len(y):,} test samples: the nearer to the line, the better; they are off by "
            f"{rmse[k]:.4g}, the root of the mean square.",
        )
    if width > 1:
        rows = [(n, f"{e:.4g}", f"{s:.4g}") for n, e, s in zip(labels, rmse, spread, strict=True)]
        names = ("output", "root mean squared error", "of the mean")
        results.table("Each output", names, rows)
    worst = np.argsort(-np.abs(errors).max(axis=1), kind="stable")[:SHOWN]
    results.table(
        "The largest errors",
        ("sample", *["output"][: width - 1], "is", "said", *_feature_names(x)),
        [
            (i, *labels[k : k + (width > 1)], f"{y[i, k]:.4g}", f"{said[i, k]:.4g}",
             *_features(x, i))
            for i in worst
            for k in (int(np.abs(errors[i]).argmax()),)
        ],
    )  # fmt: skip
    whole, mean = float(np.sqrt((errors**2).mean())), float(np.sqrt((spread**2).mean()))
    results.score("error of the mean", mean)
    if mean > 0:
        results.score("R2", 1 - (whole / mean) ** 2)
    results.score("root mean squared error", whole)
    if whole >= mean:
        told = f"{score_text('', whole)}, always the mean by {score_text('', mean)}"
        results.advise([_missed(f"Predictions are off by {told}")])


def _missed(told: str) -> Advice:
    return Advice(
        f"{told}: what was learned says no more of these samples than that.",
        "Look at the curves first: did the training loss fall? Then at the data: were they "
        "prepared as those of the training?",
    )


def _features(x: Any, row: int) -> list[str]:
    return [f"{v:.4g}" for v in x[row, :FEATURES].tolist()] if _is_table(x) else []


def _feature_names(x: Any) -> list[str]:
    return [f"x{k}" for k in range(min(x.shape[1], FEATURES))] if _is_table(x) else []


def _is_table(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "biuf"
