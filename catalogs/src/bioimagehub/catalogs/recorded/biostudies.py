"""Documents of studies as BioStudies gave them, with more than their crates tell: DOI, ground truth, anatomy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import bia_study
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.recorded.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

FOLDER = "bia/biostudies_responses"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each document; what is not the document of a study is passed over."""
    source = read_source(folder / FOLDER)
    for file in sorted((folder / FOLDER).glob("S-B*/*.json")):
        fact = source.fact(file.relative_to(folder / FOLDER).as_posix())
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(document, dict) or document.get("accno") != file.parent.name:
                continue
            record = bia_study.parse_record(document, report, retrieved=fact.retrieved)
        except (CatalogError, json.JSONDecodeError, UnicodeDecodeError) as error:
            report.lost(f"bia:{file.parent.name}", error)
        else:
            yield record.model_copy(update={"facts": (fact,), "description": None})
