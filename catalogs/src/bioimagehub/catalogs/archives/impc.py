"""International Mouse Phenotyping Consortium: images of knock-out mice, asked by Solr.

An accession is the number of an image at the consortium's OMERO, or the identifier of the parameter that the images
were made for, as ``IMPC_XRY_034_001``; a parameter is the study that its images are part of.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.paging import Rows, collect, walk
from bioimagehub.catalogs.archives.values import line, listed, make_classified, make_file, mapping, number, term, unique
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File, Term
    from bioimagehub.catalogs.records import Record

_API = "https://www.ebi.ac.uk/mi/impc/solr/impc_images/select"
_SITE = "https://www.mousephenotype.org"
_ROWS = 1000
_GROUPS = 10_000
_PARAMETER = r"[A-Z][A-Z0-9]{1,9}_[A-Z0-9]{3}_\d{3}_\d{3}"
ARCHIVE = Archive(
    name="impc",
    title="International Mouse Phenotyping Consortium",
    home=f"{_SITE}/",
    accession=rf"{_PARAMETER}|[1-9]\d{{0,11}}",
    example="IMPC_XRY_034_001",
    gives="Images of knock-out and control mice by gene (MGI), parameter and phenotype (MP); originals and JPEG.",
    limits=(
        "Originals are DICOM, TIFF or JPEG: download them to open them. The licence CC BY 4.0 is not confirmed. "
        "Since a day means experiments made since then."
    ),
    licence="CC BY 4.0, not confirmed",
    interface=_API,
)
_FIELDS = (
    "id,omero_id,gene_symbol,gene_accession_id,allele_symbol,zygosity,sex,biological_sample_group,life_stage_name,"
    "phenotyping_center,parameter_stable_id,parameter_name,procedure_name,mp_id,mp_term,anatomy_id,anatomy_term,"
    "download_url,jpeg_url,thumbnail_url,image_link,file_type"
)
_SEARCHED = ("gene_symbol", "gene_accession_id", "parameter_name", "procedure_name", "mp_term", "anatomy_term")
_ALL = "omero_id:*"
_TYPES = {"dicom": "dicom", "tiff": "tiff", "tif": "tiff", "jpeg": "jpeg", "jpg": "jpeg", "png": "png", "bmp": "bmp"}


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find images by a phrase: symbol or MGI number of a gene, parameter, procedure, phenotype or part of the body."""
    from bioimagehub.catalogs.archives.report import Report

    phrase = _quote(text)
    query = " OR ".join(f"{field}:{phrase}" for field in _SEARCHED) if text.strip() else _ALL
    rows = collect(_asker(query, client), limit, _ROWS, what=f"images at IMPC for {text[:50]!r}")
    report = Report()
    records = (_try_image(row, report) for row in rows)
    return [record for record in records if record is not None]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the record of an image, or of the parameter that is the study of many.

    Raises
    ------
    RecordNotFoundError
        If the consortium has no image of that number, or for that parameter.
    """
    from bioimagehub.catalogs.archives.report import Report

    page = _asker(_query(accession), client)(0, 1)
    if not page.rows:
        msg = f"IMPC has no image for {accession}. Look it up at {_SITE}/data/search, or search by the gene."
        raise RecordNotFoundError(msg)
    if accession.isdigit():
        return parse_image(page.rows[0], Report())
    return parse_record(page.rows[0], page.total, Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the originals and JPEG copies of an image, or of all images of a parameter; sizes are not stated."""
    from bioimagehub.catalogs.archives.report import Report

    report = Report()
    fetch_record(accession, client)
    for step in walk(_asker(_query(accession), client), _ROWS, what=f"images of impc:{accession}"):
        for row in step.rows:
            yield from parse_files(row, report)


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, as `list_files` names it.

    Raises
    ------
    RecordNotFoundError
        If there is no such file.
    """
    # The path begins with the number of its image, so one image is asked for and not all of the parameter.
    image = path.partition("/")[0]
    known = image.isdigit() and (image == ARCHIVE.check(accession) or not accession.isdigit())
    for file in list_files(image, client) if known else ():
        if file.path == path and file.url is not None:
            return file.url
    msg = f"impc:{accession} has no file {path[:200]!r}. Take a path that list_files('{accession}') gives."
    raise RecordNotFoundError(msg)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Give all parameters on the first page, then their images 1,000 at a time; `cursor` is Solr's cursor mark.

    Raises
    ------
    ArchiveAnswerError
        If an answer has no next mark.
    """
    condition: dict[str, str | int] = {} if since is None else {"fq": f"date_of_experiment:[{since}T00:00:00Z TO *]"}
    mark = cursor
    if mark is None:
        mark = "*"
        yield Page(tuple(_harvest_parameters(client, report, condition)), mark, rows=0)
    while True:
        asked = {
            "q": _ALL,
            **condition,
            "sort": "id asc",
            "rows": _ROWS,
            "cursorMark": mark,
            "fl": _FIELDS,
            "wt": "json",
        }
        answer = client.get_json(_API, asked)
        page, following = parse_rows(answer), line(mapping(answer).get("nextCursorMark"))
        if following is None:
            msg = f"{_API} gave no nextCursorMark; expected one on each page. Try again later, then report it."
            raise ArchiveAnswerError(msg)
        records = tuple(record for row in page.rows if (record := _try_image(row, report)) is not None)
        last = following == mark
        yield Page(records, None if last else following, total=page.total, rows=len(page.rows))
        if last:
            return
        mark = following


