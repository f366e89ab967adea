"""Tools to ask with before a long training: a learning rate, a batch learnt by heart, baselines."""

from neurona.doctor.tools.memorise import Memorised, overfit_one_batch
from neurona.doctor.tools.plain import Baselines, baseline
from neurona.doctor.tools.rates import RateRange, lr_finder

__all__ = [
    "Baselines", "Memorised", "RateRange", "baseline", "lr_finder", "overfit_one_batch",
]  # fmt: skip
