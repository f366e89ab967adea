"""The sixth part of the trial: all of it is kept for the end, and no rule may be tuned on it.

Written by people who did not know the rules, who never ran the doctor on their programs.
"""

from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sixth import healthy

FAULTS: list[Fault] = []
HEALTHY = [*healthy.HEALTHY]
