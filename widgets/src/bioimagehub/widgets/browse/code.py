"""The lines of Python that do what was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.catalogs import Record

OPENING = "open_catalog()"
_IMPORT = "from bioimagehub.catalogs import open_catalog"
_UNNAMED = "# No variable has the catalog that was browsed: give it the name catalog first."


def write_opening(record: Record, name: str | None = OPENING) -> str:
    """Write the line that opens a record; that finds it, where no driver opens it.

    Parameters
    ----------
    record : Record
    name : str or None
        What the catalog is called; the import of `open_catalog` is written where that is what it is called by. None
        where it has no name: a comment says so.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> print(write_opening(open_catalog()["samples:nuclei-3d"], "catalog"))
    image = catalog["samples:nuclei-3d"].open()
    """
    found = f"{name or 'catalog'}{_key(record.identifier)}"
    return _with_head(f"record = {found}" if record.driver is None else f"image = {found}.open()", name)


def write_selection(identifiers: Sequence[str], name: str | None = OPENING) -> str:
    """Write the lines that find some records."""
    named = "" if name in (None, "catalog") else f"catalog = {name}\n"
    listed = "".join(f"    {_quote(identifier)},\n" for identifier in identifiers)
    return _with_head(f"{named}records = [catalog[name] for name in [\n{listed}]]", name)


def write_search(state: Mapping[str, Any], name: str | None = OPENING) -> str:
    """Write the line that browses what is asked for.

    Examples
    --------
    >>> print(write_search({"text": "mitosis", "filters": {"archive": ["idr"]}, "sort": "-size"}))
    from bioimagehub.widgets import browse
    browse(text="mitosis", archive=["idr"], sort="-size")
    """
    given = [] if name == OPENING else [name or "catalog"]
    if state.get("text"):
        given.append(f"text={_quote(state['text'])}")
    for facet, values in (state.get("filters") or {}).items():
        given.append(f"{facet}=[{', '.join(map(_quote, values))}]")
    if state.get("sort", "relevance") != "relevance":
        given.append(f"sort={_quote(state['sort'])}")
    comment = f"{_UNNAMED}\n" if name is None else ""
    return f"from bioimagehub.widgets import browse\n{comment}browse({', '.join(given)})"


def _with_head(line: str, name: str | None) -> str:
    """Put before a line what it needs: an import, or the word that a name is missing."""
    if name is None:
        return f"{_UNNAMED}\n{line}"
    return f"{_IMPORT}\n{line}" if name == OPENING else line


def _key(identifier: str) -> str:
    return f"[{_quote(identifier)}]"


def _quote(text: str) -> str:
    """Write a text as Python in double quotes; what came from an archive cannot end it."""
    if text.isprintable() and not set(text) & {'"', "\\"}:
        return f'"{text}"'
    return ascii(text)
