"""Columns tell of each record what the sets of the values tell, across the borders of the parts they are made in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bioimagehub.catalogs.index import build_memory_index, columns
from catalogs.index.made import values_of

if TYPE_CHECKING:
    from catalogs.index.made import Fields

FACETS = ("gene", "organism", "part_of", "use")


@pytest.mark.parametrize("chunk", [1, 99, 100, 1000])
def test_borders(made: list[Fields], monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(columns, "_CHUNK", chunk)
    monkeypatch.setattr(columns, "FEWEST_VALUES", 2)
    records = made[:1000]
    index = build_memory_index(records)
    for archive in ("one", "two"):
        part = [record for record in records if record["identifier"].startswith(archive)]
        counted = index.select("", {"archive": [archive]}).facets(FACETS, limit=None)
        for facet in FACETS:
            assert dict(counted[facet]) == Counter(value for record in part for value in values_of(record, facet))
    index.close()


def test_too_many_different_sets(made: list[Fields], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where records have little in common there is no column, and the counts are the same."""
    whole = build_memory_index(made)
    monkeypatch.setattr(columns, "_MOST_SETS", 50)
    without = build_memory_index(made)
    asked = ("zornap", {"archive": ["one"]})
    assert without.select(*asked).facets() == whole.select(*asked).facets()
    whole.close()
    without.close()
