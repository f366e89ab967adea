import tracemalloc

import numpy as np
import pytest

from neurona.datasets import from_csv
from neurona.errors import ArgumentError, FormatError


@pytest.fixture
def csv(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


IRIS = "length,width,kind\n5.1,3.5,setosa\n7,3.2,versicolor\n6.3,3.3,setosa\n"


def test_names_and_classes(csv):
    table = from_csv(csv(IRIS))
    assert np.allclose(table.X, [[5.1, 3.5], [7, 3.2], [6.3, 3.3]])
    assert (table.X.dtype, table.y.dtype) == (np.float32, np.int64)
    assert table.y.tolist() == [0, 1, 0]
    assert table.feature_names == ("length", "width")
    assert (table.target_name, table.class_names) == ("kind", ("setosa", "versicolor"))
    X, y = table
    assert X is table.X
    assert y is table.y


@pytest.mark.parametrize("target", [0, -2, "a"])
def test_target_by_place_and_name(csv, target):
    table = from_csv(csv("a,b\n1,2\n3,4\n"), target=target)
    assert (table.X.tolist(), table.y.tolist()) == ([[2], [4]], [1, 3])
    assert table.class_names == ()


def test_no_target(csv):
    table = from_csv(csv("1;2\n3;4\n"), target=None, delimiter=";", dtype="float64")
    assert table.X.tolist() == [[1, 2], [3, 4]]
    assert table.X.dtype == np.float64
    assert table.y is None
    assert table.feature_names == ("0", "1")


def test_a_target_with_fractions_is_no_class(csv):
    assert from_csv(csv("1,0.5\n2,1\n")).y.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [("a,b\n1,2\n", "auto", 1), ("1,2\n3,4\n", "auto", 2), ("1,2\n3,4\n", True, 1)],
)
def test_header(csv, text, header, rows):
    assert len(from_csv(csv(text), header=header).X) == rows


def test_header_false_reads_text_classes_in_the_first_line(csv):
    assert from_csv(csv("1,x\n2,y\n"), header=False).class_names == ("x", "y")


def test_what_spreadsheets_write(csv):
    text = '\ufeff"a ""1""","b"\r\n\r\n "1",2\r\n3, 4 \r\n\r\n'
    table = from_csv(csv(text.replace(' "1"', '"1"')))
    assert table.feature_names == ('a "1"',)
    assert (table.X.tolist(), table.y.tolist()) == ([[1], [3]], [2, 4])


MISSING = "a,b,c\n1,2,0\n,4,1\n5,NA,1\n"


def test_missing(csv):
    path = csv(MISSING)
    assert from_csv(path, missing="drop").X.tolist() == [[1, 2]]
    assert from_csv(path, missing="mean").X.tolist() == [[1, 2], [3, 4], [5, 3]]
    assert np.isnan(from_csv(path, missing="nan").X).sum() == 2
    with pytest.raises(
        FormatError, match=r"line 3, column 'a': a feature is missing.*\ntry: .*\"drop\""
    ):
        from_csv(path)


def test_a_missing_target(csv):
    path = csv("1,x\n2,?\n")
    assert from_csv(path, missing="drop").y.tolist() == [0]
    with pytest.raises(
        FormatError, match=r"line 2: the target is missing. Got '\?'.\ntry: missing="
    ):
        from_csv(path, missing="mean")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"there are no data in the file. Got an empty file"),
        ("\n\n", r"there are no data in the file. Got an empty file"),
        ("a,b\n", r"no data in the file. Got a header alone.\ntry: header=False"),
        (
            "1,2\n3,4,5\n",
            r"line 2: the line has another number of columns. Got 3; expected 2, as in",
        ),
        ("1,2\n\n3\n", r"line 3: the line has another number of columns. Got 1; expected 2"),
        (
            "1,2\nx,4\n",
            r"line 2, column '0': a feature is no number. Got 'x'.\ntry: only the target",
        ),
        (
            "a,b\n1,2\n3,4\n1e999,2\n",
            r"line 4, column 'a': a feature is infinite. Expected a finite",
        ),
        ("1,2\n1,\n", r"line 2: the target is missing. Got ''.\ntry: missing=\"drop\""),
        ("1,2\n1,inf\n", r"line 2: the target is infinite"),
        ("1\n2\n", r"there is one column, and it is the target. Got '1'.\ntry: another delimiter"),
        (b"1,2\n\xff,3\n", r"the file is not UTF-8 text. Got byte 0xff.\ntry: save it as CSV"),
        ("1,2\n" + "3" * 200_000 + ",2\n", r"line 2: this is not CSV. Got field larger than"),
    ],
)
def test_bad_files(csv, text, message):
    path = csv(text)
    with pytest.raises(FormatError, match=message) as caught:
        from_csv(path)
    assert str(caught.value).startswith(str(path))


