"""The doctor: what is wrong with data, a model or its training, why, and what to do about it."""

from neurona.doctor.callback import Doctor
from neurona.doctor.diagnose import diagnose, diagnose_model
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.first_bad import first_bad

__all__ = ["Diagnosis", "Doctor", "Finding", "Rule", "diagnose", "diagnose_model", "first_bad"]
