"""What scripts of Keras 2 call `optimizers.legacy`: the optimisers themselves.

They take the older `lr` and `decay` wherever they stand, see `Optimizer`; Keras 3 has these names
too, and refuses them.
"""

from neurona.optim.adagrad import Adagrad
from neurona.optim.adam import Adam
from neurona.optim.ftrl import Ftrl
from neurona.optim.optimizer import Optimizer
from neurona.optim.rmsprop import RMSprop
from neurona.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]
