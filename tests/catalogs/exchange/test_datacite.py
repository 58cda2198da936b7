from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.exchange import datacite
from bioimagehub.catalogs.parts import Author, Organism, Publication, Term
from catalogs.exchange.datacite_schema import SCHEMA
from catalogs.exchange.strategies import records

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog
    from bioimagehub.catalogs.records import Record


# In the form of https://api.datacite.org/dois/10.5281/zenodo.1120379, with the facts of another dataset.
ANSWER: dict[str, Any] = {
    "data": {
        "id": "10.17867/10000112",
        "type": "dois",
        "attributes": {
            "doi": "10.17867/10000112",
            "identifiers": [],
            "creators": [
                {
                    "name": "Cai, Yin",
                    "nameType": "Personal",
                    "givenName": "Yin",
                    "familyName": "Cai",
                    "nameIdentifiers": [
                        {"nameIdentifier": "https://orcid.org/0000-0003-1080-1656", "nameIdentifierScheme": "ORCID"}
                    ],
                },
                {"name": "Ellenberg Group", "nameType": "Organizational"},
            ],
            "titles": [
                {"title": "Ein Titel", "titleType": "TranslatedTitle"},
                {"title": "Experimental and computational framework for a dynamic protein atlas"},
            ],
            "publisher": "University of Dundee",
            "publicationYear": 2018,
            "types": {"resourceTypeGeneral": "Dataset", "resourceType": ""},
            "subjects": [
                {"subject": "mitosis"},
                {"subject": "Homo sapiens", "subjectScheme": "NCBITaxon", "valueUri": "obo:NCBITaxon_9606"},
                {"subject": "cell division", "valueUri": "http://purl.obolibrary.org/obo/GO_0051301"},
                {"subject": "HeLa cell", "subjectScheme": "CLO", "classificationCode": "CLO:0003684"},
                {"subject": "confocal microscopy", "valueUri": "http://purl.obolibrary.org/obo/FBbi_00000251"},
            ],
            "dates": [{"date": "2018-09-20", "dateType": "Available"}, {"date": "2018", "dateType": "Issued"}],
            "relatedIdentifiers": [
                {
                    "relatedIdentifier": "10.1038/s41586-018-0518-z",
                    "relatedIdentifierType": "DOI",
                    "relationType": "IsSupplementTo",
                },
                {
                    "relatedIdentifier": "10.17867/1",
                    "relatedIdentifierType": "DOI",
                    "relationType": "IsPartOf",
                },
            ],
            "sizes": ["0.5 TB", "12 files", "300 GB"],
            "formats": ["image/tiff", "OME-Zarr"],
            "version": None,
            "rightsList": [
                {
                    "rights": "Creative Commons Attribution 4.0 International",
                    "rightsUri": "https://creativecommons.org/licenses/by/4.0/legalcode",
                    "rightsIdentifier": "cc-by-4.0",
                    "rightsIdentifierScheme": "SPDX",
                }
            ],
            "descriptions": [{"description": "prose", "descriptionType": "Abstract"}],
            "url": "https://idr.openmicroscopy.org/study/idr0041/",
        },
    }
}


def test_a_record_worked_by_hand(catalog: Catalog) -> None:
    found = datacite.dump(catalog["samples:emd-3001"])
    jsonschema.validate(found, SCHEMA)
    assert found["creators"][0]["name"].startswith("Rodriguez, ")
    assert found["titles"] == [{"title": catalog["samples:emd-3001"].title}]
    assert found["publisher"] == {"name": "Electron Microscopy Data Bank"}
    assert found["types"] == {"resourceTypeGeneral": "Image", "resourceType": "image"}
    assert found["relatedIdentifiers"] == [
        {
            "relatedIdentifier": "10.1038/nature15368",
            "relatedIdentifierType": "DOI",
            "relationType": "IsDescribedBy",
        }
    ]
    assert found["rightsList"] == [
        {
            "rights": "CC0-1.0",
            "rightsUri": "https://creativecommons.org/publicdomain/zero/1.0/",
            "rightsIdentifier": "CC0-1.0",
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": "https://spdx.org/licenses/",
        }
    ]


