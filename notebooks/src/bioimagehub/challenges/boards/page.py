"""A leaderboard as one page that needs nothing else: no script, no style sheet beside it, no server."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards.details import write_agreement, write_pairs, write_sources, write_strata
from bioimagehub.challenges.boards.digits import (
    find_decimals,
    say_chance,
    say_column,
    say_interval,
    say_rank,
    say_ranks,
    say_score,
)
from bioimagehub.challenges.boards.style import STYLE

if TYPE_CHECKING:
    from bioimagehub.challenges.boards.board import Board, Estimate, Row


def write_page(board: Board) -> str:
    """Return the page of a board; all text of others is escaped."""
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in board.remarks)
    parts = [
        f"<h1>{escape(board.title)}: leaderboard</h1>",
        f'<p class="pale">Phase {escape(board.phase)}, {board.cases} {"case" if board.cases == 1 else "cases"}, '
        f"{len(board.entries)} {'entry' if len(board.entries) == 1 else 'entries'}.</p>",
        f"<ul>{remarks}</ul>" if remarks else "",
        write_table(board),
        write_legend(board),
        write_pairs(board),
        write_agreement(board),
        write_strata(board),
        write_sources(board),
    ]
    return frame(f"{board.title}: leaderboard", "\n".join(part for part in parts if part))


def frame(title: str, body: str) -> str:
    """Return a whole page around HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="bioimagehub">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def write_table(board: Board) -> str:
    """Return the table of a board."""
    decimals = {column.name: find_decimals(board, column) for column in board.columns}
    first, *others = board.columns
    chances = any(row.p_best is not None for row in board.rows)
    span = _span(board)
    heading = [("Rank", ""), ("Entry", ""), (say_column(first), "number"), ("Interval", "")]
    heading += [("P(best)", "number")] if chances else []
    heading += [(say_column(column), "number") for column in others]
    head = "".join(f'<th scope="col" class="{kind}">{escape(text)}</th>' for text, kind in heading)
    rows = []
    for row in board.rows:
        cells = [
            _cell("Rank", _write_rank(row), "rank"),
            _cell("Entry", _write_name(row), "name"),
            _cell(say_column(first), _write_score(row.estimate, decimals[first.name]), "number"),
            _cell("Interval", _draw(row.estimate, span), "wide"),
        ]
        if chances:
            cells.append(_cell("P(best)", escape(say_chance(row.p_best)), "number"))
        cells += [
            _cell(say_column(column), _write_score(row.scores[column.name], decimals[column.name]), "number")
            for column in others
        ]
        kind = "control" if row.is_control else "tied" if row.tied_with_best else ""
        rows.append(f'<tr class="{kind}">{"".join(cells)}</tr>')
    body = "\n".join(rows)
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="scroll"><table class="board">{head}\n<tbody>\n{body}\n</tbody></table></div>'


def _cell(label: str, content: str, kind: str = "") -> str:
    return f'<td class="{kind}" data-label="{escape(label)}">{content}</td>'


def _write_rank(row: Row) -> str:
    if row.is_control:
        return '<span class="badge">control</span>'
    ranks = say_ranks(row)
    interval = f' <span class="pale">{escape(ranks)}</span>' if ranks else ""
    return f"{escape(say_rank(row))}{interval}"


def _write_name(row: Row) -> str:
    links = [_link(row.citation, "citation"), _link(row.run, "run record")]
    more = " · ".join(link for link in links if link)
    return escape(row.entry) + (f' <span class="pale">{more}</span>' if more else "")


def _link(text: str | None, name: str) -> str:
    """Return a link to an address of the web; any other text as it is."""
    if not text:
        return ""
    if text.startswith(("https://", "http://")):
        return f'<a href="{escape(text)}" rel="nofollow noopener">{name}</a>'
    return escape(text)


def _write_score(estimate: Estimate, decimals: int) -> str:
    interval = say_interval(estimate, decimals)
    below = f' <span class="pale">{escape(interval)}</span>' if interval else ""
    return f'<span title="{estimate.value!r}">{escape(say_score(estimate.value, decimals))}</span>{below}'


def _span(board: Board) -> tuple[float, float]:
    """Return the least and the largest number to be drawn."""
    numbers = [number for row in board.rows for number in row.estimate if isfinite(number)]
    return (min(numbers), max(numbers)) if numbers else (0.0, 1.0)


def _draw(estimate: Estimate, span: tuple[float, float]) -> str:
    """Return a drawing of a score and its interval; nothing for a score that is not finite."""
    if not isfinite(estimate.value):
        return ""
    low, width = span[0], (span[1] - span[0]) or 1.0
    value, left, right = (
        4 + 152 * ((number if isfinite(number) else estimate.value) - low) / width for number in estimate
    )
    return (
        '<svg viewBox="0 0 160 16" aria-hidden="true">'
        f'<line x1="{left:.1f}" y1="8" x2="{right:.1f}" y2="8" stroke-width="2"/>'
        f'<circle cx="{value:.1f}" cy="8" r="3.5"/></svg>'
    )


def write_legend(board: Board) -> str:
    """Return how to read the table."""
    settings = board.settings
    if board.hidden:
        steps = ", ".join(f"{column.title} {column.step:g}" for column in board.columns if column.step)
        how = (
            f"The truth of this phase is hidden, so scores are rounded to steps of what is noise ({steps}), and ranks, "
            "ties and their intervals follow from the rounded numbers alone."
        )
    else:
        how = (
            f"Below each score and each rank: what {settings.level:.0%} of {settings.samples:,} bootstrap samples of "
            "the cases give. P(best): in how many of them the entry is first."
        )
    return (
        f'<p class="small pale">{escape(how)} A bar at the left marks the first entry and those that are not shown to '
        "be worse. Controls compete with nobody. ↑ more is better, ↓ less is better.</p>"
    )
