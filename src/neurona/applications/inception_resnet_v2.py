"""Inception-ResNet v2: `zoo.inception_resnet_v2`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import inception_resnet_v2

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

InceptionResNetV2 = application(
    "InceptionResNetV2", inception_resnet_v2.InceptionResNetV2, name="inception_resnet_v2", size=299
)
