"""DenseNet: `zoo.densenet`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import for_torch as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.densenet import DenseNet

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

DenseNet121 = application("DenseNet121", DenseNet)
DenseNet169 = application("DenseNet169", DenseNet, depths=(6, 12, 32, 32))
DenseNet201 = application("DenseNet201", DenseNet, depths=(6, 12, 48, 32))
