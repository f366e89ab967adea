"""Gradients by one reverse sweep, `reverse.py`; `loops.py` and `attention.py` are rules of ops that
need it themselves."""

from neurona.autodiff import attention, forward, loops  # noqa: F401  (gradients of ops, `ops.jvp`)
from neurona.autodiff.gradients import grad, jacobian, value_and_grad
from neurona.autodiff.reverse import sweep

__all__ = ["grad", "jacobian", "sweep", "value_and_grad"]
