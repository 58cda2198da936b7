"""Downloads: one file, a whole dataset or a part of it, planned first, resumed after a cut, checked, and reported."""

from __future__ import annotations

from bioimagehub.catalogs.downloads.fetching import fetch
from bioimagehub.catalogs.downloads.plan import Plan
from bioimagehub.catalogs.downloads.planning import plan_fetch
from bioimagehub.catalogs.downloads.progress import Progress
from bioimagehub.catalogs.downloads.report import Outcome, Report, write_report
from bioimagehub.catalogs.downloads.selection import Selection
from bioimagehub.catalogs.downloads.settings import FetchSettings

__all__ = [
    "FetchSettings",
    "Outcome",
    "Plan",
    "Progress",
    "Report",
    "Selection",
    "fetch",
    "plan_fetch",
    "write_report",
]
