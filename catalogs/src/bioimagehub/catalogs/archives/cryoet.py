"""CryoET Data Portal: cryo-electron tomograms with annotations, asked by GraphQL, read from a public bucket.

GraphQL answers 200 also where it fails: the field ``errors`` tells. Schema of the portal's client 4.9,
https://github.com/chanzuckerberg/cryoet-data-portal.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives import s3
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.paging import Rows, collect, walk
from bioimagehub.catalogs.archives.values import (
    day,
    doi,
    line,
    listed,
    make_classified,
    mapping,
    number,
    slug,
    term,
    unique,
)
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_API = "https://graphql.cryoetdataportal.czscience.com/graphql"
_PORTAL = "https://cryoetdataportal.czscience.com"
_FILES = "https://files.cryoetdataportal.cziscience.com"
_BUCKET = "https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com"
_ROWS = 100
ARCHIVE = Archive(
    name="cryoet",
    title="CryoET Data Portal",
    home=f"{_PORTAL}/",
    accession=r"\d{5,6}",
    example="10000",
    gives="Datasets, and their tomograms as OME-Zarr with shape and voxel size; links to EMPIAR and EMDB.",
    limits="Annotations are listed as files, not read. A dataset has thousands of files: they are listed page by page.",
    licence="CC0-1.0",
    interface=_API,
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
_RELATED = {"EMPIAR": "empiar", "EMD": "emdb"}


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

    folder = f"{ARCHIVE.check(accession)}/"
    return s3.walk_files(client, _BUCKET, folder, identifier=f"cryoet:{accession}", report=Report(), base=_FILES)


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
    if path.endswith(".zarr"):
        page = next(s3.list_folder(client, _BUCKET, key))
        if not page.folders and not page.objects:
            msg = f"cryoet:{accession} has no image {path[:200]!r}. Take a path that list_files('{accession}') gives."
            raise RecordNotFoundError(msg)
    else:
        client.head(s3.address(_FILES, key))
    return s3.address(_FILES, key)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all datasets in the order of their numbers; `cursor` is the first row to read."""
    where = {} if since is None else {"lastModifiedDate": {"_gte": f"{since}T00:00:00+00:00"}}
    start = int(cursor or 0)
    for step in walk(_asker(_DATASETS, where, client), _ROWS, what="datasets of the CryoET Data Portal", start=start):
        records = tuple(record for row in step.rows if (record := _try_record(row, report)) is not None)
        following = None if step.next is None else str(step.next)
        yield Page(records, following, total=step.total, rows=len(step.rows))


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a dataset.

    Parameters
    ----------
    document : mapping
        A dataset as the portal's GraphQL gives it. E-mail addresses are not asked for.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no number or no title.
    """
    from bioimagehub.catalogs.vocabulary.methods import find_method

    accession = line(document.get("id")) or ""
    identifier = f"cryoet:{accession}"
    modified = day(document.get("lastModifiedDate"))
    fields = {
        "identifier": identifier,
        "kind": "study",
        "title": line(document.get("title")),
        "source": ARCHIVE.title,
        "source_url": f"{_PORTAL}/datasets/{accession}",
        "source_accession": accession,
        "authors": tuple(_author(each) for each in listed(mapping(document, "authors").get("edges"))),
        "publications": tuple(_publications(document)),
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "organisms": _organisms(document),
        "methods": (find_method("cryo-electron tomography"),),
        "anatomy": _anatomy(document),
        "keywords": tuple(filter(None, [(line(document.get("sampleType")) or "").replace("_", " ")])),
        "related": tuple(_related(document, identifier, report)),
        "released": day(document.get("releaseDate")),
        "modified": modified,
        "size": number(document.get("fileSize")),
        "formats": ("ome-zarr", "mrc"),
        "thumbnail": line(document.get("keyPhotoThumbnailUrl")),
        "facts": ({"source": _API, "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_image(document: Mapping[str, Any], study: Record, report: Report) -> Record:
    """Make the record of a tomogram: axes z, y, x, with the voxel size in micrometres.

    Parameters
    ----------
    document : mapping
        A tomogram as the portal's GraphQL gives it; its voxel size is in ångström.
    study : Record
        The dataset that it is part of.
    report : Report
    """
    run = line(mapping(document, "run").get("name")) or "tomogram"
    name = f"{slug(run)}-{line(document.get('id'))}"
    url = line(document.get("httpsOmezarrDir"))
    if url is None:
        report.defect(f"{study.identifier}/{name}", "url", "no OME-Zarr is named; the image cannot be opened")
    shape = tuple(number(document.get(key)) or 0 for key in ("sizeZ", "sizeY", "sizeX"))
    spacing = document.get("voxelSpacing")
    step = float(spacing) / 10_000 if isinstance(spacing, int | float) and spacing > 0 else None
    how = [line(document.get(key)) for key in ("reconstructionMethod", "processing")]
    fields = {
        "identifier": f"{study.identifier}/{name}",
        "kind": "image",
        "part_of": study.identifier,
        "title": f"{run}: tomogram ({', '.join(filter(None, how)) or 'method not stated'}) of {study.title}",
        "source": study.source,
        "source_url": f"{_PORTAL}/datasets/{study.source_accession}",
        "source_accession": line(document.get("id")),
        "authors": study.authors,
        "publications": study.publications,
        "licence": study.licence,
        "licence_url": study.licence_url,
        "organisms": study.organisms,
        "methods": study.methods,
        "anatomy": study.anatomy,
        "released": day(document.get("releaseDate")),
        "modified": day(document.get("lastModifiedDate")),
        "size": number(document.get("fileSizeOmezarr")),
        "formats": ("ome-zarr", "mrc") if document.get("httpsMrcFile") else ("ome-zarr",),
        "axes": ("z", "y", "x") if all(shape) else (),
        "shape": shape if all(shape) else (),
        "spacing": (step,) * 3 if all(shape) else (),
        "driver": "ome_zarr" if url else None,
        "url": url,
        "thumbnail": line(document.get("keyPhotoThumbnailUrl")),
        "facts": ({"source": _API, "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


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
            f"Look the number up at {_PORTAL}/browse-data/datasets."
        )
        raise RecordNotFoundError(msg)
    found: Mapping[str, Any] = rows[0]
    return found


def _asker(query: str, where: Mapping[str, Any], client: Client) -> Any:
    def ask(start: int, size: int) -> Rows:
        variables = {"where": where, "limit": size, "offset": start}
        return parse_rows(client.post_json(_API, {"query": query, "variables": variables}))

    return ask


def _try_record(row: Mapping[str, Any], report: Report) -> Record | None:
    try:
        return parse_record(row, report)
    except InvalidEntryError as error:
        report.lost(f"cryoet:{line(row.get('id'))}", error)
        return None


def _literal(text: str) -> str:
    """Take away what stands for other characters in a pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _author(edge: Any) -> dict[str, Any]:
    """Give an author; the portal does not divide names."""
    node = mapping(edge, "node")
    orcid = line(node.get("orcid")) or ""
    return {"family": line(node.get("name")), "orcid": orcid if re.fullmatch(r"\d{4}(-\d{3}[\dX]){3}", orcid) else None}


