"""Xception: `zoo.xception`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_tf as preprocess_input
from neurona.applications.networks import application
from neurona.zoo import xception

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

Xception = application("Xception", xception.Xception, size=299)
