"""What a catalog is called in lines of Python that somebody takes away from the browser."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import CatalogError
from bioimagehub.widgets.browse.code import OPENING

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog


class Name:
    """Tells what a catalog is called: what opens it, or the variable that has it.

    Parameters
    ----------
    catalog : Catalog or None
        None for what `open_catalog` opens.
    """

    def __init__(self, catalog: Catalog | None) -> None:
        self._catalog = catalog

    def of_records(self) -> str | None:
        """Give what finds its records; None where nothing does."""
        return OPENING if self._is_part else self._find_variable()

    def of_all(self) -> str | None:
        """Give what has just its records, as a search in them needs it; None where nothing does."""
        catalog = self._catalog
        if catalog is None or (self._is_part and len(catalog) == len(catalog.selection.index)):
            return OPENING
        return self._find_variable()

    @cached_property
    def _is_part(self) -> bool:
        """Whether its records are of the index that `open_catalog` opens."""
        from bioimagehub.catalogs import open_catalog

        if self._catalog is None:
            return True
        # The text of an index names its file. One in memory has none, and may be of anything.
        told = repr(self._catalog.selection.index)
        if told.endswith("in memory>"):
            return False
        try:
            return told == repr(open_catalog().selection.index)
        except CatalogError:
            # What is browsed was opened otherwise, and that must go on.
            return False

    def _find_variable(self) -> str | None:
        """Give the variable of the notebook that has the catalog now; those with ``_`` are the notebook's own."""
        from IPython import get_ipython

        shell = get_ipython()
        variables = dict(shell.user_ns) if shell is not None else {}
        return next((name for name, value in variables.items() if value is self._catalog and name[:1] != "_"), None)
