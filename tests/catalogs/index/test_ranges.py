"""The ends of ranges."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index import Index, build_memory_index
from bioimagehub.catalogs.index.ranges import parse_range


@pytest.mark.parametrize(
    ("name", "bounds", "wanted"),
    [
        ("size", (None, None), (None, None)),
        ("size", (0.5, 7.5), (1, 7)),
        ("size", (-5, 1e30), (-5, 2**63 - 1)),
        ("size", (float("-inf"), float("inf")), (-(2**63), 2**63 - 1)),
        ("size", (5, 5), (5, 5)),
        ("released", ("2020", "2020"), (date(2020, 1, 1).toordinal(), date(2020, 12, 31).toordinal())),
        ("modified", ("2020-02", "2020-02"), (date(2020, 2, 1).toordinal(), date(2020, 2, 29).toordinal())),
        ("released", (date(2020, 5, 4), None), (date(2020, 5, 4).toordinal(), None)),
    ],
)
def test_ends(name: str, bounds: Any, wanted: Any) -> None:
    assert parse_range(name, bounds) == wanted


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({"weight": (1, 2)}, "no range 'weight'. Valid ranges are: files, images, modified, released, size"),
        ({"size": (5, 4)}, "goes from 5 to 4; the first end must not be above the second"),
        ({"released": ("2021", "2020-05-05")}, "the first end must not be above"),
        ({"size": ("1 TB", None)}, "the end '1 TB'; expected a number"),
        ({"size": (True, None)}, "the end True; expected a number"),
        ({"size": (float("nan"), None)}, "the end nan; expected a number"),
        ({"released": ("soon", None)}, "the end 'soon'; expected a date such as 2021-05-31"),
        ({"released": (None, "2021-13")}, "expected a date"),
        ({"released": (None, "2021-02-30")}, "expected a date"),
        ({"released": (None, "2021-02-03-04")}, "expected a date"),
        ({"released": (2021, None)}, "expected a date"),
        ({"size": 5}, "expected two ends"),
        ({"size": (1, 2, 3)}, "expected two ends"),
    ],
)
def test_impossible_ranges(index: Index, ranges: Any, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        index.select("", {}, ranges)


def test_equals_never_part() -> None:
    """More records of one size than a slice holds, among others: in either order equals are as in the catalog."""
    sizes = [5] * 700 + list(range(600)) + [7] * 300 + [None] * 20
    records = [
        {"identifier": f"a:{n}", "title": "x"} | ({} if size is None else {"size": size})
        for n, size in enumerate(sizes)
    ]
    index = build_memory_index(records)
    for sort, sign in (("size", 1), ("-size", -1)):
        wanted = sorted(records, key=lambda record: (record.get("size") is None, sign * record.get("size", 0)))
        assert index.select().identifiers(0, 2000, sort) == [record["identifier"] for record in wanted]
    assert len(index.select("", {}, {"size": (5, 5)})) == 701
    assert len(index.select("", {}, {"size": (6, 7)})) == 302
    assert len(index.select("", {}, {"size": (None, 10**9)})) == 1600
    index.close()
