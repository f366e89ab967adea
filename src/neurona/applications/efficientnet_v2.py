"""EfficientNet v2: `zoo.efficientnet_v2`."""

from neurona.applications.imagenet_utils import decode_predictions
from neurona.applications.imagenet_utils import unchanged as preprocess_input
from neurona.applications.networks import application
from neurona.zoo.efficientnet_v2 import B, EfficientNetV2, L, M, S

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]

ORDER = (
    "include_top", "weights", "input_tensor", "input_shape", "pooling", "classes",
    "classifier_activation", "include_preprocessing", "name",
)  # fmt: skip
EfficientNetV2B0 = application(
    "EfficientNetV2B0",
    EfficientNetV2,
    name="efficientnetv2-b0",
    size=224,
    order=ORDER,
    rows=B,
    width=1.0,
    depth=1.0,
    dropout=0.2,
)
EfficientNetV2B1 = application(
    "EfficientNetV2B1",
    EfficientNetV2,
    name="efficientnetv2-b1",
    size=240,
    order=ORDER,
    rows=B,
    width=1.0,
    depth=1.1,
    dropout=0.2,
)
EfficientNetV2B2 = application(
    "EfficientNetV2B2",
    EfficientNetV2,
    name="efficientnetv2-b2",
    size=260,
    order=ORDER,
    rows=B,
    width=1.1,
    depth=1.2,
    dropout=0.3,
)
EfficientNetV2B3 = application(
    "EfficientNetV2B3",
    EfficientNetV2,
    name="efficientnetv2-b3",
    size=300,
    order=ORDER,
    rows=B,
    width=1.2,
    depth=1.4,
    dropout=0.3,
)
EfficientNetV2S = application(
    "EfficientNetV2S",
    EfficientNetV2,
    name="efficientnetv2-s",
    size=384,
    order=ORDER,
    rows=S,
    width=1.0,
    depth=1.0,
    dropout=0.2,
)
EfficientNetV2M = application(
    "EfficientNetV2M",
    EfficientNetV2,
    name="efficientnetv2-m",
    size=480,
    order=ORDER,
    rows=M,
    width=1.0,
    depth=1.0,
    dropout=0.2,
)
EfficientNetV2L = application(
    "EfficientNetV2L",
    EfficientNetV2,
    name="efficientnetv2-l",
    size=480,
    order=ORDER,
    rows=L,
    width=1.0,
    depth=1.0,
    dropout=0.4,
)
