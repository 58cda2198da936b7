"""A study of the Image Data Resource: its study file, key-value pairs and annotation tables, read into a record.

IDR publishes one repository a study on GitHub. Its study file has a key and values in columns on each line; a line of
a key without a value, or with a hint behind ``#``, says nothing. Blocks for each screen or experiment follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives.values import (
    author,
    curie,
    day,
    doi,
    line,
    make_record,
    number,
    read_cells,
    read_rows,
    term,
    unique,
)
from bioimagehub.catalogs.errors import ArchiveAnswerError
from bioimagehub.catalogs.parts import Organism, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

HOME = "https://idr.openmicroscopy.org"
OWN_NAMES = {"idr0013": "MitoCheck", "idr0041": "Mitotic Cell Atlas"}
"""Studies that people know, and look for, as archives of their own."""
MOST_TERMS = 2000
"""Genes or compounds that a record holds at most; a genome-wide screen is asked for them by its images."""

Block = dict[str, list[str]]
_COUNTED = ("genes", "phenotypes", "compounds", "anatomy")


def parse_study(text: str, report: Report) -> Record:
    """Make a record of a study file.

    Raises
    ------
    ArchiveAnswerError
        If it is no study file.
    """
    study, *parts = parse_blocks(text)
    accession = (study.get("Comment[IDR Study Accession]") or [""])[0]
    if not re.fullmatch("idr[0-9]{4}", accession):
        msg = (
            f"The study file names the accession {accession[:60]!r}; expected one like idr0062. "
            "Look at the study's repository at https://github.com/IDR."
        )
        raise ArchiveAnswerError(msg)
    blocks = [study, *parts]
    return make_record(
        {
            **common_fields(accession, _first(study, "Study Title") or _first(study, "Study Publication Title")),
            "authors": _authors(_first(study, "Study Author List")),
            "publications": _publications(study),
            "doi": doi(_first(study, "Study Data DOI")) or doi(_value(blocks, "Data DOI")),
            **licence_fields(_first(study, "Study License URL") or _first(study, "Study License")),
            "organisms": _organisms(blocks),
            "methods": _methods(parts),
            "phenotypes": _paired(parts, "Phenotype Term Name", "Phenotype Term Accession", other="Phenotype Name"),
            "anatomy": _paired(parts, "Sample Type"),
            "keywords": _keywords(accession, study, parts),
            "related": _related(_first(study, "Study BioImage Archive Accession")),
            "released": day(_first(study, "Study Public Release Date")),
            "size": _stated_size(parts),
        },
        report,
    )


def parse_info(accession: str, name: str, pairs: Iterable[tuple[str, str]], report: Report) -> Record:
    """Make a record of the key-value pairs of a study's container, which its page at IDR shows.

    Parameters
    ----------
    accession : str
    name : str
        Name of the container, for a study whose pairs give no title.
    pairs : iterable of (str, str)
        As ``("Publication DOI", "10.1091/mbc.E13-04-0221 https://doi.org/10.1091/mbc.E13-04-0221")``.
    report : Report
    """
    from bioimagehub.catalogs.vocabulary.methods import find_method
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    found: Block = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    publication = Publication(
        title=_first(found, "Publication Title"),
        doi=doi((_first(found, "Publication DOI") or "").partition(" ")[0]),
        pubmed=number((_first(found, "PubMed ID") or "").partition(" ")[0]) or None,
    )
    named = [line(each) for each in found.get("Organism", [])]
    return make_record(
        {
            **common_fields(
                accession, _first(found, "Study Title") or _first(found, "Publication Title") or line(name)
            ),
            "authors": _authors(_first(found, "Publication Authors")),
            "publications": (publication,) if publication != Publication() else (),
            "doi": doi((_first(found, "Data DOI") or "").partition(" ")[0]),
            **licence_fields(_first(found, "License")),
            "organisms": tuple(find_organism(each) or Organism(name=each, taxon=None) for each in named if each),
            "methods": tuple(find_method(each) for each in found.get("Imaging Method", [])),
            "keywords": _named(accession, found.get("Study Type", []), found.get("Screen Type", [])),
            "related": _related(_first(found, "BioStudies Accession")),
            "released": day(_first(found, "Release Date")),
        },
        report,
    )


def parse_table(text: str) -> dict[str, tuple[Term, ...]]:
    """Read genes, phenotypes, compounds and cell lines out of the annotation table of a screen or experiment."""
    cells = read_cells(text)
    header = [
        re.sub(r"^(Comment|Characteristics|Experimental Condition) \[(.+)\]$", r"\2", each.strip())
        for each in (cells[0] if cells else [])
    ]
    return collect_terms(
        [(key, value) for key, value in zip(header, row, strict=False) if value.strip()] for row in cells[1:]
    )


def collect_terms(rows: Iterable[Iterable[tuple[str, str]]]) -> dict[str, tuple[Term, ...]]:
    """Collect the terms that rows of key-value pairs name, with the identifiers that stand in the same row.

    Parameters
    ----------
    rows : iterable of pairs
        The pairs of an image's annotation, or of a row of an annotation table.

    Returns
    -------
    dict
        ``genes``, ``phenotypes``, ``compounds`` and ``anatomy``, each a tuple of `Term`.
    """
    found: dict[str, dict[Term, None]] = {name: {} for name in _COUNTED}
    for row in rows:
        keys = [key for key, _ in row]
        # A comment may repeat a key: what stands first is the thing itself.
        pairs = dict(reversed(list(row)))
        for field, each in _terms_of_row(keys, pairs):
            if each is not None:
                found[field][each] = None
    return {name: unique(list(terms)) for name, terms in found.items()}


def _terms_of_row(keys: list[str], pairs: Mapping[str, str]) -> Iterable[tuple[str, Term | None]]:
    symbol, gene = pairs.get("Gene Symbol"), pairs.get("Gene Identifier")
    for name, code in _aligned(symbol or gene, gene):
        yield "genes", term(name, _gene(code))
    for key in keys:
        if re.fullmatch(r"Phenotype( \d+)?", key):
            yield "phenotypes", term(pairs.get(f"{key} Term Name") or pairs[key], pairs.get(f"{key} Term Accession"))
    if compound := pairs.get("Compound Name"):
        number_ = re.search(r"\d+", pairs.get("Compound PubChem CID") or pairs.get("Compound PubChem URL") or "")
        yield "compounds", term(compound, f"PUBCHEM:{number_[0]}" if number_ else None)
    for key in ("Cell Line", "Organism Part"):
        if key in pairs:
            following = keys[keys.index(key) + 1 : keys.index(key) + 3]
            accession = next((each for each in following if re.fullmatch(r"Term Source( \d+)? Accession", each)), "")
            yield "anatomy", term(pairs[key], pairs.get(accession))


def _aligned(names: str | None, codes: str | None) -> list[tuple[str, str | None]]:
    """Align names with codes where both are lists of the same length; else the names stand without."""
    first = [each.strip() for each in re.split("[;,]", names or "") if each.strip()]
    second = [each.strip() for each in re.split("[;,]", codes or "") if each.strip()]
    return list(zip(first, second, strict=True)) if len(first) == len(second) else [(each, None) for each in first]


def _gene(code: str | None) -> str | None:
    if code is None:
        return None
    for pattern, prefix in ((r"ENS[A-Z]*G\d+", "ENSEMBL"), (r"FBgn\d+", "FlyBase"), (r"WBGene\d+", "WormBase")):
        if re.fullmatch(pattern, code):
            return f"{prefix}:{code}"
    return curie(code)


def limit_terms(terms: Mapping[str, tuple[Term, ...]], identifier: str, report: Report) -> dict[str, tuple[Term, ...]]:
    """Leave out genes or compounds of which there are more than a record holds, and say so."""
    kept = {}
    for name, each in terms.items():
        if len(each) > MOST_TERMS:
            report.defect(identifier, name, f"{len(each):,} are more than the {MOST_TERMS:,} a record holds; left out")
        elif each:
            kept[name] = each
    return kept


def parse_sizes(text: str) -> dict[str, dict[str, int]]:
    """Read IDR's own table of studies (``studies.tsv``): bytes, files, images and wells, summed over containers."""
    sums: dict[str, dict[str, int]] = {}
    for row in read_rows(text, delimiter="\t"):
        accession = (row.get("Study") or "")[:7]
        counts = {
            "size": number(row.get("Size")),
            "files": number(row.get("# of Files")),
            "images": number(row.get("5D Images")),
        }
        known = sums.setdefault(accession, {})
        for name, count in counts.items():
            if count is not None:
                known[name] = known.get(name, 0) + count
    return sums


