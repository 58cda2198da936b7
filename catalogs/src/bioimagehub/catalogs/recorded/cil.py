"""The public records of the Cell Image Library, as its dump of April 2018 has them.

What stands there as a title is a citation, ``Linda Parysek (2010) CIL:2, Mus musculus, fibroblast. CIL. Dataset``: its
names become authors, its year that of the publication; the title here is made of what the record states about
organism, cells, components and processes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.cil_record import BEST, FORMATS, KINDS, MEDIA, best_fields
from bioimagehub.catalogs.archives.values import line, make_record, number, term, unique
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.parts import Author, Organism, Publication, Term
from bioimagehub.catalogs.recorded.images import find_licence
from bioimagehub.catalogs.recorded.sources import read_rows, read_source
from bioimagehub.catalogs.vocabulary import methods, organisms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.parts import Fact
    from bioimagehub.catalogs.records import Record

FOLDER = "cil"
_TABLE = "cil_public_records.csv"
_CITATION = re.compile(r"(?P<names>.*?)\s*\((?P<year>\d{4})\)\s*CIL:(?P<number>\d+)")


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each row."""
    fact = read_source(folder / FOLDER).fact("Version8_6/DATA/CIL_PUBLIC_DATA")
    for row in read_rows(folder / FOLDER / _TABLE):
        try:
            yield _make_record(row, fact, report)
        except InvalidEntryError as error:
            report.lost(f"cil:{row.get('cil_id')}", error)


def _make_record(row: dict[str, str], fact: Fact, report: Report) -> Record:
    identifier = f"cil:{row['cil_id']}"
    files = list(_read_files(row["files"], identifier, report))
    kinds = [KINDS.get(kind, kind) for kind in row["data_type"].split(";") if kind]
    place = f"{MEDIA}/media/{'videos' if 'video' in kinds else 'images'}/{row['cil_id']}/"
    by_kind = {kind: name for kind, name, _ in reversed(files)}
    best = next((by_kind[kind] for kind in BEST if kind in by_kind), None)
    cells = [*_terms(row["cell_line"]), *_terms(row["cell_type"])]
    components, processes = _terms(row["cellular_component"]), _terms(row["biological_process"])
    found = _find_organisms(row)
    fields: dict[str, Any] = {
        "identifier": identifier,
        "kind": "image",
        "title": _make_title(row["cil_id"], found, cells, components, processes),
        "source": "Cell Image Library",
        "source_url": f"https://doi.org/{row['doi']}",
        "source_accession": f"CIL:{row['cil_id']}",
        "doi": row["doi"],
        **_read_citation(row, identifier, report),
        **find_licence(row["licence"], identifier, report),
        "organisms": found,
        "methods": _find_methods(row),
        "processes": tuple(processes),
        "anatomy": unique([*cells, *components]),
        "keywords": tuple(kinds),
        "size": sum(size for _, _, size in files) or None,
        "files": len(files) or None,
        "formats": tuple(dict.fromkeys(FORMATS[kind] for kind, _, _ in files)),
        **best_fields(place + best if best else None),
        "thumbnail": place + by_kind["Jpeg"] if "Jpeg" in by_kind else None,
        "facts": (fact,),
    }
    return make_record(fields, report)


def _make_title(
    name: str, found: tuple[Organism, ...], cells: list[Term], components: list[Term], processes: list[Term]
) -> str:
    """Say in a line what is seen: organism and cells, then at most three components and three processes."""
    subject = ", ".join([each.name for each in found[:2]] + [each.name for each in cells[:2]])
    groups = (", ".join(each.name for each in terms[:3]) for terms in (components, processes))
    return "; ".join(part for part in (subject, *groups) if part) or f"CIL:{name}"


def _read_citation(row: dict[str, str], identifier: str, report: Report) -> dict[str, Any]:
    found = _CITATION.match(row["title"])
    if found is None:
        report.defect(identifier, "authors", f"{row['title'][:80]!r} is not a citation; left out")
        return {}
    main = Publication(year=int(found["year"]), journal="Cell Image Library", doi=row["doi"])
    papers = [number(part.removeprefix("PMID:")) for part in row["pubmed"].split("|") if part]
    return {
        "authors": tuple(Author(family=name) for name in split_names(found["names"])),
        "publications": (main, *(Publication(pubmed=paper) for paper in papers if paper)),
    }


def split_names(text: str) -> list[str]:
    """Split the names of a citation; what stands in parentheses is an affiliation.

    >>> split_names("Dieter Brandner; Ginger Withers"), split_names("Ip, Wallace")
    (['Dieter Brandner', 'Ginger Withers'], ['Ip, Wallace'])
    >>> split_names("Richard Allen (University of Hawaii), Hans Ris")
    ['Richard Allen', 'Hans Ris']
    """
    text = re.sub(r"\([^)]*\)", "", text)
    names = [name for part in text.split(";" if ";" in text else ",") if (name := line(part))]
    turned = len(names) == 2 and not any(" " in name for name in names)
    return [", ".join(names)] if turned else names


def _find_organisms(row: dict[str, str]) -> tuple[Organism, ...]:
    """Pair names with taxa where there are as many; a name may carry its taxon in brackets."""
    names, taxa = _split(row["organism"]), _split(row["organism_ids"])
    if not names:
        names = taxa
    if len(names) != len(taxa):
        taxa = [""] * len(names)
    found = []
    for name, taxon in zip(names, taxa, strict=True):
        bare = re.sub(r"\s*\[[^\]]*\]$", "", name)
        stated = re.search(r"NCBITaxon:(\d+)", taxon or name)
        known = (organisms.find_organism(stated[0]) if stated else None) or organisms.find_organism(bare)
        found.append(known or Organism(name=bare, taxon=int(stated[1]) if stated else None))
    return tuple(dict.fromkeys(found))


def _find_methods(row: dict[str, str]) -> tuple[Term, ...]:
    names, identifiers = _split(row["imaging_mode"]), _split(row["imaging_mode_ids"])
    if not names or len(names) == len(identifiers):
        names = identifiers
    return unique([methods.find_method(name) for name in names])


def _read_files(text: str, identifier: str, report: Report) -> Iterator[tuple[str, str, int]]:
    """Give kind, name and bytes of each file, as ``OME_tif:2.tif:4100000|Jpeg:2.jpg:211940`` has them."""
    for part in filter(None, text.split("|")):
        found = re.fullmatch(r"(\w+):([A-Za-z0-9_.-]+):(\d+)", part)
        if found and found[1] in FORMATS:
            yield found[1], found[2], int(found[3])
        else:
            report.defect(identifier, "files", f"{part[:80]!r} is not a file; left out")


def _terms(text: str) -> list[Term]:
    return [found for name in _split(text) if (found := term(name))]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]
