"""Leaderboards that say how sure their ranking is, as pages, text and plain files that outlive the server.

>>> from bioimagehub.challenges.boards import Column
>>> Column("f1", "F1", "higher", best=1.0, worst=0.0).aggregate
'mean'
"""

from __future__ import annotations

from bioimagehub.challenges.boards.board import (
    Agreement,
    Board,
    Column,
    Estimate,
    Pairwise,
    Row,
    Settings,
    Stratum,
)
from bioimagehub.challenges.boards.comparing import Change, Comparison, compare_boards
from bioimagehub.challenges.boards.exporting import export_board, load_board
from bioimagehub.challenges.boards.making import Origin, make_board
from bioimagehub.challenges.boards.publishing import publishable

__all__ = [
    "Agreement",
    "Board",
    "Change",
    "Column",
    "Comparison",
    "Estimate",
    "Origin",
    "Pairwise",
    "Row",
    "Settings",
    "Stratum",
    "compare_boards",
    "export_board",
    "load_board",
    "make_board",
    "publishable",
]
