"""Panoptic quality: F1 score times mean matched IoU, detection and outline in one number.

References
----------
Kirillov et al., "Panoptic segmentation", CVPR 2019, equation 1, https://doi.org/10.1109/CVPR.2019.00963
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bioimagehub.challenges.counts import Counts

TITLE = "Panoptic quality"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def curve(counts: Counts) -> NDArray[np.float64]:
    """Return ΣIoU / (TP + FP / 2 + FN / 2) at each IoU threshold, float64, shape (thresholds,)."""
    return counts.ratio(2 * counts.iou_sum, 2 * counts.tp + counts.fp + counts.fn)


def score(counts: Counts) -> float:
    """Return the value at the threshold of the conventions."""
    return float(curve(counts)[counts.at])
