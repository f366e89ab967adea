"""What stands above the lines of a section: which layer it is, and in a sentence what it does."""

from __future__ import annotations

from typing import Any

from neurona.explanation.tracing import Traced

HEADINGS = {
    "forward": "Forward pass", "loss": "Loss", "backward": "Chain rule, back to the weights",
    "update": "Update of the weights",
}  # fmt: skip
# class of a layer -> what it does, for somebody who sees it for the first time
LAYERS = {
    "Dense": "each neuron adds up its inputs times its weights, and a bias",
    "Embedding": "each number is looked up: its row of the table is taken",
    "Conv1D": "each filter is laid on a window: inputs times weights, added up",
    "Conv2D": "each filter is laid on a window: inputs times weights, added up",
    "Conv3D": "each filter is laid on a window: inputs times weights, added up",
    "MaxPooling1D": "of each window the largest number goes on",
    "MaxPooling2D": "of each window the largest number goes on",
    "AveragePooling1D": "of each window the mean goes on",
    "AveragePooling2D": "of each window the mean goes on",
    "GlobalAveragePooling1D": "of each channel the mean goes on",
    "GlobalAveragePooling2D": "of each channel the mean goes on",
    "Dropout": "where the drawn u is small, a number becomes 0; the others grow",
    "BatchNormalization": "less the batch's mean, divided by its spread; then scaled and shifted",
    "LayerNormalization": "less the sample's mean, divided by its spread; then scaled and shifted",
    "SimpleRNN": "each step mixes its input with what the step before remembered",
    "LSTM": "gates between 0 and 1 say what is forgotten, what is stored, and what is shown",
    "GRU": "gates between 0 and 1 say how much of the memory is renewed",
    "MultiHeadAttention": "scores say how much each step takes of each other one",
    "Activation": "a function of each number",
}  # fmt: skip
RULES = {
    "SGD": "a small step against the gradient",
    "Adam": "m and v remember the gradient and its square; the step is m in units of √v",
}


def sentence(kind: str, part: str, layers: dict[str, Any], traced: Traced) -> tuple[str, str]:
    """Return title and sentence of a section."""
    shown = part.replace("/", ".")
    layer = layers.get(part)
    sort = type(layer).__name__ if layer is not None else ""
    if kind == "forward":
        title = " · ".join(filter(None, (shown, sort))) or ("model" if layers else "")
        return title, LAYERS.get(sort, "")
    if kind == "loss":
        loss = layers.get("/loss")
        return " · ".join(filter(None, (shown or ("loss" if loss else ""), loss))), ""
    if kind == "backward":
        if part in ("loss", ""):
            return "from the loss", "how much the loss grows if a number grows by a little"
        return f"through {shown}" + (f" · {sort}" if sort else ""), ""
    rule = layers.get(f"/optimizer of {part}", "")
    return (f"{shown} · {rule}" if shown else "the step"), RULES.get(rule, "") if shown else ""
