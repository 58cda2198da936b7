"""The Broad Bioimage Benchmark Collection: pages of a web site, and files whose names follow no rule.

It has no interface, so its pages are read: `bioimagehub.catalogs.archives.bbbc_pages` takes the facts out of the HTML,
`bioimagehub.catalogs.archives.bbbc_set` makes records of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.attempts import Attempts
from bioimagehub.catalogs.archives.bbbc_pages import parse_index, parse_page
from bioimagehub.catalogs.archives.bbbc_set import INSTANCE_MASKS, KINDS, SITE, parse_files, parse_record
from bioimagehub.catalogs.errors import RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE", "INSTANCE_MASKS", "fetch_index", "fetch_record", "harvest", "list_files", "parse_files", "parse_record",
    "resolve", "search",
]  # fmt: skip

_LAST = 54
ARCHIVE = Archive(
    name="bbbc",
    title="Broad Bioimage Benchmark Collection",
    home=f"{SITE}/",
    accession=r"BBBC\d{3}",
    example="BBBC039",
    gives="Image sets with ground truth: licence, files with sizes, kinds of ground truth, citation.",
    limits=(
        "No interface: pages are read, and all of them for a harvest. Files are archives (zip) of images. BBBC023, "
        "040 and 043 are empty or not there; 010, 011, 012, 021 and 023 state no licence."
    ),
    licence="Each image set its own: CC0, CC BY, CC BY-NC-SA, or none stated.",
    interface=f"{SITE}/image_sets",
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find image sets by words of their accession, title, imaging mode and kinds of ground truth.

    Parameters
    ----------
    text : str
        Words that must all occur in the row of the site's table of image sets.
    client : Client
    limit : int
        How many records at most; each is read from its own page.
    """
    from bioimagehub.catalogs.archives.report import Report

    words = text.casefold().split()
    rows = fetch_index(client)
    found = [row for row in rows.values() if all(word in " ".join(_row_words(row)).casefold() for word in words)]
    return [_fetch(row["accession"], client, Report(), row) for row in found[:limit]]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the page of an image set, and its row in the table of image sets.

    Raises
    ------
    RecordNotFoundError
        If there is no such page.
    ArchiveAnswerError
        If there is a page and it is not one of an image set.
    """
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    return _fetch(accession, client, Report(), fetch_index(client).get(accession))


def fetch_index(client: Client) -> dict[str, dict[str, Any]]:
    """Read the table of image sets: title, group, imaging mode, fields of view and ground truth of each accession."""
    return {row["accession"]: row for row in parse_index(client.get_text(f"{SITE}/image_sets"))}


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files that the page of an image set links to, with the sizes that it states."""
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    files = list(parse_files(parse_page(client.get_text(f"{SITE}/{accession}"), accession), Report()))
    if not files:
        # A site in trouble shows pages without files, too, but no table of image sets.
        fetch_index(client)
    yield from files


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file of an image set.

    Raises
    ------
    RecordNotFoundError
        If the page links to no file of that path; the message lists those that it links to.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        known = ", ".join(sorted(files)[:20]) or "none"
        msg = f"{accession} has no file {path[:200]!r}; its page links to: {known}. Take one of these paths."
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read the pages from BBBC001 to BBBC054, one by one; a number without a page is none of the collection.

    Parameters
    ----------
    client : Client
    report : Report
    since : date or None
        Leaves out the sets whose page was last updated before; those that state no date are kept.
    cursor : str or None
        The accession to go on with.
    """
    index, attempts = fetch_index(client), Attempts("bbbc", report)
    for count in range(int(cursor[4:]) if cursor else 1, _LAST + 1):
        accession = f"BBBC{count:03d}"
        following = f"BBBC{count + 1:03d}" if count < _LAST else None
        lost = len(report.losses)
        record = attempts.make(accession, partial(_find, accession, client, report, index.get(accession)))
        rows = (record is not None) + len(report.losses) - lost
        kept = record is not None and (since is None or record.modified is None or record.modified >= since)
        yield Page((record,) if record is not None and kept else (), following, rows=rows)


def _find(accession: str, client: Client, report: Report, row: Mapping[str, Any] | None) -> Record | None:
    """Fetch an image set; None where the number is none of the collection."""
    try:
        return _fetch(accession, client, report, row)
    except RecordNotFoundError as error:
        if row is None:
            return None
        msg = f"The table of image sets names {accession} and it has no page. Look for it at {SITE}, and report it."
        raise RecordNotFoundError(msg) from error


def _fetch(accession: str, client: Client, report: Report, row: Mapping[str, Any] | None) -> Record:
    page = parse_page(client.get_text(f"{SITE}/{accession}"), accession)
    # The table names each set in one way; a page may begin with other headings.
    return parse_record({**page, **{key: value for key, value in (row or {}).items() if value}}, report)


def _row_words(row: Mapping[str, Any]) -> list[str]:
    kinds = [*row["ground_truth_index"], *(KINDS.get(kind, "") for kind in row["ground_truth_index"])]
    if row["accession"] in INSTANCE_MASKS:
        kinds.append("instance masks")
    return [row["accession"], row["title"], row["group"], row["mode"], *kinds]
