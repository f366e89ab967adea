"""Files of Keras: what Keras wrote is read, what is written has Keras's structure."""

import contextlib
import gzip
import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import FormatError
from neurona.models import load_model

from .keras_file_models import MODELS

FOLDER = Path(__file__).parent / "keras_files"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


def of_keras(name, folder):
    """A file that Keras wrote."""
    if (FOLDER / name).exists():
        return FOLDER / name
    (folder / name).write_bytes(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))
    return folder / name


def outputs_of(model, x):
    outputs = model.predict(x, verbose=0)
    return outputs if isinstance(outputs, list) else [outputs]


def check_outputs(model, x, name):
    for y, expected in zip(outputs_of(model, x), EXPECTED[name]["outputs"], strict=True):
        np.testing.assert_allclose(y, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_what_keras_wrote_is_read(name, tmp_path):
    model, x, y = MODELS[name](nn)
    for ending in (".keras", ".h5"):
        found = load_model(of_keras(name + ending, tmp_path))
        check_outputs(found, x, name)
        assert found.name == name
        assert int(found.optimizer.iterations) == EXPECTED[name]["iterations"]
        assert type(found.optimizer) is type(model.optimizer)
        assert any(np.any(slot.numpy()) for _, _, slot in found.optimizer.slots_of_parameters())
        found.fit(x, y, verbose=0)
        assert not load_model(of_keras(name + ending, tmp_path), compile=False).compiled
    for ending in (".weights.h5", ".keras", ".h5"):
        model.set_weights([np.zeros(w.shape) for w in model.weights])
        model.load_weights(of_keras(name + ending, tmp_path))
        check_outputs(model, x, name)
        for w, expected in zip(model.get_weights(), EXPECTED[name]["weights"], strict=True):
            np.testing.assert_allclose(w, expected, rtol=1e-6)


def structure(content):
    """The names in an HDF5 file with the shapes of its arrays; without what is neurona's own."""
    found = {}

    def note(name, thing):
        if isinstance(thing, h5py.Dataset):
            found[name] = thing.shape

    with h5py.File(io.BytesIO(content)) as file:
        if "_neurona" in file:  # a second name of some arrays, which a visit finds only once
            with h5py.File(io.BytesIO(), "w") as copy:
                for name in file:
                    if name != "_neurona":
                        file.copy(name, copy)
                copy.visititems(note)
        else:
            file.visititems(note)
    return found


# What Keras cannot make a layer without, besides names that are the same for all
NEEDED = {"Embedding": {"input_dim", "output_dim"}, "Rescaling": {"scale", "offset"}}
ELSEWISE = {"build_input_shape", "jit_compile", "optimizer"}


def said(config, told, place="model"):
    """Assert that what neurona says of a model is what Keras says of it."""
    if isinstance(config, dict):
        assert isinstance(told, dict), place
        if config.get("class_name") in NEEDED:
            assert NEEDED[config["class_name"]] <= config["config"].keys(), place
        for key in (config.keys() & told.keys()) - ELSEWISE:
            said(config[key], told.get(key), f"{place}/{key}")
    elif isinstance(config, list):
        assert len(config) == len(told), place
        for i, (a, b) in enumerate(zip(config, told, strict=True)):
            said(a, b, f"{place}/{i}")
    elif place.endswith("layer/config/name"):  # Keras prefixes the name of a layer within
        assert told.endswith(config), place
    elif isinstance(told, dict):  # a short form: "l2" of a regulariser
        assert config.replace("_", "") == told["class_name"].lower(), place
    else:
        assert config == told or place.endswith("/dtype") or config is None, place


def as_named_by_keras(text):
    """The description of a model, with Keras's automatic names for two ops."""
    return json.loads(text.replace('"mul"', '"multiply"').replace('"getitem"', '"get_item"'))


@pytest.mark.parametrize("name", MODELS)
def test_what_is_written_has_the_structure_of_kerass(name, tmp_path):
    nn.utils.clear_session()
    model, x, y = MODELS[name](nn)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.h5")
    model.save_weights(tmp_path / "m.weights.h5")
    ours, theirs = zipfile.ZipFile(tmp_path / "m.keras"), zipfile.ZipFile(FOLDER / f"{name}.keras")
    assert ours.namelist() == theirs.namelist()
    said(
        as_named_by_keras(ours.read("config.json").decode()), json.loads(theirs.read("config.json"))
    )
    part = "model.weights.h5"
    assert structure(ours.read(part)) == structure(theirs.read(part))
    keras = of_keras(f"{name}.weights.h5", tmp_path).read_bytes()
    arrays = {k: v for k, v in structure(keras).items() if "optimizer" not in k}
    assert structure((tmp_path / "m.weights.h5").read_bytes()) == arrays
    with h5py.File(tmp_path / "m.h5") as file, h5py.File(of_keras(f"{name}.h5", tmp_path)) as known:
        said(as_named_by_keras(file.attrs["model_config"]), json.loads(known.attrs["model_config"]))
        ours, theirs = file["model_weights"], known["model_weights"]
        assert [*ours.attrs["layer_names"]] == [
            n.encode() if isinstance(n, str) else n for n in theirs.attrs["layer_names"]
        ]
        for layer in theirs:
            assert shapes(ours[layer]) == shapes(theirs[layer])
        assert shapes(file["optimizer_weights"]) == shapes(known["optimizer_weights"])


def shapes(group):
    """The shapes of the arrays of a group, in the order of their names."""
    return [group[name].shape for name in group.attrs["weight_names"]]


@pytest.mark.parametrize("ending", [".keras", ".hdf5"])
def test_a_model_goes_on_from_its_file_bit_for_bit(ending, tmp_path):
    model, x, y = MODELS["graph"](nn)
    model.fit(x, y, verbose=0)
    model.class_names = ("a", "b", "c")
    model.save(tmp_path / f"m{ending}")
    again = load_model(tmp_path / f"m{ending}")
    assert again.class_names == ("a", "b", "c")
    for one in (model, again):
        one.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.save(tmp_path / f"n{ending}", include_optimizer=False)
    assert not load_model(tmp_path / f"n{ending}").optimizer.slots_of_parameters()
    sizes = [(tmp_path / f"{n}{ending}").stat().st_size for n in "mn"]
    assert sizes[1] < sizes[0]


class Network(nn.Model):
    def __init__(self, units=3):
        super().__init__()
        self.blocks = [layers.Dense(units), [layers.Dense(units, name="last")]]
        self._after = layers.Dense(1)
        self.alone = layers.LSTM(2)

    def call(self, x):
        for block in (self.blocks[0], self.blocks[1][0]):
            x = block(x)
        return self._after(self.alone(x))


def test_weights_of_a_class_of_ones_own(tmp_path):
    x = np.ones((2, 3, 4), "float32")
    model, other = Network(), Network()
    before = model(x).numpy()
    model.save_weights(tmp_path / "m.weights.h5")
    assert structure((tmp_path / "m.weights.h5").read_bytes()).keys() == {
        f"{place}/vars/{i}"
        for place, count in {
            "alone/cell": 3, "blocks/dense": 2, "blocks/container/dense": 2, "layers/dense_2": 2,
        }.items()
        for i in range(count)
    }  # fmt: skip
    other(x)
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other(x).numpy(), before)
    large = Network(5)
    large(x)
    with pytest.raises(FormatError, match=r"do not fit the model[\s\S]*\(4, 3\) in the file"):
        large.load_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="left these as they were"):
        large.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)


