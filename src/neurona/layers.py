"""The layers, as in Keras: `from neurona import layers`."""

from neurona.nn.layers import *  # noqa: F403
from neurona.nn.layers import __all__ as __all__
from neurona.places import old
from neurona.refusals import FlaxLayer, JaxLayer, TFSMLayer, TorchModuleWrapper  # noqa: F401

__path__: list[str] = []  # it has modules inside, as it had: see places.py
experimental = old("layers.experimental")
