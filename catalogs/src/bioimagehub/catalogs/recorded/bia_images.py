"""Single images that the BioImage Archive shows on its pages: volume electron microscopy, and tomograms of a cell.

Its galleries give the address of each as OME-Zarr; those of the first also the sizes along all five axes and the size
of a voxel in metres.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.values import line, make_record, number, slug
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded.images import current_url
from bioimagehub.catalogs.recorded.sources import read_source
from bioimagehub.catalogs.scales import AXIS_ORDER
from bioimagehub.catalogs.vocabulary import methods, organisms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "bia/BIA-astro"
_VOLUMES = "collections/vem_image_summaries.json"
_TOMOGRAMS = "collections/tomp.json"
_TOMOGRAMS_OF = "EMPIAR-11756"
_PAGE = "https://www.ebi.ac.uk/biostudies/bioimages/studies"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each image of the galleries."""
    source = read_source(folder / FOLDER)
    for file, read in ((_VOLUMES, _read_volumes), (_TOMOGRAMS, _read_tomograms)):
        fact = source.fact(f"src/data/{file}")
        for fields in read(json.loads((folder / FOLDER / file).read_text(encoding="utf-8")), report):
            try:
                yield make_record({**fields, "facts": (fact,)}, report)
            except InvalidEntryError as error:
                report.lost(fields["identifier"], error)


def _read_volumes(gallery: Mapping[str, Any], report: Report) -> Iterator[dict[str, Any]]:
    for key, image in gallery.items():
        if not {"submitted_in_study_accession", "label", "ome_zarr_image_uri"} <= image.keys():
            report.lost(f"bia:{key}", "the gallery gives it without study, name or address")
            continue
        accession = str(image["submitted_in_study_accession"])
        fields = _common(accession, image["label"], image["ome_zarr_image_uri"])
        sizes = [number(image.get(f"size_{axis}")) for axis in AXIS_ORDER]
        if all(sizes):
            fields |= {"axes": AXIS_ORDER, "shape": tuple(sizes), "spacing": _spacing(image)}
        else:
            report.defect(fields["identifier"], "shape", f"{sizes} is not a size along each axis; left out")
        organism = organisms.find_organism(line(image.get("organism")) or "")
        stated = line(image.get("imaging_method"))
        yield {
            **fields,
            "organisms": (organism,) if organism else (),
            "methods": (methods.find_method(stated),) if stated and stated != "Unknown" else (),
            "size": number(image.get("total_size_in_bytes")),
            "thumbnail": current_url(image["thumbnail_src"]) if image.get("thumbnail_src") else None,
        }


def _read_tomograms(gallery: Mapping[str, Any], report: Report) -> Iterator[dict[str, Any]]:
    for key, image in gallery["tomograms"].items():
        if not {"name", "ome_zarr_uri"} <= image.keys():
            report.lost(f"empiar:{_TOMOGRAMS_OF}/{key}", "the gallery gives it without name or address")
            continue
        yield _common(_TOMOGRAMS_OF, image["name"], image["ome_zarr_uri"])


def _common(accession: str, name: str, url: str) -> dict[str, Any]:
    study = f"{'empiar' if accession.startswith('EMPIAR') else 'bia'}:{accession}"
    return {
        "identifier": f"{study}/{slug(name)}",
        "part_of": study,
        "title": f"{line(name)} ({accession})",
        "source": "BioImage Archive",
        "source_url": f"{_PAGE}/{accession}",
        "formats": ("ome-zarr",),
        "driver": "ome_zarr",
        "url": current_url(url),
    }


def _spacing(image: Mapping[str, Any]) -> tuple[float | None, ...]:
    """Give the size of a voxel in micrometres, of the metres that are stated; none along t and c."""
    metres = [image.get(f"voxel_size_{axis}") if axis in "zyx" else None for axis in AXIS_ORDER]
    return tuple(round(size * 1e6, 9) if isinstance(size, float) else None for size in metres)
