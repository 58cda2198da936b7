"""What of a board may be shown while its truth is hidden.

Whoever sees how a hidden score moves with each submission learns the truth bit by bit: a case at a time, beginning
with which are empty. So a hidden board tells rounded aggregates alone, and all else on it follows from them.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isnan
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.boards.board import Estimate, Row
from bioimagehub.challenges.boards.ranked import sort_rows
from bioimagehub.challenges.statistics import board_step, ranks, round_outward, round_to
from bioimagehub.challenges.statistics.noise import step_below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.challenges.boards.board import Board, Column


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
        an interval or twice what one case can move a mean, whichever is larger; intervals at least a step to each
        side, and widened to steps. Ranks, their intervals and ties follow from these numbers alone, and equal
        rounded scores share a rank. P(best), p-values, agreement, strata, remarks and the keys of
        results are left out: each of them moves with single cases.
    """
    if not hidden:
        return board
    columns = tuple(replace(column, step=_find_step(board, column)) for column in board.columns)
    rows = [_round_row(row, columns) for row in board.rows]
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
    step = board_step(low, high, reach=abs(column.best - column.worst), cases=board.cases)
    return step or step_below(max((abs(one.value) for one in estimates if isfinite(one.value)), default=0.0))


def _round_row(row: Row, columns: Sequence[Column]) -> Row:
    scores = {column.name: _round(row.scores[column.name], column) for column in columns}
    return replace(row, scores=scores, p_best=None, tied_with_best=False, key=None)


def _round(estimate: Estimate, column: Column) -> Estimate:
    """Return a score and its interval as multiples of the step; the interval at least a step to each side."""
    step = column.step or 0.0
    value = round_to(estimate.value, step)
    if not isfinite(value):
        return Estimate(value, value, value)
    low, high = (value if isnan(end) else end for end in (estimate.low, estimate.high))
    low, high = round_outward(min(low, value - step), max(high, value + step), step)
    least, most = sorted((column.best, column.worst))
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
