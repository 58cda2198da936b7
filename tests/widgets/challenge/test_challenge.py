"""The widget of a challenge without a page and without a hub: what it finds, scores, tells and refuses."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import traitlets

from bioimagehub.challenges import load_challenge, score, write_submission
from bioimagehub.challenges.errors import ChallengeFileError, ChallengeNotFoundError, SubmitError
from bioimagehub.widgets import challenge
from bioimagehub.widgets.challenge.finding import notebook_challenges
from bioimagehub.widgets.challenge.portal import find_portal
from bioimagehub.widgets.errors import (
    NoSuchChallengeError,
    PortalError,
    PredictionsError,
    StoppedError,
    UnknownKeywordError,
)
from servers.challenge import squares as draw_squares
from servers.challenge import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bioimagehub.widgets.challenge.widget import ChallengeWidget

PREDICTED = {"a": draw_squares(3), "b": draw_squares(9, 6), "c": draw_squares(4)}


@pytest.fixture
def widget(squares: Path) -> Iterator[ChallengeWidget]:
    made = challenge(squares)
    yield made
    made.close()


@pytest.mark.parametrize("how", ["folder", "file", "text"])
def test_a_challenge_is_found_by_its_path(squares: Path, how: str) -> None:
    place = {"folder": squares, "file": squares / "challenge.yaml", "text": str(squares)}[how]
    made = challenge(place)
    assert (made.name, made.phase, made.tab) == ("squares", "practice", "rules")
    made.close()


def test_a_challenge_of_the_notebooks_is_found_by_its_name(samples: Path) -> None:
    assert "nuclei-2d" in notebook_challenges()
    made = challenge("nuclei-2d", tab="data")
    assert (made.about["title"], made.tab) == ("Nuclei in two dimensions", "data")
    made.close()


@pytest.mark.parametrize("name", sorted(notebook_challenges()))
def test_every_challenge_of_the_notebooks_can_be_shown(samples: Path, ask: Callable[..., Any], name: str) -> None:
    made = challenge(name)
    json.dumps(made.about, allow_nan=False)
    assert made.name in made.as_text()
    for split in made.about["splits"]:
        rows = ask(made, "cases", split=split["name"])[0]
        assert rows["total"] == split["cases"]
    made.close()


def test_an_unknown_name_lists_those_that_there_are(samples: Path) -> None:
    with pytest.raises(NoSuchChallengeError, match=r"called 'nuclei'\. The notebooks have .*nuclei-2d.*Take one of"):
        challenge("nuclei")
    with pytest.raises(NoSuchChallengeError, match="by a int"):
        challenge(3)


def test_a_path_with_nothing_there_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(ChallengeNotFoundError, match="Correct the path"):
        challenge(tmp_path / "nothing")
    (tmp_path / "challenge.yaml").write_text("name: x\n")
    with pytest.raises(ChallengeFileError, match="title: this key is missing"):
        challenge(tmp_path)


def test_unknown_keywords_and_phases_are_refused(squares: Path) -> None:
    with pytest.raises(UnknownKeywordError, match=r"made with colour\. It has the keywords .*phase"):
        challenge(squares, colour="red")
    with pytest.raises(traitlets.TraitError, match=r"no phase 'practise'\. It has final, future, past, practice"):
        challenge(squares, phase="practise")


def test_rules_tell_phases_limits_metrics_and_formats(widget: ChallengeWidget) -> None:
    phases = {one["name"]: one for one in widget.about["phases"]}
    assert phases["practice"] | {"opens": None} == phases["practice"]
    assert (phases["practice"]["is_open"], phases["past"]["is_open"], phases["future"]["is_open"]) == (
        True,
        False,
        False,
    )
    assert (phases["final"]["hidden"], phases["final"]["per_day"], phases["final"]["total"]) == (True, 3, 4)
    assert phases["past"]["closes"] == "2020-02-01T00:00:00+14:00"
    assert [one["aggregate"] for one in widget.about["metrics"]] == ["mean", "pooled"]
    assert [one["ranks"] for one in widget.about["metrics"]] == [True, False]
    assert "npz" in widget.about["submission"]["formats"]


def test_data_tell_entries_with_their_licence_and_cases(widget: ChallengeWidget, ask: Callable[..., Any]) -> None:
    (entry,) = ask(widget, "entries")[0]["entries"]
    assert entry["licence"] == "CC0-1.0"
    assert "Caicedo" in entry["citation"] or "BBBC038" in entry["citation"]
    found = ask(widget, "cases", split="hidden")[0]
    assert found["total"] == 3
    assert found["rows"][1]["part"] == "y 32 to 63, x 0 to 31"


def test_the_score_is_that_of_the_scorer_with_intervals(widget: ChallengeWidget) -> None:
    widget.predictions = PREDICTED
    assert widget.given == "in memory, of 3 cases"
    result = widget.score_predictions()
    assert result == score(load_challenge(widget.challenge.folder), "public", PREDICTED)
    first, pooled = widget.score["metrics"]
    assert first["value"] == result.scores["panoptic_quality"]
    assert first["low"] < first["value"] < first["high"]
    assert pooled["value"] == result.scores["f1"]
    assert widget.score["worst"][0] == min(result.cases, key=lambda one: result.cases[one].scores["panoptic_quality"])
    json.dumps(widget.get_state(), default=str, allow_nan=False)


@pytest.mark.parametrize("form", ["mine.zip", "mine"])
def test_files_score_as_what_is_in_memory(widget: ChallengeWidget, tmp_path: Path, form: str) -> None:
    widget.predictions = write_submission(PREDICTED, tmp_path / form, widget.challenge, "public")
    assert widget.path == str(tmp_path / form)
    assert widget.score_predictions().key == score(widget.challenge, "public", PREDICTED).key


def test_files_that_change_are_read_anew(widget: ChallengeWidget, tmp_path: Path, ask: Callable[..., Any]) -> None:
    widget.path = str(write_submission(PREDICTED, tmp_path / "mine.zip", widget.challenge, "public"))
    worse = widget.score_predictions().scores["panoptic_quality"]
    assert ask(widget, "case", case="b")[0]["total"] == 0
    write_submission(PREDICTED | {"b": draw_squares(2)}, tmp_path / "mine.zip", widget.challenge, "public")
    assert widget.score_predictions().scores["panoptic_quality"] < worse
    assert ask(widget, "case", case="b")[0]["kinds"] == [["missed", 7]]


def test_all_problems_are_listed_before_anything_is_scored(widget: ChallengeWidget) -> None:
    widget.predictions = {"a": np.zeros((32, 32)), "b": np.zeros((8, 8), np.uint8), "d": draw_squares(1)}
    with pytest.raises(PredictionsError, match="has 4 problems"):
        widget.score_predictions()
    assert widget.result is None
    assert widget.score["state"] == "refused"
    assert [one["case"] for one in widget.score["problems"]] == ["a", "b", "c", "d"]
    assert all(one["what"] and one["expected"] and one["cure"] for one in widget.score["problems"])


def test_problems_of_files_are_those_of_the_check(widget: ChallengeWidget, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine" / "a.npy", draw_squares(3))
    widget.path = str(tmp_path / "mine")
    with pytest.raises(PredictionsError, match="b: there is no prediction"):
        widget.score_predictions()
    widget.path = "~nobody/nothing.zip"
    with pytest.raises(PredictionsError, match="there is no such file or folder"):
        widget.score_predictions()


def test_what_is_hidden_is_not_scored_here(widget: ChallengeWidget) -> None:
    widget.predictions = PREDICTED
    with pytest.raises(PredictionsError, match=r"final is hidden.*public truth: future, past, practice\. Choose"):
        widget.score_predictions("final")
    assert widget.phase == "final"
    assert widget.work.result is None


def test_public_truth_that_lies_elsewhere_is_told(squares: Path, tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_text((squares / "challenge.yaml").read_text())
    made = challenge(tmp_path, predictions=PREDICTED)
    with pytest.raises(PredictionsError, match=r"not on this machine: there is no folder public beside"):
        made.score_predictions()
    made.close()


@pytest.mark.parametrize("given", [3, [1, 2], np.zeros(3)])
def test_what_are_no_predictions_is_refused(widget: ChallengeWidget, given: object) -> None:
    with pytest.raises(PredictionsError, match="Expected a mapping of the ids of cases"):
        widget.predictions = given
    assert widget.predictions is None
    with pytest.raises(PredictionsError, match="no predictions yet"):
        widget.score_predictions()


def test_new_predictions_take_the_old_score_away(widget: ChallengeWidget) -> None:
    widget.predictions = PREDICTED
    widget.score_predictions()
    widget.case = "b"
    widget.predictions = truth()["public"]
    assert (widget.score, widget.case, widget.result) == (None, None, None)
    assert widget.score_predictions().scores["f1"] == 1.0


def test_a_score_is_of_the_phase_of_its_question(widget: ChallengeWidget, ask: Callable[..., Any]) -> None:
    """A question may overtake the change of the phase that it follows from."""
    widget.predictions = PREDICTED
    ask(widget, "score", path="", phase="past")
    assert (widget.score["phase"], widget.phase) == ("past", "past")
    with pytest.raises(PredictionsError, match="final is hidden"):
        ask(widget, "score", path="", phase="final")
    with pytest.raises(traitlets.TraitError, match="no phase 'gone'"):
        ask(widget, "score", path="", phase="gone")


def test_scoring_can_be_stopped(widget: ChallengeWidget) -> None:
    widget.predictions = PREDICTED
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="Begin again when you like"):
        widget.answer_score({}, [], stop)
    assert (widget.score, widget.working) == (None, None)


def test_cases_are_sorted_as_asked(widget: ChallengeWidget, ask: Callable[..., Any]) -> None:
    assert ask(widget, "scores")[0] == {"rows": [], "total": 0}
    widget.predictions = PREDICTED
    ask(widget, "score")
    assert [one["case"] for one in ask(widget, "scores")[0]["rows"]] == ["b", "c", "a"]
    assert [one["case"] for one in ask(widget, "scores", sort="case")[0]["rows"]] == ["a", "b", "c"]
    assert [one["case"] for one in ask(widget, "scores", sort="f1", descending=True)[0]["rows"]][-1] == "c"
    assert ask(widget, "scores", offset=2)[0]["rows"][0]["case"] == "a"


def test_without_a_hub_nothing_is_submitted_and_that_is_told(widget: ChallengeWidget) -> None:
    widget.predictions = PREDICTED
    assert widget.hub["there"] is False
    assert "Open the notebook on the hub" in widget.hub["told"]["cure"]
    with pytest.raises(SubmitError, match="BIOIMAGEHUB_PORTAL_URL"):
        widget.submit()
    with pytest.raises(SubmitError, match="BIOIMAGEHUB_PORTAL_URL"):
        widget.refresh()


def test_a_token_is_not_sent_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_PORTAL_URL", "http://hub.example.org/services/challenges")
    assert find_portal() is None
    monkeypatch.setenv("BIOIMAGEHUB_TOKEN", "secret")
    with pytest.raises(PortalError, match="Expected an address with https://") as caught:
        find_portal()
    assert "secret" not in str(caught.value)


def test_paths_go_on_to_what_can_be_sent(
    widget: ChallengeWidget, ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("mine.zip", "mine.txt", ".mine.zip", "mi\u202ene.zip"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert ask(widget, "choices", begin="mi")[0]["choices"] == ["mine", "mine.zip"]
    assert ask(widget, "choices", begin=f"{tmp_path}/mine.")[0]["choices"] == [f"{tmp_path}/mine.zip"]
    assert ask(widget, "choices", begin="\0/x")[0]["choices"] == []


def test_text_and_static_form_tell_score_and_board(widget: ChallengeWidget, ask: Callable[..., Any]) -> None:
    widget.predictions = PREDICTED
    widget.score_predictions()
    ask(widget, "board", own=True)
    text, page = widget.as_text(), widget.as_static()["text/html"]
    for part in ("Squares", "The final", "truth hidden", "Panoptic quality", "your predictions", "control"):
        assert part in text, part
        assert part in page, part
    assert max(map(len, text.splitlines())) < 200


def test_what_others_wrote_is_shown_harmlessly(squares: Path, tmp_path: Path) -> None:
    text = (squares / "challenge.yaml").read_text()
    text = text.replace("title: Squares", 'title: "<script>alert(1)</script> \\u200fgnp"')
    text = text.replace("name: Ada Example", "name: '<img src=x onerror=alert(2)>'")
    (tmp_path / "challenge.yaml").write_text(text)
    made = challenge(tmp_path)
    assert "\u200f" not in json.dumps(made.about, ensure_ascii=False)
    assert "<script" not in made.as_static()["text/html"]
    made.close()
