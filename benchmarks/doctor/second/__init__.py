"""The second part of the trial: all of it is kept for the end, and no rule may be tuned on it.

Written by somebody who did not know the rules, from the catalogue of findings only, and never
tried with the doctor. All faults were shown to do harm over five seeds (`--second --harm`); those
that did none were left out or, without looking at what the doctor says, made stronger and shown
again.
"""

from benchmarks.doctor.second import convolutional, dense, healthy, odd, recurrent, transformers

FAULTS = [*dense.FAULTS, *convolutional.FAULTS, *recurrent.FAULTS, *transformers.FAULTS]
HEALTHY = [*healthy.HEALTHY, *odd.HEALTHY]
