"""Predictions of one challenge: checked, scored, and compared with the truth."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.challenge_parts import Phase
from bioimagehub.challenges.submissions import Predictions
from bioimagehub.widgets.challenge.mistakes import Looked, look_at
from bioimagehub.widgets.challenge.predictions import Counted, Given
from bioimagehub.widgets.errors import PredictionsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bioimagehub.challenges.case_results import CaseResult, Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.submissions import Report

_PAUSE = 0.2


class Work:
    """Predictions of one challenge, checked, scored and compared with the truth.

    Parameters
    ----------
    challenge : Challenge or None
        None where its file is not at hand: then nothing can be scored here.
    """

    def __init__(self, challenge: Challenge | None) -> None:
        self.challenge = challenge
        self.given: Given | None = None
        self.result: Result | None = None
        self.report: Report | None = None
        self._known: dict[str, CaseResult] = {}
        self._opened: tuple[Given, str, Mapping[str, Any]] | None = None
        self._looked: tuple[Given, str, Looked] | None = None
        self._opening = threading.RLock()
        self._scoring = threading.Lock()

    def give(self, source: Any) -> None:
        """Take predictions, in place of those before; None for none."""
        given = None if source is None else Given.take(source)
        with self._opening:
            self.given, self.result, self.report = given, None, None
            self.close()

    def close(self) -> None:
        """Remove what was unpacked."""
        with self._opening:
            if self._opened is not None:
                _close(self._opened[2])
            self._opened = self._looked = None

    def find_phase(self, name: str) -> Phase:
        """Return a phase; of a challenge without phases, one that stands for its first split with public truth."""
        challenge = self.need_challenge()
        if name or challenge.phases:
            return challenge.find_phase(name)
        split = next((one for one, what in challenge.splits.items() if not what.hidden), next(iter(challenge.splits)))
        return Phase(name=split, split=split)

    def need_challenge(self) -> Challenge:
        """Return the challenge; `PredictionsError` where its file is not at hand."""
        if self.challenge is None:
            msg = (
                "This challenge is on the hub, which does not give its file to widgets. Expected challenge.yaml. Get "
                "it from the end of the challenge's page, and give its path: challenge('challenge.yaml')."
            )
            raise PredictionsError(msg)
        return self.challenge

    def need_given(self) -> Given:
        """Return the predictions; `PredictionsError` without any."""
        if self.given is None:
            msg = (
                "There are no predictions yet. Expected a mapping of cases to predictions, or a folder or zip file. "
                "Set .predictions, or type a path."
            )
            raise PredictionsError(msg)
        return self.given

    def check_public(self, phase: Phase) -> None:
        """Check that the truth of a phase is at hand; `PredictionsError` if not."""
        challenge = self.need_challenge()
        split = challenge.find_split(phase.split)
        public = [one.name for one in challenge.phases if not one.hidden]
        if split.hidden:
            msg = (
                f"The truth of the phase {phase.name} is hidden, so only the hub scores it. Phases with public truth: "
                f"{', '.join(sorted(public)) or 'none'}. Choose one of these, or submit."
            )
            raise PredictionsError(msg)
        folder = split.truth.folder
        if folder is not None and not (challenge.folder / folder).is_dir():
            msg = (
                f"The truth of the phase {phase.name} is not on this machine: there is no folder {folder} beside the "
                "challenge file. Expected one with the truth of each case. Submit, and the hub shows the scores."
            )
            raise PredictionsError(msg)

    def check(self, phase: Phase) -> Report:
        """Check the predictions for a phase as the hub does."""
        report = self.need_given().check(self.need_challenge(), phase)
        self.report = report
        return report

    def score(self, phase: Phase, tell: Callable[[str, int, int], None], stop: threading.Event) -> Result | None:
        """Check the predictions, and score them with the code that scores officially.

        Parameters
        ----------
        phase : Phase
        tell : callable
            Is told what is done, how many cases were begun, and of how many.
        stop : threading.Event

        Returns
        -------
        Result or None
            None if the check found problems; `report` lists them.

        Raises
        ------
        PredictionsError
            If there is nothing to score, the truth is not at hand, or something is being scored already.
        StoppedError
            If it was stopped.
        """
        challenge, given = self.need_challenge(), self.need_given()
        self.check_public(phase)
        if not self._scoring.acquire(blocking=False):
            msg = "Predictions are being scored already. One is scored at a time. Wait for its end, or stop it."
            raise PredictionsError(msg)
        try:
            return self._score(challenge, given, phase, tell, stop)
        finally:
            self._scoring.release()

    def _score(
        self,
        challenge: Challenge,
        given: Given,
        phase: Phase,
        tell: Callable[[str, int, int], None],
        stop: threading.Event,
    ) -> Result | None:
        from bioimagehub.challenges.scoring import score

        total = len(challenge.find_split(phase.split).cases)
        tell("Checking", 0, total)
        report = self.check(phase)
        if not report.ok:
            self.result = None
            return None
        told = time.monotonic()

        def count(done: int) -> None:
            nonlocal told
            if time.monotonic() - told > _PAUSE:
                told = time.monotonic()
                tell("Scoring", done, total)

        tell("Scoring", 0, total)
        # Files may have changed since they were last opened.
        opened = given.open(challenge, phase.split)
        try:
            result = score(challenge, phase.split, Counted(opened, count, stop), known=self._known)
        except BaseException:
            _close(opened)
            raise
        self._known |= result.known()
        with self._opening:
            self.close()
            # Others may have been given meanwhile.
            if given is self.given:
                self.result, self._opened = result, (given, phase.split, opened)
            else:
                _close(opened)
        return result

    def look(self, split: str, case: str) -> Looked:
        """Compare a case with its truth; the last one is kept."""
        challenge, given = self.need_challenge(), self.need_given()
        with self._opening:
            if self._looked is None or self._looked[:2] != (given, f"{split}/{case}"):
                looked = look_at(challenge, split, case, self._open(given, split))
                self._looked = (given, f"{split}/{case}", looked)
            return self._looked[2]

    def _open(self, given: Given, split: str) -> Mapping[str, Any]:
        with self._opening:
            if self._opened is None or self._opened[:2] != (given, split):
                self.close()
                self._opened = (given, split, given.open(self.need_challenge(), split))
            return self._opened[2]


def _close(opened: Mapping[str, Any]) -> None:
    if isinstance(opened, Predictions):
        opened.close()
