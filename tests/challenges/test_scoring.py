from __future__ import annotations

import json
from math import fsum, inf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import make_board, score_image
from bioimagehub.challenges.case_results import CaseResult, Result
from bioimagehub.challenges.challenge_parts import Ranked
from bioimagehub.challenges.errors import ChallengeDataError, SubmissionError, TruthError, UnknownSplitError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.scoring import MISSING, aggregate, score, scoring_environment
from challenges.challenge_files import TEXT, TRUTH, squares, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge

PREDICTIONS = {"a": squares(3, 6), "b": squares(5), "c": squares(0)}


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return write_challenge(tmp_path)


def test_scores_are_those_of_the_images(challenge: Challenge) -> None:
    result = score(challenge, "public", PREDICTIONS)
    for name in ("a", "b"):
        expected = score_image(TRUTH[name], PREDICTIONS[name], conventions=challenge.conventions)
        assert result.cases[name].scores == {
            metric: expected.score(metric) for metric in ("panoptic_quality", "f1", "average_precision")
        }
    assert isnan(result.cases["c"].scores["f1"])
    mean = fsum(result.cases[name].scores["panoptic_quality"] for name in ("a", "b")) / 2
    assert result.scores["panoptic_quality"] == mean
    assert result.left_out == {"panoptic_quality": 1, "f1": 0, "average_precision": 1}
    # 3 and 5 of 12 are matched, nothing is false.
    assert result.scores["f1"] == 2 * 8 / (2 * 8 + 4)
    assert result.conventions == str(challenge.conventions)
    assert result.environment == scoring_environment()
    assert result.problems == {}


def test_result_survives_json_exactly(challenge: Challenge) -> None:
    result = score(challenge, "public", PREDICTIONS)
    text = json.dumps(result.as_dict(), allow_nan=False)
    again = Result.from_dict(json.loads(text))
    assert json.dumps(again.as_dict(), allow_nan=False) == text
    assert again.scores == result.scores
    assert list(again.cases) == ["a", "b", "c"]
    # What was read is known, and pools to the same number.
    assert score(challenge, "public", PREDICTIONS, known=again.known()).as_dict() == result.as_dict()


def test_infinite_scores_survive_json() -> None:
    case = CaseResult(None, {"psnr": inf, "rmse": -inf, "ssim": nan}, "sha256:0", "why")
    again = CaseResult.from_dict(json.loads(json.dumps(case.as_dict(), allow_nan=False)))
    assert again.scores["psnr"] == inf
    assert again.scores["rmse"] == -inf
    assert isnan(again.scores["ssim"])


def test_missing_and_refused_cases_count_as_worst(challenge: Challenge) -> None:
    wrong = {"a": TRUTH["a"], "b": np.zeros((5, 5), np.uint8)}
    result = score(challenge, "public", wrong)
    assert result.cases["b"].scores == {"panoptic_quality": 0.0, "f1": 0.0, "average_precision": 0.0}
    assert result.problems["c"] == MISSING
    assert "(32, 32)" in result.problems["b"]
    # The empty case, which would be left out, counts when it is missing: leaving out gains nothing.
    assert result.scores["panoptic_quality"] == 1 / 3
    assert result.scores["f1"] == 0
    assert result.left_out["panoptic_quality"] == 0


def test_predictions_that_are_none_are_refused_before_work_begins(challenge: Challenge) -> None:
    with pytest.raises(SubmissionError, match=r"predictions of d, which are no cases.*Expected some of a, b, c. Use"):
        score(challenge, "public", {**PREDICTIONS, "d": squares(1)})
    bad = {"a": PREDICTIONS["a"] > 0, "b": Points([[1, 2]]), "c": None}
    with pytest.raises(SubmissionError) as refused:
        score(challenge, "public", bad)
    assert "a: its values are of the type bool. Expected whole numbers" in str(refused.value)
    assert "b: it is of the type Points. Expected an array" in str(refused.value)
    assert "c" not in str(refused.value).partition("a:")[0].split()
    with pytest.raises(SubmissionError, match=r"of the type list. Expected a mapping.*Give a dict"):
        score(challenge, "public", list(PREDICTIONS.values()))


def test_what_is_loaded_late_counts_as_worst_if_it_is_of_another_type(challenge: Challenge) -> None:
    result = score(challenge, "public", {**PREDICTIONS, "b": {"objects": 3}}.get)
    assert result.problems["b"].startswith("it is of the type dict. Expected an array of whole numbers")
    assert result.cases["b"].scores["panoptic_quality"] == 0
    assert result.cases["a"].scores["panoptic_quality"] > 0


