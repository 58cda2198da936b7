from __future__ import annotations

import json
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from bioimagehub.challenges import surfaces
from bioimagehub.challenges.classes import ClassConventions, ClassCounts, measure, pool
from bioimagehub.challenges.errors import ConventionError, LabelShapeError, NegativeLabelError
from bioimagehub.challenges.metrics import family_metrics, find_metric
from challenges.cases import draw
from challenges.strategies import label_pairs, unhurried

METRICS = family_metrics("semantic")
OVERLAPS = {name: metric for name, metric in METRICS.items() if not hasattr(metric, "NEEDS")}
SURFACES = {name: metric for name, metric in METRICS.items() if hasattr(metric, "NEEDS")}


def counts(truth: object, prediction: object, **fields: object) -> ClassCounts:
    return measure(truth, prediction, conventions=ClassConventions(**fields))  # type: ignore[arg-type]


def scores(*arguments: object, **fields: object) -> dict[str, float]:
    one = arguments[0] if isinstance(arguments[0], ClassCounts) else counts(*arguments, **fields)
    return {name: metric.score(one) for name, metric in OVERLAPS.items()}


# Mean Dice, mean IoU, frequency-weighted IoU, pixel accuracy.
BY_HAND = {
    "the same": (".12", ".12", {}, (1, 1, 1, 1)),
    "background only": ("..", "..", {}, (1, 1, 1, 1)),
    "background only, not counted": ("..", "..", {"background": False}, (nan, nan, nan, 1)),
    # IoU of class 0: 2/3, of class 1: 2/3.
    "one pixel too many": ("..11.", "..111", {}, (4 / 5, 2 / 3, 2 / 3, 4 / 5)),
    # Class 1: 1 of 3 pixels, IoU 1/3; class 2, of 1 pixel: 1 of 3, IoU 1/3; class 0: 2/2.
    "two confused": ("..1112", "..1222", {}, ((1 + 1 / 2 + 1 / 2) / 3, 5 / 9, (2 + 1 + 1 / 3) / 6, 4 / 6)),
    "all wrong": ("11", "22", {}, (0, 0, 0, 0)),
    # The prediction of class 3 is an error for class 1 and has no IoU of its own.
    "undeclared class predicted": ("1122", "1322", {"classes": (1, 2)}, (5 / 6, 3 / 4, 3 / 4, 3 / 4)),
    "undeclared class counts by default": ("1122", "1322", {}, (5 / 9, 1 / 2, 3 / 4, 3 / 4)),
    "declared class that is nowhere": ("11", "11", {"classes": (1, 9)}, (1, 1, 1, 1)),
    "ignored truth": ("1199", "1112", {"ignore": 9}, (1, 1, 1, 1)),
    # Class 9 is ignored where it is true, not where it is predicted.
    "ignored class predicted": ("1199", "1919", {"ignore": 9}, (1 / 3, 1 / 4, 1 / 2, 1 / 2)),
    "all ignored": ("99", "12", {"ignore": 9}, (nan, nan, nan, nan)),
    "background ignored": (".11", "111", {"ignore": 0}, (1, 1, 1, 1)),
    "invented on background": ("..", "1.", {"background": False}, (0, 0, 0, 1 / 2)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    truth, prediction, fields, expected = BY_HAND[name]
    found = scores(draw(truth), draw(prediction), **fields)
    order = ("mean_class_dice", "mean_class_iou", "frequency_weighted_iou", "pixel_accuracy")
    assert [found[metric] for metric in order] == pytest.approx(list(expected), nan_ok=True)


def test_values_of_each_class() -> None:
    one = counts(draw("..1112"), draw("..1222"), classes=(3, 2, 1, 0))
    assert one.classes == (0, 1, 2, 3)
    assert one.iou == pytest.approx([1, 1 / 3, 1 / 3, nan], nan_ok=True)
    assert one.dice == pytest.approx([1, 1 / 2, 1 / 2, nan], nan_ok=True)


@unhurried
@given(label_pairs(largest=4))
def test_equal_to_scikit_learn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = (image.ravel().astype(int) for image in pair)
    found = scores(*pair)
    one = counts(*pair)
    assert one.iou == pytest.approx(jaccard_score(truth, prediction, average=None, zero_division=0), rel=1e-12)
    assert found["mean_class_dice"] == pytest.approx(f1_score(truth, prediction, average="macro", zero_division=0))
    assert found["pixel_accuracy"] == pytest.approx(accuracy_score(truth, prediction))
    assert found["frequency_weighted_iou"] == pytest.approx(
        jaccard_score(truth, prediction, average="weighted", zero_division=0)
    )


@unhurried
@given(label_pairs(largest=3), label_pairs(largest=3))
def test_pool_is_one_image_of_both(first: tuple, second: tuple) -> None:
    cases = [counts(*pair, ignore=2) for pair in (first, second)]
    joined = [np.concatenate([a.ravel(), b.ravel()])[None].astype(int) for a, b in zip(first, second, strict=True)]
    pooled, one = pool(cases), counts(*joined, ignore=2)
    assert pooled.as_dict() == one.as_dict()
    again = ClassCounts.from_dict(json.loads(json.dumps(pooled.as_dict())))
    assert again == pooled
    assert scores(again) == pytest.approx(scores(one), nan_ok=True, rel=0, abs=0)


@unhurried
@given(label_pairs())
def test_truth_is_best(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert set(scores(pair[0], pair[0]).values()) == {1.0}
    assert all(0 <= value <= 1 for value in scores(*pair).values())


def test_mask_has_two_classes() -> None:
    assert counts(np.array([[True, False]]), np.array([[True, True]])).classes == (0, 1)


def test_class_numbers_may_be_large() -> None:
    one = counts(np.array([[2**62, 0, 70_000]]), np.array([[2**62, 1, 70_000]]))
    assert (one.classes, one.both) == ((0, 1, 70_000, 2**62), (0, 0, 1, 1))


def test_references() -> None:
    """PASCAL VOC leaves class 255 of the truth out; nnU-Net means are those of the foreground."""
    truth, prediction = np.array([[0, 1, 255, 255]]), np.array([[0, 0, 1, 0]])
    voc = measure(truth, prediction, conventions=ClassConventions.as_in("pascal-voc"))
    assert METRICS["mean_class_iou"].score(voc) == (1 / 2 + 0) / 2
    nnunet = measure(truth[:, :2], prediction[:, :2], conventions=ClassConventions.as_in("nnunet"))
    assert METRICS["mean_class_dice"].score(nnunet) == 0
    assert isnan(METRICS["mean_class_dice"].score(measure([[0]], [[0]], conventions=ClassConventions.as_in("nnunet"))))


def test_what_is_refused() -> None:
    with pytest.raises(NegativeLabelError):
        counts([[-1]], [[0]])
    with pytest.raises(LabelShapeError):
        counts([[1, 0]], [[1]])
    for fields in ({"classes": (1, 1)}, {"classes": (-1, 0)}, {"ignore": -1}, {"classes": (1, 2), "ignore": 2}):
        with pytest.raises(ConventionError, match="Expected numbers not below 0, each once, and none of them ignored"):
            ClassConventions(**fields)  # type: ignore[arg-type]
    with pytest.raises(ConventionError, match=r"'coco'. These are known: nnunet, pascal-voc"):
        ClassConventions.as_in("coco")


def test_conventions_are_printed_and_written() -> None:
    conventions = ClassConventions(classes=(3, 1), ignore=7, background=False)
    assert str(conventions).startswith("classes: 1, 3; means without the background (0); truth of class 7 ignored; ")
    assert ClassConventions.from_dict(json.loads(json.dumps(conventions.as_dict()))) == conventions


def two_classes() -> tuple[np.ndarray, np.ndarray]:
    """Class 1 two pixels longer in the prediction, class 2 the same."""
    truth, prediction = np.zeros((2, 9, 9), int)
    truth[3:6, 2:5], prediction[3:6, 2:7] = 1, 1
    truth[8], prediction[8] = 2, 2
    return truth, prediction


def test_surfaces_are_those_of_the_mask_of_each_class() -> None:
    truth, prediction = two_classes()
    conventions = ClassConventions(boundaries={"tolerance": 0.5})
    found = measure(truth, prediction, conventions=conventions, spacing=(0.5, 0.5))
    for name, metric in SURFACES.items():
        one = find_metric("boundaries", name.removeprefix("mean_class_"))
        alone = [
            one.score(
                surfaces.measure(truth == k, prediction == k, conventions=conventions.boundaries, spacing=(0.5, 0.5))
            )
            for k in (1, 2)
        ]
        assert metric.score(found) == pytest.approx(sum(alone) / 2)
        assert alone[0] != alone[1] == metric.BEST
    assert SURFACES["mean_class_hausdorff"].score(found) == 0.5
    assert str(found.conventions).endswith(str(conventions.boundaries))


def test_surfaces_of_classes_that_are_missing_ignored_or_nowhere() -> None:
    truth, prediction = two_classes()
    hausdorff, near = SURFACES["mean_class_hausdorff"], SURFACES["mean_class_normalised_surface_distance"]
    without = np.where(prediction == 2, 0, prediction)
    missed = measure(truth, without, conventions=ClassConventions(boundaries={"tolerance": 0}))
    assert hausdorff.score(missed) == (2 + np.hypot(9, 9)) / 2, "what is missing is the diagonal away"
    assert near.score(missed) < 0.5
    ignoring = measure(truth, without, conventions=ClassConventions(ignore=2, boundaries={}))
    assert hausdorff.score(ignoring) == 2
    region = np.where(np.arange(9) >= 5, 9, truth)
    assert hausdorff.score(measure(region, prediction, conventions=ClassConventions(ignore=9, boundaries={}))) == 0
    nowhere = ClassConventions(classes=(1, 7), boundaries={})
    assert hausdorff.score(measure(truth, prediction, conventions=nowhere)) == 2
    empty = np.zeros((4, 4), int)
    assert isnan(hausdorff.score(measure(empty, empty, conventions=ClassConventions(boundaries={}))))
    with pytest.raises(ConventionError, match=r"no surfaces to take the hausdorff of. Measure with ClassConventions"):
        hausdorff.score(measure(truth, prediction, conventions=ClassConventions()))


def test_surfaces_come_back_from_json_and_are_pooled_class_by_class() -> None:
    truth, prediction = two_classes()
    rules = ClassConventions(boundaries={"tolerance": 0})
    one = measure(truth, prediction, conventions=rules)
    again = ClassCounts.from_dict(json.loads(json.dumps(one.as_dict())))
    assert again.as_dict() == one.as_dict()
    assert again.conventions == rules
    other = measure(np.where(truth == 2, 0, truth), np.where(prediction == 2, 0, prediction), conventions=rules)
    both = pool([again, other])
    assert sorted(both.surfaces) == [1, 2]
    for name, metric in SURFACES.items():
        assert metric.score(both) == pytest.approx(metric.score(one)), name
    assert both.surfaces[1].truth.total == 2 * one.surfaces[1].truth.total
