from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges.errors import BoardError
from bioimagehub.challenges.statistics import CaseScores


def test_gains_turn_errors_round() -> None:
    scores = CaseScores(["a"], ["1", "2"], [[2.0, np.inf]], better="lower")
    assert scores.gains.tolist() == [[-2.0, -np.inf]]


def test_values_are_a_copy_that_nobody_changes() -> None:
    given = np.ones((1, 1))
    scores = CaseScores(["a"], ["1"], given)
    given[0, 0] = 5
    assert scores.gains.tolist() == [[1.0]]
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(scores.values)[0, 0] = 2


def test_some_cases() -> None:
    scores = CaseScores(["a", "b"], ["1", "2", "3"], np.arange(6).reshape(2, 3)).select(np.array([2, 0]))
    assert scores.cases == ("3", "1")
    assert np.asarray(scores.values).tolist() == [[2, 0], [5, 3]]


@pytest.mark.parametrize(
    ("entries", "cases", "values", "better", "cure"),
    [
        (["a", "a"], ["1"], [[1], [1]], "higher", "entries has 'a' more than once"),
        ([], ["1"], np.zeros((0, 1)), "higher", "entries is empty"),
        (["a"], ["1", "1"], [[1, 1]], "higher", "cases has '1' more than once"),
        (["a"], ["1"], [[1, 2]], "higher", "Fill what is missing with the worst value"),
        (["a"], ["1"], [[1]], "up", "Choose one of higher, lower"),
    ],
)
def test_what_is_no_matrix_of_scores(entries, cases, values, better, cure) -> None:
    with pytest.raises(BoardError, match=cure):
        CaseScores(entries, cases, values, better=better)
