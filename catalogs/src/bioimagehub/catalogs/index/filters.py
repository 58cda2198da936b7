"""Filters: the records that have one of some values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.bitmaps import intersection, union, unpack
from bioimagehub.catalogs.index.fields import FACETS, FIELDS, clean
from bioimagehub.catalogs.index.words import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database

_ALL_OF = {"use"}


def apply_filters(database: Database, filters: Mapping[str, Sequence[str] | str], records: BitMap) -> BitMap:
    """Keep the records that fit each filter.

    Raises
    ------
    InvalidQueryError
        If there is no such facet, or a value is not a text.
    """
    for name, wanted in filters.items():
        if name not in FACETS:
            msg = f"There is no filter {name!r}. Valid filters are: {', '.join(sorted(FACETS))}. Use one of these."
            raise InvalidQueryError(msg)
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        if not all(isinstance(value, str) for value in values):
            msg = f"The filter {name!r} has the values {values!r}; expected texts. Give each value as a text."
            raise InvalidQueryError(msg)
        sets = [find_value(database, name, value) for value in values]
        every = name in _ALL_OF and bool(sets)
        records = records & (intersection(sets) if every else union(sets))
    return records


def find_value(database: Database, facet: str, value: str) -> BitMap:
    """Find the records that have a value, by its text in any case, its identifier, or another name for it."""
    names = [fold(name) for name in _names(facet, value)]
    marks = ", ".join("?" * len(names))
    field = FIELDS[facet].number
    rows = database.rows(
        (bytes,),
        f"SELECT records FROM facet_values WHERE field = ? AND folded IN ({marks}) UNION ALL "  # noqa: S608
        "SELECT records FROM facet_values WHERE id IN "
        f"(SELECT value FROM aliases WHERE field = ? AND alias IN ({marks}))",
        field,
        *names,
        field,
        *names,
    )
    return union(unpack(records) for (records,) in rows)


def _names(facet: str, value: str) -> set[str]:
    value = clean(value)
    names = {value}
    if not value:
        return names
    if facet == "organism":
        from bioimagehub.catalogs.vocabulary.organisms import find_organism
        from bioimagehub.catalogs.vocabulary.synonyms import expand

        organism = find_organism(value)
        if organism is not None:
            names |= {organism.name, f"NCBITaxon:{organism.taxon}"}
        else:
            # A word for several organisms, such as yeast.
            names |= {found.name for name in expand(value) if (found := find_organism(name))}
        if value.isdecimal():
            names.add(f"NCBITaxon:{value}")
    if facet == "method":
        from bioimagehub.catalogs.vocabulary.methods import find_method

        method = find_method(value)
        names |= {method.name, method.id or method.name}
    return names
