"""The best one-to-one pairing where objects have several partners to choose from."""

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
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    row_names, i = np.unique(rows[hard], return_inverse=True)
    column_names, j = np.unique(columns[hard], return_inverse=True)
    n, m = len(row_names), len(column_names)
    # One more pair is worth more than all weights together; all costs are above 0, which would mean no edge.
    alone = 2.0 * n + 2.0
    cost = np.concatenate([n + 1.0 - weights[hard], np.full(n, alone)])
    ends = np.concatenate([i, np.arange(n)]), np.concatenate([j, m + np.arange(n)])
    chosen_i, chosen_j = min_weight_full_bipartite_matching(coo_array((cost, ends), shape=(n, m + n)).tocsr())
    paired = chosen_j < m
    wanted = chosen_i[paired].astype(np.int64) * m + chosen_j[paired]
    return np.sort(np.concatenate([free, hard[np.isin(i * m + j, wanted)]]))
