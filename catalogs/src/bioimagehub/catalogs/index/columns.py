"""Columns: which values each record has, of the facets that have many.

The set of records of each value serves to count few values in many records. Of thousands of genes in some records it
is quicker to look at what each record has. Records share what they have with others, so a column holds
a number for each record, and beside it stands which values this number means.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pyroaring import BitMap

from bioimagehub.catalogs.index.bitmaps import pack, seal, unpack, unseal

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from bioimagehub.catalogs.index.database import Database

FEWEST_VALUES = 300
_CHUNK = 1 << 16
_MOST_SETS = 65_000
_LEVEL = 1

Sets = dict[tuple[int, ...], int]


class Column(NamedTuple):
    """What the records have of one facet.

    Attributes
    ----------
    records : BitMap
        Those that have anything.
    rows : array of uint16
        By number of the record the number of its set of values; 0 for none.
    sets : list of tuple of int
        By number the values, as they are numbered in ``facet_values``, in their order by text.
    """

    records: BitMap
    rows: array[int]
    sets: list[tuple[int, ...]]

    def tally(self, records: BitMap) -> list[tuple[int, int]]:
        """Count the values in records that all have some: (value, number of records) in any order."""
        found: Counter[int] = Counter()
        for number, count in Counter(map(self.rows.__getitem__, records)).items():
            for value in self.sets[number]:
                found[value] += count
        return list(found.items())


def write_columns(connection: sqlite3.Connection, count: int) -> None:
    """Write the column of each facet that has many values, where the records share their sets of values."""
    facets = connection.execute(
        "SELECT field FROM facet_values WHERE text IS NOT NULL GROUP BY field HAVING count(*) >= ?", (FEWEST_VALUES,)
    ).fetchall()
    for (field,) in facets:
        values = [
            (value, unpack(records))
            for value, records in connection.execute("SELECT id, records FROM facet_values WHERE field = ?", (field,))
        ]
        sets: Sets = {(): 0}
        rows = array("H", [0])
        for start in range(1, count + 1, _CHUNK):
            rows.extend(_number_sets(values, start, min(start + _CHUNK, count + 1), sets))
            if len(sets) > _MOST_SETS:
                break
        else:
            having = BitMap.union(*(records for _, records in values))
            flat = array("I")
            for members in sets:
                flat.extend([len(members), *members])
            connection.execute(
                "INSERT INTO columns VALUES (?, ?, ?, ?)",
                (field, pack(having), _squeeze(rows), _squeeze(flat)),
            )


def read_column(database: Database, field: int) -> Column | None:
    """Read the column of a facet; None where it has none."""
    statement = "SELECT records, rows, sets FROM columns WHERE field = ?"
    for having, rows, members in database.rows((bytes, bytes, bytes), statement, field):
        flat = array("I", zlib.decompress(unseal(members)))
        return Column(unpack(having), array("H", zlib.decompress(unseal(rows))), list(_part(flat)))
    return None


def _number_sets(values: list[tuple[int, BitMap]], start: int, end: int, sets: Sets) -> Iterator[int]:
    """Give the number of the set of values of each record from `start` to before `end`; note sets that are new."""
    window = BitMap(range(start, end))
    members: list[list[int]] = [[] for _ in range(end - start)]
    for value, records in values:
        for record in records & window:
            members[record - start].append(value)
    for one in members:
        yield min(sets.setdefault(tuple(one), len(sets)), _MOST_SETS)


def _squeeze(numbers: array[int]) -> bytes:
    return seal(zlib.compress(numbers.tobytes(), _LEVEL))


def _part(flat: array[int]) -> Iterator[tuple[int, ...]]:
    start = 0
    while start < len(flat):
        end = start + 1 + flat[start]
        yield tuple(flat[start + 1 : end])
        start = end
