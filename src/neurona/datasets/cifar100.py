"""CIFAR-100: 60,000 small colour photos of a hundred things, 32 x 32."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.cifar_format import Form, Pair
from neurona.datasets.locate import Folder
from neurona.errors import check_choice

ARCHIVE = "cifar-100-binary.tar.gz"
INNER = "cifar-100-binary"

_FINE = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
    "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach "
    "couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house "
    "kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle "
    "mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
    "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal "
    "shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower "
    "sweet_pepper table tank telephone television tiger tractor train trout tulip turtle "
    "wardrobe whale willow_tree wolf woman worm"
)
_COARSE = (
    "aquatic_mammals fish flowers food_containers fruit_and_vegetables "
    "household_electrical_devices household_furniture insects large_carnivores "
    "large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores "
    "medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1 "
    "vehicles_2"
)

# The binary version: the other two need pickle or MATLAB. The authors print the MD5 sum
# 03b5dce01913d631647c71ecec9e9cb8; the SHA-256 sum is that of TensorFlow Datasets.
CARD = Card(
    name="cifar100",
    description="Colour photos of 100 things, 50,000 for training, 10,000 for testing",
    samples=60_000,
    shape=(32, 32, 3),
    classes=tuple(_FINE.split()),
    licence="none stated; cite Krizhevsky 2009",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    files=remote_files(
        ("https://www.cs.toronto.edu/~kriz/",),
        (
            ARCHIVE,
            168_513_733,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        ),
    ),
)
COARSE = tuple(_COARSE.split())  # the classes of the classes, five of them in each
FORM = Form(CARD, "CIFAR-100", INNER, ("train.bin",), ("test.bin",), labels=2, other="CIFAR-10")


def load_data(label_mode: str = "fine", folder: Folder | None = None) -> tuple[Pair, Pair]:
    """Load CIFAR-100: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (50000, 32, 32, 3) and (10000, 32, 32, 3) uint8; y (N, 1) uint8, a place in
    `CARD.classes`, or in `COARSE`.
    Args:
        label_mode: "fine" for 100 classes, "coarse" for the 20 that they are parts of.
        folder: where `cifar-100-binary.tar.gz`, `cifar-100-binary/` or its `.bin` files are, or a
            `cifar100/` with them. None looks into `cifar100/` of NEURONA_DATA and of the cache, and
            then downloads the archive (161 MB). Nothing is unpickled or unpacked.
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    coarse = check_choice("label_mode", label_mode, ("fine", "coarse")) == "coarse"
    return FORM.load(folder, 0 if coarse else 1, COARSE if coarse else CARD.classes)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the archive or both binary files."""
    return FORM.is_complete(folder)
