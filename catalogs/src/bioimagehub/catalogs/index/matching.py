"""Which records a clause of a query is about, and how much each way to be about it counts."""

from __future__ import annotations

import json
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bioimagehub.catalogs.index.bitmaps import intersection, union, unpack
from bioimagehub.catalogs.index.fields import FIELDS, NAME, REST, SUBJECT
from bioimagehub.catalogs.index.query import Clause
from bioimagehub.catalogs.index.words import other_number, spellings, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database

    Words = tuple[str, ...]
    Found = dict[int, BitMap]

_WEIGHTS = {NAME: 4.0, SUBJECT: 2.5, REST: 1.0}
_LITERAL, _SPELT, _SYNONYM, _SCATTERED = 1.0, 0.9, 0.5, 0.25
_REMEMBERED = 128
_LONGEST_CONCEPT = 4
_LAST = "\U0010ffff"
_KINDS = {field.number: field.kind for field in FIELDS.values()}


class Hits(NamedTuple):
    """What a clause is about.

    Attributes
    ----------
    records : BitMap
        All of it.
    levels : list of (float, BitMap)
        Parts of it with their score, best first; a record may be in several.
    """

    records: BitMap
    levels: list[tuple[float, BitMap]]


class Matcher:
    """Finds the records of clauses; remembers those of the last words."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)

    def match(self, clauses: Sequence[Clause]) -> list[Hits]:
        """Match each clause; words that are a term together, such as "cell division", are matched together."""
        return [self._match_one(group) for group in _find_concepts(clauses)]

    def knows(self, word: str) -> bool:
        """Tell whether a word or its other number or spelling is anywhere in the index."""
        return bool(self._match_one((Clause((word,)),)).records)

    def _match_one(self, group: tuple[Clause, ...]) -> Hits:
        words = tuple(word for clause in group for word in clause.words)
        ways = [(_LITERAL, self.find(words, group[0].prefix))]
        if not (group[0].quoted or group[0].prefix):
            ways += [(_SPELT, self.find(other, False)) for other in _other_spellings(words)]
            ways += [(_SYNONYM, self.find(other, False)) for other in _synonyms(" ".join(words))]
        if len(group) > 1:
            ways.append((_SCATTERED, self._scattered(group)))
        if not any(found for _, found in ways) and not group[0].quoted:
            ways += [(_SYNONYM, self.find(other, False)) for other in _broader(" ".join(words))]
        return self._weigh(ways)

    def _scattered(self, group: tuple[Clause, ...]) -> Found:
        """Find records that have all the words, but not as the term that they are together."""
        each = [self._match_one((clause,)).records for clause in group]
        return {REST: intersection(each)}

    def _weigh(self, ways: list[tuple[float, Found]]) -> Hits:
        levels: dict[float, list[BitMap]] = {}
        for share, found in ways:
            for kind, records in found.items():
                levels.setdefault(share * _WEIGHTS[kind], []).append(records)
        parts = {weight: sets[0] if len(sets) == 1 else union(sets) for weight, sets in levels.items()}
        records = union(parts.values())
        rarity = math.log(1 + self._database.count / (len(records) or 1))
        return Hits(records, [(weight * rarity, parts[weight]) for weight in sorted(parts, reverse=True)])

    def _find(self, words: Words, prefix: bool) -> Found:
        """Find the records that have these words next to each other, by class of text."""
        found = {} if prefix and len(words) > 1 else self._common(" ".join(words), prefix)
        asked = f'"{" ".join(words)}"{"*" if prefix else ""}'
        if NAME not in found:
            found[NAME] = self._names(asked)
        if not found.keys() & {SUBJECT, REST}:
            parts: dict[int, list[BitMap]] = {}
            for field, records in self._database.rows(
                (int, bytes),
                "SELECT field, records FROM facet_values WHERE id IN "
                "(SELECT rowid FROM value_words WHERE value_words MATCH ?)",
                asked,
            ):
                parts.setdefault(_KINDS.get(field, REST), []).append(unpack(records))
            found |= {kind: union(sets) for kind, sets in parts.items()}
        return {kind: records for kind, records in found.items() if records}

    def _common(self, word: str, prefix: bool) -> Found:
        """Find the records of a word, a phrase or a beginning of words, where there are many of them."""
        if not prefix:
            statement = "SELECT kind, records FROM common WHERE word = ? AND prefix = 0"
            rows = self._database.rows((int, bytes), statement, word)
            return {kind: unpack(records) for kind, records in rows}
        found: Found = {}
        for kinds in ("0", "1, 2"):
            # Where all that begins so goes on alike, what is stored is the longer beginning.
            nearest = self._database.rows(
                (str, int),
                f"SELECT word, prefix FROM common WHERE kind IN ({kinds}) AND word >= ? AND word < ? "  # noqa: S608
                "ORDER BY length(word), prefix DESC LIMIT 1",
                word,
                word + _LAST,
            )
            for way in nearest:
                rows = self._database.rows(
                    (int, bytes),
                    f"SELECT kind, records FROM common WHERE kind IN ({kinds}) AND word = ? AND prefix = ?",  # noqa: S608
                    *way,
                )
                found |= {kind: unpack(records) for kind, records in rows}
        return found

    def _names(self, asked: str) -> BitMap:
        """Find the records that have some words in their name."""
        # As one JSON text: it takes half the time of a row each.
        statement = "SELECT json_group_array(rowid) FROM name_words WHERE name_words MATCH ?"
        return self._database.records(json.loads(self._database.rows((str,), statement, asked)[0][0]))


def _find_concepts(clauses: Sequence[Clause]) -> Iterator[tuple[Clause, ...]]:
    """Take together the longest runs of plain words that the vocabulary knows as one term."""
    start = 0
    while start < len(clauses):
        for length in range(min(_LONGEST_CONCEPT, len(clauses) - start), 0, -1):
            group = tuple(clauses[start : start + length])
            plain = all(not (clause.quoted or clause.prefix) for clause in group)
            if length == 1 or (plain and _synonyms(" ".join(word for clause in group for word in clause.words))):
                break
        yield group
        start += length


def _other_spellings(words: Words) -> list[Words]:
    number = other_number(words[-1])
    return spellings(words) + ([(*words[:-1], number)] if number else [])


@cache
def _synonyms(phrase: str) -> list[Words]:
    """Give the synonyms that find more: one that has another one in it finds nothing that the other does not."""
    from bioimagehub.catalogs.vocabulary.synonyms import expand

    found = [tuple(phrase.split())]
    for words in sorted({tuple(split_words(other)) for other in expand(phrase)}, key=lambda words: (len(words), words)):
        if words and not any(_contains(words, shorter) for shorter in found):
            found.append(words)
    return found[1:]


def _contains(words: Words, part: Words) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))


def _broader(phrase: str) -> list[Words]:
    """Give what a phrase is a kind or a part of: of a cell line, the organism."""
    from bioimagehub.catalogs.vocabulary.synonyms import broader

    return [tuple(split_words(other)) for other in broader(phrase)]
