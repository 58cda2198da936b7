"""Datasets of the CryoET Data Portal, as its configurations name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import cryoet
from bioimagehub.catalogs.archives.values import day
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded.sources import read_rows, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "cryoet-data-portal"
_COLUMNS = {
    "dataset_id": "id",
    "title": "title",
    "organism": "organismName",
    "taxonomy_id": "organismTaxid",
    "sample_type": "sampleType",
    "tissue": "tissueName",
    "cell_type": "cellName",
    "cell_component": "cellComponentName",
    "publications": "datasetPublications",
    "related_database_entries": "relatedDatabaseEntries",
    "release_date": "releaseDate",
}


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each row; the columns are those of the portal's interface under other names."""
    source = read_source(folder / FOLDER)
    for row in read_rows(folder / FOLDER / "datasets.csv"):
        identifier = f"cryoet:{row['dataset_id']}"
        document = {name: row[column] or None for column, name in _COLUMNS.items()}
        if row["release_date"] and day(row["release_date"]) is None:
            report.defect(identifier, "released", f"{row['release_date']!r} is no day; left out")
        try:
            record = cryoet.parse_record(document, report)
        except InvalidEntryError as error:
            report.lost(identifier, error)
        else:
            yield record.model_copy(update={"facts": (source.fact(row["source_config"]),)})
