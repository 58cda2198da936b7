"""The widget of a challenge on a hub: a real portal, with its queue, its worker and its leaderboard."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.challenges.errors import SubmitError
from bioimagehub.widgets import challenge
from bioimagehub.widgets.challenge.portal import Portal
from bioimagehub.widgets.errors import NoSuchChallengeError, PortalError, PredictionsError
from servers.challenge import squares as draw_squares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.widgets.challenge.widget import ChallengeWidget
    from servers.portal import RunningPortal

    Ask = Callable[..., tuple[dict[str, Any], list[bytes]]]

SECONDS = 90


def wait(widget: ChallengeWidget, names: str | list[str], good: Callable[[], bool]) -> None:
    """Wait until something is true of the traits of a widget, which its own threads set."""
    changed = threading.Event()
    widget.observe(lambda _change: changed.set(), names)
    deadline = time.monotonic() + SECONDS
    while not good():
        assert time.monotonic() < deadline, (widget.hub, widget.submissions)
        changed.wait(1)
        changed.clear()


def predict(size: int = 8) -> dict[str, Any]:
    return {"a": draw_squares(3, size), "b": draw_squares(9, size), "c": draw_squares(5, size)}


@pytest.fixture
def on_hub(portal: RunningPortal, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes this process one of a user's on the hub."""

    def become(user: str) -> None:
        monkeypatch.setenv("BIOIMAGEHUB_PORTAL_URL", portal.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", portal.token(user))
        monkeypatch.setenv("JUPYTERHUB_USER", user)

    return become


@pytest.fixture
def made(squares: Path, on_hub: Callable[[str], None]) -> Iterator[ChallengeWidget]:
    on_hub("ann")
    widget = challenge(squares)
    yield widget
    widget.close()


def test_a_submission_is_sent_followed_and_found_on_the_board(made: ChallengeWidget, ask: Ask) -> None:
    wait(made, "hub", lambda: made.hub["hosts"])
    states: list[str] = []
    made.observe(lambda change: states.extend(one["state"] for one in change["new"][:1]), "submissions")
    made.predictions = predict(7)
    taken = made.submit("first try")
    assert made.submissions[0]["id"] == taken.id
    wait(made, "submissions", lambda: made.submissions[0]["state"] == "scored")
    assert states[0] in {"waiting", "checking", "scoring"}
    phases = lambda: {one["name"]: one for one in made.about["phases"]}  # noqa: E731
    wait(made, "about", lambda: phases()["practice"]["used_today"] == 1 and len(_entries(made, ask)) == 1)
    told = ask(made, "board")[0]["board"]
    assert [(row["entry"], row["own"]) for row in told["rows"] if row["kind"] != "control"] == [
        ("first try — ann", True)
    ]
    assert told["number"] == ask(made, "versions")[0]["versions"][0]["number"]
    made.score_predictions()
    found = ask(made, "result", submission=taken.id)[0]
    assert found["scores"]["panoptic_quality"] == made.result.scores["panoptic_quality"]
    assert "first try — ann" in made.as_text()


def _entries(made: ChallengeWidget, ask: Ask) -> list[str]:
    board = ask(made, "board")[0]["board"]
    return [] if board is None else [row["entry"] for row in board["rows"] if row["kind"] != "control"]


def test_what_the_check_finds_is_not_sent(made: ChallengeWidget) -> None:
    made.predictions = {"a": draw_squares(3)}
    with pytest.raises(PredictionsError, match="b: there is no prediction"):
        made.submit()
    assert made.score["state"] == "refused"


def test_what_the_hub_refuses_is_told_with_its_reason(made: ChallengeWidget) -> None:
    made.predictions = predict()
    made.phase = "past"
    with pytest.raises(SubmitError, match=r"status 409.*past"):
        made.submit()


def test_what_is_sent_is_what_its_question_says(made: ChallengeWidget, ask: Ask) -> None:
    """A question may overtake the changes that it follows from."""
    made.predictions = predict()
    made.entry = "before"
    with pytest.raises(SubmitError, match=r"status 409.*past"):
        ask(made, "submit", path="", entry="after", phase="past")
    assert (made.phase, made.entry) == ("past", "after")


def test_the_board_of_the_hub_is_that_of_its_question(made: ChallengeWidget, ask: Ask) -> None:
    made.predictions = predict(4)
    taken = made.submit("of this board")
    wait(made, "submissions", lambda: {one["id"]: one["state"] for one in made.submissions}[taken.id] == "scored")
    wait(made, "about", lambda: "of this board — ann" in _entries(made, ask))
    numbers = [one["number"] for one in ask(made, "versions", phase="practice")[0]["versions"]]
    assert numbers[0] == max(numbers)
    made.phase = "past"
    for number, expected in ((None, numbers[0]), (numbers[-1], numbers[-1])):
        told = ask(made, "board", phase="practice", version=number)[0]["board"]
        assert (told["phase"], told["number"]) == ("practice", expected)
    assert (made.phase, made.board_version) == ("past", None)
    with pytest.raises(ValueError, match="invalid literal"):
        ask(made, "board", phase="practice", version="1/../../names")


def test_what_the_validator_said_is_in_the_state(made: ChallengeWidget, portal: RunningPortal) -> None:
    sent = portal.submit("ann", b"PK\x05\x06" + bytes(18), entry="empty").json()
    portal.wait_state(sent["id"], "ann", "refused")
    made.refresh()
    told = next(one for one in made.submissions if one["id"] == sent["id"])
    assert (told["state"], told["counts"], told["open"]) == ("refused", False, False)
    assert {one["case"] for one in told["problems"]} >= {"a", "b", "c"}


def test_what_waits_is_followed_and_can_be_withdrawn(made: ChallengeWidget, ask: Ask, portal: RunningPortal) -> None:
    from servers.portal import held

    worker = portal.processes["worker-0"].pid
    with held(worker, portal.configuration.folder / "data" / "portal.sqlite"):
        made.predictions = predict(6)
        first, second = made.submit("one"), made.submit("two")
        by_id = {one["id"]: one for one in made.submissions}
        assert (by_id[first.id]["state"], by_id[first.id]["ahead"], by_id[second.id]["ahead"]) == ("waiting", 0, 1)
        ask(made, "withdraw", submission=second.id)
        assert made.submissions[0]["state"] == "withdrawn"
    wait(made, "submissions", lambda: not any(one["open"] for one in made.submissions))
    assert {one["id"]: one["state"] for one in made.submissions}[first.id] == "scored"


def test_a_hidden_phase_shows_rounded_scores_and_no_cases(made: ChallengeWidget, ask: Ask) -> None:
    made.phase = "final"
    made.predictions = predict(6)
    taken = made.submit("hidden")
    wait(made, "submissions", lambda: not any(one["open"] for one in made.submissions))
    wait(made, "about", lambda: "hidden — ann" in _entries(made, ask))
    told = ask(made, "board")[0]["board"]
    assert told["hidden"]
    assert "rounded" in told["legend"]
    assert ask(made, "result", submission=taken.id)[0]["hidden"]


def test_a_challenge_of_the_hub_alone_is_found_by_its_name(
    on_hub: Callable[[str], None], ask: Ask, tmp_path: Path, squares: Path
) -> None:
    from bioimagehub.challenges import load_challenge, write_submission

    on_hub("bob")
    widget = challenge("squares")
    try:
        assert (widget.about["title"], widget.phase) == ("Squares", "practice")
        assert ask(widget, "entries")[0]["entries"][0]["licence"] == "CC0-1.0"
        widget.predictions = write_submission(predict(5), tmp_path / "mine.zip", load_challenge(squares), "public")
        with pytest.raises(PredictionsError):  # without the truth, and maybe without the file of the challenge
            widget.score_predictions()
        widget.submit()
        wait(widget, "submissions", lambda: widget.submissions[0]["state"] == "scored")
        wait(widget, "about", lambda: "bob" in _entries(widget, ask))
    finally:
        widget.close()
    with pytest.raises(NoSuchChallengeError, match=r"The hub has squares\. Take one"):
        challenge("circles")


def test_a_hub_without_the_challenge_says_so(on_hub: Callable[[str], None]) -> None:
    on_hub("ann")
    widget = challenge("nuclei-2d")
    try:
        wait(widget, "hub", lambda: bool(widget.hub["told"]))
        assert widget.hub["told"]["what"].startswith("The hub has no challenge of this name")
        with pytest.raises(SubmitError, match="no challenge of this name"):
            widget.submit()
    finally:
        widget.close()


def test_a_wrong_token_and_a_closed_door_are_told_in_three_parts(portal: RunningPortal, squares: Path) -> None:
    with pytest.raises(PortalError, match=r"did not answer as expected \(status 40[13]\)") as caught:
        Portal(portal.url, "wrong").names()
    assert "wrong" not in str(caught.value)
    with pytest.raises(PortalError, match="was not reached"):
        Portal("http://127.0.0.1:9", "t").names()
