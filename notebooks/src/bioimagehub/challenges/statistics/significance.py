"""Which differences between entries are more than the choice of cases explains.

Two entries are compared on the same cases, pair by pair. Scores of cases: the Wilcoxon signed-rank test, as in
Wiesenfarth et al. 2021 (doi 10.1038/s41598-021-82017-6). Pooled scores, which are no sum over cases: the bootstrap
distribution of the difference. All p-values are two-sided, and those of one board are corrected together
(Holm 1979, https://www.jstor.org/stable/4615733): "A is better than B" is wrongly said anywhere on the board in at
most one of twenty boards, at the level 0.05.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.05
LARGEST_EXACT = 50


def wilcoxon(difference: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the Wilcoxon signed-rank test.

    Exact up to 50 differences, also with ties: the distribution of the sum of ranks is counted out over all signs.
    Above, the normal approximation with the corrections for ties and continuity, as R has it.

    Parameters
    ----------
    difference : ndarray of float64, shape (cases,)
        NaN (a case that says nothing about one of both) and 0 (no difference) are left out, as Wilcoxon did.
        Infinite differences are the largest.

    Returns
    -------
    float
        From 0 to 1; 1 if nothing is left.

    Examples
    --------
    All of six differences are of one sign: 2 of 2⁶ ways to choose signs.

    >>> wilcoxon(np.array([0.1, 0.2, 0.3, 0.3, 0.5, 0.6])) == 2 / 2**6
    True
    """
    from scipy.special import ndtr

    difference = difference[~np.isnan(difference) & (difference != 0)]
    count = len(difference)
    if not count:
        return 1.0
    # Twice the rank is whole also where equal differences share the middle of their ranks.
    _, group, sizes = np.unique(np.abs(difference), return_inverse=True, return_counts=True)
    twice = (2 * np.cumsum(sizes) - sizes + 1)[group]
    positive, total = int(twice[difference > 0].sum()), int(twice.sum())
    smaller = min(positive, total - positive)
    if count <= LARGEST_EXACT:
        ways = np.zeros(total + 1)
        ways[0] = 1.0
        for step in twice:
            ways[step:] += ways[:-step].copy()
        return min(1.0, 2 * float(ways[: smaller + 1].sum()) / 2.0**count)
    # In units of twice the rank, as above.
    deviation = np.sqrt(float((twice.astype(np.float64) ** 2).sum()) / 4)
    return min(1.0, 2 * float(ndtr(min(0.0, smaller - total / 2 + 1) / deviation)))


def wilcoxon_matrix(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the p-value of each pair of entries, uncorrected.

    Parameters
    ----------
    gains : ndarray of float64, shape (entries, cases)

    Returns
    -------
    ndarray of float64, shape (entries, entries)
        Symmetric, 1 on the diagonal.
    """
    result = np.ones((len(gains), len(gains)))
    for one, other in combinations(range(len(gains)), 2):
        result[one, other] = result[other, one] = wilcoxon(_differences(gains[one], gains[other]))
    return result


def _differences(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the differences; of equal infinities 0."""
    with np.errstate(invalid="ignore"):
        return np.where(one == other, 0.0, one - other)


def bootstrap_matrix(gains: NDArray[np.float64], samples: NDArray[np.float64], cases: int) -> NDArray[np.float64]:
    """Return the p-value of each pair of entries from the bootstrap distribution of their difference, uncorrected.

    The difference over its deviation between samples is compared with Student's t of ``cases - 1`` degrees of
    freedom. Counting the samples beyond 0 would give nothing below one over their number, which no correction for
    many pairs survives. As ``cases`` signs can be had in so many ways, no p-value is below ``2 / 2**cases``.

    Parameters
    ----------
    gains : ndarray of float64, shape (entries,)
        The aggregated scores, more is better.
    samples : ndarray of float64, shape (samples, entries)
        The same of the samples.
    cases : int
        Number of cases.

    Returns
    -------
    ndarray of float64, shape (entries, entries)
        Symmetric, 1 on the diagonal, and 1 where a score is NaN or infinite, or there is one case only.
    """
    from scipy.special import stdtr

    result = np.ones((len(gains), len(gains)))
    for one, other in combinations(range(len(gains)), 2):
        drawn = _differences(samples[:, one], samples[:, other])
        drawn = drawn[np.isfinite(drawn)]
        found = _differences(gains[one], gains[other])
        if cases < 2 or len(drawn) < 2 or not np.isfinite(found) or found == 0:
            continue
        deviation = float(np.std(drawn, ddof=1)) * np.sqrt(cases / (cases - 1))
        p = 2 * float(stdtr(cases - 1, -abs(found) / deviation)) if deviation > 0 else 0.0
        result[one, other] = result[other, one] = max(p, 2.0 ** (1 - cases))
    return result


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values corrected for their number by the method of Holm.

    Parameters
    ----------
    p : ndarray of float64, shape (tests,)

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    corrected = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(corrected, 1.0)
    return result


def holm_matrix(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a symmetric matrix of p-values corrected together, each pair counted once.

    Examples
    --------
    >>> holm_matrix(np.array([[1.0, 0.02], [0.02, 1.0]])).tolist()
    [[1.0, 0.02], [0.02, 1.0]]
    """
    upper = np.triu_indices(len(p), 1)
    result = np.ones_like(p)
    result[upper] = holm(p[upper])
    result.T[upper] = result[upper]
    return result


def tied_with_best(ranks: NDArray[np.int64], p: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Tell which entries are not shown to be worse than one of the first rank.

    Parameters
    ----------
    ranks : ndarray of int64, shape (entries,)
        1 is best.
    p : ndarray of float64, shape (entries, entries)
        Corrected p-values.
    alpha : float
        The level of significance.

    Returns
    -------
    ndarray of bool, shape (entries,)
        True for those of the first rank, and for those that differ from each of these with p ≥ alpha.

    Examples
    --------
    >>> p = np.array([[1, 0.4, 0.01], [0.4, 1, 0.3], [0.01, 0.3, 1]])
    >>> tied_with_best(np.array([1, 2, 3]), p).tolist()
    [True, True, False]
    """
    first = ranks == 1
    tied: NDArray[np.bool_] = first | (p[first] >= alpha).all(0)
    return tied