def parse_rows(answer: Any) -> Rows:
    """Take rows and total out of an answer of Solr.

    Raises
    ------
    ArchiveAnswerError
        If it holds no rows, or tells of an error.
    """
    response = mapping(answer, "response")
    rows = response.get("docs")
    if not isinstance(rows, list):
        said = line(mapping(answer, "error").get("msg")) or "no reason given"
        msg = f"IMPC's Solr gave no rows: {said[:300]!r}; expected response.docs. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    return Rows([row for row in rows if isinstance(row, dict)], number(response.get("numFound")))


def parse_record(document: Mapping[str, Any], images: int | None, report: Report) -> Record:
    """Make the record of a parameter out of one of its images, and the number of all."""
    document = mapping(document)
    parameter = line(document.get("parameter_stable_id")) or ""
    names = [line(document.get("parameter_name")), line(document.get("procedure_name"))]
    fields = {
        **_common_fields(document),
        "identifier": f"impc:{parameter}",
        "kind": "study",
        "title": f"{', '.join(dict.fromkeys(filter(None, names)))} ({parameter}) of knock-out and control mice",
        "source_url": f"{_SITE}/data/search?type=pipeline&term={parameter}",
        "source_accession": parameter,
        "images": images,
    }
    return make_classified(fields, report)


