"""``bioimagehub challenge submit``: send predictions to a hub."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.commands.chosen import choose_phase
from bioimagehub.challenges.errors import SubmitError
from bioimagehub.challenges.submissions import check_submission
from bioimagehub.challenges.submitting import submit

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Check the predictions here, then send them; print the id of the submission."""
    challenge = load_challenge(arguments.challenge)
    phase = choose_phase(challenge, arguments.phase)
    token = None if arguments.token_file is None else _read_token(arguments.token_file)
    report = check_submission(arguments.predictions, challenge, phase.split, phase.limits)
    if not report.ok:
        print(report, file=sys.stderr)
        return 1
    taken = submit(
        arguments.predictions, challenge.name, phase.name, address=arguments.hub, token=token, entry=arguments.entry
    )
    print(taken.id)
    ahead = "" if taken.ahead is None else f", {taken.ahead} before it in the queue"
    print(f"The submission is kept: sha256:{taken.sha256}{ahead}.", file=sys.stderr)
    return 0


def _read_token(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The token cannot be read from {file}: {error}. Expected a file with a token of the hub alone."
        raise SubmitError(msg) from error
