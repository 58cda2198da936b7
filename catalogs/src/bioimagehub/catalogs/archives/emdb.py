"""Electron Microscopy Data Bank: maps of molecules, complexes and cells, with their entries.

A search gives obsolete entries too, while the facets count the released ones alone: so a whole search is checked by
the released rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.emdb_entry import (
    common_fields,
    describe_method,
    name_empiar,
    parse_entry,
    parse_files,
    split_ids,
)
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import day, doi, inside, line, make_classified, mapping, number, read_cells
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveError, IncompleteHarvestError, InvalidEntryError
from bioimagehub.catalogs.parts import Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

__all__ = ["ARCHIVE", "fetch_record", "harvest", "list_files", "parse_entry", "parse_files", "resolve", "search"]

_API = "https://www.ebi.ac.uk/emdb/api"
_FILES = "https://ftp.ebi.ac.uk/pub/databases/emdb/structures"

ARCHIVE = Archive(
    name="emdb",
    title="Electron Microscopy Data Bank",
    home="https://www.ebi.ac.uk/emdb/",
    accession="EMD-[0-9]{4,6}",
    example="EMD-3001",
    gives="Search; entries with shape, spacing, molecules and links to EMPIAR; addresses of maps and half maps.",
    limits="A map is one compressed file: download it to open it. Obsolete entries are left out of a search.",
    licence="CC0-1.0",
    interface=_API,
)

_ROWS = 1000
_SEARCHED = 100
_FIELDS = (
    "emdb_id,title,structure_determination_method,resolution,fitted_pdbs,current_status,deposition_date,"
    "map_release_date,xref_DOI,xref_PUBMED,xref_UNIPROTKB,xref_EMPIAR"
)
_RELEASED = 'current_status:"REL"'


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find released entries by words; an obsolete entry that the archive finds too is left out.

    Raises
    ------
    IncompleteHarvestError
        If the archive gave fewer released entries than it counts, though the search went to its end.
    """
    query = " AND ".join(_escape(word) for word in text.split()) or "*:*"
    records: list[Record] = []
    report, page, released = Report(), 1, 0
    while len(records) < limit:
        rows = parse_rows(_ask_rows(query, page, client, _SEARCHED))
        found = [row for row in rows if row.get("current_status") == "REL"]
        released += len(found)
        records += [record for row in found if (record := _try_row(row, report)) is not None]
        if len(rows) < _SEARCHED:
            _check_total(query, released, client)
            break
        page += 1
    return records[:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the entry of an accession, and the raw images at EMPIAR that its entry does not name."""
    report = Report()
    document = client.get_json(f"{_API}/entry/{ARCHIVE.check(accession)}")
    try:
        rows = parse_rows(
            client.get_text(f"{_API}/search/emdb_id:{accession}", {"rows": 1, "fl": "emdb_id,xref_EMPIAR", "wt": "csv"})
        )
    except ArchiveError as error:
        report.defect(f"emdb:{accession}", "related", f"EMPIAR links could not be read: {error}")
        rows = []
    empiar = rows[0].get("xref_EMPIAR") if rows else None
    return parse_entry(document, report, empiar=split_ids(empiar))


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the map, its half maps, masks and further maps, and the header."""
    report = Report()
    document = client.get_json(f"{_API}/entry/{ARCHIVE.check(accession)}")
    yield from parse_files(document, report)


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a file, as `list_files` names it, after asking whether it is there."""
    url = inside(f"emdb:{accession}", path, f"{_FILES}/{ARCHIVE.check(accession)}/{quote(path)}")
    client.head(url)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all released entries out of the search, as tables of 1,000 rows; `cursor` is the number of a table."""
    query = _RELEASED if since is None else f"{_RELEASED} AND map_release_date:[{since}T00:00:00Z TO *]"
    total = _count_released(query, client)
    page = int(cursor or 1)
    while page == 1 or (page - 1) * _ROWS < total:
        rows = parse_rows(_ask_rows(query, page, client, _ROWS))
        if rows and not total:
            msg = (
                f"EMDB gave {len(rows)} rows for {query!r}, and its facets count none. Try again later, then report it."
            )
            raise ArchiveAnswerError(msg)
        records = tuple(record for row in rows if (record := _try_row(row, report)) is not None)
        page += 1
        yield Page(records, str(page), total, len(rows))
        if len(rows) < _ROWS:
            return


def parse_rows(text: str) -> list[dict[str, str]]:
    """Parse the table that a search answers with.

    Raises
    ------
    ArchiveAnswerError
        If it is not such a table.
    """
    cells = read_cells(text.strip()) if text.strip() else [["emdb_id"]]
    if "emdb_id" not in cells[0]:
        msg = (
            f"The search of EMDB answered with {text.strip()[:60]!r}; expected a table with the column emdb_id. "
            "Try again later; if it stays so, report it."
        )
        raise ArchiveAnswerError(msg)
    return [dict(zip(cells[0], row, strict=False)) for row in cells[1:]]


def parse_row(row: Mapping[str, str], report: Report) -> Record:
    """Make a record of a row of the search: the facts that need no request of their own."""
    accession = ARCHIVE.check(row.get("emdb_id", "").strip())
    published = Publication(doi=doi(row.get("xref_DOI")), pubmed=number(row.get("xref_PUBMED")) or None)
    methods, technologies = describe_method(line(row.get("structure_determination_method")))
    proteins = [
        each for each in split_ids(row.get("xref_UNIPROTKB")) if re.fullmatch(r"[A-Z0-9]{6,10}(-[0-9]{1,3})?", each)
    ]
    return make_classified(
        {
            **common_fields(accession, row.get("title")),
            "publications": (published,) if published.doi or published.pubmed else (),
            "methods": methods,
            "technologies": technologies,
            "proteins": tuple(Term(name=each, id=f"UniProtKB:{each}") for each in proteins),
            "keywords": tuple(f"PDB {each}" for each in split_ids(row.get("fitted_pdbs"))),
            "related": name_empiar(split_ids(row.get("xref_EMPIAR"))),
            "released": day(row.get("map_release_date")),
        },
        report,
    )


def _escape(word: str) -> str:
    """Make a word of a query that means itself, whatever characters of the query language it holds."""
    return re.sub(r'([+\-&|!(){}\[\]^"~*?:\\/])', r"\\\1", word)


def _ask_rows(query: str, page: int, client: Client, rows: int) -> str:
    url = f"{_API}/search/{quote(query, safe='')}"
    return client.get_text(url, {"rows": rows, "page": page, "fl": _FIELDS, "wt": "csv"})


def _count_released(query: str, client: Client) -> int:
    answer = client.get_json(f"{_API}/facet/{quote(query, safe='')}", {"field": "current_status"})
    counts = {key.upper(): value for key, value in mapping(answer, "current_status").items()}
    return number(counts.get("REL")) or 0


def _check_total(query: str, released: int, client: Client) -> None:
    total = _count_released(query, client)
    if released != total:
        msg = (
            f"The search of EMDB for {query!r} gave {released} released entries; its facets count {total}. "
            "The answer is not whole: try again later."
        )
        raise IncompleteHarvestError(msg)


def _try_row(row: Mapping[str, str], report: Report) -> Record | None:
    try:
        return parse_row(row, report)
    except (ArchiveError, InvalidEntryError) as error:
        report.lost(f"emdb:{row.get('emdb_id')}", error)
        return None