def test_weights_by_the_names_of_layers(tmp_path):
    path = of_keras("chain.h5", tmp_path)
    model = nn.Sequential([nn.Input((3,)), layers.Dense(2, name="out"), layers.Dense(9)])
    model.load_weights(path, by_name=True)
    np.testing.assert_allclose(model.get_weights()[0], EXPECTED["chain"]["weights"][-2], rtol=1e-6)
    with pytest.raises(FormatError, match="3 layers have weights in the file, 2 here"):
        model.load_weights(path)
    other = nn.Sequential([nn.Input((3,)), layers.Dense(2, name="o")])
    with pytest.raises(FormatError, match="no layer is called as one of chain"):
        other.load_weights(path, by_name=True)


def doubled(x):
    return x * 2


def test_what_keras_has_not_is_written_and_keras_finds_its_weights(tmp_path):
    for middle, reason in (
        (layers.Lambda(doubled), "'lambda.*' is a Lambda, made of functions"),
        (layers.PositionEmbedding(3), "Keras has no PositionEmbedding"),
        (layers.SpectralNormalization(layers.Dense(2)), "'spec.*' changes its kernel in Keras"),
        (layers.Activation(doubled), "Keras has no doubled"),
    ):
        model = nn.Sequential([nn.Input((3, 2)), middle, layers.Dense(1)])
        for ending in (".keras", ".h5"):
            says = rf"cannot make the model in m{ending} again, since {reason}.*; its weights can"
            with pytest.warns(UserWarning, match=says):
                model.save(tmp_path / f"m{ending}")
            again = load_model(tmp_path / f"m{ending}", {"doubled": doubled})
            assert len(again.layers) == 2
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            assert (
                json.loads(archive.read("config.json"))["registered_name"] == "neurona>Sequential"
            )
        with h5py.File(tmp_path / "m.h5") as file:
            assert [*file["model_weights"].attrs["layer_names"]]
    network = Network()
    network(np.ones((1, 3, 4)))
    with pytest.warns(UserWarning, match="Network is a class of your own"):
        network.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras", {"Network": Network}).built


