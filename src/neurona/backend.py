"""The backend functions, as in Keras: `import neurona.backend as K`."""

from neurona.keras.backend import *  # noqa: F403
from neurona.keras.backend import __all__ as __all__

__path__: list[str] = []  # it has modules inside, as it had: see places.py
