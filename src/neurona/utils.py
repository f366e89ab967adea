"""What scripts expect under Keras's `utils`: `from neurona import utils`."""

from neurona.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from neurona.core.random import set_seed as set_random_seed
from neurona.data import (
    PyDataset,
    Sequence,
    array_to_img,
    audio_dataset_from_directory,
    get_file,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    pad_sequences,
    save_img,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
    to_categorical,
)
from neurona.data.parts import normalize, split_dataset
from neurona.keras.session import (
    clear_session,
    get_source_inputs,
    is_keras_tensor,
    pack_x_y_sample_weight,
    standardize_dtype,
    unpack_x_y_sample_weight,
)
from neurona.keras.settings import Config
from neurona.nn.custom import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from neurona.nn.serialization import deserialize_keras_object, serialize_keras_object
from neurona.places import old
from neurona.plots.model_plot import model_to_dot, plot_model
from neurona.train.feature_space import FeatureSpace
from neurona.train.progbar import Progbar

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
__path__: list[str] = []  # it has modules inside, as it had: see places.py
bounding_boxes = old("utils.bounding_boxes")
legacy, np_utils = old("utils.legacy"), old("utils.np_utils")
