"""EMPIAR, the Electron Microscopy Public Image Archive: entries, and the raw images of each.

It has no search and no list of entries: searches go through the stubs that BioStudies keeps of them, and a harvest asks
for ranges of numbers. Folders are listed by their web pages alone. About 3% of its requests hang, so the client's
timeouts and tries do work here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.attempts import Attempts
from bioimagehub.catalogs.archives.biostudies import ask_collection, quote_path
from bioimagehub.catalogs.archives.empiar_entry import API, FILES, parse_record
from bioimagehub.catalogs.archives.folders import list_folder
from bioimagehub.catalogs.archives.paging import BIA_SEARCH_ROWS, collect
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import day, inside
from bioimagehub.catalogs.errors import ArchiveAnswerError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE",
    "fetch_record",
    "harvest",
    "list_files",
    "parse_record",
    "resolve",
    "search",
]

ARCHIVE = Archive(
    name="empiar",
    title="EMPIAR",
    home="https://www.ebi.ac.uk/empiar/",
    accession=r"EMPIAR-\d{5,6}",
    example="EMPIAR-10310",
    gives="Entries with their sets of images, and the files of each",
    limits=(
        "No search of its own, so the stubs at BioStudies are searched; organisms are not stated; sizes are rounded; "
        "files have no checksums, and a listing of a folder may lack some; fetch entries of many gigabytes by Globus"
    ),
    licence="CC0-1.0",
    interface=API,
)
COLLECTION = "BioImages-EMPIAR"
_FIRST = 10_000
_RANGE = 100
_GAP = 1_000
"""Numbers without an entry after which there are no more; entries leave gaps of some tens."""


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Search the stubs that BioStudies keeps of the entries, by all words of `text`; then fetch the entries.

    Raises
    ------
    ArchiveAnswerError
        If the hits do not agree with their declared number.
    """
    hits = collect(ask_collection(client, COLLECTION, text), limit, BIA_SEARCH_ROWS, what=f"hits of {text!r}")
    accessions = list(dict.fromkeys(each for hit in hits if (each := _accession_of(hit))))
    if not accessions:
        return []
    report = Report()
    entries = _fetch_entries(",".join(each.removeprefix("EMPIAR-") for each in accessions), client)
    records = []
    for accession in accessions:
        if accession in entries:
            records.append(parse_record(accession, entries[accession], report, retrieved=_today()))
        else:
            report.defect(f"empiar:{accession}", "identifier", "BioStudies lists it and EMPIAR does not; left out")
    return records


def fetch_record(accession: str, client: Client) -> Record:
    """Fetch an entry; of an obsolete one the record says so.

    Raises
    ------
    RecordNotFoundError
        If there is none of that accession.
    """
    return parse_record(ARCHIVE.check(accession), _fetch_entry(accession, client), Report(), retrieved=_today())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of an entry, one request a folder, made as you iterate.

    Sizes are None, as the pages of the folders round them.

    Raises
    ------
    RecordNotFoundError
        If there is no such entry.
    ArchiveAnswerError
        If the page of a folder is none.
    """
    number = ARCHIVE.check(accession).removeprefix("EMPIAR-")
    yield from list_folder(f"{FILES}/{number}/", f"empiar:{accession}", client, Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file of an entry, after asking whether it is there.

    Raises
    ------
    RecordNotFoundError
        If it is not.
    ArchiveAnswerError
        If `path` leads out of the entry.
    """
    number = ARCHIVE.check(accession).removeprefix("EMPIAR-")
    url = inside(f"empiar:{accession}", path, f"{FILES}/{number}/{quote_path(path)}")
    client.head(url)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Harvest all entries, a range of numbers at a time.

    Parameters
    ----------
    client : Client
    report : Report
    since : date or None
        Only entries that were updated on this day or later.
    cursor : str or None
        First number of a range, as a page gave it.

    Raises
    ------
    ArchiveUnreachableError, ArchiveAnswerError
        If a range cannot be read; what was harvested stays, and the harvest goes on at its cursor.
    """
    first, empty, attempts = int(cursor or _FIRST), 0, Attempts("empiar", report)
    while empty < _GAP:
        entries = _fetch_entries(f"{first}-{first + _RANGE - 1}", client)
        empty = 0 if entries else empty + _RANGE
        if empty == _GAP == first + _RANGE - _FIRST:
            msg = f"EMPIAR gave no entry from {_FIRST} on; expected thousands. It may be in trouble: try again later."
            raise ArchiveAnswerError(msg)
        made = (
            attempts.make(accession, partial(_make_record, accession, entries[accession], client, report))
            for accession in sorted(entries)
            if _is_due(entries[accession], since)
        )
        records = tuple(record for record in made if record is not None)
        first += _RANGE
        yield Page(records, cursor=str(first) if empty < _GAP else None, rows=len(entries))


def _make_record(accession: str, outline: Mapping[str, Any], client: Client, report: Report) -> Record:
    """Make the record of an entry; where the range gave only an outline of it, ask for the whole."""
    entry = outline if "imagesets" in outline else _fetch_entry(accession, client)
    return parse_record(accession, entry, report, retrieved=_today())


def _is_due(entry: Mapping[str, Any], since: date | None) -> bool:
    updated = day(entry.get("update_date")) or day(entry.get("release_date"))
    return since is None or updated is None or updated >= since


def _fetch_entry(accession: str, client: Client) -> Mapping[str, Any]:
    answer = client.get_json(f"{API}/{accession}/")
    entry = answer.get(accession) if isinstance(answer, dict) else None
    if not isinstance(entry, dict):
        msg = (
            f"EMPIAR has no public entry {accession}: its answer does not hold it. Check the number at {ARCHIVE.home}."
        )
        raise RecordNotFoundError(msg)
    return entry


def _fetch_entries(numbers: str, client: Client) -> dict[str, Mapping[str, Any]]:
    """Ask for a range or a list of numbers; those without an entry are left out."""
    try:
        answer = client.post_json(f"{API}/", numbers)
    except RecordNotFoundError:
        return {}
    if not isinstance(answer, dict):
        msg = (
            f"The answer of {API}/ for {numbers[:80]} is no object of entries. EMPIAR changed its interface: report it."
        )
        raise ArchiveAnswerError(msg)
    known = re.compile(ARCHIVE.accession)
    return {key: entry for key, entry in answer.items() if known.fullmatch(key) and isinstance(entry, dict)}


def _accession_of(hit: Any) -> str | None:
    """Give the accession of an entry out of its stub, which names it in its own accession or in its texts."""
    if not isinstance(hit, dict):
        return None
    texts = (str(hit.get(key)) for key in ("accession", "title", "content"))
    return next((found[0] for text in texts if (found := re.search(r"\bEMPIAR-\d{5,6}\b", text))), None)


def _today() -> date:
    return datetime.now(UTC).date()
