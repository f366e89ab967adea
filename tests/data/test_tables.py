"""Tables as people keep them: what is read, what is recognised, and how a row is prepared."""

import datetime
import re

import numpy as np
import pytest

import neurona as nn
from neurona.data import preparation
from neurona.data.preparation.table import Category, Date, Number, Table
from neurona.data.table import date_order, moments, numbers, read_sheet
from neurona.errors import ArgumentError, DataError, FormatError, NeuronaError
from neurona.recipes.own.kinds import fitted, kind_of

SHEETS = [  # what stands in the file, its names, its first row
    (b"a,b\n1,x\n2,y\n", ("a", "b"), ["1", "x"]),
    (b"\xef\xbb\xbfa;b\r\n1,5;x\r\n2,5;y\r\n", ("a", "b"), ["1,5", "x"]),
    ("Größe\tb\n1\tx\n2\ty\n".encode("latin-1"), ("Größe", "b"), ["1", "x"]),
    ("a,b\n1,x\n2,y\n".encode("utf-16"), ("a", "b"), ["1", "x"]),
    (b"1|2\n3|4\n", ("column 1", "column 2"), ["1", "2"]),
    (b" 1.5   2\n 2.5  10\n", ("column 1", "column 2"), ["1.5", "2"]),
    (b"sep=;\na;b\n1;2\n", ("a", "b"), ["1", "2"]),
    (b'a,b\n"1,5","say ""no"""\n2,x\n', ("a", "b"), ["1,5", 'say "no"']),
    (b"v,v,\n1,2,3\n", ("v", "v (2)", "column 3"), ["1", "2", "3"]),
    (b"p,x\ne,x\np,s\n", ("column 1", "column 2"), ["p", "x"]),  # texts that come again
    (b"kind,colour\ncat,red\ndog,red\n", ("kind", "colour"), ["cat", "red"]),
    (b"0,1,2\n5,6,7\n", ("0", "1", "2"), ["5", "6", "7"]),
    (b"a,b\n1,2\n3,4,\n", ("a", "b"), ["1", "2"]),
    (b"a,b\n2021-01-01,x\n", ("a", "b"), ["2021-01-01", "x"]),
    (b'"a\nb",c\n1,2\n', ("a b", "c"), ["1", "2"]),
    (b"b,c\nr1,1,2\nr2,3,4\n", ("column 1", "b", "c"), ["r1", "1", "2"]),  # R's names of rows
]


def test_cells_are_read_whatever_stands_between_them(tmp_path):
    path = tmp_path / "t.csv"
    for content, names, first in SHEETS:
        path.write_bytes(content)
        sheet = read_sheet(path)
        assert (sheet.names, [c[0] for c in sheet.columns]) == (names, first), content
    path.write_bytes(b"a,b\n" + b"1,2\n" * 30 + b"3\n")
    assert read_sheet(path).notes == ("row 32: left out, not 2 cells as elsewhere",)
    path.write_bytes(b",\n\na,b\n1,\n,\n\n3,y\n,\n\n,\n")  # what is said of a row stands beside it
    assert read_sheet(path).columns == (["1", "", "3"], ["", "", "y"])
    path.write_bytes(b"1,2\n3,4\n")
    assert read_sheet(path, ["1"]).names == ("1", "2")  # somebody has named a column
    assert repr(read_sheet(path)) == "Sheet(2 rows of column 1, column 2)"
    for content, message in (
        (b"", "no data in the file. Got an empty file"),
        (b"a,b\n", "Got a header alone"),
        (b"PK\x03\x04\0\0", "no text. Got a workbook or an archive"),
        (b"a\0b", "the file is no text"),
        (b"a,b\n1,2\n1,2,3\n1,2,3,4\n1\n1,2\n", "different numbers of cells"),
    ):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=re.escape(message)):
            read_sheet(path)


def test_numbers_and_dates_are_read_as_their_column_writes_them():
    assert numbers(["$1,000.5", "20 %", "x", "inf"], ".", ",").tolist()[:2] == [1000.5, 20.0]
    assert np.isnan(numbers(["1_000", "1,5"], ".", ",")).sum() == 2  # digits in threes alone
    orders = {
        "31.12.2021": ("dmy", False), "12/31/2021": ("mdy", False), "3/4/2021": ("mdy", True),
        "2021-12-31T08:30:00Z": ("ymd", False), "1949-01": ("ymd", False), "5 Jan 2020": ("dmy",
        False), "Mon, Jan 5, 2020": ("mdy", False), "12:30": ("time", False),
        "2021-13-40": None, "1.5": None, "red": None,
    }  # fmt: skip
    for cell, order in orders.items():
        found = date_order([cell])
        assert found == order or (order and found and found[0] in ("dmy", "mdy")), (cell, found)
    when = moments(["29.2.2024 6:30 pm", "30.2.2024", "1.1.69"], "dmy")
    assert when.hour[0] == 18.5
    assert np.isnan(when.year[1])
    assert when.year[2] == 1969
    assert when.weekday[0] == datetime.date(2024, 2, 29).weekday()


