"""``bioimagehub challenge export``: a board that outlives the hub."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards import export_board
from bioimagehub.challenges.commands.board import rank

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write the board; the scores of cases go with it only if the truth is not hidden."""
    board, results = rank(arguments)
    folder = export_board(board, None if board.hidden else results, arguments.into)
    print(f"The board sha256:{board.digest} is in {folder}; open index.html.", file=sys.stderr)
    return 0
