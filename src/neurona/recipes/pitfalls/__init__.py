"""The pitfalls of training, each as a program that falls in, and one that does not.

`neurona pitfalls NAME` shows one; `docs/pitfalls.md` has them all.
"""

from neurona.recipes.pitfalls.catalog import PITFALLS
from neurona.recipes.pitfalls.pitfall import Pitfall, Shown, Training, show

__all__ = ["PITFALLS", "Pitfall", "Shown", "Training", "show"]
