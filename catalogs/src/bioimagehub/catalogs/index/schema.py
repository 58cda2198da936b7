"""The file of the index: its tables, and what tells a whole file of this version from any other.

::

    meta          what the file is: number of records, dictionary of the blocks, their checksum, which comes last
    blocks        sixteen records a row, compressed together
    names         identifier -> record
    name_words    full text: names of records                      (FTS5, row = record)
    facet_values  each distinct value of a field -> its records
    aliases       identifier of a value elsewhere -> value
    value_words   full text: values                                (FTS5, row = value)
    common        words, beginnings of words and phrases that many records have -> their records
    columns       record -> its values, of facets that have many
    orders        records in the order of a number or a name, cut into slices
    spellings     what a word is with letters left out -> the word

Words of values lead to values and only these lead to records, because images take most of their text from their
study: the text of a study is indexed once. Records count from 1, in the order in which they came.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from bioimagehub.catalogs.errors import DamagedIndexError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = 0x62694869
SCHEMA_VERSION = 6
BLOCK = 16

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite and the reading of its texts raise on a damaged file."""

_HEADER = 100
_MAGIC = b"SQLite format 3\x00"

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE blocks (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE names (
    name TEXT COLLATE NOCASE, archive TEXT, record INTEGER, PRIMARY KEY (name, archive, record)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE name_words USING fts5(words, content='', columnsize=0, tokenize='ascii');
CREATE TABLE facet_values (
    id INTEGER PRIMARY KEY, field INTEGER NOT NULL, count INTEGER NOT NULL, text TEXT, folded TEXT, records BLOB
);
CREATE TABLE aliases (alias TEXT, field INTEGER, value INTEGER, PRIMARY KEY (alias, field, value)) WITHOUT ROWID;
CREATE VIRTUAL TABLE value_words USING fts5(words, content='', columnsize=0, tokenize='ascii');
CREATE TABLE common (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, prefix INTEGER NOT NULL, word TEXT NOT NULL, records BLOB NOT NULL
);
CREATE TABLE columns (field INTEGER PRIMARY KEY, records BLOB NOT NULL, rows BLOB NOT NULL, sets BLOB NOT NULL);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, low INTEGER, high INTEGER, records BLOB NOT NULL, rows BLOB NOT NULL
);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE spellings (key INTEGER, word INTEGER, PRIMARY KEY (key, word)) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX values_by_count ON facet_values (field, count DESC);
CREATE INDEX values_by_text ON facet_values (field, folded) WHERE folded IS NOT NULL;
CREATE INDEX common_by_word ON common (word, prefix, kind);
CREATE INDEX words_by_word ON words (word);
CREATE INDEX orders_by_name ON orders (name, id);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the empty tables of an index."""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.executescript(TABLES)


def check_file(file: Path) -> None:
    """Check that a file is a whole index of this version, without SQLite.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    DamagedIndexError
        If it is cut, or another file.
    """
    with file.open("rb") as opened:
        header = opened.read(_HEADER)
        size = opened.seek(0, 2)
    if len(header) < _HEADER or header[:16] != _MAGIC:
        raise damaged(file, "it is not a SQLite file")
    application, version = int.from_bytes(header[68:72]), int.from_bytes(header[60:64])
    if application != APPLICATION:
        raise damaged(file, f"its application is {application:#x}, expected {APPLICATION:#x}")
    if version != SCHEMA_VERSION:
        raise damaged(file, f"its version is {version}, this software reads version {SCHEMA_VERSION}")
    page = int.from_bytes(header[16:18])
    expected = int.from_bytes(header[28:32]) * (65536 if page == 1 else page)
    if size != expected:
        raise damaged(file, f"it has {size} bytes, expected {expected}")


class Meta(NamedTuple):
    """The content of ``meta``: the number of records, and the dictionary of the blocks."""

    total: int
    dictionary: bytes


def finish(connection: sqlite3.Connection, meta: Meta) -> None:
    """Write what the file is. It must be the last thing that is written: a file without it is not whole."""
    rows = {**meta._asdict(), "checksum": _checksum(meta)}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())


def check_tables(connection: sqlite3.Connection, where: object) -> Meta:
    """Check that the tables are those of this version and were finished; give the content of ``meta``.

    Raises
    ------
    DamagedIndexError
        If a table is missing or differs, or the building was not finished.
    """
    try:
        found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
        meta = dict(connection.execute("SELECT key, value FROM meta"))
    except UNREADABLE as error:
        raise damaged(where, f"SQLite says: {error}") from error
    statements = {part.strip() for part in (TABLES + INDEXES).split(";") if part.strip()}
    if not statements <= found:
        raise damaged(where, f"{len(statements - found)} of its tables are not those of version {SCHEMA_VERSION}")
    told = Meta(meta.get("total", 0), meta.get("dictionary", b""))
    if meta.get("checksum") != _checksum(told):
        raise damaged(where, "it was not finished")
    return told


def _checksum(meta: Meta) -> int:
    return zlib.crc32(repr(meta).encode())


class OpenedFile:
    """The file of an index that was opened, so that it is known to be one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    __repr__ = __str__


def damaged(where: object, found: str) -> DamagedIndexError:
    """Make the error of an index that is not whole.

    A file that was opened as an index is removed, so that the next one who looks for it builds it again. Nothing is
    lost: it holds what the catalogs hold. A file that was not, stays: it may be something else.
    """
    if isinstance(where, OpenedFile):
        with suppress(OSError):
            where.path.unlink()
    msg = (
        f"The index {where} is damaged or not an index of this version: {found}. "
        "Build it again by opening the catalog again; nothing else is kept in it."
    )
    return DamagedIndexError(msg)
