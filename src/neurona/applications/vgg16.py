"""VGG-16: `zoo.vgg`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_caffe as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

VGG16 = application("VGG16", vgg.VGG16)
