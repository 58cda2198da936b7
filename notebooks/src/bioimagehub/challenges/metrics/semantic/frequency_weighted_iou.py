"""Intersection over union of classes, weighted by how frequent they are in the ground truth.

References
----------
Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015,
https://doi.org/10.1109/CVPR.2015.7298965
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bioimagehub.challenges.classes import ClassCounts

TITLE = "Frequency-weighted IoU"
BETTER = "higher"
BEST = 1.0
WORST = 0.0
UNIT = "1"
VERSION = 1


def score(counts: ClassCounts) -> float:
    """Return the mean over the classes that count, weighted by their true pixels."""
    return counts.mean(counts.iou, counts.truth)
