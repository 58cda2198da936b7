from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from bioimagehub.challenges.assignment import assign, assign_heaviest
from challenges.strategies import unhurried

edges = st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 7)), st.integers(1, 20), max_size=30)


def arrays(weights: dict[tuple[int, int], int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends = np.array(sorted(weights), np.int64).reshape(-1, 2)
    return ends[:, 0], ends[:, 1], np.array([weights[edge] / 20 for edge in sorted(weights)], np.float64)


@unhurried
@given(edges)
def test_as_good_as_the_dense_solver(weights: dict[tuple[int, int], int]) -> None:
    rows, columns, values = arrays(weights)
    dense = np.zeros((8, 8))
    dense[rows, columns] = values + 100 * (values > 0)
    chosen = assign(rows, columns, values)
    best = dense[linear_sum_assignment(dense, maximize=True)]
    assert len(chosen) == np.count_nonzero(best)
    assert np.isclose(values[chosen].sum() + 100 * len(chosen), best.sum())


@unhurried
@given(edges)
def test_one_to_one(weights: dict[tuple[int, int], int]) -> None:
    rows, columns, values = arrays(weights)
    chosen = assign(rows, columns, values)
    assert len(set(rows[chosen].tolist())) == len(set(columns[chosen].tolist())) == len(chosen)
    assert chosen.tolist() == sorted(set(chosen.tolist()))


def test_long_chain_takes_little_memory() -> None:
    """One component of 40,000 ends: a dense matrix of costs would take 3 GB."""
    n = 20_000
    rows = np.repeat(np.arange(n), 2)[:-1]
    columns = np.repeat(np.arange(n + 1), 2)[1 : 2 * n]
    weights = np.where(rows == columns, 0.3, 0.4)
    chosen = assign(rows, columns, weights)
    assert len(chosen) == n
    assert np.isclose(weights[chosen].sum(), 0.3 * n)


def test_nothing_to_choose_from() -> None:
    nothing = np.zeros(0, np.int64)
    assert assign(nothing, nothing, np.zeros(0)).tolist() == []


@unhurried
@given(edges)
def test_heaviest_as_the_dense_solver(weights: dict[tuple[int, int], int]) -> None:
    rows, columns, values = arrays(weights)
    dense = np.zeros((8, 8))
    dense[rows, columns] = values
    chosen = assign_heaviest(rows, columns, values)
    assert np.isclose(values[chosen].sum(), dense[linear_sum_assignment(dense, maximize=True)].sum())
    assert len(set(rows[chosen].tolist())) == len(set(columns[chosen].tolist())) == len(chosen)
    assert chosen.tolist() == sorted(set(chosen.tolist()))


def test_heaviest_may_be_fewer() -> None:
    rows, columns = np.array([0, 0, 1]), np.array([0, 1, 0])
    assert assign_heaviest(rows, columns, np.array([0.9, 0.4, 0.4])).tolist() == [0]
    assert assign_heaviest(rows, columns, np.array([0.7, 0.4, 0.4])).tolist() == [1, 2]
    assert assign(rows, columns, np.array([0.9, 0.4, 0.4])).tolist() == [1, 2]
