"""Breast cancer: 569 tumours, 30 numbers on their cells; ships with the package."""

from __future__ import annotations

from neurona.datasets.card import Card
from neurona.datasets.embedded_table import Pair, parted, read
from neurona.datasets.table import Table

CARD = Card(
    name="breast_cancer",
    description="Tumours, malignant or benign, by 30 numbers on cells; inside the package",
    samples=569,
    shape=(30,),
    classes=("malignant", "benign"),
    licence="CC BY 4.0",
    homepage="https://doi.org/10.24432/C5DW2B",
    features=tuple(
        kind.format(quantity)
        for kind in ("mean {}", "{} error", "worst {}")
        for quantity in (
            "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
            "concave points", "symmetry", "fractal dimension",
        )
    ),
)  # fmt: skip


def load_data(test_fraction: float = 0.2) -> tuple[Pair, Pair]:
    """Load the tumours: ((x_train, y_train), (x_test, y_test)), always the same split.

    The split is stratified, `train_test_split(x, y, test_size=test_fraction, random_state=0,
    stratify=y)`. The columns have sizes of their own: `nn.layers.Normalization` makes them alike.

    Shapes: x (N, 30) float64, columns in `CARD.features`; y (N,) int64, 0 malignant, 1 benign.
    Args:
        test_fraction: part for testing, in [0, 0.99]; 0 keeps all 569, in their order, to train.
    Raises:
        ArgumentError: test_fraction out of range.
        DataError: a fraction that leaves one of the parts without some class.
    Source: Wolberg, Street and Mangasarian 1995, UCI; as scikit-learn's `load_breast_cancer` has
        it.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((455, 30), (114, 30))
    """
    return parted(load_table(), test_fraction)


def load_table() -> Table:
    """Return the whole table, with the names of its columns and classes.

    >>> table = load_table()
    >>> table.feature_names[0], table.class_names[0], table.X[0, 0].item()
    ('mean radius', 'malignant', 17.99)
    """
    return read(CARD, "diagnosis")
