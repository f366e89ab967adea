"""Somebody's folders of images: which are the classes, which files are read, what size does."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neurona.data.image_file import ENDINGS, read_image
from neurona.data.preparation import Images
from neurona.errors import DataError, FormatError

PARTS = {
    "train": "train", "training": "train", "val": "held", "valid": "held", "validation": "held",
    "dev": "held", "test": "test", "testing": "test",
}  # fmt: skip
SMALLEST, LARGEST, STEP = 16, 96, 8  # pixels of a side; sizes are multiples
WORK = 2**25  # pixels that a pass over all images may have, so that it takes seconds


@dataclass
class Folder:
    """Images that are to be learned from, each with its class.

    Attributes:
        path: of the folder.
        preparation: what brings an image file to the size and colours of all.
        x: images (N, H, W, C), from 0 to 1.
        y: class numbers (N,).
        part: of each image: "train", "held" or "test"; "" if the folder does not say.
        class_names: the folders of the classes, in order.
        assumed: what was found, in words by its name.
        notes: what was left out, in words.
    """

    path: Path
    preparation: Images
    x: np.ndarray
    y: np.ndarray
    part: np.ndarray
    class_names: tuple[str, ...]
    assumed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_folder(path: str | os.PathLike[str]) -> Folder:
    """Read the images of a folder: a folder for each class, or train/ and test/ with these in them.

    Files that are no images are passed over, broken ones are named; hidden ones do not count.

    Raises:
        DataError: no images, one class, or a class with fewer than two images.
    """
    root = Path(path)
    found, notes = _listed(root)
    _check_classes(root, found)
    sizes, grey, broken = [], True, []  # they decide how all are read, the second time
    for entry in found:
        try:
            image = read_image(entry[2])
        except FormatError as error:
            broken.append(entry)
            why = f"left out, no image that can be read: {error.got or error.rule}"
            notes.append(f"{entry[2].relative_to(root)}: {why}")
            continue
        sizes.append(image.shape[:2])
        grey = grey and bool((image == image[..., :1]).all())
    found = [entry for entry in found if entry not in broken]
    _check_classes(root, found)
    side = _side(np.array(sizes))
    rule = Images((side, side), "grayscale" if grey else "rgb", divide_by=255)
    x = np.stack([rule.apply(entry[2]) for entry in found])
    names = sorted({entry[1] for entry in found})
    y = np.array([names.index(entry[1]) for entry in found], np.int64)
    part = np.array([entry[0] for entry in found])
    folder = Folder(root, rule, x, y, part, tuple(names), notes=notes)
    counts = Counter(entry[1] for entry in found)
    told = ", ".join(f"{name[:20]} {counts[name]:,}" for name in names[:6])
    low, high = np.min(sizes, axis=0), np.max(sizes, axis=0)
    spread = " x ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in zip(low, high, strict=True))
    folder.assumed = {
        "images": f"{len(found):,}, {spread} pixels, {'grey' if grey else 'in colours'}",
        "classes": told + (", ..." if len(names) > 6 else ""),
        "prepared": str(rule),
    }
    if part[0]:
        shares = Counter(part.tolist())
        told = ", ".join(f"{shares[p]:,} {w}" for p, w in
                         (("train", "for training"), ("held", "for validation"),
                          ("test", "for testing")) if shares[p])  # fmt: skip
        folder.assumed["parts"] = f"{told}, as the folders say"
    return folder


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not _is_hidden(p.name))


def _listed(root: Path) -> tuple[list[tuple[str, str, Path]], list[str]]:
    """Return (part, class, file) of all images, and what was passed over."""
    above, notes = _folders(root), []
    while len(above) == 1 and not any(f.suffix.lower() in ENDINGS for f in above[0].iterdir()):
        notes.append(f"{above[0].name}/ is the only folder: the classes are taken from inside it")
        above = _folders(above[0])  # as archives unpack
    named = [PARTS.get(p.name.lower()) for p in above]
    if "train" in named and len(above) > 1 and all(named):
        classes = [(part or "", p) for part, up in zip(named, above, strict=True)
                   for p in _folders(up)]  # fmt: skip
    else:
        classes = [("", p) for p in above]
    found, others = [], 0
    for part, folder in classes:
        for place, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            for name in sorted(names):
                if _is_hidden(name):
                    continue
                if name.lower().endswith(ENDINGS):
                    found.append((part, folder.name, Path(place, name)))
                else:
                    others += name.lower() != "thumbs.db"
    if others:
        notes.append(f"{others:,} files without the ending of an image: passed over")
    loose = sum(p.suffix.lower() in ENDINGS and not _is_hidden(p.name) for p in root.iterdir())
    if loose:
        notes.append(f"{loose:,} images beside the folders have no class: passed over")
    return found, notes


def _check_classes(root: Path, found: list[tuple[str, str, Path]]) -> None:
    counts = Counter(entry[1] for entry in found)
    train = Counter(entry[1] for entry in found if entry[0] in ("", "train"))
    expected = "a folder for each class, with its images in it"
    if not found:
        loose = any(p.suffix.lower() in ENDINGS for p in root.iterdir())
        raise DataError(
            f"{root}: there are no images in folders.",
            expected=expected,
            hint="the folder above, if this is a class itself" if loose else "",
        )
    if len(counts) == 1:
        raise DataError(
            f"{root}: there is one class.",
            got=f"the folder {next(iter(counts))!r} with {len(found):,} images",
            expected=f"two classes or more: {expected}",
            hint="the folder above, if this is a class itself",
        )
    few = [name for name in counts if train[name] < 2]
    if few:
        raise DataError(
            f"{root}: a class needs two images or more to learn from.",
            got=", ".join(f"{name!r} with {train[name]}" for name in few[:5]),
        )


def _side(sizes: np.ndarray) -> int:
    """Return the side of the network's images: the median of the shorter sides, within limits.

    >>> _side(np.array([[200, 300]] * 50)), _side(np.array([[28, 28]] * 3000))
    (96, 32)
    """
    limit = min(LARGEST, int(np.sqrt(WORK / len(sizes))))
    side = min(int(np.median(sizes.min(axis=1))), limit)
    return max(SMALLEST, -(-side // STEP) * STEP if side <= limit - STEP else side // STEP * STEP)
