"""The fifth part of the trial: all of it is kept for the end, and no rule may be tuned on it.

Written by somebody who did not know the rules, from the catalogue of findings and, for most of the
faults, from what people really did wrong: the plant's docstring says where they asked. Never tried
with the doctor. All faults were shown to do harm over five seeds (`--fifth --harm`); those that did
none were left out or, without looking at what the doctor says, made stronger and shown again. What
is right to say of each was settled without the doctor.
"""

from benchmarks.doctor.fifth import convolutional, dense, healthy, recurrent, transformers

FAULTS = [*dense.FAULTS, *convolutional.FAULTS, *recurrent.FAULTS, *transformers.FAULTS]
HEALTHY = [*healthy.HEALTHY]
