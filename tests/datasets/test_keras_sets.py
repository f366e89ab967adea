"""Data sets of Keras's, on small files of their form; hostile ones are refused."""

import json
import os
import pickle
import socket
import struct
import urllib.error
import zipfile
from pathlib import Path

import numpy as np
import pytest

from neurona.data import download
from neurona.datasets import (
    boston_housing,
    breast_cancer,
    california_housing,
    catalog,
    cifar100,
    imdb,
    iris,
    reuters,
    wine,
)
from neurona.datasets.integer_lists import STEPS, integer_lists
from neurona.datasets.number_archive import LISTS, NUMBERS, read_arrays
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError

TEXTS = [[1, 5, 70_000, 300], [2], [], [9, 9, 9, 4, 3], [255, 256, 65_535, 65_536]] * 5


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No data of the machine, and no network."""

    def no_network(url):
        raise urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    monkeypatch.setattr(download, "open_url", no_network)


def objects(texts):
    """An array of lists, as Keras's files have it."""
    found = np.empty(len(texts), object)
    found[:] = [list(text) if type(text) is list else text for text in texts]  # none is shared
    return found


def put(folder, name, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / name, **arrays)
    return folder / name


# --- the reader --------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_lists_of_integers_are_read(protocol):
    texts = TEXTS * 300  # more than a batch of a pickle
    assert integer_lists(pickle.dumps(objects(texts), protocol)) == texts
    assert integer_lists(pickle.dumps(objects([[1, -7]]), protocol)) == [[1, -7]]
    assert integer_lists(pickle.dumps(objects([[]]), protocol)) == [[]]


def test_what_python_2_wrote_is_read():
    text = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85"
        b"U\x01b\x87Rq\x03(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02O8K\x00K\x01\x87Rq\x05(K\x03"
        b"U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]q\x06(]q\x07(K\x01M\x2c\x01e]q\x08K\x05aetb."
    )
    assert pickle.loads(text, encoding="latin1").tolist() == [[1, 300], [5]]
    assert integer_lists(text) == [[1, 300], [5]]


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        self.answer = function, arguments

    def __reduce__(self):
        return self.answer


def shared():
    found = objects([[1, 2], []])
    found[1] = found[0]
    return found


def recursive():
    inner = [1]
    inner.append(inner)
    found = objects([[]])
    found[0] = inner
    return found


def outer():
    found = objects([[1]])
    found[0] = found
    return found


GOOD = pickle.dumps(objects([[1, 2], [3]]), 2)


