"""The BioImage Archive, over BioStudies: studies, their files, and the OME-Zarr images that the archive made of some.

Traps that are minded here: a page over the cap is empty and 200; an unknown accession is ``{}`` and 200; an unknown
collection has 0 hits; rows of files are not distinct; the folder of the files cannot be derived.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.attempts import Attempts
from bioimagehub.catalogs.archives.bia_study import parse_hit, parse_record
from bioimagehub.catalogs.archives.biostudies import (
    ask_collection,
    ask_files,
    fetch_info,
    fetch_study,
    find_files,
    quote_path,
)
from bioimagehub.catalogs.archives.paging import BIA_SEARCH_ROWS, BIOSTUDIES_ROWS, collect, walk
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.s3 import address, list_folder
from bioimagehub.catalogs.archives.values import day, inside, line, make_file, make_record, number
from bioimagehub.catalogs.errors import ArchiveAnswerError
from bioimagehub.catalogs.parts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE",
    "fetch_record",
    "harvest",
    "list_files",
    "list_images",
    "parse_files",
    "parse_hit",
    "parse_record",
    "resolve",
    "search",
]

ARCHIVE = Archive(
    name="bia",
    title="BioImage Archive",
    home="https://www.ebi.ac.uk/bioimage-archive/",
    accession=r"S-(BIAD|BSST|BSMS|JCBD)\d{1,9}",
    example="S-BIAD1002",
    gives="Studies, their files, and the OME-Zarr images that the archive made of some of them",
    limits=(
        "Accessions are case-sensitive; files have no checksums; the search means all words; sizes of studies are not "
        "stated, sum those of the files; not every study has OME-Zarr images"
    ),
    licence="Per study; CC0-1.0 or CC-BY-4.0 nearly always",
    interface="https://www.ebi.ac.uk/biostudies/api/v1",
)
COLLECTION = "BioImages"

_BUCKETS = (
    "https://livingobjects.ebi.ac.uk/bia-integrator-data",
    "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data",
)
"""Where the images are, and where they will be: the bucket is being renamed."""
_OURS = ("S-BIAD", "S-BSST", "S-BSMS", "S-JCBD")


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Search titles and texts of all studies, by all words of `text`.

    The records hold what a hit tells; `fetch_record` tells more. Studies of EMPIAR that the archive lists are left
    to that archive's own search, so fewer than `limit` may come.

    Raises
    ------
    ArchiveAnswerError
        If the hits do not agree with their declared number.
    """
    hits = collect(ask_collection(client, COLLECTION, text), limit, BIA_SEARCH_ROWS, what=f"hits of {text!r}")
    report = Report()
    return [parse_hit(hit, report, retrieved=_today()) for hit in hits if _is_ours(hit)]


def fetch_record(accession: str, client: Client) -> Record:
    """Fetch a study.

    Raises
    ------
    RecordNotFoundError
        If there is none of that accession.
    AccessDeniedError
        If it is private or under embargo.
    """
    return _fetch(accession, client, Report())


def _fetch(accession: str, client: Client, report: Report) -> Record:
    info = fetch_info(ARCHIVE.check(accession), client)
    return parse_record(fetch_study(accession, client), report, info=info, retrieved=_today())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a study, each once; the next 1,000 are asked for when they are due.

    Raises
    ------
    RecordNotFoundError, AccessDeniedError
        As in `fetch_record`.
    ArchiveAnswerError
        If the rows do not agree with their declared number.
    """
    info = fetch_info(ARCHIVE.check(accession), client)
    folder = find_files(info, accession)
    steps = walk(ask_files(accession, client), BIOSTUDIES_ROWS, what=f"files of {accession}")
    first = next(steps)
    if not first.rows and number(info.get("files")):
        msg = (
            f"BioStudies says that {accession} has {info['files']} files and lists none. "
            "Its list is not whole: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    rows = (row for step in chain([first], steps) for row in step.rows)
    yield from parse_files(rows, folder, Report(), identifier=f"bia:{accession}")


def parse_files(rows: Iterable[Any], folder: str, report: Report, *, identifier: str) -> Iterator[File]:
    """Make files of the rows of a list; a path that comes again is the same file, and folders are none.

    Parameters
    ----------
    rows : iterable of mapping
        With ``path``, ``Size`` or ``size``, ``type`` and ``isDirectory``, the last one ``"false"`` as text.
    folder : str
        Address of the folder of the files.
    report : Report
    identifier : str
        Of the study.
    """
    seen: set[str] = set()
    for row in rows:
        path = line(row.get("path")) if isinstance(row, dict) else None
        if path is None:
            report.defect(identifier, "files", f"a row without path, {str(row)[:80]}; left out")
            continue
        if path in seen or row.get("type") == "directory" or str(row.get("isDirectory")).lower() == "true":
            continue
        seen.add(path)
        size = number(row.get("Size", row.get("size")))
        found = make_file(identifier, report, path=path, size=size, url=f"{folder}/{quote_path(path)}")
        if found is not None:
            yield found


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file of a study, after asking whether it is there.

    Raises
    ------
    RecordNotFoundError
        If there is no such study, or no such file in it.
    ArchiveAnswerError
        If `path` leads out of the study.
    """
    identifier = f"bia:{ARCHIVE.check(accession)}"
    folder = find_files(fetch_info(accession, client), accession)
    url = inside(identifier, path, f"{folder}/{quote_path(path)}")
    client.head(url)
    return url


