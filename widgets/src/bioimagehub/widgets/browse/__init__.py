"""Browse the archives: search as one types, narrow by facets, look at what is known, and go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import UnknownKeywordError

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog
    from bioimagehub.widgets.browse.widget import Browse

__all__ = ["browse"]

_KEYWORDS = ("filters", "height", "lock", "selection", "shown", "sort", "text")


def browse(catalog: Catalog | None = None, **query: Any) -> Browse:
    """Browse a catalog in a notebook: search as you type, narrow by facets, look, cite, lock, open, download.

    Parameters
    ----------
    catalog : Catalog or None
        None for what `open_catalog` opens. One that `Catalog.search` narrowed is browsed as it is.
    **query
        What is asked at first: ``text``, ``filters``, ``sort``; values of a facet by its name, such as
        ``organism="zebrafish"``; and the other traits of `Browse`.

    Returns
    -------
    Browse
        A widget. ``.selected`` gives the records that were selected, ``.found`` the catalog of all that fit.

    Raises
    ------
    InvalidQueryError
        If a facet, a size or the order is not one.
    UnknownKeywordError
        If a keyword is neither a facet nor a trait.

    Examples
    --------
    >>> from bioimagehub.catalogs import open_catalog
    >>> found = browse(open_catalog()["samples"], text="nuclei", scale="cells")
    >>> found.count <= found.total, found.filters, found.selected
    (True, {'scale': ['cells']}, [])
    >>> found.close()
    """
    from bioimagehub.catalogs.index.fields import FACETS
    from bioimagehub.widgets.browse.finder import check_filters
    from bioimagehub.widgets.browse.widget import Browse

    facets = {name: query.pop(name) for name in [*query] if name in FACETS or name == "size"}
    unknown = sorted(set(query) - set(_KEYWORDS))
    if unknown:
        msg = (
            f"browse cannot be asked for {', '.join(unknown)}. It has the keywords {', '.join(_KEYWORDS)}, and the "
            f"facets {', '.join(sorted({*FACETS, 'size'}))}. Correct the name, or leave it out."
        )
        raise UnknownKeywordError(msg)
    filters = {**check_filters(query.pop("filters", {})), **check_filters(facets)}
    return Browse(catalog, filters=filters, **query)
