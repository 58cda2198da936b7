"""Spelling: the known word that is nearest to an unknown one.

Symmetric deletes: two words at a distance of two share a form with at most two letters left out of each, so
all near words are found by looking up the forms of the unknown one.

References
----------
Damerau, Communications of the ACM 7, 171-176 (1964), doi:10.1145/363958.363994 (the distance, here with
neighbouring letters exchanged at most once).
"""

from __future__ import annotations

import zlib
from itertools import combinations
from typing import TYPE_CHECKING

from bioimagehub.catalogs.index.fields import REST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from pyroaring import BitMap

    from bioimagehub.catalogs.index.database import Database

    Word = tuple[str, int, dict[int, BitMap]]

FARTHEST = 2
_SHORTEST = 4
_LONGEST = 30
_BEGINNING = 7
_ONE_IN = 50_000
_RECORDS_OF_REST = 20


class Words:
    """The words that a suggestion may be made of: those of names and subjects, and frequent ones of the rest."""

    def __init__(self, connection: sqlite3.Connection, count: int) -> None:
        self._connection = connection
        self._fewest = 1 + count // _ONE_IN
        connection.execute("CREATE TABLE aside.words (word TEXT, count INTEGER)")

    def watch(self, words: Iterable[Word]) -> Iterator[Word]:
        """Let the words pass, and note those that may be suggested."""
        for word, rows, postings in words:
            if _SHORTEST <= len(word) <= _LONGEST and word.isalpha():
                count = max(map(len, postings.values()), default=0)
                fewest = _RECORDS_OF_REST if set(postings) == {REST} else self._fewest
                if count >= fewest:
                    self._connection.execute("INSERT INTO aside.words VALUES (?, ?)", (word, count))
            yield word, rows, postings

    def write(self) -> None:
        """Write the words and their shortened forms."""
        self._connection.execute(
            "INSERT INTO words (word, count) SELECT word, max(count) FROM aside.words GROUP BY word ORDER BY word"
        )
        words = self._connection.execute("SELECT id, word FROM words")
        while batch := words.fetchmany(1000):
            self._connection.executemany(
                "INSERT INTO spellings VALUES (?, ?)", ((key, number) for number, word in batch for key in _keys(word))
            )


def correct(database: Database, word: str) -> str | None:
    """Give the known word nearest to a word: itself where it is known, None where none is near.

    Of words equally near it is the one that most records have.
    """
    if len(word) < _SHORTEST or len(word) > _LONGEST or not word.isalpha():
        return None
    marks = ", ".join(map(str, sorted(_keys(word))))
    rows = database.rows(
        (str, int),
        "SELECT word, count FROM words WHERE id IN "  # noqa: S608 - whole numbers made here
        f"(SELECT DISTINCT word FROM spellings WHERE key IN ({marks}))",
    )
    farthest = FARTHEST if len(word) > _SHORTEST else 1
    near = [(away, -count, other) for other, count in rows if (away := distance(word, other)) <= farthest]
    return min(near)[2] if near else None


def distance(one: str, other: str) -> int:
    """Count the letters to insert, delete, replace or exchange with the next one, to make one word of the other.

    >>> distance("embrio", "embryo"), distance("zebrafsh", "zebrafish"), distance("moues", "mouse")
    (1, 1, 1)
    """
    if abs(len(one) - len(other)) > FARTHEST:
        return FARTHEST + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _keys(word: str) -> set[int]:
    """Give the checksums of what the beginning of a word is with at most two letters left out."""
    beginning = word[:_BEGINNING]
    forms = {
        "".join(letters)
        for left in range(FARTHEST + 1)
        for letters in combinations(beginning, max(0, len(beginning) - left))
    }
    return {zlib.crc32(form.encode()) for form in forms}
