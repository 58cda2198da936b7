"""``bioimagehub challenge board``: rank results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import print_json
from bioimagehub.challenges.boards import make_board
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.commands.chosen import choose_phase, score_controls
from bioimagehub.challenges.result_files import load_results

if TYPE_CHECKING:
    import argparse

    from bioimagehub.challenges.boards import Board
    from bioimagehub.challenges.case_results import Result


def run(arguments: argparse.Namespace) -> int:
    """Print the board."""
    board, _ = rank(arguments)
    if arguments.json:
        print_json(board.as_dict())
    else:
        print(board.to_text())
    return 0


def rank(arguments: argparse.Namespace) -> tuple[Board, dict[str, Result]]:
    """Return the board of the results that are named, and these."""
    challenge = load_challenge(arguments.challenge)
    phase = choose_phase(challenge, arguments.phase)
    results = load_results(arguments.results)
    controls = None if arguments.no_controls else score_controls(challenge, phase.split, arguments.root)
    board = make_board(challenge, phase, results, controls=controls, seed=arguments.seed, samples=arguments.samples)
    return board, {**results, **(controls or {})}
