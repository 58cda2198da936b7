"""Which split, phase and results a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.controls import list_controls, open_control
from bioimagehub.challenges.errors import UnknownSplitError
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.truth import open_truth

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase


def choose_split(challenge: Challenge, name: str | None) -> str:
    """Return the split of a name; without one, the first whose truth is not hidden.

    Raises
    ------
    UnknownSplitError
        If there is none.
    """
    if name is not None:
        challenge.find_split(name)
        return name
    for split, what in challenge.splits.items():
        if not what.hidden:
            return split
    msg = (
        f"All splits of {challenge.name} are hidden: {', '.join(challenge.splits)}. Only the hub scores them: "
        "submit, or name one with --split where its truth is."
    )
    raise UnknownSplitError(msg)


def choose_phase(challenge: Challenge, name: str | None) -> Phase:
    """Return the phase of a name; without one, the only phase.

    Raises
    ------
    UnknownSplitError
        If there is none, or several and no name.
    """
    if name is not None:
        return challenge.find_phase(name)
    if len(challenge.phases) == 1:
        return challenge.phases[0]
    listed = ", ".join(phase.name for phase in challenge.phases) or "none"
    msg = f"The challenge {challenge.name} has the phases {listed}. Name one with --phase."
    raise UnknownSplitError(msg)


def score_controls(challenge: Challenge, split: str, root: Path | None) -> dict[str, Result]:
    """Score all controls of a challenge on a split."""
    truth = open_truth(challenge, split, root=root)
    return {
        control.name: score(challenge, split, open_control(challenge, split, control, truth, root=root), truth)
        for control in list_controls(challenge)
    }