@pytest.mark.parametrize(
    ("hostile", "message"),
    [
        (pickle.dumps(Calls(os.system, "touch hacked"), 2), "the name posix.system"),
        (pickle.dumps(Calls(os.system, "touch hacked"), 4), "the name posix.system"),
        (pickle.dumps(Calls(eval, "1"), 2), "the name __builtin__.eval"),
        (pickle.dumps(objects([[1, Calls(eval, "1")]]), 4), "the name builtins.eval"),
        (b"cos\nsystem\n(S'x'\ntR.", "the name os.system"),
        (pickle.dumps(objects([["text"]]), 4), "something else than integers"),
        (pickle.dumps(objects([[1, 2.5]]), 4), "the instruction b'G'"),
        (pickle.dumps(objects([[1, None]]), 4), "something else than integers"),
        (pickle.dumps(objects([[True]]), 4), "something else than integers"),
        (pickle.dumps(objects([[2**40]]), 4), "the instruction"),
        (pickle.dumps(objects([[[1]]]), 4), "lists of lists of lists"),
        (pickle.dumps(objects([[1, [2]]]), 4), "something else than integers"),
        (pickle.dumps(objects([1, 2]), 4), "an array of integers"),
        (pickle.dumps(objects([(1, 2)]), 4), "something else than integers"),
        (pickle.dumps(objects([{1: 2}]), 4), "the instruction"),
        (pickle.dumps(objects([np.arange(3)]), 4), "."),
        (pickle.dumps([[1, 2]], 4), "no array of lists"),
        (pickle.dumps(shared(), 4), "used twice"),
        (pickle.dumps(recursive(), 4), "used twice"),
        (pickle.dumps(outer(), 4), "used twice"),
        (pickle.dumps(objects([[1]]).reshape(1, 1), 4), r"an array of \(1, 1\) with 1 lists"),
        (GOOD + b"x", "1 bytes behind the end"),
        (b"", "the end too early"),
        (b".", "no array of lists"),
        (b"]" * 2_000_000 + b".", "more than 1000000 lists"),
        (b"(" * 100, "more than 4 lists within lists"),
        (b"N" * 1000, "more than 100 texts, tuples and constants"),
        (b"K\x01" + b"\x85" * 1000, "more than 100 texts"),
        (b"]2a.", "the instruction b'2'"),  # a list appended to its copy
        (b"](h\x00e.", "used twice"),
        (b"e", "the end of a list that did not begin"),
        (b"a.", "without values"),
        (b"](a.", "without values"),
        (b"R", "without values"),
        (b"q\x00", "without values"),
        (b"\x80\x09", "an unknown version"),
        (b"X\xff\xff\xff\x7f", "a text of 2147483647 bytes"),
        (b"X\x05\x00\x00\x00ab", "the end too early"),
        (b"\x95" + b"\xff" * 8, "a part of"),
        (b"c" + b"a" * 1000, "a name without an end"),
        (b"\x8c\x01\xff", "ascii"),
        (b"K", "the end too early"),
        (b"J\x00\x00", "the end too early"),
        (b"\x8c\x01a" + b"".join(b"r" + struct.pack("<I", i * 997) for i in range(200)),
         "more than 100 places"),
        (b"K\x01K\x02b", "an unknown state"),
    ],
)  # fmt: skip
def test_everything_else_is_refused(tmp_path, monkeypatch, hostile, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        integer_lists(hostile)
    assert os.listdir(tmp_path) == []


def test_a_pickle_is_refused_wherever_it_is_cut_off():
    assert integer_lists(GOOD) == [[1, 2], [3]]
    for end in range(len(GOOD)):
        with pytest.raises(ValueError):
            integer_lists(GOOD[:end])


def test_a_pickle_with_a_damaged_byte_gives_lists_of_integers_or_is_refused():
    for place in range(len(GOOD)):
        for value in (0, 1, 66, 255, *b"".join(STEPS), *b"KMJ."):
            damaged = GOOD[:place] + bytes([value]) + GOOD[place + 1 :]
            try:
                found = integer_lists(damaged)
            except ValueError:
                continue
            assert all(type(n) is int for text in found for n in text)


def test_archives(tmp_path):
    path = put(tmp_path, "a.npz", x=objects(TEXTS), y=np.arange(6.0).reshape(2, 3), z=np.array(3))
    x, y, z = read_arrays(path, {"x": LISTS, "y": NUMBERS, "z": NUMBERS})
    assert x == TEXTS
    assert y.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert z == 3
    y[0] = 1  # it is nobody else's
    np.savez(path, y=np.asfortranarray(np.arange(6).reshape(2, 3)))
    assert read_arrays(path, {"y": NUMBERS})[0].tolist() == [[0, 1, 2], [3, 4, 5]]


def npy(shape, descr="|O", content=b""):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


@pytest.mark.parametrize(
    ("member", "kind", "message"),
    [
        (b"no array", NUMBERS, "magic string"),
        (npy("(1000000000000,)", "<f8"), NUMBERS, r"x is float64 \(1000000000000,\), of 0 bytes"),
        (npy("(-1, -1)", "<f8", bytes(8)), NUMBERS, "of 8 bytes"),
        (npy("(3,)", "<f8", bytes(16)), NUMBERS, "of 16 bytes"),
        (npy("(2,)", "|S8", bytes(16)), NUMBERS, r"x is \|S8"),
        (npy("(1,)", "|O", GOOD), NUMBERS, "x is object"),
        (npy("(2,)", "<f8", bytes(16)), LISTS, "x is float64"),
        (npy("(9,)", "|O", GOOD), LISTS, "and has 2 lists"),
        (npy("(2, 1)", "|O", GOOD), LISTS, r"x is object \(2, 1\)"),
        (npy("__import__('os')"), NUMBERS, "."),
        (b"\x93NUMPY\x09\x00", NUMBERS, "."),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", NUMBERS, "."),
    ],
)
def test_arrays_that_lie(tmp_path, member, kind, message):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
    with pytest.raises(FormatError, match=r"not the archive that it should be. Got .*" + message):
        read_arrays(tmp_path / "a.npz", {"x": kind})


def test_archives_that_are_none(tmp_path):
    path = tmp_path / "a.npz"
    for content in (b"", b"<html>", b"PK\x05\x06" + bytes(18)):
        path.write_bytes(content)
        with pytest.raises(FormatError, match="not the archive"):
            read_arrays(path, {"x": NUMBERS})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(2**27))
    with pytest.raises(
        FormatError, match=r"x.npy would have 134,217,728 bytes, 67,108,864 at most"
    ):
        read_arrays(path, {"x": NUMBERS})
    content = put(tmp_path, "b.npz", x=np.arange(1000)).read_bytes()
    path.write_bytes(content[:90] + b"\0\0\0" + content[93:])
    with pytest.raises(FormatError, match="not the archive"):
        read_arrays(path, {"x": NUMBERS})


