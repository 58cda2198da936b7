from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bioimagehub.challenges.statistics import (
    bootstrap_matrix,
    holm,
    holm_matrix,
    mean,
    resample,
    tied_with_best,
    wilcoxon,
    wilcoxon_matrix,
)
from challenges.strategies import unhurried


@pytest.mark.parametrize("cases", [3, 10, 31, 50])
def test_exact_as_in_scipy(cases: int) -> None:
    difference = np.random.default_rng(cases).normal(0.2, 1, cases)
    assert wilcoxon(difference) == pytest.approx(stats.wilcoxon(difference, method="exact").pvalue, rel=1e-9)


@unhurried
@given(st.lists(st.sampled_from([-3.0, -1.0, 1.0, 2.0, 3.0]), min_size=2, max_size=9))
def test_exact_with_ties_as_all_signs_tried_one_by_one(values: list[float]) -> None:
    difference = np.array(values)
    weights = stats.rankdata(np.abs(difference))
    signs = np.array(np.meshgrid(*[[0, 1]] * len(values))).reshape(len(values), -1)
    sums = weights @ signs
    found = weights[difference > 0].sum()
    expected = min(1.0, 2 * min(np.mean(sums <= found), np.mean(sums >= found)))
    assert wilcoxon(difference) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("digits", [1, 9])
def test_many_cases_as_in_scipy(digits: int) -> None:
    difference = np.random.default_rng(1).normal(0.2, 1, 120).round(digits)
    expected = stats.wilcoxon(difference, method="asymptotic", correction=True).pvalue
    assert wilcoxon(difference) == pytest.approx(expected, rel=1e-9)


def test_the_approximation_joins_the_exact_test() -> None:
    rng = np.random.default_rng(2)
    exact = rng.normal(0.3, 1, 50)
    approximate = stats.wilcoxon(exact, method="asymptotic", correction=True).pvalue
    assert wilcoxon(exact) == pytest.approx(approximate, rel=0.1)


def test_nothing_different() -> None:
    assert wilcoxon(np.array([0.0, 0.0, np.nan])) == 1


def test_entries_that_hold_infinite_scores() -> None:
    """Equal images in the same cases are no difference; in others they are the largest."""
    gains = np.array([[np.inf, 30, 31, 32, 33, 34, 35], [np.inf, 29, 30, 31, 32, 33, np.inf]])
    p = wilcoxon_matrix(gains)
    assert p[0, 1] == p[1, 0] == wilcoxon(np.array([1, 1, 1, 1, 1, -9.0]))
    assert p[0, 0] == 1


def test_bootstrap_difference_is_near_the_paired_t_test_for_means() -> None:
    rng = np.random.default_rng(0)
    gains = rng.normal(0.6, 0.1, (1, 60)) + rng.normal([[0], [0.01], [0.05]], 0.05, (3, 60))
    p = bootstrap_matrix(gains.mean(1), mean(gains, resample(60, 4000, seed=0)), 60)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        expected = stats.ttest_rel(gains[one], gains[other]).pvalue
        assert np.log10(p[one, other]) == pytest.approx(np.log10(expected), rel=0.15, abs=0.1)


def test_bootstrap_difference_claims_no_more_than_signs_could() -> None:
    gains = np.array([[0.5] * 4, [0.6] * 4])
    assert bootstrap_matrix(gains.mean(1), mean(gains, resample(4, 100, seed=0)), 4)[0, 1] == 2 / 2**4
    one = np.array([[0.5], [0.6]])
    assert bootstrap_matrix(one.mean(1), mean(one, resample(1, 100, seed=0)), 1)[0, 1] == 1


def test_bootstrap_difference_without_a_score() -> None:
    gains = np.array([[np.nan, np.nan], [0.6, 0.5]])
    assert (bootstrap_matrix(np.array([np.nan, 0.55]), mean(gains, resample(2, 50, seed=0)), 2) == 1).all()


def test_holm_by_hand() -> None:
    assert np.allclose(holm(np.array([0.04, 0.001, 0.012, 0.9])), [0.08, 0.004, 0.036, 0.9])
    assert holm(np.array([])).size == 0


def test_each_pair_counts_once() -> None:
    raw = np.array([[1, 0.01, 0.02], [0.01, 1, 0.5], [0.02, 0.5, 1]])
    assert np.allclose(holm_matrix(raw), [[1, 0.03, 0.04], [0.03, 1, 0.5], [0.04, 0.5, 1]])


def test_no_more_than_one_board_in_twenty_says_better_where_nobody_is() -> None:
    rng = np.random.default_rng(4)
    wrong = [(holm_matrix(wilcoxon_matrix(rng.random((5, 25)))) < 0.05).any() for _ in range(200)]
    assert np.mean(wrong) <= 0.09  # 0.05 and 2.6 standard errors


def test_two_first_entries_are_a_group_that_one_must_tie_with_both() -> None:
    p = np.array([[1, 1, 0.2, 0.01], [1, 1, 0.01, 0.01], [0.2, 0.01, 1, 1], [0.01, 0.01, 1, 1]])
    assert tied_with_best(np.array([1, 1, 3, 4]), p).tolist() == [True, True, False, False]
