"""Fashion-MNIST: 70,000 pieces of clothing, 28 x 28, harder than digits."""

from __future__ import annotations

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder
from neurona.datasets.mnist_format import Pair, load

# Keras's copy, and the authors' own. The SHA-256 sums belong to the files whose MD5 sums the
# authors print in their README (8d4fb7e6..., 25c81989..., bef4ecab..., bb300cfd...).
CARD = Card(
    name="fashion_mnist",
    description="Photos of clothing, grey, 60,000 for training and 10,000 for testing",
    samples=70_000,
    shape=(28, 28),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    licence="MIT",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    files=remote_files(
        (
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        (
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        (
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)


def load_data(folder: Folder | None = None) -> tuple[Pair, Pair]:
    """Load Fashion-MNIST: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (60000, 28, 28) and (10000, 28, 28) uint8; y (N,) uint8, a place in `CARD.classes`.
    Args:
        folder: where the four IDX files are, with or without `.gz`, or a `fashion_mnist/` with
            them. None looks into NEURONA_DATA and the cache, and then downloads them (30 MB).
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    Source: Xiao, Rasul and Vollgraf 2017.
    """
    return load(CARD, folder)
