"""The real data sets, on small files of their form; the network is never touched."""

import gzip
import io
import os
import socket
import tarfile
import urllib.error

import numpy as np
import pytest

from neurona.data import download
from neurona.datasets import catalog, cifar10, cifar_format, digits, fashion_mnist, mnist, write_idx
from neurona.datasets.mnist_format import NAMES
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = (np.arange(12) % 10).astype(np.uint8)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No data of the machine, and no network."""

    def no_network(url):
        raise urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEURONA_DATA", raising=False)
    monkeypatch.setattr(download, "open_url", no_network)


def put_mnist(folder, names=NAMES, images=IMAGES, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_idx(folder / name, images if "images" in name else labels)


@pytest.mark.parametrize("module", [mnist, fashion_mnist])
@pytest.mark.parametrize("place", ["folder", "inside", "own", "cache"])
def test_a_local_copy_is_used_as_it_is(tmp_path, monkeypatch, module, place):
    name = module.CARD.name
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    put_mnist(tmp_path / place / (name if place != "folder" else ""))
    folder = tmp_path / place if place in ("folder", "inside") else None
    (x_train, y_train), (x_test, y_test) = module.load_data(folder)
    assert np.array_equal(x_train, IMAGES)
    assert np.array_equal(y_test, LABELS)
    assert (x_test.dtype, y_train.dtype) == (np.uint8, np.uint8)


def test_the_order_of_search(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    put_mnist(tmp_path / "cache" / "mnist", labels=LABELS * 0)
    put_mnist(tmp_path / "own" / "mnist", NAMES[:3])  # incomplete
    assert mnist.load_data()[0][1].max() == 0
    put_mnist(tmp_path / "own" / "mnist")
    assert mnist.load_data()[0][1].max() == 9
    put_mnist(tmp_path / "named", labels=LABELS * 0 + 3)
    assert mnist.load_data(tmp_path / "named")[0][1].max() == 3


def test_unpacked_files_are_fine_too(tmp_path):
    put_mnist(tmp_path, [name.removesuffix(".gz") for name in NAMES])
    assert mnist.load_data(tmp_path)[1][0].shape == (12, 28, 28)


def test_the_archive_of_keras_is_read_where_it_is_named(tmp_path):
    path = tmp_path / "mnist.npz"
    known = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:5], "y_test": LABELS[:5]}
    np.savez(path, **known)
    for given in ({"path": str(path)}, {"folder": path}):
        (x_train, _), (x_test, y_test) = mnist.load_data(**given)
        assert np.array_equal(x_train, IMAGES)
        assert np.array_equal(y_test, LABELS[:5])
        assert len(x_test) == 5
    put_mnist(tmp_path / "cache" / "mnist")
    assert len(mnist.load_data(path="other.npz")[0][0]) == 12  # as usual
    assert len(mnist.load_data("other.npz")[1][0]) == 12
    np.savez(path, **known | {"y_train": LABELS[:3]})
    with pytest.raises(FormatError, match=r"y_train: these are not the labels of x_train"):
        mnist.load_data(path=path)
    path.write_bytes(b"x")
    with pytest.raises(FormatError, match="not the archive that it should be"):
        mnist.load_data(path=path)


def test_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    with pytest.raises(MissingDataError) as caught:
        mnist.load_data()
    text = str(caught.value)
    assert text.startswith(
        "the data set mnist is neither here nor reachable. Got no complete copy in"
    )
    for part in (
        str(tmp_path / "own" / "mnist"),
        str(tmp_path / "cache" / "mnist"),
        "Name or service not known",
        *NAMES,
        "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
        "try: get the files",
        "NEURONA_DATA",
    ):
        assert part in text


def test_a_named_folder_must_hold_the_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    put_mnist(tmp_path / "own" / "mnist")  # which nobody asked for
    with pytest.raises(MissingDataError, match=r"there is no folder .*nowhere\. Expected"):
        mnist.load_data(tmp_path / "nowhere")
    put_mnist(tmp_path / "half", NAMES[:3])
    with pytest.raises(MissingDataError) as caught:
        mnist.load_data(tmp_path / "half")
    assert str(caught.value).startswith(
        f"the folder {tmp_path / 'half'} does not hold the data set mnist. Got no complete copy in "
        f"{tmp_path / 'half'} or {tmp_path / 'half' / 'mnist'}; expected {', '.join(NAMES)}"
    )


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(
        MissingDataError, match=r"cifar10 is neither here.*the download failed: .*cache"
    ):
        cifar10.load_data()


def test_what_is_downloaded_is_found_again(tmp_path, monkeypatch):
    def fetch(files, folder):
        put_mnist(folder, [file.name for file in files])

    with monkeypatch.context() as patch:
        patch.setattr("neurona.datasets.locate.fetch", fetch)
        assert mnist.load_data()[0][0].shape == (12, 28, 28)
    assert mnist.load_data()[0][0].shape == (12, 28, 28)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (
            IMAGES[:, :27],
            LABELS,
            r"not images of mnist. Got uint8 \(12, 27, 28\); .* \(N, 28, 28\)",
        ),
        (IMAGES.astype("f4"), LABELS, r"not images of mnist. Got float32 \(12, 28, 28\)"),
        (
            IMAGES,
            LABELS[:9],
            r"not the labels of train-images-.*Got uint8 \(9,\); expected uint8 \(12,",
        ),
        (IMAGES, LABELS + 1, r"a label is no class of mnist. Got 10; expected 0 to 9"),
    ],
)
def test_files_that_do_not_fit(tmp_path, images, labels, message):
    put_mnist(tmp_path, images=images, labels=labels)
    with pytest.raises(FormatError, match=message):
        mnist.load_data(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    put_mnist(tmp_path)
    path = tmp_path / NAMES[2]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match=r"t10k-images-idx3-ubyte.gz: the file ends within"):
        mnist.load_data(tmp_path)


def record(label, value):
    planes = np.full((3, 32, 32), value, np.uint8)
    planes[:, 0, 1] = [1, 2, 3]
    return bytes([label]) + planes.tobytes()


BATCHES = {
    name: record(number, 10 * number) + record(9, 200)
    for number, name in enumerate(cifar10.TRAIN + cifar10.TEST)
}


def put_cifar(folder, batches=BATCHES):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in batches.items():
        (folder / name).write_bytes(data)


def pack_cifar(folder, batches=BATCHES, prefix="cifar-10-batches-bin/", extra=()):
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / cifar10.ARCHIVE, "w:gz") as archive:
        for name, data in batches.items():
            info = tarfile.TarInfo(prefix + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)


@pytest.mark.parametrize("form", ["archive", "folder", "files"])
def test_cifar10(tmp_path, form):
    if form == "archive":
        pack_cifar(tmp_path)
    else:
        put_cifar(tmp_path / (cifar10.INNER if form == "folder" else ""))
    (x_train, y_train), (x_test, y_test) = cifar10.load_data(tmp_path)
    assert (x_train.shape, x_train.dtype) == ((10, 32, 32, 3), np.uint8)
    assert (y_train.shape, y_train.dtype) == ((10, 1), np.uint8)
    assert y_train.ravel().tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert y_test.ravel().tolist() == [5, 9]
    assert x_train[2, 0, 1].tolist() == [1, 2, 3]
    assert (x_test[0, 5] == 50).all()


def test_an_archive_writes_nothing_wherever_its_members_point(tmp_path):
    link = tarfile.TarInfo("../link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    pack_cifar(tmp_path / "in", prefix="../../", extra=[link])
    assert cifar10.load_data(tmp_path / "in")[1][0].shape == (2, 32, 32, 3)
    assert os.listdir(tmp_path / "in") == [cifar10.ARCHIVE]
    assert os.listdir(tmp_path) == ["in"]


def test_a_member_that_is_a_link_is_no_batch(tmp_path):
    link = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    batches = {name: BATCHES[name] for name in cifar10.TRAIN}
    pack_cifar(tmp_path, batches, extra=[link])
    with pytest.raises(
        FormatError, match=r"not the binary version.*Got no test_batch.bin.\ntry: down"
    ):
        cifar10.load_data(tmp_path)


def test_cifar10_bad_files(tmp_path):
    put_cifar(tmp_path, BATCHES | {"data_batch_3.bin": b"x" * 3000})
    with pytest.raises(
        FormatError, match=r"data_batch_3.bin: this is not a CIFAR-10 batch. Got 3000 b"
    ):
        cifar10.load_data(tmp_path)
    put_cifar(tmp_path, {"data_batch_3.bin": b""})
    with pytest.raises(
        FormatError,
        match=r"CIFAR-10 batch. Got 0 bytes; expected 30730000 bytes, or another number of rec",
    ):
        cifar10.load_data(tmp_path)
    put_cifar(tmp_path, {"data_batch_3.bin": record(10, 0) * 2})
    with pytest.raises(
        FormatError, match=r"a label in data_batch_1.bin.* is no class.*Got 10; exp"
    ):
        cifar10.load_data(tmp_path)


def test_cifar10_bad_archives(tmp_path, monkeypatch):
    path = tmp_path / cifar10.ARCHIVE
    for data in (b"", b"<html>", gzip.compress(b"no tar" * 1000)):
        path.write_bytes(data)
        with pytest.raises(
            FormatError, match=r"tar.gz: the archive (is damaged|is not the binary)"
        ):
            cifar10.load_data(tmp_path)
    pack_cifar(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"the archive is damaged. Got .*\ntry: delete it and"):
        cifar10.load_data(tmp_path)
    pack_cifar(tmp_path, BATCHES | {"test_batch.bin": b"y" * 5})
    with pytest.raises(
        FormatError, match=r"test_batch.bin: this is not a CIFAR-10 batch. Got 5 bytes"
    ):
        cifar10.load_data(tmp_path)
    monkeypatch.setattr(cifar_format, "MAX_ARCHIVE", 20_000)
    pack_cifar(tmp_path)
    with pytest.raises(FormatError, match=r"more in it than expected. Got more than 20000 bytes"):
        cifar10.load_data(tmp_path)


def test_a_batch_that_is_cut_off_between_two_records_is_seen(tmp_path):
    put_cifar(tmp_path, BATCHES | {"data_batch_3.bin": BATCHES["data_batch_3.bin"][:3073]})
    with pytest.raises(
        FormatError,
        match=r"data_batch_3.bin of CIFAR-10 is cut off.* Got 3073 bytes; expected 6146",
    ):
        cifar10.load_data(tmp_path)


def test_an_archive_that_is_cut_off_is_told_with_its_bytes(tmp_path):
    pack_cifar(tmp_path)
    path = tmp_path / cifar10.ARCHIVE
    whole, content = path.read_bytes(), gzip.decompress(path.read_bytes())
    for cut in (12, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(
            FormatError, match=rf"damaged. Got .*; {cut:,} bytes; expected .* 170,052,171 bytes"
        ):
            cifar10.load_data(tmp_path)
    for cut, told in ((700, "188 bytes of 6,146"), (600, "88 bytes of 6,146")):
        path.write_bytes(gzip.compress(content[:cut]))
        with pytest.raises(FormatError, match=f"the archive is damaged. Got {told};"):
            cifar10.load_data(tmp_path)


def header(name, size, kind=b"0"):
    made = tarfile.TarInfo(name)
    made.size, made.type = 0, kind
    text = bytearray(made.tobuf(tarfile.USTAR_FORMAT))
    text[124:136] = size
    text[148:156] = b" " * 8
    text[148:156] = b"%06o\0 " % sum(text)
    return bytes(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            header("data_batch_1.bin", b"77777777777\0", b"S"),
            "damaged. Got 1,024 bytes of 1,048,576",
        ),  # holes
        (header("data_batch_1.bin", b"77777777777\0"), "not a CIFAR-10 batch. Got 8589934591"),
        (header("x", b"\x80" + b"\xff" * 11), "the size of a member is damaged"),
        (header("x", b"-0000000100\0"), "the size of a member is damaged"),
        (header("x", b"00000000009\0"), "damaged. Got invalid literal"),
        (header("x", b"00000000000\0") * 200, "not the binary version"),
        (b"x" * 512, "damaged. Got invalid literal"),
        (header("x", b"00000000000\0")[::-1], "damaged"),
    ],
)
def test_headers_of_an_archive_that_lie(tmp_path, content, message):
    (tmp_path / cifar10.ARCHIVE).write_bytes(gzip.compress(content + bytes(1024)))
    with pytest.raises(FormatError, match=message):
        cifar10.load_data(tmp_path)


def test_a_small_archive_is_not_unpacked_to_a_large_one(tmp_path):
    bomb = header("x", b"%011o\0" % (2**26 + 2**20)) + bytes(2**26 + 2**20)
    (tmp_path / cifar10.ARCHIVE).write_bytes(gzip.compress(bomb, 1))
    with pytest.raises(
        FormatError, match=r"far more in it than expected. Got more than 67108864 bytes"
    ):
        cifar10.load_data(tmp_path)


def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, x_test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert (x_train.dtype, y_train.dtype, x_train.max()) == (np.uint8, np.int64, 16)
    whole = np.bincount(np.concatenate([y_train, y_test]))
    assert whole.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert abs(np.bincount(y_test) - whole / 5).max() <= 1
    assert np.array_equal(y_test, digits.load_data()[1][1])
    assert y_test[:8].tolist() == [7, 6, 3, 7, 7, 3, 2, 8]


def test_all_digits_in_their_order():
    (x, y), (x_test, y_test) = digits.load_data(0)
    assert (len(x), len(x_test), len(y_test)) == (1797, 0, 0)
    assert y[:10].tolist() == list(range(10))
    assert x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert int(x.sum()) == 561718


def test_digits_errors():
    with pytest.raises(ArgumentError, match=r"test_fraction is out of range. Got 1"):
        digits.load_data(1)
    with pytest.raises(
        DataError, match=r"the test part is smaller than the number of classes. Got 2"
    ):
        digits.load_data(0.001)


def test_catalog(tmp_path, monkeypatch):
    put_mnist(tmp_path / "own" / "mnist")
    pack_cifar(tmp_path / "named" / "cifar10")
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path / "own"))
    found = {entry.name: entry for entry in catalog(tmp_path / "named")}
    shipped = ["digits", "iris", "wine", "breast_cancer"]
    assert list(found)[:7] == [*shipped, "mnist", "fashion_mnist", "cifar10"]
    assert [n for n in found if found[n].available] == [*shipped, "mnist", "cifar10"]
    assert found["mnist"].location == tmp_path / "own" / "mnist"
    assert found["cifar10"].location == tmp_path / "named" / "cifar10"
    assert found["fashion_mnist"].location == tmp_path / "cache" / "fashion_mnist"
    assert found["mnist"].download_bytes == 11_594_722
    assert (found["digits"].location / "NOTICE").is_file()
    assert {len(entry.classes) for entry in found.values()} == {10, 100, 46, 3, 2, 0}  # 0: series


def test_cards_are_whole():
    for card in (mnist.CARD, fashion_mnist.CARD, cifar10.CARD):
        for file in card.files:
            assert len(bytes.fromhex(file.checksum)) == 32
            assert file.size > 0
            assert len(file.urls) > 1
            assert all(url.startswith("https://") for url in file.urls)
    assert tuple(file.name for file in mnist.CARD.files) == NAMES


OWN = os.environ.get("NEURONA_DATA")


@pytest.mark.skipif(not OWN, reason="NEURONA_DATA names no folder with data")
def test_real_mnist(monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(OWN))
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(y_train)[:3].tolist() == [5923, 6742, 5958]
    assert np.bincount(y_test)[:3].tolist() == [980, 1135, 1032]
    assert abs(x_train.mean() / 255 - 0.1307) < 1e-4
