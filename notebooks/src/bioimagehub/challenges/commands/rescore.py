"""``bioimagehub challenge rescore``: score all entries again where something changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.boards import compare_boards, make_board
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.commands.chosen import choose_phase
from bioimagehub.challenges.errors import BoardError, ResultFileError, SubmissionError
from bioimagehub.challenges.rescoring import rescore
from bioimagehub.challenges.result_files import load_results, save_result
from bioimagehub.challenges.submissions import open_predictions
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase


def run(arguments: argparse.Namespace) -> int:
    """Score again, print which cases changed and how the ranks moved, and keep the new results.

    Entries whose predictions are missing or cannot be opened keep their old result, are not on the new board, and make
    the status 1.
    """
    challenge = load_challenge(arguments.challenge)
    phase = choose_phase(challenge, arguments.phase)
    truth = open_truth(challenge, phase.split, root=arguments.root)
    old = load_results([arguments.results])
    new, failed = {}, {}
    for entry, result in old.items():
        try:
            place = find_predictions(arguments.predictions, entry)
            with open_predictions(place, challenge, phase.split, root=arguments.root) as predictions:
                new[entry], changed = rescore(challenge, result, predictions, truth)
        except (ResultFileError, SubmissionError) as error:
            failed[entry] = str(error)
            continue
        listed = f": {', '.join(changed)}" if changed else ""
        print(f"{entry}: {len(changed)} of {len(result.cases)} cases scored again{listed}", file=sys.stderr)
    if new:
        _print_boards(challenge, phase, old, new)
    if not arguments.dry_run:
        for entry, result in new.items():
            save_result(arguments.results / f"{entry}.json", result)
    for entry, why in failed.items():
        print(f"not scored again: {entry}: {why}", file=sys.stderr)
    return 1 if failed else 0


def _print_boards(challenge: Challenge, phase: Phase, old: Mapping[str, Result], new: Mapping[str, Result]) -> None:
    after = make_board(challenge, phase, new)
    try:
        # With the conventions that they were made with: these may be what was changed.
        before = make_board(challenge, phase, old, conventions=next(iter(old.values())).conventions)
    except BoardError as error:
        print(f"no board of the old results to compare with: {error}", file=sys.stderr)
        print(after.to_text())
        return
    print(compare_boards(before, after).to_markdown())


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
