"""F1 score: the harmonic mean of precision and recall of objects.

References
----------
Caicedo et al., "Evaluation of deep learning strategies for nucleus segmentation in fluorescence images",
Cytometry A 95 (2019), https://doi.org/10.1002/cyto.a.23863
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "F1 score"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN) at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def score(counts: Counts) -> float:
    """Return the value at the threshold of the conventions."""
    return float(curve(counts)[counts.at])
