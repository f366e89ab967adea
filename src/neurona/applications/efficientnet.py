"""EfficientNet: `zoo.efficientnet`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import unchanged as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.efficientnet import EfficientNet

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]

EfficientNetB0 = application("EfficientNetB0", EfficientNet, rescaled=True)
EfficientNetB1 = application(
    "EfficientNetB1", EfficientNet, size=240, width=1.0, depth=1.1, dropout=0.2, rescaled=True
)
EfficientNetB2 = application(
    "EfficientNetB2", EfficientNet, size=260, width=1.1, depth=1.2, dropout=0.3, rescaled=True
)
EfficientNetB3 = application(
    "EfficientNetB3", EfficientNet, size=300, width=1.2, depth=1.4, dropout=0.3, rescaled=True
)
EfficientNetB4 = application(
    "EfficientNetB4", EfficientNet, size=380, width=1.4, depth=1.8, dropout=0.4, rescaled=True
)
EfficientNetB5 = application(
    "EfficientNetB5", EfficientNet, size=456, width=1.6, depth=2.2, dropout=0.4, rescaled=True
)
EfficientNetB6 = application(
    "EfficientNetB6", EfficientNet, size=528, width=1.8, depth=2.6, dropout=0.5, rescaled=True
)
EfficientNetB7 = application(
    "EfficientNetB7", EfficientNet, size=600, width=2.0, depth=3.1, dropout=0.5, rescaled=True
)
