"""Records that are fetched one by one: one that cannot be had is lost, but not all of an archive that is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import ArchiveUnreachableError, CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bioimagehub.catalogs.archives.report import Report
    from bioimagehub.catalogs.records import Record

_DOWN = 3
"""Records in a row that cannot be reached after which the archive is down, and the harvest stops to go on later."""


class Attempts:
    """Makes the records of a harvest, and notes those that cannot be made.

    Parameters
    ----------
    archive : str
    report : Report
    """

    def __init__(self, archive: str, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._unreachable = 0

    def make(self, accession: str, fetch: Callable[[], Record | None]) -> Record | None:
        """Make a record; None, and a loss in the report, where that fails. None too where `fetch` gives None.

        Raises
        ------
        ArchiveUnreachableError
            If it is the third in a row that cannot be reached.
        """
        try:
            record = fetch()
        except CatalogError as error:
            self._unreachable = self._unreachable + 1 if isinstance(error, ArchiveUnreachableError) else 0
            if self._unreachable == _DOWN:
                raise
            self._report.lost(f"{self._archive}:{accession}", error)
            return None
        self._unreachable = 0
        return record
