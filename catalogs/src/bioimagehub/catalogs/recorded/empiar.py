"""Entries of EMPIAR that other collections carry: CryoPPP, one entry's own XML, proposals, and cross-references.

EMPIAR lists no entries. CryoPPP names the 34 entries in which experts labelled particles; six entries were described
for the BioImage Archive; the CryoET Data Portal names entries of EMPIAR and EMDB that belong with its datasets. Where
nothing else is known, the title says just that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from bioimagehub.catalogs.archives.emdb_entry import common_fields
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.archives.values import day, doi, line, listed, make_record
from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.parts import Author, Publication
from bioimagehub.catalogs.recorded import cryoet
from bioimagehub.catalogs.recorded.images import find_methods, find_organisms
from bioimagehub.catalogs.recorded.sources import read_rows, read_source
from bioimagehub.catalogs.vocabulary import methods

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from bioimagehub.catalogs.parts import Fact
    from bioimagehub.catalogs.records import Record

CRYOPPP = "empiar/cryoppp"
PROPOSALS = "empiar/bia_proposals"
ENTRIES = "empiar/empiarreader"
_CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
_NS = "{http://pdbe.org/empiar}"


def parse(folder: Path, report: Report) -> Iterator[Record]:
    """Give a record of each entry; of one that several name, one of each, the fullest first."""
    for part in (_parse_entries, _parse_proposals, _parse_cryoppp, _parse_references):
        yield from part(folder, report)


def _make_entry(accession: str, fact: Fact, report: Report, **fields: Any) -> Record:
    common = {
        "identifier": f"empiar:{accession}",
        "kind": "study",
        "source": "EMPIAR",
        "source_url": f"https://www.ebi.ac.uk/empiar/{accession}/",
        "source_accession": accession,
        "licence": "CC0-1.0",
        "licence_url": _CC0,
        "facts": (fact,),
    }
    return make_record({**common, **fields}, report)


def _parse_entries(folder: Path, report: Report) -> Iterator[Record]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    source = read_source(folder / ENTRIES)
    for file in sorted((folder / ENTRIES).glob("fixtures/*.xml")):
        fact = source.fact(f"tests/fixtures/{file.name}")
        try:
            yield _read_entry(fromstring(file.read_bytes()), fact, report)
        except (ParseError, DefusedXmlException, InvalidEntryError) as error:
            report.lost(f"empiar:{file.stem}", error)


def _read_entry(entry: Element, fact: Fact, report: Report) -> Record:
    def text(path: str) -> str | None:
        return line(entry.findtext("/".join(_NS + step for step in path.split("/"))))

    names = [line(each.text) for each in entry.iter(f"{_NS}author")]
    maps = [line(each.text) or "" for each in entry.iter(f"{_NS}emdbEntry")]
    return _make_entry(
        entry.get("accessionCode", ""),
        fact,
        report,
        title=text("admin/title"),
        authors=tuple(Author(family=name) for name in dict.fromkeys(names) if name),
        doi=doi(text("admin/entryDOI")),
        released=day(text("admin/keyDates/releaseDate")),
        modified=day(text("admin/keyDates/updateDate")),
        related=tuple(f"emdb:{name}" for name in dict.fromkeys(maps) if re.fullmatch(r"EMD-\d{4,5}", name)),
    )


def _parse_proposals(folder: Path, report: Report) -> Iterator[Record]:
    source = read_source(folder / PROPOSALS)
    for file in sorted((folder / PROPOSALS).glob("ro-crate-ingest/proposals/empiar_[0-9]*.yaml")):
        try:
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            accession = told["accession_id"]
            rembis = told.get("rembis") or {}
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            report.lost(f"empiar:{file.stem}", error)
            continue
        samples = [each for sample in listed(rembis.get("BioSample")) for each in _classifications(sample)]
        protocols = [each for each in listed(rembis.get("ImageAcquisitionProtocol")) if isinstance(each, dict)]
        identifiers = [str(name) for each in protocols for name in listed(each.get("fbbi_id"))]
        paper = doi(told.get("paper_doi"))
        found = [each for name in identifiers for each in find_methods(name, f"empiar:{accession}", report)]
        yield _make_entry(
            accession,
            source.fact(f"ro-crate-ingest/proposals/{file.name}"),
            report,
            title=f"{accession}, described for the BioImage Archive",
            publications=(Publication(doi=paper),) if paper else (),
            organisms=tuple(
                dict.fromkeys(each for text in samples for each in find_organisms(text, accession, report))
            ),
            methods=tuple(dict.fromkeys(found)),
        )


def _classifications(sample: Any) -> list[str]:
    stated = listed(sample.get("organism_classification")) if isinstance(sample, dict) else []
    return [str(each["ncbi_id"]) for each in stated if isinstance(each, dict) and each.get("ncbi_id")]


def _parse_cryoppp(folder: Path, report: Report) -> Iterator[Record]:
    fact = read_source(folder / CRYOPPP).fact("empiar_ids.csv")
    for row in read_rows(folder / CRYOPPP / "empiar_ids.csv"):
        if not re.fullmatch(r"\d{5}", row["EMPIAR_ID"]):
            report.lost(f"empiar:{row['EMPIAR_ID']}", "the number in CryoPPP is no accession")
            continue
        accession = f"EMPIAR-{row['EMPIAR_ID']}"
        yield _make_entry(
            accession,
            fact,
            report,
            title=f"{accession}, micrographs in which the CryoPPP benchmark labels protein particles",
            methods=(methods.find_method("single-particle cryo-electron microscopy"),),
            data_types=("benchmark",),
            ground_truth=("points",),
            reference=True,
            formats=("tiff",) if "tif" in "".join(row.values()) else ("mrc",),
        )


def _parse_references(folder: Path, report: Report) -> Iterator[Record]:
    named: dict[str, list[Record]] = {}
    for dataset in cryoet.parse(folder, Report(quiet=True)):
        for name in dataset.related:
            named.setdefault(name, []).append(dataset)
    for name, datasets in sorted(named.items()):
        accession = name.partition(":")[2]
        what = "a dataset" if len(datasets) == 1 else f"{len(datasets)} datasets"
        title = f"{accession}, belongs with {what} of the CryoET Data Portal"
        told: dict[str, Any] = {
            "organisms": tuple(dict.fromkeys(each for dataset in datasets for each in dataset.organisms)),
            "related": tuple(dataset.identifier for dataset in datasets),
        }
        fact = datasets[0].facts[0]
        if name.startswith("empiar:"):
            yield _make_entry(accession, fact, report, title=title, **told)
        else:
            yield make_record({**common_fields(accession, title), **told, "facts": (fact,)}, report)
