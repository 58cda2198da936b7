"""A selection: the records that a search found, counted at once and read page by page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.fields import FACETS, SORTS
from bioimagehub.catalogs.index.ranking import rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.index import Index
    from bioimagehub.catalogs.index.matching import Hits


class Selection:
    """Records of an index. It is made by `Index.select`, and knows what was asked, to rank by it.

    Parameters
    ----------
    index : Index
    records : BitMap
        Their numbers.
    hits : tuple of Hits
        What was found for each clause of the search text.
    first : tuple of int
        Records that the search text names; they come first.
    """

    def __init__(self, index: Index, records: BitMap, hits: tuple[Hits, ...] = (), first: tuple[int, ...] = ()) -> None:
        self._index = index
        self._records = records
        self._hits = hits
        self._first = tuple(number for number in first if number in records)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, identifier: object) -> bool:
        number = self._index.number(identifier) if isinstance(identifier, str) else None
        return number is not None and number in self._records

    def __repr__(self) -> str:
        return f"<Selection of {len(self)} records>"

    @property
    def index(self) -> Index:
        """The index that the records are of."""
        return self._index

    def __or__(self, other: Selection) -> Selection:
        """Give the records of both; `other` was narrowed from what this one was narrowed from, by filters or ranges."""
        return Selection(self._index, self._records | other._records, self._hits, self._first + other._first)

    def narrow(
        self,
        text: str = "",
        filters: Mapping[str, Sequence[str]] | None = None,
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> Selection:
        """Give the part of it that fits, as `Index.select` does for all records."""
        records, hits, first = self._index.find(self._records, text, filters or {}, ranges or {})
        return Selection(self._index, records, self._hits + hits, self._first + first)

    def without(self, filters: Mapping[str, Sequence[str]]) -> Selection:
        """Give the part of it that does not fit some filters, as `Index.select` takes them."""
        fitting, _, _ = self._index.find(self._records, "", filters, {})
        return Selection(self._index, self._records - fitting, self._hits, self._first)

    def page(self, offset: int = 0, limit: int = 20, sort: str = "relevance") -> list[dict[str, Any]]:
        """Read some of the records.

        Parameters
        ----------
        offset, limit : int
            How many to leave out, and how many to give at most. Pages that follow each other hold each record once.
        sort : str
            One of `SORTS`. Records without the field come last; equals are in the order of the catalog.

        Returns
        -------
        list of dict
            Plain fields, as they were given to `build_index`.

        Raises
        ------
        InvalidQueryError
            If there is no such order, or a number is negative.
        """
        return [self._index.record(number) for number in self._numbers(offset, limit, sort)]

    def identifiers(self, offset: int = 0, limit: int = 20, sort: str = "relevance") -> list[str]:
        """Give the identifiers of some of the records; parameters as in `page`."""
        return [self._index.identifier(number) for number in self._numbers(offset, limit, sort)]

    def facets(self, names: Sequence[str] | None = None, limit: int | None = 10) -> dict[str, list[tuple[str, int]]]:
        """Count which values the records have.

        Parameters
        ----------
        names : sequence of str or None
            Facets, out of `FACETS`; None takes all.
        limit : int or None
            How many values of each, the most frequent first; None takes all.

        Raises
        ------
        InvalidQueryError
            If there is no such facet.
        """
        return {name: self._index.count(name, self._records, limit) for name in (FACETS if names is None else names)}

    def _numbers(self, offset: int, limit: int, sort: str) -> list[int]:
        if sort not in SORTS:
            msg = f"There is no order {sort!r}. Valid orders are: {', '.join(sorted(SORTS))}. Use one of these."
            raise InvalidQueryError(msg)
        if offset < 0 or limit < 0:
            msg = f"A page has the offset {offset} and the limit {limit}; expected none below 0. Count from 0."
            raise InvalidQueryError(msg)
        if sort == "relevance":
            return list(islice(self._ranked(offset), limit))
        name = sort.removeprefix("-")
        walk = self._index.orders.walk(name, self._records, backwards=sort != name, skip=offset)
        return list(islice(walk, limit))

    def _ranked(self, skip: int) -> Iterator[int]:
        first = list(dict.fromkeys(self._first))
        yield from first[skip:]
        skip = max(0, skip - len(first))
        records = self._records.difference(type(self._records)(first)) if first else self._records
        for tier in rank(records, self._hits):
            if len(tier) > skip:
                yield from tier[skip:]
            skip = max(0, skip - len(tier))
