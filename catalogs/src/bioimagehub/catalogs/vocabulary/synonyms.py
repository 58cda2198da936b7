"""Synonyms: the other words under which a search should look.

`expand` gives what means the same and what is a part or a kind of it, so that everything it finds is what was asked
for. `broader` gives what it is a part or a kind of; a search that added this would find more than was asked for.
Identifiers are those of the Gene Ontology (doi:10.1093/genetics/iyad031), of FBbi and of HGNC.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bioimagehub.catalogs.vocabulary import methods, organisms

if TYPE_CHECKING:
    from collections.abc import Iterator

# British and American spelling: (British, American), as parts of a word.
_SPELLINGS = (
    ("tumour", "tumor"),
    ("fibre", "fiber"),
    ("colour", "color"),
    ("haem", "hem"),
    ("leukaem", "leukem"),
    ("anaem", "anem"),
    ("oesophag", "esophag"),
    ("oestr", "estr"),
    ("foetal", "fetal"),
    ("foetus", "fetus"),
    ("paediatric", "pediatric"),
    ("caecum", "cecum"),
    ("behaviour", "behavior"),
    ("signalling", "signaling"),
    ("labelling", "labeling"),
    ("labelled", "labeled"),
    ("mould", "mold"),
    ("sulph", "sulf"),
    ("centre", "center"),
    ("grey", "gray"),
    ("localis", "localiz"),
    ("polaris", "polariz"),
    ("organis", "organiz"),
    ("fertilis", "fertiliz"),
    ("hybridis", "hybridiz"),
    ("characteris", "characteriz"),
    ("visualis", "visualiz"),
    ("disc confocal", "disk confocal"),
    ("focussed", "focused"),
)
# An American part that is also the beginning of other words ("hem" in "hemisphere", "organiz" is safe).
_NOT_BRITISH = re.compile(r"hemi|chem|them|gehem|blasphem|mayhem|ephem|estrange|restr|destr|westr|orestr")


class _Concept(NamedTuple):
    """A row of synonyms.tsv: names of one meaning, kinds and parts of it, and what is looked for along with it.

    The last of the names is the identifier, where there is one: a record may have it with a label of its own.
    """

    names: tuple[str, ...]
    narrower: tuple[str, ...]
    related: tuple[str, ...]


@cache
def _concepts() -> dict[str, list[_Concept]]:
    found: dict[str, list[_Concept]] = {}
    for names, identifier, narrower, related in organisms.read_rows("synonyms.tsv"):
        concept = _Concept((*_split(names), *_split(identifier.lower())), _split(narrower), _split(related))
        for name in concept.names:
            found.setdefault(name, []).append(concept)
    return found


@cache
def _wider() -> dict[str, list[str]]:
    """Give for each phrase the first names of the concepts that it is narrower than."""
    found: dict[str, list[str]] = {}
    for concept in {id(one): one for many in _concepts().values() for one in many}.values():
        for phrase in concept.narrower:
            found.setdefault(phrase, []).append(concept.names[0])
    return found


def _split(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, cell.split("|")))


def _normal(phrase: str) -> str:
    return " ".join(phrase.lower().split())


def spellings(phrase: str) -> tuple[str, ...]:
    """Give the phrase in the other spelling, British or American, if it has one.

    Examples
    --------
    >>> spellings("tumour fibre")
    ('tumor fiber',)
    """
    american = british = phrase
    for one, other in _SPELLINGS:
        american = american.replace(one, other)
        if not _NOT_BRITISH.search(british):
            british = (
                re.sub(rf"\b{other}" if len(other) < 5 else other, one, british) if one not in british else british
            )
    return tuple(name for name in dict.fromkeys((american, british)) if name != phrase)


def _same(phrase: str) -> Iterator[str]:
    """Give the other names of what a phrase means."""
    for concept in _concepts().get(phrase, ()):
        yield from concept.names
    yield from organisms.names_of(phrase)
    yield from methods.names_of(phrase)
    yield from organisms.cell_line_names(phrase)


@lru_cache(maxsize=4096)
def expand(phrase: str) -> tuple[str, ...]:
    """Give the phrases that mean the same as a phrase, or a kind or a part of it.

    Parameters
    ----------
    phrase : str
        A word or several, as somebody types them, or an identifier.

    Returns
    -------
    tuple of str
        In small letters, without the phrase itself: first what means the same, then what is narrower, then what is
        looked for along with it. Empty where nothing is known.

    Examples
    --------
    >>> "cell division" in expand("mitosis")
    True
    >>> expand("zebrafish")[0]
    'danio rerio'
    >>> expand("GO:0000910")
    ('cytokinesis', 'mitotic cytokinesis', 'abscission', 'cytokinetic')
    """
    start = _normal(phrase)
    meant = list(dict.fromkeys((start, *spellings(start))))
    meant += [name for one in tuple(meant) for name in _same(one)]
    found = dict.fromkeys(meant)
    todo = [part for name in found for concept in _concepts().get(name, ()) for part in concept.narrower]
    while todo:
        part = todo.pop(0)
        if part in found:
            continue
        names = dict.fromkeys((part, *_same(part)))
        found |= names
        todo += [one for name in names for concept in _concepts().get(name, ()) for one in concept.narrower]
    found |= {one: None for name in meant for concept in _concepts().get(name, ()) for one in concept.related}
    found |= {other: None for name in tuple(found) for other in spellings(name)}
    return tuple(name for name in found if name != start)


@lru_cache(maxsize=4096)
def broader(phrase: str) -> tuple[str, ...]:
    """Give what a phrase is a kind or a part of, in small letters; of a cell line, the organism.

    Examples
    --------
    >>> broader("HeLa")
    ('homo sapiens',)
    >>> broader("metaphase")
    ('mitosis',)
    """
    start = _normal(phrase)
    same = dict.fromkeys((start, *spellings(start), *_same(start)))
    found = [wider for name in same for wider in _wider().get(name, ())]
    organism = organisms.find_organism(start)
    if organism is not None:
        species = organisms.species_of(organism)
        found += [name.lower() for name in (species.name,) if name.lower() not in same]
    return tuple(name for name in dict.fromkeys(found) if name not in same)
