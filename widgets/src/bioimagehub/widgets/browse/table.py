"""What was found, as a table: lines for a terminal, and HTML that stays in a saved notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.display import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.widgets.browse.finder import Question

_COLUMNS = ("identifier", "title", "organism", "technology", "size", "licence")
_WIDTHS = (28, 48, 20, 22, 10, 16)


def tell_question(question: Question, found: int, total: int, text: str | None = None) -> str:
    """Say in one line what was asked, and how many of how many records fit.

    Examples
    --------
    >>> from bioimagehub.widgets.browse.finder import Question
    >>> tell_question(Question("mitosis", (("archive", ("bia", "idr")),), "-size"), 12, 30_434)
    '12 of 30 434 records; text: mitosis; archive: bia or idr; sorted by size, largest or latest first'
    """
    told = [f"{_count(found)} of {_count(total)} records"]
    asked = question.text if text is None else text
    if asked.strip():
        told.append(f"text: {asked.strip()}")
    told += [f"{facet.replace('_', ' ')}: {' or '.join(values)}" for facet, values in question.filters]
    if question.sort != "relevance":
        name = question.sort.removeprefix("-")
        order = "largest or latest first" if name != question.sort else "smallest or earliest first"
        told.append(f"sorted by {name}, {order}")
    return "; ".join(told)


def write_text(told: str, rows: Sequence[dict[str, Any]]) -> str:
    """Write a table for a terminal; every line fits 160 characters."""
    cells = [_COLUMNS, *map(_list_cells, rows)]
    lines = ["  ".join(_fit(cell, width) for cell, width in zip(line, _WIDTHS, strict=True)).rstrip() for line in cells]
    return "\n".join([told, *lines]) if rows else told


def write_html(told: str, rows: Sequence[dict[str, Any]], shown: str | None) -> str:
    """Write a table that needs no script; what archives wrote is escaped, and kept apart in its direction."""
    head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in _COLUMNS)
    bold = ' style="font-weight:bold"'
    body = "".join(
        f"<tr{bold if row['id'] == shown else ''}>"
        + "".join(f'<td style="text-align:left"><bdi>{escape(cell)}</bdi></td>' for cell in _list_cells(row))
        + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    return f"<p>Searched: <bdi>{escape(told)}</bdi>. Run the cell to browse.</p>{table}"


def _list_cells(row: dict[str, Any]) -> tuple[str, ...]:
    size = format_size(row["size"]) or "not stated"
    return row["id"], row["title"], row["organism"], row["technology"], size, row["licence"] or "none stated"


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")
