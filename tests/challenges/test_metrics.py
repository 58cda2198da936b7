from __future__ import annotations

import inspect
import json
from fractions import Fraction
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges import Conventions, contingency
from bioimagehub.challenges.counts import Counts, count, pool
from bioimagehub.challenges.errors import ConventionError, UnknownMetricError
from bioimagehub.challenges.metrics import FAMILIES, Metric, family_metrics
from bioimagehub.challenges.metrics import find_metric as find
from bioimagehub.challenges.metrics.instances import CURVES, METRICS, find_curve
from challenges.cases import BOTH_EMPTY, CASES, Case
from challenges.strategies import label_pairs, unhurried


def find_metric(name: str) -> Any:
    return find("instances", name)


BY_NAME = {case.name: case for case in CASES}
each_metric = pytest.mark.parametrize("name", METRICS)
ERRORS = sorted(name for name, metric in METRICS.items() if metric.BETTER == "lower")
SHARES = sorted(METRICS.keys() - ERRORS)
each_share = pytest.mark.parametrize("name", SHARES)


PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics"


def counts_of(case: Case, **conventions: object) -> Counts:
    return count(contingency(case.truth, case.prediction), Conventions(**conventions))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["average_precision", "panoptic_quality", "matched_iou"])
def test_by_hand(case: Case, name: str) -> None:
    expected = getattr(case, name)
    assert find_metric(name).score(counts_of(case)) == pytest.approx(
        nan if expected is None else float(expected), nan_ok=True
    )


def test_precision_recall_and_f1_by_hand(case: Case) -> None:
    if case is BOTH_EMPTY:
        return
    for closed, (tp, fp, fn) in ((True, case.closed), (False, case.open)):
        counts = counts_of(case, closed=closed)
        assert find_metric("precision").score(counts) == (tp / (tp + fp) if tp + fp else 0)
        assert find_metric("recall").score(counts) == (tp / (tp + fn) if tp + fn else 0)
        assert find_metric("f1").score(counts) == pytest.approx(2 * tp / (2 * tp + fp + fn))


def test_open_thresholds_by_hand() -> None:
    """IoU of 7/10 passes 0.50 to 0.65, not 0.70."""
    assert find_metric("average_precision").score(counts_of(BY_NAME["exactly seven tenths"], closed=False)) == 0.4
    assert find_metric("panoptic_quality").score(counts_of(BY_NAME["exactly a half"], closed=False)) == 0


def test_another_single_threshold() -> None:
    case = BY_NAME["exactly seven tenths"]
    assert find_metric("recall").score(counts_of(case, at=0.7)) == 1
    assert find_metric("recall").score(counts_of(case, at=0.75)) == 0


@each_share
@pytest.mark.parametrize(("policy", "expected"), [("nan", nan), ("one", 1.0), ("zero", 0.0)])
def test_no_object_at_all(name: str, policy: str, expected: float) -> None:
    counts = counts_of(BOTH_EMPTY, empty=policy)
    assert find_metric(name).score(counts) == pytest.approx(expected, nan_ok=True)
    if name in CURVES:
        assert find_curve(name)(counts) == pytest.approx([expected] * 10, nan_ok=True)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("policy", ["nan", "one", "zero"])
def test_no_error_where_there_is_nothing(name: str, policy: str) -> None:
    """A number of errors is known also where no ratio is."""
    assert find_metric(name).score(counts_of(BOTH_EMPTY, empty=policy)) == 0


@each_share
@pytest.mark.parametrize("case_name", ["truth empty", "prediction empty"])
@pytest.mark.parametrize("policy", ["nan", "one", "zero"])
def test_objects_on_one_side_only_score_zero(name: str, case_name: str, policy: str) -> None:
    """Also where the denominator is 0: whoever predicts nothing does not escape by being undefined."""
    assert find_metric(name).score(counts_of(BY_NAME[case_name], empty=policy)) == 0


