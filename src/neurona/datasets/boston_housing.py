"""Boston housing: prices of homes in 506 parts of Boston, 1978. Mind what is said of column B."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.houses import Pair, check_test_split, parted, read_table
from neurona.datasets.locate import Folder, obtain_file

FILE = "boston_housing.npz"
CARD = Card(
    name="boston_housing",
    description="Prices of homes in 506 parts of Boston, 13 numbers on each",
    samples=506,
    shape=(13,),
    classes=(),
    licence="none stated; StatLib, cite Harrison and Rubinfeld 1978",
    homepage="http://lib.stat.cmu.edu/datasets/boston",
    features=(
        "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B",
        "LSTAT",
    ),
    files=remote_files(
        ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
        (FILE, 57_026, "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),
    ),
)  # fmt: skip


def load_data(
    path: str = FILE, test_split: float = 0.2, seed: int = 113, folder: Folder | None = None
) -> tuple[Pair, Pair]:
    """Load the table: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Its authors supposed that people pay for living apart by the colour of their skin, and made a
    column B of it. Use it to speak about that, or take `california_housing` instead.

    Shapes: x (N, 13) float64, columns in `CARD.features`; y (N,) float64, the median price of a
    home in thousands of dollars; 404 to train and 102 to test.
    Args:
        path: the file; one of the usual name is looked for, another is read as it is.
        test_split: part for testing, in [0, 1).
        seed: of the order.
        folder: where `boston_housing.npz`, or a `boston_housing/` with it, is. None looks into
            NEURONA_DATA and the cache, and then downloads it (57 KB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    Source: Harrison and Rubinfeld 1978, "Hedonic prices and the demand for clean air".
    """
    test_split = check_test_split(test_split)
    x, y = read_table(obtain_file(CARD, FILE, folder, path), len(CARD.features))
    return parted(x, y, test_split, seed)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the file."""
    return (folder / FILE).is_file()