KINDS = [  # cells, and what they are
    (["1", "2", "2"], "number", "1 to 2"),
    (["1,5", "2,5", "2.000,0"], "number", "1.5 to 2000, with a decimal comma"),
    (["1.5"] * 15 + ["2"] * 15 + ["oops"], "number", "1 no number, taken as missing ('oops')"),
    (["a", "b", "a", "?"], "category", "2 texts: a, b; 1 missing"),
    (["two\nlines", "a", "two\nlines"], "category", "2 texts: two lines, a"),
    (["yes", "no", "yes"], "yes/no", "no or yes"),
    (["x", "x"], "left out", "always 'x'"),
    (["x", ""], "category", "'x' or nothing"),
    (["", "NA"], "left out", "empty"),
    ([f"n{i}" for i in range(20)], "left out", "a text of its own"),
    ([str(i) for i in range(1, 21)], "left out", "counts the rows"),
    (["1.0", "1"], "left out", "always 1"),
    ([f"2021-01-{d:02}" for d in range(1, 20)], "date", "2021-01-01 to 2021-01-19"),
    (
        ["so\non", *[f"2021-01-{d:02}" for d in range(1, 25)]],
        "date",
        "2021-01-01 to 2021-01-24; 1 no date, taken as missing ('so\\non')",
    ),
    (
        [f"words and words and words and words and words and words {i}" for i in range(20)] * 2
        + ["x"] * 5,
        "left out",
        "sentences",
    ),
    ([f"t{i}" for i in range(40)] * 3, "category", "the 30 commonest count"),
]


def test_kinds_of_columns_are_found_and_prepared_by_rule():
    for cells, what, told in KINDS:
        found = kind_of("c", cells)
        assert (found.what, told in found.told) == (what, True), (cells[:3], found)
    assert kind_of("customer_id", ["7", "3", "9", "1", "5"]).what == "left out"
    assert kind_of("height", ["7", "3", "9", "1", "5"]).what == "number"

    number = fitted(kind_of("n", ["1", "3", "?", "8"]), ["1", "3", "?", "8"])
    assert number.fill == 3
    assert number.missing
    assert number.inputs == ["n", "n (missing)"]
    assert number.encode(["?"])[0].tolist() == [(3 - number.mean) / number.scale, 1.0]
    far = ["1", "2"] * 100 + ["1e6"]
    assert fitted(kind_of("n", far), far).log
    near = fitted(kind_of("n", ["-1", "1"]), ["-1", "1"])
    assert near.encode(["1e30", "-1e300", "-7"])[:, 0].tolist() == [100.0, 0.0, -7.0]
    assert near.strange(["99", "1e30", "1e300"]) == [
        "n: no number, taken as missing: 1e300",
        "n: more than 100 standard deviations from the training rows, taken as so far: 1e30",
    ]
    texts = ["a"] * 3 + ["b"] * 2 + ["once", ""]
    category = fitted(kind_of("c", texts), texts)
    assert category.inputs == ["c = a", "c = b", "c = (other)", "c = (missing)"]
    assert category.encode(["new", "a", ""]).argmax(1).tolist() == [2, 0, 3]
    days = [f"{d}.1.2021" for d in range(1, 20)]
    date = fitted(kind_of("d", days), days)
    assert date.parts == ("year", "season", "weekday")
    assert date.encode(["1.1.2021"]).shape == (1, 5)


def test_a_row_is_prepared_alike_from_cells_numbers_and_the_models_file(tmp_path):
    table = Table(
        (
            Number("size", 2.0, 1.5, 0.5, True, decimal=",", thousands="."),
            Category("city", ("Bonn", "Köln")),
            Date("sold", "dmy", ("year", "weekday"), 2020.0, 1.0, True),
        ),
        "price",
    )
    cells = {"city": ["Bonn", "Ulm"], "sold": ["1.1.2021", ""], "size": ["2,5", "?"]}
    x = table.samples({**cells, "price": ["1", "2"]})
    assert x.shape == (2, len(table.inputs))
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x[1], [1, 1, 0, 0, 0, 0, 0, 1])
    row = {"size": 2.5, "city": "Bonn", "sold": "1.1.2021"}
    np.testing.assert_array_equal(table.apply(row), x[0])
    np.testing.assert_array_equal(table.samples([row, {**row, "size": None}])[0], x[0])
    assert table.notes({**cells, "extra": ["", ""]}) == [
        "ignored columns: extra",
        "city: not seen in training, taken as none of the known: Ulm",
    ]
    with pytest.raises(DataError, match=r"columns are missing: city, sold. Got the columns size"):
        table.apply({"size": 1})

    model = nn.Sequential([nn.layers.Input((8,)), nn.layers.Dense(1)])
    model.preparation = table
    model.save(tmp_path / "m.safetensors")
    assert nn.models.load_model(tmp_path / "m.safetensors").preparation == table

    told = table.description()
    assert preparation.read(told) == table
    column = told["columns"][0]
    for wrong in (
        {**column, "scale": 0}, {**column, "missing": 1}, {**column, "kind": "spell"},
        {**column, "more": 1}, {"kind": "number", "name": "a"}, {**column, "name": ""}, 3,
        {**column, "decimal": "x"}, {**told["columns"][1], "categories": [1]},
        {**told["columns"][2], "order": "up"}, {**told["columns"][2], "parts": ["minute"]},
    ):  # fmt: skip
        with pytest.raises(NeuronaError):
            preparation.read({**told, "columns": [wrong]})
    with pytest.raises(ArgumentError, match="each once"):
        Table((Category("a", ("x",)), Category("a", ("y",))), "b")
