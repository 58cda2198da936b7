"""A challenge without a page: lines for a terminal, and HTML that stays in a saved notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.challenge.board import write_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST = 20
_BOARD = ("rank", "entry", "score", "95% interval", "")


def write_text(about: Mapping[str, Any], score: Mapping[str, Any] | None, board: Mapping[str, Any] | None) -> str:
    """Write a challenge as lines of text: what it is, its phases, one's score, the leaderboard."""
    lines = [f"{about['title']} ({about['name']})", about["summary"], ""]
    lines.append(f"task {about['task']}; licence {about['licence']}; {_say_splits(about)}")
    lines += [f"phase {_say_phase(phase)}" for phase in about["phases"]]
    if score is not None:
        lines += ["", *_write_score(score)]
    if board is not None:
        cells = [list(_BOARD), *write_rows(board, _MOST)]
        widths = [max(len(line[at]) for line in cells) for at in range(len(_BOARD))]
        lines += ["", f"leaderboard of the phase {board['phase']}, by {board['columns'][0]}"]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
        ]
    return "\n".join(lines)


def write_html(about: Mapping[str, Any], score: Mapping[str, Any] | None, board: Mapping[str, Any] | None) -> str:
    """Write a challenge as HTML that needs no script; all text of others is escaped."""
    parts = [f"<h3>{_show(about['title'])}</h3><p>{_show(about['summary'])}</p>"]
    facts = [f"Task {about['task']}", f"licence {about['licence']}", _say_splits(about)]
    parts.append(f"<p>{_show('; '.join(facts))}.</p>")
    if about["phases"]:
        parts.append(f"<ul>{''.join(f'<li>{_show(_say_phase(phase))}</li>' for phase in about['phases'])}</ul>")
    if score is not None and score["state"] == "scored":
        rows = [[one["title"], one["text"], one["interval"]] for one in score["metrics"]]
        caption = f"Own score in the phase {score['phase']}, {score['cases']} cases"
        parts.append(_table(caption, ("metric", "score", "95% interval"), rows))
        parts.append(f"<p><small>{_show(score['conventions'])}</small></p>")
    if board is not None:
        caption = f"Leaderboard of the phase {board['phase']}, by {board['columns'][0]}"
        parts.append(_table(caption, _BOARD, write_rows(board, _MOST)))
    return "".join(parts) + "<p>Run the cell to take part.</p>"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heading = "".join(f'<th scope="col" style="text-align:left">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td style=text-align:left>{_show(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><caption>{_show(caption)}</caption><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"


def _show(text: str) -> str:
    """Escape a text, and keep its direction of writing apart from what stands beside it."""
    return f"<bdi>{escape(text)}</bdi>"


def _say_splits(about: Mapping[str, Any]) -> str:
    said = []
    for split in about["splits"]:
        number = f"{split['cases']} {'case' if split['cases'] == 1 else 'cases'}"
        said.append(f"{split['name']} with {number}{', truth hidden' if split['hidden'] else ''}")
    return f"splits: {'; '.join(said)}"


def _say_phase(phase: Mapping[str, Any]) -> str:
    """Say what a phase is, and whether it is open."""
    state = "open" if phase["is_open"] else "not open"
    dates = [
        f"{word} {phase[key][:16].replace('T', ' ')}"
        for word, key in (("from", "opens"), ("until", "closes"))
        if phase[key]
    ]
    truth = "truth hidden" if phase["hidden"] else "truth public"
    return f"{phase['title']}: {', '.join([state, *dates, truth])}"


def _write_score(score: Mapping[str, Any]) -> list[str]:
    if score["state"] != "scored":
        number = len(score["problems"]) + score["more"]
        lines = [f"the predictions have {number} {'problem' if number == 1 else 'problems'} and cannot be scored"]
        return lines + [
            f"  {': '.join(filter(None, (one['case'], one['what'])))}. Expected {one['expected']}. {one['cure']}"
            for one in score["problems"][:_MOST]
        ]
    lines = [f"own score in the phase {score['phase']}, {score['cases']} cases"]
    return lines + [
        f"  {one['title']}: {one['text']}" + (f" ({one['interval']})" if one["interval"] else "")
        for one in score["metrics"]
    ]
