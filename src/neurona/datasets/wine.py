"""Wine: 178 wines of three growers, 13 numbers each; ships with the package."""

from __future__ import annotations

from neurona.datasets.card import Card
from neurona.datasets.embedded_table import Pair, parted, read
from neurona.datasets.table import Table

CARD = Card(
    name="wine",
    description="Wines of three growers by 13 numbers; inside the package, no download",
    samples=178,
    shape=(13,),
    classes=("class_0", "class_1", "class_2"),
    licence="CC BY 4.0",
    homepage="https://doi.org/10.24432/C5PC7J",
    features=(
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ),
)


def load_data(test_fraction: float = 0.2) -> tuple[Pair, Pair]:
    """Load Wine: ((x_train, y_train), (x_test, y_test)), always the same split.

    The split is stratified, `train_test_split(x, y, test_size=test_fraction, random_state=0,
    stratify=y)`. The columns have sizes of their own: `nn.layers.Normalization` makes them alike.

    Shapes: x (N, 13) float64, columns in `CARD.features`; y (N,) int64, the grower.
    Args:
        test_fraction: part for testing, in [0, 0.99]; 0 keeps all 178, in their order, to train.
    Raises:
        ArgumentError: test_fraction out of range.
        DataError: a fraction that leaves one of the parts without some class.
    Source: Aeberhard and Forina 1991, UCI; as scikit-learn's `load_wine` has it.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((142, 13), (36, 13))
    """
    return parted(load_table(), test_fraction)


def load_table() -> Table:
    """Return the whole table, with the names of its columns and classes.

    >>> table = load_table()
    >>> table.feature_names[0], table.class_names[0], table.X[0, 0].item()
    ('alcohol', 'class_0', 14.23)
    """
    return read(CARD, "grower")
