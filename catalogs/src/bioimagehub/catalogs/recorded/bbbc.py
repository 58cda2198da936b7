"""The pages of the Broad Bioimage Benchmark Collection, as they stood in February 2022."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import bbbc
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.recorded.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "bbbc"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each image set that has a page."""
    fact = read_source(folder / FOLDER).fact("templates")
    for page in json.loads((folder / FOLDER / "bbbc_site_pages.json").read_text(encoding="utf-8")):
        try:
            record = bbbc.parse_record({**page, "retrieved": fact.retrieved.isoformat()}, report)
        except InvalidEntryError as error:
            report.lost(f"bbbc:{page.get('accession')}", error)
        else:
            yield record.model_copy(update={"facts": (fact,)})
