"""Families of functions that are loaded later, and namespaces: what the tables say is so."""

import copy
import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.ops.later import HOMES, LATER, NAMESPACES


@pytest.mark.parametrize("file", LATER)
def test_the_table_has_the_public_names_of_each_file(file):
    assert LATER[file].split() == importlib.import_module(f"neurona.ops.{file}").__all__


def test_no_file_has_the_name_of_a_function():
    files = {path.stem for path in Path(ops.__file__).parent.glob("*.py")}
    assert not set(HOMES) & files  # Python would put the file in the function's place


@pytest.mark.parametrize("name", NAMESPACES)
def test_namespaces_hold_functions_of_ops(name):
    room = getattr(ops, name)
    assert importlib.import_module(f"neurona.ops.{name}") is room
    assert all(getattr(room, each) is getattr(ops, each) for each in room.__all__)


def test_names_are_listed_pickled_and_missed_as_others():
    assert {"cholesky", "nn", "add"} <= set(dir(ops))
    for name in ("gelu", "cholesky", "add"):
        assert pickle.loads(pickle.dumps(getattr(ops, name))) is getattr(ops, name)
        assert copy.deepcopy(getattr(ops, name)) is getattr(ops, name)
    with pytest.raises(AttributeError, match="has no 'choleski'"):
        ops.choleski  # noqa: B018


def test_families_are_loaded_when_they_are_asked_for():
    code = """
import sys, neurona as nn
late = lambda: {m for m in sys.modules if m.startswith("neurona.ops.")}
before = late()
nn.ops.cholesky
print(*sorted(m.split(".")[-1] for m in late() - before))
from neurona.ops.nn import gelu
"""
    here = {**os.environ, "PYTHONPATH": str(Path(nn.__file__).parent.parent)}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=here
    )
    assert found.stdout.split() == ["factors", "matrices"]


def test_models_with_them_are_saved_and_loaded(tmp_path):
    x = nn.Input((4, 4, 2))
    y = ops.norm(ops.image.resize(ops.nn.relu(x), (2, 2)), axis=-1)
    y = nn.layers.Dense(2, activation=ops.gelu)(ops.rearrange(y, "b h w -> b (h w)"))
    model = nn.Model(x, nn.layers.Activation(ops.tanh)(y))
    model.save(tmp_path / "m.nn")
    again = nn.models.load_model(tmp_path / "m.nn")
    data = np.ones((3, 4, 4, 2), "float32")
    np.testing.assert_array_equal(model.predict(data, verbose=0), again.predict(data, verbose=0))
    assert again.layers[-1].activation is ops.tanh


def test_symbolic_tensors_record_them():
    x = nn.Input((4, 4, 2))
    y = ops.image.resize(ops.nn.relu(x), (2, 2))
    model = nn.Model(x, ops.rearrange(y, "b h w c -> b (h w c)"))
    assert model.output_shape == (None, 8)
    assert model.predict(nn.ops.ones((3, 4, 4, 2)).numpy(), verbose=0).tolist() == [[1.0] * 8] * 3
