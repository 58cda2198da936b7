"""The best one-to-one pairings where objects have several partners to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assign(rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose as many pairs as possible such that no row and no column is in two, and of these the heaviest.

    Parameters
    ----------
    rows, columns : ndarray of int64, shape (pairs,)
        The two ends of each pair that may be chosen; no pair is there twice.
    weights : ndarray of float64, shape (pairs,)
        Between 0 and 1.

    Returns
    -------
    ndarray of int64, shape (chosen,)
        Positions of the chosen pairs, ascending.

    Notes
    -----
    Pairs that share neither end with another are chosen at once; the rest is a minimum-weight full
    matching of a sparse bipartite graph, in which each row has a dear column of its own for the case that it
    stays alone. Rows of different connected components never meet on an augmenting path, so the components are
    solved one by one. Of equally good choices, any may be returned.

    References
    ----------
    Jonker, Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
    Computing 38 (1987), https://doi.org/10.1007/BF02278710

    Examples
    --------
    The pair (0, 0) is the heaviest, but without it two pairs can be chosen.

    >>> assign(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.5, 0.5]))
    array([1, 2])
    """
    contested = (np.bincount(rows)[rows] > 1) | (np.bincount(columns)[columns] > 1) if len(rows) else rows > 0
    free = np.flatnonzero(~contested)
    hard = np.flatnonzero(contested)
    if len(hard) == 0:
        return free
    # One more pair is worth more than all weights together.
    n = len(hard)
    chosen = _solve(rows[hard], columns[hard], n + 1.0 - weights[hard], alone=2.0 * n + 2.0)
    return np.sort(np.concatenate([free, hard[chosen]]))


def assign_heaviest(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Choose the pairs of the largest sum of weights such that no row and no column is in two, however many they are.

    Parameters
    ----------
    rows, columns : ndarray of int64, shape (pairs,)
        The two ends of each pair that may be chosen; no pair is there twice.
    weights : ndarray of float64, shape (pairs,)
        Above 0, and at most 1.

    Returns
    -------
    ndarray of int64, shape (chosen,)
        Positions of the chosen pairs, ascending.

    Notes
    -----
    A pair that weighs at least as much as the best other pair of its row and the best other pair of its column together
    is in a heaviest choice: any choice without it has at most these two in its stead. Such pairs are taken, what
    they rule out is dropped, and this is repeated; the few pairs that are left are a matching of a sparse
    bipartite graph, as in `assign`. Of equally good choices, any may be returned.

    Examples
    --------
    >>> assign_heaviest(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.4, 0.4]))
    array([0])
    """
    left = np.arange(len(rows))
    taken = [left[:0]]
    while len(left):
        i, j, w = rows[left], columns[left], weights[left]
        (best_i, second_i), (best_j, second_j) = _two_best(i, w), _two_best(j, w)
        both = best_i & best_j
        sure = np.flatnonzero(both & (w >= second_i + second_j))
        if len(sure) == 0:
            taken.append(left[_solve(i, j, 2.0 - w, alone=2.0)])
            break
        taken.append(left[sure])
        left = left[~(np.isin(i, i[sure]) | np.isin(j, j[sure]))]
    return np.sort(np.concatenate(taken))


def _two_best(ends: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell which pair is the best of its end (one for each end), and the weight of the second best there, or 0."""
    most = np.zeros(ends.max() + 1)
    np.maximum.at(most, ends, weights)
    place = np.zeros(len(most), np.int64)
    heaviest = np.flatnonzero(weights == most[ends])
    place[ends[heaviest]] = heaviest
    is_best = place[ends] == np.arange(len(ends))
    second = np.zeros(len(most))
    np.maximum.at(second, ends, np.where(is_best, 0.0, weights))
    return is_best, second[ends]


def _solve(
    rows: NDArray[np.int64], columns: NDArray[np.int64], cost: NDArray[np.float64], *, alone: float
) -> NDArray[np.int64]:
    """Return the positions of the pairs of least cost, where a row that is in none costs `alone`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    row_names, i = np.unique(rows, return_inverse=True)
    column_names, j = np.unique(columns, return_inverse=True)
    n, m = len(row_names), len(column_names)
    # All costs are above 0, which would mean no edge.
    costs = np.concatenate([cost, np.full(n, alone)])
    ends = np.concatenate([i, np.arange(n)]), np.concatenate([j, m + np.arange(n)])
    chosen_i, chosen_j = min_weight_full_bipartite_matching(coo_array((costs, ends), shape=(n, m + n)).tocsr())
    paired = chosen_j < m
    wanted = chosen_i[paired].astype(np.int64) * m + chosen_j[paired]
    return np.flatnonzero(np.isin(i * m + j, wanted))
