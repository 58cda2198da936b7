"""Paging: to the declared total, and an error where the pages do not add up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.archives.paging import Rows, collect, walk
from bioimagehub.catalogs.errors import ArchiveAnswerError


def _honest(rows: list[Any]) -> Any:
    return lambda start, length: Rows(rows[start : start + length], len(rows))


@given(st.integers(0, 50), st.integers(1, 12))
def test_all_rows_come_once_and_in_order(total: int, size: int) -> None:
    rows = list(range(total))
    steps = list(walk(_honest(rows), size, what="rows"))
    assert [row for step in steps for row in step.rows] == rows
    assert steps[-1].next is None
    assert all(step.next == (number + 1) * size for number, step in enumerate(steps[:-1]))


@given(st.integers(0, 50), st.integers(0, 60), st.integers(1, 12))
def test_the_first_rows_are_collected(total: int, limit: int, cap: int) -> None:
    rows = list(range(total))
    assert collect(_honest(rows), limit, cap, what="rows") == rows[:limit]


def test_a_walk_goes_on_where_a_step_said() -> None:
    rows = list(range(25))
    first = next(walk(_honest(rows), 10, what="rows"))
    assert first.next == 10
    assert [row for step in walk(_honest(rows), 10, what="rows", start=first.next) for row in step.rows] == rows[10:]


def test_a_start_between_pages_is_refused_as_archives_round_it_down() -> None:
    with pytest.raises(ValueError, match="no multiple"):
        next(walk(_honest([1]), 10, what="rows", start=5))


def test_a_total_that_grows_meanwhile_is_followed() -> None:
    rows = list(range(10))

    def ask(start: int, length: int) -> Rows:
        answer = Rows(rows[start : start + length], len(rows))
        if start == 0:
            rows.append(10)
        return answer

    assert [row for step in walk(ask, 5, what="rows") for row in step.rows] == list(range(11))


def test_over_the_cap_an_archive_gives_nothing_and_no_error() -> None:
    with pytest.raises(ArchiveAnswerError, match=r"gave 0 rows from row 0 on; expected 584.*declared total is 584"):
        list(walk(lambda *_: Rows([], 584), 2000, what="files of S-BIAD599"))


def test_a_default_page_of_five_is_noticed() -> None:
    with pytest.raises(ArchiveAnswerError, match="gave 5 rows from row 0 on; expected 584"):
        list(walk(lambda *_: Rows([1, 2, 3, 4, 5], 584), 1000, what="files of S-BIAD599"))


def test_a_last_page_that_repeats_is_noticed() -> None:
    rows = [f"{number}.tif" for number in range(10)]
    with pytest.raises(ArchiveAnswerError, match=r"files repeats its page before row 10.*total is 15"):
        list(walk(lambda *_: Rows(rows[:10], 15), 10, what="files"))


def test_more_rows_than_declared_are_noticed() -> None:
    with pytest.raises(ArchiveAnswerError, match="gave 3 rows from row 0 on; expected 2"):
        list(walk(lambda *_: Rows([1, 2, 3], 2), 10, what="rows"))


def test_without_a_declared_total_a_short_page_is_the_last() -> None:
    rows = list(range(25))
    steps = list(walk(lambda start, length: Rows(rows[start : start + length], None), 10, what="rows"))
    assert [len(step.rows) for step in steps] == [10, 10, 5]


def test_without_a_declared_total_a_repeated_page_does_not_go_on_for_ever() -> None:
    with pytest.raises(ArchiveAnswerError, match="No total is declared"):
        list(walk(lambda *_: Rows([1, 2], None), 2, what="rows"))
