"""Reading the file of an index: rows, and every failure of SQLite as a damaged index."""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.index import schema
from bioimagehub.catalogs.index.blocks import place, unpack_block

if TYPE_CHECKING:
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
        meta = schema.check_tables(connection, where)
        self.count = int(meta["count"])
        self._dictionary = bytes(meta["dictionary"])
        self._block = lru_cache(maxsize=_BLOCKS)(self._read_block)

    def rows(self, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and give its rows.

        Raises
        ------
        DamagedIndexError
            If SQLite finds the file damaged.
        """
        try:
            with self._lock:
                return self._connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            raise schema.damaged(self.where, f"SQLite says: {error}") from error

    def record(self, number: int) -> dict[str, Any]:
        """Give the fields of a record."""
        block, line = place(number)
        fields: dict[str, Any] = json.loads(self._block(block)[line])
        return fields

    def identifier(self, number: int) -> str:
        """Give the identifier of a record."""
        block, line = place(number)
        identifier: str = json.loads(self._block(block)[0])[line - 1]
        return identifier

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read_block(self, block: int) -> list[bytes]:
        rows = self.rows("SELECT body FROM blocks WHERE id = ?", (block,))
        if not rows:
            raise schema.damaged(self.where, f"block {block} of the records is missing")
        return unpack_block(rows[0][0], self._dictionary, self.where)
