"""A submission's way: sent, checked, scored, ranked; refused ones cost nothing; the official score is the local one."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from servers.challenge import squares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path]) -> RunningPortal:
    portal = start_portal()
    made = portal.create(small_challenge())
    assert made["state"] == "active", made
    return portal


def _board(portal: RunningPortal, phase: str = "practice") -> dict[str, object]:
    portal.wait_idle()
    versions = portal.ask("GET", f"/challenges/squares/phases/{phase}/boards", "ann").json()
    return portal.ask("GET", f"/challenges/squares/phases/{phase}/boards/{versions[0]['number']}", "ann").json()


def test_a_submission_is_scored_and_ranked(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    answer = portal.submit("ann", predictions(7))
    assert answer.status_code == 201, answer.text
    view = portal.wait_state(answer.json()["id"], "ann", "scored", "failed", "refused")
    assert view["state"] == "scored", view
    assert view["counts"]
    result = portal.ask("GET", f"/submissions/{view['id']}/result", "ann").json()
    assert set(result["cases"]) == {"a", "b", "c"}
    assert 0.7 < result["scores"]["panoptic_quality"] < 0.8
    board = _board(portal)["board"]
    rows = {row["entry"]: row for row in board["rows"] if not row["is_control"]}
    assert rows["ann"]["rank"] == 1
    assert {row["entry"] for row in board["rows"] if row["is_control"]} >= {"truth", "empty"}


def test_the_official_score_is_the_local_one(
    portal: RunningPortal, predictions: Callable[..., bytes], small_challenge: Callable[..., Path], tmp_path: Path
) -> None:
    from bioimagehub.challenges.challenge import load_challenge
    from bioimagehub.challenges.scoring import score
    from bioimagehub.challenges.submissions import open_predictions

    with zipfile.ZipFile(small_challenge()) as archive:
        archive.extractall(tmp_path / "challenge")
    challenge = load_challenge(tmp_path / "challenge")
    (tmp_path / "sent.zip").write_bytes(predictions(6))
    with open_predictions(tmp_path / "sent.zip", challenge, "public") as opened:
        local = score(challenge, "public", opened)
    sent = portal.submit("ben", predictions(6)).json()["id"]
    portal.wait_state(sent, "ben", "scored")
    official = portal.ask("GET", f"/submissions/{sent}/result", "ben").json()
    assert official["scores"] == local.scores
    assert official["key"] == local.key


def test_a_refused_submission_costs_nothing_and_tells_all(
    portal: RunningPortal, predictions: Callable[..., bytes]
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        file = io.BytesIO()
        np.savez_compressed(file, labels=squares(3).astype(float) + 0.5)
        archive.writestr("a.npz", file.getvalue())
        archive.writestr("b.npz", b"no npz at all")
    sent = portal.submit("cleo", buffer.getvalue()).json()["id"]
    view = portal.wait_state(sent, "cleo", "refused", "scored", "failed")
    assert view["state"] == "refused"
    assert {problem["case"] for problem in view["problems"]} == {"a", "b", "c"}
    assert not view["counts"]
    practice = portal.ask("GET", "/challenges/squares", "cleo").json()["phases"][0]
    assert (practice["used_today"], practice["used_total"]) == (0, 0)
    assert portal.ask("GET", f"/submissions/{sent}/file", "cleo").status_code == 404


def test_the_hidden_split_tells_no_more_than_its_board(
    portal: RunningPortal, predictions: Callable[..., bytes]
) -> None:
    sent = portal.submit("ann", predictions(7), phase="final").json()["id"]
    portal.wait_state(sent, "ann", "scored")
    board = _board(portal, "final")["board"]
    assert board["hidden"] is True
    result = portal.ask("GET", f"/submissions/{sent}/result", "ann").json()
    assert result["cases"] is None
    assert result["key"] is None
    step = next(column["step"] for column in board["columns"] if column["name"] == "panoptic_quality")
    multiple = result["scores"]["panoptic_quality"] / step
    assert multiple == pytest.approx(round(multiple), abs=1e-6)
    row = next(row for row in board["rows"] if row["entry"] == "ann")
    assert row["scores"]["panoptic_quality"][0] == pytest.approx(result["scores"]["panoptic_quality"])


def test_a_corrected_mask_scores_everything_again(
    portal: RunningPortal, predictions: Callable[..., bytes], small_challenge: Callable[..., Path]
) -> None:
    """One mask of the truth is mended: another edition, old and new board side by side, the old one as it was."""
    before = _board(portal)
    corrected = small_challenge(public={"a": squares(3, 6), "b": squares(9), "c": squares(5)})
    assert portal.create(corrected)["state"] == "active"
    after = _board(portal)
    assert after["number"] > before["number"]
    assert after["edition"] == before["edition"] + 1
    again = portal.ask("GET", f"/challenges/squares/phases/practice/boards/{before['number']}", "ann").json()
    assert again == before
    old, new = (
        {row["entry"]: row["scores"]["panoptic_quality"][0] for row in board["board"]["rows"]}
        for board in (before, after)
    )
    assert {"ann", "ben"} <= set(new)
    assert old["ben"] != new["ben"]
    session, _ = portal.log_in("ann")
    page = session.get(
        f"{portal.public}/challenge/squares/practice/compare/{before['number']}/{after['number']}", timeout=60
    )
    assert page.status_code == 200
    assert "ben" in page.text
    session.close()


def test_cases_that_are_unchanged_are_not_scored_again(portal: RunningPortal) -> None:
    """Of the results of two editions, the cases b and c are the same to the last byte, keys and all."""
    from bioimagehub.hub.portal.store.boards import results_of

    own = portal.ask("GET", "/submissions", "ben").json()[0]["id"]
    store = portal.store
    with store.reading() as session:
        new, old = (result.result["cases"] for result, _ in results_of(session, own))
    store.close()
    assert new["b"] == old["b"]
    assert new["c"] == old["c"]
    assert new["a"]["key"] != old["a"]["key"]


def test_a_challenge_whose_truth_is_missing_is_refused(
    portal: RunningPortal, small_challenge: Callable[..., Path]
) -> None:
    made = portal.create(small_challenge(lambda text: text.replace("name: squares", "name: lost"), hidden={}))
    assert made["state"] == "refused"
    assert "hidden" in " ".join(made["report"])
    assert portal.ask("GET", "/challenges/lost", "ann").status_code == 404


def test_a_challenge_cannot_read_what_is_not_its_own(
    portal: RunningPortal, small_challenge: Callable[..., Path]
) -> None:
    thief = small_challenge(
        lambda text: text.replace("name: squares", "name: thief").replace("{folder: hidden}", "{folder: ../1/hidden}")
    )
    made = portal.create(thief, user="otto")
    assert made["state"] == "refused"
    assert "leads out of the folder" in made["report"][0]


def test_the_metric_of_a_challenge_must_rank_truth_first(
    portal: RunningPortal, small_challenge: Callable[..., Path]
) -> None:
    """Without any object in the truth, nothing is as good as the truth."""
    nothing = {name: np.zeros((32, 32), np.uint16) for name in "abc"}
    made = portal.create(
        small_challenge(lambda text: text.replace("name: squares", "name: void"), public=nothing, hidden=nothing)
    )
    assert made["state"] == "refused"
    assert "is refused" in made["report"][0]
