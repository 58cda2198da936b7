"""Which records a clause of a query is about, and how much each way to be about it counts."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bioimagehub.catalogs.index.bitmaps import intersection, union
from bioimagehub.catalogs.index.fields import NAME, REST, SUBJECT
from bioimagehub.catalogs.index.postings import Postings
from bioimagehub.catalogs.index.query import Clause
from bioimagehub.catalogs.index.words import other_number, spellings, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database
    from bioimagehub.catalogs.index.postings import Found, Words

_WEIGHTS = {NAME: 4.0, SUBJECT: 2.5, REST: 1.0}
_LITERAL, _SPELT, _SYNONYM, _SCATTERED = 1.0, 0.9, 0.5, 0.25
_REMEMBERED = 1024
_LONGEST_CONCEPT = 4


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
    """Matches clauses with the records of an index."""

    def __init__(self, database: Database) -> None:
        self._count = database.count
        self.postings = Postings(database)

    def match(self, clauses: Sequence[Clause]) -> list[Hits]:
        """Match each clause; words that are a term together, such as "cell division", are matched together."""
        return [self._match_one(group) for group in _find_concepts(clauses)]

    def knows(self, word: str) -> bool:
        """Tell whether a word or its other number or spelling is anywhere in the index."""
        return bool(self._match_one((Clause((word,)),)).records)

    def _match_one(self, group: tuple[Clause, ...]) -> Hits:
        words = tuple(word for clause in group for word in clause.words)
        if group[0].prefix:
            return self._weigh([(_LITERAL, self.postings.find_prefix(words))])
        ways = [(_LITERAL, self.postings.find((words,)))]
        if not group[0].quoted:
            phrase = " ".join(words)
            ways += [
                (_SPELT, self.postings.find(_other_spellings(words))),
                (_SYNONYM, self.postings.find(_synonyms(phrase))),
            ]
            if len(group) > 1:
                ways.append((_SCATTERED, self._scattered(group)))
            if not any(found for _, found in ways):
                ways.append((_SYNONYM, self.postings.find(_broader(phrase))))
        return self._weigh(ways)

    def _scattered(self, group: tuple[Clause, ...]) -> Found:
        """Find records that have all the words, but not as the term that they are together."""
        both = intersection(self._match_one((clause,)).records for clause in group)
        return {REST: both} if both else {}

    def _weigh(self, ways: list[tuple[float, Found]]) -> Hits:
        levels: dict[float, list[BitMap]] = {}
        for share, found in ways:
            for kind, records in found.items():
                levels.setdefault(share * _WEIGHTS[kind], []).append(records)
        parts = {weight: sets[0] if len(sets) == 1 else union(sets) for weight, sets in levels.items()}
        records = union(parts.values())
        rarity = math.log(1 + self._count / (len(records) or 1))
        return Hits(records, [(weight * rarity, parts[weight]) for weight in sorted(parts, reverse=True)])


def _find_concepts(clauses: Sequence[Clause]) -> Iterator[tuple[Clause, ...]]:
    """Take together the longest runs of plain words that the vocabulary knows as one term."""
    start = 0
    while start < len(clauses):
        for length in range(min(_LONGEST_CONCEPT, len(clauses) - start), 0, -1):
            group = tuple(clauses[start : start + length])
            plain = all(not (clause.quoted or clause.prefix) for clause in group)
            phrase = " ".join(word for clause in group for word in clause.words)
            if length == 1 or (plain and (_synonyms(phrase) or _broader(phrase))):
                break
        yield group
        start += length


def _other_spellings(words: Words) -> tuple[Words, ...]:
    number = other_number(words[-1])
    return (*spellings(words), *([(*words[:-1], number)] if number else []))


@lru_cache(maxsize=_REMEMBERED)
def _synonyms(phrase: str) -> tuple[Words, ...]:
    """Give the synonyms that find more: one that has another one in it finds nothing that the other does not."""
    from bioimagehub.catalogs.vocabulary.synonyms import expand

    found = [tuple(phrase.split())]
    for words in sorted({tuple(split_words(other)) for other in expand(phrase)}, key=lambda words: (len(words), words)):
        if words and not any(_contains(words, shorter) for shorter in found):
            found.append(words)
    return tuple(found[1:])


def _contains(words: Words, part: Words) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))


@lru_cache(maxsize=_REMEMBERED)
def _broader(phrase: str) -> tuple[Words, ...]:
    """Give what a phrase is a kind or a part of: of a cell line, the organism."""
    from bioimagehub.catalogs.vocabulary.synonyms import broader

    return tuple(words for other in broader(phrase) if (words := tuple(split_words(other))))
