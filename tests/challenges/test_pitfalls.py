from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import score_image
from bioimagehub.challenges.checking import check_challenge
from bioimagehub.challenges.pitfalls import ONE_SIDED, look_at
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tasks import TASKS, find_task
from bioimagehub.challenges.tracks import Lineage, Tracks
from challenges.challenge_files import TEXT, squares, write_challenge

if TYPE_CHECKING:
    from pathlib import Path

METRICS = TEXT.partition("metrics:\n")[2]


def pitfalls(folder: Path, text: str = TEXT, truth: dict[str, np.ndarray] | None = None) -> dict[str, str]:
    """Give what the check of a challenge finds, by code."""
    challenge = write_challenge(folder, text)
    for name, labels in (truth or {}).items():
        np.save(folder / "truth" / f"{name}.npy", labels)
    return {found.code: f"{found.what}. {found.why}" for found in check_challenge(challenge).pitfalls}


def test_a_single_metric(tmp_path: Path) -> None:
    assert "single-metric" not in pitfalls(tmp_path / "three")
    found = pitfalls(tmp_path / "one", TEXT.replace(METRICS, "  - f1\n"))
    assert found["single-metric"].startswith("f1 is the only metric. One metric sees one property")


@pytest.mark.parametrize(
    ("metric", "told"),
    [("recall", "answers more"), ("matched_iou", "only where it is sure"), ("precision", "is missed")],
)
def test_a_metric_that_sees_one_kind_of_mistake(metric: str, told: str, tmp_path: Path) -> None:
    found = pitfalls(tmp_path / "first", TEXT.replace(METRICS, f"  - {metric}\n  - f1\n"))["one-sided-metric"]
    assert found.startswith(f"{metric} ranks, and sees one kind of mistake: who ")
    assert told in found
    assert "Rank by a metric that sees both, such as an F1 score" in found
    assert "one-sided-metric" not in pitfalls(tmp_path / "beside", TEXT.replace(METRICS, f"  - f1\n  - {metric}\n"))


def test_one_sided_metrics_can_be_won_by_little_or_much() -> None:
    known = {name: task.METRICS[name] for task in map(find_task, TASKS) for name in task.METRICS}
    assert set(ONE_SIDED) <= set(known)
    truth = np.zeros((20, 20), np.int64)
    truth[2:8, 2:8], truth[12:18, 12:18] = 1, 2
    one, much = np.where(truth == 1, truth, 0), truth.copy()
    much[2:8, 12:18], much[12:18, 2:8] = 3, 4
    for metric, prediction in (("precision", one), ("matched_iou", one), ("recall", much), ("mean_dice", much)):
        assert score_image(truth, prediction).score(metric) == 1 > score_image(truth, prediction).score("f1")


def test_tiny_objects(tmp_path: Path) -> None:
    assert "tiny-objects" not in pitfalls(tmp_path / "large")
    found = pitfalls(tmp_path / "small", truth={"a": squares(3, 2)})
    assert found["tiny-objects"].startswith("3 of 12 objects are tiny (below 50 pixels")
    assert "(panoptic_quality, f1, average_precision)" in found["tiny-objects"]


def test_cases_with_few_and_many_objects(tmp_path: Path) -> None:
    assert "unequal-cases" not in pitfalls(tmp_path / "like")
    many = np.arange(1, 1025, dtype=np.uint16).reshape(32, 32)
    found = pitfalls(tmp_path / "mean", truth={"a": many})["unequal-cases"]
    assert found.startswith("cases hold 9 to 1024 objects; panoptic_quality is aggregated as mean")
    assert "each object of a case with few decide" in found
    text = TEXT.replace("  - panoptic_quality", "  - {metric: panoptic_quality, aggregate: pooled}")
    assert "cases with many decide" in pitfalls(tmp_path / "pooled", text, {"a": many})["unequal-cases"]


def test_empty_cases_tell_the_convention(tmp_path: Path) -> None:
    found = pitfalls(tmp_path, TEXT + "conventions: {empty: one}\n")
    assert found["empty-cases"].startswith("1 of 3 cases hold nothing: c. Their score is a convention (empty: one)")


def test_public_truth_of_hidden_images(tmp_path: Path) -> None:
    hidden = (
        "splits:\n  final:\n    hidden: true\n    truth: {folder: truth}\n    cases:\n"
        '      - {id: a, entry: "samples:bbbc038-nuclei", selection: {y: [%s], x: [%s]}}\n'
    )
    text = TEXT.replace("splits:\n", hidden % ("31, 60", "31, 60"))
    assert pitfalls(tmp_path / "leak", text)["leak"].startswith("a can be seen in the split public, too") or (
        pitfalls(tmp_path / "again", text)["leak"].startswith("a, b can be seen in the split final, too")
    )
    assert "leak" not in pitfalls(tmp_path / "apart", TEXT.replace("splits:\n", hidden % ("96, 128", "0, 32")))


def test_a_hidden_phase_without_limits(tmp_path: Path) -> None:
    text = TEXT.replace("    truth: {folder: truth}", "    hidden: true\n    truth: {folder: truth}")
    assert "no-limits" not in pitfalls(tmp_path / "limits", text)
    text = text.replace("split: public\n", "split: public\n    limits: {per_day: null}\n")
    assert "the phase practice takes any number" in pitfalls(tmp_path / "none", text)["no-limits"]


@pytest.mark.usefixtures("samples")
def test_too_easy(tmp_path: Path) -> None:
    text = TEXT.replace("{folder: truth}", "{label: nuclei}") + "controls: [otsu]\n"
    text = (
        text.replace(METRICS, "  - {metric: f1, aggregate: pooled}\n") + "conventions: {thresholds: [0.5], at: 0.5}\n"
    )
    assert "too-easy" not in pitfalls(tmp_path / "hard", text)
    challenge = write_challenge(tmp_path / "easy", text.replace("{label: nuclei}", "{folder: truth}"))
    from bioimagehub.challenges.controls import list_controls, open_control
    from bioimagehub.challenges.truth import open_truth

    otsu = list_controls(challenge)[0]
    predict = open_control(challenge, "public", otsu, open_truth(challenge, "public"))
    for name in "abc":
        np.save(tmp_path / "easy" / "truth" / f"{name}.npy", predict(name))
    found = {one.code: one.what for one in check_challenge(challenge).pitfalls}
    assert found["too-easy"] == "otsu reaches 1 by f1, the truth 1"


def test_what_a_truth_holds() -> None:
    assert look_at(np.array([[0, 1, 1], [2, 2, 2]]), "labels").sizes.tolist() == [2, 3]
    classes = look_at(np.array([[0, 0, 0], [1, 2, 2]]), "classes")
    assert (classes.objects, classes.answers) == (2, Counter({"0": 3, "2": 2, "1": 1}))
    assert look_at(Points([[1, 2], [3, 4]]), "points").objects == 2
    assert look_at({"a": "x", "b": "x", "c": 1.0}, "values").answers == {"x": 2}
    assert look_at(Tracks(np.zeros((1, 2, 2), int), Lineage.from_rows([(1, 0, 0, 0)])), "tracks").objects == 1
    assert look_at(np.zeros((2, 2)), "image").objects is None