def test_results_are_short_to_look_at(challenge: Challenge) -> None:
    result = score(challenge, "public", {name: PREDICTIONS[name] for name in "ab"})
    shown = repr(result)
    assert shown.startswith("Result(squares, public: panoptic_quality 0.4256, f1 0, average_precision 0.2;")
    assert shown.endswith(" 3 cases, 1 of which count as worst)")
    assert repr(result.cases["c"]).endswith(f"counts as worst: {MISSING})")
    assert len(repr(result.cases["a"])) < 100


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(("spacing", "units"), [("", {"hausdorff": "px"}), ("    spacing: [0.5, 0.5]\n", {})])
def test_lengths_are_in_pixels_where_their_size_is_not_known(spacing: str, units: dict, tmp_path: Path) -> None:
    text = TEXT.replace("  public:\n", f"  public:\n{spacing}").replace("- panoptic_quality", "- hausdorff")
    challenge = write_challenge(tmp_path, f"{text}conventions: {{boundaries: {{tolerance: 2}}}}\n")
    result = score(challenge, "public", PREDICTIONS)
    assert result.units == units
    assert Result.from_dict(result.as_dict()).units == units
    column = make_board(challenge, "practice", {"me": result}, samples=10).columns[0]
    assert column.unit == units.get("hausdorff", "µm")
    assert "tolerance 2 µm (pixels where their size is not known)" in result.conventions


def test_correcting_one_truth_changes_the_key_of_that_case_alone(challenge: Challenge, tmp_path: Path) -> None:
    before = score(challenge, "public", PREDICTIONS)
    np.save(tmp_path / "truth" / "b.npy", squares(8))
    loaded = []

    def load(name: str) -> np.ndarray:
        loaded.append(name)
        return PREDICTIONS[name]

    after = score(challenge, "public", load, known=before.known())
    changed = [name for name in before.cases if before.cases[name].key != after.cases[name].key]
    assert changed == ["b"]
    assert after.cases["a"] is before.cases["a"]
    assert after.cases["b"].scores != before.cases["b"].scores
    assert after.key != before.key
    assert loaded == ["a", "b", "c"]


def test_a_known_case_is_not_measured_again(challenge: Challenge) -> None:
    before = score(challenge, "public", PREDICTIONS)
    marked = {key: CaseResult(one.tally, {"panoptic_quality": 0.125, "f1": 1, "average_precision": 1}, key)
              for key, one in before.known().items()}  # fmt: skip
    assert score(challenge, "public", PREDICTIONS, known=marked).scores["panoptic_quality"] == 0.125


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: squares", "name: squares\nconventions: {at: 0.75}"),
        ("name: squares", "name: squares\nconventions: {closed: false}"),
        ("  - {metric: f1, aggregate: pooled}\n", ""),
        ("selection: {y: [0, 32]", "selection: {y: [0, 31]"),
    ],
)
def test_what_the_numbers_depend_on_is_in_the_key(challenge: Challenge, tmp_path: Path, old: str, new: str) -> None:
    other = write_challenge(tmp_path / "other", TEXT.replace(old, new))
    assert score(challenge, "public", TRUTH).cases["a"].key != score(other, "public", TRUTH).cases["a"].key


def test_how_it_is_aggregated_is_in_the_key_of_the_result_alone(challenge: Challenge, tmp_path: Path) -> None:
    other = write_challenge(tmp_path / "other", TEXT.replace("aggregate: pooled", "aggregate: mean"))
    one, two = score(challenge, "public", TRUTH), score(other, "public", TRUTH)
    assert one.key != two.key
    assert one.known().keys() == two.known().keys()


def test_the_order_of_predictions_changes_nothing(challenge: Challenge) -> None:
    turned = dict(reversed(PREDICTIONS.items()))
    assert score(challenge, "public", turned).as_dict() == score(challenge, "public", PREDICTIONS).as_dict()


def test_the_worst_of_infinite_scores_wins(challenge: Challenge) -> None:
    def results(*values: float) -> dict[str, CaseResult]:
        return {str(number): CaseResult(None, {"f1": value}, "") for number, value in enumerate(values)}

    for how in ("mean", "median"):
        ranked = Ranked.model_validate({"metric": "f1", "aggregate": how})
        assert aggregate(challenge, ranked, results(1, inf, -inf, nan)) == -inf
        assert isnan(aggregate(challenge, ranked, results(nan, nan)))
    assert aggregate(challenge, Ranked(metric="f1"), results(1, inf, nan)) == inf
    assert aggregate(challenge, Ranked.model_validate({"metric": "f1", "aggregate": "median"}), results(1, 2, inf)) == 2


def test_no_such_split(challenge: Challenge) -> None:
    with pytest.raises(UnknownSplitError, match="There are: public"):
        score(challenge, "hidden", PREDICTIONS)


def test_missing_or_doubled_truth_is_an_error_of_the_organiser(challenge: Challenge, tmp_path: Path) -> None:
    (tmp_path / "truth" / "a.tif").touch()
    with pytest.raises(TruthError, match="more than one truth"):
        score(challenge, "public", PREDICTIONS)
    (tmp_path / "truth" / "a.tif").unlink()
    (tmp_path / "truth" / "a.npy").unlink()
    with pytest.raises(TruthError, match="There is no truth of the case a"):
        score(challenge, "public", PREDICTIONS)


def test_an_entry_that_is_not_as_pinned_is_refused(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, TEXT.replace('version: "1"', 'version: "2"'))
    with pytest.raises(ChallengeDataError, match="its version was 2, is not stated"):
        score(challenge, "public", PREDICTIONS)
