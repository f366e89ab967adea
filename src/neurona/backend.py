"""The backend functions, as in Keras: `import neurona.backend as K`."""

from neurona.config import backend

__all__ = ["backend"]
