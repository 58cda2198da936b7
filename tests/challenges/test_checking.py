from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges.case_results import CaseResult, Result
from bioimagehub.challenges.checking import check_challenge, check_ranking
from bioimagehub.challenges.errors import ChallengeRefusedError, TruthError
from challenges.challenge_files import TEXT, squares, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return write_challenge(tmp_path)


def result(value: float, problem: str | None = None) -> Result:
    case = CaseResult(None, {"panoptic_quality": value}, "sha256:0", problem)
    return Result("squares", "public", {"a": case}, {"panoptic_quality": value}, {}, "", {}, "sha256:0")


def test_controls_are_scored_and_pitfalls_told(challenge: Challenge) -> None:
    review = check_challenge(challenge)
    scores = {name: one.scores["panoptic_quality"] for name, one in review.controls["public"].items()}
    assert scores["truth"] == 1
    assert scores["empty"] == 0
    assert 0 < scores["shifted"] < 1
    assert {pitfall.code for pitfall in review.pitfalls} == {
        "no-boundary-metric",
        "few-cases",
        "dependent-cases",
        "empty-cases",
    }
    assert all(pitfall.split == "public" for pitfall in review.pitfalls)


def test_something_better_than_the_truth_is_refused_with_the_numbers(challenge: Challenge) -> None:
    with pytest.raises(ChallengeRefusedError) as caught:
        check_ranking(challenge, "public", {"truth": result(0.5), "empty": result(0), "shifted": result(0.625)})
    assert "the truth is not first: the truth 0.5, nothing 0, the truth moved by one pixel 0.625" in str(caught.value)
    assert "Choose another metric to rank by" in str(caught.value)


def test_nothing_as_good_as_the_truth_is_refused(challenge: Challenge) -> None:
    with pytest.raises(ChallengeRefusedError, match="predicting nothing is as good as the truth"):
        check_ranking(challenge, "public", {"truth": result(1), "empty": result(1)})
    check_ranking(challenge, "public", {"truth": result(1), "empty": result(0.9), "shifted": result(1)})


def test_a_truth_without_score_is_refused(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path)
    for name in "abc":
        np.save(tmp_path / "truth" / f"{name}.npy", squares(0))
    with pytest.raises(ChallengeRefusedError, match="the truth has no score"):
        check_challenge(challenge)


def test_a_truth_that_is_no_prediction_is_refused(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path)
    np.save(tmp_path / "truth" / "b.npy", squares(2).astype(float))
    with pytest.raises(
        ChallengeRefusedError, match=r"the truth itself cannot be scored\. b: The ground truth of b has"
    ):
        check_challenge(challenge)


def test_lower_may_be_better(tmp_path: Path) -> None:
    text = TEXT.replace("  - panoptic_quality", "  - count_difference")
    review = check_challenge(write_challenge(tmp_path, text))
    assert review.controls["public"]["truth"].scores["count_difference"] == 0
    assert review.controls["public"]["empty"].scores["count_difference"] > 0


def test_hidden_truth_that_is_elsewhere_is_skipped_and_said(tmp_path: Path) -> None:
    text = TEXT.replace("    truth: {folder: truth}", "    hidden: true\n    truth: {folder: truth}")
    challenge = write_challenge(tmp_path / "here", text)
    assert list(check_challenge(challenge).controls) == ["public"]
    (tmp_path / "here" / "truth").rename(tmp_path / "truth")
    review = check_challenge(challenge)
    assert review.controls == {}
    assert "only the scorer has it" in review.skipped["public"]
    # The scorer knows where it is.
    assert list(check_challenge(challenge, root=tmp_path).controls) == ["public"]


def test_public_truth_must_be_there(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path)
    (tmp_path / "truth" / "c.npy").unlink()
    with pytest.raises(TruthError, match="no truth of the case c"):
        check_challenge(challenge)
