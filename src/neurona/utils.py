"""What scripts expect under Keras's `utils`: `from neurona import utils`."""

from neurona.core.random import set_seed as set_random_seed
from neurona.data import pad_sequences, to_categorical

__all__ = ["pad_sequences", "set_random_seed", "to_categorical"]
__path__: list[str] = []  # it has modules inside, as it had: see keras/paths.py
