"""Facets: which values the records of a selection have, and how many each."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.bitmaps import unpack
from bioimagehub.catalogs.index.columns import read_column
from bioimagehub.catalogs.index.fields import FACETS, FIELDS
from bioimagehub.catalogs.index.schema import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database

    Counted = list[tuple[str, int]]

# About how many records of a column are tallied in the time in which one value is intersected.
_RECORDS_A_VALUE = 20
_BATCH = 128
_REMEMBERED = 512


class Facets:
    """Counts values; what it needs of a facet is read when that is first asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._column = cache(lambda facet: read_column(database, FIELDS[facet].number))
        self._values = lru_cache(maxsize=_REMEMBERED)(self._read_values)
        self._counts = cache(self._read_counts)

    def count(self, facet: str, records: BitMap, limit: int | None) -> Counted:
        """Count the most frequent values of a facet in some records, the most frequent first, then by name."""
        if facet not in FACETS:
            msg = f"There is no facet {facet!r}. Valid facets are: {', '.join(sorted(FACETS))}. Use one of these."
            raise InvalidQueryError(msg)
        total = len(self._counts(facet))
        limit = total if limit is None else max(0, min(limit, total))
        if limit == 0:
            return []
        if len(records) == self._database.count:
            return self._count_all(facet, limit)
        column = self._column(facet)
        if column is not None:
            records = records & column.records
            if len(records) < _RECORDS_A_VALUE * self._expect_visits(facet, len(records) / len(column.records), limit):
                # Values are numbered by their text, so equals come by name.
                best = heapq.nsmallest(limit, ((-count, value) for value, count in column.tally(records)))
                return [(self._text(value), -count) for count, value in best]
        return self._count_by_value(facet, records, limit)

    def _count_all(self, facet: str, limit: int) -> Counted:
        statement = "SELECT text, count FROM facet_values WHERE field = ? ORDER BY count DESC, id LIMIT ?"
        return self._database.rows((str, int), statement, FIELDS[facet].number, limit)

    def _count_by_value(self, facet: str, records: BitMap, limit: int) -> Counted:
        best: list[int] = []
        found = []
        for count, text, having in self._iterate(facet):
            # They come by their count in all records, and none has more here than there.
            if len(best) >= limit and count < best[0]:
                break
            here = records.intersection_cardinality(having)
            if here:
                found.append((-here, text))
                heapq.heappush(best, here)
                if len(best) > limit:
                    heapq.heappop(best)
        return [(text, -count) for count, text in heapq.nsmallest(limit, found)]

    def _expect_visits(self, facet: str, share: float, limit: int) -> int:
        """Tell how many values there are to intersect, if each has the same share of its records among those asked."""
        counts = self._counts(facet)
        return bisect_right(counts, -share * counts[limit - 1], key=int.__neg__)

    def _iterate(self, facet: str) -> Iterator[tuple[int, str, BitMap]]:
        """Give the values by their count in all records; few are read where few are looked at."""
        for start in range(0, len(self._counts(facet)), _BATCH):
            yield from self._values(facet, start)

    def _read_values(self, facet: str, start: int) -> list[tuple[int, str, BitMap]]:
        statement = (
            "SELECT count, text, records FROM facet_values WHERE field = ? ORDER BY count DESC, id LIMIT ? OFFSET ?"
        )
        rows = self._database.rows((int, str, bytes), statement, FIELDS[facet].number, _BATCH, start)
        return [(count, text, unpack(records)) for count, text, records in rows]

    def _read_counts(self, facet: str) -> list[int]:
        statement = "SELECT count FROM facet_values WHERE field = ? ORDER BY count DESC"
        return [count for (count,) in self._database.rows((int,), statement, FIELDS[facet].number)]

    def _text(self, value: int) -> str:
        rows = self._database.rows((str,), "SELECT text FROM facet_values WHERE id = ?", value)
        if not rows:
            raise damaged(self._database.where, f"a record has value {value}, which is not there")
        text: str = rows[0][0]
        return text
