"""Rule sets of other tools, written anew from what their authors published.

Each file has a `NAME`, a `SOURCE`, what is `LEFT_OUT` and why, what its symptoms `FITS`, and a
function `symptoms` that returns what the tool says of a run, in its own words.
"""

from __future__ import annotations

from typing import Any

from benchmarks.doctor.rivals import autotrainer, deepdiagnosis, sagemaker, umlaut

RIVALS: dict[str, Any] = {m.NAME: m for m in (umlaut, autotrainer, deepdiagnosis, sagemaker)}
