"""Recall: the share of the true objects that were found.

References
----------
Powers, "Evaluation: from precision, recall and F-measure to ROC, informedness, markedness and correlation",
https://doi.org/10.48550/arXiv.2010.16061
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "Recall"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return TP / (TP + FN) at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(counts.tp, counts.tp + counts.fn)


def score(counts: Counts) -> float:
    """Return the value at the threshold of the conventions."""
    return float(curve(counts)[counts.at])
