"""SSBD, Systems Science of Biological Dynamics, in two halves: what was deposited, and what was curated from it.

Studies of both halves are published as RO-Crates; where both have a study, the database knows more. Its OMERO server
names them too, and has had a certificate that cannot be checked: that is told, and the check is never turned off.
An older interface gives quantitative data (BDML and BD5) by their own identifiers.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.challenge_lists import SAMPLES, image_fields, read_list
from bioimagehub.catalogs.archives.dumps import fetch_dump
from bioimagehub.catalogs.archives.omero import list_objects
from bioimagehub.catalogs.archives.paging import Rows, collect
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import (
    doi,
    line,
    listed,
    make_classified,
    make_file,
    mapping,
    number,
    slug,
    term,
    unique,
)
from bioimagehub.catalogs.errors import (
    ArchiveAnswerError,
    ArchiveError,
    ArchiveUnreachableError,
    InvalidDocumentError,
    InvalidEntryError,
    NotOfferedError,
    RecordNotFoundError,
)
from bioimagehub.catalogs.parts import Fact, Organism, Publication

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.dumps import Dump
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_HOME = "https://ssbd.riken.jp"
_OMERO = f"{_HOME}/omero"
_DATA = "http://ssbd.qbic.riken.jp/SSBD/api/v3/data/"
_REPOSITORY = "openssbd/gide-ro-crate"
_CRATES = f"https://raw.githubusercontent.com/{_REPOSITORY}/HEAD/project-ro-crate"
_LIST = f"{SAMPLES}/ssbd_samples.csv"
_ENDING = "-ro-crate-metadata.json"
_CAP = 100
_TITLE = 200
"""Characters of a description that may stand for a title; a longer one is an abstract."""
_PAGE = 100
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

ARCHIVE = Archive(
    name="ssbd",
    title="SSBD",
    home=f"{_HOME}/",
    accession=rf"ssbd-repos-[0-9]{{6}}|[0-9]{{1,4}}-[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*|{_UUID}",
    example="439-Takayama-dynamicsEGFR",
    gives="389 studies of repository and database with licences and sizes; quantitative data; some OME-Zarr images.",
    limits="No list of files: they are downloaded from a study's page. Its OMERO server may fail for its certificate.",
    licence="Per study: CC BY 4.0 mostly; some forbid commercial use or derivatives.",
    interface=f"{_OMERO}/api/v0/m/",
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find studies by words in the names and descriptions of its OMERO server, then quantitative data by theirs.

    Where one of the two does not answer, the log says so, and the other is asked all the same.

    Raises
    ------
    ArchiveUnreachableError
        If neither answers.
    """
    report, found, failures = Report(), [], []
    for ask in (_search_projects, _search_data):
        try:
            found += ask(text, client, limit, report)
        except ArchiveUnreachableError as error:
            failures.append(error)
            report.defect("ssbd", "search", f"one of two interfaces was left out: {error}")
    if len(failures) > 1:
        raise failures[0]
    return found[:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the crate of a study, or what the older interface has of quantitative data."""
    ARCHIVE.check(accession)
    report = Report()
    if re.fullmatch(_UUID, accession):
        return _fetch_data(accession, client, report)
    url = f"{_CRATES}/{_half(accession)}/{quote(accession)}{_ENDING}"
    try:
        document = client.get_json(url)
    except RecordNotFoundError as error:
        msg = (
            f"SSBD publishes no crate of {accession}; studies without images have none. Look at {_page(accession)}; "
            "a study of the repository may be in the database under another identifier."
        )
        raise RecordNotFoundError(msg) from error
    return parse_crate(document, url, datetime.now(UTC).date(), report)


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List what can be read of a study: the metadata file of each of its OME-Zarr images.

    Raises
    ------
    NotOfferedError
        If it has none, as SSBD has no list of files.
    """
    report, found = Report(), False
    for image in list_images(accession, client):
        path = f"{image.identifier.rpartition('/')[2]}.zarr/zarr.json"
        file = make_file(f"ssbd:{accession}", report, path=path, url=f"{image.url}/zarr.json")
        if file is not None:
            found = True
            yield file
    if not found:
        msg = (
            f"SSBD has no interface that lists the files of {accession}, and none of its images is kept as OME-Zarr. "
            f"Download them from its page, {_page(accession)}."
        )
        raise NotOfferedError(msg)


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, as `list_files` names it.

    Raises
    ------
    RecordNotFoundError
        If there is no such file.
    NotOfferedError
        As `list_files`.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        msg = f"SSBD has no file {path[:200]!r} of {accession}. Give one of: {', '.join(sorted(files))}."
        raise RecordNotFoundError(msg)
    return url


def list_images(accession: str, client: Client) -> list[Record]:
    """List the images of a study that are kept as OME-Zarr, with driver, axes and shape."""
    ARCHIVE.check(accession)
    return parse_images(client.get_text(_LIST), Report(), accession=accession)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all crates, which are one file: a harvest that was broken off begins anew, with the file of that day.

    Crates do not say when a study was changed: `since` means the day of its release.
    """
    del cursor
    dump = fetch_dump(_REPOSITORY, "HEAD", client)
    names = dump.find(rf"project-ro-crate/(?:database|repository)/[^/]+{re.escape(_ENDING)}")
    if not names:
        msg = f"{dump.url} holds no crates; expected those of SSBD. Its folders may have changed: report it."
        raise ArchiveAnswerError(msg)
    today = datetime.now(UTC).date()
    for start in range(0, len(names), _PAGE):
        part = names[start : start + _PAGE]
        records = (_read_crate(dump, name, today, report) for name in part)
        kept = tuple(
            record
            for record in records
            if record is not None and (since is None or record.released is None or record.released >= since)
        )
        yield Page(kept, None, len(names), len(part))


def parse_crate(document: Any, source: str, retrieved: date, report: Report) -> Record:
    """Make a record of the crate of a study."""
    from bioimagehub.catalogs.exchange import ro_crate
    from bioimagehub.catalogs.vocabulary.classification import complete

    if not isinstance(document, dict):
        msg = f"{source} holds {type(document).__name__}; expected an RO-Crate. Report it to SSBD."
        raise ArchiveAnswerError(msg)
    return complete(ro_crate.parse(document, archive="ssbd", report=report, retrieved=retrieved, source=source))


def parse_images(text: str, report: Report, *, accession: str | None = None) -> list[Record]:
    """Make records of SSBD's list of OME-Zarr images, whose names begin with the study.

    Parameters
    ----------
    text : str
    report : Report
    accession : str or None
        The study whose images are wanted; None for all.
    """
    records: dict[str, Record] = {}
    for row in read_list(text):
        study, _, name = (row.get("name") or "").partition("/")
        if accession not in {None, study} or not re.fullmatch(ARCHIVE.accession, study):
            continue
        fields = image_fields(row)
        identifier = f"ssbd:{study}/{slug(name)}"
        if identifier in records:
            identifier += f"-{sha256(fields['url'].encode()).hexdigest()[:6]}"
        place = {"identifier": identifier, "kind": "image", "part_of": f"ssbd:{study}", "title": f"{name} of {study}"}
        try:
            records[identifier] = make_classified(_common(study) | place | fields, report)
        except InvalidEntryError as error:
            report.lost(identifier, error)
    return list(records.values())


def parse_data(found: Mapping[str, Any], report: Report) -> Record:
    """Make a record of quantitative data, as the older interface gives them."""
    from bioimagehub.catalogs.vocabulary.licences import parse_licence
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    accession = ARCHIVE.check(line(found.get("bdmlID")) or "")
    spdx, url = parse_licence(line(found.get("license")))
    name = line(found.get("organism"))
    article = line(found.get("dblink")) or ""
    pubmed = re.search(r"pubmed\D*(\d+)", article)
    cited = Publication(doi=doi(article), pubmed=number(pubmed[1]) if pubmed else None)
    genes = [made for key in ("gene", "orf") if (made := term(found.get(key))) is not None]
    return make_classified(
        _common(accession)
        | {
            "identifier": f"ssbd:{accession}",
            "kind": "file",
            "version": line(found.get("release")),
            "title": line(found.get("localID")) or f"Quantitative data {accession}",
            "source_url": f"http://ssbd.qbic.riken.jp/search/{accession}/",
            "publications": (cited,) if cited != Publication() else (),
            "licence": spdx,
            "licence_url": url,
            "organisms": (find_organism(name) or Organism(name=name, taxon=None),) if name else (),
            "genes": unique(genes),
            "keywords": tuple(each for key in ("datatype", "basedon") if (each := line(found.get(key)))),
            "formats": ("bdml",),
            "facts": (Fact(source=_DATA, retrieved=datetime.now(UTC).date()),),
        },
        report,
    )


def _search_projects(text: str, client: Client, limit: int, report: Report) -> list[Record]:
    """Find projects of the OMERO server; what it tells beside the name is left to `fetch_record`."""
    words, found = text.casefold().split(), []
    for project in list_objects(_OMERO, "projects", client):
        name = line(project.get("Name")) or ""
        description = line(project.get("Description")) or name
        told = f"{name} {project.get('Description') or ''}".casefold()
        if re.fullmatch(ARCHIVE.accession, name) and all(word in told for word in words):
            identity = number(project["@id"])
            fields = {
                "identifier": f"ssbd:{name}",
                "kind": "study",
                "title": description if len(description) <= _TITLE else name,
                "thumbnail": f"{_HOME}/ssbd-omero/v1/projects/{identity}/render_thumbnail/",
            }
            found.append(make_classified(_common(name) | fields, report))
    return found[:limit]


def _search_data(text: str, client: Client, limit: int, report: Report) -> list[Record]:
    def ask(start: int, size: int) -> Rows:
        return _ask_data({"description__icontains": text, "limit": size, "offset": start}, client)

    records = []
    for each in collect(ask, limit, _CAP, what="data of SSBD"):
        try:
            records.append(parse_data(mapping(each), report))
        except (ArchiveError, InvalidEntryError) as error:
            report.lost(f"ssbd:{mapping(each).get('bdmlID')}", error)
    return records


def _fetch_data(accession: str, client: Client, report: Report) -> Record:
    rows = _ask_data({"bdmlID": accession, "limit": 1}, client).rows
    # An identifier that is not known gives an empty list.
    if not rows:
        msg = f"SSBD has no quantitative data {accession}. Look at http://ssbd.qbic.riken.jp/search/ for what there is."
        raise RecordNotFoundError(msg)
    return parse_data(mapping(rows[0]), report)


def _ask_data(params: dict[str, str | int], client: Client) -> Rows:
    answer = client.get_json(_DATA, {"format": "json", **params})
    total = number(mapping(answer, "meta").get("total_count"))
    if total is None:
        msg = f"{_DATA} answered without meta.total_count; expected the total. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    return Rows(listed(mapping(answer).get("objects")), total)


def _read_crate(dump: Dump, name: str, today: date, report: Report) -> Record | None:
    accession = name.rpartition("/")[2].removesuffix(_ENDING)
    source = f"https://github.com/{_REPOSITORY}/blob/HEAD/{quote(name.partition('/')[2])}"
    try:
        return parse_crate(dump.read_json(name), source, today, report)
    except (ArchiveAnswerError, InvalidDocumentError, InvalidEntryError) as error:
        report.lost(f"ssbd:{accession}", error)
        return None


def _common(accession: str) -> dict[str, Any]:
    return {"source": "SSBD", "source_url": _page(accession), "source_accession": accession}


def _half(accession: str) -> str:
    return "repository" if accession.startswith("ssbd-repos-") else "database"


def _page(accession: str) -> str:
    place = "repository" if _half(accession) == "repository" else "database/project"
    return f"{_HOME}/{place}/{quote(accession)}/"
