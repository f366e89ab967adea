"""Keras's `applications` as rows: a network of the zoo, and Keras's arguments in their order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from neurona.applications import weights as files
from neurona.errors import ArgumentError
from neurona.keras.session import get_source_inputs
from neurona.models import Model
from neurona.zoo.images import ShapeOf

DEFAULTS = {
    "include_top": True, "weights": "imagenet", "input_tensor": None, "input_shape": None,
    "pooling": None, "classes": 1000, "classifier_activation": "softmax",
    "include_preprocessing": True, "alpha": 1.0, "depth_multiplier": 1, "dropout": 1e-3,
    "minimalistic": False, "dropout_rate": 0.2,
}  # fmt: skip
USUAL = (
    "include_top", "weights", "input_tensor", "input_shape", "pooling", "classes",
    "classifier_activation", "name",
)  # fmt: skip


def application(
    title: str, make: Callable[..., Model], *, name: str = "", size: int | None = 224,
    order: tuple[str, ...] = USUAL, sized: bool = False, **fixed: Any,
) -> Callable[..., Model]:  # fmt: skip
    """Return the function of an application.

    Args:
        title: its name.
        make: the network of the zoo.
        name: of the model.
        size: height and width of the images, if not told otherwise; None: any.
        order: the arguments, in Keras's order.
        sized: whether images have one size without a top, too.
        fixed: what else the network of the zoo is given.
    """
    given = {**DEFAULTS, "name": name or title.lower()}
    signature = inspect.Signature(
        [
            inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=given[n])
            for n in order
        ]
    )

    def build(*args: Any, **kwargs: Any) -> Model:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        options = dict(bound.arguments)
        options["name"] = options["name"] or given["name"]
        return _built(title, make, size, sized, options, fixed)

    build.__name__ = build.__qualname__ = title
    build.__signature__ = signature  # type: ignore[attr-defined]
    build.__doc__ = f"""{title}, as `keras.applications` has it; `zoo` shows how it is made.

    Args:
        include_top: whether it ends with classes; False: with features.
        weights: "imagenet" for those of a file that is looked for (see `applications.weights`), the
            path of a file, or None to begin at random.
        input_tensor: a symbolic tensor in the place of an Input.
        input_shape: height, width and channels of the images; ({size}, {size}, 3) by default, and
            any size without a top.
        pooling: of features: None, "avg" or "max".
        classes: how many the top has.
        classifier_activation: "softmax" for probabilities, None for logits.
        name: of the model.

    Raises:
        MissingDataError: weights that are not on this machine; says how they come there.
        ArgumentError: arguments that do not suit the network, or its weights.
    """
    return build


def _built(
    title: str, make: Callable[..., Model], size: int | None, sized: bool, options: dict[str, Any],
    fixed: dict[str, Any],
) -> Model:  # fmt: skip
    weights, tensor = options.pop("weights"), options.pop("input_tensor")
    if "dropout_rate" in options:
        options["dropout"] = options.pop("dropout_rate")
    trained = weights == "imagenet"
    if trained and options["include_top"] and options["classes"] != 1000:
        raise ArgumentError(
            "ImageNet's weights are of 1000 classes.",
            got=f"classes={options['classes']}",
            hint="include_top=False, and a layer of your own, or weights=None",
        )
    path = files.find(title) if trained else weights
    if tensor is not None:
        options["input_shape"] = ShapeOf(tensor)
    elif options["input_shape"] is None:
        whole = options["include_top"] or sized
        options["input_shape"] = (size, size, 3) if whole else (None, None, 3)
    if "rescaled" in fixed:
        fixed = {**fixed, "rescaled": trained}
    model = make(**fixed, **options)
    sources = [] if tensor is None else get_source_inputs(tensor)
    if sources and sources[0] is not tensor:  # there are layers before the network
        model = Model(sources if len(sources) > 1 else sources[0], model.output, name=model.name)
    if path is not None:
        files.load(model, path, options["include_top"])
    return model
