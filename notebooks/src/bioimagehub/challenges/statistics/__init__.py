"""How sure a ranking is: bootstrap intervals of scores and ranks, tests between entries, and agreement of rankings.

Pure functions of matrices, one row an entry, one column a case; `bioimagehub.challenges.boards` makes boards of them.

>>> scores = CaseScores(["a", "b"], ["1", "2", "3"], [[0.9, 0.8, 0.7], [0.5, 0.9, 0.6]])
>>> samples = Bootstrap(mean(scores.gains, resample(3, 1000, seed=0)))
>>> [rank.tolist() for rank in samples.rank_interval()]
[[1, 1], [2, 2]]
"""

from __future__ import annotations

from bioimagehub.challenges.statistics.aggregation import AGGREGATES, Aggregate, mean, mean_ranks, median, summarise
from bioimagehub.challenges.statistics.agreement import kendall, stability
from bioimagehub.challenges.statistics.bootstrap import LEVEL, Bootstrap, interval, resample
from bioimagehub.challenges.statistics.case_scores import Better, CaseScores
from bioimagehub.challenges.statistics.noise import board_step, round_to, round_to_noise
from bioimagehub.challenges.statistics.ranking import ranks, settle
from bioimagehub.challenges.statistics.significance import (
    ALPHA,
    bootstrap_matrix,
    holm,
    holm_matrix,
    tied_with_best,
    wilcoxon,
    wilcoxon_matrix,
)
from bioimagehub.challenges.statistics.strata import Part, split_by

__all__ = [
    "AGGREGATES",
    "ALPHA",
    "LEVEL",
    "Aggregate",
    "Better",
    "Bootstrap",
    "CaseScores",
    "Part",
    "board_step",
    "bootstrap_matrix",
    "holm",
    "holm_matrix",
    "interval",
    "kendall",
    "mean",
    "mean_ranks",
    "median",
    "ranks",
    "resample",
    "round_to",
    "round_to_noise",
    "settle",
    "split_by",
    "stability",
    "summarise",
    "tied_with_best",
    "wilcoxon",
    "wilcoxon_matrix",
]
