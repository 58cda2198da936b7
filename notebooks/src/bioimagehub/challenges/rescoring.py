"""Score again after a correction of truth, metrics or conventions: only the cases that it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.scoring import score

if TYPE_CHECKING:
    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.scoring import Predictions
    from bioimagehub.challenges.truth import TruthSource


def rescore(
    challenge: Challenge, result: Result, predictions: Predictions, truth: TruthSource | None = None
) -> tuple[Result, tuple[str, ...]]:
    """Score predictions again, keeping what did not change.

    Parameters
    ----------
    challenge : Challenge
        As it is now.
    result : Result
        The result as it was.
    predictions : mapping or callable
        The same predictions as then; see `score`.
    truth : TruthSource, optional
        The truth as it is now; by default `open_truth` of the split.

    Returns
    -------
    result : Result
    changed : tuple of str
        The cases that were scored again.
    """
    new = score(challenge, result.split, predictions, truth, known=result.known())
    keys = {name: case.key for name, case in result.cases.items()}
    return new, tuple(name for name, case in new.cases.items() if keys.get(name) != case.key)
