"""CIFAR-10: 60,000 small colour photos of ten things, 32 x 32."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.cifar_format import Form, Pair
from neurona.datasets.locate import Folder

ARCHIVE = "cifar-10-binary.tar.gz"
INNER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)

# The binary version: the other two need pickle or MATLAB. The authors print the MD5 sum
# c32a1d4ab5d03f1284b67883e8d87530; the SHA-256 sum is that of the same file.
CARD = Card(
    name="cifar10",
    description="Colour photos of animals and vehicles, 50,000 for training, 10,000 for testing",
    samples=60_000,
    shape=(32, 32, 3),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    licence="none stated; cite Krizhevsky 2009",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    files=remote_files(
        (
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ),
        (
            ARCHIVE,
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
)

FORM = Form(CARD, "CIFAR-10", INNER, TRAIN, TEST, labels=1, other="CIFAR-100")
RECORD = FORM.record


def load_data(folder: Folder | None = None) -> tuple[Pair, Pair]:
    """Load CIFAR-10: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (50000, 32, 32, 3) and (10000, 32, 32, 3) uint8; y (N, 1) uint8, a place in
    `CARD.classes`.
    Args:
        folder: where `cifar-10-binary.tar.gz`, `cifar-10-batches-bin/` or the six `.bin` files
            are, or a `cifar10/` with them. None looks into `cifar10/` of NEURONA_DATA and of the
            cache, and then downloads the archive (162 MB). Nothing is unpickled or unpacked.
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    return FORM.load(folder, 0, CARD.classes)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the archive or all six binary files."""
    return FORM.is_complete(folder)
