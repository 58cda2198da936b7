"""What a worker does with a job: install a challenge, evaluate a submission, make a board.

Each step takes plain values and paths, returns plain values, and touches no database.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.boards import make_board, publishable
from bioimagehub.challenges.case_results import Result
from bioimagehub.challenges.challenge import Challenge, load_challenge
from bioimagehub.challenges.checking import check_challenge
from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.challenges.scoring import score
from bioimagehub.challenges.submissions import Caps, check_submission, open_predictions
from bioimagehub.challenges.submissions.archive import unpack
from bioimagehub.challenges.truth import open_truth
from bioimagehub.hub.portal.scoring.shown import show_challenge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tell = Callable[[str], None]

CHALLENGE_FILES = 200_000
CHALLENGE_BYTES = 64 * 2**30


@dataclass(frozen=True)
class Installation:
    """A challenge to be checked and installed.

    Attributes
    ----------
    upload : Path
        What the organiser sent. It may be gone, if the challenge was installed before a worker was killed.
    folder : Path
        Where the challenge is kept.
    shown : Path
        Where that of it goes which is no secret, for those who run methods.
    work : Path
        An empty folder beside it.
    """

    upload: Path
    folder: Path
    shown: Path
    work: Path

    def run(self, tell: Tell) -> dict[str, Any]:
        """Return ``report`` (lines), and ``controls`` (results by split and control; None if it is refused)."""
        tell("unpacking")
        if not self.folder.exists():
            problems = self._unpack()
            if problems:
                return {"report": problems, "controls": None}
            self.work.joinpath("challenge").rename(self.folder)
        try:
            challenge = load_challenge(self.folder)
            strangers = _find_strangers(challenge, self.folder)
            if strangers:
                return {"report": strangers, "controls": None}
            tell("scoring the controls")
            review = check_challenge(challenge, root=self.folder)
        except ChallengeError as error:
            return {"report": [str(error)], "controls": None}
        wanted = {phase.split for phase in challenge.phases}
        missing = [f"{split}: {why}" for split, why in review.skipped.items() if split in wanted]
        if missing:
            return {"report": missing, "controls": None}
        tell("writing what methods are shown")
        if not self.shown.exists():
            show_challenge(challenge, self.folder, self.shown)
        controls = {
            split: {name: result.as_dict() for name, result in results.items()}
            for split, results in review.controls.items()
        }
        return {"report": [str(pitfall) for pitfall in review.pitfalls], "controls": controls}

    def _unpack(self) -> list[str]:
        target = self.work / "challenge"
        target.mkdir(mode=0o700)
        if zipfile.is_zipfile(self.upload):
            caps = Caps(packed=CHALLENGE_BYTES, unpacked=CHALLENGE_BYTES, files=CHALLENGE_FILES)
            return [str(problem) for problem in unpack(self.upload, target, caps)]
        shutil.copyfile(self.upload, target / "challenge.yaml")
        return []


def _find_strangers(challenge: Challenge, folder: Path) -> list[str]:
    """Return what in a challenge file leads out of its folder, where the truth of other challenges is."""
    places = {f"splits.{name}.truth.folder": split.truth.folder for name, split in challenge.splits.items()}
    places |= {f"splits.{name}.truth.key": split.truth.key for name, split in challenge.splits.items()}
    places["data.lock"] = challenge.data.lock
    places |= {f"controls.{control.name}.folder": control.folder for control in challenge.controls or ()}
    inside = os.path.realpath(folder) + os.sep
    return [
        f"{place}: {path} leads out of the folder of the challenge. Expected is a path below it. Send the truth along."
        for place, path in places.items()
        if path is not None and not (os.path.realpath(folder / path) + os.sep).startswith(inside)
    ]


@dataclass(frozen=True)
class Evaluation:
    """A submission to be checked and scored.

    Attributes
    ----------
    challenge : Path
        The folder of the challenge, with its truth.
    phase : str
        Its phase.
    payload : Path
        The file of the submission.
    known : list of dict
        Earlier results of it; cases whose keys are unchanged are not scored again.
    work : Path
        An empty folder to unpack into.
    """

    challenge: Path
    phase: str
    payload: Path
    known: list[dict[str, Any]]
    work: Path

    def run(self, tell: Tell) -> dict[str, Any]:
        """Return ``problems``, a list that is empty for a good submission, and then ``result``."""
        challenge = load_challenge(self.challenge)
        phase = challenge.find_phase(self.phase)
        tell("checking")
        folder = self.work / "unpacked"
        report = check_submission(
            self.payload, challenge, phase.split, phase.limits, folder=folder, root=self.challenge
        )
        if not report.ok:
            problems = [problem.as_dict() for problem in report.problems]
            if report.more:
                problems.append(_more(report.more))
            return {"problems": problems, "result": None}
        tell("scoring")
        known = {key: case for earlier in self.known for key, case in Result.from_dict(earlier).known().items()}
        with open_predictions(folder, challenge, phase.split, root=self.challenge) as predictions:
            truth = open_truth(challenge, phase.split, root=self.challenge)
            result = score(challenge, phase.split, predictions, truth, known=known)
        return {"problems": [], "result": result.as_dict()}


def _more(count: int) -> dict[str, str]:
    return {
        "case": "",
        "what": f"{count} more problems were found",
        "expected": "none",
        "cure": "Mend those that are listed, and check it in a notebook.",
    }


@dataclass(frozen=True)
class Ranking:
    """A board to be made.

    Attributes
    ----------
    challenge : Path
        The folder of the challenge.
    phase : str
        Whose board it is.
    results : dict of str to dict
        By the names of the rows.
    controls : dict of str to dict
        Of the split of the phase, by their names.
    """

    challenge: Path
    phase: str
    results: dict[str, dict[str, Any]]
    controls: dict[str, dict[str, Any]]

    def run(self, tell: Tell) -> dict[str, Any]:
        """Return ``board``: what of it may be shown."""
        tell("ranking")
        challenge = load_challenge(self.challenge)
        phase = challenge.find_phase(self.phase)
        board = make_board(
            challenge,
            phase,
            {name: Result.from_dict(result) for name, result in self.results.items()},
            controls={name: Result.from_dict(result) for name, result in self.controls.items()},
        )
        return {"board": publishable(board, hidden=phase.hidden).as_dict()}


def warm_up() -> None:
    """Load what most steps need, before the first of them: the catalog, and the compiled parts of the scorer."""
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.challenges.tasks import instance_segmentation

    len(open_catalog())
    # One object each, in one pixel: nothing of a submission is ever seen by the worker itself.
    tiny = np.ones((2, 2), np.uint16)
    instance_segmentation.measure(tiny, tiny, conventions=instance_segmentation.Conventions())
