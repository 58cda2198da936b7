from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.statistics import ranks, settle
from challenges.strategies import unhurried

numbers = st.sampled_from([np.nan, -np.inf, np.inf, -1.0, 0.0, 0.5, 0.5000001])


@unhurried
@given(st.lists(numbers, min_size=1, max_size=8))
def test_rank_is_one_more_than_the_better_ones(gains: list[float]) -> None:
    def better(other: float, one: float) -> bool:
        return not np.isnan(other) and (np.isnan(one) or other > one)

    expected = [1 + sum(better(other, one) for other in gains) for one in gains]
    assert ranks(np.array(gains)).tolist() == expected


def test_scores_are_compared_unrounded() -> None:
    assert ranks(np.array([0.9, np.nextafter(0.9, 1)])).tolist() == [2, 1]


def test_noise_of_sums_is_settled_at_any_scale() -> None:
    for scale in (1e-250, 1e-6, 1, 1e9, 1e250):
        one, other, more = settle(np.array([0.1 + 0.2, 0.3, 0.3 + 1e-9]) * scale)
        assert one == other < more
    assert settle(np.array([0.0, np.nan, -np.inf])).tolist()[2] == -np.inf
    assert settle(np.array([1e-310])).tolist() == [1e-310]
