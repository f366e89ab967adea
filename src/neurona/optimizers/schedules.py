"""The learning-rate schedules, as in Keras: `from neurona.optimizers import schedules`."""

from neurona.optim.schedules import ExponentialDecay, Schedule

__all__ = ["ExponentialDecay", "Schedule"]
