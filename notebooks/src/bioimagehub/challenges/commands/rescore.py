"""``bioimagehub challenge rescore``: score all entries again where something changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards import compare_boards, make_board
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.commands.chosen import choose_phase
from bioimagehub.challenges.errors import ResultFileError
from bioimagehub.challenges.rescoring import rescore
from bioimagehub.challenges.result_files import load_results, save_result
from bioimagehub.challenges.submissions import open_predictions
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Score again, print which cases changed and how the ranks moved, and keep the new results."""
    challenge = load_challenge(arguments.challenge)
    phase = choose_phase(challenge, arguments.phase)
    truth = open_truth(challenge, phase.split, root=arguments.root)
    old = load_results([arguments.results])
    places = {entry: find_predictions(arguments.predictions, entry) for entry in old}
    new = {}
    for entry, result in old.items():
        with open_predictions(places[entry], challenge, phase.split, root=arguments.root) as predictions:
            new[entry], changed = rescore(challenge, result, predictions, truth)
        listed = f": {', '.join(changed)}" if changed else ""
        print(f"{entry}: {len(changed)} of {len(result.cases)} cases scored again{listed}", file=sys.stderr)
    before, after = (make_board(challenge, phase, results) for results in (old, new))
    print(compare_boards(before, after).to_markdown())
    if not arguments.dry_run:
        for entry, result in new.items():
            save_result(arguments.results / f"{entry}.json", result)
    return 0


def find_predictions(folder: Path, entry: str) -> Path:
    """Return the predictions of an entry: a folder, a zip or CSV file, named after it.

    Raises
    ------
    ResultFileError
        If there are none.
    """
    for name in (entry, f"{entry}.zip", f"{entry}.csv"):
        if (folder / name).exists():
            return folder / name
    msg = (
        f"There are no predictions of {entry} in {folder}. Expected a folder {entry}, or {entry}.zip or {entry}.csv: "
        "without them it cannot be scored again."
    )
    raise ResultFileError(msg)
