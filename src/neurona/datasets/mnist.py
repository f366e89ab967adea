"""MNIST: 70,000 handwritten digits, 28 x 28."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder
from neurona.datasets.mnist_format import Pair, load, load_archive

# The original files of 1998; TensorFlow and PyTorch keep these copies. The checksums are those of
# TensorFlow Datasets (url_checksums/mnist.txt); the MD5 sums in torchvision are of the same files.
CARD = Card(
    name="mnist",
    description="Handwritten digits, grey, 60,000 for training and 10,000 for testing",
    samples=70_000,
    shape=(28, 28),
    classes=tuple("0123456789"),
    licence="CC BY-SA 3.0",
    homepage="http://yann.lecun.com/exdb/mnist/",
    files=remote_files(
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        (
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        (
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)


def load_data(folder: Folder | None = None, *, path: str | None = None) -> tuple[Pair, Pair]:
    """Load MNIST: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (60000, 28, 28) and (10000, 28, 28) uint8, 0 paper to 255 ink; y (N,) uint8, 0 to 9.
    Args:
        folder: where the four IDX files are, with or without `.gz`, or a `mnist/` with them. None
            looks into `mnist/` of NEURONA_DATA and of the cache, and then downloads them (11 MB).
            Keras's `mnist.npz` is read, too, if it is named.
        path: Keras's argument: its `mnist.npz`, if there is such a file.
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    Source: LeCun, Bottou, Bengio and Haffner 1998.
    """
    for named in (path, folder):
        if named is not None and Path(named).suffix == ".npz" and Path(named).is_file():
            return load_archive(CARD, Path(named))
    return load(CARD, None if folder is not None and Path(folder).suffix == ".npz" else folder)
