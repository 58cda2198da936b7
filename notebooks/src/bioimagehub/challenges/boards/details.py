"""What stands below the table of a board: which entries differ, how stable the ranking is, and where all comes from."""

from __future__ import annotations

from html import escape
from math import isnan
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards.digits import find_decimals, say_interval, say_p, say_score, say_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.challenges.boards.board import Board

MOST_PAIRS = 40


def write_pairs(board: Board) -> str:
    """Return the matrix of p-values; empty if there is none."""
    pairs = board.pairwise
    if pairs is None:
        return ""
    title = "<h2>Which entries differ</h2>"
    if len(pairs.entries) > MOST_PAIRS:
        return f"{title}<p>There are too many entries for a table: see <code>pairwise</code> in board.json.</p>"
    rows = []
    for at, (name, line) in enumerate(zip(pairs.entries, pairs.p, strict=True)):
        cells = []
        for other, p in enumerate(line):
            kind = "number differ" if p < board.settings.alpha else "number"
            cells.append(f'<td class="{kind}">{"" if at == other else escape(say_p(p))}</td>')
        rows.append(f'<tr><td class="number">{at + 1}</td><td class="name">{escape(name)}</td>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col" class="number">{at + 1}</th>' for at in range(len(pairs.entries)))
    return (
        f"{title}<p>p-values of the {escape(say_test(pairs.test))}, two-sided, corrected for the number of pairs by "
        f"the method of Holm. Coloured: below {board.settings.alpha:g}.</p>"
        f'<div class="scroll"><table><thead><tr><th></th><th scope="col">Entry</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def write_agreement(board: Board) -> str:
    """Return how much rankings agree; empty if that is not known."""
    found = board.agreement
    if found is None:
        return ""
    stable = ""
    if not isnan(found.stability):
        stable = (
            f"Kendall’s τ of the ranking and those on the bootstrap samples: median {say_score(found.stability, 2)}, "
            f"lower end {say_score(found.stability_low, 2)}. "
        )
    rows = [
        f"<tr>{_number(at + 1)}<td>{escape(name)}</td>{''.join(_number(say_score(tau, 2)) for tau in line)}</tr>"
        for at, (name, line) in enumerate(zip(found.rankings, found.tau, strict=True))
    ]
    head = "".join(f'<th scope="col" class="number">{at + 1}</th>' for at in range(len(found.rankings)))
    return (
        f"<h2>How stable the ranking is</h2><p>{stable}The table has τ between this ranking (1) and other ways to "
        "rank: 1.00 is the same order, −1.00 the reverse.</p>"
        f'<div class="scroll"><table><thead><tr><th></th><th scope="col">Ranked by</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _number(text: object) -> str:
    return f'<td class="number">{escape(str(text))}</td>'


def write_strata(board: Board) -> str:
    """Return the scores on parts of the cases; empty if there are none."""
    attributes = dict.fromkeys(stratum.attribute for stratum in board.strata)
    parts = [_write_attribute(board, attribute) for attribute in attributes]
    return f"<h2>Parts of the cases</h2>{''.join(parts)}" if parts else ""


def _write_attribute(board: Board, attribute: str) -> str:
    strata = [stratum for stratum in board.strata if stratum.attribute == attribute]
    decimals = find_decimals(board, board.columns[0])
    head = "".join(
        f'<th scope="col" class="number">{escape(one.value)}<br><span class="pale small">{one.cases} '
        f"{'case' if one.cases == 1 else 'cases'}</span></th>"
        for one in strata
    )
    rows = []
    for row in board.entries:
        cells = []
        for one in strata:
            estimate, rank = one.scores[row.entry], one.ranks[row.entry]
            place = "" if rank is None else f"rank {rank}; "
            text = f"{place}{say_interval(estimate, decimals) or 'no interval'}"
            cells.append(
                f'<td class="number">{escape(say_score(estimate.value, decimals))}'
                f' <span class="pale">{escape(text)}</span></td>'
            )
        rows.append(f'<tr><td class="name">{escape(row.entry)}</td>{"".join(cells)}</tr>')
    return (
        f'<div class="scroll"><table><thead><tr><th scope="col">By {escape(attribute)}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def write_sources(board: Board) -> str:
    """Return conventions, settings, licence, citations and the name of this version."""
    settings = board.settings
    metrics = "; ".join(f"{column.title}, {column.aggregate}, version {column.version}" for column in board.columns)
    items: Sequence[tuple[str, str]] = [
        ("Conventions", board.conventions),
        ("Metrics", metrics),
        ("Bootstrap", f"{settings.samples:,} samples of the cases, seed {settings.seed}"),
        ("Organisers", ", ".join(board.organisers)),
        ("Cite", "; ".join(board.citations)),
        ("Licence", board.licence or ""),
        ("Made by", board.software),
    ]
    lines = "".join(f"<li>{name}: {escape(text)}</li>" for name, text in items if text)
    return f"<h2>Where this comes from</h2><ul>{lines}<li>This version: <code>sha256:{board.digest}</code></li></ul>"
