"""Two versions of a board side by side: whose rank and score changed, after truth was corrected or entries came."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import nan
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards.digits import NOTHING, find_decimals, say_column, say_score
from bioimagehub.challenges.errors import BoardError

if TYPE_CHECKING:
    from bioimagehub.challenges.boards.board import Board, Row


@dataclass(frozen=True)
class Change:
    """What became of one entry.

    Attributes
    ----------
    entry : str
    old_rank, new_rank : int or None
        None where it has no rank, or is not on the board.
    old_score, new_score : float
        By the metric that ranks; NaN where it has none.
    is_control : bool
    """

    entry: str
    old_rank: int | None
    new_rank: int | None
    old_score: float
    new_score: float
    is_control: bool = False

    @property
    def rise(self) -> int | None:
        """By how many ranks it rose (positive) or fell (negative); None where it had or has no rank."""
        if self.old_rank is None or self.new_rank is None:
            return None
        return self.old_rank - self.new_rank


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Two boards side by side.

    Attributes
    ----------
    old, new : Board
    changes : tuple of Change
        In the order of the new board; then those that are on the old one only.
    """

    old: Board
    new: Board
    changes: tuple[Change, ...]

    @property
    def moved(self) -> tuple[Change, ...]:
        """The changes of entries whose rank is another, or that came or went."""
        return tuple(change for change in self.changes if change.old_rank != change.new_rank)

    def to_markdown(self) -> str:
        """Return the changes as a table in Markdown."""
        from bioimagehub.challenges.boards.text import join_cells

        return join_cells(self._cells())

    def to_html(self) -> str:
        """Return the changes as a page that needs nothing else."""
        from bioimagehub.challenges.boards.page import frame

        heading, *rows = self._cells()
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heading)
        body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        title = f"{self.new.title}: two versions of the leaderboard"
        versions = (
            f"<li>old: <code>sha256:{self.old.digest}</code></li><li>new: <code>sha256:{self.new.digest}</code></li>"
        )
        moved = len(self.moved)
        return frame(
            title,
            f"<h1>{escape(title)}</h1><p>{moved} {'entry has' if moved == 1 else 'entries have'} another rank.</p>"
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'
            f"<ul>{versions}</ul>",
        )

    def _cells(self) -> list[list[str]]:
        column = self.new.columns[0]
        decimals = max(find_decimals(board, board.columns[0]) for board in (self.old, self.new))
        cells = [["old rank", "new rank", "change", "entry", f"old {say_column(column)}", f"new {say_column(column)}"]]
        for change in self.changes:
            scores = [say_score(score, decimals) for score in (change.old_score, change.new_score)]
            ranks = [NOTHING if rank is None else str(rank) for rank in (change.old_rank, change.new_rank)]
            name = f"{change.entry} (control)" if change.is_control else change.entry
            cells.append([*ranks, _say_rise(change), name, *scores])
        return cells

    def __repr__(self) -> str:
        return f"<Comparison of two boards of {self.new.challenge}: {len(self.moved)} ranks changed>"


def _say_rise(change: Change) -> str:
    if change.is_control:
        return ""
    if change.rise is None:
        return "new" if change.old_rank is None and change.new_rank is not None else "gone"
    return f"▲ {change.rise}" if change.rise > 0 else f"▼ {-change.rise}" if change.rise < 0 else "="


def compare_boards(old: Board, new: Board) -> Comparison:
    """Return what changed from one version of a board to another.

    Raises
    ------
    BoardError
        If they are of two challenges or phases, or are ranked by two metrics.
    """
    for what, one, other in (
        ("challenge", old.challenge, new.challenge),
        ("phase", old.phase, new.phase),
        ("ranking metric", old.columns[0].name, new.columns[0].name),
    ):
        if one != other:
            msg = (
                f"The boards have two values of the {what}: {one!r} and {other!r}. Expected two versions of one board. "
                "Give boards that are ranked alike."
            )
            raise BoardError(msg)
    before = {_key(row): row for row in old.rows}
    after = {_key(row): row for row in new.rows}
    keys = [*after, *(key for key in before if key not in after)]
    return Comparison(old, new, tuple(_change(key, before.get(key), after.get(key)) for key in keys))


def _key(row: Row) -> tuple[str, bool]:
    return row.entry, row.is_control


def _change(key: tuple[str, bool], old: Row | None, new: Row | None) -> Change:
    return Change(
        key[0],
        old.rank if old else None,
        new.rank if new else None,
        old.score if old else nan,
        new.score if new else nan,
        key[1],
    )
