"""European Genome-phenome Archive: what is there is public, what is in it is for those whom its committees approve.

Credentials are never asked for here: the public metadata are read, files and images are not.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from bioimagehub.catalogs.archives.answers import parse_json
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.paging import Rows, walk
from bioimagehub.catalogs.archives.values import day, line, listed, make_file, make_record, mapping, number
from bioimagehub.catalogs.errors import (
    AccessDeniedError,
    ArchiveAnswerError,
    InvalidEntryError,
    NotOfferedError,
    RecordNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_API = "https://metadata.ega-archive.org"
_SITE = "https://ega-archive.org"
_ROWS = 100
_APPLY = f"{_SITE}/access/request-data/how-to-request-data/"
_STEPS = (
    "Controlled: make an EGA account, open the page of the dataset, and send a request to the Data Access Committee "
    "that it names; the committee decides, and its Data Access Agreement is signed. Then download with EGA's own "
    "client (pyega3), outside this hub, which takes no EGA credentials."
)
ARCHIVE = Archive(
    name="ega",
    title="European Genome-phenome Archive",
    home=f"{_SITE}/",
    accession=r"EGA[SD]\d{11}",
    example="EGAD00001009826",
    gives="Public metadata of studies and datasets; names, sizes and MD5 of files; the steps to apply.",
    limits="Controlled access: no file can be read here. Mostly sequences; few images. No search by words.",
    licence="A Data Access Agreement with the committee of each dataset; nothing may be passed on.",
    instead=_STEPS,
    interface=_API,
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Refuse: the public metadata cannot be searched by words.

    Raises
    ------
    NotOfferedError
        Always; it tells where to search instead.
    """
    msg = (
        f"EGA offers no search by words in its public metadata; expected an accession instead of {text[:100]!r}. "
        f"Search on {_SITE}/search, then give the accession; or search the harvested catalog, which has its titles."
    )
    raise NotOfferedError(msg)