# --- imdb and reuters --------------------------------------------------------------------------


def put_imdb(tmp_path, texts=TEXTS, labels=None):
    y = np.arange(len(texts)) % 2 if labels is None else labels
    return put(
        tmp_path / "imdb", "imdb.npz", x_train=objects(texts), y_train=y,
        x_test=objects(texts[:8]), y_test=y[:8],
    )  # fmt: skip


def keras_imdb(texts, labels, seed=113, start_char=1, index_from=3):
    """What Keras makes of texts before any are left out."""
    order = np.arange(len(texts))
    np.random.RandomState(seed).shuffle(order)
    begin = [] if start_char is None else [start_char]
    return [begin + [w + (index_from or 0) for w in texts[i]] for i in order], labels[order]


def test_imdb(tmp_path):
    put_imdb(tmp_path)
    labels = np.arange(len(TEXTS)) % 2
    (x_train, y_train), (x_test, y_test) = imdb.load_data()
    x, y = keras_imdb(TEXTS, labels)
    top = max(map(max, x))
    assert x_train.shape == (25,)
    assert x_test.shape == (8,)
    assert x_train.dtype == object
    assert x_train.tolist() == [[w if w < top else 2 for w in text] for text in x]
    assert y_train.tolist() == y.tolist()
    assert sorted(y_test.tolist()) == sorted(labels[:8].tolist())

    (limited, _), _ = imdb.load_data(num_words=300, skip_top=6, oov_char=9, seed=1)
    x, _ = keras_imdb(TEXTS, labels, seed=1)
    assert limited.tolist() == [[w if 6 <= w < 300 else 9 for w in text] for text in x]
    (dropped, _), _ = imdb.load_data("imdb.npz", 300, oov_char=None, start_char=None, index_from=0)
    x, _ = keras_imdb(TEXTS, labels, start_char=None, index_from=0)
    assert dropped.tolist() == [[w for w in text if w < 300] for text in x]
    (short, y_short), _ = imdb.load_data(maxlen=5)
    assert {len(text) for text in short} == {1, 2}
    assert len(short) == len(y_short) == 10
    with pytest.raises(DataError, match=r"no text is shorter than maxlen. Got maxlen=1; expected"):
        imdb.load_data(maxlen=1)
    with pytest.raises(ArgumentError, match="num_words is too small"):
        imdb.load_data(num_words=-1)


