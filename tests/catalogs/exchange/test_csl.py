from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.exchange import csl
from bioimagehub.catalogs.parts import Author, Publication
from catalogs.exchange.strategies import records

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog
    from bioimagehub.catalogs.records import Record

NAME = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"family": {"type": "string"}, "given": {"type": "string"}, "literal": {"type": "string"}},
}
# What version 1.0.2 of the schema says of the variables that are written here; it allows no others than it lists.
TEXTS = [
    "title", "container-title", "volume", "page", "DOI", "PMID", "publisher", "version", "archive", "archive_location",
    "URL", "license", "note",
]  # fmt: skip
ITEM = {
    "type": "object",
    "required": ["id", "type"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "type": {"enum": ["article-journal", "dataset"]},
        "author": {"type": "array", "items": NAME},
        "issued": {
            "required": ["date-parts"],
            "properties": {"date-parts": {"items": {"items": {"type": "integer"}, "minItems": 1, "maxItems": 3}}},
        },
        **{name: {"type": "string"} for name in TEXTS},
    },
}


def test_an_article_worked_by_hand(catalog: Catalog) -> None:
    item = csl.dump(catalog["samples:emd-3001"])
    jsonschema.validate(item, ITEM)
    assert item["type"] == "article-journal"
    assert item["container-title"] == "Nature"
    assert (item["volume"], item["page"], item["DOI"]) == ("525", "486-490", "10.1038/nature15368")
    assert item["issued"] == {"date-parts": [[2015]]}
    assert item["author"][0]["family"] == "Rodriguez"
    assert (item["archive"], item["archive_location"], item["license"]) == (
        "Electron Microscopy Data Bank",
        "EMD-3001",
        "CC0-1.0",
    )


def test_a_group_without_an_article(catalog: Catalog) -> None:
    item = csl.dump(catalog["samples:nuclei-3d"])
    jsonschema.validate(item, ITEM)
    assert item["type"] == "dataset"
    assert item["author"] == [{"literal": "Allen Institute for Cell Science"}]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records())
def test_a_dataset_reads_back_as_it_was(record: Record) -> None:
    record = record.model_copy(update={"publications": ()})
    item = json.loads(json.dumps(csl.dump(record)))
    jsonschema.validate(item, ITEM)
    again = csl.parse([item])
    for field in ("identifier", "title", "source", "source_url", "doi", "licence", "version"):
        assert getattr(again, field) == getattr(record, field), field
    assert [(each.family, each.given) for each in again.authors] == [
        (each.family, each.given) for each in record.authors
    ]


def test_an_article_of_a_reference_manager() -> None:
    item = {
        "id": "vanderberg2019",
        "type": "article-journal",
        "title": "NesSys: a novel method for accurate nuclear segmentation in 3D",
        "author": [
            {"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"},
            {"literal": "A Consortium"},
            {"given": "Plato", "ORCID": "https://orcid.org/0000-0003-1080-1656"},
        ],
        "container-title": "PLOS Biology",
        "issued": {"date-parts": [["2019", 8]]},
        "volume": 17,
        "DOI": "https://doi.org/10.1371/journal.pbio.3000388",
        "PMID": "31398189",
    }
    record = csl.parse(item)
    assert record.identifier == "doi:10.1371-journal.pbio.3000388"
    assert record.authors[:2] == (Author(family="van der Berg", given="Jan"), Author(family="A Consortium"))
    assert record.publications == (
        Publication(
            title=item["title"],
            year=2019,
            journal="PLOS Biology",
            volume="17",
            doi="10.1371/journal.pbio.3000388",
            pubmed=31398189,
        ),
    )
    assert record.doi is None
    assert record.source_url == "https://doi.org/10.1371/journal.pbio.3000388"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({}, "no item of CSL JSON: it has no type.*Give one item"),
        ([], "no item of CSL JSON"),
        ([{"type": "book"}, {"type": "book"}], "no item of CSL JSON"),
        ({"type": "dataset", "id": "x"}, "'x' of CSL JSON does not make a record"),
        ({"type": "dataset", "DOI": "10.1234/x"}, "title"),
    ],
)
def test_what_is_no_item_is_told(item: Any, message: str) -> None:
    with pytest.raises(InvalidDocumentError, match=message):
        csl.parse(item)


def test_variables_of_any_kind_do_no_harm() -> None:
    good = {"type": "dataset", "title": "T", "DOI": "10.1234/x", "publisher": "P"}
    names = ("id", "author", "issued", "container-title", "volume", "page", "PMID", "URL", "license", "archive")
    for name in names:
        for value in (None, 3, True, "", {}, [], [[]], [None], [{}], {"date-parts": 3}, {"date-parts": [[None]]}):
            assert csl.parse({**good, name: value}).title == "T"
