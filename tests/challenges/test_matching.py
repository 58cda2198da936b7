from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges import contingency, match
from bioimagehub.challenges.errors import ThresholdError
from challenges.cases import CASES, Case, draw
from challenges.strategies import label_pairs, unhurried

thresholds = st.fractions(min_value=0, max_value=1, max_denominator=40)
BY_NAME = {case.name: case for case in CASES}


def test_closed_by_hand(case: Case) -> None:
    found = match(contingency(case.truth, case.prediction))
    assert (found.tp, found.fp, found.fn) == case.closed


def test_open_by_hand(case: Case) -> None:
    found = match(contingency(case.truth, case.prediction), closed=False)
    assert (found.tp, found.fp, found.fn) == case.open


def test_labels_by_hand() -> None:
    case = BY_NAME["one of three found, two made up"]
    found = match(contingency(case.truth, case.prediction))
    assert found.pairs.tolist() == [[1, 1]]
    assert found.missed.tolist() == [2, 3]
    assert found.false.tolist() == [4, 5]
    assert found.iou.tolist() == [1.0]


def test_below_a_half_the_most_pairs_are_found() -> None:
    case = BY_NAME["greed is not best"]
    table = contingency(case.truth, case.prediction)
    assert match(table, Fraction(1, 5)).pairs.tolist() == [[1, 3], [2, 1]]
    assert match(table, Fraction(1, 5), closed=False).pairs.tolist() == [[1, 1]]


def test_of_as_many_pairs_those_of_the_largest_overlap() -> None:
    case = BY_NAME["two candidates"]
    assert match(contingency(case.truth, case.prediction), 0.2).pairs.tolist() == [[1, 1]]


@pytest.mark.parametrize("threshold", [0.7, Fraction(7, 10), np.arange(0.5, 1, 0.05)[4], np.float32(0.7)])
def test_a_pair_on_the_threshold_is_not_lost_to_rounding(threshold: float) -> None:
    """With floats, 7/10 ≥ np.arange(0.5, 1, 0.05)[4] = 0.7000000000000002 is false."""
    case = BY_NAME["exactly seven tenths"]
    table = contingency(case.truth, case.prediction)
    assert match(table, threshold).tp == 1
    assert match(table, threshold, closed=False).tp == 0


@pytest.mark.parametrize("denominator", [3, 6, 7, 9, 11, 13, 20, 49])
@pytest.mark.parametrize("times", [1, 10, 1001])
def test_every_fraction_is_exact(denominator: int, times: int) -> None:
    """Division rounds k·n / d·n to another float than k/d for many of these."""
    for k in range(1, denominator):
        truth = np.ones((times, denominator), np.uint8)
        prediction = truth * (np.arange(denominator) < k)
        table = contingency(truth, prediction)
        threshold = Fraction(k, denominator)
        assert match(table, threshold).tp == 1
        assert match(table, threshold, closed=False).tp == 0


def test_threshold_zero_takes_every_overlap() -> None:
    case = BY_NAME["one of three found, two made up"]
    table = contingency(case.truth, case.prediction)
    assert match(table, 0, closed=False).tp == 3
    with pytest.raises(ThresholdError, match=r"Take IoU > 0: closed=False"):
        match(table, 0)


def test_threshold_one_takes_equal_objects() -> None:
    table = contingency(draw("11.22"), draw("11.2."))
    assert match(table, 1).pairs.tolist() == [[1, 1]]
    with pytest.raises(ThresholdError, match=r"Take IoU ≥ 1, which asks for equality: closed=True"):
        match(table, 1, closed=False)


@unhurried
@given(label_pairs(), thresholds.filter(lambda t: 0 < t < 1), st.booleans())
def test_matchings_are_one_to_one_and_above_the_threshold(
    pair: tuple[np.ndarray, np.ndarray], threshold: Fraction, closed: bool
) -> None:
    table = contingency(*pair)
    found = match(table, threshold, closed=closed)
    for labels in found.pairs.T.tolist():
        assert len(set(labels)) == len(labels) == found.tp
    for one in found.overlaps.tolist():
        iou = Fraction(int(table.intersection[one]), int(table.union[one]))
        assert iou >= threshold if closed else iou > threshold
    assert found.tp + found.fn == table.n_truth == len(found.missed) + found.tp
    assert found.tp + found.fp == table.n_prediction == len(found.false) + found.tp


@unhurried
@given(
    label_pairs(), thresholds.filter(lambda t: 0 < t < 1), st.permutations(range(1, 7)), st.permutations(range(1, 7))
)
def test_numbering_does_not_matter(
    pair: tuple[np.ndarray, np.ndarray], threshold: Fraction, truth_names: list[int], prediction_names: list[int]
) -> None:
    renamed = [
        np.array([0, *names])[image] * 1000 for image, names in zip(pair, (truth_names, prediction_names), strict=True)
    ]
    one, other = match(contingency(*pair), threshold), match(contingency(*renamed), threshold)
    assert (one.tp, one.fp, one.fn) == (other.tp, other.fp, other.fn)
    assert np.isclose(one.iou.sum(), other.iou.sum())


@unhurried
@given(label_pairs(), thresholds.filter(lambda t: 0 < t < 1))
def test_misses_and_false_objects_change_places(pair: tuple[np.ndarray, np.ndarray], threshold: Fraction) -> None:
    there, back = match(contingency(*pair), threshold), match(contingency(*reversed(pair)), threshold)
    assert (there.tp, there.fp, there.fn) == (back.tp, back.fn, back.fp)
    assert np.isclose(there.iou.sum(), back.iou.sum())


@unhurried
@given(label_pairs())
def test_truth_matches_itself(pair: tuple[np.ndarray, np.ndarray]) -> None:
    table = contingency(pair[0], pair[0])
    found = match(table, 1)
    assert (found.fp, found.fn) == (0, 0)
    assert (found.pairs[:, 0] == found.pairs[:, 1]).all()


@unhurried
@given(label_pairs())
def test_a_higher_threshold_never_matches_more(pair: tuple[np.ndarray, np.ndarray]) -> None:
    table = contingency(*pair)
    found = [match(table, Fraction(k, 20)).tp for k in range(1, 21)]
    assert found == sorted(found, reverse=True)
