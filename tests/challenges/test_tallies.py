from __future__ import annotations

import json
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.metrics import family_metrics
from bioimagehub.challenges.tallies import CountConventions, Tallies, measure, pool
from challenges.strategies import unhurried

METRICS = family_metrics("counting")
OURS = CountConventions()
pairs = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8)


def tallies(rows: list[tuple[float, float]], conventions: CountConventions = OURS) -> Tallies:
    truth, prediction = ({f"image {n}": row[side] for n, row in enumerate(rows)} for side in (0, 1))
    return measure(truth, prediction, conventions=conventions)


# True and predicted counts; absolute error, relative error with zeros as 1 and with zeros left out, and bias.
BY_HAND = {
    "all right": ([(3, 3), (8, 8)], (0, 0, 0, 0)),
    "one too few": ([(4, 3)], (1, 1 / 4, 1 / 4, 1)),
    "up and down": ([(10, 12), (10, 8)], (2, 1 / 5, 1 / 5, 0)),
    "small and large": ([(1, 2), (100, 101)], (1, (1 + 1 / 100) / 2, (1 + 1 / 100) / 2, 1)),
    "nothing there, none found": ([(0, 0), (10, 5)], (5 / 2, 1 / 4, 1 / 2, 5 / 2)),
    "nothing there, three found": ([(0, 3), (10, 5)], (4, (3 + 1 / 2) / 2, 1 / 2, 1)),
    "only empty images": ([(0, 2)], (2, 2, nan, 2)),
    "a fraction": ([(2, 2.5)], (1 / 2, 1 / 4, 1 / 4, 1 / 2)),
    "no image": ([], (nan, nan, nan, nan)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    rows, (absolute, relative, left_out, bias) = BY_HAND[name]
    one, bbbc = tallies(rows), tallies(rows, CountConventions.as_in("bbbc"))
    assert METRICS["count_absolute_error"].score(one) == pytest.approx(absolute, nan_ok=True)
    assert METRICS["count_relative_error"].score(one) == pytest.approx(relative, nan_ok=True)
    assert METRICS["count_relative_error"].score(bbbc) == pytest.approx(left_out, nan_ok=True)
    assert METRICS["count_bias"].score(one) == pytest.approx(bias, nan_ok=True)


@unhurried
@given(pairs)
def test_truth_is_best_and_bias_is_not_above_the_error(rows: list[tuple[int, int]]) -> None:
    itself, other = tallies([(true, true) for true, _ in rows]), tallies(rows)
    for metric in METRICS.values():
        assert metric.score(itself) == (pytest.approx(nan, nan_ok=True) if not rows else metric.BEST)
        assert isnan(metric.score(other)) or metric.BEST <= metric.score(other) <= metric.WORST
    if rows:
        assert METRICS["count_bias"].score(other) <= METRICS["count_absolute_error"].score(other) + 1e-12
        assert METRICS["count_relative_error"].score(other) <= METRICS["count_absolute_error"].score(other)


@unhurried
@given(st.lists(pairs, min_size=1, max_size=3))
def test_pool_is_one_case_of_all(cases: list) -> None:
    pooled = pool([tallies(rows) for rows in cases])
    joined = tallies([row for rows in cases for row in rows])
    for metric in METRICS.values():
        assert metric.score(pooled) == pytest.approx(metric.score(joined), nan_ok=True)
    assert Tallies.from_dict(json.loads(json.dumps(pooled.as_dict()))) == pooled


def test_order_of_items_does_not_matter() -> None:
    one = measure({"a": 1, "b": 5}, {"b": 4, "a": 1}, conventions=OURS)
    assert one.differences.tolist() == [0, -1]
    assert np.array_equal(one.relative, [0, 1 / 5])


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({"a": 1}, "no answer to 1 of 2 items: b"),
        ({"a": 1, "b": 2, "c": 3}, "1 items that are not asked for: c"),
        (
            {"a": 1, "b": -1},
            "count of the item 'b' in the prediction of plate 1 is -1. Expected a number of at least 0",
        ),
        ({"a": 1, "b": nan}, "nan. Expected a finite number"),
        ({"a": 1, "b": "many"}, "'many'. Expected a finite number"),
        ({"a": 1, "b/cells": 1, "b/nuclei": 2}, "has the fields cells, nuclei. Expected one count"),
    ],
)
def test_what_is_refused(prediction: dict, message: str) -> None:
    with pytest.raises(AnswersError, match=message):
        measure({"a": 1, "b": 2}, prediction, conventions=OURS, name="plate 1")


def test_conventions() -> None:
    with pytest.raises(ConventionError, match=r"rule for counts of 0 'ignore'. Choose one of left out, one"):
        CountConventions(zero="ignore")  # type: ignore[arg-type]
    bbbc = CountConventions.as_in("bbbc")
    assert CountConventions.from_dict(json.loads(json.dumps(bbbc.as_dict()))) == bbbc
    assert "left out" in str(bbbc)
