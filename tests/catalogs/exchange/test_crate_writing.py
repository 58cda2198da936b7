"""Crates as they are written: in the profile, and the same when they are read again."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
from hypothesis import HealthCheck, example, given, settings

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.exchange import ro_crate
from bioimagehub.catalogs.parts import Author, Term
from bioimagehub.catalogs.records import Record
from catalogs.exchange.strategies import records

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog


def parse(document: Any) -> Record:
    report = Report(quiet=True)
    return ro_crate.parse(document, archive="bia", report=report, retrieved=date(2026, 3, 16), source="a crate")


REFERENCE = {
    "type": "object",
    "required": ["@id"],
    "properties": {"@id": {"type": "string"}},
    "additionalProperties": False,
}
REFERENCES = {"type": "array", "items": REFERENCE, "minItems": 1}


def entity(kind: str, *required: str, **properties: Any) -> dict[str, Any]:
    """What the profile asks of the entities of a type."""
    return {
        "if": {"properties": {"@type": {"const": kind}}},
        "then": {"required": list(required), "properties": properties},
    }


ABSOLUTE = {"type": "string", "pattern": "^https?://"}
PROFILE = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {
        "@context": {"type": "array", "contains": {"const": "https://w3id.org/ro/crate/1.2/context"}},
        "@graph": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["@id", "@type"],
                "properties": {"@id": {"type": "string", "minLength": 1}, "@type": {"type": "string"}},
                "allOf": [
                    entity("Person", "name"),
                    entity("Organization", "name"),
                    entity("Taxon", "scientificName"),
                    entity("DefinedTerm", "name"),
                    entity("ScholarlyArticle", "name"),
                    entity("QuantitativeValue", "value", "unitCode", "unitText", value={"type": "integer"}),
                    entity(
                        "Dataset",
                        "name",
                        "description",
                        "publisher",
                        **{"@id": ABSOLUTE},
                        name={"type": "string", "minLength": 1},
                        description={"type": "string", "minLength": 1},
                        datePublished={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                        license=ABSOLUTE,
                        publisher=REFERENCE,
                        author=REFERENCES,
                        about=REFERENCES,
                        measurementMethod=REFERENCES,
                        seeAlso=REFERENCES,
                        size=REFERENCES,
                        thumbnailUrl={"type": "array", "items": ABSOLUTE},
                        keywords={"type": "array", "items": {"type": "string"}},
                    ),
                ],
            },
        },
    },
}
DEMANDED = {
    "released": "datePublished",
    "licence": "license",
    "authors": "author",
    "organisms": "about",
    "methods": "measurementMethod",
}


def check(document: dict[str, Any]) -> dict[str, Any]:
    """Check a crate against the profile and against RO-Crate, and give its root."""
    jsonschema.validate(document, PROFILE)
    graph = document["@graph"]
    names = [each["@id"] for each in graph]
    assert len(set(names)) == len(names)
    assert graph[0]["@id"] == "ro-crate-metadata.json"
    assert graph[0]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    (root,) = [each for each in graph if each["@type"] == "Dataset"]
    assert graph[0]["about"] == {"@id": root["@id"]}
    for name in ("publisher", "author", "about", "measurementMethod", "seeAlso", "size", "conditionsOfAccess"):
        for reference in root.get(name, []) if isinstance(root.get(name), list) else [root.get(name)]:
            assert reference is None or reference["@id"] in names
    return root


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records())
@example(record=Record(identifier="bia:S-w00-", title="Ends in a sign", source="s", source_url="https://e.org"))
def test_what_is_written_is_a_crate_and_reads_back_as_it_was(record: Record) -> None:
    document = json.loads(json.dumps(ro_crate.dump(record)))
    root = check(document)
    for field, name in DEMANDED.items():
        assert (name in root) >= bool(getattr(record, field))
    again = parse(document)
    for field in ro_crate.CARRIED:
        assert getattr(again, field) == getattr(record, field), field
    assert [(each.title, each.year, each.doi, each.pubmed) for each in again.publications] == [
        (each.title, each.year, each.doi, each.pubmed) for each in record.publications
    ]


def test_samples_as_crates(catalog: Catalog) -> None:
    for record in catalog:
        root = check(ro_crate.dump(record))
        assert root["identifier"] == record.name


def test_what_is_not_known_is_left_out(catalog: Catalog) -> None:
    record = catalog["samples:cryoet-tomogram"]
    root = check(ro_crate.dump(record))
    assert record.licence is None
    assert "license" not in root
    assert "datePublished" not in root


def test_entities_that_collide_get_addresses_of_their_own(catalog: Catalog) -> None:
    record = catalog["samples:emd-3001"].model_copy(
        update={
            "genes": (Term(name="SNCA", id="HGNC:11138"), Term(name="PARK1", id="HGNC:11138")),
            "authors": (
                Author(family="A", orcid="0000-0003-1080-1656"),
                Author(family="B", orcid="0000-0003-1080-1656"),
            ),
        }
    )
    document = ro_crate.dump(record)
    check(document)
    again = parse(document)
    assert again.genes == record.genes
    assert again.authors == record.authors
