"""Human Protein Atlas: where each human protein is, in tissues and in cells, as JPEG images of stained samples.

The present version is asked at ``www.proteinatlas.org``; older ones stay at ``vNN.proteinatlas.org``, each under the
licence of its time, so that an analysis that is to be repeated names its version.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.answers import parse_json
from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.hpa_gene import ACCESSION, list_images, parse_gene, parse_row, read_gene
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import mapping
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = ["ARCHIVE", "fetch_record", "harvest", "list_files", "parse_gene", "parse_row", "resolve", "search"]

_PAGE = 1000
_LARGEST = 128 * 2**20
"""Bytes of an unpacked table; that of all 20,000 genes has some 10 MB."""
_COLUMNS = "g,gs,eg,gd,up,ab,scml,scal"
"""Gene, synonyms, Ensembl identifier, description, UniProt, antibodies, main and additional location in the cell."""

ARCHIVE = Archive(
    name="hpa",
    title="Human Protein Atlas",
    home="https://www.proteinatlas.org/",
    accession=ACCESSION,
    example="ENSG00000134057",
    gives="Search; genes with antibodies, cell lines, tissues, locations in the cell and all addresses of images.",
    limits="JPEG alone: no stack is public. Parts of it are in IDR as OME-Zarr and TIFF (idr0025, idr0043).",
    licence="CC-BY-SA-4.0 now; version 18 CC-BY-SA-3.0, version 15 CC-BY-NC-ND-4.0.",
    interface="https://www.proteinatlas.org/api/search_download.php",
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find genes by words, as the search of the site does."""
    report = Report()
    rows = _ask_table(text, client)
    records = (record for row in rows if (record := _try_row(row, report)) is not None)
    return [record for _, record in zip(range(limit), records, strict=False)]


def fetch_record(accession: str, client: Client, *, version: int | None = None) -> Record:
    """Read what the atlas has of a gene.

    Parameters
    ----------
    accession : str
        Ensembl identifier of the gene.
    client : Client
    version : int or None
        Version of the atlas, as 18; None for the present one.
    """
    url = _address(accession, version)
    record = parse_gene(client.get_bytes(url), url, Report())
    if record.source_accession != accession:
        msg = f"{url} answered with the gene {record.source_accession}; expected {accession}. Report it to the atlas."
        raise ArchiveAnswerError(msg)
    return record


def list_files(accession: str, client: Client, *, version: int | None = None) -> Iterator[File]:
    """List all images of a gene, some 1,500; parameters as of `fetch_record`."""
    url = _address(accession, version)
    yield from list_images(read_gene(client.get_bytes(url), url), Report())


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of an image, as `list_files` names it.

    Raises
    ------
    RecordNotFoundError
        If the gene has no such image.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        some = ", ".join(list(files)[:3]) or "none there"
        msg = (
            f"{accession} has no image {path[:200]!r} in the atlas; it has {len(files):,}, as {some}. Give one of them."
        )
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read the table of all genes, which is one answer: a harvest that was broken off begins anew.

    The atlas does not say when it changed a gene, so that `since` leaves none out.
    """
    del since, cursor
    rows = _ask_table("", client)
    for start in range(0, len(rows), _PAGE):
        part = rows[start : start + _PAGE]
        records = tuple(record for row in part if (record := _try_row(row, report)) is not None)
        yield Page(records, None, len(rows), len(part))


def _address(accession: str, version: int | None) -> str:
    host = "www" if version is None else f"v{int(version)}"
    return f"https://{host}.proteinatlas.org/{ARCHIVE.check(accession)}.xml"


def _ask_table(text: str, client: Client) -> list[Any]:
    """Ask for a table of genes; the atlas compresses it unless told not to, and answers errors with a page."""
    params = {"search": text, "format": "json", "columns": _COLUMNS, "compress": "no"}
    url = str(ARCHIVE.interface)
    content = _unpack(client.get_bytes(url, params), url)
    rows = parse_json(content, url)
    if not isinstance(rows, list):
        msg = f"{url} answered the search for {text[:60]!r} with {type(rows).__name__}; expected a list of genes. "
        msg += "Try again later, then report it."
        raise ArchiveAnswerError(msg)
    return rows


def _unpack(content: bytes, url: str) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(content, _LARGEST)
    except zlib.error as error:
        msg = f"The table of {url} is not compressed as it should be: {error}. Try again later, then report it."
        raise ArchiveAnswerError(msg) from error
    if not unpacking.eof:
        msg = (
            f"The table of {url} is cut off or has more than {_LARGEST:,} bytes unpacked; expected a whole one. "
            "Try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    return unpacked


def _try_row(row: Any, report: Report) -> Record | None:
    try:
        return parse_row(mapping(row), report)
    except (ArchiveAnswerError, InvalidEntryError) as error:
        report.lost(f"hpa:{mapping(row).get('Ensembl')}", error)
        return None
