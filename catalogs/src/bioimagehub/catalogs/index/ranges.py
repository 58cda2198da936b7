"""Ranges and orders: records by size, by date, by name."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from calendar import monthrange
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pyroaring import BitMap

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.catalogs.index.bitmaps import union, unpack, unseal
from bioimagehub.catalogs.index.fields import DATES, RANGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.index.database import Database

_REMEMBERED = 64
_BYTES_OF_ROW = 12


class Slice(NamedTuple):
    """Records between two keys of an order."""

    number: int
    low: int
    high: int
    records: BitMap


class Orders:
    """The orders of an index, each in slices that are read when they are needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._slices: dict[str, list[Slice]] = {}
        self._rows = lru_cache(maxsize=_REMEMBERED)(self._read_rows)

    def between(self, name: str, low: int | None, high: int | None) -> BitMap:
        """Find the records whose number is from `low` to `high`, both included; None leaves an end open."""
        parts = []
        for part in self.slices(name):
            if (low is not None and part.high < low) or (high is not None and part.low > high):
                continue
            if (low is None or part.low >= low) and (high is None or part.high <= high):
                parts.append(part.records)
            else:
                records, keys = self._rows(part.number)
                start = 0 if low is None else bisect_left(keys, low)
                end = len(keys) if high is None else bisect_right(keys, high)
                parts.append(BitMap(records[start:end]))
        return union(parts)

    def walk(self, name: str, records: BitMap, *, backwards: bool, skip: int) -> Iterator[int]:
        """Give records in an order from the `skip`-th on; those without a key last, equals as in the catalog."""
        slices = self.slices(name)
        left = records
        for part in reversed(slices) if backwards else slices:
            share = records & part.records
            if not share:
                continue
            left = left - share
            if len(share) <= skip:
                skip -= len(share)
                continue
            yield from list(self._sorted(part, share, backwards))[skip:]
            skip = 0
        yield from left[skip:]

    def slices(self, name: str) -> list[Slice]:
        """Give the slices of an order."""
        if name not in self._slices:
            statement = "SELECT id, low, high, records FROM orders WHERE name = ? ORDER BY id"
            rows = self._database.rows((int, int, int, bytes), statement, name)
            self._slices[name] = [Slice(number, low, high, unpack(records)) for number, low, high, records in rows]
        return self._slices[name]

    def _sorted(self, part: Slice, share: BitMap, backwards: bool) -> list[int]:
        if part.low == part.high:
            return list(share)
        records, keys = self._rows(part.number)
        rows = [(key, record) for key, record in zip(keys, records, strict=True) if record in share]
        if backwards:
            rows.sort(key=lambda row: row[0], reverse=True)
        return [record for _, record in rows]

    def _read_rows(self, number: int) -> tuple[array[int], array[int]]:
        found = self._database.rows((bytes,), "SELECT rows FROM orders WHERE id = ?", number)
        content = unseal(found[0][0] if found else b"")
        total = len(content) // _BYTES_OF_ROW
        records, keys = array("I"), array("q")
        records.frombytes(content[: 4 * total])
        keys.frombytes(content[4 * total :])
        return records, keys


def parse_range(name: str, bounds: tuple[Any, Any]) -> tuple[int | None, int | None]:
    """Turn the two ends of a range into what the index orders by.

    Parameters
    ----------
    name : str
        One of `RANGES`.
    bounds : tuple
        Lowest and highest, both included; None leaves an end open. Whole numbers or floats; of dates ``date`` or
        ISO text, where ``2021`` and ``2021-05`` stand for the whole year and month.

    Raises
    ------
    InvalidQueryError
        If there is no such range, an end is not of its kind, or the lowest is above the highest.
    """
    if name not in RANGES:
        msg = f"There is no range {name!r}. Valid ranges are: {', '.join(sorted(RANGES))}. Use one of these."
        raise InvalidQueryError(msg)
    try:
        low, high = bounds
    except (TypeError, ValueError) as error:
        msg = f"The range {name!r} is {bounds!r}; expected two ends, of which None leaves one open. Give both."
        raise InvalidQueryError(msg) from error
    parse = _parse_day if name in DATES else _parse_number
    ends = parse(name, low, False), parse(name, high, True)
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        msg = (
            f"The range {name!r} goes from {low} to {high}; the first end must not be above the second. Turn it round."
        )
        raise InvalidQueryError(msg)
    return ends


def _parse_number(name: str, end: Any, last: bool) -> int | None:
    if end is None:
        return None
    if isinstance(end, bool) or not isinstance(end, int | float) or end != end:
        msg = f"The range {name!r} has the end {end!r}; expected a number, or None for an open end. Give a number."
        raise InvalidQueryError(msg)
    if abs(end) >= 2**63:
        return 2**63 - 1 if end > 0 else -(2**63)
    return int(end // 1) if last else -int(-end // 1)


def _parse_day(name: str, end: Any, last: bool) -> int | None:
    if end is None:
        return None
    if isinstance(end, date):
        return end.toordinal()
    with suppress(ValueError, TypeError, AttributeError):
        parts = [int(part) for part in end.split("-")]
        if len(parts) == 1:
            parts.append(12 if last else 1)
        if len(parts) == 2:
            parts.append(monthrange(*parts)[1] if last else 1)
        return date(*parts).toordinal()
    msg = f"The range {name!r} has the end {end!r}; expected a date such as 2021-05-31, 2021-05 or 2021. Correct it."
    raise InvalidQueryError(msg)
