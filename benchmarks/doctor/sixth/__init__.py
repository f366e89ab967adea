"""The sixth part of the trial: all of it was kept for the end.

Written by people who did not know the rules, from the catalogue of findings and, for most of the
faults, from what people really did wrong: the plant's docstring says where they asked. They never
ran the doctor on their programs.
"""

from benchmarks.doctor.sixth import convolutional, dense, healthy

FAULTS = [*dense.FAULTS, *convolutional.FAULTS]
HEALTHY = [*healthy.HEALTHY]
