"""A public test data set of EGA, whose list of files was recorded. Its files stay behind the archive's login."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import ega
from bioimagehub.catalogs.recorded.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "ega"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each recorded list of files."""
    source = read_source(folder / FOLDER)
    for file in sorted((folder / FOLDER).glob("ega_EGAD*_files.json")):
        accession = file.name.split("_")[1]
        files = list(ega.parse_files(json.loads(file.read_text(encoding="utf-8")), accession, report))
        document = {"accession_id": accession, "title": f"{accession}, a public test data set", "num_files": len(files)}
        record = ega.parse_record(document, report)
        size = sum(each.size for each in files if each.size is not None)
        yield record.model_copy(update={"size": size, "facts": (source.fact(f"tests/data/{file.name}"),)})