def parse_blocks(text: str) -> list[Block]:
    """Split a study file into the block of the study, and one for each screen or experiment."""
    blocks: list[Block] = [{}]
    for row in read_cells(text, delimiter="\t"):
        cells = [line(cell) or "" for cell in row]
        # Some files begin with empty columns.
        while cells and not cells[0]:
            cells.pop(0)
        if not cells or cells[0].startswith("#"):
            continue
        key, *values = cells
        if re.fullmatch(r"(Experiment|Screen) Number", key):
            blocks.append({})
        while values and (not values[-1] or values[-1].startswith("#")):
            values.pop()
        blocks[-1].setdefault(key, [value.partition(" # ")[0] if not value.startswith("#") else "" for value in values])
    return blocks


def common_fields(accession: str, title: str | None) -> dict[str, Any]:
    """Give the fields that follow from the accession and the title alone."""
    return {
        "identifier": f"idr:{accession}",
        "kind": "study",
        "title": title,
        "source": "Image Data Resource",
        "source_url": f"{HOME}/study/{accession}/",
        "source_accession": accession,
        "keywords": _named(accession),
    }


def licence_fields(text: str | None) -> dict[str, str | None]:
    """Give the licence that a text means: an address, a name, or both behind one another."""
    from bioimagehub.catalogs.vocabulary.licences import parse_licence

    address = re.search(r"https?://\S+", text or "")
    spdx, url = parse_licence(address[0] if address else text)
    return {"licence": spdx, "licence_url": url}


