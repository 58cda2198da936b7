"""A leaderboard as text: Markdown for a README, aligned columns for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.boards.digits import (
    find_decimals,
    say_chance,
    say_column,
    say_interval,
    say_rank,
    say_ranks,
    say_score,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.boards.board import Board

TIED = "="


def write_cells(board: Board) -> list[list[str]]:
    """Return the heading and the rows of the table of a board as text; see `write_markdown`."""
    decimals = {column.name: find_decimals(board, column) for column in board.columns}
    first, *others = board.columns
    chances = any(row.p_best is not None for row in board.rows)
    heading = ["rank", "ranks", "entry", say_column(first), "interval"]
    heading += (["P(best)"] if chances else []) + [say_column(column) for column in others]
    table = [heading]
    for row in board.rows:
        tied = TIED if row.tied_with_best and row.rank != 1 else ""
        cells = [
            "control" if row.is_control else say_rank(row) + tied,
            say_ranks(row),
            _one_line(row.entry),
            say_score(row.score, decimals[first.name]),
            say_interval(row.estimate, decimals[first.name]),
        ]
        cells += [say_chance(row.p_best)] if chances else []
        cells += [say_score(row.scores[column.name].value, decimals[column.name]) for column in others]
        table.append(cells)
    return table


def _one_line(name: str) -> str:
    return " ".join(name.split())


def write_markdown(board: Board) -> str:
    """Return the table of a board in Markdown, with its conventions and remarks.

    A rank with ``=`` is tied with the best.
    """
    notes = "\n".join(f"- {_escape(note)}" for note in write_notes(board))
    return f"{join_cells(write_cells(board))}\n{notes}\n"


def join_cells(cells: list[list[str]]) -> str:
    """Return a table in Markdown of cells of text; the first row is the heading."""
    heading, *rows = [[_escape(_one_line(cell)) for cell in row] for row in cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heading, ["---"] * len(heading), *rows))


def _escape(text: str) -> str:
    for special in "\\`*_[]<>|#&!":
        text = text.replace(special, f"\\{special}")
    return text


def write_text(board: Board) -> str:
    """Return the table of a board as aligned text, with its conventions and remarks."""
    table = write_cells(board)
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*lines, "", *write_notes(board), ""])


def write_notes(board: Board) -> list[str]:
    """Return what stands below the table of a board, a sentence each."""
    notes = [f"{board.title}: {board.phase}, {board.cases} cases.", *board.remarks]
    if any(row.tied_with_best and row.rank != 1 for row in board.rows):
        notes.append(f"{TIED}: not shown to be worse than the best.")
    notes.append(f"Intervals: {board.settings.level:.0%}, {board.settings.samples:,} bootstrap samples of the cases.")
    return [*notes, f"Conventions: {board.conventions}.", f"Board {board.digest[:16]}."]
