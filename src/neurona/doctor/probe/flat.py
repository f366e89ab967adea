"""Units that cannot learn from the first step on: always 0, or saturated."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.probe.probe import probe_of
from neurona.doctor.probe.units import Units
from neurona.doctor.written import diff, written_at

DEAD = Rule(
    "GD305", "units are dead at birth", WARNING,
    "A ReLU that is 0 for every sample has the slope 0: no gradient reaches its weights, and it "
    "stays 0 for good.",
    auto="race", because=("GD104", "GD208", "GD209", "GD101"),
    accepted=("leaky_relu or elu", "zero biases", "scaled input"),
    source="Lu et al. 2019, Dying ReLU and initialization; own measurement",
)  # fmt: skip
SATURATED = Rule(
    "GD306", "units are saturated at birth", WARNING,
    "Where a sigmoid or tanh is flat, its slope is nearly 0, and so are the gradients of all that "
    "lies before it: such units hardly learn.",
    auto="race", because=("GD104", "GD209", "GD303", "GD101"),
    accepted=("scaled input", "glorot_uniform weights", "a normalization layer before"),
    source="Glorot and Bengio 2010; DeepDiagnosis; own measurement",
)  # fmt: skip

# Of units that may be dead: samples become alike with depth, so of healthy networks with 16 layers
# up to 48 % are 0 for 128 samples; and of sparse ones a fifth that works is enough.
SHARE, NOTED = 0.9, 0.5  # an alarm, a fact
FLAT, FLAT_SHARE = 0.1, 0.4  # slope of a unit beside the largest one; share of such units
FOCUS = 0.9  # mean share of the key that gets most; weights of a fresh model are nearly even
FEWEST, SEEN = 8, 16  # units of a layer, and values of each: fewer say nothing


def check_dead(case: Case) -> Iterator[Finding]:
    """GD305: units that are 0 for all samples."""
    relus = [u for u in probe_of(case).units if u.kind == "relu" and _counts(u)]
    worst = max(relus, key=lambda u: u.dead / u.count, default=None)
    if worst is None or worst.dead < NOTED * worst.count:
        return
    share = worst.dead / worst.count
    yield DEAD.found(
        f"{worst.dead} of {worst.count} units ({share:.0%}) are 0 for every sample",
        where=worst.origin.described,
        evidence={"dead": worst.dead, "units": worst.count, "values": worst.samples},
        threshold=f"at most {SHARE:.0%}",
        fix=fixes.Redraw(
            _begun(case, worst, kernel_initializer="he_normal", bias_initializer="zeros")
        ),
        severity=WARNING if share > SHARE else INFO,
    )


def check_saturated(case: Case) -> Iterator[Finding]:
    """GD306: units whose slope is next to 0 for most samples."""
    squashed = [u for u in probe_of(case).units if u.kind != "relu" and _counts(u)]
    flat = [(u, float((u.saturated < FLAT).mean())) for u in squashed]
    flat = [(u, share) for u, share in flat if share > FLAT_SHARE]
    if flat:
        units, share = flat[0]
        slope = float(np.mean(units.saturated))
        yield SATURATED.found(
            f"{share:.0%} of the units are flat: their {units.kind} has {slope:.1%} of its largest "
            "slope",
            where=units.origin.described,
            evidence={"share": share, "slope": slope, "layers": len(flat)},
            threshold=f"more than {FLAT_SHARE:.0%} of units with a slope below {FLAT:.0%}",
            fix=fixes.Redraw(
                _begun(case, units, kernel_initializer="glorot_uniform")
                + "  # and inputs with a spread near 1"
            ),
        )

    focused = [(origin, share) for origin, share in probe_of(case).focus if share > FOCUS]
    if focused and not flat:
        origin, share = focused[0]
        yield SATURATED.found(
            f"one key gets {share:.0%} of the attention: its softmax is flat",
            where=origin.described,
            evidence={"share": share, "layers": len(focused)},
            threshold=f"at most {FOCUS:.0%} in the mean",
            fix=fixes.Redraw(_focused(case, origin.path)),
        )


def _begun(case: Case, units: Units, **given: str) -> str:
    """Return the code of the layer of some units with other initial weights, or these alone."""
    layer = written_at(case.layers, units.origin.path)
    known = {} if layer is None else inspect.signature(type(layer).__init__).parameters
    if layer is not None and all(name in known for name in given):
        return diff(layer, **given)
    return ", ".join(f'{name}="{value}"' for name, value in given.items())


def _focused(case: Case, path: str) -> str:
    layer = written_at(case.layers, path)
    if layer is not None and layer.arguments.get("kernel_initializer") is not None:
        return diff(layer, kernel_initializer=None)
    return "scores = query @ nn.ops.swapaxes(key, -1, -2) / size**0.5  # size: of a query"


def _counts(units: Units) -> bool:
    return units.count >= FEWEST and units.samples >= SEEN
