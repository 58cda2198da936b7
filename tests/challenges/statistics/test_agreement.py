from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau

from bioimagehub.challenges.statistics import kendall, ranks, stability
from challenges.strategies import unhurried

rankings = arrays(np.int64, (3, 6), elements=st.integers(1, 5))


@unhurried
@given(rankings, rankings)
def test_tau_b_as_in_scipy(one: np.ndarray, other: np.ndarray) -> None:
    found = kendall(one, other)
    for i in range(3):
        for j in range(3):
            expected = kendalltau(one[i], other[j]).statistic
            assert found[i, j] == pytest.approx(expected, nan_ok=True)


def test_stability_of_a_ranking() -> None:
    full = ranks(np.array([0.9, 0.8, 0.7]))
    assert stability(full, np.array([[1, 2, 3], [2, 1, 3], [3, 2, 1]])).tolist() == pytest.approx([1, 1 / 3, -1])


def test_one_entry_has_no_order() -> None:
    assert np.isnan(kendall(np.array([[1]]), np.array([[1]])))