def test_a_line_after_a_cell_with_a_line_break_has_its_own_number(csv):
    with pytest.raises(FormatError, match=r"line 4, column 'b': a feature is no number"):
        from_csv(csv('b,kind\n1,"x\ny"\nz,x\n'))


def test_a_column_without_numbers_has_no_mean(csv):
    with pytest.raises(FormatError, match=r"column 'b' is missing throughout. Expected one number"):
        from_csv(csv("a,b,c\n1,,1\n2,,2\n"), missing="mean")


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"target": "kid"}, r"unknown target. Got 'kid'; .*\ntry: did you mean 'kind'"),
        ({"target": "kind", "delimiter": ";"}, r"unknown target. (?s:.*)\ntry: delimiter=','"),
        ({"target": 1, "delimiter": "|"}, r"no such target column. (?s:.*)\ntry: delimiter=','"),
        ({"target": 3}, r"there is no such target column. Got 3; expected -3 to 2"),
        ({"target": 1.5}, r"target must be an integer. Got 1.5"),
        (
            {"missing": "zero"},
            r"unknown missing. Got 'zero'; expected one of drop, error, mean, nan",
        ),
        ({"header": "yes"}, r"unknown header. Got 'yes'"),
        ({"delimiter": "::"}, r"delimiter must be one character. Got '::'"),
        (
            {"target": "kind", "header": False},
            r"a target by name needs a header. Got target='kind'",
        ),
    ],
)
def test_bad_arguments(csv, kwargs, message):
    with pytest.raises(ArgumentError, match=message):
        from_csv(csv(IRIS), **kwargs)


# --- nothing is guessed in silence -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ('x,price\n1,"1,234"\n2,"20,000"\n', "a comma that stands between thousands", "thousands"),
        ('x,price\n1,"1,234.5"\n', "a comma between thousands", 'thousands=","'),
        ('x,price\n1,"1.234,5"\n', "a decimal comma", 'decimal=",", thousands="."'),
        ('x,price\n1,"12,5"\n', "a decimal comma", 'decimal=","'),
        ("x,price\n1,1 234\n", "gaps between thousands", 'thousands=" "'),
        ("x,price\n1,12 %\n", "a percentage", "without the sign"),
        ("x,price\n1,$5.20\n2,$6\n", "an amount of money", "without the sign"),
        ("x,price\n1,5 €\n", "an amount of money", "without the sign"),
        ("x,day\n1,2024-05-01\n", "a date", "columns of numbers"),
        ("x,day\n1,10:45\n", "a date, a time", "columns of numbers"),
        ("1,5;cat;2\n", "several cells in one", 'delimiter=";"'),
    ],
)
def test_targets_in_another_notation_are_no_classes(csv, text, what, hint):
    with pytest.raises(FormatError, match=rf"the target is not clearly a number. Got .*{what}.*"):
        from_csv(csv(text))
    with pytest.raises(FormatError) as error:
        from_csv(csv(text))
    assert hint in error.value.hint
    assert from_csv(csv(text), target_kind="class").y[0] == 0


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (
            ["7.5", "7.5.1"],
            r"line 2: the target is not clearly a number. Got '7.5.1', a date, a tim",
        ),
        (["1", "x"], r"line 2: the target is not clearly a number. Got 'x'; expected a number, as"),
        (["x", "1"], r"line 2: the target is not clearly text. Got '1'; expected text, as before"),
        (["x", "1,2"], r"line 2: the target is not clearly text. Got '1,2', a decimal comma"),
    ],
)
def test_a_target_of_two_kinds(csv, targets, message):
    path = csv("".join(f'1,"{t}"\n' for t in targets))
    with pytest.raises(FormatError, match=message):
        from_csv(path, header=False)
    table = from_csv(path, header=False, target_kind="class")
    assert table.class_names == tuple(sorted(targets))
    assert [table.class_names[k] for k in table.y] == targets


