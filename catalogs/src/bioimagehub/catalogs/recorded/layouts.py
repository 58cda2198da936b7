"""How an OME-Zarr of IDR is laid out: a single image, a plate of fields, or a group with the image as a series in it.

A plate is opened as one image, over its wells and fields of view. Bio-Formats puts the images of a file as series
``0``, ``1``, … into a group (``bioformats2raw.layout``); IDR's table of samples says so of objects of the studies in
`SERIES`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.idr_images import SERIES
from bioimagehub.catalogs.recorded.sources import read_rows

if TYPE_CHECKING:
    from pathlib import Path

_TABLE = "idr/website/studies.tsv"


def read_screens(folder: Path) -> frozenset[str]:
    """Read which studies of IDR are screens, whose objects are plates."""
    table = folder / _TABLE
    rows = read_rows(table) if table.is_file() else ()
    return frozenset(row["Study"][:7] for row in rows if row["Container"].startswith("screen"))


def image_fields(url: str, study: str, *, plate: bool) -> dict[str, Any]:
    """Give address and driver of an object: of a group the address of its series."""
    if plate:
        return {"url": url, "driver": "ome_zarr"}
    inside = re.search(r"\.zarr/.+", url) is not None
    series = study.partition(":")[2] in SERIES and not inside
    return {"url": f"{url}/0" if series else url, "driver": "ome_zarr"}
