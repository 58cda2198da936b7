"""An entry of EMPIAR: its document, read into a record.

The corresponding author and the principal investigators are not taken over: they come with postal addresses.
Source of the fields: the API's OpenAPI document (emdb-empiar/empiar_basic, 2020) and entries of 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.values import author, day, doi, line, listed, make_record, number
from bioimagehub.catalogs.parts import Access, Author, Fact, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

API = "https://www.ebi.ac.uk/empiar/api/entry"
FILES = "https://ftp.ebi.ac.uk/empiar/world_availability"
_PAGE = "https://www.ebi.ac.uk/empiar"
_ANGSTROM = 1e-4  # micrometres
_UNITS = {"": 1, "B": 1, "BYTES": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
_SCALES = {"molecule": "molecular", "cell": "cells", "tissue": "tissues", "organism": "organism"}
"""What EMPIAR calls a scale, and Table 1 of the paper."""
_METHODS = {
    "SBF-SEM": "serial block face SEM (SBFSEM)",
    "FIB-SEM": "focussed ion beam scanning electron microscopy (FIB-SEM)",
    "ATUM-SEM": "ATUM-SEM",
    "SXT": "soft X-ray tomography",
    "HARD X-RAY/X-RAY MICROCT": "X-ray micro-computed tomography",
    "MICROED": "microcrystal electron diffraction",
    "CLEM": "correlative light and electron microscopy",
    "CLXM": "correlative light and X-ray microscopy",
    "SSET": "serial section electron tomography",
}
"""What EMPIAR calls a type of experiment, and the method. INSILICO and IHM are no imaging."""
_TYPES = {
    "UNSIGNED BYTE": "uint8",
    "SIGNED BYTE": "int8",
    "UNSIGNED 16 BIT INTEGER": "uint16",
    "SIGNED 16 BIT INTEGER": "int16",
    "UNSIGNED 32 BIT INTEGER": "uint32",
    "SIGNED 32 BIT INTEGER": "int32",
    "32 BIT FLOAT": "float32",
}
_GONE = {"OBS": "is obsolete", "WDRN": "was withdrawn", "UNARCH": "was taken out of the archive"}
_RELATED = (
    ("cross_references", r"EMD-\d{4,6}", "emdb:{}"),
    ("biostudies_references", r"S-(?:BIAD|BSST|BSMS|JCBD)\d+", "bia:{}"),
    ("idr_references", r"idr\d{4}", "idr:{}"),
    ("empiar_references", r"EMPIAR-\d{5,6}", "empiar:{}"),
)


def parse_record(accession: str, entry: Mapping[str, Any], report: Report, *, retrieved: date) -> Record:
    """Make a record of an entry.

    Parameters
    ----------
    accession : str
        The key under which the answer holds it.
    entry : mapping
        The entry, as JSON.
    report : Report
    retrieved : date
        When it was asked for.

    Raises
    ------
    InvalidEntryError
        If it has no title.
    """
    from bioimagehub.catalogs.vocabulary.classification import complete

    identifier = f"empiar:{accession}"
    sets = [each for each in listed(entry.get("imagesets")) if isinstance(each, dict)]
    updated = day(entry.get("update_date"))
    counts = [count for each in sets if (count := number(each.get("num_images_or_tilt_series"))) is not None]
    scale = _SCALES.get(str(entry.get("scale")).casefold())
    fields = {
        "identifier": identifier,
        "kind": "study",
        "version": updated.isoformat() if updated else None,
        "title": line(entry.get("title")),
        "source": "EMPIAR",
        "source_url": f"{_PAGE}/{accession}/",
        "source_accession": accession,
        "authors": tuple(_authors(entry)),
        "publications": tuple(_publications(entry)),
        "doi": doi(entry.get("entry_doi")),
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "access": _access(accession, entry),
        "methods": _methods(entry, sets),
        "scales": (scale,) if scale else (),
        "related": tuple(each for each in _related(entry) if each != identifier),
        "released": day(entry.get("release_date")),
        "modified": updated,
        "size": parse_size(entry.get("dataset_size"), identifier, report),
        "images": sum(counts) if counts else None,
        "formats": _formats(sets),
        **_shape(sets),
        "facts": (Fact(source=f"{API}/{accession}/", retrieved=retrieved),),
    }
    return complete(make_record(fields, report))


def parse_size(text: Any, identifier: str, report: Report) -> int | None:
    """Give the bytes of a size that is written as text, such as ``1.9 TB``; rounded, as the text is.

    >>> from bioimagehub.catalogs.archives.report import Report
    >>> parse_size("1.9 TB", "empiar:EMPIAR-10934", Report(quiet=True))
    1900000000000
    """
    said = line(text)
    if said is None:
        return None
    found = re.fullmatch(r"([\d,]*\.?\d+)\s*([A-Za-z]*)", said)
    unit = _UNITS.get(found[2].upper().replace("IB", "B")) if found else None
    if found is None or unit is None or re.search(r",\d{1,2}(\D|$)", found[1]):
        report.defect(identifier, "size", f"{said[:40]!r} is no size that is known; left out")
        return None
    return round(float(found[1].replace(",", "")) * unit)


def _authors(entry: Mapping[str, Any]) -> Iterator[Author]:
    for each in listed(entry.get("authors")):
        told = each.get("author", each) if isinstance(each, dict) else {"name": each}
        if not isinstance(told, dict) or (person := author(told.get("name"))) is None or "@" in person.family:
            continue
        orcid = re.fullmatch(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", str(told.get("author_orcid")))
        yield person.model_copy(update={"orcid": orcid[0]}) if orcid else person


def _publications(entry: Mapping[str, Any]) -> Iterator[Publication]:
    for each in listed(entry.get("citation")):
        if not isinstance(each, dict):
            continue
        year = re.fullmatch(r"(19|20)\d\d", str(each.get("year")))
        found_doi, pubmed = doi(each.get("doi")), number(each.get("pubmedid")) or None
        if found_doi is None and pubmed is None and each.get("published") is not True:
            # A working title, which will change.
            continue
        pages = [page for key in ("first_page", "last_page") if (page := line(each.get(key)))]
        yield Publication(
            title=line(each.get("title")),
            year=int(year[0]) if year else None,
            journal=line(each.get("journal")) or line(each.get("journal_abbreviation")),
            volume=line(each.get("volume")),
            pages="-".join(pages) or None,
            doi=found_doi,
            pubmed=pubmed,
        )


def _access(accession: str, entry: Mapping[str, Any]) -> Access:
    status = str(entry.get("status") or "REL").upper()
    if status == "REL" and not entry.get("obsolete_date"):
        return Access()
    if status in _GONE or entry.get("obsolete_date"):
        since = f" since {day(entry.get('obsolete_date'))}" if day(entry.get("obsolete_date")) else ""
        how = f"The entry {_GONE.get(status, 'is obsolete')}{since}; its page may name the one that took its place"
        return Access(kind="none", how=how, url=f"{_PAGE}/{accession}/")
    how = f"The entry is not released yet (status {line(status)}): ask its authors, or wait for its publication"
    return Access(kind="controlled", how=how, url=f"{_PAGE}/{accession}/")


def _methods(entry: Mapping[str, Any], sets: Iterable[Mapping[str, Any]]) -> tuple[Term, ...]:
    """Name the method of the type of experiment; that of ``EMDB`` stands in the categories of the sets, or title."""
    from bioimagehub.catalogs.vocabulary.methods import find_method

    kind = str(entry.get("experiment_type")).upper().replace(" SEM", "-SEM")
    if kind != "EMDB":
        return (find_method(_METHODS[kind]),) if kind in _METHODS else ()
    categories = " ".join(str(each.get("category")).casefold() for each in sets)
    if "tilt series" in categories or "tomogram" in categories or "tomogra" in str(entry.get("title")).casefold():
        return (find_method("cryo-electron tomography"),)
    if "particle" in categories or "class averages" in categories:
        return (find_method("single-particle cryo-electron microscopy"),)
    return (find_method("cryo-electron microscopy"),)


def _related(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, pattern, form in _RELATED:
        for each in listed(entry.get(key)):
            name = line(each.get("name") if isinstance(each, dict) else each)
            if name is not None and re.fullmatch(pattern, name):
                yield form.format(name)


def _formats(sets: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    named = [line(each.get(key)) or "" for each in sets for key in ("data_format", "header_format")]
    return tuple(dict.fromkeys(name for each in named if (name := re.sub(r"[^a-z0-9]+", "-", each.lower()).strip("-"))))


def _shape(sets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the plane of the images where all sets have the same: height and width, pixel size, pixel type."""
    planes = {(number(each.get("image_height")), number(each.get("image_width"))) for each in sets}
    types = {_TYPES.get(str(each.get("voxel_type")).upper()) for each in sets}
    fields: dict[str, Any] = {"dtype": types.pop() if len(types) == 1 else None}
    if len(planes) == 1 and all(plane := planes.pop()):
        pixels = {(_micrometres(each.get("pixel_height")), _micrometres(each.get("pixel_width"))) for each in sets}
        spacing = pixels.pop() if len(pixels) == 1 else (None, None)
        fields |= {"axes": ("y", "x"), "shape": plane, "spacing": spacing if any(spacing) else ()}
    return fields


def _micrometres(angstrom: Any) -> float | None:
    try:
        found = float(angstrom)
    except (TypeError, ValueError):
        return None
    return found * _ANGSTROM if 0 < found < float("inf") else None
