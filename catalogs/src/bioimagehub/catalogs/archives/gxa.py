"""Expression Atlas: which genes are expressed where; it holds no images, and says so in each record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.values import day, line, listed, make_file, make_record, mapping, try_record
from bioimagehub.catalogs.errors import ArchiveAnswerError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File
    from bioimagehub.catalogs.records import Record

_ROOT = "https://www.ebi.ac.uk/gxa/"
_LIST = f"{_ROOT}json/experiments"
_INSTEAD = (
    "Expression Atlas holds tables of gene expression and no images. For images of where a gene or its protein is "
    "found, search the Human Protein Atlas (archive 'hpa'), IDR ('idr') or the Allen Brain Atlas ('allen') by the gene."
)
ARCHIVE = Archive(
    name="gxa",
    title="Expression Atlas",
    home=_ROOT,
    accession=r"E-[A-Z]{4}-\d+",
    example="E-MTAB-513",
    gives="Experiments with organism and conditions, and their tables; the link from images to expression.",
    limits="No images. The list of all experiments is one answer; there is no search beside it.",
    licence="EMBL-EBI terms of use: free, with attribution.",
    instead=_INSTEAD,
    interface=_LIST,
)


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find experiments by words that all occur in accession, title, organism or conditions."""
    from bioimagehub.catalogs.archives.report import Report

    words, report = text.casefold().split(), Report()
    rows = [row for row in fetch_rows(client) if all(word in _words(row) for word in words)]
    records = (_try_record(row, report) for row in rows[: 2 * limit])
    return [record for record in records if record is not None][:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the record of an experiment out of the list of all.

    Raises
    ------
    RecordNotFoundError
        If the list does not have it.
    """
    from bioimagehub.catalogs.archives.report import Report

    ARCHIVE.check(accession)
    for row in fetch_rows(client):
        if row.get("experimentAccession") == accession:
            return parse_record(row, Report())
    msg = f"Expression Atlas has no experiment {accession}. Look it up at {_ROOT}experiments."
    raise RecordNotFoundError(msg)


def fetch_rows(client: Client) -> list[dict[str, Any]]:
    """Read the list of all experiments.

    Raises
    ------
    ArchiveAnswerError
        If it is empty or no list.
    """
    rows = [row for row in listed(mapping(client.get_json(_LIST)).get("experiments")) if isinstance(row, dict)]
    if not rows:
        msg = f"{_LIST} lists no experiment; expected thousands. Expression Atlas may be in trouble: try again later."
        raise ArchiveAnswerError(msg)
    return rows


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the tables of an experiment; sizes are not stated."""
    from bioimagehub.catalogs.archives.report import Report

    url = f"{_LIST}/{ARCHIVE.check(accession)}/resources/DATA"
    rows = client.get_json(url)
    if not isinstance(rows, list):
        msg = f"{url} gave {type(rows).__name__}; expected a list of tables. Try again later, then report it."
        raise ArchiveAnswerError(msg)
    files = list(parse_files(rows, accession, Report()))
    if not files:
        # An unknown experiment has no tables either.
        fetch_record(accession, client)
    yield from files


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a table of an experiment.

    Raises
    ------
    RecordNotFoundError
        If the experiment has no file of that path.
    """
    files = {file.path: file.url for file in list_files(accession, client)}
    url = files.get(path)
    if url is None:
        msg = f"gxa:{accession} has no file {path[:200]!r}. It has: {', '.join(sorted(files)) or 'none'}. {_INSTEAD}"
        raise RecordNotFoundError(msg)
    return url


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Give all experiments on one page; `since` leaves out those whose last update is older."""
    rows = fetch_rows(client)
    records = [record for row in rows if (record := _try_record(row, report)) is not None]
    kept = tuple(each for each in records if since is None or each.modified is None or each.modified >= since)
    yield Page(kept, total=len(rows), rows=len(rows))


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of an experiment.

    Parameters
    ----------
    document : mapping
        A row of the list: ``experimentAccession``, ``experimentDescription``, ``species``, ``experimentType``,
        ``technologyType``, ``experimentalFactors``, ``loadDate``, ``lastUpdate``.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no accession or no title.
    """
    from bioimagehub.catalogs.vocabulary.licences import parse_licence
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    document = mapping(document)
    accession = line(document.get("experimentAccession")) or ""
    species = line(document.get("species"))
    licence, licence_url = parse_licence("https://www.ebi.ac.uk/about/terms-of-use/")
    words = [document.get("experimentType"), *listed(document.get("technologyType"))]
    factors = listed(document.get("experimentalFactors"))
    fields = {
        "identifier": f"gxa:{accession}",
        "kind": "study",
        "title": line(document.get("experimentDescription")),
        "source": ARCHIVE.title,
        "source_url": f"{_ROOT}experiments/{accession}/Results",
        "source_accession": accession,
        "licence": licence,
        "licence_url": licence_url,
        "access": {"kind": "none", "how": _INSTEAD, "url": f"{_ROOT}experiments/{accession}/Results"},
        "organisms": () if species is None else (find_organism(species) or {"name": species, "taxon": None},),
        "keywords": tuple(dict.fromkeys(found for word in [*words, *factors] if (found := line(word)) is not None)),
        "released": day(document.get("loadDate")),
        "modified": day(document.get("lastUpdate")),
        "images": 0,
        "facts": ({"source": _LIST, "retrieved": datetime.now(UTC).date()},),
    }
    return make_record(fields, report)


def parse_files(document: Any, accession: str, report: Report) -> Iterator[File]:
    """Make files of the resources of an experiment; their addresses are relative to the site."""
    known = set()
    for row in listed(document):
        address = line(mapping(row).get("url"))
        if address is None:
            report.defect(f"gxa:{accession}", "files", f"{line(mapping(row).get('description'))!r} has no address")
            continue
        url = urljoin(_ROOT, address)
        name = "/".join(part for part in urlsplit(url).path.removeprefix("/gxa/").split("/") if part)
        path = name.removeprefix(f"experiments-content/{accession}/")
        if path in known:
            continue
        known.add(path)
        found = make_file(f"gxa:{accession}", report, path=path, url=url)
        if found is not None:
            yield found


def _try_record(row: Mapping[str, Any], report: Report) -> Record | None:
    return try_record(lambda: parse_record(row, report), f"gxa:{line(row.get('experimentAccession'))}", report)


def _words(row: Mapping[str, Any]) -> str:
    keys = ("experimentAccession", "experimentDescription", "species", "experimentType", "experimentalFactors")
    return " ".join(str(value) for key in keys for value in listed(row.get(key))).casefold()