def test_an_answer_of_the_api() -> None:
    record = datacite.parse(ANSWER, identifier="idr:idr0041", source="DataCite", retrieved=date(2026, 3, 1))
    assert record.identifier == "idr:idr0041"
    assert record.title == "Experimental and computational framework for a dynamic protein atlas"
    assert record.authors == (
        Author(family="Cai", given="Yin", orcid="0000-0003-1080-1656"),
        Author(family="Ellenberg Group"),
    )
    assert record.doi == "10.17867/10000112"
    assert record.licence == "CC-BY-4.0"
    assert record.publications == (Publication(doi="10.1038/s41586-018-0518-z"),)
    assert record.organisms == (Organism(name="Homo sapiens", taxon=9606),)
    assert record.keywords == ("mitosis",)
    assert record.processes == (Term(name="cell division", id="GO:0051301"),)
    assert record.anatomy == (Term(name="HeLa cell", id="CLO:0003684"),)
    assert record.methods == (Term(name="confocal microscopy", id="FBbi:00000251"),)
    assert record.released == date(2018, 9, 20)
    assert (record.size, record.files) == (300 * 10**9, 12)
    assert record.formats == ("tiff", "ome-zarr")
    assert record.description is None
    assert record.facts[0].source == "DataCite"
    assert datacite.parse(ANSWER["data"]["attributes"]).identifier == "doi:10.17867-10000112"


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records())
def test_what_is_written_reads_back_as_it_was(record: Record) -> None:
    document = json.loads(json.dumps(datacite.dump(record)))
    jsonschema.validate(document, SCHEMA)
    again = datacite.parse(document)
    for field in (
        "identifier", "kind", "title", "source", "source_url", "doi", "licence", "authors", "organisms", "methods",
        "genes", "proteins", "phenotypes", "compounds", "processes", "anatomy", "keywords", "modified", "size",
        "files", "images", "formats", "version",
    ):  # fmt: skip
        assert getattr(again, field) == getattr(record, field), field
    assert (again.access.kind, again.access.until) == (record.access.kind, record.access.until)
    if record.released:
        assert again.released == record.released


def test_creators_that_are_not_known_are_said_so(catalog: Catalog) -> None:
    record = catalog["samples:emd-3001"].model_copy(update={"authors": ()})
    document = datacite.dump(record)
    assert document["creators"] == [{"name": "(:unkn)"}]
    assert datacite.parse(document).authors == ()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "no DataCite metadata: it has no list of titles.*Give the answer"),
        ({"data": []}, "no DataCite metadata"),
        ({"data": {"attributes": {"titles": [{"title": "x"}]}}}, "neither a DOI nor an identifier.*Give parse"),
        ({"titles": [], "doi": "10.1234/x"}, "doi:10.1234-x do not make a record.*title"),
        ({"titles": [{"title": "x"}], "doi": "10.1234/x"}, "source"),
    ],
)
def test_what_is_no_metadata_of_a_dataset_is_told(document: Any, message: str) -> None:
    with pytest.raises(InvalidDocumentError, match=message):
        datacite.parse(document)


def test_properties_of_any_kind_do_no_harm() -> None:
    odd = [None, 3, True, "", {}, [], [[]], [None], [3], [{}], [{"x": 1}], {"name": {}}, ["text"]]
    good: dict[str, Any] = {"titles": [{"title": "T"}], "doi": "10.1234/x", "publisher": "P"}
    names = [
        "identifiers", "alternateIdentifiers", "creators", "types", "subjects", "dates", "relatedIdentifiers",
        "relatedItems", "sizes", "formats", "version", "rightsList", "url", "publicationYear",
    ]  # fmt: skip
    for name in names:
        for value in odd:
            assert datacite.parse({**good, name: value}).title == "T"
