"""A dataset and a tomogram of the CryoET Data Portal, made into records."""

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
    mapping,
    number,
    slug,
    term,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

INTERFACE = "https://graphql.cryoetdataportal.czscience.com/graphql"
PORTAL = "https://cryoetdataportal.czscience.com"
_LARGEST_VOXEL = 1e6
"""Ångström; no electron microscope images so coarsely, so more is no voxel size."""
_RELATED = {"EMPIAR": "empiar", "EMD": "emdb"}


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a dataset.

    Parameters
    ----------
    document : mapping
        A dataset as the portal's GraphQL gives it. E-mail addresses are not asked for.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no number or no title.
    """
    from bioimagehub.catalogs.vocabulary.methods import find_method

    document = mapping(document)
    accession = line(document.get("id")) or ""
    identifier = f"cryoet:{accession}"
    modified = day(document.get("lastModifiedDate"))
    fields = {
        "identifier": identifier,
        "kind": "study",
        "title": line(document.get("title")),
        "source": "CryoET Data Portal",
        "source_url": f"{PORTAL}/datasets/{accession}",
        "source_accession": accession,
        "authors": tuple(_author(each) for each in listed(mapping(document, "authors").get("edges"))),
        "publications": tuple(_publications(document)),
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "organisms": _organisms(document),
        "methods": (find_method("cryo-electron tomography"),),
        "anatomy": _anatomy(document),
        "keywords": tuple(filter(None, [(line(document.get("sampleType")) or "").replace("_", " ")])),
        "related": tuple(_related(document, identifier, report)),
        "released": day(document.get("releaseDate")),
        "modified": modified,
        "size": number(document.get("fileSize")),
        "formats": ("ome-zarr", "mrc"),
        "thumbnail": line(document.get("keyPhotoThumbnailUrl")),
        "facts": ({"source": INTERFACE, "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_image(document: Mapping[str, Any], study: Record, report: Report) -> Record:
    """Make the record of a tomogram: axes z, y, x, with the voxel size in micrometres.

    Parameters
    ----------
    document : mapping
        A tomogram as the portal's GraphQL gives it; its voxel size is in ångström.
    study : Record
        The dataset that it is part of.
    report : Report
    """
    document = mapping(document)
    run = line(mapping(document, "run").get("name")) or "tomogram"
    name = f"{slug(run)}-{line(document.get('id'))}"
    url = line(document.get("httpsOmezarrDir"))
    if url is None:
        report.defect(f"{study.identifier}/{name}", "url", "no OME-Zarr is named; the image cannot be opened")
    shape = tuple(number(document.get(key)) or 0 for key in ("sizeZ", "sizeY", "sizeX"))
    spacing = document.get("voxelSpacing")
    step = spacing / 10_000 if isinstance(spacing, float | int) and 0 < spacing < _LARGEST_VOXEL else None
    how = [line(document.get(key)) for key in ("reconstructionMethod", "processing")]
    fields = {
        "identifier": f"{study.identifier}/{name}",
        "kind": "image",
        "part_of": study.identifier,
        "title": f"{run}: tomogram ({', '.join(filter(None, how)) or 'method not stated'}) of {study.title}",
        "source": study.source,
        "source_url": f"{PORTAL}/datasets/{study.source_accession}",
        "source_accession": line(document.get("id")),
        "authors": study.authors,
        "publications": study.publications,
        "licence": study.licence,
        "licence_url": study.licence_url,
        "organisms": study.organisms,
        "methods": study.methods,
        "anatomy": study.anatomy,
        "released": day(document.get("releaseDate")),
        "modified": day(document.get("lastModifiedDate")),
        "size": number(document.get("fileSizeOmezarr")),
        "formats": ("ome-zarr", "mrc") if document.get("httpsMrcFile") else ("ome-zarr",),
        "axes": ("z", "y", "x") if all(shape) else (),
        "shape": shape if all(shape) else (),
        "spacing": (step,) * 3 if all(shape) else (),
        "driver": "ome_zarr" if url else None,
        "url": url,
        "thumbnail": line(document.get("keyPhotoThumbnailUrl")),
        "facts": ({"source": INTERFACE, "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def _author(edge: Any) -> dict[str, Any]:
    """Give an author; the portal does not divide names."""
    node = mapping(edge, "node")
    orcid = line(node.get("orcid")) or ""
    return {"family": line(node.get("name")), "orcid": orcid if re.fullmatch(r"\d{4}(-\d{3}[\dX]){3}", orcid) else None}


def _publications(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (line(document.get("datasetPublications")) or "").split(","):
        if (found := doi(part)) is not None:
            yield {"doi": found}


def _organisms(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    name, taxon = line(document.get("organismName")), number(document.get("organismTaxid"))
    if name is None:
        found = find_organism(str(taxon)) if taxon else None
        return () if found is None else (found,)
    return ({"name": name, "taxon": taxon or None},)


def _anatomy(document: Mapping[str, Any]) -> tuple[Any, ...]:
    pairs = (
        ("tissueName", "tissueId"),
        ("cellName", "cellTypeId"),
        ("cellStrainName", "cellStrainId"),
        ("cellComponentName", "cellComponentId"),
    )
    terms = (term(document.get(name), document.get(key)) for name, key in pairs)
    return unique([each for each in terms if each is not None and each.name not in {"not_reported", "unknown"}])


def _related(document: Mapping[str, Any], identifier: str, report: Report) -> Iterator[str]:
    for part in (line(document.get("relatedDatabaseEntries")) or "").split(","):
        entry = part.strip()
        archive = _RELATED.get(entry.partition("-")[0])
        if archive and re.fullmatch(r"(EMPIAR-\d{5}|EMD-\d{4,6})", entry):
            yield f"{archive}:{entry}"
        elif archive:
            report.defect(identifier, "related", f"{entry!r} is no accession; left out")
