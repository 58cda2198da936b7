"""Harvesting an archive into its table: page by page, to the declared total, and never over a better one.

In the folder there are, for an archive ``bia``: ``bia.parquet``, the last good harvest; ``bia.report.json``, what was
tolerated and lost on the way, and which records the archive no longer gives; and while a harvest is under way
``bia.journal.jsonl`` and ``bia.lock``.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives import open_archive
from bioimagehub.catalogs.archives.journal import Journal, open_journal
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    HarvestRunningError,
    IncompleteHarvestError,
    InvalidEntryError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.ordering import order
from bioimagehub.catalogs.records import parse_record
from bioimagehub.catalogs.tables import read_attribution, read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from bioimagehub.catalogs.archives.archive import Archive, Page
    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.records import Record

_MUCH_SMALLER = 0.9
"""Part of the last good harvest below which a new one without a declared total is not believed."""
_STATED_ANEW = frozenset({"identifier", "kind", "access", "licence", "licence_url", "facts"})
"""What a record takes from its new form alone: no licence outlives the archive's own statement."""

Fields = dict[str, Any]


def harvest_archive(
    name: str,
    folder: Path,
    client: Client,
    *,
    since: date | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Report:
    """Harvest an archive into ``<folder>/<name>.parquet``; go on where an earlier harvest was broken off.

    Parameters
    ----------
    name : str
        One of `ARCHIVES`.
    folder : Path
        Made if it is missing.
    client : Client
    since : date or None
        Only what is new since that day; it is merged into the last good harvest. None for all.
    progress : callable or None
        Called after each page with the rows so far and the declared total, None where there is none.

    Returns
    -------
    Report
        Also written as ``<folder>/<name>.report.json``.

    Raises
    ------
    IncompleteHarvestError
        If fewer rows came than the archive declares, none at all, or far fewer than last time without a declared
        total. The last good harvest stays as it was.
    HarvestRunningError
        If that archive is being harvested into that folder now.
    UnknownArchiveError
        If there is no such archive.
    ArchiveUnreachableError, ArchiveAnswerError
        If the archive stops answering, or answers with what cannot be read; calling again goes on from there.
    """
    module = open_archive(name)
    archive: Archive = module.ARCHIVE
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{archive.name}.parquet"
    with _alone(folder / f"{archive.name}.lock", archive):
        journal = open_journal(folder / f"{archive.name}.journal.jsonl", archive.name, since)
        if not journal.finished:
            _gather(module, journal, client, since, progress)
        return _conclude(archive, journal, table, since)


def _conclude(archive: Archive, journal: Journal, table: Path, since: date | None) -> Report:
    """Check what was gathered, and put it in the place of the last good harvest."""
    report = Report(quiet=True)
    for page in journal.pages:
        report.extend(page["report"])
    fresh, old = _merge_pages(journal, report), _read_last(table)
    _check(archive, journal, fresh, old, report, since)
    kept = _keep(fresh, old, report, since)
    gone = sorted(set(old) - set(kept))
    today = datetime.now(UTC).date().isoformat()
    attribution = {
        **(read_attribution(table) if old else {}),
        archive.interface or archive.home: f"{archive.title}, harvested {today}; {archive.licence}",
    }
    ordered = sorted(kept.values(), key=lambda fields: order(_parse(fields, archive)))
    write_table(table, (_parse(fields, archive) for fields in ordered), attribution=attribution)
    _write_report(
        table.with_suffix(".report.json"),
        {
            "archive": archive.name,
            "harvested": today,
            "since": since.isoformat() if since else None,
            "records_harvested": len(fresh),
            "records": len(kept),
            "declared_total": _total(journal),
            "gone": gone,
            **report.fields(),
        },
    )
    journal.path.unlink()
    return report


def _gather(
    module: ModuleType,
    journal: Journal,
    client: Client,
    since: date | None,
    progress: Callable[[int, int | None], None] | None,
) -> None:
    """Bring all pages that are missing into the journal."""
    report = Report(quiet=True)
    for page in _read_pages(module, journal, client, report, since):
        journal.add(page, report.fields())
        report.defects.clear()
        report.losses.clear()
        if progress is not None:
            progress(_rows(journal), _total(journal))
    journal.finish()


def _read_pages(
    module: ModuleType, journal: Journal, client: Client, report: Report, since: date | None
) -> Iterator[Page]:
    """Give the pages behind the journal; all pages, where the archive no longer knows the place at which it ends."""
    pages: Iterator[Page] = module.harvest(client, report, since=since, cursor=journal.cursor)
    try:
        first = next(pages, None)
    except (ArchiveAnswerError, RecordNotFoundError):
        if journal.cursor is None:
            raise
        report.defects.clear()
        report.losses.clear()
        # An archive that is in trouble fails here again, and the journal stays as it is.
        pages = module.harvest(client, report, since=since)
        first = next(pages, None)
        journal.restart()
    if first is not None:
        yield first
        yield from pages


def _merge_pages(journal: Journal, report: Report) -> dict[str, Fields]:
    """Give the records by identifier; what came twice is one record with the fields of both."""
    fresh: dict[str, Fields] = {}
    for page in journal.pages:
        for fields in page["records"]:
            identifier = fields["identifier"]
            if identifier in fresh:
                report.defect(identifier, "identifier", "the archive gave it twice; merged")
                fresh[identifier] = _merge(fresh[identifier], fields, report)
            else:
                fresh[identifier] = fields
    return fresh


def _merge(old: Fields, new: Fields, report: Report) -> Fields:
    """Fill what the new form leaves open from the old one, and say where that came from."""
    filled = [key for key in old if key not in new and key not in _STATED_ANEW]
    if not filled:
        return new
    facts = list(new.get("facts", ()))
    told = {key for fact in old.get("facts", ()) for key in fact.get("fields", ())}
    for fact in old.get("facts", ()):
        own = set(fact["fields"]) if fact.get("fields") else set(filled) - told
        named = [key for key in filled if key in own]
        if named and {**fact, "fields": named} not in facts:
            facts.append({**fact, "fields": named})
    merged = {**{key: old[key] for key in filled}, **new, "facts": facts}
    try:
        parse_record(merged, "a harvest")
    except InvalidEntryError as error:
        report.defect(new["identifier"], "facts", f"what was known before does not fit and was left out: {error}")
        return new
    return merged


def _check(
    archive: Archive,
    journal: Journal,
    fresh: dict[str, Fields],
    old: dict[str, Fields],
    report: Report,
    since: date | None,
) -> None:
    """Refuse a harvest that is not whole."""
    rows, total = _rows(journal), _total(journal)
    before = sum(_kind(fields) in {_kind(each) for each in fresh.values()} for fields in old.values())
    found = len(fresh) + sum(loss.identifier in old for loss in report.losses)
    if total is not None and rows < total:
        fault = f"{rows:,} rows came and {archive.title} declares {total:,}"
    elif not fresh and since is None:
        fault = f"no record came, and {len(report.losses):,} were lost"
    elif since is None and total is None and found < _MUCH_SMALLER * before:
        fault = f"{found:,} records came, the last good harvest has {before:,}, and the archive declares no total"
    else:
        return
    aside = journal.set_aside()
    msg = (
        f"The harvest of {archive.title} is not whole: {fault}. The last good harvest stays as it was; what came is in "
        f"{aside}. Harvest again later; if the archive did shrink, delete {archive.name}.parquet first."
    )
    raise IncompleteHarvestError(msg)


def _keep(fresh: dict[str, Fields], old: dict[str, Fields], report: Report, since: date | None) -> dict[str, Fields]:
    """Give all records of the new table.

    Of the old one stay: everything beside what is new since a day; of a whole harvest those that could not be made
    this time, and those of kinds and sources that it does not bring, such as images that a list made known.
    """
    kinds = {_kind(fields) for fields in fresh.values()}
    lost = {loss.identifier for loss in report.losses}
    kept = {
        identifier: fields
        for identifier, fields in old.items()
        if since is not None or identifier in lost or _kind(fields) not in kinds
    }
    for identifier, fields in fresh.items():
        kept[identifier] = _merge(old[identifier], fields, report) if identifier in old else fields
    return kept


def _parse(fields: Fields, archive: Archive) -> Record:
    return parse_record(fields, f"the harvest of {archive.title}")


def _write_report(path: Path, told: Fields) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def _read_last(table: Path) -> dict[str, Fields]:
    return {fields["identifier"]: fields for fields in read_table(table)} if table.exists() else {}


def _rows(journal: Journal) -> int:
    return sum(page["rows"] for page in journal.pages)


def _total(journal: Journal) -> int | None:
    """Give the total that was declared last."""
    return next((page["total"] for page in reversed(journal.pages) if page["total"] is not None), None)


def _kind(fields: Fields) -> tuple[str, str]:
    """Tell records apart that one harvest brings or does not bring: studies and images, and those of other sources."""
    return str(fields.get("kind", "image")), str(fields["source"])


@contextmanager
def _alone(path: Path, archive: Archive) -> Iterator[None]:
    """Hold the lock of an archive's harvest; it ends with the process, however that ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = (
                f"{archive.title} is being harvested into {path.parent} by another process, which holds {path.name}. "
                "Wait for its end, or harvest into another folder."
            )
            raise HarvestRunningError(msg) from error
        yield
    finally:
        os.close(descriptor)
