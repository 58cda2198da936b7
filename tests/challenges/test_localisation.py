from __future__ import annotations

import json
from math import isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from bioimagehub.challenges.errors import PointsError
from bioimagehub.challenges.localisation import SpotCounts, measure, pool
from bioimagehub.challenges.metrics import family_metrics
from bioimagehub.challenges.point_matching import SpotConventions
from bioimagehub.challenges.points import Points
from challenges.strategies import unhurried

METRICS = family_metrics("spots")
places = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3)), max_size=12)
# Of equally good matchings the sum of squares along both axes is the same, that along one is not; and of two
# equally near points a prediction takes either.
DECIDED_BY_TIES = {"rmse_x", "rmse_y", "picking_average_precision"}


def counts(truth: Points, prediction: Points, **fields: object) -> SpotCounts:
    return measure(truth, prediction, conventions=SpotConventions(**{"cutoff": 1.0, **fields}))  # type: ignore[arg-type]


def points(rows: list[tuple[int, int, int]]) -> Points:
    """Two coordinates and a confidence a row."""
    return Points([row[:2] for row in rows], confidence=[row[2] for row in rows])


def scores(one: SpotCounts) -> dict[str, float]:
    return {name: metric.score(one) for name, metric in METRICS.items()}


# Truth and prediction along y, x; what is expected of TP, FP, FN and of the sums of squares along y and x.
BY_HAND = {
    "the same": ([[1, 1], [5, 5]], [[5, 5], [1, 1]], (2, 0, 0), (0, 0)),
    "nothing found": ([[1, 1], [5, 5]], [], (0, 0, 2), (0, 0)),
    "all invented": ([], [[1, 1], [5, 5], [9, 9]], (0, 3, 0), (0, 0)),
    "too far": ([[1, 1]], [[1, 2.5]], (0, 1, 1), (0, 0)),
    "at the cut-off": ([[1, 1]], [[1, 2]], (1, 0, 0), (0, 1)),
    "found twice": ([[1, 1]], [[1, 1.5], [1, 0.75]], (1, 1, 0), (0, 0.0625)),
    "two for one": ([[1, 1], [1, 1.5]], [[1, 1.25]], (1, 0, 1), (0, 0.0625)),
    "chain": ([[0, 0], [0, 1.5]], [[0, 1], [0, 2.5]], (2, 0, 0), (0, 2)),
    "oblique": ([[0, 0]], [[0.5, 0.25]], (1, 0, 0), (0.25, 0.0625)),
    "one of three, two invented": ([[0, 0], [5, 5], [9, 9]], [[0, 0.5], [3, 3], [7, 7]], (1, 2, 2), (0, 0.25)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    truth, prediction, (tp, fp, fn), squares = BY_HAND[name]
    one = counts(Points(truth), Points(prediction))
    assert (one.tp, one.fp, one.fn) == (tp, fp, fn)
    assert one.squares == squares
    found = scores(one)
    assert found["spot_precision"] == (tp / (tp + fp) if tp + fp else 0)
    assert found["spot_recall"] == (tp / (tp + fn) if tp + fn else 0)
    assert found["spot_f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert found["spot_jaccard"] == pytest.approx(tp / (tp + fp + fn))
    if tp:
        assert found["localisation_rmse"] == pytest.approx(sqrt(sum(squares) / tp))
        assert (found["rmse_y"], found["rmse_x"]) == (sqrt(squares[0] / tp), sqrt(squares[1] / tp))
    else:
        assert found["localisation_rmse"] == pytest.approx(1.0 if fn else nan, nan_ok=True)


def test_efficiency_by_hand() -> None:
    """J = 2/4; errors of 30 nm along y and 40 nm along x of one of two pairs; 100 nm along z of both."""
    truth = Points([[0, 0, 0], [0, 5, 5], [0, 9, 9]], "zyx")
    prediction = Points([[0.1, 0.03, 0.04], [0.1, 5, 5], [0, 7, 7]], "zyx")
    found = scores(counts(truth, prediction))
    lateral, axial = sqrt(50**2 / 2), 100.0
    assert found["lateral_rmse"] * 1000 == pytest.approx(lateral)
    assert found["axial_rmse"] * 1000 == pytest.approx(axial)
    # In percent, as in the paper: 100 − √((100 − 50)² + α² RMSE²)
    lateral_efficiency = 100 - sqrt(50**2 + lateral**2)
    axial_efficiency = 100 - sqrt(50**2 + 0.5**2 * axial**2)
    assert found["lateral_efficiency"] * 100 == pytest.approx(lateral_efficiency)
    assert found["axial_efficiency"] * 100 == pytest.approx(axial_efficiency)
    assert found["smlm_efficiency"] * 100 == pytest.approx((lateral_efficiency + axial_efficiency) / 2)
    flat = scores(counts(Points(truth.coordinates[:, 1:]), Points(prediction.coordinates[:, 1:])))
    assert flat["smlm_efficiency"] == flat["lateral_efficiency"] == pytest.approx(lateral_efficiency / 100)
    assert isnan(flat["axial_rmse"])
    assert isnan(flat["axial_efficiency"])


def test_nothing_found_is_no_better_than_anything_found() -> None:
    truth = Points([[0, 0, 0]], "zyx")
    fields = {"cutoff": 0.25, "axial_cutoff": 0.5}
    worst = scores(counts(truth, Points([[0.5, 0, 0.25]], "zyx"), **fields))
    for prediction in (Points([], "zyx"), Points([[0, 3, 3]], "zyx")):
        nothing = scores(counts(truth, prediction, **fields))
        assert nothing["lateral_rmse"] == 0.25 == worst["lateral_rmse"]
        assert nothing["axial_rmse"] == 0.5 == worst["axial_rmse"]
        assert nothing["localisation_rmse"] == pytest.approx(worst["localisation_rmse"])
        assert nothing["smlm_efficiency"] < worst["smlm_efficiency"]


# Confidence, and whether it hits; three true points.
@pytest.mark.parametrize(
    ("confidences", "hits", "interpolated", "steps"),
    [
        ([0.9, 0.8, 0.7], [1, 1, 1], 1.0, 1.0),
        # Recall 1/3 at precision 1, 2/3 at 2/3.
        ([0.9, 0.8, 0.7], [1, 0, 1], 1 / 3 + 2 / 3 / 3, 1 / 3 + 2 / 3 / 3),
        # Recall 1/3 at precision 1/2, 2/3 at 2/3, which is the best at 1/3 and beyond, too.
        ([0.9, 0.8, 0.7], [0, 1, 1], 2 / 3 * 2 / 3, (1 / 2 + 2 / 3) / 3),
        ([0.9, 0.8, 0.7], [0, 0, 0], 0.0, 0.0),
        # One step, wherever the hit stands in the file: recall 1/3 at precision 1/2.
        ([0.5, 0.5], [0, 1], 1 / 6, 1 / 6),
        ([0.5, 0.5], [1, 0], 1 / 6, 1 / 6),
        ([], [], 0.0, 0.0),
    ],
)
def test_average_precision_by_hand(confidences: list, hits: list, interpolated: float, steps: float) -> None:
    truth = Points([[0, 0], [0, 10], [0, 20]])
    there = [[0, 10 * number] if hit else [50, 10 * number] for number, hit in enumerate(hits)]
    prediction = Points(there, confidence=confidences)
    for area, expected in (("interpolated", interpolated), ("steps", steps)):
        assert METRICS["picking_average_precision"].score(counts(truth, prediction, area=area)) == pytest.approx(
            expected
        )


def test_surer_prediction_takes_the_point() -> None:
    """As in COCO the sure and distant one hits, and the near and unsure one is a double."""
    truth = Points([[0, 0]])
    sure, near = counts(truth, Points([[0, 0.9], [0, 0.1]], confidence=[0.9, 0.1])), counts(truth, Points([[0, 0.1]]))
    assert (sure.level_hits.tolist(), sure.level_predictions.tolist()) == ([1, 0], [1, 1])
    assert METRICS["picking_average_precision"].score(sure) == 1.0
    assert (near.confidences.tolist(), near.level_hits.tolist()) == ([0.0], [1])


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_equal_to_pycocotools_and_scikit_learn(seed: int) -> None:
    """True points far apart; each is hit exactly or not at all, so that boxes around them say the same."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    rng = np.random.default_rng(seed)
    n_truth, n = 40, 60
    places = np.stack([np.zeros(100), np.arange(100) * 10.0], 1)
    found = rng.permutation(100)[:n]
    confidence = rng.permutation(n) / n
    prediction = Points(places[found], confidence=confidence)
    ours = counts(Points(places[:n_truth]), prediction, area="coco")

    def boxes(at: np.ndarray) -> list[dict]:
        return [{"image_id": 1, "category_id": 1, "bbox": [x, y, 4, 4], "area": 16, "iscrowd": 0} for y, x in at]

    truth = COCO()
    truth.dataset = {
        "images": [{"id": 1}],
        "categories": [{"id": 1}],
        "annotations": [box | {"id": number + 1} for number, box in enumerate(boxes(places[:n_truth]))],
        "info": {},
    }
    truth.createIndex()
    listed = boxes(places[found])
    evaluation = COCOeval(
        truth,
        truth.loadRes([box | {"score": float(sure)} for box, sure in zip(listed, confidence, strict=True)]),
        "bbox",
    )
    evaluation.evaluate()
    evaluation.accumulate()
    theirs = evaluation.eval["precision"][0, :, 0, 0, 2].mean()
    assert METRICS["picking_average_precision"].score(ours) == pytest.approx(theirs, abs=1e-9)

    # scikit-learn takes what was not found for negatives: its recall ends at 1.
    hit = found < n_truth
    stepped = METRICS["picking_average_precision"].score(
        counts(Points(places[:n_truth]), prediction, **SpotConventions.REFERENCES["scikit-learn"])
    )
    assert stepped == pytest.approx(average_precision_score(hit, confidence) * hit.sum() / n_truth, abs=1e-9)


@pytest.mark.parametrize(("policy", "expected"), [("nan", nan), ("one", 1.0), ("zero", 0.0)])
def test_no_point_at_all(policy: str, expected: float) -> None:
    found = scores(counts(Points([]), Points([]), empty=policy))
    for name in ("spot_f1", "spot_precision", "spot_recall", "spot_jaccard", "picking_average_precision"):
        assert found[name] == pytest.approx(expected, nan_ok=True)
    assert found["smlm_efficiency"] == pytest.approx(expected, nan_ok=True)
    assert isnan(found["localisation_rmse"])


def test_spotiflow_scores_one_where_there_is_nothing() -> None:
    """It adds 10⁻⁸ to TP, so that its F1 is 1 where truth and prediction are empty."""
    nothing = measure(Points([]), Points([]), conventions=SpotConventions.as_in("spotiflow"))
    assert METRICS["spot_f1"].score(nothing) == 1


@unhurried
@given(places, places)
def test_truth_is_best_and_all_lie_between_worst_and_best(truth: list, prediction: list) -> None:
    a, b = points(truth), points(prediction)
    itself, other = scores(counts(a, a)), scores(counts(a, b))
    for name, metric in METRICS.items():
        if truth and not name.startswith("axial"):
            assert itself[name] == metric.BEST
        low, high = sorted((metric.BEST, metric.WORST))
        assert isnan(other[name]) or low <= other[name] <= high
        assert ("lower" if low == metric.BEST else "higher") == metric.BETTER


@unhurried
@given(places, places, st.randoms(use_true_random=False))
def test_order_of_points_does_not_matter(truth: list, prediction: list, random: object) -> None:
    before = scores(counts(points(truth), points(prediction)))
    random.shuffle(truth)  # type: ignore[attr-defined]
    random.shuffle(prediction)  # type: ignore[attr-defined]
    after = scores(counts(points(truth), points(prediction)))
    for name in set(before) - DECIDED_BY_TIES:
        assert after[name] == pytest.approx(before[name], nan_ok=True)


@unhurried
@given(st.lists(st.tuples(places, places), min_size=1, max_size=4))
def test_pool_is_one_case_of_all(cases: list) -> None:
    """Each case lies in a place of its own."""
    pooled = pool([counts(points(truth), points(prediction)) for truth, prediction in cases])
    joined = [[(y + 100 * n, x, c) for n, case in enumerate(cases) for y, x, c in case[side]] for side in (0, 1)]
    one = counts(points(joined[0]), points(joined[1]))
    for name in set(METRICS) - DECIDED_BY_TIES:
        assert scores(pooled)[name] == pytest.approx(scores(one)[name], nan_ok=True)
    assert (pooled.tp, pooled.fp, pooled.fn) == (one.tp, one.fp, one.fn)


@unhurried
@given(places, places)
def test_json_and_back_is_the_same(truth: list, prediction: list) -> None:
    one = counts(points(truth), points(prediction), axial_cutoff=0.1)
    again = SpotCounts.from_dict(json.loads(json.dumps(one.as_dict())))
    assert again.as_dict() == one.as_dict()
    assert scores(again) == pytest.approx(scores(one), nan_ok=True, rel=0, abs=0)


def test_cases_of_different_axes_are_not_pooled() -> None:
    with pytest.raises(PointsError, match="along y, x and z, y, x cannot be pooled"):
        pool([counts(Points([]), Points([])), counts(Points([], "zyx"), Points([], "zyx"))])
