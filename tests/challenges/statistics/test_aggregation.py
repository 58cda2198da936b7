from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bioimagehub.challenges.statistics import mean, mean_ranks, median, resample, summarise
from challenges.strategies import unhurried

# Scores with gaps, drawn from few values so that ties are common.
gaps = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 9)),
    elements=st.sampled_from([np.nan, -3.0, 0.0, 0.25, 1.0, 7.5]),
)
REFERENCES = {"mean": (mean, np.mean), "median": (median, np.median)}


@unhurried
@given(gaps, st.integers(0, 100), st.sampled_from(sorted(REFERENCES)))
def test_resampling_is_repeating_the_cases(gains: np.ndarray, seed: int, name: str) -> None:
    ours, reference = REFERENCES[name]
    weights = resample(gains.shape[1], 7, seed)
    found = ours(gains, weights)
    for sample, weight in zip(found, weights, strict=True):
        repeated = np.repeat(gains, weight.astype(int), axis=1)
        for one, row in zip(sample, repeated, strict=True):
            said = row[~np.isnan(row)]
            assert np.isclose(one, reference(said)) if said.size else np.isnan(one)


@pytest.mark.parametrize("name", sorted(REFERENCES))
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([np.inf, np.inf, np.inf], np.inf),
        ([-np.inf, np.inf], -np.inf),
        ([-np.inf, -np.inf, np.nan], -np.inf),
        ([np.nan, np.nan], np.nan),
    ],
)
def test_infinite_scores(name: str, row: list[float], expected: float) -> None:
    assert np.array_equal(summarise(np.array([row]), name), [expected], equal_nan=True)


def test_one_infinite_case_rules_the_mean_and_not_the_median() -> None:
    gains = np.array([[1.0, 2.0, np.inf], [1.0, 2.0, -np.inf]])
    assert summarise(gains, "mean").tolist() == [np.inf, -np.inf]
    assert summarise(gains, "median").tolist() == [2.0, 1.0]


def test_a_sample_without_the_infinite_case_is_finite() -> None:
    assert mean(np.array([[1.0, np.inf]]), np.array([[2.0, 0.0], [1.0, 1.0]])).tolist() == [[1.0], [np.inf]]


def test_the_order_of_cases_makes_no_difference() -> None:
    values = [0.1, 0.2, 0.3, 0.7, 1e-9]
    gains = np.array(list(permutations(values)))
    assert len({*summarise(gains, "mean").tolist()}) == 1


def test_ranks_within_cases_then_their_mean() -> None:
    """An entry that wins most cases by little may have the lower mean."""
    gains = np.array([[0.6, 0.6, 0.0], [0.5, 0.5, 0.9], [np.nan, 0.1, np.nan]])
    assert summarise(gains, "mean")[1] > summarise(gains, "mean")[0]
    assert np.allclose(mean_ranks(gains), [-(1 + 1 + 2) / 3, -(2 + 2 + 1) / 3, -3])
