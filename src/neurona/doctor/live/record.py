"""Record: what was measured of a training so far, and summaries of it that rules share."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neurona.doctor.live.guess import Guess, guess_of
from neurona.doctor.live.linear import MARGIN, Linear, linear_of, passes_line, reached_by
from neurona.doctor.live.neighbours import Neighbours, neighbours_of
from neurona.doctor.scan import share_error

GUESSING = 0.98  # of the loss of guessing: more is no better than guessing
WORSE = 1.1  # times its own best: a loss that got worse
FEWEST = 5  # looks that a mean is made of
BARELY = 0.01  # of its best: a loss that does not fall any more
NARROW = 0.25  # of the classes: a layer of fewer units tells few of them apart
EARLY = 0.25  # of the steps: until then a loss of one's own may rest
HARDLY = 0.8  # of the loss of guessing: little was learnt
LASTING, LUCK = 3, 0.15  # epochs in a row; of accuracy, what one class for a whole group may bring


@dataclasses.dataclass(frozen=True)
class Weight:
    """A parameter around one step.

    Attributes:
        size, change, gradient: root mean squares of its values, of what the step added to them,
            and of its gradient.
        norm: of its gradient.
        still: whether the step changed no number of it.
        moved: its way since the beginning as a share of its size then; None if that was 0.
    """

    size: float
    change: float
    gradient: float
    norm: float
    still: bool
    moved: float | None

    @property
    def ratio(self) -> float:
        """The length of the step, as a share of the size."""
        return self.change / self.size if self.size > 0 else 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class Look:
    """One step, seen from both sides.

    Attributes:
        step: how many steps came before.
        rate: the learning rate.
        loss, after: of the batch of this step, before its update and after, without penalties;
            `after` is None if a model with states of its own gives other answers by then.
        penalty: what regularisers add to the loss.
        slope: the derivative of the loss along the update, at its beginning.
        gradient: the norm of all gradients together, before any clipping.
        weights: by path.
        samples: in the batch.
        predicted: how often each class was predicted; None if there are no classes.
        right: the share of them that was right.
        classes: how many of its samples are of each; None if there are no classes.
        activity: by layer, see `activity.py`.
        attention: for each head the entropy of its weights, as a share of the largest, by layer.
        through_time: the size of the gradient at each step of the input's sequences, or None.
        evaluated: the loss of the batch outside of training, where layers normalise batches.
    """

    step: int
    rate: float
    loss: float
    after: float | None
    penalty: float
    slope: float
    gradient: float
    weights: dict[str, Weight]
    samples: int
    predicted: np.ndarray | None = None
    right: float | None = None
    activity: dict[str, Any] = dataclasses.field(default_factory=dict)
    attention: dict[str, Any] = dataclasses.field(default_factory=dict)
    evaluated: float | None = None
    classes: np.ndarray | None = None
    through_time: np.ndarray | None = None

    @property
    def kernels(self) -> dict[str, Weight]:
        """The weights that did not begin with 0, as biases do: their ratios mean something."""
        return {path: w for path, w in self.weights.items() if w.moved is not None}

    @property
    def rise(self) -> float:
        """How much larger the update made the loss of its own batch."""
        return 0.0 if self.after is None else self.after - self.loss

    @property
    def rose(self) -> bool:
        """Whether the update made the loss of its own batch larger, or anything but a number."""
        return not self.rise <= 1e-6 * abs(self.loss)

    @property
    def overshot(self) -> bool:
        """Whether it rose by going too far, rather than by going where other batches want it.

        Then the slope at its beginning accounts for less than half of the rise.
        """
        return self.rose and not self.slope >= self.rise / 2


@dataclasses.dataclass
class Record:
    """A training so far.

    Attributes:
        guess: what guessing would reach.
        total: steps that are planned, or None.
        epochs: how many are planned.
        steps_per_epoch: None if unknown.
        model: that is trained.
        steps: how many were made.
        looks: in order.
        logs: of each epoch that ended.
        ended: whether the training has ended.
        raced: whether what may help is tried, so that a rate can be called low earlier.
        zero_weights: says which weights of the loss are all 0.
        shuffled: whether samples come in a new order each epoch.
        own: whether the loss is the user's own, so that it may well rise, or begin anywhere.
    """

    guess: Guess
    total: int | None
    epochs: int
    steps_per_epoch: int | None
    model: Any
    steps: int = 0
    looks: list[Look] = dataclasses.field(default_factory=list)
    logs: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    ended: bool = False
    raced: bool = False
    zero_weights: str = ""
    shuffled: bool = False
    own: bool = False

    @functools.cached_property
    def layers(self) -> list[Any]:
        """All layers of the model, looked for once."""
        return self.model.all_layers()

    @functools.cached_property
    def linear(self) -> Linear | None:
        """What a linear model reaches; worked out when it is first asked for."""
        run = self.model._training.run
        if run is None or not hasattr(run.source, "arrays"):
            return None
        x, y, weight = run.source.arrays
        return None if weight is not None else linear_of(self.guess, x, y)

    @functools.cached_property
    def neighbours(self) -> Neighbours | None:
        """How labels agree with those of samples that are alike; worked out when asked for."""
        run = self.model._training.run
        if run is None or not hasattr(run.source, "arrays"):
            return None
        x, y, _ = run.source.arrays
        return neighbours_of(self.guess, x, y)

    @property
    def patience(self) -> int:
        """How many epochs in a row tell a lasting change: 3, or a tenth of all."""
        return max(3, -(-self.epochs // 10))

    @property
    def done(self) -> float:
        """The share of the planned steps that were made."""
        return 1.0 if self.ended else self.steps / (self.total or math.inf)

    @functools.cached_property
    def recent(self) -> list[Look]:
        """The looks of the last window: 20 steps or 2 % of the run, and at least five looks."""
        window = max(20, 0.02 * (self.total or 0))
        within = [look for look in self.looks if look.step >= self.steps - window]
        return within if len(within) >= FEWEST else self.looks[-FEWEST:]

    @functools.cached_property
    def warming(self) -> bool:
        """Whether the learning rate still rises, so that slow progress means nothing yet."""
        rates = [look.rate for look in self.looks]
        return not self.ended and len(rates) >= 2 and rates[-1] > 1.001 * rates[len(rates) // 2]

    @functools.cached_property
    def at_full_rate(self) -> list[Look]:
        """The looks at half of the highest learning rate so far, or more."""
        peak = max((look.rate for look in self.looks), default=0.0)
        return [look for look in self.looks if look.rate >= peak / 2]

    @functools.cached_property
    def loss(self) -> float:
        """The loss of the data lately, without penalties: of batches not trained on yet."""
        return _mean([look.loss for look in self.recent])

    @property
    def fallen(self) -> float:
        """How much the loss has fallen so far; between epochs if there are several."""
        losses = self.column("loss")
        return losses[0] - losses[-1] if len(losses) > 2 else self.start - self.loss

    def stalled(self, window: int) -> bool:
        """Whether the best loss of the last epochs is hardly below that of those before."""
        losses = self.column("loss")
        if len(losses) < 2 * window:
            return False
        before, now = min(losses[:-window]), min(losses[-window:])
        return 0 < before < math.inf and now >= before * (1 - BARELY)

    @property
    def start(self) -> float:
        """The loss of the first batch, before any step."""
        return self.looks[0].loss if self.looks else math.nan

    @property
    def scale(self) -> float:
        """A loss that something must have been learnt below: of guessing, or else the first."""
        return self.start if self.guess.loss is None else self.guess.loss

    @functools.cached_property
    def held(self) -> Guess:
        """What guessing would reach on the validation data."""
        run = self.model._training.run
        source = run.validation.source if run is not None and run.validation else None
        if source is None or not hasattr(source, "arrays"):
            return Guess()
        return guess_of(self.model, source.arrays[1], source.arrays[2])

    def column(self, name: str) -> list[float]:
        """Return a number of each epoch's logs; nothing unless all epochs have it."""
        known = self._columns.setdefault(name, [])
        for log in self.logs[len(known) :]:
            value = log.get(name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                return []
            known.append(float(value))
        return known

    @functools.cached_property
    def _columns(self) -> dict[str, list[float]]:
        return {}

    @property
    def accuracy_name(self) -> str | None:
        """The name in logs of the share of right answers."""
        names = self.logs[-1] if self.logs else {}
        known = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy")
        return next((n for n in (*known, "sparse_categorical_accuracy") if n in names), None)

    def at_guessing(self) -> str:
        """Say how it is no better than guessing; "" if it is better, or nobody knows."""
        return self._at_guessing

    @functools.cached_property
    def _at_guessing(self) -> str:
        guessing = self.guess.loss
        if guessing is None or len(self.looks) < FEWEST or guessing <= 0:
            return ""
        losses = self.column("loss")
        loss = losses[-1] - self.looks[-1].penalty if losses else self.loss
        if len(losses) == 1:  # a mean over an epoch in which it may have fallen
            loss = min(loss, self.loss)
        if not loss >= GUESSING * guessing:
            return ""
        samples = (self.steps_per_epoch or 1) * self.looks[0].samples
        if self._above(self.guess.majority, samples):
            return ""
        return f"the loss is {loss:.3g}, and always answering the same has {guessing:.3g}"

    def _above(self, majority: float | None, samples: int) -> bool:
        """Whether the accuracy is known to be above that of the most frequent class."""
        name = self.accuracy_name
        if not name or majority is None or not (found := self.column(name)):
            return False
        error = share_error(majority, samples, least=1e-9)
        return max(found[-3:]) > majority + 3 * error

    def held_at_guessing(self) -> str:
        """Say how other samples are answered no better than by guessing; "" if not, or unknown."""
        losses, guessing = self.column("val_loss"), self.held.loss_of(self.guess.answer)
        if len(losses) < LASTING or not guessing:
            return ""
        window = max(LASTING, -(-len(losses) // 4))
        lasting = np.convolve(losses, np.full(window, 1 / window), "valid")
        lowest = float(lasting.min()) - (self.looks[-1].penalty if self.looks else 0.0)
        if lowest < GUESSING * guessing or self._held_above():
            return ""
        return (
            f"on the validation data the loss was {lowest:.3g} at best, and always answering the "
            f"same has {guessing:.3g}"
        )

    def unrelated(self) -> str:
        """Say how the inputs do not seem to tell the targets; "" if they do, or nobody knows.

        Little was learnt, and neither a line nor the samples that are most alike tell a class.
        """
        if self.loss < HARDLY * self.scale:
            return ""
        line, near = self.linear, self.neighbours  # dear, so last
        if line is None or near is None or line.finds or near.finds or self._held_above():
            return ""
        return (
            f"the loss is {self.loss:.3g}, and neither a linear model ({line.score:.0%}) nor the "
            f"samples most alike ({1 - near.all:.0%}) tell the class of others: always answering "
            f"the same gets {near.plain:.0%}"
        )

    def _held_above(self) -> bool:
        """Whether validation's accuracy stays above that of the most frequent class.

        Where a line finds nothing, whole groups of samples may get a right class by luck.
        """
        name, majority = self.accuracy_name, self.held.majority
        found = self.column(f"val_{name}") if name else []
        if not found or majority is None:
            return False
        luck = LUCK if self.linear is not None and not self.linear.finds else 0.0
        least = max(3 * share_error(majority, self.held.samples, least=1e-9), luck)
        return float(np.mean(found[-LASTING:])) > majority + least

    def worse(self) -> str:
        """Say how the loss is worse than its own best was; "" if it is not."""
        n, losses = len(self.recent), np.asarray([look.loss for look in self.looks])
        if min(n, len(losses) - n) < FEWEST:
            return ""
        windows, late, now = sliding_window_view(losses[:-n], FEWEST), losses[-n:], self.loss
        lowest = windows[int(windows.mean(axis=1).argmin())]
        best = float(lowest.mean())
        spread = math.hypot(late.std() / n**0.5, lowest.std() / FEWEST**0.5)
        if not now > max(WORSE * best, best + 3 * spread, best + 0.05 * abs(self.scale)):
            return ""
        return f"the loss is {now:.3g}, after {best:.3g} at its best"

    def stuck(self) -> str:
        """Say how the loss stopped falling, far from 0; "" if it falls, or is small, or noise."""
        half, own = len(self.looks) // 2, self.guess.loss is None  # of which the least is not known
        if half < 2 * FEWEST or (own and self.done < EARLY):
            return ""
        losses = [look.loss for look in self.looks[half:]]
        then, now = _mean(losses[: half // 2]), _mean(losses[half // 2 :])
        if not now > max(0.95 * then, (0.95 if own else 0.3) * self.scale) or passes_line(self):
            return ""
        return f"the loss has stayed at {now:.3g} since step {self.looks[half].step}"

    def below_linear(self) -> str:
        """Say how a linear model is better than it is, after half of the steps; "" if not."""
        known = self.done >= 0.5 and self.steps >= 100 and not self.warming
        return self.beaten_by_line() if known else ""

    def beaten_by_line(self) -> str:
        """Say how a linear model is better; "" if not, which may need no such model to be known."""
        reached = reached_by(self)
        if reached is None or reached >= 1 - MARGIN or self.linear is None:
            return ""
        return self.linear.beats(self)

    def forget(self) -> None:
        """Forget all that was seen but the first look."""
        self.looks[1:] = []
        self.logs.clear()
        self._columns.clear()

    @functools.cached_property
    def narrow(self) -> int:
        """The units of a layer that are too few for so many classes; 0 if there is none."""
        widths = [getattr(layer, "units", None) for layer in self.layers]
        least = min((n for n in widths if isinstance(n, int)), default=0)
        return least if least < NARROW * self.guess.classes else 0

    def renew(self) -> None:
        """Forget what was worked out for an earlier state."""
        for name in ("recent", "loss", "warming", "at_full_rate", "_bad", "_at_guessing"):
            vars(self).pop(name, None)

    def struggling(self) -> str:
        """Say by what consequence it goes badly: the second factor of a warning; "" if none."""
        return self._bad

    @functools.cached_property
    def _bad(self) -> str:
        if self.own:  # it may rise, as the values of a game do: only that it stays is no good
            return (self.stuck() if self.start > 0 else "") or self.held_at_guessing()
        return self.at_guessing() or self.worse() or self.stuck() or self.below_linear()


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan
