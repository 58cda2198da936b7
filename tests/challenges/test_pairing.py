from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from bioimagehub.challenges.pairing import pair, take_in_order
from challenges.strategies import unhurried

# Whole costs, many of them equal: sums are exact, and ties are common.
graphs = st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(-3, 9), max_size=20)


def solve(i: np.ndarray, j: np.ndarray, costs: np.ndarray, rows: int, columns: int) -> tuple[int, float]:
    """Return how many were paired, and at what cost; check that pairs are one to one and edges of the graph."""
    order = np.lexsort((j, i))
    i, j, costs = i[order], j[order], costs[order].astype(float)
    mates = pair(np.searchsorted(i, np.arange(rows + 1)), j, costs, columns)
    paired = np.flatnonzero(mates >= 0)
    assert len(set(mates[paired].tolist())) == len(paired)
    edges = {(a, b): cost for a, b, cost in zip(i.tolist(), j.tolist(), costs.tolist(), strict=True)}
    return len(paired), sum(edges[a, b] for a, b in zip(paired.tolist(), mates[paired].tolist(), strict=True))


@unhurried
@given(graphs)
def test_best_of_all_that_there_are(graph: dict[tuple[int, int], int]) -> None:
    """Every permutation of six columns is tried."""
    best = (0, 0)
    for columns in permutations(range(6)):
        costs = [graph[edge] for edge in enumerate(columns) if edge in graph]
        # Leaving a pair out costs one pair, so all are taken.
        best = min(best, (-len(costs), sum(costs)))
    edges = np.array(sorted(graph), np.int64).reshape(-1, 2)
    costs = np.array([graph[edge] for edge in sorted(graph)], float)
    assert solve(edges[:, 0], edges[:, 1], costs, 6, 6) == (-best[0], best[1])


@pytest.mark.parametrize("seed", range(60))
def test_equal_to_scipy(seed: int) -> None:
    """SciPy pairs every row: each has a dear column of its own. Whole costs, so that its sums are exact, too."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 120, 2)
    i, j = np.nonzero(rng.random((rows, columns)) < rng.uniform(0, 8) / columns)
    costs = rng.integers(1, rng.choice([3, 1000]), len(i))
    dear = 1_000_000
    ends = np.append(i, np.arange(rows)), np.append(j, columns + np.arange(rows))
    matrix = coo_array((np.append(costs, np.full(rows, dear)), ends), shape=(rows, columns + rows)).tocsr()
    chosen = matrix[min_weight_full_bipartite_matching(matrix)]
    expected = int((chosen < dear).sum()), int(chosen[chosen < dear].sum())
    assert solve(i, j, costs, rows, columns) == expected


def test_one_dense_component_is_solved_as_the_dense_solver_does() -> None:
    costs = np.random.default_rng(1).random((150, 220))
    i, j = np.nonzero(costs > -1)
    paired, cost = solve(i, j, costs[i, j], *costs.shape)
    assert paired == 150
    assert cost == pytest.approx(costs[linear_sum_assignment(costs)].sum(), rel=1e-12)


def test_small_differences_are_not_swallowed() -> None:
    """With a cost of 10¹⁰ for staying alone, both choices would cost the same in double precision."""
    tiny = 1e-9
    i, j, costs = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0.0, 0.0, tiny, 2 * tiny])
    assert solve(i, j, costs, 3, 2) == (2, tiny)
    assert 1e10 + tiny == 1e10 + 2 * tiny


def test_thousands_at_one_place() -> None:
    n = 600
    i, j = np.divmod(np.arange(n * n), n)
    assert solve(i, j, np.zeros(n * n), n, n) == (n, 0)


def test_order_decides_what_is_taken() -> None:
    rows, columns = np.array([0, 0, 1]), np.array([0, 1, 0])
    assert take_in_order(np.array([0, 1, 2]), rows, columns).tolist() == [0]
    assert take_in_order(np.array([2, 0, 1]), rows, columns).tolist() == [2, 1]
    assert take_in_order(np.zeros(0, np.int64), rows, columns).tolist() == []
