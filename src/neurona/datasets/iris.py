"""Iris: 150 flowers of three kinds, four lengths each; ships with the package."""

from __future__ import annotations

from neurona.datasets.card import Card
from neurona.datasets.embedded_table import Pair, parted, read
from neurona.datasets.table import Table

CARD = Card(
    name="iris",
    description="Flowers of three kinds by four lengths; inside the package, no download",
    samples=150,
    shape=(4,),
    classes=("setosa", "versicolor", "virginica"),
    licence="CC BY 4.0",
    homepage="https://doi.org/10.24432/C56C76",
    features=(
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    ),
)


def load_data(test_fraction: float = 0.2) -> tuple[Pair, Pair]:
    """Load Iris: ((x_train, y_train), (x_test, y_test)), always the same split.

    The split is stratified, `train_test_split(x, y, test_size=test_fraction, random_state=0,
    stratify=y)`. The columns have sizes of their own: `nn.layers.Normalization` makes them alike.

    Shapes: x (N, 4) float64, columns in `CARD.features`; y (N,) int64, a place in `CARD.classes`.
    Args:
        test_fraction: part for testing, in [0, 0.99]; 0 keeps all 150, in their order, to train.
    Raises:
        ArgumentError: test_fraction out of range.
        DataError: a fraction that leaves one of the parts without some class.
    Source: Fisher 1936, UCI; the numbers of the paper, as scikit-learn's `load_iris` has them.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((120, 4), (30, 4))
    """
    return parted(load_table(), test_fraction)


def load_table() -> Table:
    """Return the whole table, with the names of its columns and classes.

    >>> table = load_table()
    >>> table.feature_names[0], table.class_names[0], table.X[0, 0].item()
    ('sepal length (cm)', 'setosa', 5.1)
    """
    return read(CARD, "species")
