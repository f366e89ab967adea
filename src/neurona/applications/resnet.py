"""ResNet: `zoo.resnet`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_caffe as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.resnet import ResNet

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

ResNet50 = application("ResNet50", ResNet)
ResNet101 = application("ResNet101", ResNet, depths=(3, 4, 23, 3))
ResNet152 = application("ResNet152", ResNet, depths=(3, 8, 36, 3))
