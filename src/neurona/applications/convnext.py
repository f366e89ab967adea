"""ConvNeXt: `zoo.convnext`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import unchanged as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.convnext import ConvNeXt

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]

ORDER = (
    "include_top", "include_preprocessing", "weights", "input_tensor", "input_shape", "pooling",
    "classes", "classifier_activation", "name",
)  # fmt: skip
ConvNeXtTiny = application(
    "ConvNeXtTiny",
    ConvNeXt,
    name="convnext_tiny",
    order=ORDER,
    depths=(3, 3, 9, 3),
    widths=(96, 192, 384, 768),
)
ConvNeXtSmall = application(
    "ConvNeXtSmall",
    ConvNeXt,
    name="convnext_small",
    order=ORDER,
    depths=(3, 3, 27, 3),
    widths=(96, 192, 384, 768),
)
ConvNeXtBase = application(
    "ConvNeXtBase",
    ConvNeXt,
    name="convnext_base",
    order=ORDER,
    depths=(3, 3, 27, 3),
    widths=(128, 256, 512, 1024),
)
ConvNeXtLarge = application(
    "ConvNeXtLarge",
    ConvNeXt,
    name="convnext_large",
    order=ORDER,
    depths=(3, 3, 27, 3),
    widths=(192, 384, 768, 1536),
)
ConvNeXtXLarge = application(
    "ConvNeXtXLarge",
    ConvNeXt,
    name="convnext_xlarge",
    order=ORDER,
    depths=(3, 3, 27, 3),
    widths=(256, 512, 1024, 2048),
)
