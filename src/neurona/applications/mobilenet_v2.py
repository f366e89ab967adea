"""MobileNet v2: `zoo.mobilenet_v2`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import mobilenet_v2

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

ORDER = (
    "input_shape", "alpha", "include_top", "weights", "input_tensor", "pooling", "classes",
    "classifier_activation", "name",
)  # fmt: skip
MobileNetV2 = application("MobileNetV2", mobilenet_v2.MobileNetV2, name="mobilenetv2", order=ORDER)
