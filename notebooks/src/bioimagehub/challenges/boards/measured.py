"""The columns of a board as numbers: the score of each entry by each metric, and on each sample of the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bioimagehub.challenges.boards.board import Column, Estimate
from bioimagehub.challenges.statistics import AGGREGATES, Bootstrap, CaseScores, interval, ranks, resample, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bioimagehub.challenges.boards.board import Settings
    from bioimagehub.challenges.boards.pooled import Pooling

FEWEST_FOR_INTERVALS = 2


@dataclass(frozen=True, eq=False, repr=False)
class Measured:
    """One metric of all entries.

    Attributes
    ----------
    column : Column
    scores : CaseScores
        Of each entry and case.
    points : ndarray of float64, shape (entries,)
        Aggregated, in the unit of the metric.
    samples : ndarray of float64, shape (samples, entries)
        Aggregated on each sample of the cases, in the unit of the metric.
    """

    column: Column
    scores: CaseScores
    points: NDArray[np.float64]
    samples: NDArray[np.float64]

    @property
    def gains(self) -> NDArray[np.float64]:
        """`points` turned so that more is better."""
        return self.scores.sign * self.points

    @property
    def bootstrap(self) -> Bootstrap:
        """`samples` turned so that more is better."""
        return Bootstrap(self.scores.sign * self.samples)

    def estimates(self, level: float) -> list[Estimate]:
        """Return the score of each entry with its interval; without one where there is one case."""
        low, high = interval(self.samples, level)
        if len(self.scores.cases) < FEWEST_FOR_INTERVALS:
            low, high = np.full((2, len(low)), np.nan)
        low, high = (np.where(np.isnan(self.points), np.nan, end) for end in (low, high))
        return [Estimate(*map(float, one)) for one in zip(self.points, low, high, strict=True)]

    def ranks(self) -> NDArray[np.int64]:
        """Return the rank of each entry; see `statistics.ranks`."""
        return ranks(self.gains)

    def choose(self, entries: NDArray[np.int64]) -> Measured:
        """Return the same of some entries, given by their positions."""
        names = [self.scores.entries[entry] for entry in entries]
        values = np.asarray(self.scores.values)[entries]
        scores = CaseScores(names, self.scores.cases, values, self.scores.better)
        return Measured(self.column, scores, self.points[entries], self.samples[:, entries])


def measure_columns(
    columns: Sequence[Column],
    scores: Mapping[str, CaseScores],
    settings: Settings,
    *,
    pooling: Pooling | None = None,
    points: Mapping[str, NDArray[np.float64]] | None = None,
) -> list[Measured]:
    """Return the numbers of the columns of a board; all see the same samples of the cases.

    Parameters
    ----------
    columns : sequence of Column
    scores : mapping of str to CaseScores
        By metric, of the same entries and cases.
    settings : Settings
    pooling : Pooling, optional
        Needed for the columns that are pooled.
    points : mapping of str to ndarray of float64, shape (entries,), optional
        The aggregated scores, where they are known; else they are computed.
    """
    cases = len(scores[columns[0].name].cases)
    weights = resample(cases, settings.samples, settings.seed)
    pooled = [column.name for column in columns if column.aggregate == "pooled"]
    once = pooling.score(np.ones((1, cases)), pooled) if pooling and not points else {}
    drawn = pooling.score(weights, pooled) if pooling else {}
    measured = []
    for column in columns:
        table = scores[column.name]
        if column.name in pooled:
            sampled = drawn[column.name]
        else:
            sampled = table.sign * AGGREGATES[column.aggregate](table.gains, weights)
        if points:
            point = points[column.name]
        elif column.name in pooled:
            point = once[column.name][0]
        else:
            point = table.sign * summarise(table.gains, column.aggregate)
        measured.append(Measured(column, table, point, sampled))
    return measured
