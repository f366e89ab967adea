"""A recurrent network that reads the last days and says what the next ones bring.

Hewamalage et al. 2021, "Recurrent Neural Networks for Time Series Forecasting": one recurrent layer
over a window, all days ahead at once ("direct" forecasts, which do not feed on their own errors).
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_integer
from neurona.layers import GRU, LSTM, Dense, Dropout
from neurona.models import Model
from neurona.nn.options import LayerOptions


class Forecaster(Model, namespace="zoo"):
    """The next values of a series, from a window of the last ones and what is known beside them.

    Shapes: x (B, T, F), F numbers a step -> y (B, ahead).

    Args:
        ahead: how many steps.
        units: size of the state.
        cell: "gru" or "lstm".
        dropout: share of the last state dropped in training.

    >>> from neurona import ops
    >>> Forecaster(7, units=8)(ops.zeros((2, 28, 3))).shape
    (2, 7)
    """

    def __init__(
        self,
        ahead: int,
        units: int = 32,
        cell: str = "gru",
        dropout: float = 0.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        layer: Any = {"gru": GRU, "lstm": LSTM}[check_choice("cell", cell, ("gru", "lstm"))]
        self.read = layer(units)
        self.drop = Dropout(dropout)
        self.say = Dense(check_integer("ahead", ahead, minimum=1))

    def call(self, x: Tensor) -> Tensor:  # (B, T, F)
        return self.say(self.drop(self.read(x)))  # (B, units) -> (B, ahead)
