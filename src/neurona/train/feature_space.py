"""FeatureSpace: the columns of a table as one vector of numbers, each column in its own way.

    space = nn.utils.FeatureSpace(
        {"age": "float_normalized", "job": "string_categorical"}, crosses=[("age", "job")]
    )
    space.adapt(table)  # a dict of columns
    model = nn.Model(space.get_inputs(), nn.layers.Dense(1)(space.get_encoded_features()))

It is a functional model: what it makes of text is made before the step (`nn/front.py`), it is
saved and loaded like every model, vocabularies and moments with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self, Unpack

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, check_choice, check_integer
from neurona.nn.configurable import Configurable
from neurona.nn.context import automatic_name
from neurona.nn.description import arguments_of, describe_object
from neurona.nn.encoding.before import as_data
from neurona.nn.encoding.categories import CategoryEncoding, Discretization
from neurona.nn.encoding.hashing import HashedCrossing, Hashing
from neurona.nn.encoding.indices import IntegerLookup, StringLookup
from neurona.nn.encoding.lookup import Lookup
from neurona.nn.layer import Layer
from neurona.nn.merge import Concatenate
from neurona.nn.network import Network, is_symbolic
from neurona.nn.options import LayerOptions
from neurona.nn.rescaling import Normalization, Rescaling
from neurona.nn.shaping import Identity
from neurona.nn.symbolic import Input, Symbolic
from neurona.train.model import Model

Number = float  # FeatureSpace.float is another thing
BATCH = 32  # rows at a time, of a table of columns: as Keras takes them


class Cross(Configurable, namespace="utils"):
    """Features that are hashed together.

    Args:
        feature_names: of two features or more.
        crossing_dim: how many bins there are.
        output_mode: "one_hot" or "int".
    """

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> None:
        self.feature_names = tuple(feature_names)
        self.crossing_dim = check_integer("crossing_dim", crossing_dim, minimum=1)
        self.output_mode = check_choice("output_mode", output_mode, ("int", "one_hot"))

    @property
    def name(self) -> str:
        """The names of the features, a_X_b."""
        return "_X_".join(self.feature_names)


class Feature(Configurable, namespace="utils"):
    """What is done to a column.

    Args:
        dtype: of the column: "float32", "int32" or "string".
        preprocessor: the layer for it.
        output_mode: "one_hot" for ids, which are made vectors; "int" or "float" as they are.
    """

    def __init__(self, dtype: str, preprocessor: Layer, output_mode: str) -> None:
        self.dtype, self.preprocessor = dtype, preprocessor
        self.output_mode = check_choice("output_mode", output_mode, ("float", "int", "one_hot"))


class FeatureSpace(Model):
    """The columns of a table as one vector, or as a dict of encoded columns; see the top.

    Shapes: {name: (B,) or (B, 1)} -> (B, D), the features and then the crosses, each in the order
        of their names; or {name: (B, D_i)}. Single values instead of columns give vectors.

    Args:
        features: name -> kind: "float", "float_normalized", "float_rescaled", "float_discretized",
            "integer_categorical", "string_categorical", "integer_hashed", "string_hashed", or what
            the functions of these names return: `FeatureSpace.integer_categorical(max_tokens=9)`.
        output_mode: "concat" or "dict".
        crosses: tuples of names, or `FeatureSpace.cross(names, crossing_dim)`.
        crossing_dim, hashing_dim, num_discretization_bins: how many bins crosses, hashed and
            discretized features have unless they say so.

    Raises:
        ArgumentError: if a kind or a name is unknown.
        StateError: when it is used before `adapt`, which it needs for what it learns from data.

    >>> space = FeatureSpace({"a": "float", "b": "string_categorical"})
    >>> space.adapt({"a": [0.5, 1.5], "b": ["x", "y"]})
    >>> space({"a": [2.0], "b": ["x"]}).tolist()  # a; unknown, y, x
    [[2.0, 0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if not isinstance(features, Mapping) or not features:
            raise ArgumentError("FeatureSpace takes a dict of features.", got=f"{features!r:.60}")
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = check_choice("output_mode", output_mode, ("concat", "dict"))
        self.features = {name: self._feature(name, kind) for name, kind in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.preprocessors = {name: f.preprocessor for name, f in self.features.items()}
        self.crossers = {c.name: HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.one_hot_encoders: dict[str, Layer] = {}
        self.encoded_features: Any = None
        if not self._learns():
            self._connect()

    # --- kinds of features -------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Return features that are hashed together."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Layer, output_mode: str) -> Feature:
        """Return a feature with a layer of your own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return numbers as they are."""
        return Feature("float32", Identity(name=_named("float", name)), "float")

    @classmethod
    def float_rescaled(
        cls, scale: Number = 1.0, offset: Number = 0.0, name: str | None = None
    ) -> Feature:
        """Return numbers times scale plus offset."""
        layer = Rescaling(scale, offset, name=_named("float_rescaled", name))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return numbers with mean 0 and variance 1."""
        return Feature("float32", Normalization(name=_named("float_normalized", name)), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return the number of the range of numbers; given boundaries count."""
        bins = num_bins if bin_boundaries is None else None
        layer = Discretization(bin_boundaries, bins, name=_named("float_discretized", name))
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return ids of whole numbers."""
        name = _named("integer_categorical", name)
        return Feature("int32", IntegerLookup(max_tokens, num_oov_indices, name=name), output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return ids of strings."""
        name = _named("string_categorical", name)
        return Feature("string", StringLookup(max_tokens, num_oov_indices, name=name), output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return the hashes of strings."""
        layer = Hashing(num_bins, name=_named("string_hashed", name))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return the hashes of whole numbers."""
        layer = Hashing(num_bins, name=_named("integer_hashed", name))
        return Feature("int32", layer, output_mode)

    def _feature(self, name: str, kind: Any) -> Feature:
        if isinstance(kind, Feature):
            return kind
        bins = {
            "float_discretized": self.num_discretization_bins, "integer_hashed": self.hashing_dim,
            "string_hashed": self.hashing_dim,
        }  # fmt: skip
        check_choice(f"feature type of {name!r}", kind, KINDS)
        return getattr(self, kind)(*([bins[kind]] if kind in bins else []), name=name)

    def _cross(self, cross: Any) -> Cross:
        made = cross if isinstance(cross, Cross) else Cross(cross, self.crossing_dim)
        for name in made.feature_names:
            if name not in self.features:
                raise ArgumentError(
                    "crosses are of the features.",
                    got=repr(name),
                    expected=f"one of {', '.join(self.features)}",
                )
        return made

    # --- learning ----------------------------------------------------------------------------

    def _learns(self) -> list[str]:
        """Return the names of features that learn from data."""
        found = []
        for name, layer in self.preprocessors.items():
            given = isinstance(layer, Normalization) and layer.given is not None
            given |= isinstance(layer, Lookup) and layer._given
            given |= isinstance(layer, Discretization) and layer.bins is None
            if hasattr(layer, "adapt") and not given:
                found.append(name)
        return found

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, moments and boundaries from a table.

        Args:
            dataset: a dict of columns, or an iterable of dicts: rows, or batches of them.

        Raises:
            ArgumentError: if it is something else.
        """
        if isinstance(dataset, Iterable) and not isinstance(dataset, Mapping):
            dataset = [batch[0] if isinstance(batch, tuple) else batch for batch in dataset]
        rows = [dataset] if isinstance(dataset, Mapping) else dataset
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping):
            raise ArgumentError(
                "adapt takes a dict of columns, or batches of such.", got=f"{dataset!r:.60}"
            )
        for name in self._learns():
            self.preprocessors[name].adapt(_batches(rows, name, isinstance(dataset, Mapping)))
        self._connect()

    def _connect(self) -> None:
        """Make the network of the features."""
        inputs: dict[str, Any] = {
            name: Input((1,), dtype=f.dtype, name=name) for name, f in self.features.items()
        }
        ids = {name: layer(inputs[name]) for name, layer in self.preprocessors.items()}
        specs: dict[str, Any] = {name: self.features[name] for name in sorted(ids)}
        for cross in sorted(self.crosses, key=lambda c: c.name):
            specs[cross.name] = cross
            parts = [ids[name] for name in cross.feature_names]
            ids[cross.name] = self.crossers[cross.name](parts)
        encoded = {name: self._encoded(name, spec, ids[name]) for name, spec in specs.items()}
        if self.output_mode == "concat":
            for name, x in encoded.items():
                if x.dtype.kind != "f":
                    raise ArgumentError(
                        f"the feature {name!r} is no vector, so it cannot be joined with others.",
                        got=x.dtype.name,
                        hint='output_mode="dict", or "one_hot" for the feature',
                    )
            several = list(encoded.values())
            self.encoded_features = Concatenate()(several) if len(several) > 1 else several[0]
        else:
            self.encoded_features = encoded
        self._network = Network(inputs, self.encoded_features)
        self.inputs = self._network.input_leaves
        self.outputs = self._network.output_leaves
        self.built = True

    def _encoded(self, name: str, spec: Any, x: Symbolic) -> Any:
        if spec.output_mode != "one_hot":
            return x
        layer = self.preprocessors.get(name) or self.crossers[name]
        size = _size(layer)
        if size is None or x.dtype.kind != "i":
            raise ArgumentError(
                f"the feature {name!r} cannot be made vectors: how many ids it has is not known.",
                got=f"{type(layer).__name__}, {x.dtype.name}",
                hint='output_mode="int" or "float" for the feature',
            )
        self.one_hot_encoders[name] = CategoryEncoding(size, "multi_hot")
        return self.one_hot_encoders[name](x)

    # --- use ---------------------------------------------------------------------------------

    def get_inputs(self) -> dict[str, Any]:
        """Return the symbolic inputs by the names of the features."""
        self._require_adapted()
        assert self._network is not None
        return self._network.inputs

    def get_encoded_features(self) -> Any:
        """Return the symbolic output for `get_inputs()`."""
        self._require_adapted()
        return self.encoded_features

    def _require_adapted(self) -> None:
        if self._network is None:
            raise StateError(
                f"{self.name!r} has not seen data yet.",
                got=f"features that learn: {', '.join(self._learns())}",
                hint="space.adapt(table) first",
            )

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Encode a dict of columns, or of single values."""
        self._require_adapted()
        if not args or not isinstance(args[0], dict) or is_symbolic(args[0]):
            return super().__call__(*args, training=training, **kwargs)
        data = {name: as_data(value) for name, value in args[0].items()}
        single = all(a.ndim == 0 for a in data.values())
        columns = {name: a.reshape(1, 1) if a.ndim == 0 else a for name, a in data.items()}
        y = super().__call__(columns, *args[1:], training=training, **kwargs)
        if not single:
            return y
        return {k: v[0] for k, v in y.items()} if isinstance(y, dict) else y[0]

    # --- description -------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """Return class, features with what they learnt, and crosses as JSON values."""
        given = {**self.arguments, "features": dict(self.features), "crosses": self.crosses}
        return {**describe_object(self, {**given, "name": self.name}), "adapted": self.built}

    @classmethod
    def from_description(cls, found: Mapping[str, Any], again: Callable) -> Self:
        """Make a FeatureSpace from what `description` told."""
        space = cls(**arguments_of(cls.__name__, found, again))
        if found.get("adapted") and space._network is None:
            space._connect()
        return space


KINDS = (
    "float", "float_discretized", "float_normalized", "float_rescaled", "integer_categorical",
    "integer_hashed", "string_categorical", "string_hashed",
)  # fmt: skip


def _named(kind: str, name: str | None) -> str:
    return f"{name or automatic_name(kind)}_preprocessor"


def _size(layer: Layer) -> int | None:
    """Return how many ids a layer gives, if that is known."""
    if isinstance(layer, Lookup):
        return layer.vocabulary_size()
    if isinstance(layer, CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, Discretization):
        return None if layer.boundaries is None else len(layer.boundaries) + 1
    return layer.num_bins if isinstance(layer, HashedCrossing | Hashing) else None


def _batches(rows: list[Any], name: str, whole: bool) -> Iterator[np.ndarray]:
    """Return the batches of a column, each with an axis of samples and one behind it."""
    pieces = [as_data(batch[name].numpy() if isinstance(batch[name], Tensor) else batch[name])
              for batch in rows]  # fmt: skip
    if pieces[0].ndim == 0:  # rows
        pieces, whole = [np.array([piece.item() for piece in pieces], pieces[0].dtype)], True
    for piece in pieces:
        for start in range(0, len(piece), BATCH) if whole else (0,):
            part = piece[start : start + BATCH] if whole else piece
            yield part[:, None] if part.ndim == 1 else part
