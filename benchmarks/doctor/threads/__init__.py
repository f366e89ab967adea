"""Programs that people asked about in public, written anew on small data; their addresses beside.

None of them was known when the rules were written.
"""

from benchmarks.doctor.threads import (
    albums_faults,
    albums_healthy,
    blind,
    classes,
    courses,
    daily,
    echoes,
    examples_images,
    examples_sequences,
    examples_series,
    examples_tables,
    examples_texts,
    examples_training,
    feeds,
    fine,
    forms,
    galleries_faults,
    galleries_healthy,
    images,
    ledgers_faults,
    ledgers_healthy,
    looking,
    more,
    networks,
    odd,
    own,
    pictures,
    points,
    quantities,
    questions,
    running,
    scenes_faults,
    scenes_more,
    sentences,
    sequences,
    slips,
    steps,
    strange,
    stumbling,
    tables,
    various,
    ways,
)

ASKED = (points, tables, images, sequences, more)
READ_AGAIN = (
    classes,
    pictures,
    steps,
    quantities,
    feeds,
    own,
    various,
    daily,
    scenes_faults,
    scenes_more,
    slips,
    stumbling,
    blind,
    strange,
    questions,
    sentences,
    galleries_faults,
    albums_faults,
    ledgers_faults,
    echoes,
)
FAULTS = [case for part in (*ASKED, *READ_AGAIN) for case in part.FAULTS]
EXAMPLES = (examples_tables, examples_images, examples_texts, examples_series, examples_training)
LIKE_NOTEBOOKS = (running, looking, strange)
AS_BEGUN = (courses, examples_sequences, galleries_healthy, albums_healthy, ledgers_healthy, echoes)
FINE = (fine, odd, networks, scenes_more, forms, ways, *EXAMPLES, *LIKE_NOTEBOOKS, *AS_BEGUN)
HEALTHY = [case for part in FINE for case in part.HEALTHY]
