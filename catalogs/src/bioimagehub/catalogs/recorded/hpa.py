"""Genes of the Human Protein Atlas whose whole document was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import hpa_gene
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.recorded.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "hpa/HPAanalyze"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each gene."""
    source = read_source(folder / FOLDER)
    for file in sorted((folder / FOLDER).glob("ENSG*.xml")):
        try:
            record = hpa_gene.parse_gene(file.read_bytes(), file.name, report)
        except CatalogError as error:
            report.lost(f"hpa:{file.stem}", error)
        else:
            yield record.model_copy(update={"facts": (source.fact(f"vignettes/data/{file.name}"),)})
