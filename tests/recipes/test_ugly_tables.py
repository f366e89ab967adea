"""Tables as people leave them: learned without a traceback, judged honestly, predicted by name."""

import csv
import re

import numpy as np
import pytest

from neurona.recipes.own.verdict import NOT_WORTH
from tests.cli.command import run

pytestmark = pytest.mark.slow

TABLES = {}


def table(*words):
    """A function of random numbers: (file, new file, what is to be said of the new one's rows).

    Files are bytes. Of a row a class is to be said, or a number that is met within a quarter; None
    where nothing can be known. The words are what training has to tell.
    """

    def known(make):
        TABLES[make.__name__] = make, words
        return make

    return known


def lines(*rows, end="\n", encoding="utf-8"):
    return (end.join(map(str, rows)) + end).encode(encoding)


@table("member yes/no, no or yes", "city category, 3 texts", "joined date, 2019-01-0")
def mixed_types(rng):
    rows = []
    for _ in range(150):
        age, city = rng.integers(18, 90), rng.choice(["Rome", "Oslo", "Ulm"])
        member = rng.choice(["yes", "no"])
        stays = age > 50 or member == "yes"
        day = f"{2019 + rng.integers(3)}-0{rng.integers(1, 10)}-0{rng.integers(1, 10)}"
        rows.append(f"{age},{city},{member},{day},{'stays' if stays else 'leaves'}")
    new = lines("joined,member,age,city", "2020-05-05,yes,80,Ulm", "2020-05-05,no,20,Paris")
    return lines("age,city,member,joined,then", *rows), new, ["stays", "leaves"]


@table("a number", "missing", "rows without a target", "b left out, empty")
def missing_cells(rng):
    rows = []
    for i in range(120):
        a, c = rng.normal(), rng.normal()
        holes = ("", "NA", "?", "nan", "-", "null")
        shown = [holes[i % 6] if rng.random() < 0.25 else f"{v:.3f}" for v in (a, c)]
        rows.append(f"{shown[0]},,{shown[1]},{'' if i % 20 == 0 else 'hi' if a + c > 0 else 'lo'}")
    new = lines("a,b,c", "2,,2", "-2,,-2", ",,", "NA,5,3")
    return lines("a,b,c,y", *rows), new, ["hi", "lo", None, "hi"]


@table("semicolon between the cells", "with a decimal comma")
def decimal_commas(rng):
    rows = []
    for _ in range(120):
        size, rooms = rng.uniform(20, 200), rng.integers(1, 6)
        price = 1000 * size + 20_000 * rooms
        shown = f"{price:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
        rows.append(f"{size:.2f};{rooms};{shown} €".replace(".", ",", 1))
    new = lines("zimmer;größe", "3;100,00", "2;50,5", encoding="cp1252")
    return lines("größe;zimmer;preis", *rows, encoding="cp1252"), new, [160_000, 90_500]


@table("day date, 0", "at date, time of the day")
def dates(rng):
    rows = []
    for _ in range(200):
        month, day, hour = rng.integers(1, 13), rng.integers(1, 29), rng.integers(0, 24)
        warm = 4 <= month <= 9
        rows.append(f"{day:02}.{month:02}.2022,{hour:02}:30,{'warm' if warm else 'cold'}")
    new = lines("at,day", "12:00,15.07.2022", ",", "12:00,15.01.2022")
    return lines("day,at,weather", *rows), new, ["warm", None, "cold"]


@table(
    "id left out, a number of its own for each row",
    "key left out, a text of its own for (nearly) each row",
    "row left out, counts the rows",
)
def ids(rng):
    numbers = rng.permutation(10_000)[:100]
    rows = []
    for i, number in enumerate(numbers):
        x = rng.normal()
        rows.append(f"{number},k{number:x},{i},{x:.3f},{int(x > 0)}")
    new = lines("id,key,row,x", "1,zz,999,2.0", "2,zzz,1000,-2.0")
    return lines("id,key,row,x,label", *rows), new, ["1", "0"]


@table("balanced test accuracy", "fraud 12")
def nearly_one_class(rng):
    rows = [f"{rng.normal():.3f},{rng.normal():.3f},fine" for _ in range(228)]
    rows += [f"{rng.normal() + 5:.3f},{rng.normal():.3f},fraud" for _ in range(12)]
    rng.shuffle(rows)
    return lines("a,b,is", *rows), lines("a,b", "6,0", "-1,0"), ["fraud", "fine"]


@table("unit left out, always 'kg'", "zero left out, always '0'", "nothing left out, empty")
def constant_columns(rng):
    rows = []
    for _ in range(80):
        x = rng.uniform(-1, 1)
        rows.append(f"kg,0,{x:.4f},,{3 * x + 7:.4f}")
    new = lines("unit,zero,x,nothing", "lb,1,0.5,", "kg,0,-0.5,full")
    return lines("unit,zero,x,nothing,y", *rows), new, [8.5, 5.5]


