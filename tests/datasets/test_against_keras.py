"""Data sets against Keras's, on the same small files."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurona import datasets

KNOWN = json.loads(Path(__file__).with_name("keras_sets.json").read_text())


def objects(texts):
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


@pytest.mark.parametrize("case", range(len(KNOWN["cases"])))
def test_as_keras(tmp_path, case):
    name, arguments, expected = KNOWN["cases"][case]
    module = getattr(datasets, name)
    texts, labels = KNOWN["texts"], np.array(KNOWN["labels"])
    path = tmp_path / module.FILE
    if name == "imdb":
        np.savez(
            path, x_train=objects(texts[:40]), y_train=labels[:40],
            x_test=objects(texts[40:]), y_test=labels[40:],
        )  # fmt: skip
    elif name == "reuters":
        np.savez(path, x=objects(texts), y=labels)
    else:
        table = np.array(KNOWN["table"])
        x = np.tile(table[:, :1], (1, module.CARD.shape[0]))
        np.savez(path, x=x, y=table[:, 0])
        found = module.load_data(**arguments, folder=tmp_path)
        assert [pair[1].tolist() for pair in found] == expected
        assert [pair[0][:, 0].tolist() for pair in found] == expected
        return
    found = module.load_data(**arguments, folder=tmp_path)
    assert [[part.tolist() for part in pair] for pair in found] == expected
