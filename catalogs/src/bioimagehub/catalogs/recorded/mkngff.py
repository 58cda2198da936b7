"""Filesets of IDR as OME-Zarr in the BioImage Archive: which plate or image became which object of the store.

The lists give the path in IDR, the study and the UUID of the image at the BioImage Archive, and the number of the
fileset. An object lies at ``bia-integrator-data/<study>/<uuid>/<uuid>.zarr``. The OME 2024 NGFF challenge converted
these objects without a change to their arrays: where its lists state all five axes, this is the shape here, too.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import make_record
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded import images, layouts, ome_zarr_lists
from bioimagehub.catalogs.recorded.sources import read_source
from bioimagehub.catalogs.scales import AXIS_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.parts import Fact
    from bioimagehub.catalogs.records import Record

FOLDER = "idr/mkngff"
_STORE = "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data"
_SERIES = "0"  # under which the pages of the BioImage Archive address the images of this store
_PLACE = re.compile(r"(S-BIAD\d+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each fileset whose object is known; lines that give only a local path are passed over."""
    source = read_source(folder / FOLDER)
    converted = {record.identifier: record for record in ome_zarr_lists.parse(folder, Report(quiet=True))}
    screens = layouts.read_screens(folder)
    seen: set[str] = set()
    for file in sorted((folder / FOLDER).glob("idr*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.reader(lines) if len(row) == 3]
        for path, place, _ in rows:
            found = _PLACE.fullmatch(place)
            study = re.match(r"idr\d{4}(?=/)", path)
            if found is None or study is None or place in seen:
                continue
            seen.add(place)
            fact = source.fact(f"ngff_filesets/{file.name}")
            try:
                record = _make_image(path, study[0], found, fact, report, plate=study[0] in screens)
            except InvalidEntryError as error:
                report.lost(path, error)
            else:
                yield _with_shape(record, converted.get(record.identifier))


def _with_shape(record: Record, converted: Record | None) -> Record:
    if converted is None or converted.axes != AXIS_ORDER:
        return record
    told = ("axes", "shape", "wells", "fields", "images")
    fact = converted.facts[0].model_copy(update={"fields": told})
    return record.model_copy(
        update={name: getattr(converted, name) for name in told} | {"facts": (*record.facts, fact)}
    )


def _make_image(path: str, accession: str, place: re.Match[str], fact: Fact, report: Report, *, plate: bool) -> Record:
    study = f"idr:{accession}"
    url = images.current_url(f"{_STORE}/{place[1]}/{place[2]}/{place[2]}.zarr")
    name = images.image_name(path)
    fields: dict[str, Any] = {
        "identifier": f"{study}/{name}",
        "part_of": study,
        "title": f"{name} of {accession}",
        "source": "BioImage Archive",
        "source_url": f"https://www.ebi.ac.uk/biostudies/bioimages/studies/{place[1]}",
        "source_accession": place[1],
        "related": (f"bia:{place[1]}",),
        "formats": ("ome-zarr",),
        **layouts.image_fields(url if plate else f"{url}/{_SERIES}", study, plate=plate),
        "facts": (fact,),
    }
    return make_record(fields, report)
