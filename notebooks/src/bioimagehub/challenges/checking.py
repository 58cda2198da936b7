"""Whether a challenge may be published: its controls must rank as they should, and its pitfalls be known."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from bioimagehub.challenges.controls import CONTROLS, PERFECT, list_controls, open_control
from bioimagehub.challenges.errors import ChallengeDataError, ChallengeRefusedError, TruthError
from bioimagehub.challenges.pitfalls import Pitfall, find_pitfalls
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge

EMPTY = "empty"


@dataclass(frozen=True)
class Review:
    """What the check of a challenge found.

    Attributes
    ----------
    controls : dict of str to dict of str to Result
        By split, then by the name of the control.
    pitfalls : tuple of Pitfall
        What could mislead on its boards; none of it forbids the challenge.
    skipped : dict of str to str
        Hidden splits that were not checked because their truth is not here, and why.
    """

    controls: dict[str, dict[str, Result]]
    pitfalls: tuple[Pitfall, ...]
    skipped: dict[str, str]


def check_challenge(challenge: Challenge, *, root: Path | None = None) -> Review:
    """Score the controls of all splits and look for pitfalls.

    Parameters
    ----------
    challenge : Challenge
    root : Path or None
        Where the scorer keeps hidden truth and keys; None takes the folder of the challenge file.

    Returns
    -------
    Review

    Raises
    ------
    ChallengeRefusedError
        If on a split another control is better than the truth by the metric that ranks, or nothing as good as it.
    TruthError, ChallengeDataError
        If the truth or images of a public split cannot be had, or a control cannot be made.
    """
    controls: dict[str, dict[str, Result]] = {}
    skipped: dict[str, str] = {}
    pitfalls: list[Pitfall] = []
    for name, split in challenge.splits.items():
        truth = open_truth(challenge, name, root=root)
        if split.hidden:
            try:
                truth.digest(split.cases[0])
            except (TruthError, ChallengeDataError) as error:
                skipped[name] = str(error)
                continue
        controls[name] = {
            control.name: score(challenge, name, open_control(challenge, name, control, truth, root=root), truth)
            for control in list_controls(challenge)
        }
        check_ranking(challenge, name, controls[name])
        pitfalls += find_pitfalls(challenge, name, truth, controls[name])
    return Review(controls, tuple(pitfalls), skipped)


def check_ranking(challenge: Challenge, split: str, controls: Mapping[str, Result]) -> None:
    """Refuse a challenge that does not rank the truth first, or not before nothing.

    Parameters
    ----------
    challenge : Challenge
    split : str
    controls : mapping of str to Result
        By the names of the controls; ``truth`` among them.

    Raises
    ------
    ChallengeRefusedError
        With the numbers.
    """
    ranked = challenge.metrics[0]
    metric = challenge.rules.METRICS[ranked.metric]
    scores = {name: result.scores[ranked.metric] for name, result in controls.items()}
    listed = ", ".join(f"{CONTROLS[name].title} {value:.6g}" for name, value in scores.items())
    where = f"{challenge.name} is refused: on the split {split!r}, by {metric.TITLE} ({ranked.aggregate})"
    problems = [f"{name}: {what.rstrip('.')}" for name, what in controls[PERFECT].problems.items()]
    if problems:
        msg = (
            f"{where}, the truth itself cannot be scored. {'; '.join(problems[:5])}. Expected truth that is a valid "
            "prediction. Correct the truth, or choose another task."
        )
        raise ChallengeRefusedError(msg)
    if isnan(scores[PERFECT]):
        msg = (
            f"{where}, the truth has no score: the metric says nothing about any case. Expected a case with something "
            "to find. Add cases, or choose another metric."
        )
        raise ChallengeRefusedError(msg)
    sign = 1 if metric.BETTER == "higher" else -1
    better = [name for name, value in scores.items() if sign * value > sign * scores[PERFECT]]
    if better:
        msg = (
            f"{where}, the truth is not first: {listed} ({metric.BETTER} is better). Expected nothing better than the "
            "truth. Choose another metric to rank by, or correct the truth."
        )
        raise ChallengeRefusedError(msg)
    if EMPTY in scores and scores[EMPTY] == scores[PERFECT]:
        msg = (
            f"{where}, predicting nothing is as good as the truth: {listed}. Expected the metric to tell them apart. "
            "Add cases with something to find, or choose another metric to rank by."
        )
        raise ChallengeRefusedError(msg)
