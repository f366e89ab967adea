"""What the networks of images share: the checks of their arguments, and the end without classes.

Each is a function that returns a functional `Model`: so every layer has a name, and features are
taken by it, as from keras.applications:

    model = zoo.ResNet50(include_top=False, input_shape=(96, 96, 3))
    features = nn.Model(model.inputs, model.get_layer("conv4_block6_out").output)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypedDict

from neurona.errors import ArgumentError, check_choice, check_integer
from neurona.layers import GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from neurona.nn.symbolic import Symbolic

Shape = Sequence[int | None] | None


class ShapeOf(tuple):
    """The sizes of a symbolic tensor, which takes the place of an Input.

    Raises:
        ArgumentError: if it is none.
    """

    tensor: Symbolic

    def __new__(cls, tensor: Any) -> ShapeOf:
        if not isinstance(tensor, Symbolic):
            raise ArgumentError(
                "input_tensor is symbolic.", got=type(tensor).__name__, hint="nn.Input(shape)"
            )
        found = super().__new__(cls, tensor.shape[1:])
        found.tensor = tensor
        return found


class ImageOptions(TypedDict, total=False):
    """What every network of images takes.

    Args:
        include_top: whether it ends with classes.
        weights: None: parameters begin at random.
        input_shape: height, width and channels of the images.
        pooling: of what comes out without a top: None, "avg" or "max".
        classes: how many the top has.
        classifier_activation: "softmax" for probabilities, None for logits.
        name: of the model.
    """

    include_top: bool
    weights: None
    input_shape: Shape
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str


def images(
    input_shape: Shape, weights: None, classes: int, pooling: str | None, *,
    smallest: int, fixed: bool = False,
) -> Symbolic:  # fmt: skip
    """Check a network's arguments, and return the symbolic tensor of its images.

    Args:
        input_shape, weights, classes, pooling: see ImageOptions.
        smallest: height and width that the network can take.
        fixed: whether its top is made for one size of images, so that None is none.

    Raises:
        ArgumentError: if one of them is not what it must be.

    >>> images((224, None, 3), None, 1000, None, smallest=32).shape
    (None, 224, None, 3)
    """
    if weights is not None:
        raise ArgumentError(
            "the zoo has architectures, and no weights that were trained elsewhere.",
            got=f"weights={weights!r}",
            expected="None",
            hint="make the model with weights=None, then model.load_weights('file.safetensors')",
        )
    check_integer("classes", classes, minimum=1)
    if pooling is not None:
        check_choice("pooling", pooling, ("avg", "max"))
    shape = tuple(input_shape) if isinstance(input_shape, list | tuple) else ()
    if len(shape) != 3 or shape[2] is None:
        raise ArgumentError(
            "input_shape is height, width and channels of an image.",
            got=repr(input_shape),
            hint="input_shape=(224, 224, 3)",
        )
    sizes = [s if s is None else check_integer("input_shape", s, minimum=1) for s in shape]
    if any(s is not None and s < smallest for s in sizes[:2]):
        first = (sizes[0] or 0) < smallest and all((s or 0) >= smallest for s in sizes[1:])
        raise ArgumentError(
            "the images are smaller than what is left of them in the network.",
            got=f"input_shape={shape}",
            expected=f"height and width of {smallest} or more",
            hint=f"the channels come last: {(*sizes[1:], sizes[0])}" if first else "resize them",
        )
    if fixed and None in sizes:
        raise ArgumentError(
            "the top of this network is made for images of one size.",
            got=f"input_shape={shape}",
            hint="give height and width, or include_top=False",
        )
    return input_shape.tensor if isinstance(input_shape, ShapeOf) else Input(shape)


def pooled(x: Symbolic, pooling: str | None) -> Symbolic:
    """Return the features of a network without a top: as they are, averages or largest."""
    if pooling == "avg":
        return GlobalAveragePooling2D(name="avg_pool")(x)
    return x if pooling is None else GlobalMaxPooling2D(name="max_pool")(x)


def rounded_width(filters: float) -> int:
    """Return the nearest multiple of 8, but not below 8 nor more than a tenth below.

    Source: Howard et al.'s code of MobileNet.

    >>> rounded_width(12), rounded_width(11), rounded_width(3)
    (16, 16, 8)
    """
    near = max(8, int(filters + 4) // 8 * 8)
    return near + 8 if near < 0.9 * filters else near


def halving_pad(x: Symbolic, size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the zeros above and below, left and right, with which stride 2 halves an image.

    An even image has one row less above than below, as in Keras; so has one of an unknown size.

    >>> halving_pad(Input((32, 33, 3)), 3)
    ((0, 1), (1, 1))
    """
    odd = [0 if s is None else s % 2 for s in x.shape[1:3]]
    before = [size // 2 - 1 + o for o in odd]
    return (before[0], size // 2), (before[1], size // 2)


class Names:
    """Names of layers that have none of their own, as Keras numbers them.

    >>> names = Names()
    >>> names("conv2d"), names("conv2d"), names("add")
    ('conv2d', 'conv2d_1', 'add')
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, kind: str) -> str:
        self.counts[kind] += 1
        return f"{kind}_{self.counts[kind] - 1}" if self.counts[kind] > 1 else kind
