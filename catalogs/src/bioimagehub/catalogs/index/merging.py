"""The second half of building: what was put aside becomes the tables of the index."""

from __future__ import annotations

from array import array
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pyroaring import BitMap

from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.index import spelling
from bioimagehub.catalogs.index.bitmaps import pack, seal, union, unpack
from bioimagehub.catalogs.index.columns import write_columns
from bioimagehub.catalogs.index.fields import FIELDS, NAME, NUMBERS, REST, SPOKEN, SUBJECT
from bioimagehub.catalogs.index.words import fold, split_words

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    Postings = Callable[[BitMap], dict[int, BitMap]]
    Common = tuple[str, bool, dict[int, BitMap]]

_SLICES = 256
_SMALLEST_SLICE = 256
_MANY_VALUES = 64
_FEW_RECORDS = 1000
_SHARE = 200

_KINDS = {field.number: field.kind for field in FIELDS.values()}
_TOLD = {field.number for field in FIELDS.values() if field.facet}
_ORDERS = {"title": "title", "identifier": "archive || ':' || name"}


def merge(connection: sqlite3.Connection, count: int) -> None:
    """Make the tables of the index of what the pass over the records put aside."""
    _merge_names(connection)
    _merge_values(connection)
    connection.execute("INSERT INTO name_words (name_words) VALUES ('optimize')")
    connection.execute("INSERT INTO value_words (value_words) VALUES ('optimize')")
    words = spelling.Words(connection, count)
    names = _each_word(connection, "name_words", lambda docs: {NAME: docs})
    many = max(_FEW_RECORDS, count // _SHARE)
    _write_common(connection, words.watch(names), many)
    _write_common_phrases(connection, many)
    values = _each_word(connection, "value_words", lambda docs: _records_of(connection, docs))
    _write_common(connection, words.watch(values), _MANY_VALUES)
    words.write()
    write_columns(connection, count)
    for name in NUMBERS:
        _write_order(connection, name, name)
    for name, key in _ORDERS.items():
        _write_order(connection, name, key)


def _merge_names(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO names SELECT name, archive, record FROM aside.rows ORDER BY name COLLATE NOCASE, archive, record"
    )
    twice = connection.execute(
        "SELECT a.archive, a.name FROM (SELECT name, archive FROM names GROUP BY name, archive HAVING count(*) > 1) "
        "AS a JOIN names AS b ON a.name = b.name AND a.archive = b.archive "
        "GROUP BY b.archive, b.name COLLATE BINARY HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if twice is not None:
        msg = (
            f"The catalogs hold more than one entry {twice[0]}:{twice[1]}; an identifier must belong to one entry. "
            "Rename the entry in one of the files, or leave that file out of BIOIMAGEHUB_CATALOGS."
        )
        raise InvalidEntryError(msg)


def _merge_values(connection: sqlite3.Connection) -> None:
    entries = connection.execute("SELECT field, text, alias, records FROM aside.entries ORDER BY field, text")
    for number, ((field, text), group) in enumerate(groupby(entries, key=itemgetter(0, 1)), 1):
        parts = [(alias, BitMap(array("I", records))) for _, _, alias, records in group]
        records = union(part for _, part in parts)
        aliases = sorted({alias for alias, _ in parts if alias})
        told = (text, fold(text)) if field in _TOLD else (None, None)
        connection.execute(
            "INSERT INTO facet_values (id, field, count, text, folded, records) VALUES (?, ?, ?, ?, ?, ?)",
            (number, field, len(records), *told, pack(records)),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO aliases VALUES (?, ?, ?)", ((fold(alias), field, number) for alias in aliases)
        )
        if field in SPOKEN:
            words = " ".join(split_words("\n".join([text, *aliases])))
            connection.execute("INSERT INTO value_words (rowid, words) VALUES (?, ?)", (number, words))


def _records_of(connection: sqlite3.Connection, values: BitMap) -> dict[int, BitMap]:
    """Give the records of some values, by class of text."""
    found: dict[int, list[BitMap]] = {SUBJECT: [], REST: []}
    for value in values:
        field, records = connection.execute("SELECT field, records FROM facet_values WHERE id = ?", (value,)).fetchone()
        found[_KINDS[field]].append(unpack(records))
    return {kind: union(parts) for kind, parts in found.items() if parts}


def _each_word(
    connection: sqlite3.Connection, table: str, postings: Postings
) -> Iterator[tuple[str, int, dict[int, BitMap]]]:
    """Give each word of a table in order, with the number of rows that it is in and its records."""
    connection.execute(f"CREATE VIRTUAL TABLE temp.each_{table} USING fts5vocab('main', '{table}', 'instance')")
    rows = connection.execute(f"SELECT term, doc FROM temp.each_{table}")  # noqa: S608 - one of two names
    for word, group in groupby(rows, key=itemgetter(0)):
        docs = BitMap([doc for _, doc in group])
        yield word, len(docs), postings(docs)
    connection.execute(f"DROP TABLE temp.each_{table}")


def _write_common(
    connection: sqlite3.Connection, words: Iterable[tuple[str, int, dict[int, BitMap]]], limit: int
) -> None:
    for word, prefix, postings in _find_common(words, limit):
        connection.executemany(
            "INSERT INTO common (kind, prefix, word, records) VALUES (?, ?, ?, ?)",
            ((kind, prefix, word, pack(records)) for kind, records in postings.items()),
        )


def _write_common_phrases(connection: sqlite3.Connection, limit: int) -> None:
    """Write where the names of many records hold a value that many records have, such as an organism."""
    common = {word for (word,) in connection.execute("SELECT word FROM common WHERE prefix = 0").fetchall()}
    values = connection.execute("SELECT folded FROM facet_values WHERE folded IS NOT NULL AND count > ?", (limit,))
    phrases = {tuple(split_words(folded)) for (folded,) in values}
    for phrase in sorted(words for words in phrases if len(words) > 1 and common.issuperset(words)):
        text = " ".join(phrase)
        found = connection.execute("SELECT rowid FROM name_words WHERE name_words MATCH ?", (f'"{text}"',))
        records = BitMap([record for (record,) in found])
        if len(records) > limit:
            connection.execute(
                "INSERT INTO common (kind, prefix, word, records) VALUES (?, 0, ?, ?)", (NAME, text, pack(records))
            )


def _find_common(words: Iterable[tuple[str, int, dict[int, BitMap]]], limit: int) -> Iterator[Common]:
    """Find the words, and the beginnings at which words part, that are in more than `limit` rows.

    The words come in order, so the beginnings that the last word is under are a stack.
    """
    stack: list[tuple[int, int, dict[int, BitMap]]] = [(0, 0, {})]
    last, rows = "", 0
    postings: dict[int, BitMap] = {}
    for word, new_rows, new_postings in chain(words, [("", 0, {})]):
        shared = _shared_length(last, word)
        while stack[-1][0] > shared:
            length, under, below = stack.pop()
            rows, postings = rows + under, _unite(below, postings)
            if rows > limit:
                yield last[:length], True, postings
        if stack[-1][0] < shared:
            stack.append((shared, rows, _unite({}, postings)))
        elif shared:
            stack[-1] = (shared, stack[-1][1] + rows, _unite(stack[-1][2], postings))
        if new_rows > limit:
            yield word, False, new_postings
        last, rows, postings = word, new_rows, new_postings


def _shared_length(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _unite(into: dict[int, BitMap], more: dict[int, BitMap]) -> dict[int, BitMap]:
    for kind, records in more.items():
        if kind in into:
            into[kind] |= records
        else:
            into[kind] = records.copy()
    return into


def _write_order(connection: sqlite3.Connection, name: str, key: str) -> None:
    """Write the records in the order of a column, in slices with their keys: the number, or the rank of a name.

    Equal keys never part: where more have one key than a slice holds, they are a slice of their own, whose order is
    that of the records.
    """
    total = connection.execute(f"SELECT count({key}) FROM aside.rows").fetchone()[0]  # noqa: S608 - names of columns
    size = max(_SMALLEST_SLICE, -(-total // _SLICES))
    rows = connection.execute(
        f"SELECT record, {key} FROM aside.rows WHERE {key} IS NOT NULL ORDER BY {key}, record"  # noqa: S608
    )
    records, keys = array("I"), array("q")
    for rank, (value, group) in enumerate(groupby(rows, key=itemgetter(1))):
        same = array("I", map(itemgetter(0), group))
        if records and len(records) + len(same) > size:
            _write_slice(connection, name, records, keys)
            records, keys = array("I"), array("q")
        records.extend(same)
        keys.extend([rank if name in _ORDERS else value] * len(same))
    if records:
        _write_slice(connection, name, records, keys)


def _write_slice(connection: sqlite3.Connection, name: str, records: array[int], keys: array[int]) -> None:
    rows = b"" if keys[0] == keys[-1] else records.tobytes() + keys.tobytes()
    connection.execute(
        "INSERT INTO orders (name, low, high, records, rows) VALUES (?, ?, ?, ?, ?)",
        (name, keys[0], keys[-1], pack(BitMap(records)), seal(rows)),
    )
