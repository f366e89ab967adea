"""MobileNet v3: `zoo.mobilenet_v3`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import unchanged as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.mobilenet_v3 import LARGE, SMALL, MobileNetV3

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

ORDER = (
    "input_shape", "alpha", "minimalistic", "include_top", "weights", "input_tensor", "classes",
    "pooling", "dropout_rate", "classifier_activation", "include_preprocessing", "name",
)  # fmt: skip
MobileNetV3Large = application(
    "MobileNetV3Large",
    MobileNetV3,
    rows=LARGE,
    last=1280,
    name="MobileNetV3Large",
    order=ORDER,
    size=None,
)
MobileNetV3Small = application(
    "MobileNetV3Small",
    MobileNetV3,
    rows=SMALL,
    last=1024,
    name="MobileNetV3Small",
    order=ORDER,
    size=None,
)
