"""The index: records to look up by identifier, and to select by text, filters and ranges."""

from __future__ import annotations

import difflib
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from bioimagehub.catalogs.errors import CatalogNotFoundError
from bioimagehub.catalogs.index import schema, spelling
from bioimagehub.catalogs.index.database import Database
from bioimagehub.catalogs.index.facets import Facets
from bioimagehub.catalogs.index.fields import NAME, clean
from bioimagehub.catalogs.index.filters import apply_filters
from bioimagehub.catalogs.index.matching import Hits, Matcher
from bioimagehub.catalogs.index.query import parse_query
from bioimagehub.catalogs.index.ranges import Orders, parse_range
from bioimagehub.catalogs.index.selection import Selection
from bioimagehub.catalogs.index.words import WORD, fold, split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_NEAR = 3
_CANDIDATES = 100
_ALIKE = 0.6
_LONGEST_NAME = 250


class Index:
    """An open index. It may be used by several threads; each process opens its own.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matcher = Matcher(database)
        self._facets = Facets(database)
        self.orders = Orders(database)
        self.record = database.record
        self.identifier = database.identifier
        self.count = self._facets.count

    def __len__(self) -> int:
        return self._database.count

    def __reduce__(self) -> tuple[Callable[..., Index], tuple[Any, ...]]:
        """Travel as the name of the file, which who receives it must have; an index in memory travels whole."""
        where = self._database.where
        if isinstance(where, schema.OpenedFile):
            return open_index, (where.path,)
        return _load_memory, (self._database.serialize(),)

    def __repr__(self) -> str:
        return f"<Index of {len(self)} records: {self._database.where}>"

    def get(self, identifier: str) -> dict[str, Any] | None:
        """Give the plain fields of a record, or None where there is no such identifier."""
        number = self.number(identifier)
        return None if number is None else self.record(number)

    def number(self, identifier: str) -> int | None:
        """Give the number of a record in the order of the catalog, from 1; None where there is none."""
        archive, _, name = identifier.partition(":")
        rows = self._names("name = ? AND archive = ? AND name = ? COLLATE BINARY", name, archive, name)
        return rows[0][0] if rows else None

    def find_names(self, name: str) -> list[str]:
        """Give all identifiers that are `name` behind the colon, in any case; the same case first."""
        found = [f"{archive}:{found}" for _, archive, found in self._names("name = ?", name)]
        exact = [identifier for identifier in found if identifier.partition(":")[2] == name]
        return exact + [identifier for identifier in found if identifier not in exact]

    def near(self, name: str) -> list[str]:
        """Give up to three identifiers that look like `name`, the nearest first; for the message of an error."""
        name = clean(name)[:_LONGEST_NAME]
        _, colon, behind = name.rpartition(":")
        found = {identifier for pattern in _patterns(behind) for identifier in self._like(pattern)}
        for word in split_words(behind):
            records = self._matcher.postings.find(((word,),)).get(NAME)
            found |= {self.identifier(number) for number in records[:_CANDIDATES]} if records else set()
        names: dict[str, list[str]] = {}
        for identifier in sorted(found):
            names.setdefault(fold(identifier if colon else identifier.partition(":")[2]), []).append(identifier)
        near = difflib.get_close_matches(fold(name), names, _NEAR, _ALIKE)
        return [identifier for key in near for identifier in names[key]][:_NEAR]

    def suggest(self, text: str) -> str | None:
        """Correct the words of a search text that no record has; None where there is nothing to correct.

        Raises
        ------
        InvalidQueryError
            If the text is too long to be a search text.
        """
        parse_query(text)

        def correct(word: re.Match[str]) -> str:
            folded = fold(word[0])
            if self._matcher.knows(folded):
                return word[0]
            return spelling.correct(self._database, folded) or word[0]

        corrected = WORD.sub(correct, text)
        return None if corrected == text else corrected

    def select(
        self,
        text: str = "",
        filters: Mapping[str, Sequence[str]] | None = None,
        ranges: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> Selection:
        """Select the records that fit all that is asked.

        Parameters
        ----------
        text : str
            Words, ``"phrases"``, ``beginnings*``, and ``-words`` that must not be there, all of them; in any case,
            with or without diacritics. Words also find their synonyms. An empty text takes all.
        filters : mapping of str to sequence of str
            By facet (`FACETS`) the values of which a record has at least one; of ``use``, all. Values are taken in
            any case; organisms by scientific or common name, taxon or cell line, methods by label or FBbi identifier.
        ranges : mapping of str to tuple
            By name (`RANGES`) the lowest and the highest, both included; None leaves an end open. Records that do
            not state the number are left out.

        Returns
        -------
        Selection

        Raises
        ------
        InvalidQueryError
            If the text is too long, there is no such facet or range, or a range has no order.
        DamagedIndexError
            If the file turns out to be damaged.

        Examples
        --------
        >>> from bioimagehub.catalogs.index import build_memory_index
        >>> index = build_memory_index([{"identifier": "bbbc:BBBC038", "title": "Nuclei", "size": 300}])
        >>> index.select("nucl*", ranges={"size": (100, None)}).identifiers()
        ['bbbc:BBBC038']
        """
        return Selection(self, *self.find(self._everything(), text, filters or {}, ranges or {}))

    def find(
        self, records: BitMap, text: str, filters: Mapping[str, Sequence[str]], ranges: Mapping[str, tuple[Any, Any]]
    ) -> tuple[BitMap, tuple[Hits, ...], tuple[int, ...]]:
        """Find the numbers of what fits among some records, what was found for each clause, and what is named."""
        ends = {name: parse_range(name, bounds) for name, bounds in ranges.items()}
        clauses = parse_query(text)
        records = apply_filters(self._database, filters, records)
        for name, (low, high) in ends.items():
            if low is not None or high is not None:
                records = records & self.orders.between(name, low, high)
        if text.strip() and not clauses:
            return BitMap(), (), ()
        hits = tuple(self._matcher.match([clause for clause in clauses if not clause.negated]))
        for one in hits:
            records = records & one.records
        for one in self._matcher.match([clause._replace(quoted=True) for clause in clauses if clause.negated]):
            records = records - one.records
        return records, hits, self._named(text.strip())

    def values(self, facet: str) -> list[tuple[str, int]]:
        """List the values of a facet with the number of records that have each, the most frequent first.

        Raises
        ------
        InvalidQueryError
            If there is no such facet.
        """
        return self._facets.count(facet, self._everything(), None)

    def close(self) -> None:
        """Close the file. The index cannot be used any more."""
        self._database.close()

    def _everything(self) -> BitMap:
        return BitMap(range(1, len(self) + 1))

    def _named(self, text: str) -> tuple[int, ...]:
        """Find the records that the text is the identifier or the accession of."""
        name = text.rpartition(":")[2]
        return tuple(
            number
            for number, archive, found in self._names("name = ?", name)
            if fold(text) in (fold(found), fold(f"{archive}:{found}"))
        )

    def _like(self, pattern: str) -> list[str]:
        return [f"{archive}:{name}" for _, archive, name in self._names("name LIKE ? LIMIT ?", pattern, _CANDIDATES)]

    def _names(self, condition: str, *values: object) -> list[tuple[int, str, str]]:
        asked = [_plain(value) if isinstance(value, str) else value for value in values]
        statement = f"SELECT record, archive, name FROM names WHERE {condition}"  # noqa: S608 - conditions made here
        return self._database.rows((int, str, str), statement, *asked)


def _patterns(name: str) -> Iterator[str]:
    """Give patterns that names which look like a name may have: its beginning, or its first letter and last digits."""
    if name[:1].isalnum():
        for length in sorted({len(name) * 2 // 3, len(name) // 3} - {0}):
            yield re.sub(r"[%_]", "_", name[:length]) + "%"
        for digits in re.findall(r"[1-9]\d*|\d+", name)[-1:]:
            yield f"{name[0]}%{digits}%"


def _plain(text: str) -> str:
    return text[:_LONGEST_NAME].encode("utf-8", "replace").decode()


def open_index(path: Path) -> Index:
    """Open the index of a file, to read; it takes about a millisecond.

    Parameters
    ----------
    path : Path
        A file that `build_index` wrote. It is never changed, so any number of processes can have it open, also
        while another one is put in its place.

    Raises
    ------
    CatalogNotFoundError
        If there is no such file.
    DamagedIndexError
        If it is not a whole index of this version. Build it again.
    """
    try:
        schema.check_file(path)
    except FileNotFoundError as error:
        msg = f"There is no index {path}. Build it from the catalogs: nothing is lost, it holds only what they hold."
        raise CatalogNotFoundError(msg) from error
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.DatabaseError as error:
        raise schema.damaged(path, f"SQLite says: {error}") from error
    return Index(Database(connection, schema.OpenedFile(path)))


def _load_memory(content: bytes) -> Index:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.deserialize(content)
    return Index(Database(connection, "in memory"))
