"""PhenoImageShare: gone since 2016; this says so, and where its images are today."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import make_record
from bioimagehub.catalogs.errors import NotOfferedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_IMPC = "https://www.mousephenotype.org/data/imageComparator"
_INSTEAD = (
    "No longer there: its last trace is of 2016. It held no images of its own; it pointed to those of other archives. "
    "The mouse phenotype images are at the International Mouse Phenotyping Consortium (archive 'impc' here), "
    "the gene expression images of mouse embryos at EMAGE, https://www.emouseatlas.org/emage/."
)
ARCHIVE = Archive(
    name="phenoimageshare",
    title="PhenoImageShare",
    home="http://www.phenoimageshare.org/",
    accession="phenoimageshare",
    example="phenoimageshare",
    gives="One record that says where its content went.",
    limits="Retired: nothing can be searched, listed or read; its server left no trace after 2016.",
    licence="That of the archives it pointed to; its code was Apache-2.0.",
    instead=_INSTEAD,
)
_AUTHORS = (
    ("Adebayo", "Solomon"), ("McLeod", "Kenneth"), ("Tudose", "Ilinca"), ("Osumi-Sutherland", "David"),
    ("Burdett", "Tony"), ("Baldock", "Richard"), ("Burger", "Albert"), ("Parkinson", "Helen"),
)  # fmt: skip
_RECORD: Mapping[str, Any] = {
    "identifier": "phenoimageshare:phenoimageshare",
    "kind": "study",
    "title": "PhenoImageShare: phenotype images of several archives, pointed to from one place (retired)",
    "description": "Entry of an archive that is no longer there; it tells where to find the images today.",
    "source": "PhenoImageShare",
    "source_url": "https://github.com/PhenoImageShare/PhenoImageShare",
    "authors": tuple({"family": family, "given": given} for family, given in _AUTHORS),
    "publications": (
        {
            "title": "PhenoImageShare: an image annotation and query infrastructure",
            "journal": "Journal of Biomedical Semantics",
            "year": 2016,
            "volume": "7",
            "pages": "35",
            "doi": "10.1186/s13326-016-0072-2",
            "pubmed": 27267125,
        },
    ),
    "access": {"kind": "none", "how": _INSTEAD, "url": _IMPC},
    "organisms": ({"name": "Mus musculus", "taxon": 10090},),
    "scales": ("organism", "tissues"),
    "data_types": ("systematic phenotyping",),
    "released": date(2016, 6, 7),
    "facts": (
        {"source": "https://doi.org/10.1186/s13326-016-0072-2", "retrieved": date(2016, 6, 7)},
        {
            "source": "https://github.com/PhenoImageShare/PhenoImageShare commit c0f1fa5",
            "retrieved": date(2016, 12, 20),
            "fields": ("access",),
        },
    ),
}


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Refuse: there is no server that could search.

    Raises
    ------
    NotOfferedError
        Always; it tells where to search instead.
    """
    _refuse("PhenoImageShare cannot be searched")


def fetch_record(accession: str, client: Client) -> Record:
    """Give the record that says where the content went; nothing is asked over the network.

    Raises
    ------
    RecordNotFoundError
        If the accession is not ``phenoimageshare``.
    """
    return known_record(accession)


def list_files(accession: str, client: Client) -> Iterator[File]:
    """Refuse: there is no list of files.

    Raises
    ------
    NotOfferedError
        Always; it tells where the images are.
    """
    ARCHIVE.check(accession)
    _refuse(f"phenoimageshare:{accession} has no files")


def resolve(accession: str, path: str, client: Client) -> str:
    """Refuse: there is no file.

    Raises
    ------
    NotOfferedError
        Always; it tells where the images are.
    """
    ARCHIVE.check(accession)
    _refuse(f"phenoimageshare:{accession} has no file {path[:200]}")


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Give the one record; there is nothing to ask for."""
    yield Page((parse_record(_RECORD, report),), total=1)


def known_accessions() -> tuple[str, ...]:
    """Give the accessions whose records are known without asking anybody."""
    return (ARCHIVE.example,)


def known_record(accession: str) -> Record:
    """Make the record of an accession that is known without asking anybody.

    Raises
    ------
    RecordNotFoundError
        If it is not among `known_accessions`.
    """
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    return parse_record(_RECORD, Report())


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of the fields that are written here."""
    return make_record(dict(document), report)


def _refuse(what: str) -> NoReturn:
    msg = f"{what}: expected a live archive. {_INSTEAD}"
    raise NotOfferedError(msg)
