"""A project of the Human Cell Atlas, made into a record that says whether it has images."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.values import (
    day,
    doi,
    line,
    listed,
    make_classified,
    make_file,
    mapping,
    number,
    term,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

INTERFACE = "https://service.azul.data.humancellatlas.org"
_SITE = "https://explore.data.humancellatlas.org/projects"
INSTEAD = (
    "This project holds sequences and matrices and no images. Its files are open at the Human Cell Atlas; for images "
    "of the same tissue search the BioImage Archive (archive 'bia') or the Human Protein Atlas ('hpa')."
)
_IMAGES = {
    **{name: name for name in ("czi", "dm4", "jpeg", "lif", "nd2", "png", "svs", "tiff")},
    **{"jpg": "jpeg", "ome.tiff": "ome-tiff", "ome.zarr": "ome-zarr", "tif": "tiff", "zarr": "ome-zarr"},
}


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a project; addresses of its contributors are dropped.

    Parameters
    ----------
    document : mapping
        A hit of ``/index/projects``.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no number or no title.
    """
    document, project = mapping(document), mapping(document, "projects")
    accession = line(document.get("entryId")) or line(project.get("projectId")) or ""
    summaries = [mapping(each) for each in listed(document.get("fileTypeSummaries"))]
    formats = [(line(each.get("format")) or line(each.get("fileType")) or "").casefold() for each in summaries]
    images = [number(each.get("count")) or 0 for each, name in zip(summaries, formats, strict=True) if name in _IMAGES]
    dates = mapping(document, "dates")
    access = {"kind": "open"} if images else {"kind": "none", "how": INSTEAD, "url": f"{_SITE}/{accession}"}
    if project.get("accessible") is False:
        how = "Controlled: the files are under managed access; see the project's page for whom to ask."
        access = {"kind": "controlled", "how": how, "url": f"{_SITE}/{accession}"}
    fields = {
        "identifier": f"hca:{accession}",
        "kind": "study",
        "title": line(project.get("projectTitle")),
        "source": "Human Cell Atlas",
        "source_url": f"{_SITE}/{accession}",
        "source_accession": accession,
        "authors": tuple(_authors(project)),
        "publications": tuple(_publications(project)),
        "access": access,
        "organisms": _organisms(document),
        "methods": _methods(document),
        "anatomy": _anatomy(document),
        "keywords": tuple(filter(None, [line(each) for each in listed(project.get("laboratory"))])),
        "released": day((line(dates.get("submissionDate")) or "")[:19]),
        "modified": day((line(dates.get("lastModifiedDate")) or "")[:19]),
        "size": sum(number(each.get("totalSize")) or 0 for each in summaries) or None,
        "files": sum(number(each.get("count")) or 0 for each in summaries) or None,
        "images": sum(images),
        "formats": tuple(dict.fromkeys(_IMAGES.get(name, name) for name in formats if _is_format(name))),
        "facts": ({"source": f"{INTERFACE}/index/projects", "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_files(hit: Mapping[str, Any], accession: str, report: Report) -> Iterator[File]:
    """Make the files of a hit of ``/index/files``."""
    for row in listed(mapping(hit).get("files")):
        sha256 = (line(mapping(row).get("sha256")) or "").casefold()
        found = make_file(
            f"hca:{accession}",
            report,
            path=line(mapping(row).get("name")),
            size=number(mapping(row).get("size")),
            url=line(mapping(row).get("url")),
            checksum=f"sha256:{sha256}" if re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
        )
        if found is not None:
            yield found


def _authors(project: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the contributors; names are written "given,middle,family"."""
    for row in listed(project.get("contributors")):
        parts = [found for part in (line(mapping(row).get("contactName")) or "").split(",") if (found := line(part))]
        if parts:
            yield {"family": parts[-1], "given": " ".join(parts[:-1]) or None}


def _publications(project: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in listed(project.get("publications")):
        title = line(mapping(row).get("publicationTitle"))
        found = doi(mapping(row).get("doi")) or doi(mapping(row).get("publicationUrl"))
        if title or found:
            yield {"title": title, "doi": found}


def _values(document: Mapping[str, Any], group: str, *keys: str) -> list[str]:
    rows = [mapping(row) for row in listed(document.get(group))]
    found = (line(value) for row in rows for key in keys for value in listed(row.get(key)))
    return list(dict.fromkeys(value for value in found if value is not None))


def _organisms(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    names = _values(document, "donorOrganisms", "genusSpecies")
    return tuple(find_organism(name) or {"name": name, "taxon": None} for name in names)


def _methods(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    return tuple(find_method(name) for name in _values(document, "protocols", "assayType"))


def _anatomy(document: Mapping[str, Any]) -> tuple[Any, ...]:
    names = _values(document, "samples", "effectiveOrgan", "organ", "organPart")
    found = (term(name) for name in names)
    return unique([each for each in found if each is not None])


def is_image(path: str) -> bool:
    """Tell by the ending of a file name whether it is an image; of ``ome.tiff`` both parts are looked at."""
    parts = path.casefold().split(".")
    return (".".join(parts[-2:]) if parts[-2:-1] == ["ome"] else parts[-1]) in _IMAGES


def _is_format(name: str) -> bool:
    return re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", name) is not None
