"""How records and catalogs look: HTML in a notebook, plain text in a terminal."""

from __future__ import annotations

import base64
import textwrap
from html import escape
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.catalogs.health import find_health
from bioimagehub.catalogs.layouts import find_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bioimagehub.catalogs.catalog import Catalog
    from bioimagehub.catalogs.parts import Term
    from bioimagehub.catalogs.records import Record

_WIDTH = 88
_UNITS = {"t": "s", "z": "µm", "y": "µm", "x": "µm"}
_SHOWN = 50

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def format_size(size: int | None) -> str:
    """Give a number of bytes with three digits and a decimal unit; an empty text for None.

    Examples
    --------
    >>> format_size(1_234_567), format_size(999), format_size(None)
    ('1.23 MB', '999 B', '')
    """
    if size is None:
        return ""
    number, unit = float(size), 0
    while number >= 999.5 and unit < len(_SIZES) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.3g} {_SIZES[unit]}"


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
        ("identifier", record.identifier + (f", version {record.version}" if record.version else "")),
        ("kind", record.kind if record.part_of is None else f"{record.kind} of {record.part_of}"),
        ("source", " ".join(filter(None, [record.source, record.source_accession]))),
        ("page", record.source_url),
        ("out of", record.package or ""),
        ("authors", authors or unknown),
        ("licence", _licence(record) or unknown),
        ("access", _access(record)),
        ("organism", organisms or unknown),
        ("scale", ", ".join(record.scales)),
        ("technology", ", ".join(record.technologies)),
        ("method", _methods(record) or unknown),
        ("data type", ", ".join(record.data_types) or "none of the four"),
        ("truth", ", ".join(record.ground_truth)),
        *((name, _terms(getattr(record, name))) for name in _SUBJECTS),
        ("released", str(record.released or "")),
        ("size", _size(record)),
        ("formats", ", ".join(record.formats)),
        ("pixels", "; ".join(filter(None, [sizes, record.dtype]))),
        ("spacing", _spacing(record) if record.axes else ""),
        ("channels", ", ".join(channel.name for channel in record.channels)),
        ("labels", ", ".join(record.labels)),
        ("tables", ", ".join(record.tables)),
        ("belongs to", ", ".join(record.related[:_MOST])),
        ("address", record.url or ""),
        ("options", ", ".join(f"{name}={value!r}" for name, value in record.arguments.items())),
        ("opens", _opening(record)),
        ("last check", _health(record)),
        ("cite", record.cite()),
        ("checksum", record.checksum or ""),
        ("facts from", "; ".join(f"{fact.source} ({fact.retrieved})" for fact in record.facts)),
    ]
    return [(name, text) for name, text in rows if text]


_SUBJECTS = ("genes", "proteins", "phenotypes", "compounds", "processes", "anatomy")
_MOST = 12


def _terms(terms: Sequence[Term]) -> str:
    named = [f"{term.name} ({term.id})" if term.id else term.name for term in terms[:_MOST]]
    more = [f"and {len(terms) - _MOST} more"] if len(terms) > _MOST else []
    return ", ".join(named + more)


def _licence(record: Record) -> str | None:
    """Give the licence, and what it forbids."""
    from bioimagehub.catalogs.vocabulary.licences import forbids

    forbidden = ", ".join(forbids(record.licence))
    return f"{record.licence} (forbids {forbidden})" if record.licence and forbidden else record.licence


def _access(record: Record) -> str:
    access = record.access
    if access.kind == "open":
        return ""
    until = f" until {access.until}" if access.until else ""
    return " ".join(filter(None, [f"{access.kind}{until}.", access.how, access.url]))


def _opening(record: Record) -> str:
    """Tell whether opening asks nothing, and how many levels there are; empty where no layout was kept."""
    if record.url is None:
        return ""
    try:
        layout = find_layout(record.url, bulk=False)
    except CatalogError as error:
        return str(error)
    if layout is None or layout.driver != record.driver:
        return ""
    # Another entry may have been indexed for another series of the file.
    summary = layout.summary if isinstance(layout.summary, dict) else {}
    levels = summary.get("levels") if summary.get("entry") == record.identifier else None
    many = f"; {len(levels)} level{'s' * (len(levels) != 1)}" if isinstance(levels, list) else ""
    return f"without a request, as indexed on {layout.verified or 'an unknown day'}{many}"


def _health(record: Record) -> str:
    found = None if record.url is None else find_health(record)
    return "" if found is None else str(found)


def _size(record: Record) -> str:
    counts = {"bytes": record.size, "files": record.files, "images": record.images}
    counts |= {"wells": record.wells, "fields of view": record.fields}
    return ", ".join(f"{number:,} {what}" for what, number in counts.items() if number is not None)


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
    """Give the thumbnail as an image element, or a sentence in its place when it cannot be had.

    Only what lies on this machine is read: showing a record never waits for an archive.
    """
    from bioimagehub.catalogs.locations import is_local
    from bioimagehub.catalogs.thumbnail import make_thumbnail

    if record.driver is None or record.url is None or not is_local(record.url):
        return ""
    try:
        png = make_thumbnail(record)
    except CatalogError as error:
        return f"<p style='width:14em;margin:0'>No picture: {escape(str(error))}</p>"
    data = base64.b64encode(png).decode()
    return (
        f"<img alt='{escape(record.title, quote=True)}' src='data:image/png;base64,{data}' "
        "style='width:14em;image-rendering:auto'>"
    )


def catalog_text(catalog: Catalog) -> str:
    """Show a catalog in a terminal: one line a record."""
    records = catalog.page(0, _SHOWN)
    width = max((len(record.identifier) for record in records), default=0)
    lines = [_count(catalog)]
    lines += [f"  {record.identifier:<{width}}  {record.title}" for record in records]
    if len(catalog) > _SHOWN:
        lines.append(f"  and {len(catalog) - _SHOWN} more: narrow it with search()")
    return "\n".join(lines)


def catalog_html(catalog: Catalog) -> str:
    """Show a catalog in a notebook: one row a record, the first fifty of them."""
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("identifier", "title", "scale", "method"))
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align:left'>{escape(text)}</td>"
            for text in (
                record.identifier,
                record.title,
                ", ".join(record.scales),
                _methods(record) or "not stated",
            )
        )
        + "</tr>"
        for record in catalog.page(0, _SHOWN)
    )
    more = f"<p>and {len(catalog) - _SHOWN} more: narrow it with search()</p>" if len(catalog) > _SHOWN else ""
    return f"<p>{escape(_count(catalog))}</p><table><tr>{head}</tr>{rows}</table>{more}"


def _count(catalog: Catalog) -> str:
    suggestion = None if len(catalog) else catalog.suggest()
    return f"{len(catalog)} records" + (f"; did you mean: {suggestion}" if suggestion else "")
