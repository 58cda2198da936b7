"""Reading the file of an index: rows, and every failure of SQLite as a damaged index."""

from __future__ import annotations

import json
import weakref
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from bioimagehub.catalogs.index import schema
from bioimagehub.catalogs.index.blocks import place, unpack_block
from bioimagehub.catalogs.index.schema import BLOCK

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_BLOCKS = 64


class Database:
    """An open index.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a file that does not change, or to an index in memory. It may be used by several threads.
    where : object
        What the index is called in errors.
    """

    def __init__(self, connection: sqlite3.Connection, where: object) -> None:
        self.where = where
        self._connection = connection
        self._lock = Lock()
        # Closed with the last reference: who opens many indexes need not keep count.
        self.close = weakref.finalize(self, connection.close)
        meta = schema.check_tables(connection, where)
        self.count = meta.total
        self._dictionary = meta.dictionary
        self._block = lru_cache(maxsize=_BLOCKS)(self._read_block)

    def rows(self, kinds: tuple[type, ...], statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a query and give its rows, whose columns are of these kinds.

        Raises
        ------
        DamagedIndexError
            If SQLite finds the file damaged, or a value is of another kind.
        """
        try:
            with self._lock:
                rows = self._connection.execute(statement, values).fetchall()
        except schema.UNREADABLE as error:
            raise schema.damaged(self.where, f"SQLite says: {error}") from error
        for row in rows:
            if tuple(map(type, row)) != kinds:
                raise schema.damaged(self.where, f"it holds {row!r:.80} where {len(kinds)} other values should be")
        return rows

    def serialize(self) -> bytes:
        """Give the whole index as bytes."""
        with self._lock:
            return self._connection.serialize()

    def record(self, number: int) -> dict[str, Any]:
        """Give the fields of a record."""
        fields: dict[str, Any] = json.loads(self._line(number))
        return fields

    def identifier(self, number: int) -> str:
        """Give the identifier of a record."""
        self._line(number)
        block, line = place(number)
        identifier: str = json.loads(self._block(block)[0])[line - 1]
        return identifier

    def records(self, numbers: Iterable[int]) -> BitMap:
        """Make a set of numbers of records that were read.

        Raises
        ------
        DamagedIndexError
            If there is no such record.
        """
        numbers = list(numbers)
        if numbers and not 1 <= min(numbers) <= max(numbers) <= self.count:
            raise schema.damaged(self.where, "it leads to records that it does not have")
        return BitMap(numbers)

    def _line(self, number: int) -> bytes:
        if not 1 <= number <= self.count:
            raise schema.damaged(self.where, f"it leads to record {number}, and has {self.count}")
        block, line = place(number)
        return self._block(block)[line]

    def _read_block(self, block: int) -> list[bytes]:
        rows = self.rows((bytes,), "SELECT body FROM blocks WHERE id = ?", block)
        expected = min(BLOCK, self.count - block * BLOCK) + 1
        lines = unpack_block(rows[0][0], self._dictionary, self.where) if rows else []
        if len(lines) != expected:
            raise schema.damaged(self.where, f"block {block} has {len(lines)} lines, expected {expected}")
        return lines
