"""How records and catalogs look: HTML in a notebook, plain text in a terminal."""

from __future__ import annotations

import base64
import textwrap
from html import escape
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.catalogs.records import Record

_WIDTH = 88
_UNITS = {"t": "s", "z": "µm", "y": "µm", "x": "µm"}
_SHOWN = 50


def record_rows(record: Record) -> list[tuple[str, str]]:
    """List what is told of a record, as pairs of a name and a text; fields that are None as not stated."""
    unknown = "not stated"
    sizes = ", ".join(f"{axis} {size}" for axis, size in zip(record.axes, record.shape, strict=True))
    organisms = ", ".join(
        f"{organism.name} (NCBI taxon {organism.taxon})" if organism.taxon else organism.name
        for organism in record.organisms
    )
    authors = ", ".join(f"{author.given or ''} {author.family}".strip() for author in record.authors)
    rows = [
        ("identifier", record.identifier),
        ("source", " ".join(filter(None, [record.source, record.source_accession]))),
        ("out of", record.package or ""),
        ("authors", authors or unknown),
        ("licence", record.licence or unknown),
        ("organism", organisms or unknown),
        ("scale", ", ".join(record.scales)),
        ("method", _methods(record) or unknown),
        ("data type", ", ".join(record.data_types) or "none of the four"),
        ("pixels", "; ".join(filter(None, [sizes, record.dtype]))),
        ("spacing", _spacing(record) if record.axes else ""),
        ("channels", ", ".join(channel.name for channel in record.channels)),
        ("labels", ", ".join(record.labels)),
        ("tables", ", ".join(record.tables)),
        ("cite", record.cite()),
        ("checksum", record.checksum or ""),
    ]
    return [(name, text) for name, text in rows if text]


def _methods(record: Record) -> str:
    return ", ".join(method.name for method in record.methods)


def _spacing(record: Record) -> str:
    stated = [
        f"{axis} {step:g} {_UNITS[axis]}"
        for axis, step in zip(record.axes, record.spacing, strict=False)
        if step is not None
    ]
    return ", ".join(stated) or "not stated: coordinates count pixels"


def record_text(record: Record) -> str:
    """Show a record in a terminal, no line longer than 88 characters unless a word is."""
    lines = [record.title, *textwrap.wrap(record.description or "", _WIDTH)]
    for name, text in record_rows(record):
        indent = " " * 14
        lines += textwrap.wrap(
            text, _WIDTH, initial_indent=f"  {name:<12}", subsequent_indent=indent, break_long_words=False
        )
    return "\n".join(lines)


def record_html(record: Record) -> str:
    """Show a record in a notebook, with its thumbnail inside the HTML, so that it stays in a saved notebook."""
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(text)}</td></tr>"
        for name, text in record_rows(record)
    )
    return (
        "<div style='display:flex;gap:1em;align-items:flex-start;flex-wrap:wrap'>"
        f"{_picture(record)}"
        f"<div style='flex:1;min-width:20em'><h4 style='margin-top:0'>{escape(record.title)}</h4>"
        f"<p>{escape(record.description or '')}</p><table>{rows}</table></div></div>"
    )


def _picture(record: Record) -> str:
    """Give the thumbnail as an image element, or a sentence in its place when it cannot be had."""
    from bioimagehub.catalogs.thumbnail import make_thumbnail

    try:
        png = make_thumbnail(record)
    except CatalogError as error:
        return f"<p style='width:14em;margin:0'>No picture: {escape(str(error))}</p>"
    data = base64.b64encode(png).decode()
    return (
        f"<img alt='{escape(record.title, quote=True)}' src='data:image/png;base64,{data}' "
        "style='width:14em;image-rendering:auto'>"
    )


def catalog_text(records: Sequence[Record]) -> str:
    """Show a catalog in a terminal: one line a record."""
    width = max((len(record.identifier) for record in records), default=0)
    lines = [f"{len(records)} records"]
    lines += [f"  {record.identifier:<{width}}  {record.title}" for record in records[:_SHOWN]]
    if len(records) > _SHOWN:
        lines.append(f"  and {len(records) - _SHOWN} more: narrow it with search()")
    return "\n".join(lines)


def catalog_html(records: Sequence[Record]) -> str:
    """Show a catalog in a notebook: one row a record, the first fifty of them."""
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("identifier", "title", "scale", "method"))
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align:left'>{escape(text)}</td>"
            for text in (record.identifier, record.title, ", ".join(record.scales), _methods(record) or "not stated")
        )
        + "</tr>"
        for record in records[:_SHOWN]
    )
    more = f"<p>and {len(records) - _SHOWN} more: narrow it with search()</p>" if len(records) > _SHOWN else ""
    return f"<p>{len(records)} records</p><table><tr>{head}</tr>{rows}</table>{more}"
