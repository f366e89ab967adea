"""Units that cannot learn from the first step on: always 0, or saturated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.finding import WARNING, Finding, Rule
from neurona.doctor.probe.probe import probe_of
from neurona.doctor.probe.units import Units

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

# Of units that may be dead, and how many more a layer of depth: samples become alike with depth,
# and of healthy networks with 16 layers up to 48 % are 0 for 128 samples.
SHARE, A_LAYER = 0.40, 0.01
FLAT, FLAT_SHARE = 0.1, 0.4  # slope of a unit beside the largest one; share of such units
FEWEST, SEEN = 8, 16  # units of a layer, and values of each: fewer say nothing


def check_dead(case: Case) -> Iterator[Finding]:
    """GD305: units that are 0 for all samples."""
    worst: tuple[float, Units] | None = None
    relus = [u for u in probe_of(case).units if u.kind == "relu"]
    for depth, units in enumerate(relus):
        allowed = SHARE + A_LAYER * depth
        if _counts(units) and units.dead > max(1, allowed * units.count):
            excess = units.dead / units.count / allowed
            worst = max(worst or (0.0, units), (excess, units), key=lambda pair: pair[0])
    if worst is not None:
        found = worst[1]
        share = found.dead / found.count
        depth = relus.index(found)
        yield DEAD.found(
            f"{found.dead} of {found.count} units ({share:.0%}) are 0 for every sample",
            where=found.origin.described,
            evidence={"dead": found.dead, "units": found.count, "values": found.samples},
            threshold=f"at most {SHARE + A_LAYER * depth:.0%}",
            fix='kernel_initializer="he_normal", bias_initializer="zeros"',
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
            fix='kernel_initializer="glorot_uniform"  # and inputs with a spread near 1',
        )


def _counts(units: Units) -> bool:
    return units.count >= FEWEST and units.samples >= SEEN
