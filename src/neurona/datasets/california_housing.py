"""California housing: prices of homes in 20,640 parts of California, 1990."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.houses import Pair, check_test_split, parted, read_table
from neurona.datasets.locate import Folder, obtain_file
from neurona.errors import check_choice

FILE, COLUMNS = "california_housing.npz", 8
SMALL = 600
CARD = Card(
    name="california_housing",
    description="Prices of homes in 20,640 parts of California, 8 numbers on each",
    samples=20_640,
    shape=(8,),
    classes=(),
    licence="none stated; StatLib, from the census of 1990",
    homepage="https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.html",
    files=remote_files(
        ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
        (FILE, 743_530, "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),
    ),
)


def load_data(
    version: str = "large",
    path: str = FILE,
    test_split: float = 0.2,
    seed: int = 113,
    folder: Folder | None = None,
) -> tuple[Pair, Pair]:
    """Load the table: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (N, 8), where it is, how old, how large, who lives there and what they earn, in
    columns without names as the file has them; y (N,), the median price of a home in dollars;
    16,512 to train and 4,128 to test.
    Args:
        version: "large", or "small" for its first 600 samples.
        path: the file; one of the usual name is looked for, another is read as it is.
        test_split: part for testing, in [0, 1).
        seed: of the order.
        folder: where `california_housing.npz`, or a `california_housing/` with it, is. None looks
            into NEURONA_DATA and the cache, and then downloads it (0.7 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    Source: Pace and Barry 1997, "Sparse Spatial Autoregressions".
    """
    check_choice("version", version, ("small", "large"))
    test_split = check_test_split(test_split)
    x, y = read_table(obtain_file(CARD, FILE, folder, path), COLUMNS)
    if version == "small":
        x, y = x[:SMALL], y[:SMALL]
    return parted(x, y, test_split, seed)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the file."""
    return (folder / FILE).is_file()
