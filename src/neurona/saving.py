"""Files and descriptions of objects, as in Keras: `from neurona import saving`."""

from neurona.nn.custom import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from neurona.nn.serialization import deserialize_keras_object, serialize_keras_object
from neurona.refusals import KerasFileEditor
from neurona.train.save import load_model
from neurona.train.saving import load_weights, save_model, save_weights

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