def fetch_record(accession: str, client: Client) -> Record:
    """Read the public metadata of a study (EGAS) or a dataset (EGAD).

    Raises
    ------
    RecordNotFoundError
        If EGA has none: it then answers 404, or 200 with nothing.
    """
    from bioimagehub.catalogs.archives.report import Report

    document = _fetch(_address(accession), client)
    if not isinstance(document, dict):
        msg = (
            f"EGA has no public metadata of {accession}: its answer is empty. The entry may not be released; "
            f"look it up at {_page(accession)}."
        )
        raise RecordNotFoundError(msg)
    return parse_record(document, Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a dataset, or of all datasets of a study, with MD5; none has an address, as none may be read.

    Raises
    ------
    RecordNotFoundError
        If EGA has no such entry.
    """
    from bioimagehub.catalogs.archives.report import Report

    fetch_record(accession, client)
    datasets = [accession]
    if accession.startswith("EGAS"):
        rows = (row for step in _walk(f"{_address(accession)}/datasets", client) for row in step.rows)
        datasets = [found for row in rows if (found := line(row.get("accession_id"))) is not None]
    for dataset in datasets:
        for step in _walk(f"{_address(dataset)}/files", client):
            yield from parse_files(step.rows, dataset, Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Refuse: a file needs an approved request and an account.

    Raises
    ------
    AccessDeniedError
        Always; it tells how to apply.
    """
    ARCHIVE.check(accession)
    _refuse(f"The file {path[:200]} of ega:{accession}", accession)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read the public metadata of all datasets, 100 at a time; `cursor` is the first row to read.

    A total is declared in a header alone, so the end is the first page that is not full. `since` leaves out what was
    released before; EGA gives no day of a change.
    """
    for step in _walk(f"{_API}/datasets", client, start=int(cursor or 0)):
        if not step.rows and cursor is None and step.next is None:
            msg = f"{_API}/datasets lists no dataset; expected thousands. EGA may be in trouble: try again later."
            raise ArchiveAnswerError(msg)
        records = []
        for row in step.rows:
            try:
                records.append(parse_record(row, report))
            except InvalidEntryError as error:
                report.lost(f"ega:{line(row.get('accession_id'))}", error)
        kept = tuple(each for each in records if since is None or each.released is None or each.released >= since)
        yield Page(kept, None if step.next is None else str(step.next), rows=len(step.rows))


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a study or dataset; contacts of committees are dropped.

    Parameters
    ----------
    document : mapping
        With ``accession_id``, ``title``, ``released_date``, ``num_samples``, ``dataset_types``, ``technologies``.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no accession or no title.
    """
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    document = mapping(document)
    accession = line(document.get("accession_id")) or ""
    licence, _ = parse_licence("EGA data access agreement")
    kinds = [*listed(document.get("dataset_types")), *listed(document.get("technologies"))]
    released = day((line(document.get("released_date")) or "")[:19]) or day(document.get("released_date"))
    fields = {
        "identifier": f"ega:{accession}",
        "kind": "study",
        "title": line(document.get("title")),
        "source": ARCHIVE.title,
        "source_url": _page(accession),
        "source_accession": accession,
        "licence": licence,
        "licence_url": _page(accession),
        "access": {"kind": "controlled", "how": _STEPS, "url": _APPLY},
        "organisms": ({"name": "Homo sapiens", "taxon": 9606},),
        "keywords": tuple(dict.fromkeys(found for kind in kinds if (found := line(kind)) is not None)),
        "released": released,
        "files": number(document.get("num_files")),
        "facts": ({"source": f"{_address(accession)}", "retrieved": datetime.now(UTC).date()},),
    }
    return make_record(fields, report)


def parse_files(rows: Any, accession: str, report: Report) -> Iterator[File]:
    """Make files of rows, in the shape of the public metadata or in that of the download service.

    Parameters
    ----------
    rows : list of mapping
        With ``accession_id``, ``filesize``, ``extension``, ``unencrypted_checksum``; or with ``fileId``, ``fileSize``,
        ``displayFileName``, ``plainChecksum``.
    accession : str
    report : Report
    """
    for each in listed(rows):
        row = mapping(each)
        name = line(row.get("accession_id") or row.get("fileId"))
        extension = line(row.get("extension"))
        shown = line(row.get("displayFileName")) or ".".join(filter(None, [name, extension]))
        digest = (line(row.get("unencrypted_checksum") or row.get("plainChecksum")) or "").casefold()
        kind = (line(row.get("unencrypted_checksum_type") or row.get("plainChecksumType")) or "").casefold()
        known = kind in {"md5", "sha256"} and re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", digest)
        if digest and not known:
            report.defect(f"ega:{accession}", "files", f"checksum {kind} {digest!r} of {name} is not known; left out")
        found = make_file(
            f"ega:{accession}",
            report,
            path=shown,
            size=number(row.get("filesize") if "filesize" in row else row.get("fileSize")),
            checksum=f"{kind}:{digest}" if known else None,
        )
        if found is not None:
            yield found


def _address(accession: str) -> str:
    kind = "studies" if ARCHIVE.check(accession).startswith("EGAS") else "datasets"
    return f"{_API}/{kind}/{accession}"


def _page(accession: str) -> str:
    return f"{_SITE}/{'studies' if accession.startswith('EGAS') else 'datasets'}/{accession}"


def _fetch(url: str, client: Client, params: Mapping[str, str | int] | None = None) -> Any:
    """Ask for a document; None where the answer is empty, as it is for an entry that is not released."""
    text = client.get_text(url, params)
    return parse_json(text.encode(), url) if text.strip() else None


def _walk(url: str, client: Client, start: int = 0) -> Any:
    def ask(first: int, size: int) -> Rows:
        rows = _fetch(url, client, {"limit": size, "offset": first})
        if rows is not None and not isinstance(rows, list):
            msg = f"{url} answered with no list; expected one of objects. Try again later, then report it."
            raise ArchiveAnswerError(msg)
        return Rows([row for row in rows or [] if isinstance(row, dict)], None)

    return walk(ask, _ROWS, what=url, start=start)


def _refuse(what: str, accession: str) -> NoReturn:
    msg = f"{what} cannot be had: expected an approved request. {_STEPS} Begin at {_page(accession)}."
    raise AccessDeniedError(msg)