@table("kind; of category, 3 texts: plain, comma, two lines")
def quotes(rng):
    rows = []
    for _ in range(100):
        x, kind = rng.normal(), rng.choice(['said ""yes"", then no', "two\nlines", "plain, comma"])
        up = (x > 0) == (kind != "two\nlines")
        rows.append(f'"{x:.3f}","{kind}","{"up, up" if up else "down"}"')
    new = lines('"kind; of","x"', '"two\nlines","-2"', '"plain, comma",-2', '"new ""one""",0')
    return lines('"x","kind; of","goes"', *rows), new, ["up, up", "down", None]


@table("row 92: left out, not 2 cells as elsewhere")
def byte_order_mark(rng):
    rows = []
    for i in range(90):
        x = rng.uniform(0, 9)
        rows.append(f"{x:.3f};{x * x:.3f}" + (";;" if i == 7 else ""))
    rows += ["", "", "total"]
    file = "﻿".encode() + lines("x;square", *rows, end="\r\n")
    return file, "﻿".encode() + lines("x", "5.0", end="\r\n"), [25.0]


@table("utf-16", "tab between the cells")
def utf_16(rng):
    rows = []
    for _ in range(90):
        x = rng.uniform(0, 100)
        rows.append(f"{x:.1f} %\t{'много' if x > 50 else 'мало'}")
    return (
        lines("доля\tсколько", *rows, encoding="utf-16"),
        lines("доля", "90 %", "10 %", encoding="utf-16"),
        ["много", "мало"],
    )


@table("301 columns", "and 281 more; the report has them")
def wide(rng):
    x = rng.normal(size=(60, 300))
    rows = [",".join(f"{v:.2f}" for v in r) + f",{'ab'[int(r[0] + r[1] > 0)]}" for r in x]
    names = ",".join(f"c{i}" for i in range(300))
    return lines(names + ",y", *rows), lines(names, ",".join("0" * 300)), [None]


@table("12 rows")
def tiny(rng):
    rows = [f"{i}.5,{'even' if i % 2 == 0 else 'odd'}" for i in range(12)]
    return lines("n,is", *rows), lines("n", "3", "1e9"), [None, None]


@table("colour category, 3 texts", "taste category, 2 texts")
def texts_alone(rng):
    rows = []
    for _ in range(120):
        colour, taste = rng.choice(["red", "green", "yellow"]), rng.choice(["sweet", "sour"])
        fruit = {"red": "cherry", "green": "lime", "yellow": "lemon"}[colour]
        rows.append(f"{colour},{taste},{'apple' if taste == 'sweet' else fruit}")
    new = lines("taste,colour", "sweet,red", "sour,green", "sour,blue")
    return lines("colour,taste,fruit", *rows), new, ["apple", "lime", None]


@table("column 1 number")
def no_names(rng):
    x = rng.normal(size=(100, 2))
    rows = [f"{a:.3f} {b:.3f} {int(a * b > 0)}" for a, b in x]
    return lines(*rows), lines("1.5 1.5", "-1.5 1.5"), ["1", "0"]


@table("test mean absolute error")
def far_outliers(rng):
    rows = []
    for i in range(150):
        x = rng.uniform(1, 10)
        y = 1e9 if i % 50 == 0 else 10 * x
        big = 1e12 if i % 40 == 0 else x
        rows.append(f"{big:.4g}|{x:.3f}|$ {y:,.2f}")
    return lines("big|x|cost", *rows), lines("x|big", "5|5"), [50.0]


def scores(out):
    """The best baseline's score and the network's, higher is better."""
    base = float(re.search(r"^.* of the best baseline \(.*\): (\S+)$", out, re.M)[1])
    name, score = re.findall(r"^(.*test [^:\n]*): (\S+)$", out, re.M)[-1]
    sign = -1 if "error" in name else 1
    return sign * base, sign * float(score)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_learned_or_said_not_to_be_worth_it(capsys, tmp_path, name):
    make, words = TABLES[name]
    file, new, wanted = make(np.random.default_rng(0))
    (tmp_path / "new.csv").write_bytes(new)
    (tmp_path / "t.csv").write_bytes(file)
    code, out, err = run(
        capsys, "train", tmp_path / "t.csv", "--out", tmp_path / "run", "--epochs", 60
    )
    assert (code, err) == (0, "")
    base, score = scores(out)
    assert score > base or NOT_WORTH in out
    assert (NOT_WORTH in out) != ("the network is worth it" in out)
    shown = re.sub(r" +", " ", out)
    assert [told for told in words if told not in shown] == []

    said = tmp_path / "said.csv"
    code, _, err = run(capsys, "predict", tmp_path / "run", tmp_path / "new.csv", "--out", said)
    assert code == 0, err
    head, *rows = list(csv.reader(said.read_text(encoding="utf-8").splitlines(keepends=True)))
    place = next(i for i, title in enumerate(head) if title.startswith("predicted "))
    assert len(rows) == len(wanted)
    for row, value in zip(rows, wanted, strict=True):
        if isinstance(value, str):
            assert row[place] == value
        elif value is not None:
            assert float(row[place]) == pytest.approx(value, rel=0.25)
        else:
            assert row[place]
