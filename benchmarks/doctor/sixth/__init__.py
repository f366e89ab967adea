"""The sixth part of the trial: healthy programs alone, all of them kept for the end.

Written by people who did not know the rules, who never ran the doctor on their programs.
"""

from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sixth import healthy

FAULTS: list[Fault] = []
HEALTHY = [*healthy.HEALTHY]
