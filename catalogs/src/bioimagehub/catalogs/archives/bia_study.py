"""A study of the BioImage Archive: its document, read into a record.

The templates differ (``BioImages.v4``, ``BioImages.v5``, ``BioImages.MIFA.v1``, ``Default``, none): what one keeps in
an attribute of the study another keeps in a section below, and the title may stand on the envelope or on the study.
E-mails, postal addresses, abstracts and protocols are not taken over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.biostudies import API, attributes, value, walk_links, walk_sections
from bioimagehub.catalogs.archives.values import author, day, doi, line, make_record, number, unique
from bioimagehub.catalogs.errors import ArchiveAnswerError
from bioimagehub.catalogs.parts import Access, Author, Fact, Organism, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

_PAGE = "https://www.ebi.ac.uk/biostudies/bioimages/studies"
_OWN_DOI = "10.6019/"
_UNKNOWN_LICENCE = "LicenseRef-other"
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_RELATED = (
    (re.compile(r"\bEMPIAR-\d{5,}\b"), "empiar:{}"),
    (re.compile(r"\bEMD-\d{4,}\b"), "emdb:{}"),
    (re.compile(r"\bidr\d{4}\b"), "idr:{}"),
    (re.compile(r"\bBBBC\d{3}\b"), "bbbc:{}"),
    (re.compile(r"\bS-(?:BIAD|BSST|BSMS|JCBD)\d+\b"), "bia:{}"),
)
"""Accessions in the links of a study, and the records that they are here."""
_GROUND_TRUTH = {
    "tracks": "tracks",
    "counts": "counts",
    "point_annotations": "points",
    "class_labels": "classes",
    "geometrical_annotations": "outlines",
    "bounding_boxes": "outlines",
}
"""Annotation types of MIFA. A segmentation_mask is of instances only where its title or overview says so."""


def parse_record(
    document: Mapping[str, Any], report: Report, *, info: Mapping[str, Any] | None = None, retrieved: date
) -> Record:
    """Make a record of a study.

    Parameters
    ----------
    document : mapping
        What ``/studies/{accession}`` gives.
    report : Report
    info : mapping or None
        What ``/studies/{accession}/info`` gives; None where it was not asked.
    retrieved : date
        When it was.

    Raises
    ------
    ArchiveAnswerError
        If it has no accession.
    InvalidEntryError
        If it has no title.
    """
    accession = line(document.get("accno"))
    study = document.get("section")
    if accession is None or not isinstance(study, dict):
        msg = f"A document of BioStudies has no accession or no section: {str(document)[:100]}. Report it."
        raise ArchiveAnswerError(msg)
    identifier, info = f"bia:{accession}", info or {}
    sections = list(walk_sections(study))
    licence, licence_url = _licence(study, identifier, report)
    own_doi, other_doi = _dois(document, identifier, report)
    released = day(value(document, "ReleaseDate")) or day(info.get("released")) or day(value(study, "Release date"))
    modified = day(info.get("modified"))
    fields = {
        **_common(accession, value(document, "Title") or value(study, "Title"), retrieved),
        "version": modified.isoformat() if modified else None,
        "authors": tuple(_authors(sections)),
        "publications": _publications(sections, other_doi),
        "doi": own_doi,
        "licence": licence,
        "licence_url": licence_url,
        "access": _access(info),
        "organisms": _organisms(sections, identifier, report),
        "methods": _methods(sections),
        "ground_truth": _ground_truth(sections),
        "anatomy": _anatomy(sections),
        "keywords": _keywords(study),
        "related": _related(document, sections, identifier),
        "released": released,
        "modified": modified,
        "files": number(info.get("files")),
    }
    return _complete(make_record(fields, report))


def parse_hit(hit: Mapping[str, Any], report: Report, *, retrieved: date) -> Record:
    """Make a record of what a hit of a search tells: title, release, number of files.

    Raises
    ------
    InvalidEntryError
        If it has no title.
    """
    accession = line(hit.get("accession")) or ""
    fields = {
        **_common(accession, hit.get("title"), retrieved),
        "released": day(hit.get("release_date")),
        "files": number(hit.get("files")),
    }
    return _complete(make_record(fields, report))


def _common(accession: str, title: Any, retrieved: date) -> dict[str, Any]:
    return {
        "identifier": f"bia:{accession}",
        "kind": "study",
        "title": line(title),
        "source": "BioImage Archive",
        "source_url": f"{_PAGE}/{accession}",
        "source_accession": accession,
        "facts": (Fact(source=f"{API}/studies/{accession}", retrieved=retrieved),),
    }


def _complete(record: Record) -> Record:
    from bioimagehub.catalogs.vocabulary.classification import complete

    return complete(record)


def _licence(study: Mapping[str, Any], identifier: str, report: Report) -> tuple[str | None, str | None]:
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    for text, qualifiers in attributes(study, "License", "Licence"):
        found = parse_licence(text)
        if found[0] in {None, _UNKNOWN_LICENCE} and (url := parse_licence(qualifiers.get("url")))[0] is not None:
            found = url
        if found[0] == _UNKNOWN_LICENCE:
            report.defect(identifier, "licence", f"{text!r} is no known licence; kept as other terms")
        if found[0] is not None:
            return found
    return None, None


def _dois(document: Mapping[str, Any], identifier: str, report: Report) -> tuple[str | None, str | None]:
    """Give the DOI of the study, and that of something else where the document gives one for it."""
    found = doi(value(document, "DOI"))
    if found is None or found.startswith(_OWN_DOI):
        return found, None
    report.defect(identifier, "doi", f"{found} is not one that the archive mints; taken as that of a publication")
    return None, found


def _access(info: Mapping[str, Any]) -> Access:
    released = day(info.get("released"))
    if info.get("isPublic", True) is not False:
        return Access()
    if released is not None:
        return Access(kind="embargoed", until=released)
    return Access(kind="controlled", how="The study is private: ask its authors for the secret link")


def _authors(sections: Iterable[Mapping[str, Any]]) -> Iterator[Author]:
    for section in _of_type(sections, "author"):
        person = author(value(section, "Name"))
        if person is None or "@" in person.family:
            continue
        orcid = _ORCID.search(value(section, "ORCID") or "")
        yield person.model_copy(update={"orcid": orcid[0]}) if orcid else person


def _publications(sections: Iterable[Mapping[str, Any]], other: str | None) -> tuple[Publication, ...]:
    found = []
    for section in _of_type(sections, "publication"):
        year = re.search(r"\b(1[6-9]|20)\d\d\b", value(section, "Year") or "")
        pubmed = number(value(section, "Pubmed ID", "PMID"))
        publication = Publication(
            title=value(section, "Title"),
            year=int(year[0]) if year else None,
            doi=doi(value(section, "DOI")),
            pubmed=pubmed or None,
        )
        if publication != Publication():
            found.append(publication)
    if other is not None and other not in {publication.doi for publication in found}:
        found.append(Publication(doi=other))
    return tuple(dict.fromkeys(found))


def _organisms(sections: Iterable[Mapping[str, Any]], identifier: str, report: Report) -> tuple[Organism, ...]:
    """Read names and taxa; where the vocabulary knows neither, a name that has the form of one of a species stands."""
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    found = []
    for section in sections:
        taxon = value(section, "NCBI taxon ID", "NCBI Taxonomy ID")
        pairs = [(name, taxon) for name, _ in attributes(section, "Scientific name")]
        pairs += [(name, said.get("termid") or taxon) for name, said in attributes(section, "Organism")]
        for name, said in pairs:
            scientific = name.partition("(")[0].strip()
            organism = _find_taxon(said) or find_organism(name) or find_organism(scientific)
            if organism is None:
                kept = re.fullmatch(r"[A-Z][a-z]+ [a-z]+( [a-z]+)?", scientific) is not None
                done = "kept as a name" if kept else "left out"
                report.defect(identifier, "organisms", f"{name!r} is not known in the NCBI taxonomy; {done}")
                if not kept:
                    continue
                organism = Organism(name=scientific, taxon=None)
            found.append(organism)
    return tuple(dict.fromkeys(found))


def _find_taxon(text: str | None) -> Organism | None:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    number_ = re.search(r"\d+", text or "")
    return find_organism(number_[0]) if number_ else None


def _methods(sections: Iterable[Mapping[str, Any]]) -> tuple[Term, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    found = []
    for section in sections:
        named = attributes(section, "Imaging method", "Ontology Value", "Technology type")
        term_id = value(section, "Ontology Term ID")
        for text, said in named:
            identified = find_method(term_id or said.get("termid") or text)
            found.append(identified if identified.id else find_method(text))
    return unique(found)


def _ground_truth(sections: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    found = []
    for section in sections:
        if str(section.get("type")).casefold() not in {"annotation", "annotations"}:
            continue
        told = f"{value(section, 'Title')} {value(section, 'Annotation Overview')}".casefold()
        for text, _ in attributes(section, "Annotation Type"):
            for name in re.split(r"[,;]\s*", text):
                known = _GROUND_TRUTH.get(name.strip().casefold())
                if name.strip().casefold() == "segmentation_mask":
                    known = next((f"{kind} masks" for kind in ("instance", "semantic") if kind in told), None)
                found += [known] if known else []
    return tuple(dict.fromkeys(found))


def _anatomy(sections: Iterable[Mapping[str, Any]]) -> tuple[Term, ...]:
    """Read cells and tissues; a longer text is a description, which is not taken over."""
    names = [name for section in sections for name, _ in attributes(section, "Biological entity", "Tissue")]
    return unique([Term(name=name) for name in names if len(name) <= 80])


def _keywords(study: Mapping[str, Any]) -> tuple[str, ...]:
    found = [part.strip() for text, _ in attributes(study, "Keyword", "Keywords") for part in re.split("[,;]", text)]
    return tuple(dict.fromkeys(each for each in found if 0 < len(each) <= 80))


def _related(document: Mapping[str, Any], sections: Iterable[Mapping[str, Any]], identifier: str) -> tuple[str, ...]:
    texts = [value(document, "RootPath") or ""]
    for section in sections:
        texts += [*walk_links(section), value(section, "IDR accession number") or ""]
    found = [form.format(each) for text in texts for pattern, form in _RELATED for each in pattern.findall(text)]
    return tuple(each for each in dict.fromkeys(found) if each != identifier)


def _of_type(sections: Iterable[Mapping[str, Any]], name: str) -> Iterator[Mapping[str, Any]]:
    return (section for section in sections if str(section.get("type")).casefold() == name)
