"""Arrays: numbers that are samples, but for a divisor."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from neurona.data.preparation.record import Preparation, checked_shape
from neurona.errors import ArgumentError, DataError, check_number


@dataclasses.dataclass(frozen=True)
class Arrays(Preparation):
    """Numbers as samples: y = x / divide_by.

    Args:
        shape: of a sample.
        divide_by: by which the numbers of the data set were divided, above 0.
        low, high: the least and the largest number that the model was trained on, as samples; None
            if that is not known.

    >>> rule = Arrays((2,), divide_by=16, low=0, high=1)
    >>> rule.apply([8, 16]).tolist(), str(rule)
    ([0.5, 1.0], '2 numbers, divided by 16, 0 to 1 in training')
    """

    kind: ClassVar[str] = "arrays"
    shape: tuple[int, ...]
    divide_by: float = 1.0
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        limits = [None if v is None else check_number("low", v) for v in (self.low, self.high)]
        if None not in limits and limits[0] > limits[1]:  # type: ignore[operator]
            raise ArgumentError("low is above high.", got=f"low={self.low}, high={self.high}")
        self._set(
            shape=checked_shape(self.shape),
            divide_by=check_number("divide_by", self.divide_by, low=0, open=True),
            low=limits[0],
            high=limits[1],
        )

    def apply(self, raw: Any) -> np.ndarray:
        """Return a sample of the shape, float32.

        Raises:
            DataError: other numbers than the shape has.
        """
        x = np.asarray(raw, np.float64)
        if x.size != np.prod(self.shape):
            raise DataError(
                "this is no sample for the model.",
                got=f"shape {x.shape}",
                expected=f"{self.shape}, or as many numbers in a row",
            )
        return (x.reshape(self.shape) / self.divide_by).astype(np.float32)

    def __str__(self) -> str:
        words = [f"{' x '.join(map(str, self.shape))} numbers"]
        if self.divide_by != 1:
            words.append(f"divided by {self.divide_by:g}")
        if self.low is not None and self.high is not None:
            words.append(f"{self.low:g} to {self.high:g} in training")
        return ", ".join(words)
