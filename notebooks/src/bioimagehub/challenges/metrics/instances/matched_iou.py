"""Mean matched IoU: how well the matched objects are outlined, whatever was missed.

References
----------
Kirillov et al., "Panoptic segmentation", CVPR 2019, where it is the segmentation quality,
https://doi.org/10.1109/CVPR.2019.00963
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "Mean matched IoU"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return the mean IoU of the matched pairs at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(counts.iou_sum, counts.tp)


def score(counts: Counts) -> float:
    """Return the value at the threshold of the conventions."""
    return float(curve(counts)[counts.at])
