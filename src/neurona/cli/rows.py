"""`neurona predict` for tables: the columns that the model knows by name, a line for each row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli.outputs import meant
from neurona.cli.samples import one_by_one, rows_of
from neurona.data.preparation import Table
from neurona.errors import ArgumentError
from neurona.files import write_text

SHOWN = 100  # rows on the screen, if all are written to a file


def predict(model: Any, files: list[Path], out: Path | None) -> None:
    """Print what a model makes of the rows of tables; write it to a file beside the cells, too.

    Args:
        model: whose preparation is a `Table`.
        files: the tables. Columns are found by name, in any order; others are ignored.
        out: a .csv file; None writes none.

    Raises:
        ArgumentError: there is no such file, or several for one `out`.
        FormatError: a file is no table.
        DataError: a column is missing.
    """
    if out is not None and len(files) > 1:
        raise ArgumentError(
            "--out takes the rows of one table.", got=f"{len(files)} files", hint="one at a time"
        )
    preparation: Table = model.preparation

    def use(path: Path) -> None:
        sheet, x = rows_of(path, preparation)
        outputs, activation = meant(model, np.asarray(model.predict(x, verbose=0)))
        if activation == "sigmoid" and outputs.shape[1] == 1 and model.class_names:
            outputs = np.concatenate([1 - outputs, outputs], axis=1)
        head, cells = _said(outputs, preparation.target, model.class_names)
        lines = [
            f"{path} row {number}  {_line(head, row)}" for number, row in enumerate(cells, start=1)
        ]
        shown = lines if out is None else lines[:SHOWN]
        print("\n".join(shown))
        if len(shown) < len(lines):
            print(f"... and {len(lines) - len(shown):,} rows more")
        if out is not None:
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([*sheet.names, *(f"predicted {name}" for name in head)])
            rows = zip(*sheet.columns, strict=True)
            writer.writerows([*row, *said] for row, said in zip(rows, cells, strict=True))
            write_text(out, text.getvalue())
            print(f"written: {out}")

    one_by_one(files, use)


def _said(
    outputs: np.ndarray, target: str, names: tuple[str, ...] | None
) -> tuple[list[str], list[list[str]]]:
    """Return the names of what is said, and for each row what it is.

    >>> _said(np.array([[0.25, 0.75]]), "kind", ("cat", "dog"))
    (['kind', 'probability'], [['dog', '0.7500']])
    >>> _said(np.array([[12.5]]), "price", None)
    (['price'], [['12.5']])
    """
    if outputs.shape[1] == 1:
        return [target], [[f"{value:.6g}"] for value in outputs[:, 0]]
    known = names or tuple(map(str, range(outputs.shape[1])))
    best = outputs.argmax(axis=1)
    said = [[known[k], f"{row[k]:.4f}"] for k, row in zip(best, outputs, strict=True)]
    return [target, "probability"], said


def _line(head: list[str], row: list[str]) -> str:
    return "  ".join(f"{name} {value}" for name, value in zip(head, row, strict=True))
