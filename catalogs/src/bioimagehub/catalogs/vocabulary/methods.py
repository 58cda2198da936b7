"""Imaging methods: terms of the Biological Imaging Methods Ontology (FBbi) out of the spellings of the archives.

Identifiers, labels and hierarchy: FBbi, https://github.com/foundingGIDE/fbbi, CC BY 4.0. Spellings beside the label are
those that occur in the archives and those in common use.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bioimagehub.catalogs.vocabulary.organisms import read_rows

if TYPE_CHECKING:
    from bioimagehub.catalogs.parts import Term

_FBBI = re.compile(r"(?:.*fbbi[_: ]+|#)(\d{8})/?", re.IGNORECASE)
_CURIE = re.compile(r"(?:.*/|.*obo:|#)?(chmo|mi|ncit|obi|edam|efo)[_:](c?\d+)/?", re.IGNORECASE)
# Terms of other ontologies that stand where an FBbi term should; with the FBbi term where there is one.
_ELSEWHERE = {
    "CHMO:0002194": ("FBbi:00000246", "epifluorescence microscopy"),
    "MI:1024": ("FBbi:00000257", "scanning electron microscopy"),
    "MI:2213": (None, "super-resolution microscopy"),
    "NCIT:C181930": (None, "multiplexed ion beam imaging"),
    "NCIT:C182027": (None, "imaging mass cytometry"),
    "OBI:0003098": ("FBbi:00000369", "light sheet fluorescence microscopy"),
}

# Which technology a term is of; a term that is not here is of the technologies of its nearest ancestors.
TECHNOLOGY_OF: dict[str, tuple[str, ...]] = {
    "FBbi:00000243": ("transmitted-light microscopy",),
    "FBbi:00000244": ("transmitted-light microscopy",),
    "FBbi:00000245": ("transmitted-light microscopy",),
    "FBbi:00000247": ("transmitted-light microscopy",),
    "FBbi:00000248": ("transmitted-light microscopy",),
    "FBbi:00000313": ("transmitted-light microscopy",),
    "FBbi:00000330": ("transmitted-light microscopy",),
    "FBbi:00000246": ("fluorescence microscopy",),
    "FBbi:00000316": ("fluorescence microscopy",),
    "FBbi:00000605": ("fluorescence microscopy",),
    "FBbi:00000455": ("fluorescence microscopy",),
    "FBbi:00000369": ("light-sheet microscopy",),
    "FBbi:00000364": ("light-sheet microscopy",),
    "FBbi:00000251": ("confocal microscopy",),
    "FBbi:00000255": ("multiphoton microscopy",),
    "FBbi:00000332": ("super-resolution microscopy",),
    "FBbi:00000333": ("super-resolution microscopy",),
    "FBbi:00000334": ("super-resolution microscopy",),
    "FBbi:00000257": ("scanning electron microscopy",),
    "FBbi:00000372": ("scanning electron microscopy",),
    "FBbi:00000373": ("scanning electron microscopy",),
    "FBbi:00000258": ("transmission electron microscopy",),
    "FBbi:00000380": ("transmission electron microscopy",),
    "FBbi:00000381": ("transmission electron microscopy",),
    "FBbi:00000585": ("volume electron microscopy",),
    "FBbi:00050000": ("volume electron microscopy",),
    "FBbi:00000344": ("scanning probe microscopy",),
    "FBbi:00000260": ("X-ray imaging",),
    "FBbi:00001000": ("X-ray imaging",),
    "FBbi:00001001": ("X-ray imaging",),
    "FBbi:00001003": ("X-ray imaging", "computed tomography"),
    "FBbi:00001005": ("computed tomography",),
    "FBbi:00000370": ("vibrational imaging",),
    "FBbi:00000589": ("vibrational imaging",),
    "FBbi:00000240": ("photography",),
}


class _Method(NamedTuple):
    """A row of methods.tsv."""

    id: str
    label: str
    parents: tuple[str, ...]
    other_names: tuple[str, ...]


@cache
def _by_id() -> dict[str, _Method]:
    rows = (
        _Method(identifier, label, tuple(parents.split()), tuple(filter(None, others.split("|"))))
        for identifier, label, parents, others in read_rows("methods.tsv")
    )
    return {row.id: row for row in rows}


@cache
def _by_name() -> dict[str, _Method]:
    rows = _by_id().values()
    names = {_key(other): row for row in rows for other in row.other_names}
    return names | {_key(row.label): row for row in rows}


def _key(text: str) -> str:
    """Bring a label to small letters without hyphens, underscores and doubled spaces."""
    return " ".join(re.sub(r"[-_]", " ", text.lower()).split())


def _row(text: str) -> _Method | None:
    number = _FBBI.fullmatch(text.strip())
    return _by_id().get(f"FBbi:{number[1]}") if number else _by_name().get(_key(text))


@lru_cache(maxsize=4096)
def find_method(text: str) -> Term:
    """Find the imaging method that a text names.

    Parameters
    ----------
    text : str
        A label in any spelling, or an FBbi identifier in any: ``FBbi:00000246``, ``obo:FBbi_00000246``,
        ``http://purl.obolibrary.org/obo/FBbi_00000246``.

    Returns
    -------
    Term
        Label and identifier of FBbi. Where the method is not known there: the text, or the label in another
        ontology, without identifier.

    Examples
    --------
    >>> find_method("obo:FBbi_00000246")
    Term(name='fluorescence microscopy', id='FBbi:00000246')
    >>> find_method("imaging mass cytometry")
    Term(name='imaging mass cytometry', id=None)
    """
    from bioimagehub.catalogs.parts import Term

    row = _row(text)
    curie = _CURIE.fullmatch(text.strip())
    if row is None and curie:
        identifier, label = _ELSEWHERE.get(f"{curie[1].upper()}:{curie[2].upper()}", (None, text))
        row = _by_id().get(identifier) if identifier else None
        text = label
    if row is None:
        return Term(name=" ".join(text.split()), id=None)
    return Term(name=row.label, id=row.id)


@lru_cache(maxsize=4096)
def technologies_of(text: str) -> tuple[str, ...]:
    """Give the technologies of the FBbi term that a label or an identifier names; empty where there are none.

    Examples
    --------
    >>> technologies_of("spinning disk confocal microscopy")
    ('confocal microscopy',)
    """
    row = _row(text)
    return () if row is None else _inherited(row.id)


@cache
def _inherited(identifier: str) -> tuple[str, ...]:
    if identifier in TECHNOLOGY_OF:
        return TECHNOLOGY_OF[identifier]
    row = _by_id().get(identifier)
    found = [name for parent in (row.parents if row else ()) for name in _inherited(parent)]
    return tuple(dict.fromkeys(found))


def names_of(text: str) -> tuple[str, ...]:
    """Give all names of the method that a name means, in small letters, the label of FBbi first."""
    row = _by_name().get(_key(text))
    return () if row is None else (row.label.lower(), *row.other_names)
