"""Downloads in a process of their own: they go on when the one that began them ends, and are found by their folder."""

from __future__ import annotations

from bioimagehub.catalogs.downloads.background.order import Order, Part
from bioimagehub.catalogs.downloads.background.run import BackgroundRun, find_run, start_run
from bioimagehub.catalogs.downloads.background.state import Failure, RunState

__all__ = ["BackgroundRun", "Failure", "Order", "Part", "RunState", "find_run", "start_run"]
