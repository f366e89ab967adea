"""The healthy programs of the fifth part."""

from __future__ import annotations

from benchmarks.doctor.fifth.healthy import (
    odd_pictures,
    odd_series,
    odd_tables,
    odd_words,
    pictures,
    series,
    tables,
    words,
)

HEALTHY = [
    *tables.HEALTHY,
    *odd_tables.HEALTHY,
    *pictures.HEALTHY,
    *odd_pictures.HEALTHY,
    *series.HEALTHY,
    *odd_series.HEALTHY,
    *words.HEALTHY,
    *odd_words.HEALTHY,
]
