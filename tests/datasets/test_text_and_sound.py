"""Data sets of text, series and sound, on small files of their form and, where there are, whole."""

import gzip
import io
import os
import socket
import tarfile
import urllib.error

import numpy as np
import pytest

from neurona.data import download
from neurona.data.sound import write_sound
from neurona.datasets import catalog, fsdd, multi30k, names, series, tinyshakespeare
from neurona.errors import ArgumentError, FormatError, MissingDataError

MODULES = [names, tinyshakespeare, multi30k, series, fsdd]


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch, request):
    """No data of the machine unless asked for, and no network."""

    def no_network(url):
        raise urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    if "slow" not in request.keywords:
        monkeypatch.delenv("NEURONA_DATA", raising=False)
    monkeypatch.setattr(download, "open_url", no_network)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.CARD.name)
def test_without_data_the_message_says_what_to_get(module):
    with pytest.raises(MissingDataError, match=f"the data set {module.CARD.name} is neither") as e:
        module.load_data()
    for file in module.CARD.files:
        assert file.name in str(e.value)
    assert module.CARD.name in [entry.name for entry in catalog()]


def put(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("_csv", ".csv").replace("_txt", ".txt")
        path.write_bytes(content)


def test_names_and_plays(tmp_path):
    put(
        tmp_path,
        names_txt=b"emma\r\nolivia\n\nzo\xc3\xab",
        input_txt="First Citizen:\nÄ\n".encode(),
    )
    assert names.load_data(tmp_path) == ["emma", "olivia", "zoë"]
    assert tinyshakespeare.load_data(tmp_path) == "First Citizen:\nÄ\n"
    put(tmp_path, names_txt=b" \n", input_txt=b"ab\xff")
    with pytest.raises(FormatError, match=r"names.txt: the file is empty"):
        names.load_data(tmp_path)
    with pytest.raises(FormatError, match=r"input.txt: this is not the text.*no UTF-8 at byte 2"):
        tinyshakespeare.load_data(tmp_path)


def put_pairs(folder, **lines):
    for file in multi30k.CARD.files:
        split, language, _ = file.name.split(".")
        text = lines.get(f"{split}_{language}", f"{split} {language} one.\ntwo.\n")
        (folder / file.name).write_bytes(gzip.compress(text.encode()))


def test_pairs_of_sentences(tmp_path):
    put_pairs(tmp_path)
    train, validation, test = multi30k.load_data(tmp_path)
    assert train == (["train en one.", "two."], ["train de one.", "two."])
    assert validation[1] == ["val de one.", "two."]
    assert test[0] == ["test_2016_flickr en one.", "two."]
    put_pairs(tmp_path, val_de="one.\n")
    with pytest.raises(FormatError, match=r"not the sentences of val.de.gz. Got 2 and 1 lines"):
        multi30k.load_data(tmp_path)
    (tmp_path / "train.en.gz").write_bytes(gzip.compress(b"text" * 999)[:20])
    with pytest.raises(FormatError, match=r"train.en.gz: the archive is damaged. Got .*; 20 bytes"):
        multi30k.load_data(tmp_path)
    (tmp_path / "train.en.gz").write_bytes(gzip.compress(bytes(2**26 + 1), 1))
    with pytest.raises(FormatError, match="there is far more in it than expected"):
        multi30k.load_data(tmp_path)


def test_series(tmp_path):
    good = b'"Month","Passengers"\n"1949-01",112\n"1949-02",118.5\n'
    put(tmp_path, **{f"{name}_csv": good for name in series.NAMES})
    dates, values = series.load_data("airline-passengers", tmp_path)
    assert dates.tolist() == np.array(["1949-01", "1949-02"], "datetime64[M]").tolist()
    assert values.tolist() == [112, 118.5]
    with pytest.raises(ArgumentError, match="name"):
        series.load_data("stocks", tmp_path)
    for bad in (b"head\n", b"head\n1949-01,nan", b"head\n1949-01,1\n1949-01,2", b"head\nx,1",
                b"head\n1949-01,1,2", b"head\n1949-01,a"):  # fmt: skip
        put(tmp_path, **{"monthly-sunspots_csv": bad})
        with pytest.raises(FormatError, match="this is no series"):
            series.load_data("monthly-sunspots", tmp_path)


def recordings(folder, numbers=(0, 4, 5, 7), rate=8000):
    (folder / "recordings").mkdir(parents=True, exist_ok=True)
    for number in numbers:
        for digit in (3, 1):
            path = folder / "recordings" / f"{digit}_ann_{number}.wav"
            write_sound(path, np.full(10 + number, digit / 10), rate)
    return folder / "recordings"


@pytest.mark.parametrize("packed", [False, True])
def test_spoken_digits_in_the_official_split(tmp_path, packed):
    folder = recordings(tmp_path)
    (folder / "notes.txt").write_text("no recording")
    if packed:
        with tarfile.open(tmp_path / fsdd.ARCHIVE, "w:gz") as archive:
            archive.add(folder, "fsdd-1.0.9/recordings")
        folder.rename(tmp_path / "elsewhere")
    (x, y), (x_test, y_test) = fsdd.load_data(tmp_path)
    assert y.tolist() == y_test.tolist() == [1, 3, 1, 3]
    assert [len(a) for a in x] == [15, 15, 17, 17]
    assert [len(a) for a in x_test] == [10, 10, 14, 14]
    np.testing.assert_allclose(x_test[1], 0.3, atol=1e-4)
    assert x[0].dtype == np.float32


def test_spoken_digits_that_are_damaged(tmp_path):
    recordings(tmp_path, numbers=(5,))
    with pytest.raises(FormatError, match=r"not all there. Got 2 for training, 0 for tests"):
        fsdd.load_data(tmp_path)
    folder = recordings(tmp_path, numbers=(0,), rate=16000)
    with pytest.raises(FormatError, match=r"has another sample rate. Got 16000 Hz"):
        fsdd.load_data(tmp_path)
    recordings(tmp_path, numbers=(0,))
    os.truncate(folder / "1_ann_0.wav", 10)
    with pytest.raises(FormatError, match="no sound that can be read"):
        fsdd.load_data(tmp_path)
    (folder / "1_ann_0.wav").write_bytes(bytes(2**20 + 1))
    with pytest.raises(FormatError, match=r"1_ann_0.wav: a digit is not that long"):
        fsdd.load_data(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with tarfile.open(other / fsdd.ARCHIVE, "w:gz") as archive:
        info = tarfile.TarInfo("recordings/1_ann_0.wav")
        info.size = 2**21
        archive.addfile(info, io.BytesIO(bytes(2**21)))
    with pytest.raises(FormatError, match="a digit is not that long"):
        fsdd.load_data(other)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("NEURONA_DATA"), reason="no real data here")
def test_the_real_sets_are_whole():
    assert len(names.load_data()) == names.CARD.samples
    assert len(tinyshakespeare.load_data()) == 1_115_394
    assert [len(pairs[0]) for pairs in multi30k.load_data()] == [29_000, 1_014, 1_000]
    assert [len(series.load_data(name)[1]) for name in series.NAMES] == [3_650, 144, 2_820]
    (x, _), (x_test, _) = fsdd.load_data()
    assert len(x) + len(x_test) in (2_500, 3_000)
    assert len(x_test) * 10 == len(x) + len(x_test)
