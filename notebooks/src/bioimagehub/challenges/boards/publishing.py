"""What of a board may be shown while its truth is hidden.

Whoever sees how a hidden score moves with each submission learns the truth bit by bit: a case at a time, beginning
with which are empty. So a hidden board tells rounded aggregates alone, and all else on it follows from them.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, isfinite, isnan
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.boards.board import Estimate, Row
from bioimagehub.challenges.boards.ranked import sort_rows
from bioimagehub.challenges.statistics import board_step, ranks, round_to
from bioimagehub.challenges.statistics.noise import step_below

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.challenges.boards.board import Board, Column

NEVER_EMPTY = ("image", "landmarks", "map", "values")
"""Kinds of which no case is without anything to be found, so that no score jumps with what is predicted there."""


def publishable(board: Board, *, hidden: bool) -> Board:
    """Return what of a board may be shown.

    Parameters
    ----------
    board : Board
        As `make_board` makes it.
    hidden : bool
        Whether the truth of its split is hidden. If not, all may be shown.

    Returns
    -------
    Board
        For a hidden split: scores of each metric rounded to one step for all rows, which is half the usual width of
        an interval or, where cases may be empty, twice what one case can move a mean, whichever is larger; intervals as
        wide for all rows, for the width of a row of its own tells how its cases differ. Ranks, their intervals and ties
        follow from these numbers alone, and equal rounded scores share a rank. P(best), p-values, agreement, strata,
        remarks and the keys of results are left out: each of them moves with single cases.
    """
    if not hidden:
        return board
    columns = tuple(replace(column, step=_find_step(board, column)) for column in board.columns)
    margins = {column.name: _find_margin(board, column) for column in columns}
    rows = [_round_row(row, columns, margins) for row in board.rows]
    sign = 1.0 if columns[0].better == "higher" else -1.0
    competing = _rank([row for row in rows if not row.is_control], sign)
    return replace(
        board,
        hidden=True,
        columns=columns,
        rows=sort_rows([*competing, *(row for row in rows if row.is_control)], sign),
        pairwise=None,
        agreement=None,
        strata=(),
        remarks=(),
    )


def _find_step(board: Board, column: Column) -> float:
    """Return the step of a metric; of one of which no noise is known, the first digit of the largest score."""
    estimates = [row.scores[column.name] for row in board.entries]
    low = np.array([one.low for one in estimates], np.float64)
    high = np.array([one.high for one in estimates], np.float64)
    reach = 0.0 if board.kind in NEVER_EMPTY else abs(column.best - column.worst)
    step = board_step(low, high, reach=reach, cases=board.cases)
    return step or step_below(max((abs(one.value) for one in estimates if isfinite(one.value)), default=0.0))


def _find_margin(board: Board, column: Column) -> float:
    """Return half the usual width of an interval, in whole steps, at least one."""
    step = column.step or 0.0
    halves = [(one.high - one.low) / 2 for one in (row.scores[column.name] for row in board.entries)]
    halves = [half for half in halves if isfinite(half)]
    if not step or not halves:
        return step
    return step * max(1, ceil(median(halves) / step - 1e-9))


def _round_row(row: Row, columns: Sequence[Column], margins: Mapping[str, float]) -> Row:
    scores = {column.name: _round(row.scores[column.name].value, column, margins[column.name]) for column in columns}
    return replace(row, scores=scores, p_best=None, tied_with_best=False, key=None)


def _round(score: float, column: Column, margin: float) -> Estimate:
    """Return a score as a multiple of the step, with its interval, which stays between the best and the worst."""
    step = column.step or 0.0
    value = round_to(score, step)
    if not isfinite(value):
        return Estimate(value, value, value)
    least, most = sorted((column.best, column.worst))
    low, high = round_to(value - margin, step), round_to(value + margin, step)
    return Estimate(value, max(low, min(least, value)), min(high, max(most, value)))


def _rank(rows: Sequence[Row], sign: float) -> list[Row]:
    """Return rows with ranks, rank intervals and ties that follow from their rounded scores and intervals."""
    gains = np.array([sign * row.score for row in rows], np.float64)
    ends = np.sort(np.array([[sign * row.low, sign * row.high] for row in rows], np.float64).reshape(-1, 2), axis=1)
    places = ranks(gains)
    first = places == 1
    ranked = []
    for row, place, gain, (worse, better) in zip(rows, places, gains, ends, strict=True):
        if isnan(gain):
            ranked.append(replace(row, rank=None, rank_low=None, rank_high=None))
            continue
        surely_better = int((ends[:, 0] > better).sum())
        maybe_better = int((ends[:, 1] >= worse).sum())
        ranked.append(
            replace(
                row,
                rank=int(place),
                rank_low=1 + surely_better,
                rank_high=maybe_better,
                tied_with_best=bool((better >= ends[first, 0]).all()),
            )
        )
    return ranked
