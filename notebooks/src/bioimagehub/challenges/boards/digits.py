"""How numbers of a board are written: with the digits that their intervals leave, and no more."""

from __future__ import annotations

from math import floor, inf, isfinite, isnan, log10
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.boards.board import Board, Column, Estimate, Row

USUAL, MOST = 4, 6
NOTHING = "–"


def find_decimals(board: Board, column: Column) -> int:
    """Return how many decimals the scores of a column have.

    Those of its step, if it is rounded; else such that half an interval has two digits, at the median of the rows.
    """
    if column.step:
        return max(0, -floor(log10(column.step)))
    halves = [(one.high - one.low) / 2 for one in (row.scores[column.name] for row in board.rows)]
    halves = [half for half in halves if isfinite(half) and half > 0]
    return min(MOST, max(0, 1 - floor(log10(median(halves))))) if halves else USUAL


def say_score(value: float, decimals: int) -> str:
    """Return a score as text; NaN as a dash.

    Examples
    --------
    >>> [say_score(value, 2) for value in (0.876, float("inf"), float("-inf"), float("nan"), -0.001)]
    ['0.88', '∞', '−∞', '–', '0.00']
    """
    if isnan(value):
        return NOTHING
    if value in (inf, -inf):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def say_interval(estimate: Estimate, decimals: int) -> str:
    """Return the interval of a score as text; empty if it has none."""
    if isnan(estimate.low) or isnan(estimate.high):
        return ""
    return f"{say_score(estimate.low, decimals)} to {say_score(estimate.high, decimals)}"


def say_rank(row: Row) -> str:
    """Return a rank as text: a dash without one."""
    return NOTHING if row.rank is None else str(row.rank)


def say_ranks(row: Row) -> str:
    """Return the interval of a rank as text; empty if it has none."""
    if row.rank_low is None or row.rank_high is None:
        return ""
    return str(row.rank_low) if row.rank_low == row.rank_high else f"{row.rank_low} to {row.rank_high}"


def say_chance(part: float | None) -> str:
    """Return a part of all samples as percent.

    Examples
    --------
    >>> [say_chance(part) for part in (None, 0.0, 0.0004, 0.834, 0.9996, 1.0)]
    ['', '0%', '<1%', '83%', '>99%', '100%']
    """
    if part is None:
        return ""
    if 0 < part < 0.01:
        return "<1%"
    if 0.99 < part < 1:
        return ">99%"
    return f"{part:.0%}"


def say_p(p: float) -> str:
    """Return a p-value as text.

    Examples
    --------
    >>> [say_p(p) for p in (1.0, 0.0312, 0.00004)]
    ['1.00', '0.031', '<0.001']
    """
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def say_column(column: Column) -> str:
    """Return the heading of a column: the metric, its unit, and an arrow to the better side."""
    unit = "" if column.unit == "1" else f" ({column.unit})"
    return f"{column.title}{unit} {'↑' if column.better == 'higher' else '↓'}"


def say_test(test: str) -> str:
    """Return what a test of pairs is called."""
    return {
        "wilcoxon": "Wilcoxon signed-rank test of the scores of the cases",
        "bootstrap": "bootstrap of the difference of the pooled scores",
    }[test]
