"""DataCite metadata in JSON, as the REST API of DataCite gives and takes them.

Schema: DataCite Metadata Schema 4.6, doi:10.14454/mzv1-5b55.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import make_record
from bioimagehub.catalogs.errors import InvalidDocumentError, InvalidEntryError
from bioimagehub.catalogs.exchange.datacite_reading import Reader
from bioimagehub.catalogs.exchange.datacite_writing import dump
from bioimagehub.catalogs.exchange.naming import find_identifier
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from bioimagehub.catalogs.records import Record

__all__ = ["dump", "parse"]


def parse(
    document: Mapping[str, Any],
    report: Report | None = None,
    *,
    identifier: str | None = None,
    source: str | None = None,
    retrieved: date | None = None,
) -> Record:
    """Make a record of DataCite metadata.

    Parameters
    ----------
    document : mapping
        An answer of the API, ``{"data": {"attributes": ...}}``, or the attributes alone.
    report : Report or None
        Takes the defects that were tolerated.
    identifier : str or None
        What to call the record; None takes an identifier of this catalog out of the document, else the DOI.
    source, retrieved : str and date, or None
        Where and when the document was read; both or neither.

    Raises
    ------
    InvalidDocumentError
        If it is no such document, or lacks what every record needs: a DOI or identifier, a title, a publisher.
    """
    report = Report() if report is None else report
    attributes: Any = document
    for key in ("data", "attributes"):
        if isinstance(attributes, dict) and key in attributes:
            attributes = attributes[key]
    if not isinstance(attributes, dict) or "titles" not in attributes:
        msg = (
            "The document is no DataCite metadata: it has no list of titles. "
            "Give the answer of https://api.datacite.org/dois/DOI, or its attributes."
        )
        raise InvalidDocumentError(msg)
    reader = Reader(attributes)
    name = identifier or find_identifier(reader.names(), reader.doi)
    if name is None:
        msg = (
            f"The metadata of {str(reader.title())[:100]!r} have neither a DOI nor an identifier of this catalog. "
            "Give parse() an identifier."
        )
        raise InvalidDocumentError(msg)
    fields = {"identifier": name, "kind": "study", **reader.fields()}
    if source is not None and retrieved is not None:
        fields["facts"] = (Fact(source=source, retrieved=retrieved),)
    try:
        return make_record({key: value for key, value in fields.items() if value is not None}, report)
    except InvalidEntryError as error:
        msg = f"The DataCite metadata of {name} do not make a record: {error}"
        raise InvalidDocumentError(msg) from error
