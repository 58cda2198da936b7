"""Write a record as a detached RO-Crate 1.2 in the profile of the study crates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.exchange import terms
from bioimagehub.catalogs.exchange.naming import licence_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from bioimagehub.catalogs.parts import Author, Organism, Publication, Term
    from bioimagehub.catalogs.records import Record

_OBO = "http://purl.obolibrary.org/obo/"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.2/context",
    {
        "dwc": "http://rs.tdwg.org/dwc/terms/",
        "dwciri": "http://rs.tdwg.org/dwc/iri/",
        "bao": "http://www.bioassayontology.org/bao#",
        "vernacularName": {"@id": "dwc:vernacularName"},
        "scientificName": {"@id": "dwc:scientificName"},
        "hasCellLine": {"@id": "bao:BAO_0002004"},
        "measurementMethod": {"@id": "dwciri:measurementMethod"},
        "seeAlso": {"@id": "http://www.w3.org/2000/01/rdf-schema#seeAlso"},
        "BioSample": {"@id": "http://schema.org/BioSample"},
        "LabProtocol": {"@id": "http://schema.org/LabProtocol"},
        "labEquipment": {"@id": "http://schema.org/labEquipment"},
    },
]
# Field of the record, what the profile calls it, and its unit in the ontology of units.
_AMOUNTS = (
    ("size", "#total-dataset-size", "bytes", "UO_0000233"),
    ("files", "#file-count", "file count", "UO_0000189"),
    ("images", "#image-count", "image count", "UO_0000189"),
)


def dump(record: Record) -> dict[str, Any]:
    """Write a record as the content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    record : Record
        What its source does not state is left out of the crate, also where the profile asks for it: a date, a licence,
        an organism or a method is never made up. Without a description of our own the title stands in its place.

    Returns
    -------
    dict
        Plain values that `json.dumps` takes, with every entity once in ``@graph``.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> crate = dump(open_catalog()["samples:bbbc038-nuclei"])
    >>> crate["@graph"][1]["identifier"], crate["@graph"][1]["license"]
    ('bbbc038-nuclei', 'https://creativecommons.org/publicdomain/zero/1.0/')
    """
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
        "about": {"@id": record.source_url},
    }
    graph = _Graph(reserved=("ro-crate-metadata.json", record.source_url))
    root = {
        "@id": record.source_url,
        "@type": "Dataset",
        "additionalType": record.kind,
        "identifier": record.name,
        "name": record.title,
        "description": record.description or record.title,
        "version": record.version,
        "datePublished": record.released and record.released.isoformat(),
        "dateModified": record.modified and record.modified.isoformat(),
        "license": record.licence_url or (record.licence and licence_page(record.licence)),
        "cite-as": record.doi and f"https://doi.org/{record.doi}",
        "thumbnailUrl": [record.thumbnail] if record.thumbnail else [],
        "keywords": list(record.keywords),
        "encodingFormat": list(record.formats),
        **_links(graph, record),
    }
    return {"@context": _CONTEXT, "@graph": [descriptor, _stated(root), *graph.entities]}


def _stated(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if value is not None and value != []}


class _Graph:
    """The entities of a crate, each once: what is the same is shared, what collides gets an ``@id`` of its own."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self.entities: list[dict[str, Any]] = []
        self._known: dict[str, dict[str, Any]] = {name: {} for name in reserved}

    def add(self, wanted: str | None, entity: Mapping[str, Any], *, local: str = "entity") -> dict[str, str]:
        """Take an entity under the identifier that it wants, and give the reference to it."""
        body = _stated(entity)
        given = wanted
        count = 0
        while given is None or self._known.get(given, body) != body:
            count += 1
            given = f"#{local}-{count}"
        if given not in self._known:
            self._known[given] = body
            self.entities.append({"@id": given, **body})
        return {"@id": given}


def _links(graph: _Graph, record: Record) -> dict[str, Any]:
    """Add what the root dataset refers to, and give the references."""
    taxa = [graph.add(_taxon_address(organism), _taxon(organism), local="taxon") for organism in record.organisms]
    subjects = [
        graph.add(terms.address(term), _term(term, kind), local="term")
        for field, kind in terms.KINDS.items()
        for term in getattr(record, field)
    ]
    amounts = [
        graph.add(
            name,
            {
                "@type": "QuantitativeValue",
                "value": getattr(record, field),
                "unitCode": f"{_OBO}{unit}",
                "unitText": text,
            },
        )
        for field, name, text, unit in _AMOUNTS
        if getattr(record, field) is not None
    ]
    return {
        "publisher": graph.add("#publisher", {"@type": "Organization", "name": record.source}),
        "author": [graph.add(_orcid(author), _person(author), local="author") for author in record.authors],
        "about": taxa + subjects,
        "measurementMethod": [
            graph.add(terms.address(method), _term(method, None), local="method") for method in record.methods
        ],
        "seeAlso": [graph.add(_place(each), _article(each), local="article") for each in record.publications],
        "size": amounts,
        "conditionsOfAccess": _access(graph, record),
        "isPartOf": {"@id": f"#{record.part_of}"} if record.part_of else None,
    }


def _taxon_address(organism: Organism) -> str | None:
    return f"{_OBO}NCBITaxon_{organism.taxon}" if organism.taxon else None


def _taxon(organism: Organism) -> dict[str, Any]:
    code = f"NCBITaxon:{organism.taxon}" if organism.taxon else None
    return {"@type": "Taxon", "scientificName": organism.name, "identifier": code}


def _term(term: Term, kind: str | None) -> dict[str, Any]:
    return {"@type": "DefinedTerm", "name": term.name, "termCode": term.id, "additionalType": kind}


def _orcid(author: Author) -> str | None:
    return f"https://orcid.org/{author.orcid}" if author.orcid else None


def _person(author: Author) -> dict[str, Any]:
    return {
        "@type": "Person",
        "name": f"{author.given} {author.family}" if author.given else author.family,
        "givenName": author.given,
        "familyName": author.family if author.given else None,
        "identifier": _orcid(author),
    }


def _place(publication: Publication) -> str | None:
    if publication.doi:
        return f"https://doi.org/{publication.doi}"
    return _pubmed(publication)


def _pubmed(publication: Publication) -> str | None:
    return f"https://pubmed.ncbi.nlm.nih.gov/{publication.pubmed}/" if publication.pubmed else None


def _article(publication: Publication) -> dict[str, Any]:
    return {
        "@type": "ScholarlyArticle",
        "name": publication.title or _place(publication),
        "datePublished": str(publication.year) if publication.year else None,
        "sameAs": [place for place in (_pubmed(publication),) if place and place != _place(publication)],
    }


def _access(graph: _Graph, record: Record) -> dict[str, str] | None:
    access = record.access
    if access.kind == "open":
        return None
    return graph.add(
        "#access",
        {
            "@type": "ActionAccessSpecification",
            "category": access.kind,
            "availabilityStarts": access.until and access.until.isoformat(),
            "description": access.how,
            "url": access.url,
        },
    )
