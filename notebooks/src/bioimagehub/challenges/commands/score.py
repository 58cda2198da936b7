"""``bioimagehub challenge score``: the number that the hub will show."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import print_json, print_table
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.commands.chosen import choose_split
from bioimagehub.challenges.result_files import load_result, save_result
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.submissions import check_submission, open_predictions
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    import argparse

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge


def run(arguments: argparse.Namespace) -> int:
    """Check the predictions and score them; status 1 if they cannot be scored."""
    challenge = load_challenge(arguments.challenge)
    split = choose_split(challenge, arguments.split)
    known = None if arguments.known is None else load_result(arguments.known).known()
    report = check_submission(arguments.predictions, challenge, split, root=arguments.root)
    if not report.ok:
        print(report, file=sys.stderr)
        return 1
    truth = open_truth(challenge, split, root=arguments.root)
    with open_predictions(arguments.predictions, challenge, split, root=arguments.root) as predictions:
        result = score(challenge, split, predictions, truth, known=known)
    if arguments.into is not None:
        save_result(arguments.into, result)
    if arguments.json:
        print_json(result.as_dict())
    else:
        _print_result(challenge, result, cases=arguments.cases)
    return 0


def _print_result(challenge: Challenge, result: Result, *, cases: bool) -> None:
    if cases:
        metrics = [ranked.metric for ranked in challenge.metrics]
        rows = [[name, *(repr(case.scores[metric]) for metric in metrics)] for name, case in result.cases.items()]
        print_table(["case", *metrics], rows, right=metrics)
    # All digits: they are to be compared with those of the hub.
    rows = []
    for ranked in challenge.metrics:
        unit = result.units.get(ranked.metric, challenge.rules.METRICS[ranked.metric].UNIT)
        left_out = result.left_out[ranked.metric]
        note = f"{left_out} of {len(result.cases)} cases say nothing and are left out" if left_out else ""
        number = repr(result.scores[ranked.metric])
        rows.append([ranked.metric, ranked.aggregate, number if unit == "1" else f"{number} {unit}", note])
    print_table(["metric", "aggregate", "score", "note"], rows, right=["score"])
    print(f"conventions: {result.conventions}", file=sys.stderr)
    print(f"key: {result.key}", file=sys.stderr)
    for name, problem in result.problems.items():
        print(f"counts as worst: {name}: {problem}", file=sys.stderr)
