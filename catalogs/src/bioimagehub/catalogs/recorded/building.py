"""The tables of the shipped catalog, built from recorded data."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidDocumentError
from bioimagehub.catalogs.recorded import COLLECTIONS
from bioimagehub.catalogs.recorded.merging import Merger
from bioimagehub.catalogs.recorded.sources import NOTE, Source, read_source
from bioimagehub.catalogs.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

ATTRIBUTION = "ATTRIBUTION.md"


def build(folder: Path, into: Path, report: Report) -> dict[str, int]:
    """Build a table for each archive of which there are recorded data, and the page that names the sources.

    Parameters
    ----------
    folder : Path
        The recorded data of all archives.
    into : Path
        Folder of the tables; those in it are replaced, one after another, each at once.
    report : Report
        Takes the defects that were tolerated and the records that were lost.

    Returns
    -------
    dict
        How many records each archive has.

    Raises
    ------
    CatalogNotFoundError
        If the folder holds no recorded data.
    """
    records = read_records(folder, report)
    sources = read_sources(folder)
    archives: dict[str, list[Record]] = {}
    for record in records:
        archives.setdefault(record.collection, []).append(record)
    told = {}
    for archive in sorted(archives):
        told[archive] = attribution(archives[archive], sources)
        write_table(into / f"{archive}.parquet", archives[archive], attribution=told[archive])
    (into / ATTRIBUTION).write_text(_page(told), encoding="utf-8")
    return {archive: len(archives[archive]) for archive in sorted(archives)}


def read_records(folder: Path, report: Report) -> list[Record]:
    """Read all collections and make one record of each study and image, in the order of the catalog.

    Raises
    ------
    CatalogNotFoundError
        If the folder holds no recorded data.
    """
    if not any(folder.rglob(NOTE)):
        msg = (
            f"The folder {folder} holds no recorded data: no {NOTE} is in it, which tells where data came from. "
            "Give the folder that holds one folder an archive."
        )
        raise CatalogNotFoundError(msg)
    merger = Merger(report)
    for name in COLLECTIONS:
        try:
            for record in import_module(f"bioimagehub.catalogs.recorded.{name}").parse(folder, report):
                merger.add(record)
        except (FileNotFoundError, InvalidDocumentError) as error:
            report.lost(name, error)
    return merger.finish()


def read_sources(folder: Path) -> dict[str, Source]:
    """Read the notes of all folders, by what stands for them in a fact."""
    found = (read_source(note.parent) for note in sorted(folder.rglob(NOTE)))
    return {source.fact("").source.rstrip(":"): source for source in found}


def attribution(records: Iterable[Record], sources: Mapping[str, Source]) -> dict[str, str]:
    """Name the sources of the facts in some records: from each to its date and licence."""
    told = {}
    for fact in {fact for record in records for fact in record.facts}:
        place = fact.source.partition(":")[0] if "@" in fact.source else fact.source
        if (source := sources.get(place)) is not None:
            told[f"{source.name}@{source.version}"] = f"{source.retrieved}; {source.licence}"
        elif "://" in place or "." in place:
            told[fact.source] = f"{fact.retrieved}; facts only"
    return dict(sorted(told.items()))


def _page(told: Mapping[str, Mapping[str, str]]) -> str:
    """Write the page that names the sources of each table."""
    lines = [
        "# Where the entries come from",
        "",
        "The tables hold facts: accessions, titles, names, terms, sizes, addresses, licences. They hold no texts of",
        "the archives and no pixels. The licence of each dataset stands in its record; where none stands, none is",
        "stated. Each table carries this attribution in its metadata, too. This page is written by",
        "`python -m bioimagehub.catalogs.recorded`.",
    ]
    for archive, sources in told.items():
        lines += ["", f"## {archive}.parquet", ""]
        lines += [f"- `{name}`: {text}" for name, text in sources.items()]
    return "\n".join(lines) + "\n"


def describe(counts: Mapping[str, int], report: Report) -> str:
    """Say in lines what was built, and the defects and losses by kind."""
    kinds = Counter((defect.field, defect.identifier.partition(":")[0]) for defect in report.defects)
    lines = [f"{archive}: {count:,} records" for archive, count in counts.items()]
    lines.append(f"{sum(counts.values()):,} records in all; {len(report.defects):,} defects tolerated")
    lines += [f"  {count:,} × {field} of {archive}" for (field, archive), count in sorted(kinds.items())]
    lines.append(f"{len(report.losses)} records lost")
    lines += [f"  {loss.identifier}: {loss.reason}" for loss in report.losses]
    return "\n".join(lines)
