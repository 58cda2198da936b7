"""Organisms and cell lines: one scientific name and NCBI taxon out of whatever the archives and people write.

Names and taxa are those that occur in the archives, and the usual names of the species beside them. Identifiers:
NCBI Taxonomy (doi:10.1093/database/baaa062), Cell Line Ontology and BRENDA Tissue Ontology.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bioimagehub.catalogs.parts import Organism, Term

_FOLDER = Path(__file__).parent
# A common name behind the scientific one.
_PARENTHESES = re.compile(r"\s*\([^()]*\)\s*$")
_TAXON = re.compile(r"(?:.*(?:ncbitaxon|ncbi:txid|taxonomy/|taxonomy:|taxid|taxon|txid)[:_/ ]*)?(\d+)", re.IGNORECASE)
_CELLS = re.compile(r" (?:cells?|cell line|cell lines)$")


class _Species(NamedTuple):
    """A row of organisms.tsv; `species` is the taxon of the species of a strain or subspecies."""

    taxon: int
    name: str
    species: int | None
    other_names: tuple[str, ...]


class _CellLine(NamedTuple):
    """A row of cell_lines.tsv."""

    name: str
    taxon: int
    id: str | None
    other_names: tuple[str, ...]


def read_rows(name: str) -> list[list[str]]:
    """Read a table of this package, without its heading: tabs between columns, ``|`` between values."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


@cache
def _by_taxon() -> dict[int, _Species]:
    rows = (
        _Species(int(taxon), name, int(species) if species else None, tuple(filter(None, others.split("|"))))
        for taxon, name, species, others in read_rows("organisms.tsv")
    )
    return {row.taxon: row for row in rows}


@cache
def _by_name() -> dict[str, _Species]:
    # Some sources give a strain the name of its species: the species, which come last, have the name.
    rows = sorted(_by_taxon().values(), key=lambda row: row.species is None)
    names = {other: row for row in rows for other in row.other_names}
    return names | {row.name.lower(): row for row in rows}


@cache
def _cell_lines() -> dict[str, _CellLine]:
    """Give the cell lines by their names without spaces and hyphens, which each laboratory sets in its own way."""
    found = {}
    for name, taxon, identifier, others in read_rows("cell_lines.tsv"):
        line = _CellLine(name, int(taxon), identifier or None, tuple(filter(None, others.split("|"))))
        for spelling in (name, *line.other_names):
            found[_tight(spelling)] = line
    return found


def _tight(text: str) -> str:
    return re.sub(r"[\s_/-]+", "", text.lower())


def _line(text: str) -> _CellLine | None:
    lines = _cell_lines()
    lower = " ".join(text.lower().split())
    return lines.get(_tight(lower)) or lines.get(_tight(_CELLS.sub("", lower)))


@lru_cache(maxsize=4096)
def _make(name: str, taxon: int | None) -> Organism:
    from bioimagehub.catalogs.parts import Organism

    return Organism(name=name, taxon=taxon)


def _row(text: str) -> _Species | None:
    number = _TAXON.fullmatch(text.strip())
    if number:
        return _by_taxon().get(int(number[1]))
    name = " ".join(text.lower().split())
    found = _by_name().get(name)
    if found is None:
        line = _line(text)
        found = _by_taxon()[line.taxon] if line else None
    return found


@lru_cache(maxsize=4096)
def find_organism(text: str) -> Organism | None:
    """Find the organism that a text names.

    Parameters
    ----------
    text : str
        Scientific or common name, a cell line, or a taxon in any spelling: ``NCBITaxon:9606``, ``NCBI:txid9606``,
        ``http://purl.obolibrary.org/obo/NCBITaxon_9606``, ``9606``. Large and small letters are the same.

    Returns
    -------
    Organism or None
        As precise as the text: a strain stays a strain, see `species_of`. None where the text is not known or names
        several organisms, such as ``yeast``.

    Examples
    --------
    >>> find_organism("HeLa cells")
    Organism(name='Homo sapiens', taxon=9606)
    >>> find_organism("zebrafish").taxon, find_organism("Mus musculus (mouse)").taxon
    (7955, 10090)
    """
    row = _row(text) or _row(_PARENTHESES.sub("", text))
    return None if row is None else _make(row.name, row.taxon)


def species_of(organism: Organism) -> Organism:
    """Give the species of an organism that may be a strain, a subspecies or a misspelling.

    Parameters
    ----------
    organism : Organism
        As the source states it. Where name and taxon disagree, the name counts: a slip in a number is not seen.

    Returns
    -------
    Organism
        With the accepted name and taxon; `organism` itself where it is not known here, or above a species.

    Examples
    --------
    >>> from bioimagehub.catalogs.parts import Organism
    >>> species_of(Organism(name="Schizosaccharomyces pombe 972h-", taxon=284812))
    Organism(name='Schizosaccharomyces pombe', taxon=4896)
    """
    name = " ".join(organism.name.lower().split())
    by_taxon = _by_taxon()
    row = _by_name().get(name) or (by_taxon.get(organism.taxon) if organism.taxon else None)
    if row is None and " x " not in name:
        row = _by_name().get(" ".join(name.split()[:2]))
    if row is None:
        return organism
    if row.species is not None:
        row = by_taxon[row.species]
    return _make(row.name, row.taxon)


def names_of(text: str) -> tuple[str, ...]:
    """Give all names of the organism that a name means, in small letters, the scientific name first.

    A name of a cell line is no name of an organism; it gives nothing here.
    """
    row = _by_name().get(" ".join(text.lower().split()))
    return () if row is None else (row.name.lower(), *row.other_names)


def find_cell_line(text: str) -> Term | None:
    """Find the cell line that a text names, in any of its spellings; None where it is not known.

    Examples
    --------
    >>> find_cell_line("U-2 OS").name
    'U2OS'
    """
    line = _line(text)
    if line is None:
        return None
    from bioimagehub.catalogs.parts import Term

    return Term(name=line.name, id=line.id)


def cell_line_names(text: str) -> tuple[str, ...]:
    """Give all spellings of the cell line that a text names, in small letters; empty where it is not known.

    A spelling of digits only, as ``293``, is left out: in a search it would be any number.
    """
    line = _line(text)
    return () if line is None else tuple(n for n in (line.name.lower(), *line.other_names) if not n.isdigit())
