"""Bins by a hash function: no vocabulary is learnt, and different values may share a bin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import numpy as np

from neurona.errors import ArgumentError, DtypeError, ShapeError, check_integer
from neurona.nn.encoding.before import MODES, BeforeStep, Outcome, encoded, encoded_shape
from neurona.nn.encoding.fingerprints import MASK, farmhash64, joined, siphash64
from neurona.nn.options import LayerOptions

KEY_OF_CROSSES = 0xDECAFCAFFE  # TensorFlow's


def check_salt(layer: Any, salt: Any) -> tuple[int, int] | None:
    """Return a key of two numbers; one stands for two equal ones."""
    if salt is None:
        return None
    numbers = salt if isinstance(salt, list | tuple) else (salt, salt)
    if len(numbers) != 2:
        raise ArgumentError(f"{type(layer).__name__}: a salt is one number or two.", got=repr(salt))
    first, second = (check_integer("salt", n) for n in numbers)
    return first, second


def binned(values: np.ndarray, bins: int, salt: tuple[int, int] | None) -> np.ndarray:
    """Return the bin of each value, text or a whole number: the hash of its text modulo `bins`."""
    fingerprint: Callable = farmhash64 if salt is None else lambda s: siphash64(s, salt)
    known: dict[Any, int] = {}
    found = np.empty(values.size, np.int64)
    for k, value in enumerate(values.reshape(-1).tolist()):
        if value not in known:
            known[value] = fingerprint(str(value).encode()) % bins
        found[k] = known[value]
    return found.reshape(values.shape)


def _whole_or_text(layer: BeforeStep, x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "Oiub":
        raise DtypeError(
            f"{type(layer).__name__} takes text and whole numbers.", got=f"{x.dtype.name} {x.shape}"
        )
    return x


class Hashing(BeforeStep):
    """The bin of text or a whole number: y = hash(x) modulo num_bins.

    Numbers are hashed as they are written, floats without their fraction. The bins are those of
    Keras.

    Shapes: x (B, ...) -> ids like x; for other output modes see `StringLookup`.

    Args:
        num_bins: how many bins there are.
        mask_value: what is put into bin 0, and alone there.
        salt: a number or two, the key of SipHash; None is for FarmHash64, which anyone can compute.
        output_mode: "int", "one_hot", "multi_hot" or "count", see `StringLookup`.
        sparse: False.

    Raises:
        ArgumentError: if num_bins is below 1, or a mode is unknown.

    >>> Hashing(3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel().tolist()
    [1, 0, 1, 1, 2]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(output_mode, sparse, MODES[:4], **common)
        self.num_bins = check_integer("num_bins", num_bins, minimum=1)
        self.mask_value, self.salt = mask_value, check_salt(self, salt)

    def encode(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the bins of values."""
        (x,) = arrays
        x = x.astype(np.int64) if x.dtype.kind == "f" else _whole_or_text(self, x)
        bins, masked = self.num_bins, self.mask_value is not None and self.num_bins > 1
        ids = binned(x, bins - masked, self.salt)
        if masked:
            ids = np.where(x == self.mask_value, 0, ids + 1)
        return encoded(ids, self.output_mode, bins, self.output_dtype)

    def outcome(self, *shapes: tuple[int | None, ...]) -> Outcome:
        """Return shape and type of the bins."""
        shape = encoded_shape(shapes[0], self.output_mode, self.num_bins)
        return Outcome(shape, self.output_dtype)


class HashedCrossing(BeforeStep):
    """The bin of several features together: y = hash(x_1, x_2, ...) modulo num_bins.

    Shapes: a list of x (B,) or (B, 1), text or whole numbers -> ids like each of them, or
        (B, num_bins) for "one_hot".

    Args:
        num_bins: how many bins there are.
        output_mode: "int" or "one_hot".
        sparse: False.

    Raises:
        ArgumentError: if num_bins is below 1, the mode is unknown, or there is one input only.
        ShapeError: if the inputs have other shapes.

    The bins are those of Keras.

    >>> HashedCrossing(5)((["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102])).tolist()
    [1, 4, 1, 1, 3]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(output_mode, sparse, MODES[:2], **common)
        self.num_bins = check_integer("num_bins", num_bins, minimum=1)

    def parts(self, inputs: Any) -> list[Any]:
        """Return the features."""
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise ArgumentError(
                "HashedCrossing takes a list of two features or more.", got=f"{inputs!r:.60}"
            )
        return list(inputs)

    def encode(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the bin of each row of the features."""
        self._check(*(a.shape for a in arrays))
        columns = [_whole_or_text(self, a).reshape(-1).tolist() for a in arrays]
        known: dict[tuple, int] = {}
        ids = np.empty(len(columns[0]), np.int64)
        for k, row in enumerate(zip(*columns, strict=True)):
            if row not in known:
                found = KEY_OF_CROSSES
                for value in row:
                    text = isinstance(value, str)
                    found = joined(found, farmhash64(value.encode()) if text else value & MASK)
                known[row] = found % self.num_bins
            ids[k] = known[row]
        shaped = ids.reshape(arrays[0].shape)
        return encoded(shaped, self.output_mode, self.num_bins, self.output_dtype)

    def outcome(self, *shapes: tuple[int | None, ...]) -> Outcome:
        """Return shape and type of the bins."""
        self._check(*shapes)
        shape = encoded_shape(shapes[0], self.output_mode, self.num_bins)
        return Outcome(shape, self.output_dtype)

    def _check(self, *shapes: tuple[int | None, ...]) -> None:
        first = shapes[0]
        if any(s != first for s in shapes) or len(first) > 2 or (len(first) == 2 and first[1] != 1):
            raise ShapeError(
                "HashedCrossing: the features are not columns of one length.",
                got=", ".join(map(str, shapes)),
                expected="(batch,) or (batch, 1), each",
            )
