"""Datasets of the Cell Painting Gallery, out of the table in its README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import cellpainting
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.recorded.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "cellpainting-gallery/gallery-docs"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each row."""
    fact = read_source(folder / FOLDER).fact("README.md")
    for row in cellpainting.parse_table((folder / FOLDER / "README.md").read_text(encoding="utf-8")):
        try:
            record = cellpainting.parse_record(row, report)
        except CatalogError as error:
            report.lost(f"cellpainting:{row.get('Dataset name')}", error)
        else:
            yield record.model_copy(update={"facts": (fact,)})
