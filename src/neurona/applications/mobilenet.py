"""MobileNet: `zoo.mobilenet`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import mobilenet

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

ORDER = (
    "input_shape", "alpha", "depth_multiplier", "dropout", "include_top", "weights",
    "input_tensor", "pooling", "classes", "classifier_activation", "name",
)  # fmt: skip
MobileNet = application("MobileNet", mobilenet.MobileNet, order=ORDER)
