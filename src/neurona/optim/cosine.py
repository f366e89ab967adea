"""Schedules along a cosine, with and without restarts; warm-up; the one-cycle policy."""

from __future__ import annotations

import math
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_integer, check_number
from neurona.optim.schedules import LearningRateSchedule, as_step, check_steps


def _falling(fraction: Tensor) -> Tensor:
    """(1 + cos(pi * fraction)) / 2, from 1 to 0, in a form that keeps its digits near 0."""
    return ops.square(ops.sin(math.pi / 2 * (1 - fraction)))


class CosineDecay(LearningRateSchedule):
    """lr = peak * ((1 - alpha) * (1 + cos(pi * p)) / 2 + alpha), p = step / decay_steps up to 1.

    Without warm-up the peak is initial_learning_rate. With it, the rate first climbs in a straight
    line from there to warmup_target, the peak, in warmup_steps; then the decay begins.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: how long the decay takes, warm-up not counted.
        alpha: what is left at the end, as a fraction of the peak.
        name: for reports.
        warmup_target: the peak, or None for no warm-up.
        warmup_steps: how long the climb takes.

    Source: Loshchilov and Hutter 2016, eq. 5, without restarts; warm-up: Goyal et al. 2017.

    >>> CosineDecay(0.1, decay_steps=10)([0, 5, 10, 15]).tolist()
    [0.1, 0.05, 0.0, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, low=0
        )
        self.decay_steps = check_steps("decay_steps", decay_steps)
        self.alpha = check_number("alpha", alpha, low=0)
        if warmup_target is not None:
            check_number("warmup_target", warmup_target, low=0)
        self.warmup_target, self.name = warmup_target, name
        self.warmup_steps = check_number("warmup_steps", warmup_steps, low=0)

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(step - self.warmup_steps, self.warmup_target)
        if not self.warmup_steps:
            return decayed
        climb = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        climbing = self.initial_learning_rate + climb * step
        return ops.where(step < self.warmup_steps, climbing, decayed)

    def _decayed(self, step: Tensor, peak: float) -> Tensor:
        p = ops.minimum(step / self.decay_steps, 1.0)
        return peak * ((1 - self.alpha) * _falling(p) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """CosineDecay over and over: period i has first_decay_steps * t_mul^i steps, peak m_mul^i.

    lr = initial_learning_rate * ((1 - alpha) * m_mul^i * (1 + cos(pi * p)) / 2 + alpha), with p
    the fraction of period i that has passed.

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: length of the first period.
        t_mul: how much longer each period is than the one before, 1 or more.
        m_mul: how much higher each peak is than the one before.
        alpha: the lowest rate, as a fraction of initial_learning_rate.
        name: for reports.

    Source: Loshchilov and Hutter 2016, eq. 5. Where the period is computed, rounding at its
    boundaries is corrected, so that a restart never comes a step late.

    >>> CosineDecayRestarts(0.1, first_decay_steps=10)([0, 5, 10, 20, 30]).tolist()
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, low=0
        )
        self.first_decay_steps = check_steps("first_decay_steps", first_decay_steps)
        self.t_mul = check_number("t_mul", t_mul, low=1)
        self.m_mul = check_number("m_mul", m_mul, low=0)
        self.alpha = check_number("alpha", alpha, low=0)
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        x = as_step(step) / self.first_decay_steps  # in first periods
        if self.t_mul == 1:
            i = ops.floor(x)
            p = x - i
        else:
            i = ops.floor(ops.log(1 + x * (self.t_mul - 1)) / math.log(self.t_mul))
            i = ops.where(x >= self._begin(i + 1), i + 1, ops.where(x < self._begin(i), i - 1, i))
            p = (x - self._begin(i)) / ops.pow(self.t_mul, i)
        wave = (1 - self.alpha) * ops.pow(self.m_mul, i) * _falling(p) + self.alpha
        return self.initial_learning_rate * wave

    def _begin(self, i: Tensor) -> Tensor:
        """When period i begins, in first periods: 1 + t + ... + t^(i-1)."""
        return (ops.pow(self.t_mul, i) - 1) / (self.t_mul - 1)


