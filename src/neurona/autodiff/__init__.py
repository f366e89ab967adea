"""Gradients by one reverse sweep, `reverse.py`; `loops.py` is the rule of an op that needs it."""

from neurona.autodiff import loops  # noqa: F401  (the gradient of a loop)
from neurona.autodiff.gradients import grad, jacobian, value_and_grad
from neurona.autodiff.reverse import sweep

__all__ = ["grad", "jacobian", "sweep", "value_and_grad"]
