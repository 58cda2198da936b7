"""Filters take a value under each of its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index import FACETS, Index, build_memory_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.index.made import Fields

FULL: Fields = {
    "identifier": "idr:idr0062/1", "kind": "image", "part_of": "idr:idr0062", "title": "Blastocyst",
    "organisms": [{"name": "Mus musculus", "taxon": 10090}], "scales": ["cells"],
    "technologies": ["confocal microscopy"],
    "methods": [{"name": "spinning disk confocal microscopy", "id": "FBbi:00000253"}],
    "data_types": ["benchmark"], "licence": "CC-BY-4.0", "reference": True, "formats": ["ome-zarr"],
    "ground_truth": ["instance masks"], "genes": [{"name": "TP53", "id": "HGNC:11998"}],
    "proteins": [{"name": "p53", "id": "UniProtKB:P04637"}],
    "phenotypes": [{"name": "binuclear", "id": "CMPO:0000213"}],
    "compounds": [{"name": "nocodazole", "id": "CHEBI:34892"}], "processes": [{"name": "mitosis", "id": "GO:0140014"}],
    "anatomy": [{"name": "nucleus", "id": "GO:0005634"}], "released": "2019-06-17", "driver": "ome_zarr", "url": "x",
}  # fmt: skip
BARE: Fields = {
    "identifier": "ega:EGAD1",
    "kind": "study",
    "title": "Controlled",
    "access": {"kind": "controlled", "how": "ask"},
    "licence": "CC-BY-NC-ND-4.0",
}
EMPTY: Fields = {"identifier": "cil:1", "title": "No licence"}


@pytest.fixture(scope="module")
def small() -> Iterator[Index]:
    index = build_memory_index([FULL, BARE, EMPTY])
    yield index
    index.close()


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"archive": ["idr", "ega"]}, [FULL, BARE]),
        ({"archive": "IDR"}, [FULL]),
        ({"kind": ["study"]}, [BARE]),
        ({"kind": ["image"]}, [FULL, EMPTY]),
        ({"part_of": ["idr:idr0062"]}, [FULL]),
        ({"organism": ["Mus musculus"]}, [FULL]),
        ({"organism": ["mouse"]}, [FULL]),
        ({"organism": ["10090"]}, [FULL]),
        ({"organism": ["NCBITaxon:10090"]}, [FULL]),
        ({"organism": ["NIH3T3"]}, [FULL]),
        ({"organism": ["zebrafish"]}, []),
        ({"scale": ["cells"]}, [FULL]),
        ({"technology": ["confocal microscopy"]}, [FULL]),
        ({"method": ["Spinning disk confocal microscopy"]}, [FULL]),
        ({"method": ["FBbi:00000253"]}, [FULL]),
        ({"method": ["obo:FBbi_00000253"]}, [FULL]),
        ({"data_type": ["benchmark"]}, [FULL]),
        ({"licence": ["cc-by-4.0"]}, [FULL]),
        ({"use": ["commercial"]}, [FULL]),
        ({"use": ["redistribution"]}, [FULL, BARE]),
        ({"use": ["redistribution", "commercial"]}, [FULL]),
        ({"use": []}, []),
        ({"access": ["controlled"]}, [BARE]),
        ({"access": ["open"]}, [FULL, EMPTY]),
        ({"reference": ["yes"]}, [FULL]),
        ({"format": ["OME-Zarr"]}, [FULL]),
        ({"ground_truth": ["instance masks"]}, [FULL]),
        ({"gene": ["tp53"]}, [FULL]),
        ({"gene": ["HGNC:11998"]}, [FULL]),
        ({"protein": ["UniProtKB:P04637"]}, [FULL]),
        ({"phenotype": ["binuclear"]}, [FULL]),
        ({"compound": ["Nocodazole"]}, [FULL]),
        ({"process": ["GO:0140014"]}, [FULL]),
        ({"anatomy": ["nucleus"]}, [FULL]),
        ({"year": ["2019", "2020"]}, [FULL]),
        ({"readable": ["yes"]}, [FULL]),
        ({"part": ["yes"]}, [FULL]),
        ({"archive": ["idr"], "organism": ["human"]}, []),
        ({"archive": []}, []),
        ({}, [FULL, BARE, EMPTY]),
    ],
)
def test_filters(small: Index, filters: Any, wanted: list[Fields]) -> None:
    assert small.select("", filters).page() == wanted


def test_every_facet_is_listed(small: Index) -> None:
    counted = small.select("", {"archive": ["idr"]}).facets()
    assert set(counted) == set(FACETS)
    assert all(count == 1 for values in counted.values() for _, count in values)
    assert [name for name, values in counted.items() if not values] == []
    assert small.values("archive") == [("cil", 1), ("ega", 1), ("idr", 1)]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"colour": ["red"]}, r"no filter 'colour'. Valid filters are: access, anatomy, archive, .*year\. Use one"),
        ({"archive": [5]}, r"'archive' has the values \[5\]; expected texts"),
        ({"year": [None]}, "expected texts"),
    ],
)
def test_impossible_filters(small: Index, filters: Any, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        small.select("", filters)
