"""ResNet v2: `zoo.resnet_v2`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.resnet_v2 import ResNetV2

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]

ResNet50V2 = application("ResNet50V2", ResNetV2)
ResNet101V2 = application("ResNet101V2", ResNetV2, depths=(3, 4, 23, 3))
ResNet152V2 = application("ResNet152V2", ResNetV2, depths=(3, 8, 36, 3))
