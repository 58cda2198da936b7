"""Write a record as DataCite metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import line
from bioimagehub.catalogs.exchange import terms
from bioimagehub.catalogs.exchange.naming import licence_page

if TYPE_CHECKING:
    from typing import Any

    from bioimagehub.catalogs.parts import Author, Publication, Term
    from bioimagehub.catalogs.records import Record

# What the schema wants to stand where the value is not known (its appendix 3).
_NOT_KNOWN = "(:unkn)"
# Vocabulary of the COAR and OpenAIRE access rights.
ACCESS_RIGHTS = {
    "embargoed": "info:eu-repo/semantics/embargoedAccess",
    "controlled": "info:eu-repo/semantics/restrictedAccess",
    "none": "info:eu-repo/semantics/closedAccess",
}
SCHEMES = {"organisms": "NCBITaxon", "methods": "FBbi"}


def dump(record: Record) -> dict[str, Any]:
    """Write a record as the attributes of DataCite metadata, version 4.6.

    Parameters
    ----------
    record : Record
        What its source does not state is left out. Only the creators, which the schema demands, then are
        ``(:unkn)``, its own word for that.

    Returns
    -------
    dict
        Plain values that `json.dumps` takes.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> dump(open_catalog()["samples:bbbc038-nuclei"])["rightsList"][0]["rightsIdentifier"]
    'CC0-1.0'
    """
    names = [{"identifierType": "bioimagehub", "identifier": record.identifier}]
    if record.source_accession:
        names.append({"identifierType": "accession", "identifier": record.source_accession})
    dates = {"Issued": record.released, "Available": record.access.until, "Updated": record.modified}
    amounts = {"bytes": record.size, "files": record.files, "images": record.images}
    attributes = {
        "doi": record.doi,
        "identifiers": names,
        "creators": [_creator(author) for author in record.authors] or [{"name": _NOT_KNOWN}],
        "titles": [{"title": record.title}],
        "publisher": {"name": record.source},
        "publicationYear": record.released.year if record.released else None,
        "types": {
            "resourceTypeGeneral": "Image" if record.kind == "image" else "Dataset",
            "resourceType": record.kind,
        },
        "subjects": _subjects(record),
        "dates": [{"date": day.isoformat(), "dateType": kind} for kind, day in dates.items() if day],
        "relatedIdentifiers": [each for publication in record.publications for each in _related(publication)],
        "relatedItems": [_item(publication) for publication in record.publications if publication.title],
        "sizes": [f"{count} {unit}" for unit, count in amounts.items() if count is not None],
        "formats": list(record.formats),
        "version": record.version,
        "rightsList": _rights(record),
        "descriptions": [{"description": text, "descriptionType": "Abstract"} for text in [record.description] if text],
        "url": record.source_url,
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    return {name: value for name, value in attributes.items() if value is not None and value != []}


def _creator(author: Author) -> dict[str, Any]:
    # Without given names the source does not tell a person from a group, and nor does this.
    creator: dict[str, Any] = {"name": f"{author.family}, {author.given}" if author.given else author.family}
    if author.given:
        creator |= {"nameType": "Personal", "givenName": author.given, "familyName": author.family}
    if author.orcid:
        creator["nameIdentifiers"] = [
            {
                "nameIdentifier": f"https://orcid.org/{author.orcid}",
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        ]
    return creator


def _subjects(record: Record) -> list[dict[str, str]]:
    subjects = [{"subject": keyword} for keyword in record.keywords]
    for organism in record.organisms:
        subject = {"subject": organism.name, "subjectScheme": SCHEMES["organisms"]}
        if organism.taxon:
            subject["valueUri"] = f"http://purl.obolibrary.org/obo/NCBITaxon_{organism.taxon}"
            subject["classificationCode"] = f"NCBITaxon:{organism.taxon}"
        subjects.append(subject)
    subjects += [_subject(method, "imaging method") for method in record.methods]
    subjects += [_subject(term, kind) for field, kind in terms.KINDS.items() for term in getattr(record, field)]
    return subjects


def _subject(term: Term, kind: str) -> dict[str, str]:
    subject = {"subject": term.name, "subjectScheme": kind}
    if term.id:
        subject |= {"valueUri": str(terms.address(term)), "classificationCode": term.id}
    return subject


def _related(publication: Publication) -> list[dict[str, str]]:
    codes = {"DOI": publication.doi, "PMID": publication.pubmed}
    return [
        {"relatedIdentifier": str(code), "relatedIdentifierType": kind, "relationType": "IsDescribedBy"}
        for kind, code in codes.items()
        if code
    ][:1]


def _item(publication: Publication) -> dict[str, Any]:
    item: dict[str, Any] = {
        "relatedItemType": "JournalArticle",
        "relationType": "IsDescribedBy",
        "titles": [{"title": publication.title}],
        "publicationYear": publication.year,
        "volume": publication.volume,
        # The schema has no field for the journal of an article; its publisher is the nearest.
        "publisher": publication.journal,
    }
    if publication.pages:
        item["firstPage"], _, item["lastPage"] = publication.pages.partition("-")
    related = _related(publication)
    if related:
        item["relatedItemIdentifier"] = {
            "relatedItemIdentifier": related[0]["relatedIdentifier"],
            "relatedItemIdentifierType": related[0]["relatedIdentifierType"],
        }
    return {name: value for name, value in item.items() if value}


def _rights(record: Record) -> list[dict[str, str]]:
    rights = []
    if record.licence or record.licence_url:
        licence: dict[str, str] = {"rights": record.licence or str(record.licence_url)}
        address = record.licence_url or (record.licence and licence_page(record.licence))
        if address:
            licence["rightsUri"] = address
        if record.licence and not record.licence.startswith("LicenseRef-"):
            licence |= {
                "rightsIdentifier": record.licence,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        rights.append(licence)
    if record.access.kind != "open":
        rights.append(
            {"rights": line(record.access.how) or "Embargoed", "rightsUri": ACCESS_RIGHTS[record.access.kind]}
        )
    return rights