def test_numbers_as_classes_and_nothing_but_numbers(csv):
    table = from_csv(csv("0.5,10\n1,9\n"), target_kind="class")
    assert (table.y.tolist(), table.class_names) == ([0, 1], ("10", "9"))
    with pytest.raises(FormatError, match=r"line 1: the target is not clearly a number. Got 'x'"):
        from_csv(csv("1,x\n"), header=False, target_kind="number")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ('"1,234.5","20,000"\n', {"thousands": ","}, [[1234.5], 20000]),
        ("1.234,5;2.000\n", {"decimal": ",", "thousands": ".", "delimiter": ";"}, [[1234.5], 2e3]),
        ("0,5;7\n", {"decimal": ",", "delimiter": ";"}, [[0.5], 7]),
        ("1 000 000,2\n", {"thousands": " "}, [[1e6], 2]),
    ],
)  # fmt: skip
def test_notations_that_are_stated(csv, text, options, expected):
    X, y = from_csv(csv(text), dtype="float64", **options)
    assert [X[0].tolist(), y[0]] == expected


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('"1,23",1\n', {"thousands": ","}),  # no group of three
        ("1.5;1\n", {"decimal": ",", "delimiter": ";"}),  # a point is nothing then
        ("1_000,1\n", {}),
    ],
)
def test_what_is_no_number_in_the_stated_notation(csv, text, options):
    with pytest.raises(FormatError, match=r"line 1, column '0': a feature is no number"):
        from_csv(csv(text), header=False, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": ";"}, "decimal is one character. Got ';'"),
        ({"thousands": "x"}, "thousands is one character, another than decimal. Got thousands='x'"),
        ({"thousands": "."}, "another than decimal. Got thousands='.', decimal='.'"),
        (
            {"target_kind": "text"},
            "unknown target_kind. Got 'text'; expected one of auto, class, n",
        ),
    ],
)
def test_notations_that_are_none(csv, options, message):
    with pytest.raises(ArgumentError, match=message):
        from_csv(csv(IRIS), **options)


@pytest.mark.parametrize("first", ["?,NA,cat", "$5,6 %,cat", "2024-05-01,?,cat"])
def test_a_first_row_of_data_is_no_header(csv, first):
    with pytest.raises(FormatError, match=r"line 1, column '[01]': a feature is"):
        from_csv(csv(first + "\n1,2,dog\n"))


def test_a_header_may_have_gaps(csv):
    table = from_csv(csv(",width,kind\n0,1,cat\n"))
    assert table.feature_names == ("", "width")


def test_a_name_of_each_sample_is_no_class(csv):
    text = "".join(f"1,name {i}\n" for i in range(2**16 + 1))
    with pytest.raises(FormatError, match=r"line 65537: the target has more than 65536 classes"):
        from_csv(csv(text), header=False)


def test_lines_after_rows_that_were_left_out(csv):
    path = csv("a,b\n1,1\n\n,1\n\n2,2\n3,inf\n")
    with pytest.raises(FormatError, match="line 7: the target is infinite"):
        from_csv(path, missing="drop")


def test_numbers_too_large_for_the_type_are_infinite(csv):
    with pytest.raises(FormatError, match=r"line 2, column '0': a feature is infinite. .*float32"):
        from_csv(csv("1,1\n1e39,1\n"))
    assert from_csv(csv("1e39,1\n"), dtype="float64").X[0, 0] == 1e39


@pytest.mark.sampled(5)
@pytest.mark.parametrize("row", ["1,1\n", "1\n", "1,cat\n", "\n1\n"])
def test_memory_is_in_proportion_to_the_file(csv, row):
    text = row * 100_000
    path = csv(text)
    tracemalloc.start()
    try:
        from_csv(path, target=None if "," not in row else -1, header=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 14 * len(text) + (1 << 20)
