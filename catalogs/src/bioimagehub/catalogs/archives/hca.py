"""Human Cell Atlas: projects of single-cell data, asked through Azul; few of them hold images.

Catalogs come and go, so the service is asked for its default one first. Pages are followed by the address that each
names for the next one, never by offsets.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.hca_project import INSTEAD, INTERFACE, is_image, parse_files, parse_record
from bioimagehub.catalogs.archives.values import line, listed, mapping, number, try_record
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
    NotOfferedError,
    RecordNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE", "fetch_catalog", "fetch_record", "harvest", "list_files", "parse_files", "parse_record", "resolve",
    "search",
]  # fmt: skip

_ROWS = 100
_POLLS = 20
_LONGEST_WAIT = 10.0
ARCHIVE = Archive(
    name="hca",
    title="Human Cell Atlas",
    home="https://data.humancellatlas.org/",
    accession=r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    example="74b6d569-3b11-42ef-b6b1-a0454522b4a0",
    gives="Projects with organ, organism and publication; their files with SHA-256. Images of the few that have some.",
    limits="Mostly sequences and matrices. No search by words: all projects are read. Licences are not stated here.",
    licence="Each project its own, mostly CC BY 4.0; not stated by the interface.",
    instead="Most projects hold no images; each record says whether it has some, and what to do instead.",
    interface=f"{INTERFACE}/index/projects",
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find projects by words that all occur in title, organs, organisms or laboratory; all projects are read for it."""
    from bioimagehub.catalogs.archives.report import Report

    words, report = text.casefold().split(), Report()
    found: list[Record] = []
    for answer in _pages("projects", {}, client):
        for hit in listed(answer.get("hits")):
            record = _try_record(hit, report)
            if record is not None and all(word in _words(record) for word in words):
                found.append(record)
        if len(found) >= limit:
            break
    return found[:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the record of a project; its access says whether there are images.

    Raises
    ------
    RecordNotFoundError
        If the default catalog has no such project.
    """
    from bioimagehub.catalogs.archives.report import Report

    url = f"{INTERFACE}/index/projects/{ARCHIVE.check(accession)}"
    return parse_record(client.get_json(url, {"catalog": fetch_catalog(client)}), Report())


def fetch_catalog(client: Client) -> str:
    """Ask for the name of the catalog that is in force.

    Raises
    ------
    ArchiveAnswerError
        If none is named.
    """
    name = line(mapping(client.get_json(f"{INTERFACE}/index/catalogs")).get("default_catalog"))
    if name is None:
        msg = f"{INTERFACE}/index/catalogs names no default_catalog; expected one such as dcp60. Try again later."
        raise ArchiveAnswerError(msg)
    return name


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a project, images or not, with size and SHA-256.

    The address of a file answers only once the service has prepared it: `resolve` waits for that.
    """
    from bioimagehub.catalogs.archives.report import Report

    report = Report()
    filters = {"projectId": {"is": [ARCHIVE.check(accession)]}}
    found = False
    for answer in _pages("files", filters, client):
        for hit in listed(answer.get("hits")):
            found = True
            yield from parse_files(hit, accession, report)
    if not found:
        # An unknown project has no files either.
        fetch_record(accession, client)


def resolve(accession: str, path: str, client: Client) -> str:
    """Have a file prepared, and give the address that its bytes are at; that address holds for some minutes.

    Raises
    ------
    RecordNotFoundError
        If the project has no such file.
    NotOfferedError
        If the file is no image; the message gives its address at the Human Cell Atlas.
    ArchiveUnreachableError
        If it is not ready after many polls.
    """
    file = next((file for file in list_files(accession, client) if file.path == path), None)
    if file is None or file.url is None:
        msg = f"hca:{accession} has no file {path[:200]!r}. Take a path that list_files('{accession}') gives."
        raise RecordNotFoundError(msg)
    if not is_image(path):
        msg = f"The file {path[:200]} of hca:{accession} is no image; expected one. {INSTEAD} See {file.url}."
        raise NotOfferedError(msg)
    return _prepare(file.url, client)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all projects of the default catalog, 100 at a time; `cursor` is the address of the next page.

    `since` leaves out the projects that state an older change.
    """
    for answer in _pages("projects", {}, client, cursor):
        hits, following = listed(answer.get("hits")), line(mapping(answer, "pagination").get("next"))
        records = [record for hit in hits if (record := _try_record(hit, report)) is not None]
        kept = tuple(each for each in records if since is None or each.modified is None or each.modified >= since)
        yield Page(kept, following, total=number(mapping(answer, "pagination").get("total")), rows=len(hits))


def _pages(
    entity: str, filters: Mapping[str, Any], client: Client, start: str | None = None
) -> Iterator[dict[str, Any]]:
    """Follow the pages by the address of the next one, and check the rows against the total.

    Raises
    ------
    ArchiveAnswerError
        If an answer has no hits, a next address leads to another host or begins again, or rows are missing at the end.
    """
    begin: dict[str, str | int] = {}
    if start is None:
        begin = {"catalog": fetch_catalog(client), "filters": json.dumps(filters), "size": _ROWS}
    url: str | None = start or f"{INTERFACE}/index/{entity}"
    seen, rows = {url}, 0
    while url is not None:
        answer = mapping(client.get_json(url, begin or None))
        pagination = mapping(answer, "pagination")
        if not isinstance(answer.get("hits"), list) or not pagination:
            msg = f"{url} gave no hits with a pagination; expected both. Try again later, then report it."
            raise ArchiveAnswerError(msg)
        rows += len(answer["hits"])
        total, following = number(pagination.get("total")), line(pagination.get("next"))
        if following is not None and (following in seen or not following.startswith(f"{INTERFACE}/")):
            msg = f"{INTERFACE} names {following[:200]} as the next page; expected another page of its own. Report it."
            raise ArchiveAnswerError(msg)
        if following is None and start is None and total is not None and rows != total:
            msg = f"{INTERFACE} declares {total:,} {entity} and gave {rows:,}. The list is not whole: try again later."
            raise ArchiveAnswerError(msg)
        yield answer
        begin, url = {}, following
        seen.add(url)


def _prepare(url: str, client: Client) -> str:
    """Poll until a file is ready: 301 names the address to poll next and how long to wait, 302 that of the bytes."""
    asked = url.replace(f"{INTERFACE}/repository/", f"{INTERFACE}/fetch/repository/", 1)
    for _ in range(_POLLS):
        answer = mapping(client.get_json(asked))
        status, location = number(answer.get("Status")), line(answer.get("Location"))
        if location is None or status not in {301, 302}:
            msg = f"{asked} answered {status} with {location!r}; expected 301 or 302 with a location. Report it."
            raise ArchiveAnswerError(msg)
        if status == 302:
            return location
        asked = location
        time.sleep(min(float(number(answer.get("Retry-After")) or 0), _LONGEST_WAIT))
    msg = f"{url} was not ready after {_POLLS} polls; expected a location. The service is busy: try again later."
    raise ArchiveUnreachableError(msg)


def _try_record(hit: Any, report: Report) -> Record | None:
    return try_record(lambda: parse_record(mapping(hit), report), f"hca:{line(mapping(hit).get('entryId'))}", report)


def _words(record: Record) -> str:
    parts = [
        record.title,
        *record.keywords,
        *(each.name for each in record.organisms),
        *(each.name for each in record.anatomy + record.methods),
    ]
    return " ".join(parts).casefold()