def _first(block: Mapping[str, list[str]], key: str) -> str | None:
    return next((line(value) for value in block.get(key, []) if value), None)


def _value(blocks: list[Block], key: str) -> str | None:
    return next(
        (found for block in blocks for kind in ("Experiment", "Screen") if (found := _first(block, f"{kind} {key}"))),
        None,
    )


def _columns(block: Block, key: str) -> list[str]:
    """Give the values of a key that a screen and an experiment write with their own word before it."""
    return next(
        (block[name] for name in (key, f"Experiment {key}", f"Screen {key}", f"Study {key}") if name in block), []
    )


def _paired(blocks: list[Block], key: str, accession: str = "", *, other: str = "") -> tuple[Term, ...]:
    """Give the terms of all blocks with the accession of the same column."""
    terms: list[Term] = []
    for block in blocks:
        codes = _columns(block, accession)
        names, instead = _columns(block, key), _columns(block, other)
        for place in range(max(len(names), len(instead))):
            name = (names[place : place + 1] or [""])[0] or (instead[place : place + 1] or [""])[0]
            code = codes[place] if place < len(codes) else None
            if found := term(name, code):
                terms.append(found)
    return unique(terms)


def _methods(parts: list[Block]) -> tuple[Term, ...]:
    from bioimagehub.catalogs.vocabulary.methods import find_method

    terms = []
    for block in parts:
        codes = _columns(block, "Imaging Method Term Accession")
        for place, name in enumerate(_columns(block, "Imaging Method")):
            digits = re.search(r"[0-9]{5,8}", codes[place]) if place < len(codes) else None
            if name:
                terms.append(Term(name=name, id=f"FBbi:{digits[0]}") if digits else find_method(name))
    return unique(terms)


def _organisms(blocks: list[Block]) -> tuple[Organism, ...]:
    from bioimagehub.catalogs.vocabulary.organisms import find_organism

    found: dict[Organism, None] = {}
    for block in blocks:
        codes = _columns(block, "Organism Term Accession")
        for place, name in enumerate(_columns(block, "Organism")):
            digits = re.search(r"\d+", codes[place]) if place < len(codes) else None
            known = find_organism(name) if name else None
            if name:
                taxon = (number(digits[0]) if digits else None) or None
                found[known or Organism(name=name, taxon=taxon)] = None
    return tuple(found)


def _authors(text: str | None) -> tuple[Any, ...]:
    people = (author(each) for each in re.split(r"[,;]", text or ""))
    return tuple(person for person in people if person is not None)


def _publications(study: Block) -> tuple[Publication, ...]:
    keys = ("Study Publication Title", "Study DOI", "Study PubMed ID")
    found = []
    for place in range(max(len(study.get(key, [])) for key in keys)):
        title, code, pubmed = ((study.get(key, [])[place : place + 1] or [""])[0] for key in keys)
        each = Publication(title=line(title), doi=doi(code), pubmed=number(pubmed) or None)
        if each != Publication():
            found.append(each)
    return tuple(found)


def _keywords(accession: str, study: Block, parts: list[Block]) -> tuple[str, ...]:
    kinds = [each for block in parts for key in ("Technology Type", "Type") for each in _columns(block, key)]
    return _named(accession, study.get("Study Type", []), study.get("Study Key Words", []), kinds)


def _named(accession: str, *words: list[str]) -> tuple[str, ...]:
    own = [OWN_NAMES[accession]] if accession in OWN_NAMES else []
    return tuple(dict.fromkeys([*own, *(found for group in words for each in group if (found := line(each)))]))


def _related(text: str | None) -> tuple[str, ...]:
    return tuple(f"bia:{each}" for each in re.findall(r"S-[A-Z]+\d+", text or ""))


def _stated_size(parts: list[Block]) -> int | None:
    """Give the bytes that the study file states, in terabytes of 1e12, over all screens and experiments."""
    sizes = []
    for block in parts:
        text = " ".join(_columns(block, "Size"))
        if found := re.search(r"Total Tb:\s*([\d.]+)", text, re.IGNORECASE):
            try:
                sizes.append(float(found[1].rstrip(".")))
            except ValueError:
                return None
    return round(sum(sizes) * 1e12) if sizes else None


def newer_than(record: Record, since: date | None) -> bool:
    """Tell whether a study was released at that day or later; IDR does not say when it changed one."""
    return since is None or record.released is None or record.released >= since
