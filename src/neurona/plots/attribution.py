"""Which pixels an output depends on: by its gradient, along a path, or by covering them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.autodiff import grad
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor, tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer
from neurona.ops.notes import Logits
from neurona.plots.canvas import as_array, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saliency(
    model: Any,
    image: Any,
    output: int | None = None,
    *,
    method: str = "gradient",
    baseline: float = 0.0,
    steps: int = 32,
    title: str | None = None,
) -> Figure:
    """Draw how much each pixel of an image matters for one output of a model.

    "gradient": |d score / d pixel|, how much the score changes if the pixel does by a little.
    "integrated": (pixel - baseline) times the mean gradient on the way from the baseline to the
    image; these add up to what the score gained on that way, blue against it and red for it.

    Shapes: image (H, W), (H, W, C) or (1, H, W, C); channels are added up.

    Args:
        model: a built model with one output (1, K); the score is what goes into its softmax.
        image: one image.
        output: the number of the output; the largest by default.
        method: "gradient" or "integrated".
        baseline: an image of nothing has this value everywhere.
        steps: on the way, for "integrated".
        title: above the picture; the number of the output by default.

    Raises:
        ShapeError: if it is not one image, or the model has not one row of outputs.
        ArgumentError: if there is no such output or method.

    Source: Simonyan et al. 2013; Sundararajan et al. 2017, equation 3.

    >>> from neurona.layers import Dense, Flatten, Input
    >>> from neurona.models import Sequential
    >>> model = Sequential([Input((2, 2, 1)), Flatten(), Dense(1, kernel_initializer="ones")])
    >>> figure = saliency(model, np.eye(2), method="integrated")
    >>> figure.axes[1].images[0].get_array().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    check_choice("method", method, ("gradient", "integrated"))
    picture = _one_image(image)
    output = _output(model, picture, output)
    slope = grad(lambda x: _scores(model, x)[0, output])
    if method == "gradient":
        found = np.abs(slope(tensor(picture[None])).numpy()[0]).sum(axis=-1)
    else:
        steps = check_integer("steps", steps, minimum=1)
        away = picture - baseline
        total = np.zeros(picture.shape)
        for k in range(steps):  # the middle of each step
            at = (baseline + away * ((k + 0.5) / steps)).astype(picture.dtype)
            total += slope(tensor(at[None])).numpy()[0]
        found = (away * total / steps).sum(axis=-1)
    return _beside(picture, found, title or f"output {output}, {method}")


def occlusion(
    model: Any,
    image: Any,
    output: int | None = None,
    *,
    patch: int = 4,
    stride: int | None = None,
    value: float = 0.0,
    title: str | None = None,
) -> Figure:
    """Draw how much the score of an output falls if a patch of the image is covered.

    Red patches speak for the output, blue ones against it. Nothing is differentiated, so this works
    for any model, and says what happens if something is gone rather than changed by a little.

    Shapes: image (H, W), (H, W, C) or (1, H, W, C).

    Args:
        model: a built model with one output (1, K).
        image: one image.
        output: the number of the output; the largest by default.
        patch: side of the square that is covered, in pixels.
        stride: pixels from one place of it to the next; its side by default.
        value: what it is covered with.
        title: above the picture; the number of the output by default.

    Raises:
        ShapeError: if it is not one image, or the model has not one row of outputs.
        ArgumentError: if there is no such output, or the patch is larger than the image.

    Source: Zeiler and Fergus 2013, section 4.2.

    >>> from neurona.layers import Dense, Flatten, Input
    >>> from neurona.models import Sequential
    >>> model = Sequential([Input((2, 2, 1)), Flatten(), Dense(1, kernel_initializer="ones")])
    >>> figure = occlusion(model, np.eye(2), patch=1)
    >>> figure.axes[1].images[0].get_array().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    picture = _one_image(image)
    output = _output(model, picture, output)
    patch = check_integer("patch", patch, minimum=1)
    stride = patch if stride is None else check_integer("stride", stride, minimum=1)
    height, width = picture.shape[:2]
    if patch > min(height, width):
        raise ArgumentError(
            "the patch is larger than the image.", got=str(patch), expected=f"at most {height}"
        )
    tops, lefts = range(0, height - patch + 1, stride), range(0, width - patch + 1, stride)
    covered = []
    for top in tops:
        for left in lefts:
            copy = picture.copy()
            copy[top : top + patch, left : left + patch] = value
            covered.append(copy)
    whole = _scores(model, tensor(picture[None])).numpy()[0, output]
    left_over = [
        _scores(model, tensor(np.stack(covered[k : k + 64]))).numpy()[:, output]
        for k in range(0, len(covered), 64)
    ]
    fall = (whole - np.concatenate(left_over)).reshape(len(tops), len(lefts))
    return _beside(picture, fall, title or f"output {output}, covered by {patch} × {patch}")


def _one_image(image: Any) -> np.ndarray:
    picture = as_array(image, "image")
    picture = picture[0] if picture.ndim == 4 and len(picture) == 1 else picture
    picture = picture[..., None] if picture.ndim == 2 else picture
    if picture.ndim != 3:
        raise ShapeError(
            "attribution is that of one image.", got=str(picture.shape),
            expected="(H, W), (H, W, C) or (1, H, W, C)", hint="one of several: images[0]",
        )  # fmt: skip
    return picture.astype(np.float64 if picture.dtype == np.float64 else np.float32)


def _scores(model: Any, x: Tensor) -> Tensor:
    """Return what goes into the last softmax or sigmoid; the outputs if there is none."""
    y = model(x, training=False)
    note = y.note(Logits) if isinstance(y, Tensor) else None
    return as_tensor(y) if note is None else note.scores


def _output(model: Any, picture: np.ndarray, output: int | None) -> int:
    scores = _scores(model, tensor(picture[None]))
    if scores.ndim != 2:
        raise ShapeError(
            "attribution is to one number of a row of outputs.",
            got=f"outputs {scores.shape}", expected="(1, K)",
        )  # fmt: skip
    if output is None:
        return int(np.argmax(scores.numpy()[0]))
    output = check_integer("output", output, minimum=0)
    if output >= scores.shape[1]:
        raise ArgumentError(
            "there is no such output.", got=str(output), expected=f"0 to {scores.shape[1] - 1}"
        )
    return output


def _beside(picture: np.ndarray, found: np.ndarray, title: str) -> Figure:
    """Draw an image, and beside it what was found: from blue by white to red, or in shades."""
    figure = new_figure(6.4, 3.2)
    left, right = figure.subplots(1, 2)
    grey = picture.shape[-1] == 1
    shown = picture[..., 0] if grey else np.clip(picture[..., :3], 0, 1)
    left.imshow(shown, cmap="gray" if grey else None, interpolation="nearest")
    left.set_title("image", fontsize="medium")
    most = float(np.abs(found).max()) or 1.0
    signed = bool((found < 0).any())
    bounds = {"vmin": -most if signed else 0.0, "vmax": most}
    drawn = right.imshow(
        found, cmap="RdBu_r" if signed else "Reds", interpolation="nearest", **bounds
    )
    right.set_title(title, fontsize="medium")
    figure.colorbar(drawn, ax=right, shrink=0.8)
    for ax in (left, right):
        ax.set_xticks([])
        ax.set_yticks([])
    return figure
