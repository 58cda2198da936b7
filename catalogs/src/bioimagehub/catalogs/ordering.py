"""The order of the records in a table, which the index keeps among records that fit a search equally well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioimagehub.catalogs.records import Record


def order(record: Record) -> tuple[Any, ...]:
    """Say where a record stands in its table: studies first, reference data before others, what opens, then the newest.

    Numbers in names count as numbers, so that ``BBBC9`` comes before ``BBBC10``.
    """
    numbered = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in _parts(record.identifier))
    released = record.released.toordinal() if record.released else 0
    opens = record.kind == "study" or record.driver is not None
    return (record.kind != "study", not record.reference, not opens, -released, numbered)


def _parts(identifier: str) -> list[str]:
    return [part for part in re.split(r"(\d+)", identifier) if part]
