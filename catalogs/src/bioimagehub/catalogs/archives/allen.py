"""Allen Brain Atlas: section images of brains by gene, asked by RMA queries.

RMA answers 200 also where it fails: then ``success`` is false and ``msg`` is a sentence in place of the rows. Without
``num_rows`` it gives 50 of however many there are.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.archive import Archive, Page
from bioimagehub.catalogs.archives.paging import Rows, collect, walk
from bioimagehub.catalogs.archives.values import (
    line,
    listed,
    make_classified,
    make_file,
    mapping,
    number,
    term,
    try_record,
    unique,
)
from bioimagehub.catalogs.errors import ArchiveAnswerError, RecordNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import File, Term
    from bioimagehub.catalogs.records import Record

_API = "https://api.brain-map.org/api/v2"
_SITE = "https://portal.brain-map.org"
_ROWS = 500
_TERMS = "https://alleninstitute.org/terms-of-use/"
ARCHIVE = Archive(
    name="allen",
    title="Allen Brain Atlas",
    home=f"{_SITE}/",
    accession=r"[1-9]\d{0,11}",
    example="75457579",
    gives="Section data sets (in situ hybridisation, projections) with gene, plane and age; each section as JPEG.",
    limits=(
        "Images are compressed (JPEG); volumes are better read with brainglobe-atlasapi. A data set states no day, so "
        "a harvest reads all. Terms of use, not an open licence."
    ),
    licence="Allen Institute terms of use: research with citation, no commercial redistribution.",
    interface=f"{_API}/data/query.json",
)
_INCLUDE = "rma::include,genes,plane_of_section,treatments,products,specimen(donor(age,organism))"


def search(text: str, client: Client, *, limit: int = 25) -> list[Record]:
    """Find data sets by the symbol of a gene, then by words of its name.

    Parameters
    ----------
    text : str
        A symbol such as ``Pdyn``, or a part of a gene's name; empty for all data sets.
    client : Client
    limit : int
        How many records at most.

    Raises
    ------
    ArchiveAnswerError
        If the interface refuses the query, or gives other rows than it declares.
    """
    from bioimagehub.catalogs.archives.report import Report

    # Quotation marks and the signs of the query language end a word; none of them stands in a gene's name.
    words = " ".join(re.sub(r"[^\w\s.-]", " ", text).split())
    conditions = (f"genes[acronym$il'{words}']", f"genes[name$il'*{words}*']") if words else ("",)
    found: dict[Any, Mapping[str, Any]] = {}
    for condition in conditions:
        for row in collect(_asker(_data_sets(condition), client), limit, _ROWS, what="Allen section data sets"):
            found.setdefault(row.get("id"), row)
    report = Report()
    records = (_try_record(row, report) for row in list(found.values()))
    return [record for record in records if record is not None][:limit]


def fetch_record(accession: str, client: Client) -> Record:
    """Read the record of a section data set.

    Raises
    ------
    RecordNotFoundError
        If there is none of that number: the interface then answers with no row.
    """
    from bioimagehub.catalogs.archives.report import Report

    rows = _asker(f"model::SectionDataSet,rma::criteria,[id$eq{ARCHIVE.check(accession)}],{_INCLUDE}", client)(
        0, 1
    ).rows
    if not rows:
        msg = f"The Allen Brain Atlas has no section data set {accession}. Look the number up at {_SITE}."
        raise RecordNotFoundError(msg)
    return parse_record(rows[0], Report())


def list_files(accession: str, client: Client) -> Iterator[File]:
    """List the sections of a data set as JPEG files, in the order of the brain; sizes in bytes are not stated."""
    from bioimagehub.catalogs.archives.report import Report

    query = f"model::SectionImage,rma::criteria,[data_set_id$eq{ARCHIVE.check(accession)}]"
    report = Report()
    found: list[File] = []
    for step in walk(_asker(query, client, order="section_number"), _ROWS, what=f"sections of allen:{accession}"):
        found += parse_files(step.rows, accession, report)
    if not found:
        # An unknown data set has no sections either.
        fetch_record(accession, client)
    yield from found


def resolve(accession: str, path: str, client: Client) -> str:
    """Give the address of a section at full resolution, as `list_files` names it.

    Raises
    ------
    RecordNotFoundError
        If the data set has no such section.
    """
    for file in list_files(accession, client):
        if file.path == path and file.url is not None:
            return file.url
    msg = f"allen:{accession} has no section {path[:200]!r}. Take a path that list_files('{accession}') gives."
    raise RecordNotFoundError(msg)


def harvest(client: Client, report: Report, *, since: date | None = None, cursor: str | None = None) -> Iterator[Page]:
    """Read all section data sets in the order of their numbers; `cursor` is the first row to read.

    A data set states no day, so `since` leaves nothing out.
    """
    for step in walk(_asker(_data_sets(""), client), _ROWS, what="Allen section data sets", start=int(cursor or 0)):
        records = tuple(record for row in step.rows if (record := _try_record(row, report)) is not None)
        following = None if step.next is None else str(step.next)
        yield Page(records, following, total=step.total, rows=len(step.rows))


def parse_rows(answer: Any) -> Rows:
    """Take rows and total out of an answer.

    Raises
    ------
    ArchiveAnswerError
        If it tells of a failure, or holds no list of rows.
    """
    document = mapping(answer)
    rows = document.get("msg")
    if document.get("success") is not True or not isinstance(rows, list):
        said = line(rows) or "no reason given"
        msg = (
            f"The Allen Brain Atlas refused the query: {said[:300]!r}; expected success and a list of rows. "
            "Its interface may have changed: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    return Rows([row for row in rows if isinstance(row, dict)], number(document.get("total_rows")))


def parse_record(document: Mapping[str, Any], report: Report) -> Record:
    """Make the record of a section data set.

    Parameters
    ----------
    document : mapping
        A ``SectionDataSet`` with its genes, plane of section, treatments, products and specimen.
    report : Report

    Raises
    ------
    InvalidEntryError
        If it has no number.
    """
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    document = mapping(document)
    accession = line(document.get("id")) or ""
    genes = parse_genes(document)
    licence, licence_url = parse_licence(_TERMS)
    treatments = _names(document, "treatments")
    fields = {
        "identifier": f"allen:{accession}",
        "kind": "study",
        "title": _title(document, genes, accession),
        "source": ARCHIVE.title,
        "source_url": f"https://mouse.brain-map.org/experiment/show/{accession}"
        if _is_mouse(document)
        else f"{_SITE}/",
        "source_accession": accession,
        "authors": ({"family": "Allen Institute for Brain Science"},),
        "licence": licence,
        "licence_url": licence_url,
        "reference": True,
        "organisms": _organisms(document),
        "methods": tuple(_method(name) for name in treatments),
        "data_types": ("atlas",),
        "genes": genes,
        "anatomy": ({"name": "brain", "id": "UBERON:0000955"},),
        "keywords": tuple(filter(None, [*_names(document, "products"), *_details(document)])),
        "formats": ("jpeg",),
        "facts": ({"source": f"{_API}/data/query.json", "retrieved": datetime.now(UTC).date()},),
    }
    return make_classified(fields, report)


def parse_genes(document: Mapping[str, Any]) -> tuple[Term, ...]:
    """Give the genes of a data set by symbol, with the identifier at NCBI."""
    found = []
    for row in listed(document.get("genes")):
        entrez = number(mapping(row).get("entrez_id"))
        gene = term(mapping(row).get("acronym"), f"NCBIGene:{entrez}" if entrez else None)
        found += [] if gene is None else [gene]
    return unique(found)


def parse_files(rows: Any, accession: str, report: Report) -> Iterator[File]:
    """Make a file of each section image: its number in the brain and its own number; failed ones are left out."""
    for row in listed(rows):
        image = number(mapping(row).get("id"))
        if image is None or mapping(row).get("failed") is True:
            report.defect(f"allen:{accession}", "files", f"section {line(mapping(row).get('id'))} failed; left out")
            continue
        section = number(mapping(row).get("section_number")) or 0
        url = f"{_API}/section_image_download/{image}"
        found = make_file(f"allen:{accession}", report, path=f"section-{section:04d}-{image}.jpg", url=url)
        if found is not None:
            yield found


def _data_sets(condition: str) -> str:
    criteria = ",".join(filter(None, ["[failed$eqfalse]", condition]))
    return f"model::SectionDataSet,rma::criteria,{criteria},{_INCLUDE}"


def _asker(query: str, client: Client, order: str = "id") -> Callable[[int, int], Rows]:
    def ask(start: int, size: int) -> Rows:
        options = f"rma::options[num_rows$eq{size}][start_row$eq{start}][order$eq'{order}']"
        return parse_rows(client.get_json(f"{_API}/data/query.json", {"q": f"{query},{options}"}))

    return ask


def _try_record(row: Mapping[str, Any], report: Report) -> Record | None:
    return try_record(lambda: parse_record(row, report), f"allen:{line(row.get('id'))}", report)


def _title(document: Mapping[str, Any], genes: tuple[Term, ...], accession: str) -> str:
    subject = ", ".join(gene.name for gene in genes) or line(document.get("name")) or f"section data set {accession}"
    plane = line(mapping(document, "plane_of_section").get("name"))
    treatment = ", ".join(_names(document, "treatments"))
    return ", ".join(filter(None, [subject, treatment, plane and f"{plane} sections"]))


def _names(document: Mapping[str, Any], key: str) -> list[str]:
    return [found for row in listed(document.get(key)) if (found := line(mapping(row).get("name"))) is not None]


def _details(document: Mapping[str, Any]) -> Iterator[str | None]:
    age = line(mapping(document, "specimen", "donor", "age").get("name"))
    thickness = number(document.get("section_thickness"))
    yield f"age {age}" if age else None
    yield f"section thickness {thickness} µm" if thickness else None
    yield line(mapping(document, "plane_of_section").get("name"))


def _is_mouse(document: Mapping[str, Any]) -> bool:
    return any(name.casefold().startswith("mouse") for name in _names(document, "products"))


def _organisms(document: Mapping[str, Any]) -> tuple[Any, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    name = line(mapping(document, "specimen", "donor", "organism").get("name"))
    if name is None:
        return ()
    return (find_organism(name) or {"name": name, "taxon": None},)


def _method(treatment: str) -> Any:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    return find_method({"ISH": "in situ hybridization", "NISSL": "Nissl staining"}.get(treatment, treatment))
