"""The doctor: what is wrong with data, a model or its training, why, and what to do about it.

The rules are loaded when something is examined: a script that only uses other callbacks waits for
none of them.
"""

from typing import TYPE_CHECKING, Any

from neurona.doctor.callback import Doctor
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import Finding, Rule

if TYPE_CHECKING:
    from neurona.doctor.not_finite import first_bad
    from neurona.doctor.stages import diagnose, diagnose_model

__all__ = ["Diagnosis", "Doctor", "Finding", "Rule", "diagnose", "diagnose_model", "first_bad"]


def __getattr__(name: str) -> Any:
    if name == "first_bad":
        from neurona.doctor.not_finite import first_bad

        return first_bad
    if name in ("diagnose", "diagnose_model"):
        from neurona.doctor import stages

        return getattr(stages, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
