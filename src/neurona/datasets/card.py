"""What is known of a data set before it is loaded: its card, and the files it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from neurona.data.download import RemoteFile


@dataclass(frozen=True)
class Card:
    """A data set's name, contents, classes, licence and files.

    Args:
        name: its name in `nn.datasets`, and of its folder.
        description: one line.
        samples: how many, training and test together.
        shape: of one input.
        classes: the names of the classes, by class number.
        licence: under which it may be used.
        homepage: where it is described.
        files: what is downloaded; none where it ships with the package.
        features: the names of the columns of a table.
    """

    name: str
    description: str
    samples: int
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    licence: str
    homepage: str
    files: tuple[RemoteFile, ...] = ()
    features: tuple[str, ...] = ()


def remote_files(mirrors: tuple[str, ...], *files: tuple[str, int, str]) -> tuple[RemoteFile, ...]:
    """Return the files (name, size, checksum) as they lie on each of the mirrors.

    >>> remote_files(("https://a/", "https://b/"), ("x.gz", 1, "00"))[0].urls
    ('https://a/x.gz', 'https://b/x.gz')
    """
    return tuple(
        RemoteFile(name, size, checksum, tuple(mirror + name for mirror in mirrors))
        for name, size, checksum in files
    )
