"""Programs that people asked about in public, written anew on small data; their addresses beside.

None of them was known when the rules were written.
"""

from benchmarks.doctor.threads import fine, images, more, odd, points, sequences, tables

FAULTS = [*points.FAULTS, *tables.FAULTS, *images.FAULTS, *sequences.FAULTS, *more.FAULTS]
HEALTHY = [*fine.HEALTHY, *odd.HEALTHY]
