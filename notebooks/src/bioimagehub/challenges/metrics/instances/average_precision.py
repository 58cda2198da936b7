"""Average precision as in the 2018 Data Science Bowl: TP / (TP + FP + FN), averaged over the IoU thresholds.

Other fields call other things so: in COCO it is the area under a precision-recall curve over confidences, which label
images do not have. At one threshold, stardist calls the quantity accuracy; it is also the Jaccard index
of the two sets of objects.

References
----------
Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", Nature Methods 16 (2019),
https://doi.org/10.1038/s41592-019-0612-7
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "Average precision"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return TP / (TP + FP + FN) at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def score(counts: Counts) -> float:
    """Return the mean of the curve."""
    return float(curve(counts).mean())
