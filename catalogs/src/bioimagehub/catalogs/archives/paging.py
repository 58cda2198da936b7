"""Paging to the total that an archive declares: fewer rows, more rows, or the same rows again are an error.

Archives cut lists short in silence: over a cap BioStudies answers 200 with an empty list, and past the end it repeats
the last page; a default page holds 5 or 25 rows beside a count of thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import ArchiveAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BIOSTUDIES_ROWS = 1000
"""Most rows that BioStudies gives at once; asked for more, it gives none."""
OMERO_ROWS = 500
"""Most rows of OMERO.web (API_MAX_LIMIT)."""
BIA_SEARCH_ROWS = 100
"""Most rows of the search of the BioImage Archive, and of GIDE."""


@dataclass(frozen=True)
class Rows:
    """A page as the archive sent it.

    Attributes
    ----------
    rows : list
    total : int or None
        Rows of all pages, as declared on this one; None where nothing, or nothing exact, is declared.
    """

    rows: list[Any]
    total: int | None


@dataclass(frozen=True)
class Step:
    """A page that was checked, and where the next one starts; None after the last."""

    rows: list[Any]
    total: int | None
    next: int | None


def walk(ask: Callable[[int, int], Rows], size: int, *, what: str, start: int = 0) -> Iterator[Step]:
    """Ask for page after page, and check each against the declared total.

    Parameters
    ----------
    ask : callable
        Called with the first row and the number of rows wanted; gives `Rows`. The first row is always a multiple
        of the number, as some archives round it down to one.
    size : int
        Rows a page, at most the cap of the archive.
    what : str
        What is listed, for the errors.
    start : int
        First row to ask for: 0, or what `Step.next` was.

    Raises
    ------
    ArchiveAnswerError
        If a page has other rows than the declared total leaves for it, or repeats the one before.
    """
    if size < 1 or start % size:
        msg = f"{start=} is no multiple of {size=}; give what an earlier step named as the next row."
        raise ValueError(msg)
    before: list[Any] = []
    while True:
        page = ask(start, size)
        _check(page, before, start, size, what)
        end = start + size
        last = len(page.rows) < size if page.total is None else end >= page.total
        yield Step(page.rows, page.total, None if last else end)
        if last:
            return
        before, start = page.rows, end


def collect(ask: Callable[[int, int], Rows], limit: int, cap: int, *, what: str) -> list[Any]:
    """Give the first rows of a list, or all if there are fewer than `limit`; raises as `walk`."""
    rows: list[Any] = []
    if limit < 1:
        return rows
    for step in walk(ask, min(limit, cap), what=what):
        rows += step.rows
        if len(rows) >= limit:
            break
    return rows[:limit]


def _check(page: Rows, before: list[Any], start: int, size: int, what: str) -> None:
    if page.rows and page.rows == before:
        msg = (
            f"The list of {what} repeats its page before row {start:,}; expected other rows. "
            f"{_said(page)} The archive's list is not whole: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)
    due = size if page.total is None else max(0, min(size, page.total - start))
    if len(page.rows) > due or (page.total is not None and len(page.rows) < due):
        msg = (
            f"The list of {what} gave {len(page.rows):,} rows from row {start:,} on; expected {due:,}. "
            f"{_said(page)} The archive changed its pages or the list is not whole: try again later, then report it."
        )
        raise ArchiveAnswerError(msg)


def _said(page: Rows) -> str:
    return "No total is declared." if page.total is None else f"The declared total is {page.total:,}."
