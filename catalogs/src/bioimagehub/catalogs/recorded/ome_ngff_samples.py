"""IDR's table of OME-Zarr samples: 101 images of versions 0.1 to 0.5, with axes, licences and label images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.idr_images import READABLE
from bioimagehub.catalogs.archives.values import doi, make_record, number
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded import images
from bioimagehub.catalogs.recorded.sources import Source, read_rows, read_source
from bioimagehub.catalogs.scales import AXIS_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "idr/ome-ngff-samples"
_TABLE = "table.csv"
_IMAGE = "https://idr.openmicroscopy.org/webclient/?show=image-"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each sample, those of the latest version of the format first."""
    source = read_source(folder / FOLDER)
    rows = [row for row in read_rows(folder / FOLDER / _TABLE) if row["File Path"]]
    for row in sorted(rows, key=lambda row: row["OME-NGFF version"], reverse=True):
        try:
            yield _make_image(row, source, report)
        except InvalidEntryError as error:
            report.lost(row["File Path"], error)


def read_studies(folder: Path) -> dict[str, str]:
    """Read which study each image belongs to, by the number of the image in IDR."""
    table = folder / FOLDER / _TABLE
    rows = read_rows(table) if table.is_file() else ()
    return {row["Representative Image ID"]: row["Study"] for row in rows if row["Representative Image ID"]}


def _make_image(row: dict[str, str], source: Source, report: Report) -> Record:
    root = images.current_url(row["File Path"])
    version = row["OME-NGFF version"]
    study = f"idr:{row['Study']}"
    name = images.image_name(root)
    identifier = f"{study}/{name}"
    wells, per_well = number(row["Wells"]), number(row["Fields"])
    keywords = row["Keywords"]
    fields: dict[str, Any] = {
        "identifier": identifier,
        "part_of": study,
        "title": f"{name} of {row['Study']}",
        "source": "Image Data Resource",
        "source_url": f"{_IMAGE}{row['Representative Image ID']}" if row["Representative Image ID"] else root,
        "doi": doi(row["DOI"]),
        **images.find_licence(row["License"], identifier, report),
        "wells": wells,
        "fields": per_well,
        "images": wells * per_well if wells and per_well else None,
        "formats": ("ome-zarr",),
        "format_version": version,
        **_read_array(row, version, identifier, report),
        "labels": tuple(_read_labels(keywords, identifier, report)),
        **_read_place(row, root, version),
        "facts": (source.fact(f"_data/{_TABLE}"),),
    }
    return make_record(fields, report)


def _read_place(row: dict[str, str], root: str, version: str) -> dict[str, Any]:
    """Give address and driver; of an image in a group the address of its thumbnail is that of the image."""
    if row["Wells"]:
        return {"url": root, "driver": "ome_zarr" if version in READABLE else None}
    inside = row["Thumbnail"] and "bioformats2raw.layout" in row["Keywords"]
    url = images.current_url(row["Thumbnail"]) if inside else root
    return {"url": url, "driver": "ome_zarr" if version in READABLE else None}


def _read_array(row: dict[str, str], version: str, identifier: str, report: Report) -> dict[str, Any]:
    """Read the axes that the table names, and their sizes; versions 0.1 and 0.2 always have all five."""
    named = row["Axes"].lower()
    axes = AXIS_ORDER if version in {"0.1", "0.2"} else tuple(axis for axis in AXIS_ORDER if axis in named)
    sizes = [number(row[f"Size{axis.upper()}"]) for axis in axes]
    if not named or not all(sizes):
        report.defect(identifier, "shape", f"the axes {row['Axes']!r} have the sizes {sizes}; left out")
        return {}
    return {"axes": axes, "shape": tuple(size for size in sizes if size)}


def _read_labels(keywords: str, identifier: str, report: Report) -> Iterator[str]:
    found = re.search(r"labels \(([^)]*)\)", keywords)
    for name in found[1].split(",") if found else ():
        if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name.strip()):
            yield name.strip()
        else:
            report.defect(identifier, "labels", f"the name {name.strip()!r} of a label image cannot be held; left out")
