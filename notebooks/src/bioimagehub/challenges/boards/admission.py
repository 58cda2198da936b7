"""Which results may stand on one board: those of its challenge, its split, its conventions and its metrics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bioimagehub.challenges.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge

LISTED = 5


def check_results(challenge: Challenge, split: str, results: Iterable[tuple[str, Result]], conventions: str) -> None:
    """Refuse results that cannot be compared with each other.

    Parameters
    ----------
    challenge : Challenge
    split : str
        That of the phase.
    results : iterable of (str, Result)
        Of entries and controls, with their names.
    conventions : str
        The sentence that all results have; the version of the library in it does not count.

    Raises
    ------
    BoardError
        If a result is of another challenge, split or conventions, or lacks a metric of the challenge.
    """
    problems = [
        f"{name} {problem}" for name, one in results for problem in _compare(challenge, split, one, conventions)
    ]
    if problems:
        metrics = ", ".join(ranked.metric for ranked in challenge.metrics)
        more = f"; and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
        msg = (
            f"The results do not make a board of {challenge.name}: {'; '.join(problems[:LISTED])}{more}. Expected "
            f"results of the split {split!r} by {metrics} ({conventions}). "
            "Score the predictions again with this challenge, or take these results away."
        )
        raise BoardError(msg)


def _compare(challenge: Challenge, split: str, result: Result, conventions: str) -> Iterator[str]:
    if result.challenge != challenge.name:
        yield f"is of the challenge {result.challenge}"
    if result.split != split:
        yield f"is of the split {result.split!r}"
    if _without_version(result.conventions) != _without_version(conventions):
        yield f"has other conventions ({result.conventions})"
    tables = [result.scores, *(case.scores for case in result.cases.values())]
    missing = [one.metric for one in challenge.metrics if any(one.metric not in table for table in tables)]
    if missing:
        yield f"has no {', '.join(missing)}"


def _without_version(conventions: str) -> str:
    return re.sub(r"bioimagehub [^\s;,]+", "bioimagehub", conventions)
