"""RO-Crates of studies, in the profile that the BioImage Archive, IDR and SSBD share (founding GIDE, January 2026).

The profile describes a detached RO-Crate 1.2 (https://w3id.org/ro/crate/1.2) with the root dataset, its taxa, imaging
methods, authors, publisher, articles, sizes and thumbnails. What it asks for and the record does not state is left
out, never made up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.values import doi, line, listed, make_record, slug
from bioimagehub.catalogs.errors import InvalidDocumentError, InvalidEntryError
from bioimagehub.catalogs.exchange import terms
from bioimagehub.catalogs.exchange.crate_graph import Crate
from bioimagehub.catalogs.exchange.crate_reading import Reader
from bioimagehub.catalogs.exchange.crate_writing import dump
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

__all__ = ["CARRIED", "dump", "parse"]

CARRIED = (
    "identifier",
    "kind",
    "version",
    "title",
    "source",
    "source_url",
    "authors",
    "doi",
    "licence",
    "licence_url",
    "access",
    "organisms",
    "methods",
    *terms.KINDS,
    "keywords",
    "released",
    "modified",
    "size",
    "files",
    "images",
    "formats",
    "thumbnail",
)
"""The fields of a record that a crate holds; of publications it holds title, year, DOI and PubMed identifier."""


def parse(document: Mapping[str, Any], *, archive: str, report: Report, retrieved: date, source: str) -> Record:
    """Make a record of the crate of a study.

    Descriptions, e-mail addresses and affiliations are not taken.

    Parameters
    ----------
    document : mapping
        The content of ``ro-crate-metadata.json``.
    archive : str
        The archive that the crate comes from, as ``idr``. A study that carries the accession of EMPIAR belongs to
        ``empiar`` all the same. Sizes of ``idr`` are not taken, for some of its crates are wrong by the unit; what
        they call file count is the number of images.
    report : Report
        Takes each defect that was tolerated.
    retrieved : date
        When the crate was read.
    source : str
        Where it was read: address, or repository and path.

    Raises
    ------
    InvalidDocumentError
        If it is no crate, or lacks what every record needs: an identifier, a name, an address.
    """
    crate = Crate(document, source)
    accession = _accession(crate)
    if accession is None:
        msg = f"{source} names no dataset: its root has no usable identifier nor @id. Give it an 'identifier'."
        raise InvalidDocumentError(msg)
    archive = "empiar" if re.fullmatch(r"EMPIAR-\d+", accession) else archive
    reader = Reader(crate, f"{archive}:{accession}", report)
    fields = {
        "identifier": reader.identifier,
        "title": reader.title(),
        "source_accession": accession,
        **reader.place(archive),
        **reader.licence(),
        **reader.amounts(trusted=archive != "idr"),
        **reader.subjects(),
        "authors": tuple(reader.authors()),
        "publications": tuple(reader.publications()),
        "methods": tuple(reader.methods()),
        "keywords": tuple(reader.keywords()),
        "released": reader.date("datePublished", needed=True),
        "modified": reader.date("dateModified"),
        "version": line(crate.root.get("version")),
        "formats": tuple(filter(None, (line(name) for name in listed(crate.root.get("encodingFormat"))))),
        "access": reader.access(),
        "facts": (Fact(source=line(source) or "unnamed crate", retrieved=retrieved),),
    }
    try:
        return make_record({name: value for name, value in fields.items() if value is not None}, report)
    except InvalidEntryError as error:
        msg = f"{source} does not make a record: {error} Correct the crate, or leave it out."
        raise InvalidDocumentError(msg) from error


def _accession(crate: Crate) -> str | None:
    """Give the accession: the first identifier that is no DOI, else the last part of the address."""
    root = crate.root
    names = [
        line(found.get("value") or found.get("name") or found.get("@id")) or ""
        for found in crate.follow(root.get("identifier"))
    ]
    names = [name for name in names if name and doi(name) is None]
    names.append((line(root.get("@id")) or "").rstrip("/").rpartition("/")[2])
    study, _, image = names[0].partition("/")
    if not re.search(r"[A-Za-z0-9]", study):
        return None
    return f"{_part(study)}/{_part(image)}" if image else _part(study)


def _part(name: str) -> str:
    """Keep a name that an identifier may hold as it is, and make one out of any other."""
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name) else slug(name)
