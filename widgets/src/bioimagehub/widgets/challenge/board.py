"""A leaderboard as the page draws it: from the hub, or of the controls and one's own score."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.boards.digits import (
    find_decimals,
    say_chance,
    say_column,
    say_interval,
    say_rank,
    say_ranks,
    say_score,
)
from bioimagehub.widgets.challenge.summary import OWN, plain
from bioimagehub.widgets.view.text import clean

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bioimagehub.challenges.boards import Board, Column, Row
    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase

MOST_ROWS = 500
KINDS = {"": "", "control": "control", "first": "first", "tied": "not shown to be worse than the first"}
"""How a row stands, in words."""
_SEPARATOR = " — "


def tell_board(board: Board, own: Collection[str] = ()) -> dict[str, Any]:
    """Tell a board.

    Parameters
    ----------
    board : Board
    own : collection of str
        Names of the rows that are one's own.

    Returns
    -------
    dict
        ``columns``; ``rows`` with ``entry``, ``rank``, ``ranks``, ``kind`` (a key of `KINDS`), ``own``,
        ``scores`` of ``value``, ``low``, ``high`` and their texts, by column, and ``chance``; ``span``: ends of the
        axis on which the first column is drawn; ``legend``, ``remarks``, ``more``: rows that are left out.
    """
    decimals = [find_decimals(board, column) for column in board.columns]
    rows = []
    for row in _choose(board, own):
        scores = []
        for column, digits in zip(board.columns, decimals, strict=True):
            one = row.scores[column.name]
            scores.append(
                {
                    **{name: plain(value) for name, value in zip(("value", "low", "high"), one, strict=True)},
                    "text": say_score(one.value, digits),
                    "interval": say_interval(one, digits),
                }
            )
        rows.append(
            {
                "entry": clean(row.entry),
                "rank": say_rank(row),
                "ranks": say_ranks(row),
                "kind": _find_kind(row),
                "own": not row.is_control and row.entry in own,
                "scores": scores,
                "chance": say_chance(row.p_best),
            }
        )
    return {
        "challenge": board.challenge,
        "phase": board.phase,
        "cases": board.cases,
        "entries": len(board.entries),
        "hidden": board.hidden,
        "columns": [clean(say_column(column)) for column in board.columns],
        "rows": rows,
        "more": len(board.rows) - len(rows),
        "span": _find_span(board),
        "legend": _write_legend(board),
        "remarks": [clean(one, 600) for one in board.remarks[:20]],
        "conventions": clean(board.conventions, 4000),
    }


def make_own_board(
    challenge: Challenge, phase: Phase, result: Result | None, tell: Callable[[str], None], stop: threading.Event
) -> Board:
    """Make a board of the controls of a challenge and of one's own result, on this machine.

    Parameters
    ----------
    challenge : Challenge
    phase : Phase
        One with public truth.
    result : Result or None
        One's own.
    tell : callable
        Is told which control is being scored.
    stop : threading.Event
        Ends it early, with the controls that there are by then; the truth is always among them.
    """
    from bioimagehub.challenges.boards import make_board
    from bioimagehub.challenges.controls import PERFECT, list_controls, open_control
    from bioimagehub.challenges.scoring import score
    from bioimagehub.challenges.truth import open_truth

    truth = open_truth(challenge, phase.split)
    controls: dict[str, Result] = {}
    for control in sorted(list_controls(challenge), key=lambda one: one.name != PERFECT):
        if controls and stop.is_set():
            break
        tell(f"Scoring the control {control.name}")
        controls[control.name] = score(
            challenge, phase.split, open_control(challenge, phase.split, control, truth), truth
        )
    conventions = None if result is None else result.conventions
    return make_board(
        challenge, phase, {} if result is None else {OWN: result}, controls=controls, conventions=conventions
    )


def find_own(board: Board, entries: Iterable[str], user: str) -> set[str]:
    """Find the rows of a person on a board of the hub.

    The hub names a row by the user, or by the name of the entry, a dash, and the user.

    Parameters
    ----------
    board : Board
    entries : iterable of str
        The names of this person's entries that were scored.
    user : str
        This person's name on the hub; empty if it is not known. Then a row is taken for one's own only where no other
        has the same name of an entry.
    """
    names = [row.entry for row in board.entries]
    if user:
        return {name for name in names if name == user or name.endswith(f"{_SEPARATOR}{user}")}
    found = set()
    for entry in set(entries):
        same = [name for name in names if name == entry or name.rpartition(_SEPARATOR)[0] == entry]
        found |= set(same) if len(same) == 1 else set()
    return found


def write_rows(told: Mapping[str, Any], most: int) -> list[list[str]]:
    """Write a board as cells of text: rank, entry, score and interval, and how it stands."""
    lines = []
    for row in told["rows"][:most]:
        score = row["scores"][0]
        marks = ", ".join(filter(None, ("yours" if row["own"] else "", KINDS[row["kind"]])))
        lines.append([row["rank"], row["entry"], score["text"], score["interval"], marks])
    return lines


def _choose(board: Board, own: Collection[str]) -> list[Any]:
    """Take the first rows, and one's own wherever they are."""
    return [row for at, row in enumerate(board.rows) if at < MOST_ROWS or row.entry in own]


def _find_kind(row: Row) -> str:
    if row.is_control:
        return "control"
    return "first" if row.rank == 1 else "tied" if row.tied_with_best else ""


def _find_span(board: Board) -> list[float]:
    """Give the ends of the axis: from the worst to the best score where these are finite, else those of the rows."""
    column: Column = board.columns[0]
    numbers = [number for row in board.rows for number in row.estimate if isfinite(number)]
    numbers += [number for number in (column.best, column.worst) if isfinite(number)]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    return [low, high if high > low else low + 1.0]


def _write_legend(board: Board) -> str:
    common = "↑ more is better, ↓ less is better. Controls compete with nobody."
    if board.hidden:
        return (
            "The truth of this phase is hidden, so scores are rounded to steps of what is noise, and ranks, ties and "
            f"intervals follow from the rounded numbers alone. {common}"
        )
    settings = board.settings
    return (
        f"Intervals of scores and ranks: what {settings.level:.0%} of {settings.samples} bootstrap samples of the "
        f"cases give. {common}"
    )
