"""Inception v3: `zoo.inception_v3`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import inception_v3

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

InceptionV3 = application("InceptionV3", inception_v3.InceptionV3, name="inception_v3", size=299)
