"""The widget of a challenge: what its page asks, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bioimagehub.widgets.challenge.about import tell_case, tell_entries
from bioimagehub.widgets.challenge.mistakes import (
    OUTLINED,
    PAGE,
    colour_sides,
    draw_mistake,
    draw_overview,
    prepare_view,
    tell_mistake,
)
from bioimagehub.widgets.challenge.participation import Participation
from bioimagehub.widgets.challenge.predictions import list_choices
from bioimagehub.widgets.challenge.summary import list_rows, worst_cases
from bioimagehub.widgets.scripts import join_scripts, join_styles

if TYPE_CHECKING:
    import threading

    from bioimagehub.widgets.widget import Answer

ROWS = 100
"""Rows in one answer, at most."""
_AROUND = 3.0
"""So many times its own size is seen around a mistake in the viewer."""
_WIDTH = 600
_PATIENCE = 60.0


class ChallengeWidget(Participation):
    """A challenge to take part in. Make it with `bioimagehub.widgets.challenge`.

    Attributes
    ----------
    name : str
        Of the challenge; read only for the page.
    tab : {"data", "rules", "score", "mistakes", "submissions", "board"}
        What is shown.
    phase : str
        The phase that is scored, submitted to, and whose leaderboard is shown. Empty for a challenge without phases.
    path : str
        Folder, zip file or CSV file with the predictions, from where the kernel is; empty for those in memory.
        Setting it sets `predictions`.
    given : str
        What the predictions are, in words; empty without any.
    score : dict or None
        One's own score with its intervals, or the problems of the predictions; `result` and `report` have all.
    entry : str
        Name of the entry for the next submission; empty for that of the user.
    submissions : list of dict
        One's own on the hub, the newest first: ``id``, ``phase``, ``entry``, ``state``, ``ahead``, ``stage``,
        ``problems``, ...
    case : str or None
        The case whose mistakes are shown; None for the worst.
    board_version : int or None
        The version of the leaderboard that is shown; None for the newest.
    about : dict
        What the challenge is: set by Python alone.
    hub : dict
        ``there``: whether there is a hub; ``hosts``: whether it has this challenge; ``told``: why not, in three parts.
    working : dict or None
        What is being done: ``what``, ``done`` and ``total`` cases.
    panel : str
        The viewer that is open, for the page; `opened` gives it.
    opened_case : str
        The case in this viewer; empty for none.
    height : int
        Greatest height of tables, in CSS pixels.
    """

    _esm = join_scripts("challenge/challenge.js")
    _css = join_styles("theme.css", "challenge/challenge.css")

    THREADS: ClassVar[int] = 6
    QUESTIONS: ClassVar[tuple[str, ...]] = (
        "board", "case", "cases", "choices", "close", "entries", "mistakes", "open", "refresh", "result", "score",
        "scores", "submit", "versions", "withdraw",
    )  # fmt: skip

    def answer_entries(self, _content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the entries of the catalog that the images come from."""
        challenge = self.work.challenge
        known = (self._hosted or {}).get("entries", [])
        identifiers = known if challenge is None else [entry.identifier for entry in challenge.data.entries]
        return {"entries": tell_entries(challenge, identifiers)}, []

    def answer_cases(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with some of the cases of a split."""
        if self.work.challenge is None:
            return {"rows": [], "total": 0}, []
        cases = self.work.challenge.find_split(content["split"]).cases
        offset = max(0, int(content.get("offset", 0)))
        return {"rows": [tell_case(case) for case in cases[offset : offset + ROWS]], "total": len(cases)}, []

    def answer_choices(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with files and folders that a path may go on to."""
        return {"choices": list_choices(str(content.get("begin", ""))[:1000])}, []

    def answer_score(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Check and score the predictions, of a path if one is given; the state has the score then."""
        self._score(self._take_state(content), stop)
        return {}, []

    def answer_scores(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the scores of some of the cases."""
        challenge, result = self.work.need_challenge(), self.work.result
        if result is None:
            return {"rows": [], "total": 0}, []
        rows = list_rows(challenge, result, str(content.get("sort", "")), descending=bool(content.get("descending")))
        offset = max(0, int(content.get("offset", 0)))
        return {"rows": rows[offset : offset + ROWS], "total": len(rows)}, []

    def answer_case(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with what is wrong in a case, and a picture of it as a whole."""
        looked = self._look(str(content.get("case") or ""))
        overview = draw_overview(looked)
        challenge, result = self.work.need_challenge(), self.work.result
        cases = [] if result is None else worst_cases(challenge, result)
        told = looked.tell() | {"cases": cases[:1000], "picture": overview is not None}
        return told, [] if overview is None else [overview]

    def answer_mistakes(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Answer with the pictures of some mistakes of a case."""
        looked = self._look(str(content["case"]))
        chosen = looked.choose(str(content.get("kind", "")))
        offset = max(0, int(content.get("offset", 0)))
        told, pictures = [], []
        for at, mistake in chosen[offset : offset + PAGE]:
            if stop.is_set():
                break
            told.append(tell_mistake(at, mistake))
            pictures.append(draw_mistake(looked, mistake))
        return {"rows": told, "total": len(chosen)}, pictures

    def answer_open(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Open a case in the viewer, at one of its mistakes if one is named."""
        from bioimagehub.widgets import view

        looked = self._look(str(content["case"]))
        given = prepare_view(looked)
        place: dict[str, Any] = {}
        if content.get("index") is not None:
            mistake = looked.mistakes[int(content["index"])]
            steps = dict(zip("zyx"[-len(mistake.centroid) :], mistake.spacing or (1.0,) * 3, strict=False))
            y, x = mistake.centroid[-2:]
            longest = max(high - low for low, high in zip(mistake.low[-2:], mistake.high[-2:], strict=True))
            place = {"y": y * steps["y"], "x": x * steps["x"], "zoom": _WIDTH / max(32.0, _AROUND * longest)}
            if len(mistake.centroid) > 2:
                place["z"] = round(mistake.centroid[0])
            if mistake.frame is not None:
                place["t"] = mistake.frame
        viewer = view(**given, **place)
        if looked.kind in OUTLINED:
            viewer.wait(_PATIENCE)
            viewer.looks = colour_sides(viewer.scene, viewer.looks)
        self._show_panel(viewer, looked.case)
        return {"title": looked.case}, []

    def answer_close(self, _content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Close the viewer."""
        self._show_panel(None)
        return {}, []

    def answer_submit(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Check and send the predictions, of a path if one is given."""
        phase = self._take_state(content)
        taken = self._submit(phase, str(content.get("entry", self.entry)))
        return {"id": taken.id, "sha256": taken.sha256, "ahead": taken.ahead}, []

    def answer_refresh(self, _content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Ask the hub what became of one's submissions."""
        self.refresh()
        return {}, []

    def answer_withdraw(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Take a submission back that waits."""
        self._need_portal().withdraw(str(content["submission"]))
        self.refresh()
        return {}, []

    def answer_result(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the scores that the hub has of a submission."""
        found = self._need_portal().result(str(content["submission"]))
        if found is None:
            return {"scores": None}, []
        return {"scores": found["scores"], "hidden": found["hidden"], "edition": found["edition"]}, []

    def answer_versions(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Answer with the versions of the leaderboard of a phase, the newest first."""
        phase = self._check_known(str(content.get("phase", self.phase)))
        if self._portal is None or not phase or self._hosted is None:
            return {"versions": []}, []
        found = self._portal.boards(self.name, phase)[:ROWS]
        return {"versions": [{name: one[name] for name in ("number", "created", "edition")} for one in found]}, []

    def answer_board(self, content: dict[str, Any], _buffers: list[Any], stop: threading.Event) -> Answer:
        """Answer with a leaderboard: of the hub; or, if it is asked for, of controls and one's own score.

        Nobody need have asked for it: the page asks anew when the hub has a new one. So it leaves phase and version as
        they are.
        """
        from bioimagehub.challenges.boards import Board

        phase = self._check_known(str(content.get("phase", self.phase)))
        if content.get("own"):
            told = self._tell_board(self._make_own_board(phase, stop), phase, own=True) | {"number": None, "own": True}
        else:
            number = content.get("version", self.board_version)
            number = None if number is None else int(number)
            found = self._fetch_board(phase, number) if self._hosted is not None else None
            if found is None:
                return {"board": None}, []
            told = self._tell_board(Board.from_dict(found["board"]), phase, own=False)
            told |= {name: found[name] for name in ("number", "created", "edition")} | {"own": False}
        if not stop.is_set():
            self._board = (phase, told)
            self.keep()
        return {"board": told}, []

    def _take_state(self, content: dict[str, Any]) -> str:
        """Take what an act depends on from its question, which may overtake what the page saves; give the phase."""
        for name in ("phase", "entry"):
            if name in content:
                self.set_trait(name, content[name])
        path = str(content.get("path") or "").strip()
        if path and path != self.path:
            self.predictions = path
        phase: str = content.get("phase", self.phase)
        return phase
