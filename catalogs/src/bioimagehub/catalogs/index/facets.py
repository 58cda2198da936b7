"""Facets: which values the records of a selection have, and how many each."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.bitmaps import unpack
from bioimagehub.catalogs.index.fields import FACETS, FIELDS

if TYPE_CHECKING:
    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database


class Facets:
    """The values of each facet, read when it is first asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._values: dict[str, list[tuple[int, str, BitMap]]] = {}

    def count(self, facet: str, records: BitMap, limit: int | None) -> list[tuple[str, int]]:
        """Count the most frequent values of a facet in some records, the most frequent first, then by name."""
        values = self._load(facet)
        if limit is None:
            limit = len(values)
        if len(records) == self._database.count:
            return [(text, count) for count, text, _ in values[:limit]]
        best: list[int] = []
        found = []
        for count, text, having in values:
            # The values come by their count in all records, and none has more here than there.
            if len(best) >= limit and (not best or count < best[0]):
                break
            here = records.intersection_cardinality(having)
            if here:
                found.append((-here, text))
                heapq.heappush(best, here)
                if len(best) > limit:
                    heapq.heappop(best)
        found.sort()
        return [(text, -count) for count, text in found[:limit]]

    def _load(self, facet: str) -> list[tuple[int, str, BitMap]]:
        if facet not in FACETS:
            msg = f"There is no facet {facet!r}. Valid facets are: {', '.join(sorted(FACETS))}. Use one of these."
            raise InvalidQueryError(msg)
        if facet not in self._values:
            rows = self._database.rows(
                "SELECT count, text, records FROM facet_values WHERE field = ?", (FIELDS[facet].number,)
            )
            values = [(count, text, unpack(records)) for count, text, records in rows]
            self._values[facet] = sorted(values, key=lambda value: (-value[0], value[1]))
        return self._values[facet]
