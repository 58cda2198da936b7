from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.statistics import board_step, round_to, round_to_noise
from bioimagehub.challenges.statistics.noise import step_above, step_below

widths = st.floats(1e-12, 1e12)


@given(widths)
def test_steps_are_a_ladder(width: float) -> None:
    below, above = step_below(width), step_above(width)
    assert below * (1 - 1e-8) <= width <= above * (1 + 1e-8)
    assert above / below < 2.6
    for step in (below, above):
        assert f"{step:e}"[0] in "125"
        assert float(f"{step:.0e}") == step


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.sampled_from([0.001, 0.02, 0.5, 10.0]))
def test_rounding_keeps_the_order(one: float, other: float, step: float) -> None:
    low, high = sorted((one, other))
    assert round_to(low, step) <= round_to(high, step)


def test_what_has_no_noise_or_no_number() -> None:
    assert round_to_noise(0.123, (0.123, 0.123)) == 0.123
    assert round_to_noise(inf, (20.0, inf)) == inf
    assert isnan(round_to_noise(nan, (nan, nan)))
    assert step_below(inf) == step_above(nan) == 0


def test_numbers_have_no_digits_behind_them() -> None:
    assert [repr(round_to(value, 0.05)) for value in (0.1501, 0.3499, -0.001)] == ["0.15", "0.35", "0.0"]


@given(st.integers(1, 500), st.floats(0, 1))
def test_one_case_cannot_move_a_mean_by_more_than_half_a_step(cases: int, width: float) -> None:
    step = board_step(np.zeros(3), np.full(3, width), reach=1.0, cases=cases)
    assert step * (1 + 1e-8) >= 2 / cases


@pytest.mark.parametrize(("width", "step"), [(inf, 0), (nan, 0), (3.0, 1.0)])
def test_a_metric_without_a_worst_score_has_the_noise_alone(width: float, step: float) -> None:
    assert board_step(np.zeros(1), np.array([width]), reach=inf, cases=10) == step
