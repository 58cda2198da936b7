"""Building an index: in one pass over the records and bounded memory, and visible only when it is whole.

The pass writes the records and the words of their names, and puts aside which record has which value. What was put
aside is then merged in order by SQLite, which sorts on the disk.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from array import array
from collections import defaultdict
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import IndexNotWritableError, InvalidEntryError
from bioimagehub.catalogs.index import merging, schema
from bioimagehub.catalogs.index.blocks import Packer, choose_dictionary
from bioimagehub.catalogs.index.database import Database
from bioimagehub.catalogs.index.fields import Value, clean, list_numbers, list_values, name_text
from bioimagehub.catalogs.index.index import Index
from bioimagehub.catalogs.index.words import fold, split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_BATCH = 256
_PUT_ASIDE = 500_000
_LETTERS = 32
_STALE = 24 * 3600.0
_ASIDE = """
CREATE TABLE aside.entries (
    field INTEGER, text TEXT, alias TEXT, records BLOB
);
CREATE TABLE aside.rows (
    record INTEGER PRIMARY KEY, name TEXT, archive TEXT, title TEXT, size INTEGER, released INTEGER, modified INTEGER,
    files INTEGER, images INTEGER
);
"""


def build_index(
    path: Path, records: Iterable[Mapping[str, Any]], *, progress: Callable[[int], None] | None = None
) -> None:
    """Build the index of some records as one file.

    The file appears whole or not at all: it is built beside its place, checked, and moved there. Whoever has the old
    one open keeps it; of two that build at once the last one stays.

    Parameters
    ----------
    path : Path
        Where to put it. Its folder must be there.
    records : iterable of mapping
        The plain fields of each record, as ``record.model_dump(mode="json", exclude_defaults=True)`` gives them. Their
        order is the order of what a search finds equally good.
    progress : callable or None
        Called now and then with the number of records that were read.

    Raises
    ------
    IndexNotWritableError
        If the folder cannot be written, or the disk is full.
    InvalidEntryError
        If a record has no identifier, or two have the same.
    """
    mark = f".{path.name}.building-"
    made = path.parent / f"{mark}{os.getpid()}-{secrets.token_hex(4)}"
    aside = made.with_name(f"{made.name}-aside")
    with _removed(made, aside):
        try:
            with closing(sqlite3.connect(made, isolation_level=None)) as connection:
                _build(connection, str(aside), records, progress)
        except sqlite3.OperationalError as error:
            raise _not_writable(path, error) from error
        try:
            _put_in_place(made, path)
            _remove_stale(path.parent, mark)
        except OSError as error:
            raise _not_writable(path, error) from error


def build_memory_index(records: Iterable[Mapping[str, Any]]) -> Index:
    """Build the index of some records in memory; records and errors as in `build_index`."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _build(connection, ":memory:", records, None)
    return Index(Database(connection, "in memory"))


def _build(
    connection: sqlite3.Connection,
    aside: str,
    records: Iterable[Mapping[str, Any]],
    progress: Callable[[int], None] | None,
) -> None:
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -65536")
    schema.create_tables(connection)
    connection.execute("ATTACH ? AS aside", (aside,))
    connection.execute("PRAGMA aside.journal_mode = OFF")
    connection.execute("PRAGMA aside.synchronous = OFF")
    connection.executescript(_ASIDE)
    connection.execute("BEGIN")
    meta = _Pass(connection, progress).take(records)
    merging.merge(connection, meta.total)
    connection.execute("COMMIT")
    connection.execute("DETACH aside")
    connection.executescript(schema.INDEXES)
    schema.finish(connection, meta)


class _Pass:
    """The pass over the records."""

    def __init__(self, connection: sqlite3.Connection, progress: Callable[[int], None] | None) -> None:
        self._connection = connection
        self._progress = progress
        self._aside: defaultdict[Value, array[int]] = defaultdict(lambda: array("I"))
        self._held = 0

    def take(self, records: Iterable[Mapping[str, Any]]) -> schema.Meta:
        """Read all records."""
        source = iter(records)
        batch = list(islice(source, _BATCH))
        dictionary = choose_dictionary(batch)
        self._packer = Packer(dictionary)
        count = 0
        while batch:
            self._write(count + 1, batch)
            count += len(batch)
            if self._progress is not None:
                self._progress(count)
            batch = list(islice(source, _BATCH))
        self._write_blocks(self._packer.finish())
        self._flush()
        return schema.Meta(count, dictionary)

    def _write(self, start: int, batch: list[Mapping[str, Any]]) -> None:
        names, rows = [], []
        for number, record in enumerate(batch, start):
            identifier = record.get("identifier")
            if not isinstance(identifier, str) or ":" not in identifier:
                msg = (
                    f"The entry {number} for the index has the identifier {identifier!r}; expected a text like "
                    "'idr:idr0062'. Correct the entry."
                )
                raise InvalidEntryError(msg)
            archive, _, name = identifier.partition(":")
            names.append((number, " ".join(split_words(name_text(record)))))
            rows.append((number, name, archive, fold(clean(record.get("title"))), *list_numbers(record)))
            for value in set(list_values(record)):
                if value.text:
                    self._put_aside(value, number)
            self._write_blocks(self._packer.add(record))
            if self._held >= _PUT_ASIDE:
                self._flush()
        self._connection.executemany("INSERT INTO name_words (rowid, words) VALUES (?, ?)", names)
        self._connection.executemany("INSERT INTO aside.rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _put_aside(self, value: Value, number: int) -> None:
        if value not in self._aside:
            self._held += len(value.text) // _LETTERS
        self._aside[value].append(number)
        self._held += 1

    def _write_blocks(self, blocks: Iterable[tuple[int, bytes]]) -> None:
        self._connection.executemany("INSERT INTO blocks VALUES (?, ?)", blocks)

    def _flush(self) -> None:
        self._connection.executemany(
            "INSERT INTO aside.entries VALUES (?, ?, ?, ?)",
            ((*value, records.tobytes()) for value, records in self._aside.items()),
        )
        self._aside.clear()
        self._held = 0


def _put_in_place(made: Path, path: Path) -> None:
    """Check a file that was just built, with all its pages, and move it to its place."""
    with made.open("rb") as written:
        os.fsync(written.fileno())
    schema.check_file(made)
    with closing(sqlite3.connect(f"{made.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        schema.check_tables(connection, made)
        found = [text for (text,) in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise schema.damaged(made, f"just built, and already: {found[0]}")
    made.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _not_writable(path: Path, error: Exception) -> IndexNotWritableError:
    msg = (
        f"The index {path} cannot be built: {error}. Its folder must be there, be writable and have room, about a "
        "kilobyte a record. Make room or choose another folder; the index that was there is untouched."
    )
    return IndexNotWritableError(msg)


@contextmanager
def _removed(*files: Path) -> Iterator[None]:
    """Remove what is left of these files in the end."""
    try:
        yield
    finally:
        for file in files:
            with suppress(FileNotFoundError, NotADirectoryError):
                file.unlink()


def _remove_stale(folder: Path, mark: str) -> None:
    """Remove what builders left behind that were killed a day ago or earlier."""
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            if file.name.startswith(mark) and time.time() - file.stat().st_mtime > _STALE:
                file.unlink()
