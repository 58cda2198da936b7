"""Postings: the records that have some words, by class of text.

Words and phrases that many records have are stored as sets. All others are asked of the full text: that of names
leads to records, that of values to values and from there to their sets of records.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from bioimagehub.catalogs.index.bitmaps import union, unpack
from bioimagehub.catalogs.index.fields import FIELDS, NAME, REST, SUBJECT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database

    Words = tuple[str, ...]
    Found = dict[int, BitMap]

_REMEMBERED = 128
_LAST = "\U0010ffff"
_KINDS = {field.number: field.kind for field in FIELDS.values()}


class Postings:
    """Finds the records of words; remembers those of the last ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)
        self.find_prefix = lru_cache(maxsize=_REMEMBERED)(self._find_prefix)

    def _find(self, phrases: tuple[Words, ...]) -> Found:
        """Find the records that have the words of at least one phrase next to each other."""
        asked = {" ".join(words) for words in phrases}
        marks = ", ".join("?" * len(asked))
        rows = self._database.rows(
            (int, str, bytes),
            f"SELECT kind, word, records FROM common WHERE word IN ({marks}) AND prefix = 0",  # noqa: S608
            *asked,
        )
        in_names = asked - {word for kind, word, _ in rows if kind == NAME}
        in_values = asked - {word for kind, word, _ in rows if kind != NAME}
        sets = [(kind, unpack(records)) for kind, _, records in rows]
        sets += self._names(in_names, "") + self._values(in_values, "")
        return _by_kind(sets)

    def _find_prefix(self, words: Words) -> Found:
        """Find the records that have these words next to each other, of which the last one may go on."""
        asked = " ".join(words)
        sets = []
        for kinds, search in (("0", self._names), ("1, 2", self._values)):
            sets += (self._common_prefix(kinds, asked) if len(words) == 1 else []) or search({asked}, "*")
        return _by_kind(sets)

    def _common_prefix(self, kinds: str, beginning: str) -> list[tuple[int, BitMap]]:
        # Where all that begins so goes on alike, what is stored is the longer beginning.
        nearest = self._database.rows(
            (str, int),
            f"SELECT word, prefix FROM common WHERE kind IN ({kinds}) AND word >= ? AND word < ? "  # noqa: S608
            "ORDER BY length(word), prefix DESC LIMIT 1",
            beginning,
            beginning + _LAST,
        )
        return [
            (kind, unpack(records))
            for way in nearest
            for kind, records in self._database.rows(
                (int, bytes),
                f"SELECT kind, records FROM common WHERE kind IN ({kinds}) AND word = ? AND prefix = ?",  # noqa: S608
                *way,
            )
        ]

    def _names(self, phrases: Collection[str], sign: str) -> list[tuple[int, BitMap]]:
        """Find the records that have a phrase in their name."""
        if not phrases:
            return []
        # As one JSON text: it takes half the time of a row each.
        statement = "SELECT json_group_array(rowid) FROM name_words WHERE name_words MATCH ?"
        rows = self._database.rows((str,), statement, _expression(phrases, sign))
        return [(NAME, self._database.records(json.loads(rows[0][0])))]

    def _values(self, phrases: Collection[str], sign: str) -> list[tuple[int, BitMap]]:
        """Find the records that have a value with a phrase in it."""
        if not phrases:
            return []
        rows = self._database.rows(
            (int, bytes),
            "SELECT field, records FROM facet_values WHERE id IN "
            "(SELECT rowid FROM value_words WHERE value_words MATCH ?)",
            _expression(phrases, sign),
        )
        return [(_KINDS.get(field, REST), unpack(records)) for field, records in rows]


def _expression(phrases: Iterable[str], sign: str) -> str:
    """Write phrases of folded words, which hold no sign that means anything there, as SQLite takes them."""
    return " OR ".join(f'"{phrase}"{sign}' for phrase in phrases)


def _by_kind(sets: list[tuple[int, BitMap]]) -> Found:
    found = {}
    for kind in (NAME, SUBJECT, REST):
        parts = [records for of, records in sets if of == kind and records]
        if parts:
            found[kind] = parts[0] if len(parts) == 1 else union(parts)
    return found