def _publications(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (line(document.get("datasetPublications")) or "").split(","):
        if (found := doi(part)) is not None:
            yield {"doi": found}


def _organisms(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    name, taxon = line(document.get("organismName")), number(document.get("organismTaxid"))
    if name is None:
        found = find_organism(str(taxon)) if taxon else None
        return () if found is None else (found,)
    return ({"name": name, "taxon": taxon or None},)


def _anatomy(document: Mapping[str, Any]) -> tuple[Any, ...]:
    pairs = (
        ("tissueName", "tissueId"),
        ("cellName", "cellTypeId"),
        ("cellStrainName", "cellStrainId"),
        ("cellComponentName", "cellComponentId"),
    )
    terms = (term(document.get(name), document.get(key)) for name, key in pairs)
    return unique([each for each in terms if each is not None and each.name not in {"not_reported", "unknown"}])


def _related(document: Mapping[str, Any], identifier: str, report: Report) -> Iterator[str]:
    for part in (line(document.get("relatedDatabaseEntries")) or "").split(","):
        entry = part.strip()
        archive = _RELATED.get(entry.partition("-")[0])
        if archive and re.fullmatch(r"(EMPIAR-\d{5}|EMD-\d{4,6})", entry):
            yield f"{archive}:{entry}"
        elif archive:
            report.defect(identifier, "related", f"{entry!r} is no accession; left out")
