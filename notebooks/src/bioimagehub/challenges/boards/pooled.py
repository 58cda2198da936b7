"""Pooled scores: the statistics of cases are added up and scored as if they were one case."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.boards.sums import find_rules, pool_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class Pooling:
    """What pooled scores are made of.

    Attributes
    ----------
    tallies : sequence of sequence
        Of each entry the statistics of each case; None for a case that has none, such as one that is missing.
    pool : callable
        Makes the statistics of one case of those of many; see the module of the task.
    metrics : mapping of str to callable
        What is computed of the pooled statistics.
    worst : mapping of str to float
        What each metric is where a case has no statistics: there is nothing that it could be pooled by.
    """

    tallies: Sequence[Sequence[Any]]
    pool: Callable[[Sequence[Any]], Any]
    metrics: Mapping[str, Callable[[Any], float]]
    worst: Mapping[str, float]

    def score(self, weights: NDArray[np.float64], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Return the pooled scores of all entries, for each way to weight the cases.

        Parameters
        ----------
        weights : ndarray of float64, shape (samples, cases)
            How often each case counts; whole numbers.
        names : sequence of str
            The metrics to compute.

        Returns
        -------
        dict of str to ndarray of float64, shape (samples, entries)
            By metric.
        """
        result = {name: np.empty((len(weights), len(self.tallies))) for name in names}
        known = [tally for tally in chain.from_iterable(self.tallies) if tally is not None]
        rules = find_rules(known, self.pool) if known and len(weights) > 1 else None
        for entry, tallies in enumerate(self.tallies):
            lacking = np.array([tally is None for tally in tallies])
            samples = np.flatnonzero(~(weights[:, lacking] > 0).any(1))
            chosen = weights[np.ix_(samples, ~lacking)]
            there = [tally for tally in tallies if tally is not None]
            for name in names:
                result[name][:, entry] = self.worst[name]
            for sample, pooled in zip(samples, self._pool(there, rules, chosen), strict=True):
                for name in names:
                    result[name][sample, entry] = self.metrics[name](pooled)
        return result

    def _pool(
        self, tallies: Sequence[Any], rules: Mapping[str, str] | None, weights: NDArray[np.float64]
    ) -> Iterator[Any]:
        if rules is not None and tallies:
            return pool_all(tallies, rules, weights)
        draws = (np.repeat(np.arange(len(weight)), weight).tolist() for weight in weights.astype(np.int64))
        return (self.pool([tallies[case] for case in draw]) for draw in draws)

    def select(self, cases: NDArray[np.int64]) -> Pooling:
        """Return the same of some cases, given by their positions."""
        chosen = [[tallies[case] for case in cases.tolist()] for tallies in self.tallies]
        return Pooling(chosen, self.pool, self.metrics, self.worst)