def parse_image(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of an image.

    Raises
    ------
    InvalidEntryError
        If it has no number at OMERO: then nothing could be asked for again.
    """
    document = mapping(document)
    image, parameter = line(document.get("omero_id")) or "", line(document.get("parameter_stable_id"))
    identifier = f"impc:{image if re.fullmatch(r'[1-9][0-9]*', image) else ''}"
    gene = term(document.get("gene_symbol"), document.get("gene_accession_id"))
    url = line(document.get("download_url")) or line(document.get("jpeg_url"))
    if url is None:
        report.defect(identifier, "url", "neither download_url nor jpeg_url is given; the image cannot be read")
    what = [line(document.get("parameter_name")), line(document.get("procedure_name"))]
    group = line(document.get("biological_sample_group"))
    subject = gene.name if gene else ("control" if group == "control" else "gene not stated")
    details = [document.get("allele_symbol"), document.get("zygosity"), document.get("sex"), group]
    details += [document.get("life_stage_name"), document.get("phenotyping_center")]
    fields = {
        **_common_fields(document),
        "identifier": identifier,
        "kind": "image",
        "part_of": f"impc:{parameter}" if parameter and re.fullmatch(_PARAMETER, parameter) else None,
        "title": f"{subject}: {', '.join(dict.fromkeys(filter(None, what))) or 'image'}",
        "source_url": line(document.get("image_link")) or f"{_SITE}/data/search",
        "source_accession": image,
        "genes": () if gene is None else (gene,),
        "phenotypes": _terms(document, "mp_term", "mp_id"),
        "anatomy": _terms(document, "anatomy_term", "anatomy_id"),
        "keywords": tuple(dict.fromkeys(found for value in details if (found := line(value)) is not None)),
        "formats": _formats(document),
        "url": url,
        "thumbnail": line(document.get("thumbnail_url")),
    }
    return make_classified(fields, report)


def parse_files(document: Mapping[str, Any], report: Report) -> Iterator[File]:
    """Make the files of an image: the original, and the JPEG copy where it is another one."""
    document = mapping(document)
    image = line(document.get("omero_id")) or ""
    original, copy = line(document.get("download_url")), line(document.get("jpeg_url"))
    ending = next(iter(_formats(document)), "bin")
    for name, url in ((f"original.{ending}", original), ("copy.jpeg", copy)):
        if url is None or (name.startswith("copy") and url == original):
            continue
        found = make_file(f"impc:{image}", report, path=f"{image}/{name}", url=url)
        if found is not None:
            yield found


def _harvest_parameters(client: Client, report: Report, condition: Mapping[str, str | int]) -> Iterator[Record]:
    """Ask for one image of each parameter, with the number of all."""
    grouping: dict[str, str | int] = {
        "group": "true",
        "group.field": "parameter_stable_id",
        "group.limit": 1,
        "group.ngroups": "true",
        "rows": _GROUPS,
    }
    answer = client.get_json(_API, {"q": _ALL, **condition, **grouping, "fl": _FIELDS, "wt": "json"})
    grouped = mapping(answer, "grouped", "parameter_stable_id")
    groups, total = listed(grouped.get("groups")), number(grouped.get("ngroups"))
    if total is not None and total != len(groups):
        msg = f"IMPC's Solr declares {total:,} parameters and gave {len(groups):,}. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    for group in groups:
        found = mapping(group, "doclist")
        try:
            yield parse_record(mapping(found.get("docs")), number(found.get("numFound")), report)
        except InvalidEntryError as error:
            report.lost(f"impc:{line(mapping(group).get('groupValue'))}", error)


def _common_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    procedure = line(document.get("procedure_name"))
    method = procedure and re.sub(r"^x-?ray$", "X-ray radiography", procedure, flags=re.IGNORECASE)
    today = datetime.now(UTC).date()
    return {
        "source": ARCHIVE.title,
        "licence": "CC-BY-4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "organisms": ({"name": "Mus musculus", "taxon": 10090},),
        "methods": () if method is None else (find_method(method),),
        "data_types": ("systematic phenotyping",),
        "facts": (
            {"source": _API, "retrieved": today},
            {
                "source": "Licence as IMPC is known for; not confirmed by the interface that was read",
                "retrieved": today,
                "fields": ("licence", "licence_url"),
            },
        ),
    }


def _query(accession: str) -> str:
    field = "omero_id" if ARCHIVE.check(accession).isdigit() else "parameter_stable_id"
    return f"{field}:{accession}"


def _quote(text: str) -> str:
    """Make a phrase of Solr's query language of a text, whatever it holds."""
    return '"' + " ".join(re.sub(r'(["\\])', r"\\\1", text).split()) + '"'


def _asker(query: str, client: Client) -> Callable[[int, int], Rows]:
    def ask(start: int, size: int) -> Rows:
        asked: dict[str, str | int] = {
            "q": query,
            "rows": size,
            "start": start,
            "sort": "id asc",
            "fl": _FIELDS,
            "wt": "json",
        }
        return parse_rows(client.get_json(_API, asked))

    return ask


def _try_image(row: Mapping[str, Any], report: Report) -> Record | None:
    try:
        return parse_image(row, report)
    except InvalidEntryError as error:
        report.lost(f"impc:{line(row.get('omero_id')) or line(row.get('id'))}", error)
        return None


def _terms(document: Mapping[str, Any], names: str, identifiers: str) -> tuple[Term, ...]:
    """Pair names with identifiers; where there are not as many of them, the names stand alone."""
    labels, keys = listed(document.get(names)), listed(document.get(identifiers))
    if len(keys) != len(labels):
        keys = [None] * len(labels)
    found = (term(label, key) for label, key in zip(labels, keys, strict=True))
    return unique([each for each in found if each is not None])


def _formats(document: Mapping[str, Any]) -> tuple[str, ...]:
    stated = (line(document.get("file_type")) or "").casefold().rpartition("/")[2]
    ending = (line(document.get("download_url")) or "").casefold().rpartition(".")[2]
    found = _TYPES.get(stated) or _TYPES.get(ending)
    return () if found is None else (found,)
