"""The lines of Python that do what was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bioimagehub.catalogs import Record

OPENING = "open_catalog()"
_IMPORT = "from bioimagehub.catalogs import open_catalog"


def write_opening(record: Record, name: str = OPENING) -> str:
    """Write the line that opens a record; that finds it, where no driver opens it.

    Parameters
    ----------
    record : Record
    name : str
        What the catalog is called; the import of `open_catalog` is written where that is what it is called by.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> print(write_opening(open_catalog()["samples:nuclei-3d"], "catalog"))
    image = catalog["samples:nuclei-3d"].open()
    """
    found = f"{name}{_key(record.identifier)}"
    return _with_import(f"record = {found}" if record.driver is None else f"image = {found}.open()", name)


def write_selection(identifiers: Sequence[str], name: str = OPENING) -> str:
    """Write the lines that find some records."""
    listed = "".join(f"    {_quote(identifier)},\n" for identifier in identifiers)
    return _with_import(f"catalog = {name}\nrecords = [catalog[name] for name in [\n{listed}]]", name)


def write_search(state: Mapping[str, Any], name: str = OPENING) -> str:
    """Write the line that browses what is asked for.

    Examples
    --------
    >>> print(write_search({"text": "mitosis", "filters": {"archive": ["idr"]}, "sort": "-size"}))
    from bioimagehub.widgets import browse
    browse(text="mitosis", archive=["idr"], sort="-size")
    """
    given = [] if name == OPENING else [name]
    if state.get("text"):
        given.append(f"text={_quote(state['text'])}")
    for facet, values in (state.get("filters") or {}).items():
        given.append(f"{facet}=[{', '.join(map(_quote, values))}]")
    if state.get("sort", "relevance") != "relevance":
        given.append(f"sort={_quote(state['sort'])}")
    return f"from bioimagehub.widgets import browse\nbrowse({', '.join(given)})"


def _with_import(line: str, name: str) -> str:
    return f"{_IMPORT}\n{line}" if name == OPENING else line


def _key(identifier: str) -> str:
    return f"[{_quote(identifier)}]"


def _quote(text: str) -> str:
    """Write a text as Python in double quotes; what came from an archive cannot end it."""
    if text.isprintable() and not set(text) & {'"', "\\"}:
        return f'"{text}"'
    return ascii(text)
