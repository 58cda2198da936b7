"""Taking part in a challenge: the state of the widget in traits, and what Python does with it."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from bioimagehub.challenges.errors import SubmitError
from bioimagehub.challenges.submitting import ADDRESS_VARIABLE, TOKEN_VARIABLES, submit
from bioimagehub.widgets.challenge.about import tell_challenge, tell_hosted
from bioimagehub.widgets.challenge.board import find_own, make_own_board, tell_board
from bioimagehub.widgets.challenge.plain import write_html, write_text
from bioimagehub.widgets.challenge.submissions import MOST, Watch, tell_submission
from bioimagehub.widgets.challenge.summary import OWN, sum_up, tell_refusal, worst_cases
from bioimagehub.widgets.challenge.work import Work
from bioimagehub.widgets.errors import PortalError, PredictionsError
from bioimagehub.widgets.problems import tell_problem
from bioimagehub.widgets.view.text import clean
from bioimagehub.widgets.widget import HubWidget

if TYPE_CHECKING:
    from bioimagehub.challenges.boards import Board
    from bioimagehub.challenges.case_results import Result
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.explorer import Mistake
    from bioimagehub.challenges.submissions import Report
    from bioimagehub.challenges.submitting import Acknowledged
    from bioimagehub.widgets.challenge.finding import Found
    from bioimagehub.widgets.challenge.mistakes import Looked
    from bioimagehub.widgets.challenge.portal import Portal

TABS = ("board", "data", "mistakes", "rules", "score", "submissions")
USER_VARIABLE = "JUPYTERHUB_USER"
_BOARD_WAITS = 20
"""So often the hub is asked for a new board after a submission was scored."""
_ALONE = (
    f"This notebook is not on a hub that has a portal: {ADDRESS_VARIABLE} and {TOKEN_VARIABLES[0]} are not set. "
    "Expected the address of the portal, and a token of the hub. Open the notebook on the hub, or set both and make "
    "the widget anew."
)
_NOT_THERE = (
    "The hub has no challenge of this name, so nothing can be submitted to it. Expected one that its organisers have "
    "put there. Score here, or ask them."
)


class Participation(HubWidget):
    """Somebody's part in a challenge; see `bioimagehub.widgets.challenge.widget.ChallengeWidget` for the traits.

    Parameters
    ----------
    found : Found
        The challenge.
    portal : Portal or None
        That of the hub, if there is one.
    predictions : mapping, path or None
    **state
        Traits.
    """

    name = traitlets.Unicode("").tag(sync=True)
    tab = traitlets.Enum(TABS, "rules").tag(sync=True)
    phase = traitlets.Unicode("").tag(sync=True)
    path = traitlets.Unicode("").tag(sync=True)
    given = traitlets.Unicode("").tag(sync=True)
    score: Any = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    entry = traitlets.Unicode("").tag(sync=True)
    submissions: Any = traitlets.List(traitlets.Dict()).tag(sync=True)
    case = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    board_version = traitlets.Int(None, allow_none=True).tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
    hub = traitlets.Dict().tag(sync=True)
    working: Any = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    panel = traitlets.Unicode("").tag(sync=True)
    opened_case = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(480, min=160, max=4000).tag(sync=True)

    def __init__(self, found: Found, portal: Portal | None = None, *, predictions: Any = None, **state: Any) -> None:
        # First, for a widget that is refused is closed, too.
        self._portal = portal
        self._hosted: dict[str, Any] | None = found.hosted
        self.work = Work(found.challenge)
        self._watch: Watch | None = None
        self._board: tuple[str, dict[str, Any]] | None = None
        self._awaited: dict[str, int] = {}
        self._own_board: tuple[Any, Board] | None = None
        self.opened: HubWidget | None = None
        about = self._tell_about(found.hosted)
        self._phases = [one["name"] for one in about["phases"]]
        super().__init__(**{"phase": _choose_phase(about), "name": found.name, "about": about} | state)
        self.hub = _tell_hub(portal, asked=found.hosted is not None)
        if portal is not None:
            self._watch = Watch(self._ask_hub, self._say_unreached)
            self._pool.submit(self._refresh_quietly)
        if predictions is not None:
            self.predictions = predictions

    @property
    def challenge(self) -> Challenge | None:
        """The challenge; None where only the hub has its file."""
        return self.work.challenge

    @property
    def predictions(self) -> Any:
        """Predictions by case, or the path of a folder, a zip file or a CSV file with them; None for none."""
        return None if self.work.given is None else self.work.given.source

    @predictions.setter
    def predictions(self, source: Any) -> None:
        self.work.give(source)
        given = self.work.given
        with self.hold_sync():
            self.path = str(given.source) if given is not None and isinstance(given.source, Path) else ""
            self.given = "" if given is None else given.what
            self.score, self.case = None, None

    @property
    def result(self) -> Result | None:
        """The result of the predictions; None before they are scored."""
        return self.work.result

    @property
    def report(self) -> Report | None:
        """What the check found last; None before it."""
        return self.work.report

    def score_predictions(self, phase: str | None = None) -> Result:
        """Check the predictions as the hub does, then score them with the code that scores officially.

        Parameters
        ----------
        phase : str or None
            A phase with public truth; None for the one that is chosen.

        Raises
        ------
        PredictionsError
            If there are none, they have problems (all are listed; `report` has them), or truth is not at hand.
        """
        if phase is not None:
            self.phase = phase
        self._score(self.phase, threading.Event())
        if self.work.result is None:
            raise PredictionsError(str(self.work.report))
        return self.work.result

    def mistakes(self, case: str | None = None) -> list[Mistake]:
        """List what the predictions of a case got wrong, the largest first; None for the worst case."""
        return self._look(case or self.case or "").mistakes

    def submit(self, entry: str | None = None) -> Acknowledged:
        """Check the predictions, and send them to the chosen phase on the hub.

        Parameters
        ----------
        entry : str or None
            Name on the leaderboard, beside that of the user; None for the trait `entry`.

        Raises
        ------
        SubmitError
            If there is no hub, it does not have the challenge, or it refuses.
        PredictionsError
            If there are no predictions, or they have problems.
        """
        return self._submit(self.phase, self.entry if entry is None else entry)

    def refresh(self) -> None:
        """Ask the hub what became of one's submissions; it is asked again while something is open.

        Raises
        ------
        SubmitError
            If there is no hub.
        PortalError
            If it does not answer.
        """
        if self._watch is None:
            raise SubmitError(_ALONE)
        self._watch.refresh()

    def board(self) -> Board:
        """Give the leaderboard of the phase: that of the hub, else one of the controls and one's own score."""
        from bioimagehub.challenges.boards import Board

        phase = self.phase
        found = self._fetch_board(phase, self.board_version)
        return self._make_own_board(phase, threading.Event()) if found is None else Board.from_dict(found["board"])

    def as_text(self) -> str:
        """Give the challenge, one's score and the leaderboard, as far as they are known, as lines of text."""
        return write_text(self.about, self.score, self._find_board())

    def as_static(self) -> dict[str, Any]:
        """Give the same as HTML."""
        page = write_html(self.about, self.score, self._find_board())
        return {"text/html": page, "text/plain": self.as_text()}

    def close(self) -> None:
        """Take it off all pages; ask the hub no more, and remove what was unpacked."""
        if self._watch is not None:
            self._watch.close()
        self._show_panel(None)
        super().close()
        self.work.close()

    @traitlets.validate("phase")
    def _check_phase(self, proposal: Any) -> str:
        return self._check_known(proposal["value"])

    def _check_known(self, value: str) -> str:
        if value not in self._phases and not (value == "" and not self._phases):
            listed = ", ".join(sorted(self._phases)) or "none"
            msg = f"The challenge has no phase {clean(value)!r}. It has {listed}. Choose one of them."
            raise traitlets.TraitError(msg)
        return value

    @traitlets.observe("phase")
    def _phase_changed(self, _change: Any) -> None:
        # Another phase may have another split.
        self.board_version, self.case = None, None
        if self._find_board() is not None:
            self.keep()

    @traitlets.observe("path")
    def _path_changed(self, change: Any) -> None:
        given = self.work.given
        before = str(given.source) if given is not None and isinstance(given.source, Path) else ""
        if change["new"] and change["new"] != before:
            self.predictions = change["new"]

    def _tell_about(self, hosted: dict[str, Any] | None) -> dict[str, Any]:
        if self.challenge is not None:
            return tell_challenge(self.challenge, hosted)
        return tell_hosted(hosted or {})

    def _score(self, name: str, stop: threading.Event) -> None:
        phase = self.work.find_phase(name)
        try:
            result = self.work.score(phase, self._tell_work, stop)
        finally:
            self.working = None
        challenge, report = self.work.need_challenge(), self.work.report
        if result is not None:
            self.case = None
            self.score = sum_up(challenge, phase, result)
        elif report is not None:
            self.score = tell_refusal(phase, report)
        self._own_board = None
        self.keep()

    def _submit(self, name: str, entry: str) -> Acknowledged:
        portal = self._need_portal()
        given = self.work.need_given()
        if self.challenge is not None:
            phase = self.work.find_phase(name)
            report = self.work.check(phase)
            if not report.ok:
                self.score = tell_refusal(phase, report)
                raise PredictionsError(str(report))
        split = next(one["split"] for one in self.about["phases"] if one["name"] == name)
        with tempfile.TemporaryDirectory(prefix="submission-") as folder:
            path = given.pack(self.challenge, split, Path(folder))
            taken = submit(
                path, self.name, name, address=portal.address, token=portal.token, entry=entry.strip() or None
            )
        self.refresh()
        return taken

    def _look(self, case: str) -> Looked:
        result = self.work.result
        if result is None:
            msg = "There is no score yet, so no mistakes are known. Expected scored predictions. Score them first."
            raise PredictionsError(msg)
        return self.work.look(result.split, case or worst_cases(self.work.need_challenge(), result)[0])

    def _show_panel(self, widget: HubWidget | None, case: str = "") -> None:
        before, self.opened = self.opened, widget
        with self.hold_sync():
            self.opened_case = case
            self.panel = "" if widget is None else f"anywidget:{widget.model_id}"
        if before is not None:
            before.close()

    def _tell_work(self, what: str, done: int = 0, total: int = 0) -> None:
        self.working = {"what": what, "done": done, "total": total}

    def _need_portal(self) -> Portal:
        if self._portal is None:
            raise SubmitError(_ALONE)
        if self._hosted is None:
            self._hosted = self._portal.challenge(self.name)
        if self._hosted is None:
            raise SubmitError(_NOT_THERE)
        return self._portal

    def _ask_hub(self) -> bool:
        """Ask the hub for phases and submissions; tell whether something is open."""
        if self._portal is None:
            return False
        hosted = self._portal.challenge(self.name)
        self._hosted = hosted
        if hosted is None:
            self.hub = {"there": True, "hosts": False, "told": dict(tell_problem(SubmitError(_NOT_THERE)))}
            return False
        found = [tell_submission(one) for one in self._portal.submissions(self.name)[:MOST]]
        about = self._tell_about(hosted)
        awaits = self._await_boards(found, about)
        with self.hold_sync():
            self.about, self.submissions = about, found
            self.hub = {"there": True, "hosts": True, "told": None}
        return awaits or any(one["open"] for one in found)

    def _await_boards(self, found: list[dict[str, Any]], about: dict[str, Any]) -> bool:
        """Tell whether a board is still to come of a submission that was open before and is scored now."""
        before = {one["id"]: one["open"] for one in self.submissions}
        old = {one["name"]: one["board"] for one in self.about["phases"]}
        for one in found:
            if one["state"] == "scored" and before.get(one["id"]):
                self._awaited[one["phase"]] = _BOARD_WAITS
        for phase in about["phases"]:
            left = self._awaited.get(phase["name"], 0)
            if phase["board"] != old.get(phase["name"]) or left <= 1:
                self._awaited.pop(phase["name"], None)
            else:
                self._awaited[phase["name"]] = left - 1
        return bool(self._awaited)

    def _refresh_quietly(self) -> None:
        try:
            self.refresh()
        except PortalError as error:
            self._say_unreached(error)

    def _say_unreached(self, error: PortalError) -> None:
        self.hub = {"there": True, "hosts": self._hosted is not None, "told": dict(tell_problem(error))}

    def _find_board(self) -> dict[str, Any] | None:
        """Give the board that was told last; None where it is of another phase than the one that is chosen."""
        return None if self._board is None or self._board[0] != self.phase else self._board[1]

    def _fetch_board(self, phase: str, number: int | None) -> dict[str, Any] | None:
        """Get a board from the hub, the newest without a number; None where there is no hub, or no board yet."""
        if self._portal is None or not phase:
            return None
        if number is None:
            versions = self._portal.boards(self.name, phase)
            number = versions[0]["number"] if versions else None
        return None if number is None else self._portal.board(self.name, phase, number)

    def _make_own_board(self, name: str, stop: threading.Event) -> Board:
        phase, challenge = self.work.find_phase(name), self.work.need_challenge()
        result = self.work.result
        if result is not None and result.split != phase.split:
            result = None
        key = (phase.name, None if result is None else result.key)
        known = self._own_board
        if known is not None and known[0] == key:
            return known[1]
        self.work.check_public(phase)
        try:
            made = make_own_board(challenge, phase, result, self._tell_work, stop)
        finally:
            self.working = None
        # Of what was stopped, controls are missing.
        if not stop.is_set():
            self._own_board = (key, made)
        return made

    def _tell_board(self, board: Board, phase: str, *, own: bool) -> dict[str, Any]:
        if own:
            return tell_board(board, {OWN})
        entries = [one["entry"] for one in self.submissions if one["state"] == "scored" and one["phase"] == phase]
        return tell_board(board, find_own(board, entries, os.environ.get(USER_VARIABLE, "")))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}, phase {self.phase or 'none'}>"


def _choose_phase(about: dict[str, Any]) -> str:
    """Choose a phase with public truth, an open one before others; else the first."""
    phases = sorted(about["phases"], key=lambda one: (one["hidden"], not one["is_open"]))
    return phases[0]["name"] if phases else ""


def _tell_hub(portal: Portal | None, *, asked: bool) -> dict[str, Any]:
    told = dict(tell_problem(SubmitError(_ALONE))) if portal is None else None
    return {"there": portal is not None, "hosts": asked, "told": told}