def list_images(accession: str, client: Client) -> Iterator[Record]:
    """List the OME-Zarr images that the archive made of a study; none if it made none.

    One request an image, made as you iterate: a listing of all objects would name every chunk.

    Raises
    ------
    RecordNotFoundError, AccessDeniedError
        As in `fetch_record`.
    """
    study = fetch_record(accession, client)
    for bucket in _BUCKETS:
        found = False
        for listing in list_folder(client, bucket, f"{accession}/"):
            for folder in listing.folders:
                found = True
                yield from _list_image(study, bucket, folder, client)
        if found:
            return


def _list_image(study: Record, bucket: str, folder: str, client: Client) -> Iterator[Record]:
    """Look into the folder of one image; the listing of a prefix says nothing of whether the image itself is there."""
    name = folder.rstrip("/").rpartition("/")[2]
    for listing in list_folder(client, bucket, folder):
        if f"{folder}{name}.zarr/" not in listing.folders:
            continue
        pictures = [each.key for each in listing.objects if each.key.endswith(".png")]
        fields = {key: getattr(study, key) for key in _OF_STUDY}
        yield make_record(
            {
                **fields,
                "identifier": f"{study.identifier}/{name}",
                "kind": "image",
                "part_of": study.identifier,
                "title": f"Image {name} of {study.title}"[:2000],
                "formats": ("ome-zarr",),
                "driver": "ome_zarr",
                "url": address(bucket, f"{folder}{name}.zarr"),
                "thumbnail": address(bucket, pictures[0]) if pictures else None,
                "facts": (*study.facts, Fact(source=address(bucket, folder), retrieved=_today(), fields=("url",))),
            },
            Report(),
        )


_OF_STUDY = (
    "source", "source_url", "source_accession", "authors", "publications", "doi", "licence", "licence_url", "access",
    "organisms", "methods", "technologies", "scales", "data_types", "anatomy", "released",
)  # fmt: skip
"""What holds for each image of a study as it does for the study."""


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Harvest all studies, a page of hits at a time, oldest release first.

    Parameters
    ----------
    client : Client
    report : Report
    since : date or None
        Only studies that were released on this day or later. What the archive changed in older ones is not found so.
    cursor : str or None
        First row to ask for, as a page gave it.

    Raises
    ------
    ArchiveAnswerError
        If the collection has no hits, or the hits do not agree with their declared number.
    ArchiveUnreachableError
        If the archive stops answering; what was harvested stays, and the harvest goes on at its cursor.
    """
    ask, attempts = ask_collection(client, COLLECTION, ""), Attempts("bia", report)
    for step in walk(ask, BIA_SEARCH_ROWS, what="the studies of the BioImage Archive", start=int(cursor or 0)):
        if step.total == 0:
            msg = (
                f"The collection {COLLECTION} has 0 hits, as one that BioStudies does not know; expected thousands. "
                "The collection was renamed or the archive is in trouble: report it."
            )
            raise ArchiveAnswerError(msg)
        accessions = [str(hit["accession"]) for hit in step.rows if _is_ours(hit) and _is_due(hit, since)]
        made = (attempts.make(each, partial(_fetch, each, client, report)) for each in accessions)
        yield Page(
            records=tuple(record for record in made if record is not None),
            cursor=None if step.next is None else str(step.next),
            total=step.total,
            rows=len(step.rows),
        )


def _is_ours(hit: Any) -> bool:
    return isinstance(hit, dict) and str(hit.get("accession")).startswith(_OURS)


def _is_due(hit: dict[str, Any], since: date | None) -> bool:
    released = day(hit.get("release_date"))
    return since is None or released is None or released >= since


def _today() -> date:
    return datetime.now(UTC).date()