def test_weights_alone_are_an_archive_too_if_they_are_called_so(tmp_path):
    model = MODELS["chain"](nn)[0]
    model.save_weights(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert "model.weights.h5" in archive.namelist()
    other = MODELS["chain"](nn)[0]
    other.load_weights(tmp_path / "m.keras")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- files that are not to be trusted ------------------------------------------------------------


def changed(path, change):
    """A `.keras` file with another config.json."""
    with zipfile.ZipFile(FOLDER / "chain.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    parts["config.json"] = json.dumps(change(config) or config).encode()
    write_zip(path, parts)
    return path


def write_zip(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def layer_of(config, number):
    return config["config"]["layers"][number]


def set_lambda(config):
    code = {"class_name": "__lambda__", "config": {"value": "4wEAAA", "defaults": None}}
    layer_of(config, 3).update(class_name="Lambda", config={"name": "l", "function": code})


CHANGES = {
    "code": (set_lambda, "Lambda layer with code in it, which is never run"),
    "unknown": (lambda c: layer_of(c, 1).update(class_name="Popen", module="subprocess"), "Popen"),
    "registered": (
        lambda c: layer_of(c, 1).update(registered_name="os>system", class_name="system"), "system"
    ),
    "large": (lambda c: layer_of(c, 1)["config"].update(units=10**9), "too large"),
    "wide": (lambda c: layer_of(c, 0)["config"].update(batch_shape=[None, 10**12]), "model"),
    "no layers": (lambda c: c["config"].update(layers=3), "no list of layers"),
    "no config": (lambda c: c.pop("config"), "no description of a model"),
    "a list": (lambda c: [c], "is malformed"),
    "twice": (lambda c: c["config"]["layers"].append(layer_of(c, 1)), "same name"),
    "other weights": (lambda c: layer_of(c, 1)["config"].update(units=4), "do not fit the model"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_descriptions_that_lie(kind, tmp_path):
    change, says = CHANGES[kind]
    with pytest.raises(FormatError, match=says):
        load_model(changed(tmp_path / "m.keras", change))


def test_archives_that_are_none(tmp_path):
    path, whole = tmp_path / "m.keras", (FOLDER / "chain.keras").read_bytes()
    for content in (whole[:4], whole[:200], whole[:-30], whole[:900] + b"!" + whole[901:]):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"m\.keras is no archive of Keras's"):
            load_model(path)
    write_zip(path, {"data.pkl": b"", "config.json": b"{}"})
    with pytest.raises(FormatError, match="is a ZIP archive, but none of Keras's"):
        load_model(path)
    write_zip(path, {"config.json": b"{}", "model.weights.h5": b"\0" * 2**27})
    with pytest.raises(FormatError, match="packed too well"):
        load_model(path)
    write_zip(path, {"config.json": b"{}", "model.weights.h5": b"no HDF5"})
    with pytest.raises(FormatError, match="the library h5py says"):
        load_model(path)


def elsewhere(group, name, array):
    with h5py.File(group.file.filename + ".other", "w") as other:
        other["x"] = array
    group[name] = h5py.ExternalLink(group.file.filename + ".other", "x")


def virtual(group, name, array):
    layout = h5py.VirtualLayout(array.shape, array.dtype)
    layout[...] = h5py.VirtualSource(group.file.filename + ".other", "x", array.shape)
    group.create_virtual_dataset(name, layout)


ARRAYS = {
    "external link": (elsewhere, "leads elsewhere"),
    "soft link": (lambda g, n, a: g.__setitem__(n, h5py.SoftLink("/layers")), "leads elsewhere"),
    "virtual": (virtual, "not stored in one piece"),
    "external": (lambda g, n, a: g.create_dataset(n, a.shape, a.dtype, external=[
        (g.file.filename + ".raw", 0, a.nbytes)]), "not stored in one piece"),
    "compressed": (lambda g, n, a: g.create_dataset(n, data=a, compression=9), "in one piece"),
    "never written": (lambda g, n, a: g.create_dataset(n, a.shape, a.dtype), "more numbers than"),
    "texts": (lambda g, n, a: g.create_dataset(n, a.shape, h5py.string_dtype()), "no numbers"),
    "shape": (lambda g, n, a: g.create_dataset(n, (10**6, 10**6), "f4"), "do not fit the model"),
    "group": (lambda g, n, a: g.create_group(n), "is not in the file"),
    "missing": (lambda g, n, a: g.create_dataset("x", data=a), "is not in the file"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_that_lie(kind, tmp_path):
    model = MODELS["chain"](nn)[0]
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    put, says = ARRAYS[kind]
    with h5py.File(path, "a") as file:
        group = file["layers/dense/vars"]
        array = group["0"][()]
        del group["0"]
        put(group, "0", array)
    before = model.get_weights()
    with pytest.raises(FormatError, match=says):
        model.load_weights(path)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_damage_anywhere_is_an_error_or_harmless(tmp_path):
    whole = bytearray(of_keras("chain.h5", tmp_path).read_bytes())
    rng, path = np.random.default_rng(3), tmp_path / "m.h5"
    for _ in range(12):
        broken = bytearray(whole)
        for place in rng.integers(0, len(whole), 20):
            broken[place] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        with contextlib.suppress(FormatError):
            load_model(path, compile=False)
    path.write_bytes(whole[:3000])
    with pytest.raises(FormatError, match=r"m\.h5 is no file of Keras's"):
        load_model(path)


def test_the_form_of_keras_2(tmp_path):
    dense = {"name": "a", "units": 2, "dtype": "float32", "trainable": True}
    inputs = {"batch_input_shape": [None, 3], "dtype": "float32", "name": "x", "sparse": False}
    nodes = {"a": [[["x", 0, 0, {}]]], "b": [[["a", 0, 0, {}], ["a", 0, 0, {}]]]}
    rows = [
        ("InputLayer", inputs, []),
        ("Dense", dense, nodes["a"]),
        ("Add", {"name": "b", "trainable": True}, nodes["b"]),
    ]
    described = {"class_name": "Functional", "config": {
        "name": "old",
        "layers": [{"class_name": c, "config": d, "name": d["name"], "inbound_nodes": n}
                   for c, d, n in rows],
        "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]],
    }}  # fmt: skip
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(described).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"x", b"a", b"b"]
        for name, weights in (("x", []), ("b", []), ("a", ["a/kernel:0", "a/bias:0"])):
            made = group.create_group(name)
            made.attrs["weight_names"] = [w.encode() for w in weights]
            for w in weights:
                made[w] = np.ones((3, 2) if "kernel" in w else 2, "f4")
    model = load_model(tmp_path / "old.h5")
    assert model.name == "old"
    np.testing.assert_array_equal(model(np.ones((1, 3))).numpy(), [[8.0, 8.0]])
    again = nn.models.model_from_json(json.dumps(described))
    assert again.count_params() == 8
