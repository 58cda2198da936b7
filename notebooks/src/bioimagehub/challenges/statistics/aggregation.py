"""From the scores of cases to one number an entry: mean and median, of the cases as they are or resampled.

All functions take *gains*: scores turned so that more is better (`CaseScores.gains`). With infinite scores the
worst wins: an entry with a case of minus infinity has minus infinity, whatever its other cases hold; without
such a case, one of plus infinity makes the mean plus infinity. So a missing case is never outweighed.
"""

from __future__ import annotations

from math import fsum, inf, nan
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SMALL_PRODUCT = 200_000  # OpenBLAS has threads from 2**18 multiplications on
Aggregate: TypeAlias = Literal["mean", "median", "pooled"]


def mean(gains: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the cases that say something, for each way to weight them, by one matrix product.

    Parameters
    ----------
    gains : ndarray of float64, shape (entries, cases)
        NaN is left out.
    weights : ndarray of float64, shape (samples, cases)
        How often each case counts.

    Returns
    -------
    ndarray of float64, shape (samples, entries)
        NaN where no case counts that says something.

    Examples
    --------
    >>> mean(np.array([[1.0, 4.0], [2.0, np.nan]]), np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 2.0]]))
    array([[2.5, 2. ],
           [2. , 2. ],
           [4. , nan]])
    """
    finite = np.isfinite(gains)
    if finite.all():
        whole: NDArray[np.float64] = _multiply(weights, gains) / weights.sum(1, keepdims=True)
        return whole
    total = _multiply(weights, np.where(finite, gains, 0))
    count = _multiply(weights, (~np.isnan(gains)).astype(np.float64))
    result: NDArray[np.float64] = np.divide(total, count, out=np.full(total.shape, nan), where=count > 0)
    for limit in (inf, -inf):
        result[_multiply(weights, (gains == limit).astype(np.float64)) > 0] = limit
    return result


def _multiply(weights: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``weights @ rows.T``, in products so small that BLAS starts no threads for them.

    A thousand samples take a tenth of a millisecond; waiting for threads on a busy machine takes a hundred times that.
    """
    step = max(1, SMALL_PRODUCT // rows.size)
    return np.concatenate([weights[start : start + step] @ rows.T for start in range(0, len(weights), step)])


def median(gains: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the cases that say something, for each way to weight them.

    Parameters
    ----------
    gains : ndarray of float64, shape (entries, cases)
        NaN is left out.
    weights : ndarray of float64, shape (samples, cases)
        How often each case counts: whole numbers.

    Returns
    -------
    ndarray of float64, shape (samples, entries)
        The middle score, or the mean of the two in the middle; NaN where no case counts that says something.

    Examples
    --------
    >>> median(np.array([[1.0, 4.0, 9.0]]), np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 2.0]]))
    array([[4. ],
           [6.5]])
    """
    result = np.full((len(weights), len(gains)), nan)
    for entry, row in enumerate(gains):
        order = np.argsort(row, kind="stable")[: np.count_nonzero(~np.isnan(row))]
        if not len(order):
            continue
        ascending = row[order]
        upto = np.cumsum(weights[:, order], axis=1)
        count = upto[:, -1:]
        middle = [
            ascending[np.minimum((upto <= position).sum(1), len(order) - 1)]
            for position in ((count - 1) // 2, count // 2)
        ]
        low, high = middle
        with np.errstate(invalid="ignore"):  # minus infinity and plus infinity: the worst wins
            between = np.where(np.isneginf(low), -inf, (low + high) / 2)
        result[:, entry] = np.where(count[:, 0] > 0, between, nan)
    return result


AGGREGATES: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": mean,
    "median": median,
}
"""How scores of cases are aggregated. The third way, ``pooled``, needs the counts of the cases, not their scores."""


def summarise(gains: NDArray[np.float64], aggregate: str) -> NDArray[np.float64]:
    """Return the mean or the median of each entry, each case counted once, float64, shape (entries,).

    The mean is summed without rounding, so that entries whose cases have the same scores in another order tie.

    Examples
    --------
    >>> values = np.array([[0.1, 0.2, 0.3, np.nan], [0.3, np.nan, 0.2, 0.1]])
    >>> first, second = summarise(values, "mean")
    >>> bool(first == second)
    True
    """
    once: NDArray[np.float64] = AGGREGATES[aggregate](gains, np.ones((1, gains.shape[1])))[0]
    if aggregate == "mean":
        for entry, row in enumerate(gains):
            if np.isfinite(once[entry]):
                said = row[~np.isnan(row)]
                once[entry] = fsum(said) / len(said)
    return once


def mean_ranks(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return minus the mean over cases of the rank within the case, so that more is better; shape (entries,).

    The other order of the two steps: rank first, then aggregate (Maier-Hein et al. 2018, doi
    10.1038/s41467-018-07619-7). A case that says nothing about an entry is left out for it.

    Examples
    --------
    >>> mean_ranks(np.array([[0.9, 0.9, 0.0], [0.8, 0.8, 0.8]]))
    array([-1.33333333, -1.66666667])
    """
    from bioimagehub.challenges.statistics.ranking import ranks

    within = np.where(np.isnan(gains), nan, -ranks(gains.T).T.astype(np.float64))
    return summarise(within, "mean")
