"""What a trained model makes of samples that it never saw: scores, pictures, advice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import plots
from neurona.recipes.advice import on_chance, on_classes, on_training
from neurona.recipes.explained import on_accuracies, on_dead_units, on_loss

if TYPE_CHECKING:
    from neurona.recipes.results import Results


def show_training(run: Results) -> None:
    """Draw the curves of the losses and metrics, and tell what they advise."""
    history = run.history
    words = [
        f"{name.replace('_', ' ')} goes from {values[0]:.3g} to {values[-1]:.3g}"
        for name, values in history.items()
    ]
    epochs = max(map(len, history.values()))
    alt = f"Curves over {epochs} epochs: {', '.join(words)}."
    run.picture("history", "How training went", plots.history(history), alt)
    run.advise(on_training(history, _classes(run.model), *run.rates()))
    explain_curves(run)


def explain_curves(run: Results) -> None:
    """Tell what the last numbers of the curves mean, where they may look wrong and are not."""
    changed = "augmentation" in run.facts
    run.explain("accuracy", on_accuracies(run.model, run.history, changed))
    run.explain("loss", on_loss(run.model))


def _classes(model: Any) -> int:
    """Return how many classes a model tells apart by cross-entropy; 0 if it does something else."""
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", "")
    if not str(name).endswith("crossentropy") or not isinstance(model.output_shape, tuple):
        return 0
    return max(model.output_shape[-1] or 0, 2)


def show_samples(run: Results, x: np.ndarray, y: np.ndarray) -> None:
    """Draw the first twenty training images with their classes."""
    run.picture(
        "samples",
        "The first samples",
        plots.samples(x[:20], y[:20], count=20, columns=10),
        f"Twenty training images: {', '.join(map(str, y[:20]))}.",
    )


def show_rate(run: Results, schedule: Any, steps: int) -> None:
    """Draw the learning rate of each step."""
    first, last = (float(schedule(step).numpy()) for step in (0, steps - 1))
    alt = f"Learning rate over {steps:,} steps, from {first:.2g} to {last:.2g}."
    figure = plots.learning_rate(schedule, steps)
    run.picture("learning_rate", "The learning rate", figure, alt)


def test_images(run: Results, x: np.ndarray, targets: np.ndarray, names: Sequence[str]) -> None:
    """Test a classifier of images: confusion matrix, worst mistakes, loss and accuracy.

    Shapes: x (N, H, W) or (N, H, W, C); targets (N,) class numbers, or (N, K) one-hot.
    """
    y = targets.argmax(-1) if targets.ndim > 1 else targets.astype(np.int64)
    loss = run.model.evaluate(x, targets, batch_size=512, verbose=0, return_dict=True)["loss"]
    probabilities = run.model.predict(x, batch_size=512, verbose=0)
    said = probabilities.argmax(-1)
    show_confusion(run, y, probabilities, names, "test images")
    wrong = np.flatnonzero(said != y)
    surest = wrong[np.argsort(-probabilities[wrong].max(-1), kind="stable")]
    told = "; ".join(
        f"{names[y[i]]} taken for {names[said[i]]} at {100 * probabilities[i].max():.0f} %"
        for i in surest[:5]
    )
    run.picture(
        "misclassified",
        "The worst mistakes",
        plots.misclassified(x, y, probabilities, 20, class_names=names, columns=5),
        f"The test images that the model was surest of and wrong about: {told}."
        if told
        else "No test image is classified wrongly.",
    )
    run.explain("loss", on_loss(run.model, loss))
    show_dead(run, x, "test images")
    run.score("test loss", loss)
    run.score("test accuracy", float((said == y).mean()))


def show_dead(run: Results, x: np.ndarray, what: str) -> None:
    """Tell how many hidden units are dead on samples, beside the picture of what they look for."""
    names = [picture.name for picture in run.pictures]
    beside = next((name for name in ("weights", "filters") if name in names), "")
    run.explain("units", on_dead_units(run.model, x, what), beside)


def show_confusion(
    run: Results, y: np.ndarray, probabilities: np.ndarray, names: Sequence[str], what: str
) -> None:
    """Draw which class is taken for which, and tell what that advises.

    Shapes: y (N,) class numbers, probabilities (N, K).
    Args:
        run, y, probabilities: whose report it is, what is true, and what the model says.
        names: of the K classes.
        what: the samples, in a word or two, such as "test images".
    """
    said = probabilities.argmax(-1)
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (y, said), 1)
    right = int(np.trace(counts))
    run.picture(
        "confusion_matrix",
        "Which class is taken for which",
        plots.confusion_matrix(y, said, class_names=names),
        f"Confusion matrix: {right:,} of {len(y):,} {what} are classified correctly"
        f"{_pairs(counts, names)}.",
    )
    run.advise([*on_classes(counts, names), on_chance(right / len(y), len(y))])


def show_wrong(
    run: Results, name: str, title: str, accuracy: dict[str, float], baselines: int = 1
) -> None:
    """Draw how many test images each classifier gets wrong, side by side."""
    run.picture(
        name,
        title,
        plots.bars(
            {name: 100 * (1 - value) for name, value in accuracy.items()},
            "% of the test images classified wrongly",
            baselines=baselines,
        ),
        "; ".join(f"{name}: {100 * value:.2f} % right" for name, value in accuracy.items()) + ".",
    )


def _pairs(counts: np.ndarray, names: Sequence[str]) -> str:
    wrong = counts - np.diag(np.diag(counts))
    cells = np.argsort(-wrong.ravel(), kind="stable")[:3]
    pairs = [
        f"{names[i]} for {names[j]} ({wrong[i, j]})"
        for i, j in (divmod(int(cell), len(names)) for cell in cells)
        if wrong[i, j]
    ]
    return f"; most often taken: {', '.join(pairs)}" if pairs else ""