def test_imdb_by_path_and_folder(tmp_path):
    own = put_imdb(tmp_path / "deep").rename(tmp_path / "mine.npz")
    assert len(imdb.load_data(path=str(own))[0][0]) == 25
    assert len(imdb.load_data(folder=put_imdb(tmp_path / "x").parent)[0][0]) == 25
    with pytest.raises(MissingDataError, match=r"no such file of the data set imdb. Got other.npz"):
        imdb.load_data(path="other.npz")
    with pytest.raises(MissingDataError, match=r"the data set imdb is neither here nor reachable"):
        imdb.load_data()


def test_imdb_words(tmp_path):
    (tmp_path / "imdb").mkdir()
    path = tmp_path / "imdb" / "imdb_word_index.json"
    path.write_text('{"the": 1, "and": 2}')
    assert imdb.get_word_index() == {"the": 1, "and": 2}
    for text in ('["the"]', '{"the": "1"}', '{"the": 1.5}'):
        path.write_text(text)
        with pytest.raises(FormatError, match="these are no ranks of words"):
            imdb.get_word_index()
    path.write_text("{")
    with pytest.raises(FormatError, match="cannot be read"):
        imdb.get_word_index()


def test_labels_that_are_none(tmp_path):
    put_imdb(tmp_path, labels=np.arange(25))
    with pytest.raises(FormatError, match=r"a label is no class. Got 0 to 24; expected 0 to 1"):
        imdb.load_data()
    put_imdb(tmp_path, labels=np.zeros(24, int))
    with pytest.raises(FormatError, match=r"no labels of the texts. Got int64 \(24,\)"):
        imdb.load_data()


def test_reuters(tmp_path):
    labels = np.arange(len(TEXTS)) % 46
    put(tmp_path / "reuters", "reuters.npz", x=objects(TEXTS), y=labels)
    (x_train, y_train), (x_test, y_test) = reuters.load_data(test_split=0.3, num_words=300)
    x, y = keras_imdb(TEXTS, labels)
    x = [[w if w < 300 else 2 for w in text] for text in x]
    assert (x_train.tolist(), x_test.tolist()) == (x[:17], x[17:])
    assert (y_train.tolist(), y_test.tolist()) == (y[:17].tolist(), y[17:].tolist())
    assert len(reuters.get_label_names()) == 46
    assert reuters.get_label_names()[3:5] == ("earn", "acq")
    assert reuters.load_data(test_split=0)[1][0].shape == (0,)
    (tmp_path / "reuters" / "reuters_word_index.json").write_text('{"the": 1}')
    assert reuters.get_word_index() == {"the": 1}
    with pytest.raises(ArgumentError, match="test_split is out of range"):
        reuters.load_data(test_split=2)


# --- houses and photos ---------------------------------------------------------------------------


@pytest.mark.parametrize("module", [boston_housing, california_housing])
def test_houses(tmp_path, module):
    columns = module.CARD.shape[0]
    x = np.arange(1000.0 * columns).reshape(1000, columns)
    y = np.arange(1000.0)
    path = put(tmp_path / module.CARD.name, module.FILE, x=x, y=y)
    (x_train, y_train), (x_test, y_test) = module.load_data(test_split=0.3, seed=5)
    order = np.arange(1000)
    np.random.RandomState(5).shuffle(order)
    assert y_train.tolist() == y[order][:700].tolist()
    assert x_test.tolist() == x[order][700:].tolist()
    assert (x_train.shape, y_test.shape) == ((700, columns), (300,))
    with pytest.raises(ArgumentError, match="test_split is below 1"):
        module.load_data(test_split=1)
    put(path.parent, module.FILE, x=x[:, 1:], y=y)
    with pytest.raises(FormatError, match=r"not the table that it should be. Got x \(1000, "):
        module.load_data()


