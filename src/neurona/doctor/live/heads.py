"""GD510 of one of several outputs, each held against what guessing would reach with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.finding import Finding
from neurona.doctor.live.course import ENOUGH, NOTHING_LEARNT, SHORT, SOME
from neurona.doctor.live.guess import Guess, guesses_of
from neurona.doctor.live.record import GUESSING, Record


def one_of_several(record: Record) -> Iterator[Finding]:
    """GD510: one of several outputs ends at guessing, on the samples trained on and on others."""
    if not record.ended or len(record.logs) < SHORT or record.steps < SOME:
        return
    heads = _heads(record)
    learns = any(
        guess.loss and min(record.column(name), default=np.inf) < guess.loss / 2
        for name, (guess, _) in heads.items()
    )
    if record.steps < ENOUGH and not learns:  # where others do, the steps are enough
        return
    for name, (guess, held) in heads.items():
        losses, others = record.column(name), record.column(f"val_{name}")
        least, guessing = guess.loss, held.loss_of(guess.answer)
        if not (losses and others and least and guessing):
            continue
        if losses[-1] >= GUESSING * least and min(others) >= GUESSING * guessing:
            yield NOTHING_LEARNT.found(
                f"after {record.steps} steps {name} is {losses[-1]:.3g}, and {min(others):.3g} at "
                f"best on the validation data: always answering the same has {least:.3g}",
                evidence={"loss": losses[-1], "guessing": least, "steps": record.steps},
                threshold=f"{GUESSING:.0%} of the loss of the best answer that is always the same",
                fix="print(x[0], y)  # do the targets of this output go with their samples?",
            )
            return


def _heads(record: Record) -> dict[str, tuple[Guess, Guess]]:
    """Return what guessing would reach with each output, in training and in validation.

    By the name of its loss in logs; nothing where samples have weights, or come in batches.
    """
    run = record.model._training.run
    sources = (run.source, run.validation.source) if run is not None and run.validation else ()
    if record.own or not sources or not all(hasattr(s, "arrays") for s in sources):
        return {}
    if any(s.arrays[2] is not None for s in sources):
        return {}
    given, held = (guesses_of(record.model, s.arrays[1]) for s in sources)
    return {name: (guess, held[name]) for name, guess in given.items() if name in held}


CHECKS = {one_of_several: (NOTHING_LEARNT,)}
