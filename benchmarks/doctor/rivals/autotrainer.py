"""AutoTrainer: five training problems of classifiers, by accuracy and gradients."""

from __future__ import annotations

import numpy as np

from benchmarks.doctor.record import Moment, Record

NAME = "AutoTrainer"
SOURCE = (
    "Zhang, Zhai, Ma, Shen, ICSE 2021; parameters as in the authors' github.com/shiningrain/"
    "AUTOTRAINER, AutoTrainer/utils/monitor.py of the paper's five problems"
)
LEFT_OUT = {
    "all but NaN where there is no accuracy": "each of the other problems asks for accuracy too low"
}

BETA_1, BETA_2, BETA_3 = 1e-3, 1e-4, 70.0  # gradient of the first kernel to the last, norm, ratio
GAMMA = 0.7  # share of gradients that are exactly 0
ZETA, ETA = 0.03, 0.2  # a swing of accuracy, and the share of epochs that have one
DELTA, THETA = 0.01, 0.7  # least gain of accuracy in an epoch, and the accuracy that satisfies
JUDGED = 0.3  # of all epochs pass before curves are judged
EACH = 3  # epochs between two checks; one more is made at the end
LARGE = 1e5  # a validation loss that counts as not finite

FITS: dict[str, tuple[str, ...]] = {
    "gradient vanish": (
        "GD304", "GD501", "GD303", "GD209", "GD307", "GD306", "GD504", "GD704", "GD208",
    ),
    "gradient explode": (
        "GD401", "GD302", "GD502", "GD506", "GD303", "GD209", "GD301", "GD104", "GD101",
    ),
    "dying ReLU": ("GD503", "GD305", "GD307"),
    "oscillating loss": ("GD509", "GD506", "GD502", "GD515"),
    "slow convergence": (
        "GD507", "GD505", "GD216", "GD510", "GD508", "GD602", "GD514", "GD604", "GD112",
    ),
}  # fmt: skip


def symptoms(run: Record) -> list[str]:
    """Return what AutoTrainer says of a run: at the first check that finds something."""
    counts = {"vanish": 0, "explode": 0, "dying": 0}
    last = len(run.epochs)
    for end in [*range(EACH, last, EACH), last] if last else []:
        found = _checked(run, end, run.epochs[end - 1], counts)
        if found:
            return found
    return []


def _checked(run: Record, end: int, now: Moment, counts: dict[str, int]) -> list[str]:
    logs = {name: np.array(values[:end]) for name, values in run.logs.items()}
    held = logs.get("val_loss", logs["loss"])
    numbers = [*now.weights.values(), *now.gradients.values(), logs["loss"], held]
    if not all(np.isfinite(a).all() for a in numbers) or held[-1] >= LARGE:
        return ["gradient explode"]
    _count(now, counts)
    if "accuracy" not in logs or end < JUDGED * run.training.epochs:
        return []
    seen = logs["accuracy"]
    held = logs.get("val_accuracy", seen)
    slow = all(np.diff(a).max(initial=0) < DELTA for a in (seen, held))
    if min(seen.max(), held.max()) < THETA or slow:
        for key, name in (
            ("dying", "dying ReLU"),
            ("explode", "gradient explode"),
            ("vanish", "gradient vanish"),
        ):
            if counts[key]:
                return [name]
        return ["slow convergence"] if slow else []
    return ["oscillating loss"] if _swings(seen) else []


def _count(now: Moment, counts: dict[str, int]) -> None:
    norms = [float(np.linalg.norm(now.gradients[p])) for p in now.kernels if p in now.gradients]
    if not norms:
        return
    ratio = norms[0] / norms[-1] if norms[-1] else np.nan
    counts["vanish"] += ratio < BETA_1 and norms[0] < BETA_2
    counts["explode"] += ratio > BETA_3
    zero = sum(np.sum(g == 0) for g in now.gradients.values())
    counts["dying"] += zero / sum(g.size for g in now.gradients.values()) >= GAMMA


def _swings(a: np.ndarray) -> bool:
    inner, left, right = a[1:-1], a[:-2], a[2:]
    high, low = inner[(inner >= left) & (inner >= right)], inner[(inner <= left) & (inner <= right)]
    n = min(len(high), len(low))
    return bool(np.sum(high[:n] - low[:n] >= ZETA) >= ETA * len(a))
