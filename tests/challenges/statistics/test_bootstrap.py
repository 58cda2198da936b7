from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges.errors import BoardError
from bioimagehub.challenges.statistics import Bootstrap, interval, mean, resample


def test_samples_are_drawn_with_equal_chances_and_the_seed_decides() -> None:
    weights = resample(50, 4000, seed=3)
    assert (weights.sum(1) == 50).all()
    # One count is binomial(50, 1/50): mean 1, variance 0.98; 5 standard errors of their means over all.
    assert np.allclose(weights.mean(0), 1, atol=5 * np.sqrt(0.98 / 4000))
    assert abs(weights.var() - 0.98) < 0.03
    assert np.array_equal(weights, resample(50, 4000, seed=3))
    assert not np.array_equal(weights, resample(50, 4000, seed=4))


@pytest.mark.parametrize(("cases", "samples"), [(0, 5), (5, 0)])
def test_nothing_to_sample(cases: int, samples: int) -> None:
    with pytest.raises(BoardError, match="1,000 samples is usual"):
        resample(cases, samples, seed=0)


def test_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    """Of 200 studies of 100 cases, about 95 % have the mean of the population inside."""
    rng = np.random.default_rng(0)
    weights = resample(100, 400, seed=1)
    low, high = interval(mean(rng.gamma(4, 0.1, (200, 100)), weights), 0.95)
    inside = np.mean((low <= 0.4) & (high >= 0.4))
    assert 0.89 <= inside <= 0.98


def test_interval_leaves_nan_out_and_takes_infinity_as_a_value() -> None:
    samples = np.array([[np.nan, 1.0, np.nan], [3.0, np.inf, np.nan], [2.0, 5.0, np.nan]])
    low, high = interval(samples, 0.95)
    assert np.array_equal(low, [2, 1, np.nan], equal_nan=True)
    assert np.array_equal(high, [3, np.inf, np.nan], equal_nan=True)


def test_ranks_of_samples() -> None:
    samples = Bootstrap(np.array([[0.9, 0.8, 0.8, np.nan], [0.7, 0.9, 0.9, 0.1], [0.9, 0.9, 0.9, np.nan]]))
    assert samples.ranks.tolist() == [[1, 2, 2, 4], [3, 1, 1, 4], [1, 1, 1, 4]]
    assert np.allclose(samples.p_best, [(1 + 0 + 1 / 3) / 3, (0.5 + 1 / 3) / 3, (0.5 + 1 / 3) / 3, 0])
    low, high = samples.rank_interval(1.0)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1, 4], [3, 2, 2, 4])


def test_nobody_is_best_where_nothing_is_said() -> None:
    samples = Bootstrap(np.full((3, 2), np.nan))
    assert samples.p_best.tolist() == [0, 0]


def test_equal_entries_tie_in_every_sample() -> None:
    """The product of matrices may add up two equal columns in two orders."""
    rng = np.random.default_rng(5)
    row = rng.random(101)
    samples = Bootstrap(mean(np.tile(row, (37, 1)), resample(101, 500, seed=0)))
    assert (samples.ranks == 1).all()
