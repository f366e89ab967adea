"""Rules about the data: GD1xx."""

from neurona.doctor.data import labels, numbers
from neurona.doctor.finding import Checks

CHECKS: Checks = {**numbers.CHECKS, **labels.CHECKS}
