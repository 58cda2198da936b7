"""What the scores and ranks would be on other cases like these: the bootstrap over cases.

The cases of a split are drawn anew, with replacement, as many as there are, and all entries are scored and ranked on
each such sample (Wiesenfarth et al. 2021, doi 10.1038/s41598-021-82017-6). All entries and metrics see the same
samples. What varies is which cases were chosen; that truth or metric might be wrong is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.errors import BoardError
from bioimagehub.challenges.statistics.ranking import ranks, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95


def resample(cases: int, samples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each case was drawn in each sample.

    Parameters
    ----------
    cases : int
        Number of cases; also the number drawn for each sample.
    samples : int
        Number of samples, at least 1.
    seed : int
        The same seed gives the same samples.

    Returns
    -------
    ndarray of float64, shape (samples, cases)
        Whole numbers; each row adds up to `cases`.

    Raises
    ------
    BoardError
        If there is no case or no sample.

    Examples
    --------
    >>> resample(4, 3, seed=0).sum(axis=1)
    array([4., 4., 4.])
    """
    if cases < 1 or samples < 1:
        msg = (
            f"{samples} samples of {cases} cases were asked for. Expected at least one of each. 1,000 samples is usual."
        )
        raise BoardError(msg)
    drawn = np.random.default_rng(seed).integers(0, cases, (samples, cases))
    drawn += np.arange(samples)[:, None] * cases
    return np.bincount(drawn.ravel(), minlength=samples * cases).reshape(samples, cases).astype(np.float64)


def interval(samples: NDArray[np.float64], level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the percentile interval of each entry.

    Parameters
    ----------
    samples : ndarray of float64, shape (samples, entries)
        NaN is left out; infinite values are values like others.
    level : float
        The part of the samples that lies inside, between 0 and 1.

    Returns
    -------
    low, high : ndarray of float64, shape (entries,)
        Values that occur in the samples; NaN where all are NaN.

    Examples
    --------
    >>> low, high = interval(np.arange(101.0)[:, None], 0.9)
    >>> float(low[0]), float(high[0])
    (5.0, 95.0)
    """
    ascending = np.sort(samples, axis=0)  # NaN comes last
    count = len(samples) - np.isnan(samples).sum(0)
    ends = []
    for part in ((1 - level) / 2, (1 + level) / 2):
        # 1e-9 keeps ceil from the error of the product.
        position = np.clip(np.ceil(part * count - 1e-9).astype(np.int64) - 1, 0, len(samples) - 1)
        ends.append(ascending[position, np.arange(samples.shape[1])])
    return ends[0], ends[1]


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap:
    """The aggregated gains of all entries on all samples; see the module.

    Parameters
    ----------
    gains : ndarray of float64, shape (samples, entries)
        More is better; NaN where no case of the sample says anything about the entry.
    """

    gains: NDArray[np.float64]

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """The rank of each entry on each sample, int64, shape (samples, entries); NaN is last."""
        return ranks(settle(self.gains))

    def rank_interval(self, level: float = LEVEL) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the best and the worst rank within the percentile interval, int64, shape (entries,)."""
        low, high = interval(self.ranks.astype(np.float64), level)
        return low.astype(np.int64), high.astype(np.int64)

    @property
    def p_best(self) -> NDArray[np.float64]:
        """The part of the samples in which each entry is first, float64, shape (entries,); ties share it."""
        first = (self.ranks == 1) & ~np.isnan(self.gains)
        count = first.sum(1, keepdims=True)
        shares: NDArray[np.float64] = np.divide(first, count, out=np.zeros(first.shape), where=count > 0).mean(0)
        return shares

    def __repr__(self) -> str:
        return f"<Bootstrap of {self.gains.shape[1]} entries on {len(self.gains)} samples>"
