"""UK Biobank: images of up to 100,000 people, for approved researchers alone; nothing leaves its own platform."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import make_record
from bioimagehub.catalogs.errors import AccessDeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_APPLY = "https://www.ukbiobank.ac.uk/use-our-data/apply-for-access/"
_STEPS = (
    "Controlled: register in UK Biobank's Access Management System with your institution, submit an application for "
    "a defined, health-related research project, sign the Material Transfer Agreement and pay the access fee; once "
    "approved, work on the images inside the UK Biobank Research Analysis Platform (UKB-RAP). "
    "Images of individuals cannot be downloaded from it."
)
ARCHIVE = Archive(
    name="ukbiobank",
    title="UK Biobank",
    home="https://www.ukbiobank.ac.uk/",
    accession="imaging",
    example="imaging",
    gives="One record of the imaging study, with the steps to apply.",
    limits=(
        "Controlled access: no image, no file list and no search from outside its Research Analysis Platform; "
        "the field numbers were not checked live."
    ),
    licence="Contract (Material Transfer Agreement) with each institution; nothing may be passed on.",
    instead=_STEPS,
)
# Fields of the showcase that hold images: https://biobank.ndph.ox.ac.uk/showcase/label.cgi?id=100003
_FIELDS = (
    "field 20252: T1-weighted structural brain MRI (NIfTI)",
    "field 20253: T2 FLAIR structural brain MRI (NIfTI)",
    "field 20250: multiband diffusion brain MRI (NIfTI)",
    "field 20209: short-axis heart MRI (DICOM)",
    "field 20201: Dixon MRI of the body (DICOM)",
    "field 20158: DXA images (DICOM)",
    "field 20222: carotid artery ultrasound (DICOM)",
    "field 21015: fundus photograph of the left eye",
    "field 21016: fundus photograph of the right eye",
)
_STUDY: Mapping[str, Any] = {
    "identifier": "ukbiobank:imaging",
    "kind": "study",
    "title": "UK Biobank imaging study: brain, heart and abdominal MRI, DXA and carotid ultrasound of 100,000 people",
    "description": "Entry of a controlled archive: it tells how to apply. No image can be opened from this hub.",
    "source": "UK Biobank",
    "source_url": "https://www.ukbiobank.ac.uk/",
    "source_accession": "Category 100003",
    "authors": ({"family": "UK Biobank"},),
    "publications": (
        {
            "title": (
                "The UK Biobank imaging enhancement of 100,000 participants: rationale, data collection, management "
                "and future directions"
            ),
            "journal": "Nature Communications",
            "year": 2020,
            "volume": "11",
            "pages": "2624",
            "doi": "10.1038/s41467-020-15948-9",
            "pubmed": 32457287,
        },
    ),
    "licence": "LicenseRef-UK-Biobank-MTA",
    "licence_url": _APPLY,
    "access": {"kind": "controlled", "how": _STEPS, "url": _APPLY},
    "organisms": ({"name": "Homo sapiens", "taxon": 9606},),
    "methods": (
        {"name": "magnetic resonance imaging"},
        {"name": "dual-energy X-ray absorptiometry"},
        {"name": "ultrasound"},
        {"name": "fundus photography"},
    ),
    "technologies": ("magnetic resonance imaging", "X-ray imaging", "ultrasound", "photography"),
    "scales": ("organism",),
    "data_types": ("correlative", "systematic phenotyping"),
    "keywords": _FIELDS,
    "formats": ("dicom", "nifti"),
    "facts": (
        {"source": "https://doi.org/10.1038/s41467-020-15948-9", "retrieved": date(2020, 5, 26)},
        {
            "source": "https://community.ukbiobank.ac.uk/",
            "retrieved": date(2026, 11, 22),
            "fields": ("access", "licence"),
        },
    ),
}


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find the record of the imaging study by words; nothing is asked over the network.

    Parameters
    ----------
    text : str
        Words that must all occur in its title, methods or fields.
    client : Client
        Not used.
    limit : int
        How many records at most.
    """
    record = known_record(ARCHIVE.example)
    words = " ".join([record.title, record.source, *record.keywords, *(each.name for each in record.methods)])
    return [record][:limit] if all(word in words.casefold() for word in text.casefold().split()) else []


def fetch_record(accession: str, client: Client) -> Record:
    """Give the record of the imaging study; its access tells how to apply.

    Raises
    ------
    RecordNotFoundError
        If the accession is not ``imaging``.
    """
    return known_record(accession)


def list_files(accession: str, client: Client) -> Iterator[File]:
    """Refuse: files are listed on the platform alone.

    Raises
    ------
    AccessDeniedError
        Always; it tells how to apply.
    """
    ARCHIVE.check(accession)
    _refuse(f"The files of ukbiobank:{accession}")


def resolve(accession: str, path: str, client: Client) -> str:
    """Refuse: no image has an address outside the platform.

    Raises
    ------
    AccessDeniedError
        Always; it tells how to apply.
    """
    ARCHIVE.check(accession)
    _refuse(f"The file {path[:200]} of ukbiobank:{accession}")


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Give the one record; there is nothing to ask for."""
    yield Page((parse_record(_STUDY, report),), total=1)


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
    return parse_record(_STUDY, Report())


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of the fields that are written here."""
    return make_record(dict(document), report)


def _refuse(what: str) -> NoReturn:
    msg = f"{what} cannot be had: expected an approved application to UK Biobank. {_STEPS} Apply at {_APPLY}."
    raise AccessDeniedError(msg)
