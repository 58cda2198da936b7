"""Cell Image Library: single images and videos of cells, each with a DOI and a licence of its own.

Its interface asks for a key (HTTP Basic), which is given on request; without one, its public dump of April 2018 is
read. A key is the text ``name:password`` in the environment variable ``BIOIMAGEHUB_CIL_KEY``.
"""

from __future__ import annotations

import base64
import os
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.cil_record import parse_files, parse_record
from bioimagehub.catalogs.archives.dumps import fetch_dump
from bioimagehub.catalogs.archives.paging import Rows, collect
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import line, listed, mapping, number
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    InvalidEntryError,
    RecordNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.dumps import Dump
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = ["ARCHIVE", "fetch_record", "harvest", "list_files", "parse_files", "parse_record", "resolve", "search"]

VARIABLE = "BIOIMAGEHUB_CIL_KEY"
_API = "https://cilia.crbs.ucsd.edu/rest"
_COMMIT = "603698cca33dbcbd54f771715a239fb66b03e74e"
_DUMPED = date(2018, 4, 9)
_REPOSITORY = "slash-segmentation/CIL_Public_Data_JSON"
_FOLDER = "Version8_6/DATA/CIL_PUBLIC_DATA"
_CAP = 100
_PAGE = 500

ARCHIVE = Archive(
    name="cil",
    title="Cell Image Library",
    home="https://www.cellimagelibrary.org/",
    accession="[0-9]{1,6}",
    example="10104",
    gives="10,023 records of its public dump, with files, licences and terms of organism, cell, process and method.",
    limits=f"Live search and records after April 2018 need a key, given on request; put it into {VARIABLE}.",
    licence="Per record: half public domain; CC BY; many forbid commercial use or derivatives.",
    interface=_API,
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find public records by words; it needs a key.

    Raises
    ------
    AccessDeniedError
        If there is no key, or the archive does not take it.
    """
    report, key = Report(), _find_key("search the Cell Image Library")

    def ask(start: int, size: int) -> Rows:
        params: dict[str, str | int] = {"search": text, "from": start, "size": size}
        hits = mapping(_ask(f"{_API}/public_documents", params, key, client), "hits")
        # Newer versions of its index wrap the total.
        total = number(mapping(hits, "total").get("value", hits.get("total")))
        if total is None:
            msg = f"The Cell Image Library answered the search for {text[:60]!r} without a total; try again later."
            raise ArchiveAnswerError(msg)
        return Rows(listed(hits.get("hits")), total)

    records = []
    for hit in collect(ask, limit, _CAP, what="records of the Cell Image Library"):
        accession = line(mapping(hit).get("_id")) or ""
        try:
            records.append(parse_record(ARCHIVE.check(accession), mapping(hit, "_source"), report))
        except (RecordNotFoundError, ArchiveAnswerError, InvalidEntryError) as error:
            report.lost(f"cil:{accession}", error)
    return records


def fetch_record(accession: str, client: Client) -> Record:
    """Read a record: from the interface where there is a key, else from the public dump."""
    return parse_record(accession, _fetch_document(accession, client), Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a record, with sizes."""
    yield from parse_files(accession, _fetch_document(accession, client), Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file of a record.

    Raises
    ------
    RecordNotFoundError
        If the record has no such file.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        msg = f"CIL:{accession} has no file {path[:200]!r}. Give one of: {', '.join(sorted(files)) or 'none there'}."
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all records out of the public dump, which is one file of 22 MB; nothing in it is newer than April 2018.

    `cursor` is the number of records that were read, in the order of their numbers.

    Raises
    ------
    ArchiveAnswerError
        If what is there is no such dump.
    """
    if since is not None and since > _DUMPED:
        yield Page((), None, 0)
        return
    dump = fetch_dump(_REPOSITORY, _COMMIT, client)
    names = sorted(dump.find(rf"{_FOLDER}/\d{{1,6}}\.json"), key=lambda name: int(_number_of(name)))
    for start in range(int(cursor or 0), len(names), _PAGE):
        part = names[start : start + _PAGE]
        records = tuple(record for name in part if (record := _read_document(dump, name, report)) is not None)
        yield Page(records, str(start + len(part)), len(names), len(part))


def _read_document(dump: Dump, name: str, report: Report) -> Record | None:
    accession = _number_of(name)
    try:
        return parse_record(accession, dump.read_json(name), report)
    except (ArchiveAnswerError, InvalidEntryError) as error:
        report.lost(f"cil:{accession}", error)
        return None


def _number_of(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".json")


def _fetch_document(accession: str, client: Client) -> Any:
    """Read the document of a record: of the interface where there is a key, else of the dump."""
    ARCHIVE.check(accession)
    if os.environ.get(VARIABLE):
        key = _find_key(f"read CIL:{accession}")
        answer = mapping(_ask(f"{_API}/public_documents/{accession}", {}, key, client))
        # What is not there, or not public, is answered with 200.
        if answer.get("found") is True:
            return answer.get("_source")
        msg = f"The Cell Image Library has no public record {accession}. Look it up at {ARCHIVE.home}."
        raise RecordNotFoundError(msg)
    try:
        return client.get_json(f"https://raw.githubusercontent.com/{_REPOSITORY}/{_COMMIT}/{_FOLDER}/{accession}.json")
    except RecordNotFoundError as error:
        msg = (
            f"CIL:{accession} is not in the public dump of the Cell Image Library of {_DUMPED}. If it is newer, see "
            f"{ARCHIVE.home}images/{quote(accession)}, or ask the library for a key and put it into {VARIABLE}."
        )
        raise RecordNotFoundError(msg) from error


def _find_key(purpose: str) -> str:
    """Give the header that carries the key; the key itself goes nowhere else."""
    key = os.environ.get(VARIABLE, "")
    if ":" not in key:
        state = "does not have the form name:password" if key else "is not set"
        msg = (
            f"A key is needed to {purpose}, and {VARIABLE} {state}. Ask for one through the contact form at "
            f"{ARCHIVE.home}pages/contact_us, and set it as name:password; or search the catalog, which holds the "
            "records of its public dump."
        )
        raise AccessDeniedError(msg)
    return f"Basic {base64.b64encode(key.encode()).decode()}"


def _ask(url: str, params: dict[str, str | int], key: str, client: Client) -> Any:
    try:
        return client.get_json(url, params, authorization=key)
    except AccessDeniedError as error:
        msg = (
            f"The Cell Image Library does not take the key in {VARIABLE}: {error} Check it, or ask for a new one "
            f"through the contact form at {ARCHIVE.home}pages/contact_us."
        )
        raise AccessDeniedError(msg) from error
