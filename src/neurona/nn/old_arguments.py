"""Older names of layers' arguments, which tutorials still write: each is told once, and taken.

A name counts for a layer that has the newer one and not the older: `alpha` is an argument of ELU,
and the slope of LeakyReLU.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from neurona.core import origin
from neurona.errors import ArgumentError

NEWER = {
    "alpha": "negative_slope",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "bins": "bin_boundaries",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "max_tokens": "num_tokens",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
}
VALUES = {"dim_ordering": {"tf": "channels_last", "th": "channels_first"}}
WITHOUT_EFFECT = (  # whatever they are
    "autocast", "batch_size", "consume_less", "dynamic", "experimental_autocast", "fused",
    "input_length", "virtual_batch_size",
)  # fmt: skip
ONLY_FALSE = {  # what else they would do
    "ragged": "there are no ragged tensors; pad, and mask",
    "renorm": "batch renormalisation",
    "sparse": "there are no sparse tensors",
    "time_major": "time is the second axis: ops.transpose(x, (1, 0, 2))",
}

_told: set[tuple[str, str]] = set()


def modern(layer: str, known: Collection[str], given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a layer under their names of today.

    Args:
        layer: the name of the class, for messages.
        known: what it takes.
        given: the keyword arguments.

    Raises:
        ArgumentError: if both names are given, or something that no layer does any more.
    """
    found = dict(given)
    if "nb_row" in found and "nb_col" in found and "kernel_size" in known:
        found["kernel_size"] = found.pop("nb_row"), found.pop("nb_col")
        _tell(layer, "nb_row", "write kernel_size=(rows, columns)")
    for old in [name for name in found if name not in known]:
        new = NEWER.get(old)
        if new in known:
            assert new is not None
            if new in found:
                raise ArgumentError(f"{layer}: {old} is an older name of {new}: give one of them.")
            value = found.pop(old)
            known_values = VALUES.get(old, {})
            found[new] = known_values.get(value, value) if isinstance(value, str) else value
            _tell(layer, old, f"write {new}")
        elif old in WITHOUT_EFFECT or (old in ONLY_FALSE and not found[old]):
            found.pop(old)
            _tell(layer, old, "it has no effect, leave it out")
        elif old in ONLY_FALSE:
            raise ArgumentError(
                f"{layer}: {old}=True is not there.", got=f"{old}=True", hint=ONLY_FALSE[old]
            )
    return found


def _tell(layer: str, old: str, what: str) -> None:
    if (layer, old) not in _told:
        _told.add((layer, old))
        origin.warn(f"{layer}: `{old}` is an older argument: {what}.")
