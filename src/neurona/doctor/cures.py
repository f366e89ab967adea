"""Cures: why an op gives a number that is not finite, and what to write instead, op by op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from neurona.core.lowering import Elementwise
from neurona.doctor.replay import Birth

LARGEST = {4: "3.4e38, the largest float32", 8: "1.8e308, the largest float64"}
GROWN = 1e6  # numbers beyond are no activations of a healthy network: they grew from step to step
SAFE_BRANCH = (
    "- where(ok, f(x), other)\n+ where(ok, f(where(ok, x, 1.0)), other)  # f never sees a bad x"
)


class Cure(NamedTuple):
    """What happens, in words, and code that avoids it."""

    happens: str
    fix: str


def cure(birth: Birth, op: str, phase: str, masked: bool, smaller: str) -> Cure:
    """Return why a birth happens, and its cure.

    Args:
        birth: the first bad value.
        op: whose it is; for a gradient, the op of the forward pass.
        phase: "forward", "backward" or "update".
        masked: whether the forward pass leaves the bad number out.
        smaller: code for smaller numbers.
    """
    computed = birth.node.op.name if birth.node is not None else ""
    values = birth.at_index() or []
    if phase == "update":
        return _of_update(birth, values, smaller)
    if masked:
        return Cure(_masked(phase, op), SAFE_BRANCH)
    if phase == "backward" and computed != op:
        return _of_gradient(computed, values, op, smaller)
    rule = _FORWARD.get(op)
    found = rule(values) if rule is not None and values else None
    return found or _overflow(birth, op, smaller)


def _masked(phase: str, op: str) -> str:
    if phase == "backward":
        return (
            f"`where` leaves this number out, but the gradient of {op} goes through both branches: "
            "the gradient of the branch that is not taken is 0, and 0 times infinity is NaN"
        )
    return (
        f"`where` leaves what {op} gives here out of the loss, which is finite; in the backward "
        "pass it is multiplied with a gradient of 0, and 0 times infinity is NaN"
    )


def _of_update(birth: Birth, values: Sequence[float], smaller: str) -> Cure:
    op = birth.node.op.name if birth.node is not None else ""
    if not birth.origin.role:  # no rule of an optimizer: what acts around it
        what = f"what is done to gradients or weights beside the optimizer's rule gives it by {op}"
        fix = "look at clipping, constraints and averages: + 1e-7 where something is divided by"
        return Cure(what, fix if op == "div" else smaller)
    if op == "div" and values and values[1] == 0:
        return Cure(
            f"the optimizer divides {_show(values[0])} by 0",
            "an epsilon above 0, such as 1e-7, and betas below 1",
        )
    return Cure("the step of the optimizer is not finite though its gradient is", smaller)


def _of_gradient(computed: str, values: Sequence[float], op: str, smaller: str) -> Cure:
    if computed == "div" and values and values[1] == 0:
        forward = _FORWARD.get(op)
        cured = forward([0.0, 0.0]) if forward is not None else None
        return Cure(
            f"the gradient of {op} divides {_show(values[0])} by 0",
            cured.fix if cured is not None else "keep its input away from 0",
        )
    if 0.0 in values:
        edge = f"the gradient of {op} divides by 0, at the edge of where {op} is defined"
        return Cure(edge, f"- {op}(x)\n+ {op}(clip(x, -0.999999, 0.999999))  # off the edge")
    return Cure(f"the gradient of {op} is beyond the largest number of its type", smaller)


def _overflow(birth: Birth, op: str, smaller: str) -> Cure:
    numbers = [a for a in birth.operands if a.dtype.kind == "f" and a.size]
    if any(np.isinf(v) for v in birth.at_index() or ()) or (
        not isinstance(birth.node.op.lower, Elementwise)  # type: ignore[union-attr]
        and any(not np.isfinite(a).all() for a in numbers)
    ):
        return Cure(
            f"{op} meets infinite numbers that were written down, such as a mask that leaves "
            "nothing over",
            "leave at least one place of each row unmasked, or use -1e9 instead of -inf",
        )
    known = [a[np.isfinite(a)] for a in numbers]
    most = max((float(np.abs(a).max()) for a in known if a.size), default=0.0)
    if most > GROWN:
        return Cure(
            f"{op} of numbers up to {_show(most)} is beyond {LARGEST[birth.array.dtype.itemsize]}",
            smaller,
        )
    return Cure(f"{op} is not finite for such operands", "keep its operands where it is defined")


# --- what the forward rules do at the edge of where they are defined ---------------------------


def _log(x: Sequence[float]) -> Cure | None:
    fix = (
        "- log(p)\n+ log(p + 1e-7)  # for a loss: from_logits=True instead, with raw scores, which "
        "needs no log of a probability"
    )
    return Cure("log(0) is -inf" if x[0] == 0 else "the log of a negative number is NaN", fix)


def _sqrt(x: Sequence[float]) -> Cure | None:
    return Cure("the square root of a negative number is NaN", "- sqrt(x)\n+ sqrt(maximum(x, 0.0))")


def _rsqrt(x: Sequence[float]) -> Cure | None:
    what = "1 / sqrt(0) is infinite" if x[0] == 0 else "the root of a negative number is NaN"
    return Cure(what, "- rsqrt(x)\n+ rsqrt(x + 1e-6)")


def _div(x: Sequence[float]) -> Cure | None:
    if x[1] != 0:
        return None
    what = "0 / 0 is NaN" if x[0] == 0 else f"{_show(x[0])} / 0 is infinite"
    return Cure(what, "- x / y\n+ x / (y + 1e-7)  # for y of 0 or more")


def _exp(x: Sequence[float]) -> Cure | None:
    return Cure(
        f"exp({_show(x[0])}) is beyond the largest float32, which exp(88.7) reaches",
        "- exp(x) / exp(x).sum(-1, keepdims=True)\n+ nn.ops.softmax(x)  # or log_softmax, "
        "logsumexp, sigmoid, softplus: they never overflow",
    )


def _pow(x: Sequence[float]) -> Cure | None:
    if x[0] == 0:
        return Cure(f"0 to the power of {_show(x[1])} divides by 0", "- x**a\n+ (x + 1e-7) ** a")
    if x[0] < 0:
        return Cure(
            f"a negative number has no power of {_show(x[1])}", "- x**a\n+ maximum(x, 0.0) ** a"
        )
    return None


_FORWARD: dict[str, Callable[[Sequence[float]], Cure | None]] = {
    "log": _log, "log1p": _log, "sqrt": _sqrt, "rsqrt": _rsqrt, "div": _div, "exp": _exp,
    "expm1": _exp, "pow": _pow,
}  # fmt: skip


def _show(x: float) -> str:
    return f"{x:.6g}"
