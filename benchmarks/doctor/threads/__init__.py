"""Programs that people asked about in public, written anew on small data; their addresses beside.

None of them was known when the rules were written.
"""

from benchmarks.doctor.threads import (
    examples_images,
    examples_series,
    examples_tables,
    examples_texts,
    examples_training,
    fine,
    images,
    more,
    odd,
    points,
    sequences,
    tables,
)

FAULTS = [*points.FAULTS, *tables.FAULTS, *images.FAULTS, *sequences.FAULTS, *more.FAULTS]
EXAMPLES = (examples_tables, examples_images, examples_texts, examples_series, examples_training)
HEALTHY = [*fine.HEALTHY, *odd.HEALTHY, *(case for part in EXAMPLES for case in part.HEALTHY)]
