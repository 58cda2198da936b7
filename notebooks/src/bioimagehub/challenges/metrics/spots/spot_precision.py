"""Precision of points: the share of the predicted points that are true ones.

References
----------
Powers, "Evaluation: from precision, recall and F-measure to ROC, informedness, markedness and correlation",
https://doi.org/10.48550/arXiv.2010.16061
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.localisation import SpotCounts

TITLE = "Precision of spots"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: SpotCounts) -> float:
    """Return TP / (TP + FP)."""
    return counts.ratio(counts.tp, counts.n_prediction)
