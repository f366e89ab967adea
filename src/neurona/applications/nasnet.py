"""NASNet: `zoo.nasnet`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.nasnet import NASNet

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

ORDER = (
    "input_shape", "include_top", "weights", "input_tensor", "pooling", "classes",
    "classifier_activation", "name",
)  # fmt: skip
NASNetMobile = application("NASNetMobile", NASNet, name="nasnet_mobile", order=ORDER, sized=True)
NASNetLarge = application(
    "NASNetLarge",
    NASNet,
    name="nasnet_large",
    size=331,
    order=ORDER,
    sized=True,
    penultimate=4032,
    blocks=6,
    stem=96,
    skip_reduction=True,
)
