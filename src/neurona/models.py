"""The models, as in Keras: `from neurona import models`."""

from neurona.nn.symbolic import Input
from neurona.train.model import Model
from neurona.train.save import clone_model, load_model, model_from_json
from neurona.train.saving import save_model
from neurona.train.sequential import Sequential

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