@each_metric
def test_image_without_objects_does_not_change_the_pooled_score(name: str) -> None:
    one, nothing = counts_of(BY_NAME["shifted by one"]), counts_of(BOTH_EMPTY)
    assert find_metric(name).score(pool([one, nothing])) == find_metric(name).score(one)


@unhurried
@given(label_pairs())
def test_between_zero_and_one(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = count(contingency(*pair), Conventions())
    for name in SHARES:
        scores = [find_metric(name).score(counts), *(find_curve(name)(counts) if name in CURVES else [])]
        if counts.n_truth + counts.n_prediction:
            assert all(0 <= score <= 1 for score in scores), name
        else:
            assert np.isnan(scores).all(), name
    assert all(find_metric(name).score(counts) >= 0 for name in ERRORS)


@unhurried
@given(label_pairs())
def test_truth_itself_scores_best(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = count(contingency(pair[0], pair[0]), Conventions())
    for name, metric in METRICS.items():
        score = metric.score(counts)
        assert score == metric.BEST or (isnan(score) and not pair[0].any()), name


@unhurried
@given(label_pairs(largest=9), st.permutations(range(1, 10)), st.permutations(range(1, 10)))
def test_numbering_does_not_matter(
    pair: tuple[np.ndarray, np.ndarray], truth_names: list[int], prediction_names: list[int]
) -> None:
    """Only which of several partners of the same IoU AJI and AJI+ take depends on it."""
    renamed = [
        np.array([0, *names])[image] * 2**58 for image, names in zip(pair, (truth_names, prediction_names), strict=True)
    ]
    tables = contingency(*pair), contingency(*renamed)
    one, other = (count(table, Conventions()) for table in tables)
    if len(set(tables[0].iou.tolist())) == len(tables[0].iou):
        assert (one.jaccard, one.jaccard_plus) == (other.jaccard, other.jaccard_plus)
    for name in METRICS.keys() - {"aggregated_jaccard", "aggregated_jaccard_plus"}:
        scores = find_metric(name).score(one), find_metric(name).score(other)
        assert scores[0] == pytest.approx(scores[1], abs=1e-12, nan_ok=True), name


@unhurried
@given(label_pairs())
def test_panoptic_quality_is_f1_times_matched_iou(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = count(contingency(*pair), Conventions())
    product = find_curve("f1")(counts) * find_curve("matched_iou")(counts)
    assert find_curve("panoptic_quality")(counts) == pytest.approx(product, nan_ok=True)


@unhurried
@given(label_pairs())
def test_pool_of_two_is_one_image_of_both(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """The second half gets labels of its own, so that its objects are others."""
    truth, prediction = (image.astype(np.int64) for image in pair)
    joined = [np.concatenate([image, np.where(image > 0, image + 10, 0)]) for image in (truth, prediction)]
    single = count(contingency(truth, prediction), Conventions())
    both, pooled = (one.as_dict() for one in (count(contingency(*joined), Conventions()), pool([single, single])))
    del both["jaccard_plus"], pooled["jaccard_plus"]  # of pairings that are equally good, another may be found
    assert both.pop("conventions") == pooled.pop("conventions")
    for name, value in both.items():
        assert value == pytest.approx(pooled[name]), name


@unhurried
@given(st.lists(label_pairs(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_of_images_does_not_matter(pairs: list[Any], random: Any) -> None:
    counts = [count(contingency(*pair), Conventions()) for pair in pairs]
    assert pool(counts).as_dict() == pool(random.sample(counts, len(counts))).as_dict()


def test_pooled_by_hand() -> None:
    """AJI, AJI+ and the Dice of objects of two images: 2/4 and 2/6 with 4 more pixels."""
    pooled = pool([counts_of(BY_NAME["exactly a half"]), counts_of(BY_NAME["split in three"])])
    scores = {name: find_metric(name).score(pooled) for name in METRICS}
    assert scores["aggregated_jaccard"] == scores["aggregated_jaccard_plus"] == (2 + 2) / (4 + 10)
    assert scores["mean_dice"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores["symmetric_best_dice"] == pytest.approx((2 / 3 + 3 / 2) / 4)
    assert (scores["splits"], scores["merges"], scores["count_difference"]) == (1, 0, 2)


def test_pool_of_different_conventions() -> None:
    counts = [counts_of(BOTH_EMPTY, closed=closed) for closed in (True, False)]
    with pytest.raises(
        ConventionError, match=r"cannot be added: \(IoU > t .*\) and \(IoU ≥ t .*\). Score all images by"
    ):
        pool(counts)


def test_unknown_curve() -> None:
    with pytest.raises(
        UnknownMetricError, match=r"'splits' has no curve over IoU thresholds. These have: average_prec"
    ):
        find_curve("splits")


def test_unknown_metric() -> None:
    with pytest.raises(
        UnknownMetricError, match=r"no metric 'dice' of instances. These exist: aggregated_jaccard, agg"
    ):
        find_metric("dice")
    with pytest.raises(UnknownMetricError, match=r"no family 'nuclei' of metrics. These exist: boundaries, class"):
        find("nuclei", "dice")


@each_metric
def test_every_metric_says_which_way_is_better(name: str) -> None:
    metric = METRICS[name]
    assert (metric.BETTER == "higher") == (metric.BEST > metric.WORST)
    assert metric.BETTER in {"higher", "lower"}
    assert metric.TITLE
    assert metric.UNIT == "1"
    assert metric.VERSION >= 1


@unhurried
@given(label_pairs())
def test_counts_come_back_from_json(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = count(contingency(*pair), Conventions(closed=False, thresholds=(0.5, Fraction(2, 3))))
    again = Counts.from_dict(json.loads(json.dumps(counts.as_dict())))
    assert again.conventions == counts.conventions
    assert again.as_dict() == counts.as_dict()
    for name in METRICS:
        assert find_metric(name).score(again) == pytest.approx(find_metric(name).score(counts), abs=0, nan_ok=True)


@each_metric
def test_every_metric_has_the_shape_and_a_source(name: str) -> None:
    module = METRICS[name]
    public = {found for found, _ in inspect.getmembers(module, inspect.isfunction) if not found.startswith("_")}
    assert public == ({"curve", "score"} if name in CURVES else {"score"})
    assert module.__name__ == f"bioimagehub.challenges.metrics.instances.{name}"
    assert "References\n----------\n" in inspect.getdoc(module)
    assert "https://doi.org/10." in inspect.getdoc(module)


@each_metric
def test_every_metric_has_a_page(name: str) -> None:
    text = (PAGES / f"{name.replace('_', '-')}.md").read_text()
    assert "https://doi.org/10." in text
    assert "```python\n" in text
    assert f"{name.replace('_', '-')}.md" in (PAGES / "index.md").read_text()


def of_all_families() -> list[tuple[str, str, Metric]]:
    return [(family, name, metric) for family in FAMILIES for name, metric in family_metrics(family).items()]


@pytest.mark.parametrize(
    ("family", "name", "metric"), of_all_families(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_metrics_of_all_families_have_one_shape(family: str, name: str, metric: Metric) -> None:
    assert metric.__name__ == f"bioimagehub.challenges.metrics.{family}.{name}"
    assert metric.BETTER in {"higher", "lower"}
    assert isinstance(metric.TITLE, str)
    assert isinstance(metric.UNIT, str)
    assert isinstance(metric.VERSION, int)
    assert not isnan(metric.BEST)
    assert (metric.BETTER == "higher") == (metric.BEST > metric.WORST)
    assert callable(metric.score)
    assert inspect.getdoc(metric.score)
    text = inspect.getdoc(metric) or ""
    assert "https://" in text, "the formula has no source"
