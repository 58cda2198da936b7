"""CSL JSON, the items that citation processors such as citeproc and Zotero read.

Schema: https://github.com/citation-style-language/schema, version 1.0.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import doi, line, listed, make_record, mapping, number
from bioimagehub.catalogs.errors import InvalidDocumentError, InvalidEntryError
from bioimagehub.catalogs.exchange.crate_graph import web
from bioimagehub.catalogs.exchange.naming import find_identifier, find_licence
from bioimagehub.catalogs.parts import Author, Publication

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bioimagehub.catalogs.records import Record


def dump(record: Record) -> dict[str, Any]:
    """Write a record as an item of CSL JSON.

    Parameters
    ----------
    record : Record
        Its main publication is the item where it has one that was published in a journal; else the dataset is. The
        archive, its accession and the licence stand in ``archive``, ``archive_location`` and ``license``.

    Returns
    -------
    dict
        Plain values; a file of CSL JSON is a list of such items.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> dump(open_catalog()["samples:emd-3001"])["DOI"]
    '10.1038/nature15368'
    """
    published = record.publications[0] if record.publications else None
    is_article = bool(published and published.journal)
    if published and published.year:
        issued: list[int] | None = [published.year]
    elif record.released and not published:
        issued = [record.released.year, record.released.month, record.released.day]
    else:
        issued = None
    item = {
        "id": record.identifier,
        "type": "article-journal" if is_article else "dataset",
        "title": (published and published.title) or record.title,
        "author": [_name(author) for author in record.authors],
        "issued": {"date-parts": [issued]} if issued else None,
        "container-title": published.journal if published else None,
        "volume": published.volume if published else None,
        "page": published.pages if published else None,
        "DOI": (published.doi if published else None) or record.doi,
        "PMID": str(published.pubmed) if published and published.pubmed else None,
        "publisher": None if is_article else record.source,
        "version": record.version,
        "archive": record.source,
        "archive_location": record.source_accession,
        "URL": record.source_url,
        "license": record.licence,
        "note": f"Data: {record.identifier}",
    }
    return {name: _plain(value) for name, value in item.items() if value}


def parse(
    item: Mapping[str, Any] | list[Any], report: Report | None = None, *, identifier: str | None = None
) -> Record:
    """Make a record of an item of CSL JSON.

    Parameters
    ----------
    item : mapping or list
        The item, or a list with one.
    report : Report or None
        Takes the defects that were tolerated.
    identifier : str or None
        What to call the record; None takes the ``id`` where it is an identifier of this catalog, else the DOI.

    Raises
    ------
    InvalidDocumentError
        If it is no item, or has neither identifier nor title nor address.
    """
    report = Report() if report is None else report
    item = item[0] if isinstance(item, list) and len(item) == 1 else item
    if not isinstance(item, dict) or "type" not in item:
        msg = (
            "The document is no item of CSL JSON: it has no type. "
            "Give one item, such as an element of the list in the file."
        )
        raise InvalidDocumentError(msg)
    found = doi(item.get("DOI"))
    name = identifier or find_identifier([item.get("id")], found)
    parts = [listed(part) for part in listed(mapping(item.get("issued")).get("date-parts"))]
    year = number(parts[0][0]) if parts and parts[0] else None
    licence, licence_url = find_licence(line(item.get("license")))
    is_article = str(item["type"]).startswith(("article", "paper", "chapter"))
    publication = Publication(
        title=line(item.get("title")),
        year=year if year and 1600 <= year <= 2100 else None,
        journal=line(item.get("container-title")),
        volume=line(item.get("volume")),
        pages=line(item.get("page")),
        doi=found,
        pubmed=number(item.get("PMID")) or None,
    )
    fields = {
        "identifier": name,
        "kind": "study",
        "title": line(item.get("title")),
        "source": line(item.get("archive")) or line(item.get("publisher")) or line(item.get("container-title")),
        "source_url": web(item.get("URL")) or (f"https://doi.org/{found}" if found else None),
        "source_accession": line(item.get("archive_location")),
        "version": line(item.get("version")),
        "authors": tuple(filter(None, (_author(author) for author in listed(item.get("author"))))),
        "publications": (publication,) if is_article else (),
        "doi": None if is_article else found,
        "licence": licence,
        "licence_url": licence_url,
    }
    try:
        return make_record({key: value for key, value in fields.items() if value is not None}, report)
    except InvalidEntryError as error:
        msg = f"The item {str(item.get('id'))[:100]!r} of CSL JSON does not make a record: {error}"
        raise InvalidDocumentError(msg) from error


def _plain(value: Any) -> Any:
    """Give values with text as one line, without control characters."""
    if isinstance(value, str):
        return line(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _name(author: Author) -> dict[str, str]:
    return {"family": author.family, "given": author.given} if author.given else {"literal": author.family}


def _author(name: Any) -> Author | None:
    if not isinstance(name, dict):
        text = line(name)
        return Author(family=text) if text else None
    particles = [line(name.get(key)) for key in ("non-dropping-particle", "dropping-particle")]
    family = line(name.get("family"))
    whole = line(name.get("literal")) or " ".join(filter(None, [*particles, family]))
    given = line(name.get("given"))
    if not whole:
        return Author(family=given) if given else None
    code = re.search(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", str(name.get("ORCID") or ""))
    return Author(family=whole, given=given if family else None, orcid=code[0] if code else None)
