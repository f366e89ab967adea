"""VGG-19: `zoo.vgg`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_caffe as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = application("VGG19", vgg.VGG19)
