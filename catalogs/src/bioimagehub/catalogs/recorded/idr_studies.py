"""The repositories that IDR keeps of its studies: the study file, and the annotations of images and wells.

They tell what the crates do not: phenotypes, genes, compounds and anatomy with their identifiers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.archives import idr_study
from bioimagehub.catalogs.archives.values import unique
from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.recorded.sources import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Term
    from bioimagehub.catalogs.records import Record

FOLDER = "idr/studies"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each study, without its size: the table of the web site states that."""
    for study in sorted((folder / FOLDER).glob("idr*")):
        source = read_source(study)
        for file in sorted(study.glob("*-study.txt")):
            try:
                yield _read_study(study, file, source, report)
            except (CatalogError, UnicodeDecodeError) as error:
                report.lost(f"idr:{study.name}", error)


def _read_study(study: Path, file: Path, source: Source, report: Report) -> Record:
    record = idr_study.parse_study(file.read_text(encoding="utf-8"), report)
    terms: dict[str, tuple[Term, ...]] = {}
    for table in sorted(study.glob("*/*-annotation.csv")):
        for name, found in idr_study.parse_table(table.read_text(encoding="utf-8")).items():
            terms[name] = unique([*terms.get(name, ()), *found])
    limited = idr_study.limit_terms(terms, record.identifier, report)
    joined = {name: unique([*getattr(record, name), *found]) for name, found in limited.items()}
    return record.model_copy(update={**joined, "size": None, "facts": (source.fact(file.name),)})
