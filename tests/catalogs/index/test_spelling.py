"""Suggestions for words that nobody wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.index import Index, build_memory_index
from bioimagehub.catalogs.index.spelling import FARTHEST, distance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.index.made import Fields

RECORDS: list[Fields] = [
    {"identifier": "a:1", "title": "Zebrafish embryo at 24 hours", "authors": [{"family": "Zebrafisk"}]},
    {"identifier": "a:2", "title": "Fluorescence of mitochondria", "keywords": ["lysosome"]},
    {"identifier": "a:3", "title": "Mitochondrion", "organisms": [{"name": "Drosophila melanogaster", "taxon": 7227}]},
    *({"identifier": f"a:mouse{n}", "title": "Mouse brain"} for n in range(5)),
    {"identifier": "a:house", "title": "House"},
]


@pytest.fixture(scope="module")
def small() -> Iterator[Index]:
    index = build_memory_index(RECORDS)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("zebrafsh embrio", "zebrafish embryo"),
        ("Zebrafihs", "zebrafish"),
        ("drosofila melanogaster", "drosophila melanogaster"),
        ("flourescence lysosomes", "fluorescence lysosomes"),
        ('"mouse brian" -hose', '"mouse brain" -house'),
        ("xouse", "mouse"),
        ("mitochondira in a zebrafish", "mitochondria in a zebrafish"),
        ("zebrafish embryo", None),
        ("embryos", None),
        ("xyz", None),
        ("quetzalcoatl", None),
        ("zebrxxxsh", None),
        ("S-BIAD1002 12345", None),
        ("", None),
    ],
)
def test_suggestions(small: Index, text: str, wanted: str | None) -> None:
    assert small.suggest(text) == wanted


def plain_distance(one: str, other: str) -> int:
    """The definition, without a table."""
    if not one or not other:
        return len(one) + len(other)
    found = [
        plain_distance(one[:-1], other) + 1,
        plain_distance(one, other[:-1]) + 1,
        plain_distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if one[-2:] == other[-2:][::-1] and len(one) > 1 and len(other) > 1:
        found.append(plain_distance(one[:-2], other[:-2]) + 1)
    return min(found)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_distance(one: str, other: str) -> None:
    wanted = plain_distance(one, other)
    found = distance(one, other)
    assert found == wanted or (found > FARTHEST and wanted > FARTHEST)
