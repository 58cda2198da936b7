"""Cell Painting Gallery: a public bucket, and a table of its datasets in a README."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bioimagehub.catalogs.archives import s3
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import doi, inside, line, make_classified, try_record
from bioimagehub.catalogs.errors import ArchiveAnswerError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_BUCKET = "https://cellpainting-gallery.s3.amazonaws.com"
_TABLE = "https://raw.githubusercontent.com/broadinstitute/cellpainting-gallery/main/README.md"
_PAGE = "https://broadinstitute.github.io/cellpainting-gallery/complete_datasets.html"
ARCHIVE = Archive(
    name="cellpainting",
    title="Cell Painting Gallery",
    home="https://registry.opendata.aws/cellpainting-gallery/",
    accession=r"cpg\d{4}",
    example="cpg0000",
    gives="Datasets with sizes and publications; their files out of the bucket.",
    limits=(
        "Some datasets hold profiles and no images. Those in progress have a folder and no row in the table: name and "
        "accession alone are known. A dataset has millions of files, listed 1,000 at a time."
    ),
    licence="CC0-1.0",
    interface=f"{_BUCKET}/?list-type=2",
)
_GALLERY = {
    "title": "Cell Painting Gallery: an open resource for image-based profiling",
    "journal": "Nature Methods",
    "year": 2024,
    "doi": "10.1038/s41592-024-02399-z",
}
_LONGEST = 5000
"""Characters of a cell of the table that are read."""
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15}
_LINK = re.compile(r"\[([^\]]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_CELLS = ("A549", "U2OS", "MCF-7", "HeLa", "HCT116", "HepG2", "Huh7")


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find datasets by words that all occur in their row of the table."""
    from bioimagehub.catalogs.archives.report import Report

    words, report = text.casefold().split(), Report()
    rows = [row for row in fetch_table(client) if all(word in " ".join(row.values()).casefold() for word in words)]
    records = (_try_record(row, report) for row in rows)
    return [record for record in records if record is not None][:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Give the record of a dataset: its row of the table, or its folder alone where it has no row yet.

    Raises
    ------
    RecordNotFoundError
        If there is neither.
    """
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    row = next((row for row in fetch_table(client) if row["Dataset name"].startswith(accession)), None)
    return parse_record(row or {"Dataset name": find_folder(accession, client)}, Report())


def fetch_table(client: Client) -> list[dict[str, str]]:
    """Read the table of the complete datasets."""
    return parse_table(client.get_text(_TABLE))


def find_folder(accession: str, client: Client) -> str:
    """Give the folder of a dataset in the bucket: its accession and a name, as ``cpg0000-jump-pilot``.

    Raises
    ------
    RecordNotFoundError
        If the bucket has no folder of that accession.
    """
    for folder in list_folders(client):
        if folder == accession or folder.startswith(f"{accession}-"):
            return folder
    msg = f"The Cell Painting Gallery has no folder {accession}. Look the dataset up at {_PAGE}."
    raise RecordNotFoundError(msg)


def list_folders(client: Client) -> Iterator[str]:
    """List the folders of the bucket that are datasets."""
    for page in s3.list_folder(client, _BUCKET, ""):
        yield from (folder.rstrip("/") for folder in page.folders if re.match(ARCHIVE.accession, folder))


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the files of a dataset, in the order of their keys; the next 1,000 are asked for when they are due."""
    from bioimagehub.catalogs.archives.report import Report

    folder = find_folder(ARCHIVE.check(accession), client)
    yield from s3.walk_files(client, _BUCKET, f"{folder}/", identifier=f"cellpainting:{accession}", report=Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, as `list_files` names it, after asking whether it is there."""
    key = f"{find_folder(ARCHIVE.check(accession), client)}/{path}"
    url = inside(f"cellpainting:{accession}", path, s3.address(_BUCKET, key))
    client.head(url)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Give all datasets on one page: the rows of the table, then the folders that have no row.

    Neither says when it changed, so `since` leaves nothing out.
    """
    rows = fetch_table(client)
    known = {row["Dataset name"][:7] for row in rows}
    rows += [{"Dataset name": folder} for folder in list_folders(client) if folder[:7] not in known]
    records = tuple(record for row in rows if (record := _try_record(row, report)) is not None)
    yield Page(records, total=len(rows), rows=len(rows))


def parse_table(markdown: str) -> list[dict[str, str]]:
    """Take the rows of the table of datasets out of the README.

    Raises
    ------
    ArchiveAnswerError
        If there is no table whose first column is ``Dataset name``, or it has no row.
    """
    rows: list[dict[str, str]] = []
    names: list[str] = []
    for text in markdown.splitlines():
        cells = [cell.strip()[:_LONGEST] for cell in re.split(r"(?<!\\)\|", text.strip())[1:-1]]
        if not cells:
            names = []
        elif cells[0] == "Dataset name":
            names = cells
        elif names and re.match(ARCHIVE.accession, cells[0]):
            rows.append(dict(zip(names, cells, strict=False)))
    if not rows:
        msg = f"{_TABLE} holds no table of datasets; expected a column 'Dataset name'. Look at {_PAGE}, and report it."
        raise ArchiveAnswerError(msg)
    return rows


def parse_record(document: Mapping[str, str], report: Report) -> Record:
    """Make the record of a dataset.

    Parameters
    ----------
    document : mapping
        A row of the table by the names of its columns; only ``Dataset name`` must be there.
    report : Report
    """
    from bioimagehub.catalogs.vocabulary.methods import find_method
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    name = document["Dataset name"]
    accession, _, rest = name.partition("-")
    identifier = f"cellpainting:{accession}"
    text = line(_LINK.sub(r"\1", document.get("Description", ""))) or ""
    cells = [cell for cell in _CELLS if re.search(rf"\b{cell}\b", text)]
    organisms = dict.fromkeys(found for cell in cells if (found := find_organism(cell)) is not None)
    protocol = line(document.get("Cell Painting protocol"))
    fields = {
        "identifier": identifier,
        "kind": "study",
        "title": f"Cell Painting: {rest.replace('-', ' ').replace('_', ' ')} ({name})" if rest else name,
        "source": ARCHIVE.title,
        "source_url": f"{_PAGE}#{name}",
        "source_accession": name,
        "publications": (*_publications(document), _GALLERY),
        "licence": "CC0-1.0",
        "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "access": _access(document, name),
        "organisms": tuple(organisms),
        "methods": (find_method("fluorescence microscopy"), find_method("Cell Painting")),
        "data_types": ("systematic phenotyping",),
        "anatomy": tuple({"name": cell} for cell in cells),
        "keywords": tuple(filter(None, ["Cell Painting", protocol and f"protocol {protocol}"])),
        "related": tuple(_related(document, identifier, report)),
        "size": _size(document, "Total size", identifier, report),
        "formats": () if _images(document) == 0 else ("tiff",),
        "facts": ({"source": _TABLE, "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_size(text: str) -> int | None:
    """Give the bytes of a size as the table writes it, in decimal units; None where it is none.

    Examples
    --------
    >>> parse_size("12.3 TB"), parse_size("~10 TB"), parse_size(".3 GB"), parse_size("0"), parse_size("")
    (12300000000000, 10000000000000, 300000000, 0, None)
    """
    found = re.fullmatch(r"~?\s*(\d*\.?\d+)\s*([kmgtp]?b)?", text.strip().casefold())
    if found is None or (found[2] is None and float(found[1])):
        return None
    return round(float(found[1]) * _UNITS[found[2] or "b"])


def parse_doi(url: str) -> str | None:
    """Give the DOI in the address of a paper; pages of Nature leave its prefix out, those of bioRxiv add a version.

    Examples
    --------
    >>> parse_doi("https://www.nature.com/articles/s41467-024-45999-1")
    '10.1038/s41467-024-45999-1'
    >>> parse_doi("https://www.biorxiv.org/content/10.1101/2021.07.17.452050v1")
    '10.1101/2021.07.17.452050'
    """
    nature = re.search(r"nature\.com/articles/(s\d+-\d+-\d+-[\dxX])", url)
    found = f"10.1038/{nature[1]}" if nature else doi(unquote(url))
    return re.sub(r"v\d+$", "", found) if found and found.startswith("10.1101/") else found


def _try_record(row: Mapping[str, str], report: Report) -> Record | None:
    return try_record(lambda: parse_record(row, report), f"cellpainting:{row['Dataset name'][:7]}", report)


def _images(document: Mapping[str, str]) -> int | None:
    return parse_size(document.get("Images size", ""))


def _size(document: Mapping[str, str], column: str, identifier: str, report: Report) -> int | None:
    text = document.get(column, "")
    found = parse_size(text)
    if text and found is None:
        report.defect(identifier, "size", f"{text!r} is not a size; left out")
    return found


def _access(document: Mapping[str, str], name: str) -> dict[str, Any]:
    if _images(document) != 0:
        return {"kind": "open"}
    how = (
        "Holds numerical profiles and no images; the images that they were measured on are in the datasets that its "
        "publication and its other names lead to."
    )
    return {"kind": "none", "how": how, "url": f"{_PAGE}#{name}"}


def _publications(document: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Give what to cite: published before preprint, each with the year that stands in the same row."""
    cell = document.get("Publication to cite", "")
    found: dict[str, dict[str, Any]] = {}
    for label in ("publication", "paper", "preprint"):
        for text, url in _LINK.findall(cell):
            name = parse_doi(url) if text.casefold() == label else None
            if name is not None:
                found[name] = {"doi": name, "year": _year(cell, url) if label != "preprint" else None}
    return tuple(found.values())


def _year(cell: str, url: str) -> int | None:
    """Give the last year in brackets before a link, as in "(Caie et al., 2010) [Publication](…)"."""
    years = re.findall(r"\([^()/]*\b((?:19|20)\d{2})\)", cell.partition(url)[0])
    return int(years[-1]) if years else None


def _related(document: Mapping[str, str], identifier: str, report: Report) -> Iterator[str]:
    """Give the other names of a dataset at the IDR and the BBBC; one whose link names another is noted."""
    cell = document.get("Other aliases", "")
    pattern = re.compile(r"(idr\d{4})|(BBBC\d{3})")
    for label, url in _LINK.findall(cell):
        linked = pattern.search(url)
        if linked and pattern.search(label) and linked[0] not in label:
            report.defect(identifier, "related", f"{label} links to {url}; the name is taken, and not the link")
    for found in dict.fromkeys(match[0] for match in pattern.finditer(_LINK.sub(r"\1", cell))):
        yield f"{'idr' if found.startswith('idr') else 'bbbc'}:{found}"
