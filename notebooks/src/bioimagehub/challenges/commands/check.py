"""``bioimagehub challenge check``: say whether a challenge is sound, and of which splits that is known."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from bioimagehub.catalogs.commands.output import print_json, print_table
from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.checking import check_challenge

if TYPE_CHECKING:
    import argparse

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.checking import Review


def run(arguments: argparse.Namespace) -> int:
    """Print the scores of the controls, then the pitfalls; status 1, by an error, if the challenge is refused."""
    challenge = load_challenge(arguments.challenge)
    review = check_challenge(challenge, root=arguments.root)
    if arguments.json:
        print_json(
            {
                "challenge": challenge.name,
                "controls": {
                    split: {name: result.as_dict()["scores"] for name, result in controls.items()}
                    for split, controls in review.controls.items()
                },
                "pitfalls": [asdict(pitfall) for pitfall in review.pitfalls],
                "skipped": review.skipped,
            }
        )
    else:
        _print_review(challenge, review)
    return 0 if review.controls else 1


def _print_review(challenge: Challenge, review: Review) -> None:
    metrics = [ranked.metric for ranked in challenge.metrics]
    rows = [
        [split, name, *(f"{result.scores[metric]:.6g}" for metric in metrics)]
        for split, controls in review.controls.items()
        for name, result in controls.items()
    ]
    print_table(["split", "control", *metrics], rows, right=metrics)
    for pitfall in review.pitfalls:
        print(f"warning: {pitfall}", file=sys.stderr)
    for split, why in review.skipped.items():
        print(f"not checked: {split}: {why}", file=sys.stderr)
    if not review.controls:
        print(f"{challenge.name}: nothing was checked. Name the folder of the truth with --root.", file=sys.stderr)
        return
    where = ", ".join(review.controls)
    unseen = f" Not checked, for want of the truth: {', '.join(review.skipped)}." if review.skipped else ""
    sound = "is sound" if not review.skipped else "is sound as far as it was checked"
    count = len(review.pitfalls)
    warnings = f"{count} {'warning' if count == 1 else 'warnings'}"
    print(
        f"{challenge.name} {sound}: the truth ranks first by {metrics[0]} on {where}; {warnings}.{unseen}",
        file=sys.stderr,
    )
