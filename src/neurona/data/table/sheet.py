"""Sheet: the cells of a text file, whatever stands between them and however it is encoded."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurona.data.table.numerals import ABSENT, recognised
from neurona.errors import FormatError, check_file

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "stroke", ",": "comma", " ": "blanks"}
LOOK = 200  # lines that are looked at to find out what stands between the cells
RAGGED = 0.1  # of the lines may have another number of cells


@dataclass(frozen=True, repr=False)
class Sheet:
    """Cells by the name of their column, as text without blanks around them.

    Args:
        names: of the columns, each once.
        columns: the cells of each, all of one length.
        header: whether the file names its columns; if not, they are "column 1", "column 2", ...
        delimiter: what stands between the cells.
        encoding: of the file.
        notes: what had to be put right, in words.
    """

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> list[str]:
        return self.columns[self.names.index(name)]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def keys(self) -> tuple[str, ...]:
        """The names, as a mapping has them."""
        return self.names

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.columns[0])

    def take(self, rows: Iterable[int]) -> Sheet:
        """Return some rows of the sheet.

        >>> Sheet(("a",), (["1", "2", "3"],)).take([2, 0])["a"]
        ['3', '1']
        """
        chosen = list(rows)
        columns = tuple([column[row] for row in chosen] for column in self.columns)
        return Sheet(self.names, columns, self.header, self.delimiter, self.encoding, self.notes)

    def __repr__(self) -> str:
        return f"Sheet({self.rows:,} rows of {', '.join(self.names)})"


def read_sheet(path: str | os.PathLike[str], named: Iterable[str] = ()) -> Sheet:
    """Read a text file of cells.

    What stands between the cells (comma, semicolon, tab, stroke or blanks) is what makes lines of
    one length; the text is UTF-8, with or without a mark, UTF-16 with one, or Windows-1252. The
    first line has the names if one of its texts stands above numbers or dates, or if no cell of it
    comes again below. A line with another number of cells is left out, and noted. Blank lines,
    and rows of empty cells above and below the table, are no rows.

    Args:
        path: the file.
        named: names of columns; a first line that has one of them is a header.

    Raises:
        FormatError: it is no text, empty, or its lines differ too much.
    """
    path = check_file(path)
    text, encoding = _decoded(path.read_bytes(), path)
    delimiter, text = _delimiter(text)
    try:
        rows = _without_empty_ends(list(_rows(text, delimiter)))
    except csv.Error as error:
        raise FormatError(f"{path}: this is no table.", got=str(error)) from None
    if not rows:
        raise FormatError(f"{path}: there are no data in the file.", got="an empty file")
    rows, notes = _of_one_length(rows, path)
    header = _is_header(rows, set(named))
    head = rows.pop(0) if header else [""] * len(rows[0])
    if not rows:
        raise FormatError(f"{path}: there are no data in the file.", got="a header alone")
    names, told = _named(head, header)
    columns = tuple(list(column) for column in zip(*rows, strict=True))
    return Sheet(names, columns, header, delimiter, encoding, (*notes, *told))


def _without_empty_ends(rows: list[list[str]]) -> list[list[str]]:
    """Leave out blank lines, and rows of empty cells above and below the table.

    Such a row within it is a row: what is said of a new table has to stand beside it.

    >>> _without_empty_ends([["", ""], ["a", "b"], [], ["", ""], ["1", "2"], ["", ""]])
    [['a', 'b'], ['', ''], ['1', '2']]
    """
    filled = [number for number, row in enumerate(rows) if any(row)]
    table = rows[filled[0] : filled[-1] + 1] if filled else []
    return [row for row in table if len(row) > 1 or any(row)]


def _decoded(raw: bytes, path: Path) -> tuple[str, str]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
        if b"\0" in raw[: 2**16]:
            excel = raw.startswith((b"PK", b"\xd0\xcf\x11\xe0"))
            raise FormatError(
                f"{path}: the file is no text.",
                got="a workbook or an archive" if excel else "bytes of 0",
                expected="a table as text, such as .csv",
                hint="save it as CSV" if excel else "",
            )
    for encoding in encodings:
        try:
            return raw.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    raise FormatError(f"{path}: the file is no text of {encodings[0]}.")


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    if delimiter == " ":
        lines = io.StringIO("\n".join(line.strip() for line in text.splitlines()))
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return ([cell.strip() for cell in row] for row in reader)


def _delimiter(text: str) -> tuple[str, str]:
    """Return what stands between the cells, and the text (without a first line "sep=;")."""
    first = text.partition("\n")[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], text.partition("\n")[2]
    best, share = ",", 0.0
    for delimiter in DELIMITERS:
        if delimiter == " " and share:
            break  # blanks stand within cells, too
        try:
            found = itertools.islice(_rows(text, delimiter), LOOK)
            widths = Counter(len(row) for row in found if any(row))
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1 and count / widths.total() > share and (delimiter != " " or len(widths) == 1):
            best, share = delimiter, count / widths.total()
    return best, text


def _of_one_length(rows: list[list[str]], path: Path) -> tuple[list[list[str]], list[str]]:
    width = Counter(map(len, rows)).most_common(1)[0][0]
    kept, odd = [], []
    for number, row in enumerate(rows, start=1):
        if number == 1 and len(row) == width - 1:
            row = ["", *row]  # R leaves out the name of the column of row names
        if len(row) >= width and not any(row[width:]):
            kept.append(row[:width])
        else:
            odd.append(number)
    if len(odd) > max(1, RAGGED * len(rows)):
        raise FormatError(
            f"{path}: the lines have different numbers of cells.",
            got=f"{len(rows[odd[0] - 1])} in row {odd[0]}",
            expected=f"{width}, as in most",
            hint="one table in the file, cells with a delimiter inside in quotes",
        )
    told = f"row {', '.join(map(str, odd[:5]))}{', ...' if len(odd) > 5 else ''}"
    return kept, [f"{told}: left out, not {width} cells as elsewhere"] if odd else []


def _is_value(cell: str) -> bool:
    """Whether a cell is a number or a date, in any notation.

    >>> [_is_value(cell) for cell in ("1.5", "1,5", "2021-01-01", "red", "?")]
    [True, True, True, False, False]
    """
    if cell.lower() in ABSENT:
        return False
    try:
        float(cell)
    except ValueError:
        return recognised(cell) is not None
    return True


def _is_header(rows: Sequence[Sequence[str]], named: set[str]) -> bool:
    first, rest = rows[0], rows[1 : 1 + LOOK]
    if named & set(first) or first == [str(place) for place in range(len(first))] != ["0"]:
        return True
    texts = [place for place, cell in enumerate(first) if cell and not _is_value(cell)]
    for place in texts:
        below = [row[place] for row in rest if row[place].lower() not in ABSENT]
        if below and sum(map(_is_value, below)) >= 0.9 * len(below):
            return True
    if len(texts) < sum(bool(cell) for cell in first) or not texts:
        return False
    again = any(row[place] == first[place] for row in rest for place in texts)
    return not again and len({first[place] for place in texts}) == len(texts)


def _named(head: Sequence[str], header: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return names for all columns, each once, and what had to be done for that."""
    names: list[str] = []
    twice = []
    for place, name in enumerate(head, start=1):
        name = " ".join(name.split()) or f"column {place}"  # in a line
        if name in names:
            twice.append(name)
            number = next(n for n in itertools.count(2) if f"{name} ({n})" not in names)
            name = f"{name} ({number})"
        names.append(name)
    told = [f"the name {name!r} comes again: the next is '{name} (2)'" for name in
            dict.fromkeys(twice)]  # fmt: skip
    if not header:
        told.append("no line of names: the columns are 'column 1', 'column 2', ...")
    return tuple(names), told