def test_small_california(tmp_path):
    put(
        tmp_path / "california_housing",
        california_housing.FILE,
        x=np.ones((1000, 8)),
        y=np.ones(1000),
    )
    (x_train, _), (x_test, _) = california_housing.load_data(version="small")
    assert (x_train.shape, x_test.shape) == ((480, 8), (120, 8))
    with pytest.raises(ArgumentError, match=r"unknown version. Got 'tiny'"):
        california_housing.load_data("tiny")


def test_cifar100(tmp_path):
    assert (len(cifar100.CARD.classes), len(cifar100.COARSE)) == (100, 20)
    assert list(cifar100.CARD.classes) == sorted(set(cifar100.CARD.classes))
    folder = tmp_path / "cifar100" / cifar100.INNER
    folder.mkdir(parents=True)

    def record(coarse, fine):
        return bytes([coarse, fine]) + np.repeat(np.uint8([7, 8, 9]), 1024).tobytes()

    (folder / "train.bin").write_bytes(record(3, 70) * 5)
    (folder / "test.bin").write_bytes(record(19, 99))
    (x_train, y_train), (x_test, y_test) = cifar100.load_data()
    assert (x_train.shape, x_test.shape) == ((5, 32, 32, 3), (1, 32, 32, 3))
    assert x_train[0, 4, 5].tolist() == [7, 8, 9]
    assert (y_train.ravel().tolist(), y_test.tolist()) == ([70] * 5, [[99]])
    assert cifar100.load_data("coarse")[0][1].ravel().tolist() == [3] * 5
    with pytest.raises(ArgumentError, match="unknown label_mode"):
        cifar100.load_data("medium")
    (folder / "test.bin").write_bytes(record(20, 99))
    with pytest.raises(FormatError, match=r"is no class of CIFAR-100. Got 20; expected 0 to 19"):
        cifar100.load_data("coarse")
    (folder / "train.bin").write_bytes(record(3, 70) * 4)
    with pytest.raises(FormatError, match=r"train.bin of CIFAR-100 is cut off"):
        cifar100.load_data()


# --- tables that ship with the package ------------------------------------------------------------

KNOWN = json.loads(Path(__file__).with_name("tables.json").read_text())


@pytest.mark.parametrize("module", [iris, wine, breast_cancer])
def test_small_tables(module):
    known = KNOWN[module.CARD.name]
    table = module.load_table()
    assert table.X.tolist()[::25] == known["rows"]  # to the last bit
    np.testing.assert_allclose(table.X.sum(axis=0), known["sums"], rtol=1e-12)
    assert np.bincount(table.y).tolist() == known["y"]
    assert list(table.feature_names) == known["features"]
    assert list(table.class_names) == known["classes"]
    assert table.X.shape == (module.CARD.samples, *module.CARD.shape)
    (x_train, y_train), (x_test, y_test) = module.load_data(0.3)
    assert len(x_train) + len(x_test) == module.CARD.samples
    assert set(y_test.tolist()) == set(range(len(module.CARD.classes)))
    assert (x_train.dtype, y_train.dtype) == (np.float64, np.int64)
    (x, y), (nothing, _) = module.load_data(0)
    assert np.array_equal(x, table.X)
    assert np.array_equal(y, table.y)
    assert nothing.shape == (0, *module.CARD.shape)
    entry = next(entry for entry in catalog() if entry.name == module.CARD.name)
    assert entry.available
    assert (entry.location / "NOTICE").read_text().count(f"\n{module.CARD.name}.npz\n=") == 1
    with pytest.raises(ArgumentError, match="test_fraction is out of range"):
        module.load_data(1)


def test_cards_have_checksums():
    for module in (imdb, reuters, boston_housing, california_housing, cifar100):
        for file in module.CARD.files:
            assert len(bytes.fromhex(file.checksum)) in (16, 32)
            assert file.size > 0
            assert all(url.startswith("https://") for url in file.urls)
