"""CryoET Data Portal: cryo-electron tomograms with annotations, asked by GraphQL, read from a public bucket.

GraphQL answers 200 also where it fails: the field ``errors`` tells. Schema of the portal's client 4.9,
https://github.com/chanzuckerberg/cryoet-data-portal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives import s3
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.cryoet_dataset import INTERFACE, PORTAL, parse_image, parse_record
from bioimagehub.catalogs.archives.paging import Rows, collect, walk
from bioimagehub.catalogs.archives.values import inside, line, listed, mapping, number, try_record
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = [
    "ARCHIVE", "fetch_record", "harvest", "list_files", "list_images", "parse_image", "parse_record", "parse_rows",
    "resolve", "search",
]  # fmt: skip

_FILES = "https://files.cryoetdataportal.cziscience.com"
_BUCKET = "https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com"
_ROWS = 100
ARCHIVE = Archive(
    name="cryoet",
    title="CryoET Data Portal",
    home=f"{PORTAL}/",
    accession=r"\d{5,6}",
    example="10000",
    gives="Datasets, and their tomograms as OME-Zarr with shape and voxel size; links to EMPIAR and EMDB.",
    limits="Annotations are listed as files, not read. A dataset has thousands of files: they are listed page by page.",
    licence="CC0-1.0",
    interface=INTERFACE,
)
_DATASET = """
id title organismName organismTaxid sampleType tissueName tissueId cellName cellTypeId cellStrainName cellStrainId
cellComponentName cellComponentId releaseDate lastModifiedDate datasetPublications relatedDatabaseEntries
keyPhotoThumbnailUrl fileSize
authors(orderBy: [{authorListOrder: asc}]) { edges { node { name orcid } } }
"""
_TOMOGRAM = """
id sizeX sizeY sizeZ voxelSpacing processing reconstructionMethod httpsOmezarrDir fileSizeOmezarr httpsMrcFile
keyPhotoThumbnailUrl releaseDate lastModifiedDate run { name }
"""
_COUNT = "aggregate { count }"
_PAGE = "limitOffset: {limit: $limit, offset: $offset}, orderBy: [{id: asc}]"
_DATASETS = f"""
query Datasets($where: DatasetWhereClause, $limit: Int, $offset: Int) {{
  rows: datasets(where: $where, {_PAGE}) {{ {_DATASET} }}
  total: datasetsAggregate(where: $where) {{ {_COUNT} }}
}}
"""
_TOMOGRAMS = f"""
query Tomograms($where: TomogramWhereClause, $limit: Int, $offset: Int) {{
  rows: tomograms(where: $where, {_PAGE}) {{ {_TOMOGRAM} }}
  total: tomogramsAggregate(where: $where) {{ {_COUNT} }}
}}
"""


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find datasets by a phrase in title, organism, cell type or component of the cell.

    Parameters
    ----------
    text : str
        A phrase; empty for all.
    client : Client
    limit : int
        How many records at most.

    Raises
    ------
    ArchiveAnswerError
        If the answer tells of errors, or has other rows than it declares.
    """
    from bioimagehub.catalogs.archives.report import Report

    found: dict[int, Mapping[str, Any]] = {}
    # The interface combines conditions by "and" alone; so each field is asked for itself.
    for field in ("title", "organismName", "cellName", "cellComponentName") if text else ("title",):
        where = {field: {"_ilike": f"%{_literal(text)}%"}} if text else {}
        for row in collect(_asker(_DATASETS, where, client), limit, _ROWS, what="datasets of the CryoET Data Portal"):
            found.setdefault(row.get("id"), row)
    report = Report()
    records = (_try_record(row, report) for row in list(found.values()))
    return [record for record in records if record is not None][:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the record of a dataset.

    Raises
    ------
    RecordNotFoundError
        If the portal has no dataset of that number: it then answers with an empty list.
    """
    from bioimagehub.catalogs.archives.report import Report

    return parse_record(_fetch_dataset(accession, client), Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a dataset out of the bucket; an OME-Zarr image is one of them, with its whole size."""
    from bioimagehub.catalogs.archives.report import Report

    identifier, folder, found = f"cryoet:{accession}", f"{ARCHIVE.check(accession)}/", False
    for file in s3.walk_files(client, _BUCKET, folder, identifier=identifier, report=Report(), base=_FILES):
        found = True
        yield file
    if not found:
        # What a bucket says of a folder that is not there is what it says of an empty one.
        _fetch_dataset(accession, client)


def list_images(accession: str, client: Client, report: Report | None = None) -> Iterator[Record]:
    """Give a record of each tomogram of a dataset, with the OME-Zarr image that can be opened.

    Raises
    ------
    RecordNotFoundError
        If there is no such dataset.
    ArchiveAnswerError
        If the portal gives other rows than it declares.
    """
    from bioimagehub.catalogs.archives.report import Report

    report = Report() if report is None else report
    study = parse_record(_fetch_dataset(accession, client), report)
    where = {"run": {"datasetId": {"_eq": int(accession)}}}
    for step in walk(_asker(_TOMOGRAMS, where, client), _ROWS, what=f"tomograms of cryoet:{accession}"):
        for row in step.rows:
            try:
                yield parse_image(row, study, report)
            except InvalidEntryError as error:
                report.lost(f"cryoet:{accession}/{line(row.get('id'))}", error)


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, or of an OME-Zarr image, as `list_files` names it.

    Raises
    ------
    RecordNotFoundError
        If the bucket has nothing under that path.
    """
    key = f"{ARCHIVE.check(accession)}/{path.strip('/')}"
    url = inside(f"cryoet:{accession}", path.strip("/"), s3.address(_FILES, key))
    if path.endswith(".zarr"):
        page = next(s3.list_folder(client, _BUCKET, key))
        if not page.folders and not page.objects:
            msg = f"cryoet:{accession} has no image {path[:200]!r}. Take a path that list_files('{accession}') gives."
            raise RecordNotFoundError(msg)
    else:
        client.head(url)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all datasets in the order of their numbers; `cursor` is the first row to read."""
    where = {} if since is None else {"lastModifiedDate": {"_gte": f"{since}T00:00:00+00:00"}}
    start = int(cursor or 0)
    for step in walk(_asker(_DATASETS, where, client), _ROWS, what="datasets of the CryoET Data Portal", start=start):
        records = tuple(record for row in step.rows if (record := _try_record(row, report)) is not None)
        following = None if step.next is None else str(step.next)
        yield Page(records, following, total=step.total, rows=len(step.rows))


def parse_rows(answer: Any) -> Rows:
    """Take rows and total out of an answer.

    Raises
    ------
    ArchiveAnswerError
        If the answer tells of errors, though its status was 200, or holds no rows.
    """
    errors = listed(answer.get("errors")) if isinstance(answer, dict) else []
    if errors:
        said = line(mapping(errors).get("message")) or "no reason given"
        msg = (
            f"The CryoET Data Portal answered with {len(errors)} errors, the first {said[:300]!r}; expected data. "
            "Its schema may have changed: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    data = mapping(answer, "data")
    if not isinstance(data.get("rows"), list):
        msg = "The CryoET Data Portal answered without rows; expected data.rows. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    return Rows(
        [row for row in data["rows"] if isinstance(row, dict)], number(mapping(data, "total", "aggregate").get("count"))
    )


def _fetch_dataset(accession: str, client: Client) -> Mapping[str, Any]:
    where = {"id": {"_eq": int(ARCHIVE.check(accession))}}
    rows = _asker(_DATASETS, where, client)(0, 1).rows
    if not rows:
        msg = (
            f"The CryoET Data Portal has no dataset {accession}; it answered with an empty list. "
            f"Look the number up at {PORTAL}/browse-data/datasets."
        )
        raise RecordNotFoundError(msg)
    found: Mapping[str, Any] = rows[0]
    return found


def _asker(query: str, where: Mapping[str, Any], client: Client) -> Any:
    def ask(start: int, size: int) -> Rows:
        variables = {"where": where, "limit": size, "offset": start}
        return parse_rows(client.post_json(INTERFACE, {"query": query, "variables": variables}))

    return ask


def _try_record(row: Mapping[str, Any], report: Report) -> Record | None:
    return try_record(lambda: parse_record(row, report), f"cryoet:{line(row.get('id'))}", report)


def _literal(text: str) -> str:
    """Take away what stands for other characters in a pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
