"""Before the first step: the loss, whether all is finite, whether the input matters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.tree import flatten
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.finding import ERROR, INFO, WARNING, Finding, Rule
from neurona.doctor.not_finite import At, examine
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.probe.twin import Batch, aside
from neurona.doctor.scan import entropy
from neurona.errors import StateError
from neurona.train.guessing import guessing
from neurona.train.steps import training_step

INITIAL_LOSS = Rule(
    "GD301", "initial loss", WARNING,
    "Fresh weights know nothing, so the loss should begin near that of guessing. Far above, the "
    "model is sure of wrong answers, and the first steps only undo that.",
    auto="race",
    because=("GD101", "GD102", "GD104", "GD113", "GD201", "GD202", "GD203", "GD303", "GD308"),
    accepted=("scale the input", "smaller weights in the last layer"),
    source="Karpathy, A Recipe for Training Neural Networks; TheDeepChecker",
)  # fmt: skip
NOT_FINITE = Rule(
    "GD302", "not finite at the start", ERROR,
    "One number that is NaN or infinite turns every weight into NaN with the first update.",
    because=("GD101", "GD102", "GD105", "GD202", "GD203"),
    source="TensorFlow, check_numerics",
)  # fmt: skip
IGNORED = Rule(
    "GD307", "the input does not matter", ERROR,
    "The model gives one answer whatever it is shown, so there is nothing to learn from mistakes.",
    auto="race",
    because=(
        "GD104", "GD106", "GD114", "GD208", "GD209", "GD212", "GD301", "GD303", "GD304", "GD305",
        "GD306",
    ),
    source="Karpathy, A Recipe for Training Neural Networks",
)  # fmt: skip

CROSS_ENTROPIES = ("sparse_categorical_crossentropy", "categorical_crossentropy")
DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber_loss", "log_cosh")
TIMES, SURELY = 5.0, 12.0  # how far a cross-entropy may be above that of guessing: the larger one
FAR = 100.0  # and a squared error above that of answering 0: targets may have any scale
ALIKE = 1e-6  # spread of the outputs, as a share of their size


def check_loss(case: Case) -> Iterator[Finding]:
    """GD301: hold the loss of each output against that of guessing."""
    probe = probe_of(case)
    values = probe.values  # also for what it needs to be known
    compiled = probe.twin._training.losses
    if probe.twin.overrides("train_step") or probe.twin.overrides("compute_loss"):
        raise StateError("the loss is the user's own: what it should begin at is not known.")
    for i, output in enumerate(compiled.outputs or ()):
        if output.loss is None or getattr(output.loss, "reduction", "") == "sum":
            continue
        loss = float(values.get(f"loss {i}", np.nan))
        target = np.asarray(compiled.targets(probe.training.batch.y)[i])
        expected = _expected(output.loss, target, output.shape)
        if expected is None or not np.isfinite(loss):
            continue
        low, high, guess = expected
        named = f" of {output.name!r}" if output.name else ""
        evidence = {"loss": loss, "expected": guess, "name": output.loss.name}
        if loss > high:
            yield INITIAL_LOSS.found(
                f"the loss{named} begins at {loss:.4g}; a model that knows nothing has {guess:.3g}",
                where=output.name or "loss", evidence=evidence, threshold=f"at most {high:.3g}",
                fix=fixes.Redraw(
                    "x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-7)  # inputs near 1\n"
                    "# or smaller first scores: Dense(units, kernel_initializer="
                    "nn.initializers.RandomNormal(stddev=0.01))"
                ),
            )  # fmt: skip
        elif loss < low:
            yield INITIAL_LOSS.found(
                f"the loss{named} begins at {loss:.3g}, below {guess:.3g} of guessing: has the "
                "model been trained already?",
                where=output.name or "loss", evidence=evidence, threshold=f"at least {low:.3g}",
                severity=INFO,
            )  # fmt: skip


def _expected(loss: Any, y: np.ndarray, shape: tuple) -> tuple[float, float, float] | None:
    """Return the least and the largest loss that a fresh model may have, and that of guessing."""
    name, guess = getattr(loss, "name", ""), guessing(loss, shape, y)
    if guess is None:
        return None
    if name in CROSS_ENTROPIES and len(shape) > 1:
        return 0.5 * _least(loss, y, shape), guess + max(TIMES * guess, SURELY), guess
    if name == "binary_crossentropy":
        rates = y.reshape(len(y), -1).astype(float).mean(axis=0).clip(0, 1)
        least = np.mean([entropy(np.array([r, 1 - r])) for r in rates])
        return 0.5 * float(least), guess + SURELY, guess
    if name in DISTANCES:
        far = FAR if name == "mean_squared_error" else FAR**0.5
        return 0.0, far * max(guess, 1.0), guess
    return None


def _least(loss: Any, y: np.ndarray, shape: tuple) -> float:
    """Return the loss of the best answer that is always the same."""
    axis = getattr(loss, "axis", -1)
    classes = shape[axis]
    if loss.name != "sparse_categorical_crossentropy":
        return entropy(np.moveaxis(y, axis, -1).reshape(-1, classes).mean(axis=0))
    labels = y.reshape(-1).astype(np.int64)
    keep = (labels >= 0) & (labels < classes) & (labels != getattr(loss, "ignore_class", None))
    return entropy(np.bincount(labels[keep], minlength=classes) / max(keep.sum(), 1))


def check_finite(case: Case) -> Iterator[Finding]:
    """GD302: find what first is NaN or infinite, if that reaches the loss or a gradient."""
    probe = probe_of(case)
    ends = [v for n, v in probe.values.items() if n == "loss" or n.startswith("gradient ")]
    if all(np.isfinite(v).all() for v in ends):
        return
    twin = probe.twin
    with aside():
        step = training_step(twin)
        found = examine(twin, step, tuple(probe.training.batch), At())
    if found is not None:
        yield dataclasses.replace(found, rule=NOT_FINITE)


def check_input_matters(case: Case) -> Iterator[Finding]:
    """GD307: compare the outputs of all samples."""
    probe = probe_of(case)
    found = one_answer(probe)
    if found is None or _wakes_up(probe):
        return
    spread, size, samples = found
    yield IGNORED.found(
        f"all {samples} samples get the same answer, to {spread:.1g} of {size:.3g}",
        where="outputs", evidence={"spread": spread, "size": size, "samples": samples},
        threshold=f"spread at most {ALIKE} of the size",
        fix=fixes.Redraw(
            "model.trace(x[:2])  # shows behind which layer both samples are equal\n"
            "# initializers that were given: leave them out"
        ),
    )  # fmt: skip


def one_answer(probe: Probe) -> tuple[float, float, int] | None:
    """Return spread and size of the answers, and how many, if all are the same; None if not."""
    batch = probe.prediction.batch
    if batch.size < 2 or not _varies(batch):
        return None
    found = None
    for y in probe.outputs.values():
        if y.dtype.kind != "f" or y.ndim < 1 or len(y) < 2 or not y.size:
            return None
        spread, size = float(np.ptp(y, axis=0).max()), float(np.abs(y).max())
        if not np.isfinite(size) or spread > ALIKE * size:
            return None
        found = spread, size, len(y)
    return found


def _varies(batch: Batch) -> bool:
    return any(bool((a != a[:1]).any()) for a in flatten(batch.x)[0])


def _wakes_up(probe: Probe) -> bool:
    """Whether a matrix begins as zeros and learns: a good start for a last layer, or a branch."""
    zero = any(_matrix(p) and not p.numpy().any() for p in probe.twin.trainable_weights)
    if not zero or not probe.twin.compiled:
        return zero
    known = probe.training.parameters
    return any(_matrix(p) and probe.values[name].any() for name, p in known.items())


def _matrix(p: Any) -> bool:
    """Whether it is no bias: that of a GRU has two axes, and begins as zeros."""
    return len(p.shape) > 1 and "bias" not in p.name
