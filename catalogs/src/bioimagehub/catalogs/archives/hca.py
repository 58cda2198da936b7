"""Human Cell Atlas: projects of single-cell data, asked through Azul; few of them hold images.

Catalogs come and go, so the service is asked for its default one first. Pages are followed by the address that each
names for the next one, never by offsets.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import (
    day,
    doi,
    line,
    listed,
    make_classified,
    make_file,
    mapping,
    number,
    term,
    unique,
)
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveUnreachableError,
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

_API = "https://service.azul.data.humancellatlas.org"
_SITE = "https://explore.data.humancellatlas.org/projects"
_ROWS = 100
_POLLS = 20
_LONGEST_WAIT = 10.0
_INSTEAD = (
    "This project holds sequences and matrices and no images. Its files are open at the Human Cell Atlas; for images "
    "of the same tissue search the BioImage Archive (archive 'bia') or the Human Protein Atlas ('hpa')."
)
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
    interface=f"{_API}/index/projects",
)
_IMAGES = {
    **{name: name for name in ("czi", "dm4", "jpeg", "lif", "nd2", "png", "svs", "tiff")},
    **{"jpg": "jpeg", "ome.tiff": "ome-tiff", "ome.zarr": "ome-zarr", "tif": "tiff", "zarr": "ome-zarr"},
}


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

    url = f"{_API}/index/projects/{ARCHIVE.check(accession)}"
    return parse_record(client.get_json(url, {"catalog": fetch_catalog(client)}), Report())


def fetch_catalog(client: Client) -> str:
    """Ask for the name of the catalog that is in force.

    Raises
    ------
    ArchiveAnswerError
        If none is named.
    """
    name = line(mapping(client.get_json(f"{_API}/index/catalogs")).get("default_catalog"))
    if name is None:
        msg = f"{_API}/index/catalogs names no default_catalog; expected one such as dcp60. Try again later."
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
    if _format(path) not in _IMAGES:
        msg = f"The file {path[:200]} of hca:{accession} is no image; expected one. {_INSTEAD} See {file.url}."
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


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a project; addresses of its contributors are dropped.

    Parameters
    ----------
    document : mapping
        A hit of ``/index/projects``.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no number or no title.
    """
    project = mapping(document, "projects")
    accession = line(document.get("entryId")) or line(project.get("projectId")) or ""
    summaries = [mapping(each) for each in listed(document.get("fileTypeSummaries"))]
    formats = [(line(each.get("format")) or line(each.get("fileType")) or "").casefold() for each in summaries]
    images = [number(each.get("count")) or 0 for each, name in zip(summaries, formats, strict=True) if name in _IMAGES]
    dates = mapping(document, "dates")
    access = {"kind": "open"} if images else {"kind": "none", "how": _INSTEAD, "url": f"{_SITE}/{accession}"}
    if project.get("accessible") is False:
        how = "Controlled: the files are under managed access; see the project's page for whom to ask."
        access = {"kind": "controlled", "how": how, "url": f"{_SITE}/{accession}"}
    fields = {
        "identifier": f"hca:{accession}",
        "kind": "study",
        "title": line(project.get("projectTitle")),
        "source": ARCHIVE.title,
        "source_url": f"{_SITE}/{accession}",
        "source_accession": accession,
        "authors": tuple(_authors(project)),
        "publications": tuple(_publications(project)),
        "access": access,
        "organisms": _organisms(document),
        "methods": _methods(document),
        "anatomy": _anatomy(document),
        "keywords": tuple(filter(None, [line(each) for each in listed(project.get("laboratory"))])),
        "released": day((line(dates.get("submissionDate")) or "")[:19]),
        "modified": day((line(dates.get("lastModifiedDate")) or "")[:19]),
        "size": sum(number(each.get("totalSize")) or 0 for each in summaries) or None,
        "files": sum(number(each.get("count")) or 0 for each in summaries) or None,
        "images": sum(images),
        "formats": tuple(dict.fromkeys(_IMAGES.get(name, name) for name in formats if _is_format(name))),
        "facts": ({"source": f"{_API}/index/projects", "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_files(hit: Mapping[str, Any], accession: str, report: Report) -> Iterator[File]:
    """Make the files of a hit of ``/index/files``."""
    for row in listed(mapping(hit).get("files")):
        sha256 = (line(mapping(row).get("sha256")) or "").casefold()
        found = make_file(
            f"hca:{accession}",
            report,
            path=line(mapping(row).get("name")),
            size=number(mapping(row).get("size")),
            url=line(mapping(row).get("url")),
            checksum=f"sha256:{sha256}" if re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
        )
        if found is not None:
            yield found


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
    url: str | None = start or f"{_API}/index/{entity}"
    seen, rows = {url}, 0
    while url is not None:
        answer = mapping(client.get_json(url, begin or None))
        pagination = mapping(answer, "pagination")
        if not isinstance(answer.get("hits"), list) or not pagination:
            msg = f"{url} gave no hits with a pagination; expected both. Try again later, then report it."
            raise ArchiveAnswerError(msg)
        rows += len(answer["hits"])
        total, following = number(pagination.get("total")), line(pagination.get("next"))
        if following is not None and (following in seen or not following.startswith(f"{_API}/")):
            msg = f"{_API} names {following[:200]} as the next page; expected another page of its own. Report it."
            raise ArchiveAnswerError(msg)
        if following is None and start is None and total is not None and rows != total:
            msg = f"{_API} declares {total:,} {entity} and gave {rows:,}. The list is not whole: try again later."
            raise ArchiveAnswerError(msg)
        yield answer
        begin, url = {}, following
        seen.add(url)


def _prepare(url: str, client: Client) -> str:
    """Poll until a file is ready: 301 names the address to poll next and how long to wait, 302 that of the bytes."""
    asked = url.replace(f"{_API}/repository/", f"{_API}/fetch/repository/", 1)
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
    try:
        return parse_record(mapping(hit), report)
    except InvalidEntryError as error:
        report.lost(f"hca:{line(mapping(hit).get('entryId'))}", error)
        return None


def _words(record: Record) -> str:
    parts = [
        record.title,
        *record.keywords,
        *(each.name for each in record.organisms),
        *(each.name for each in record.anatomy + record.methods),
    ]
    return " ".join(parts).casefold()


def _authors(project: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the contributors; names are written "given,middle,family"."""
    for row in listed(project.get("contributors")):
        parts = [found for part in (line(mapping(row).get("contactName")) or "").split(",") if (found := line(part))]
        if parts:
            yield {"family": parts[-1], "given": " ".join(parts[:-1]) or None}


def _publications(project: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in listed(project.get("publications")):
        title = line(mapping(row).get("publicationTitle"))
        found = doi(mapping(row).get("doi")) or doi(mapping(row).get("publicationUrl"))
        if title or found:
            yield {"title": title, "doi": found}


def _values(document: Mapping[str, Any], group: str, *keys: str) -> list[str]:
    rows = [mapping(row) for row in listed(document.get(group))]
    found = (line(value) for row in rows for key in keys for value in listed(row.get(key)))
    return list(dict.fromkeys(value for value in found if value is not None))


def _organisms(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    names = _values(document, "donorOrganisms", "genusSpecies")
    return tuple(find_organism(name) or {"name": name, "taxon": None} for name in names)


def _methods(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    return tuple(find_method(name) for name in _values(document, "protocols", "assayType"))


def _anatomy(document: Mapping[str, Any]) -> tuple[Any, ...]:
    names = _values(document, "samples", "effectiveOrgan", "organ", "organPart")
    found = (term(name) for name in names)
    return unique([each for each in found if each is not None])


def _format(path: str) -> str:
    """Give the ending of a file name, both parts of ``ome.tiff``."""
    parts = path.casefold().split(".")
    return ".".join(parts[-2:]) if parts[-2:-1] == ["ome"] else parts[-1]


def _is_format(name: str) -> bool:
    return re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", name) is not None
