"""Write spatial.json: Keras 3 layers of volumes, with the channels first, and adaptive pooling.

Run as writing.py says. PyTorch's own adaptive pooling is a third witness.
"""

import numpy as np
import torch
import torch.nn.functional as F
from layer_problem import CASES, TOLERANCES, case
from writing import finish

# three axes of space; each case small, since a kernel has many numbers here
for padding in ("valid", "same"):
    case("Conv3D", {"filters": 2, "kernel_size": [2, 1, 3], "padding": padding}, (1, 3, 2, 4, 2))
    case(
        "Conv3D",
        {"filters": 2, "kernel_size": 2, "strides": [1, 2, 3], "padding": padding},
        (1, 3, 4, 4, 1),
    )
    case(
        "Conv3D",
        {"filters": 2, "kernel_size": 2, "dilation_rate": [2, 1, 2], "padding": padding},
        (1, 4, 3, 3, 1),
    )
    case(
        "Conv3DTranspose",
        {"filters": 2, "kernel_size": [2, 3, 1], "strides": 2, "padding": padding},
        (1, 2, 2, 1, 2),
    )
    case(
        "Conv3DTranspose",
        {"filters": 1, "kernel_size": 3, "strides": 2, "output_padding": 1, "padding": padding},
        (1, 1, 2, 2, 2),
    )
    case("MaxPooling3D", {"padding": padding}, (1, 3, 2, 5, 2), tolerance="one")
    case(
        "MaxPooling3D",
        {"pool_size": [3, 2, 2], "strides": 1, "padding": padding},
        (1, 3, 3, 3, 1),
        tolerance="one",
    )
    case("AveragePooling3D", {"pool_size": 2, "padding": padding}, (1, 3, 2, 5, 2))
    case(
        "AveragePooling3D",
        {"pool_size": [3, 2, 1], "strides": [1, 2, 2], "padding": padding},
        (1, 3, 3, 3, 1),
    )
case("Conv3D", {"filters": 2, "kernel_size": 2, "groups": 2, "activation": "tanh"}, (1, 2, 3, 2, 4))
case("MaxPooling3D", {"pool_size": 5, "strides": 1, "padding": "same"}, (1, 5, 5, 5, 1))
for kwargs in ({}, {"keepdims": True}):
    case("GlobalMaxPooling3D", kwargs, (2, 2, 3, 2, 2), tolerance="one")
    case("GlobalAveragePooling3D", kwargs, (2, 2, 3, 2, 2))
case("UpSampling3D", {}, (1, 2, 1, 2, 2), tolerance="one")
case("UpSampling3D", {"size": [1, 3, 2]}, (1, 2, 2, 1, 2), tolerance="one")
case("ZeroPadding3D", {}, (1, 1, 2, 1, 2), tolerance="exact")
case("ZeroPadding3D", {"padding": [[1, 0], [0, 2], [1, 1]]}, (1, 2, 1, 2, 1), tolerance="exact")
case("ZeroPadding3D", {"padding": [2, 0, 1]}, (1, 2, 1, 2, 1), tolerance="exact")
case("Cropping3D", {}, (1, 3, 4, 3, 2), tolerance="exact")
case("Cropping3D", {"cropping": [[1, 0], [0, 2], [1, 1]]}, (1, 2, 3, 3, 1), tolerance="exact")
case("SpatialDropout3D", {"rate": 0.5}, (1, 2, 2, 2, 3), tolerance="exact", training=False)

# the channels first
first = {"data_format": "channels_first"}
case("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", **first}, (2, 2, 5))
case("Conv2D", {"filters": 3, "kernel_size": [2, 3], "padding": "same", **first}, (1, 2, 4, 5))
case("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "groups": 2, **first}, (1, 4, 6, 5))
case("Conv3D", {"filters": 2, "kernel_size": 2, "padding": "same", **first}, (1, 2, 2, 3, 2))
for rank, shape in ((1, (2, 3, 4)), (2, (1, 3, 2, 3)), (3, (1, 2, 2, 1, 2))):
    transposed = {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", **first}
    case(f"Conv{rank}DTranspose", transposed, shape)
case("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, **first}, (2, 2, 5))
case("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, **first}, (1, 2, 4, 5))
case("SeparableConv1D", {"filters": 3, "kernel_size": 3, **first}, (2, 2, 5))
case("SeparableConv2D", {"filters": 3, "kernel_size": 2, "padding": "same", **first}, (1, 2, 4, 3))
for rank, shape in ((1, (2, 2, 5)), (2, (1, 2, 5, 4)), (3, (1, 2, 3, 2, 4))):
    case(f"MaxPooling{rank}D", {"padding": "same", **first}, shape, tolerance="one")
    case(f"AveragePooling{rank}D", {"pool_size": 2, **first}, shape)
    case(f"GlobalMaxPooling{rank}D", {"keepdims": True, **first}, shape, tolerance="one")
    case(f"GlobalAveragePooling{rank}D", first, shape)
    case(f"ZeroPadding{rank}D", {"padding": 1, **first}, shape, tolerance="exact")
    if rank > 1:
        case(f"Cropping{rank}D", {"cropping": [[1, 0]] + [[0, 1]] * (rank - 1), **first}, shape,
             tolerance="exact")  # fmt: skip
        case(f"UpSampling{rank}D", {"size": [1, 3, 2][-rank:], **first}, shape, tolerance="one")
        case(f"SpatialDropout{rank}D", {"rate": 0.5, **first}, shape, tolerance="exact",
             training=False)  # fmt: skip
case("UpSampling2D", {"size": [3, 2], "interpolation": "bilinear", **first}, (1, 2, 2, 3))
case("Flatten", first, (2, 2, 3, 2), tolerance="exact")

# as many windows as are asked for
for kind, tolerance in (("Max", "one"), ("Average", "sum")):
    for size in (1, 2, 3, 5, 7):  # of five steps
        case(f"Adaptive{kind}Pooling1D", {"output_size": size}, (2, 5, 2), tolerance=tolerance)
    case(f"Adaptive{kind}Pooling2D", {"output_size": [3, 2]}, (1, 7, 4, 2), tolerance=tolerance)
    case(f"Adaptive{kind}Pooling2D", {"output_size": 3, **first}, (1, 2, 4, 5), tolerance=tolerance)
    case(
        f"Adaptive{kind}Pooling3D", {"output_size": [2, 1, 3]}, (1, 3, 2, 5, 2), tolerance=tolerance
    )


def cross_check():
    """PyTorch's adaptive pooling must agree, in its own layout."""
    done = 0
    for c in CASES:
        if not c["class"].startswith("Adaptive"):
            continue
        kind, rank = c["class"][8:11], c["class"][-2]
        pool = getattr(F, f"adaptive_{kind.lower()}_pool{rank}d".replace("ave", "avg"))
        x = torch.tensor(np.asarray(c["inputs"][0], "float64"))
        first = "data_format" in c["kwargs"]
        size = c["kwargs"]["output_size"]
        y = pool(x if first else x.movedim(-1, 1), tuple(size) if isinstance(size, list) else size)
        y = y if first else y.movedim(1, -1)
        np.testing.assert_allclose(y.numpy(), c["output"], rtol=1e-9, atol=1e-9, err_msg=c["id"])
        done += 1
    print(f"PyTorch's adaptive pooling agrees in {done} cases")


cross_check()
finish("spatial", TOLERANCES, CASES)
