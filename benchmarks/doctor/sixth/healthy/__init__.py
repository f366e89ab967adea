"""The healthy programs of the sixth part."""

from __future__ import annotations

from benchmarks.doctor.sixth.healthy import (
    odd_pictures,
    odd_rows,
    odd_scenes,
    odd_series,
    odd_tables,
    odd_words,
    pictures,
    rare_words,
    series,
    tables,
    words,
)

HEALTHY = [
    *tables.HEALTHY,
    *odd_tables.HEALTHY,
    *odd_rows.HEALTHY,
    *pictures.HEALTHY,
    *odd_pictures.HEALTHY,
    *odd_scenes.HEALTHY,
    *series.HEALTHY,
    *odd_series.HEALTHY,
    *words.HEALTHY,
    *odd_words.HEALTHY,
    *rare_words.HEALTHY,
]
