"""FeatureSpace: what becomes of each kind of column, crosses, models behind it, files."""

import subprocess
import sys

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, StateError
from neurona.utils import FeatureSpace

TABLE = {
    "float_1": [0.0, 1.0, 2.0, 3.0],
    "float_2": [1.0, 1.0, 3.0, 3.0],
    "float_3": [0.0, 1.0, 2.0, 3.0],
    "string_1": ["a", "b", "a", "c"],
    "string_2": ["x", "y", "z", "x"],
    "int_1": [0, 1, 5, 5],
    "int_2": [7, 8, 9, 7],
    "int_3": [1, 2, 3, 4],
}
KINDS = {
    "float_1": "float",
    "float_2": "float_normalized",
    "float_3": "float_discretized",
    "string_1": "string_categorical",
    "string_2": "string_hashed",
    "int_1": "integer_categorical",
    "int_2": "integer_hashed",
    "int_3": "integer_categorical",
}


def space_of(**kwargs):
    return FeatureSpace(
        KINDS, crosses=[("float_3", "string_1"), ("string_2", "int_2")], crossing_dim=5,
        hashing_dim=6, num_discretization_bins=3, **kwargs,
    )  # fmt: skip


def test_all_kinds_of_features():
    space = space_of(output_mode="dict")
    space.adapt(TABLE)
    y = {name: x.numpy() for name, x in space(TABLE).items()}
    assert y["float_1"].ravel().tolist() == TABLE["float_1"]
    assert y["float_2"].ravel().tolist() == [-1.0, -1.0, 1.0, 1.0]
    assert y["float_3"].shape == (4, 3)
    assert y["string_1"].argmax(1).tolist() == [1, 3, 1, 2]  # a, then c before b
    assert y["int_1"].argmax(1).tolist() == [3, 2, 1, 1]
    hashed = nn.layers.Hashing(6)(TABLE["string_2"]).numpy()
    assert y["string_2"].argmax(1).tolist() == hashed.tolist()
    ids = [hashed, nn.layers.Hashing(6)(TABLE["int_2"]).numpy()]
    crossed = nn.layers.HashedCrossing(5)(ids).numpy()
    assert y["string_2_X_int_2"].argmax(1).tolist() == crossed.tolist()
    assert all((x.sum(1) == 1).all() for name, x in y.items() if name not in ("float_1", "float_2"))
    whole = space_of()
    whole.adapt(TABLE)
    joined = np.concatenate([y[k] for k in [*sorted(KINDS), *sorted(set(y) - set(KINDS))]], 1)
    np.testing.assert_array_equal(whole(TABLE).numpy(), joined)


@pytest.mark.parametrize("given", ["rows", "batches", "labelled"])
def test_it_learns_from_rows_and_batches_as_from_columns(given):
    columns = space_of()
    columns.adapt(TABLE)
    rows = [{k: v[i] for k, v in TABLE.items()} for i in range(4)]
    batch = {k: np.array(v)[:, None] for k, v in TABLE.items()}
    space = space_of()
    space.adapt({"rows": rows, "batches": [batch], "labelled": iter([(batch, np.zeros(4))])}[given])
    np.testing.assert_array_equal(space(TABLE).numpy(), columns(TABLE).numpy())


def test_a_single_sample_gives_a_vector():
    space = space_of()
    space.adapt(TABLE)
    one = space({k: v[2] for k, v in TABLE.items()})
    np.testing.assert_array_equal(one.numpy(), space(TABLE).numpy()[2])
    space = space_of(output_mode="dict")
    space.adapt(TABLE)
    assert space({k: v[2] for k, v in TABLE.items()})["float_1"].tolist() == [2.0]


def test_ids_are_left_as_they_are_if_wanted():
    space = FeatureSpace(
        {
            "s": FeatureSpace.string_categorical(output_mode="int", max_tokens=3),
            "f": FeatureSpace.float_discretized(3, [1.0, 2.0], output_mode="int"),
            "r": FeatureSpace.float_rescaled(2.0, 1.0),
        },
        crosses=[FeatureSpace.cross(("s", "f"), 4, output_mode="int")],
        output_mode="dict",
    )
    data = {"s": ["a", "b", "b"], "f": [0.5, 1.5, 2.5], "r": [0.0, 1.0, 2.0]}
    space.adapt(data)
    y = space(data)
    assert y["s"].numpy().ravel().tolist() == [2, 1, 1]
    assert y["f"].numpy().ravel().tolist() == [0, 1, 2]
    assert y["r"].numpy().ravel().tolist() == [1.0, 3.0, 5.0]
    assert y["s_X_f"].dtype.name == "int64"


def test_a_layer_of_ones_own_encodes_a_feature():
    layer = nn.layers.TextVectorization(output_mode="tf_idf")
    space = FeatureSpace({"text": FeatureSpace.feature("string", layer, "float")})
    space.adapt({"text": ["a b", "a"]})
    assert space({"text": ["a b"]}).shape == (1, 3)
    assert space.preprocessors["text"] is layer


def test_models_learn_behind_it_and_are_saved_with_it(tmp_path):
    nn.utils.set_random_seed(0)
    space = space_of()
    space.adapt(TABLE)
    y = np.arange(4.0)
    prediction = nn.layers.Dense(1)(space.get_encoded_features())
    model = nn.Model(space.get_inputs(), prediction)
    model.compile("sgd", "mse")
    model.fit(TABLE, y, epochs=2, verbose=0)
    inner = nn.Model(space.get_encoded_features(), prediction)
    expected = model.predict(TABLE, verbose=0)
    np.testing.assert_allclose(inner.predict(space(TABLE), verbose=0), expected, rtol=1e-6)
    model.save(tmp_path / "model.safetensors")
    again = nn.models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(TABLE, verbose=0), expected)
    space.save(tmp_path / "space.safetensors")
    loaded = nn.models.load_model(tmp_path / "space.safetensors")
    np.testing.assert_array_equal(loaded(TABLE).numpy(), space(TABLE).numpy())
    np.testing.assert_array_equal(loaded.predict(TABLE, verbose=0), space(TABLE).numpy())


def test_a_file_of_it_is_loaded_where_it_was_never_named(tmp_path):
    space = space_of()
    space.adapt(TABLE)
    space.save(tmp_path / "space.safetensors")
    script = f"import neurona as nn; nn.models.load_model({str(tmp_path / 'space.safetensors')!r})"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_nothing_to_learn_needs_no_data():
    space = FeatureSpace({"a": "float", "b": "string_hashed"}, hashing_dim=3)
    assert space({"a": [1.0], "b": ["x"]}).shape == (1, 4)


def test_mistakes_are_explained():
    with pytest.raises(ArgumentError, match="takes a dict of features"):
        FeatureSpace({})
    with pytest.raises(ArgumentError, match="feature type of 'a'"):
        FeatureSpace({"a": "floats"})
    with pytest.raises(ArgumentError, match="crosses are of the features"):
        FeatureSpace({"a": "float"}, crosses=[("a", "b")])
    with pytest.raises(StateError, match="has not seen data yet"):
        space_of()(TABLE)
    with pytest.raises(StateError, match="has not seen data yet"):
        space_of().get_inputs()
    with pytest.raises(ArgumentError, match="adapt takes a dict of columns"):
        space_of().adapt([1, 2])
    with pytest.raises(ArgumentError, match="is no vector"):
        FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int"), "b": "float"})
    with pytest.raises(ArgumentError, match="how many ids it has is not known"):
        FeatureSpace({"a": FeatureSpace.feature("float32", nn.layers.ReLU(), "one_hot")})
