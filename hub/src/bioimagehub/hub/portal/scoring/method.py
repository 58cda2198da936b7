"""The run of a method on the images of a phase, in a sandbox; its predictions are then a submission like any other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.challenge import load_challenge
from bioimagehub.challenges.submissions import Caps
from bioimagehub.challenges.submitting import pack
from bioimagehub.hub.errors import MethodError
from bioimagehub.hub.portal.scoring.shown import ShownImages
from bioimagehub.hub.sandbox import NOT_FINISHED, describe_environment, load_method, run_method

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.hub.sandbox import Bubblewrap, MethodLimits


@dataclass(frozen=True)
class Execution:
    """A method to be run.

    Attributes
    ----------
    challenge : Path
        The folder of what of the challenge is no secret.
    phase : str
        Its phase.
    payload : Path
        The file of the submission.
    sandbox : Bubblewrap
        What keeps it apart.
    limits : MethodLimits
        Of each image.
    work : Path
        An empty folder; ``predictions.zip`` is there afterwards.
    """

    challenge: Path
    phase: str
    payload: Path
    sandbox: Bubblewrap
    limits: MethodLimits
    work: Path

    def run(self, tell: Callable[[str], None]) -> dict[str, Any]:
        """Return what came of it.

        Returns
        -------
        dict
            ``problems``, a list that is empty where all images have a prediction; ``run``, the record; ``counts``,
            whether it counts against the limits without predictions: if it passed a limit, and on hidden images in any
            case, since whether it counts would tell what happened there.
        """
        # The sandbox may have a uid of its own, which reads what it is shown.
        os.umask(0o022)
        challenge = load_challenge(self.challenge)
        phase = challenge.find_phase(self.phase)
        tell("running")
        record: dict[str, Any] = {"environment": describe_environment(self.sandbox, self.limits)}
        try:
            method = load_method(self.payload, self.work / "method", Caps(packed=int(phase.limits.size)))
        except MethodError as error:
            return {"problems": [_problem(str(error))], "run": record, "counts": False}
        images = ShownImages(challenge, phase.split)
        done = run_method(method, images.load, images.expected(), self.sandbox, self.limits, self.work / "predictions")
        record |= {"method": method.digest, **done.as_dict(hidden=phase.hidden)}
        if not done.ok:
            if phase.hidden:
                return {"problems": [_problem(NOT_FINISHED)], "run": record, "counts": True}
            failed = [one for one in done.cases if not one.ok]
            cases = {one.message: one.case for one in reversed(failed)}
            problems = [_problem(text, cases[text]) for text in sorted(cases)]
            return {"problems": problems, "run": record, "counts": any(one.over for one in failed)}
        pack(done.predictions, self.work / "predictions.zip")
        return {"problems": [], "run": record, "counts": True}


def _problem(what: str, case: str = "") -> dict[str, str]:
    return {"case": case, "what": what, "expected": "a method that gives a prediction of each image", "cure": ""}
