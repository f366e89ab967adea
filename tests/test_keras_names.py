"""The page docs/keras-names.md: what it says of each name is so."""

import re
import runpy
from pathlib import Path

import pytest

from neurona.errors import RefusedError
from neurona.refusals import ROWS, TABLE

ROOT = Path(__file__).parent.parent
script = runpy.run_path(str(ROOT / "docs" / "keras_names.py"))
TABLE_OF_NAMES = script["table"]()


def test_enough_of_kerass_names_are_here():
    for families, least in ((script["FAMILIES"], 0.97), (script["OTHERS"], 0.95)):
        here, count = script["share"](TABLE_OF_NAMES, families)
        assert count > 400
        assert here >= least * count, f"{here} of {count}"


def test_the_page_promises_nothing_that_is_not_here():
    page = (ROOT / "docs" / "keras-names.md").read_text()
    promised = page.partition("## Here")[2]
    count = 0
    for module, names in re.findall(r"^\* `keras\.?([\w.]*)`: (.*)$", promised, re.M):
        for name in names.split(", "):
            assert TABLE_OF_NAMES[module][name] == "here", f"{module}.{name}"
            count += 1
    assert count > 1200
    told = set(re.findall(r"\w+", page))
    for module, row in TABLE_OF_NAMES.items():
        assert set(row) <= told, f"write the page again: {module} {set(row) - told}"


def test_every_refusal_is_where_keras_has_the_name():
    for row in TABLE:
        for name in row.names.split():
            if name in TABLE_OF_NAMES.get(row.module, {}):
                assert TABLE_OF_NAMES[row.module][name] in ("refused", "out of scope"), name


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_refused_name_says_why_and_what_to_do(name):
    from neurona import refusals

    refused = getattr(refusals, name)
    row = ROWS[name]
    message = re.escape(f"neurona has no {name}: {row.why}.\ntry: {row.instead}")
    with pytest.raises(RefusedError, match=message):
        refused(3, a=4)
    with pytest.raises(RefusedError, match=message):
        type("Own", (refused,), {})
    assert row.why in refused.__doc__
    assert not row.why.endswith(".")


def test_what_is_not_refused_is_no_attribute():
    from neurona import quantizers, refusals

    assert quantizers.AbsMaxQuantizer is refusals.AbsMaxQuantizer
    with pytest.raises(AttributeError, match="has no 'Nothing'"):
        _ = refusals.Nothing
