from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bioimagehub.challenges import Conventions, score_image, score_images
from bioimagehub.challenges.errors import ImageSetError, LabelShapeError, UnknownMetricError
from challenges.cases import BOTH_EMPTY, CASES, draw

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NAME = {case.name: case for case in CASES}
HALVES, SAME, MISSED = (BY_NAME[name] for name in ("two halves", "the same", "prediction empty"))
SET = [(case.name, case.truth, case.prediction) for case in (SAME, HALVES, MISSED, BOTH_EMPTY)]


def test_table_has_a_row_an_image() -> None:
    table = score_images(SET).table()
    assert list(table.index) == ["the same", "two halves", "prediction empty", "both empty"]
    assert table.index.name == "image"
    assert table["true_objects"].tolist() == [2, 1, 1, 0]
    assert table["predicted_objects"].tolist() == [2, 2, 0, 0]
    assert table[["tp", "fp", "fn"]].to_numpy().tolist() == [[2, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert table["average_precision"].tolist() == pytest.approx([1, 0.05, 0, np.nan], nan_ok=True)


def test_mean_leaves_out_images_without_objects() -> None:
    overall = score_images(SET).overall()
    assert overall.loc["mean of images", "average_precision"] == pytest.approx(1.05 / 3)
    assert overall.loc["mean of images", "recall"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("policy", "mean"), [("one", 2.05 / 4), ("zero", 1.05 / 4)])
def test_mean_counts_images_without_objects_if_wanted(policy: str, mean: float) -> None:
    overall = score_images(SET, conventions=Conventions(empty=policy)).overall()  # type: ignore[arg-type]
    assert overall.loc["mean of images", "average_precision"] == pytest.approx(mean)


def test_pooled_counts_each_object_the_same() -> None:
    pooled = score_images(SET).overall().loc["pooled"]
    assert pooled[["true_objects", "predicted_objects", "tp", "fp", "fn"]].tolist() == [4, 4, 3, 1, 1]
    # 3/5 at 0.50, 2/(2 + 2 + 2) at the nine others
    assert pooled["average_precision"] == pytest.approx((3 / 5 + 9 / 3) / 10)
    assert pooled["matched_iou"] == pytest.approx((1 + 1 + 0.5) / 3)


def test_all_images_without_objects_have_no_score() -> None:
    scores = score_images([("a", BOTH_EMPTY.truth, BOTH_EMPTY.prediction)])
    assert scores.overall()["average_precision"].isna().all()
    assert scores.curve().isna().to_numpy().all()


def test_curve() -> None:
    scores = score_images(SET)
    curve = scores.curve("recall")
    assert curve.index.tolist() == pytest.approx([k / 20 for k in range(10, 20)])
    assert curve.index.name == "IoU threshold"
    assert curve["mean of images"].tolist() == pytest.approx([2 / 3] + [1 / 3] * 9)
    assert curve["pooled"].tolist() == pytest.approx([3 / 4] + [1 / 2] * 9)
    assert scores.images[1].curve("recall").tolist() == [1] + [0] * 9


def test_mean_of_the_curve_is_average_precision() -> None:
    scores = score_images(SET)
    assert scores.curve().mean().tolist() == pytest.approx(scores.overall()["average_precision"].tolist())


def test_one_image() -> None:
    score = score_image(HALVES.truth, HALVES.prediction, name="halves")
    assert score.score("panoptic_quality") == pytest.approx(1 / 3)
    assert score.row() == score_images([("x", HALVES.truth, HALVES.prediction)]).table().loc["x"].to_dict()
    assert score.match().pairs.tolist() == [[1, 2]]
    assert score.match(0.75).tp == 0
    with pytest.raises(UnknownMetricError):
        score.score("dice")


def test_matching_keeps_the_convention() -> None:
    score = score_image(HALVES.truth, HALVES.prediction, conventions=Conventions(closed=False))
    assert score.match().tp == 0


def test_images_may_come_one_by_one() -> None:
    loaded = []

    def images() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        for name, truth, prediction in SET:
            loaded.append(name)
            yield name, truth, prediction

    assert len(score_images(images()).images) == len(loaded) == 4


def test_conventions_are_printed_beside_the_scores() -> None:
    scores = score_images(SET, conventions=Conventions(closed=False, empty="one"))
    assert scores.conventions.closed is False
    for text in (str(scores), scores._repr_html_().replace("&gt;", ">")):
        assert str(scores.conventions) in text
        assert "two halves" in text
        assert "pooled" in text


def test_no_image() -> None:
    with pytest.raises(ImageSetError, match=r"no image to score. Expected at least one"):
        score_images([])


def test_two_images_of_one_name() -> None:
    with pytest.raises(ImageSetError, match=r"Two images are named 'the same'.* Rename one of them"):
        score_images([SET[0], SET[0]])


def test_message_names_the_image() -> None:
    with pytest.raises(LabelShapeError, match="The prediction of field-2 has the shape"):
        score_images([("field-1", draw("1"), draw("1")), ("field-2", draw("1"), draw("11"))])


def test_what_a_terminal_shows_is_short() -> None:
    score = score_image(HALVES.truth, HALVES.prediction, name="halves")
    assert repr(score).startswith("<ImageScore of halves: average_precision 0.050, f1 0.667, matched_dice 0.667,")
    assert repr(score.table) == "<Contingency: 1 true objects, 2 predicted, 2 overlaps>"
    assert repr(score.counts) == "<Counts: 1 true objects, 2 predicted, matched [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]>"
    assert repr(score.match()) == "<Matching at IoU ≥ 1/2: 1 TP, 1 FP, 0 FN>"
