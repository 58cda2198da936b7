"""OME-Zarr images of the Image Data Resource: its table of samples, and the lists of the NGFF challenge of 2024.

The table writes sizes as X, Y, Z, C, T whatever the order in the file; versions up to 0.2 have all five axes always.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from bioimagehub.catalogs.archives.challenge_lists import VERSION, image_fields, image_url, read_list
from bioimagehub.catalogs.archives.idr_study import HOME, OWN_NAMES, licence_fields
from bioimagehub.catalogs.archives.values import doi, line, make_classified, number, read_rows, slug
from bioimagehub.catalogs.errors import InvalidEntryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

READABLE = frozenset({"0.1", "0.2", "0.3", "0.4", "0.5"})
"""Versions of OME-Zarr that the driver reads."""
_FIVE = frozenset({"0.1", "0.2"})
_ORDER = "tczyx"
SERIES = frozenset({"idr0026", "idr0051"})
"""Studies whose objects are groups of Bio-Formats, with the image as series 0 in them, as the table of samples says."""


def parse_samples(text: str, report: Report, *, accession: str | None = None) -> list[Record]:
    """Make records of IDR's table of OME-Zarr samples (``_data/table.csv`` of IDR/ome-ngff-samples).

    Parameters
    ----------
    text : str
    report : Report
    accession : str or None
        The study whose images are wanted; None for all.
    """
    rows = (row for row in read_rows(text) if accession in {None, row.get("Study")})
    return _name_apart((_sample_fields(row, report) for row in rows), report)


def parse_challenge(text: str, accession: str, report: Report) -> list[Record]:
    """Make records of a study's list of the OME 2024 NGFF challenge; all its images are of version 0.5.

    Parameters
    ----------
    text : str
    accession : str
    report : Report
    """
    return _name_apart((_listed_fields(row, accession, report) for row in read_list(text)), report)


def _listed_fields(row: Mapping[str, str], accession: str, report: Report) -> dict[str, Any]:
    fields = _image_fields(accession, image_url(row), VERSION, report) | image_fields(row)
    if accession in SERIES and not fields["wells"]:
        fields["url"] = f"{fields['url']}/0"
    return fields


def _sample_fields(row: Mapping[str, str], report: Report) -> dict[str, Any]:
    accession, version = row.get("Study") or "", (row.get("OME-NGFF version") or "").strip()
    url, wells = quote(unquote((row.get("File Path") or "").strip()), safe="/:").rstrip("/"), number(row.get("Wells"))
    # A group of Bio-Formats holds its images as numbered series; the first stands for them.
    if "bioformats2raw.layout" in (row.get("Keywords") or "") and not wells:
        url = f"{url}/0"
    sizes = {axis: number(row.get(f"Size{axis.upper()}")) for axis in _ORDER}
    named = set(_ORDER) if version in _FIVE else set((row.get("Axes") or "").strip().lower())
    axes = tuple(axis for axis in _ORDER if (axis in named if named else sizes[axis]))
    shape = tuple(sizes[axis] or 1 for axis in axes)
    labels = re.search(r"labels \(([^)]*)\)", row.get("Keywords") or "")
    return {
        **_image_fields(accession, url, version, report),
        "axes": axes,
        "shape": shape,
        "wells": wells,
        "fields": number(row.get("Fields")),
        "doi": doi(row.get("DOI")),
        "labels": tuple(slug(each).lower() for each in labels[1].split(",")) if labels else (),
        "thumbnail": _thumbnail(row.get("Representative Image ID")),
        **licence_fields(row.get("License")),
    }


def _image_fields(accession: str, url: str, version: str, report: Report) -> dict[str, Any]:
    name = unquote(urlsplit(url).path.removesuffix("/0").rpartition("/")[2])
    short = re.sub(r"(\.ome)?\.zarr$", "", name)
    identifier = f"idr:{accession}/{slug(short)}"
    if version not in READABLE:
        report.defect(identifier, "driver", f"OME-Zarr {version} is no version that can be opened here; no driver")
    return {
        "identifier": identifier,
        "kind": "image",
        "part_of": f"idr:{accession}",
        "title": f"{short} of {accession}",
        "source": "Image Data Resource",
        "source_url": f"{HOME}/study/{accession}/",
        "source_accession": accession,
        "keywords": (OWN_NAMES[accession],) if accession in OWN_NAMES else (),
        "formats": ("ome-zarr",),
        "format_version": version or None,
        "driver": "ome_zarr" if version in READABLE else None,
        "url": url,
    }


def _name_apart(images: Iterable[dict[str, Any]], report: Report) -> list[Record]:
    """Make the records; images that would share a name get a part of the digest of their address behind it."""
    records: dict[str, Record] = {}
    for fields in images:
        identifier = fields["identifier"]
        taken = records.get(identifier)
        if taken is not None and taken.url != fields["url"]:
            fields["identifier"] = f"{identifier}-{sha256(fields['url'].encode()).hexdigest()[:6]}"
        try:
            record = make_classified(fields, report)
        except InvalidEntryError as error:
            report.lost(str(identifier), error)
            continue
        records[record.identifier] = record
    return list(records.values())


def _thumbnail(image: str | None) -> str | None:
    found = number(line(image))
    return f"{HOME}/webgateway/render_thumbnail/{found}/" if found else None
