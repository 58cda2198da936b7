"""The RO-Crates that BioImage Archive, IDR and SSBD publish, one a study, in the profile of the founding GIDE.

Among those of the BioImage Archive are 27 of EMPIAR entries. Sizes of IDR come from the table of its web site: those
in its crates are wrong by units, and their file count is the number of images.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives.idr_study import OWN_NAMES, parse_sizes
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.exchange import ro_crate
from bioimagehub.catalogs.recorded.images import current_url
from bioimagehub.catalogs.recorded.sources import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Fact
    from bioimagehub.catalogs.records import Record

FOLDERS = {"bia": "bia/gide-ro-crate", "idr": "idr/idr_study_crates", "ssbd": "ssbd/gide-ro-crate"}
SIZES = "idr/website"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each crate."""
    sizes = parse_sizes((folder / SIZES / "studies.tsv").read_text(encoding="utf-8"))
    fact = read_source(folder / SIZES).fact("_data/studies.tsv")
    for archive, path in FOLDERS.items():
        source = read_source(folder / path)
        for file in sorted((folder / path).rglob("*.json")):
            if file.name.startswith("gide-search"):
                continue
            try:
                record = _read_crate(file, archive, source, folder / path, report)
            except (CatalogError, json.JSONDecodeError, UnicodeDecodeError) as error:
                report.lost(f"{archive}:{file.stem}", error)
                continue
            yield _add_sizes(record, sizes.get(record.name, {}), fact) if archive == "idr" else record


def _read_crate(file: Path, archive: str, source: Source, root: Path, report: Report) -> Record:
    fact = source.fact(file.relative_to(root).as_posix())
    record = ro_crate.parse(
        json.loads(file.read_text(encoding="utf-8")),
        archive=archive,
        report=report,
        retrieved=fact.retrieved,
        source=fact.source,
    )
    thumbnail = record.thumbnail and current_url(record.thumbnail)
    own = OWN_NAMES.get(record.name) if archive == "idr" else None
    keywords = (own, *record.keywords) if own else record.keywords
    return record.model_copy(update={"thumbnail": thumbnail, "keywords": keywords, "description": None})


def _add_sizes(record: Record, sizes: Mapping[str, int], fact: Fact) -> Record:
    """Give a study of IDR its sums in place of what its crate says."""
    known = {name: value for name, value in sizes.items() if value}
    if not known:
        return record
    return record.model_copy(
        update={**known, "facts": (*record.facts, fact.model_copy(update={"fields": tuple(known)}))}
    )
