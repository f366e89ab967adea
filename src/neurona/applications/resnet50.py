"""ResNet-50 under its old name: `applications.resnet`."""

from neurona.applications.resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
