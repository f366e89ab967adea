"""Opened: what the parts that were kept for the end said on the day when each was run.

Rules were tuned on them after that, so these figures can't be measured again; they stay as they
were.
"""

DATES = {  # by the part
    "third": "the evening of 2026-11-30",
    "second": "2026-11-30",
    "frozen": "2026-11-29",
}

FIGURES: dict[str, dict[str, float]] = {
    "third": {
        "detected": 0.854,
        "right first": 0.843,
        "among three": 0.848,
        "causes told a run": 0.98,
        "before the first step": 0.708,
        "healthy with a warning": 0.048,
        "healthy with an error": 0.028,
        "same verdict for two seeds": 0.988,
        "exact": 40,
        "repaired": 0.663,
        "made worse": 0.0,
        "above random search": 0.533,
        "detected, dense": 0.841,
        "detected, images": 0.864,
        "detected, recurrent": 0.884,
        "detected, attention": 0.83,
        "faulty runs": 356,
        "healthy runs": 290,
    },
    "second": {
        "detected": 0.895,
        "right first": 0.857,
        "among three": 0.889,
        "causes told a run": 1.12,
        "before the first step": 0.789,
        "healthy with a warning": 0.09,
        "healthy with an error": 0.0,
        "same verdict for two seeds": 0.981,
        "exact": 40,
        "repaired": 0.603,
        "made worse": 0.014,
        "above random search": 0.425,
        "detected, dense": 0.933,
        "detected, images": 0.929,
        "detected, recurrent": 0.861,
        "detected, attention": 0.818,
        "faulty runs": 342,
        "healthy runs": 188,
    },
    "frozen": {
        "detected": 0.852,
        "right first": 0.807,
        "among three": 0.83,
        "causes told a run": 1.06,
        "before the first step": 0.568,
        "healthy with a warning": 0.0,
        "healthy with an error": 0.0,
        "same verdict for two seeds": 0.934,
        "exact": 40,
        "repaired": 0.672,
        "made worse": 0.033,
        "above random search": 0.475,
        "detected, dense": 0.818,
        "detected, images": 0.864,
        "detected, recurrent": 0.9,
        "detected, attention": 0.917,
        "faulty runs": 88,
        "healthy runs": 34,
    },
}