class WarmUp(LearningRateSchedule):
    """A straight climb from `start` to the beginning of another schedule, which then follows.

    lr = start + (schedule(0) - start) * step / warmup_steps, later schedule(step - warmup_steps).

    Args:
        learning_rate: a number or a schedule.
        warmup_steps: how long the climb takes.
        start: the rate at step 0.
        name: for reports.

    Source: Goyal et al. 2017, section 2.2. Keras has it within CosineDecay only.

    >>> WarmUp(0.1, warmup_steps=4)([0, 2, 4, 9]).tolist()
    [0.0, 0.05, 0.1, 0.1]
    """

    def __init__(
        self, learning_rate: Any, warmup_steps: int, start: float = 0.0, name: str = "WarmUp"
    ) -> None:
        if not isinstance(learning_rate, LearningRateSchedule):
            learning_rate = check_number("learning_rate", learning_rate, low=0)
        self.learning_rate = learning_rate
        self.warmup_steps = check_steps("warmup_steps", warmup_steps)
        self.start, self.name = check_number("start", start, low=0), name

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        after = self._rate(ops.maximum(step - self.warmup_steps, 0.0))  # its step 0 until then
        fraction = ops.minimum(step / self.warmup_steps, 1.0)
        return ops.where(fraction < 1, self.start + (after - self.start) * fraction, after)

    def _rate(self, step: Tensor) -> Tensor:
        if isinstance(self.learning_rate, LearningRateSchedule):
            return as_tensor(self.learning_rate(step)).astype(float)
        return ops.full(step.shape, self.learning_rate, float)


class OneCycle(LearningRateSchedule):
    """One climb to a high rate and a long way down to almost nothing.

    From max / div_factor up to max in the first pct_start of the steps, then down to
    max / div_factor / final_div_factor, along a cosine or a straight line.

    Args:
        max_learning_rate: the peak; the largest rate that does not diverge.
        total_steps: all steps of the training; the rate stays at its end afterwards.
        pct_start: the fraction of the steps that the climb takes.
        anneal_strategy: "cos" or "linear".
        div_factor: peak / first rate.
        final_div_factor: first rate / last rate.
        three_phase: come down to the first rate as fast as the climb was, then vanish.
        name: for reports.

    Source: Smith and Topin 2017; the same rates as PyTorch's OneCycleLR, which also moves the
    momentum. This one leaves the momentum alone.

    >>> OneCycle(1.0, total_steps=11, pct_start=0.5, anneal_strategy="linear")([0, 10]).tolist()
    [4e-02, 4e-06]
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        name: str = "OneCycle",
    ) -> None:
        self.max_learning_rate = check_number("max_learning_rate", max_learning_rate, low=0)
        self.total_steps = check_integer("total_steps", total_steps, minimum=2)
        self.pct_start = check_number("pct_start", pct_start, low=0, high=0.5 if three_phase else 1)
        self.anneal_strategy = check_choice("anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.div_factor = check_number("div_factor", div_factor, low=0, open=True)
        self.final_div_factor = check_number("final_div_factor", final_div_factor, low=0, open=True)
        self.three_phase, self.name = three_phase, name

    def _phases(self) -> list[tuple[float, float, float]]:
        """Return (last step, rate at its beginning, rate at its end) of each phase."""
        high = self.max_learning_rate
        low = high / self.div_factor
        last, turn = self.total_steps - 1, self.pct_start * self.total_steps - 1
        up, vanish = (turn, low, high), low / self.final_div_factor
        if self.three_phase:
            return [up, (2 * turn, high, low), (last, low, vanish)]
        return [up, (last, high, vanish)]

    def __call__(self, step: Any) -> Tensor:
        step = as_step(step)
        begin, rates = 0.0, []
        for end, first, final in self._phases():
            if end > begin:
                p = ops.clip((step - begin) / (end - begin), 0.0, 1.0)
                left = _falling(p) if self.anneal_strategy == "cos" else 1 - p
                rates.append((end, final + (first - final) * left))
            begin = end
        lr = rates[-1][1]
        for end, rate in reversed(rates[:-1]):  # the first phase that is not over yet holds
            lr = ops.where(step <= end, rate, lr)
        return lr
