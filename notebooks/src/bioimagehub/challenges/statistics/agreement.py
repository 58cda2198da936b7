"""How much rankings agree: between metrics, between ways to aggregate, and between samples of the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kendall(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Kendall's tau-b of rankings of the same entries.

    1 is the same order, -1 the reverse; ties are allowed for (Kendall 1945, doi 10.1093/biomet/33.3.239).

    Parameters
    ----------
    one : ndarray of int64, shape (rankings, entries)
        Ranks.
    other : ndarray of int64, shape (other rankings, entries)
        Ranks.

    Returns
    -------
    ndarray of float64, shape (rankings, other rankings)
        NaN where a ranking has all entries on one rank, so that there is no order to agree with.

    Examples
    --------
    >>> a, b = np.array([[1, 2, 3]]), np.array([[1, 2, 3], [3, 2, 1], [1, 3, 2], [1, 1, 1]])
    >>> kendall(a, b).round(3).tolist()
    [[1.0, -1.0, 0.333, nan]]
    """
    first, second = _signs(one), _signs(other)
    agreeing = first @ second.T
    norm = np.sqrt(np.outer((first**2).sum(1), (second**2).sum(1)))
    tau: NDArray[np.float64] = np.divide(agreeing, norm, out=np.full(agreeing.shape, np.nan), where=norm > 0)
    return tau


def _signs(ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each ranking which of each pair is behind: -1, 0 or 1, shape (rankings, pairs)."""
    one, other = np.triu_indices(ranks.shape[1], 1)
    signs: NDArray[np.float64] = np.sign(ranks[:, one] - ranks[:, other]).astype(np.float64)
    return signs


def stability(ranks: NDArray[np.int64], sampled: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much the ranking on each sample of cases agrees with the ranking on all.

    Parameters
    ----------
    ranks : ndarray of int64, shape (entries,)
        Ranks on all cases.
    sampled : ndarray of int64, shape (samples, entries)
        Ranks on each sample; see `Bootstrap.ranks`.

    Returns
    -------
    ndarray of float64, shape (samples,)
        Kendall's tau-b; NaN as in `kendall`.
    """
    tau: NDArray[np.float64] = kendall(ranks[None], sampled)[0]
    return tau
